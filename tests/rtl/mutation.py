# SPDX-License-Identifier: Apache-2.0
"""What the mutant scripts share: a copy of the RTL with one change, its bench, the verdicts. Standard library only."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def trial(rtl, word, build, bench_args, timeout):
    """Builds and runs the bench over the RTL in the folder; None if it passes, else why not. Raises if it does not build."""
    built = build(rtl, word)
    if built.returncode != 0:
        raise RuntimeError("does not build: " + built.stderr[-300:])
    try:
        bench = subprocess.run([str(rtl / "bench"), *bench_args], capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return "does not end"
    if bench.returncode == 0 and "PASS" in bench.stdout:
        return None
    return ((bench.stderr.strip() or bench.stdout.strip()) or "it crashes").splitlines()[-1]


def copy_rtl(copy, rtl):
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for source in ROOT.glob(rtl + "*.sv"):
        shutil.copy(source, copy)


def caught(mutant, folder, build, bench_args, timeout, rtl):
    """Why the mutant (name, file, old text, new text, build's word) fails, or None. Raises if it cannot be tried."""
    name, file, old, new, word = mutant
    copy = folder / name
    copy_rtl(copy, rtl)
    path = copy / f"{pathlib.Path(rtl).name}{file}.sv"
    text = path.read_text()
    if text.count(old) != 1:
        raise RuntimeError(f"the text of {file} occurs {text.count(old)} times, not once")
    path.write_text(text.replace(old, new))
    return trial(copy, word, build, bench_args, timeout)


def main(mutants, build, folder, wanted, bench_args=(), timeout=240, rtl="rtl/kv_dram/mr_kv_"):
    """Tries the mutants named in wanted (all if empty), after the RTL as it is: a bench that fails anyway would catch everything.

    rtl: how the names of the files start that are copied and changed."""
    chosen = [m for m in mutants if not wanted or m[0] in wanted]
    for word in sorted({m[4] for m in chosen}):
        copy_rtl(folder / "unchanged", rtl)
        why = trial(folder / "unchanged", word, build, bench_args, timeout)
        if why is not None:
            sys.exit(f"mutants: the RTL as it is fails ({word}): {why}")
    bad = 0
    for mutant in chosen:
        try:
            why = caught(mutant, folder, build, bench_args, timeout, rtl)
        except RuntimeError as problem:
            bad += 1
            print(f"PROBLEM  {mutant[0]}: {problem}", flush=True)
            continue
        bad += why is None
        print(f"{'SURVIVES' if why is None else 'caught  '} {mutant[0]}: {why or ''}", flush=True)
        shutil.rmtree(folder / mutant[0])
    print(f"{len(chosen) - bad} of {len(chosen)} caught")
    return 1 if bad else 0
