/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, descriptor by descriptor: every field of a known model's tiles against values worked
 * out by hand from docs/tile_isa.md, the layout in place.h and the flags in docs/interfaces.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/program.h"

#define DESCS_MAX 64u
#define FIELDS 15u

/* Opcodes, units to wait for and tags of docs/tile_isa.md section 2, kept apart from the code's. */
enum { END, NORM, QUANT, GEMV, ROPE, ADD, SILU, EMBED, TOPK, APPEND, ATTEND, SEND };
enum { NOW, VEC = 1, DPU = 2, KV = 4, VEC_DPU = 3 };
enum { OTHER, QKV, ATT, OUT, GATE, DOWN, HEAD, EMB };
enum { Q8, Q4 };

#define R 0x80000000u /* relative to the job's input buffer */
#define EPS 0x3727C5ACu
#define INV 0x3C360B61u
#define SCALE 0x3E3504F3u
/* layer 0, 2 KV heads from head 0, one block of 32 a head */
#define HEADS 0x01000200u
#define PARTS1 0x10000u

/* A descriptor in fields: where it lies, word 0 in parts, w1 to w7. */
typedef struct {
    uint32_t f[FIELDS];
} desc_t;

static const char *const field_names[FIELDS] = {
    "tile", "op", "wait", "pred_mask", "pred_value", "tag", "fmt", "rest of word 0",
    "w1",   "w2", "w3",   "w4",        "w5",         "w6",  "w7"};

static mr_placement_t p;
static mr_place_formats_t formats;
static desc_t got[DESCS_MAX];
static uint32_t n_got;
static uint32_t indices[MR_MACHINE_TILES_MAX];
static uint32_t calls;
static uint32_t fail_at;

/* d 96 (90 real), 4 query heads on 2 KV heads of 32, n_ff 160, 61 tokens padded to 64, one layer.
 * WV, WO, UP and EMBED are Q4_0, the rest Q8_0. */
static mr_model_shape_t shape(bool tied) {
    const mr_model_shape_t s = {.n_layers = 1,
                                .d = 96,
                                .d_real = 90,
                                .n_heads = 4,
                                .n_kv = 2,
                                .hd = 32,
                                .hd_real = 32,
                                .n_ff = 160,
                                .vocab = 61,
                                .vocab_pad = 64,
                                .context = 64,
                                .eps_bits = EPS,
                                .inv_n_bits = INV,
                                .scale_bits = SCALE,
                                .tied = tied};
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    formats.tensor[0][MR_IMAGE_WV] = MR_IMAGE_Q4_0;
    formats.tensor[0][MR_IMAGE_WO] = MR_IMAGE_Q4_0;
    formats.tensor[0][MR_IMAGE_UP] = MR_IMAGE_Q4_0;
    formats.embed = MR_IMAGE_Q4_0;
    formats.head = tied ? MR_IMAGE_Q4_0 : MR_IMAGE_Q8_0;
    return s;
}

/* Two lanes, so a Q8_0 matrix takes rows / 2 x columns / 32 words and a Q4_0 one half of that:
 * EMBED 48, QKV 192 + 96 + 48, OUT 96, GATE_UP 240 + 120, DOWN 240, head 96. */
static void place(bool tied, uint32_t tiles, uint32_t wmem_words) {
    const mr_model_shape_t s = shape(tied);
    mr_machine_t m = fixture_machine();
    mr_fit_t fit;
    m.lanes = 2;
    m.in_bufs = 2;
    m.tiles = tiles;
    m.wmem_words = wmem_words;
    assert_int_equal(mr_place(&p, &s, &formats, &m, &fit), MR_OK);
}

static mr_status_t keep(void *ctx, uint32_t tile, uint32_t index, const uint32_t *w) {
    (void)ctx;
    if (calls++ == fail_at) {
        return MR_IO;
    }
    assert_true(n_got < DESCS_MAX && tile < MR_MACHINE_TILES_MAX);
    assert_int_equal(index, indices[tile]); /* a tile's descriptors come one behind the other */
    indices[tile]++;
    const uint32_t z = w[0];
    got[n_got++] =
        (desc_t){{tile, z & 0xFFu, z >> 8 & 0xFu, z >> 12 & 0xFu, z >> 16 & 0xFu, z >> 20 & 7u,
                  z >> 23 & 1u, z >> 24, w[1], w[2], w[3], w[4], w[5], w[6], w[7]}};
    return MR_OK;
}

