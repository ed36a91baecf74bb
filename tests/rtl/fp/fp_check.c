/* SPDX-License-Identifier: Apache-2.0 */
/* Bench of all fp units: every result against millrace/arith.h, bit for bit, with the exact
 * latency.
 *
 * Usage: bench_fp [random pairs]; default 2,000,000. Corner pairs and random pairs go through every
 * unit with random gaps; then the special functions take one whole binade each (two for rsqrt), exp
 * its full range and sincos 2^24 places of the turn. Ends with "PASS fp".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fp_dut.h"
#include "fp_stimulus.h"
#include "millrace/arith.h"

enum { ADD, MUL, I2F, I2F21, I2F26, F2I8, F2H, HMUL, SFU, SFU_FEW };
enum { FUNC_EXP, FUNC_RECIP, FUNC_RSQRT, FUNC_COS, FUNC_SIN };
enum { LATENCY_MAX = 8, ALL_UNITS = (1 << FP_UNITS) - 1 };

static const char *const unit_name[FP_UNITS] = {"fadd", "fmul", "i2f",  "i2f(21)", "i2f(26)",
                                                "f2i8", "f2h",  "hmul", "sfu",     "sfu(few)"};
static const uint32_t latency[FP_UNITS] = {4, 3, 2, 2, 2, 2, 2, 2, 5, 5};

typedef struct {
    uint32_t valid; /* one bit a unit */
    uint32_t func, a, b;
    uint32_t want[FP_UNITS];
} op_t;

typedef struct {
    fp_dut_t *dut;
    uint64_t clock;
    uint64_t checked;
    op_t past[LATENCY_MAX]; /* operations of the last clocks, by clock modulo LATENCY_MAX */
} bench_t;

static uint32_t sfu_want(uint32_t func, uint32_t a) {
    const float x = mr_f32_from_bits(a);
    float c;
    float s;
    switch (func) {
    case FUNC_EXP:
        return mr_f32_bits(mr_f32_exp(x));
    case FUNC_RECIP:
        return mr_f32_bits(mr_f32_recip(x));
    case FUNC_RSQRT:
        return mr_f32_bits(mr_f32_rsqrt(x));
    default:
        mr_sincos(a, &c, &s);
        return mr_f32_bits(func == FUNC_COS ? c : s);
    }
}

/* The low `width` bits of a as a signed integer. */
static int32_t low_signed(uint32_t a, uint32_t width) {
    return (int32_t)(a << (32u - width)) >> (32u - width);
}

static void fill_want(op_t *op) {
    const float x = mr_f32_from_bits(op->a);
    const float y = mr_f32_from_bits(op->b);
    op->want[ADD] = mr_f32_bits(mr_f32_add(x, y));
    op->want[MUL] = mr_f32_bits(mr_f32_mul(x, y));
    op->want[I2F] = mr_f32_bits(mr_f32_i2f((int32_t)op->a));
    op->want[I2F21] = mr_f32_bits(mr_f32_i2f(low_signed(op->a, 21)));
    op->want[I2F26] = mr_f32_bits(mr_f32_i2f(low_signed(op->a, 26)));
    op->want[F2I8] = (uint8_t)mr_f32_to_i8(x);
    op->want[F2H] = mr_f32_to_f16(x);
    op->want[HMUL] = mr_f32_bits(mr_f16_mul((uint16_t)op->a, (uint16_t)op->b));
    op->want[SFU] = sfu_want(op->func, op->a);
    op->want[SFU_FEW] = op->want[SFU];
}

static void fail(const bench_t *bench, const char *unit, const op_t *op, uint32_t got,
                 uint32_t want) {
    printf("FAIL %s, clock %" PRIu64 ": func %" PRIu32 ", a 0x%08" PRIX32 ", b 0x%08" PRIX32
           " gives 0x%08" PRIX32 ", expected 0x%08" PRIX32 "\n",
           unit, bench->clock, op->func, op->a, op->b, got, want);
    exit(1);
}

static void check_combinational(bench_t *bench, const op_t *op, const fp_out_t *out) {
    const float x = mr_f32_from_bits(op->a);
    const float y = mr_f32_from_bits(op->b);
    const uint32_t h = mr_f32_bits(mr_f16_to_f32((uint16_t)op->a));
    if (out->h2f != h) {
        fail(bench, "h2f", op, out->h2f, h);
    }
    const uint32_t less = mr_f32_key(x) < mr_f32_key(y) ? 1u : 0u;
    if (out->less != less) {
        fail(bench, "fmaxkey less", op, out->less, less);
    }
    const uint32_t max = less != 0u ? op->b : op->a;
    if (out->max != max) {
        fail(bench, "fmaxkey max", op, out->max, max);
    }
}

/* One clock with op on the inputs; checks all that comes out. A unit of latency L shows after this
 * edge the operation that was sampled L-1 edges before. */
