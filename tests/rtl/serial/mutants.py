#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the serial bridge: every change below must make tb_serial fail.

    tests/rtl/serial/mutants.py FOLDER [mutant ...]      by hand: ten minutes

Standard library only; needs Icarus Verilog.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position

# (name, file, old text, new text, unused)
MUTANTS = [
    ("rx_half", "uart_rx", "16'(Divisor / 2 - 1)", "16'(Divisor + Divisor / 2 - 1)", ""),
    ("rx_pulse", "uart_rx", "(at_q == Stop || (at_q == '0 && line))", "(at_q == Stop)", ""),
    ("rx_stop", "uart_rx", "at_q == Stop && line;", "at_q == Stop;", ""),
    ("rx_break", "uart_rx", "!line && !wait_high_q;", "!line;", ""),
    ("rx_order", "uart_rx", "data_o <= {line, data_o[7:1]}", "data_o <= {data_o[6:0], line}", ""),
    ("rx_bit", "uart_rx", "left_q <= Bit;", "left_q <= Bit + 16'd1;", ""),
    ("tx_stop", "uart_tx", "bits_q <= 4'd10;", "bits_q <= 4'd9;", ""),
    ("tx_rest", "uart_tx", "tx_o <= 1'b1;\n    end else if", "tx_o <= 1'b0;\n    end else if", ""),
    ("sync", "serial", "rx_valid && rx_data == SyncIn", "rx_valid", ""),
    ("sync_out", "serial", "SyncOut = 8'h5A", "SyncOut = 8'hA5", ""),
    ("poly", "serial", "16'h1021", "16'h8005", ""),
    ("crc_start", "serial", "crc_q <= '1;", "crc_q <= '0;", ""),
    ("crc_off", "serial", "if (crc_q == '0 && cmd_q != CmdPing && !repeated) begin", "if (cmd_q != CmdPing && !repeated) begin", ""),
    ("crc_again", "serial", "answer_q <= crc_q != '0 ? AnswerAgain :", "answer_q <=", ""),
    ("crc_kept", "serial", "if (st_q == StJudge && crc_q == '0) begin\n        kept_q", "if (st_q == StJudge) begin\n        kept_q", ""),
    ("crc_store", "serial", "if (st_q == StJudge && crc_q == '0 && !repeated) begin\n      kept_len", "if (st_q == StJudge && !repeated) begin\n      kept_len", ""),
    ("twice", "serial", "wire        repeated = kept_q && seq_q == kept_seq_q;", "wire        repeated = 1'b0;", ""),
    ("never", "serial", "repeated = kept_q && seq_q", "repeated = seq_q", ""),
    ("ping_keeps", "serial", "kept_q <= cmd_q != CmdPing;", "kept_q <= 1'b1;", ""),
    ("store_shared", "serial", "store ? {1'b1, kept_len_q} : {1'b0, at_q}", "store ? {1'b0, kept_len_q} : {1'b0, at_q}", ""),
    ("store_len", "serial", "&& !repeated) begin\n      kept_len_q <= '0;", "&& !repeated) begin\n      kept_len_q <= 8'd4;", ""),
    ("gap_never", "serial", "if (gap && !rx_valid) st_d = StOutSync;", "", ""),
    ("gap_short", "serial", "timer_q == 24'(GapCycles)", "timer_q == 24'(GapCycles / 2)", ""),
    ("gap_hunt", "serial", "st_q <= StCrc0 && st_q != StHunt;", "st_q <= StCrc0;", ""),
    ("gap_answer", "serial", "end else if (gap) begin", "end else if (1'b0) begin", ""),
    ("gap_whole", "serial", "timer_q <= st_q != st_d || rx_valid ? '0", "timer_q <= st_q == StHunt || st_q >= StJudge && st_q != st_d ? '0", ""),
    ("bus_never", "serial", "wire        late = timer_q == 24'(BusCycles);", "wire        late = 1'b0;", ""),
    ("bus_lost", "serial", "req_valid_o = st_q == StReq && !lost_q;", "req_valid_o = st_q == StReq;", ""),
    ("bus_lost_stays", "serial", "if (rsp_valid_i) lost_q <= 1'b0;", "if (1'b0) lost_q <= 1'b0;", ""),
    ("bus_error", "serial", "if (rsp_error_i) st_d = StOutSync;", "if (1'b0) st_d = StOutSync;", ""),
    ("bus_status", "serial", "kept_status_q <= StatusBus;", "kept_status_q <= StatusTimeout;", ""),
    ("late_status", "serial", "else if (access_late) kept_status_q", "else if (1'b0) kept_status_q", ""),
    ("addr", "serial", "addr_q <= addr_q + 24'd4;", "addr_q <= addr_q;", ""),
    ("addr_head", "serial", "addr_q <= word_q[23:0];", "addr_q <= {word_q[23:3], 3'd0};", ""),
    ("read_none", "serial", "head_bad = word_q[31:24] == '0 ||", "head_bad =", ""),
    ("read_many", "serial", "word_q[31:30] != '0", "1'b0", ""),
    ("write_many", "serial", "{word_q[31:24], 2'd0} > {2'd0, rest}", "1'b0", ""),
    ("write_wide", "serial", "{word_q[31:24], 2'd0} > {2'd0, rest}", "{word_q[29:24], 2'd0} > rest", ""),
    ("head_bad_ok", "serial", "cmd_q == CmdWait || !head_bad ? StatusOk : StatusBad;", "StatusOk;", ""),
    ("tail", "serial", "rest != '0 && rest < 8'd8) kept_status_q", "1'b0) kept_status_q", ""),
    ("segments", "serial", "left_q == 6'd1 ? StSegment : StFetch;", "left_q == 6'd1 ? StOutSync : StFetch;", ""),
    ("segment_head", "serial", "if (st_q == StJudge || st_q == StSegment) head_q", "if (st_q == StJudge) head_q", ""),
    ("len4", "serial", "&& len_q == 8'd4) st_d = StFetch;", ") st_d = StFetch;", ""),
    ("irq", "serial", "if (irq_i || word_q == '0)", "if (word_q == '0)", ""),
    ("wait_long", "serial", "word_q <= word_q - 32'd1;", "word_q <= word_q - {31'd0, step_q[0]};", ""),
    ("wait_short", "serial", "if (irq_i || word_q == '0)", "if (irq_i || word_q[31:1] == '0)", ""),
    ("wait_narrow", "serial", "if (irq_i || word_q == '0)", "if (irq_i || word_q[8:0] == '0)", ""),
    ("version", "serial", "Version = 8'd1", "Version = 8'd2", ""),
    ("identity", "serial", "3'd2: ping = \"S\";", "3'd2: ping = \"P\";", ""),
    ("busy", "serial", "st_q == StRsp || st_q == StWait;", "st_q == StRsp;", ""),
    ("open", "serial", "assign rx_open_o = receiving;", "assign rx_open_o = 1'b0;", ""),
    ("work", "serial", "assign work_o = st_q > StCrc0;", "assign work_o = st_q != StHunt;", ""),
    ("work_ends", "serial", "assign work_o = st_q > StCrc0;", "assign work_o = out;", ""),
    ("out_crc", "serial", "st_q != StOutSync && st_q != StOutCrc1)", "st_q != StOutSync)", ""),
]


def build(rtl, _):
    """Builds the bench over the RTL in the folder."""
    made = subprocess.run(["iverilog", "-g2012", "-Y.sv", "-y", str(rtl), "-s", "tb_serial", "-o", str(rtl / "bench.vvp"),
                           str(HERE / "tb_serial.sv")], capture_output=True, text=True, check=False)
    bench = rtl / "bench"
    bench.write_text(f"#!/bin/sh\nexec vvp -n {rtl / 'bench.vvp'}\n")
    bench.chmod(0o755)
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]), sys.argv[2:], rtl="rtl/serial/mr_"))
