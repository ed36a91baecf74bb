/* SPDX-License-Identifier: Apache-2.0 */
/* Stages over several tiles: every logit and token as with one tile a stage, for any number of
 * shards, heads, formats, tiles and groups, with several users at once and prompts in flight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heard.h"
#include "millrace/kv.h"
#include "millrace/program.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

#define VOCAB HEARD_VOCAB
#define SLOTS HEARD_SLOTS
#define PAGES 24u
#define TOKENS HEARD_TOKENS

static const heard_chip_t big = {1, 30, 16, 4};
static uint32_t users = 3;
static heard_device_t d;
static heard_t want;
static heard_t heard;

static mr_status_t open_chip(const heard_chip_t *chip, uint32_t mode) {
    return heard_open(&d, chip, PAGES, mode);
}

static void generate(heard_t *h, bool logits_too) {
    heard_generate(h, &d, users, logits_too);
}

/* Builds the model, and what one tile a stage makes of it. */
static void model(const mr_model_shape_t *shape, const mr_place_formats_t *formats, uint64_t seed) {
    fixture_image_build(&d.image, shape, formats, seed);
    assert_int_equal(open_chip(&big, MR_PLACE_EFFICIENCY), MR_OK);
    generate(&want, true);
    assert_int_equal(want.errors, 0);
    assert_int_equal(want.n[0], TOKENS - 3u);
    fixture_device_close(&d.dev);
}

static void check_chip(const heard_chip_t *chip, uint32_t mode) {
    uint32_t pages;
    assert_int_equal(open_chip(chip, mode), MR_OK);
    generate(&heard, true);
    assert_memory_equal(&heard, &want, sizeof want);
    generate(&heard, false);
    assert_memory_equal(heard.token, want.token, sizeof want.token);
    assert_int_equal(mr_kv_pages_free(&d.dev.io, &pages), MR_OK);
    assert_int_equal(pages, PAGES);
    fixture_device_close(&d.dev);
}

static mr_model_shape_t shape_of(uint32_t layers, uint32_t n_heads, uint32_t n_kv) {
    mr_model_shape_t s = fixture_shape();
    s.n_layers = layers;
    s.n_heads = n_heads;
    s.n_kv = n_kv;
    s.vocab = s.vocab_pad = VOCAB;
    return s;
}

/* Shared teams, teams of their own, tiles left over, groups that hold one layer or all. */
static void test_shards__chips(void **state) {
    (void)state;
    static const heard_chip_t chips[] = {{1, 2, 8, 4},  {1, 3, 8, 4}, {1, 8, 8, 4}, {1, 30, 8, 4},
                                         {1, 30, 8, 1}, {1, 8, 8, 2}, {2, 4, 3, 4}, {3, 3, 2, 4},
                                         {6, 2, 1, 4},  {4, 8, 2, 2}, {2, 17, 8, 4}};
    mr_place_formats_t formats;
    const mr_model_shape_t shape = shape_of(4, 4, 2);
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    model(&shape, &formats, 31);
    uint32_t ran = 0;
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        for (uint32_t k = 1; k <= 8u && k <= chips[i].tiles; k++) {
            if (chips[i].in_bufs == 1u && k > 1u) {
                continue;
            }
            check_chip(&chips[i], k);
            assert_int_equal(d.p.shards, k);
            ran++;
        }
        check_chip(&chips[i], MR_PLACE_LATENCY);
    }
    assert_true(ran > 40u);
    fixture_image_free(&d.image);
}

/* Query heads cut in the middle of KV heads, shards without heads or rows, both formats. */
static void test_shards__shapes(void **state) {
    (void)state;
    static const uint32_t heads[][2] = {{1, 1}, {3, 1}, {4, 4}, {6, 2}, {6, 3}, {16, 1}};
    mr_test_random_t rng = {77};
    mr_place_formats_t formats;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const mr_model_shape_t shape = shape_of(2, heads[i][0], heads[i][1]);
        for (uint32_t layer = 0; layer < 2u; layer++) {
            for (uint32_t kind = 0; kind < MR_IMAGE_LAYER_KINDS; kind++) {
                formats.tensor[layer][kind] = (uint8_t)mr_test_below(&rng, 2);
            }
        }
        formats.embed = formats.head = (uint8_t)mr_test_below(&rng, 2);
        model(&shape, &formats, 40u + i);
        static const uint32_t shards[] = {2, 3, 4, 5, 7, 14};
        for (size_t k = 0; k < sizeof shards / sizeof shards[0]; k++) {
            check_chip(&big, shards[k]);
        }
        fixture_image_free(&d.image);
    }
}

