/* SPDX-License-Identifier: Apache-2.0 */
/* Trace ports into records. */
#include "chip_trace.h"

#include <string.h>

/* Fields of mr_tile's trace_o: word and first bit. */
enum {
    TILE_SLOT = 0,
    TILE_POS = 8,
    TILE_BUSY = 26,
    TILE_GEMV,
    TILE_DPU,
    TILE_ATTEND,
    TILE_KV_WAIT,
    TILE_VEC
};
enum {
    TILE1_TOPK = 0,
    TILE1_APPEND,
    TILE1_NET_WAIT,
    TILE1_NET_BUSY,
    TILE1_COUNT,
    TILE1_NEW_SLOT = 6,
    TILE1_NEW_POS = 14
};
enum { TILE2_TAG = 0, TILE2_JOB = 3, TILE2_PC = 4 };
/* Of mr_group's. */
enum {
    GROUP_STATE = 0,
    GROUP_NODE = 2,
    GROUP_REFUSES = 7,
    GROUP_TO_LINK,
    GROUP_TO_HUB,
    GROUP_EMPTY,
    GROUP_SLOT,
    GROUP_POS = 19,
    GROUP_IN_ASKS = 37,
    GROUP_IN_SLOT,
    GROUP_IN_POS = 46
};
/* Of a job at the hub; that of firmware comes first. */
enum { ROOT_VALID = 0, ROOT_SLOT = 1, ROOT_POS = 9, ROOT_BITS = 27, ROOT_JOBS = 2 };

enum { BUS_IDLE = 0, BUS_PAYLOAD = 3 };
enum { POS_MASK = 0x3FFFF, SLOT_MASK = 0xFF, TAG_MASK = 7, COUNT_MASK = 3 };

static uint32_t field(uint64_t word, uint32_t first, uint32_t mask) {
    return (uint32_t)(word >> first) & mask;
}

static bool bit(uint64_t word, uint32_t at) {
    return (word >> at & 1u) != 0;
}

void mr_chip_trace_init(mr_chip_trace_t *self, uint32_t tiles, mr_trace_sink_t sink, void *ctx) {
    memset(self, 0, sizeof *self);
    self->tiles = tiles;
    self->sink = sink;
    self->ctx = ctx;
}

void mr_chip_trace_begin(mr_chip_trace_t *self, uint64_t cycle) {
    self->cycle = cycle;
}

static void emit(const mr_chip_trace_t *self, mr_trace_kind_t kind, uint32_t unit, uint32_t slot,
                 uint32_t pos) {
    const mr_trace_record_t record = {.cycle = self->cycle,
                                      .kind = (uint8_t)kind,
                                      .unit = (uint16_t)unit,
                                      .slot = (uint8_t)slot,
                                      .pos = pos};
    self->sink(self->ctx, &record);
}

/* ---- groups ---- */

/* The message that came in by the link: it asks, finds no room, is taken. */
static void link_in(mr_chip_trace_t *self, uint32_t group, uint64_t port) {
    mr_chip_trace_group_t *g = &self->group[group];
    const bool asks = bit(port, GROUP_IN_ASKS);
    const uint32_t slot = field(port, GROUP_IN_SLOT, SLOT_MASK);
    const uint32_t pos = field(port, GROUP_IN_POS, POS_MASK);
    if (g->in_asks && !asks) {
        emit(self, MR_TRACE_LEFT, group, g->in_slot, g->in_pos);
    }
    if (asks && !g->in_asks) {
        emit(self, MR_TRACE_ARRIVED, group, slot, pos);
        g->in_refused = false;
    }
    if (asks && g->refuses && g->node == self->tiles + 1u && !g->in_refused) {
        emit(self, MR_TRACE_REFUSED, group, slot, pos);
        g->in_refused = true;
    }
    g->in_asks = asks;
    g->in_slot = (uint8_t)slot;
    g->in_pos = pos;
}

static void bus(mr_chip_trace_t *self, uint32_t group, uint64_t port) {
    mr_chip_trace_group_t *g = &self->group[group];
    const uint32_t bus_state = field(port, GROUP_STATE, 3);
    const uint8_t state = bus_state == BUS_IDLE      ? MR_TRACE_OFF
                          : bus_state == BUS_PAYLOAD ? MR_TRACE_SEND
                                                     : MR_TRACE_ASK;
    const uint8_t node = (uint8_t)field(port, GROUP_NODE, 31);
    const uint8_t slot = (uint8_t)field(port, GROUP_SLOT, SLOT_MASK);
    const uint32_t pos = field(port, GROUP_POS, POS_MASK);
    g->offers = state != MR_TRACE_OFF;
    g->refuses = bit(port, GROUP_REFUSES);
    if (g->to_hub && state != MR_TRACE_SEND) {
        emit(self, MR_TRACE_RESULT_END, 0, g->slot, g->pos);
        g->to_hub = false;
    }
    if (state != g->state || (g->offers && (node != g->node || slot != g->slot || pos != g->pos))) {
        const mr_trace_record_t record = {.cycle = self->cycle,
                                          .kind = MR_TRACE_BUS,
                                          .unit = (uint16_t)group,
                                          .state = state,
                                          .tag = node,
                                          .slot = slot,
                                          .pos = pos};
        self->sink(self->ctx, &record);
    }
    g->state = state;
    g->node = node;
    g->slot = slot;
    g->pos = pos;
    if (bit(port, GROUP_TO_LINK)) {
        emit(self, MR_TRACE_LINK, group, slot, pos);
    }
    if (group == 0 && bit(port, GROUP_TO_HUB)) {
        emit(self, MR_TRACE_RESULT, 0, slot, pos);
        g->to_hub = !bit(port, GROUP_EMPTY);
        if (!g->to_hub) {
            emit(self, MR_TRACE_RESULT_END, 0, slot, pos);
        }
    }
}