static void step(bench_t *bench, const op_t *op, bool combinational) {
    const fp_in_t in = {.reset = 0, .valid = op->valid, .func = op->func, .a = op->a, .b = op->b};
    fp_out_t out;
    fp_dut_clock(bench->dut, &in, &out);
    bench->past[bench->clock % LATENCY_MAX] = *op;
    if (combinational) {
        check_combinational(bench, op, &out);
    }
    for (uint32_t u = 0; u < FP_UNITS; u++) {
        const op_t *then =
            &bench->past[(bench->clock + LATENCY_MAX + 1u - latency[u]) % LATENCY_MAX];
        const uint32_t valid = then->valid >> u & 1u;
        if ((out.valid >> u & 1u) != valid) {
            fail(bench, unit_name[u], then, out.valid >> u & 1u, valid);
        }
        if (valid != 0u) {
            if (out.y[u] != then->want[u]) {
                fail(bench, unit_name[u], then, out.y[u], then->want[u]);
            }
            bench->checked++;
        }
    }
    bench->clock++;
}

static void drain(bench_t *bench) {
    const op_t none = {0};
    for (int i = 0; i < LATENCY_MAX; i++) {
        step(bench, &none, false);
    }
}

/* One operand pair through every unit; valid bits fall out at random in one clock of four. */
static void run_pair(bench_t *bench, fp_rng_t *rng, uint32_t a, uint32_t b) {
    const uint32_t r = fp_random(rng);
    op_t op = {.a = a, .b = b, .func = r % 5u};
    const uint32_t few = op.func <= FUNC_RECIP ? 0u : 1u << SFU_FEW;
    uint32_t left = ALL_UNITS & ~few;
    fill_want(&op);
    /* a unit that was left out takes the same operands again in the next clock */
    if ((r & 0x30000u) == 0u) {
        op.valid = left & (r >> 18);
        left &= ~op.valid;
        step(bench, &op, true);
    }
    op.valid = left;
    step(bench, &op, true);
}

static void run_corners(bench_t *bench) {
    const size_t n = fp_corner_count();
    fp_rng_t rng = {.state = 3};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            run_pair(bench, &rng, fp_corner(i), fp_corner(j));
        }
    }
    for (uint32_t func = FUNC_EXP; func <= FUNC_SIN; func++) {
        for (size_t i = 0; i < n; i++) {
            op_t op = {.valid = 1u << SFU, .func = func, .a = fp_corner(i)};
            fill_want(&op);
            step(bench, &op, false);
        }
    }
    for (uint32_t h = 0; h < 0x10000u; h++) { /* every fp16 */
        run_pair(bench, &rng, h, h * 0x9E37u);
    }
    drain(bench);
}

static void run_random(bench_t *bench, uint64_t pairs) {
    fp_rng_t rng = {.state = 0xD1B54A32D192ED03u};
    for (uint64_t i = 0; i < pairs; i++) {
        uint32_t a;
        uint32_t b;
        fp_random_pair(&rng, (uint32_t)(i % FP_MODES), &a, &b);
        run_pair(bench, &rng, a, b);
    }
    drain(bench);
}

/* `count` operands first, first + stride, ... through one special function. */
static void sweep(bench_t *bench, uint32_t func, uint32_t first, uint32_t stride, uint32_t count) {
    op_t op = {.valid = 1u << SFU, .func = func, .a = first};
    for (uint32_t i = 0; i < count; i++) {
        op.want[SFU] = sfu_want(func, op.a);
        step(bench, &op, false);
        op.a += stride;
    }
    drain(bench);
}

static void run_sweeps(bench_t *bench) {
    sweep(bench, FUNC_RECIP, 0x3F800000u, 1, 1u << 23);
    sweep(bench, FUNC_RSQRT, 0x3F800000u, 1, 1u << 24);
    sweep(bench, FUNC_EXP, 0x3F000000u, 1, 1u << 23);
    sweep(bench, FUNC_EXP, 0x2F000000u, 331, 1u << 20); /* |x| from 2^-33 to 190, both signs */
    sweep(bench, FUNC_EXP, 0xAF000000u, 331, 1u << 20);
    sweep(bench, FUNC_EXP, 0x42AE0000u, 7, 1u << 15); /* limits */
    sweep(bench, FUNC_EXP, 0xC2AE0000u, 7, 1u << 15);
    sweep(bench, FUNC_SIN, 0, 257, 1u << 24);
    sweep(bench, FUNC_COS, 0, 257, 1u << 24);
}

int main(int argc, char **argv) {
    uint64_t pairs = 2000000;
    if (argc > 1) {
        char *end;
        pairs = strtoull(argv[1], &end, 10);
        if (*end != '\0' || pairs == 0) {
            fprintf(stderr, "usage: bench_fp [number of random pairs]\n");
            return 2;
        }
    }
    bench_t bench = {.dut = fp_dut_open()};
    const fp_in_t reset = {.reset = 1, .valid = ALL_UNITS};
    fp_out_t out;
    for (int i = 0; i < LATENCY_MAX; i++) {
        fp_dut_clock(bench.dut, &reset, &out);
        if (out.valid != 0u) {
            printf("FAIL valid bits 0x%03" PRIX32 " in reset\n", out.valid);
            return 1;
        }
    }
    run_corners(&bench);
    run_random(&bench, pairs);
    run_sweeps(&bench);
    fp_dut_close(bench.dut);
    printf("RESULT rtl.fp.random_pairs %" PRIu64 " pairs\n", pairs);
    printf("RESULT rtl.fp.results_checked %" PRIu64 " results\n", bench.checked);
    printf("PASS fp\n");
    return 0;
}
