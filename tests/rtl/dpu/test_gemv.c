/* SPDX-License-Identifier: Apache-2.0 */
/* GEMV of the dot-product unit against the contract, bit for bit, and its cycles against
 * docs/tile_isa.md. */
#include "dpu_bench.h"

#include <stdio.h>
#include <string.h>

#define MAX_ROWS 640u
#define MAX_NB 12u

/* Cycles beside the products (docs/tile_isa.md section 5), by log2 of the lanes; and what ACC adds.
 */
static const uint32_t drain_cycles[DPU_UNITS] = {16, 16, 20, 28};
static const uint32_t acc_cycles[DPU_UNITS] = {0, 0, 4, 12};

static mr_block_t w[MAX_ROWS * MAX_NB];
static mr_block_t x[MAX_NB];
static float y[MAX_ROWS];

/* Blocks whose values fit 4 bits. */
static void narrow(mr_block_t *blocks, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < MR_BLOCK_LEN; j++) {
            blocks[i].q[j] = (int8_t)((blocks[i].q[j] & 15) - 8);
        }
    }
}

/* Random matrix and vector of the wanted shape, in WMEM and XMEM, old values in VMEM, golden in y.
 */
static void prepare(bench_t *b, uint32_t lanes_log2, const dpu_cmd_t *cmd, bool wild) {
    if (wild) {
        mr_test_wild_blocks(&b->rng, w, cmd->rows * cmd->nb);
        mr_test_wild_blocks(&b->rng, x, cmd->nb);
    } else {
        mr_test_blocks(&b->rng, w, cmd->rows * cmd->nb, 0.01f, -128);
        mr_test_blocks(&b->rng, x, cmd->nb, 0.01f, -127);
    }
    if (cmd->q4) {
        narrow(w, cmd->rows * cmd->nb);
    }
    bench_put_matrix(b, lanes_log2, cmd->w, w, cmd->rows, cmd->nb, cmd->q4);
    for (uint32_t i = 0; i < cmd->nb; i++) {
        bench_put_block(&b->xmem[(cmd->x + i) * 9u], &x[i]);
    }
    for (uint32_t i = 0; i < DPU_VDEPTH; i++) {
        b->vmem[i] = mr_f32_bits(mr_test_wild_float(&b->rng));
    }
    for (uint32_t r = 0; r < cmd->rows; r++) {
        y[r] = mr_f32_from_bits(b->vmem[2u * cmd->dst + r]);
    }
    mr_op_gemv(y, w, x, cmd->rows, cmd->nb, cmd->acc);
}

static int run_one(bench_t *b, uint32_t lanes_log2, const dpu_cmd_t *cmd, bool wild) {
    static uint32_t before[DPU_VDEPTH];
    prepare(b, lanes_log2, cmd, wild);
    memcpy(before, b->vmem, sizeof before);
    const uint32_t err = bench_run(b, lanes_log2, cmd);
    if (err != 0) {
        printf("GEMV %u x %u, %u lanes: status %u %s\n", cmd->rows, 32u * cmd->nb, 1u << lanes_log2,
               err, b->fault != NULL ? b->fault : "");
        return 1;
    }
    for (uint32_t i = 0; i < DPU_VDEPTH; i++) {
        const uint32_t r = i - 2u * cmd->dst;
        const uint32_t want = r < cmd->rows ? mr_f32_bits(y[r]) : before[i];
        if (b->vmem[i] != want) {
            printf("GEMV %u x %u, %u lanes, q4 %d, acc %d: element %d is %08x, not %08x\n",
                   cmd->rows, 32u * cmd->nb, 1u << lanes_log2, cmd->q4, cmd->acc, (int)r,
                   b->vmem[i], want);
            return 1;
        }
    }
    return 0;
}

static int random_runs(bench_t *b, uint32_t runs) {
    for (uint32_t i = 0; i < runs; i++) {
        const uint32_t lanes_log2 = mr_test_below(&b->rng, DPU_UNITS);
        dpu_cmd_t cmd = {0};
        const bool large = mr_test_below(&b->rng, 8) == 0;
        cmd.rows = 32u + 32u * mr_test_below(&b->rng, large ? 20u : 4u);
        cmd.nb = 1u + mr_test_below(&b->rng, large ? 3u : MAX_NB);
        cmd.q4 = mr_test_below(&b->rng, 2) != 0;
        cmd.acc = mr_test_below(&b->rng, 2) != 0;
        cmd.dst = mr_test_below(&b->rng, (DPU_VDEPTH - cmd.rows) / 2u + 1u);
        cmd.x = mr_test_below(&b->rng, DPU_XDEPTH - cmd.nb + 1u);
        cmd.w = mr_test_below(&b->rng, DPU_WDEPTH - cmd.rows * cmd.nb + 1u);
        bench_stalls(b, mr_test_below(&b->rng, 4) != 0);
        if (run_one(b, lanes_log2, &cmd, mr_test_below(&b->rng, 3) == 0) != 0) {
            return 1;
        }
    }
    return 0;
}

static int shapes(bench_t *b) {
    static const uint32_t shape[][2] = {{64, 2},  {128, 2}, {320, 2}, {64, 5},
                                        {640, 2}, {64, 8},  {256, 8}, {64, 1}};
    int bad = 0;
    bench_stalls(b, false);
    for (uint32_t lanes_log2 = 0; lanes_log2 < DPU_UNITS; lanes_log2++) {
        for (uint32_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
            dpu_cmd_t cmd = {.rows = shape[i][0], .nb = shape[i][1], .q4 = (i & 1u) != 0};
            if (2u * cmd.nb < 1u << lanes_log2) {
                continue; /* limited by the VMEM write port */
            }
            if (run_one(b, lanes_log2, &cmd, false) != 0) {
                return 1;
            }
            const uint32_t products = (cmd.rows >> lanes_log2) * cmd.nb;
            const double busy = 100.0 * (double)b->lane_busy / (double)b->gemv_active;
            printf("RESULT gemv_busy lanes %u %ux%u %.1f %% cycles %u (products %u)\n",
                   1u << lanes_log2, cmd.rows, 32u * cmd.nb, busy, (unsigned)b->cycles, products);
            if (b->cycles != products + drain_cycles[lanes_log2] || b->lane_busy != products ||
                b->gemv_active != products) {
                printf("expected %u cycles\n", products + drain_cycles[lanes_log2]);
                bad = 1;
            }
            cmd.acc = true;
            if (run_one(b, lanes_log2, &cmd, false) != 0) {
                return 1;
            }
            if (b->cycles != products + drain_cycles[lanes_log2] + acc_cycles[lanes_log2]) {
                printf("with acc %u cycles\n", (unsigned)b->cycles);
                bad = 1;
            }
        }
    }
    return bad;
}

static int refusals(bench_t *b) {
    static const dpu_cmd_t cmds[] = {
        {.rows = 0, .nb = 1}, {.rows = 32, .nb = 0}, {.rows = 34, .nb = 2}};
    for (uint32_t i = 0; i < sizeof cmds / sizeof cmds[0]; i++) {
        const uint32_t err = bench_run(b, 2, &cmds[i]);
        if (err != 2 || b->writes != 0) {
            printf("GEMV with %u rows, %u blocks: status %u, %u writes\n", cmds[i].rows, cmds[i].nb,
                   err, b->writes);
            return 1;
        }
    }
    return 0;
}

int test_gemv(bench_t *b) {
    return shapes(b) != 0 || refusals(b) != 0 || random_runs(b, 150) != 0;
}
