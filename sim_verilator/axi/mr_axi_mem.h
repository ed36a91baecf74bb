/* SPDX-License-Identifier: Apache-2.0 */
/* AXI4 memory model for one ID: random latency, random and dependent READY, random errors.
 *
 * A write takes effect when its data is complete or only when its response goes out; a read takes
 * its data when it is accepted or only when the words go out (by chance each): a master that does
 * not wait for responses between a write and a read of the same bytes reads the wrong data here.
 */
#ifndef MR_SIM_VERILATOR_AXI_MR_AXI_MEM_H
#define MR_SIM_VERILATOR_AXI_MR_AXI_MEM_H

#include <stddef.h>

#include "mr_axi_pins.h"

/* How READY comes: alone, AW after WVALID, W after AW, after its VALID, AW after all of W. */
typedef enum {
    MR_AXI_MEM_FREE,
    MR_AXI_MEM_AW_AFTER_WVALID,
    MR_AXI_MEM_W_AFTER_AW,
    MR_AXI_MEM_AFTER_VALID,
    MR_AXI_MEM_AW_AFTER_WLAST,
    MR_AXI_MEM_STYLES
} mr_axi_mem_style_t;

typedef struct {
    mr_axi_mem_style_t style;
    unsigned ar_pct, aw_pct, w_pct;    /* chance of READY */
    unsigned r_pct, b_pct;             /* chance that the next response goes out */
    unsigned latency_min, latency_max; /* clocks from the request to its response */
    unsigned error_per_1000;           /* of a response that is not OKAY */
    unsigned odd_per_1000;             /* of a response with a wrong ID or LAST */
} mr_axi_mem_mode_t;

typedef struct {
    bool r, r_bad, b, b_bad, odd;
    uint64_t b_addr;
} mr_axi_mem_event_t; /* responses taken in the last clock */

typedef struct mr_axi_mem mr_axi_mem_t;

/* A memory of size bytes (all zero) at base with words of word bytes; NULL without memory. */
mr_axi_mem_t *mr_axi_mem_new(uint64_t base, uint32_t size, uint32_t word, uint64_t seed);
void mr_axi_mem_free(mr_axi_mem_t *mem);
void mr_axi_mem_mode(mr_axi_mem_t *mem, const mr_axi_mem_mode_t *mode);
/* Sends a response that nobody asked for in the next clock without another one. */
void mr_axi_mem_spurious(mr_axi_mem_t *mem, bool read);
/* Sets the slave's side of pins for this clock, after the master's registered outputs. */
void mr_axi_mem_drive(mr_axi_mem_t *mem, mr_axi_pins_t *pins);
/* The clock edge. Returns NULL, or what the master did that no memory can serve. */
const char *mr_axi_mem_clock(mr_axi_mem_t *mem, const mr_axi_pins_t *pins,
                             mr_axi_mem_event_t *event);
/* Requests without a response, reads and writes. */
unsigned mr_axi_mem_waiting(const mr_axi_mem_t *mem);
const uint8_t *mr_axi_mem_bytes(const mr_axi_mem_t *mem);
/* The host's way into the memory: n bytes at addr, between two clocks. False: not all of them are
 * in it; nothing was written. */
bool mr_axi_mem_write(mr_axi_mem_t *mem, uint64_t addr, const void *bytes, size_t n);

#endif
