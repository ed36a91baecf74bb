/* SPDX-License-Identifier: Apache-2.0 */
/* KV front end of the model: order rules, pages, FREE, refusals and what they leave behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

enum { LAYERS = 2, HEADS = 2, NBH = 1, PAGES = 4, SLOTS = 3, SLOT_BLOCKS = 3 };

static int setup(void **state) {
    static device_t dev;
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = 1;
    config.lanes = 1;
    config.wmem_words = 1;
    config.vmem_elems = 1024;
    config.kv_slots = SLOTS;
    config.kv_layers = 4;
    config.kv_heads = 3;
    config.kv_nbh = 2;
    config.kv_pages = 64;
    config.kv_slot_blocks = SLOT_BLOCKS;
    config.kv_dram_blocks = PAGES * LAYERS * HEADS * NBH * 2 * 32 + 1; /* room for PAGES pages */
    device_open(&dev, &config);
    device_enable(&dev, 0, 512, 0);
    *state = &dev;
    return 0;
}

static int teardown(void **state) {
    device_close(*state);
    return 0;
}

/* Runs one KV descriptor; returns the job's status. */
static uint32_t run(const device_t *dev, desc_t d, uint32_t slot, uint32_t pos) {
    static result_t result;
    const desc_t program[] = {d, {{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    device_put_program(dev, 0, 0, program, 3);
    device_inject(dev, 2, 0, 0, slot, pos, 0);
    device_result(dev, &result);
    return result.status;
}

static uint32_t append(const device_t *dev, uint32_t slot, uint32_t layer, uint32_t first,
                       uint32_t heads, uint32_t pos) {
    return run(dev, (desc_t){{OP_KV_APPEND, KV_WORD(layer, heads, first, NBH), 0, 8}}, slot, pos);
}

static uint32_t attend(const device_t *dev, uint32_t slot, uint32_t layer, uint32_t first,
                       uint32_t heads, uint32_t pos) {
    const uint32_t one = mr_f32_bits(1.0f);
    return run(dev, (desc_t){{OP_ATTEND, 0, 16, KV_WORD(layer, heads, first, NBH), 1, 0, one}},
               slot, pos);
}

static uint32_t kv_read(const device_t *dev, uint32_t offset) {
    return device_read(dev, MR_KV_BASE + offset);
}

static void kv_free(const device_t *dev, uint32_t slot) {
    device_write(dev, MR_KV_BASE + MR_KV_FREE_OFFSET, MR_KV_FREE_GO_MASK | slot);
}

static void test_unconfigured__refused(void **state) {
    const device_t *dev = *state;
    assert_int_equal(kv_read(dev, MR_KV_STATUS_OFFSET), MR_KV_STATUS_READY_MASK);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 4);
    device_kv_init(dev, 0, HEADS, NBH);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 4);
    device_kv_init(dev, 5, HEADS, NBH); /* more layers than there can be */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 0);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 4);
}

static void test_unknown__status_4(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES);
    assert_int_equal(append(dev, SLOTS, 0, 0, 1, 0), 4);
    assert_int_equal(append(dev, 0, LAYERS, 0, 1, 0), 4);
    assert_int_equal(append(dev, 0, 0, HEADS, 1, 0), 4);
    assert_int_equal(attend(dev, SLOTS, 0, 0, 1, 0), 4);
    assert_int_equal(attend(dev, 0, LAYERS, 0, 1, 0), 4);
    assert_int_equal(attend(dev, 0, 0, HEADS, 1, 0), 4);
    /* An APPEND is two commands (K, V), a refused ATTEND stops at the first. */
    assert_int_equal(kv_read(dev, MR_KV_REFUSED_OFFSET), 3 * 2 + 3);
    assert_int_equal(kv_read(dev, MR_KV_ERROR_OFFSET), 1);
    assert_int_equal(device_read(dev, MR_CHIP_STATUS_OFFSET) & MR_CHIP_STATUS_KV_ERROR_MASK,
                     MR_CHIP_STATUS_KV_ERROR_MASK);
    device_write(dev, MR_KV_BASE + MR_KV_ERROR_OFFSET, 1);
    device_write(dev, MR_KV_BASE + MR_KV_CTRL_OFFSET, MR_KV_CTRL_CLEAR_MASK);
    assert_int_equal(kv_read(dev, MR_KV_ERROR_OFFSET), 0);
    assert_int_equal(kv_read(dev, MR_KV_REFUSED_OFFSET), 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES); /* refusals take no page */
}

