// SPDX-License-Identifier: Apache-2.0
// The boot ROM in mr_root that starts by itself, with nothing but a UART line: noise, headers and
// images that it refuses, a cut transfer, then an image that runs. boot_files.h: where the image
// is. MR_TB_DIV: clocks of a bit at the ROM's 115200 baud.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "Vdut.h"
#include "boot_files.h"
extern "C" {
#include "millrace/regs.h"
}

namespace {

constexpr uint32_t Div = MR_TB_DIV;
constexpr uint32_t Magic = 0x444C524D;

int failures = 0;

void expect(bool ok, const char *what, const std::string &got) {
    if (!ok && ++failures <= 10) {
        std::printf("FAIL %s: heard '%s'\n", what, got.c_str());
    }
}

class Chip {
  public:
    Chip() : dut_(std::make_unique<Vdut>()) {
        dut_->uart_rx_i = 1;
        dut_->rst_ni = 0;
        clocks(4);
        at_ = 0; // the line was nothing before the reset
        dut_->rst_ni = 1;
    }
    ~Chip() {
        dut_->final();
    }
    void clocks(uint32_t n) {
        for (uint32_t i = 0; i < n; i++) {
            dut_->clk_i = 0;
            dut_->eval();
            listen(dut_->uart_tx_o != 0);
            dut_->clk_i = 1;
            dut_->eval();
        }
    }
    void send(uint8_t byte) {
        const uint32_t bits = static_cast<uint32_t>(byte) << 1 | 1u << 9;
        for (uint32_t i = 0; i < 10; i++) {
            dut_->uart_rx_i = bits >> i & 1;
            clocks(Div);
        }
        dut_->uart_rx_i = 1;
    }
    void send(uint32_t word, int) {
        for (uint32_t i = 0; i < 4; i++) {
            send(static_cast<uint8_t>(word >> 8 * i));
        }
    }
    void send(const std::vector<uint8_t> &bytes) {
        for (const uint8_t byte : bytes) {
            send(byte);
        }
    }
    // What the core has sent since the last call, behind a pause of `wait` clocks.
    std::string heard(uint32_t wait) {
        clocks(wait);
        std::string text;
        text.swap(text_);
        return text;
    }
    uint32_t read(uint32_t addr) {
        dut_->req_valid_i = 1;
        dut_->req_write_i = 0;
        dut_->req_addr_i = addr;
        for (uint32_t i = 0; i < 1000; i++) {
            dut_->clk_i = 0;
            dut_->eval();
            const bool taken = dut_->req_ready_o != 0 && dut_->req_valid_i != 0;
            const bool answered = dut_->rsp_valid_o != 0;
            const uint32_t data = dut_->rsp_rdata_o;
            listen(dut_->uart_tx_o != 0);
            dut_->clk_i = 1;
            dut_->eval();
            if (taken) {
                dut_->req_valid_i = 0;
            }
            if (answered) {
                return data;
            }
        }
        return ~0u;
    }

  private:
    // Samples the middle of each bit.
    void listen(bool level) {
        if (at_ == 0 && level) {
            return;
        }
        if (at_ % Div == Div / 2 && at_ / Div >= 1 && at_ / Div <= 8) {
            byte_ = byte_ >> 1 | (level ? 0x80 : 0);
        }
        if (++at_ == 9 * Div + Div / 2) {
            text_ += static_cast<char>(byte_);
            at_ = 0;
        }
    }
    std::unique_ptr<Vdut> dut_;
    std::string text_;
    uint32_t at_ = 0, byte_ = 0;
};

uint32_t crc32(const std::vector<uint8_t> &bytes) {
    uint32_t crc = ~0u;
    for (const uint8_t byte : bytes) {
        crc ^= byte;
        for (int i = 0; i < 8; i++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

// Sends a header and says what comes back.
std::string header(Chip &c, uint32_t bytes, uint32_t version, uint32_t crc) {
    for (const uint32_t word : {Magic, bytes, version, crc}) {
        c.send(word, 0);
    }
    return c.heard(20 * Div + 2000);
}

void expect_state(Chip &c, const char *what, uint32_t want) {
    const uint32_t state = c.read(MR_CORE_BASE + MR_CORE_BOOT_STATE_OFFSET);
    expect(state == want, what, std::to_string(state));
}

} // namespace

int main() {
    std::ifstream file(MR_TB_IMAGE, std::ios::binary);
    const std::vector<uint8_t> image((std::istreambuf_iterator<char>(file)), {});
    const uint32_t bytes = static_cast<uint32_t>(image.size());
    uint32_t version = 0;
    std::memcpy(&version, &image.at(4), 4);
    const uint32_t crc = crc32(image);
    Chip c;
    std::string got = c.heard(200 * Div + 4000);
    expect(got == "MRBOOT\r\n", "greeting", got);
    expect_state(c, "waiting", MR_CORE_BOOT_STATE_WAITING);

    c.send({'M', 'R', 'x', 0, 0xFF, 'M', 'M', 'R'}); // noise that begins like a header
    got = header(c, bytes + 2, version, crc);
    expect(got == "S", "odd size", got);
    expect_state(c, "odd size", MR_CORE_BOOT_STATE_BAD_SIZE);
    got = header(c, 0x40000, version, crc);
    expect(got == "S", "size of the SRAM", got);
    got = header(c, bytes, version + 0x10000, crc);
    expect(got == "V", "version", got);
    expect_state(c, "version", MR_CORE_BOOT_STATE_BAD_VERSION);

    got = header(c, bytes, version, crc ^ 1);
    expect(got == "R", "header", got);
    c.send(image);
    got = c.heard(8000);
    expect(got == "C", "checksum", got);
    expect_state(c, "checksum", MR_CORE_BOOT_STATE_BAD_CRC);

    std::vector<uint8_t> other = image;
    other[0] ^= 1;
    got = header(c, bytes, version, crc32(other));
    expect(got == "R", "header", got);
    c.send(other);
    got = c.heard(8000);
    expect(got == "H", "magic", got);
    expect_state(c, "magic", MR_CORE_BOOT_STATE_BAD_MAGIC);

    got = header(c, bytes, version, crc);
    expect(got == "R", "header", got);
    c.send({1, 2, 3, 4, 5}); // and no more
    got = c.heard(16777216 + 60000);
    expect(got == "T", "silence", got);

    got = header(c, bytes, version, crc);
    expect(got == "R", "header", got);
    c.send(image);
    got = c.heard(20000);
    expect(got == "K", "good image", got);
    expect_state(c, "good image", MR_CORE_BOOT_STATE_RUNNING);
    if (failures != 0) {
        return 1;
    }
    std::printf("PASS boot\n");
    return 0;
}
