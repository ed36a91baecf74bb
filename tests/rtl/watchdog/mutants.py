#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of a tile's watchdogs: every change below must make tb_tile_watchdog fail.

    tests/rtl/watchdog/mutants.py FOLDER [mutant ...]      by hand: under a minute

Standard library only; needs Icarus Verilog.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mutation  # noqa: E402  pylint: disable=wrong-import-position
ROOT = HERE.parent.parent.parent

# (name, file, old text, new text, unused)
MUTANTS = [
    ("off", "seq", "watchdog_i != '0 && quiet_q", "quiet_q", ""),
    ("early", "seq", "quiet_q >= watchdog_i;", "quiet_q >= watchdog_i / 2;", ""),
    ("moves", "seq", "|| kv_moves_i ||", "|| (kv_moves_i && 1'b0) ||", ""),
    ("issue", "seq", "(go && !failed_q)", "go", ""),
    ("net", "seq", "else if (!net_busy_q && quiet_q", "else if (quiet_q", ""),
    ("dead", "seq", "if (abort || fail_i) dead_q <= 1'b1;", "if (fail_i) dead_q <= 1'b1;", ""),
    ("dead_by_hand", "seq", "if (abort || fail_i) dead_q <= 1'b1;", "if (abort) dead_q <= 1'b1;", ""),
    ("dead_slot", "seq", "(abort || fail_i) && !dead_q) dead_slot_q", "busy_o) dead_slot_q", ""),
    ("dead_job", "seq", "failed_q <= job_status_i != 4'd0 || dead_q || fail_i;", "failed_q <= job_status_i != 4'd0;", ""),
    ("dead_status", "seq", "job_status_i == 4'd0 && (dead_q || fail_i)", "dead_q || fail_i", ""),
    ("no_abort", "seq", "assign abort_o = abort;", "assign abort_o = 1'b0;", ""),
    ("no_end", "seq", "busy_o && late_q && failed_q;", "1'b0;", ""),
    ("no_end_free", "seq", "if (give_up) begin", "if (1'b0) begin", ""),
    ("code", "seq", "if (abort) err_code_o = StatusWatchdog;", "if (abort) err_code_o = StatusRange;", ""),
    ("no_error", "seq", "(fault || late_err || abort)", "(fault || late_err)", ""),
    ("rx_off", "rx", "watchdog_i != '0 && age_q", "age_q", ""),
    ("rx_early", "rx", "tick ? partial_q & old_q : '0", "tick ? partial_q : '0", ""),
    ("rx_never", "rx", "assign expire = over_q != '0 &&", "assign expire = 1'b0 &&", ""),
    ("rx_status", "rx", "status_q[expire_idx] <= 4'd8;", "status_q[expire_idx] <= 4'd0;", ""),
    ("rx_partial", "rx", "if (expire) partial_q[expire_idx] <= 1'b0;", "", ""),
    ("rx_queue", "rx", "if (expire) q_idx_q[q_wr_q[1:0]] <= expire_idx;", "", ""),
    ("rx_again", "rx", "~(expire ? Bufs'(1) << expire_idx : '0)", "{Bufs{1'b1}}", ""),
]


def build(rtl, _):
    """Builds the bench over the RTL in the folder."""
    common = ROOT / "rtl/common"
    made = subprocess.run(["iverilog", "-g2012", "-Y.sv", "-y", str(rtl), "-y", str(common), f"-I{common}", "-DSYNTHESIS",
                           "-s", "tb_tile_watchdog", "-o", str(rtl / "bench.vvp"), str(HERE / "tb_tile_watchdog.sv")],
                          capture_output=True, text=True, check=False)
    bench = rtl / "bench"
    bench.write_text(f"#!/bin/sh\nexec vvp -n {rtl / 'bench.vvp'}\n")
    bench.chmod(0o755)
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]), sys.argv[2:], rtl="rtl/tile/mr_tile_"))
