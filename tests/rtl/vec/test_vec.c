/* SPDX-License-Identifier: Apache-2.0 */
/* Vector unit against the arithmetic contract: every operation bit for bit and cycle for cycle.
 *
 * The memories are arrays here. A case fills them, lets the reference compute the image that must
 * be there afterwards, runs the unit, and compares the whole of VMEM and XMEM, so that a stray
 * write shows too. Read data is replaced by noise after one cycle, as port B may serve others.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/arith.h"
#include "millrace/ops.h"
#include "vec_dut.h"

#define VMEM_ELEMS 8192u
#define XMEM_BLOCKS 128u
#define WMEM_WORDS 1024u
#define MAX_LANES 4u
#define MAX_N 2048u
#define SFU_CYCLES 5u

enum { OP_NORM = 1, OP_QUANT = 2, OP_ROPE = 4, OP_ADD = 5, OP_SILU = 6, OP_EMBED = 7, OP_TOPK = 8 };

typedef enum {
    KIND_ORDINARY,
    KIND_WILD,
    KIND_ZERO,
    KIND_HUGE,
    KIND_TINY,
    KIND_NEGATIVE,
    KIND_FEW, /* a handful of values: many ties */
    KIND_COUNT
} kind_t;

static const char *const kind_name[KIND_COUNT] = {"ordinary", "wild",     "zero", "huge",
                                                  "tiny",     "negative", "few"};

static uint64_t rng_state = 0x6D696C6C72616365u;
static uint32_t vmem[VMEM_ELEMS];
static uint32_t xmem[XMEM_BLOCKS][9];
static uint32_t wmem[WMEM_WORDS * MAX_LANES * 9u];
static uint32_t wm_addr; /* of the last request */
static bool wm_asked;
static uint32_t want_v[VMEM_ELEMS];
static uint32_t want_x[XMEM_BLOCKS][9];
static vec_dut_t *dut;
static vec_pins_t pins;
static unsigned cases;

static uint32_t rnd(void) {
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (uint32_t)(rng_state >> 32);
}

static uint32_t below(uint32_t n) {
    return (uint32_t)(((uint64_t)rnd() * n) >> 32);
}

static uint32_t rnd_float(kind_t kind) {
    static const uint32_t corner[] = {0u,          0x80000000u, 0x7F800000u, 0xFF800000u,
                                      0x7FC00000u, 0xFFC00001u, 0x7F800001u, 0x00000001u,
                                      0x807FFFFFu, 0x00800000u, 0x7F7FFFFFu, 0x3F800000u};
    const uint32_t mantissa = rnd() & 0x807FFFFFu;
    switch (kind) {
    case KIND_WILD:
        return below(3) == 0 ? corner[below(12)] : rnd();
    case KIND_ZERO:
        return mantissa & 0x80000000u;
    case KIND_HUGE:
        return mantissa | (190u + below(65)) << 23;
    case KIND_TINY:
        return mantissa | below(66) << 23;
    case KIND_NEGATIVE:
        return mantissa | 0x80000000u | (120u + below(12)) << 23;
    case KIND_FEW:
        return 0x3F800000u + below(3) - (below(2) << 31);
    case KIND_ORDINARY:
    case KIND_COUNT:
        break;
    }
    return mantissa | (118u + below(12)) << 23;
}

/* ---- the unit with its memories -------------------------------------------------------------- */

static void clock_once(void) {
    vec_dut_clock(dut, &pins);
    pins.ra_data = (uint64_t)rnd() << 32 | rnd();
    pins.rb_data = (uint64_t)rnd() << 32 | rnd();
    if (pins.ra_en) {
        pins.ra_data = (uint64_t)vmem[2 * pins.ra_addr + 1] << 32 | vmem[2 * pins.ra_addr];
    }
    if (pins.rb_en) {
        pins.rb_data = (uint64_t)vmem[2 * pins.rb_addr + 1] << 32 | vmem[2 * pins.rb_addr];
    }
    if (wm_asked) { /* two cycles after the request */
        pins.wm_data = &wmem[(wm_addr << pins.lanes_log2) * 9u];
    }
    wm_asked = pins.wm_en;
    wm_addr = pins.wm_addr;
    if ((pins.w_en & 1u) != 0) {
        vmem[2 * pins.w_addr] = (uint32_t)pins.w_data;
    }
    if ((pins.w_en & 2u) != 0) {
        vmem[2 * pins.w_addr + 1] = (uint32_t)(pins.w_data >> 32);
    }
    if (pins.xw_en) {
        memcpy(xmem[pins.xw_addr], pins.xw_data, sizeof xmem[0]);
    }
}

