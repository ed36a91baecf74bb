/* SPDX-License-Identifier: Apache-2.0 */
/* Loading onto the functional model with faults to order: every status, progress, old errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/load.h"
#include "millrace/regs.h"

#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)

typedef struct {
    uint64_t done;
    uint64_t total;
    uint32_t calls;
} progress_t;

static fixture_device_t dev;
static fixture_image_t image;
static mr_placement_t placement;
static mr_fit_t fit;
static progress_t progress;

static void on_progress(void *ctx, uint64_t done, uint64_t total) {
    progress_t *p = ctx;
    assert_true(done >= p->done);
    assert_true(done <= total);
    p->done = done;
    p->total = total;
    p->calls++;
}

static void open_device(const mr_model_shape_t *shape, mr_image_format_t format, uint32_t tiles) {
    mr_backend_model_config_t hw;
    mr_place_formats_t formats;
    fixture_formats(&formats, format);
    fixture_image_build(&image, shape, &formats, 11);
    mr_backend_model_default_config(&hw);
    hw.tiles = tiles;
    hw.kv_nbh = 16;
    fixture_device_open(&dev, &hw);
}

static int setup(void **state) {
    (void)state;
    const mr_model_shape_t shape = fixture_shape();
    open_device(&shape, MR_IMAGE_Q8_0, 8);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_device_close(&dev);
    fixture_image_free(&image);
    return 0;
}

/* Loads in a mode onto the machine that is there, or one without lanes; `spoil` makes of the image
 * another one after it was opened. */
static mr_status_t load_mode(uint32_t mode, bool good_machine, bool spoil) {
    mr_machine_t machine;
    mr_image_t opened;
    const mr_load_config_t cfg = {on_progress, &progress, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    progress = (progress_t){0, 0, 0};
    assert_int_equal(mr_image_open(&opened, &image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&dev.io, &machine), MR_OK);
    machine.lanes = good_machine ? machine.lanes : 0;
    if (spoil) {
        memset(image.bytes + fixture_entry(&opened.shape, MR_IMAGE_WQ, 1), 0xFF, 32);
    }
    const mr_status_t status =
        mr_load_mode(&dev.io, &machine, &opened, &cfg, mode, &placement, &fit);
    free(cfg.work);
    return status;
}

static mr_status_t load(void) {
    return load_mode(MR_PLACE_EFFICIENCY, true, false);
}

/* What is known to be wrong beforehand leaves the device alone. */
static void test_load__nothing_is_written(void **state) {
    (void)state;
    assert_int_equal(load_mode(MR_PLACE_SHARDS_MAX + 1u, true, false), MR_RANGE);
    assert_int_equal(load_mode(MR_PLACE_EFFICIENCY, false, false), MR_UNSUPPORTED);
    assert_int_equal(load_mode(MR_PLACE_EFFICIENCY, true, true), MR_FORMAT);
    assert_int_equal(dev.writes, 0);
}

/* One word of each kind of write, spread over the whole load, is stored wrongly. */
static void test_load__flipped_bit_is_noticed(void **state) {
    (void)state;
    assert_int_equal(load(), MR_OK);
    const uint32_t writes = dev.writes;
    for (uint32_t i = 0; i < 12u; i++) {
        dev.writes = 0;
        dev.flip_write = 1u + (writes - 1u) * i / 11u;
        assert_int_equal(load(), MR_CRC);
    }
    dev.flip_write = 0;
    assert_int_equal(load(), MR_OK);
}

static void test_load__statuses_of_the_bus(void **state) {
    (void)state;
    static const mr_status_t status[] = {MR_DEVICE, MR_IO, MR_TIMEOUT};
    for (uint32_t i = 0; i < 3u; i++) {
        dev.writes = 0;
        dev.fail_writes = 1u + 100u * i;
        dev.fail_status = status[i];
        assert_int_equal(load(), status[i]);
    }
}

/* Accesses spread over the whole load, and each of the last: the status comes back from there. */
static void test_load__stops_at_the_access_that_fails(void **state) {
    (void)state;
    dev.accesses = 0;
    assert_int_equal(load(), MR_OK);
    const uint32_t n = dev.accesses;
    assert_true(n > 1000u);
    dev.fail_status = MR_TIMEOUT;
    /* The first 14 belong to the probe. */
    for (uint32_t i = 15; i <= n; i += i > 40u && i + 150u < n ? 61u : 1u) {
        dev.accesses = 0;
        dev.fail_access = i;
        assert_int_equal(load(), MR_TIMEOUT);
        assert_int_equal(dev.accesses, i);
    }
    dev.fail_access = 0;
    assert_int_equal(load(), MR_OK);
}

static void test_load__refused_write(void **state) {
    (void)state;
    dev.force_addr = CHIP(STATUS);
    dev.force_and = 0xFFFFFFFFu;
    dev.force_or = MR_CHIP_STATUS_BUS_ERROR_MASK;
    dev.force_skip = 1; /* the look at the start, before anything is written */
    assert_int_equal(load(), MR_DEVICE);
}

static void test_load__older_bus_error_does_not_count(void **state) {
    (void)state;
    uint32_t value;
    assert_int_equal(mr_mmio_read32(&dev.io, 0xFFFFFCu, &value), MR_DEVICE);
    assert_int_equal(mr_mmio_read32(&dev.io, CHIP(STATUS), &value), MR_OK);
    assert_true((value & MR_CHIP_STATUS_BUS_ERROR_MASK) != 0);
    assert_int_equal(load(), MR_OK);
}

static void test_load__crc_engine_never_finishes(void **state) {
    (void)state;
    dev.force_addr = CHIP(MEM_CRC_STATUS);
    dev.force_and = 0xFFFFFFFFu;
    dev.force_or = MR_CHIP_MEM_CRC_STATUS_BUSY_MASK;
    assert_int_equal(load(), MR_TIMEOUT);
}

static void test_load__kv_never_ready(void **state) {
    (void)state;
    dev.force_addr = MR_KV_BASE + MR_KV_STATUS_OFFSET;
    assert_int_equal(load(), MR_TIMEOUT);
}

static void test_load__image_data_damaged(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    static const mr_image_kind_t kinds[] = {MR_IMAGE_ATTN_NORM, MR_IMAGE_DOWN, MR_IMAGE_EMBED,
                                            MR_IMAGE_OUT_NORM, MR_IMAGE_ROPE_F};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const uint32_t at = fixture_get(&image, fixture_entry(&s, kinds[i], 0) + 16);
        image.bytes[at] ^= 4u;
        assert_int_equal(load(), MR_CRC);
        image.bytes[at] ^= 4u;
    }
}

