/* SPDX-License-Identifier: Apache-2.0 */
/* Small random models as images in memory, and a device with faults to order. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/regs.h"
#include "mr_test_random.h"

#define NO_ADDR 0xFFFFFFFFu

mr_model_shape_t fixture_shape(void) {
    const mr_model_shape_t s = {.n_layers = 2,
                                .d = 64,
                                .d_real = 64,
                                .n_heads = 2,
                                .n_kv = 1,
                                .hd = 32,
                                .hd_real = 32,
                                .n_ff = 96,
                                .vocab = 64,
                                .vocab_pad = 64,
                                .context = 64,
                                .eps_bits = mr_f32_bits(1e-5f),
                                .inv_n_bits = mr_f32_bits(1.0f / 64.0f),
                                .scale_bits = mr_f32_bits(0.17677669f),
                                .tied = true};
    return s;
}

mr_machine_t fixture_machine(void) {
    const mr_machine_t m = {.id = MR_CHIP_ID_RESET,
                            .version = MR_CHIP_VERSION_RESET,
                            .groups = 1,
                            .tiles = 3,
                            .lanes = 4,
                            .channels = 1,
                            .wmem_words = 4096,
                            .vmem_elems = 8192,
                            .xmem_blocks = 64,
                            .pmem_descs = 128,
                            .in_bufs = 4,
                            .in_size_max = 1024,
                            .result_bufs = 4,
                            .result_elems = 256,
                            .kv_slots = 4,
                            .kv_layers = 8,
                            .kv_heads = 4,
                            .kv_nbh = 2,
                            .kv_pages = 16};
    return m;
}

void fixture_formats(mr_place_formats_t *f, mr_image_format_t format) {
    memset(f, (int)format, sizeof *f);
}

static mr_status_t read_bytes(void *ctx, uint64_t offset, void *out, size_t n) {
    fixture_image_t *image = ctx;
    if (image->reads++ == image->fail_at) {
        return MR_IO;
    }
    if (offset > image->size || n > image->size - offset) {
        return MR_IO;
    }
    memcpy(out, image->bytes + offset, n);
    return MR_OK;
}

uint32_t fixture_get(const fixture_image_t *image, size_t byte) {
    const uint8_t *p = image->bytes + byte;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void fixture_set(fixture_image_t *image, size_t byte, uint32_t value) {
    for (size_t i = 0; i < 4; i++) {
        image->bytes[byte + i] = (uint8_t)(value >> (8 * i));
    }
}

size_t fixture_entry(const mr_model_shape_t *shape, mr_image_kind_t kind, uint32_t layer) {
    return (MR_IMAGE_HEADER_WORDS +
            (size_t)mr_image_tensor_index(shape->n_layers, kind, layer) * MR_IMAGE_ENTRY_WORDS) *
           4u;
}

void fixture_seal(fixture_image_t *image) {
    const size_t table =
        (MR_IMAGE_HEADER_WORDS + (size_t)fixture_get(image, 72) * MR_IMAGE_ENTRY_WORDS) * 4u;
    fixture_set(image, 8, mr_crc32(0, image->bytes + 12, table - 12u));
}

static mr_image_format_t format_of(const mr_place_formats_t *f, mr_image_kind_t kind,
                                   uint32_t layer) {
    if (kind == MR_IMAGE_ROPE_F) {
        return MR_IMAGE_U32;
    }
    if (kind == MR_IMAGE_ATTN_NORM || kind == MR_IMAGE_FFN_NORM || kind == MR_IMAGE_OUT_NORM) {
        return MR_IMAGE_F32;
    }
    if (kind == MR_IMAGE_EMBED || kind == MR_IMAGE_HEAD) {
        return (mr_image_format_t)(kind == MR_IMAGE_EMBED ? f->embed : f->head);
    }
    return (mr_image_format_t)f->tensor[layer][kind];
}

/* Random contents with scales that keep activations near one. */
static void fill(mr_test_random_t *rng, uint8_t *p, mr_image_format_t format, uint64_t bytes) {
    const size_t block = format == MR_IMAGE_Q8_0 ? 34u : 18u;
    for (uint64_t i = 0; i < bytes; i++) {
        p[i] = (uint8_t)mr_test_u32(rng);
    }
    if (format == MR_IMAGE_F32) {
        for (uint64_t i = 0; i < bytes; i += 4) {
            const float w = 1.0f + mr_test_float(rng, 0.25f);
            memcpy(p + i, &w, 4);
        }
    } else if (format != MR_IMAGE_U32) {
        const uint16_t scale = mr_f32_to_f16(format == MR_IMAGE_Q8_0 ? 0.002f : 0.03f);
        for (uint64_t i = 0; i < bytes; i += block) {
            p[i] = (uint8_t)scale;
            p[i + 1] = (uint8_t)(scale >> 8);
        }
    }
}

