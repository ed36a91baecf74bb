/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a device against the name table. */
#include "reg_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/regs.h"

#define BLOCK_BYTES 0x1000u
#define SPACE_BYTES 0x1000000u
#define SHOWN 20u

/* What the table says of one word. */
typedef struct {
    uint32_t offset;
    const mr_reg_t *reg;
    uint32_t rw;        /* bits that take what is written */
    uint32_t one_of_rw; /* the lowest bit of each such field */
    uint32_t live;      /* bits of such fields that patterns would set going; not in rw */
    uint32_t acts;      /* bits of commands */
    uint32_t known;     /* bits whose value at rest is `value` */
    uint32_t value;
    uint32_t stable; /* bits that change only by events, to no value that the table knows */
} word_t;

static uint32_t read_word(reg_check_t *c, uint32_t addr) {
    uint32_t value = 0;
    const mr_status_t status = mr_mmio_read32(c->io, addr, &value);
    reg_check_that(c, status == MR_OK, "0x%06" PRIX32 ": reading it answers: %s", addr,
                   mr_status_text(status));
    return value;
}

static void write_word(reg_check_t *c, uint32_t addr, uint32_t value) {
    const mr_status_t status = mr_mmio_write32(c->io, addr, value);
    reg_check_that(c, status == MR_OK, "0x%06" PRIX32 ": writing it answers: %s", addr,
                   mr_status_text(status));
}

void reg_check_that(reg_check_t *c, bool ok, const char *format, ...) {
    va_list args;
    c->checks++;
    if (ok) {
        return;
    }
    if (!c->quiet && c->failures < SHOWN) {
        va_start(args, format);
        fprintf(stderr, "FAIL: ");
        vfprintf(stderr, format, args);
        fprintf(stderr, "\n");
        va_end(args);
    }
    c->failures++;
}

bool reg_check_open(reg_check_t *c, const mr_mmio_t *io, const mr_machine_t *machine) {
    uint32_t kv = 0;
    uint32_t features = 0;
    uint32_t core = 0;
    *c = (reg_check_t){.io = io, .machine = machine};
    if (mr_mmio_read32(io, MR_CHIP_BASE + MR_CHIP_CAPS_KV_OFFSET, &kv) != MR_OK ||
        mr_mmio_read32(io, MR_CHIP_BASE + MR_CHIP_FEATURES_OFFSET, &features) != MR_OK ||
        ((features & MR_CHIP_FEATURES_CORE_MASK) != 0 &&
         mr_mmio_read32(io, MR_CORE_BASE + MR_CORE_CAPS_OFFSET, &core) != MR_OK)) {
        return false;
    }
    c->ecc = (kv & MR_CHIP_CAPS_KV_ECC_MASK) != 0;
    c->core_sram_kb = (core & MR_CORE_CAPS_SRAM_KB_MASK) >> MR_CORE_CAPS_SRAM_KB_SHIFT;
    return true;
}

uint32_t reg_check_instances(const reg_check_t *c, const mr_reg_block_t *block) {
    const mr_machine_t *m = c->machine;
    const struct {
        const char *name;
        uint32_t count;
    } rules[] = {
        {"tile", mr_machine_tiles(m)},
        {"kv", m->groups},
        {"link", m->groups > 1 ? m->groups : 0},
        {"core", c->core_sram_kb != 0 ? 1u : 0u},
        {"kv_ecc", !c->ecc                         ? 0
                   : m->groups * m->channels < 32u ? m->groups * m->channels
                                                   : 32u},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(block->name, rules[i].name) == 0) {
            return rules[i].count;
        }
    }
    return block->count == 1 ? 1 : UINT32_MAX;
}

/* Adds bits lsb .. lsb + width - 1 of a 64-bit field that are in the word from bit `first`. */
static uint32_t part(const mr_reg_field_t *f, uint32_t first) {
    const uint64_t mask = (f->width_bits == 64 ? UINT64_MAX : (UINT64_C(1) << f->width_bits) - 1u)
                          << f->lsb;
    return (uint32_t)(mask >> first);
}

