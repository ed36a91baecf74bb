/* SPDX-License-Identifier: Apache-2.0 */
/* Three groups in a ring of links: random messages inside groups and over one or two links,
 * multicast at their end, with faults on the wires. Every message arrives once at each node of its
 * mask in its group and nowhere else, unchanged, in the order of its sender; none waits for ever.
 * Messages keep the placement rule: from a group to itself or a later one, or to the hub (end 0).
 * Then the wire from group 1 to group 2 dies: all that does not cross it still arrives, and no bus
 * hangs.
 *
 * usage: bench [SEED [CLOCKS]]
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring_dut.h"

enum {
    IDS = 1 << 17,
    LEN_MAX = 44,  /* payload flits: more than the links are built for (40) now and then */
    BOUND = 30000, /* clocks from the first offer to the last flit */
    DEAD_LINK = 1  /* the one that leaves this group */
};

typedef struct {
    uint64_t since;
    uint32_t len, from, hops, mask; /* mask: nodes of the end group that are to get it */
    uint32_t got;                   /* nodes that got it */
    uint64_t hdr[2];
} message_t;

typedef struct {
    bool sending;
    uint32_t id, flit; /* of the message on its way out */
    bool in_message;
    uint32_t in_id, in_flit;
    uint32_t last[RING_ALL]; /* the last message of each sender */
} end_t;

static struct {
    uint64_t random, now, dead_at;
    uint32_t seed, next_id, done, oldest, crossed, cut, sent, excused;
    uint32_t rate, faults, hops[RING_GROUPS];
    message_t message[IDS];
    end_t end[RING_ALL];
    ring_io_t io;
} w;

static void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("FAIL seed %" PRIu32 ", clock %" PRIu64 ": ", w.seed, w.now);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    exit(1);
}

static uint64_t random64(void) {
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return w.random * 0x2545F4914F6CDD1Du;
}

static uint32_t below(uint32_t n) {
    return (uint32_t)(random64() >> 32) % n;
}

static bool chance(uint32_t percent) {
    return below(100) < percent;
}

static uint32_t group_of(const message_t *m) {
    return (m->from / RING_ENDS + m->hops) % RING_GROUPS;
}

static uint64_t flit(uint32_t id, uint32_t i) {
    return ((uint64_t)id << 32 | i) * 0x9E3779B97F4A7C15u + 1u;
}

static bool crosses_dead(const message_t *m) {
    const uint32_t from = m->from / RING_ENDS;
    return w.dead_at != 0 && from <= DEAD_LINK && from + m->hops > DEAD_LINK;
}

static bool complete(const message_t *m) {
    return m->got == m->mask;
}

/* ---- senders ------------------------------------------------------------------------------- */

static void new_message(uint32_t e) {
    const uint32_t id = w.next_id++;
    const uint32_t group = e / RING_ENDS;
    message_t *m = &w.message[id];
    if (w.next_id >= IDS) {
        fail("too many messages for one run");
    }
    const bool result = chance(30);
    m->from = e;
    m->since = w.now;
    m->len = below(chance(5) ? LEN_MAX + 1 : 12);
    m->hops = result ? (RING_GROUPS - group) % RING_GROUPS : below(RING_GROUPS - group);
    /* Bits of nodes that do not exist, and of the link node, lead nowhere. */
    const uint32_t mask = result ? 1 : (uint32_t)random64() & (uint32_t)random64();
    m->mask = mask & ((1u << RING_ENDS) - 1);
    m->hdr[0] = (uint64_t)id << 32 | mask;
    m->hdr[1] = (uint64_t)m->hops << 60 | (flit(id, LEN_MAX + 1) & ~((uint64_t)15 << 60));
    w.end[e].id = id;
    w.end[e].flit = 0;
    w.sent++;
    w.hops[m->hops]++;
}

