/* SPDX-License-Identifier: Apache-2.0 */
/* The Verilated mr_xrt_shell behind C functions. */
#ifndef MR_SIM_XRT_DUT_H
#define MR_SIM_XRT_DUT_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_axi_pins.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Inputs that the simulator drives; those of the memory are in mr_axi_pins_t. */
typedef struct {
    bool reset;
    bool read, write; /* of the AXI4-Lite slave; addr and data belong to them */
    uint16_t addr;
    uint32_t data;
    bool req_ready, rsp_valid, rsp_error, irq; /* the chip's */
    uint32_t rsp_data;
} mr_xrt_in_t;

typedef struct {
    bool read_ready, write_ready;
    bool read_valid, write_valid; /* responses; taken at once */
    bool error;
    uint32_t data;
    bool req_valid, req_write;
    uint32_t req_addr, req_data;
} mr_xrt_out_t;

void *mr_xrt_dut_open(void); /* NULL: out of memory */
void mr_xrt_dut_close(void *dut);
/* Settles with these inputs; fills out and the master's side of pins. */
void mr_xrt_dut_settle(void *dut, const mr_xrt_in_t *in, mr_axi_pins_t *pins, mr_xrt_out_t *out);
/* The clock edge; false: an assertion failed. */
bool mr_xrt_dut_edge(void *dut);

#ifdef __cplusplus
}
#endif

#endif
