/* SPDX-License-Identifier: Apache-2.0 */
/* A device that records each access in order and plays back scripted answers. */
#ifndef MR_TEST_HAL_MOCK_H
#define MR_TEST_HAL_MOCK_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/regs.h"

#define LOG_MAX 40000u
#define ANSWERS_MAX 16u
#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)
#define HUB(reg_) (MR_HUB_BASE + MR_HUB_##reg_##_OFFSET)
#define KV(reg_) (MR_KV_BASE + MR_KV_##reg_##_OFFSET)
#define KV_OF(group_, reg_) (KV(reg_) + (group_)*MR_KV_STRIDE)

/* R read, W write, r and w a block (value is its length), T wait (value is cycles). */
typedef struct {
    char what;
    uint32_t addr;
    uint32_t value;
} access_t;

typedef struct {
    mr_mmio_t io;
    access_t log[LOG_MAX];
    size_t n;
    uint32_t answer[ANSWERS_MAX]; /* of the reads, in turn; the last one repeats */
    size_t n_answers;
    size_t next_answer;
    size_t fail_at; /* access that fails with MR_IO; 0 based */
    uint32_t first_word[8];
    size_t n_blocks;
} mock_t;

mr_status_t mock_read32(void *ctx, uint32_t addr, uint32_t *value);
mr_status_t mock_write32(void *ctx, uint32_t addr, uint32_t value);
mr_status_t mock_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n);
mr_status_t mock_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n);
mr_status_t mock_wait(void *ctx, uint32_t cycles);
void mock_close(void *ctx);

/* The one device, without a past, that gives n answers. */
mock_t *fresh(const uint32_t *answers, size_t n);

/* Fails unless exactly these accesses were made. */
void expect(const mock_t *m, const access_t *want, size_t n);

#define EXPECT(mock_, ...)                                                                         \
    do {                                                                                           \
        const access_t want_[] = {__VA_ARGS__};                                                    \
        expect(mock_, want_, sizeof want_ / sizeof want_[0]);                                      \
    } while (0)

#endif
