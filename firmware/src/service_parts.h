/* SPDX-License-Identifier: Apache-2.0 */
/* What the service's parts have of each other (internal). */
#ifndef MR_SERVICE_PARTS_H
#define MR_SERVICE_PARTS_H

#include "millrace/service.h"

/* ---- words that the host reads or writes meanwhile ---- */

static inline uint32_t mr_shared_load(const uint32_t *word) {
    /* volatile: the host is another master of this memory. */
    const uint32_t value = *(const volatile uint32_t *)word;
    __asm__ volatile("" ::: "memory"); /* what it announces is read behind it */
    return value;
}

/* Pairs with the host's read of `put` or `got`, behind which it reads or overwrites the words. */
static inline void mr_shared_store(uint32_t *word, uint32_t value) {
    __asm__ volatile("" ::: "memory"); /* what it announces is written before it */
    *(volatile uint32_t *)word = value;
}

/* Word at an SRAM offset. */
static inline uint32_t *mr_service_at(const mr_service_t *self, uint32_t offset) {
    return (uint32_t *)self->cfg.sram + offset / 4u;
}

/* ---- service.c ---- */

/* Words free in the ring to the host; 0 as long as the host's index is impossible. */
uint32_t mr_service_room(const mr_service_t *self);

/* Sends a message of n words behind word 0, at most 4. @pre there is room. */
void mr_service_send(mr_service_t *self, mr_msg_type_t type, uint32_t n, const uint32_t *words);

/* Whether a request runs or waits. */
bool mr_service_busy(const mr_service_t *self);

/* Starts the scheduler for the route and settings of a SETUP. @return MR_OK; MR_NO_SPACE. */
mr_status_t mr_service_start(mr_service_t *self, const mr_sched_config_t *cfg);

/* What the host may have of a slot's tokens from now on. */
void mr_service_admit(mr_service_t *self, uint32_t slot, const mr_service_queued_t *q);

/* ---- service_in.c ---- */

#define MR_SERVICE_ANSWER_WORDS 4u /* of the longest answer to a message, START included */

/* Carries out what the host sent, a few messages at most. @return whether there was something. */
bool mr_service_listen(mr_service_t *self);

#endif
