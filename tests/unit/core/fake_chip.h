/* SPDX-License-Identifier: Apache-2.0 */
/* The control core's registers as a recording mock, and its memory at the core's own addresses. */
#ifndef MR_TEST_CORE_FAKE_CHIP_H
#define MR_TEST_CORE_FAKE_CHIP_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "port.h"

#define CHIP_SRAM_KB 64u
#define CHIP_WRITES 4096u
#define REG(name_) (chip.reg[MR_CORE_##name_##_OFFSET / 4u])
#define WROTE(name_, value_)                                                                       \
    { MR_CORE_##name_##_OFFSET, value_ }

/* How code that never returns was left. */
typedef enum {
    CHIP_RETURNED, /* it did return */
    CHIP_TRAPPED,  /* at an instruction that only the core has */
    CHIP_LEFT,     /* by chip_leave */
} chip_end_t;

typedef struct {
    uint32_t offset;
    uint32_t value;
} chip_write_t;

typedef struct {
    uint32_t reg[256]; /* what reads answer, and what was written last */
    uint32_t clock;    /* TIMER_LO; a read of it lets `tick` clocks pass */
    uint32_t tick;
    uint32_t masked; /* interrupts */
    chip_write_t write[CHIP_WRITES];
    uint32_t n_writes;
    void (*on_write)(uint32_t offset, uint32_t value); /* if not NULL; may call chip_leave */
    uint32_t (*on_read)(uint32_t offset, uint32_t value);
    sigjmp_buf out;
} fake_chip_t;

extern fake_chip_t chip;

/* A chip without a past, its memory 0; also a setup of CMocka. */
int chip_reset(void **state);

/* From a hook: ends what runs under CHIP_RUN. */
_Noreturn void chip_leave(void);

/* From now on an instruction that only the core has ends what runs under CHIP_RUN. */
void chip_catch_traps(void);

/* Runs something that may never return. Each use must be the only one of its function's frame that
 * is active. */
#define CHIP_RUN(end_, call_)                                                                      \
    do {                                                                                           \
        chip_catch_traps();                                                                        \
        (end_) = (chip_end_t)sigsetjmp(chip.out, 1);                                               \
        if ((end_) == CHIP_RETURNED) {                                                             \
            call_;                                                                                 \
        }                                                                                          \
    } while (0)

/* The word of the core's memory at an address. */
uint32_t *chip_word(uint32_t address);

/* Fails unless exactly these writes were made since the last reset or look. */
void chip_expect(const chip_write_t *want, uint32_t n);

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        const chip_write_t want_[] = {__VA_ARGS__};                                                \
        chip_expect(want_, sizeof want_ / sizeof want_[0]);                                        \
    } while (0)

#endif
