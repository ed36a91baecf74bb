/* SPDX-License-Identifier: Apache-2.0 */
/* Several tiles: multicast, gather, reduction over column shards, back-pressure, broken messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

enum { TILES = 4, IN_BASE = 1024, IN_SIZE = 256, RES_BUFS = 3, IN_BUFS = 2, RES_SIZE = 320 };

typedef struct {
    device_t dev;
    mr_test_random_t rng;
} fixture_t;

static int setup(void **state) {
    static fixture_t fx;
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = TILES;
    config.lanes = 2;
    config.wmem_words = 512;
    config.vmem_elems = 2048;
    config.in_bufs = IN_BUFS;
    config.res_bufs = RES_BUFS;
    config.res_size = RES_SIZE;
    config.kv_dram_blocks = 1;
    device_open(&fx.dev, &config);
    for (uint32_t t = 0; t < TILES; t++) {
        device_enable(&fx.dev, t, IN_BASE, IN_SIZE);
    }
    fx.rng.state = 4242;
    *state = &fx;
    return 0;
}

static int teardown(void **state) {
    fixture_t *fx = *state;
    device_close(&fx->dev);
    return 0;
}

static uint32_t results_waiting(const device_t *dev) {
    return device_read(dev, MR_HUB_BASE + MR_HUB_RES_STATUS_OFFSET) & MR_HUB_RES_STATUS_COUNT_MASK;
}

static uint32_t node(uint32_t tile) {
    return 1u << (tile + 1);
}

static void assert_same(const float *got, const float *want, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(mr_f32_bits(got[i]), mr_f32_bits(want[i]));
    }
}

/* Tile 0 multicasts x to tiles 1 and 2, which compute half of the rows each; tile 3 gathers both
 * halves into one buffer and sends them on. The hub sees what one GEMV gives. */
static void test_multicast_and_gather__row_shards(void **state) {
    fixture_t *fx = *state;
    enum { ROWS = 64, NB = 2 };
    static result_t result;
    static mr_block_t w[ROWS * NB];
    float x[NB * 32];
    float want[ROWS];
    mr_block_t xq[NB];
    mr_test_blocks(&fx->rng, w, ROWS * NB, 0.01f, -128);
    mr_test_floats(&fx->rng, x, NB * 32, 1.0f);
    mr_op_quant(x, NB * 32, xq);
    mr_op_gemv(want, w, xq, ROWS, NB, false);

    const desc_t source[] = {
        {{OP_SEND, node(1) | node(2), 0, 8, NB * 32, SEND_WORD(10, 1)}},
        {{OP_END}},
    };
    device_put_vmem(&fx->dev, 0, 0, x, NB * 32);
    device_put_program(&fx->dev, 0, 0, source, 2);
    for (uint32_t t = 1; t <= 2; t++) {
        const desc_t shard[] = {
            {{OP_QUANT, 0, INPUT(8), 0, NB * 32}},
            {{OP_GEMV, 64, 0, 0, ROWS / 2, NB}},
            {{OP_SEND, node(3), 64, (t - 1) * ROWS / 2, ROWS / 2, SEND_WORD(20, 2)}},
            {{OP_END}},
        };
        device_put_q8(&fx->dev, t, 0, &w[(t - 1) * ROWS / 2 * NB], ROWS / 2, NB);
        device_put_program(&fx->dev, t, 10, shard, 4);
    }
    const desc_t sink[] = {{{OP_SEND, 1, INPUT(0), 0, ROWS, SEND_WORD(30, 1)}}, {{OP_END}}};
    device_put_program(&fx->dev, 3, 20, sink, 2);
    for (uint32_t pos = 0; pos < 5; pos++) {
        device_inject(&fx->dev, node(0), 0, 2, 6, pos, 99);
        device_result(&fx->dev, &result);
        assert_int_equal(result.count, 1);
        assert_int_equal(result.status, 0);
        assert_int_equal(result.slot, 6);
        assert_int_equal(result.pos, pos);
        assert_int_equal(result.token, 99);
        assert_int_equal(result.flags, 2);
        assert_int_equal(result.pc, 30);
        assert_int_equal(result.len, ROWS);
        assert_same(result.data, want, ROWS);
    }
    assert_int_equal(device_read(&fx->dev, MR_HUB_BASE + MR_HUB_MSGS_LO_OFFSET), 5 * 5);
}

/* A chain of column shards, each adding onto the partial result that arrives, gives the unsharded
 * bits. */
