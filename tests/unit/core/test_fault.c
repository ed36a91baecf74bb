/* SPDX-License-Identifier: Apache-2.0 */
/* The control core's interrupt handler: guards, and the crash record of each cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_chip.h"
#include "millrace/crash.h"
#include "millrace/crc.h"

#define CODE (MR_CORE_SRAM + 0x100u) /* where the instruction lies that trapped */
#define ENTRIES 32u

extern uint32_t mr_core_guard[];
extern uint32_t mr_core_irq_guard[];
extern uint32_t mr_core_regs[];

uint32_t mr_core_interrupt(uint32_t taken);
_Noreturn void mr_core_fault(uint32_t taken, uint32_t cause, uint32_t back);

static uint32_t log_words[4u * ENTRIES];
static uint32_t log_put;
static uint32_t steps;
static uint32_t last_cause;
static uint32_t last_pc;

void mr_core_last_words(uint32_t cause, uint32_t pc) {
    last_cause = cause;
    last_pc = pc;
}

/* The last thing that a dying core does. */
static void leave_at_bell(uint32_t offset, uint32_t value) {
    if (offset == MR_CORE_HOST_BELL_OFFSET) {
        assert_int_equal(value, MR_CORE_HOST_BELL_RING_MASK);
        chip_leave();
    }
}

static int setup(void **state) {
    const mr_core_log_t log = {log_words, ENTRIES, &log_put};
    chip_reset(state);
    chip.on_write = leave_at_bell;
    mr_core_guards_set();
    mr_core_fault_init(&log, &steps);
    log_put = 0;
    for (uint32_t i = 0; i < 4u * ENTRIES; i++) {
        log_words[i] = 1000u + i;
    }
    for (uint32_t i = 0; i < MR_CRASH_REGS; i++) {
        mr_core_regs[i] = 7u * i;
    }
    return 0;
}

static const mr_crash_t *record(void) {
    return (const mr_crash_t *)(const void *)chip_word(MR_CORE_SRAM + CHIP_SRAM_KB * 1024u -
                                                       MR_CRASH_BYTES);
}

/* What is the same for every cause. */
static const mr_crash_t *expect_record(uint32_t cause, uint32_t detail, uint32_t pc,
                                       uint32_t taken) {
    const mr_crash_t *r = record();
    assert_int_equal(r->magic, MR_CRASH_MAGIC);
    assert_int_equal(r->bytes, sizeof *r);
    assert_int_equal(r->cause, cause);
    assert_int_equal(r->detail, detail);
    assert_int_equal(r->pc, pc);
    assert_int_equal(r->irqs, taken);
    assert_int_equal(r->version, MR_IMAGE_VERSION);
    assert_int_equal(r->crc, mr_crc32(0, r, offsetof(mr_crash_t, crc)));
    for (uint32_t i = 0; i < MR_CRASH_REGS; i++) {
        assert_int_equal(r->regs[i], 7u * i);
    }
    assert_int_equal(last_cause, cause);
    assert_int_equal(last_pc, pc);
    EXPECT(WROTE(WDOG_KICK, MR_CORE_WDOG_KICK_KICK_MASK), WROTE(CRASH_PC, pc),
           WROTE(CRASH_CAUSE, cause), WROTE(HOST_BELL, MR_CORE_HOST_BELL_RING_MASK));
    return r;
}

static void fault(uint32_t taken, uint32_t cause, uint32_t back) {
    chip_end_t end;
    CHIP_RUN(end, mr_core_fault(taken, cause, back));
    assert_int_equal(end, CHIP_LEFT);
}

/* ---- guards and interrupts ---- */

static void test_guards__each_word(void **state) {
    uint32_t which = 9;
    assert_false(mr_core_guards_hurt(&which));
    for (uint32_t i = 0; i < 2u * MR_CORE_GUARD_WORDS; i++) {
        setup(state);
        const uint32_t irq = i / MR_CORE_GUARD_WORDS;
        (irq != 0 ? mr_core_irq_guard : mr_core_guard)[i % MR_CORE_GUARD_WORDS] ^= 1u;
        assert_true(mr_core_guards_hurt(&which));
        assert_int_equal(which, irq);
        assert_int_equal(mr_core_interrupt(0), MR_CORE_CRASH_CAUSE_STACK);
    }
}

static void test_interrupt__timer_goes_on(void **state) {
    (void)state;
    chip.clock = 100;
    assert_int_equal(mr_core_interrupt(MR_IRQ_TIMER), MR_CORE_CRASH_CAUSE_NONE);
    EXPECT(WROTE(TIMER_CMP, 100u + 65536u));
    assert_int_equal(mr_core_interrupt(1u << 3), MR_CORE_CRASH_CAUSE_NONE);
    assert_int_equal(chip.n_writes, 0);
}

/* ---- causes ---- */

