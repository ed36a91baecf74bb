/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: many users' requests on a loaded device.
 *
 * A request runs in a KV slot. Requests come in by slot (mr_sched_submit) or through the queue
 * (mr_sched_enqueue), which gives out slots in the order of arrival and only when the pages that a
 * request can ever need are there, so that a user admitted never runs out of them; each slot's KV
 * quota is set to that. A prompt that starts like one that runs shares its whole pages of 32
 * positions (FORK) instead of running them again.
 *
 * Tokens of a prompt follow one another through the stages; slots take turns, at most `chunk`
 * prompt tokens in a row while another slot has something to inject. Jobs in flight stay within the
 * route's window. Where the device has a token loop (millrace/loop.h), greedy requests decode
 * in it and the scheduler only reads their tokens; in a window smaller than the number of slots a
 * user leaves the loop after `quantum` tokens, so that the others get their turn.
 *
 * A reader that does not take a token stops its own slot only. What the slot ran on in the meantime
 * is cut off again and done anew. No heap: all storage is the caller's. One thread. Nothing waits
 * without a bound.
 *
 * Faults: a tile that makes no progress is given up by its own watchdog, or by the scheduler after
 * stall_cycles of silence; the requests whose jobs meet it end with MR_END_ERROR, detail 8, the
 * others go on. When a link goes down, whose messages are lost, all requests that pass it end with
 * MR_END_ERROR, detail 9, within 300,000 cycles of the last result. mr_sched_fault tells which.
 * Where a tile that was given up has lost jobs, which the scheduler takes for granted after
 * stall_cycles of silence, their slots get no other request, since their results may come after
 * all: what is submitted to such a slot ends with MR_END_ERROR, detail 8, and what waits in the
 * queue when no other slot is left is dropped with MR_END_ERROR. Pages are given back as ever; the
 * device works again after a soft reset, a load (mr_load) and mr_sched_init.
 */
#ifndef MR_SCHED_H
#define MR_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/route.h"
#include "millrace/sampler.h"
#include "millrace/status.h"

#define MR_SCHED_STOPS_MAX 16u
#define MR_SCHED_SLOTS_MAX 256u

/* Why a request ended. */
typedef enum {
    MR_END_STOP,     /* a stop token was drawn (it is reported as a token first) */
    MR_END_LENGTH,   /* max_tokens are made, or the context is full */
    MR_END_CANCEL,   /* mr_sched_cancel */
    MR_END_ERROR,    /* a job failed; detail is its status (tile_isa.md section 4) */
    MR_END_DEADLINE, /* the request's deadline passed */
    MR_END_REFUSED,  /* its KV cache can never fit, or does not fit now (config's `refuse`) */
} mr_end_t;

/* What happens to a request. Called from mr_sched_step; may not call the scheduler except
 * mr_sched_cancel and mr_sched_cancel_user. */
typedef struct {
    /* Logits of position pos (n = vocabulary), valid during the call; only for positions that the
     * request wants them of. May be NULL. */
    void (*logits)(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n);
    /* A token was drawn; it will stand at position pos. false: not now; it is told again in a later
     * step, and the slot goes no further until it is taken. */
    bool (*token)(void *ctx, uint32_t slot, uint32_t pos, uint32_t token);
    /* The request is over and its pages are free again. */
    void (*end)(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail);
    void *ctx;
    /* A queued request got a slot. May be NULL. */
    void (*start)(void *ctx, uint32_t slot, uint32_t user);
    /* A queued request ended without a slot: cancelled, too late, refused, or none is left after a
     * fault. Needed for the queue. */
    void (*drop)(void *ctx, uint32_t user, mr_end_t why);
} mr_sched_events_t;

typedef struct {
    const uint32_t *prompt; /* the caller's until the end event */
    uint32_t n_prompt;      /* 1..context */
    uint32_t max_tokens;    /* tokens to draw; 0: only the prompt is run (scoring) */
    mr_sampling_t sampling;
    const uint32_t *stops; /* the caller's until the end event */
    uint32_t n_stops;      /* 0..MR_SCHED_STOPS_MAX */
    uint32_t user;         /* the caller's name for it */
    uint64_t deadline;     /* device cycle at which it ends; 0: none. Looked at every 16 steps */
    bool prompt_logits;    /* logits event for every position of the prompt */
    bool token_logits;     /* logits event for every position a token is drawn from */
    bool stepwise; /* every token through firmware: nothing of the slot is in flight when a token
                      is told */
} mr_request_t;

#define MR_SCHED_NO_SLOT UINT32_MAX

/* One slot; read nothing, write nothing. */
typedef struct {
    /* the request */
    const uint32_t *prompt;
    const uint32_t *stops;
    uint32_t n_prompt;
    uint32_t max_tokens;
    uint32_t user;
    uint8_t n_stops;
    bool prompt_logits;
    bool token_logits;
    bool stepwise;
    uint64_t deadline;
    mr_sampler_t sampler;
    /* where it is */
    bool active;
    bool ending;
    bool starting; /* quota and shared prefix are still to come */
    bool armed;    /* in the token loop */
    bool held;     /* the reader did not take held_token */
    bool lost;     /* tokens behind held_token were dropped */
    bool rewind;   /* cut back to `known` before the next job */
    uint8_t why;   /* mr_end_t */
    uint16_t detail;
    uint16_t in_flight;
    uint16_t pages;    /* that the request can need */
    uint16_t quota;    /* set in the device; 0: the device's own */
    uint32_t next_pos; /* position to inject next */
    uint32_t known;    /* positions whose token is known */
    uint32_t done;     /* positions whose job is back */
    uint32_t last;     /* token drawn last */
    uint32_t drawn;
    uint32_t held_token;
    uint32_t held_pos;
    uint32_t serial;     /* of the request */
    uint32_t share_slot; /* whose prefix is shared, or MR_SCHED_NO_SLOT */
    uint32_t share_serial;
    uint32_t share_len;
} mr_slot_t;

