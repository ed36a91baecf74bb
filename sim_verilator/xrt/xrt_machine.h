/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel as hw_emu's simulator runs it: Verilated shell and Verilated chip (wired as in
 * mr_xrt_kernel.sv), the chip's DRAM, and the card's memory.
 *
 * One thread. A fault (DRAM rule, assertion, an AXI request that no memory can serve, a register
 * access without an answer) stops the machine: every later call fails.
 */
#ifndef MR_SIM_XRT_MACHINE_H
#define MR_SIM_XRT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mr_xrt_machine mr_xrt_machine_t;

/* Powers it up and runs it through reset, with a memory of zeros at base; NULL: out of memory. */
mr_xrt_machine_t *mr_xrt_machine_create(uint64_t memory_base, uint32_t memory_bytes);
void mr_xrt_machine_destroy(mr_xrt_machine_t *m);

/* One access to the kernel's AXI4-Lite slave at a multiple of 4 below 0x10000. False: error
 * response or fault; a read then gave the data that came with it, or 0. */
bool mr_xrt_machine_read(mr_xrt_machine_t *m, uint16_t offset, uint32_t *value);
bool mr_xrt_machine_write(mr_xrt_machine_t *m, uint16_t offset, uint32_t value);

/* The card's memory, as the host's DMA reaches it. False, NULL: not all n bytes are in it. */
bool mr_xrt_machine_store(mr_xrt_machine_t *m, uint64_t addr, const void *bytes, size_t n);
const uint8_t *mr_xrt_machine_load(const mr_xrt_machine_t *m, uint64_t addr, size_t n);

/* Runs so many clocks. */
void mr_xrt_machine_run(mr_xrt_machine_t *m, uint32_t clocks);

uint64_t mr_xrt_machine_clocks(const mr_xrt_machine_t *m);

/* One line about the first fault; NULL: none. */
const char *mr_xrt_machine_fault(const mr_xrt_machine_t *m);

#endif
