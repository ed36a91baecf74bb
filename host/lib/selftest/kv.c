/* SPDX-License-Identifier: Apache-2.0 */
/* KV cache of a group: keys and values of every slot by KV_APPEND, read back by ATTEND. The
 * expected bits are the contract's, so a wrong bit of a key or a value shows in some element. */
#include "millrace/kv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "millrace/regs.h"
#include "selftest/selftest_internal.h"

enum { POSITIONS = 40, NBH = 2, HEADS_MAX = 8, SLOTS_MAX = 16, DST = 128, ATTEND_PC = 4 };
#define KV_CYCLES 4000000u

typedef struct {
    mr_selftest_t *t;
    uint32_t group, tile;
    uint32_t heads, nbh;
    mr_block_t k[HEADS_MAX * NBH * POSITIONS]; /* head by head, position by position */
    mr_block_t v[HEADS_MAX * NBH * POSITIONS];
    mr_block_t q[HEADS_MAX * NBH];
} cache_t;

static void make_block(mr_block_t *b, uint32_t seed) {
    float x[MR_BLOCK_LEN];
    for (uint32_t i = 0; i < MR_BLOCK_LEN; i++) {
        x[i] = mr_selftest_float(seed * 32u + i);
    }
    mr_op_quant(x, MR_BLOCK_LEN, b);
}

static void make_slot(cache_t *c, uint32_t slot) {
    const uint32_t n = c->heads * c->nbh * POSITIONS;
    const uint32_t seed = (c->group * 256u + slot) * 4u * n;
    for (uint32_t i = 0; i < n; i++) {
        make_block(&c->k[i], seed + i);
        make_block(&c->v[i], seed + n + i);
    }
    for (uint32_t i = 0; i < c->heads * c->nbh; i++) {
        make_block(&c->q[i], seed + 2u * n + i);
    }
}

/* K, V and q of a position into XMEM. */
static bool load(const cache_t *c, uint32_t pos) {
    const uint32_t n = c->heads * c->nbh;
    uint32_t words[3 * HEADS_MAX * NBH * 9];
    for (uint32_t h = 0; h < c->heads; h++) {
        for (uint32_t b = 0; b < c->nbh; b++) {
            const uint32_t at = (h * POSITIONS + pos) * c->nbh + b;
            const uint32_t to = h * c->nbh + b;
            mr_selftest_block_words(&c->k[at], &words[(size_t)to * 9u]);
            mr_selftest_block_words(&c->v[at], &words[((size_t)n + to) * 9u]);
            mr_selftest_block_words(&c->q[to], &words[((size_t)2 * n + to) * 9u]);
        }
    }
    mr_status_t status =
        mr_window_write_rows(c->t->mmio, MR_MEM_XMEM, c->tile, 0, words, (size_t)3 * n);
    if (status == MR_OK) {
        status = mr_chip_bus_error(c->t->mmio);
    }
    return status == MR_OK || mr_selftest_refused(c->t, "load", status);
}

static bool fill(cache_t *c, uint32_t slot) {
    make_slot(c, slot);
    for (uint32_t pos = 0; pos < POSITIONS; pos++) {
        if (!load(c, pos) || !mr_selftest_job(c->t, c->tile, 0, slot, pos, NULL, 0)) {
            return false;
        }
    }
    return true;
}

static bool check(cache_t *c, uint32_t slot) {
    const mr_machine_t *m = &c->t->machine;
    const uint32_t n = 32u * c->nbh;
    uint32_t got[MR_SELFTEST_ELEMS];
    make_slot(c, slot);
    if (!load(c, POSITIONS - 1u) ||
        !mr_selftest_job(c->t, c->tile, ATTEND_PC, slot, POSITIONS - 1u, got, c->heads * n)) {
        return false;
    }
    for (uint32_t h = 0; h < c->heads; h++) {
        float want[32 * NBH];
        const uint32_t at = h * POSITIONS * c->nbh;
        mr_op_attend(want, &c->q[(size_t)h * c->nbh], &c->k[at], &c->v[at], POSITIONS, c->nbh,
                     0.125f);
        for (uint32_t e = 0; e < n; e++) {
            uint32_t bits;
            memcpy(&bits, &want[e], sizeof bits);
            if (bits != got[h * n + e]) {
                return mr_selftest_fail(
                    c->t,
                    "channel %" PRIu32 " slot %" PRIu32 " positions 0 to %d head %" PRIu32
                    " element %" PRIu32 ": expected 0x%08" PRIX32 ", got 0x%08" PRIX32,
                    h % m->channels, slot, POSITIONS - 1, h, e, bits, got[h * n + e]);
            }
        }
    }
    return true;
}