static uint64_t aligned(uint64_t n) {
    return (n + MR_IMAGE_ALIGN - 1u) / MR_IMAGE_ALIGN * MR_IMAGE_ALIGN;
}

/* Writes one tensor and its entry at *at and moves that on. */
static void add_tensor(fixture_image_t *image, mr_test_random_t *rng, const mr_model_shape_t *s,
                       const mr_place_formats_t *f, mr_image_kind_t kind, uint32_t layer,
                       uint64_t *at) {
    uint32_t rows;
    uint32_t cols;
    const mr_image_format_t format = format_of(f, kind, layer);
    mr_image_tensor_dims(s, kind, &rows, &cols);
    const uint64_t bytes = mr_image_format_bytes(format, rows, cols);
    const size_t entry = fixture_entry(s, kind, layer);
    if (kind == MR_IMAGE_HEAD && s->tied) {
        const size_t embed = fixture_entry(s, MR_IMAGE_EMBED, 0);
        memcpy(image->bytes + entry, image->bytes + embed, MR_IMAGE_ENTRY_WORDS * 4u);
        return;
    }
    image->bytes = realloc(image->bytes, (size_t)(*at + aligned(bytes)));
    assert_non_null(image->bytes);
    memset(image->bytes + *at, 0, (size_t)aligned(bytes));
    fill(rng, image->bytes + *at, format, bytes);
    const uint32_t words[MR_IMAGE_ENTRY_WORDS] = {(uint32_t)format,
                                                  rows,
                                                  cols,
                                                  mr_crc32(0, image->bytes + *at, (size_t)bytes),
                                                  (uint32_t)*at,
                                                  0,
                                                  (uint32_t)bytes,
                                                  0};
    for (size_t i = 0; i < MR_IMAGE_ENTRY_WORDS; i++) {
        fixture_set(image, entry + 4 * i, words[i]);
    }
    *at += aligned(bytes);
}

void fixture_image_build(fixture_image_t *image, const mr_model_shape_t *s,
                         const mr_place_formats_t *f, uint64_t seed) {
    mr_test_random_t rng = {seed};
    const uint32_t count = mr_image_tensor_count(s->n_layers);
    uint64_t at = aligned((MR_IMAGE_HEADER_WORDS + (uint64_t)count * MR_IMAGE_ENTRY_WORDS) * 4u);
    const uint32_t header[] = {MR_IMAGE_MAGIC, MR_IMAGE_VERSION, 0,           s->n_layers,
                               s->d,           s->d_real,        s->n_heads,  s->n_kv,
                               s->hd,          s->hd_real,       s->n_ff,     s->vocab,
                               s->vocab_pad,   s->context,       s->eps_bits, s->inv_n_bits,
                               s->scale_bits,  s->tied ? 1u : 0, count};
    image->bytes = calloc(1, (size_t)at);
    assert_non_null(image->bytes);
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        fixture_set(image, 4 * i, header[i]);
    }
    for (uint32_t layer = 0; layer < s->n_layers; layer++) {
        for (uint32_t kind = 0; kind < MR_IMAGE_LAYER_KINDS; kind++) {
            add_tensor(image, &rng, s, f, (mr_image_kind_t)kind, layer, &at);
        }
    }
    for (uint32_t kind = MR_IMAGE_LAYER_KINDS; kind < MR_IMAGE_KINDS; kind++) {
        add_tensor(image, &rng, s, f, (mr_image_kind_t)kind, 0, &at);
    }
    image->size = (size_t)at;
    image->source = (mr_image_source_t){read_bytes, image, at};
    image->reads = 0;
    image->fail_at = UINT32_MAX;
    fixture_seal(image);
}

