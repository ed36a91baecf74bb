/* SPDX-License-Identifier: Apache-2.0 */
/* The model's register map: identity, reset values, bus errors, window rules, CRC engine, resets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/regs.h"

enum { TILES = 2, WMEM = 16, VMEM = 128, XMEM = 8, PMEM = 16, RES_SIZE = 64, RES_BUFS = 2 };

static mr_backend_model_config_t small_config(void) {
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = TILES;
    config.lanes = 2;
    config.wmem_words = WMEM;
    config.vmem_elems = VMEM;
    config.xmem_blocks = XMEM;
    config.pmem_descs = PMEM;
    config.res_bufs = RES_BUFS;
    config.res_size = RES_SIZE;
    config.kv_dram_blocks = 1;
    return config;
}

static int setup(void **state) {
    static device_t dev;
    const mr_backend_model_config_t config = small_config();
    device_open(&dev, &config);
    *state = &dev;
    return 0;
}

static int teardown(void **state) {
    device_close(*state);
    return 0;
}

static bool bus_error(const device_t *dev) {
    const uint32_t status = device_read(dev, MR_CHIP_STATUS_OFFSET);
    device_write(dev, MR_CHIP_STATUS_OFFSET, status);
    return (status & MR_CHIP_STATUS_BUS_ERROR_MASK) != 0;
}

static void test_create__refuses_bad_shapes(void **state) {
    (void)state;
    mr_mmio_t mmio = {NULL, NULL};
    mr_backend_model_config_t config = small_config();
    assert_int_equal(mr_backend_model_create(NULL, &mmio), MR_ARG);
    assert_int_equal(mr_backend_model_create(&config, NULL), MR_ARG);
    uint32_t *const fields[] = {
        &config.tiles,          &config.lanes,          &config.wmem_words, &config.vmem_elems,
        &config.xmem_blocks,    &config.pmem_descs,     &config.in_bufs,    &config.in_size_max,
        &config.res_bufs,       &config.res_size,       &config.kv_slots,   &config.kv_layers,
        &config.groups,         &config.kv_heads,       &config.kv_nbh,     &config.kv_pages,
        &config.kv_slot_blocks, &config.kv_dram_blocks,
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const uint32_t good = *fields[i];
        *fields[i] = 0;
        assert_int_equal(mr_backend_model_create(&config, &mmio), MR_RANGE);
        *fields[i] = 0xFFFFFFFEu;
        assert_int_equal(mr_backend_model_create(&config, &mmio), MR_RANGE);
        *fields[i] = good;
    }
    config.lanes = 3;
    assert_int_equal(mr_backend_model_create(&config, &mmio), MR_RANGE);
    config.lanes = 1;
    config.groups = 2;
    config.tiles = 31; /* and the hub: no node is left for the link */
    assert_int_equal(mr_backend_model_create(&config, &mmio), MR_RANGE);
    config.groups = 16;
    config.tiles = 17; /* more than 256 in all */
    assert_int_equal(mr_backend_model_create(&config, &mmio), MR_RANGE);
    assert_null(mmio.ops);
}

static void test_identity__and_caps(void **state) {
    const device_t *dev = *state;
    assert_int_equal(device_read(dev, MR_CHIP_ID_OFFSET), MR_CHIP_ID_RESET);
    assert_int_equal(device_read(dev, MR_CHIP_VERSION_OFFSET), MR_CHIP_VERSION_RESET);
    const uint32_t caps = device_read(dev, MR_CHIP_CAPS_OFFSET);
    assert_int_equal((caps & MR_CHIP_CAPS_TILES_MASK) >> MR_CHIP_CAPS_TILES_SHIFT, TILES);
    assert_int_equal((caps & MR_CHIP_CAPS_LANES_MASK) >> MR_CHIP_CAPS_LANES_SHIFT, 2);
    assert_int_equal(device_read(dev, MR_CHIP_CAPS_WMEM_OFFSET), WMEM);
    assert_int_equal(device_read(dev, MR_CHIP_CAPS_VMEM_OFFSET), VMEM);
    assert_int_equal(device_read(dev, MR_CHIP_CAPS_XMEM_OFFSET), XMEM);
    assert_int_equal(device_read(dev, MR_CHIP_CAPS_PMEM_OFFSET), PMEM);
    device_write(dev, MR_CHIP_SCRATCH_OFFSET, 0x12345678u);
    assert_int_equal(device_read(dev, MR_CHIP_SCRATCH_OFFSET), 0x12345678u);
    const uint32_t before = device_read(dev, MR_CHIP_CYCLE_LO_OFFSET);
    assert_int_equal(mr_mmio_wait(&dev->io, 1000), MR_OK);
    assert_true(device_read(dev, MR_CHIP_CYCLE_LO_OFFSET) - before >= 1000);
    device_write(dev, MR_CHIP_ID_OFFSET, 0); /* read-only: ignored */
    assert_int_equal(device_read(dev, MR_CHIP_ID_OFFSET), MR_CHIP_ID_RESET);
    assert_false(bus_error(dev));
}

