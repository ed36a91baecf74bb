/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: every reason to refuse, and invariants over random shapes and machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/program.h"
#include "mr_test_random.h"

#define CASES 600u

static mr_placement_t p;
static mr_place_formats_t formats;
static mr_fit_t fit;

static mr_status_t place(const mr_model_shape_t *s, const mr_machine_t *m) {
    return mr_place(&p, s, &formats, m, &fit);
}

static void expect_refusal(const mr_model_shape_t *s, const mr_machine_t *m, mr_fit_reason_t reason,
                           uint64_t needed, uint64_t available) {
    assert_int_equal(place(s, m), MR_NO_SPACE);
    assert_string_equal(mr_fit_text(fit.reason), mr_fit_text(reason));
    assert_true(fit.needed == needed);
    assert_true(fit.available == available);
}

/* Words of the fixture's steps with 4 lanes: embedding 32, QKV 64, out 32, gate/up 96, down 48; 512
 * in all. */
static void test_refusals__reason_needed_available(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    const mr_machine_t good = fixture_machine();
    mr_machine_t m = good;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    assert_int_equal(place(&s, &m), MR_OK);
    assert_int_equal(fit.reason, MR_FIT_OK);
    m.wmem_words = 170;
    expect_refusal(&s, &m, MR_FIT_WMEM, 512, 510);
    m.wmem_words = 95;
    expect_refusal(&s, &m, MR_FIT_WMEM_TILE, 96, 95);
    m = good;
    m.vmem_elems = 4;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_VMEM);
    m.vmem_elems = (uint32_t)fit.needed - 1u;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    m = good;
    m.xmem_blocks = 3;
    expect_refusal(&s, &m, MR_FIT_XMEM, 4, 3);
    m = good;
    m.pmem_descs = 3;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_PMEM);
    m = good;
    m.in_size_max = 191;
    expect_refusal(&s, &m, MR_FIT_IN_SIZE, 192, 191);
    m = good;
    m.result_elems = 63;
    expect_refusal(&s, &m, MR_FIT_RESULT, 64, 63);
    m = good;
    m.kv_layers = 1;
    expect_refusal(&s, &m, MR_FIT_KV_LAYERS, 2, 1);
    m = good;
    m.kv_heads = 0;
    expect_refusal(&s, &m, MR_FIT_KV_HEADS, 1, 0);
    m = good;
    m.kv_nbh = 0;
    expect_refusal(&s, &m, MR_FIT_KV_NBH, 1, 0);
    mr_model_shape_t bad = s;
    bad.d = 33;
    assert_int_equal(place(&bad, &good), MR_RANGE);
}

static void test_fit_text__every_reason_another_text(void **state) {
    (void)state;
    for (uint32_t i = MR_FIT_OK; i <= MR_FIT_IN_BUFS; i++) {
        const char *text = mr_fit_text((mr_fit_reason_t)i);
        assert_true(strlen(text) > 3u && strpbrk(text, "\r\n") == NULL);
        assert_string_not_equal(text, "unknown resource");
        for (uint32_t k = MR_FIT_OK; k < i; k++) {
            assert_string_not_equal(text, mr_fit_text((mr_fit_reason_t)k));
        }
    }
    assert_string_equal(mr_fit_text((mr_fit_reason_t)99), "unknown resource");
}

/* Enough words in all but cut badly: what is needed must be more than there is, and be enough. */
static void test_refusal__by_cutting_names_a_size_that_fits(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    mr_machine_t m = fixture_machine();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    m.wmem_words = 171;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_WMEM_TILE);
    assert_true(fit.needed > 171);
    const uint32_t needed = (uint32_t)fit.needed;
    m.wmem_words = needed - 1u;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    m.wmem_words = needed;
    assert_int_equal(place(&s, &m), MR_OK);
}

