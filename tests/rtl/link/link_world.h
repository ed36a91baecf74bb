/* SPDX-License-Identifier: Apache-2.0 */
/* The world around a link for its bench: a bus that brings random messages, a bus that takes them,
 * faults on the wire, and checks in every clock of what is delivered, of every frame and of the
 * counters. A violation prints a line and exits.
 */
#ifndef MR_TESTS_RTL_LINK_LINK_WORLD_H
#define MR_TESTS_RTL_LINK_LINK_WORLD_H

#include "link_dut.h"
#include "link_frame.h"

enum { LOG_FLITS = 1 << 15 };
enum { CUT_FLITS = 513 }; /* mr_link_in, CutFlits */

/* How things go, each in 1000 but for the faults: in 1,000,000 beats. */
typedef struct {
    uint32_t messages;         /* the chance of a new one in a free clock */
    uint32_t valid;            /* the chance of a flit from the bus */
    uint32_t ready, grant;     /* the chances that the other bus takes a flit, a message */
    uint32_t len_min, len_max; /* payload flits */
    uint32_t fwd_flip, fwd_drop, rev_flip, rev_drop;
} link_rates_t;

typedef enum { SOURCE_IDLE, SOURCE_MATCH, SOURCE_OFFER, SOURCE_GRANTED, SOURCE_DATA } source_e;

typedef struct {
    uint64_t value;
    bool first, last;
} flit_t;

typedef struct {
    link_config_t c;
    uint64_t random;
    uint32_t seed;
    uint64_t now;
    link_rates_t rates;
    link_in_t in;
    link_out_t out, before;

    /* The bus to mr_link_out. */
    source_e source;
    bool pending; /* a message waits for its grant */
    uint32_t left;
    bool promised;       /* it is no longer than MaxFlits: the bus must not wait for it */
    bool logged;         /* the message was taken, not dropped */
    uint64_t offered_at; /* clock of the first offer of this message */
    uint64_t commit_at;
    uint64_t waited; /* clocks of the longest offer or flit since mr_link_out went down */
    uint32_t accepted, dropped;

    flit_t log[LOG_FLITS]; /* flits taken, by position */
    uint64_t wr;           /* flits taken */
    uint64_t exp;          /* flits in good frames in order, as seen at the end of the wire */
    uint64_t rd;           /* flits delivered */

    /* The bus from mr_link_in. */
    bool sink_data; /* in a message */
    bool held;      /* a flit was on offer and not taken */
    uint32_t delivered, cut, cut_flits;
    uint64_t req_at;

    /* The wire. */
    frame_monitor_t fwd_sent, fwd_got, rev_sent, rev_got;
    uint64_t prev_end, limit;
    uint64_t acked[16];   /* what mr_link_out has been told, by clock */
    uint64_t frame_acked; /* that, when it chose the frame on the wire */
    uint32_t round, rounds;
    uint32_t frames, in_frames, in_errors, in_refused, rev_errors;
    uint64_t busy, changed_at, progress_at;
    uint64_t out_down_at, in_down_at; /* 0: up */
    uint32_t faults;
} link_world_t;

extern link_world_t w;

void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
uint32_t world_below(uint32_t n);
/* Resets the link and forgets what was on its way. */
void world_reset(void);
/* One clock: drives, checks, gives the edge. */
void world_clock(void);
void world_run(uint64_t clocks);
/* No faults, no new messages, everybody ready: until all is delivered; then compares all counters.
 */
void world_drain(void);
/* Compares the counters; the wire must have been quiet of frames for some clocks, see world_clock.
 */
void world_counters(void);

#endif
