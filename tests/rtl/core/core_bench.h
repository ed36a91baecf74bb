/* SPDX-License-Identifier: Apache-2.0 */
/* mr_root with a control core as its benches see it: host on the register bus, UART line, what goes
 * through the memory window. */
#ifndef MR_TESTS_RTL_CORE_CORE_BENCH_H
#define MR_TESTS_RTL_CORE_CORE_BENCH_H

#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "Vdut.h"
extern "C" {
#include "millrace/regs.h"
}

namespace {

constexpr uint32_t Ram = MR_CORE_SRAM_BASE;
constexpr uint32_t Core = MR_CORE_BASE;
constexpr uint32_t Patience = 20000; // clocks

int failures = 0;
const char *stage = "";
void expect(bool ok, const char *what, uint64_t got, uint64_t want) {
    if (!ok && ++failures <= 20) {
        std::printf("FAIL %s: %s: 0x%llX, expected 0x%llX\n", stage, what,
                    static_cast<unsigned long long>(got), static_cast<unsigned long long>(want));
    }
}

void equal(const char *what, uint64_t got, uint64_t want) {
    expect(got == want, what, got, want);
}

void within(const char *what, uint64_t got, uint64_t low, uint64_t high) {
    expect(got >= low && got <= high, what, got, got < low ? low : high);
}

struct Answer {
    uint32_t data = 0;
    bool error = false;
    uint32_t wait = 0; // clocks in which the request was not taken
    uint32_t time = 0; // clocks from then to the answer
};

class Chip {
  public:
    Chip() : dut_(std::make_unique<Vdut>()) {
        dut_->net_grant_i = 0;
        dut_->uart_rx_i = 1;
        dut_->rst_ni = 0;
        for (int i = 0; i < 4; i++) {
            clock();
        }
        dut_->rst_ni = 1;
    }
    ~Chip() {
        dut_->final();
    }
    Vdut &pins() {
        return *dut_;
    }
    uint64_t now() const {
        return now_;
    }
    void clock() {
        dut_->clk_i = 0;
        dut_->eval();
        ready_ = dut_->req_ready_o != 0;
        answered_ = dut_->rsp_valid_o != 0;
        owed_ += (dut_->req_valid_i && ready_ ? 1 : 0) - (answered_ ? 1 : 0);
        answer_ = {dut_->rsp_rdata_o, dut_->rsp_error_o != 0, 0, 0};
        if (dut_->cfg_en_o != 0) {
            window_.push_back(dut_->cfg_wdata_o);
        }
        if (loop_) {
            dut_->uart_rx_i = dut_->uart_tx_o;
        }
        line_.push_back(dut_->uart_tx_o != 0);
        if (line_.size() > 8192) {
            line_.pop_front();
        }
        dut_->clk_i = 1;
        dut_->eval();
        now_++;
    }
    void clocks(uint32_t n) {
        for (uint32_t i = 0; i < n; i++) {
            clock();
        }
    }
    Answer access(bool write, uint32_t addr, uint32_t data) {
        Answer a;
        dut_->req_valid_i = 1;
        dut_->req_write_i = write;
        dut_->req_addr_i = addr;
        dut_->req_wdata_i = data;
        for (clock(); !ready_ && a.wait < Patience; clock()) {
            a.wait++;
        }
        dut_->req_valid_i = 0;
        uint32_t time = 0;
        do {
            clock();
            time++;
        } while (!answered_ && time < Patience);
        const uint32_t wait = a.wait;
        a = answer_;
        a.wait = wait;
        a.time = time;
        return a;
    }
    uint32_t read(uint32_t addr) {
        const Answer a = access(false, addr, 0);
        expect(!a.error, "read answered with an error", addr, addr);
        return a.data;
    }
    void write(uint32_t addr, uint32_t data) {
        const Answer a = access(true, addr, data);
        expect(!a.error, "write answered with an error", addr, addr);
    }
    // Posted writes to the window one after the other; clocks that they took.
    uint64_t stream(uint32_t words) {
        const uint64_t start = now_;
        uint32_t answers = 0;
        for (uint32_t i = 0; i < words;) {
            dut_->req_valid_i = 1;
            dut_->req_write_i = 1;
            dut_->req_addr_i = MR_WINDOW_BASE + 4 * i;
            dut_->req_wdata_i = i * 0x01010101u;
            clock();
            i += ready_ ? 1 : 0;
            answers += answered_ ? 1 : 0;
        }
        dut_->req_valid_i = 0;
        const uint64_t took = now_ - start;
        for (int i = 0; i < 8; i++) {
            clock();
            answers += answered_ ? 1 : 0;
        }
        equal("answers to posted writes", answers, words);
        return took;
    }
    // Requests without answer; below 0: answers without request.
    int owed() const {
        return owed_;
    }
    std::vector<uint32_t> take_window() {
        return std::exchange(window_, {});
    }
    void loop(bool on) {
        loop_ = on;
        dut_->uart_rx_i = 1;
    }
    const std::deque<bool> &line() const {
        return line_;
    }
    void forget_line() {
        line_.clear();
    }

  private:
    std::unique_ptr<Vdut> dut_;
    bool ready_ = false, answered_ = false, loop_ = false;
    Answer answer_;
    uint64_t now_ = 0;
    int owed_ = 0;
    std::vector<uint32_t> window_;
    std::deque<bool> line_;
};

uint32_t crc32(const std::vector<uint32_t> &words) {
    uint32_t crc = 0xFFFFFFFF;
    for (const uint32_t w : words) {
        crc ^= w;
        for (int i = 0; i < 32; i++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

// One byte on the line, each bit of it of div clocks.
void put_byte(Chip &c, uint32_t byte, uint32_t div, bool stop) {
    const uint32_t bits = byte << 1 | static_cast<uint32_t>(stop) << 9;
    for (uint32_t i = 0; i < 10; i++) {
        c.pins().uart_rx_i = bits >> i & 1;
        c.clocks(div);
    }
    c.pins().uart_rx_i = 1;
    c.clocks(div);
}

} // namespace

#endif
