/* SPDX-License-Identifier: Apache-2.0 */
/* The Verilated serial bridge behind C functions. One thread. */
#ifndef MR_SIM_SERIAL_DUT_H
#define MR_SIM_SERIAL_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    bool rx; /* level of the line to the bridge */
    bool req_ready, rsp_valid, rsp_error, irq;
    uint32_t rsp_data;
} mr_serial_in_t;

typedef struct {
    bool tx; /* level of the line from the bridge */
    bool busy, rx_open, work, req_valid, req_write;
    uint32_t req_addr, req_data;
} mr_serial_out_t;

typedef struct mr_serial_dut mr_serial_dut_t;

/* Out of reset; NULL: memory is short. */
mr_serial_dut_t *mr_serial_dut_create(void);
void mr_serial_dut_destroy(mr_serial_dut_t *self);

/* The bridge's outputs, all of them registers or functions of registers. */
void mr_serial_dut_look(const mr_serial_dut_t *self, mr_serial_out_t *out);

/* One clock with these inputs. */
void mr_serial_dut_clock(mr_serial_dut_t *self, const mr_serial_in_t *in);

#ifdef __cplusplus
}
#endif

#endif
