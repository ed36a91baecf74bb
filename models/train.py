#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train brook or gorge on the CPU: Muon for matrices, Adam for the rest.

    train.py --model brook --work build/models

The learning rate warms up, stays, and falls to zero (once, or again from a
lower start); late steps round weights, activations and KV cache to Q8_0, so
that the shipped file loses nothing. Gorge starts from brook as it is after its
first fall: layers and feed-forward columns are added that change nothing at
first. A run goes on from its last checkpoint.
"""

import argparse
import functools
import os
import time

import jax
import jax.numpy as jnp
import numpy as np

import data
import model as M
from spm import Vocab

PLANS = {
    # falls: (first step, step where the rate is zero, relative rate at the start); quantise: rounding from this step on;
    # fork: gorge starts from brook as it is after this step
    "brook": {"steps": 3100, "falls": [(1500, 2200, 1.0), (2200, 3100, 0.35)], "quantise": 1870, "fork": 2200},
    "gorge": {"steps": 100, "falls": [(0, 100, 0.35)], "quantise": 0, "fork": None},
}
STORIES = 36000
BATCH_TOKENS = 4096
MUON_RATE = 0.02
ADAM_RATE = 0.004
MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.02  # for matrices, relative to the rate
WARMUP = 60
SAVE_SECONDS = 120


def is_matrix(path):
    return path[0].key == "layer" and path[1].key.startswith("w")


def orthogonalise(g):
    """Newton-Schulz iteration: the nearest orthogonal matrix, for a stack of matrices."""
    flip = g.shape[-2] > g.shape[-1]
    x = jnp.swapaxes(g, -1, -2) if flip else g
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(5):
        a = x @ jnp.swapaxes(x, -1, -2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return jnp.swapaxes(x, -1, -2) if flip else x


def update_leaf(path, weight, grad, state, rate, step):
    """One optimiser step of one tensor; returns the new weight and state."""
    if is_matrix(path):
        momentum = MOMENTUM * state["m"] + grad
        change = orthogonalise(grad + MOMENTUM * momentum)
        change = change * max(1.0, weight.shape[-1] / weight.shape[-2]) ** 0.5
        weight = weight * (1.0 - rate * MUON_RATE * WEIGHT_DECAY) - rate * MUON_RATE * change
        return weight, {"m": momentum, "v": state["v"]}
    b1, b2 = ADAM_BETAS
    m = b1 * state["m"] + (1 - b1) * grad
    v = b2 * state["v"] + (1 - b2) * grad * grad
    change = (m / (1 - b1 ** step)) / (jnp.sqrt(v / (1 - b2 ** step)) + 1e-8)
    return weight - rate * ADAM_RATE * change, {"m": m, "v": v}


@functools.partial(jax.jit, static_argnames=("shape", "quantised"), donate_argnums=(0, 1))
def train_step(params, state, batch, rate, step, shape, quantised):
    """One step; returns parameters, optimiser state and mean loss."""
    def loss_of(params):
        weights = M.quantise_weights(params) if quantised else params
        losses, mask = M.token_losses(weights, batch[:, 0], batch[:, 1], shape, quantised)
        return losses.sum() / mask.sum()

    loss, grads = jax.value_and_grad(loss_of)(params)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-6))
    paths, tree = jax.tree_util.tree_flatten_with_path(params)
    new = [update_leaf(path, weight, grad * scale, leaf_state, rate, step)
           for (path, weight), grad, leaf_state in zip(paths, tree.flatten_up_to(grads), tree.flatten_up_to(state))]
    return tree.unflatten([w for w, _ in new]), tree.unflatten([s for _, s in new]), loss


def new_state(params):
    return jax.tree.map(lambda w: {"m": np.zeros_like(w), "v": np.zeros_like(w) if w.ndim < 3 else np.zeros(1, np.float32)},
                        params)


def grow(params, shape):
    """Widen the feed-forward part and spread the layers out to `shape`; the model computes the same as before.

    New layers are copies of the one before, and new columns are random, but what
    they would add to the residual stream starts at zero.
    """
    layer = {name: np.asarray(w) for name, w in params["layer"].items()}
    old, more = layer["wq"].shape[0], shape.ff - layer["wg"].shape[2]
    fresh = M.init_params(shape, old, 0)["layer"]
    for name in ("wg", "wu"):
        layer[name] = np.concatenate((layer[name], fresh[name][:, :, :more]), axis=2)
    layer["wd"] = np.concatenate((layer["wd"], fresh["wd"][:, :more]), axis=1)
    source = np.arange(shape.layers) * old // shape.layers
    copy = np.append(False, source[1:] == source[:-1])
    layer = {name: w[source] for name, w in layer.items()}
    for name in ("wo", "wd"):
        layer[name][copy] = 0.0
    return {"emb": np.asarray(params["emb"]), "norm": np.asarray(params["norm"]), "layer": layer}


def rate_at(plan, step):
    """Relative learning rate of a step."""
    rate = min(1.0, (step + 1) / WARMUP)
    for first, last, start in plan["falls"]:
        if step >= first:
            rate = start * (last - step) / (last - first)
    return rate


def save(path, params, state, step, losses, seconds):
    """Write a checkpoint so that a broken-off write leaves the old one; `seconds` is the time spent so far."""
    leaves = jax.tree.leaves((params, state))
    np.savez(path + ".new.npz", step=step, losses=np.array(losses), seconds=seconds,
             **{f"leaf{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)})
    os.replace(path + ".new.npz", path)


def load(path, shape):
    """Read a checkpoint: parameters, optimiser state, next step, losses and seconds so far."""
    with np.load(path) as file:
        params = M.init_params(shape, shape.layers, 0)
        state = new_state(params)
        tree = jax.tree.structure((params, state))
        leaves = [file[f"leaf{i}"] for i in range(tree.num_leaves)]
        return *tree.unflatten(leaves), int(file["step"]), [list(pair) for pair in file["losses"]], float(file["seconds"])


def begin(name, work, seed):
    """What `load` returns, from a checkpoint or for a new start."""
    shape = M.SHAPES[name]
    path = os.path.join(work, name + ".ckpt.npz")
    if os.path.exists(path):
        return load(path, shape)
    if name == "gorge":
        params = grow(load(os.path.join(work, "brook.fork.npz"), M.SHAPES["brook"])[0], shape)
    else:
        params = M.init_params(shape, shape.layers, seed)
    return params, new_state(params), 0, [], 0.0


def train(name, work, vocab, seed):
    """Train one model to the end of its plan."""
    shape, plan = M.SHAPES[name], PLANS[name]
    path = os.path.join(work, name + ".ckpt.npz")
    params, state, first, losses, seconds = begin(name, work, seed)
    print(f"{name}: step {first} of {plan['steps']}", flush=True)
    stories = data.encode_stories(vocab, data.TRAIN_SEED, STORIES, work)
    stream = data.batches(stories, BATCH_TOKENS, seed + list(PLANS).index(name))
    for _ in range(first):
        next(stream)
    begun, saved = time.time() - seconds, time.time()
    recent = []
    for step in range(first, plan["steps"]):
        quantised = step >= plan["quantise"]
        params, state, loss = train_step(params, state, next(stream), rate_at(plan, step), step + 1.0, shape, quantised)
        recent.append(float(loss))
        if step % 10 == 9:
            losses.append([step + 1, sum(recent) / len(recent)])
            recent = []
            print(f"{name} {step + 1} loss {losses[-1][1]:.4f} {time.time() - begun:.0f} s", flush=True)
        if time.time() - saved > SAVE_SECONDS:
            save(path, params, state, step + 1, losses, time.time() - begun)
            saved = time.time()
        if step + 1 == plan["fork"]:
            save(os.path.join(work, name + ".fork.npz"), params, state, step + 1, losses, time.time() - begun)
    save(path, params, state, plan["steps"], losses, time.time() - begun)


def main():
    parser = argparse.ArgumentParser(description="Train one of the shipped models.")
    parser.add_argument("--model", choices=sorted(PLANS), required=True)
    parser.add_argument("--work", required=True, help="folder for checkpoints and encoded stories")
    parser.add_argument("--tokenizer", default="tokenizer.json")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    train(options.model, options.work, Vocab.load(options.tokenizer), options.seed)


if __name__ == "__main__":
    main()
