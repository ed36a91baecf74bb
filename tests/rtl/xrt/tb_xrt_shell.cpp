// SPDX-License-Identifier: Apache-2.0
// mr_xrt_shell between a host on the AXI4-Lite slave, a register bus with random answers, and an
// AXI memory in all its moods: registers, waits, and random transfers whose every word is compared.
// Usage: bench [seed].
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

#include "Vdut.h"
#include "millrace/xrt_card.h"
#include "verilated.h"
extern "C" {
#include "mr_axi_mem.h"
}

namespace {

constexpr uint64_t Base = 0x7F0000000;
constexpr uint32_t MemBytes = 1 << 16;
constexpr uint32_t BusWords = 8192;    // of the bus, from BusBase
constexpr uint32_t BusBase = 0x200000; // all else answers with an error
constexpr uint32_t Answer = 3000;      // clocks

uint64_t random_state = 1;

uint32_t rnd(uint32_t below) {
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint32_t>((random_state >> 33) % below);
}

[[noreturn]] void die(const char *what, uint64_t got, uint64_t wanted) {
    std::printf("FAIL %s: %llx, expected %llx\n", what, static_cast<unsigned long long>(got),
                static_cast<unsigned long long>(wanted));
    std::exit(1);
}

void equal(const char *what, uint64_t got, uint64_t wanted) {
    if (got != wanted) {
        die(what, got, wanted);
    }
}

struct Reply {
    uint32_t data;
    bool error;
    uint64_t due;
};

struct Bench {
    VerilatedContext context;
    Vdut dut{&context};
    mr_axi_mem_t *mem = mr_axi_mem_new(Base, MemBytes, 4, 5);
    mr_axi_pins_t pins = {};
    std::vector<uint32_t> bus = std::vector<uint32_t>(BusWords);
    std::deque<Reply> replies;
    uint64_t now = 0;
    uint32_t accesses = 0;
    bool bad_r = false, bad_b = false, bad_bus = false;
    bool slow_bus = false;

    // The register bus: takes requests by chance, answers in order.
    void drive_bus() {
        const bool due = !replies.empty() && replies.front().due <= now;
        dut.rsp_valid_i = due;
        dut.rsp_rdata_i = due ? replies.front().data : rnd(1u << 31);
        dut.rsp_error_i = due && replies.front().error;
        // A read is taken when nothing is owed: there is one outstanding access, but for posted
        // writes.
        dut.req_ready_i = replies.size() < 6 && (!slow_bus || rnd(3) != 0);
    }

    void take_bus() {
        if (dut.rsp_valid_i) {
            replies.pop_front();
        }
        if (!dut.req_valid_o || !dut.req_ready_i) {
            return;
        }
        const uint32_t word = (dut.req_addr_o - BusBase) / 4;
        const bool there = dut.req_addr_o >= BusBase && word < BusWords && dut.req_addr_o % 4 == 0;
        if (!dut.req_write_o && !replies.empty()) {
            die("a read while an answer is owed", replies.size(), 0);
        }
        if (there && dut.req_write_o) {
            bus[word] = dut.req_wdata_o;
        }
        bad_bus |= !there;
        accesses++;
        const uint64_t after = replies.empty() ? now : replies.back().due;
        replies.push_back(
            {there ? bus[word] : 0xBADBAD, !there, after + 1 + (slow_bus ? rnd(5) : 0)});
    }

    void check_burst(const mr_axi_addr_t &a) {
        const uint64_t last = a.addr + 4u * a.len + 3;
        equal("a burst over 4 KB", a.addr >> 12, last >> 12);
        equal("a burst's address", a.addr % 4, 0);
    }

