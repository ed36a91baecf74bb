/* SPDX-License-Identifier: Apache-2.0 */
/* Makes trace records of what the trace ports of tiles, groups and root show in each clock.
 *
 * In each clock, with all outputs settled: begin, then every group, every tile, the root. A port
 * that has not changed costs a comparison. Fields of the ports: chip_trace.c. One thread.
 */
#ifndef MR_SIM_CHIP_TRACE_H
#define MR_SIM_CHIP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/trace.h"

enum { MR_CHIP_TRACE_GROUPS = 16, MR_CHIP_TRACE_TILES = 256 };

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t port[3];
    uint8_t state;
    bool seen;
    bool refused; /* its present SEND has found no room */
} mr_chip_trace_tile_t;

typedef struct {
    uint64_t port;
    uint8_t state;
    uint8_t node; /* the sender of the message offered or carried */
    bool offers;  /* a message is offered or carried */
    bool refuses; /* in this clock */
    bool to_hub;  /* the message carried is a result */
    bool in_asks; /* a message came in by the link and asks */
    bool in_refused;
    uint8_t in_slot;
    uint32_t in_pos;
    uint8_t slot;
    uint32_t pos;
} mr_chip_trace_group_t;

/* Read nothing, write nothing. */
typedef struct {
    mr_trace_sink_t sink;
    void *ctx;
    uint32_t tiles; /* of a group */
    uint64_t cycle;
    mr_chip_trace_tile_t tile[MR_CHIP_TRACE_TILES];
    mr_chip_trace_group_t group[MR_CHIP_TRACE_GROUPS];
} mr_chip_trace_t;

/* Everything is taken to be at rest: what is not gives records in the first clock. tiles: of a
 * group. */
void mr_chip_trace_init(mr_chip_trace_t *self, uint32_t tiles, mr_trace_sink_t sink, void *ctx);

void mr_chip_trace_begin(mr_chip_trace_t *self, uint64_t cycle);

/* mr_group's trace_o; groups come before tiles. */
void mr_chip_trace_group(mr_chip_trace_t *self, uint32_t group, uint64_t port);

/* mr_tile's trace_o, 84 bits. */
void mr_chip_trace_tile(mr_chip_trace_t *self, uint32_t tile, const uint32_t port[3]);

/* mr_root's trace_o. */
void mr_chip_trace_root(mr_chip_trace_t *self, uint64_t port);

#ifdef __cplusplus
}
#endif

#endif