/* Runs the command from the start pulse to the first idle cycle; returns the cycles between. */
static uint32_t run(const vec_cmd_t *cmd, uint32_t *err) {
    vec_cmd_t noise = {0};
    pins.cmd = *cmd;
    pins.start = true;
    clock_once();
    pins.start = false;
    for (size_t i = 0; i < sizeof noise / sizeof(uint32_t); i++) {
        const uint32_t word = rnd();
        memcpy((unsigned char *)&noise + 4 * i, &word, 4);
    }
    noise.op &= 15u;
    noise.fmt &= 1u;
    noise.token &= 0x3FFFFu;
    noise.pos &= 0x3FFFFu;
    pins.cmd = noise;
    *err = 0;
    for (uint32_t cycle = 1; cycle < 400000; cycle++) {
        clock_once();
        if (!pins.busy) {
            return cycle;
        }
        *err = pins.err;
    }
    fprintf(stderr, "op %u never ends\n", (unsigned)cmd->op);
    exit(1);
}

static void reset(void) {
    pins.reset = true;
    pins.start = false;
    clock_once();
    clock_once();
    pins.reset = false;
}

/* Compares the memories, the error and the cycles with what they must be; stops at the first
 * difference. */
static void run_and_compare(const vec_cmd_t *cmd, uint32_t want_err, uint32_t want_cycles,
                            const char *what) {
    uint32_t err;
    const uint32_t cycles = run(cmd, &err);
    cases++;
    for (uint32_t i = 0; i < VMEM_ELEMS; i++) {
        if (vmem[i] != want_v[i]) {
            fprintf(stderr, "case %u, op %u (%s), n %u: VMEM %u (dst + %d) is %08x, must be %08x\n",
                    cases, (unsigned)cmd->op, what, (unsigned)cmd->n, (unsigned)i,
                    (int)i - (int)cmd->dst, (unsigned)vmem[i], (unsigned)want_v[i]);
            exit(1);
        }
    }
    for (uint32_t i = 0; i < XMEM_BLOCKS; i++) {
        for (uint32_t k = 0; k < 9; k++) {
            if (xmem[i][k] != want_x[i][k]) {
                fprintf(stderr,
                        "case %u, op %u (%s), n %u: XMEM %u word %u is %08x, must be %08x\n", cases,
                        (unsigned)cmd->op, what, (unsigned)cmd->n, (unsigned)i, (unsigned)k,
                        (unsigned)xmem[i][k], (unsigned)want_x[i][k]);
                exit(1);
            }
        }
    }
    if (err != want_err || cycles != want_cycles) {
        fprintf(stderr, "case %u, op %u (%s), n %u: err %u, must be %u; %u cycles, must be %u\n",
                cases, (unsigned)cmd->op, what, (unsigned)cmd->n, (unsigned)err, (unsigned)want_err,
                (unsigned)cycles, (unsigned)want_cycles);
        exit(1);
    }
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* Three disjoint places for vectors of up to MAX_N, at random even addresses, in random order. */
static void place(uint32_t at[3]) {
    const uint32_t first = below(3);
    const uint32_t step = 1u + below(2);
    for (uint32_t i = 0; i < 3; i++) {
        at[i] = (first + i * step) % 3u * 2600u + 2u * below(256);
    }
}

static void fill_memories(void) {
    for (uint32_t i = 0; i < VMEM_ELEMS; i++) {
        vmem[i] = rnd();
    }
    for (uint32_t i = 0; i < XMEM_BLOCKS * 9u; i++) {
        xmem[i / 9u][i % 9u] = i % 9u == 8u ? rnd() & 0xFFFFu : rnd();
    }
}

static void fill(uint32_t at, uint32_t n, kind_t kind) {
    for (uint32_t i = 0; i < n; i++) {
        vmem[at + i] = rnd_float(kind);
    }
}

static void expect_unchanged(void) {
    memcpy(want_v, vmem, sizeof vmem);
    memcpy(want_x, xmem, sizeof xmem);
}

static void get(float *to, uint32_t at, uint32_t n) {
    memcpy(to, &vmem[at], n * sizeof *to);
}

static void expect(uint32_t at, const float *y, uint32_t n) {
    memcpy(&want_v[at], y, n * sizeof *y);
}

/* NORM, ADD, SILU_MUL: two sources; dst may be either of them, and they may be the same. */
static void case_two_sources(uint32_t op, uint32_t n, kind_t kind) {
    static float a[MAX_N];
    static float b[MAX_N];
    static float y[MAX_N];
    uint32_t at[3];
    place(at);
    fill_memories();
    fill(at[1], n, kind);
    fill(at[2], n, kind == KIND_TINY || kind == KIND_HUGE ? KIND_ORDINARY : kind);
    vec_cmd_t cmd = {.op = op, .dst = at[below(3)], .a = at[1], .b = at[2], .n = n};
    if (below(8) == 0) {
        cmd.b = cmd.a;
    }
    cmd.imm0 = kind == KIND_WILD && below(2) == 0 ? rnd() : 0x3727C5ACu; /* 1e-5 */
    cmd.imm1 = mr_f32_bits(1.0f / (float)(n - below(32)));
    get(a, cmd.a, n);
    get(b, cmd.b, n);
    expect_unchanged();
    uint32_t cycles;
    if (op == OP_NORM) {
        mr_op_norm(y, a, b, n, mr_f32_from_bits(cmd.imm1), mr_f32_from_bits(cmd.imm0));
        cycles = n + 37 + SFU_CYCLES;
    } else if (op == OP_ADD) {
        mr_op_add(y, a, b, n);
        cycles = n / 2 + 8;
    } else {
        mr_op_silu_mul(y, a, b, n);
        cycles = n + 14 + 2 * SFU_CYCLES;
    }
    expect(cmd.dst, y, n);
    run_and_compare(&cmd, 0, cycles, kind_name[kind]);
}

static void case_rope(uint32_t hd, uint32_t heads, kind_t kind) {
    static float x[MAX_N];
    static float y[MAX_N];
    static uint32_t f[256];
    const uint32_t n = hd * heads;
    uint32_t at[3];
    place(at);
    fill_memories();
    fill(at[1], n, kind);
    vec_cmd_t cmd = {.op = OP_ROPE, .dst = at[below(2)], .a = at[1], .b = at[2], .n = n, .hd = hd};
    cmd.pos = below(4) == 0 ? below(3) : rnd() & 0x3FFFFu;
    for (uint32_t i = 0; i < hd / 2; i++) {
        f[i] = below(4) == 0 ? 0u : rnd();
        vmem[cmd.b + i] = f[i];
    }
    get(x, cmd.a, n);
    expect_unchanged();
    mr_op_rope(y, x, f, heads, hd, cmd.pos);
    expect(cmd.dst, y, n);
    run_and_compare(&cmd, 0, n / 2 + 12 + SFU_CYCLES, kind_name[kind]);
}

static void case_quant(uint32_t n, kind_t kind) {
    static float x[MAX_N];
    static mr_block_t out[MAX_N / 32];
    uint32_t at[3];
    place(at);
    fill_memories();
    fill(at[0], n, kind);
    if (kind == KIND_WILD) { /* blocks of every magnitude, scales around fp16's limits */
        for (uint32_t i = 0; i < n; i++) {
            vmem[at[0] + i] = (rnd() & 0x807FFFFFu) | (60u + i / 32u * 3u + below(8)) << 23;
        }
        vmem[at[0] + below(n)] = rnd_float(KIND_WILD);
    }
    vec_cmd_t cmd = {.op = OP_QUANT, .a = at[0], .n = n, .dst = below(XMEM_BLOCKS - n / 32 + 1)};
    get(x, cmd.a, n);
    expect_unchanged();
    mr_op_quant(x, n, out);
    for (uint32_t b = 0; b < n / 32; b++) {
        memcpy(want_x[cmd.dst + b], out[b].q, 32);
        want_x[cmd.dst + b][8] = out[b].d;
    }
    run_and_compare(&cmd, 0, n / 2 + 33 + SFU_CYCLES, kind_name[kind]);
}

static void case_topk(uint32_t n, uint32_t k, kind_t kind) {
    static float x[MAX_N];
    mr_topk_t best[MR_TOPK_MAX];
    uint32_t at[3];
    place(at);
    fill_memories();
    fill(at[1], n, kind);
    vec_cmd_t cmd = {.op = OP_TOPK, .dst = at[0], .a = at[1], .b = rnd() >> 14, .n = n, .k = k};
    get(x, cmd.a, n);
    expect_unchanged();
    mr_op_topk(x, n, cmd.b, k, best);
    for (uint32_t i = 0; i < k; i++) {
        want_v[cmd.dst + 2 * i] = best[i].index;
        want_v[cmd.dst + 2 * i + 1] = mr_f32_bits(best[i].value);
    }
    run_and_compare(&cmd, 0, k * (n / 2 + 2) + 4, kind_name[kind]);
}

/* Block of a matrix in the weight memory, from docs/tile_isa.md section 1. */
static void read_block(uint32_t base, uint32_t r, uint32_t b, uint32_t nb, bool q4,
                       mr_block_t *out) {
    const uint32_t lanes = 1u << pins.lanes_log2;
    const uint32_t slot = (r / (4 * lanes) * nb + b) * 4 + r % (4 * lanes) / lanes;
    const uint32_t word = base + (q4 ? slot / 2 : slot);
    const unsigned char *bytes = (const unsigned char *)&wmem[(word * lanes + r % lanes) * 9u];
    unsigned char gguf[MR_Q4_0_BYTES];
    if (!q4) {
        memcpy(out->q, bytes, 32);
        memcpy(&out->d, bytes + 32, 2);
        return;
    }
    bytes += slot % 2 * 18;
    memcpy(gguf, bytes + 16, 2);
    memcpy(gguf + 2, bytes, 16);
    mr_block_from_q4_0(gguf, out);
}

static void case_embed(uint32_t lanes_log2, bool q4, uint32_t nb) {
    static mr_block_t row[MAX_N / 32];
    static float y[MAX_N];
    uint32_t at[3];
    place(at);
    fill_memories();
    pins.lanes_log2 = lanes_log2;
    const uint32_t group_rows = 4u << lanes_log2;
    const uint32_t group_words = nb * (q4 ? 2u : 4u);
    const uint32_t groups = 1u + below(WMEM_WORDS / group_words);
    vec_cmd_t cmd = {
        .op = OP_EMBED, .fmt = q4, .dst = at[0], .nb = nb, .rows = groups * group_rows};
    cmd.b = below(WMEM_WORDS - groups * group_words + 1);
    cmd.token = below(cmd.rows);
    expect_unchanged();
    for (uint32_t b = 0; b < nb; b++) {
        read_block(cmd.b, cmd.token, b, nb, q4, &row[b]);
    }
    mr_op_embed(y, row, nb);
    expect(cmd.dst, y, 32 * nb);
    run_and_compare(&cmd, 0, 16 * nb + 10, q4 ? "Q4_0" : "Q8_0");
    cmd.token = cmd.rows + below(3);
    run_and_compare(&cmd, 3, 2, "token out of range");
    pins.lanes_log2 = 1;
}

/* Reset in the middle of each operation leaves a unit that works. */
static void case_reset(uint32_t op) {
    fill_memories();
    const vec_cmd_t cmd = {
        .op = op, .dst = 0, .a = 1024, .b = 64, .n = 64, .rows = 64, .nb = 2, .hd = 32, .k = 3};
    pins.cmd = cmd;
    pins.start = true;
    clock_once();
    pins.start = false;
    for (uint32_t i = below(40); i > 0; i--) {
        clock_once();
    }
    reset();
    clock_once();
    if (pins.busy) {
        fprintf(stderr, "op %u: busy after reset\n", (unsigned)op);
        exit(1);
    }
}

int main(void) {
    static const uint32_t lengths[] = {32, 64, 96, 128, 160, 512, MAX_N};
    static const uint32_t heads[][2] = {{32, 1}, {32, 2},  {32, 12}, {64, 5},
                                        {96, 3}, {128, 4}, {256, 2}, {512, 4}};
    static const uint32_t topk[][2] = {{2, 1},   {2, 2},    {4, 3},    {64, 1},   {64, 64},
                                       {96, 40}, {510, 10}, {1024, 5}, {MAX_N, 2}};
    for (size_t i = 0; i < sizeof wmem / sizeof wmem[0]; i++) {
        wmem[i] = rnd();
    }
    dut = vec_dut_open();
    pins.wm_data = wmem;
    pins.lanes_log2 = 1;
    reset();
    for (int round = 0; round < 6; round++) {
        for (int k = 0; k < KIND_COUNT; k++) {
            const kind_t kind = (kind_t)k;
            for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
                case_two_sources(OP_ADD, lengths[i], kind);
                case_two_sources(OP_NORM, lengths[i], kind);
                case_two_sources(OP_SILU, lengths[i], kind);
                case_quant(lengths[i], kind);
            }
            for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
                case_rope(heads[i][0], heads[i][1], kind);
            }
            for (size_t i = 0; i < sizeof topk / sizeof topk[0]; i++) {
                case_topk(topk[i][0], topk[i][1], kind);
            }
        }
        for (uint32_t lanes_log2 = 0; lanes_log2 < 3; lanes_log2++) {
            for (uint32_t i = 0; i < 10; i++) {
                case_embed(lanes_log2, i % 2 == 0, i == 9 ? MAX_N / 32 : 1u + below(12));
            }
        }
        for (uint32_t op = OP_NORM; op <= OP_TOPK; op++) {
            if (op != 3) {
                case_reset(op);
                case_two_sources(OP_NORM, 64, KIND_ORDINARY);
                case_quant(64, KIND_ORDINARY);
            }
        }
    }
    vec_dut_close(dut);
    printf("%u cases\nPASS vec\n", cases);
    return 0;
}