    void clock() {
        mr_axi_mem_drive(mem, &pins);
        drive_bus();
        dut.axi_arready_i = pins.ar.ready;
        dut.axi_awready_i = pins.aw.ready;
        dut.axi_wready_i = pins.w.ready;
        dut.axi_rvalid_i = pins.r.valid;
        dut.axi_rlast_i = pins.r.last;
        dut.axi_rresp_i = pins.r.resp;
        std::memcpy(&dut.axi_rdata_i, pins.r.data, 4);
        dut.axi_bvalid_i = pins.b.valid;
        dut.axi_bresp_i = pins.b.resp;
        dut.eval();
        pins.ar = {dut.axi_arvalid_o != 0, pins.ar.ready,     0, dut.axi_arlen_o,
                   dut.axi_arsize_o,       dut.axi_arburst_o, 0, dut.axi_araddr_o};
        pins.aw = {dut.axi_awvalid_o != 0, pins.aw.ready,     0, dut.axi_awlen_o,
                   dut.axi_awsize_o,       dut.axi_awburst_o, 0, dut.axi_awaddr_o};
        pins.w.valid = dut.axi_wvalid_o;
        pins.w.last = dut.axi_wlast_o;
        pins.w.strb = dut.axi_wstrb_o;
        std::memcpy(pins.w.data, &dut.axi_wdata_o, 4);
        pins.r.ready = dut.axi_rready_o;
        pins.b.ready = dut.axi_bready_o;
        if (pins.ar.valid && pins.ar.ready) {
            check_burst(pins.ar);
        }
        if (pins.aw.valid && pins.aw.ready) {
            check_burst(pins.aw);
        }
        take_bus();
        mr_axi_mem_event_t event;
        const char *refused = mr_axi_mem_clock(mem, &pins, &event);
        if (refused != nullptr) {
            std::printf("FAIL memory: %s\n", refused);
            std::exit(1);
        }
        bad_r |= event.r_bad;
        bad_b |= event.b_bad;
        dut.clk_i = 1;
        dut.eval();
        dut.clk_i = 0;
        dut.eval();
        now++;
        if (context.gotError() || context.gotFinish()) {
            die("an assertion failed, clock", now, 0);
        }
    }

    // One access of the host; the other channel's ready may lag.
    uint32_t host(bool write, uint32_t addr, uint32_t data, bool *error) {
        dut.ctl_awaddr_i = dut.ctl_araddr_i = static_cast<uint16_t>(addr);
        dut.ctl_wdata_i = data;
        dut.ctl_awvalid_i = write;
        dut.ctl_arvalid_i = !write;
        uint32_t late = write ? rnd(4) : 0; // W behind AW
        for (uint32_t i = 0; i < Answer; i++) {
            dut.ctl_wvalid_i = dut.ctl_awvalid_i && late == 0;
            late -= late > 0;
            dut.ctl_bready_i = dut.ctl_rready_i = rnd(3) != 0;
            dut.eval();
            const bool taken = write ? dut.ctl_awready_o && dut.ctl_wvalid_i : dut.ctl_arready_o;
            if (write && dut.ctl_awready_o != dut.ctl_wready_o) {
                die("AWREADY without WREADY", 0, 1);
            }
            if (write && dut.ctl_awready_o && !dut.ctl_wvalid_i) {
                die("an address was taken ahead of its data", 0, 1);
            }
            const bool answered =
                write ? dut.ctl_bvalid_o && dut.ctl_bready_i : dut.ctl_rvalid_o && dut.ctl_rready_i;
            const uint32_t value = dut.ctl_rdata_o;
            const uint32_t resp = write ? dut.ctl_bresp_o : dut.ctl_rresp_o;
            clock();
            if (taken) {
                dut.ctl_awvalid_i = dut.ctl_wvalid_i = dut.ctl_arvalid_i = 0;
            }
            if (answered) {
                dut.ctl_bready_i = dut.ctl_rready_i = 0;
                *error = resp != 0;
                return value;
            }
        }
        die("an access without answer", addr, 0);
    }

    uint32_t get(uint32_t addr) {
        bool error;
        const uint32_t value = host(false, addr, 0, &error);
        equal("error of a read", error, 0);
        return value;
    }

    void put(uint32_t addr, uint32_t value) {
        bool error;
        (void)host(true, addr, value, &error);
        equal("error of a write", error, 0);
    }

    void start(uint32_t mode, uint64_t addr, uint32_t words, uint32_t target) {
        put(MR_XRT_MEMORY, static_cast<uint32_t>(addr));
        put(MR_XRT_MEMORY + 4, static_cast<uint32_t>(addr >> 32));
        put(MR_XRT_WORDS, words);
        put(MR_XRT_TARGET, target);
        put(MR_XRT_MODE, mode);
        bad_r = bad_b = bad_bus = false;
        put(MR_XRT_AP_CTRL, MR_XRT_AP_CTRL_START);
    }

