/* SPDX-License-Identifier: Apache-2.0 */
/* A device driven by hand, register by register, for the model's tests. Failures fail the test. */
#ifndef MR_TEST_DEVICE_H
#define MR_TEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/backend_model.h"
#include "millrace/mmio.h"
#include "millrace/ops.h"

typedef struct {
    mr_mmio_t io;
    uint32_t lanes;
} device_t;

typedef struct {
    uint32_t w[8];
} desc_t;

enum {
    OP_END = 0,
    OP_NORM = 1,
    OP_QUANT = 2,
    OP_GEMV = 3,
    OP_ROPE = 4,
    OP_ADD = 5,
    OP_SILU_MUL = 6,
    OP_EMBED = 7,
    OP_TOP_K = 8,
    OP_KV_APPEND = 9,
    OP_ATTEND = 10,
    OP_SEND = 11
};

#define DESC_Q4 0x00800000u
#define DESC_ACC 0x01000000u
#define DESC_PRED(mask_, value_) (((uint32_t)(mask_) << 12) | ((uint32_t)(value_) << 16))
#define INPUT(offset_) (0x80000000u | (uint32_t)(offset_))
#define KV_WORD(layer_, heads_, first_, nbh_)                                                      \
    ((uint32_t)(layer_) | ((uint32_t)(heads_) << 8) | ((uint32_t)(first_) << 16) |                 \
     ((uint32_t)(nbh_) << 24))
#define SEND_WORD(pc_, parts_) ((uint32_t)(pc_) | ((uint32_t)(parts_) << 16))

typedef struct {
    uint32_t count; /* results that waited, this one included */
    uint32_t slot;
    uint32_t status;
    uint32_t flags;
    uint32_t pc;
    uint32_t pos;
    uint32_t token;
    uint32_t len;
    float data[4096];
} result_t;

void device_open(device_t *dev, const mr_backend_model_config_t *config);
void device_close(device_t *dev);

uint32_t device_read(const device_t *dev, uint32_t addr);
void device_write(const device_t *dev, uint32_t addr, uint32_t value);
uint32_t device_tile_read(const device_t *dev, uint32_t tile, uint32_t offset);
void device_tile_write(const device_t *dev, uint32_t tile, uint32_t offset, uint32_t value);

/* Window access, any length. kind: MR_CHIP_MEM_TARGET_KIND_x. */
void device_put(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t index,
                const uint32_t *words, size_t n);
void device_get(const device_t *dev, uint32_t kind, uint32_t tile, uint32_t index, uint32_t *words,
                size_t n);

void device_put_vmem(const device_t *dev, uint32_t tile, uint32_t at, const float *x, size_t n);
void device_get_vmem(const device_t *dev, uint32_t tile, uint32_t at, float *x, size_t n);
void device_put_xmem(const device_t *dev, uint32_t tile, uint32_t at, const mr_block_t *x,
                     size_t n);
void device_get_xmem(const device_t *dev, uint32_t tile, uint32_t at, mr_block_t *x, size_t n);
void device_put_program(const device_t *dev, uint32_t tile, uint32_t pc, const desc_t *program,
                        size_t n);

/* Stores a row-major matrix in the tiles' row order (docs/tile_isa.md section 1); returns the words
 * used. rows is a multiple of 4 x lanes; q4 holds GGUF's 18-byte blocks. */
uint32_t device_put_q8(const device_t *dev, uint32_t tile, uint32_t word, const mr_block_t *w,
                       uint32_t rows, uint32_t nb);
uint32_t device_put_q4(const device_t *dev, uint32_t tile, uint32_t word, const uint8_t *w,
                       uint32_t rows, uint32_t nb);

/* Enables a tile with input buffers from in_base, in_size elements each. */
void device_enable(const device_t *dev, uint32_t tile, uint32_t in_base, uint32_t in_size);
void device_kv_init(const device_t *dev, uint32_t layers, uint32_t heads, uint32_t nbh);
void device_inject(const device_t *dev, uint32_t dest, uint32_t pc, uint32_t flags, uint32_t slot,
                   uint32_t pos, uint32_t token);

/* Takes the oldest result; fails the test if there is none. */
void device_result(const device_t *dev, result_t *result);

#endif
