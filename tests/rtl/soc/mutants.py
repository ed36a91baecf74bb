#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the KV crossbar and its multiplexers: every change below must make the bench fail.

    tests/rtl/soc/mutants.py FOLDER [mutant ...]      by hand: about 3 minutes

The RTL's assertions are compiled out, so that only the bench judges. Standard library only; needs Verilator and a C compiler.
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

# (name, file, old text, new text, "ports channels")
MUTANTS = [
    ("head", "xbar", "t_kc_head_i[p*8 +: 8] >> ChanLog2", "t_kc_head_i[p*8 +: 8]", "5 2"),
    ("channel", "xbar", "= t_kc_head_i[p*8 +: ChanW];", "= t_kc_head_i[p*8+1 +: ChanW];", "5 2"),
    ("room", "xbar", "may[p] = room && !owed[p]", "may[p] = !owed[p]", "5 2"),
    ("owed", "xbar", "may[p] = room && !owed[p]", "may[p] = room", "5 2"),
    ("any_order", "xbar", "t_kr_ready_i[q] && 32'(from[q*ChanW +: ChanW]) == k", "t_kr_ready_i[q]", "5 2"),
    ("order_last", "xbar", "t_kr_ready_i[p] && t_kr_last_o[p])", "t_kr_ready_i[p])", "8 4"),
    ("order_held", "xbar", "t_kr_valid_o[p] && t_kr_ready_i[p] && t_kr_last_o[p]", "t_kr_valid_o[p] && t_kr_last_o[p]", "8 4"),
    ("last", "xbar", "m_kr_last[from_p]", "m_kr_last[0]", "5 2"),
    ("status", "xbar", "m_kr_status[32'(from_p) * 4 +: 4]", "m_kr_status[3:0]", "8 4"),
    ("block", "xbar", "m_kr_block[32'(from_p) * 272 +: 272]", "m_kr_block[271:0]", "8 4"),
    ("mux_owed", "mux", "t_kw_owed_o[w_port_q]  = data_q", "t_kw_owed_o[w_port_q]  = data_q && kw_ready_i", "5 2"),
    ("mux_port", "mux", "w_port_q   <= pick;", "w_port_q   <= last_q;", "5 2"),
    ("mux_left", "mux", "data_q <= left_q != 5'd1;", "data_q <= left_q != 5'd2;", "5 2"),
    ("mux_order", "mux", "any && !kc_valid_o && !data_q && order_ready", "any && !kc_valid_o && !data_q", "8 4"),
    ("mux_held", "mux", "grant = any && !kc_valid_o &&", "grant = any &&", "5 2"),
    ("mux_turn", "mux", "p > 32'(last_q)", "p > 32'(last_q) && p != Ports - 1", "8 4"),
]


def build(rtl, word):
    """Builds the bench over the RTL in the folder; word: ports and channels."""
    ports, channels = word.split()
    common = ROOT / "rtl/common"
    made = subprocess.run(["cc", "-std=c11", "-O1", "-c", str(HERE / "bench_xbar.c"), "-o", str(rtl / "world.o")],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return made
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-Wno-lint", "-DSYNTHESIS", "--Mdir", str(rtl / "obj"),
         "--prefix", "Vdut", "--top-module", "tb_kv_xbar", "-y", str(rtl), "-y", str(common), f"-I{common}", f"-GPorts={ports}",
         f"-GChannels={channels}", "-CFLAGS", f"-O1 -DXBAR_NAME=xbar -DXBAR_PORTS={ports} -DXBAR_CHANNELS={channels} -I{HERE}",
         str(HERE / "tb_kv_xbar.sv"), str(HERE / "xbar_dut.cpp"), str(rtl / "world.o"), "-o", str(rtl / "bench")],
        capture_output=True, text=True, check=False, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]), sys.argv[2:]))
