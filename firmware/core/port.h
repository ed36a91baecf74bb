/* SPDX-License-Identifier: Apache-2.0 */
/* The control core's hardware, for the firmware that runs on it: registers of block core,
 * interrupts, time. Where the registers are not memory (MR_MMIO_DIRECT is not defined), as in unit
 * tests, whoever links this gives the three functions that reach the hardware.
 *
 * One thread and an interrupt handler (start.S, fault.c) that shares nothing with it but the
 * registers. Time is in clocks of the chip.
 */
#ifndef MR_CORE_PORT_H
#define MR_CORE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "millrace/regs.h"
#include "millrace/status.h"

#ifdef MR_MMIO_DIRECT

/* Reads and writes a register of block core. */
static inline uint32_t mr_core_read(uint32_t offset) {
    return *(const volatile uint32_t *)(MR_CORE_BUS + MR_CORE_BASE + offset);
}

static inline void mr_core_write(uint32_t offset, uint32_t value) {
    *(volatile uint32_t *)(MR_CORE_BUS + MR_CORE_BASE + offset) = value;
}

/* Sets which interrupts are masked (bit n: line n); returns what was. */
static inline uint32_t mr_core_mask(uint32_t masked) {
    uint32_t was;
    __asm__ volatile(".insn r 0x0b, 6, 3, %0, %1, x0" : "=r"(was) : "r"(masked) : "memory");
    return was;
}

#else

uint32_t mr_core_read(uint32_t offset);
void mr_core_write(uint32_t offset, uint32_t value);
uint32_t mr_core_mask(uint32_t masked);

#endif

/* Clocks since the chip's reset; never goes back. Not from the interrupt handler: the high word
 * latches. */
uint64_t mr_core_tick(void);

/* The low word of it; from anywhere. */
static inline uint32_t mr_core_clock(void) {
    return mr_core_read(MR_CORE_TIMER_LO_OFFSET);
}

/* Tells the watchdog that the firmware lives. */
static inline void mr_core_kick(void) {
    mr_core_write(MR_CORE_WDOG_KICK_OFFSET, MR_CORE_WDOG_KICK_KICK_MASK);
}

/* Lets `cycles` clocks pass; from 256 on the core sleeps, and the host's bell or something in the
 * hub ends it early. */
mr_status_t mr_core_wait(uint32_t cycles);

/* Sleeps until the host rings, the hub has something, or `cycles` are over. */
void mr_core_sleep(uint32_t cycles);

/* Whether the host rang since the last call. */
bool mr_core_rang(void);

/* ---- fault.c ---- */

#define MR_CORE_GUARD_WORDS 4u

/* Writes the guard words of both stacks. */
void mr_core_guards_set(void);

/* Whether a guard word was overwritten; *which: 0 the main stack's, 1 the interrupt stack's. */
bool mr_core_guards_hurt(uint32_t *which);

/* Where the log ring is, for the crash record: set once by main. entries is a power of 2; *head
 * counts entries written. */
typedef struct {
    const uint32_t *words; /* 4 an entry: clock, id, a, b */
    uint32_t entries;
    const uint32_t *head;
} mr_core_log_t;

void mr_core_fault_init(const mr_core_log_t *log, const uint32_t *steps);

/* Of main.c, called by the crash handler before it copies the log. */
void mr_core_last_words(uint32_t cause, uint32_t pc);

/* Ends the firmware: leaves a crash record {cause of CRASH_CAUSE, detail}, rings the host and
 * stops. The watchdog then brings the boot ROM back. */
_Noreturn void mr_core_die(uint32_t cause, uint32_t detail);

/* ---- uart.c ---- */

/* Text for the console: sent by mr_core_console_step as the UART takes it. The text before is cut
 * off. */
void mr_core_console_print(const char *text);
void mr_core_console_step(void);

#endif
