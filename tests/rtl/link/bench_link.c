/* SPDX-License-Identifier: Apache-2.0 */
/* A link between groups: random messages with faults on both directions of the wire, throughput and
 * latency without, and dead wires. link_world.c checks every clock; here are the scenarios.
 *
 * usage: bench [SEED [CLOCKS]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_world.h"

enum { ALL = 1000000 };

static uint32_t beats(void) {
    return 64 / w.c.width;
}

/* Clocks of a frame of n flits on the wire, with the gap behind it. */
static uint32_t frame_clocks(uint32_t n) {
    return (n + 1) * beats() + 1;
}

/* Clocks from a frame's first beat to its acknowledgement. */
static uint64_t round_trip(void) {
    return 2 * w.c.latency + frame_clocks(w.c.frame_flits) + 128 / w.c.rev_width + 20;
}

/* Replays come before acknowledgements can: slow, but nothing may break. */
static bool hasty(void) {
    return w.c.replay_cycles < 2 * w.c.latency + 10;
}

static link_rates_t fast(uint32_t len) {
    return (link_rates_t){.messages = 1000,
                          .valid = 1000,
                          .ready = 1000,
                          .grant = 1000,
                          .len_min = len,
                          .len_max = len};
}

/* ---- CRC ----------------------------------------------------------------------------------- */

static void test_crc(void) {
    static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    uint32_t crc = 0xFFFFFFFFu;
    if (~frame_crc(crc, digits, 9) != 0xE3069283u) {
        world_fail("the bench's CRC is not CRC-32C");
    }
    for (uint32_t i = 0; i < 9; i++) {
        w.in.crc = crc;
        w.in.crc_data = digits[i];
        world_clock();
        crc = w.out.crc8;
    }
    if (~crc != 0xE3069283u) {
        world_fail("mr_link_crc is not CRC-32C");
    }
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[8];
        w.in.crc = world_below(UINT32_MAX);
        w.in.crc_data = (uint64_t)world_below(UINT32_MAX) << 32 | world_below(UINT32_MAX);
        for (int k = 0; k < 8; k++) {
            bytes[k] = (uint8_t)(w.in.crc_data >> 8 * k);
        }
        world_clock();
        if (w.out.crc8 != frame_crc(w.in.crc, bytes, 1) ||
            w.out.crc32 != frame_crc(w.in.crc, bytes, 4) ||
            w.out.crc64 != frame_crc(w.in.crc, bytes, 8)) {
            world_fail("mr_link_crc: one of 8, 32, 64 bits is wrong");
        }
    }
}

/* ---- without faults ------------------------------------------------------------------------ */

/* A link without messages stays up. */
static void test_idle(void) {
    world_drain();
    world_run(3 * w.c.timeout_cycles);
    world_drain();
}

/* From the clock in which the bus hands the header over to the request to the next bus. */
static void test_latency(void) {
    const uint32_t bound = 11 + 3 * (beats() - 1) + w.c.latency;
    uint64_t longest = 0;
    for (int i = 0; i < 50; i++) {
        world_drain();
        world_run(world_below(100));
        w.rates = fast(20);
        while (w.source != SOURCE_GRANTED) {
            world_clock();
        }
        w.rates.messages = 0;
        while (w.req_at == 0) {
            world_clock();
        }
        const uint64_t took = w.req_at - w.commit_at;
        longest = took > longest ? took : longest;
        /* An empty frame may just be on the wire. */
        if (took > bound + frame_clocks(0) + 1) {
            world_fail("header to request took %" PRIu64 " clocks", took);
        }
        if (i == 0) {
            continue;
        }
        if (took < bound) {
            world_fail("header to request took only %" PRIu64 " clocks: mend the bound", took);
        }
    }
    printf("latency %" PRIu32 " to %" PRIu64 " clocks, ", bound, longest);
}

/* Long messages against what framing leaves of the wire. */
static void test_throughput(void) {
    const uint32_t len = w.c.max_flits;
    const uint32_t rest = len % w.c.frame_flits;
    const uint64_t ideal = frame_clocks(2) + len / w.c.frame_flits * frame_clocks(w.c.frame_flits) +
                           (rest != 0 ? frame_clocks(rest) : 0);
    const uint64_t trip = round_trip();
    const uint64_t window = trip / beats() + w.c.frame_flits;
    world_drain();
    w.rates = fast(len);
    world_run(4 * ideal + 4 * trip);
    const uint64_t stall = w.out.stall;
    const uint32_t delivered = w.delivered;
    const uint64_t clocks = 40 * ideal;
    world_run(clocks);
    const uint64_t percent = (w.delivered - delivered) * ideal * 100 / clocks;
    printf("throughput %" PRIu64 " %% of what framing leaves (%" PRIu64 " %% of the wire)\n",
           percent, (uint64_t)len * beats() * (w.delivered - delivered) * 100 / clocks);
    if (!hasty() && w.c.rx_flits >= window && w.c.tx_flits >= window + len + 2) {
        if (percent < 90) {
            world_fail("only %" PRIu64 " %% of the wire", percent);
        }
        if (w.out.stall != stall) {
            world_fail("waits for credit with a window of a round trip");
        }
    }
    world_drain();
    if ((w.out.replays != 0) != hasty() || w.out.in_errors != 0 ||
        (w.out.in_refused != 0) != hasty()) {
        world_fail("replays without faults");
    }
}

