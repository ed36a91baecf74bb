/* SPDX-License-Identifier: Apache-2.0 */
/* What the scheduler's parts have of each other (internal). */
#ifndef MR_SCHED_PARTS_H
#define MR_SCHED_PARTS_H

#include "millrace/sched.h"

#define MR_SCHED_ADMIN_CYCLES 4000000u /* bound of an administration command */
#define MR_SCHED_PAGE 32u              /* positions of a page, the unit of sharing */

/* ---- sets of slots ---- */

static inline void mr_set_add(mr_slot_set_t *set, uint32_t slot) {
    set->word[slot / 32u] |= 1u << (slot % 32u);
}

static inline void mr_set_remove(mr_slot_set_t *set, uint32_t slot) {
    set->word[slot / 32u] &= ~(1u << (slot % 32u));
}

static inline bool mr_set_has(const mr_slot_set_t *set, uint32_t slot) {
    return (set->word[slot / 32u] >> (slot % 32u) & 1u) != 0;
}

/* The first slot of a set from `from` on, of n; MR_SCHED_NO_SLOT: there is none. */
uint32_t mr_set_next(const mr_slot_set_t *set, uint32_t from, uint32_t n);

/* ---- sched.c ---- */

/* mr_sched_submit with the choice whether quota and shared prefix are still to come. */
mr_status_t mr_sched_place(mr_sched_t *self, uint32_t slot, const mr_request_t *r, bool starting);

/* Ends a slot's request, unless it ends already. */
void mr_sched_finish(mr_sched_t *self, uint32_t slot, mr_end_t why, uint32_t detail);

/* ---- sched_jobs.c: jobs, results, tokens ---- */

/* Lets every slot that has a known token inject, in turn, as far as window and hub allow. *refused:
 * the hub had no room for a job; *moved is set when a job went in. */
mr_status_t mr_sched_inject(mr_sched_t *self, bool *refused, bool *moved);

/* Reads the token loop's queue; *moved is set when there was something. */
mr_status_t mr_sched_tokens(mr_sched_t *self, bool *moved);

/* Handles one result, if there is one; *moved is set then. */
mr_status_t mr_sched_result(mr_sched_t *self, bool *moved);

/* Notes how many jobs of a slot are back. Those that share its pages look at whole ones only. */
static inline void mr_sched_set_done(mr_sched_t *self, mr_slot_t *t, uint32_t done) {
    t->done = done;
    if (done % MR_SCHED_PAGE == 0) {
        self->prepare_due = true;
    }
}

/* To be called when a slot may have become able to inject. */
void mr_sched_wake(mr_sched_t *self, uint32_t slot);

/* Takes a slot out of the loop. */
mr_status_t mr_sched_disarm(mr_sched_t *self, uint32_t slot);

/* Tells the tokens that readers did not take once more. */
void mr_sched_retry(mr_sched_t *self);

/* ---- sched_fault.c: tiles that stop answering, links that go down ---- */

#define MR_SCHED_STATUS_WATCHDOG 8u /* of a job, tile_isa.md section 4 */
#define MR_SCHED_STATUS_NETWORK 9u

/* Notes which tile was given up; none: a message of slot's job never came. */
mr_status_t mr_sched_find_tile(mr_sched_t *self, uint32_t slot);

/* Looks whether a link is down, and notes it. */
mr_status_t mr_sched_find_link(mr_sched_t *self);

/* Ends everyone whose jobs a dead link has cut off, as soon as nothing comes any more; *moved is
 * set then. */
void mr_sched_cut(mr_sched_t *self, bool *moved);

/* After stall_cycles of silence: gives up the tile that the device waits for, or ends those whose
 * jobs such a tile has lost. MR_TIMEOUT: it is not that. */
mr_status_t mr_sched_stalled(mr_sched_t *self);

/* ---- admit.c: queue, pages, shared prefixes ---- */

/* Pages that a request can need. */
uint32_t mr_sched_pages(const mr_sched_t *self, const mr_request_t *r);

/* Gives slots to queued requests and drops those that end in the queue. now: device cycle, 0 if
 * nobody asked for it. */
mr_status_t mr_sched_admit(mr_sched_t *self, uint64_t now);

/* Sets quotas and shares prefixes of slots that start. */
mr_status_t mr_sched_prepare(mr_sched_t *self);

#endif
