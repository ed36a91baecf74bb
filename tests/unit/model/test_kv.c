/* SPDX-License-Identifier: Apache-2.0 */
/* KV front end of the model: order rules, pages, administration, sharing, refusals and what they
 * leave behind. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

enum { LAYERS = 2, HEADS = 2, NBH = 1, PAGES = 4, SLOTS = 3, SLOT_BLOCKS = 3 };

static int setup_channels(void **state, uint32_t channels) {
    static device_t dev;
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = 1;
    config.lanes = 1;
    config.wmem_words = 1;
    config.vmem_elems = 1024;
    config.kv_channels = channels;
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

static int setup(void **state) {
    return setup_channels(state, 1);
}

static int setup_two(void **state) {
    return setup_channels(state, 2);
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

static uint32_t refused(const device_t *dev, uint32_t status) {
    const uint32_t both =
        kv_read(dev, status < 6 ? MR_KV_REFUSED_OFFSET : MR_KV_REFUSED_PAGES_OFFSET);
    return status % 2 == 0 ? both & 0xFFFFu : both >> 16;
}

/* One administration command; returns its status. */
static uint32_t admin(const device_t *dev, uint32_t op, uint32_t slot, uint32_t src, uint32_t len) {
    device_write(dev, MR_KV_BASE + MR_KV_ADMIN_LEN_OFFSET, len);
    device_write(dev, MR_KV_BASE + MR_KV_ADMIN_OFFSET,
                 MR_KV_ADMIN_GO_MASK | op << MR_KV_ADMIN_OP_SHIFT | src << MR_KV_ADMIN_SRC_SHIFT |
                     slot);
    const uint32_t status = kv_read(dev, MR_KV_ADMIN_STATUS_OFFSET);
    assert_int_equal(status & MR_KV_ADMIN_STATUS_BUSY_MASK, 0);
    return status >> MR_KV_ADMIN_STATUS_CODE_SHIFT;
}

static void kv_free(const device_t *dev, uint32_t slot) {
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FREE, slot, 0, 77), 0);
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
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FREE, 0, 0, 0), 4);
    device_kv_init(dev, LAYERS, HEADS, NBH);
    device_write(dev, MR_KV_BASE + MR_KV_PAGES_OFFSET, 65); /* more pages than there can be */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 0); /* before CTRL.init */
    device_write(dev, MR_KV_BASE + MR_KV_CTRL_OFFSET, MR_KV_CTRL_INIT_MASK);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 4);
    device_write(dev, MR_KV_BASE + MR_KV_PAGES_OFFSET, 1);
    device_write(dev, MR_KV_BASE + MR_KV_CTRL_OFFSET, MR_KV_CTRL_INIT_MASK);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 1);
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
    assert_int_equal(refused(dev, 4), 3 * 2 + 3);
    assert_int_equal(refused(dev, 5) + refused(dev, 6) + refused(dev, 7), 0);
    assert_int_equal(kv_read(dev, MR_KV_ERROR_OFFSET), 1);
    assert_int_equal(device_read(dev, MR_CHIP_STATUS_OFFSET) & MR_CHIP_STATUS_KV_ERROR_MASK,
                     MR_CHIP_STATUS_KV_ERROR_MASK);
    device_write(dev, MR_KV_BASE + MR_KV_ERROR_OFFSET, 1);
    assert_int_equal(kv_read(dev, MR_KV_ERROR_OFFSET), 0);
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
    const uint32_t before = refused(dev, 4);
    device_write(dev, MR_KV_BASE + MR_KV_ERROR_OFFSET, 1);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FREE, SLOTS, 0, 0), 4); /* counted as refused */
    assert_int_equal(refused(dev, 4), before + 1);
    assert_int_equal(kv_read(dev, MR_KV_ERROR_OFFSET), 0);
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

static void test_truncate__cuts_all_layers(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    fill(dev, 0, 70);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 70), 0);
    assert_int_equal(append(dev, 0, 1, 0, 1, 70), 0); /* half a position */
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 71), 5);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, SLOTS, 0, 0), 4);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 70), 0); /* a refused one changes nothing */
    assert_int_equal(append(dev, 0, 1, 1, 1, 70), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 64), 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 2);
    assert_int_equal(attend(dev, 0, 0, 0, HEADS, 64), 5);
    assert_int_equal(attend(dev, 0, 1, 0, HEADS, 63), 0);
    assert_int_equal(append(dev, 0, 1, 0, 1, 64), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 64), 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 2);
    assert_int_equal(append(dev, 0, 1, 0, HEADS, 64), 0); /* the half position is gone */
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 33), 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 2);
    assert_int_equal(refused(dev, 5), 2);
}

/* Puts a K and V of a value into position pos of one head and appends them to layer 0 alone. */
static void append_value(const device_t *dev, uint32_t slot, uint32_t pos, int8_t value) {
    mr_block_t block = {.d = 0x3C00}; /* 1.0 */
    for (uint32_t i = 0; i < 32; i++) {
        block.q[i] = value;
    }
    device_put_xmem(dev, 0, 0, &block, 1);
    device_put_xmem(dev, 0, 8, &block, 1);
    device_put_xmem(dev, 0, 16, &block, 1);
    assert_int_equal(append(dev, slot, 0, 0, 1, pos), 0);
}

/* What slot returns for its first `n` positions: with one position that position's value. */
static float first_value(const device_t *dev, uint32_t slot, uint32_t pos) {
    mr_block_t zero = {.d = 0x3C00};
    float got[32];
    device_put_xmem(dev, 0, 16, &zero, 1); /* equal weights: the mean of all positions */
    assert_int_equal(attend(dev, slot, 0, 0, 1, pos), 0);
    device_get_vmem(dev, 0, 0, got, 32);
    return got[0] * (float)(pos + 1u);
}

