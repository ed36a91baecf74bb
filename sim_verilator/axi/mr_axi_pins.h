/* SPDX-License-Identifier: Apache-2.0 */
/* The signals of an AXI4 port in one clock, for the model, the checker and the bench. Data up to 64
 * bytes. */
#ifndef MR_SIM_VERILATOR_AXI_MR_AXI_PINS_H
#define MR_SIM_VERILATOR_AXI_MR_AXI_PINS_H

#include <stdbool.h>
#include <stdint.h>

enum { MR_AXI_BYTES = 64 };

typedef struct {
    bool valid, ready;
    uint8_t id, len, size, burst;
    uint16_t rest; /* lock (bit 0), cache (4:1), prot (7:5), qos (11:8) */
    uint64_t addr;
} mr_axi_addr_t;

typedef struct {
    bool valid, ready, last;
    uint8_t id, resp;
    uint64_t strb;
    uint8_t data[MR_AXI_BYTES];
} mr_axi_data_t;

typedef struct {
    mr_axi_addr_t ar, aw;
    mr_axi_data_t r, w, b;
} mr_axi_pins_t;

#endif
