# SPDX-License-Identifier: Apache-2.0
"""Changes ECC, patrol and AXI back end of the whole KV controller, one wire at a time, and runs the random bench on each; fails if it passes.

    tests/rtl/kv_top/mutants.py FOLDER BUILD [mutant ...]      by hand: about 6 minutes

FOLDER: any folder for the copies. BUILD: a build tree in which kv_random is built; its objects are used again, so CMake's models and
these must be made from the same sources. Standard library only; needs Verilator and a C++ compiler. A mutant that hangs or trips an
assertion of the RTL is caught as well.
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
# model: its parameters as in sim_verilator/kv/CMakeLists.txt
MODEL = {
    "sdr-100-ecc": ["-GProfile=0", "-GEcc=1", "-GEccWord=16", "-GEntries=8", "-GWays=1", "-GWords=2048", "-GFifoWords=32"],
    "ddr4-2400-ecc": ["-GProfile=3", "-GEcc=1", "-GEccWord=16", "-GEntries=16", "-GWays=4", "-GWords=2048", "-GFifoWords=128"],
    "axi-128": ["-GProfile=3", "-GAxi=1", "-GEntries=16", "-GWays=4", "-GWords=2048", "-GFifoWords=512"],
}
LIMITS = ["-GSlots=128", "-GLayers=4", "-GHeads=2", "-GMaxNbh=32", "-GPages=8192", "-GSlotBlocks=64", "-GBytes=0", "-GBlockHalfs=17"]
SDR, DDR, AXI = MODEL

# (name, file, old text, new text, model)
MUTANTS = [
    ("poison", "top", "assign wr_bad = bad_q;", "assign wr_bad = 1'b0;", SDR),
    ("poison_early", "top", "assign wr_bad = bad_q;", "assign wr_bad = wd_bad;", SDR),
    ("poison_all", "data", "pg_words && pg_src && pe_word_err;", "pg_words;", SDR),
    ("fresh", "top", ".ZeroFresh(Ecc != 0)", ".ZeroFresh(1'b0)", SDR),
    ("fresh_lost", "alloc", "if (push_i || fresh_push) tail_q", "if (push_i) tail_q", SDR),
    ("fresh_hold", "alloc", "!dirty && !copy_i && !hold_i;", "!dirty;", SDR),
    ("ready_early", "alloc", "if (scrubbed && fresh_q && mid_q == place_q) ready_q", "if (fresh_push) ready_q", DDR),
    ("fix_flag", "top", "bk_rd_valid && bk_rd_fix)", "bk_rd_fix)", SDR),
    ("late", "patrol", "(late_q || !in_valid_i);", "!in_valid_i;", DDR),
    ("timer", "patrol", "(end_piece || time_q <= 22'd1)", "(sel_q || time_q <= 22'd1)", DDR),
    ("free", "patrol", "&& pe_free_i && (late_q", "&& (late_q", DDR),
    ("beyond", "patrol", "page_q >= pages_i;", "page_q > pages_i;", SDR),
    ("next_page", "patrol", "base_q + cfg_part_i;", "base_q;", SDR),
    ("to_base", "patrol", "sel_q ? base_q : in_dst_base_i;", "in_dst_base_i;", DDR),
    ("piece", "page", "{pe_one_i ? pe_piece_i : (La-BaBits)'(piece_q), BaBits'(0)}", "{(La-BaBits)'(piece_q), BaBits'(0)}", SDR),
    ("piece_kept", "page", "if (pe_ready_o && !pe_one_i) piece_q", "if (pe_ready_o) piece_q", DDR),
    ("piece_count", "page", "took_i && wr_o && !pe_one_i) piece_q", "took_i && wr_o) piece_q", DDR),
    ("pause", "page", "(pause_i && state_q == StIdle)", "pause_i", DDR),
    ("free_done", "page", "none_left && !want_o && !all_q;", "none_left && !want_o;", DDR),
    ("page_error", "page", "src_o && !pe_one_i)", "src_o)", SDR),
    ("undo", "top", ".UndoCopy(Axi != 0)", ".UndoCopy(1'b0)", AXI),
    ("undo_zero", "alloc", "if (undo) state_d = StOffer;", "if (undo) state_d = StIdle;", AXI),
    ("undo_clean", "alloc", "!pe_copy_o && !undo_q;", "!pe_copy_o;", AXI),
    ("undo_status", "cmd", "end else if (copy_end && copy_bad) begin", "end else if (1'b0) begin", AXI),
    ("undo_commit", "cmd", "copied = copy_end && !copy_bad;", "copied = copy_end;", AXI),
    ("clear_front", "top", "    .clk_i, .rst_ni(front_n),\n", "    .clk_i, .rst_ni,\n", AXI),
]


def make_builder(tree):
    """A build function of mutation.main that links the bench of the build tree with the changed model."""
    kv = tree / "sim_verilator/kv"
    dram, verilated, axi = (next(path for path in tree.rglob(name) if "asan" not in path.parts) for name in ("libmr_dram.a", "libmr_verilated*.a", "libmr_axi.a"))

    def build(rtl, model):
        name = model.replace("-", "_")
        common = ROOT / "rtl/common"
        made = subprocess.run(
            ["verilator", "--cc", "--build", "-j", "1", "--assert", "-Wno-fatal", "-Wno-lint", "--Mdir", str(rtl / "obj"),
             "--prefix", f"Vkv_{name}", "--top-module", "kv_sim_top", "-y", str(rtl), "-y", str(common), f"-I{common}", *LIMITS,
             *MODEL[model], "-CFLAGS", "-O1", "-MAKEFLAGS", "-s", str(rtl / "mr_kv_dev_pkg.sv"), str(rtl / "mr_kv_ecc_pkg.sv"),
             str(ROOT / "sim_verilator/kv/kv_sim_top.sv")],
            capture_output=True, text=True, check=False, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))
        if made.returncode != 0:
            return made
        (rtl / "kv_models.inc").write_text(f"KV_MODEL(mr_kv_model_{name})\n")
        objects = [str(o) for o in tree.glob("tests/rtl/kv_top/CMakeFiles/kv_random.dir/**/*.o")]
        skin = [str(o) for o in kv.glob(f"CMakeFiles/mr_kv_dut_{name}.dir/*.o")]
        include = [f"-I{rtl}", *(f"-I{ROOT}/sim_verilator/{part}" for part in ("kv", "dram", "axi"))]
        made = subprocess.run(["cc", "-std=c11", "-O1", "-c", *include, str(ROOT / "sim_verilator/kv/mr_kv_sim.c"), "-o", str(rtl / "sim.o")],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            return made
        made = subprocess.run(["c++", "-o", str(rtl / "random"), *objects, str(rtl / "sim.o"), *skin, str(rtl / f"obj/Vkv_{name}__ALL.a"),
                               str(verilated), str(dram), str(axi), "-lpthread"], capture_output=True, text=True, check=False)
        bench = rtl / "bench"
        bench.write_text(f"#!/bin/sh\nexec {rtl / 'random'} {model} 12000 1\n")
        bench.chmod(0o755)
        return made

    return build


def main():
    folder, tree = (pathlib.Path(name).resolve() for name in sys.argv[1:3])
    return mutation.main(MUTANTS, make_builder(tree), folder, sys.argv[3:], timeout=180)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main())