/* Some of the slots. */
typedef struct {
    uint32_t word[MR_SCHED_SLOTS_MAX / 32u];
} mr_slot_set_t;

typedef struct {
    const mr_mmio_t *mmio;
    const mr_route_t *route;
    mr_slot_t *slots;
    uint32_t n_slots;      /* 1..CAPS_KV.slots, at most MR_SCHED_SLOTS_MAX */
    float *logits;         /* room for the vocabulary */
    uint32_t *order;       /* the same */
    uint32_t stall_cycles; /* a device silent for so many cycles with jobs waiting or in flight has
                              hung */
    mr_sched_events_t events;
    mr_request_t *queue; /* n_queue entries; NULL: no queue */
    uint32_t n_queue;
    uint32_t max_pages; /* of one request from the queue; 0: all that there are */
    bool refuse;        /* a request whose pages are not free is refused instead of waiting */
    uint32_t chunk;     /* prompt tokens of a slot in a row; 0: 1 */
    uint32_t quantum;   /* tokens in the loop in a row, see above; 0: 16 */
    /* Cycles since any moment, modulo 2^32, where mmio's wait may return early; NULL: a wait takes
     * as long as it says. */
    uint32_t (*now)(void *ctx); /* gets events.ctx */
} mr_sched_config_t;

typedef enum {
    MR_FAULT_NONE,
    MR_FAULT_TILE,    /* tile `index` was given up while it worked for `slot` */
    MR_FAULT_LINK,    /* the link from group `index` to the next one went down */
    MR_FAULT_MESSAGE, /* a message of a job of `slot` never came, and no tile is at fault */
} mr_fault_kind_t;

typedef struct {
    mr_fault_kind_t kind;
    uint32_t index;
    uint32_t slot;
} mr_fault_t;

/* Read nothing, write nothing. */
typedef struct {
    mr_sched_config_t cfg;
    uint32_t in_flight;
    uint32_t turn;
    uint32_t streak;    /* prompt tokens that slot `turn` injected in a row */
    uint64_t silent;    /* cycles since the last result */
    uint32_t silent_at; /* cfg.now() when `silent` was counted last */
    uint32_t serial;
    uint32_t steps;
    uint32_t queue_head;
    uint32_t queue_count;
    mr_fault_t fault;
    bool cut;            /* a link that all jobs pass is down */
    bool probed;         /* the next two are known */
    uint32_t loop_slots; /* that the device's token loop knows */
    uint32_t total_pages;
    /* So that a step looks only at slots where there is something to do. */
    mr_slot_set_t active;
    mr_slot_set_t ready; /* those that can inject, and some that can not any more */
    mr_slot_set_t starting;
    mr_slot_set_t held;
    mr_slot_set_t ending;
    mr_slot_set_t barred; /* whose jobs were lost */
    uint32_t n_barred;
    bool prepare_due; /* something that a starting slot waits for may have happened */
    uint32_t n_active;
    uint32_t n_timed; /* active ones with a deadline */
} mr_sched_t;

/* @return MR_OK; MR_RANGE: the prompt is empty or longer than the context, a token is outside the
 * vocabulary, the sampling is out of range, or there are too many stop tokens. */
MR_NODISCARD mr_status_t mr_request_check(const mr_request_t *r, const mr_route_t *route);

/* @return MR_OK; MR_ARG: a pointer is missing or n_slots is out of range. */
MR_NODISCARD mr_status_t mr_sched_init(mr_sched_t *self, const mr_sched_config_t *cfg);

/* Takes a request into a free slot.
 * @return MR_OK; MR_STATE: the slot is in use; MR_RANGE: no such slot, or as mr_request_check;
 * nothing was touched. */
MR_NODISCARD mr_status_t mr_sched_submit(mr_sched_t *self, uint32_t slot, const mr_request_t *r);

/* Puts a request into the queue; start and end, or drop, follow.
 * @return MR_OK; MR_ARG: there is no queue or no drop event; MR_BUSY: the queue is full; MR_RANGE
 * as above; nothing was touched. */
MR_NODISCARD mr_status_t mr_sched_enqueue(mr_sched_t *self, const mr_request_t *r);

/* Who is in a slot that is in use; valid from the start to the end event. */
uint32_t mr_sched_user(const mr_sched_t *self, uint32_t slot);

/* The first fault of the device since mr_sched_init. */
const mr_fault_t *mr_sched_fault(const mr_sched_t *self);

/* Ends the requests of a user, in a slot or in the queue. */
void mr_sched_cancel_user(mr_sched_t *self, uint32_t user);

/* Ends a request as soon as its jobs in flight are back; the end event follows. */
void mr_sched_cancel(mr_sched_t *self, uint32_t slot);

/* Injects what can go in and handles one result, if there is one.
 * @param[out] busy false when no request is left
 * @return MR_OK; MR_TIMEOUT: the device hangs, and no tile is at fault; MR_DEVICE: from the device,
 * or a result that no job in flight can have; MR_IO: from the device. */
MR_NODISCARD mr_status_t mr_sched_step(mr_sched_t *self, bool *busy);

#endif
