/* SPDX-License-Identifier: Apache-2.0 */
/* ATTEND of the dot-product unit against the contract, bit for bit; errors of the KV port; cycles.
 */
#include "dpu_bench.h"

#include <stdio.h>
#include <string.h>

static mr_block_t q[DPU_XDEPTH];
static float y[DPU_VDEPTH];

/* Random q in XMEM, K and V in the cache, golden results in y. */
static void prepare(bench_t *b, const dpu_cmd_t *cmd, bool wild) {
    const uint32_t heads = cmd->n_kv * cmd->g;
    const uint32_t len = cmd->pos + 1u;
    if (wild) {
        mr_test_wild_blocks(&b->rng, q, heads * cmd->nbh);
    } else {
        mr_test_blocks(&b->rng, q, heads * cmd->nbh, 0.02f, -127);
    }
    for (uint32_t i = 0; i < heads * cmd->nbh; i++) {
        bench_put_block(&b->xmem[(cmd->x + i) * 9u], &q[i]);
    }
    for (uint32_t h = 0; h < BENCH_KV_HEADS; h++) {
        for (uint32_t kind = 0; kind < 2; kind++) {
            mr_block_t *blocks = b->kv[h][kind];
            if (wild) {
                mr_test_wild_blocks(&b->rng, blocks, len * cmd->nbh);
            } else {
                mr_test_blocks(&b->rng, blocks, len * cmd->nbh, 0.02f, -127);
            }
        }
    }
    for (uint32_t i = 0; i < DPU_VDEPTH; i++) {
        b->vmem[i] = mr_test_u32(&b->rng);
    }
    for (uint32_t h = 0; h < heads; h++) {
        const uint32_t kv = cmd->kv_first + h / cmd->g;
        mr_op_attend(&y[h * cmd->nbh * MR_BLOCK_LEN], &q[h * cmd->nbh], b->kv[kv][0], b->kv[kv][1],
                     len, cmd->nbh, mr_f32_from_bits(cmd->scale));
    }
}

static void describe(const dpu_cmd_t *cmd, uint32_t lanes_log2) {
    printf("ATTEND %u lanes, g %u, kv heads %u, nbh %u, %u positions: ", 1u << lanes_log2, cmd->g,
           cmd->n_kv, cmd->nbh, cmd->pos + 1u);
}

static int run_one(bench_t *b, uint32_t lanes_log2, const dpu_cmd_t *cmd, bool wild) {
    static uint32_t before[DPU_VDEPTH];
    const uint32_t n = cmd->n_kv * cmd->g * cmd->nbh * MR_BLOCK_LEN;
    prepare(b, cmd, wild);
    memcpy(before, b->vmem, sizeof before);
    const uint32_t err = bench_run(b, lanes_log2, cmd);
    if (err != 0) {
        describe(cmd, lanes_log2);
        printf("status %u %s\n", err, b->fault != NULL ? b->fault : "");
        return 1;
    }
    for (uint32_t i = 0; i < DPU_VDEPTH; i++) {
        const uint32_t r = i - 2u * cmd->dst;
        const uint32_t want = r < n ? mr_f32_bits(y[r]) : before[i];
        if (b->vmem[i] != want) {
            describe(cmd, lanes_log2);
            printf("element %d is %08x, not %08x\n", (int)r, b->vmem[i], want);
            return 1;
        }
    }
    return 0;
}

static dpu_cmd_t random_cmd(bench_t *b, uint32_t *lanes_log2) {
    dpu_cmd_t cmd = {.is_attend = true};
    const uint32_t most[4] = {4, 33, 100, 200};
    *lanes_log2 = mr_test_below(&b->rng, DPU_UNITS);
    cmd.g = 1u + mr_test_below(&b->rng, dpu_max_g[*lanes_log2]);
    cmd.nbh = 1u + mr_test_below(&b->rng, dpu_max_nbh[*lanes_log2]);
    const uint32_t room = DPU_VDEPTH / 32u / (cmd.g * cmd.nbh); /* for KV heads' results */
    cmd.n_kv = 1u + mr_test_below(&b->rng, room < 2u ? room : 2u);
    cmd.kv_first = mr_test_below(&b->rng, BENCH_KV_HEADS - 1u);
    cmd.pos = mr_test_below(&b->rng, most[mr_test_below(&b->rng, 4)]);
    cmd.slot = mr_test_below(&b->rng, 256);
    cmd.layer = mr_test_below(&b->rng, 256);
    cmd.scale = mr_f32_bits(mr_op_inv_sqrt(32u * cmd.nbh - mr_test_below(&b->rng, 32)));
    const uint32_t blocks = cmd.n_kv * cmd.g * cmd.nbh;
    cmd.x = mr_test_below(&b->rng, DPU_XDEPTH - blocks + 1u);
    cmd.dst = mr_test_below(&b->rng, DPU_VDEPTH / 2u - 16u * blocks + 1u);
    b->kv_slot = cmd.slot;
    b->kv_layer = cmd.layer;
    return cmd;
}