static mr_status_t build(uint32_t failing) {
    const mr_program_sink_t sink = {keep, NULL};
    n_got = 0;
    calls = 0;
    fail_at = failing;
    memset(indices, 0, sizeof indices);
    return mr_program_build(&p, &formats, &sink);
}

static void expect(const desc_t *want, uint32_t n) {
    assert_int_equal(build(UINT32_MAX), MR_OK);
    for (uint32_t i = 0; i < n && i < n_got; i++) {
        for (uint32_t k = 0; k < FIELDS; k++) {
            if (got[i].f[k] != want[i].f[k]) {
                fail_msg("descriptor %u: %s is 0x%x instead of 0x%x", i, field_names[k],
                         got[i].f[k], want[i].f[k]);
            }
        }
    }
    assert_int_equal(n_got, n);
}

#define EXPECT(want_) expect(want_, sizeof(want_) / sizeof(want_)[0])

/* tile, op, wait, tag, fmt and the operands of a descriptor without a predicate; P has one. */
#define D(tile_, op_, wait_, tag_, fmt_, ...)                                                      \
    {                                                                                              \
        { tile_, op_, wait_, 0, 0, tag_, fmt_, 0, __VA_ARGS__ }                                    \
    }
#define P(tile_, op_, wait_, mask_, value_, tag_, ...)                                             \
    {                                                                                              \
        { tile_, op_, wait_, mask_, value_, tag_, 0, 0, __VA_ARGS__ }                              \
    }

/* Tile 0: weights EMBED 0, QKV 48, OUT 384, GATE_UP 480, DOWN 840, head 1080; vectors: norms 0, 96,
 * 192, RoPE 288, scratch 304 (96 + 2 x 160 long), input buffers from 720 on, x at 0 of one, what
 * comes with it at 96. */
