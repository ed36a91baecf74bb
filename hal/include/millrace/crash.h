/* SPDX-License-Identifier: Apache-2.0 */
/* Crash record: what the firmware on the control core leaves behind when it dies.
 *
 * It lies in the last MR_CRASH_BYTES of the core's SRAM, which a core reset keeps, so that it is
 * found without a living firmware: at MR_CORE_SRAM_BASE + 1024 CAPS.sram_kb - MR_CRASH_BYTES. Valid
 * when `magic` and `crc` say so; the host clears `magic` before it boots an image. Layout:
 * little-endian words, fixed; a change goes with MR_CRASH_MAGIC.
 */
#ifndef MR_CRASH_H
#define MR_CRASH_H

#include <stdint.h>

#define MR_CRASH_MAGIC 0x31485243u /* "CRH1" */
#define MR_CRASH_BYTES 512u
#define MR_CRASH_REGS 31u
#define MR_CRASH_EVENTS 16u

typedef struct {
    uint32_t time; /* clock, low 32 bits */
    uint32_t id;
    uint32_t a;
    uint32_t b;
} mr_crash_event_t;

typedef struct {
    uint32_t magic;
    uint32_t bytes;  /* of this record */
    uint32_t cause;  /* core.CRASH_CAUSE (regs.h) */
    uint32_t detail; /* BUS: core.FAULT; ASSERT: the status that nobody handles, as mr_status_t;
                        STACK: 0 main, 1 interrupt */
    uint32_t pc;   /* of the instruction; BUS, STACK, WATCHDOG: the next one when it was noticed */
    uint32_t irqs; /* interrupts taken, bit n line n */
    uint32_t tick[2];                         /* clocks since the chip's reset, low word first */
    uint32_t version;                         /* of the image (host protocol) */
    uint32_t steps;                           /* rounds of the main loop */
    uint32_t regs[MR_CRASH_REGS];             /* x1..x31 */
    uint32_t n_events;                        /* valid ones */
    mr_crash_event_t events[MR_CRASH_EVENTS]; /* newest last */
    uint32_t crc;                             /* CRC-32 (IEEE) of all words before it */
} mr_crash_t;

_Static_assert(sizeof(mr_crash_t) <= MR_CRASH_BYTES, "the record has its fixed place");

#endif
