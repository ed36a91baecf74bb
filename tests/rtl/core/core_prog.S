/* SPDX-License-Identifier: Apache-2.0 */
/* What the control core's bench runs on the core: a boot ROM that waits for a command word in the SRAM, does it, leaves results behind
 * MAIL + 0x20 and clears the word; and code in the SRAM: the interrupt vector, and a function.
 *
 * Commands (MAIL): see tb_core.cpp. Arguments at MAIL + 4, MAIL + 8.
 */
#define SRAM 0x10000000
#define MAIL 0x10000800
#define OUT (MAIL + 0x20)
#define SEEN (MAIL + 0x200) /* written by the interrupt: pending lines, all that were, how often */
#define BUS 0x20000000
#define CORE (BUS + 0x2000)

/* PicoRV32's own instructions. */
#define q0 0
#define q1 1
.macro getq rd qs
    .insn r 0x0b, 4, 0, \rd, \qs, x0
.endm
.macro setq_t0_to_q2
    .insn r 0x0b, 2, 1, x2, x5, x0
.endm
.macro retirq
    .insn r 0x0b, 0, 2, x0, x0, x0
.endm
.macro maskirq rd rs
    .insn r 0x0b, 6, 3, \rd, \rs, x0
.endm

    .option norelax
    .section .rom, "ax"
    .globl _start
_start:
    li   s0, MAIL
    li   s1, OUT
    li   s2, CORE
    li   s3, SEEN
    lw   t0, 12(s0) /* how often the ROM started */
    addi t0, t0, 1
    sw   t0, 12(s0)
wait:
    lw   t0, 0(s0)
    beqz t0, wait
    lw   a0, 4(s0)
    lw   a1, 8(s0)
    la   t1, table
    slli t0, t0, 2
    add  t1, t1, t0
    lw   t1, 0(t1)
    jalr t1
done:
    sw   x0, 0(s0)
    j    wait

    .align 2
table:
    .word done, memory, arithmetic, registers, bad_load, bad_store, illegal, illegal_irq, misaligned, wait_irq, sleep, hang, hammer
    .word copy, jump, uart_send, uart_take, bell_host, ebreak_irq, spin_store

/* 1: loads and stores of all sizes, from SRAM and ROM. */
memory:
    li   t0, 0x11223344
    sw   t0, 0(s1)
    sw   x0, 4(s1)
    sw   x0, 8(s1)
    li   t0, 0xA1B2C3D4
    sb   t0, 4(s1)
    sb   t0, 7(s1)
    sh   t0, 10(s1)
    lb   t1, 4(s1)
    sw   t1, 12(s1)
    lbu  t1, 7(s1)
    sw   t1, 16(s1)
    lh   t1, 10(s1)
    sw   t1, 20(s1)
    lhu  t1, 10(s1)
    sw   t1, 24(s1)
    lhu  t1, 0(s1)
    sw   t1, 28(s1)
    la   t0, constants
    lw   t1, 0(t0)
    sw   t1, 32(s1)
    lbu  t1, 5(t0)
    sw   t1, 36(s1)
    lh   t1, 6(t0)
    sw   t1, 40(s1)
    ret

/* 2: multiply, divide, shifts; a0, a1. */
arithmetic:
    mul  t0, a0, a1
    sw   t0, 0(s1)
    mulh t0, a0, a1
    sw   t0, 4(s1)
    mulhu t0, a0, a1
    sw   t0, 8(s1)
    div  t0, a0, a1
    sw   t0, 12(s1)
    remu t0, a0, a1
    sw   t0, 16(s1)
    sra  t0, a0, a1
    sw   t0, 20(s1)
    sll  t0, a0, a1
    sw   t0, 24(s1)
    ret

/* 3: chip registers; the clocks that 4 of their reads take. */
registers:
    li   t0, BUS
    lw   t1, 0(t0) /* ID */
    sw   t1, 0(s1)
    lbu  t1, 1(t0)
    sw   t1, 4(s1)
    sw   a0, 0x40(t0) /* SCRATCH */
    lw   t1, 0x40(t0)
    sw   t1, 8(s1)
    lw   t1, 0(s2) /* core.CAPS */
    sw   t1, 12(s1)
    lw   t1, 0x40(s2)
    lw   t2, 0x40(t0)
    lw   t2, 0x40(t0)
    lw   t2, 0x40(t0)
    lw   t2, 0x40(s2)
    sub  t2, t2, t1
    sw   t2, 16(s1)
    lw   t1, 0x44(s2) /* TIMER_HI */
    sw   t1, 20(s1)
    li   t0, BUS + 0x80000 + 0x800 + 0x20 /* the SRAM, the long way */
    lw   t1, 0(t0)
    sw   t1, 24(s1)
    sw   a1, 28(t0)
    ret

/* 4: load from a0. */
bad_load:
    lw   t0, 0(a0)
    sw   t0, 0(s1)
    ret

/* 5: store to a0, a byte if a1 is 1. */
bad_store:
    bnez a1, 1f
    sw   s0, 0(a0)
    ret
1:  sb   s0, 0(a0)
    ret

/* 6: illegal instruction with its interrupt masked. */
illegal:
    .word 0
    ret

/* 7: the same with the interrupt on. */
illegal_irq:
    li   t0, ~2
    maskirq x0, t0
    .word 0xFFFFFFFF
    nop
    nop
    li   t0, -1
    maskirq x0, t0
    ret

/* 18: ebreak with the interrupt on. */
ebreak_irq:
    li   t0, ~2
    maskirq x0, t0
    ebreak
    nop
    li   t0, -1
    maskirq x0, t0
    ret

