// SPDX-License-Identifier: Apache-2.0
// The boot ROM of firmware/core on the RTL: images over the UART and from the host, good ones and
// those that it must refuse.
#include "core_bench.h"

#include <string>

namespace {

constexpr uint32_t Div = 8;
constexpr uint32_t Mark = 0x5A;
constexpr uint32_t Version = 0x00010000;

// Header, interrupt vector, and code that writes Mark to CRASH_PC.
std::vector<uint32_t> image() {
    return {0x5746524D, Version, 48,         0x10000020, 0x6F,       0x6F,
            0x6F,       0x6F,    0x200022B7, 0x05A00313, 0x0862A023, 0x6F};
}

uint32_t reg(Chip &c, uint32_t offset) {
    return c.read(Core + offset);
}

// What was sent since the line was forgotten.
std::string heard(Chip &c) {
    const std::deque<bool> &line = c.line();
    std::string text;
    for (size_t at = 0; at < line.size(); at++) {
        if (line[at]) {
            continue;
        }
        uint32_t byte = 0;
        for (uint32_t i = 0; i < 8; i++) {
            const size_t middle = at + (i + 1) * Div + Div / 2;
            byte |= static_cast<uint32_t>(middle < line.size() && line[middle]) << i;
        }
        text.push_back(static_cast<char>(byte));
        at += 9 * Div + Div / 2;
    }
    return text;
}

void expect_heard(Chip &c, const char *want) {
    c.clocks(3000);
    const std::string got = heard(c);
    if (got != want) {
        failures++;
        std::printf("FAIL %s: the ROM says '%s', expected '%s'\n", stage, got.c_str(), want);
    }
    c.forget_line();
}

void say(Chip &c, const std::vector<uint32_t> &words) {
    for (const uint32_t word : words) {
        for (uint32_t i = 0; i < 4; i++) {
            put_byte(c, word >> 8 * i & 255, Div, true);
            c.clocks(400); // as long as the ROM needs for a byte
        }
    }
}

void reset_core(Chip &c) {
    c.write(Core + MR_CORE_CTRL_OFFSET, 0);
    c.clocks(5);
    c.write(Core + MR_CORE_CRASH_PC_OFFSET, 0);
    c.write(Core + MR_CORE_UART_DIV_OFFSET, Div);
    c.forget_line();
    c.write(Core + MR_CORE_CTRL_OFFSET, 1);
}

void test_uart(Chip &c) {
    stage = "UART";
    reset_core(c);
    expect_heard(c, "MRBOOT\r\n");
    equal("BOOT_STATE", reg(c, MR_CORE_BOOT_STATE_OFFSET), MR_CORE_BOOT_STATE_WAITING);
    const std::vector<uint32_t> good = image();
    const uint32_t magic = 0x444C524D;
    say(c, {magic, 6, Version, 0});
    expect_heard(c, "S");
    equal("BOOT_STATE", reg(c, MR_CORE_BOOT_STATE_OFFSET), MR_CORE_BOOT_STATE_BAD_SIZE);
    say(c, {magic, 48, Version + 0x10000, 0});
    expect_heard(c, "V");
    equal("BOOT_STATE", reg(c, MR_CORE_BOOT_STATE_OFFSET), MR_CORE_BOOT_STATE_BAD_VERSION);
    say(c, {0x12345678, magic, 48, Version, crc32(good) ^ 1}); // noise before it
    expect_heard(c, "R");
    say(c, good);
    expect_heard(c, "C");
    equal("BOOT_STATE", reg(c, MR_CORE_BOOT_STATE_OFFSET), MR_CORE_BOOT_STATE_BAD_CRC);
    std::vector<uint32_t> headless = good;
    headless[0]++;
    say(c, {magic, 48, Version, crc32(headless)});
    expect_heard(c, "R");
    say(c, headless);
    expect_heard(c, "H");
    equal("BOOT_STATE", reg(c, MR_CORE_BOOT_STATE_OFFSET), MR_CORE_BOOT_STATE_BAD_MAGIC);
    equal("nothing ran", reg(c, MR_CORE_CRASH_PC_OFFSET), 0);
    say(c, {magic, 48, Version, crc32(good)});
    expect_heard(c, "R");
    say(c, good);
    expect_heard(c, "K");
    equal("it runs", reg(c, MR_CORE_CRASH_PC_OFFSET), Mark);
}

uint32_t boot(Chip &c, const std::vector<uint32_t> &words, uint32_t bytes, uint32_t version,
              uint32_t crc) {
    for (uint32_t i = 0; i < words.size(); i++) {
        c.write(Ram + 4 * i, words[i]);
    }
    c.write(Core + MR_CORE_BOOT_SIZE_OFFSET, bytes);
    c.write(Core + MR_CORE_BOOT_VERSION_OFFSET, version);
    c.write(Core + MR_CORE_BOOT_CRC_OFFSET, crc);
    c.write(Core + MR_CORE_BOOT_CTRL_OFFSET, 1);
    c.clocks(3000);
    equal("BOOT_CTRL", reg(c, MR_CORE_BOOT_CTRL_OFFSET), 0);
    return reg(c, MR_CORE_BOOT_STATE_OFFSET);
}

void test_host(Chip &c) {
    stage = "host";
    reset_core(c);
    const std::vector<uint32_t> good = image();
    std::vector<uint32_t> bad = good;
    bad[3] = 0x10000030; // entry behind the end
    equal("size", boot(c, good, 0, Version, crc32(good)), MR_CORE_BOOT_STATE_BAD_SIZE);
    equal("version", boot(c, good, 48, 0x00020000, crc32(good)), MR_CORE_BOOT_STATE_BAD_VERSION);
    equal("CRC", boot(c, good, 48, Version, crc32(bad)), MR_CORE_BOOT_STATE_BAD_CRC);
    equal("entry", boot(c, bad, 48, Version, crc32(bad)), MR_CORE_BOOT_STATE_BAD_MAGIC);
    equal("nothing ran", reg(c, MR_CORE_CRASH_PC_OFFSET), 0);
    equal("good", boot(c, good, 48, Version, crc32(good)), MR_CORE_BOOT_STATE_CHECKING);
    equal("it runs", reg(c, MR_CORE_CRASH_PC_OFFSET), Mark);
    // A second request, waiting while the first image hangs, is served behind the next reset.
    c.write(Core + MR_CORE_CRASH_PC_OFFSET, 0);
    c.write(Core + MR_CORE_BOOT_CTRL_OFFSET, 1);
    c.clocks(500);
    equal("not yet", reg(c, MR_CORE_BOOT_CTRL_OFFSET), 2);
    reset_core(c);
    c.clocks(3000);
    equal("it runs again", reg(c, MR_CORE_CRASH_PC_OFFSET), Mark);
}

} // namespace

int main() {
    Chip c;
    test_uart(c);
    test_host(c);
    if (failures != 0) {
        std::printf("%d failures\n", failures);
        return 1;
    }
    std::printf("%llu clocks\nPASS core_boot\n", static_cast<unsigned long long>(c.now()));
    return 0;
}
