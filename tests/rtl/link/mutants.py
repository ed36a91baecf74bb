#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the link between groups: every change below must make a bench fail.

    tests/rtl/link/mutants.py FOLDER [mutant ...]      by hand: about 10 minutes

The RTL's assertions are compiled out, so that only the benches judge. Parameters come from CMakeLists.txt. Standard library only; needs
Verilator and a C compiler.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position
ROOT = HERE.parent.parent.parent

# (name, file, old text, new text, bench)
MUTANTS = [
    # From the bus into the buffer.
    ("hops", "link_out", "hops - 4'd1", "hops", "link_64_0"),
    ("hops_0", "link_out", "hops == 4'd0 ? 4'd0 :", "1'b0 ? 4'd0 :", "link_64_0"),
    ("room", "link_out", "TxFlits - MaxFlits - 2;", "TxFlits - 2;", "link_64_0"),
    ("second", "link_out", "wr_q[AddrW-1:0] - AddrW'(1);", "wr_q[AddrW-1:0];", "link_64_0"),
    ("free", "link_out", "wire  [PosW-1:0] used = wr_q - free_q;", "wire [PosW-1:0] used = wr_q - (ack_q | (free_q & 14'd0));", "link_hasty"),
    ("down_accept", "link_out", "rx_accept_o <= down_q || ", "rx_accept_o <= ", "link_32_3"),
    ("down_counts", "link_out", "rx_commit_i && !down_q;", "rx_commit_i;", "link_64_0"),
    ("end_flag", "link_out", "(flit && rx_last_i)) end_valid_q", "1'b0) end_valid_q", "link_64_0"),
    # Frames.
    ("credit", "link_out", "steady && enough && allowed;", "steady && enough;", "link_64_0"),
    ("frame_end", "link_out", "buf_rdata[64] || count_q ==", "count_q ==", "link_64_0"),
    ("frame_len", "link_out", "first_q ? 7'd2 : 7'(FrameFlits)", "7'(FrameFlits)", "link_64_0"),
    ("first_back", "link_out", "first_q <= ack_first_q;", "first_q <= first_q;", "link_64_0"),
    ("behind", "link_out", "!ahead[PosW-1] && ahead != '0;", "1'b0 && ahead != '0;", "link_64_40"),
    ("round", "link_out", "rev_ctrl_q[31:28] == round_q", "rev_ctrl_q[31:28] == rev_ctrl_q[31:28]", "link_64_40"),
    ("timeout", "link_out", "else if (expired || (", "else if ((", "link_32_3"),
    ("timer", "link_out", "progress || judge || expired", "judge || expired", "link_64_40"),
    ("tries", "link_out", "if (progress) tries_q", "if (rev_ok) tries_q", "link_32_3"),
    ("tries_kept", "link_out", "if (progress) tries_q <= '0;", "", "link_64_0"),
    ("silence", "link_out", "if (silent || fail)", "if (fail)", "link_64_0"),
    ("down_sends", "link_out", "st_q == StIdle && !down_q && !replay_q", "st_q == StIdle && !replay_q", "link_64_0"),
    ("beat", "link_out", "steady && !start && 32'(beat_q)", "1'b0 && !start && 32'(beat_q)", "link_64_0"),
    ("rev_crc", "link_out", "rev_end && rev_good && rev", "rev_end && rev", "link_64_0"),
    ("stall", "link_out", "64'(steady && enough && !allowed)", "64'(steady && enough)", "link_64_0"),
    ("busy", "link_out", "64'(fwd_valid_o)", "64'(load || close)", "link_32_3"),
    # Frames at the other end.
    ("again", "link_in", "wire            fresh = delta == '0 &&", "wire fresh = delta[PosW-1:2] == '0 &&", "link_64_0"),
    ("old", "link_in", "wire            fresh = delta == '0 &&", "wire fresh = (delta == '0 || delta[PosW-1]) &&", "link_64_40"),
    ("last", "link_in", "run_end && f_last, old_q", "f_last, old_q", "link_64_0"),
    ("put_back", "link_in", "put_q + PosW'(1) : exp_q;", "put_q + PosW'(1) : put_q;", "link_64_0"),
    ("limit", "link_in", "limit = rd_q +", "limit = exp_q +", "link_64_0"),
    ("nak", "link_in", "nak_q <= !good || gap;", "nak_q <= 1'b0;", "link_64_0"),
    ("nak_kept", "link_in", "if (run_end) nak_q <= !good || gap;", "if (run_end) nak_q <= nak_q || !good || gap;", "link_64_40"),
    ("start", "link_in", "start_q <= f_last;", "start_q <= 1'b1;", "link_64_0"),
    ("in_silence", "link_in", "if (silent) down_q", "if (silent && 1'b0) down_q", "link_64_0"),
    ("in_down_sends", "link_in", "rev_gap && !down_q &&", "rev_gap &&", "link_64_0"),
    ("rev_beat", "link_in", "rev_ctrl != sent_q || 32'(beat_q)", "rev_ctrl != sent_q || 1'b0 && 32'(beat_q)", "link_64_0"),
    # To the bus.
    ("cut", "link_in", "wire         cut = down_q &&", "wire cut = 1'b0 && down_q &&", "link_64_0"),
    ("cut_short", "link_in", "32'(cut_q) == CutFlits - 1", "1'b1", "link_64_0"),
    ("cut_zeros", "link_in", "cut ? '1 : buf_rdata[63:0]", "cut ? '0 : buf_rdata[63:0]", "link_64_0"),
    ("cut_early", "link_in", "st_q == StData && !have_q && rd_q == exp_q;", "st_q == StData;", "link_64_0"),
    ("pop", "link_in", "(st_q == StData && tx_ready_i));", "(st_q == StData));", "link_64_0"),
    ("empty", "link_in", "tx_empty_o ? StHead0 : StData", "StData", "link_64_0"),
    # Wire.
    ("gap", "link_ser", "gap_o = !valid_o;", "gap_o = free_o;", "link_64_0"),
    ("crc_start", "link_ser", "crc_q <= load_i ? crc_data : '1;", "crc_q <= crc_data;", "link_64_0"),
    ("crc_ctrl", "link_ser", "{~crc_ctrl, ctrl_i}", "{~crc_q, ctrl_i}", "link_64_0"),
    ("crc_check", "link_des", "have_q == 2'd0 && crc_q == Residue", "have_q == 2'd0", "link_64_0"),
    ("crc_poly", "link_crc", "Poly = 32'h82F63B78", "Poly = 32'hEDB88320", "link_64_0"),
    ("crc_order", "link_crc", "data_i[i]", "data_i[Width-1-i]", "link_64_0"),
    ("delay", "link_delay", "== Latency - 2 ?", "== Latency - 3 ?", "link_64_40"),
    ("wire_drop", "link_wire", "in_rev_valid_i && !rev_drop_i", "in_rev_valid_i", "link_64_0"),
    # Bus.
    ("bus_mask", "group_bus", "hdr_q[127:124] != '0 ? '0 : hdr_q[Nodes-1:0]", "hdr_q[Nodes-1:0]", "link_ring_64_3"),
    ("bus_link", "group_bus", "mask[LinkNode] <= hdr_q[127:124] != '0;", "", "link_ring_64_3"),
    ("bus_circle", "group_bus", "mask[LinkNode] <= hdr_q[127:124] != '0;", "if (hdr_q[127:124] != '0) mask[LinkNode] <= 1'b1;", "link_ring_64_3"),
]