static void test_fault__illegal_instruction(void **state) {
    (void)state;
    chip_word(CODE)[0] = 0xABCD1234u;
    fault(MR_IRQ_ILLEGAL, 0, CODE + 4u);
    expect_record(MR_CORE_CRASH_CAUSE_ILLEGAL, 0x1234, CODE, MR_IRQ_ILLEGAL);
    fault(MR_IRQ_ILLEGAL, 0, (CODE + 4u) | 1u); /* behind a compressed one */
    expect_record(MR_CORE_CRASH_CAUSE_ILLEGAL, 0xABCD, CODE + 2u, MR_IRQ_ILLEGAL);
}

static void test_fault__misaligned(void **state) {
    (void)state;
    fault(MR_IRQ_ALIGN, 0, CODE + 4u);
    expect_record(MR_CORE_CRASH_CAUSE_MISALIGNED, 0, CODE, MR_IRQ_ALIGN);
}

static void test_fault__bus(void **state) {
    (void)state;
    REG(FAULT) = 0x1234561u;
    fault(MR_IRQ_BUS | MR_IRQ_TIMER, 0, CODE | 1u);
    expect_record(MR_CORE_CRASH_CAUSE_BUS, 0x1234561u, CODE, MR_IRQ_BUS | MR_IRQ_TIMER);
}

static void test_fault__watchdog(void **state) {
    (void)state;
    fault(MR_IRQ_WATCHDOG, 0, CODE);
    expect_record(MR_CORE_CRASH_CAUSE_WATCHDOG, 0, CODE, MR_IRQ_WATCHDOG);
}

static void test_fault__stack_of_the_interrupts(void **state) {
    (void)state;
    mr_core_irq_guard[1] = 0;
    fault(MR_IRQ_TIMER, MR_CORE_CRASH_CAUSE_STACK, CODE);
    expect_record(MR_CORE_CRASH_CAUSE_STACK, 1, CODE, MR_IRQ_TIMER);
}

/* ---- what else is in the record ---- */

static void test_record__time_and_rounds(void **state) {
    (void)state;
    steps = 4711;
    chip.clock = 12;
    REG(TIMER_HI) = 34;
    fault(MR_IRQ_WATCHDOG, 0, CODE);
    assert_int_equal(record()->tick[0], 12);
    assert_int_equal(record()->tick[1], 34);
    assert_int_equal(record()->steps, 4711);
}

/* None, some, a log that is longer than the record's, one that has gone round. */
static void test_record__newest_events(void **state) {
    static const uint32_t puts[] = {0, 5, MR_CRASH_EVENTS, 20, 40};
    for (size_t i = 0; i < sizeof puts / sizeof puts[0]; i++) {
        setup(state);
        log_put = puts[i];
        const uint32_t n = log_put < MR_CRASH_EVENTS ? log_put : MR_CRASH_EVENTS;
        fault(MR_IRQ_WATCHDOG, 0, CODE);
        assert_int_equal(record()->n_events, n);
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t *e = &log_words[(log_put - n + k) % ENTRIES * 4u];
            assert_memory_equal(&record()->events[k], e, sizeof record()->events[k]);
        }
    }
}

/* Before main has said where log and rounds are. */
static void test_record__without_a_log(void **state) {
    const mr_core_log_t none = {NULL, 0, NULL};
    (void)state;
    mr_core_fault_init(&none, NULL);
    fault(MR_IRQ_WATCHDOG, 0, CODE);
    assert_int_equal(expect_record(MR_CORE_CRASH_CAUSE_WATCHDOG, 0, CODE, MR_IRQ_WATCHDOG)->steps,
                     0);
    assert_int_equal(record()->n_events, 0);
}

/* By way of ebreak. What it was called with stays, so this is the last test. */
static void test_die__cause_of_the_caller(void **state) {
    chip_end_t end;
    (void)state;
    CHIP_RUN(end, mr_core_die(MR_CORE_CRASH_CAUSE_ASSERT, 77));
    assert_int_equal(end, CHIP_TRAPPED);
    assert_int_equal(chip.n_writes, 0);
    fault(MR_IRQ_ILLEGAL, 0, (CODE + 2u) | 1u);
    expect_record(MR_CORE_CRASH_CAUSE_ASSERT, 77, CODE, MR_IRQ_ILLEGAL);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
    const struct CMUnitTest tests[] = {
        T(test_guards__each_word),
        T(test_interrupt__timer_goes_on),
        T(test_fault__illegal_instruction),
        T(test_fault__misaligned),
        T(test_fault__bus),
        T(test_fault__watchdog),
        T(test_fault__stack_of_the_interrupts),
        T(test_record__time_and_rounds),
        T(test_record__newest_events),
        T(test_record__without_a_log),
        T(test_die__cause_of_the_caller),
    };
    return cmocka_run_group_tests_name("core fault", tests, NULL, NULL);
}
