/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that assembly, boot ROM and firmware share: the image's header and the interrupt lines.
 *
 * Image: little-endian words {magic, version, bytes, entry address}, from byte 16 the code of all
 * interrupts (PROGADDR_IRQ of the core), then anything. bytes counts from the header and is a
 * multiple of 4.
 */
#ifndef MR_CORE_IMAGE_H
#define MR_CORE_IMAGE_H

#define MR_IMAGE_MAGIC 0x5746524D   /* "MRFW" */
#define MR_IMAGE_VERSION 0x00010000 /* of the host protocol: major in 31:16, minor in 15:0 */
#define MR_IMAGE_HEADER_WORDS 4

#define MR_CORE_SRAM 0x10000000 /* where the image lies and runs */
#define MR_CORE_BUS 0x20000000  /* the chip's registers */
#define MR_CORE_CRASH_BYTES 512 /* at the end of the SRAM, kept over a reset */

/* Interrupt lines: PicoRV32's own, and the faults among those of the core block (regs.h, IRQ). All
 * others stay masked: the main loop asks for them. */
#define MR_IRQ_ILLEGAL 0x02  /* illegal instruction, ebreak, ecall */
#define MR_IRQ_ALIGN 0x04    /* misaligned access */
#define MR_IRQ_TIMER 0x10    /* TIMER_CMP was reached */
#define MR_IRQ_WATCHDOG 0x40 /* a quarter of its time is left */
#define MR_IRQ_BUS 0x80      /* an access was answered with an error */
#define MR_IRQ_FAULTS (MR_IRQ_ILLEGAL | MR_IRQ_ALIGN | MR_IRQ_WATCHDOG | MR_IRQ_BUS)

#endif