static word_t describe(const mr_reg_t *reg, uint32_t offset, uint32_t half) {
    word_t w = {.offset = offset, .reg = reg, .known = UINT32_MAX};
    for (size_t i = 0; i < reg->field_count; i++) {
        const mr_reg_field_t *f = &reg->fields[i];
        const uint32_t mask = part(f, half * 32u);
        if (f->access == MR_REG_RW && f->live) {
            w.live |= mask; /* keeps its reset value */
        } else if (f->access == MR_REG_RW) {
            w.rw |= mask;
            w.one_of_rw |= mask & (~mask + 1u);
        } else if (f->access == MR_REG_CMD) {
            w.acts |= mask;
        }
        if (f->at_reset == NULL) {
            w.value |= (uint32_t)((uint64_t)f->reset << f->lsb >> half * 32u);
        } else {
            w.known &= ~mask;
            w.stable |= strstr(f->at_reset, "then") == NULL ? mask : 0u;
        }
    }
    return w;
}

/* All words of a block in the order of the table; count <= BLOCK_BYTES / 4. */
static size_t list_words(const mr_reg_block_t *block, word_t *words) {
    size_t n = 0;
    for (size_t r = 0; r < block->reg_count; r++) {
        const mr_reg_t *reg = &block->regs[r];
        for (uint32_t i = 0; i < reg->count; i++) {
            for (uint32_t half = 0; half < reg->width_bits / 32u; half++) {
                words[n++] =
                    describe(reg, reg->offset_bytes + i * reg->stride_bytes + 4u * half, half);
            }
        }
    }
    return n;
}

static word_t word_store[BLOCK_BYTES / 4u];

static void at_rest(reg_check_t *c, const mr_reg_block_t *block, uint32_t base, const word_t *w,
                    const char *when) {
    const uint32_t got = read_word(c, base + w->offset);
    reg_check_that(c, ((got ^ w->value) & w->known) == 0,
                   "%s.%s at 0x%06" PRIX32 " %s: 0x%08" PRIX32 ", expected 0x%08" PRIX32
                   " in bits 0x%08" PRIX32,
                   block->name, w->reg->name, base + w->offset, when, got, w->value, w->known);
}

void reg_check_reset(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance) {
    const uint32_t base = block->base_bytes + instance * block->stride_bytes;
    const size_t n = list_words(block, word_store);
    for (size_t i = 0; i < n; i++) {
        at_rest(c, block, base, &word_store[i], "after reset");
    }
}

/* One pattern into one word. */
static void try_pattern(reg_check_t *c, const mr_reg_block_t *block, uint32_t base, const word_t *w,
                        uint32_t pattern) {
    const uint32_t addr = base + w->offset;
    const uint32_t before = read_word(c, addr);
    write_word(c, addr, (pattern & ~w->acts & ~w->live) | (w->value & w->live));
    const uint32_t got = read_word(c, addr);
    const uint32_t want =
        (pattern & w->rw) | (w->value & w->known & ~w->rw) | (before & w->stable & ~w->rw);
    const uint32_t mask = w->rw | w->known | w->stable;
    reg_check_that(c, ((got ^ want) & mask) == 0,
                   "%s.%s at 0x%06" PRIX32 " after writing 0x%08" PRIX32 ": 0x%08" PRIX32
                   ", expected 0x%08" PRIX32 " in bits 0x%08" PRIX32,
                   block->name, w->reg->name, addr, pattern, got, want, mask);
    /* A counter or another value that moves: at least not what was written. */
    reg_check_that(c, mask != 0 || pattern < 1u << 31 || got != pattern,
                   "%s.%s at 0x%06" PRIX32 " takes what is written", block->name, w->reg->name,
                   addr);
}

void reg_check_writes(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance) {
    static const uint32_t patterns[] = {0xFFFFFFFFu, 0u, 0xA5A5A5A5u, 0x5A5A5A5Au};
    const uint32_t base = block->base_bytes + instance * block->stride_bytes;
    const size_t n = list_words(block, word_store);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
            try_pattern(c, block, base, &word_store[i], patterns[k]);
        }
        write_word(c, base + word_store[i].offset,
                   word_store[i].value & (word_store[i].rw | word_store[i].live));
    }
    /* Every write hit its own word alone. */
    for (size_t i = 0; i < n; i++) {
        at_rest(c, block, base, &word_store[i], "after writing all others");
    }
}

