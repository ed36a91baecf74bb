/* SPDX-License-Identifier: Apache-2.0 */
/* See link_world.h. */
#include "link_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLED = 8, STUCK = 60000 };

link_world_t w;

void world_fail(const char *format, ...) {
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

uint32_t world_below(uint32_t n) {
    return (uint32_t)(random64() >> 32) % n;
}

static bool chance(uint32_t in_1000) {
    return world_below(1000) < in_1000;
}

static flit_t *flit_at(uint64_t pos) {
    return &w.log[pos % LOG_FLITS];
}

/* ---- the bus to mr_link_out ---------------------------------------------------------------- */

static void take_flit(uint64_t value, bool first, bool last) {
    *flit_at(w.wr) = (flit_t){value, first, last};
    w.wr++;
    w.changed_at = w.now;
}

static void new_message(void) {
    w.in.hdr[0] = random64();
    w.in.hdr[1] = random64();
    w.left = w.rates.len_min + world_below(w.rates.len_max - w.rates.len_min + 1);
    w.in.empty = w.left == 0;
    w.promised = w.left <= w.c.max_flits;
    w.pending = true;
    w.offered_at = w.now;
}

/* As mr_group_bus: a clock for the header, then the offer, then at the earliest two clocks on the
 * first flit. */
static void drive_source(void) {
    w.in.commit = false;
    switch (w.source) {
    case SOURCE_IDLE:
        if (!w.pending && chance(w.rates.messages)) {
            new_message();
        }
        if (w.pending) {
            w.source = SOURCE_MATCH;
        }
        break;
    case SOURCE_MATCH:
        w.source = SOURCE_OFFER;
        break;
    case SOURCE_GRANTED:
        w.source = SOURCE_DATA;
        break;
    case SOURCE_DATA:
        if (!w.in.valid && chance(w.rates.valid)) {
            w.in.valid = true;
            w.in.data = random64();
            w.in.last = w.left == 1;
            w.offered_at = w.now;
        }
        break;
    case SOURCE_OFFER:
    default:
        break;
    }
}

static void observe_wait(void) {
    const uint64_t took = w.now - w.offered_at;
    if (w.out.out_down && w.out_down_at + 4 < w.offered_at && took > w.waited) {
        w.waited = took;
    }
}

static void observe_offer(void) {
    if (!w.in.commit) {
        w.source = SOURCE_IDLE; /* it is offered again */
        return;
    }
    w.pending = false;
    observe_wait();
    w.commit_at = w.now;
    w.logged = !w.out.out_down;
    if (w.logged) {
        const uint64_t hops = w.in.hdr[1] >> 60;
        const uint64_t less = hops == 0 ? 0 : (uint64_t)1 << 60;
        w.accepted++;
        take_flit(w.in.hdr[0], true, false);
        take_flit(w.in.hdr[1] - less, false, w.in.empty);
    } else {
        w.dropped++;
    }
    w.source = w.in.empty ? SOURCE_IDLE : SOURCE_GRANTED;
}

static void observe_source(void) {
    if (w.source == SOURCE_OFFER) {
        observe_offer();
    } else if (w.source == SOURCE_DATA && w.in.valid && !w.out.ready) {
        if (w.promised) {
            world_fail("the bus waits for the link");
        }
    } else if (w.source == SOURCE_DATA && w.in.valid) {
        observe_wait();
        if (w.logged && !w.out.out_down) {
            take_flit(w.in.data, false, w.in.last);
        }
        w.in.valid = false;
        if (--w.left == 0) {
            w.source = SOURCE_IDLE;
        }
    }
}

/* ---- the bus from mr_link_in --------------------------------------------------------------- */

static void drive_sink(void) {
    w.in.grant = false;
    w.in.ready = chance(w.rates.ready);
    if (w.req_at != 0 && w.now >= w.req_at + 2) {
        w.in.grant = chance(w.rates.grant);
    }
}

static void check_held(void) {
    const link_out_t *a = &w.before;
    const link_out_t *b = &w.out;
    if (w.req_at != 0 &&
        (!b->req || memcmp(a->hdr, b->hdr, sizeof a->hdr) != 0 || a->empty != b->empty)) {
        world_fail("a message on offer changed");
    }
}

static void sink_header(void) {
    if (w.rd + 2 > w.exp) {
        world_fail("a header that no good frame has brought");
    }
    const flit_t *h0 = flit_at(w.rd);
    const flit_t *h1 = flit_at(w.rd + 1);
    if (!h0->first || w.out.hdr[0] != h0->value || w.out.hdr[1] != h1->value ||
        w.out.empty != h1->last) {
        world_fail("header of message %" PRIu32 " differs", w.delivered);
    }
    w.rd += 2;
    w.delivered++;
    w.sink_data = !w.out.empty;
    w.req_at = 0;
    w.progress_at = w.now;
}

static void sink_flit(void) {
    w.progress_at = w.now;
    if (w.out.in_down && w.rd == w.exp) {
        w.cut_flits++;
        if (w.out.data != UINT64_MAX || w.out.last != (w.cut_flits == CUT_FLITS)) {
            world_fail("the cut message does not end with ones");
        }
        if (w.out.last) {
            w.cut++;
            w.cut_flits = 0;
            w.sink_data = false;
        }
        return;
    }
    const flit_t *f = flit_at(w.rd);
    if (w.rd >= w.exp) {
        world_fail("a flit that no good frame has brought");
    }
    if (f->first || f->value != w.out.data || f->last != w.out.last) {
        world_fail("flit %" PRIu64 " differs", w.rd);
    }
    w.rd++;
    w.sink_data = !f->last;
}

static void observe_sink(void) {
    if (w.held && (!w.out.valid || w.out.data != w.before.data || w.out.last != w.before.last)) {
        world_fail("a flit on offer changed");
    }
    w.held = w.out.valid && !w.in.ready;
    if (w.out.req && w.req_at == 0) {
        w.req_at = w.now;
    }
    if (w.sink_data ? w.out.req : w.out.valid) {
        world_fail("a message inside a message, or a flit outside");
    }
    if (w.in.grant) {
        sink_header();
    } else if (w.out.valid && w.in.ready) {
        sink_flit();
    }
}

/* ---- the wire ------------------------------------------------------------------------------ */

static uint64_t flip_mask(uint32_t width) {
    const uint64_t all = width == 64 ? ~(uint64_t)0 : ((uint64_t)1 << width) - 1;
    uint64_t mask = 0;
    switch (world_below(4)) {
    case 0:
        mask = (uint64_t)1 << world_below(width);
        break;
    case 1:
        mask = (uint64_t)1 << world_below(width) | (uint64_t)1 << world_below(width);
        break;
    case 2:
        mask = all << world_below(width);
        break;
    default:
        mask = random64();
        break;
    }
    return (mask & all) != 0 ? mask & all : 1;
}

static void drive_faults(void) {
    const link_rates_t *r = &w.rates;
    w.in.fwd_flip = world_below(1000000) < r->fwd_flip ? flip_mask(w.c.width) : 0;
    w.in.rev_flip = world_below(1000000) < r->rev_flip ? flip_mask(w.c.rev_width) : 0;
    w.in.fwd_drop = world_below(1000000) < r->fwd_drop;
    w.in.rev_drop = world_below(1000000) < r->rev_drop;
}

static bool sound(const frame_t *f) {
    return f->good && frame_len(f->ctrl) == f->words - 1;
}

/* A frame that mr_link_out sent: what the documentation allows, with the flits that the bus
 * brought. */
static void sent_frame(const frame_t *f) {
    const uint32_t len = frame_len(f->ctrl);
    const uint64_t pos = frame_near(w.wr, frame_pos(f->ctrl));
    const uint32_t turns = (frame_round(f->ctrl) - w.round) & 15u;
    /* Its place is free as soon as its trailer has begun. */
    if (!sound(f) || pos + len > w.wr || pos + w.c.tx_flits + 64 / w.c.width < w.wr ||
        f->ctrl >> 27 != 0) {
        world_fail("mr_link_out sent a bad frame");
    }
    if (turns == 0 ? pos != w.prev_end && (pos < w.prev_end || pos > w.exp)
                   : pos > w.prev_end && pos > w.exp) {
        world_fail("frame at %" PRIu64 " behind one that ended at %" PRIu64, pos, w.prev_end);
    }
    w.round = frame_round(f->ctrl);
    w.rounds += turns;
    w.prev_end = pos + len;
    w.changed_at = w.now;
    if (len == 0) {
        return;
    }
    w.frames++;
    const bool first = flit_at(pos)->first;
    const bool last = flit_at(pos + len - 1)->last;
    if (frame_first(f->ctrl) != first || frame_last(f->ctrl) != last ||
        (first ? len != 2 : len > w.c.frame_flits || (len != w.c.frame_flits && !last))) {
        world_fail("frame at %" PRIu64 ", length %" PRIu32 " is cut wrongly", pos, len);
    }
    for (uint32_t i = 0; i < len; i++) {
        const flit_t *x = flit_at(pos + i);
        if (x->value != f->word[i] || (i != 0 && x->first) || (i + 1 != len && x->last)) {
            world_fail("frame at %" PRIu64 ", length %" PRIu32 " has other flits", pos, len);
        }
    }
    if (pos < w.frame_acked) {
        world_fail("frame at %" PRIu64 " again, although all before %" PRIu64 " was acknowledged",
                   pos, w.frame_acked);
    }
    if (pos + len > w.limit) {
        world_fail("frame at %" PRIu64 ", length %" PRIu32 " beyond its credit", pos, len);
    }
}

static void got_frame(const frame_t *f) {
    w.changed_at = w.now;
    if (w.out.in_down) {
        return;
    }
    if (!sound(f)) {
        w.in_errors++;
    } else if (frame_len(f->ctrl) != 0) {
        if (frame_pos(f->ctrl) == (w.exp & POS_MASK)) {
            w.exp += frame_len(f->ctrl);
            w.in_frames++;
        } else {
            w.in_refused++;
        }
    }
}

/* A flit or two of the message on its way to the bus have left the buffer. */
static void sent_rev(const frame_t *f) {
    const uint64_t ack = frame_near(w.exp, rev_ack(f->ctrl));
    const uint64_t limit = frame_near(w.exp, rev_limit(f->ctrl));
    if (!f->good || f->words != 1) {
        world_fail("mr_link_in sent a bad word");
    }
    if (ack > w.exp || (ack != 0 && rev_start(f->ctrl) != flit_at(ack - 1)->last) ||
        limit > w.rd + w.c.rx_flits + 3) {
        world_fail("mr_link_in acknowledges %" PRIu64 " of %" PRIu64 ", limit %" PRIu64, ack, w.exp,
                   limit);
    }
}

static void got_rev(const frame_t *f) {
    w.changed_at = w.now;
    if (!f->good || f->words != 1) {
        w.rev_errors++;
    } else {
        w.limit = frame_near(w.exp, rev_limit(f->ctrl));
        w.acked[w.now % 16] = frame_near(w.exp, rev_ack(f->ctrl));
    }
}

static void observe_wire(void) {
    const link_out_t *o = &w.out;
    w.busy += o->fwd.sent;
    if (o->fwd.sent && !w.fwd_sent.run) {
        w.frame_acked = w.acked[(w.now + 1) % 16];
    }
    w.acked[w.now % 16] = w.acked[(w.now + 15) % 16];
    w.faults += (o->fwd.sent && (w.in.fwd_drop || w.in.fwd_flip != 0)) ||
                (o->rev.sent && (w.in.rev_drop || w.in.rev_flip != 0));
    if (frame_monitor(&w.rev_got, o->rev.got, o->rev.got_data)) {
        got_rev(&w.rev_got.frame);
    }
    if (frame_monitor(&w.fwd_sent, o->fwd.sent, o->fwd.sent_data)) {
        sent_frame(&w.fwd_sent.frame);
    }
    if (frame_monitor(&w.fwd_got, o->fwd.got, o->fwd.got_data)) {
        got_frame(&w.fwd_got.frame);
    }
    if (frame_monitor(&w.rev_sent, o->rev.sent, o->rev.sent_data)) {
        sent_rev(&w.rev_sent.frame);
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void same(const char *what, uint64_t is, uint64_t want) {
    if (is != want) {
        world_fail("%s is %" PRIu64 ", not %" PRIu64, what, is, want);
    }
}

void world_counters(void) {
    const link_out_t *o = &w.out;
    same("messages", o->messages, w.accepted);
    same("frames", o->frames, w.frames);
    same("replays", o->replays, w.rounds);
    same("rev_errors", o->rev_errors, w.rev_errors);
    same("busy_cycles", o->busy, w.busy - o->fwd.sent);
    same("messages of mr_link_in", o->in_messages, w.delivered);
    same("frames of mr_link_in", o->in_frames, w.in_frames);
    same("errors", o->in_errors, w.in_errors);
    same("refused", o->in_refused, w.in_refused);
}

static void observe_down(void) {
    if (w.out.out_down ? false : w.out_down_at != 0) {
        world_fail("mr_link_out came back");
    }
    if (w.out.in_down ? false : w.in_down_at != 0) {
        world_fail("mr_link_in came back");
    }
    if (w.out.out_down && w.out_down_at == 0) {
        w.out_down_at = w.now;
    }
    if (w.out.in_down && w.in_down_at == 0) {
        w.in_down_at = w.now;
    }
}

void world_clock(void) {
    w.now++;
    drive_source();
    drive_sink();
    drive_faults();
    link_dut_settle(&w.in, &w.out);
    if (w.source == SOURCE_OFFER && w.out.accept) {
        w.in.commit = true;
        link_dut_settle(&w.in, &w.out);
    }
    if (w.in.rst_n) {
        observe_down();
        observe_wire();
        check_held();
        observe_sink();
        observe_source();
    }
    if (w.out_down_at == 0 && w.in_down_at == 0 && w.rd != w.wr && w.now - w.progress_at > STUCK) {
        world_fail("stuck: %" PRIu64 " taken, %" PRIu64 " over the wire, %" PRIu64 " delivered",
                   w.wr, w.exp, w.rd);
    }
    if (w.rd == w.wr) {
        w.progress_at = w.now;
    }
    w.before = w.out;
    link_dut_edge();
}

void world_run(uint64_t clocks) {
    for (uint64_t i = 0; i < clocks; i++) {
        world_clock();
    }
}

void world_reset(void) {
    const link_config_t c = w.c;
    const uint64_t random = w.random;
    const uint64_t now = w.now;
    const uint32_t seed = w.seed;
    memset(&w, 0, sizeof w);
    w.c = c;
    w.random = random;
    w.now = now;
    w.seed = seed;
    w.fwd_sent.width = w.fwd_got.width = c.width;
    w.rev_sent.width = w.rev_got.width = c.rev_width;
    world_run(3);
    w.in.rst_n = true;
}

void world_drain(void) {
    w.rates = (link_rates_t){.valid = 1000, .ready = 1000, .grant = 1000};
    do {
        world_clock();
        if (w.out.out_down || w.out.in_down) {
            world_fail("down");
        }
    } while (w.rd != w.wr || w.source != SOURCE_IDLE || w.pending || !w.out.out_idle ||
             !w.out.in_idle);
    while (w.now < w.changed_at + SETTLED || w.out.fwd.got || w.out.rev.got || w.out.fwd.sent) {
        world_clock();
    }
    world_counters();
}
