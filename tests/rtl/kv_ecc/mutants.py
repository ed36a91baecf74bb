#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes one thing in the ECC filter, builds the bench with it and runs it: the bench must fail. Then breaks the rules of the port.

Usage: mutants.py WORK [number ...]   WORK: folder for the builds. Prints each fate and the score; exit status 1 if one lives.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# Profile, Bytes, EccWord, OutReg, then Rl Wl burst bg ba row col buses of the profile (as in CMakeLists.txt).
SDR = (0, 2, 16, 1, 2, 0, 4, 0, 2, 13, 8, 0)
LPDDR = (2, 8, 32, 1, 28, 14, 8, 0, 3, 16, 6, 0)
DDR = (1, 16, 64, 1, 17, 12, 4, 1, 2, 16, 7, 0)
HBM = (3, 16, 64, 0, 17, 7, 2, 2, 2, 15, 5, 1)
FILTER, TRACK, LOG = "mr_kv_ecc.sv", "mr_kv_ecc_track.sv", "mr_kv_ecc_log.sv"
FIX, CODE, PKG = "mr_kv_secded_fix.sv", "mr_kv_secded.sv", "mr_kv_ecc_pkg.sv"
MUTANTS = [
    (SDR, PKG, "v == 7 ||", "v == 11 ||"),
    (DDR, PKG, "32'h1f1f", "32'h2f2f"),
    (LPDDR, PKG, "8'h7e", "8'h7d"),
    (SDR, CODE, "^(data_i & row)", "^(data_i[DataBits-1:1] & row[DataBits-1:1])"),
    (DDR, FIX, "& ~{56{heavy}}", "& {56{1'b1}}"),
    (DDR, FIX, "column_set[1 << i]", "column_set[(1 << i) & 127]"),
    (SDR, FIX, "if (syn_i == Bad[ChkBits-1:0])", "if (syn_i == '1 && data_i == '0)"),
    (SDR, FIX, "kind_o = mr_kv_ecc_pkg::KindDouble", "kind_o = mr_kv_ecc_pkg::KindSingle"),
    (SDR, FILTER, "{ChkBits{up_wrpoison_i}}", "{ChkBits{1'b0}}"),
    (LPDDR, FILTER, "dn_wrchkmask_o <= ~wr_code", "dn_wrchkmask_o <= '0"),
    (DDR, FILTER, "if (kinds[2*c +: 2] >= worst_kind)", "if (kinds[2*c +: 2] > worst_kind)"),
    (DDR, FILTER, "c = Codes - 1; c >= 0;", "c = Codes - 1; c >= 1;"),
    (SDR, FILTER, "& {ChkBits{en_i}}", "& {ChkBits{1'b1}}"),
    (SDR, FILTER, "up_rderr_o  <= any_double || any_poisoned", "up_rderr_o  <= any_double"),
    (HBM, FILTER, "up_rderr_o  = any_double || any_poisoned", "up_rderr_o  = any_poisoned"),
    (SDR, FILTER, "beat1_q <= rd_beat", "beat1_q <= rd_beat & 3'd1"),
    (LPDDR, FILTER, "(wr_code & cw_hot) != '0 &&", "cw_hot != '0 &&"),
    (SDR, FILTER, "wr_beat == inj_beat_i", "1'b1"),
    (SDR, FILTER, "due_q  <= inj_every_i == 16'd1", "due_q  <= inj_every_i[0]"),
    (SDR, FILTER, "16'd0 : inj_every_i - 16'd1", "16'd0 : inj_every_i"),
    (DDR, FILTER, "inj_mask_i[64 +: ChkBits] & {ChkBits{flip_rd}}", "inj_mask_i[64 +: ChkBits] & {ChkBits{1'b0}}"),
    (SDR, FILTER, "dn_a_o   <= up_a_i", "if (up_cmd_i != 4'd0) dn_a_o <= up_a_i"),
    (HBM, TRACK, "RowColBus ? a2_i[RowBits-1:0] : a_i[RowBits-1:0]", "a_i[RowBits-1:0]"),
    (DDR, TRACK, "match_k = {match_i[30 +: BgBits]", "match_k = {match_i[29 +: BgBits]"),
    (SDR, TRACK, "(act && act_k == match_k) ? act_row : match_row", "match_row"),
    (SDR, TRACK, "wr_start ? start_match : wr_match_q", "start_match"),
    (DDR, TRACK, "match = row_hit_q && col_k == match_k", "match = row_hit_q"),
    (LPDDR, TRACK, "head       = mem[rp_q[PtrW-1:0]]", "head       = mem[wp_q[PtrW-1:0] - PtrW'(1)]"),
    (SDR, LOG, "head        = mem[wp_q - n_q[3:0]]", "head        = mem[wp_q - 4'd1]"),
    (SDR, LOG, "if (ev_q && !take && !full)", "if (ev_q && !full)"),
    (SDR, LOG, "log_lost_o != 8'hff", "1'b1"),
    (SDR, LOG, "if (ev_q && !first_valid_o)", "if (ev_q)"),
    (SDR, LOG, "hit[c] && !sum[CntBits]", "hit[c]"),
    (SDR, LOG, "time_q[TimeLog2 +: 16]", "time_q[TimeLog2 - 1 +: 16]"),
    (SDR, LOG, "if (!rst_ni || cnt_clear_i) cnt_q", "if (!rst_ni) cnt_q"),
]
MISUSES = ["half", "read", "write", "flood"]