static uint32_t step_words(uint32_t step) {
    const mr_model_shape_t *s = &p.shape;
    const uint32_t lanes = p.machine.lanes;
    if (step == 0 || step == p.n_steps - 1u) {
        return mr_place_words((mr_image_format_t)(step == 0 ? formats.embed : formats.head),
                              s->vocab_pad, s->d, lanes);
    }
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(mr_step_stage(step), &kinds);
    uint32_t words = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t rows;
        uint32_t cols;
        mr_image_tensor_dims(s, kinds[i], &rows, &cols);
        const uint8_t f = formats.tensor[mr_step_layer(step)][kinds[i]];
        words += mr_place_words((mr_image_format_t)f, rows, cols, lanes);
    }
    return words;
}

/* Weights: in range, steps of a tile one behind the other, the chain never goes back. */
static void check_weights(void) {
    uint32_t end[MR_MACHINE_TILES_MAX] = {0};
    const uint32_t last = p.n_steps - 1u;
    for (uint32_t i = 0; i < p.n_steps; i++) {
        const mr_step_place_t *at = &p.step[i];
        assert_true(at->tile < mr_machine_tiles(&p.machine));
        if (i == last && p.shared_head) {
            assert_int_equal(at->tile, p.step[0].tile);
            assert_int_equal(at->wmem, p.step[0].wmem);
            continue;
        }
        assert_true(i == 0 || at->tile >= p.step[i - 1u].tile);
        for (uint32_t t = at->tile; t < at->tile + mr_step_tiles(&p, i); t++) {
            assert_int_equal(at->wmem, end[t]);
            end[t] += step_words(i);
        }
    }
    for (uint32_t t = 0; t < mr_machine_tiles(&p.machine); t++) {
        assert_int_equal(p.tile[t].wmem_used, end[t]);
        assert_true(end[t] <= p.machine.wmem_words);
    }
}

/* KV caches: a group's ATTENDs have its layers, numbered in order, no more than it can hold. */
static void check_kv(void) {
    uint32_t layers[MR_MACHINE_GROUPS_MAX] = {0};
    for (uint32_t i = 1; i + 1u < p.n_steps; i++) {
        if (mr_step_stage(i) == MR_STAGE_ATTEND) {
            assert_int_equal(p.step[i].kv_layer, layers[p.step[i].tile / p.machine.tiles]++);
        }
    }
    for (uint32_t g = 0; g < MR_MACHINE_GROUPS_MAX; g++) {
        assert_int_equal(p.kv_layers[g], layers[g]);
        assert_true(layers[g] <= p.machine.kv_layers);
    }
}

/* Vectors: norms, RoPE, scratch and input buffers lie one behind the other, all even. */
static void check_vectors(void) {
    for (uint32_t t = 0; t < mr_machine_tiles(&p.machine); t++) {
        const mr_tile_place_t *tile = &p.tile[t];
        uint32_t at = 0;
        uint32_t scratch = p.shape.d;
        bool rope = false;
        for (uint32_t i = 1; i < p.n_steps; i++) {
            const bool head = i == p.n_steps - 1u;
            const uint32_t stage = mr_step_stage(i);
            if (t < p.step[i].tile || t >= p.step[i].tile + mr_step_tiles(&p, i)) {
                continue;
            }
            if (head || stage == MR_STAGE_QKV || stage == MR_STAGE_GATE_UP) {
                assert_int_equal(p.step[i].norm, at);
                at += p.shape.d;
            }
            rope = rope || (!head && stage == MR_STAGE_QKV);
            if (head && scratch < p.shape.d + p.shape.vocab_pad + 2u) {
                scratch = p.shape.d + p.shape.vocab_pad + 2u;
            } else if (!head && stage == MR_STAGE_GATE_UP &&
                       scratch < p.shape.d + 2u * p.shape.n_ff) {
                scratch = p.shape.d + 2u * p.shape.n_ff;
            }
        }
        assert_true(tile->rope_f >= at);
        assert_true(tile->scratch >= tile->rope_f + (rope ? p.shape.hd / 2u : 0));
        assert_true(tile->in_base >= tile->scratch + scratch);
        assert_int_equal((tile->rope_f | tile->scratch | tile->in_base | p.in_size) % 2u, 0);
        assert_true(tile->vmem_used >= tile->in_base + p.in_size * p.machine.in_bufs);
        assert_true(tile->vmem_used <= p.machine.vmem_elems);
    }
}