static void test_reduce__column_shards(void **state) {
    fixture_t *fx = *state;
    enum { ROWS = 32, NB = 6, PART = NB / 3 };
    static result_t result;
    mr_block_t w[ROWS * NB];
    mr_block_t x[NB];
    float want[ROWS];
    mr_test_wild_blocks(&fx->rng, w, ROWS * NB);
    mr_test_wild_blocks(&fx->rng, x, NB);
    mr_op_gemv(want, w, x, ROWS, NB, false);
    for (uint32_t t = 0; t < 3; t++) {
        mr_block_t shard[ROWS * PART];
        for (uint32_t r = 0; r < ROWS; r++) {
            memcpy(&shard[r * PART], &w[r * NB + t * PART], PART * sizeof shard[0]);
        }
        const uint32_t acc = t == 0 ? 0 : DESC_ACC;
        const desc_t program[] = {
            {{OP_GEMV | acc, INPUT(0), 4, 0, ROWS, PART}},
            {{OP_SEND, t == 2 ? 1 : node(t + 1), INPUT(0), 0, ROWS, SEND_WORD(0, 1)}},
            {{OP_END}},
        };
        device_put_q8(&fx->dev, t, 0, shard, ROWS, PART);
        device_put_xmem(&fx->dev, t, 4, &x[t * PART], PART);
        device_put_program(&fx->dev, t, 0, program, 3);
    }
    device_inject(&fx->dev, node(0), 0, 0, 0, 0, 0);
    device_result(&fx->dev, &result);
    assert_int_equal(result.status, 0);
    assert_same(result.data, want, ROWS);
}

/* A destination of clones: the slot's low bits choose the tile, and a field above 3 counts as 3;
 * what is shifted out at the top reaches nobody. */
static void test_clones__slot_chooses(void **state) {
    static const uint32_t clones[] = {1, 2, 4, 8, 8, 8};
    static const uint32_t field[] = {0, 1, 2, 3, 4, 15};
    fixture_t *fx = *state;
    static result_t result;
    for (uint32_t t = 1; t < TILES; t++) {
        const desc_t program[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(t, 1)}}, {{OP_END}}};
        device_put_program(&fx->dev, t, 8, program, 2);
    }
    for (uint32_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        for (uint32_t slot = 0; slot < 16; slot++) {
            const desc_t send[] = {
                {{OP_SEND, node(1) | 1u << 31, 0, 0, 0, SEND_WORD(8, 1), field[i] << 4}},
                {{OP_END}}};
            const uint32_t tile = 1u + slot % clones[i];
            device_put_program(&fx->dev, 0, 0, send, 2);
            device_inject(&fx->dev, node(0), 0, 0, slot, 0, 0);
            assert_int_equal(results_waiting(&fx->dev), tile < TILES ? 1 : 0);
            if (tile < TILES) {
                device_result(&fx->dev, &result);
                assert_int_equal(result.pc, tile);
                assert_int_equal(result.slot, slot);
            }
        }
    }
}

