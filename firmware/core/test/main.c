/* SPDX-License-Identifier: Apache-2.0 */
/* An image for tests: start code, interrupt handler and crash record of the firmware, and a main
 * that goes wrong in the way that the word at mr_core_free (SHARED has its offset) says. The word
 * behind it counts the rounds of its loop. */
#include "millrace/crash.h"
#include "port.h"

/* What to do; the test writes it. */
enum {
    DO_NOTHING,
    DO_ILLEGAL,
    DO_MISALIGN,
    DO_BUS,       /* a load where nothing is */
    DO_HANG,      /* no sign of life any more */
    DO_DEEP_HANG, /* the same with all interrupts masked */
    DO_OVERFLOW,  /* the stack grows into its guard */
    DO_ASSERT,
    DO_LOG,  /* fills the log */
    DO_TRAP, /* ebreak with all interrupts masked: the core stops */
    DO_SLEEP /* for 20000 clocks, then counts on */
};

#define LOG_ENTRIES 32u

extern volatile uint32_t mr_core_free[];
extern uint32_t mr_core_guard[];

void mr_core_main(void);

static uint32_t steps;
static uint32_t log_put;
static uint32_t log_words[4u * LOG_ENTRIES];

void mr_core_last_words(uint32_t cause, uint32_t pc) {
    (void)cause;
    (void)pc;
}

static void fill_log(void) {
    for (; log_put < LOG_ENTRIES + 3u; log_put++) {
        uint32_t *e = &log_words[4u * (log_put % LOG_ENTRIES)];
        e[0] = mr_core_clock();
        e[1] = 1;
        e[2] = log_put;
        e[3] = ~log_put;
    }
}

static void obey(uint32_t what) {
    switch (what) {
    case DO_ILLEGAL:
        __asm__ volatile("li s3, 0x1234\n .half 0\n" ::: "s3");
        break;
    case DO_MISALIGN:
        __asm__ volatile("lw zero, 2(%0)" : : "r"(MR_CORE_SRAM));
        break;
    case DO_BUS:
        (void)*(volatile uint32_t *)(MR_CORE_BUS + 0x00FFFFFC);
        break;
    case DO_HANG:
        for (;;) {
        }
    case DO_DEEP_HANG:
        (void)mr_core_mask(UINT32_MAX);
        for (;;) {
        }
    case DO_OVERFLOW:
        mr_core_guard[1] = 0;
        break;
    case DO_ASSERT:
        mr_core_die(MR_CORE_CRASH_CAUSE_ASSERT, 77);
    case DO_LOG:
        fill_log();
        break;
    case DO_TRAP:
        (void)mr_core_mask(UINT32_MAX);
        __asm__ volatile("ebreak");
        break;
    case DO_SLEEP:
        (void)mr_core_wait(20000);
        break;
    default:
        break;
    }
}

void mr_core_main(void) {
    const mr_core_log_t log = {.words = log_words, .entries = LOG_ENTRIES, .head = &log_put};
    mr_core_guards_set();
    mr_core_fault_init(&log, &steps);
    mr_core_free[0] = DO_NOTHING;
    mr_core_write(MR_CORE_WAKE_OFFSET, MR_CORE_WAKE_BELL_MASK | MR_CORE_WAKE_TIMER_MASK);
    (void)mr_core_mask(~(uint32_t)(MR_IRQ_FAULTS | MR_IRQ_TIMER));
    mr_core_write(MR_CORE_TIMER_CMP_OFFSET, mr_core_clock() + 4096u);
    mr_core_write(MR_CORE_TIMER_CTRL_OFFSET, MR_CORE_TIMER_CTRL_ENABLE_MASK);
    mr_core_write(MR_CORE_SHARED_OFFSET, (uint32_t)(uintptr_t)mr_core_free - MR_CORE_SRAM);
    mr_core_write(MR_CORE_BOOT_STATE_OFFSET, MR_CORE_BOOT_STATE_RUNNING);
    for (;;) {
        const uint32_t what = mr_core_free[0];
        mr_core_kick();
        steps++;
        mr_core_free[1] = steps;
        if (what != DO_NOTHING) {
            mr_core_free[0] = DO_NOTHING;
            obey(what);
        }
    }
}
