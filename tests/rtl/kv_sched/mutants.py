#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the DRAM back end with one number of its profile wrong, for every number that a device rule rests on: the bench must fail.

Usage: mutants.py BENCH_OBJECTS WORK [name ...]   BENCH_OBJECTS: libraries of the bench, separated by commas
(libmr_kv_sched_bench.a, libmr_dram.a of a build); WORK: folder for the builds. Prints each mutant's fate and the score; exit
status 1 if one lives.
"""
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NAMES = ["Sdr100", "Sdr133", "Sdr50", "Ddr4_2400", "Lpddr4_3200", "Hbm2Pc", "Stacked"]
# Profile, lanes, change: one clock too short, each where the rule binds. More than one clock where the controller is that much slower than the
# rule: nothing is asked in the first five clocks behind MRS, and a REFpb is chosen only when tREFPB2REFPB is over, which takes three more. HBM2's
# CmdAct has none: row commands are never in neighbouring clocks (row_go clears want_q).
MUTANTS = [
    ("Sdr133", "TRcdRd TRcdWr", -1), ("Sdr133", "TRp", -1), ("Sdr133", "TRpAll", -1), ("Sdr133", "TRas TRc", -1),
    ("Sdr100", "TWr", -1), ("Sdr100", "TRtw", -1), ("Sdr133", "TRfc", -1), ("Sdr133", "TCcdS", -1),
    ("Sdr100", "InitRefs", -1), ("Sdr100", "TRefi", 100), ("Sdr100", "RefMax", 2), ("Sdr100", "Wl", 1),
    ("Ddr4_2400", "TRcdRd TRcdWr", -1), ("Ddr4_2400", "TRp", -1), ("Ddr4_2400", "TRpAll", -1), ("Ddr4_2400", "TRas TRc", -1),
    ("Ddr4_2400", "TRrdS", -1), ("Ddr4_2400", "TRrdL", -1), ("Ddr4_2400", "TFaw", -1), ("Ddr4_2400", "TCcdS", -1),
    ("Ddr4_2400", "TCcdL", -1), ("Ddr4_2400", "TWr", -1), ("Ddr4_2400", "TWtrL", -1), ("Ddr4_2400", "TRtp", -1),
    ("Ddr4_2400", "TRtw", -1), ("Ddr4_2400", "TRfc", -1), ("Ddr4_2400", "TMrd", -6), ("Ddr4_2400", "RefMax", 2),
    ("Ddr4_2400", "Wl", -1), ("Lpddr4_3200", "TRfcPb", -1), ("Lpddr4_3200", "TPbPb", -4), ("Lpddr4_3200", "TPbAct", -1),
    ("Lpddr4_3200", "TRefiPb", 100), ("Lpddr4_3200", "CmdAct", -1), ("Lpddr4_3200", "CmdCol", -1), ("Lpddr4_3200", "CmdPre", -1),
    ("Lpddr4_3200", "TRrdS TRrdL", -1), ("Lpddr4_3200", "TWtrS TWtrL", -1), ("Lpddr4_3200", "TRtw", -1),
    ("Hbm2Pc", "TCcdL", -1), ("Hbm2Pc", "TWtrL", -1), ("Hbm2Pc", "TRfcPb", -1), ("Hbm2Pc", "TPbAct", -1), ("Hbm2Pc", "TRrdS", -1),
    ("Hbm2Pc", "TRefiPb", 40), ("Hbm2Pc", "TRp", -1), ("Hbm2Pc", "TRas TRc", -1), ("Hbm2Pc", "TWr", -1), ("Hbm2Pc", "TRtw", -1),
    ("Hbm2Pc", "TRcdRd TRcdWr", -1), ("Stacked", "TRcdRd TRcdWr", -1), ("Stacked", "TRp", -1), ("Stacked", "TRas TRc", -1),
    ("Stacked", "TWr", -1), ("Stacked", "TRfcPb", -1),
]


def lanes():
    text = (ROOT / "rtl/kv_dram/mr_kv_dev_pkg.sv").read_text()
    return {m[1]: int(m[2]) for m in re.finditer(r"int Idx(\w+)\s*=\s*(\d+)", text)}


def build(folder, profile, index, delta, objects):
    index = index + [-1] * (2 - len(index))
    command = ["verilator", "--cc", "--exe", "--build", "-j", "1", "--assert", "-Wno-fatal", "-Wno-WIDTH", "--Mdir", str(folder),
               "--prefix", "Vdut", "--top-module", "tb_kv_sched", f"-GProfile={NAMES.index(profile)}", f"-GMutLane={index[0]}",
               f"-GMutLane2={index[1]}", f"-GMutDelta={delta}", f"-I{ROOT}/rtl/common", "-y", f"{ROOT}/rtl/kv_dram",
               "-y", f"{ROOT}/rtl/common", "-CFLAGS",
               f"-O0 -DSCHED_PROFILE={profile} -DSCHED_NAME={profile} -I{HERE} -I{ROOT}/sim_verilator/dram",
               "-MAKEFLAGS", "-s", f"{ROOT}/rtl/kv_dram/mr_kv_dev_pkg.sv", f"{HERE}/tb_kv_sched.sv", f"{HERE}/sched_dut.cpp",
               *objects, "-o", "bench"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"mutants.py: the build failed: {done.stderr[-400:]}")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    objects = [str(Path(o).resolve()) for o in sys.argv[1].split(",")]
    work, wanted, table = Path(sys.argv[2]).resolve(), sys.argv[3:], lanes()
    work.mkdir(parents=True, exist_ok=True)
    alive = total = 0
    for profile, names, delta in MUTANTS:
        name = f"{profile}:{names.replace(' ', '+')}{delta:+d}"
        if wanted and name not in wanted:
            continue
        build(work / "mutant", profile, [table[n] for n in names.split()], delta, objects)
        done = subprocess.run([str(work / "mutant" / "bench"), "1", "600000", "0"], capture_output=True, text=True, check=False)
        why = (done.stderr.strip() or done.stdout.strip()).splitlines()
        print(f"{'caught' if done.returncode else 'ALIVE '} {name}: {why[0][:90] if why else ''}", flush=True)
        total += 1
        alive += done.returncode == 0
    print(f"{total - alive} of {total} caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