/* A bus that takes nothing: credit runs out, nothing is lost. */
static void test_stall(void) {
    const uint64_t before = w.out.stall;
    w.rates = fast(w.c.max_flits);
    w.rates.grant = 0;
    world_run(w.c.tx_flits * beats() * 3 + 2 * w.c.latency + 2000);
    const uint64_t stall = w.out.stall;
    world_run(500);
    if (w.out.stall - stall < 400 || w.exp - w.rd > w.c.rx_flits + 3 || w.wr - w.exp < 3) {
        world_fail("no stall against a bus that takes nothing");
    }
    if (stall == before) {
        world_fail("stall_cycles does not count");
    }
    world_drain();
}

/* One spoilt beat: the next bus waits for a round trip and a few frames, not for a timeout. */
static void test_recovery(void) {
    const uint64_t trip =
        2 * w.c.latency + 3 * frame_clocks(w.c.frame_flits) + 256 / w.c.rev_width + 40;
    uint64_t longest = 0;
    for (int i = 0; i < 40; i++) {
        const uint32_t before = w.faults;
        const uint32_t replays = w.out.replays;
        w.rates = fast(w.c.max_flits);
        world_run(1500 + world_below(500));
        w.rates.fwd_drop = i % 2 == 0 ? ALL : 0;
        w.rates.fwd_flip = i % 2 == 0 ? 0 : ALL;
        while (w.faults == before) {
            world_clock();
        }
        w.rates.fwd_drop = 0;
        w.rates.fwd_flip = 0;
        for (uint64_t end = w.now + 2 * trip; w.now < end; world_clock()) {
            const uint64_t gap = w.now - w.progress_at;
            longest = gap > longest ? gap : longest;
        }
        if (w.out.replays > replays + 1) {
            world_fail("%" PRIu32 " replays of one spoilt frame", w.out.replays - replays);
        }
    }
    printf("a spoilt frame costs up to %" PRIu64 " clocks (bound %" PRIu64 ")\n", longest, trip);
    if (longest > trip || longest > w.c.replay_cycles) {
        world_fail("a spoilt frame cost %" PRIu64 " clocks", longest);
    }
    world_drain();
}

/* ---- faults -------------------------------------------------------------------------------- */

static uint32_t pick(const uint32_t *of, uint32_t n) {
    return of[world_below(n)];
}

/* Faults in 1,000,000 beats such that a frame has a fair chance. */
static uint32_t fault_rate(uint32_t frame_beats) {
    static const uint32_t share[] = {0, 0, 1, 5, 20, 60};
    return pick(share, 6) * 10000 / frame_beats;
}

static void random_rates(void) {
    static const uint32_t often[] = {1000, 1000, 900, 500, 200, 50};
    static const uint32_t longest[] = {0, 4, 20, 60, 200};
    const uint32_t fwd = frame_clocks(w.c.frame_flits);
    const uint32_t rev = 64 / w.c.rev_width;
    uint32_t len = pick(longest, 5);
    len = len > w.c.max_flits ? w.c.max_flits : len;
    /* Longer than promised: the bus waits, nothing breaks. */
    len = world_below(8) == 0 ? w.c.tx_flits + 50 : len;
    w.rates = (link_rates_t){.messages = pick(often, 6),
                             .valid = pick(often, 6),
                             .ready = pick(often, 6),
                             .grant = pick(often, 6),
                             .len_max = len,
                             .fwd_flip = fault_rate(fwd),
                             .fwd_drop = fault_rate(fwd),
                             .rev_flip = fault_rate(rev),
                             .rev_drop = fault_rate(rev)};
}

static void test_faults(uint64_t clocks) {
    const uint64_t end = w.now + clocks;
    while (w.now < end) {
        random_rates();
        world_run(500 + world_below(3000));
        if (world_below(4) == 0) {
            world_drain();
        }
    }
    world_drain();
    printf("with faults: %" PRIu32 " messages, %" PRIu32 " frames, %" PRIu32 " replays, %" PRIu32
           " bad frames, %" PRIu32 " bad words, %" PRIu32 " refused\n",
           w.delivered, w.out.frames, w.out.replays, w.out.in_errors, w.out.rev_errors,
           w.out.in_refused);
    if (!hasty() && w.out.replays > w.out.in_errors + w.out.rev_errors) {
        world_fail("more replays than faults");
    }
    if (w.delivered < 100 || w.out.in_errors < 50 || w.out.rev_errors < 50 || w.out.replays < 50 ||
        w.out.in_refused < 50) {
        world_fail("too little traffic or too few faults");
    }
}

/* ---- dead wires ---------------------------------------------------------------------------- */

typedef struct {
    uint32_t fwd, rev; /* beats dropped, in 1,000,000 */
    uint32_t flips;    /* or spoilt: forward beats */
    bool slow;         /* the next bus has not taken all when its link goes down */
} dead_t;

