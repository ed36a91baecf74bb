#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure the pipeline of many users on the RTL: scripts/pipeline.py [PROGRAM [CONTEXT]].

Runs `millrace bench pipeline` (PROGRAM, default build/millrace, of a build with the chip `deep`): gorge with 1, 2, 4, ... 128 users, and 112, gorge with
128 users and the firmware on the chip's own core, and brook with one user in each placement mode, all with CONTEXT (128) positions in each user's cache.
Writes docs/pipeline.json, from which `make bench` takes its rows, and docs/pipeline.svg. Half an hour of two cores: too long for the check.
"""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "docs", "pipeline.json")
PICTURE = os.path.join(ROOT, "docs", "pipeline.svg")
MODES = ("efficiency", "2", "4", "latency")


def measure(program, model, context, *arguments):
    """One call of the tool; returns its JSON without the list of tiles."""
    command = [program, "bench", "pipeline", "-m", os.path.join(ROOT, "models", model), "--device", "sim:deep", "--context", context, "--json", *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"pipeline: {' '.join(command)}: exit status {done.returncode}")
    result = json.loads(done.stdout)
    for run in result.get("runs", [result]):
        del run["tiles"]
        run["model"] = model
    return result


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "millrace")
    context = sys.argv[2] if len(sys.argv) > 2 else "128"
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], check=True, capture_output=True, text=True).stdout.strip()
    result = {"revision": revision, "modes": {mode: measure(program, "brook.gguf", context, "--users", "1", "--mode", mode) for mode in MODES},
              "core": measure(program, "gorge.gguf", context, "--users", "128", "--tokens", "3", "--firmware", "core"),
              "nearly_all": measure(program, "gorge.gguf", context, "--users", "112", "--tokens", "3"),
              "sweep": measure(program, "gorge.gguf", context, "--sweep", "--svg", PICTURE)}
    with open(OUT, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(f"pipeline: wrote {os.path.relpath(OUT, ROOT)} and {os.path.relpath(PICTURE, ROOT)}")


if __name__ == "__main__":
    main()
