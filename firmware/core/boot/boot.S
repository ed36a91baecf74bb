# SPDX-License-Identifier: Apache-2.0
# Reset of the control core: a stack below the crash record at the end of the SRAM, then boot.c. All interrupts are masked.
#include "../image.h"

.section .reset, "ax"
.global mr_boot_reset
.type mr_boot_reset, @function
mr_boot_reset:
    li a0, MR_CORE_BUS + 0x2000     # core.CAPS
    lw a0, 0(a0)
    srli a0, a0, 16                 # sram_kb
    slli a0, a0, 10
    li a1, MR_CORE_SRAM - MR_CORE_CRASH_BYTES
    add a0, a0, a1
    mv sp, a0
    call mr_boot_main
    j .
.size mr_boot_reset, . - mr_boot_reset