static void drive_sender(uint32_t i) {
    ring_end_t *e = &w.io.end[i];
    end_t *s = &w.end[i];
    if (!e->req && !s->sending && chance(w.rate)) {
        new_message(i);
        const message_t *m = &w.message[s->id];
        e->req = true;
        e->empty = m->len == 0;
        memcpy(e->hdr, m->hdr, sizeof e->hdr);
    }
    if (s->sending && !e->valid && chance(80)) {
        e->valid = true;
        e->data = flit(s->id, s->flit);
        e->last = s->flit + 1 == w.message[s->id].len;
    }
    e->accept = chance(60);
    e->rx_ready = chance(70);
}

static void observe_sender(uint32_t i) {
    ring_end_t *e = &w.io.end[i];
    end_t *s = &w.end[i];
    if (e->valid && e->ready) {
        e->valid = false;
        s->flit++;
        s->sending = !e->last;
    }
    if (e->req && e->grant) {
        e->req = false;
        s->sending = !e->empty;
    }
    if ((e->req || s->sending) && w.now - w.message[s->id].since > BOUND) {
        fail("end %" PRIu32 " cannot send message %" PRIu32, i, s->id);
    }
}

/* ---- receivers ----------------------------------------------------------------------------- */

static void receive_header(uint32_t i, const ring_group_t *g) {
    end_t *s = &w.end[i];
    const uint32_t id = (uint32_t)(g->hdr[0] >> 32);
    message_t *m = &w.message[id];
    if (s->in_message) {
        fail("end %" PRIu32 ": a message inside a message", i);
    }
    if (id >= w.next_id || g->hdr[0] != m->hdr[0] ||
        g->hdr[1] != (m->hdr[1] & ~((uint64_t)15 << 60)) || g->empty != (m->len == 0)) {
        fail("end %" PRIu32 ": a header that nobody sent, or with hops left", i);
    }
    if (group_of(m) != i / RING_ENDS || (m->mask >> i % RING_ENDS & 1) == 0 ||
        (m->got >> i % RING_ENDS & 1) != 0) {
        fail("end %" PRIu32 ": message %" PRIu32 " is not for it, or comes twice", i, id);
    }
    if (s->last[m->from] > id) {
        fail("end %" PRIu32 ": message %" PRIu32 " is out of order", i, id);
    }
    s->last[m->from] = id;
    s->in_message = !g->empty;
    s->in_id = id;
    s->in_flit = 0;
    if (g->empty) {
        m->got |= 1u << i % RING_ENDS;
    }
    w.crossed += m->hops != 0;
}

static void receive_flit(uint32_t i, const ring_group_t *g) {
    end_t *s = &w.end[i];
    message_t *m = &w.message[s->in_id];
    if (!s->in_message) {
        fail("end %" PRIu32 ": a flit without a message", i);
    }
    const bool ones = g->data == UINT64_MAX && crosses_dead(m);
    if (ones) {
        w.cut += g->last ? 1u : 0u;
    } else if (g->data != flit(s->in_id, s->in_flit) || g->last != (s->in_flit + 1 == m->len)) {
        fail("end %" PRIu32 ": flit %" PRIu32 " of message %" PRIu32 " differs", i, s->in_flit,
             s->in_id);
    }
    s->in_flit++;
    if (g->last) {
        s->in_message = false;
        m->got |= 1u << i % RING_ENDS;
    }
}

