// SPDX-License-Identifier: Apache-2.0
// The control core in mr_root, with a program of the bench (core_prog.S) as boot ROM, between a
// host on the register bus, a UART line and what else mr_root sees of a chip. MR_TB_KB, MR_TB_UART,
// MR_TB_RUN: its parameters; core_files.h: where the SRAM's part is. Usage: bench [seed].
#include "core_bench.h"

#include <cstdlib>
#include <fstream>
#include <functional>

#include "core_files.h"

namespace {

constexpr uint32_t Kb = MR_TB_KB;
constexpr uint32_t RamBytes = Kb * 1024;
constexpr uint32_t Mail = Ram + 0x800;
constexpr uint32_t Out = Mail + 0x20;
constexpr uint32_t Seen = Mail + 0x200;

enum Command : uint32_t {
    Memory = 1,
    Arithmetic,
    Registers,
    BadLoad,
    BadStore,
    Illegal,
    IllegalIrq,
    Misaligned,
    WaitIrq,
    Sleep,
    Hang,
    Hammer,
    Copy,
    Jump,
    UartSend,
    UartTake,
    BellHost,
    EbreakIrq,
    SpinStore
};

uint32_t seed = 1;

uint32_t rnd() {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

void start(Chip &c, Command command, uint32_t a0 = 0, uint32_t a1 = 0) {
    c.write(Mail + 4, a0);
    c.write(Mail + 8, a1);
    c.write(Mail, command);
}

bool until(const std::function<bool()> &reached, uint32_t tries = 2000) {
    for (uint32_t i = 0; i < tries; i++) {
        if (reached()) {
            return true;
        }
    }
    return false;
}

bool idle(Chip &c) {
    return c.read(Mail) == 0;
}

void finish(Chip &c) {
    expect(until([&] { return idle(c); }), "the command does not end",
           c.read(Core + MR_CORE_FETCH_OFFSET), 0);
}

void run(Chip &c, Command command, uint32_t a0 = 0, uint32_t a1 = 0) {
    start(c, command, a0, a1);
    finish(c);
}

uint32_t out(Chip &c, uint32_t i) {
    return c.read(Out + 4 * i);
}

uint32_t reg(Chip &c, uint32_t offset) {
    return c.read(Core + offset);
}

std::vector<uint32_t> words_of(const char *path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<uint32_t> words;
    uint8_t b[4] = {};
    while (file.read(reinterpret_cast<char *>(b), 4) || file.gcount() > 0) {
        words.push_back(b[0] | uint32_t{b[1]} << 8 | uint32_t{b[2]} << 16 | uint32_t{b[3]} << 24);
        b[0] = b[1] = b[2] = b[3] = 0;
    }
    return words;
}

void load(Chip &c) {
    const std::vector<uint32_t> words = words_of(MR_TB_SRAM);
    expect(!words.empty(), "words of the program", 0, 1);
    for (size_t i = 0; i < words.size(); i++) {
        c.write(Ram + 4 * static_cast<uint32_t>(i), words[i]);
    }
    for (uint32_t i = 0; i < 4; i++) {
        c.write(Mail + 4 * i, 0);
    }
}

// Core reset by hand; the ROM has started once more behind it.
void restart(Chip &c) {
    const uint32_t starts = c.read(Mail + 12);
    c.write(Mail, 0);
    c.write(Core + MR_CORE_CTRL_OFFSET, 0);
    c.clocks(5);
    c.write(Core + MR_CORE_CTRL_OFFSET, MR_CORE_CTRL_RUN_MASK);
    c.clocks(100);
    equal("starts of the ROM", c.read(Mail + 12), starts + 1);
}

void test_held(Chip &c) {
    stage = "held in reset";
    const uint32_t caps = reg(c, MR_CORE_CAPS_OFFSET);
    equal("CAPS", caps,
          1u | (MR_TB_UART << MR_CORE_CAPS_UART_SHIFT) | 4u << MR_CORE_CAPS_ROM_KB_SHIFT |
              Kb << MR_CORE_CAPS_SRAM_KB_SHIFT);
    equal("FEATURES", c.read(MR_CHIP_FEATURES_OFFSET), 1);
    const Answer id = c.access(false, MR_CHIP_ID_OFFSET, 0);
    equal("clocks of a register access", id.wait * 100 + id.time, 3);
    load(c);
    for (uint32_t at = 0; at < RamBytes; at = at * 2 + 4) {
        c.write(Ram + RamBytes - 4 - at, 0xA5000000u + at);
    }
    for (uint32_t at = 0; at < RamBytes; at = at * 2 + 4) {
        equal("word of the SRAM", c.read(Ram + RamBytes - 4 - at), 0xA5000000u + at);
    }
    load(c);
    equal("beyond the SRAM", c.access(false, Ram + RamBytes, 0).error,
          RamBytes < MR_CORE_SRAM_SIZE);
    const uint32_t first = c.read(Ram);
    equal("write beyond the SRAM", c.access(true, Ram + RamBytes, ~first).error,
          RamBytes < MR_CORE_SRAM_SIZE);
    equal("half words of the SRAM", c.access(false, Ram + 2, 0).error, 1);
    equal("write of half words", c.access(true, Ram + 2, ~first).error, 1);
    equal("word 0", c.read(Ram), first);
    equal("data with an error", c.access(false, Ram + 2, 0).data, 0);
    c.clocks(200);
    equal("starts of the ROM", c.read(Mail + 12), 0);
    equal("page without block", c.access(false, 0x3000, 0).error, 1);
    c.write(MR_CHIP_STATUS_OFFSET, 15);
}

void test_program(Chip &c) {
    stage = "program";
    restart(c);
    for (uint32_t i = 0; i < 40; i++) {
        within("FETCH", reg(c, MR_CORE_FETCH_OFFSET), 0x10, 0x60);
        c.clocks(rnd() % 8);
    }
    run(c, Memory);
    const uint32_t memory[] = {0x11223344, 0xD40000D4, 0xC3D40000, 0xFFFFFFD4,
                               0xD4,       0xFFFFC3D4, 0xC3D4,     0x3344,
                               0xCAFEBABE, 0xFF,       0xFFFF8001};
    for (uint32_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
        equal("memory", out(c, i), memory[i]);
    }
    run(c, Arithmetic, 0xFFFF1234u, 17);
    const int64_t a = -60876;
    const uint32_t maths[] = {static_cast<uint32_t>(a * 17),
                              0xFFFFFFFF,
                              16,
                              static_cast<uint32_t>(a / 17),
                              0xFFFF1234u % 17,
                              static_cast<uint32_t>(a >> 17),
                              0xFFFF1234u << 17};
    for (uint32_t i = 0; i < sizeof maths / sizeof maths[0]; i++) {
        equal("arithmetic", out(c, i), maths[i]);
    }
    run(c, Registers, 0xDEADBEEF, 0x600DF00D);
    equal("ID", out(c, 0), MR_CHIP_ID_RESET);
    equal("a byte of ID", out(c, 1), MR_CHIP_ID_RESET >> 8 & 255);
    equal("SCRATCH", out(c, 2), 0xDEADBEEF);
    equal("SCRATCH of the host", c.read(MR_CHIP_SCRATCH_OFFSET), 0xDEADBEEF);
    equal("core.CAPS", out(c, 3), reg(c, MR_CORE_CAPS_OFFSET));
    within("clocks of 4 register accesses", out(c, 4), 28, 60);
    equal("TIMER_HI", out(c, 5), 0);
    equal("SRAM through the bus", out(c, 6), MR_CHIP_ID_RESET);
    equal("store to the SRAM through the bus", out(c, 7), 0x600DF00D);
    equal("chip.STATUS", c.read(MR_CHIP_STATUS_OFFSET), 0);
    equal("FAULT", reg(c, MR_CORE_FAULT_OFFSET), 0);
    run(c, Jump, 0x10000000, 5);
    equal("function in the SRAM", out(c, 0), 16);
}

uint32_t take_fault(Chip &c) {
    const uint32_t fault = reg(c, MR_CORE_FAULT_OFFSET);
    equal("IRQ.fault", reg(c, MR_CORE_IRQ_OFFSET) & MR_CORE_IRQ_FAULT_MASK,
          fault & 1 ? MR_CORE_IRQ_FAULT_MASK : 0);
    c.write(Core + MR_CORE_FAULT_OFFSET, 1);
    c.write(MR_CHIP_STATUS_OFFSET, 15);
    return fault;
}

void test_faults(Chip &c) {
    stage = "bad accesses";
    const uint32_t loads[] = {
        0x20003000, 0x10000000 + RamBytes, 0x30000000, 0x00001000, 0x21000000, 0x00100000,
        0x18000000};
    for (const uint32_t at : loads) {
        run(c, BadLoad, at);
        equal("what a bad load gives", out(c, 0), 0xFFFFFFFF);
        equal("FAULT of a load", take_fault(c), at | 1);
    }
    const uint32_t rom = 0x10;
    const uint32_t stores[][2] = {{rom, 0},
                                  {0x10000000 + RamBytes, 0},
                                  {0x20000040, 1},
                                  {0x20002000 + 0xF00, 0},
                                  {0x40000000, 1}};
    c.write(MR_CHIP_SCRATCH_OFFSET, 77);
    const uint32_t first = c.read(Ram);
    for (const auto &s : stores) {
        run(c, BadStore, s[0], s[1]);
        equal("FAULT of a store", take_fault(c), s[0] | 3);
    }
    equal("SCRATCH", c.read(MR_CHIP_SCRATCH_OFFSET), 77);
    equal("word 0 of the SRAM", c.read(Ram), first);
    run(c, BadLoad, 0x20003000);
    run(c, BadStore, rom, 0);
    equal("FAULT is the first", take_fault(c), 0x20003001);
    run(c, BadStore, 0x20000040, 0);
    equal("FAULT of a good store", reg(c, MR_CORE_FAULT_OFFSET) & 1, 0);
    run(c, BadLoad, 0x20004000);
    run(c, WaitIrq, 0x80, 0);
    equal("interrupt 7", out(c, 0), 0x80);
}

void expect_trap(Chip &c, const char *what) {
    expect(until([&] { return reg(c, MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_TRAP_MASK; }), what, 0,
           1);
    equal("STATUS.stopped", reg(c, MR_CORE_STATUS_OFFSET),
          MR_CORE_STATUS_TRAP_MASK | MR_CORE_STATUS_STOPPED_MASK);
    equal("HOST_BELL", reg(c, MR_CORE_HOST_BELL_OFFSET), 2);
    c.clock();
    equal("irq_o", c.pins().irq_o, 1);
    c.write(Core + MR_CORE_HOST_BELL_OFFSET, 2);
    c.write(Core + MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_TRAP_MASK);
    equal("STATUS cleared", reg(c, MR_CORE_STATUS_OFFSET), MR_CORE_STATUS_STOPPED_MASK);
    c.write(Out, 0x5AFE);
    equal("SRAM beside a trapped core", out(c, 0), 0x5AFE);
}

void test_traps(Chip &c) {
    stage = "traps";
    start(c, Illegal);
    expect_trap(c, "illegal instruction");
    const uint32_t clears[] = {MR_CORE_SHARED_OFFSET, MR_CORE_BOOT_STATE_OFFSET,
                               MR_CORE_TIMER_CTRL_OFFSET, MR_CORE_WDOG_LIMIT_OFFSET};
    const uint32_t keeps[] = {MR_CORE_BOOT_SIZE_OFFSET,    MR_CORE_BOOT_CRC_OFFSET,
                              MR_CORE_BOOT_VERSION_OFFSET, MR_CORE_CRASH_PC_OFFSET,
                              MR_CORE_CRASH_CAUSE_OFFSET,  MR_CORE_TIMER_CMP_OFFSET};
    for (const uint32_t r : clears) {
        c.write(Core + r, r == MR_CORE_WDOG_LIMIT_OFFSET ? 1000000 : 1);
    }
    for (const uint32_t r : keeps) {
        c.write(Core + r, 5);
    }
    restart(c);
    for (const uint32_t r : clears) {
        equal("cleared by core reset", reg(c, r), 0);
    }
    for (const uint32_t r : keeps) {
        equal("kept in core reset", reg(c, r), 5);
    }
    equal("STATUS", reg(c, MR_CORE_STATUS_OFFSET), 0);
    start(c, Misaligned);
    expect_trap(c, "misaligned load");
    restart(c);
    start(c, Jump, 0x20000000, 0);
    expect_trap(c, "instruction from the register bus");
    equal("FAULT of a fetch", take_fault(c), 0x20000001);
    within("FETCH", reg(c, MR_CORE_FETCH_OFFSET), 0x20000000, 0x20000004);
    restart(c);
    for (const Command command : {IllegalIrq, EbreakIrq}) {
        c.write(Seen + 12, 0);
        run(c, command);
        equal("interrupt 1", c.read(Seen + 12), 2);
    }
    equal("STATUS behind interrupt 1", reg(c, MR_CORE_STATUS_OFFSET), 0);
}

void test_irqs(Chip &c) {
    stage = "interrupts";
    run(c, WaitIrq, 0x10, 600);
    equal("timer", out(c, 0), 0x10);
    within("rounds until then", out(c, 1), 600 / 20, 600 / 8);
    start(c, WaitIrq, 0x8, 0);
    c.clocks(300);
    equal("no bell yet", idle(c), 0);
    c.write(Core + MR_CORE_BELL_OFFSET, 1);
    finish(c);
    equal("bell", out(c, 0), 8);
    equal("BELL", reg(c, MR_CORE_BELL_OFFSET), 0);
    // The timer's line, to the clock, also where TIMER_LO wraps.
    const uint32_t at = reg(c, MR_CORE_TIMER_LO_OFFSET) + 100;
    c.write(Core + MR_CORE_TIMER_CMP_OFFSET, at);
    c.write(Core + MR_CORE_TIMER_CTRL_OFFSET, 1);
    expect(until([&] { return (reg(c, MR_CORE_IRQ_OFFSET) & MR_CORE_IRQ_TIMER_MASK) != 0; }),
           "IRQ.timer", 0, 1);
    within("when the timer's line rises", reg(c, MR_CORE_TIMER_LO_OFFSET) - at, 0, 9);
    c.write(Core + MR_CORE_TIMER_CMP_OFFSET, at - 0x80000000u + 200);
    equal("half a turn later", reg(c, MR_CORE_IRQ_OFFSET) & MR_CORE_IRQ_TIMER_MASK,
          MR_CORE_IRQ_TIMER_MASK);
    c.write(Core + MR_CORE_TIMER_CMP_OFFSET, at + 0x70000000u);
    equal("in the future", reg(c, MR_CORE_IRQ_OFFSET) & MR_CORE_IRQ_TIMER_MASK, 0);
    c.write(Core + MR_CORE_TIMER_CTRL_OFFSET, 0);
    c.write(Core + MR_CORE_TIMER_CMP_OFFSET, at);
    equal("not enabled", reg(c, MR_CORE_IRQ_OFFSET) & MR_CORE_IRQ_TIMER_MASK, 0);
    const uint32_t low = reg(c, MR_CORE_TIMER_LO_OFFSET);
    within("TIMER is CYCLE", c.read(MR_CHIP_CYCLE_LO_OFFSET) - low, 1, 4);
    // The host's bell.
    run(c, BellHost);
    equal("HOST_BELL", reg(c, MR_CORE_HOST_BELL_OFFSET), 2);
    c.clock();
    equal("irq_o", c.pins().irq_o, 1);
    c.write(Core + MR_CORE_HOST_BELL_OFFSET, 2);
    c.clock();
    equal("irq_o behind it", c.pins().irq_o, 0);
    // Request to boot.
    c.write(Core + MR_CORE_BOOT_CTRL_OFFSET, 1);
    equal("BOOT_CTRL", reg(c, MR_CORE_BOOT_CTRL_OFFSET), 2);
    c.write(Core + MR_CORE_BOOT_CTRL_OFFSET, 2);
    equal("BOOT_CTRL cleared", reg(c, MR_CORE_BOOT_CTRL_OFFSET), 0);
}

// A message without payload to the hub: a result.
void send_result(Chip &c) {
    Vdut &p = c.pins();
    for (int i = 0; i < 4; i++) {
        p.rx_hdr_i[i] = 0;
    }
    p.rx_empty_i = 1;
    p.hub_commit_i = 1;
    c.clock();
    p.hub_commit_i = 0;
    p.rx_empty_i = 0;
}

void sleep_until(Chip &c, uint32_t wake, const std::function<void()> &event) {
    start(c, Sleep, wake);
    expect(until([&] { return reg(c, MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_ASLEEP_MASK; }),
           "STATUS.asleep", 0, 1);
    c.write(Out + 4, wake);
    equal("SRAM beside a sleeping core", out(c, 1), wake);
    c.clocks(500);
    equal("asleep still", reg(c, MR_CORE_STATUS_OFFSET), MR_CORE_STATUS_ASLEEP_MASK);
    event();
    finish(c);
    within("clocks asleep", out(c, 0), 500, 700);
    equal("awake", reg(c, MR_CORE_STATUS_OFFSET), 0);
}

void test_sleep(Chip &c) {
    stage = "sleep";
    sleep_until(c, MR_CORE_WAKE_BELL_MASK, [&] { c.write(Core + MR_CORE_BELL_OFFSET, 1); });
    run(c, Sleep, MR_CORE_WAKE_BELL_MASK);
    within("clocks asleep with a line high", out(c, 0), 8, 60);
    sleep_until(c, MR_CORE_WAKE_STATUS_MASK, [&] {
        c.pins().tile_err_i = 1;
        c.clock();
        c.pins().tile_err_i = 0;
    });
    equal("IRQ.status", reg(c, MR_CORE_IRQ_OFFSET),
          MR_CORE_IRQ_STATUS_MASK | MR_CORE_IRQ_BELL_MASK);
    c.write(MR_CHIP_STATUS_OFFSET, 15);
    sleep_until(c, MR_CORE_WAKE_HUB_MASK, [&] { send_result(c); });
    equal("IRQ.hub", reg(c, MR_CORE_IRQ_OFFSET), MR_CORE_IRQ_HUB_MASK | MR_CORE_IRQ_BELL_MASK);
    c.clock();
    equal("irq_o of the hub", c.pins().irq_o, 1);
    c.write(Core + MR_CORE_CTRL_OFFSET, MR_CORE_CTRL_RUN_MASK | MR_CORE_CTRL_OWN_HUB_MASK);
    c.clock();
    equal("irq_o of the core's hub", c.pins().irq_o, 0);
    c.write(MR_HUB_BASE + MR_HUB_RES_CTRL_OFFSET, 1);
    c.write(Core + MR_CORE_BELL_OFFSET, 2);
    equal("IRQ", reg(c, MR_CORE_IRQ_OFFSET), 0);
    sleep_until(c, MR_CORE_WAKE_TIMER_MASK, [&] {
        c.write(Core + MR_CORE_TIMER_CMP_OFFSET, reg(c, MR_CORE_TIMER_LO_OFFSET));
        c.write(Core + MR_CORE_TIMER_CTRL_OFFSET, 1);
    });
    c.write(Core + MR_CORE_TIMER_CTRL_OFFSET, 0);
    c.write(Core + MR_CORE_WAKE_OFFSET, 0);
    c.write(Core + MR_CORE_SLEEP_OFFSET, 1);
    equal("asleep by the host", reg(c, MR_CORE_STATUS_OFFSET), 0);
    // Reset wakes, too.
    start(c, Sleep, 0);
    c.clocks(100);
    equal("asleep for good", reg(c, MR_CORE_STATUS_OFFSET), MR_CORE_STATUS_ASLEEP_MASK);
    restart(c);
    equal("awake", reg(c, MR_CORE_STATUS_OFFSET), 0);
    run(c, Memory);
}

void expect_watchdog(Chip &c, uint64_t start_at, uint32_t limit) {
    const uint32_t starts = c.read(Mail + 12);
    expect(until([&] { return reg(c, MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_WATCHDOG_MASK; }),
           "watchdog", 0, 1);
    within("clocks until it expired", c.now() - start_at, limit, limit + 80);
    c.write(Mail, 0);
    c.clocks(100);
    equal("starts of the ROM", c.read(Mail + 12), starts + 1);
    equal("WDOG_LIMIT", reg(c, MR_CORE_WDOG_LIMIT_OFFSET), 0);
    equal("STATUS", reg(c, MR_CORE_STATUS_OFFSET), MR_CORE_STATUS_WATCHDOG_MASK);
    equal("HOST_BELL", reg(c, MR_CORE_HOST_BELL_OFFSET), 2);
    c.write(Core + MR_CORE_HOST_BELL_OFFSET, 2);
    c.write(Core + MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_WATCHDOG_MASK);
    equal("STATUS cleared", reg(c, MR_CORE_STATUS_OFFSET), 0);
    equal("SHARED", reg(c, MR_CORE_SHARED_OFFSET), 0);
}

void test_watchdog(Chip &c) {
    stage = "watchdog";
    c.write(Out, 0x12345678);
    c.write(Core + MR_CORE_SHARED_OFFSET, 0x100);
    uint64_t at = c.now();
    start(c, Hang, 2000, 0);
    c.clocks(1900);
    equal("not yet", reg(c, MR_CORE_STATUS_OFFSET), 0);
    equal("SHARED before", reg(c, MR_CORE_SHARED_OFFSET), 0x100);
    expect_watchdog(c, at, 2000);
    equal("SRAM behind the watchdog", out(c, 0), 0x12345678);
    // Its warning is an interrupt.
    at = c.now();
    c.write(Seen, 0);
    start(c, Hang, 4000, 1);
    c.clocks(2800);
    equal("no warning yet", c.read(Seen), 0);
    c.clocks(300);
    equal("warning", c.read(Seen), 0x40);
    equal("IRQ.wdog", reg(c, MR_CORE_IRQ_OFFSET), MR_CORE_IRQ_WDOG_MASK);
    expect_watchdog(c, at, 4000);
    // A kick, or the limit written, starts it anew; asleep and trapped cores have one as well.
    start(c, Sleep, 0);
    at = c.now();
    c.write(Core + MR_CORE_WDOG_LIMIT_OFFSET, 1000);
    c.clocks(900);
    at = c.now();
    c.write(Core + MR_CORE_WDOG_KICK_OFFSET, 1);
    c.clocks(900);
    equal("kicked", reg(c, MR_CORE_STATUS_OFFSET), MR_CORE_STATUS_ASLEEP_MASK);
    at = c.now();
    c.write(Core + MR_CORE_WDOG_LIMIT_OFFSET, 1000);
    expect_watchdog(c, at, 1000);
    start(c, Illegal);
    c.clocks(100);
    at = c.now();
    c.write(Core + MR_CORE_HOST_BELL_OFFSET, 2);
    c.write(Core + MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_TRAP_MASK);
    c.write(Core + MR_CORE_WDOG_LIMIT_OFFSET, 500);
    expect_watchdog(c, at, 500);
    // Not while the core is held.
    c.write(Core + MR_CORE_CTRL_OFFSET, 0);
    c.write(Core + MR_CORE_WDOG_LIMIT_OFFSET, 100);
    c.clocks(300);
    equal("held", reg(c, MR_CORE_STATUS_OFFSET), 0);
    at = c.now();
    c.write(Core + MR_CORE_CTRL_OFFSET, 1);
    c.clocks(60);
    equal("held until then", reg(c, MR_CORE_STATUS_OFFSET), 0);
    expect_watchdog(c, at, 100);
}

void test_sharing(Chip &c) {
    stage = "sharing the bus";
    // The core at work without the bus costs the host's accesses nothing.
    start(c, SpinStore, 0x700);
    c.clocks(50);
    equal("posted writes beside a core in its SRAM", c.stream(600), 600);
    equal("writes through the window", c.take_window().size(), 600);
    const Answer id = c.access(false, MR_CHIP_ID_OFFSET, 0);
    equal("clocks of a register access", id.wait * 100 + id.time, 3);
    const uint32_t before = out(c, 0);
    for (int i = 0; i < 200; i++) {
        const Answer a = c.access(false, Out + 4, 0);
        equal("clocks of an access to the SRAM", a.wait * 100 + a.time, 3);
    }
    within("rounds of the core meanwhile", out(c, 0) - before, 20, 100);
    c.write(Mail + 0x700, 1);
    finish(c);
    // Both on the bus.
    start(c, Hammer, 100);
    c.clocks(150);
    const uint32_t rounds = out(c, 1);
    within("clocks of posted writes beside accesses of the core", c.stream(600), 601, 1200);
    within("rounds of the core meanwhile", out(c, 1) - rounds, 12, 30);
    const std::vector<uint32_t> seen = c.take_window();
    equal("writes through the window", seen.size(), 600);
    for (uint32_t i = 0; i < seen.size(); i++) {
        equal("a write through the window", seen[i], i * 0x01010101u);
    }
    finish(c);
    equal("wrong reads of the core", out(c, 0), 0);
    start(c, BadStore, 0x20000000 + MR_WINDOW_BASE, 0);
    c.clocks(300); // a host that asks would go first if the core asked twice
    finish(c);
    equal("the core's write through the window", c.take_window().size(), 1);
    start(c, Hammer, 200);
    for (uint32_t i = 0; i < 400; i++) {
        const uint32_t value = rnd();
        c.write(MR_CHIP_MEM_CRC_START_OFFSET, value);
        c.clocks(rnd() % 4);
        const Answer a = c.access(false, MR_CHIP_MEM_CRC_START_OFFSET, 0);
        equal("register of the host", a.data, value);
        within("clocks of an access in turn", a.wait + a.time, 3, 7);
    }
    finish(c);
    equal("wrong reads of the core", out(c, 0), 0);
    equal("chip.STATUS", c.read(MR_CHIP_STATUS_OFFSET), 0);
}

void test_ram_sharing(Chip &c) {
    stage = "sharing the SRAM";
    constexpr uint32_t At = 0xC00;
    constexpr uint32_t Words = 64;
    std::vector<uint32_t> data(Words);
    for (uint32_t round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < Words; i++) {
            data[i] = rnd();
            c.write(Ram + At + 4 * i, data[i]);
        }
        start(c, Copy, At, Words);
        for (uint32_t i = 0; i < 400; i++) {
            const uint32_t value = rnd();
            c.write(Out + 64 + 4 * (i & 15), value);
            c.clocks(rnd() % 3);
            equal("word of the host", c.read(Out + 64 + 4 * (i & 15)), value);
        }
        finish(c);
        for (uint32_t i = 0; i < Words; i++) {
            equal("copy", c.read(Ram + At + 4 * (Words + i)), data[i]);
        }
    }
}

void test_checksum(Chip &c) {
    stage = "checksum";
    std::vector<uint32_t> image;
    for (uint32_t i = 0; i < RamBytes / 4; i++) {
        image.push_back(c.read(Ram + 4 * i));
    }
    const uint32_t sizes[] = {0, 4, 8, 0x100, 0x204, 0x7FC, RamBytes, RamBytes + 4, 0xFFFFFFFC};
    for (const uint32_t size : sizes) {
        const uint32_t words = (size < RamBytes ? size : RamBytes) / 4;
        std::vector<uint32_t> part(image.begin(), image.begin() + words);
        for (uint32_t i = 0x200; i < 0x200 + 32 && i < words; i++) {
            part[i] = c.read(Ram + 4 * i); // MAIL
        }
        c.write(Core + MR_CORE_BOOT_SIZE_OFFSET, size);
        const uint64_t at = c.now();
        c.write(Core + MR_CORE_BOOT_CHECK_OFFSET, 1);
        if (words > 50) {
            equal("busy", reg(c, MR_CORE_BOOT_CHECK_OFFSET), 2);
            c.write(Core + MR_CORE_BOOT_CHECK_OFFSET, 1); // ignored
        }
        expect(until([&] { return reg(c, MR_CORE_BOOT_CHECK_OFFSET) == 0; }, RamBytes), "it ends",
               0, 1);
        // The core asks for its mail all the time, from ROM and SRAM; the host for BOOT_CHECK.
        within("its clocks", c.now() - at, words, 2 * words + 20);
        equal("BOOT_SUM", reg(c, MR_CORE_BOOT_SUM_OFFSET), crc32(part));
    }
    c.write(Core + MR_CORE_BOOT_SIZE_OFFSET, 0x400);
    const std::vector<uint32_t> part(image.begin(), image.begin() + 0x100);
    for (int i = 0; i < 3; i++) {
        start(c, Copy, 0xC00, 64);
        c.write(Core + MR_CORE_BOOT_CHECK_OFFSET, 1);
        for (uint32_t n = 0; n < 400; n++) {
            equal("word of the image", c.read(Ram + 4 * (n & 63)), image[n & 63]);
        }
        equal("BOOT_SUM beside a copy", reg(c, MR_CORE_BOOT_SUM_OFFSET), crc32(part));
        finish(c);
    }
}

#include "uart_tests.h"

} // namespace

int main(int argc, char **argv) {
    seed = argc > 1 ? static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 0)) | 1u : 20261122u;
    Chip c;
    if (MR_TB_RUN != 0) {
        stage = "run after reset";
        c.clocks(100);
        equal("starts of the ROM", c.read(Mail + 12), 1);
        equal("CTRL", reg(c, MR_CORE_CTRL_OFFSET), 1);
        c.write(Core + MR_CORE_CTRL_OFFSET, 0);
        c.write(Mail + 12, 0);
    }
    test_held(c);
    test_program(c);
    test_faults(c);
    test_traps(c);
    test_irqs(c);
    test_sleep(c);
    test_watchdog(c);
    test_sharing(c);
    test_ram_sharing(c);
    test_checksum(c);
    test_uart(c);
    stage = "all";
    equal("requests without answer", static_cast<uint32_t>(c.owed()), 0);
    if (failures != 0) {
        std::printf("%d failures, seed 0x%X\n", failures, seed);
        return 1;
    }
    std::printf("%llu clocks\nPASS core\n", static_cast<unsigned long long>(c.now()));
    return 0;
}
