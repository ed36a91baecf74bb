/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on order. */
#include "faults.h"

#include <stddef.h>
#include <stdlib.h>

#include "millrace/backend_model.h"
#include "millrace/regs.h"

faults_t faults;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
mr_status_t __real_mr_backend_model_create(const mr_backend_model_config_t *config,
                                           mr_mmio_t *mmio);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
mr_status_t __wrap_mr_backend_model_create(const mr_backend_model_config_t *config,
                                           mr_mmio_t *mmio);

void faults_clear(void) {
    faults = (faults_t){.fail_alloc = FAULTS_NEVER, .addr = FAULTS_NEVER, .status = MR_OK};
}

static bool allowed(void) {
    return faults.allocs++ != faults.fail_alloc;
}

void *__wrap_malloc(size_t n) {
    return allowed() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size) {
    return allowed() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *old, size_t n) {
    return allowed() ? __real_realloc(old, n) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t n) {
    return allowed() ? __real_aligned_alloc(alignment, n) : NULL;
}

/* One device at a time. */
static mr_mmio_t inner;

static mr_status_t read32(void *ctx, uint32_t addr, uint32_t *value) {
    (void)ctx;
    if (addr == faults.addr) {
        *value = faults.value;
        return faults.status;
    }
    return mr_mmio_read32(&inner, addr, value);
}

static mr_status_t write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)ctx;
    return mr_mmio_write32(&inner, addr, value);
}

static mr_status_t read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    (void)ctx;
    return mr_mmio_read_block(&inner, addr, words, n);
}

static mr_status_t write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    (void)ctx;
    for (size_t i = 0; faults.flip && i < n; i++) {
        const uint32_t wrong = words[i] ^ 2u;
        MR_TRY(mr_mmio_write_block(&inner, addr + 4u * (uint32_t)i, &wrong, 1));
    }
    return faults.flip ? MR_OK : mr_mmio_write_block(&inner, addr, words, n);
}

static mr_status_t wait(void *ctx, uint32_t cycles) {
    (void)ctx;
    return mr_mmio_wait(&inner, cycles);
}

static void close_device(void *ctx) {
    (void)ctx;
    mr_mmio_close(&inner);
}

mr_status_t __wrap_mr_backend_model_create(const mr_backend_model_config_t *config,
                                           mr_mmio_t *mmio) {
    static const mr_mmio_ops_t ops = {read32, write32, read_block, write_block, wait, close_device};
    mr_backend_model_config_t c = *config;
    if (faults.open_status != MR_OK) {
        return faults.open_status;
    }
    c.lanes = faults.lanes != 0 ? faults.lanes : c.lanes;
    c.wmem_words = faults.wmem_words != 0 ? faults.wmem_words : c.wmem_words;
    MR_TRY(__real_mr_backend_model_create(&c, &inner));
    *mmio = (mr_mmio_t){&ops, NULL};
    return MR_OK;
}
