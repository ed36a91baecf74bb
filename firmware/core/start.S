# SPDX-License-Identifier: Apache-2.0
# The image's header, reset code and interrupt entry of the firmware on the control core.
#include "image.h"
.include "custom.inc"

# What the boot ROM checks (image.h), then the fixed address of all interrupts.
.section .header, "a"
    .word MR_IMAGE_MAGIC
    .word MR_IMAGE_VERSION
    .word mr_core_image_bytes
    .word mr_core_start

# Interrupts are not nested: one place for the registers, and a stack of their own. Ordinary ones save what C may
# change; faults save everything and do not return.
.section .vector, "ax"
.type mr_core_vector, @function
mr_core_vector:
    setq x2, ra
    setq x3, sp
    la ra, mr_core_regs
    sw t0, 16(ra)
    sw t1, 20(ra)
    sw t2, 24(ra)
    sw a0, 36(ra)
    sw a1, 40(ra)
    sw a2, 44(ra)
    sw a3, 48(ra)
    sw a4, 52(ra)
    sw a5, 56(ra)
    sw a6, 60(ra)
    sw a7, 64(ra)
    sw t3, 108(ra)
    sw t4, 112(ra)
    sw t5, 116(ra)
    sw t6, 120(ra)
    getq t0, x2
    sw t0, 0(ra)
    sw sp, 4(ra)
    la sp, mr_core_irq_stack
    getq a0, x1
    andi t0, a0, MR_IRQ_FAULTS
    bnez t0, .Lfault
    call mr_core_interrupt
    bnez a0, .Llate_fault
    la ra, mr_core_regs
    lw t0, 16(ra)
    lw t1, 20(ra)
    lw t2, 24(ra)
    lw a0, 36(ra)
    lw a1, 40(ra)
    lw a2, 44(ra)
    lw a3, 48(ra)
    lw a4, 52(ra)
    lw a5, 56(ra)
    lw a6, 60(ra)
    lw a7, 64(ra)
    lw t3, 108(ra)
    lw t4, 112(ra)
    lw t5, 116(ra)
    lw t6, 120(ra)
    getq sp, x3
    getq ra, x2
    retirq

# A fault that the handler found: its cause is in a0.
.Llate_fault:
    mv a1, a0
    la ra, mr_core_regs
    getq a0, x1
    j .Lfault_rest
.Lfault:
    li a1, 0
.Lfault_rest:
    sw gp, 8(ra)
    sw tp, 12(ra)
    sw s0, 28(ra)
    sw s1, 32(ra)
    sw s2, 68(ra)
    sw s3, 72(ra)
    sw s4, 76(ra)
    sw s5, 80(ra)
    sw s6, 84(ra)
    sw s7, 88(ra)
    sw s8, 92(ra)
    sw s9, 96(ra)
    sw s10, 100(ra)
    sw s11, 104(ra)
    getq a2, x0
    call mr_core_fault
    j .
.size mr_core_vector, . - mr_core_vector

.section .text.mr_core_start, "ax"
.global mr_core_start
.type mr_core_start, @function
mr_core_start:
    la sp, mr_core_stack
    la a0, mr_core_bss_begin
    la a1, mr_core_bss_end
1:
    sw zero, 0(a0)
    sw zero, 4(a0)
    sw zero, 8(a0)
    sw zero, 12(a0)
    addi a0, a0, 16
    bltu a0, a1, 1b
    call mr_core_main
    j .
.size mr_core_start, . - mr_core_start
