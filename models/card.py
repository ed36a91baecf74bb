#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a model's card and its loss curve from the results of the training.

    card.py brook.gguf --work build/models
"""

import argparse
import json
import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import model as M
from sample import tell
from train import PLANS

SAMPLES = [("Once upon a time", 1), ("One day", 2), ("", 3)]

CARD = """# {name}

A small language model that tells short children's stories; it ships with Millrace as a test and demonstration model.
{role}

| what | value |
|---|---|
| architecture | Llama: RMSNorm (epsilon 1e-5), RoPE on adjacent pairs (base 10000), SwiGLU, grouped-query attention, tied output |
| layers, width, feed-forward | {layers}, {dim}, {ff} |
| heads, KV heads, head size | {heads}, {kv_heads}, {head} |
| vocabulary, context | {vocab} (SentencePiece style, byte fallback), {context} |
| parameters | {parameters:,} |
| file | `{name}.gguf`, {bytes:,} bytes, Q8_0 matrices, F32 norms |
| licence | Apache-2.0 |

## Data

Only text made by `story_gen.py`: {training_stories:,} stories of seed 1 ({training_tokens:,} tokens), each of 80 to 220 words,
from 25 plots with varying casts, places, objects, events, dialogue, morals and endings. Nothing was taken from elsewhere.
{text}

The model knows these plots and this vocabulary and nothing else. It answers no questions and knows no facts.

## Training

`models/train.sh` remakes everything. {start}
{steps:,} steps of about 4,096 positions follow, with Muon for matrices and Adam for embedding and norms. The learning rate
falls to zero {falls}.
From step {quantise:,} on, weights, activations and KV cache are rounded to Q8_0. This took {minutes:.0f} minutes on one core
of a busy machine.

![loss]({name}_loss.png)

## Held-out perplexity

{stories} stories of seed 2, none of them in the training text: {tokens:,} tokens, {words:,} words. The weights are read back from
the GGUF file. The baseline is an interpolated Kneser-Ney 5-gram model over the same tokens, counted on all training stories.

| | per token | per word |
|---|---|---|
| {name} | {per_token[model]:.4f} | {per_word[model]:.3f} |
| {name}, activations and KV cache rounded to Q8_0 | {per_token[rounded]:.4f} | {per_word[rounded]:.3f} |
| 5-gram | {per_token[ngram]:.4f} | {per_word[ngram]:.3f} |

Rounding activations and KV cache changes a log-probability by {rounding[mean_difference]:.4f} on average and keeps the best token at
{best:.2f} % of the positions.

{limits}

## Samples

Temperature 0.8, top-p 0.95, made by `sample.py` from the GGUF file.
"""

ROLES = {
    "brook": "It is small enough for the block RAM of an ECP5-85F beside the control core.",
    "gorge": "It is narrow and deep, to fill a deep pipeline of tiles.",
}
LIMITS = {
    "brook": "Known weakness: over a whole story it mixes up objects, names and pronouns now and then.",
    "gorge": "Known weakness: its own training was short, and it is not better than brook, not even than the brook it started from\n"
             "(1.3098 a token). It mixes up names, objects and pronouns and sometimes loses its thread. Its use is its depth.",
}

STARTS = {
    "brook": "Weights start at random; what writes to the residual stream starts at zero.",
    "gorge": "Training starts from brook as it is after {:,} steps; layers and feed-forward\n"
             "columns are added that change nothing at first.",
}


def draw_losses(name, losses, path):
    """Draw the loss curve."""
    losses = np.asarray(losses)
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(losses[:, 0], losses[:, 1], linewidth=1)
    start = PLANS[name]["quantise"]
    axes.axvspan(start, PLANS[name]["steps"], alpha=0.15, label="Q8_0 rounding")
    axes.set_yscale("log")
    low, high = losses[:, 1].min(), losses[:, 1].max()
    ticks = [0.2, 0.25, 0.3, 0.4, 0.6, 1, 1.5, 2, 3, 4, 6] if high > 1 else np.arange(0.2, 1, 0.02).round(2)
    ticks = [tick for tick in ticks if low * 0.95 < tick < high * 1.05]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("step")
    axes.set_ylabel("training loss (nats a token)")
    axes.set_title(name)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=90, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description="Write a model's card.")
    parser.add_argument("file")
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    name = os.path.basename(options.file).split(".")[0]
    folder = os.path.dirname(options.file)
    shape, plan = M.SHAPES[name], PLANS[name]
    with open(os.path.join(options.work, name + ".eval.json"), encoding="utf-8") as file:
        result = json.load(file)
    with open(os.path.join(options.work, "text.txt"), encoding="utf-8") as file:
        text = "Counted over 20,000 stories: " + "; ".join(file.read().split("\n")[1:4]) + "."
    with np.load(os.path.join(options.work, name + ".ckpt.npz")) as file:
        draw_losses(name, file["losses"], os.path.join(folder, name + "_loss.png"))
        minutes = file["seconds"] / 60
    card = CARD.format(
        **vars(shape), **result, role=ROLES[name], limits=LIMITS[name], text=text, steps=plan["steps"], quantise=plan["quantise"],
        start=STARTS[name].format(PLANS["brook"]["fork"]),
        falls=", then again ".join(f"from step {first:,} to {last:,}" + (f" (from {start:.2f} of the full rate)" if start < 1 else "")
                                   for first, last, start in plan["falls"]),
        minutes=minutes,
        best=100 * result["rounding"]["same_best"])
    for prompt, seed in SAMPLES:
        shown = f'Prompt "{prompt}"' if prompt else "No prompt"
        card += f"\n**{shown}, seed {seed}**\n\n> {tell(options.file, prompt, seed)}\n"
    with open(os.path.join(folder, name + ".md"), "w", encoding="utf-8") as file:
        file.write(card)


if __name__ == "__main__":
    main()