static void test_unmapped__bus_error(void **state) {
    const device_t *dev = *state;
    const uint32_t holes[] = {0x0000004Cu,
                              0x00000FFCu,
                              MR_CORE_BASE, /* the model has no control core */
                              MR_CORE_SRAM_BASE,
                              MR_HUB_BASE + 0x98u,
                              MR_KV_BASE + 0x44u,
                              MR_KV_BASE + 0x1000u, /* of a second group */
                              MR_LINK_BASE,         /* of several groups */
                              MR_LINK_BASE + 0x38u,
                              0x00010000u,
                              MR_TILE_BASE + 0xA0u,
                              MR_TILE_BASE + TILES * MR_TILE_STRIDE,
                              MR_WINDOW_BASE + MR_WINDOW_SIZE,
                              0xFFFFFFFCu};
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        uint32_t value;
        assert_int_equal(mr_mmio_read32(&dev->io, holes[i], &value), MR_DEVICE);
        assert_true(bus_error(dev));
        assert_int_equal(mr_mmio_write32(&dev->io, holes[i], 0), MR_DEVICE);
        assert_true(bus_error(dev));
        assert_int_equal(mr_mmio_read32(&dev->io, holes[i] + 2, &value), MR_ALIGN);
        assert_int_equal(mr_mmio_write32(&dev->io, holes[i] + 1, 0), MR_ALIGN);
        assert_false(bus_error(dev));
    }
}

/* Every memory keeps what is written, in rows of its own length, and ends where it should. */
static void test_window__every_memory(void **state) {
    const device_t *dev = *state;
    const struct {
        uint32_t kind;
        uint32_t rows;
        uint32_t stride;
        uint32_t words;
    } mem[] = {{MR_CHIP_MEM_TARGET_KIND_WMEM, WMEM * 2, 16, 9},
               {MR_CHIP_MEM_TARGET_KIND_VMEM, VMEM, 1, 1},
               {MR_CHIP_MEM_TARGET_KIND_XMEM, XMEM, 16, 9},
               {MR_CHIP_MEM_TARGET_KIND_PMEM, PMEM, 8, 8}};
    for (size_t i = 0; i < sizeof mem / sizeof mem[0]; i++) {
        const uint32_t n = mem[i].rows * mem[i].stride;
        for (uint32_t tile = 0; tile < TILES; tile++) {
            for (uint32_t at = 0; at < n; at++) {
                const uint32_t word = at * 2654435761u + tile;
                device_put(dev, mem[i].kind, tile, at, &word, 1);
            }
        }
        assert_false(bus_error(dev));
        for (uint32_t at = 0; at < n; at++) {
            uint32_t want = at % mem[i].stride < mem[i].words ? at * 2654435761u : 0;
            uint32_t got;
            if (mem[i].kind == MR_CHIP_MEM_TARGET_KIND_XMEM && at % 16 == 8) {
                want &= 0xFFFFu;
            }
            device_get(dev, mem[i].kind, 0, at, &got, 1);
            assert_int_equal(got, want);
        }
        uint32_t value = 0;
        device_put(dev, mem[i].kind, 0, n, &value, 1); /* posted: the error shows in STATUS */
        assert_true(bus_error(dev));
        assert_int_equal(mr_mmio_read32(&dev->io, MR_WINDOW_BASE, &value), MR_DEVICE);
        assert_true(bus_error(dev));
    }
}

