/* SPDX-License-Identifier: Apache-2.0 */
/* A model over the groups of a chip: logits and tokens as on one group, messages over the links,
 * and KV caches that are set up, limited and emptied in every group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/kv.h"
#include "millrace/load.h"
#include "millrace/regs.h"
#include "millrace/sched.h"

#define LAYERS 6u
#define VOCAB 64u
#define SLOTS 3u
#define TOKENS 40u
#define CYCLES 100000u
#define STEPS_MAX 20000u

typedef struct {
    uint32_t groups;
    uint32_t tiles;
    uint32_t kv_layers;
} chip_t;

/* What a run gave: every logit of every slot, and the tokens. */
typedef struct {
    float logits[SLOTS][TOKENS][VOCAB];
    uint32_t token[SLOTS][TOKENS];
    uint32_t n[SLOTS];
    uint32_t errors;
} heard_t;

static fixture_image_t image;
static fixture_device_t dev;
static mr_placement_t p;
static heard_t alone;
static heard_t heard;

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    heard_t *h = ctx;
    assert_true(pos < TOKENS && n == VOCAB);
    memcpy(h->logits[slot][pos], logits, n * sizeof *logits);
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    heard_t *h = ctx;
    assert_true(pos <= TOKENS);
    h->token[slot][h->n[slot]++] = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    heard_t *h = ctx;
    (void)slot;
    (void)detail;
    h->errors += why == MR_END_ERROR ? 1u : 0u;
}

static void open_chip(const chip_t *chip) {
    mr_backend_model_config_t hw;
    mr_machine_t machine;
    mr_image_t opened;
    mr_fit_t fit;
    mr_backend_model_default_config(&hw);
    hw.groups = chip->groups;
    hw.tiles = chip->tiles;
    hw.kv_layers = chip->kv_layers;
    hw.kv_pages = 8;
    fixture_device_open(&dev, &hw);
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&opened, &image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&dev.io, &machine), MR_OK);
    assert_int_equal(mr_load(&dev.io, &machine, &opened, &cfg, &p, &fit), MR_OK);
    free(cfg.work);
}

static uint32_t read_reg(uint32_t addr) {
    uint32_t value;
    assert_int_equal(mr_mmio_read32(&dev.io, addr, &value), MR_OK);
    return value;
}

static uint32_t kv_reg(uint32_t group, uint32_t offset) {
    return read_reg(MR_KV_BASE + group * MR_KV_STRIDE + offset);
}

/* Three users at once, greedy, with all logits. */
static void generate(heard_t *h) {
    static const uint32_t prompt[] = {3, 14, 15, 9, 26, 53, 58, 9, 7, 9, 32, 38};
    static mr_slot_t slots[SLOTS];
    static float logits[VOCAB];
    static uint32_t order[VOCAB];
    mr_route_t route;
    mr_route_of(&route, &p);
    assert_int_equal(route.linked, p.visit[p.n_visits - 1u].tile >= p.machine.tiles);
    const mr_sched_config_t cfg = {.mmio = &dev.io,
                                   .route = &route,
                                   .slots = slots,
                                   .n_slots = SLOTS,
                                   .logits = logits,
                                   .order = order,
                                   .stall_cycles = CYCLES,
                                   .events = {on_logits, on_token, on_end, h}};
    mr_sched_t sched;
    bool busy = true;
    memset(h, 0, sizeof *h);
    assert_int_equal(mr_sched_init(&sched, &cfg), MR_OK);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const mr_request_t r = {.prompt = prompt + slot,
                                .n_prompt = 3u * (slot + 1u),
                                .max_tokens = TOKENS - 3u * (slot + 1u),
                                .sampling = {.top_p = 1.0f},
                                .prompt_logits = true,
                                .token_logits = true};
        assert_int_equal(mr_sched_submit(&sched, slot, &r), MR_OK);
    }
    for (uint32_t i = 0; busy; i++) {
        assert_true(i < STEPS_MAX);
        assert_int_equal(mr_sched_step(&sched, &busy), MR_OK);
    }
}