static void test_load__source_fails(void **state) {
    (void)state;
    image.reads = 0;
    image.fail_at = UINT32_MAX;
    assert_int_equal(load(), MR_OK);
    const uint32_t reads = image.reads;
    for (uint32_t i = 0; i < 8u; i++) {
        const uint32_t opening = 1u + mr_image_tensor_count(2);
        image.reads = 0;
        image.fail_at = opening + (reads - 1u - opening) * i / 7u;
        assert_int_equal(load(), MR_IO);
    }
}

static void test_load__does_not_fit(void **state) {
    (void)state;
    fixture_device_close(&dev);
    mr_backend_model_config_t hw;
    mr_backend_model_default_config(&hw);
    hw.res_size = 32;
    fixture_device_open(&dev, &hw);
    assert_int_equal(load(), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_RESULT);
    assert_int_equal(fit.needed, 64);
    assert_int_equal(fit.available, 32);
    assert_int_equal(dev.writes, 0);
}

/* Many tiles hold a copy of large RoPE frequencies, which must not count twice. */
static void test_load__progress_counts_rope_once(void **state) {
    (void)state;
    mr_model_shape_t shape = fixture_shape();
    teardown(NULL);
    shape.n_layers = 8;
    shape.d = 32;
    shape.d_real = 32;
    shape.hd = 512;
    shape.hd_real = 512;
    shape.n_heads = 1;
    shape.n_ff = 32;
    shape.tied = false;
    open_device(&shape, MR_IMAGE_Q4_0, 8);
    assert_int_equal(load(), MR_OK);
    assert_true(progress.calls > 20u);
    assert_true(progress.total == image.size);
    assert_true(progress.done == progress.total);
}

/* One tile has every layer; its RoPE frequencies are written once. An untied head of its own. */
static void test_load__all_on_one_tile(void **state) {
    (void)state;
    mr_model_shape_t shape = fixture_shape();
    teardown(NULL);
    shape.tied = false;
    open_device(&shape, MR_IMAGE_Q8_0, 1);
    dev.writes = 0;
    assert_int_equal(load(), MR_OK);
    assert_int_equal(placement.n_visits, 1);
    assert_true(progress.done == image.size);
    /* Four lane rows a word, five norms of 64 and 16 frequencies in blocks of 16, descriptors. */
    const mr_tile_place_t *tile = &placement.tile[0];
    assert_int_equal(dev.writes, tile->wmem_used * 4u + 5u * 4u + 1u + tile->pmem_used);
    const uint32_t head = fixture_get(&image, fixture_entry(&shape, MR_IMAGE_HEAD, 0) + 16);
    image.bytes[head + 7u] ^= 1u;
    assert_int_equal(load(), MR_CRC);
}

static void test_load__more_tiles_than_steps(void **state) {
    (void)state;
    mr_model_shape_t shape = fixture_shape();
    teardown(NULL);
    shape.n_layers = 1;
    open_device(&shape, MR_IMAGE_Q8_0, 31);
    assert_int_equal(load(), MR_OK);
    assert_true(placement.n_visits <= placement.n_steps);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_load__nothing_is_written),
        T(test_load__flipped_bit_is_noticed),
        T(test_load__statuses_of_the_bus),
        T(test_load__stops_at_the_access_that_fails),
        T(test_load__refused_write),
        T(test_load__older_bus_error_does_not_count),
        T(test_load__crc_engine_never_finishes),
        T(test_load__kv_never_ready),
        T(test_load__image_data_damaged),
        T(test_load__source_fails),
        T(test_load__does_not_fit),
        T(test_load__progress_counts_rope_once),
        T(test_load__all_on_one_tile),
        T(test_load__more_tiles_than_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