/* What the ECC had to correct is a fault of the DRAM, too. */
static void check_ecc(const cache_t *c) {
    static const struct {
        const char *name;
        uint32_t offset;
    } counters[] = {{"CORRECTED", MR_KV_ECC_CORRECTED_OFFSET},
                    {"DETECTED", MR_KV_ECC_DETECTED_OFFSET}};
    for (uint32_t k = 0; c->t->ecc && k < c->t->machine.channels; k++) {
        const uint32_t number = c->group * c->t->machine.channels + k;
        for (uint32_t i = 0; i < 2 && number < MR_KV_ECC_COUNT; i++) {
            uint32_t n = 0;
            const mr_status_t status = mr_mmio_read32(
                c->t->mmio, MR_KV_ECC_BASE + number * MR_KV_ECC_STRIDE + counters[i].offset, &n);
            if (status != MR_OK) {
                (void)mr_selftest_refused(c->t, "ECC register", status);
            } else if (n != 0) {
                (void)mr_selftest_fail(c->t,
                                       "channel %" PRIu32 ": kv_ecc[%" PRIu32
                                       "].%s: expected 0, got %" PRIu32 " words",
                                       k, number, counters[i].name, n);
            }
        }
    }
}

static bool start(const cache_t *c) {
    const mr_selftest_t *t = c->t;
    const uint32_t n = c->heads * c->nbh;
    const uint32_t shape = c->heads << 8 | c->nbh << 24;
    const uint32_t home = mr_selftest_hops_home(t, c->tile);
    const mr_selftest_desc_t append[] = {{{0x009, shape, 0, n, 0, 0, 0, 0}},
                                         {{0xF0B, 1, 0, 0, 0, 1u << 16, home, 0}},
                                         {{0, 0, 0, 0, 0, 0, 0, 0}}};
    const mr_selftest_desc_t attend[] = {{{0x00A, DST, 2u * n, shape, 1, 0, 0x3E000000u, 0}},
                                         {{0xF0B, 1, DST, 0, 32u * n, 1u << 16, home, 0}},
                                         {{0, 0, 0, 0, 0, 0, 0, 0}}};
    if (!mr_selftest_prepare(t, c->tile)) {
        return false;
    }
    mr_status_t status = MR_OK;
    for (uint32_t g = 0; g < t->machine.groups && status == MR_OK; g++) {
        status = mr_kv_init(t->mmio, g, g == c->group || t->machine.groups == 1u ? 1u : 0u,
                            c->heads, c->nbh, KV_CYCLES);
    }
    for (uint32_t k = 0; t->ecc && k < t->machine.channels && status == MR_OK; k++) {
        const uint32_t number = c->group * t->machine.channels + k;
        if (number < MR_KV_ECC_COUNT) {
            status = mr_mmio_write32(
                t->mmio, MR_KV_ECC_BASE + number * MR_KV_ECC_STRIDE + MR_KV_ECC_COMMAND_OFFSET,
                MR_KV_ECC_COMMAND_CNT_CLEAR_MASK);
        }
    }
    if (status != MR_OK) {
        return mr_selftest_refused(t, "start of the KV cache", status);
    }
    return mr_selftest_program(t, c->tile, 0, append, 3) &&
           mr_selftest_program(t, c->tile, ATTEND_PC, attend, 3);
}

void mr_selftest_kv(mr_selftest_t *t, uint32_t group) {
    static cache_t c;
    const mr_machine_t *m = &t->machine;
    const uint32_t slots = m->kv_slots < SLOTS_MAX ? m->kv_slots : SLOTS_MAX;
    c.t = t;
    c.group = group;
    c.tile = group * m->tiles;
    c.nbh = m->kv_nbh < NBH ? m->kv_nbh : NBH;
    /* One head in each channel. */
    c.heads = m->channels < m->kv_heads ? m->channels : m->kv_heads;
    if (c.heads > HEADS_MAX || m->vmem_elems < 2u * MR_SELFTEST_IN_BASE ||
        m->xmem_blocks < 3u * c.heads * c.nbh || m->pmem_descs < MR_SELFTEST_RELAY_PC + 2u) {
        t->report->skipped = true;
        (void)snprintf(t->report->text, sizeof t->report->text, "memories too small");
        return;
    }
    if (!start(&c)) {
        return;
    }
    uint32_t used = slots;
    for (uint32_t s = 0; s < slots; s++) {
        uint32_t pages = 0;
        if (mr_kv_pages_free(t->mmio, &pages) == MR_OK && pages < 2u) {
            used = s;
            break;
        }
        if (!fill(&c, s)) {
            return;
        }
    }
    for (uint32_t s = 0; s < used; s++) {
        if (!check(&c, s)) {
            return;
        }
    }
    check_ecc(&c);
    if (t->report->ok) {
        (void)snprintf(t->report->text, sizeof t->report->text,
                       "%" PRIu32 " slots of %d positions, %" PRIu32 " pages a channel", used,
                       POSITIONS, 2u * used);
    }
}
