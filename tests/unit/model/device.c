/* SPDX-License-Identifier: Apache-2.0 */
/* A device driven by hand, register by register, for the model's tests. */
#include "device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/arith.h"
#include "millrace/regs.h"

#define LANE_WORDS 9u
#define ROW_WORDS 16u

void device_open(device_t *dev, const mr_backend_model_config_t *config) {
    assert_int_equal(mr_backend_model_create(config, &dev->io), MR_OK);
    dev->lanes = config->lanes;
}

void device_close(device_t *dev) {
    mr_mmio_close(&dev->io);
}

uint32_t device_read(const device_t *dev, uint32_t addr) {
    uint32_t value = 0;
    assert_int_equal(mr_mmio_read32(&dev->io, addr, &value), MR_OK);
    return value;
}

void device_write(const device_t *dev, uint32_t addr, uint32_t value) {
    assert_int_equal(mr_mmio_write32(&dev->io, addr, value), MR_OK);
}

uint32_t device_tile_read(const device_t *dev, uint32_t tile, uint32_t offset) {
    return device_read(dev, MR_TILE_BASE + tile * MR_TILE_STRIDE + offset);
}

void device_tile_write(const device_t *dev, uint32_t tile, uint32_t offset, uint32_t value) {
    device_write(dev, MR_TILE_BASE + tile * MR_TILE_STRIDE + offset, value);
}

/* Points the window at a word; returns how many of n words it shows. */
static size_t window_at(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t index,
                        size_t n) {
    const size_t most = MR_WINDOW_SIZE / 4;
    device_write(dev, MR_CHIP_MEM_TARGET_OFFSET, kind | (tile << MR_CHIP_MEM_TARGET_TILE_SHIFT));
    device_write(dev, MR_CHIP_MEM_BASE_OFFSET, index);
    return n < most ? n : most;
}

void device_put(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t index,
                const uint32_t *words, size_t n) {
    for (size_t done = 0; done < n;) {
        const size_t part = window_at(dev, kind, tile, index + (uint32_t)done, n - done);
        assert_int_equal(mr_mmio_write_block(&dev->io, MR_WINDOW_BASE, words + done, part), MR_OK);
        done += part;
    }
}

void device_get(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t index, uint32_t *words,
                size_t n) {
    for (size_t done = 0; done < n;) {
        const size_t part = window_at(dev, kind, tile, index + (uint32_t)done, n - done);
        assert_int_equal(mr_mmio_read_block(&dev->io, MR_WINDOW_BASE, words + done, part), MR_OK);
        done += part;
    }
}

void device_put_vmem(const device_t *dev, uint32_t tile, uint32_t at, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = mr_f32_bits(x[i]);
        device_put(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, at + (uint32_t)i, &bits, 1);
    }
}

void device_get_vmem(const device_t *dev, uint32_t tile, uint32_t at, float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        device_get(dev, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, at + (uint32_t)i, &bits, 1);
        x[i] = mr_f32_from_bits(bits);
    }
}

/* Nine words of a Q8_0 block: 32 bytes of q, then the scale. */
static void block_words(const mr_block_t *b, uint32_t words[LANE_WORDS]) {
    memcpy(words, b->q, MR_BLOCK_LEN);
    words[8] = b->d;
}

void device_put_xmem(const device_t *dev, uint32_t tile, uint32_t at, const mr_block_t *x,
                     size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t words[LANE_WORDS];
        block_words(&x[i], words);
        device_put(dev, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, (at + (uint32_t)i) * ROW_WORDS, words,
                   LANE_WORDS);
    }
}

void device_get_xmem(const device_t *dev, uint32_t tile, uint32_t at, mr_block_t *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t words[LANE_WORDS];
        device_get(dev, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, (at + (uint32_t)i) * ROW_WORDS, words,
                   LANE_WORDS);
        memcpy(x[i].q, words, MR_BLOCK_LEN);
        x[i].d = (uint16_t)words[8];
    }
}

void device_put_program(const device_t *dev, uint32_t tile, uint32_t pc, const desc_t *program,
                        size_t n) {
    device_put(dev, MR_CHIP_MEM_TARGET_KIND_PMEM, tile, pc * 8, program[0].w, n * 8);
}

/* Slot of block (r, b) in its lane. */
static uint32_t slot_of(const device_t *dev, uint32_t r, uint32_t b, uint32_t nb) {
    const uint32_t group = 4 * dev->lanes;
    return (r / group * nb + b) * 4 + r % group / dev->lanes;
}

uint32_t device_put_q8(const device_t *dev, uint32_t tile, uint32_t word, const mr_block_t *w,
                       uint32_t rows, uint32_t nb) {
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t b = 0; b < nb; b++) {
            const uint32_t at = word + slot_of(dev, r, b, nb);
            uint32_t words[LANE_WORDS];
            block_words(&w[(size_t)r * nb + b], words);
            device_put(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, tile,
                       (at * dev->lanes + r % dev->lanes) * ROW_WORDS, words, LANE_WORDS);
        }
    }
    return rows / dev->lanes * nb;
}

