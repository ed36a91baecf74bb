/* SPDX-License-Identifier: Apache-2.0 */
/* What the client's parts have of each other (internal). */
#ifndef MR_HOST_LIB_SESSION_CLIENT_PARTS_H
#define MR_HOST_LIB_SESSION_CLIENT_PARTS_H

#include "session/client.h"

/* Tokens that the firmware may be ahead of a reader. A power of two. */
#define MR_CLIENT_CREDIT 64u

typedef struct {
    uint32_t pos;
    uint32_t token;
} mr_client_token_t;

/* A request that the firmware has, or whose reader has not heard all of it yet. */
typedef struct {
    bool used;
    bool queued;  /* waits for START: through the queue */
    bool started; /* the firmware has told the slot */
    bool stepwise;
    bool cancelled; /* by the caller: nothing more is told but the end */
    bool over;      /* the firmware has ended it */
    mr_end_t why;
    uint32_t detail;
    uint32_t tag;
    uint32_t user;
    uint32_t slot;
    uint32_t order;  /* of its START among all */
    uint32_t offset; /* in the SRAM */
    uint32_t bytes;
    uint32_t told;                             /* tokens that the firmware has told */
    uint32_t taken;                            /* that the reader has taken */
    uint32_t limit;                            /* that the firmware may tell */
    mr_client_token_t token[MR_CLIENT_CREDIT]; /* taken..told - 1, modulo its size */
} mr_client_request_t;

#define MR_CLIENT_NONE UINT32_MAX

struct mr_client {
    mr_runner_t base;
    mr_mmio_t mmio;
    uint32_t at; /* SRAM offset of the header */
    mr_mailbox_t header;
    uint32_t put;       /* of the ring to the core */
    uint32_t published; /* `put` as the firmware knows it */
    uint32_t got;       /* of the ring to the host */
    uint32_t seq_out;
    uint32_t seq_in;
    bool greeted;
    mr_status_t status; /* of a message that a call without a status could not send */
    mr_route_t route;
    mr_sched_events_t events;
    uint32_t n_slots;
    mr_client_request_t *request; /* n_requests of them */
    uint32_t n_requests;
    uint32_t n_used;
    uint32_t n_waiting; /* queued ones that have not started */
    uint32_t n_started; /* since setup */
    bool behind;        /* there may be something that a reader did not take */
    uint32_t next_tag;
    uint32_t *heard; /* by slot: the request that the firmware tells of, or MR_CLIENT_NONE */
    uint32_t *shown; /* by slot: the request that the caller knows there */
    uint32_t *words; /* what was read from the ring to the host */
    float *logits;
    uint32_t *bits;      /* of the logits */
    uint32_t logits_for; /* the request that they wait for, or MR_CLIENT_NONE */
    uint32_t logits_pos;
    mr_fault_t fault;
    char trouble[200]; /* empty: none */
    uint64_t silent;   /* cycles waited since the last message */
    uint32_t heartbeat;
    uint32_t answer; /* type of the last answer to HELLO, SETUP or DRAIN; 0: none yet */
    uint32_t answer_value;
};

/* ---- client.c: the rings ---- */

/* Puts a message of n words behind word 0 into the ring; mr_client_poll shows it to the firmware.
 * @return MR_OK; MR_TIMEOUT: the firmware takes none; any status of a register access. */
mr_status_t mr_client_send(mr_client_t *self, mr_msg_type_t type, uint32_t n,
                           const uint32_t *words);

/* Waits for at most `cycles`, then reads what has come and gives it to mr_client_hear. *any: there
 * was something. @return MR_OK; MR_FORMAT; MR_DEVICE: the firmware has died; MR_TIMEOUT: it gives
 * no sign of life; what mr_client_hear returns; any status of a register access. */
mr_status_t mr_client_poll(mr_client_t *self, uint32_t cycles, bool *any);

/* Access to the core's memory. */
mr_status_t mr_client_write(const mr_client_t *self, uint32_t offset, const uint32_t *words,
                            size_t n);
mr_status_t mr_client_read(const mr_client_t *self, uint32_t offset, uint32_t *words, size_t n);

/* ---- client_run.c: requests ---- */

/* Handles a message. words has the whole of it, n in all. @return MR_OK; MR_FORMAT; the status in a
 * FAILED, or in a REFUSED that nobody waits for; any status of a register access. */
mr_status_t mr_client_hear(mr_client_t *self, const uint32_t *words, uint32_t n);

extern const mr_runner_ops_t mr_client_ops;

#endif
