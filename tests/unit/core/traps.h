/* SPDX-License-Identifier: Apache-2.0 */
/* Before every source of the control core that is compiled for this host: what the core traps at
 * (ebreak) and what leaves the boot ROM (jr) is an illegal instruction here, which fake_chip.c
 * catches. */
#ifndef MR_TEST_CORE_TRAPS_H
#define MR_TEST_CORE_TRAPS_H

#if defined(__x86_64__)
#define MR_TEST_ILLEGAL "ud2"
#else
#define MR_TEST_ILLEGAL ".inst 0" /* aarch64 */
#endif

__asm__(".macro ebreak\n" MR_TEST_ILLEGAL "\n.endm\n"
        ".macro jr to:vararg\n" MR_TEST_ILLEGAL "\n.endm\n");

#endif