def build(folder, rtl, shape, ref):
    names = ["Profile", "Bytes", "EccWord", "OutReg"]
    macros = ["ECC_RL", "ECC_WL", "ECC_BURST", "ECC_BG", "ECC_BA", "ECC_ROW", "ECC_COL", "ECC_BUSES"]
    defines = [f"-D{n}={v}" for n, v in zip(macros, shape[4:])]
    defines += [f"-DECC_WB={shape[1]}", f"-DECC_E={shape[2]}", f"-DECC_OUTREG={shape[3]}", "-DECC_NAME=mutant"]
    command = ["verilator", "--cc", "--exe", "--build", "-j", "1", "--assert", "-Wno-fatal", "-Wno-WIDTH", "--Mdir", str(folder),
               "--prefix", "Vdut", "--top-module", "tb_kv_ecc", f"-I{ROOT}/rtl/common", "-y", str(rtl), "-y", f"{ROOT}/rtl/common",
               *[f"-G{n}={v}" for n, v in zip(names, shape)], "-CFLAGS", f"-O0 -I{HERE} {' '.join(defines)}", "-MAKEFLAGS", "-s",
               f"{ROOT}/rtl/kv_dram/mr_kv_dev_pkg.sv", str(rtl / PKG), f"{HERE}/tb_kv_ecc.sv", f"{HERE}/tb_kv_ecc.cpp", str(ref),
               "-o", "bench"]
    cache = {"OBJCACHE": "ccache"} if shutil.which("ccache") else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **cache})
    if done.returncode != 0:
        sys.exit(f"mutants.py: the build failed: {done.stderr[-600:]}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    work, wanted = Path(sys.argv[1]).resolve(), [int(n) for n in sys.argv[2:]]
    rtl, ref = work / "rtl", work / "ecc_ref.o"
    rtl.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O1", "-c", "-o", str(ref), str(HERE / "ecc_ref.c")], check=True)
    alive = total = 0
    for number, (shape, name, old, new) in enumerate(MUTANTS):
        if wanted and number not in wanted:
            continue
        for file in (FILTER, TRACK, LOG, FIX, CODE, PKG):
            shutil.copy(ROOT / "rtl/kv_dram" / file, rtl / file)
        text = (rtl / name).read_text()
        if text.count(old) != 1:
            sys.exit(f"mutants.py: {name} holds '{old}' {text.count(old)} times, not once; adapt the list")
        (rtl / name).write_text(text.replace(old, new))
        build(work / "mutant", rtl, shape, ref)
        done = subprocess.run([str(work / "mutant" / "bench"), "1"], capture_output=True, text=True, check=False)
        why = [line for line in done.stdout.splitlines() if "FAIL" in line or "assertion" in line]
        print(f"{'caught' if done.returncode else 'ALIVE '} {number} {name}: {old} -> {new}: {why[0][:90] if why else ''}", flush=True)
        total += 1
        alive += done.returncode == 0
    if not wanted:
        for file in (FILTER, TRACK, LOG, FIX, CODE, PKG):
            shutil.copy(ROOT / "rtl/kv_dram" / file, rtl / file)
        build(work / "mutant", rtl, DDR, ref)
        for what in MISUSES:
            done = subprocess.run([str(work / "mutant" / "bench"), "1", "2", what], capture_output=True, text=True, check=False)
            good = done.returncode != 0 and "assertion" in done.stdout
            print(f"{'caught' if good else 'ALIVE '} misuse {what}", flush=True)
            total += 1
            alive += not good
    print(f"{total - alive} of {total} caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
