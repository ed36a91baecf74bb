# SPDX-License-Identifier: Apache-2.0
"""The Llama-type model in JAX: shapes, forward pass, Q8_0 rounding.

Weights are stored [layer, input, output]; blocks of 32 run along the input,
as they do in the GGUF file.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

BLOCK = 32
CHUNK = 128  # queries of one attention step; keys after the chunk are never touched


@dataclass(frozen=True)
class Shape:
    """Model dimensions."""
    name: str
    layers: int
    ff: int
    dim: int = 64
    heads: int = 2
    kv_heads: int = 1
    head: int = 32
    vocab: int = 640
    context: int = 512
    eps: float = 1e-5
    rope_base: float = 10000.0


SHAPES = {
    "brook": Shape("brook", layers=5, ff=160),
    "gorge": Shape("gorge", layers=24, ff=192),
}


def init_params(shape, layers, seed):
    """Random weights; what writes to the residual stream starts at zero."""
    rng = np.random.default_rng(seed)
    kv = shape.kv_heads * shape.head

    def matrix(inputs, outputs):
        return rng.normal(0.0, inputs ** -0.5, (layers, inputs, outputs)).astype(np.float32)

    return {
        "emb": rng.normal(0.0, 0.1, (shape.vocab, shape.dim)).astype(np.float32),
        "norm": np.ones(shape.dim, np.float32),
        "layer": {
            "wq": matrix(shape.dim, shape.heads * shape.head),
            "wk": matrix(shape.dim, kv),
            "wv": matrix(shape.dim, kv),
            "wo": np.zeros((layers, shape.heads * shape.head, shape.dim), np.float32),
            "wg": matrix(shape.dim, shape.ff),
            "wu": matrix(shape.dim, shape.ff),
            "wd": np.zeros((layers, shape.ff, shape.dim), np.float32),
            "n1": np.ones((layers, shape.dim), np.float32),
            "n2": np.ones((layers, shape.dim), np.float32),
        },
    }


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def q8_round(x):
    """Round to Q8_0 along the last axis: 32 values share a half-precision scale."""
    blocks = x.reshape(x.shape[:-1] + (-1, BLOCK))
    scale = jnp.max(jnp.abs(blocks), axis=-1, keepdims=True) / 127.0
    inverse = jnp.where(scale > 0, 1.0 / jnp.where(scale > 0, scale, 1.0), 0.0)
    scale = scale.astype(jnp.float16).astype(jnp.float32)
    return (jnp.round(blocks * inverse) * scale).reshape(x.shape)


def q8_pass(x):
    """Q8_0 rounding whose gradient is that of the identity."""
    return x + jax.lax.stop_gradient(q8_round(x) - x)


def q8_weight(w):
    """Q8_0 rounding of [..., input, output] matrices along the input."""
    return jnp.swapaxes(q8_pass(jnp.swapaxes(w, -1, -2)), -1, -2)


def quantise_weights(params):
    """Round all matrices to what the GGUF file holds."""
    layer = {name: w if name in ("n1", "n2") else q8_weight(w) for name, w in params["layer"].items()}
    return {"emb": q8_pass(params["emb"]), "norm": params["norm"], "layer": layer}


def rms_norm(x, weight, eps):
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rope_table(shape, length):
    """Cosines and sines [length, head / 2]."""
    angle = np.arange(length)[:, None] * shape.rope_base ** (-np.arange(0, shape.head, 2) / shape.head)
    return jnp.asarray(np.cos(angle), jnp.float32), jnp.asarray(np.sin(angle), jnp.float32)


def rope(x, table):
    """Rotate adjacent pairs of [batch, time, heads, head]."""
    cos, sin = (t[None, :, None, :] for t in table)
    pairs = x.reshape(x.shape[:-1] + (-1, 2))
    a, b = pairs[..., 0], pairs[..., 1]
    return jnp.stack((a * cos - b * sin, a * sin + b * cos), axis=-1).reshape(x.shape)


def attend(q, k, v):
    """Causal attention of [batch, time, heads, head] over one shared KV head [batch, time, head]."""
    batch, time, heads, head = q.shape
    outputs = []
    for start in range(0, time, CHUNK):
        size = min(CHUNK, time - start)
        end = start + size
        rows = q[:, start:end].transpose(0, 2, 1, 3).reshape(batch, heads * size, head)
        scores = jnp.einsum("bqd,bkd->bqk", rows, k[:, :end]) * head ** -0.5
        causal = np.arange(end)[None, :] <= np.arange(start, end)[:, None]
        scores = jnp.where(np.tile(causal, (heads, 1))[None], scores, -1e30)
        weights = jnp.exp(scores - jax.lax.stop_gradient(scores.max(-1, keepdims=True)))
        rows = jnp.einsum("bqk,bkd->bqd", weights, v[:, :end]) / weights.sum(-1, keepdims=True)
        outputs.append(rows.reshape(batch, heads, size, head).transpose(0, 2, 1, 3))
    return jnp.concatenate(outputs, axis=1)


def forward(params, tokens, shape, quantised):
    """Logits [batch, time, vocab]; `quantised` rounds activations and KV as the hardware does."""
    act = q8_pass if quantised else (lambda x: x)
    if shape.kv_heads != 1:
        raise ValueError("model.forward supports one KV head")
    batch, time = tokens.shape
    table = rope_table(shape, time)

    def layer(x, w):
        h = act(rms_norm(x, w["n1"], shape.eps))
        q = rope((h @ w["wq"]).reshape(batch, time, shape.heads, shape.head), table)
        k = rope((h @ w["wk"]).reshape(batch, time, 1, shape.head), table)[:, :, 0]
        out = attend(q, act(k), act(h @ w["wv"])).reshape(batch, time, -1)
        x = x + act(out) @ w["wo"]
        h = act(rms_norm(x, w["n2"], shape.eps))
        return x + act(jax.nn.silu(h @ w["wg"]) * (h @ w["wu"])) @ w["wd"], None

    x, _ = jax.lax.scan(layer, params["emb"][tokens], params["layer"])
    return act(rms_norm(x, params["norm"], shape.eps)) @ params["emb"].T


def token_losses(params, tokens, targets, shape, quantised):
    """Negative log-likelihood of every target, and the mask of targets that count (>= 0)."""
    logits = forward(params, tokens, shape, quantised)
    mask = targets >= 0
    picked = jnp.take_along_axis(logits, jnp.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    return (jax.nn.logsumexp(logits, axis=-1) - picked) * mask, mask
