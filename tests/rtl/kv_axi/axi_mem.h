/* SPDX-License-Identifier: Apache-2.0 */
/* AXI4 memory model for one ID: random latency, random and dependent READY, random errors.
 *
 * A write takes effect when its data is complete or only when its response goes out; a read takes
 * its data when it is accepted or only when the words go out (by chance each): a master that does
 * not wait for responses between a write and a read of the same bytes reads the wrong data here.
 */
#ifndef MR_TESTS_RTL_KV_AXI_AXI_MEM_H
#define MR_TESTS_RTL_KV_AXI_AXI_MEM_H

#include "axi_pins.h"

/* How READY comes: alone, AW after WVALID, W after AW, after its VALID, AW after all of W. */
typedef enum {
    AXI_MEM_FREE,
    AXI_MEM_AW_AFTER_WVALID,
    AXI_MEM_W_AFTER_AW,
    AXI_MEM_AFTER_VALID,
    AXI_MEM_AW_AFTER_WLAST,
    AXI_MEM_STYLES
} axi_mem_style_t;

typedef struct {
    axi_mem_style_t style;
    unsigned ar_pct, aw_pct, w_pct;    /* chance of READY */
    unsigned r_pct, b_pct;             /* chance that the next response goes out */
    unsigned latency_min, latency_max; /* clocks from the request to its response */
    unsigned error_per_1000;           /* of a response that is not OKAY */
    unsigned odd_per_1000;             /* of a response with a wrong ID or LAST */
} axi_mem_mode_t;

typedef struct {
    bool r, r_bad, b, b_bad, odd;
    uint64_t b_addr;
} axi_mem_event_t; /* responses taken in the last clock */

typedef struct axi_mem axi_mem_t;

/* A memory of size bytes (all zero) at base with words of word bytes; NULL without memory. */
axi_mem_t *axi_mem_new(uint64_t base, uint32_t size, uint32_t word, uint64_t seed);
void axi_mem_free(axi_mem_t *mem);
void axi_mem_mode(axi_mem_t *mem, const axi_mem_mode_t *mode);
/* Sends a response that nobody asked for in the next clock without another one. */
void axi_mem_spurious(axi_mem_t *mem, bool read);
/* Sets the slave's side of pins for this clock, after the master's registered outputs. */
void axi_mem_drive(axi_mem_t *mem, axi_pins_t *pins);
/* The clock edge. Returns NULL, or what the master did that no memory can serve. */
const char *axi_mem_clock(axi_mem_t *mem, const axi_pins_t *pins, axi_mem_event_t *event);
/* Requests without a response, reads and writes. */
unsigned axi_mem_waiting(const axi_mem_t *mem);
const uint8_t *axi_mem_bytes(const axi_mem_t *mem);

#endif
