#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the hub and its token loop: every change below must make the bench fail.

    tests/rtl/hub/mutants.py FOLDER [mutant ...]      by hand: about 4 minutes

The RTL's assertions are compiled out, so that only the bench judges. Standard library only; needs Icarus Verilog.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position
ROOT = HERE.parent.parent.parent

# (name, file, old text, new text, "slots depth")
MUTANTS = [
    ("any_flag", "loop", "rx_hdr_i[49:48] == 2'b10", "rx_hdr_i[49]", "5 8"),
    ("any_status", "loop", "&& rx_hdr_i[55:52] == 4'd0 ", "", "5 8"),
    ("empty", "loop", "&& !rx_empty_i && !full", "&& !full", "5 8"),
    ("overflow", "loop", "&& !rx_empty_i && !full", "&& !rx_empty_i", "5 8"),
    ("armed_late", "loop", "armed_d[rx_slot[SlotW-1:0]]", "armed_q[rx_slot[SlotW-1:0]]", "5 8"),
    ("unknown_slot", "loop", "rx_known && armed_d", "armed_d", "5 8"),
    ("unknown_command", "loop", "if (cmd_run && cmd_known) armed_d", "if (cmd_run) armed_d", "5 8"),
    ("command_in_token", "loop", "cmd_q && st_q == StIdle && !commit_i", "cmd_q && st_q == StIdle", "5 8"),
    ("stays_armed", "loop", "if (decide && why != WhyInjected) armed_d", "if (decide && why == WhyStop) armed_d", "5 8"),
    ("left", "loop", "left <= 18'd1", "left == 18'd0", "5 8"),
    ("left_kept", "loop", "left - 18'd1}", "left}", "5 8"),
    ("stop_valid", "loop", "stops[19*k+18] && ", "", "5 8"),
    ("stop_last", "loop", "k < 4; k = k + 1", "k < 3; k = k + 1", "5 8"),
    ("stop_first", "loop", "    else if (stop) why = WhyStop;\n    else if (left <= 18'd1) why = WhyLength;",
     "    else if (left <= 18'd1) why = WhyLength;\n    else if (stop) why = WhyStop;", "5 8"),
    ("park_late", "loop", "room <= 16'(Slots)", "room < 16'(Slots)", "5 8"),
    ("park_injections", "loop", "|| inj_full) why", ") why", "4 32"),
    ("bad_token", "loop", "token_q[31:18] != '0", "token_q[31:19] != '0", "5 8"),
    ("position", "loop", "pos_q <= rx_hdr_i[64+18 +: 18] + 18'd1", "pos_q <= rx_hdr_i[64+18 +: 18]", "5 8"),
    ("second_flit", "loop", "(st_q == StRead || st_q == StWait) && !got_q) begin", "(st_q == StRead || st_q == StWait)) begin", "5 8"),
    ("wait_max", "loop", "waited > wait_max_o", "waited >= 16'd4", "5 8"),
    ("flags", "loop", "flags_q <= rx_hdr_i[51:48]", "flags_q <= {2'b00, rx_hdr_i[49:48]}", "5 8"),
    ("buffer", "hub", "take ? take_ready : !res_full", "!res_full", "5 8"),
    ("flit_to_buffer", "hub", "flit = rx_valid_i && !cur_q", "flit = rx_valid_i", "5 8"),
    ("held", "hub", "held_q ? held_loop_q : loop_valid && !turn", "loop_valid && !turn", "5 8"),
    ("no_turn", "hub", "turn = req_q && passed_q >= loop_pass_i", "turn = 1'b0", "5 8"),
    ("between", "hub", "(req_q && (turn || !loop_any))", "req_q", "5 8"),
]


def build(rtl, word):
    """Builds the bench over the RTL in the folder; word: slots and entries."""
    slots, depth = word.split()
    common = ROOT / "rtl/common"
    made = subprocess.run(["iverilog", "-g2012", "-Y.sv", "-y", str(rtl), "-y", str(common), f"-I{common}", "-DSYNTHESIS", "-s", "tb_hub",
                           f"-Ptb_hub.Slots={slots}", f"-Ptb_hub.Depth={depth}", "-o", str(rtl / "bench.vvp"), str(HERE / "tb_hub.sv")],
                          capture_output=True, text=True, check=False)
    bench = rtl / "bench"
    bench.write_text(f"#!/bin/sh\nexec vvp -n {rtl / 'bench.vvp'}\n")
    bench.chmod(0o755)
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]), sys.argv[2:], rtl="rtl/soc/mr_"))
