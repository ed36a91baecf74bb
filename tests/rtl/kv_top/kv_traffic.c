/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands; see kv_traffic.h. */
#include "kv_traffic.h"

void traffic_seed(traffic_rng_t *rng, uint64_t seed) {
    rng->state = (seed + 1U) * 0x9E3779B97F4A7C15U;
    rng->state |= 1U;
    for (uint32_t i = 0; i < 8U; i++) {
        (void)traffic_rnd(rng, 2);
    }
}

uint32_t traffic_rnd(traffic_rng_t *rng, uint32_t below) {
    rng->state ^= rng->state << 13;
    rng->state ^= rng->state >> 7;
    rng->state ^= rng->state << 17;
    return (uint32_t)(((rng->state >> 32) * below) >> 32);
}

bool traffic_one_in(traffic_rng_t *rng, uint32_t n) {
    return traffic_rnd(rng, n) == 0U;
}

void traffic_style(traffic_rng_t *rng, uint32_t slots_max, traffic_style_t *style) {
    static const uint32_t slots[] = {2, 2, 3, 4, 5, 8, 16, 128};
    static const uint32_t bad[] = {16, 64, 1000};
    static const uint32_t admin[] = {16, 50, 300};
    const uint32_t wanted = slots[traffic_rnd(rng, 8)];
    style->slots = wanted < slots_max ? wanted : slots_max;
    style->stream_of_8 = traffic_rnd(rng, 6);
    style->one_bad_in = bad[traffic_rnd(rng, 3)];
    style->admin_one_in = admin[traffic_rnd(rng, 3)];
    style->long_streams = traffic_one_in(rng, 4);
}

static void pick_chunk(traffic_rng_t *rng, const golden_t *g, mr_kv_sim_cmd_t *c) {
    c->layer = (uint8_t)traffic_rnd(rng, g->shape.layers);
    c->head = (uint8_t)traffic_rnd(rng, g->shape.heads);
    c->kind = (uint8_t)traffic_rnd(rng, 2);
}

/* A chunk that lacks its layer's next position: of the layer that lags behind, mostly. */
static void make_append(traffic_rng_t *rng, const golden_t *g, mr_kv_sim_cmd_t *c) {
    c->op = MR_KV_SIM_APPEND;
    c->count = 1;
    pick_chunk(rng, g, c);
    for (uint32_t l = 0; l < g->shape.layers && !traffic_one_in(rng, 16); l++) {
        if (golden_length(g, c->slot, l) < golden_length(g, c->slot, c->layer)) {
            c->layer = (uint8_t)l;
        }
    }
    c->pos = golden_length(g, c->slot, c->layer);
    while (g->slot[c->slot].len[c->layer][c->head][c->kind] != c->pos) {
        c->kind ^= 1U;
        c->head = (uint8_t)((c->head + (c->kind == 0U ? 1U : 0U)) % g->shape.heads);
    }
}

/* count positions from a block on, as far as they are written. */
static void make_stream(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                        mr_kv_sim_cmd_t *c) {
    const uint32_t len = g->slot[c->slot].len[c->layer][c->head][c->kind];
    const uint32_t blocks = (len + 31U) / 32U;
    const uint32_t block = traffic_one_in(rng, 2) ? blocks - 1U : traffic_rnd(rng, blocks);
    const uint32_t rest = len - 32U * block < 32U ? len - 32U * block : 32U;
    const bool all = style->long_streams ? !traffic_one_in(rng, 4) : traffic_one_in(rng, 8);
    const uint32_t few = rest < 4U ? rest : 4U;
    c->op = MR_KV_SIM_STREAM;
    c->pos = 32U * block;
    c->count = (uint8_t)(all ? rest : 1U + traffic_rnd(rng, few));
}

/* Breaks one field of a command that may have been legal. */
static void spoil(traffic_rng_t *rng, const golden_t *g, mr_kv_sim_cmd_t *c) {
    switch (traffic_rnd(rng, 10)) {
    case 0:
        c->op = (uint8_t)(2U + traffic_rnd(rng, 2));
        break;
    case 1:
        c->slot = (uint8_t)(g->limits.slots + traffic_rnd(rng, 256U - g->limits.slots));
        break;
    case 2:
        c->layer = (uint8_t)(g->shape.layers + traffic_rnd(rng, 256U - g->shape.layers));
        break;
    case 3:
        c->head = (uint8_t)(g->shape.heads + traffic_rnd(rng, 256U - g->shape.heads));
        break;
    case 4:
        c->pos += 1U + traffic_rnd(rng, 40);
        break;
    case 5:
        c->pos -= c->pos > 0U ? 1U + traffic_rnd(rng, c->pos) : 0U;
        break;
    case 6:
        c->pos ^= 1U << (6U + traffic_rnd(rng, 12));
        break;
    case 7:
        c->count = 0;
        break;
    case 8:
        c->count = (uint8_t)(c->count + 1U + traffic_rnd(rng, 63U - c->count));
        break;
    default:
        *c = (mr_kv_sim_cmd_t){.op = (uint8_t)traffic_rnd(rng, 4),
                               .slot = (uint8_t)traffic_rnd(rng, 256),
                               .layer = (uint8_t)traffic_rnd(rng, 256),
                               .head = (uint8_t)traffic_rnd(rng, 256),
                               .kind = (uint8_t)traffic_rnd(rng, 2),
                               .count = (uint8_t)traffic_rnd(rng, 64),
                               .pos = traffic_rnd(rng, 1U << 18)};
        break;
    }
}

