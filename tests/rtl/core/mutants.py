#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the control core: every change below must make the bench fail.

    tests/rtl/core/mutants.py FOLDER [mutant ...]      by hand: about 10 minutes

The RTL's assertions are compiled out, so that only the bench judges. Standard library only; needs Verilator, the RISC-V compiler and
picorv32.v in .venv.
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

BIG, SMALL = "256 1 0 1", "8 0 1 1"  # KiB of SRAM, UART, starts by itself, clock gate

# (name, file, old text, new text, shape)
MUTANTS = [
    # Where the processor's accesses go.
    ("bus_bytes", "core_cpu", " && (mem_wstrb == 4'h0 || mem_wstrb == 4'hF);", ";", BIG),
    ("bus_fetch", "core_cpu", "8'h20 && !mem_instr", "8'h20", BIG),
    ("bus_page", "core_cpu", "mem_addr[31:24] == 8'h20", "mem_addr[31:25] == 7'h10", BIG),
    ("rom_store", "core_cpu", "mem_addr[31:2+RomW] == '0 && !store", "mem_addr[31:2+RomW] == '0", BIG),
    ("ram_range", "core_cpu", "mem_addr[31:28] == 4'h1 && mem_addr[27:2+RamW] == '0", "mem_addr[31:28] == 4'h1", BIG),
    ("ram_bytes", "core_cpu", "valid && in_ram ? mem_wstrb", "valid && in_ram ? {4{store}}", BIG),
    ("no_again", "core_cpu", "again && in_ram;", "1'b0;", BIG),
    ("not_granted", "core_cpu", "(ram_re_o && ram_ready_i)", "ram_re_o", BIG),
    ("store_lost", "core_cpu", "store ? ram_ready_i : have_q", "store || have_q", BIG),
    ("have_in_reset", "core_cpu", "rom_re || (ram_re_o && ram_ready_i)", "1'b1", BIG),
    ("vector", "core_cpu", "PROGADDR_IRQ(32'h10000010)", "PROGADDR_IRQ(32'h10000014)", BIG),
    ("bus_twice", "core_cpu", "in_bus && !sent_q && !done_q", "in_bus && !done_q", BIG),
    ("no_stall", "core_cpu", " && !stall_i && !stall_q", "", BIG),
    ("error_data", "core_cpu", "bad || (in_bus && bus_error_i) ?", "bad ?", BIG),
    ("bad_data", "core_cpu", "bad || (in_bus && bus_error_i) ?", "(in_bus && bus_error_i) ?", BIG),
    ("fault_bus", "core_cpu", " || (answer && bus_error_i);", ";", BIG),
    ("fault_own", "core_cpu", "(valid && bad) || ", "", BIG),
    ("fault_kind", "core_cpu", "fault_store_o = store", "fault_store_o = 1'b0", BIG),
    ("fetch_any", "core_cpu", "valid && mem_instr && mem_ready", "valid && mem_ready", BIG),
    # Registers, interrupts, sleep.
    ("no_start", "core", "first_q <= !rst_ni && Run", "first_q <= 1'b0", SMALL),
    ("trap_level", "core", ".status_trap_set_i(trap && !trap_q)", ".status_trap_set_i(trap)", BIG),
    ("trap_bell", "core", "host_ring || expire || (trap && !trap_q)", "host_ring || expire", BIG),
    ("watchdog_bell", "core", "host_ring || expire || (", "host_ring || (", BIG),
    ("own_hub", "core", "hub_i && !own_hub", "hub_i", BIG),
    ("hub_irq", "core", "irq_o = host_bell || (hub_i && !own_hub)", "irq_o = host_bell", BIG),
    ("timer_sense", "core", "timer_en && !past[31]", "timer_en && past[31]", BIG),
    ("timer_enable", "core", "timer_en && !past[31]", "!past[31]", BIG),
    ("warning", "core", "wdog_limit >> 2", "wdog_limit >> 1", BIG),
    ("sleep_of_host", "core", "(sleep && own_i)", "sleep", BIG),
    ("wake_any", "core", "(irq & wake) == '0", "irq == '0", BIG),
    ("wake_none", "core", " && (irq & wake) == '0", "", BIG),
    ("sleep_in_reset", "core", "asleep_q <= run_n && !expire && (", "asleep_q <= (", BIG),
    # Watchdog and reset.
    ("limit_new", "core", " && !limit_new_q && !wdog_kick;", " && !wdog_kick;", BIG),
    ("limit_no_kick", "core", "wdog_kick || limit_new_q) wdog_left_q", "wdog_kick) wdog_left_q", BIG),
    ("no_kick", "core", "!run || wdog_kick || limit_new_q", "!run || limit_new_q", BIG),
    ("counts_held", "core", "if (!run || wdog_kick", "if (wdog_kick", BIG),
    ("no_hold", "core", "!run || expire ? Hold", "!run ? Hold", BIG),
    ("reset_run", "core", "reset_now = expire || (run_q && !run)", "reset_now = expire", BIG),
    ("reset_watchdog", "core", "reset_now = expire || (run_q && !run)", "reset_now = run_q && !run", BIG),
    # SRAM and checksum.
    ("both_in_ram", "core", ".ram_ready_i(!ram_sel_i)", ".ram_ready_i(1'b1)", BIG),
    ("ram_half", "core", "ram_addr_i[1:0] == 2'd0 && ", "", BIG),
    ("ram_beyond", "core", " && 32'(ram_addr_i[18:2]) < RamWords", "", BIG),
    ("ram_bad_write", "core", "{4{write_i && ram_fits}}", "{4{write_i}}", BIG),
    ("ram_error_data", "core", "ram_error_o ? '0 : ram_q", "ram_q", BIG),
    ("check_host", "core", "left_q != '0 && !ram_sel_i && ", "left_q != '0 && ", BIG),
    ("check_read", "core", "&& !cpu_re && cpu_we == '0", "&& cpu_we == '0", BIG),
    ("check_write", "core", "&& !cpu_re && cpu_we == '0", "&& !cpu_re", BIG),
    ("check_cap", "core", "boot_size[31:2] > 30'(RamWords) ? (RamW+1)'(RamWords) : ", "", BIG),
    ("check_again", "core", "if (check_start && !check_q) left_q", "if (check_start) left_q", BIG),
    ("check_early", "core", "|| left_q != '0 || check_re;", "|| left_q > (RamW+1)'(64);", BIG),
    # Host and core in turn.
    ("host_first", "bus_share", "turn = core_valid_i && !owner_q", "turn = 1'b0", BIG),
    ("host_too", "bus_share", "out_ready_i && !turn", "out_ready_i", BIG),
    ("answer_to_both", "bus_share", "out_rsp_i && !owner_q", "out_rsp_i", BIG),
    ("host_data", "bus_share", "core ? core_wdata_i : host_wdata_i", "turn ? core_wdata_i : host_wdata_i", BIG),
    ("core_delayed", "bus_share", "turn || (core_valid_i && !host_valid_i)", "turn", BIG),
    # UART.
    ("tx_stop", "uart", "tx_byte_q <= {1'b1, tx_mem", "tx_byte_q <= {1'b0, tx_mem", BIG),
    ("tx_bits", "uart", "tx_bits_q <= 4'd10", "tx_bits_q <= 4'd9", BIG),
    ("tx_gap", "uart", "(tx_bits_q == '0 || (tx_bits_q == 4'd1 && tx_end))", "tx_bits_q == '0", BIG),
    ("tx_time", "uart", "if (tx_start || (tx_end && tx_bits_q != '0)) tx_time_q <= div_i - 16'd1",
     "if (tx_start || (tx_end && tx_bits_q != '0)) tx_time_q <= div_i", BIG),
    ("tx_full", "uart", "tx_put = send_i && tx_count != Room", "tx_put = send_i", BIG),
    ("tx_busy", "uart", "tx_count != '0 || tx_bits_q != '0;", "tx_count != '0;", BIG),
    ("tx_off", "uart", "if (!rst_ni || off) begin\n      tx_wr_q", "if (!rst_ni) begin\n      tx_wr_q", BIG),
    ("rx_off", "uart", "if (!rst_ni || off) begin\n      rx_q", "if (!rst_ni) begin\n      rx_q", BIG),
    ("rx_middle", "uart", "rx_time_q <= div_i >> 1", "rx_time_q <= div_i", BIG),
    ("rx_false", "uart", "else if (rx_false) rx_bits_q", "else if (1'b0) rx_bits_q", BIG),
    ("rx_framing", "uart", "rx_end && rx_q[1] && rx_count != Room", "rx_end && rx_count != Room", BIG),
    ("rx_full", "uart", "rx_end && rx_q[1] && rx_count != Room", "rx_end && rx_q[1]", BIG),
    ("rx_take", "uart", "take_i && rx_count != '0", "take_i", BIG),
    ("rx_order", "uart", "{rx_q[1], rx_byte_q[7:1]}", "{rx_byte_q[6:0], rx_q[1]}", BIG),
]


