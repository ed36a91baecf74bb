/* SPDX-License-Identifier: Apache-2.0 */
/* The name table with one mistake, against the device. */
#include "reg_mutants.h"

#include <stdio.h>
#include <string.h>

#include "millrace/device.h"

#define REGS_MAX 64u
#define FIELDS_MAX 32u
#define FAR 0x800u /* nothing is mapped there in any block */

typedef void check_t(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance);

typedef struct {
    const reg_check_t *device;
    const mr_reg_block_t *block; /* as it is */
    /* Copies that a mutant changes. */
    mr_reg_block_t mutant;
    mr_reg_t regs[REGS_MAX];
    mr_reg_field_t fields[FIELDS_MAX];
    uint32_t tried, caught;
} bench_t;

/* A fresh copy of the block, and of the fields of register r. */
static void copy(bench_t *b, size_t r) {
    b->mutant = *b->block;
    memcpy(b->regs, b->block->regs, b->block->reg_count * sizeof b->regs[0]);
    memcpy(b->fields, b->regs[r].fields, b->regs[r].field_count * sizeof b->fields[0]);
    b->regs[r].fields = b->fields;
    b->mutant.regs = b->regs;
}

/* The check has to fail on the mutant; then the device has to be as before. */
static void judge(bench_t *b, check_t *check, size_t r, const char *field, const char *what) {
    reg_check_t c = *b->device;
    c.quiet = true;
    c.failures = 0;
    /* What mutants before this one asked of unmapped addresses. */
    const bool forgotten = mr_chip_bus_error(c.io) != MR_IO;
    check(&c, &b->mutant, 0);
    b->tried++;
    b->caught += forgotten && c.failures != 0 ? 1u : 0u;
    if (c.failures == 0) {
        fprintf(stderr, "FAIL: the bench does not notice: %s.%s%s%s: %s\n", b->block->name,
                b->block->regs[r].name, field[0] != '\0' ? "." : "", field, what);
    }
}

static void check_soft_reset(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance) {
    (void)instance;
    reg_check_soft_reset(c, block);
}

static bool taken(const mr_reg_t *reg, uint32_t bit) {
    for (size_t i = 0; i < reg->field_count; i++) {
        const mr_reg_field_t *f = &reg->fields[i];
        if (bit >= f->lsb && bit < (uint32_t)f->lsb + f->width_bits) {
            return true;
        }
    }
    return false;
}

static void mutate_field(bench_t *b, size_t r, size_t i) {
    const mr_reg_t *reg = &b->block->regs[r];
    const mr_reg_field_t *f = &reg->fields[i];
    mr_reg_field_t *m = &b->fields[i];
    if (f->at_reset == NULL) {
        copy(b, r);
        m->reset ^= 1u;
        judge(b, reg_check_reset, r, f->name, "another reset value");
    }
    if (f->live) {
        return; /* no patterns there */
    }
    if (f->access == MR_REG_RW) {
        copy(b, r);
        m->access = MR_REG_RO;
        judge(b, reg_check_writes, r, f->name, "read only");
        if (f->width_bits > 1) {
            copy(b, r);
            m->width_bits--;
            judge(b, reg_check_writes, r, f->name, "one bit less");
        }
        if (f->lsb + f->width_bits < 32 && !taken(reg, (uint32_t)f->lsb + f->width_bits)) {
            copy(b, r);
            m->width_bits++;
            judge(b, reg_check_writes, r, f->name, "one bit more");
        }
    } else if (f->access != MR_REG_CMD && f->width_bits <= 32) {
        /* Not for commands: the check would give them. */
        copy(b, r);
        m->access = MR_REG_RW;
        judge(b, reg_check_writes, r, f->name, "read/write");
    }
}

static bool any_rw(const mr_reg_block_t *block) {
    for (size_t r = 0; r < block->reg_count; r++) {
        for (size_t i = 0; i < block->regs[r].field_count; i++) {
            const mr_reg_field_t *f = &block->regs[r].fields[i];
            if (f->access == MR_REG_RW && !f->live) {
                return true;
            }
        }
    }
    return false;
}

static void mutate_block(bench_t *b) {
    for (size_t r = 0; r < b->block->reg_count; r++) {
        for (size_t i = 0; i < b->block->regs[r].field_count; i++) {
            mutate_field(b, r, i);
        }
        copy(b, r);
        b->regs[r].offset_bytes += FAR;
        judge(b, reg_check_reset, r, "", "another place");
    }
    const size_t last = b->block->reg_count - 1u;
    copy(b, last);
    b->mutant.reg_count = last;
    judge(b, reg_check_gaps, last, "", "missing in the table");
    if (any_rw(b->block)) {
        copy(b, 0);
        b->mutant.survives_soft_reset = !b->mutant.survives_soft_reset;
        judge(b, check_soft_reset, 0, "", "the other soft reset rule, for the block");
    }
}

void reg_mutants(const reg_check_t *c, uint32_t *tried, uint32_t *caught) {
    static bench_t b;
    b = (bench_t){.device = c};
    for (size_t i = 0; i < mr_reg_block_count; i++) {
        b.block = &mr_reg_blocks[i];
        bool small = b.block->reg_count <= REGS_MAX;
        for (size_t r = 0; r < b.block->reg_count; r++) {
            small = small && b.block->regs[r].field_count <= FIELDS_MAX;
        }
        if (!small) {
            fprintf(stderr, "FAIL: raise REGS_MAX or FIELDS_MAX: block %s\n", b.block->name);
            b.tried++;
        } else if (reg_check_instances(c, b.block) != 0) {
            mutate_block(&b);
        }
    }
    *tried = b.tried;
    *caught = b.caught;
}