static void test_window__refusals(void **state) {
    const device_t *dev = *state;
    uint32_t value = 1;
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, TILES, 0, &value, 1); /* no such tile */
    assert_true(bus_error(dev));
    device_put(dev, 5, 0, 0, &value, 1); /* no such memory */
    assert_true(bus_error(dev));
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_RESULT, 0, 0, &value, 1); /* read only */
    assert_true(bus_error(dev));
    device_get(dev, MR_CHIP_MEM_TARGET_KIND_RESULT, 0, RES_BUFS * RES_SIZE - 1, &value, 1);
    assert_int_equal(value, 0);
    /* A job waits in tile 1, which is disabled: its memories are closed, those of tile 0 open. */
    device_inject(dev, 4, 0, 0, 0, 0, 0);
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 0, &value, 1);
    assert_true(bus_error(dev));
    assert_int_equal(mr_mmio_read32(&dev->io, MR_WINDOW_BASE, &value), MR_DEVICE);
    assert_true(bus_error(dev));
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, 0, &value, 1);
    device_tile_write(dev, 1, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_CLEAR_MASK);
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 0, &value, 1);
    assert_false(bus_error(dev));
}

/* A lane word changes only with its word 8, all at once. */
static void test_window__row_commits_with_word_8(void **state) {
    const device_t *dev = *state;
    const uint32_t words[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    uint32_t got[9];
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 0, 3 * 16, words, 8);
    device_get(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 0, 3 * 16, got, 9);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(got[i], 0);
    }
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 0, 3 * 16 + 8, &words[8], 1);
    device_get(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 0, 3 * 16, got, 9);
    assert_memory_equal(got, words, sizeof words);
}

static uint32_t crc32_bytes(uint32_t crc, const uint8_t *bytes, size_t n) {
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* Runs the engine; true and *crc if it accepted. */
static bool crc_run(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t start,
                    uint32_t count, uint32_t *crc) {
    device_write(dev, MR_CHIP_MEM_TARGET_OFFSET, kind | (tile << MR_CHIP_MEM_TARGET_TILE_SHIFT));
    device_write(dev, MR_CHIP_MEM_CRC_START_OFFSET, start);
    device_write(dev, MR_CHIP_MEM_CRC_COUNT_OFFSET, count);
    device_write(dev, MR_CHIP_MEM_CRC_CTRL_OFFSET, MR_CHIP_MEM_CRC_CTRL_START_MASK);
    const uint32_t status = device_read(dev, MR_CHIP_MEM_CRC_STATUS_OFFSET);
    assert_int_equal(status & MR_CHIP_MEM_CRC_STATUS_BUSY_MASK, 0);
    *crc = device_read(dev, MR_CHIP_MEM_CRC_VALUE_OFFSET);
    return (status & MR_CHIP_MEM_CRC_STATUS_ERROR_MASK) == 0;
}

static void test_crc__of_every_memory(void **state) {
    const device_t *dev = *state;
    uint8_t bytes[9 * 4 * 3];
    uint32_t words[16 * 3] = {0};
    uint32_t crc;
    assert_int_equal(crc32_bytes(0, (const uint8_t *)"123456789", 9), 0xCBF43926u);
    for (size_t r = 0; r < 3; r++) {
        for (size_t k = 0; k < 9; k++) {
            words[16 * r + k] = (uint32_t)(r * 9 + k) * 0x01030507u;
            if (k == 8) {
                words[16 * r + k] &= 0xFFFFu; /* so that XMEM holds the same */
            }
            for (size_t i = 0; i < 4; i++) {
                bytes[(r * 9 + k) * 4 + i] = (uint8_t)(words[16 * r + k] >> (8 * i));
            }
        }
    }
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 1, 5 * 16, words, 48);
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 1, 5, 3, &crc));
    assert_int_equal(crc, crc32_bytes(0, bytes, 108));
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_XMEM, 1, 2 * 16, words, 48);
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_XMEM, 1, 2, 3, &crc));
    assert_int_equal(crc, crc32_bytes(0, bytes, 108));
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_PMEM, 1, 4 * 8, words, 8);
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_PMEM, 1, 4, 1, &crc));
    assert_int_equal(crc, crc32_bytes(0, bytes, 32));
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 100, words, 9);
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 100, 9, &crc));
    assert_int_equal(crc, crc32_bytes(0, bytes, 36));
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_RESULT, 0, 0, 1, &crc));
    assert_int_equal(crc, 0x2144DF1Cu); /* of four zero bytes */
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 0, 0, &crc));
    assert_int_equal(crc, 0);
}

