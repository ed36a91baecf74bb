/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands for the whole KV controller, chosen with a look at the golden store so that most
 * are legal, and all kinds of illegal ones among them. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_TRAFFIC_H
#define MR_TESTS_RTL_KV_TOP_KV_TRAFFIC_H

#include "kv_golden.h"

typedef struct {
    uint64_t state;
} traffic_rng_t;

void traffic_seed(traffic_rng_t *rng, uint64_t seed);
uint32_t traffic_rnd(traffic_rng_t *rng, uint32_t below);
bool traffic_one_in(traffic_rng_t *rng, uint32_t n);

/* Character of a stretch of traffic. */
typedef struct {
    uint32_t slots;       /* 0..slots-1 are used */
    uint32_t stream_of_8; /* so many of 8 legal commands are STREAMs */
    uint32_t one_bad_in;  /* illegal commands */
    uint32_t admin_one_in;
    bool long_streams;
} traffic_style_t;

void traffic_style(traffic_rng_t *rng, uint32_t slots_max, traffic_style_t *style);

/* The next command; last: the one before it, which is followed up now and then (read after
 * append). */
void traffic_command(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                     const mr_kv_sim_cmd_t *last, mr_kv_sim_cmd_t *cmd);
/* Whether administration is due: more often when the pages run out. */
bool traffic_admin_due(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g);
void traffic_admin(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                   mr_kv_sim_admin_t *ad);

#endif