static void wait_ready(reg_check_t *c) {
    /* KV controllers start again after a soft reset. */
    for (uint32_t g = 0; g < c->machine->groups; g++) {
        const uint32_t addr = MR_KV_BASE + g * MR_KV_STRIDE + MR_KV_STATUS_OFFSET;
        for (uint32_t left = 4000; read_word(c, addr) == 0 && left > 0; left--) {
            if (mr_mmio_wait(c->io, 64) != MR_OK) {
                return;
            }
        }
    }
}

void reg_check_soft_reset(reg_check_t *c, const mr_reg_block_t *block) {
    const uint32_t instances = reg_check_instances(c, block);
    const size_t n = list_words(block, word_store);
    for (uint32_t k = 0; k < instances; k++) {
        for (size_t i = 0; i < n; i++) {
            const word_t *w = &word_store[i];
            if (w->rw != 0) {
                write_word(c, block->base_bytes + k * block->stride_bytes + w->offset,
                           ((w->value ^ w->one_of_rw) & w->rw) | (w->value & w->live));
            }
        }
    }
    reg_check_that(c, mr_chip_soft_reset(c->io) == MR_OK, "soft reset");
    wait_ready(c);
    for (uint32_t k = 0; k < instances; k++) {
        const uint32_t base = block->base_bytes + k * block->stride_bytes;
        for (size_t i = 0; i < n; i++) {
            const word_t *w = &word_store[i];
            const uint32_t want = w->value ^ (block->survives_soft_reset ? w->one_of_rw : 0u);
            const uint32_t got = w->rw != 0 ? read_word(c, base + w->offset) : 0;
            reg_check_that(c, ((got ^ want) & w->rw) == 0,
                           "%s.%s at 0x%06" PRIX32 " after a soft reset: 0x%08" PRIX32
                           ", expected 0x%08" PRIX32 " in bits 0x%08" PRIX32,
                           block->name, w->reg->name, base + w->offset, got, want, w->rw);
            if (w->rw != 0) {
                write_word(c, base + w->offset, w->value & (w->rw | w->live));
            }
        }
    }
    reg_check_that(c, mr_chip_soft_reset(c->io) == MR_OK, "soft reset");
    wait_ready(c);
}

/* Reading and writing it answers with an error, and that shows. */
static void refused(reg_check_t *c, uint32_t addr) {
    uint32_t value = 0;
    reg_check_that(c, mr_mmio_read32(c->io, addr, &value) == MR_DEVICE,
                   "0x%06" PRIX32 ": reading it is no error", addr);
    reg_check_that(c, mr_chip_bus_error(c->io) == MR_DEVICE,
                   "0x%06" PRIX32 ": reading it does not set STATUS.bus_error", addr);
    reg_check_that(c, mr_mmio_write32(c->io, addr, UINT32_MAX) == MR_DEVICE,
                   "0x%06" PRIX32 ": writing it is no error", addr);
    reg_check_that(c, mr_chip_bus_error(c->io) == MR_DEVICE,
                   "0x%06" PRIX32 ": writing it does not set STATUS.bus_error", addr);
}

void reg_check_gaps(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance) {
    const uint32_t base = block->base_bytes + instance * block->stride_bytes;
    const size_t n = list_words(block, word_store);
    for (uint32_t offset = 0; offset < BLOCK_BYTES; offset += 4) {
        bool mapped = false;
        for (size_t i = 0; i < n && !mapped; i++) {
            mapped = word_store[i].offset == offset;
        }
        if (!mapped) {
            refused(c, base + offset);
        }
    }
}

void reg_check_map(reg_check_t *c) {
    for (uint32_t page = 0; page < SPACE_BYTES; page += BLOCK_BYTES) {
        bool taken = page - MR_WINDOW_BASE < MR_WINDOW_SIZE ||
                     page - MR_CORE_SRAM_BASE < c->core_sram_kb * 1024u;
        for (size_t b = 0; b < mr_reg_block_count && !taken; b++) {
            const mr_reg_block_t *block = &mr_reg_blocks[b];
            const uint32_t i = (page - block->base_bytes) / block->stride_bytes;
            taken = page >= block->base_bytes && i < reg_check_instances(c, block);
        }
        if (!taken) {
            refused(c, page);
            refused(c, page + BLOCK_BYTES - 4u);
        }
    }
}