/* 8: misaligned load. */
misaligned:
    lw   t0, 2(s1)
    ret

/* 9: interrupts a0 on until one has come; counts meanwhile. a1: TIMER_CMP is set to so many clocks from now. */
wait_irq:
    sw   x0, 0(s3)
    beqz a1, 1f
    lw   t0, 0x40(s2)
    add  t0, t0, a1
    sw   t0, 0x48(s2)
    li   t1, 1
    sw   t1, 0x4C(s2)
1:  not  t0, a0
    maskirq x0, t0
    li   t1, 0
2:  addi t1, t1, 1
    lw   t0, 0(s3)
    beqz t0, 2b
    li   t2, -1
    maskirq x0, t2
    sw   t0, 0(s1)
    sw   t1, 4(s1)
    ret

/* 10: sleep with WAKE = a0; clocks slept. */
sleep:
    sw   a0, 0x5C(s2)
    li   t2, 1
    lw   t0, 0x40(s2)
    sw   t2, 0x60(s2)
    lw   t1, 0x40(s2)
    sub  t1, t1, t0
    sw   t1, 0(s1)
    ret

/* 11: watchdog of a0 clocks, its warning's interrupt on if a1; never comes back. */
hang:
    sw   a0, 0x50(s2)
    beqz a1, 1f
    li   t0, ~0x40
    maskirq x0, t0
1:  j    1b

/* 12: a0 times: SCRATCH written and read back; counts what is wrong, and the longest read. */
hammer:
    li   t0, BUS
    li   t2, 0
    li   t4, 0
1:  sw   a0, 0x40(t0)
    lw   t1, 0x40(t0)
    beq  t1, a0, 2f
    addi t2, t2, 1
2:  addi t4, t4, 1
    sw   t4, 4(s1)
    addi a0, a0, -1
    bnez a0, 1b
    sw   t2, 0(s1)
    ret

/* 13: a1 words copied from SRAM offset a0 to behind them, by bytes, half words, words in turn. */
copy:
    li   t0, SRAM
    add  a0, a0, t0
    slli t3, a1, 2
    add  t1, a0, t3
1:  lbu  t0, 0(a0)
    sb   t0, 0(t1)
    lbu  t0, 1(a0)
    sb   t0, 1(t1)
    lhu  t0, 2(a0)
    sh   t0, 2(t1)
    lw   t0, 4(a0)
    sw   t0, 4(t1)
    addi a0, a0, 8
    addi t1, t1, 8
    addi a1, a1, -2
    bnez a1, 1b
    ret

/* 14: jump to a0 with a1; what comes back. */
jump:
    sw   ra, 4(s1)
    mv   t5, ra
    mv   t6, a0
    mv   a0, a1
    jalr t6
    sw   a0, 0(s1)
    jr   t5

/* 15: a1 bytes a0, a0 + 1, ... to the UART, UART_DIV set before by the host. */
uart_send:
    lui  t1, 0x10
1:  andi t0, a0, 255
    or   t0, t0, t1
    sw   t0, 0x70(s2)
    addi a0, a0, 1
    addi a1, a1, -1
    bnez a1, 1b
    ret

/* 16: takes a0 received bytes. */
uart_take:
    mv   t3, s1
    lui  t2, 0x20
1:  lw   t0, 0x74(s2)
    srli t0, t0, 8
    andi t0, t0, 31
    beqz t0, 1b
    lw   t0, 0x70(s2)
    srli t0, t0, 8
    sw   t0, 0(t3)
    sw   t2, 0x70(s2)
    addi t3, t3, 4
    addi a0, a0, -1
    bnez a0, 1b
    ret

/* 17: ring the host. */
bell_host:
    li   t0, 1
    sw   t0, 0x3C(s2)
    ret

/* 19: counts in the SRAM until told to stop (a word a0 behind MAIL). */
spin_store:
    add  a0, a0, s0
    li   t1, 0
1:  addi t1, t1, 1
    sw   t1, 0(s1)
    lw   t0, 0(a0)
    beqz t0, 1b
    sw   t1, 4(s1)
    ret

    .align 2
constants:
    .word 0xCAFEBABE, 0x8001FF7F

    .section .sram, "ax"
    .option norvc
    j    far
    .org 0x10
    /* Interrupt: notes its lines, quiets timer and bell. t5 and t6 are its own here. */
    .option rvc
vector:
    li   t6, SEEN
    getq t5, x1
    sw   t5, 0(t6)
    sw   t5, 12(t6)
    lw   t5, 4(t6)
    addi t5, t5, 1
    sw   t5, 4(t6)
    getq t5, x0
    sw   t5, 8(t6)
    lw   t5, 0(t6)
    andi t5, t5, 0x10
    beqz t5, 1f
    li   t6, CORE
    sw   x0, 0x4C(t6)
1:  li   t6, SEEN
    lw   t5, 0(t6)
    andi t5, t5, 8
    beqz t5, 2f
    li   t6, CORE
    li   t5, 2
    sw   t5, 0x38(t6)
2:  li   t6, SEEN
    lw   t5, 0(t6)
    andi t5, t5, 0x80
    beqz t5, 3f
    li   t6, CORE
    li   t5, 1
    sw   t5, 0x0C(t6)
3:  li   t6, SEEN
    lw   t5, 0(t6)
    andi t5, t5, 0x40
    bnez t5, 4f
    retirq
4:  j    4b /* the watchdog warns: wait for it */
    .align 1
far:
    addi a0, a0, 3
    slli a0, a0, 1
    ret