def parameters(bench):
    """Name=Value of the bench as CMakeLists.txt has them."""
    text = (HERE / "CMakeLists.txt").read_text()
    ring = re.fullmatch(r"link_ring_(\d+)_(\d+)", bench)
    if ring:
        return [f"Width={ring[1]}", f"Latency={ring[2]}"]
    return re.search(rf"mr_add_link\({bench}\s([^)]*)\)", text)[1].split()


def build(rtl, bench):
    """Builds the bench over the RTL in the folder."""
    ring = "ring" in bench
    top, skin, define = ("tb_link_ring", "ring_dut.cpp", "RING") if ring else ("tb_link", "link_dut.cpp", "LINK")
    sources = ["bench_ring.c"] if ring else ["bench_link.c", "link_world.c", "link_frame.c"]
    for source in sources:
        made = subprocess.run(["cc", "-std=c11", "-O1", "-c", str(HERE / source), "-o", str(rtl / (source + ".o"))],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            return made
    values = parameters(bench)
    defines = " ".join(f"-D{define}_{value}" for value in values)
    common = ROOT / "rtl/common"
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-Wno-lint", "-DSYNTHESIS", "--Mdir", str(rtl / "obj"),
         "--prefix", "Vdut", "--top-module", top, "-y", str(rtl), "-y", str(common), f"-I{common}",
         *[f"-G{value}" for value in values], "-CFLAGS", f"-O1 -D{define}_NAME={bench} {defines} -I{HERE}",
         str(HERE / (top + ".sv")), str(HERE / skin), *[str(rtl / (source + ".o")) for source in sources], "-o", str(rtl / "bench")],
        capture_output=True, text=True, check=False, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]), sys.argv[2:], timeout=60, rtl="rtl/link/mr_"))