/* The bounds of the module headers, from the clock in which the wire dies. */
static void check_bounds(const dead_t *dead, uint64_t since) {
    const uint64_t f = frame_clocks(w.c.frame_flits) + 2;
    const uint64_t silence = w.c.timeout_cycles + w.c.latency + 2 * f + 10;
    const uint64_t tried = (w.c.tries + 1) * (w.c.replay_cycles + 2 * f) + f + 20;
    const uint64_t follow = 2 * silence;
    /* Without credit nothing may be on its way to be tried again. */
    const uint64_t tries = dead->slow ? follow : tried;
    const uint64_t out = dead->rev != 0 ? silence : tries < follow ? tries : follow;
    const uint64_t in = dead->rev != 0 && dead->fwd == 0 && dead->flips == 0 ? follow : silence;
    while ((w.out_down_at == 0 || w.in_down_at == 0) && w.now < since + 2 * follow) {
        world_clock();
    }
    if (w.out_down_at == 0 || w.out_down_at > since + out) {
        world_fail("mr_link_out is not down after %" PRIu64 " clocks", out);
    }
    if (w.in_down_at == 0 || w.in_down_at > since + in) {
        world_fail("mr_link_in is not down after %" PRIu64 " clocks", in);
    }
    if (w.out_down_at < since + w.c.replay_cycles || w.in_down_at < since + w.c.replay_cycles) {
        world_fail("down at once");
    }
    /* Where the tries ended it, they were all made. */
    if (dead->rev == 0 && tries + 2 * f < silence && w.out.replays < w.c.tries) {
        world_fail("down after %" PRIu32 " replays", w.out.replays);
    }
}

/* Nothing moves any more, not on a mended wire either, and no bus waits. */
static void check_dead(void) {
    const uint64_t busy = w.out.busy;
    const uint32_t messages = w.accepted;
    const uint32_t dropped = w.dropped;
    w.rates = fast(w.c.max_flits);
    w.rates.len_min = 0;
    world_run(2 * (w.c.rx_flits + w.c.max_flits + CUT_FLITS) + 200);
    for (uint64_t i = 0; i < 2 * w.c.timeout_cycles; i++) {
        world_clock();
        if (w.out.fwd.sent || w.out.rev.sent) {
            world_fail("a link that is down sends");
        }
        if (w.sink_data || w.out.req || !w.out.in_idle || !w.out.out_idle) {
            world_fail("a link that is down holds its bus");
        }
    }
    if (w.accepted != messages || w.dropped < dropped + 20 || w.waited > 4) {
        world_fail("after down: %" PRIu32 " taken, %" PRIu32 " dropped, one waited %" PRIu64
                   " clocks",
                   w.accepted - messages, w.dropped - dropped, w.waited);
    }
    if (w.out.busy > busy + frame_clocks(w.c.frame_flits) + beats() || w.out.messages != messages) {
        world_fail("after down: busy %" PRIu64 " more clocks, %" PRIu32 " messages",
                   w.out.busy - busy, w.out.messages - messages);
    }
}

static uint32_t test_dead(const dead_t *dead, uint64_t after) {
    world_reset();
    w.rates = fast(w.c.max_flits);
    w.rates.len_min = w.c.max_flits / 2;
    w.rates.ready = dead->slow ? 10 : 1000;
    world_run(after);
    w.rates.fwd_drop = dead->fwd;
    w.rates.rev_drop = dead->rev;
    w.rates.fwd_flip = dead->flips;
    check_bounds(dead, w.now);
    check_dead();
    return w.cut;
}

static void test_all_dead(void) {
    static const dead_t ways[] = {{ALL, 0, 0, false},
                                  {0, ALL, 0, false},
                                  {ALL, ALL, 0, false},
                                  {0, 0, ALL, false},
                                  {ALL, ALL, 0, true}};
    uint32_t cut = 0;
    for (uint32_t i = 0; i < 5; i++) {
        cut += test_dead(&ways[i], 0);
        for (int k = 0; k < 5; k++) {
            cut += test_dead(&ways[i], 200 + world_below(3000));
        }
    }
    if (cut < 5) {
        world_fail("only %" PRIu32 " messages were cut", cut);
    }
}

int link_bench_main(const link_config_t *config, int argc, char **argv) {
    const uint64_t clocks = argc > 2 ? strtoull(argv[2], NULL, 0) : 400000;
    memset(&w, 0, sizeof w);
    w.c = *config;
    w.seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1;
    w.random = w.seed * 0x9E3779B97F4A7C15u + 1u;
    world_reset();
    printf("%s: ", config->name);
    test_crc();
    test_idle();
    test_latency();
    test_throughput();
    test_stall();
    if (!hasty()) {
        test_recovery();
    }
    if (config->tries >= 50) { /* with fewer, faults as random as these end the link at some time */
        test_faults(clocks);
    }
    test_all_dead();
    world_reset();
    w.rates = fast(30);
    world_run(5000);
    world_drain();
    if (w.delivered < 5) {
        world_fail("no traffic after a reset");
    }
    printf("PASS %s\n", config->name);
    return 0;
}
