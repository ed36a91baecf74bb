/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: prefill and decode for one slot and up on a loaded device.
 *
 * Tokens of a prompt follow one another through the stages; a slot's next token enters as soon as
 * it is known; slots take turns, so that a long prompt does not hold up the others; jobs in flight
 * stay within the placement's window. No heap: all storage is the caller's. One thread. Nothing
 * waits without a bound.
 */
#ifndef MR_SCHED_H
#define MR_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/place.h"
#include "millrace/sampler.h"
#include "millrace/status.h"

#define MR_SCHED_STOPS_MAX 16u

/* Why a request ended. */
typedef enum {
    MR_END_STOP,   /* a stop token was drawn (it is reported as a token first) */
    MR_END_LENGTH, /* max_tokens are made, or the context is full */
    MR_END_CANCEL, /* mr_sched_cancel */
    MR_END_ERROR,  /* the device refused a job; detail is its status (tile_isa.md section 4) */
} mr_end_t;

/* What happens to a request. Called from mr_sched_step; may not call the scheduler except
 * mr_sched_cancel. */
typedef struct {
    /* Logits of position pos (n = vocabulary), valid during the call; only for positions that the
     * request wants them of. */
    void (*logits)(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n);
    /* A token was drawn; it will stand at position pos. */
    void (*token)(void *ctx, uint32_t slot, uint32_t pos, uint32_t token);
    /* The request is over and its pages are free again. */
    void (*end)(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail);
    void *ctx;
} mr_sched_events_t;

typedef struct {
    const uint32_t *prompt; /* the caller's until the end event */
    uint32_t n_prompt;      /* 1..context */
    uint32_t max_tokens;    /* tokens to draw; 0: only the prompt is run (scoring) */
    mr_sampling_t sampling;
    bool prompt_logits; /* logits event for every position of the prompt */
    bool token_logits;  /* logits event for every position a token is drawn from */
    uint32_t stops[MR_SCHED_STOPS_MAX];
    uint32_t n_stops;
} mr_request_t;

/* One slot; read nothing, write nothing. */
typedef struct {
    bool active;
    bool ending;
    mr_end_t why;
    uint32_t detail;
    mr_request_t request;
    mr_sampler_t sampler;
    uint32_t next_pos; /* position to inject next */
    uint32_t known;    /* positions whose token is known */
    uint32_t last;     /* token drawn last */
    uint32_t drawn;
    uint32_t in_flight;
} mr_slot_t;

typedef struct {
    const mr_mmio_t *mmio;
    const mr_placement_t *placement;
    mr_slot_t *slots;
    uint32_t n_slots;      /* 1..CAPS_KV.slots */
    float *logits;         /* vocab_pad values */
    uint32_t *order;       /* vocab_pad values */
    uint32_t stall_cycles; /* a device silent for so many cycles with jobs waiting or in flight has
                              hung */
    mr_sched_events_t events;
} mr_sched_config_t;

typedef struct {
    mr_sched_config_t cfg;
    uint32_t in_flight;
    uint32_t turn;
    uint64_t silent; /* cycles since the last result */
} mr_sched_t;

/* @return MR_OK; MR_ARG: a pointer is missing or n_slots is out of range. */
MR_NODISCARD mr_status_t mr_sched_init(mr_sched_t *self, const mr_sched_config_t *cfg);

/* Takes a request into a free slot.
 * @return MR_OK; MR_STATE: the slot is in use; MR_RANGE: prompt empty or longer than the context, a
 * token outside the vocabulary, sampling out of range; nothing was touched. */
MR_NODISCARD mr_status_t mr_sched_submit(mr_sched_t *self, uint32_t slot, const mr_request_t *r);

/* Ends a request as soon as its jobs in flight are back; the end event follows. */
void mr_sched_cancel(mr_sched_t *self, uint32_t slot);

/* Injects what can go in and handles one result, if there is one.
 * @param[out] busy false when no request is left
 * @return MR_OK; MR_TIMEOUT: the device hangs; MR_DEVICE: from the device, or a result that no job
 * in flight can have; MR_IO: from the device. */
MR_NODISCARD mr_status_t mr_sched_step(mr_sched_t *self, bool *busy);

#endif
