/* SPDX-License-Identifier: Apache-2.0 */
/* Splits the cycles of every token and every tile by what they went into, from trace records.
 *
 * A token is a job {slot, pos} on its way through the chip. It begins in the cycle in which the hub
 * has its job, and ends in the cycle in which the hub has the slot's next job if that comes after
 * its result, otherwise with its result. So the tokens of a user who decodes follow one another
 * without a gap. In each of its cycles a token is in one state: the first, in the order of
 * mr_split_order, of those that apply to it anywhere in the chip. So the clocks by state add up to
 * its latency exactly. Tokens that began before the records did are left out.
 *
 * Memory is taken in open alone. One thread.
 */
#ifndef MR_HOST_LIB_TRACE_SPLIT_H
#define MR_HOST_LIB_TRACE_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/status.h"
#include "millrace/trace.h"

/* States of a token: those of its tiles (mr_trace_state_t from MR_TRACE_ISSUE on), and: */
enum {
    MR_SPLIT_LINK = MR_TRACE_TILE_STATES, /* between groups */
    MR_SPLIT_QUEUED,                      /* in an input buffer, while the tile does other jobs */
    MR_SPLIT_HUB,                         /* at the hub, waiting for the network */
    MR_SPLIT_TURN,    /* at the hub: its result is there, the slot's next job is not */
    MR_SPLIT_TRANSIT, /* none of all these: in the registers and buffers of the network */
    MR_SPLIT_STATES
};

/* All token states, strongest first; MR_TRACE_OFF and MR_TRACE_TAKE are none. */
enum { MR_SPLIT_ORDER = MR_SPLIT_STATES - 2 };
extern const uint8_t mr_split_order[MR_SPLIT_ORDER];

/* What a token's cycles went into. */
typedef enum {
    MR_SPLIT_COMPUTE, /* units at work, and the sequencer between descriptors */
    MR_SPLIT_WEIGHTS, /* weights stream through the dot-product unit */
    MR_SPLIT_KV,      /* KV_APPEND, and ATTEND while it waits for KV data */
    MR_SPLIT_ON_CHIP, /* waiting for the network and going through it */
    MR_SPLIT_LINKS,
    MR_SPLIT_QUEUE,    /* behind other jobs: in input buffers, before full ones, at the hub */
    MR_SPLIT_SAMPLING, /* TOP_K, and from the result to the slot's next job */
    MR_SPLIT_PARTS
} mr_split_part_t;

extern const char *const mr_split_part_keys[MR_SPLIT_PARTS];

mr_split_part_t mr_split_part(uint32_t state);

/* Whether a state is unit or wire at work: what is left of a token without gaps and waits. */
bool mr_split_unavoidable(uint32_t state);

typedef struct {
    uint8_t slot;
    bool chained; /* it ended with the slot's next job */
    uint32_t pos;
    uint64_t begin;
    uint64_t end;
    uint64_t clocks[MR_SPLIT_STATES]; /* their sum is end - begin */
} mr_split_token_t;

typedef struct {
    uint32_t tiles;  /* 1..256, all groups */
    uint32_t groups; /* 1..16 */
    /* A token has ended; may be NULL. */
    void (*token)(void *ctx, const mr_split_token_t *token);
    void *ctx;
    /* A token was in a state from one cycle to another, which is later; may be NULL. Told up to the
     * token's end in order, without a gap. */
    void (*interval)(void *ctx, uint8_t slot, uint32_t pos, uint32_t state, uint64_t from,
                     uint64_t to);
} mr_split_config_t;

typedef struct mr_split mr_split_t;

/* @return MR_OK; MR_ARG: a number is out of range; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_split_open(const mr_split_config_t *config, mr_split_t **out);

/* NULL is allowed. */
void mr_split_close(mr_split_t *self);

/* Takes the next record: an mr_trace_sink_t with the split as ctx. */
void mr_split_record(void *self, const mr_trace_record_t *record);

/* Ends the tokens whose result is there. */
void mr_split_finish(mr_split_t *self);

/* Clocks of a tile by state since the last mark (or the first record) up to cycle, which is not
 * before the last record; their sum is exactly the time between. */
void mr_split_tile(const mr_split_t *self, uint32_t tile, uint64_t cycle,
                   uint64_t clocks[MR_TRACE_TILE_STATES]);

/* Clocks in which a group's network carried a message or decided on one, likewise. */
uint64_t mr_split_network(const mr_split_t *self, uint32_t group, uint64_t cycle);

/* Tiles and networks count from this cycle on, which is not before the last record. */
void mr_split_mark(mr_split_t *self, uint64_t cycle);

/* Tokens that were not followed because too many were on their way; 0 unless something is wrong. */
uint64_t mr_split_lost(const mr_split_t *self);

#endif
