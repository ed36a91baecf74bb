#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the KV front end: every change below must make the bench fail.

Usage: mutants.py BUILD_FOLDER [NAME ...]   (run by hand; about 10 s a mutant on an idle core)
The RTL's own assertions are compiled out, so that only the golden tables judge. Exit status 1 when a mutant survives.
"""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
COMMANDS = "600000"
CMD, ADMIN, ALLOC, TABLES, CHUNKS, REFUSED = (
    f"mr_kv_{part}.sv" for part in ("cmd", "admin", "alloc", "tables", "chunks", "refused"))

# A number of layers and heads that is no power of two: the chunk table alone would not notice one too many.
ODD = ["-GSlots=16", "-GLayers=3", "-GHeads=3", "-GPages=60", "-GSlotBlocks=8", "-GBaBits=3", "-GLA=17"]

# (name, file, old text, new text[, parameters])
MUTANTS = [
    # refusals of commands
    ("op", CMD, "op_q[1] || above((LA+17)'(slot_q), Slots - 1)", "above((LA+17)'(slot_q), Slots - 1)"),
    ("slot", CMD, "above((LA+17)'(slot_q), Slots - 1) || ", ""),
    ("layer", CMD, "|| {1'b0, layer_q[LayerW-1:0]} >= (LayerW+1)'(cfg_layers_i) ||", "||"),
    ("layerhigh", CMD, "(32'(layer_q) >> LayerW) != 0 || ", ""),
    ("head", CMD, "{1'b0, head_q[HeadW-1:0]} >= (HeadW+1)'(cfg_heads_i)", "1'b0"),
    ("headhigh", CMD, "(32'(head_q) >> HeadW) != 0", "1'b0"),
    ("config", CMD, "                    || cfg_bad_q;", ";"),
    ("nbh", CMD, " || above((LA+17)'(cfg_nbh_i), MaxNbh)", ""),
    ("cfgpages", CMD, "|| above((LA+17)'(cfg_pages_i), Pages) ", ""),
    ("cfglayers", CMD, " || above((LA+17)'(cfg_layers_i), Layers)", "", ODD),
    ("cfgheads", CMD, "|| above((LA+17)'(cfg_heads_i), Heads) ", "", ODD),
    ("appendcount", CMD, "append ? count_q != 6'd1 :", "append ? 1'b0 :"),
    ("align", CMD, "(pos_q[4:0] != 5'd0 || ", "("),
    ("count0", CMD, "count_q == 6'd0 || ", ""),
    ("count33", CMD, " || (count_q[5] && count_q[4:0] != 5'd0));", ");"),
    ("high", CMD, "bad_form_q || high_q ||", "bad_form_q ||"),
    ("appendpos", CMD, "append ? !eq || bit_set :", "append ? bit_set :"),
    ("twice", CMD, "append ? !eq || bit_set :", "append ? !eq :"),
    ("streamlen", CMD, "!(lt || (eq && bit_set))", "!(lt || eq)"),
    ("streambit", CMD, "!(lt || (eq && bit_set))", "!lt"),
    ("quota", CMD, "need && nblk >= quota", "need && nblk > quota"),
    ("none", CMD, "                 || (state_q == StPage && none) ||", " ||"),
    ("tagstream", CMD, "job_stale_q != '0 && op_q == OpStream", "1'b0"),
    ("tagappend", CMD, "(refused || (!need_q && stale))", "refused"),
    ("tagneed", CMD, "(refused || (!need_q && stale))", "(refused || stale)"),
    # lengths and bits
    ("full", CMD, "x_q + LenW'(full && commit)", "x_q"),
    ("mask", CMD, "full     = bits_new == mask_q", "full     = &bits_new"),
    ("keepbits", CMD, "(commit && !full) ? bits_new : '0", "!full ? bits_new : '0"),
    ("clearlen", CMD, "if (clear || state_q == StInit) x_q <= '0;", "if (1'b0) x_q <= '0;"),
    # references, copy on write, owners
    ("nocopy", CMD, "(need_q || extra != '0)", "(need_q)"),
    ("copyref", CMD, "(commit && fresh_q) || copied ||", "(commit && fresh_q) ||"),
    ("forkref", CMD, "((ad_fork || ad_release) && !stale)", "(ad_release && !stale)"),
    ("forkbad", CMD, "((ad_fork || ad_release) && !stale)", "(ad_fork || ad_release)"),
    ("forkcount", CMD, "ad_fork ? extra + SlotW'(1)", "ad_fork ? extra"),
    ("dropcount", CMD, ": extra - SlotW'(1));", ": extra);"),
    ("freeshared", CMD, "ad_release && !stale && extra == '0", "ad_release && !stale"),
    ("freeothers", CMD, "ad_release && !stale && extra == '0", "ad_release && extra == '0"),
    ("noreturn", CMD, "ad_release && !stale && extra == '0", "1'b0"),
    ("owner", CMD, "wr_own   = commit ? slot_q[SlotW-1:0] : own", "wr_own   = slot_q[SlotW-1:0]"),
    ("tagowner", TABLES, "{!tag_live, tag_own ^ own_o}", "!tag_live"),
    ("blocks", CMD, "(commit && need_q) || ad_fork", "(commit && fresh_q) || ad_fork"),
    ("noentry", CMD, ".blk_we_i((commit && fresh_q) || ad_fork)", ".blk_we_i((commit && need_q) || ad_fork)"),
    # rotation, addresses
    ("rotfirst", CMD, "(x_q[5 +: BlkW] == '0) ? '0 : rotn", "rotn"),
    ("rotstep", CMD, "job_rot_o + cfg_step_i", "job_rot_o"),
    ("rotcut", CMD, "ad_release ? e_rot : rot_next", "rot_next"),
    ("copyrot", CMD, "pe_copy_o ? job_rot_o : '0", "'0"),
    ("copysource", CMD, "pe_src_base_o = job_base_o", "pe_src_base_o = pe_dst_base_o"),
    ("chunkkind", CHUNKS, "if (kind_q) head_q", "head_q"),
    ("chunkpart", CHUNKS, "part_q <= part_q + BaBits'(1)", "part_q <= part_q"),
    ("chunkfit", CHUNKS, "(state_q == StEnd && !(last_q && zero))", "1'b0"),
    ("chunkexact", CHUNKS, "!(last_q && zero)", "!(last_q)"),
    ("chunkempty", CHUNKS, "(norm_q && first_q && zero) || ", ""),
    # order of commands and administration
    ("turn", CMD, " && !(step_ok && turn_q);", ";"),
    ("held", CMD, "(seen_q && !held_q)", "seen_q"),
    ("heldsource", CMD, "(kc_slot_i[SlotW-1:0] == ad_slot[SlotW-1:0] || kc_slot_i[SlotW-1:0] == ad_src[SlotW-1:0])",
     "kc_slot_i[SlotW-1:0] == ad_slot[SlotW-1:0]"),
    ("seen", CMD, "(seen_q && !held_q)", "!held_q"),
    ("flushblock", CMD, "!start_q && !ad_block &&", "!start_q &&"),
    ("flushquiet", ADMIN, "(flush_req_o || quiet_i)", "1'b1"),
    ("flushskip", ADMIN, "PhFlush: if (flush_req_o && flush_done_i)", "PhFlush: if (flush_req_o)"),
    ("alone", CMD, "!(ad_alone && job_valid_o)", "1'b1"),
    ("startpages", CMD, "!ad_act && pe_idle", "!ad_act"),
    ("urgent", CMD, "(state_q == StPage && !spare_valid) || ", ""),
    ("counted", CMD, ".ad_i(ad_done_o)", ".ad_i(1'b0)"),
    ("countcarry", REFUSED, "carry_q <= free || carry;", "carry_q <= free;"),
    ("countnumber", REFUSED, "cmd_wait_q ? cmd_num_q : ad_num_q", "cmd_num_q"),
    # administration
    ("adslot", ADMIN, "(32'(slot_o) >> SlotW) != 0 || ", ""),
    ("adsource", ADMIN, "(32'(from_o) >> SlotW) != 0 || ", ""),
    ("adconfig", ADMIN, " || cfg_bad_i\n", "\n"),
    ("adlength", ADMIN, "step_i && !fits_q", "1'b0"),
    ("adhigh", ADMIN, "(32'(len_q) >> LenW) != 0", "1'b0"),
    ("adlayers", ADMIN, "lay_end_q    <= lay_q == (LayerW+1)'(cfg_layers_i);", "lay_end_q    <= lay_q != '0;"),
    ("adempty", ADMIN, "(fork_op && nblk_i != '0)", "1'b0"),
    ("adquota", ADMIN, "fork_op && need_q > quota_i", "1'b0"),
    ("adquotabig", ADMIN, "(len_q[BlkW] && len_q[BlkW-1:0] != '0);", "(len_q[BlkW] && len_q[BlkW-1:1] != '0);"),
    ("adfree", ADMIN, "(ad_op_i == OpFree) ? 18'd0 : ad_len_i", "ad_len_i"),
    ("adround", ADMIN, "+ (BlkW+1)'(len_q[4:0] != 5'd0)", ""),
    ("adtag", ADMIN, "bad_tag_q ? StatusTag : 3'd0", "3'd0"),
    ("adlens", ADMIN, "len_we_o   = step_i && phase_q == PhLen", "len_we_o   = step_i && phase_q == PhLen && !fork_op"),
    ("clear", TABLES, "if (clear_q == '1)", "if (clear_q[SlotW+LayerW-1])"),
    # pages
    ("earlyclean", ALLOC, "state_q == StRun && pe_done_i && !pe_copy_o", "state_q == StOffer && pe_ready_i && !pe_copy_o"),
    ("earlycopy", ALLOC, "copy_done_o = state_q == StRun && pe_done_i && (", "copy_done_o = state_q == StOffer && pe_ready_i && ("),
    ("nodirty", ALLOC, "(PageW+1)'(1);\n      if (push_i || fresh_push)", "(PageW+1)'(1);\n      if (push_i) mid_q <= tail_q + (PageW+1)'(1);\n      if (push_i)"),
    ("maxpages", ALLOC, "bump_take && bump_page_q == (PageW+1)'(cfg_pages_i)", "1'b0"),
    ("device", ALLOC, "EndW > LA && (prod_q >> LA) != '0 && ((prod_q >> LA) != EndW'(1) || LA'(prod_q) != '0);", "1'b0;"),
    ("deviceexact", ALLOC, " && ((prod_q >> LA) != EndW'(1) || LA'(prod_q) != '0);", ";"),
    ("scrubbase", ALLOC, "pe_copy_o ? spare_page_o : list_page", "spare_page_o"),
    ("twopages", ALLOC, "else if (take_i) spare_valid_o <= 1'b0;", ""),
    ("giveup", ALLOC, "want && bump_end_q && !clean && !dirty", "want && bump_end_q && !clean"),
    ("nextbase", ALLOC, "else bump_page_q <= fact_q;", "else bump_page_q <= fact_q + (PageW+1)'(bump_page_q == (PageW+1)'(3));"),
    ("lostpage", ALLOC, "if (refill_q) head_q <= head_q + (PageW+1)'(1);", "if (refill_q) head_q <= head_q + (PageW+1)'(clean && mid_q - head_q == (PageW+1)'(5) ? 2 : 1);"),
]


def build_library(folder):
    """The bench and the golden model, once."""
    objects = []
    for source in (HERE / "bench_kv_cmd.c", HERE / "kv_tables.c"):
        target = folder / (source.stem + ".o")
        subprocess.run(["cc", "-std=c11", "-O2", "-c", source, "-o", target], check=True)
        objects.append(str(target))
    return objects


def survives(folder, objects, mutant):
    """Builds one mutant and runs the bench; stops when the mutant does not build."""
    name, file, old, new = mutant[:4]
    args = mutant[4] if len(mutant) > 4 else []
    rtl = folder / "rtl"
    shutil.rmtree(rtl, ignore_errors=True)
    shutil.copytree(ROOT / "rtl/kv_dram", rtl)
    text = (rtl / file).read_text(encoding="utf-8")
    if text.count(old) != 1:
        sys.exit(f"mutants: {name}: the text to change is {text.count(old)} times in {file}, not once; update this list")
    (rtl / file).write_text(text.replace(old, new), encoding="utf-8")
    objdir, bench = folder / "obj", folder / "bench"
    shutil.rmtree(objdir, ignore_errors=True)
    common = ROOT / "rtl/common"
    built = subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-DSYNTHESIS", "--Mdir", objdir, "--prefix", "Vdut",
         "--top-module", "tb_kv_cmd", "-y", rtl, "-y", common, f"-I{common}", "-CFLAGS", "-O1", *args,
         HERE / "tb_kv_cmd.sv", HERE / "kv_cmd_dut.cpp", *objects, "-o", bench],
        capture_output=True, text=True)
    if built.returncode != 0:
        sys.exit(f"mutants: {name} does not build:\n{built.stderr}")
    run = subprocess.run([bench, COMMANDS], capture_output=True, text=True, timeout=600)
    reason = [line[:100] for line in run.stdout.splitlines() if line.startswith("FAIL")]
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
    print(f"{len(chosen) - len(alive)} of {len(chosen)} caught")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