def program(rtl):
    """Builds the bench's program into the folder."""
    elf = rtl / "prog.elf"
    commands = [["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "-nostdlib", "-nostartfiles", "-Wl,--no-relax",
                 "-T", str(HERE / "core_prog.ld"), str(HERE / "core_prog.S"), "-o", str(elf)],
                ["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".sram", str(elf), str(rtl / "sram.bin")],
                ["riscv64-unknown-elf-objcopy", "-O", "verilog", "--verilog-data-width=4", "-j", ".rom", str(elf), str(rtl / "rom.hex")]]
    for command in commands:
        subprocess.run(command, check=True)
    (rtl / "core_files.h").write_text(f'#define MR_TB_SRAM "{rtl}/sram.bin"\n')


def build(rtl, shape):
    """Builds the bench over the RTL in the folder."""
    program(rtl)
    picorv32 = next(ROOT.glob(".venv/lib/python3*/site-packages/pythondata_cpu_picorv32/verilog/picorv32.v"), None)
    if picorv32 is None:
        sys.exit("mutants: no picorv32.v in .venv: run scripts/bootstrap.sh check")
    kb, uart, run, gate = shape.split()
    values = ["Tiles=1", "ResSize=64", "Core=1'b1", f"CoreKb={kb}", f"CoreUart=1'b{uart}", f"CoreRun=1'b{run}", f"ClockGate=1'b{gate}",
              f'CoreRom="{rtl}/rom.hex"']
    return subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "-j", "1", "-Wno-fatal", "-Wno-lint", "-Wno-TIMESCALEMOD", "-DSYNTHESIS",
         "--x-assign", "unique", "--x-initial", "unique", "--Mdir", str(rtl / "obj"), "--prefix", "Vdut", "--top-module", "mr_root",
         "-y", str(rtl), "-y", str(ROOT / "rtl/csr/gen"), f"-I{ROOT / 'rtl/csr/gen'}", f"-I{ROOT / 'rtl/common'}",
         *[f"-G{value}" for value in values],
         "-CFLAGS", f"-O1 -DMR_TB_KB={kb} -DMR_TB_UART={uart}u -DMR_TB_RUN={run} -I{HERE} -I{ROOT / 'hal/include'} -I{rtl}",
         str(picorv32), str(rtl / "mr_kv_dev_pkg.sv"), str(rtl / "mr_root.sv"), str(HERE / "tb_core.cpp"), "-o", str(rtl / "bench")],
        capture_output=True, text=True, check=False, env=dict(os.environ, OBJCACHE=shutil.which("ccache") or ""))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(mutation.main(MUTANTS, build, pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:], timeout=60, rtl="rtl/*/mr_"))