static void test_fork__shares_until_written(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, 1, 1, 1);
    const uint32_t pages = kv_read(dev, MR_KV_PAGES_FREE_OFFSET);
    for (uint32_t pos = 0; pos < 40; pos++) {
        append_value(dev, 0, pos, 1);
    }
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 41), 5);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, SLOTS, 0, 1), 4);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, SLOTS, 1), 4);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 0, 0, 1), 5); /* not empty */
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 34), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 34), 5);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages - 2); /* shared */
    assert_int_equal(attend(dev, 1, 0, 0, 1, 34), 5);
    assert_true(first_value(dev, 1, 33) == 34.0f);
    append_value(dev, 1, 34, 101); /* copies the tail page */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages - 3);
    append_value(dev, 0, 40, 11); /* the source owns its page alone again */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages - 3);
    assert_true(fabsf(first_value(dev, 1, 34) - 135.0f) < 0.01f);
    assert_true(fabsf(first_value(dev, 0, 40) - 51.0f) < 0.01f);
    /* A page lives as long as one slot names it. */
    kv_free(dev, 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages - 2);
    assert_true(fabsf(first_value(dev, 1, 34) - 135.0f) < 0.01f);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 0, 1, 32), 0);
    append_value(dev, 0, 32, 1); /* a new page, nothing to copy */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages - 3);
    kv_free(dev, 1);
    kv_free(dev, 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), pages);
}

static void test_copy__needs_a_page(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    fill(dev, 0, 33);
    fill(dev, 1, 33); /* every page */
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 2, 0, 33), 0);
    assert_int_equal(append(dev, 2, 0, 0, HEADS, 33), 6);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 33), 6); /* its page is shared too */
    assert_int_equal(attend(dev, 2, 0, 0, HEADS, 32), 0);
    kv_free(dev, 1);
    assert_int_equal(append(dev, 2, 0, 0, HEADS, 33), 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), 1);
}

static void test_quota__bounds_new_pages(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, HEADS, NBH);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_QUOTA, SLOTS, 0, 1), 4);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_QUOTA, 0, 0, SLOT_BLOCKS + 1), 5);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_QUOTA, 0, 0, 1), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_QUOTA, 1, 0, 0), 0);
    fill(dev, 0, 32);
    assert_int_equal(append(dev, 0, 0, 0, HEADS, 32), 6);
    assert_int_equal(append(dev, 1, 0, 0, HEADS, 0), 6);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 1), 6);
    assert_int_equal(refused(dev, 6), 2 * 2 * HEADS + 1);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_QUOTA, 1, 0, SLOT_BLOCKS), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 1), 0);
    device_kv_init(dev, LAYERS, HEADS, NBH); /* forgets quotas */
    fill(dev, 0, 33);
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

/* Heads 0 and 2 in channel 0, head 1 in channel 1. */
static void test_channels__keep_their_own_pages(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, LAYERS, 3, NBH);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES);
    assert_int_equal(append(dev, 0, 0, 1, 1, 0), 0);
    assert_int_equal(append(dev, 0, 0, 1, 1, 1), 0); /* a position of channel 1 is complete */
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES - 1);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 0);
    assert_int_equal(append(dev, 0, 0, 0, 1, 1), 5); /* one of channel 0 is not */
    assert_int_equal(append(dev, 0, 0, 2, 1, 0), 0);
    assert_int_equal(append(dev, 0, 0, 0, 1, 1), 0);
    assert_int_equal(attend(dev, 0, 0, 1, 1, 1), 0);
    assert_int_equal(attend(dev, 0, 0, 2, 1, 1), 5);
    assert_int_equal(append(dev, 0, 0, 3, 1, 1), 4);
    assert_int_equal(append(dev, 0, 1, 1, 1, 0), 0);
    /* Channel 1 has the position in both layers, channel 0 has not. */
    const uint32_t before = refused(dev, 5);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 1), 5);
    assert_int_equal(refused(dev, 5), before + 1); /* channel 0 */
    assert_int_equal(append(dev, 0, 0, 1, 1, 1), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_TRUNCATE, 0, 0, 3), 5);
    assert_int_equal(refused(dev, 5), before + 3);
    kv_free(dev, 0);
    assert_int_equal(kv_read(dev, MR_KV_PAGES_FREE_OFFSET), PAGES);
    assert_int_equal(append(dev, 0, 0, 0, 3, 0), 0);
    assert_int_equal(attend(dev, 0, 0, 0, 3, 0), 0);
}

/* A channel without heads takes no part in administration. */
static void test_channels__one_without_heads(void **state) {
    const device_t *dev = *state;
    device_kv_init(dev, 1, 1, NBH);
    assert_int_equal(append(dev, 0, 0, 0, 1, 0), 0);
    assert_int_equal(append(dev, 0, 0, 1, 1, 0), 4);
    const uint32_t before = refused(dev, 4);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FORK, 1, 0, 1), 0);
    assert_int_equal(attend(dev, 1, 0, 0, 1, 0), 0);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FREE, SLOTS, 0, 0), 4);
    assert_int_equal(refused(dev, 4), before + 1);
    device_kv_init(dev, 1, 0, NBH);
    assert_int_equal(admin(dev, MR_KV_ADMIN_OP_FREE, 0, 0, 0), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unconfigured__refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown__status_4, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order__status_5, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages__status_6_and_free, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slot_table__status_6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncate__cuts_all_layers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fork__shares_until_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy__needs_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quota__bounds_new_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shape__must_match, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots__are_kept_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels__keep_their_own_pages, setup_two, teardown),
        cmocka_unit_test_setup_teardown(test_channels__one_without_heads, setup_two, teardown),
    };
    return cmocka_run_group_tests_name("model_kv", tests, NULL, NULL);
}
