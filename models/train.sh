#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Remake both models from nothing: text, vocabulary, training, files, cards.
# Usage: models/train.sh [work folder, default build/models]
# About an hour on one free core. A broken-off run goes on where it stopped.
set -eu
cd "$(dirname "$0")"
work=${1:-../build/models}
mkdir -p "$work"
work=$(cd "$work" && pwd)
if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
fi
"$work/venv/bin/python" -m pip install --quiet --require-hashes -r requirements.txt
python=$work/venv/bin/python

"$python" story_gen.py --count 20000 --stats >"$work/text.txt"
"$python" tokenizer_train.py --out tokenizer.json
for model in brook gorge; do
    "$python" train.py --model "$model" --work "$work"
    "$python" gguf_io.py --model "$model" --work "$work" --out "$model.gguf"
    "$python" evaluate.py "$model.gguf" --work "$work" --out "$work/$model.eval.json"
    "$python" card.py "$model.gguf" --work "$work"
done