static void test_shards__refusals(void **state) {
    (void)state;
    static const heard_chip_t few = {1, 3, 8, 4};
    static const heard_chip_t one_buffer = {1, 4, 8, 1};
    mr_place_formats_t formats;
    const mr_model_shape_t shape = shape_of(2, 2, 1);
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&d.image, &shape, &formats, 5);
    assert_int_equal(open_chip(&few, 4), MR_NO_SPACE);
    assert_int_equal(d.fit.reason, MR_FIT_TILES);
    assert_true(d.fit.needed == 4 && d.fit.available == 3);
    fixture_device_close(&d.dev);
    assert_int_equal(open_chip(&one_buffer, 2), MR_NO_SPACE);
    assert_int_equal(d.fit.reason, MR_FIT_IN_BUFS);
    assert_true(d.fit.needed == 2 && d.fit.available == 1);
    fixture_device_close(&d.dev);
    assert_int_equal(open_chip(&big, MR_PLACE_SHARDS_MAX + 1u), MR_RANGE);
    fixture_device_close(&d.dev);
    fixture_image_free(&d.image);
}

/* A cache without room refuses the appending shard: every user ends, with pages back, none hangs.
 */
static void test_shards__errors_travel(void **state) {
    (void)state;
    static const heard_chip_t chip = {2, 8, 2, 4};
    uint32_t pages;
    mr_place_formats_t formats;
    const mr_model_shape_t shape = shape_of(4, 4, 2);
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    model(&shape, &formats, 6);
    assert_int_equal(open_chip(&chip, 4), MR_OK);
    assert_int_equal(mr_kv_quota(&d.dev.io, 1, 1, HEARD_CYCLES), MR_OK);
    generate(&heard, true);
    assert_int_equal(heard.errors, 1);
    assert_true(heard.n[1] < want.n[1]);
    assert_memory_equal(heard.token[0], want.token[0], sizeof want.token[0]);
    assert_memory_equal(heard.token[2], want.token[2], sizeof want.token[2]);
    assert_int_equal(mr_kv_pages_free(&d.dev.io, &pages), MR_OK);
    assert_int_equal(pages, PAGES);
    fixture_device_close(&d.dev);
    fixture_image_free(&d.image);
}

/* ---- clones ---- */

/* Jobs that a tile has done. */
static uint32_t jobs(uint32_t tile) {
    uint32_t n;
    const uint32_t at = MR_TILE_BASE + tile * MR_TILE_STRIDE + MR_TILE_JOBS_LO_OFFSET;
    assert_int_equal(mr_mmio_read32(&d.dev.io, at, &n), MR_OK);
    return n;
}

/* Ten users on clones: the same bits as on two tiles without any, every clone at work, and each
 * with the jobs of its own slots alone. */
static void test_clones__same_bits(void **state) {
    (void)state;
    static const heard_chip_t none = {1, 2, 8, 4};
    static const heard_chip_t chips[] = {{1, 30, 8, 4}, {4, 8, 2, 2}, {2, 17, 8, 1}, {6, 5, 1, 3}};
    mr_place_formats_t formats;
    const mr_model_shape_t shape = shape_of(4, 4, 2);
    uint32_t most = 0;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    formats.tensor[1][MR_IMAGE_GATE] = MR_IMAGE_Q4_0;
    fixture_image_build(&d.image, &shape, &formats, 8);
    users = SLOTS;
    assert_int_equal(open_chip(&none, MR_PLACE_EFFICIENCY), MR_OK);
    assert_int_equal(mr_step_tiles(&d.p, 3), 1);
    generate(&want, true);
    assert_int_equal(want.errors, 0);
    fixture_device_close(&d.dev);
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        check_chip(&chips[i], MR_PLACE_EFFICIENCY);
        assert_int_equal(open_chip(&chips[i], MR_PLACE_EFFICIENCY), MR_OK);
        generate(&heard, false);
        for (uint32_t v = 0; v < d.p.n_visits; v++) {
            const mr_visit_t *visit = &d.p.visit[v];
            most = visit->clones > most ? visit->clones : most;
            for (uint32_t c = 0; c < visit->clones; c++) {
                uint32_t own = 0;
                for (uint32_t slot = c; slot < SLOTS; slot += visit->clones) {
                    own += TOKENS - 1u; /* what is drawn last goes in no more */
                }
                /* Jobs of a prompt do not come to the head, but for the last one. */
                const bool head = visit->last + 1u == d.p.n_steps;
                assert_true(head && visit->first == visit->last ? jobs(visit->tile + c) > 0
                                                                : jobs(visit->tile + c) == own);
            }
        }
        fixture_device_close(&d.dev);
    }
    users = 3;
    assert_true(most >= 4u);
    fixture_image_free(&d.image);
}

/* ---- what is sent, without a device ---- */

#define PCS 1024u
#define OP_SEND 11u

typedef struct {
    uint32_t flags;
    uint32_t links; /* messages over links */
    uint8_t got[MR_MACHINE_TILES_MAX][PCS];
    uint8_t parts[MR_MACHINE_TILES_MAX][PCS];
    uint32_t hub;
} sent_t;

static sent_t sent;