static void observe_receiver(uint32_t i) {
    const ring_end_t *e = &w.io.end[i];
    const ring_group_t *g = &w.io.group[i / RING_ENDS];
    if (e->rx_valid && e->rx_ready) {
        receive_flit(i, g);
    }
    if (e->commit) {
        receive_header(i, g);
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void drive_faults(void) {
    for (uint32_t g = 0; g < RING_GROUPS; g++) {
        const bool dead = w.dead_at != 0 && g == DEAD_LINK;
        w.io.group[g].fwd_flip = below(10000) < w.faults;
        w.io.group[g].fwd_drop = dead || below(10000) < w.faults;
        w.io.group[g].rev_drop = dead || below(10000) < w.faults;
    }
}

static void check_ages(void) {
    while (w.oldest < w.next_id) {
        const message_t *m = &w.message[w.oldest];
        if (complete(m)) {
            w.done++;
        } else if (w.now - m->since <= BOUND) {
            return;
        } else if (!crosses_dead(m)) {
            fail("message %" PRIu32 " from end %" PRIu32 " over %" PRIu32 " links does not arrive",
                 w.oldest, m->from, m->hops);
        } else {
            w.excused++;
        }
        w.oldest++;
    }
}

static void clock_once(void) {
    w.now++;
    for (uint32_t i = 0; i < RING_ALL; i++) {
        drive_sender(i);
    }
    drive_faults();
    ring_dut_settle(&w.io);
    for (uint32_t i = 0; i < RING_ALL; i++) {
        observe_receiver(i);
    }
    for (uint32_t i = 0; i < RING_ALL; i++) {
        observe_sender(i);
    }
    for (uint32_t g = 0; g < RING_GROUPS && w.dead_at == 0; g++) {
        if (w.io.group[g].out_down || w.io.group[g].in_down) {
            fail("a link of group %" PRIu32 " is down", g);
        }
    }
    check_ages();
    ring_dut_edge();
}

static void run(uint64_t clocks) {
    for (uint64_t i = 0; i < clocks; i++) {
        if (w.now % 2000 == 0) {
            static const uint32_t rates[] = {1, 3, 10, 40, 100};
            static const uint32_t faults[] = {0, 0, 10, 100};
            w.rate = rates[below(5)];
            w.faults = faults[below(4)];
        }
        clock_once();
    }
}

/* No new messages until everything has arrived. */
static void drain(void) {
    w.rate = 0;
    w.faults = 0;
    const uint64_t end = w.now + 2 * BOUND;
    while ((w.oldest != w.next_id || !w.io.idle) && w.now < end) {
        clock_once();
    }
    if (w.oldest != w.next_id || !w.io.idle) {
        fail("not idle at the end");
    }
    for (uint32_t i = 0; i < RING_ALL; i++) {
        if (w.end[i].in_message) {
            fail("end %" PRIu32 ": a message without an end", i);
        }
    }
}

int ring_bench_main(const char *name, int argc, char **argv) {
    const uint64_t clocks = argc > 2 ? strtoull(argv[2], NULL, 0) : 120000;
    w.seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1;
    w.random = w.seed * 0x9E3779B97F4A7C15u + 1u;
    for (int i = 0; i < 4; i++) {
        ring_dut_settle(&w.io);
        ring_dut_edge();
    }
    w.io.rst_n = true;
    run(clocks);
    drain();
    printf("%s: %" PRIu32 " messages, %" PRIu32 " %" PRIu32 " %" PRIu32
           " over 0, 1, 2 links, %" PRIu32 " arrivals over links\n",
           name, w.sent, w.hops[0], w.hops[1], w.hops[2], w.crossed);
    if (w.done != w.sent || w.hops[0] < 500 || w.hops[1] < 500 || w.hops[2] < 500) {
        fail("too little traffic");
    }
    w.rate = 40;
    for (uint64_t i = 0; i < 300; i++) {
        clock_once();
    }
    w.dead_at = w.now;
    run(clocks / 2);
    drain();
    printf("with a dead link: %" PRIu32 " of %" PRIu32 " messages, %" PRIu32 " cut\n", w.done,
           w.sent, w.cut);
    if (w.excused < 100 || !w.io.group[DEAD_LINK].out_down ||
        !w.io.group[(DEAD_LINK + 1) % RING_GROUPS].in_down || w.io.group[0].out_down ||
        w.io.group[2].out_down || w.io.group[0].in_down || w.io.group[1].in_down) {
        fail("the wrong links are down");
    }
    printf("PASS %s\n", name);
    return 0;
}
