/* SPDX-License-Identifier: Apache-2.0 */
/* Many users on the functional model: what each hears, against the same request alone. */
#ifndef MR_TEST_USERS_H
#define MR_TEST_USERS_H

#include "fixture.h"
#include "millrace/sched.h"
#include "mr_test_random.h"

#define USERS_SLOTS_MAX 128u
#define USERS_CONTEXT 256u
#define USERS_QUEUE 64u

/* A request and what it draws alone, token by token without the loop. */
typedef struct {
    mr_request_t request;
    uint32_t prompt[USERS_CONTEXT];
    uint32_t stops[MR_SCHED_STOPS_MAX];
    uint32_t token[USERS_CONTEXT];
    uint32_t n;
    mr_end_t why;
} users_case_t;

/* One user's run of a case. */
typedef struct {
    const users_case_t *of;
    uint32_t slot;
    uint32_t n; /* tokens taken */
    uint32_t starts;
    uint32_t ends; /* end or drop events */
    bool dropped;
    mr_end_t why;
    uint32_t deaf; /* calls in which it does not take a token */
} users_run_t;

typedef struct {
    fixture_image_t image;
    fixture_device_t dev;
    mr_mmio_t tap; /* dev, with a record of injections */
    mr_mmio_ops_t ops;
    mr_placement_t p;
    mr_route_t route;
    mr_slot_t slots[USERS_SLOTS_MAX];
    mr_request_t queue[USERS_QUEUE];
    float logits[64];
    uint32_t order[64];
    mr_sched_config_t cfg;
    mr_sched_t sched;
    users_run_t *run; /* by user */
    uint32_t pages;   /* free when nobody is there */
    uint32_t slot_of_inj;
    void (*injected)(uint32_t slot); /* if not NULL: firmware injects a job for a slot */
} users_t;

typedef struct {
    uint32_t slots;
    uint32_t loop_slots;
    uint32_t loop_depth;
    uint32_t kv_pages;
    uint32_t window; /* 0: the placement's own */
} users_shape_t;

extern users_t u;

void users_open(const users_shape_t *shape);
void users_close(void);

/* Starts the scheduler anew with u.cfg. */
void users_restart(void);

/* Makes a case out of a seed and runs it alone; max_prompt, max_tokens bound it. */
void users_case(users_case_t *c, uint64_t seed, uint32_t max_prompt, uint32_t max_tokens);

/* Runs the case's request alone for reference. */
void users_reference(users_case_t *c);

/* Enqueues user number `user` with a case. */
mr_status_t users_enqueue(uint32_t user, const users_case_t *c, uint64_t deadline);

/* Steps until nothing is left, at most `steps` times, and checks that all pages are back. */
void users_drain(uint32_t steps);

/* The user ended once, for that reason, with its case's tokens: all of them, or the first ones. */
void users_check(uint32_t user);

#endif
