/* SPDX-License-Identifier: Apache-2.0 */
/* The chip of the ULX3S, as its parameter file says, holds brook with its whole context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "session/session.h"
#include "ulx3s_85f.h"

#define CONTEXT 512u
#define PAGE_POSITIONS 32u

static mr_placement_t placement;

static const mr_machine_t board = {.groups = 1,
                                   .channels = 1,
                                   .tiles = CHIP_Tiles,
                                   .lanes = CHIP_Lanes,
                                   .wmem_words = CHIP_WDepth,
                                   .vmem_elems = CHIP_VDepth,
                                   .xmem_blocks = CHIP_XDepth,
                                   .pmem_descs = CHIP_PDepth,
                                   .in_bufs = 4,
                                   .in_size_max = CHIP_VDepth,
                                   .result_bufs = CHIP_ResBufs,
                                   .result_elems = CHIP_ResSize,
                                   .kv_slots = CHIP_KvSlots,
                                   .kv_layers = CHIP_KvLayers,
                                   .kv_heads = CHIP_KvHeads,
                                   .kv_nbh = CHIP_KvNbh,
                                   .kv_pages = CHIP_KvPages,
                                   .clock_khz = CHIP_ClockKhz};

static mr_status_t place_brook(const mr_machine_t *machine, mr_fit_t *fit) {
    mr_session_t *session;
    mr_session_error_t error;
    assert_int_equal(mr_session_open_model(MR_MODELS "/brook.gguf", &session, &error), MR_OK);
    const mr_status_t status = mr_session_fit(session, machine, &placement, fit);
    mr_session_close(session);
    return status;
}

static void test_place__brook_on_board(void **state) {
    (void)state;
    mr_fit_t fit;
    const mr_status_t status = place_brook(&board, &fit);
    if (status != MR_OK) {
        print_message("%s: needed %llu, available %llu\n", mr_fit_text(fit.reason),
                      (unsigned long long)fit.needed, (unsigned long long)fit.available);
    }
    assert_int_equal(status, MR_OK);
    for (uint32_t t = 0; t < board.tiles; t++) {
        const mr_tile_place_t *tile = &placement.tile[t];
        print_message("tile %u: WMEM %u of %u, VMEM %u of %u, PMEM %u of %u\n", t, tile->wmem_used,
                      board.wmem_words, tile->vmem_used, board.vmem_elems, tile->pmem_used,
                      board.pmem_descs);
    }
}

static void test_place__query_heads(void **state) {
    (void)state;
    mr_fit_t fit;
    assert_int_equal(place_brook(&board, &fit), MR_OK);
    const mr_model_shape_t *s = &placement.shape;
    assert_true(s->n_heads <= CHIP_MaxG * s->n_kv);
}

/* A page holds 32 positions of a slot, all layers and heads; every slot may reach the last one. */
static void test_pages__full_context(void **state) {
    (void)state;
    const uint32_t blocks = CONTEXT / PAGE_POSITIONS;
    assert_true(blocks <= CHIP_KvSlotBlocks);
    assert_true(blocks * CHIP_KvSlots <= CHIP_KvPages);
}

/* The check can fail: half the weight memory is too little. */
static void test_place__half_the_weights(void **state) {
    (void)state;
    mr_machine_t machine = board;
    mr_fit_t fit;
    machine.wmem_words /= 2u;
    assert_int_equal(place_brook(&machine, &fit), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_WMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place__brook_on_board),
        cmocka_unit_test(test_place__query_heads),
        cmocka_unit_test(test_pages__full_context),
        cmocka_unit_test(test_place__half_the_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
