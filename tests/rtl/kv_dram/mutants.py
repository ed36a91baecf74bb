#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the KV controller: every change below must make the bench or the DRAM checker fail.

Usage: mutants.py BUILD_FOLDER [NAME ...]   (run by hand; about 10 s a mutant on an idle core)
The RTL's own assertions are compiled out, so that only the device model and the golden store judge. Exit status 1 when a
mutant survives.
"""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SMALL = ["-GMaxNbh=1"]
SHORT = ["-GDqBytes=4", "-GProfile=1", "-GRowBits=11", "-GColBits=8"]  # the device ends early

# (name, file, old text, new text, build arguments)
MUTANTS = [
    ("trcd", "mr_kv_bank.sv",
     "5'(TRcd - 1)",
     "5'(TRcd - 2)", []),
    ("trp", "mr_kv_bank.sv",
     "5'(TRp - 1)",
     "5'(TRp - 2)", []),
    ("tras", "mr_kv_bank.sv",
     "5'(TRas - 1)",
     "5'(TRas - 2)", []),
    ("trfc", "mr_kv_bank.sv",
     "5'(TRfc - 1)",
     "5'(TRfc - 2)", []),
    ("twr", "mr_kv_bank.sv",
     "Burst + TWr - 2",
     "Burst + TWr - 3", []),
    ("rdpre", "mr_kv_bank.sv",
     "NRd  = 5'(Burst - 1)",
     "NRd  = 5'(Burst - 2)", []),
    ("trrd", "mr_kv_sdram.sv",
     "5'(TRrd - 1)",
     "5'(TRrd - 2)", []),
    ("trtw", "mr_kv_sdram.sv",
     "TCl + Burst + 1;",
     "TCl + Burst;", []),
    ("norefresh", "mr_kv_sdram.sv",
     "assign refi_tick = ready_o && refi_q == 16'd0;",
     "assign refi_tick = 1'b0;", []),
    ("slowrefresh", "mr_kv_sdram.sv",
     "refi_tick ? 16'(TRefi - 1)",
     "refi_tick ? 16'(TRefi + 20)", []),
    ("stallrefresh", "mr_kv_sdram.sv",
     "debt_urgent_q || (debt_some_q && (!cur_v_q || cur_stall))",
     "debt_some_q && !cur_v_q", []),
    ("initrefs", "mr_kv_sdram.sv",
     "if (init_left_q == 4'd1) state_d = StMrs;",
     "if (init_left_q == 4'd2) state_d = StMrs;", []),
    ("burst", "mr_kv_sdram.sv",
     "NRd  = 5'(Burst - 1)",
     "NRd  = 5'(Burst - 2)", []),
    ("mask", "mr_kv_sdram.sv",
     "      w_mask = '1;",
     "      w_mask = '0;", []),
    ("rowhit", "mr_kv_sdram.sv",
     "      nxt_hit_q  <= bk_open[nxt_bank_q] && bk_row[nxt_bank_q*RowBits +: RowBits] == nxt_row_q;",
     "      nxt_hit_q  <= bk_open[nxt_bank_q];", []),
    ("initnop", "mr_kv_sdram.sv",
     "(InitCycles != 0) ? InitCycles",
     "(InitCycles != 0) ? InitCycles - 10", []),
    ("dataroom", "mr_kv_resp.sv",
     "data_room_o  <= (DataW-1)'(di_q - dr_q[DataW:2]) < (DataW-1)'(1 << (DataW - 2));",
     "data_room_o  <= 1'b1;", []),
    ("scaleroom", "mr_kv_resp.sv",
     "scale_room_o <= (HalfW-UnitW+1)'(si_q - sr_q[HalfW:UnitW]) < (HalfW-UnitW+1)'(1 << (HalfW - UnitW));",
     "scale_room_o <= 1'b1;", SMALL),
    ("scalealign", "mr_kv_resp.sv",
     "assign sr_next = last_q ? {sr_q[HalfW:UnitW] + (HalfW-UnitW+1)'(1), UnitW'(0)} : sr_q + (HalfW+1)'(1);",
     "assign sr_next = sr_q + (HalfW+1)'(1);", []),
    ("leak", "mr_kv_resp.sv",
     "if (!rst_ni || (xfer && last_q)) block_q <= '0;",
     "if (!rst_ni) block_q <= '0;", []),
    ("slotchk", "mr_kv_front.sv",
     "op_q[1] || 32'(slot_q) >= Slots ||",
     "op_q[1] ||", []),
    ("layerchk", "mr_kv_front.sv",
     "|| {1'b0, layer_q} >= cfg_layers_i",
     "", []),
    ("headchk", "mr_kv_front.sv",
     "|| {1'b0, head_q} >= cfg_heads_i",
     "", []),
    ("opchk", "mr_kv_front.sv",
     "assign bad_who  = op_q[1] ||",
     "assign bad_who  = ", []),
    ("poschk", "mr_kv_front.sv",
     "|| pos_q != 18'(len_q) || bit_q",
     "|| pos_q != 18'(len_q)", []),
    ("lenbits", "mr_kv_front.sv",
     "> 19'(len_q) + 19'(bit_q)",
     "> 19'(len_q) + 19'd1", []),
    ("alignchk", "mr_kv_front.sv",
     "assign bad_stream = pos_q[4:0] != 5'd0 ||",
     "assign bad_stream = ", []),
    ("freeing", "mr_kv_front.sv",
     "count_q > 6'd32 || freeing_q",
     "count_q > 6'd32", []),
    ("freewait", "mr_kv_front.sv",
     "                        && !(free_busy_o && kc_op_i == OpAppend && kc_slot_i == 8'(free_slot_q));",
     ";", []),
    ("full", "mr_kv_front.sv",
     "full_set       = bits_new == bits_all;",
     "full_set       = (&bits_new) || bits_new == (bits_all >> 1);", []),
    ("nopush", "mr_kv_front.sv",
     "          sp_q <= sp_q + PageCntW'(1);",
     "          sp_q <= sp_q;", []),
    ("samepage", "mr_kv_front.sv",
     "        else bump_q <= bump_q + PageCntW'(1);",
     "        else bump_q <= (bump_q == PageCntW'(7)) ? bump_q : bump_q + PageCntW'(1);", []),
    ("nopages", "mr_kv_front.sv",
     "(need_page && pages_free_o == '0)",
     "(need_page && pages_free_o == '1)", []),
    ("tablefull", "mr_kv_front.sv",
     "18'(pos_q[17:5]) >= 18'(SlotBlocks) ||",
     "18'(pos_q[17:5]) > 18'(SlotBlocks) ||", []),
    ("walkend", "mr_kv_front.sv",
     "assign walk_end = walk_q[BlkW:0] == nblk_rd;",
     "assign walk_end = walk_q[BlkW:0] + (BlkW+1)'(1) >= nblk_rd;", []),
    ("layerlen", "mr_kv_front.sv",
     "if (walk_q[LayerW-1:0] == LayerW'(Layers - 1)) begin",
     "if (walk_q[LayerW-1:0] == LayerW'(Layers - 9)) begin", []),
    ("muxorder", "mr_kv_mux.sv",
     "t_kr_valid_o[r_port]   = order_valid && kr_valid_i;",
     "t_kr_valid_o[last_q]   = order_valid && kr_valid_i;", []),
    ("muxhold", "mr_kv_mux.sv",
     "assign grant = any && !kc_valid_o && !data_q && order_ready;",
     "assign grant = any && !kc_valid_o && order_ready;", []),
    ("over", "mr_kv_front.sv",
     "if (32'(end_q) > MaxChunks) over_q <= 1'b1;",
     ";", SHORT),
    ("drop", "mr_kv_seq.sv",
     "if (left_q == 5'd1) state_d = StStatus;",
     "state_d = StStatus;", []),
    ("ackearly", "mr_kv_seq.sv",
     "StDrain: if (idle_i) state_d = StStatus;",
     "StDrain: state_d = StStatus;", []),
]


def build_library(folder):
    """The bench and the device model, once."""
    objects = []
    for source in (HERE / "bench_kv_dram.c", HERE / "kv_golden.c", ROOT / "sim_verilator/dram/mr_dram.c"):
        target = folder / (source.stem + ".o")
        subprocess.run(["cc", "-std=c11", "-O2", f"-I{ROOT}/sim_verilator/dram", "-c", source, "-o", target], check=True)
        objects.append(str(target))
    return objects


def survives(folder, objects, mutant):
    """Builds one mutant and runs the bench; stops when the mutant does not build."""
    name, file, old, new, args = mutant
    rtl = folder / "rtl"
    shutil.rmtree(rtl, ignore_errors=True)
    shutil.copytree(ROOT / "rtl/kv_dram", rtl)
    text = (rtl / file).read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"mutants: {name}: the text to change is no longer in {file}; update this list")
    (rtl / file).write_text(text.replace(old, new), encoding="utf-8")
    objdir, bench = folder / "obj", folder / "bench"
    shutil.rmtree(objdir, ignore_errors=True)
    common = ROOT / "rtl/common"
    built = subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-DSYNTHESIS", "--Mdir", objdir, "--prefix", "Vdut",
         "--top-module", "tb_kv_dram", "-y", rtl, "-y", common, f"-I{common}", "-CFLAGS", "-O1", *args,
         rtl / "mr_kv_timing_pkg.sv", HERE / "tb_kv_dram.sv", HERE / "kv_dut.cpp", *objects, "-o", bench],
        capture_output=True, text=True)
    if built.returncode != 0:
        sys.exit(f"mutants: {name} does not build:\n{built.stderr}")
    run = subprocess.run([bench], capture_output=True, text=True, timeout=600)
    reason = [line for line in run.stdout.splitlines() if line.startswith(("FAIL", "DRAM"))]
    print(f"{name:12} {'SURVIVES' if run.returncode == 0 else 'caught: ' + '; '.join(reason)}", flush=True)
    return run.returncode == 0


def main(argv):
    if not argv:
        sys.exit("usage: mutants.py BUILD_FOLDER [NAME ...]")
    folder = pathlib.Path(argv[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [m for m in MUTANTS if not argv[1:] or m[0] in argv[1:]]
    objects = build_library(folder)
    alive = [m[0] for m in chosen if survives(folder, objects, m)]
    print(f"RESULT kv_mutants_caught {len(chosen) - len(alive)} of {len(chosen)}")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
