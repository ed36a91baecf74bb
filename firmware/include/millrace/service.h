/* SPDX-License-Identifier: Apache-2.0 */
/* Service: the scheduler behind the mailbox (millrace/mailbox.h), for the control core.
 *
 * The same code runs on the core and, for tests, in a host process over plain memory. One thread;
 * nothing of it may be called from an interrupt but mr_log. No heap: all storage is the caller's.
 * Whatever the host writes into the shared memory, the service touches nothing outside it.
 */
#ifndef MR_SERVICE_H
#define MR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/log_events.h"
#include "millrace/mailbox.h"
#include "millrace/mmio.h"
#include "millrace/sched.h"
#include "millrace/status.h"

#define MR_SERVICE_SLOTS 128u /* requests that run at once */
#define MR_SERVICE_QUEUE 16u  /* requests that wait for a slot */

/* Words of the rings; the log's entries. */
#define MR_SERVICE_TO_CORE_WORDS 1024u
#define MR_SERVICE_TO_HOST_WORDS 8192u
#define MR_SERVICE_LOG_ENTRIES 256u

/* What the service needs of its surroundings. */
typedef struct {
    /* The device's registers. wait() may return early, and does when the host rings: the service
     * has it to listen to. */
    const mr_mmio_t *chip;
    void *sram;                 /* what lies at SRAM offset 0, aligned to 4 */
    uint32_t work;              /* SRAM offset of free memory, a multiple of 4 and not 0 */
    uint32_t work_bytes;        /* its size; MR_SERVICE_WORK_MIN at least, the rest is the arena */
    uint32_t crash;             /* SRAM offset of the crash record; 0: none is kept */
    uint32_t firmware;          /* version, major << 16 | minor */
    uint32_t (*now)(void *ctx); /* clocks since any moment, modulo 2^32; NULL: waits are counted */
    void (*bell)(void *ctx);    /* rings the host's bell; NULL: there is none */
    void *ctx;
} mr_service_config_t;

/* Header, rings and log. */
#define MR_SERVICE_WORK_MIN                                                                        \
    ((uint32_t)sizeof(mr_mailbox_t) + 4u * (MR_SERVICE_TO_CORE_WORDS + MR_SERVICE_TO_HOST_WORDS) + \
     (uint32_t)sizeof(mr_mailbox_log_t) * MR_SERVICE_LOG_ENTRIES)

/* The event log's end; read nothing, write nothing. */
typedef struct {
    mr_mailbox_log_t *entries; /* NULL: what is logged is lost */
    uint32_t *put;
    uint32_t (*now)(void *ctx);
    void *ctx;
} mr_log_t;

/* Logs an event. May be called from an interrupt (an event may then overwrite another one that is
 * being written). */
void mr_log(mr_log_t *self, mr_log_id_t id, uint32_t a, uint32_t b);

/* What the host may have of a slot's tokens. */
typedef struct {
    uint32_t told;
    uint32_t limit; /* tokens that may be told */
    bool stepwise;
    bool sent; /* the last token of a stepwise request is told but not taken */
} mr_service_slot_t;

/* A request that waits for a slot. */
typedef struct {
    uint32_t tag;
    uint32_t credit;
    bool stepwise;
} mr_service_queued_t;

/* Read nothing, write nothing. Belongs into static storage. */
typedef struct {
    mr_service_config_t cfg;
    mr_mailbox_t *shared;
    uint32_t *in; /* words of the rings */
    uint32_t *out;
    mr_log_t log;
    mr_mailbox_state_t state;
    uint32_t version; /* agreed; 0: none yet */
    uint32_t in_got;  /* the firmware's ends of the rings, where the host cannot change them */
    uint32_t out_put;
    uint32_t token_until; /* a token may go out while out_put is not behind this */
    uint32_t out_rung;    /* out_put when the bell was rung last */
    uint32_t in_seq;
    uint32_t out_seq;
    uint32_t pool; /* SRAM offset of arena and logits */
    uint32_t pool_bytes;
    uint32_t arena_bytes;
    uint32_t shared_logits; /* SRAM offset */
    bool draining;
    bool logits_out; /* told, and not taken yet */
    bool full;       /* the ring to the host is */
    mr_fault_kind_t told_fault;
    mr_route_t route;
    mr_sched_t sched;
    mr_slot_t slot[MR_SERVICE_SLOTS];
    mr_request_t queue[MR_SERVICE_QUEUE];
    mr_service_slot_t user[MR_SERVICE_SLOTS];
    mr_service_queued_t waiting[MR_SERVICE_QUEUE];
    uint32_t n_waiting;
} mr_service_t;

/* Lays out the work memory and opens the mailbox. The header lies at SRAM offset cfg->work: it is
 * what goes into CORE_SHARED behind this.
 * @return MR_OK; MR_ARG: a pointer is missing, or work is no multiple of 4 or 0; MR_NO_SPACE:
 * work_bytes is too small; nothing was touched. */
MR_NODISCARD mr_status_t mr_service_init(mr_service_t *self, const mr_service_config_t *cfg);

/* One round: takes messages, one step of the scheduler, tells what happened. Never waits for the
 * host.
 * @return false: nothing to do until the host rings; the core may sleep. */
bool mr_service_step(mr_service_t *self);

/* The event log, for the core's own events; valid after mr_service_init. */
mr_log_t *mr_service_log(mr_service_t *self);

/* Tells the host that the firmware is about to stop (MR_MAILBOX_CRASHED); for the crash handler. */
void mr_service_crashed(mr_service_t *self);

#endif