void mr_chip_trace_group(mr_chip_trace_t *self, uint32_t group, uint64_t port) {
    mr_chip_trace_group_t *g = &self->group[group];
    if (port == g->port) {
        return;
    }
    g->port = port;
    bus(self, group, port);
    link_in(self, group, port);
}

/* ---- tiles ---- */

static uint8_t units(const uint32_t port[3]) {
    if (bit(port[0], TILE_GEMV)) {
        return MR_TRACE_GEMV;
    }
    if (bit(port[0], TILE_DPU) && !bit(port[0], TILE_KV_WAIT)) {
        return bit(port[0], TILE_ATTEND) ? MR_TRACE_ATTEND : MR_TRACE_DPU;
    }
    if (bit(port[0], TILE_VEC)) {
        return bit(port[1], TILE1_TOPK) ? MR_TRACE_TOPK : MR_TRACE_VEC;
    }
    if (bit(port[1], TILE1_APPEND)) {
        return MR_TRACE_APPEND;
    }
    return bit(port[0], TILE_DPU) ? MR_TRACE_KV_WAIT : MR_TRACE_OFF;
}

static uint8_t state_of(mr_chip_trace_t *self, uint32_t tile, const uint32_t port[3]) {
    mr_chip_trace_tile_t *t = &self->tile[tile];
    const mr_chip_trace_group_t *g = &self->group[tile / self->tiles];
    const uint32_t node = tile % self->tiles + 1u;
    const bool waits = bit(port[1], TILE1_NET_WAIT);
    t->refused = waits && (t->refused || (g->refuses && g->node == node));
    if (!bit(port[0], TILE_BUSY)) {
        return bit(port[2], TILE2_JOB) ? MR_TRACE_TAKE : MR_TRACE_OFF;
    }
    const uint8_t unit = units(port);
    if (unit != MR_TRACE_OFF) {
        return unit;
    }
    if (waits) {
        return t->refused                     ? MR_TRACE_BLOCKED
               : g->offers && g->node != node ? MR_TRACE_WAIT
                                              : MR_TRACE_ASK;
    }
    return bit(port[1], TILE1_NET_BUSY) ? MR_TRACE_SEND : MR_TRACE_ISSUE;
}

/* Whether the job or the tag has changed; the rest is in the state. */
static bool another_job(const uint32_t a[3], const uint32_t b[3]) {
    const uint32_t job = (1u << TILE_BUSY) - 1u;
    return ((a[0] ^ b[0]) & job) != 0 || ((a[2] ^ b[2]) & TAG_MASK) != 0;
}

void mr_chip_trace_tile(mr_chip_trace_t *self, uint32_t tile, const uint32_t port[3]) {
    mr_chip_trace_tile_t *t = &self->tile[tile];
    if (!t->seen) { /* jobs that came before do not come now */
        t->seen = true;
        t->port[1] = port[1] & (uint32_t)COUNT_MASK << TILE1_COUNT;
    }
    const bool same = memcmp(port, t->port, sizeof t->port) == 0;
    if (same && !bit(port[1], TILE1_NET_WAIT)) {
        return;
    }
    const uint8_t state = state_of(self, tile, port);
    if (field(port[1] ^ t->port[1], TILE1_COUNT, COUNT_MASK) != 0) {
        emit(self, MR_TRACE_QUEUED, tile, field(port[1], TILE1_NEW_SLOT, SLOT_MASK),
             field(port[1], TILE1_NEW_POS, POS_MASK));
    }
    if (state != t->state || (state >= MR_TRACE_ISSUE && another_job(port, t->port))) {
        const mr_trace_record_t record = {.cycle = self->cycle,
                                          .kind = MR_TRACE_TILE,
                                          .unit = (uint16_t)tile,
                                          .state = state,
                                          .tag = (uint8_t)field(port[2], TILE2_TAG, TAG_MASK),
                                          .slot = (uint8_t)field(port[0], TILE_SLOT, SLOT_MASK),
                                          .pos = field(port[0], TILE_POS, POS_MASK),
                                          .pc = (uint16_t)field(port[2], TILE2_PC, 0xFFFF)};
        self->sink(self->ctx, &record);
    }
    t->state = state;
    memcpy(t->port, port, sizeof t->port);
}

/* ---- root ---- */

void mr_chip_trace_root(mr_chip_trace_t *self, uint64_t port) {
    for (uint32_t i = 0; i < ROOT_JOBS; i++, port >>= ROOT_BITS) {
        if (bit(port, ROOT_VALID)) {
            emit(self, MR_TRACE_INJECT, 0, field(port, ROOT_SLOT, SLOT_MASK),
                 field(port, ROOT_POS, POS_MASK));
        }
    }
}