static int random_runs(bench_t *b, uint32_t runs) {
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t lanes_log2;
        const dpu_cmd_t cmd = random_cmd(b, &lanes_log2);
        bench_stalls(b, mr_test_below(&b->rng, 3) != 0);
        if (run_one(b, lanes_log2, &cmd, mr_test_below(&b->rng, 4) == 0) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Every refusal of the KV port ends the command with that status, and the next one is right again.
 */
static int failures(bench_t *b, uint32_t runs) {
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t lanes_log2;
        const dpu_cmd_t cmd = random_cmd(b, &lanes_log2);
        const uint32_t streams = 2u * cmd.n_kv * (cmd.pos / 32u + 1u);
        bench_stalls(b, mr_test_below(&b->rng, 2) != 0);
        prepare(b, &cmd, false);
        b->fail_command = mr_test_below(&b->rng, streams);
        b->fail_status = 4u + mr_test_below(&b->rng, 4);
        b->fail_beat = mr_test_below(&b->rng, cmd.nbh); /* every answer has that many */
        const uint32_t want = b->fail_status;
        const uint32_t err = bench_run(b, lanes_log2, &cmd);
        b->fail_status = 0;
        if (err != want) {
            describe(&cmd, lanes_log2);
            printf("status %u instead of %u %s\n", err, want, b->fault != NULL ? b->fault : "");
            return 1;
        }
        if (run_one(b, lanes_log2, &cmd, false) != 0) {
            return 1;
        }
    }
    return 0;
}

static int refusals(bench_t *b) {
    const dpu_cmd_t good = {.is_attend = true, .g = 2, .n_kv = 1, .nbh = 1, .scale = 0x3F800000u};
    dpu_cmd_t bad[8];
    for (uint32_t i = 0; i < 8; i++) {
        bad[i] = good;
    }
    bad[0].g = 0;
    bad[2].nbh = 0;
    bad[4].n_kv = 0;
    bad[5].x = DPU_XDEPTH - 1u;
    bad[6].dst = DPU_VDEPTH / 2u - 31u;
    bad[7].n_kv = 255;
    b->kv_slot = 0;
    b->kv_layer = 0;
    for (uint32_t i = 0; i < 8u * DPU_UNITS; i++) {
        const uint32_t unit = i / 8u;
        dpu_cmd_t *cmd = &bad[i % 8u];
        bad[1].g = dpu_max_g[unit] + 1u;
        bad[3].nbh = dpu_max_nbh[unit] + 1u;
        const uint32_t err = bench_run(b, unit, cmd);
        if (err != 2 || (i % 8u < 7u && b->writes != 0)) {
            describe(cmd, unit);
            printf("status %u, %u writes, not refused %s\n", err, b->writes,
                   b->fault != NULL ? b->fault : "");
            return 1;
        }
    }
    return 0;
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Most cycles of a command while KV data never make it wait (docs/tile_isa.md section 5). */
static uint32_t predicted(uint32_t lanes, const dpu_cmd_t *cmd) {
    const uint32_t h = cmd->g < lanes ? cmd->g : lanes;
    const uint32_t passes = (cmd->g + lanes - 1u) / lanes;
    const uint32_t heads_first = cmd->n_kv * passes; /* items of first blocks */
    const uint32_t others = heads_first * (cmd->pos / 32u);
    const uint32_t by_softmax = h * (78u * cmd->nbh + 1u) + 2u;
    const uint32_t step_first = larger(62u * cmd->nbh + 43u, by_softmax);
    const uint32_t step = larger(93u * cmd->nbh + 43u, by_softmax);
    const uint32_t one = (99u + 110u * h) * cmd->nbh + 76u + h;
    const uint32_t results = 32u * cmd->nbh * (cmd->n_kv * cmd->g - h);
    const uint32_t loads = cmd->n_kv * (cmd->g * cmd->nbh + 2u);
    const uint32_t last_drain = others != 0 ? 31u * cmd->nbh : 0;
    return one + (heads_first - 1u) * step_first + others * step + last_drain + results + loads;
}

static int shapes(bench_t *b) {
    /* query heads, KV heads, blocks of a head, positions */
    static const uint32_t shape[][4] = {
        {1, 1, 1, 1},   {1, 1, 1, 32},  {1, 1, 1, 128}, {2, 1, 1, 1},   {2, 1, 1, 32},
        {2, 1, 1, 128}, {4, 1, 1, 128}, {8, 1, 1, 256}, {3, 2, 1, 128}, {6, 1, 2, 64},
        {2, 1, 2, 128}, {1, 2, 2, 128}, {4, 2, 1, 160}, {2, 1, 4, 96}};
    bench_stalls(b, false);
    b->kv_latency = 0;
    b->kv_slot = 0;
    b->kv_layer = 0;
    for (uint32_t lanes_log2 = 0; lanes_log2 < DPU_UNITS; lanes_log2++) {
        for (uint32_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
            dpu_cmd_t cmd = {
                .is_attend = true, .g = shape[i][0], .n_kv = shape[i][1], .nbh = shape[i][2]};
            cmd.pos = shape[i][3] - 1u;
            if (cmd.g > dpu_max_g[lanes_log2] || cmd.nbh > dpu_max_nbh[lanes_log2]) {
                continue;
            }
            cmd.scale = mr_f32_bits(mr_op_inv_sqrt(32u * cmd.nbh));
            if (run_one(b, lanes_log2, &cmd, false) != 0) {
                return 1;
            }
            const uint32_t most = predicted(1u << lanes_log2, &cmd);
            printf("RESULT attend lanes %u heads %u x %u nbh %u positions %u cycles %u (predicted "
                   "at most %u)\n",
                   1u << lanes_log2, cmd.n_kv, cmd.g, cmd.nbh, cmd.pos + 1u, (unsigned)b->cycles,
                   most);
            /* an uneven last pass or a short block takes less */
            const bool even =
                cmd.pos >= 31u && (cmd.g < 1u << lanes_log2 || cmd.g % (1u << lanes_log2) == 0);
            if (b->cycles > most || (even && b->cycles * 100u < most * 85u)) {
                puts("that is not what docs/tile_isa.md says");
                return 1;
            }
        }
    }
    return 0;
}

int test_attend(bench_t *b) {
    return shapes(b) != 0 || refusals(b) != 0 || random_runs(b, 150) != 0 || failures(b, 60) != 0;
}
