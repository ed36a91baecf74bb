/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt handler behind start.S: the timer's look at the stacks, and faults, which leave a
 * crash record. */
#include <stddef.h>

#include "millrace/crash.h"
#include "millrace/crc.h"
#include "port.h"

#define GUARD 0x57A6C0DEu
#define RUN_CYCLES 65536u /* between two looks at the stacks while the main loop is busy */

/* core.ld */
extern uint32_t mr_core_guard[];
extern uint32_t mr_core_irq_guard[];

/* x1..x31 as start.S saved them. */
uint32_t mr_core_regs[MR_CRASH_REGS];

static mr_core_log_t log_ring;
static const uint32_t *rounds;

/* What mr_core_die was called with; cause 0: it was not. */
static uint32_t die_cause;
static uint32_t die_detail;

uint32_t mr_core_interrupt(uint32_t taken);
_Noreturn void mr_core_fault(uint32_t taken, uint32_t cause, uint32_t back);

void mr_core_fault_init(const mr_core_log_t *log, const uint32_t *steps) {
    log_ring = *log;
    rounds = steps;
}

/* ---- guards ---- */

void mr_core_guards_set(void) {
    for (uint32_t i = 0; i < MR_CORE_GUARD_WORDS; i++) {
        mr_core_guard[i] = GUARD;
        mr_core_irq_guard[i] = GUARD;
    }
}

bool mr_core_guards_hurt(uint32_t *which) {
    uint32_t main_bad = 0;
    uint32_t irq_bad = 0;
    for (uint32_t i = 0; i < MR_CORE_GUARD_WORDS; i++) {
        main_bad |= mr_core_guard[i] ^ GUARD;
        irq_bad |= mr_core_irq_guard[i] ^ GUARD;
    }
    *which = main_bad != 0 ? 0u : 1u;
    return (main_bad | irq_bad) != 0;
}

/* ---- crash record ---- */

static mr_crash_t *record(void) {
    const uint32_t kb = mr_core_read(MR_CORE_CAPS_OFFSET) >> MR_CORE_CAPS_SRAM_KB_SHIFT;
    return (mr_crash_t *)(MR_CORE_SRAM + kb * 1024u - MR_CRASH_BYTES);
}

/* The newest events of the log, oldest of them first. */
static void copy_events(mr_crash_t *r) {
    const uint32_t put = log_ring.head != NULL ? *log_ring.head : 0;
    const uint32_t most = put < log_ring.entries ? put : log_ring.entries;
    r->n_events = most < MR_CRASH_EVENTS ? most : MR_CRASH_EVENTS;
    for (uint32_t i = 0; i < r->n_events; i++) {
        const uint32_t *e =
            &log_ring.words[4u * ((put - r->n_events + i) & (log_ring.entries - 1u))];
        r->events[i] = (mr_crash_event_t){.time = e[0], .id = e[1], .a = e[2], .b = e[3]};
    }
}

/* Writes the record, tells the host, and stops for good: the watchdog brings the boot ROM. */
static _Noreturn void stop(uint32_t cause, uint32_t detail, uint32_t pc, uint32_t taken) {
    mr_crash_t *r = record();
    mr_core_kick(); /* time enough to write it down */
    r->magic = 0;
    r->bytes = sizeof *r;
    r->cause = cause;
    r->detail = detail;
    r->pc = pc;
    r->irqs = taken;
    r->tick[0] = mr_core_read(MR_CORE_TIMER_LO_OFFSET);
    r->tick[1] = mr_core_read(MR_CORE_TIMER_HI_OFFSET);
    r->version = MR_IMAGE_VERSION;
    r->steps = rounds != NULL ? *rounds : 0;
    for (uint32_t i = 0; i < MR_CRASH_REGS; i++) {
        r->regs[i] = mr_core_regs[i];
    }
    mr_core_last_words(cause, pc);
    copy_events(r);
    r->magic = MR_CRASH_MAGIC;
    r->crc = mr_crc32(0, r, offsetof(mr_crash_t, crc));
    mr_core_write(MR_CORE_CRASH_PC_OFFSET, pc);
    mr_core_write(MR_CORE_CRASH_CAUSE_OFFSET, cause);
    mr_core_write(MR_CORE_HOST_BELL_OFFSET, MR_CORE_HOST_BELL_RING_MASK);
    for (;;) {
    }
}

/* By way of an interrupt, which saves the registers. */
_Noreturn void mr_core_die(uint32_t cause, uint32_t detail) {
    die_cause = cause;
    die_detail = detail;
    for (;;) {
        __asm__ volatile("ebreak" ::: "memory");
    }
}

/* ---- interrupts ---- */

/* Lines that are no fault. Returns a cause when it found one. */
uint32_t mr_core_interrupt(uint32_t taken) {
    uint32_t which;
    if ((taken & MR_IRQ_TIMER) != 0) {
        mr_core_write(MR_CORE_TIMER_CMP_OFFSET, mr_core_clock() + RUN_CYCLES);
    }
    return mr_core_guards_hurt(&which) ? MR_CORE_CRASH_CAUSE_STACK : MR_CORE_CRASH_CAUSE_NONE;
}

/* back: where the interrupt would return to, bit 0 set behind a compressed instruction. */
_Noreturn void mr_core_fault(uint32_t taken, uint32_t cause, uint32_t back) {
    const uint32_t next = back & ~1u;
    const uint32_t at = next - ((back & 1u) != 0 ? 2u : 4u);
    uint32_t detail = 0;
    if (cause == MR_CORE_CRASH_CAUSE_STACK) {
        (void)mr_core_guards_hurt(&detail);
    } else if (die_cause != MR_CORE_CRASH_CAUSE_NONE) {
        stop(die_cause, die_detail, at, taken);
    } else if ((taken & MR_IRQ_ILLEGAL) != 0) {
        stop(MR_CORE_CRASH_CAUSE_ILLEGAL, *(const uint16_t *)at, at, taken);
    } else if ((taken & MR_IRQ_ALIGN) != 0) {
        stop(MR_CORE_CRASH_CAUSE_MISALIGNED, 0, at, taken);
    } else if ((taken & MR_IRQ_BUS) != 0) {
        cause = MR_CORE_CRASH_CAUSE_BUS;
        detail = mr_core_read(MR_CORE_FAULT_OFFSET);
    } else {
        cause = MR_CORE_CRASH_CAUSE_WATCHDOG;
    }
    stop(cause, detail, next, taken);
}