static void test_order__status_5(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 1), 5); /* not the next position */
    assert_int_equal(attend(dev, 0, 0, 0, 1, 0), 5);     /* nothing written */
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 0);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 5); /* head 0 has position 0 already */
    assert_int_equal(append(dev, 0, 0, 0, 1, 1), 5); /* head 1 does not have it yet */
    assert_int_equal(attend(dev, 0, 0, 0, 1, 0), 0);
    assert_int_equal(attend(dev, 0, 0, 1, 1, 0), 5);
    assert_int_equal(append(dev, 0, 0, 1, 1, 0), 0);     /* the position is complete */
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 0), 5); /* no rewriting */
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 1), 0);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 1), 0);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 2), 5);
    assert_int_equal(attend(dev, 0, 1, 0, HEADS, 0), 5); /* other layers and slots are their own */
    assert_int_equal(attend(dev, 1, 0, 0, HEADS, 0), 5);
}

/* Fills a slot with `tokens` positions in both layers. */
static void fill(const device_t *dev, uint32_t slot, uint32_t tokens) {
    for (uint32_t pos = 0; pos < tokens; pos++) {
        for (uint32_t layer = 0; layer < LAYERS; layer++) {
            assert_int_equal(append(dev, slot, layer, 0, HEADS, pos), 0);
        }
    }
}

static void test_pages__status_6_and_free(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    fill(dev, 0, 32);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 1);
    fill(dev, 1, 33); /* two pages */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 3);
    fill(dev, 2, 32);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 0);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 32), 6);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 31), 0); /* what is there stays usable */
    kv_free(dev, 1);
    assert_int_equal(kv_read(dev, MR_KV_STATUS_OFFSET), MR_KV_STATUS_READY_MASK);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 2);
    assert_int_equal(attend(dev, 1, 0, 0, HEADS, 0), 5); /* forgotten */
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 32), 0);
    kv_free(dev, 1); /* freeing nothing is fine */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 1);
    const uint32_t refused = kv_read(dev, MR_KV_REFUSED_OFFSET);
    kv_free(dev, SLOTS); /* an unknown slot is counted as refused */
    assert_int_equal(kv_read(dev, MR_KV_REFUSED_OFFSET), refused + 1);
}

static void test_slot_table__status_6(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    fill(dev, 0, 32 * SLOT_BLOCKS);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - SLOT_BLOCKS);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 32 * SLOT_BLOCKS), 6);
    device_kv_init(dev, LAYERS, HEADS, NBH); /* init forgets everything */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 0), 5);
}

/* A descriptor whose head size is not the controller's. */
static void test_shape__must_match(void **state) {
    const device_t *dev = *state;
    const uint32_t wrong = KV_WORD(0, 1, 0, NBH + 1);
    device_kv_init(dev, LAYERS, HEADS, NBH);
    assert_int_equal(run(dev, (desc_t){{OP_KV_APPEND, wrong, 0, 8}}, 0, 0), 2);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 0), 0);
    assert_int_equal(run(dev, (desc_t){{OP_ATTEND, 0, 16, wrong, 1}}, 0, 0), 7);
    assert_int_equal(attend(dev, 0, 0, 0, 0, 0), 2); /* no head at all */
    assert_int_equal(append(dev, 0, 0, 0, 0, 7), 0); /* nothing to append is fine */
}

/* Slots that share the pages in any order never see each other's values. */
static void test_slots__are_kept_apart(void **state) {
    const device_t *dev = *state;
    static mr_block_t k[SLOTS][40];
    static mr_block_t v[SLOTS][40];
    uint32_t len[SLOTS] = {0};
    mr_test_random_t rng = {55};
    device_kv_init(dev, 1, 1, 1);
    for (uint32_t step = 0; step < 200; step++) {
        const uint32_t slot = mr_test_below(&rng, SLOTS);
        if (len[slot] == 40 || mr_test_below(&rng, 50) == 0) {
            kv_free(dev, slot);
            len[slot] = 0;
            continue;
        }
        mr_block_t q;
        float got[32];
        float want[32];
        const uint32_t pos = len[slot]++;
        mr_test_blocks(&rng, &q, 1, 0.05f, -127);
        mr_test_blocks(&rng, &k[slot][pos], 1, 0.05f, -127);
        mr_test_blocks(&rng, &v[slot][pos], 1, 0.05f, -127);
        device_put_xmem(dev, 0, 0, &k[slot][pos], 1);
        device_put_xmem(dev, 0, 8, &v[slot][pos], 1);
        device_put_xmem(dev, 0, 16, &q, 1);
        assert_int_equal(append(dev, slot, 0, 0, 1, pos), 0);
        assert_int_equal(attend(dev, slot, 0, 0, 1, pos), 0);
        mr_op_attend(want, &q, k[slot], v[slot], pos + 1, 1, 1.0f);
        device_get_vmem(dev, 0, 0, got, 32);
        assert_memory_equal(got, want, sizeof want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unconfigured__refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown__status_4, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order__status_5, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages__status_6_and_free, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slot_table__status_6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shape__must_match, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots__are_kept_apart, setup, teardown),
    };
    return cmocka_run_group_tests_name("model_kv", tests, NULL, NULL);
}
