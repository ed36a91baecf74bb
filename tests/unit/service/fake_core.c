/* SPDX-License-Identifier: Apache-2.0 */
/* A control core without RTL. */
#include "fake_core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/regs.h"

#define GUARD 0xA5C35A3Cu
#define CORE(reg_) (MR_CORE_BASE + MR_CORE_##reg_##_OFFSET)

static bool in_sram(uint32_t addr) {
    return addr >= MR_MAILBOX_WINDOW && addr < MR_MAILBOX_WINDOW + 4u * FAKE_CORE_WORDS;
}

static mr_status_t host_read32(void *ctx, uint32_t addr, uint32_t *value) {
    fake_core_t *self = ctx;
    if (in_sram(addr)) {
        *value = self->sram[(addr - MR_MAILBOX_WINDOW) / 4u];
        return MR_OK;
    }
    if (addr >= MR_MAILBOX_WINDOW && addr < MR_MAILBOX_WINDOW + MR_MAILBOX_WINDOW_BYTES) {
        return MR_DEVICE;
    }
    if (addr == CORE(SHARED)) {
        *value = self->shared;
        return MR_OK;
    }
    if (addr == CORE(CAPS)) {
        *value = FAKE_CORE_WORDS / 256u << MR_CORE_CAPS_SRAM_KB_SHIFT | MR_CORE_CAPS_PRESENT_MASK;
        return MR_OK;
    }
    return mr_mmio_read32(&self->inner, addr, value);
}

static mr_status_t host_write32(void *ctx, uint32_t addr, uint32_t value) {
    fake_core_t *self = ctx;
    if (in_sram(addr)) {
        self->sram[(addr - MR_MAILBOX_WINDOW) / 4u] = value;
        return MR_OK;
    }
    if (addr >= MR_MAILBOX_WINDOW && addr < MR_MAILBOX_WINDOW + MR_MAILBOX_WINDOW_BYTES) {
        return MR_DEVICE;
    }
    if (addr == CORE(BELL) && self->on_bell_words != NULL) {
        mr_mailbox_t *h = fake_core_header(self);
        for (uint32_t i = 0; i < self->on_bell_n; i++) {
            self->sram[h->to_host.offset / 4u + (h->to_host.put + i) % h->to_host.words] =
                self->on_bell_words[i];
        }
        h->to_host.put += self->on_bell_n;
        return MR_OK;
    }
    if (addr == CORE(BELL)) {
        self->awake = self->awake || (value & MR_CORE_BELL_RING_MASK) != 0;
        return MR_OK;
    }
    if (addr == CORE(HOST_BELL)) {
        self->host_bell = self->host_bell && (value & MR_CORE_HOST_BELL_PENDING_MASK) == 0;
        return MR_OK;
    }
    return mr_mmio_write32(&self->inner, addr, value);
}

static mr_status_t host_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(host_read32(ctx, addr + 4u * (uint32_t)i, words + i));
    }
    return MR_OK;
}

static mr_status_t host_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(host_write32(ctx, addr + 4u * (uint32_t)i, words[i]));
    }
    return MR_OK;
}

static mr_status_t host_wait(void *ctx, uint32_t cycles) {
    fake_core_t *self = ctx;
    self->clock += cycles / 16u;
    for (uint32_t i = 0; i < self->at_once && self->awake && !self->host_bell && !self->hangs;
         i++) {
        self->rounds++;
        self->awake = mr_service_step(&self->service);
        self->slept += !self->awake && self->service.sched.n_active > 0 ? 1u : 0u;
    }
    return MR_OK;
}

static void host_close(void *ctx) {
    (void)ctx;
}

static mr_status_t core_read32(void *ctx, uint32_t addr, uint32_t *value) {
    fake_core_t *self = ctx;
    self->clock += 10u;
    return mr_mmio_read32(&self->inner, addr, value);
}

static mr_status_t core_write32(void *ctx, uint32_t addr, uint32_t value) {
    fake_core_t *self = ctx;
    self->clock += 10u;
    return mr_mmio_write32(&self->inner, addr, value);
}

static mr_status_t core_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    const fake_core_t *self = ctx;
    return mr_mmio_read_block(&self->inner, addr, words, n);
}

static mr_status_t core_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    const fake_core_t *self = ctx;
    return mr_mmio_write_block(&self->inner, addr, words, n);
}

/* Returns early when the host rings, as the core's does. */
static mr_status_t core_wait(void *ctx, uint32_t cycles) {
    fake_core_t *self = ctx;
    self->clock += cycles / 64u;
    return mr_mmio_wait(&self->inner, cycles / 64u);
}

static uint32_t now(void *ctx) {
    const fake_core_t *self = ctx;
    return self->clock;
}

static void bell(void *ctx) {
    fake_core_t *self = ctx;
    self->host_bell = true;
}

mr_mailbox_t *fake_core_header(fake_core_t *self) {
    return (mr_mailbox_t *)(void *)&self->sram[FAKE_CORE_WORK / 4u];
}

bool fake_core_intact(const fake_core_t *self, uint32_t work_bytes) {
    for (uint32_t i = 0; i < FAKE_CORE_WORDS; i++) {
        const bool outside = i < FAKE_CORE_WORK / 4u || i >= (FAKE_CORE_WORK + work_bytes) / 4u;
        if (outside && self->sram[i] != GUARD) {
            return false;
        }
    }
    return true;
}

void fake_core_open(fake_core_t *self, const mr_mmio_t *inner, uint32_t work_bytes) {
    static const mr_mmio_ops_t host = {host_read32,      host_write32, host_read_block,
                                       host_write_block, host_wait,    host_close};
    static const mr_mmio_ops_t core = {core_read32,      core_write32, core_read_block,
                                       core_write_block, core_wait,    host_close};
    memset(self, 0, sizeof *self);
    for (uint32_t i = 0; i < FAKE_CORE_WORDS; i++) {
        self->sram[i] = GUARD;
    }
    self->io = (mr_mmio_t){&host, self};
    self->chip = (mr_mmio_t){&core, self};
    self->inner = *inner;
    self->at_once = 4;
    self->awake = true;
    const mr_service_config_t cfg = {.chip = &self->chip,
                                     .sram = self->sram,
                                     .work = FAKE_CORE_WORK,
                                     .work_bytes = work_bytes,
                                     .firmware = 0x00010002u,
                                     .now = now,
                                     .bell = bell,
                                     .ctx = self};
    assert_int_equal(mr_service_init(&self->service, &cfg), MR_OK);
    self->shared = FAKE_CORE_WORK;
}
