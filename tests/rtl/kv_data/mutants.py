#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the KV data path: every change below must make the bench fail.

Usage: mutants.py BUILD_FOLDER [NAME ...]   (run by hand; about 10 s a mutant on an idle core)
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
SHAPE = {2: ["-GWords=2048", "-GFifoWords=32", "-GEntries=8", "-GWays=1"],
         8: ["-GWords=512", "-GFifoWords=32", "-GEntries=4", "-GWays=1"],
         16: ["-GWords=512", "-GFifoWords=64", "-GEntries=16", "-GWays=4"]}

# (name, file, old text, new text, WordBytes)
# can_drain's pg_words_i and pg_lock_i have none: without them nothing changes for DRAM or answers, since the page engine offers no run while words
# of a batch are left (wr_clear_i) and words leave in the order of their runs.
MUTANTS = [
    ("room", "unpack", "FifoWords / BurstClks - 3", "FifoWords / BurstClks - 0", 2),
    ("align", "unpack", "align_q <= rd_q[LgBurst-1:0] != LgBurst'(BurstClks - 1);", "align_q <= 1'b0;", 2),
    ("poison", "unpack", "assign err_o     = err_q || (from_dram && head_err);", "assign err_o     = 1'b0;", 2),
    ("poison_straddle", "unpack", "else err_q <= from_dram && head_err && straddle && !bound_i && !last_i;",
     "else err_q <= 1'b0;", 16),
    ("poison_bound", "unpack", "straddle && !bound_i && !last_i;", "straddle && !last_i;", 8),
    ("poison_last", "unpack", "straddle && !bound_i && !last_i;", "straddle && !bound_i;", 16),
    ("merge", "unpack", "need_q < NeedW'(l + 1)", "need_q < NeedW'(l)", 16),
    ("merge_take", "unpack", "fw_take_o = take && (buf_i || mix)", "fw_take_o = take && buf_i", 8),
    ("realign", "unpack", "last_i ? NeedW'(BlockHalfs) : need_q", "1'b0 ? NeedW'(BlockHalfs) : need_q", 16),
    ("clear", "unpack", "if (!rst_ni || clr_i || (blk_o && err_o)) block_q <= '0;\n        else if (blk_o) block_q <= lanes;",
     "if (!rst_ni || (blk_o && err_o)) block_q <= '0;\n        else if (blk_o) block_q <= lanes;", 2),
    ("out_free", "unpack", "(!fin_q || out_free_i)", "1'b1", 2),
    ("bypass", "unpack", "assign have    = out_valid_q || (empty_q && rd_valid_i);", "assign have    = out_valid_q || rd_valid_i;", 2),
    ("bypass_twice", "unpack", "empty_q ? pop == rd_valid_i :", "empty_q ? !rd_valid_i :", 2),
    ("second", "unpack", "!empty_q && (!pop || more);", "!empty_q;", 2),
    ("status7", "answer", "& 4'd7", "& 4'd0", 2),
    ("status7_stays", "answer", "err_q <= (err_q || err_i) && !last_o;", "err_q <= err_q || err_i;", 2),
    ("buffer_turn", "answer", "buf_q     <= fwd_q && pos_one_q;", "buf_q     <= 1'b0;", 2),
    ("buffer_first", "answer", "buf_q     <= q_fwd && q_num == 5'd0;", "buf_q     <= 1'b0;", 2),
    ("token_early", "answer", "assign tok_o   = load && q_valid_q", "assign tok_o   = q_valid_q", 16),
    ("queue", "answer", "q_re       = !q_valid_q && !q_mid_q &&", "q_re       = !q_valid_q &&", 2),
    ("last", "answer", "assign last_o  = pos_end_q && blk_end_q;", "assign last_o  = pos_end_q;", 2),
    ("enable_first", "pack", "(!first_q || (LaneW+1)'(lane_i) < (LaneW+1)'(l + 1))", "1'b1", 16),
    ("enable_part", "pack", "(state_q == StPart && idx_q + IdxW'(l + 1) < IdxW'(WordHalfs))", "state_q == StPart", 8),
    ("enable_pad", "pack", "assign be        = state_q == StData;", "assign be        = state_q != StIdle;", 2),
    ("refused_blocks", "pack", "if (go_i && !done_o && drop_i) state_d = StDrop;", "if (go_i && !done_o && drop_i) state_d = StLead;", 2),
    ("lead", "pack", "if (low_i == lead_i) state_d = StData;", "if (low_i == '0) state_d = StData;", 2),
    ("key", "wbuf", "(2*DiffW)'({find_key_i, find_blk_i})", "(2*DiffW)'({find_q[FindW-1 -: KeyW], find_blk_i})", 2),
    ("block", "wbuf", "(2*DiffW)'({find_key_i, find_blk_i})", "(2*DiffW)'({find_key_i, find_q[6 +: BlkW]})", 2),
    ("hit_last", "wbuf", "assign way_last[w] = pos_q == '0;", "assign way_last[w] = 1'b1;", 2),
    ("run_zero", "wbuf", "if (!run_re_i) run_o <= '0;", "if (1'b0) run_o <= '0;", 2),
    ("live", "wbuf", "live1_q <= CountW'({row_i, LgWays'(w)}) < count_q;", "live1_q <= 1'b1;", 16),
    ("tail", "wbuf", "if (free_i) tail_q <= mark_q;", "tail_q <= headb;", 16),
    ("grant", "wbuf", "assign grant_o = !(fw_act_i && (!fw_have_q || fw_hold_i));", "assign grant_o = 1'b1;", 2),
    ("pop", "wbuf", "assign b_addr  = pop_q + AddrW'(wd_pop_i);", "assign b_addr  = pop_q + AddrW'(wd_pop_i && !fw_act_i);", 2),
    ("full", "plan", "used_i[UsedW-1 -: FullW] >= FullW'(Full) || ", "", 16),
    ("full_table", "plan", " || ent_count_i == CountW'(Entries);", ";", 8),
    ("forward", "plan", "if (look_q && hit_i) begin", "if (1'b0) begin", 2),
    ("look", "plan", "if (look_q && hit_i) begin", "if (hit_i) begin", 2),
    ("look_end", "plan", "else if (look_q && row_end_q)", "else if (row_end_q)", 2),
    ("several", "plan", "if (!hit_last_i) begin", "if (1'b0) begin", 2),
    ("age", "plan", "age_q == AgeW'(AgeN) || ", "", 2),
    ("idle", "plan", " || idle_q[1];", ";", 2),
    ("flush", "plan", "hi_q || flush_req_i ||", "hi_q ||", 2),
    ("flush_done", "plan", "!job_valid_i && none;", "!job_valid_i;", 2),
    ("flush_job", "plan", "state_q == StIdle && !job_valid_i && none;", "state_q == StIdle && none;", 2),
    ("release_answers", "plan", "keep_q && passed_q && drained_i;", "keep_q && drained_i;", 16),
    ("release_words", "plan", "keep_q && passed_q && drained_i;", "keep_q && passed_q;", 16),
    ("lock", "plan", "job_valid_i && !pg_lock_i && ", "job_valid_i && ", 2),
    ("offset", "plan", "skip_q <= half_q[HalfW-1:LgHalfs+LgBurst];", "skip_q <= '0;", 2),
    ("forward_word", "plan", "{start_q | AddrW'(pk_lead_o),", "{start_q,", 2),
    ("bursts", "plan", "half_q[HalfW-1:LgHalfs+LgBurst] + BurstsW'(|half_q[LgHalfs+LgBurst-1:0]);",
     "half_q[HalfW-1:LgHalfs+LgBurst];", 2),
    ("use", "plan", " + WordsW'(|half_q[LgHalfs-1:0]);", ";", 16),
    ("refused", "plan", "{1'b0, job_status_i} : late", "5'd0 : late", 2),
    ("empty_run", "plan", "assign no_run    = fwd_q && late_a_q == 6'd0;", "assign no_run    = 1'b0;", 2),
    ("latency", "plan", "else if (none) state_d = StRun;", "else if (none && idle_q == '0 && fwd_q) state_d = StRun;", 2),
    ("page_end", "page", "piece_q == cfg_part_i[PartW-1:0])", "La'(piece_q) + La'(1) >= cfg_part_i)", 2),
    ("copy_fill", "page", "StFill: if (piece_i)", "StFill: if (1'b1)", 2),
    ("copy_error", "page", "(pop_i && pop_err_i && src_o && !pe_one_i)", "1'b0", 2),
    ("copy_clear", "page", "(state_q == StIdle && rd_clear_i)", "state_q == StIdle", 2),
    ("page_clear", "page", "!all_q && wr_clear_i &&", "!all_q &&", 2),
    ("want_late", "page", "want && idle_i && idle_q && !swap_i", "want && !swap_i", 2),
    ("page_rot", "plan", "<= {pe_dst_base_i, pe_dst_rot_i};", "<= {pe_dst_base_i, pe_src_rot_i};", 2),
    ("page_base", "plan", "put_src ? pe_src_base_i : job_base_i", "job_base_i", 2),
    ("hold", "plan", "if (state_q != StDrain && state_q != StPage)", "if (state_q != StPage)", 2),
    ("part", "plan", "job_part_i & {BaBits{job_off}}", "job_part_i", 2),
    ("page_enable", "data", "wb_be[l] || pe_sel", "wb_be[l]", 2),
    ("page_zero", "data", "{WordBits{pe_sel && pg_src}}", "{WordBits{pe_sel}}", 2),
    ("page_pop", "data", "wd_pop_i && !pg_words)", "wd_pop_i)", 2),
]


def build(rtl, word_bytes):
    common = ROOT / "rtl/common"
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-Wno-lint", "-DSYNTHESIS", "--Mdir", str(rtl / "obj"), "--prefix", "Vdut",
         "--top-module", "mr_kv_data", "-y", str(rtl), "-y", str(common), f"-I{common}", "-MAKEFLAGS", "-s",
         "-CFLAGS", f"-O1 -DMR_WB={word_bytes} -DMR_BH=17 -DMR_AGE=1500 -DMR_IDLE=50 -DMR_NAME=mutant",
         f"-GWordBytes={word_bytes}", "-GMaxNbh=32", "-GKeyW=4", "-GBlkW=2", "-GLa=20", "-GAgeMax=1500", "-GIdleDrain=50",
         *SHAPE[word_bytes], str(rtl / "mr_kv_data.sv"), str(HERE / "tb_kv_data.cpp"), "-o", str(rtl / "bench")],
        capture_output=True, text=True, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))


def main():
    return mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:], timeout=120)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main())