/* Visits: cover the chain; a tile's programs follow one another; the window. */
static void check_visits(void) {
    uint32_t pc[MR_MACHINE_TILES_MAX] = {0};
    uint32_t visits[MR_MACHINE_TILES_MAX] = {0};
    uint32_t next = 0;
    uint32_t tiles = 0;
    bool shared = false;
    for (uint32_t v = 0; v < p.n_visits; v++) {
        const mr_visit_t *visit = &p.visit[v];
        assert_int_equal(visit->first, next);
        assert_true(visit->last >= visit->first);
        for (uint32_t i = visit->first; i <= visit->last; i++) {
            assert_int_equal(p.step[i].tile, visit->tile);
            assert_int_equal(p.step[i].clones, visit->clones);
        }
        /* The clones are in one group, and nothing else is on their tiles. */
        assert_true(visit->tile % p.machine.tiles + visit->clones <= p.machine.tiles);
        assert_true(visit->clones == 1u || v > 0);
        for (uint32_t t = visit->tile; t < visit->tile + mr_visit_tiles(visit); t++) {
            assert_int_equal(visit->pc, pc[t]);
            pc[t] += mr_program_visit_length(&p, &formats, v);
            shared = ++visits[t] > 1u || shared;
        }
        tiles += visit->clones;
        next = visit->last + 1u;
    }
    assert_int_equal(next, p.n_steps);
    assert_true(!shared || tiles == p.n_visits);
    assert_int_equal(p.window, p.machine.in_bufs * (shared ? 1u : tiles));
    for (uint32_t t = 0; t < mr_machine_tiles(&p.machine); t++) {
        assert_int_equal(p.tile[t].pmem_used, pc[t]);
        assert_true(pc[t] <= p.machine.pmem_descs);
    }
}

static void random_case(mr_test_random_t *rng, mr_model_shape_t *s, mr_machine_t *m) {
    *s = fixture_shape();
    *m = fixture_machine();
    s->n_layers = 1u + mr_test_below(rng, 8);
    s->d = s->d_real = 32u * (1u + mr_test_below(rng, 4));
    s->n_kv = 1u + mr_test_below(rng, 3);
    s->n_heads = s->n_kv * (1u + mr_test_below(rng, 3));
    s->hd = 32u * (1u + mr_test_below(rng, 2));
    s->n_ff = 32u * (1u + mr_test_below(rng, 8));
    s->vocab = s->vocab_pad = 32u * (1u + mr_test_below(rng, 8));
    s->tied = mr_test_below(rng, 2) == 0;
    m->groups = mr_test_below(rng, 2) == 0 ? 1u : 1u + mr_test_below(rng, MR_MACHINE_GROUPS_MAX);
    const uint32_t most =
        m->groups == 1u ? MR_MACHINE_GROUP_TILES_MAX : MR_MACHINE_TILES_MAX / m->groups;
    m->tiles = 1u + mr_test_below(rng, most < 31u || m->groups == 1u ? most : 30u);
    m->kv_layers = 1u + mr_test_below(rng, 8);
    m->lanes = 1u << mr_test_below(rng, 4);
    m->wmem_words = 64u << mr_test_below(rng, 9);
    m->vmem_elems = 2048u << mr_test_below(rng, 4);
    m->in_bufs = 1u + mr_test_below(rng, 4);
    m->kv_slots = 4u << mr_test_below(rng, 6);
    for (uint32_t layer = 0; layer < s->n_layers; layer++) {
        for (uint32_t kind = 0; kind < MR_IMAGE_LAYER_KINDS; kind++) {
            formats.tensor[layer][kind] = (uint8_t)mr_test_below(rng, 2);
        }
    }
    formats.embed = (uint8_t)mr_test_below(rng, 2);
    formats.head = s->tied ? formats.embed : (uint8_t)mr_test_below(rng, 2);
}

