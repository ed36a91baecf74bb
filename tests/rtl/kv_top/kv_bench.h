/* SPDX-License-Identifier: Apache-2.0 */
/* State of the random bench of the whole KV controller, and what its parts call of each other. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_BENCH_H
#define MR_TESTS_RTL_KV_TOP_KV_BENCH_H

#include "kv_golden.h"
#include "kv_traffic.h"
#include "mr_kv_sim.h"

enum {
    OUTSTANDING = 16,
    LOST_MAX = 64 /* distinct blocks that came as zero, kept for a look */
};

/* Faults that are being put in by the injection registers. */
typedef enum { FAULT_NONE, FAULT_WRITE, FAULT_READ, FAULT_DOUBLE, FAULT_KINDS } fault_kind_t;

typedef struct {
    fault_kind_t kind;
    uint32_t lost; /* distinct blocks that came as zero */
    uint32_t lost_id[LOST_MAX], lost_block[LOST_MAX];
} fault_t;

typedef struct {
    mr_kv_sim_cmd_t cmd;
    uint8_t status;
    bool or_no_page, or_bad, inject;         /* or_bad: the page copy may read a bad word: 7 */
    uint32_t beat, beats, append_id, zeroed; /* zeroed: blocks that came as zero instead */
    uint32_t id[32];                         /* STREAM: content of each position */
} pending_t;

typedef struct {
    uint64_t ops, beats, blocks, clocks, by_status[8], admin_by_status[4][8];
    uint64_t read_after_append, either, scrubs, bytes_checked, mismatches, violations;
    uint64_t write_errors, read_errors, copies_undone, silences; /* AXI */
    uint64_t patrol_pages, patrol_words, rounds;                 /* in traffic; exact rounds */
    uint64_t bound_took, bound_of; /* of the command that came closest to its bound */
    uint64_t lost_streams, lost_blocks, corrected, copied_poison, swept; /* ECC */
} totals_t;

typedef struct {
    mr_kv_sim_t sim;
    golden_t golden;
    traffic_rng_t rng;
    traffic_style_t style;
    pending_t pending[OUTSTANDING];
    uint32_t head, count, words_at, words_for;
    mr_kv_sim_cmd_t last;
    bool issuing, hold, admin_busy, injecting, injected, failed;
    uint8_t admin_op, admin_status;
    uint32_t kc_pace, kw_pace, kr_pace; /* of 8 clocks */
    uint64_t progress, refused[4], ops_left, round_seed;
    uint64_t oldest_clocks; /* that the oldest command has taken, see kv_bound.h */
    uint32_t most_dirty;
    bool spoilt; /* memory holds words that cannot be corrected */
    bool lossy; /* words of reads may be bad: their blocks come as zero, their stream ends with 7 */
    fault_t fault;
    uint32_t axi_bad_writes; /* responses since the last clear */
    bool axi_odd;
    const char *model;
    bool streams; /* mostly long STREAMs */
    totals_t total;
} bench_t;

__attribute__((format(printf, 2, 3))) void bench_fail(bench_t *b, const char *format, ...);
/* One clock. */
void bench_tick(bench_t *b);
/* Clocks until nothing is outstanding; no new random commands. */
void bench_drain(bench_t *b);
/* One administration command while all is quiet. */
void bench_administer(bench_t *b, uint8_t op, uint8_t slot, uint32_t len);
/* One command while no other is chosen; returns when it is at the port. */
void bench_command(bench_t *b, const mr_kv_sim_cmd_t *c);
/* All chunks of a slot: APPEND of a position, or STREAM of its 32-position block up to it. */
void bench_chunks(bench_t *b, uint8_t op, uint32_t slot, uint32_t pos);
/* Drains, flushes, waits for idle and for all scrubs; compares tables and memory. */
void bench_quiet(bench_t *b);
/* FREE of every slot, then bench_quiet(). */
void bench_free_all(bench_t *b);

#endif