void fixture_image_free(fixture_image_t *image) {
    free(image->bytes);
}

/* Counts an access and tells its fate. */
static mr_status_t attempt(fixture_device_t *dev) {
    return ++dev->accesses == dev->fail_access ? dev->fail_status : MR_OK;
}

static void force(fixture_device_t *dev, uint32_t addr, uint32_t *value) {
    if (addr == dev->force_addr) {
        if (dev->force_skip > 0) {
            dev->force_skip--;
        } else {
            *value = (*value & dev->force_and) | dev->force_or;
        }
    }
}

static mr_status_t device_read32(void *ctx, uint32_t addr, uint32_t *value) {
    fixture_device_t *dev = ctx;
    MR_TRY(attempt(dev));
    MR_TRY(mr_mmio_read32(&dev->inner, addr, value));
    force(dev, addr, value);
    return MR_OK;
}

static mr_status_t device_write32(void *ctx, uint32_t addr, uint32_t value) {
    fixture_device_t *dev = ctx;
    MR_TRY(attempt(dev));
    dev->injected += addr == MR_HUB_BASE + MR_HUB_INJ_CTRL_OFFSET;
    dev->popped += addr == MR_HUB_BASE + MR_HUB_RES_CTRL_OFFSET;
    if (dev->injected - dev->popped > dev->most_in_flight) {
        dev->most_in_flight = dev->injected - dev->popped;
    }
    return mr_mmio_write32(&dev->inner, addr, value);
}

static mr_status_t device_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    fixture_device_t *dev = ctx;
    MR_TRY(attempt(dev));
    MR_TRY(mr_mmio_read_block(&dev->inner, addr, words, n));
    dev->block_words = (uint32_t)n;
    force(dev, addr, words);
    return MR_OK;
}

static mr_status_t device_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    fixture_device_t *dev = ctx;
    MR_TRY(attempt(dev));
    dev->writes++;
    if (dev->writes == dev->fail_writes) {
        return dev->fail_status;
    }
    if (dev->writes == dev->flip_write) {
        uint32_t copy[16];
        assert_true(n <= 16u);
        memcpy(copy, words, n * sizeof *words);
        copy[0] ^= 1u;
        return mr_mmio_write_block(&dev->inner, addr, copy, n);
    }
    return mr_mmio_write_block(&dev->inner, addr, words, n);
}

static mr_status_t device_wait(void *ctx, uint32_t cycles) {
    fixture_device_t *dev = ctx;
    MR_TRY(attempt(dev));
    dev->waited += cycles;
    return mr_mmio_wait(&dev->inner, cycles);
}

static void device_close(void *ctx) {
    const fixture_device_t *dev = ctx;
    mr_mmio_close(&dev->inner);
}

void fixture_device_open(fixture_device_t *dev, const mr_backend_model_config_t *config) {
    static const mr_mmio_ops_t ops = {device_read32,      device_write32, device_read_block,
                                      device_write_block, device_wait,    device_close};
    memset(dev, 0, sizeof *dev);
    assert_int_equal(mr_backend_model_create(config, &dev->inner), MR_OK);
    dev->io.ops = &ops;
    dev->io.ctx = dev;
    dev->force_addr = NO_ADDR;
}

void fixture_device_close(fixture_device_t *dev) {
    mr_mmio_close(&dev->io);
}
