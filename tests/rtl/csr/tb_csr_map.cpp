// SPDX-License-Identifier: Apache-2.0
// Compares one CSR module with the C name table over its bus: reset values, write masks, errors at
// every unmapped or misaligned address of the block, and that a wrong access changes nothing. All
// hardware inputs are 0.
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "Vdut.h"
extern "C" {
#include "millrace/reg_table.h"
}

#define MR_TB_TEXT_(name_) #name_
#define MR_TB_TEXT(name_) MR_TB_TEXT_(name_)

namespace {

constexpr uint32_t kBlockBytes = 0x1000;
constexpr uint32_t kPatterns[] = {0xFFFFFFFFu, 0x00000000u, 0xA5A5A5A5u, 0x5A5A5A5Au};

int failures = 0;

void expect(bool ok, const char *what, uint32_t offset, uint32_t got, uint32_t want) {
    if (!ok && ++failures <= 20) {
        std::printf("FAIL %s at 0x%03X: 0x%08X, expected 0x%08X\n", what, offset, got, want);
    }
}

class Bus {
  public:
    Bus() : dut_(std::make_unique<Vdut>()) {
        dut_->rst_ni = 0;
        dut_->sel_i = 0;
        clock();
        clock();
        dut_->rst_ni = 1;
        clock();
    }
    ~Bus() {
        dut_->final();
    }
    // Both return whether the access was answered with an error.
    bool write(uint32_t offset, uint32_t value) {
        dut_->wdata_i = value;
        access(offset, 1);
        return dut_->error_o;
    }
    bool read(uint32_t offset, uint32_t *value) {
        access(offset, 0);
        *value = dut_->rdata_o;
        return dut_->error_o;
    }

  private:
    void clock() {
        dut_->clk_i = 0;
        dut_->eval();
        dut_->clk_i = 1;
        dut_->eval();
    }
    void access(uint32_t offset, int is_write) {
        dut_->sel_i = 1;
        dut_->write_i = is_write;
        dut_->addr_i = offset;
        clock();
        dut_->sel_i = 0;
        dut_->addr_i = 0;
        clock();
    }
    std::unique_ptr<Vdut> dut_;
};

struct Word {
    uint32_t reset;
    uint32_t writable;
};

const mr_reg_block_t *find_block(const char *name) {
    for (size_t i = 0; i < mr_reg_block_count; ++i) {
        if (std::strcmp(mr_reg_blocks[i].name, name) == 0) {
            return &mr_reg_blocks[i];
        }
    }
    return nullptr;
}

std::map<uint32_t, Word> expected_words(const mr_reg_block_t &block) {
    std::map<uint32_t, Word> words;
    for (size_t r = 0; r < block.reg_count; ++r) {
        const mr_reg_t &reg = block.regs[r];
        uint32_t writable = 0;
        for (size_t f = 0; f < reg.field_count; ++f) {
            const mr_reg_field_t &field = reg.fields[f];
            if (field.access == MR_REG_RW) {
                writable |= static_cast<uint32_t>(((1ull << field.width_bits) - 1) << field.lsb);
            }
        }
        for (uint32_t i = 0; i < reg.count; ++i) {
            for (uint32_t half = 0; half < reg.width_bits / 32u; ++half) {
                words[reg.offset_bytes + i * reg.stride_bytes + 4 * half] = {reg.reset, writable};
            }
        }
    }
    return words;
}

void check_errors(Bus &bus, const std::map<uint32_t, Word> &words) {
    for (uint32_t offset = 0; offset < kBlockBytes; ++offset) {
        const bool mapped = words.count(offset) != 0;
        uint32_t value = 0;
        const bool read_error = bus.read(offset, &value);
        expect(read_error == !mapped, "read error", offset, read_error, !mapped);
        expect(mapped || value == 0, "data of a refused read", offset, value, 0);
        if (!mapped) {
            expect(bus.write(offset, 0xFFFFFFFFu), "write error", offset, 0, 1);
        }
    }
}

void check_values(Bus &bus, const std::map<uint32_t, Word> &words) {
    uint32_t value = 0;
    // Refused writes at every other address came before: reset values still hold.
    for (const auto &[offset, word] : words) {
        bus.read(offset, &value);
        expect(value == word.reset, "reset value", offset, value, word.reset);
    }
    for (const auto &[offset, word] : words) {
        for (const uint32_t pattern : kPatterns) {
            expect(!bus.write(offset, pattern), "write answered with an error", offset, 1, 0);
            bus.read(offset, &value);
            const uint32_t want = (pattern & word.writable) | (word.reset & ~word.writable);
            expect(value == want, "value read back", offset, value, want);
        }
        bus.write(offset, word.reset);
    }
    // Every write hit its own register only.
    for (const auto &[offset, word] : words) {
        bus.read(offset, &value);
        expect(value == word.reset, "value after writing all others", offset, value, word.reset);
    }
}

} // namespace

int main() {
    const mr_reg_block_t *block = find_block(MR_TB_TEXT(MR_TB_BLOCK));
    if (block == nullptr) {
        std::printf("FAIL no block " MR_TB_TEXT(MR_TB_BLOCK) " in the name table\n");
        return 1;
    }
    Bus bus;
    const auto words = expected_words(*block);
    check_errors(bus, words);
    check_values(bus, words);
    if (failures != 0) {
        std::printf("%d failures\n", failures);
        return 1;
    }
    std::printf("%zu words\nPASS csr_" MR_TB_TEXT(MR_TB_BLOCK) "\n", words.size());
    return 0;
}
