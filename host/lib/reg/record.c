/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder: a wrapper around a device. */
#include "reg/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "millrace/regs.h"
#include "reg/reg_name.h"

#define WORDS_OF_LINE 8u

typedef struct {
    mr_mmio_t inner;
    mr_record_t *record;
    struct timespec start;
} recorder_t;

/* The start of a line, up to the address. */
static void line_start(recorder_t *r, char what) {
    struct timespec now;
    uint64_t cycles;
    FILE *file = r->record->file;
    if (r->record->cycles(&r->inner, &cycles)) {
        (void)fprintf(file, "@%" PRIu64 " %c ", cycles, what);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t us =
        (now.tv_sec - r->start.tv_sec) * 1000000 + (now.tv_nsec - r->start.tv_nsec) / 1000;
    (void)fprintf(file, "%" PRId64 "us %c ", us, what);
}

/* The end of a line: the register's name, if it has one. */
static void line_end(const recorder_t *r, uint32_t address) {
    char name[MR_REG_NAME_BYTES];
    mr_reg_ref_t ref;
    bool high;
    FILE *file = r->record->file;
    if (address >= MR_WINDOW_BASE && address - MR_WINDOW_BASE < MR_WINDOW_SIZE) {
        (void)fputs(" window\n", file);
    } else if (mr_reg_at(address, &ref, &high)) {
        mr_reg_format(&ref, name);
        (void)fprintf(file, " %s%s\n", name, high ? "_HI" : ref.reg->width_bits == 64 ? "_LO" : "");
    } else {
        (void)fputs("\n", file);
    }
    r->record->failed = r->record->failed || ferror(file) != 0;
}

static void put_access(recorder_t *r, char what, uint32_t address, uint32_t value,
                       mr_status_t status) {
    r->record->count++;
    line_start(r, what);
    if (status != MR_OK) {
        (void)fprintf(r->record->file, "%06" PRIX32 " !%d", address, (int)status);
    } else {
        (void)fprintf(r->record->file, "%06" PRIX32 " %08" PRIX32, address, value);
    }
    line_end(r, address);
}

static void put_block(recorder_t *r, char what, uint32_t address, const uint32_t *words, size_t n,
                      mr_status_t status) {
    FILE *file = r->record->file;
    if (n == 1 && status == MR_OK) {
        put_access(r, what == 'R' ? 'r' : 'w', address, words[0], status);
        return;
    }
    r->record->count++;
    line_start(r, what);
    if (status != MR_OK) {
        (void)fprintf(file, "%06" PRIX32 " !%d*%zu", address, (int)status, n);
        n = what == 'W' ? n : 0;
    } else {
        (void)fprintf(file, "%06" PRIX32 " %zu", address, n);
    }
    line_end(r, address);
    for (size_t i = 0, column = 0; i < n; column++) {
        size_t same = 1;
        while (i + same < n && words[i + same] == words[i]) {
            same++;
        }
        (void)fprintf(file, "%s %08" PRIX32, column % WORDS_OF_LINE == 0 && column > 0 ? "\n" : "",
                      words[i]);
        if (same > 1) {
            (void)fprintf(file, "*%zu", same);
        }
        i += same;
    }
    (void)fputs(n > 0 ? "\n" : "", file);
    r->record->failed = r->record->failed || ferror(file) != 0;
}

static mr_status_t record_read32(void *ctx, uint32_t addr, uint32_t *value) {
    recorder_t *r = ctx;
    const mr_status_t status = mr_mmio_read32(&r->inner, addr, value);
    put_access(r, 'r', addr, status == MR_OK ? *value : 0, status);
    return status;
}

static mr_status_t record_write32(void *ctx, uint32_t addr, uint32_t value) {
    recorder_t *r = ctx;
    const mr_status_t status = mr_mmio_write32(&r->inner, addr, value);
    if (status != MR_OK) {
        /* Replay needs the value too: as a block of one. */
        put_block(r, 'W', addr, &value, 1, status);
    } else {
        put_access(r, 'w', addr, value, status);
    }
    return status;
}

static mr_status_t record_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    recorder_t *r = ctx;
    const mr_status_t status = mr_mmio_read_block(&r->inner, addr, words, n);
    put_block(r, 'R', addr, words, n, status);
    return status;
}

static mr_status_t record_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    recorder_t *r = ctx;
    const mr_status_t status = mr_mmio_write_block(&r->inner, addr, words, n);
    put_block(r, 'W', addr, words, n, status);
    return status;
}

static mr_status_t record_wait(void *ctx, uint32_t cycles) {
    recorder_t *r = ctx;
    line_start(r, '-');
    (void)fprintf(r->record->file, "%" PRIu32 "\n", cycles);
    return mr_mmio_wait(&r->inner, cycles);
}

static void record_close(void *ctx) {
    recorder_t *r = ctx;
    mr_mmio_close(&r->inner);
    free(r);
}

static const mr_mmio_ops_t ops = {record_read32,      record_write32, record_read_block,
                                  record_write_block, record_wait,    record_close};

mr_status_t mr_record_wrap(mr_mmio_t *mmio, mr_record_t *record) {
    recorder_t *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return MR_NO_MEMORY;
    }
    r->inner = *mmio;
    r->record = record;
    (void)clock_gettime(CLOCK_MONOTONIC, &r->start);
    *mmio = (mr_mmio_t){&ops, r};
    return MR_OK;
}

const mr_mmio_t *mr_record_inner(const mr_mmio_t *mmio) {
    return mmio->ops == &ops ? &((const recorder_t *)mmio->ctx)->inner : NULL;
}