static int setup(void **state) {
    static const chip_t one = {1, 8, 8};
    mr_model_shape_t shape = fixture_shape();
    mr_place_formats_t formats;
    (void)state;
    shape.n_layers = LAYERS;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&image, &shape, &formats, 23);
    open_chip(&one);
    generate(&alone);
    fixture_device_close(&dev);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_image_free(&image);
    return 0;
}

static void test_groups__same_logits_as_one(void **state) {
    (void)state;
    static const chip_t chips[] = {{2, 1, 3},  {2, 4, 8},  {3, 2, 2}, {6, 1, 1},
                                   {16, 1, 8}, {16, 3, 1}, {8, 30, 8}};
    assert_int_equal(alone.errors, 0);
    assert_int_equal(alone.n[0], TOKENS - 3u);
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        open_chip(&chips[i]);
        generate(&heard);
        assert_memory_equal(&heard, &alone, sizeof alone);
        fixture_device_close(&dev);
    }
}

/* Every position passes every link on its way once, the last one with its result. */
static void test_groups__messages_over_the_links(void **state) {
    (void)state;
    static const chip_t chip = {3, 1, 2};
    open_chip(&chip);
    generate(&heard);
    const uint32_t jobs = SLOTS * (TOKENS - 1u);
    for (uint32_t g = 0; g < 3u; g++) {
        const uint32_t link = MR_LINK_BASE + g * MR_LINK_STRIDE;
        assert_int_equal(read_reg(link + MR_LINK_MSGS_OFFSET), jobs);
        assert_int_equal(read_reg(link + MR_LINK_RX_MSGS_OFFSET), jobs);
        assert_int_equal(read_reg(link + MR_LINK_STATUS_OFFSET), 0);
    }
    /* Injection, result, and the job from group 0 to its link. */
    assert_int_equal(read_reg(MR_HUB_BASE + MR_HUB_MSGS_LO_OFFSET), 3u * jobs);
    fixture_device_close(&dev);
}

static void test_groups__kv_of_each(void **state) {
    (void)state;
    static const chip_t chip = {4, 2, 2};
    uint32_t pages;
    open_chip(&chip);
    for (uint32_t g = 0; g < 4u; g++) {
        const uint32_t layers = kv_reg(g, MR_KV_CONFIG_OFFSET) & MR_KV_CONFIG_LAYERS_MASK;
        assert_int_equal(layers, p.kv_layers[g]);
        assert_true(layers == 0 || kv_reg(g, MR_KV_PAGES_FREE_OFFSET) == 8);
    }
    assert_int_equal(p.kv_layers[0] + p.kv_layers[1] + p.kv_layers[2] + p.kv_layers[3], LAYERS);
    generate(&heard);
    assert_int_equal(mr_kv_pages_free(&dev.io, &pages), MR_OK);
    assert_int_equal(pages, 8); /* ended users return their pages in every group */
    fixture_device_close(&dev);
}

/* A quota holds in each group: the third page is refused, the user ends, the others do not. */
static void test_groups__quota(void **state) {
    (void)state;
    static const chip_t chip = {3, 1, 2};
    mr_kv_refused_t refused;
    uint32_t pages;
    open_chip(&chip);
    assert_int_equal(mr_kv_quota(&dev.io, 1, 1, CYCLES), MR_OK);
    generate(&heard);
    assert_int_equal(heard.errors, 1);
    assert_int_equal(heard.n[0], alone.n[0]);
    assert_true(heard.n[1] < alone.n[1]);
    assert_memory_equal(heard.token[2], alone.token[2], sizeof alone.token[2]);
    assert_int_equal(mr_kv_refused(&dev.io, &refused), MR_OK);
    assert_true(refused.pages > 0 && refused.who == 0 && refused.tag == 0);
    assert_int_equal(mr_kv_pages_free(&dev.io, &pages), MR_OK);
    assert_int_equal(pages, 8);
    fixture_device_close(&dev);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups__same_logits_as_one),
        cmocka_unit_test(test_groups__messages_over_the_links),
        cmocka_unit_test(test_groups__kv_of_each),
        cmocka_unit_test(test_groups__quota),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
