#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the XRT kernel's shell: every change below must make its bench fail.

    tests/rtl/xrt/mutants.py FOLDER [mutant ...]      by hand: about 5 minutes

The RTL's assertions are compiled out, so that only the bench judges. FOLDER/libmr_axi.a is built from the sources. Standard library only;
needs Verilator and a C compiler.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position
ROOT = HERE.parent.parent.parent

# (name, file, old text, new text, -)
MUTANTS = [
    ("room_4k", "dma", "11'd1024 - {1'b0, mem_q[11:2]}", "11'd1024", ""),
    ("burst_len", "dma", "axi_arlen_o <= 8'(burst - 9'd1);", "axi_arlen_o <= 8'(burst);", ""),
    ("left", "dma", "left_q <= left_q - {16'd0, burst};", "left_q <= left_q - {16'd0, burst} + 25'(burst == 9'd256);", ""),
    ("next_burst", "dma", "mem_q <= mem_q + {{(AddrW-11){1'b0}}, burst, 2'b00};", "mem_q <= mem_q + 1024;", ""),
    ("rready", "dma", "(!req_valid_o || req_ready_i) && !owed_q[8]", "!owed_q[8]", ""),
    ("read_error", "dma", "if (r_go && r_bad) error_q[1] <= 1'b1;", "", ""),
    ("exokay", "dma", "axi_rresp_i != 2'b00", "axi_rresp_i[1]", ""),
    ("write_error", "dma", "if (b_go && b_bad) error_q[2] <= 1'b1;", "", ""),
    ("bus_error", "dma", "if (rsp_valid_i && rsp_error_i && busy_o) error_q[3] <= 1'b1;", "", ""),
    ("behind_error", "dma", "r_go && !r_bad && !error_q[1];", "r_go && !r_bad;", ""),
    ("bad_word", "dma", "r_go && !r_bad && !error_q[1];", "r_go && !error_q[1];", ""),
    ("list_odd", "dma", "odd_q <= list && !odd_q;", "odd_q <= list;", ""),
    ("list_addr", "dma", "if (list && !odd_q) target_q", "if (list && odd_q) target_q", ""),
    ("step", "dma", "target_q <= target_q + 24'd4;", "target_q <= target_q + 24'd8;", ""),
    ("strobe", "dma", "rsp_error_i || error_q[3] ? 4'h0 : 4'hF", "4'hF", ""),
    ("moved", "dma", "moved_o <= moved_o + 24'd1;", "moved_o <= moved_o + 24'(req_write_o);", ""),
    ("drain", "dma", "st_q == StDrain && !req_valid_o && owed_q == '0", "st_q == StDrain && !req_valid_o", ""),
    ("fetch_owed", "dma", "st_q == StGet && !req_valid_o && owed_q == '0", "st_q == StGet && !req_valid_o && owed_q < 9'd2", ""),
    ("job_mode", "dma", "mode_i == 2'd3 || mem_i", "mem_i", ""),
    ("job_mem", "dma", "mem_i[1:0] != 2'd0 || words_i", "words_i", ""),
    ("job_words", "dma", "words_i[31:24] != 8'd0", "words_i[31:25] != 7'd0", ""),
    ("job_target", "dma", "target_i[1:0] != 2'd0", "1'b0", ""),
    ("no_words", "dma", "words_i == '0 ? StDrain : StBurst", "StBurst", ""),
    ("wlast", "dma", "axi_wlast_o <= last_beat;", "axi_wlast_o <= beats_q == 9'd2;", ""),
    ("page", "shell", "{page_q, addr_q[11:0]}", "{page_q[11:1], 1'b0, addr_q[11:0]}", ""),
    ("bus_status", "shell", "if (rsp_error_i) bus_status_q[0] <= 1'b1;", "", ""),
    ("bus_clear", "shell", "bus_status_q & ~wdata_q[1:0]", "2'b00", ""),
    ("bus_resp", "shell", "error_q <= rsp_error_i;", "", ""),
    ("owned", "shell", "if (to_chip && dma_owns) bus_status_q[1] <= 1'b1;", "", ""),
    ("owned_resp", "shell", "error_q <= to_chip && dma_owns;", "error_q <= 1'b0;", ""),
    ("done_cor", "shell", "        done_q <= 1'b0;\n        ready_q <= 1'b0;\n      end\n      if (dma_done)",
     "        ready_q <= 1'b0;\n      end\n      if (dma_done)", ""),
    ("start_stays", "shell", "if (dma_done) begin\n        start_q <= 1'b0;", "if (dma_done) begin", ""),
    ("idle", "shell", "ready_q, !dma_owns, done_q, start_q", "ready_q, !dma_busy, done_q, 1'b0", ""),
    ("isr", "shell", "dma_done ? ier_q : 2'b00", "2'b00", ""),
    ("isr_toggle", "shell", "isr_q <= (isr_q ^ (", "isr_q <= (isr_q | (", ""),
    ("gie", "shell", "gie_q && isr_q != 2'b00", "isr_q != 2'b00", ""),
    ("wait_early", "shell", "(irq_i || waited_q >= wait_cycles_q)", "(waited_q >= wait_cycles_q)", ""),
    ("wait_long", "shell", "waited_q >= wait_cycles_q", "waited_q >= (wait_cycles_q & 10'd511)", ""),
    ("wait_irq", "shell", "{irq_i, clock_q}", "{1'b0, clock_q}", ""),
    ("mode_high", "shell", "mode_q[31:2] != '0 ? 2'd3 : mode_q[1:0]", "mode_q[1:0]", ""),
    ("memory_high", "shell", "14'h0005: memory_q[63:32] <= wdata_q;", "", ""),
    ("with_data", "shell", "ctl_awvalid_i && ctl_wvalid_i;", "ctl_awvalid_i;", ""),
]


def build(rtl, _word):
    includes = " ".join(f"-I{ROOT / path}" for path in ("sim_verilator/axi", "hal/backend/xrt/include"))
    axi = rtl.parent / "libmr_axi.a"
    if not axi.exists():
        objects = []
        for name in ("mr_axi_mem", "mr_axi_check"):
            objects.append(str(rtl.parent / f"{name}.o"))
            subprocess.run(["cc", "-O1", "-c", str(ROOT / f"sim_verilator/axi/{name}.c"), "-o", objects[-1]], check=True)
        subprocess.run(["ar", "rcs", str(axi), *objects], check=True)
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-DSYNTHESIS", "-Wno-fatal", "--Mdir", str(rtl / "obj"), "--prefix", "Vdut",
         "--top-module", "mr_xrt_shell", "-y", str(rtl), f"-I{ROOT / 'rtl/common'}", "-CFLAGS", f"-O1 {includes}",
         str(rtl / "mr_xrt_shell.sv"), str(HERE / "tb_xrt_shell.cpp"), str(axi), "-o", str(rtl / "bench")],
        capture_output=True, text=True, check=False)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1]).resolve()
    mutation.main(MUTANTS, build, target, sys.argv[2:], timeout=60, rtl="rtl/xrt/mr_xrt_")