static void test_crc__refusals(void **state) {
    const device_t *dev = *state;
    uint32_t crc;
    assert_false(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, 0, 0, WMEM * 2 + 1, &crc));
    assert_false(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, 1, VMEM, &crc));
    assert_false(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_XMEM, 0, 0xFFFFFFFFu, 2, &crc));
    assert_false(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_PMEM, TILES, 0, 1, &crc));
    assert_false(crc_run(dev, 6, 0, 0, 1, &crc));
    device_inject(dev, 2, 0, 0, 0, 0, 0); /* tile 0 is disabled: the job stays */
    assert_false(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, 0, 1, &crc));
    assert_true(crc_run(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 1, 0, 1, &crc));
}

/* A soft reset drops jobs, results, KV pages and the tiles' settings; it keeps memories and the
 * other registers. */
static void test_soft_reset__keeps_memories(void **state) {
    const device_t *dev = *state;
    const desc_t program[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    uint32_t word;
    device_put_program(dev, 0, 0, program, 2);
    device_enable(dev, 0, 64, 2);
    device_kv_init(dev, 1, 1, 1);
    device_inject(dev, 2 | 4, 0, 0, 0, 0, 0); /* runs in tile 0, waits in tile 1 */
    device_write(dev, MR_CHIP_CONTROL_OFFSET, MR_CHIP_CONTROL_SOFT_RESET_MASK);
    assert_int_equal(device_read(dev, MR_HUB_BASE + MR_HUB_RES_STATUS_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_CTRL_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_IN_BASE_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_JOBS_LO_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 1, MR_TILE_STATUS_OFFSET) & 0xFFu, 0);
    assert_int_equal(device_read(dev, MR_KV_BASE + MR_KV_STATUS_OFFSET), MR_KV_STATUS_READY_MASK);
    assert_int_equal(device_read(dev, MR_KV_BASE + MR_KV_CONFIG_OFFSET), 0x01010001u);
    assert_int_equal(device_read(dev, MR_HUB_BASE + MR_HUB_INJ_DEST_OFFSET), 6);
    device_get(dev, MR_CHIP_MEM_TARGET_KIND_PMEM, 0, 0, &word, 1);
    assert_int_equal(word, OP_SEND);
}

static void test_counters__clear(void **state) {
    const device_t *dev = *state;
    static result_t result;
    const desc_t program[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(0, 1)}}, {{OP_END}}};
    device_put_program(dev, 0, 0, program, 2);
    device_enable(dev, 0, 0, 0);
    device_inject(dev, 2, 0, 0, 0, 0, 0);
    device_result(dev, &result);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_JOBS_LO_OFFSET), 1);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_JOBS_HI_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_DESCRIPTORS_LO_OFFSET), 2);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_CYC_BUSY_LO_OFFSET), 0); /* no time */
    device_tile_write(dev, 0, MR_TILE_CNT_CTRL_OFFSET, MR_TILE_CNT_CTRL_CLEAR_MASK);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_JOBS_LO_OFFSET), 0);
    assert_int_equal(device_tile_read(dev, 0, MR_TILE_DESCRIPTORS_LO_OFFSET), 0);
}

static void test_status_text__covers_every_status(void **state) {
    (void)state;
    assert_string_equal(mr_status_text(MR_OK), "success");
    assert_string_equal(mr_status_text(MR_CANCELLED), "cancelled");
    assert_string_equal(mr_status_text((mr_status_t)-99), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create__refuses_bad_shapes),
        cmocka_unit_test_setup_teardown(test_identity__and_caps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unmapped__bus_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window__every_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window__refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window__row_commits_with_word_8, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crc__of_every_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crc__refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_soft_reset__keeps_memories, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counters__clear, setup, teardown),
        cmocka_unit_test(test_status_text__covers_every_status),
    };
    return cmocka_run_group_tests_name("model_registers", tests, NULL, NULL);
}
