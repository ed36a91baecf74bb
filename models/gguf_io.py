#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a checkpoint as a Q8_0 GGUF file, and read such a file back.

    gguf_io.py --model brook --work build/models --out brook.gguf
"""

import argparse
import os

import gguf
import numpy as np

import model as M
from spm import BOS, EOS, UNK, Vocab
from train import load

# Our name, the file's name.
LAYER_NAMES = {"wq": "attn_q", "wk": "attn_k", "wv": "attn_v", "wo": "attn_output", "wg": "ffn_gate",
               "wu": "ffn_up", "wd": "ffn_down", "n1": "attn_norm", "n2": "ffn_norm"}


def add_metadata(writer, shape, vocab):
    """Write the keys that a loader needs."""
    writer.add_name(shape.name)
    writer.add_description("Short children's stories; trained on generated text only.")
    writer.add_license("Apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ff)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.eps)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocab)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(vocab.tokens)
    writer.add_token_scores(vocab.scores)
    writer.add_token_types(vocab.types)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(UNK)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)


def add_matrix(writer, name, matrix):
    """Write a matrix [output, input] as Q8_0."""
    blocks = gguf.quants.quantize(np.ascontiguousarray(matrix, np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)


def write_file(path, shape, params, vocab):
    """Write parameters of exactly this shape to `path`."""
    writer = gguf.GGUFWriter(path, "llama")
    add_metadata(writer, shape, vocab)
    add_matrix(writer, "token_embd.weight", params["emb"])
    for i in range(shape.layers):
        for ours, theirs in LAYER_NAMES.items():
            weight = np.asarray(params["layer"][ours][i], np.float32)
            name = f"blk.{i}.{theirs}.weight"
            if ours in ("n1", "n2"):
                writer.add_tensor(name, weight)
            else:
                add_matrix(writer, name, weight.T)
    writer.add_tensor("output_norm.weight", np.asarray(params["norm"], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_file(path, shape):
    """Read back the parameters (dequantised) and the vocabulary."""
    reader = gguf.GGUFReader(path)
    tensors = {t.name: np.asarray(gguf.quants.dequantize(t.data, t.tensor_type), np.float32) for t in reader.tensors}
    layer = {}
    for ours, theirs in LAYER_NAMES.items():
        stack = [tensors[f"blk.{i}.{theirs}.weight"] for i in range(shape.layers)]
        layer[ours] = np.stack([w.T if w.ndim == 2 else w for w in stack])
    params = {"emb": tensors["token_embd.weight"], "norm": tensors["output_norm.weight"], "layer": layer}
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    vocab = Vocab(tokens[len(tokens) - shape.vocab + 259:])
    if vocab.tokens != tokens:
        raise ValueError(path + ": the vocabulary is not in this project's order")
    return params, vocab


def main():
    parser = argparse.ArgumentParser(description="Write a checkpoint as a GGUF file.")
    parser.add_argument("--model", choices=sorted(M.SHAPES), required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--tokenizer", default="tokenizer.json")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    shape = M.SHAPES[options.model]
    params, _, step, losses, _ = load(os.path.join(options.work, options.model + ".ckpt.npz"), shape)
    write_file(options.out, shape, params, Vocab.load(options.tokenizer))
    print(f"{options.out}: step {step}, loss {losses[-1][1]:.4f}, {M.count_params(params)} parameters, "
          f"{os.path.getsize(options.out)} bytes")


if __name__ == "__main__":
    main()
