/* SPDX-License-Identifier: Apache-2.0 */
/* A model over the groups of a chip: logits and tokens as on one group, messages over the links,
 * and KV caches that are set up, limited and emptied in every group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "heard.h"
#include "millrace/kv.h"
#include "millrace/regs.h"

#define LAYERS 6u
#define SLOTS 3u
#define PAGES 8u
#define TOKENS HEARD_TOKENS

static heard_device_t d;
static heard_t alone;
static heard_t heard;

static void open_chip(const heard_chip_t *chip) {
    assert_int_equal(heard_open(&d, chip, PAGES, MR_PLACE_EFFICIENCY), MR_OK);
}

static uint32_t read_reg(uint32_t addr) {
    uint32_t value;
    assert_int_equal(mr_mmio_read32(&d.dev.io, addr, &value), MR_OK);
    return value;
}

static uint32_t kv_reg(uint32_t group, uint32_t offset) {
    return read_reg(MR_KV_BASE + group * MR_KV_STRIDE + offset);
}

static void generate(heard_t *h) {
    heard_generate(h, &d, SLOTS, true);
}

static int setup(void **state) {
    static const heard_chip_t one = {1, 8, 8, 4};
    mr_model_shape_t shape = fixture_shape();
    mr_place_formats_t formats;
    (void)state;
    shape.n_layers = LAYERS;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&d.image, &shape, &formats, 23);
    open_chip(&one);
    generate(&alone);
    fixture_device_close(&d.dev);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_image_free(&d.image);
    return 0;
}

static void test_groups__same_logits_as_one(void **state) {
    (void)state;
    static const heard_chip_t chips[] = {{2, 1, 3, 4},  {2, 4, 8, 4},  {3, 2, 2, 4}, {6, 1, 1, 4},
                                         {16, 1, 8, 4}, {16, 3, 1, 4}, {8, 30, 8, 4}};
    assert_int_equal(alone.errors, 0);
    assert_int_equal(alone.n[0], TOKENS - 3u);
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        open_chip(&chips[i]);
        generate(&heard);
        assert_memory_equal(&heard, &alone, sizeof alone);
        fixture_device_close(&d.dev);
    }
}

/* Every position passes every link on its way once, the last one with its result. */
static void test_groups__messages_over_the_links(void **state) {
    (void)state;
    static const heard_chip_t chip = {3, 1, 2, 4};
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
    fixture_device_close(&d.dev);
}

static void test_groups__kv_of_each(void **state) {
    (void)state;
    static const heard_chip_t chip = {4, 2, 2, 4};
    uint32_t pages;
    open_chip(&chip);
    for (uint32_t g = 0; g < 4u; g++) {
        const uint32_t layers = kv_reg(g, MR_KV_CONFIG_OFFSET) & MR_KV_CONFIG_LAYERS_MASK;
        assert_int_equal(layers, d.p.kv_layers[g]);
        assert_true(layers == 0 || kv_reg(g, MR_KV_PAGES_FREE_OFFSET) == PAGES);
    }
    assert_int_equal(d.p.kv_layers[0] + d.p.kv_layers[1] + d.p.kv_layers[2] + d.p.kv_layers[3],
                     LAYERS);
    generate(&heard);
    assert_int_equal(mr_kv_pages_free(&d.dev.io, &pages), MR_OK);
    assert_int_equal(pages, PAGES); /* ended users return their pages in every group */
    fixture_device_close(&d.dev);
}

/* A quota holds in each group: the third page is refused, the user ends, the others do not. */
static void test_groups__quota(void **state) {
    (void)state;
    static const heard_chip_t chip = {3, 1, 2, 4};
    mr_kv_refused_t refused;
    uint32_t pages;
    open_chip(&chip);
    assert_int_equal(mr_kv_quota(&d.dev.io, 1, 1, HEARD_CYCLES), MR_OK);
    generate(&heard);
    assert_int_equal(heard.errors, 1);
    assert_int_equal(heard.n[0], alone.n[0]);
    assert_true(heard.n[1] < alone.n[1]);
    assert_memory_equal(heard.token[2], alone.token[2], sizeof alone.token[2]);
    assert_int_equal(mr_kv_refused(&d.dev.io, &refused), MR_OK);
    assert_true(refused.pages > 0 && refused.who == 0 && refused.tag == 0);
    assert_int_equal(mr_kv_pages_free(&d.dev.io, &pages), MR_OK);
    assert_int_equal(pages, PAGES);
    fixture_device_close(&d.dev);
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
