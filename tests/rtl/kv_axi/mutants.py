#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the AXI back end: every change below must make the bench fail.

Usage: mutants.py BUILD_FOLDER [NAME ...]   (run by hand; 10 to 20 s a mutant on an idle core)
The RTL's own assertions are compiled out, so that only the bench judges. Exit status 1 when a mutant survives.
"""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position
ROOT = HERE.parent.parent.parent
# word bytes: burst, MaxBurst, MaxReads, MaxWrites, KeyBits as in CMakeLists.txt
SHAPE = {8: (8, 32, 8, 2, 6), 16: (4, 64, 16, 8, 8), 32: (2, 256, 8, 4, 12)}
BENCH = ["bench_kv_axi.c", "axi_world.c", "axi_silent.c", "axi_speed.c", "mr_axi_mem.c", "mr_axi_check.c"]
MODEL = ROOT / "sim_verilator/axi"

# (name, file, old text, new text, WordBytes)
MUTANTS = [
    ("window", "axi", "assign at_edge = &s_at_q[LgWindow-1:0];", "assign at_edge = c_n_q == LenW'((1 << LgWindow) - 1);", 16),
    ("window_4k", "axi", "(MaxBurst * WordBytes > 4096) ? 4096 : MaxBurst * WordBytes;", "MaxBurst * WordBytes;", 32),
    ("segment_end", "axi", "(step ? last || at_edge : c_n_q != '0)", "(step ? at_edge : c_n_q != '0)", 16),
    ("early_end", "axi", "(step ? last || at_edge : c_n_q != '0)", "(step && (last || at_edge))", 8),
    ("length", "axi", "BeatW'({c_n_q, LgBurst'(0)}) - BeatW'(1);", "BeatW'({c_n_q, LgBurst'(0)});", 16),
    ("base", "axi", "{base_i[AddrW-1:12] + c_offset[AddrW-1:12], c_offset[11:0]};", "c_offset;", 16),
    ("base_low", "axi", "assign c_addr   = {base_i[AddrW-1:12] + c_offset[AddrW-1:12], c_offset[11:0]};",
     "assign c_addr   = base_i + c_offset;", 16),
    ("room", "axi", "assign room      = s_wr_q || rd_room_i;", "assign room      = 1'b1;", 16),
    ("room_writes", "axi", "assign room      = s_wr_q || rd_room_i;", "assign room      = rd_room_i;", 16),
    ("read_after_write", "axi", "!rp_full && !wp_hit && !dead;", "!rp_full && !dead;", 16),
    ("write_after_read", "axi", "!wp_full && !rp_hit && !dead;", "!wp_full && !dead;", 16),
    ("key_low", "axi", "for (k = LgKey; k < AtW", "for (k = 0; k < AtW", 8),
    ("key_coarse", "axi", "for (k = LgKey; k < AtW", "for (k = ColBits; k < AtW", 32),
    ("reads_full", "axi", "ar_ready && !rp_full &&", "ar_ready &&", 8),
    ("writes_full", "axi", "aw_ready && !wp_full &&", "aw_ready &&", 8),
    ("ar_hold", "axi", "go_rd || (ar_v_q && !axi_arready_i);", "go_rd;", 16),
    ("aw_hold", "axi", "go_wr || (aw_v_q && !axi_awready_i);", "go_wr;", 16),
    ("ar_overwrite", "axi", "assign ar_ready = !ar_v_q;", "assign ar_ready = 1'b1;", 16),
    ("wlast", "axi", "assign w_last   = w_beat_q == wl_beats;", "assign w_last   = w_beat_q + BeatW'(1) == wl_beats;", 16),
    ("strobes_dead", "axi", "{w_last, dead ? '0 : wd_be_i, wd_word_i}", "{w_last, wd_be_i, wd_word_i}", 16),
    ("pop_dead", "axi", "(w_push && !dead) ||", "w_push ||", 16),
    ("rresp", "axi", "rd_err_o  <= axi_rresp_i != 2'b00 ||", "rd_err_o  <= axi_rresp_i == 2'b10 ||", 16),
    ("r_odd", "axi", "axi_rresp_i != 2'b00 || r_odd || lost_q;", "axi_rresp_i != 2'b00 || lost_q;", 16),
    ("rid", "axi", "assign r_odd  = axi_rid_i != '0 || axi_rlast_i", "assign r_odd  = axi_rlast_i", 16),
    ("rlast", "axi", "|| axi_rlast_i != r_last;", ";", 16),
    ("bresp", "axi", "assign b_bad  = axi_bresp_i != 2'b00 || b_odd;", "assign b_bad  = b_odd;", 16),
    ("bid", "axi", "assign b_odd  = axi_bid_i != '0;", "assign b_odd  = 1'b0;", 16),
    ("b_nobody", "axi", "assign wp_pop = axi_bvalid_i && !wp_empty;", "assign wp_pop = axi_bvalid_i;", 16),
    ("r_nobody", "axi", "assign r_mine = axi_rvalid_i && !rp_empty;", "assign r_mine = axi_rvalid_i;", 16),
    ("err_first", "axi", "if (w_fail && (!wr_err_o || err_clear_i))", "if (w_fail)", 16),
    ("err_clear", "axi", "if (err_clear_i) wr_err_count_o <= 16'd1;\n        else if", "if", 16),
    ("err_saturate", "axi", "else if (wr_err_count_o != 16'hffff) wr_err_count_o", "else wr_err_count_o", 8),
    ("drain", "axi", "drain_q && !clear_i && rp_empty && wp_empty && warm_q[WarmBits];", "drain_q && !clear_i && warm_q[WarmBits];", 16),
    ("drain_deliver", "axi", "assign r_word  = (r_mine && !dead) || lost_rd;", "assign r_word  = r_mine || lost_rd;", 16),
    ("clear_issue", "axi", "assign dead        = drain_q || lost_q || clear_i;", "assign dead        = drain_q || lost_q;", 16),
    ("idle", "axi", "(lost_q || (rp_empty && wp_empty));", "(lost_q || rp_empty);", 16),
    ("timeout_reads", "axi", "(rd_wait_q[TimeoutBits] || wr_wait_q[TimeoutBits])", "wr_wait_q[TimeoutBits]", 16),
    ("timeout_writes", "axi", "(rd_wait_q[TimeoutBits] || wr_wait_q[TimeoutBits])", "rd_wait_q[TimeoutBits]", 16),
    ("timeout_early", "axi", "if (rp_empty || axi_rvalid_i) rd_wait_q <= '0;", "if (rp_empty) rd_wait_q <= '0;", 16),
    ("timeout_w", "axi", " || (axi_wvalid_o && axi_wready_i)) wr_wait_q", ") wr_wait_q", 16),
    ("timeout_race", "axi", " && !axi_rvalid_i && !axi_bvalid_i;", ";", 16),
    ("lost_reads", "axi", "assign lost_rd = lost_q && rd_owed_q != '0 &&", "assign lost_rd = 1'b0 &&", 16),
    ("lost_poison", "axi", "r_odd || lost_q;", "r_odd;", 16),
    ("lost_writes", "axi", "(lost_q && wr_owed_q != '0 && !drain_q && !clear_i);", "1'b0;", 16),
    ("lost_owed", "axi", "!(lost_q && owed);", "1'b1;", 16),
    ("lost_send", "axi", "assign dead        = drain_q || lost_q || clear_i;", "assign dead        = drain_q || clear_i;", 16),
    ("lost_silent", "axi", "|| lose_wr || drop_wr;", "|| drop_wr;", 16),
    ("lost_drop", "axi", "|| lose_wr || drop_wr;", "|| lose_wr;", 16),
    ("lost_addr", "axi", "drop_wr ? s_addr : wp_empty", "wp_empty", 16),
    ("lost_twice", "axi", "(wp_pop && b_bad && !lost_q)", "(wp_pop && b_bad)", 16),
    ("lost_stays", "axi", "lose || (lost_q && !drained);", "lose || lost_q;", 16),
    ("lost_forgets", "axi", "lose || (lost_q && !drained);", "lose || (lost_q && !clear_i);", 16),
    ("useful_both", "axi", "slot   = r_word || w_word || late_q != 16'd0;", "slot   = r_word || w_word;", 16),
    ("cause_room", "axi", "(turn && !room) ? CauseRoom : CauseIdle", "CauseIdle", 16),
    ("event", "axi", "!step ? 3'd0 : s_wr_q ? EvWr : EvRd", "!step ? 3'd0 : EvRd", 16),
    ("pend_live", "axi_pend", "pop_i && rd_q[PtrW-1:0] == PtrW'(e)) live_q[e] <= 1'b0;", "1'b0) live_q[e] <= 1'b0;", 16),
    ("pend_key", "axi_pend", "live_q[e] && key_q == key_i;", "live_q[e] && key_q == key_i && e != 3;", 16),
    ("pend_full", "axi_pend", "assign full_o  = wr_q[PtrW] != rd_q[PtrW] &&", "assign full_o  = 1'b0 &&", 8),
]


def build(folder, word):
    burst, window, reads, writes, key = SHAPE[word]
    common = ROOT / "rtl/common"
    objects = [str(folder.parent / (name + ".o")) for name in BENCH]
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-Wno-lint", "-DSYNTHESIS", "--Mdir", str(folder / "obj"),
         "--prefix", "Vdut", "--top-module", "tb_kv_axi", f"-I{folder}", f"-I{common}", "-MAKEFLAGS", "-s",
         "-CFLAGS", f"-O1 -I{HERE} -I{MODEL} -DAXI_NAME=mutant -DAXI_WORD={word} -DAXI_BURST={burst} -DAXI_MAX={window} "
         f"-DAXI_READS={reads} -DAXI_WRITES={writes}",
         f"-GWordBytes={word}", f"-GBurstClks={burst}", f"-GMaxBurst={window}", f"-GMaxReads={reads}", f"-GMaxWrites={writes}",
         f"-GKeyBits={key}", str(folder / "mr_kv_dev_pkg.sv"), str(HERE / "tb_kv_axi.sv"), str(HERE / "axi_dut.cpp"), *objects,
         "-o", str(folder / "bench")],
        capture_output=True, text=True, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in BENCH:
        subprocess.run(["cc", "-std=c11", "-O2", f"-I{MODEL}", "-c", str((MODEL if name.startswith("mr_") else HERE) / name), "-o", str(folder / (name + ".o"))], check=True)
    return mutation.main(MUTANTS, build, folder, sys.argv[2:], ("1", "20000"))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main())