void traffic_command(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                     const mr_kv_sim_cmd_t *last, mr_kv_sim_cmd_t *c) {
    const uint32_t full = 32U * g->limits.slot_blocks;
    const bool follow = last->op == MR_KV_SIM_APPEND && last->slot < style->slots &&
                        last->layer < g->shape.layers && last->head < g->shape.heads &&
                        traffic_one_in(rng, 4);
    *c = *last;
    if (!follow) {
        c->slot = (uint8_t)traffic_rnd(rng, style->slots);
        pick_chunk(rng, g, c);
    }
    const uint32_t len = g->slot[c->slot].len[c->layer][c->head][c->kind];
    if (len > 0U && (follow || traffic_rnd(rng, 8) < style->stream_of_8 || len >= full)) {
        make_stream(rng, style, g, c);
        if (follow && traffic_one_in(rng, 2)) { /* up to the position that was just appended */
            c->pos = (len - 1U) / 32U * 32U;
            c->count = (uint8_t)(len - c->pos);
        }
    } else {
        make_append(rng, g, c);
        if (golden_check(g, c).status == 6U && c->pos > 0U && !traffic_one_in(rng, 8)) {
            make_stream(rng, style, g, c);
        }
    }
    if (traffic_one_in(rng, style->one_bad_in)) {
        spoil(rng, g, c);
    }
}

static uint32_t near_block(traffic_rng_t *rng, uint32_t len) {
    const uint32_t any = traffic_rnd(rng, len + 1U);
    const uint32_t edge = any / 32U * 32U + traffic_rnd(rng, 3);
    return traffic_one_in(rng, 2) && edge <= len ? edge : any;
}

static uint32_t shortest(const golden_t *g, uint32_t slot) {
    uint32_t len = UINT32_MAX;
    for (uint32_t l = 0; l < g->shape.layers; l++) {
        const uint32_t here = golden_length(g, slot, l);
        len = here < len ? here : len;
    }
    return len;
}

bool traffic_admin_due(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g) {
    const bool full = g->used >= g->shape.pages;
    return traffic_one_in(rng, full ? 16U : style->admin_one_in);
}

/* A slot that is empty, or is not, when there is one near. */
static uint8_t pick_slot(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                         bool empty) {
    uint32_t slot = traffic_rnd(rng, style->slots);
    for (uint32_t i = 0; i < style->slots && (g->slot[slot].blocks == 0U) != empty; i++) {
        slot = (slot + 1U) % style->slots;
    }
    return (uint8_t)slot;
}

void traffic_admin(traffic_rng_t *rng, const traffic_style_t *style, const golden_t *g,
                   mr_kv_sim_admin_t *ad) {
    static const uint8_t ops[] = {MR_KV_SIM_FREE, MR_KV_SIM_TRUNCATE, MR_KV_SIM_FORK,
                                  MR_KV_SIM_FORK, MR_KV_SIM_FORK,     MR_KV_SIM_QUOTA};
    const bool full = g->used >= g->shape.pages;
    ad->op = ops[traffic_rnd(rng, full && !traffic_one_in(rng, 4) ? 2U : sizeof ops)];
    ad->slot = pick_slot(rng, style, g, ad->op == MR_KV_SIM_FORK);
    ad->src = pick_slot(rng, style, g, false);
    const uint32_t from = ad->op == MR_KV_SIM_FORK ? ad->src : ad->slot;
    ad->len = near_block(rng, shortest(g, from));
    if (ad->op == MR_KV_SIM_QUOTA) {
        const uint32_t blocks = g->limits.slot_blocks;
        ad->len = traffic_one_in(rng, 2) ? g->slot[ad->slot].blocks + traffic_rnd(rng, 3) : blocks;
    }
    if (traffic_one_in(rng, 12)) {
        const uint32_t wrong = traffic_rnd(rng, 4);
        ad->slot = wrong == 0U ? (uint8_t)(128U + traffic_rnd(rng, 128)) : ad->slot;
        ad->src = wrong == 1U ? (uint8_t)(128U + traffic_rnd(rng, 128)) : ad->src;
        ad->len += wrong == 2U ? 1U + traffic_rnd(rng, 33) : 0U;
        ad->len ^= wrong == 3U ? 1U << traffic_rnd(rng, 18) : 0U;
    }
}
