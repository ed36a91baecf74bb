/* SPDX-License-Identifier: Apache-2.0 */
/* Trace records: what changed in a device, clock by clock. Simulated devices give them.
 *
 * Records come in the order of their cycles. A record's state holds from its cycle to the next
 * record of the same kind and unit. Jobs are named by {slot, pos}.
 */
#ifndef MR_TRACE_H
#define MR_TRACE_H

#include <stdint.h>

typedef enum {
    MR_TRACE_TILE,   /* unit: the tile; its state, and from MR_TRACE_ISSUE on its job */
    MR_TRACE_QUEUED, /* unit: the tile; a job is complete in one of its input buffers */
    MR_TRACE_BUS,    /* unit: the group; its network carries a message of this job (SEND: payload is
                        under way, ASK: before) or nothing (OFF). tag: the sender's node */
    MR_TRACE_LINK,   /* unit: the group; a message of this job went into its link */
    MR_TRACE_ARRIVED, /* unit: the group; a message of this job came out of the link to it and asks
                         for the network */
    MR_TRACE_REFUSED, /* likewise, but its destination has no room */
    MR_TRACE_LEFT,    /* likewise; the network took it */
    MR_TRACE_INJECT,  /* unit 0; the hub has this job and waits for the network */
    MR_TRACE_RESULT,  /* unit 0; the network gives the hub a message of this job */
    MR_TRACE_RESULT_END, /* unit 0; that message is there in full */
} mr_trace_kind_t;

/* What a tile does. If several units work, the first of these in the order GEMV, ATTEND, DPU, TOPK,
 * VEC, APPEND, KV_WAIT, then SEND and its waits. */
typedef enum {
    MR_TRACE_OFF,     /* no job is here */
    MR_TRACE_TAKE,    /* a job is here, none runs yet */
    MR_TRACE_ISSUE,   /* a job runs, no unit works: the sequencer is between descriptors */
    MR_TRACE_GEMV,    /* weights stream through the dot-product unit */
    MR_TRACE_DPU,     /* a GEMV before its first and behind its last product */
    MR_TRACE_ATTEND,  /* ATTEND works */
    MR_TRACE_VEC,     /* the vector unit works */
    MR_TRACE_TOPK,    /* TOP_K works */
    MR_TRACE_APPEND,  /* KV_APPEND */
    MR_TRACE_KV_WAIT, /* ATTEND waits for KV data */
    MR_TRACE_ASK,     /* SEND: the network is deciding on it */
    MR_TRACE_WAIT,    /* SEND waits for the network, which carries other messages */
    MR_TRACE_BLOCKED, /* SEND waits for room at its destination */
    MR_TRACE_SEND,    /* SEND: payload is on its way */
    MR_TRACE_TILE_STATES
} mr_trace_state_t;

typedef struct {
    uint64_t cycle;
    uint32_t pos;
    uint16_t unit;
    uint16_t pc;   /* TILE: of the running descriptor when the record was made */
    uint8_t kind;  /* mr_trace_kind_t */
    uint8_t state; /* TILE, BUS: mr_trace_state_t */
    uint8_t tag;   /* TILE: of the descriptor issued last (tile_isa.md section 2); BUS: see there */
    uint8_t slot;
} mr_trace_record_t;

typedef void (*mr_trace_sink_t)(void *ctx, const mr_trace_record_t *record);

#endif
