/* SPDX-License-Identifier: Apache-2.0 */
/* Surroundings of a dot-product unit in its benches: memories, random stalls, KV controller. */
#ifndef MR_TESTS_RTL_DPU_DPU_BENCH_H
#define MR_TESTS_RTL_DPU_DPU_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "dpu_dut.h"
#include "millrace/ops.h"
#include "mr_test_random.h"

#define BENCH_KV_HEADS 4u
#define BENCH_KV_POSITIONS 256u
#define BENCH_KV_QUEUE 4u

/* A STREAM command on its way. */
typedef struct {
    uint32_t head;
    uint32_t kind;
    uint32_t pos;
    uint32_t count;
    uint32_t wait; /* cycles until its first beat may appear */
} bench_stream_t;

/* Limits of the units, by log2 of the lanes (tb_dpu.sv). */
extern const uint32_t dpu_max_g[DPU_UNITS];
extern const uint32_t dpu_max_nbh[DPU_UNITS];

typedef struct {
    dpu_dut_t *dut;
    dpu_pins_t pins;
    mr_test_random_t rng;
    /* memories */
    uint32_t wmem[DPU_WDEPTH * 9u * 8u];
    uint32_t xmem[DPU_XDEPTH * 9u];
    uint32_t vmem[DPU_VDEPTH];
    uint32_t wm_out[72];
    uint32_t wm_addr; /* of the last request */
    bool wm_asked;
    uint32_t xm_out[9];
    uint64_t vr_out;
    /* how often, of 256: a VMEM write or read is refused, a KV command is refused, a KV beat is
     * late, somebody else uses XMEM's output */
    uint32_t vw_stall;
    uint32_t vr_stall;
    uint32_t kc_stall;
    uint32_t kr_stall;
    uint32_t xm_steal;
    uint32_t kv_latency; /* largest time from a command to its first beat */
    /* KV cache of slot kv_slot, layer kv_layer: [head][kind][position x nbh + block] */
    uint32_t kv_slot;
    uint32_t kv_layer;
    mr_block_t kv[BENCH_KV_HEADS][2][BENCH_KV_POSITIONS * DPU_MAX_NBH];
    bench_stream_t queue[BENCH_KV_QUEUE];
    uint32_t queued;
    uint32_t beat; /* next beat of queue[0] */
    uint32_t commands;
    uint32_t fail_command; /* this command of the run ... */
    uint32_t fail_beat;    /* ... ends at this beat ... */
    uint32_t fail_status;  /* ... with this status; 0: never */
    uint32_t kr_block[9];
    bool kr_offered;
    /* counters of the last run */
    uint64_t cycles; /* start to the first cycle with busy low */
    uint64_t gemv_active;
    uint64_t lane_busy;
    uint64_t kv_wait;
    uint32_t writes;   /* VMEM pairs */
    const char *fault; /* protocol violation, or NULL */
} bench_t;

/** New bench with reset units, every memory zero. Ends the program when memory is short. */
bench_t *bench_open(uint64_t seed);

/** Frees the bench. */
void bench_close(bench_t *b);

/** Sets all stall rates to zero (stalls false) or to random ones. */
void bench_stalls(bench_t *b, bool stalls);

/** Runs one command on the unit with 2^lanes_log2 lanes.
 * @return the unit's status; 100 if it did not end within the limit, 101 after a protocol violation
 * (b->fault) */
uint32_t bench_run(bench_t *b, uint32_t lanes_log2, const dpu_cmd_t *cmd);

/** Writes a block as 9 words of XMEM. */
void bench_put_block(uint32_t words[9], const mr_block_t *block);

/** Lays a matrix (row-major blocks) out in WMEM from word `base`; q4: values must be in [-8, 7]. */
void bench_put_matrix(bench_t *b, uint32_t lanes_log2, uint32_t base, const mr_block_t *w,
                      uint32_t rows, uint32_t nb, bool q4);

/* The two halves of the test: 0 when every case passed, otherwise the first failure was printed. */
int test_gemv(bench_t *b);
int test_attend(bench_t *b);

#endif
