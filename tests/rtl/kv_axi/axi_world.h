/* SPDX-License-Identifier: Apache-2.0 */
/* The AXI back end's bench: device, memory model, checker, golden copy, and what moves the clock.
 */
#ifndef MR_TESTS_RTL_KV_AXI_AXI_WORLD_H
#define MR_TESTS_RTL_KV_AXI_AXI_WORLD_H

#include <stddef.h>

#include "axi_dut.h"
#include "mr_axi_check.h"
#include "mr_axi_mem.h"

enum {
    LG_BANKS = 2,
    LG_ROWS = 4,
    LG_COLS = 7,
    BANKS = 1 << LG_BANKS,
    LOCALS = 1 << (LG_ROWS + LG_COLS),
    PART = 45,
    PAGES = LOCALS / PART,
    PAGE_BURSTS = PART * BANKS,
    QUEUE = 1 << 14,
    HANG = 20000,
    TIMEOUT = 1 << 11, /* TimeoutBits of tb_kv_axi */
    COUNTERS = 24
};

typedef struct {
    uint32_t page, word;                           /* word within the page */
    uint8_t data[MR_AXI_BYTES], old[MR_AXI_BYTES]; /* old: what a write replaces */
    uint64_t strobes;
} item_t;

typedef struct {
    item_t item[QUEUE];
    unsigned head, tail;
} items_t;

/* A burst of a page: page * PAGE_BURSTS + its number. */
typedef struct {
    uint32_t burst[QUEUE];
    unsigned head, tail;
} places_t;

/* When the requests made so far would have ended, had each gone out as soon as one of the `depth`
 * before it had its response: what no device with that depth can beat. */
typedef struct {
    unsigned depth, latency, count;
    uint64_t done[MR_AXI_CHECK_TXNS], data; /* clocks; data: the data channel is free */
} axi_ideal_t;

typedef struct {
    axi_dut_t io;
    axi_shape_t shape;
    mr_axi_mem_t *mem;
    mr_axi_check_t check;
    uint32_t burst_bytes;
    uint64_t base, clock, random, last_progress, runs, ready_at;
    bool failed, offered, was_ready, after_clear;
    unsigned room_pct, room_run, room_words;
    bool room_luck, room_was;
    uint8_t *gold;                      /* PAGES pages, byte by byte */
    items_t rd, wr;                     /* words to be read; words of writes not yet taken */
    places_t ar, aw;                    /* bursts whose requests are to come */
    uint32_t bank[PAGES * PAGE_BURSTS]; /* bank + 1 where a burst stands; 0: not known yet */
    uint32_t owner[LOCALS * BANKS];     /* burst + 1 that stands there */
    bool bad[QUEUE];                    /* read responses on their way through */
    unsigned bad_head, bad_tail;
    uint64_t issued, received, asked_from; /* words */
    uint64_t useful, rd_bursts, wr_bursts; /* what the counters must show */
    bool err, proto;                       /* the error report of the next clock */
    uint64_t err_addr;
    uint32_t err_count;
    bool lost;                             /* timeout_o of the next clock */
    unsigned rd_quiet, wr_quiet, lost_for; /* clocks */
    unsigned lost_from;                    /* write words from here on were dropped */
    uint64_t r_words, w_words;             /* on the bus */
    axi_ideal_t ideal_rd, ideal_wr;
    uint64_t first_ar, first_r, words_moved, clears;
} axi_world_t;

extern axi_world_t axi;

/* A random number below `below`, from the bench's seed. */
uint32_t axi_rnd(uint32_t below);
/* The first call prints what is wrong; the run fails. */
void axi_fail(const char *what);
size_t axi_gold_at(uint32_t page, uint32_t word);
/* Whether a burst of a page may stand at this address: row and column follow from the page, the
 * bank is the splitter's affair but is always the same and shared with nobody. */
bool axi_is_at(uint32_t burst, uint64_t addr);
/* One clock; the run in axi.io is offered while axi.offered. All checks that hold in any clock. */
void axi_tick(void);
/* Offers a run and, for writes, makes its words; changes the golden copy. */
void axi_offer(bool wr, uint32_t page, uint32_t first, uint32_t n, uint32_t use);
void axi_wait_taken(void);
/* Until everything has come to rest. */
void axi_drain(void);
/* A pulse of clear_i, and then the wait until the device is ready again. */
void axi_clear_pulse(void);
void axi_clear(void);
/* The whole memory against the golden copy, at rest. */
void mr_axi_check_memory(void);
/* Rounds of a memory that goes silent on one channel (axi_silent.c). */
void axi_silent_phase(const mr_axi_mem_mode_t *fast);
/* Utilisation of the data channels against latency, with floors (axi_speed.c). */
void axi_speed_phase(const mr_axi_mem_mode_t *fast);

#endif