/* A full hub holds senders up and loses nothing; order stays. */
static void test_back_pressure__nothing_is_lost(void **state) {
    fixture_t *fx = *state;
    enum { JOBS = RES_BUFS + 1 + IN_BUFS };
    static result_t result;
    const desc_t program[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    device_put_program(&fx->dev, 0, 0, program, 2);
    /* RES_BUFS results, IN_BUFS jobs in the tile (one of them blocked), one pending injection. */
    for (uint32_t i = 0; i < JOBS; i++) {
        assert_int_equal(device_read(&fx->dev, MR_HUB_BASE + MR_HUB_INJ_STATUS_OFFSET), 1);
        device_inject(&fx->dev, node(0), 0, 0, 0, i, 0);
    }
    assert_int_equal(device_read(&fx->dev, MR_HUB_BASE + MR_HUB_INJ_STATUS_OFFSET), 0);
    device_inject(&fx->dev, node(0), 0, 0, 0, 1000, 0); /* ignored: not ready */
    assert_int_equal(results_waiting(&fx->dev), RES_BUFS);
    const uint32_t status = device_tile_read(&fx->dev, 0, MR_TILE_STATUS_OFFSET);
    assert_int_equal(status & MR_TILE_STATUS_BUSY_MASK, 1);
    assert_int_equal((status & MR_TILE_STATUS_QUEUED_MASK) >> MR_TILE_STATUS_QUEUED_SHIFT,
                     IN_BUFS - 1);
    for (uint32_t i = 0; i < JOBS; i++) {
        device_result(&fx->dev, &result);
        assert_int_equal(result.pos, i);
    }
    assert_int_equal(results_waiting(&fx->dev), 0);
    assert_int_equal(device_tile_read(&fx->dev, 0, MR_TILE_JOBS_LO_OFFSET), JOBS);
}

/* A message that passes the end of the input buffer, or of a result buffer, gets status 9. */
static void test_long_message__status_9(void **state) {
    fixture_t *fx = *state;
    static result_t result;
    const desc_t receive[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    const float guard = 42.0f;
    float after;
    device_put_program(&fx->dev, 1, 0, receive, 2);
    device_put_vmem(&fx->dev, 1, IN_BASE + IN_SIZE, &guard, 1);
    for (uint32_t over = 0; over <= 2; over += 2) {
        const desc_t send[] = {
            {{OP_SEND, node(1), 0, 32 + over, IN_SIZE - 32, SEND_WORD(0, 1)}},
            {{OP_END}},
        };
        device_put_program(&fx->dev, 0, 0, send, 2);
        device_inject(&fx->dev, node(0), 0, 0, 0, 0, 0);
        device_result(&fx->dev, &result);
        assert_int_equal(result.status, over == 0 ? 0 : 9);
    }
    device_get_vmem(&fx->dev, 1, IN_BASE + IN_SIZE, &after, 1);
    assert_true(after == guard);
    for (uint32_t over = 0; over <= 2; over += 2) {
        const desc_t send[] = {{{OP_SEND, 1, 0, 0, RES_SIZE + over, SEND_WORD(0, 1)}}, {{OP_END}}};
        device_put_program(&fx->dev, 0, 0, send, 2);
        device_inject(&fx->dev, node(0), 0, 0, 0, 0, 0);
        device_result(&fx->dev, &result);
        assert_int_equal(result.status, over == 0 ? 0 : 9);
        assert_int_equal(result.len, RES_SIZE);
    }
}

/* A gather takes the first non-zero status of its messages, also from the later one. */
static void test_gather__keeps_the_error(void **state) {
    fixture_t *fx = *state;
    static result_t result;
    const desc_t bad[] = {
        {{200}}, /* unknown opcode */
        {{OP_SEND, node(3), 0, 0, 0, SEND_WORD(0, 2)}},
        {{OP_END}},
    };
    const desc_t sink[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    device_put_program(&fx->dev, 0, 0, &bad[1], 2); /* a sound one */
    device_put_program(&fx->dev, 1, 0, bad, 3);
    device_put_program(&fx->dev, 3, 0, sink, 2);
    device_inject(&fx->dev, node(0), 0, 0, 0, 0, 0);
    assert_int_equal(results_waiting(&fx->dev), 0);
    device_inject(&fx->dev, node(1), 0, 0, 0, 0, 0);
    device_result(&fx->dev, &result);
    assert_int_equal(result.status, 1);
    assert_int_equal(results_waiting(&fx->dev), 0);
}

/* Tiles that send to each other for ever: no access hangs, and CLEAR ends it. */
static void test_endless_program__every_access_returns(void **state) {
    fixture_t *fx = *state;
    for (uint32_t t = 0; t < 2; t++) {
        const desc_t program[] = {{{OP_SEND, node(1 - t), 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
        device_put_program(&fx->dev, t, 0, program, 2);
    }
    device_inject(&fx->dev, node(0), 0, 0, 0, 0, 0);
    const uint32_t jobs = device_tile_read(&fx->dev, 0, MR_TILE_JOBS_LO_OFFSET);
    assert_int_equal(mr_mmio_wait(&fx->dev.io, 100), MR_OK);
    assert_true(device_tile_read(&fx->dev, 0, MR_TILE_JOBS_LO_OFFSET) > jobs);
    for (uint32_t t = 0; t < 2; t++) {
        device_tile_write(&fx->dev, t, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_CLEAR_MASK);
    }
    for (uint32_t t = 0; t < 2; t++) {
        device_tile_write(&fx->dev, t, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_CLEAR_MASK);
        assert_int_equal(device_tile_read(&fx->dev, t, MR_TILE_STATUS_OFFSET) & 0xFFu, 0);
    }
}

/* A disabled tile keeps its jobs until it is enabled; a mask without nodes is dropped. */
static void test_disabled_tile__jobs_wait(void **state) {
    fixture_t *fx = *state;
    static result_t result;
    const desc_t program[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    device_put_program(&fx->dev, 2, 0, program, 2);
    device_tile_write(&fx->dev, 2, MR_TILE_CTRL_OFFSET, 0);
    device_inject(&fx->dev, node(2), 0, 0, 0, 0, 0);
    device_inject(&fx->dev, 0x80000000u, 0, 0, 0, 0, 0);
    assert_int_equal(results_waiting(&fx->dev), 0);
    device_tile_write(&fx->dev, 2, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_ENABLE_MASK);
    device_result(&fx->dev, &result);
    assert_int_equal(result.count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_multicast_and_gather__row_shards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reduce__column_shards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clones__slot_chooses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_back_pressure__nothing_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_message__status_9, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gather__keeps_the_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless_program__every_access_returns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_disabled_tile__jobs_wait, setup, teardown),
    };
    return cmocka_run_group_tests_name("model_network", tests, NULL, NULL);
}