    uint32_t finish() {
        for (uint32_t i = 0; i < 200000; i++) {
            const uint32_t control = get(MR_XRT_AP_CTRL);
            if ((control & MR_XRT_AP_CTRL_DONE) != 0) {
                equal("AP_CTRL at the end", control, 14);
                equal("AP_CTRL after its read", get(MR_XRT_AP_CTRL), 4);
                return get(MR_XRT_DMA_STATUS);
            }
            equal("AP_CTRL while it runs", control, 1);
        }
        die("a transfer without end", 0, 1);
    }

    void reset() {
        dut.rst_ni = 0;
        dut.ctl_awvalid_i = dut.ctl_wvalid_i = dut.ctl_arvalid_i = dut.irq_i = 0;
        for (int i = 0; i < 4; i++) {
            clock();
        }
        dut.rst_ni = 1;
    }

    ~Bench() {
        dut.final();
        mr_axi_mem_free(mem);
    }
};

uint32_t mem_word(const Bench &b, uint32_t at) {
    uint32_t value;
    std::memcpy(&value, mr_axi_mem_bytes(b.mem) + at, 4);
    return value;
}

mr_axi_mem_mode_t mood(uint32_t errors) {
    mr_axi_mem_mode_t m = {};
    m.style = static_cast<mr_axi_mem_style_t>(rnd(MR_AXI_MEM_STYLES));
    m.ar_pct = 20 + rnd(81);
    m.aw_pct = 20 + rnd(81);
    m.w_pct = 20 + rnd(81);
    m.r_pct = 20 + rnd(81);
    m.b_pct = 20 + rnd(81);
    m.latency_min = rnd(20);
    m.latency_max = m.latency_min + rnd(40);
    m.error_per_1000 = errors;
    return m;
}

void test_registers(Bench &b) {
    bool error;
    equal("KERNEL_ID", b.get(MR_XRT_KERNEL_ID), MR_XRT_KERNEL_ID_VALUE);
    equal("KERNEL_VERSION", b.get(MR_XRT_KERNEL_VERSION) >> 16, MR_XRT_KERNEL_MAJOR);
    equal("AP_CTRL at rest", b.get(MR_XRT_AP_CTRL), MR_XRT_AP_CTRL_IDLE);
    const struct {
        uint32_t addr, mask;
    } plain[] = {{0x04, 1},          {0x08, 3},          {0x10, UINT32_MAX},
                 {0x14, UINT32_MAX}, {0x1C, UINT32_MAX}, {0x24, UINT32_MAX},
                 {0x2C, UINT32_MAX}, {0x48, 0xFFF},      {0x50, 1023}};
    for (const auto &r : plain) {
        b.put(r.addr, UINT32_MAX);
        equal("a register of ones", b.get(r.addr), r.mask);
        const uint32_t value = rnd(1u << 31);
        b.put(r.addr, value);
        equal("a register", b.get(r.addr), value & r.mask);
        b.put(r.addr, 0);
    }
    for (const uint32_t hole : {0x18u, 0x20u, 0x60u, 0x800u, 0x2000u, 0xFFFCu}) {
        b.put(hole, UINT32_MAX);
        equal("a hole", b.get(hole), 0);
    }
    // The chip's registers through the page.
    b.put(MR_XRT_PAGE, BusBase >> 12);
    b.put(MR_XRT_CHIP + 0x10, 0x12345678);
    equal("on the bus", b.bus[4], 0x12345678);
    b.bus[1023] = 77;
    equal("last word of the page", b.get(MR_XRT_CHIP + 0xFFC), 77);
    b.put(MR_XRT_PAGE, (BusBase >> 12) + 1);
    b.bus[1024] = 78;
    equal("next page", b.get(MR_XRT_CHIP), 78);
    equal("BUS_STATUS", b.get(MR_XRT_BUS_STATUS), 0);
    b.put(MR_XRT_PAGE, 0xFFF);
    (void)b.host(false, MR_XRT_CHIP, 0, &error);
    equal("a read that the chip refuses", error, 1);
    equal("BUS_STATUS of it", b.get(MR_XRT_BUS_STATUS), 1);
    b.put(MR_XRT_BUS_STATUS, 2);
    equal("BUS_STATUS, not cleared", b.get(MR_XRT_BUS_STATUS), 1);
    b.put(MR_XRT_BUS_STATUS, 1);
    (void)b.host(true, MR_XRT_CHIP, 0, &error);
    equal("a write that the chip refuses", error, 1);
    b.put(MR_XRT_BUS_STATUS, 1);
    equal("BUS_STATUS, cleared", b.get(MR_XRT_BUS_STATUS), 0);
}

void test_wait(Bench &b) {
    for (const uint32_t cycles : {0u, 1u, 100u, 1023u}) {
        b.put(MR_XRT_WAIT_CYCLES, cycles);
        const uint64_t from = b.now;
        const uint32_t first = b.get(MR_XRT_WAIT);
        const uint64_t took = b.now - from;
        if (took < cycles || took > cycles + 40) {
            die("clocks of a wait", took, cycles);
        }
        const uint32_t second = b.get(MR_XRT_WAIT);
        equal("no interrupt", (first | second) & MR_XRT_WAIT_IRQ, 0);
        if (second - first < cycles) {
            die("the clock's count", second - first, cycles);
        }
    }
    b.dut.irq_i = 1;
    const uint64_t from = b.now;
    equal("the chip's interrupt", b.get(MR_XRT_WAIT) >> 31, 1);
    if (b.now - from > 40) {
        die("clocks of a wait that ends early", b.now - from, 0);
    }
    b.dut.irq_i = 0;
}

void test_interrupt(Bench &b) {
    b.put(0x08, 1);
    b.start(MR_XRT_MODE_PUT, Base, 3, BusBase);
    equal("STATUS", b.finish(), 0);
    equal("ISR", b.get(0x0C), 1);
    equal("interrupt without GIE", b.dut.interrupt_o, 0);
    b.put(0x04, 1);
    equal("interrupt", b.dut.interrupt_o, 1);
    b.put(0x0C, 1);
    equal("ISR, toggled", b.get(0x0C), 0);
    equal("interrupt, gone", b.dut.interrupt_o, 0);
    b.put(0x08, 0);
    b.put(0x04, 0);
}

void test_bad_jobs(Bench &b) {
    const struct {
        uint32_t mode, words, target;
        uint64_t addr;
    } jobs[] = {{3, 4, BusBase, Base},     {4, 4, BusBase, Base},        {0, 4, BusBase, Base + 2},
                {0, 4, BusBase + 1, Base}, {1, 1u << 24, BusBase, Base}, {2, UINT32_MAX, 0, Base}};
    for (const auto &job : jobs) {
        const uint32_t before = b.accesses;
        b.start(job.mode, job.addr, job.words, job.target);
        equal("STATUS of a bad job", b.finish(), MR_XRT_DMA_STATUS_JOB);
        equal("bus accesses of a bad job", b.accesses, before);
        equal("MOVED of a bad job", b.get(MR_XRT_DMA_MOVED), 0);
    }
    b.start(MR_XRT_MODE_PUT, Base, 0, BusBase);
    equal("STATUS of no words", b.finish(), 0);
}

// One transfer with what it should have done, word by word.
void test_transfer(Bench &b, uint32_t errors, bool beyond) {
    const uint32_t mode = rnd(3);
    const uint32_t words = rnd(8) == 0 ? rnd(3) : rnd(1500);
    const uint32_t per = mode == MR_XRT_MODE_LIST ? 2 : 1;
    const uint32_t at = 4 * rnd((MemBytes - 4 * per * words) / 4 + 1);
    const uint32_t first = beyond ? BusWords - words / 2 : rnd(BusWords - words + 1);
    // Few responses of writes: one a burst.
    const mr_axi_mem_mode_t m = mood(mode == MR_XRT_MODE_GET ? 100 * errors : errors);
    mr_axi_mem_mode(b.mem, &m);
    b.slow_bus = rnd(2) != 0;
    std::vector<uint8_t> bytes(MemBytes);
    for (auto &byte : bytes) {
        byte = static_cast<uint8_t>(rnd(256));
    }
    std::vector<uint32_t> want = b.bus;
    bool refused = mode != MR_XRT_MODE_LIST && beyond;
    for (uint32_t i = 0; mode != MR_XRT_MODE_GET && i < words; i++) {
        uint32_t word = first + i;
        uint32_t data;
        if (mode == MR_XRT_MODE_LIST) {
            word = rnd(BusWords + (beyond ? 64 : 0));
            refused = refused || word >= BusWords;
            const uint32_t address = BusBase + 4 * word;
            std::memcpy(&bytes[at + 8 * i], &address, 4);
        }
        std::memcpy(&data, &bytes[at + 4 * per * i + 4 * (per - 1)], 4);
        if (word < BusWords) {
            want[word] = data;
        }
    }
    (void)mr_axi_mem_write(b.mem, Base, bytes.data(), MemBytes);
    const uint32_t before = b.accesses;
    b.start(mode, Base + at, words, BusBase + 4 * first);
    if (rnd(4) == 0 && words > 200) {
        bool error;
        (void)b.host(rnd(2) != 0, MR_XRT_CHIP, 1, &error);
        equal("a chip access while the DMA is busy", error, 1);
        equal("BUS_STATUS of that", b.get(MR_XRT_BUS_STATUS), 2);
        b.put(MR_XRT_BUS_STATUS, 2);
    }
    const uint32_t status = b.finish();
    equal("STATUS", status,
          (b.bad_r ? MR_XRT_DMA_STATUS_READ : 0u) | (b.bad_b ? MR_XRT_DMA_STATUS_WRITE : 0u) |
              (b.bad_bus ? MR_XRT_DMA_STATUS_CHIP : 0u));
    equal("MOVED", b.get(MR_XRT_DMA_MOVED), b.accesses - before);
    equal("a transfer that stops early without an error",
          b.accesses - before < words && status == 0, 0);
    if (b.bad_r || b.bad_b) { // it stops there, having written nothing wrong
        for (uint32_t w = 0; mode != MR_XRT_MODE_LIST && mode != MR_XRT_MODE_GET && w < BusWords;
             w++) {
            const bool moved = w - first < b.accesses - before;
            equal("a word in front of the error", moved ? b.bus[w] : 0, moved ? want[w] : 0);
        }
        return;
    }
    equal("refused by the bus", b.bad_bus, refused && words > 0);
    for (uint32_t w = 0; w < BusWords; w++) {
        equal("a word of the bus", b.bus[w], want[w]);
    }
    for (uint32_t i = 0; i < MemBytes; i += 4) {
        const uint32_t word = (i - at) / 4;
        const bool got =
            mode == MR_XRT_MODE_GET && i >= at && word < words && first + word < BusWords;
        uint32_t old;
        std::memcpy(&old, &bytes[i], 4);
        equal("a word of the memory", mem_word(b, i), got ? b.bus[first + word] : old);
    }
}

} // namespace

int main(int argc, char **argv) {
    random_state = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    Bench b;
    b.context.fatalOnError(false);
    const mr_axi_mem_mode_t quick = {MR_AXI_MEM_FREE, 100, 100, 100, 100, 100, 2, 4, 0, 0};
    mr_axi_mem_mode(b.mem, &quick);
    b.reset();
    test_registers(b);
    test_wait(b);
    test_interrupt(b);
    test_bad_jobs(b);
    for (int i = 0; i < 150; i++) {
        test_transfer(b, i % 5 == 4 ? 3 : 0, i % 7 == 6);
    }
    // A word a clock from a memory that gives one, to window registers that take one.
    mr_axi_mem_mode(b.mem, &quick);
    b.slow_bus = false;
    const uint64_t from = b.now;
    b.start(MR_XRT_MODE_PUT, Base, 8192, BusBase);
    equal("STATUS", b.finish(), 0);
    if (b.now - from > 8192 + 8192 / 8 + 200) {
        die("clocks of 8192 words", b.now - from, 8192);
    }
    std::puts("PASS xrt_shell");
    return 0;
}