static void test_one_tile__every_field(void **state) {
    (void)state;
    static const desc_t want[] = {
        D(0, EMBED, NOW, EMB, Q4, R, 0, 0, 61, 3, 0, 0),
        D(0, NORM, DPU, QKV, Q8, 304, R, 0, 96, 0, EPS, INV),
        D(0, QUANT, VEC, QKV, Q8, 0, 304, 0, 96, 0, 0, 0),
        D(0, GEMV, VEC, QKV, Q8, R | 96, 0, 48, 192, 3, 0, 0),
        D(0, GEMV, VEC, QKV, Q4, R | 288, 0, 336, 64, 3, 0, 0),
        D(0, ROPE, DPU, QKV, Q8, R | 96, R | 96, 288, 192, 32, 0, 0),
        D(0, QUANT, VEC_DPU, ATT, Q8, 0, R | 96, 0, 256, 0, 0, 0),
        D(0, APPEND, VEC, ATT, Q8, HEADS, 4, 6, 0, 0, 0, 0),
        D(0, ATTEND, KV, ATT, Q8, R | 96, 0, HEADS, 2, 0, SCALE, 0),
        D(0, QUANT, DPU, OUT, Q8, 0, R | 96, 0, 128, 0, 0, 0),
        D(0, GEMV, VEC, OUT, Q4, 304, 0, 384, 96, 4, 0, 0),
        D(0, ADD, DPU, OUT, Q8, R, R, 304, 96, 0, 0, 0),
        D(0, NORM, VEC, GATE, Q8, 304, R, 96, 96, 0, EPS, INV),
        D(0, QUANT, VEC, GATE, Q8, 0, 304, 0, 96, 0, 0, 0),
        D(0, GEMV, VEC, GATE, Q8, 400, 0, 480, 160, 3, 0, 0),
        D(0, GEMV, VEC, GATE, Q4, 560, 0, 720, 160, 3, 0, 0),
        D(0, SILU, DPU, GATE, Q8, R | 96, 400, 560, 160, 0, 0, 0),
        D(0, QUANT, VEC, DOWN, Q8, 0, R | 96, 0, 160, 0, 0, 0),
        D(0, GEMV, VEC, DOWN, Q8, 304, 0, 840, 96, 5, 0, 0),
        D(0, ADD, DPU, DOWN, Q8, R, R, 304, 96, 0, 0, 0),
        /* Flags: 4 HEAD, 2 TOP, 1 LOGITS. A job without HEAD ends with an empty message. */
        P(0, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(0, NORM, VEC, 4, 4, HEAD, 304, R, 192, 96, 0, EPS, INV),
        P(0, QUANT, VEC, 4, 4, HEAD, 0, 304, 0, 96, 0, 0, 0),
        P(0, GEMV, VEC, 4, 4, HEAD, 400, 0, 1080, 64, 3, 0, 0),
        P(0, TOPK, DPU, 2, 2, HEAD, 464, 400, 0, 60, 1, 0, 0),
        P(0, SEND, VEC, 2, 2, HEAD, 1, 464, 0, 2, PARTS1, 0, 0),
        P(0, SEND, DPU, 1, 1, HEAD, 1, 400, 0, 64, PARTS1, 0, 0),
        D(0, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),
    };
    place(false, 1, 4096);
    EXPECT(want);
    assert_int_equal(p.tile[0].wmem_used, 1176);
    assert_int_equal(p.tile[0].in_base, 720);
    assert_int_equal(p.in_size, 352);
}

/* Tied: EMBED to OUT on tile 0 (norms 0 and 96, RoPE 192, scratch 208), the rest of the layer on
 * tile 1 (norm 0, scratch 96), then back to tile 0 (descriptor 14) for the head. */
static void test_two_tiles__every_field(void **state) {
    (void)state;
    static const desc_t want[] = {
        D(0, EMBED, NOW, EMB, Q4, R, 0, 0, 61, 3, 0, 0),
        D(0, NORM, DPU, QKV, Q8, 208, R, 0, 96, 0, EPS, INV),
        D(0, QUANT, VEC, QKV, Q8, 0, 208, 0, 96, 0, 0, 0),
        D(0, GEMV, VEC, QKV, Q8, R | 96, 0, 48, 192, 3, 0, 0),
        D(0, GEMV, VEC, QKV, Q4, R | 288, 0, 336, 64, 3, 0, 0),
        D(0, ROPE, DPU, QKV, Q8, R | 96, R | 96, 192, 192, 32, 0, 0),
        D(0, QUANT, VEC_DPU, ATT, Q8, 0, R | 96, 0, 256, 0, 0, 0),
        D(0, APPEND, VEC, ATT, Q8, HEADS, 4, 6, 0, 0, 0, 0),
        D(0, ATTEND, KV, ATT, Q8, R | 96, 0, HEADS, 2, 0, SCALE, 0),
        D(0, QUANT, DPU, OUT, Q8, 0, R | 96, 0, 128, 0, 0, 0),
        D(0, GEMV, VEC, OUT, Q4, 208, 0, 384, 96, 4, 0, 0),
        D(0, ADD, DPU, OUT, Q8, R, R, 208, 96, 0, 0, 0),
        D(0, SEND, VEC_DPU, OTHER, Q8, 4, R, 0, 96, PARTS1, 0, 0),
        D(0, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),

        D(1, NORM, VEC, GATE, Q8, 96, R, 0, 96, 0, EPS, INV),
        D(1, QUANT, VEC, GATE, Q8, 0, 96, 0, 96, 0, 0, 0),
        D(1, GEMV, VEC, GATE, Q8, 192, 0, 0, 160, 3, 0, 0),
        D(1, GEMV, VEC, GATE, Q4, 352, 0, 240, 160, 3, 0, 0),
        D(1, SILU, DPU, GATE, Q8, R | 96, 192, 352, 160, 0, 0, 0),
        D(1, QUANT, VEC, DOWN, Q8, 0, R | 96, 0, 160, 0, 0, 0),
        D(1, GEMV, VEC, DOWN, Q8, 96, 0, 360, 96, 5, 0, 0),
        D(1, ADD, DPU, DOWN, Q8, R, R, 96, 96, 0, 0, 0),
        P(1, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(1, SEND, VEC_DPU, 4, 4, OTHER, 2, R, 0, 96, PARTS1 | 14, 0, 0),
        D(1, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),

        P(0, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(0, NORM, VEC, 4, 4, HEAD, 208, R, 96, 96, 0, EPS, INV),
        P(0, QUANT, VEC, 4, 4, HEAD, 0, 208, 0, 96, 0, 0, 0),
        {{0, GEMV, VEC, 4, 4, HEAD, Q4, 0, 304, 0, 0, 64, 3, 0, 0}},
        P(0, TOPK, DPU, 2, 2, HEAD, 368, 304, 0, 60, 1, 0, 0),
        P(0, SEND, VEC, 2, 2, HEAD, 1, 368, 0, 2, PARTS1, 0, 0),
        P(0, SEND, DPU, 1, 1, HEAD, 1, 304, 0, 64, PARTS1, 0, 0),
        D(0, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),
    };
    place(true, 2, 1000);
    EXPECT(want);
    assert_int_equal(p.visit[2].pc, 14);
    assert_int_equal(p.tile[0].pmem_used, 22);
}

/* EMBED to ATTEND, OUT and GATE_UP, DOWN and head: attention's output (128) and the gated vector
 * (160) travel behind x. */
static void test_three_tiles__every_field(void **state) {
    (void)state;
    static const desc_t want[] = {
        D(0, EMBED, NOW, EMB, Q4, R, 0, 0, 61, 3, 0, 0),
        D(0, NORM, DPU, QKV, Q8, 112, R, 0, 96, 0, EPS, INV),
        D(0, QUANT, VEC, QKV, Q8, 0, 112, 0, 96, 0, 0, 0),
        D(0, GEMV, VEC, QKV, Q8, R | 96, 0, 48, 192, 3, 0, 0),
        D(0, GEMV, VEC, QKV, Q4, R | 288, 0, 336, 64, 3, 0, 0),
        D(0, ROPE, DPU, QKV, Q8, R | 96, R | 96, 96, 192, 32, 0, 0),
        D(0, QUANT, VEC_DPU, ATT, Q8, 0, R | 96, 0, 256, 0, 0, 0),
        D(0, APPEND, VEC, ATT, Q8, HEADS, 4, 6, 0, 0, 0, 0),
        D(0, ATTEND, KV, ATT, Q8, R | 96, 0, HEADS, 2, 0, SCALE, 0),
        D(0, SEND, VEC_DPU, OTHER, Q8, 4, R, 0, 224, PARTS1, 0, 0),
        D(0, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),

        D(1, QUANT, DPU, OUT, Q8, 0, R | 96, 0, 128, 0, 0, 0),
        D(1, GEMV, VEC, OUT, Q4, 96, 0, 0, 96, 4, 0, 0),
        D(1, ADD, DPU, OUT, Q8, R, R, 96, 96, 0, 0, 0),
        D(1, NORM, VEC, GATE, Q8, 96, R, 0, 96, 0, EPS, INV),
        D(1, QUANT, VEC, GATE, Q8, 0, 96, 0, 96, 0, 0, 0),
        D(1, GEMV, VEC, GATE, Q8, 192, 0, 96, 160, 3, 0, 0),
        D(1, GEMV, VEC, GATE, Q4, 352, 0, 336, 160, 3, 0, 0),
        D(1, SILU, DPU, GATE, Q8, R | 96, 192, 352, 160, 0, 0, 0),
        D(1, SEND, VEC_DPU, OTHER, Q8, 8, R, 0, 256, PARTS1, 0, 0),
        D(1, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),

        D(2, QUANT, VEC, DOWN, Q8, 0, R | 96, 0, 160, 0, 0, 0),
        D(2, GEMV, VEC, DOWN, Q8, 96, 0, 0, 96, 5, 0, 0),
        D(2, ADD, DPU, DOWN, Q8, R, R, 96, 96, 0, 0, 0),
        P(2, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(2, NORM, VEC, 4, 4, HEAD, 96, R, 0, 96, 0, EPS, INV),
        P(2, QUANT, VEC, 4, 4, HEAD, 0, 96, 0, 96, 0, 0, 0),
        P(2, GEMV, VEC, 4, 4, HEAD, 192, 0, 240, 64, 3, 0, 0),
        P(2, TOPK, DPU, 2, 2, HEAD, 256, 192, 0, 60, 1, 0, 0),
        P(2, SEND, VEC, 2, 2, HEAD, 1, 256, 0, 2, PARTS1, 0, 0),
        P(2, SEND, DPU, 1, 1, HEAD, 1, 192, 0, 64, PARTS1, 0, 0),
        D(2, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),
    };
    place(false, 3, 1000);
    EXPECT(want);
}

/* On five small tiles the cuts lie before QKV, ATTEND (q, k and v behind x: 256), GATE_UP and
 * DOWN (160). */
static void test_five_tiles__what_travels(void **state) {
    (void)state;
    static const uint32_t elements[] = {96, 96 + 256, 96, 96 + 160};
    uint32_t sends = 0;
    place(false, 5, 360);
    assert_int_equal(build(UINT32_MAX), MR_OK);
    for (uint32_t i = 0; i < n_got; i++) {
        const uint32_t *f = got[i].f;
        if (f[1] == SEND && f[8] != 1u) {
            assert_true(sends < 4u);
            assert_int_equal(f[0], sends);
            assert_int_equal(f[8], 4u << sends);
            assert_int_equal(f[11], elements[sends]);
            sends++;
        }
    }
    assert_int_equal(sends, 4);
}

/* A head alone on its tile gets only jobs with HEAD; the empty message of others leaves before. */
static void test_head_alone__both_ends(void **state) {
    (void)state;
    static const desc_t before[] = {
        P(0, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(0, SEND, VEC_DPU, 4, 4, OTHER, 4, R, 0, 96, PARTS1, 0, 0),
        D(0, END, NOW, OTHER, Q8, 0, 0, 0, 0, 0, 0, 0),
        P(1, SEND, VEC_DPU, 4, 0, OTHER, 1, 0, 0, 0, PARTS1, 0, 0),
        P(1, NORM, VEC, 4, 4, HEAD, 96, R, 0, 96, 0, EPS, INV),
    };
    mr_model_shape_t s = shape(false);
    mr_machine_t m = fixture_machine();
    mr_fit_t fit;
    s.vocab = s.vocab_pad = 768; /* as much work as all the rest */
    m.lanes = 2;
    m.tiles = 2;
    m.vmem_elems = 8192;
    m.result_elems = 1024;
    assert_int_equal(mr_place(&p, &s, &formats, &m, &fit), MR_OK);
    assert_int_equal(build(UINT32_MAX), MR_OK);
    assert_int_equal(n_got, 20 + 3 + 8);
    assert_memory_equal(&got[20], before, sizeof before);
}

static void test_layers__each_has_its_own_weights(void **state) {
    (void)state;
    static const uint32_t gemv_words[] = {48, 432, 624, 1104, 1344, 1728, 1920, 2400, 0};
    mr_model_shape_t s = shape(true);
    mr_machine_t m = fixture_machine();
    mr_fit_t fit;
    uint32_t gemvs = 0;
    s.n_layers = 2;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    formats.embed = formats.head = MR_IMAGE_Q4_0;
    m.lanes = 2;
    m.in_bufs = 2;
    m.tiles = 1;
    assert_int_equal(mr_place(&p, &s, &formats, &m, &fit), MR_OK);
    assert_int_equal(build(UINT32_MAX), MR_OK);
    uint32_t attends = 0;
    for (uint32_t i = 0; i < n_got; i++) {
        const uint32_t *f = got[i].f;
        if (f[1] == GEMV) {
            assert_true(gemvs < sizeof gemv_words / sizeof gemv_words[0]);
            assert_int_equal(f[10], gemv_words[gemvs]);
            gemvs++;
        } else if (f[1] == APPEND || f[1] == ATTEND) {
            assert_int_equal(f[f[1] == APPEND ? 8 : 10], HEADS | attends / 2u);
            attends++;
        }
    }
    assert_int_equal(gemvs, 9);
    assert_int_equal(attends, 4);
}

/* Whichever descriptor the sink refuses (it would take the next one): its status comes back and
 * nothing follows. */
static void test_build__sink_fails(void **state) {
    (void)state;
    place(true, 2, 1000);
    assert_int_equal(build(UINT32_MAX), MR_OK);
    const uint32_t n = n_got;
    assert_int_equal(n, 33);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(build(i), MR_IO);
        assert_int_equal(n_got, i);
    }
}

static void test_visit_length__is_what_build_emits(void **state) {
    (void)state;
    place(true, 2, 1000);
    assert_int_equal(p.n_visits, 3);
    assert_int_equal(mr_program_visit_length(&p, &formats, 0), 14);
    assert_int_equal(mr_program_visit_length(&p, &formats, 1), 11);
    assert_int_equal(mr_program_visit_length(&p, &formats, 2), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_tile__every_field),
        cmocka_unit_test(test_two_tiles__every_field),
        cmocka_unit_test(test_three_tiles__every_field),
        cmocka_unit_test(test_five_tiles__what_travels),
        cmocka_unit_test(test_head_alone__both_ends),
        cmocka_unit_test(test_layers__each_has_its_own_weights),
        cmocka_unit_test(test_build__sink_fails),
        cmocka_unit_test(test_visit_length__is_what_build_emits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