/* Delivers a SEND of a job with sent.flags. */
static mr_status_t deliver(void *ctx, uint32_t tile, uint32_t index, const uint32_t *w) {
    const mr_machine_t *m = &d.p.machine;
    const uint32_t pc = w[5] & 0xFFFFu;
    const uint32_t parts = w[5] >> 16;
    (void)ctx;
    (void)index;
    if ((w[0] & 0xFFu) != OP_SEND || (sent.flags & (w[0] >> 12 & 15u)) != (w[0] >> 16 & 15u)) {
        return MR_OK;
    }
    assert_true(w[6] == 0 || parts == 1u); /* parts do not cross links */
    assert_true(w[3] + w[4] <= d.p.in_size || w[1] == 1u);
    sent.links += w[6] != 0 ? 1u : 0;
    sent.hub += w[1] & 1u;
    const uint32_t group = (tile / m->tiles + w[6]) % m->groups;
    for (uint32_t t = 0; t < m->tiles; t++) {
        if ((w[1] >> (t + 1u) & 1u) != 0) {
            const uint32_t to = group * m->tiles + t;
            assert_true(pc < PCS && (sent.got[to][pc] == 0 || sent.parts[to][pc] == parts));
            sent.parts[to][pc] = (uint8_t)parts;
            sent.got[to][pc]++;
        }
    }
    return MR_OK;
}

/* Every visit's tiles get as many messages as their jobs count, for a job that goes to the head and
 * one that does not; a layer in one group; the window by the visits. */
static void check_messages(uint32_t flags) {
    static const mr_program_sink_t sink = {deliver, NULL};
    uint32_t seen[MR_MACHINE_TILES_MAX] = {0};
    bool shared = false;
    memset(&sent, 0, sizeof sent);
    sent.flags = flags;
    assert_int_equal(mr_program_build(&d.p, &d.p.formats, &sink), MR_OK);
    assert_true(sent.hub >= 1u);
    /* A job without HEAD leaves out the head, whose shards send nothing then. */
    for (uint32_t v = 1; v < d.p.n_visits; v++) {
        const mr_visit_t *visit = &d.p.visit[v];
        const bool head = visit->kind == MR_VISIT_STEPS && visit->first + 1u == d.p.n_steps;
        for (uint32_t i = 0; i < visit->shards; i++) {
            const uint32_t tile = visit->tile + i;
            shared = ++seen[tile] > 1u || shared;
            const bool wanted = flags != 0 || (!head && visit->kind != MR_VISIT_MERGE);
            assert_true(!wanted || sent.got[tile][visit->pc] > 0);
            assert_int_equal(sent.got[tile][visit->pc], sent.parts[tile][visit->pc]);
        }
    }
    shared = shared || seen[d.p.visit[0].tile] > 0;
    const uint32_t bufs = d.p.machine.in_bufs;
    assert_int_equal(d.p.window, shared ? bufs / 2u : bufs * d.p.n_visits);
    for (uint32_t i = 1; i + 1u < d.p.n_steps; i++) {
        const uint32_t first = i - mr_step_stage(i);
        assert_int_equal(d.p.step[i].tile / d.p.machine.tiles,
                         d.p.step[first].tile / d.p.machine.tiles);
        assert_true(d.p.step[i].tile % d.p.machine.tiles + d.p.shards <= d.p.machine.tiles);
    }
}

static void test_shards__messages_of_random_placements(void **state) {
    (void)state;
    mr_test_random_t rng = {2025};
    uint32_t placed = 0;
    uint32_t linked = 0;
    for (uint32_t i = 0; i < 300u; i++) {
        const uint32_t n_kv = 1u + mr_test_below(&rng, 3);
        const mr_model_shape_t s =
            shape_of(1u + mr_test_below(&rng, 6), n_kv * (1u + mr_test_below(&rng, 3)), n_kv);
        mr_machine_t m = fixture_machine();
        m.groups = 1u + mr_test_below(&rng, 4);
        m.tiles = 2u + mr_test_below(&rng, 29);
        m.wmem_words = 256u << mr_test_below(&rng, 4);
        m.kv_layers = 1u + mr_test_below(&rng, 6);
        m.pmem_descs = PCS;
        m.in_bufs = 2u + mr_test_below(&rng, 3);
        fixture_formats(&d.p.formats, MR_IMAGE_Q8_0);
        const uint32_t most = m.tiles < MR_PLACE_SHARDS_MAX ? m.tiles : MR_PLACE_SHARDS_MAX;
        const uint32_t k = 2u + mr_test_below(&rng, most - 1u);
        if (mr_place_mode(&d.p, &s, &d.p.formats, &m, k, &d.fit) != MR_OK) {
            assert_true(d.fit.needed > d.fit.available);
            continue;
        }
        check_messages(0);
        check_messages(MR_JOB_HEAD | MR_JOB_TOP);
        linked += sent.links > 0 ? 1u : 0;
        check_messages(MR_JOB_HEAD | MR_JOB_LOGITS);
        placed++;
    }
    print_message("%u of 300 placed, %u over several groups\n", placed, linked);
    assert_true(placed > 100u && linked > 20u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards__messages_of_random_placements),
        cmocka_unit_test(test_shards__chips),
        cmocka_unit_test(test_shards__shapes),
        cmocka_unit_test(test_shards__refusals),
        cmocka_unit_test(test_shards__errors_travel),
        cmocka_unit_test(test_clones__same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