static void test_place__random_shapes_and_machines(void **state) {
    (void)state;
    mr_test_random_t rng = {2024};
    uint32_t placed = 0;
    uint32_t linked = 0; /* with KV caches in several groups */
    uint32_t cloned = 0; /* with clones */
    for (uint32_t i = 0; i < CASES; i++) {
        mr_model_shape_t s;
        mr_machine_t m;
        random_case(&rng, &s, &m);
        const mr_status_t status = place(&s, &m);
        if (status == MR_OK) {
            assert_true(p.shape.tied || !p.shared_head);
            /* One group has one copy of a shared matrix, if not for the sake of balance. */
            assert_true(!p.shape.tied || p.machine.groups > 1u || p.shared_head ||
                        p.step[p.n_steps - 1u].tile != p.step[0].tile);
            cloned += p.window > p.machine.in_bufs * p.n_visits ? 1u : 0u;
            check_weights();
            check_kv();
            check_vectors();
            check_visits();
            placed++;
            linked += p.kv_layers[0] < p.shape.n_layers ? 1u : 0u;
        } else {
            assert_int_equal(status, MR_NO_SPACE);
            assert_true(fit.needed > fit.available);
        }
    }
    print_message("%u of %u placed, %u over several groups, %u with clones\n", placed, CASES,
                  linked, cloned);
    assert_true(placed > CASES / 4u && placed < CASES && linked > CASES / 10u);
    assert_true(cloned > CASES / 10u);
}

/* Whole layers where they balance, stages on more tiles than layers, tight as the last resort. */
static void test_place__layers_stages_tight(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    mr_machine_t m = fixture_machine();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    m.tiles = 2;
    assert_int_equal(place(&s, &m), MR_OK);
    for (uint32_t i = 1; i + 1u < p.n_steps; i++) {
        assert_int_equal(p.step[i].tile, p.step[1u + 5u * mr_step_layer(i)].tile);
    }
    m.tiles = 4;
    m.wmem_words = 160; /* less than a layer */
    assert_int_equal(place(&s, &m), MR_OK);
    assert_true(p.step[1].tile != p.step[5].tile || p.step[6].tile != p.step[10].tile);
    m.tiles = 1;
    m.wmem_words = 512;
    assert_int_equal(place(&s, &m), MR_OK);
    assert_int_equal(p.n_visits, 1);
    assert_int_equal(p.tile[0].wmem_used, 512);
}

/* The caches of several groups together; a head of its own only where there is room. */
static void test_place__groups(void **state) {
    (void)state;
    mr_model_shape_t s = fixture_shape();
    mr_machine_t m = fixture_machine();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    s.n_layers = 6;
    m.tiles = 1;
    m.kv_layers = 2;
    m.pmem_descs = 512;
    m.groups = 2;
    expect_refusal(&s, &m, MR_FIT_KV_LAYERS, 6, 4);
    m.groups = 3;
    assert_int_equal(place(&s, &m), MR_OK);
    assert_false(p.shared_head);
    assert_int_equal(p.n_visits, 3);
    assert_int_equal(p.window, 3u * m.in_bufs);
    for (uint32_t g = 0; g < 3u; g++) {
        assert_int_equal(p.kv_layers[g], 2);
    }
    assert_int_equal(p.step[p.n_steps - 1u].tile, 2);
    check_weights();
    check_kv();
    check_visits();
    /* 32 + 6 x 240 words: with the head's copy 32 more than there are. */
    m.wmem_words = 491;
    assert_int_equal(place(&s, &m), MR_NO_SPACE);
    m.wmem_words = 512; /* 2 layers and EMBED; the copy would go, too */
    assert_int_equal(place(&s, &m), MR_OK);
    assert_false(p.shared_head);
    s.n_layers = 5;
    s.vocab = s.vocab_pad = 512; /* EMBED takes 256 words: once, and no more */
    m.wmem_words = 496;
    m.result_elems = 512;
    assert_int_equal(place(&s, &m), MR_OK);
    assert_true(p.shared_head);
    assert_int_equal(p.step[p.n_steps - 1u].tile, 0);
    assert_int_equal(p.window, m.in_bufs);
    check_kv();
    check_visits();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals__reason_needed_available),
        cmocka_unit_test(test_fit_text__every_reason_another_text),
        cmocka_unit_test(test_refusal__by_cutting_names_a_size_that_fits),
        cmocka_unit_test(test_place__random_shapes_and_machines),
        cmocka_unit_test(test_place__layers_stages_tight),
        cmocka_unit_test(test_place__groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