uint32_t device_put_q4(const device_t *dev, uint32_t tile, uint32_t word, const uint8_t *w,
                       uint32_t rows, uint32_t nb) {
    const uint32_t used = rows / dev->lanes * nb / 2;
    const size_t lane_words = (size_t)used * dev->lanes;
    uint32_t *image = calloc(lane_words, LANE_WORDS * sizeof *image);
    assert_non_null(image);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t b = 0; b < nb; b++) {
            const uint8_t *from = &w[((size_t)r * nb + b) * MR_Q4_0_BYTES];
            const uint32_t s = slot_of(dev, r, b, nb);
            const size_t lane_word = (size_t)(s / 2) * dev->lanes + r % dev->lanes;
            uint8_t *half = (uint8_t *)(image + lane_word * LANE_WORDS) + s % 2 * MR_Q4_0_BYTES;
            memcpy(half, from + 2, 16); /* nibbles first, then the scale */
            memcpy(half + 16, from, 2);
        }
    }
    for (size_t i = 0; i < lane_words; i++) {
        device_put(dev, MR_CHIP_MEM_TARGET_KIND_WMEM, tile,
                   (word * dev->lanes + (uint32_t)i) * ROW_WORDS, image + i * LANE_WORDS,
                   LANE_WORDS);
    }
    free(image);
    return used;
}

void device_enable(const device_t *dev, uint32_t tile, uint32_t in_base, uint32_t in_size) {
    device_tile_write(dev, tile, MR_TILE_IN_BASE_OFFSET, in_base);
    device_tile_write(dev, tile, MR_TILE_IN_SIZE_OFFSET, in_size);
    device_tile_write(dev, tile, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_ENABLE_MASK);
}

void device_kv_init(const device_t *dev, uint32_t layers, uint32_t heads, uint32_t nbh) {
    device_write(dev, MR_KV_BASE + MR_KV_CONFIG_OFFSET,
                 (layers << MR_KV_CONFIG_LAYERS_SHIFT) | (heads << MR_KV_CONFIG_HEADS_SHIFT) |
                     (nbh << MR_KV_CONFIG_NBH_SHIFT));
    device_write(dev, MR_KV_BASE + MR_KV_PAGES_OFFSET,
                 device_read(dev, MR_CHIP_CAPS_KV_PAGES_OFFSET));
    device_write(dev, MR_KV_BASE + MR_KV_CTRL_OFFSET, MR_KV_CTRL_INIT_MASK);
    assert_int_equal(device_read(dev, MR_KV_BASE + MR_KV_STATUS_OFFSET), MR_KV_STATUS_READY_MASK);
}

void device_inject(const device_t *dev, uint32_t dest, uint32_t pc, uint32_t flags, uint32_t slot,
                   uint32_t pos, uint32_t token) {
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_DEST_OFFSET, dest);
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_PROG_OFFSET,
                 pc | (flags << MR_HUB_INJ_PROG_FLAGS_SHIFT) | (1u << MR_HUB_INJ_PROG_PARTS_SHIFT));
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_TOKEN_OFFSET, token);
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_POS_OFFSET, pos);
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_SLOT_OFFSET, slot);
    device_write(dev, MR_HUB_BASE + MR_HUB_INJ_CTRL_OFFSET, MR_HUB_INJ_CTRL_PUSH_MASK);
}

void device_result(const device_t *dev, result_t *result) {
    const uint32_t status = device_read(dev, MR_HUB_BASE + MR_HUB_RES_STATUS_OFFSET);
    const uint32_t header = device_read(dev, MR_HUB_BASE + MR_HUB_RES_HDR_OFFSET);
    const uint32_t buffer = status >> MR_HUB_RES_STATUS_HEAD_SHIFT;
    result->count = status & MR_HUB_RES_STATUS_COUNT_MASK;
    assert_true(result->count > 0);
    result->slot = header & MR_HUB_RES_HDR_SLOT_MASK;
    result->status = (header & MR_HUB_RES_HDR_STATUS_MASK) >> MR_HUB_RES_HDR_STATUS_SHIFT;
    result->flags = (header & MR_HUB_RES_HDR_FLAGS_MASK) >> MR_HUB_RES_HDR_FLAGS_SHIFT;
    result->pc = header >> MR_HUB_RES_HDR_PC_SHIFT;
    result->pos = device_read(dev, MR_HUB_BASE + MR_HUB_RES_POS_OFFSET);
    result->token = device_read(dev, MR_HUB_BASE + MR_HUB_RES_TOKEN_OFFSET);
    result->len = device_read(dev, MR_HUB_BASE + MR_HUB_RES_LEN_OFFSET);
    assert_true(result->len <= sizeof result->data / sizeof result->data[0]);
    const uint32_t size =
        device_read(dev, MR_CHIP_CAPS_RESULT_OFFSET) >> MR_CHIP_CAPS_RESULT_SIZE_SHIFT;
    uint32_t bits[sizeof result->data / sizeof result->data[0]];
    device_get(dev, MR_CHIP_MEM_TARGET_KIND_RESULT, 0, buffer * size, bits, result->len);
    memcpy(result->data, bits, result->len * sizeof bits[0]);
    device_write(dev, MR_HUB_BASE + MR_HUB_RES_CTRL_OFFSET, MR_HUB_RES_CTRL_POP_MASK);
}
