/* SPDX-License-Identifier: Apache-2.0 */
/* March over a memory: ascending write of a word that depends on its address, CRC; descending write
 * of the complement, CRC. Every bit holds 0 and 1, and an address that hits another row shows. A
 * wrong CRC is followed down to the word. */
#include <inttypes.h>
#include <stdio.h>

#include "millrace/image.h"
#include "selftest/selftest_internal.h"

#define CHUNK 256u /* rows */

typedef struct {
    mr_selftest_t *t;
    mr_mem_kind_t kind;
    uint32_t tile;
    uint32_t rows;
    uint32_t row_words; /* 9, 8 or 1 */
    uint32_t flip;      /* all ones: the complement */
} march_t;

static uint32_t expected(const march_t *m, uint32_t row, uint32_t k) {
    const uint32_t word = mr_selftest_hash(row * 16u + k) ^ m->flip;
    /* The ninth word of a block is its scale of 16 bits. */
    return m->kind == MR_MEM_XMEM && k == 8u ? word & 0xFFFFu : word;
}

static void pattern(const march_t *m, uint32_t first, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t k = 0; k < m->row_words; k++) {
            m->t->words[(size_t)i * m->row_words + k] = expected(m, first + i, k);
        }
    }
}

static bool write_rows(const march_t *m, uint32_t first, uint32_t rows) {
    const mr_selftest_t *t = m->t;
    pattern(m, first, rows);
    const mr_status_t status =
        m->row_words == 9u ? mr_window_write_rows(t->mmio, m->kind, m->tile, first, t->words, rows)
                           : mr_window_write(t->mmio, m->kind, m->tile, first * m->row_words,
                                             t->words, (size_t)rows * m->row_words);
    return status == MR_OK || mr_selftest_refused(t, "write", status);
}

/* *same: the memory's rows have the pattern. */
static bool compare(const march_t *m, uint32_t first, uint32_t rows, bool *same) {
    uint32_t crc;
    const mr_status_t status = mr_window_crc(m->t->mmio, m->kind, m->tile, first, rows, &crc);
    if (status != MR_OK) {
        return mr_selftest_refused(m->t, "CRC", status);
    }
    pattern(m, first, rows);
    *same = crc == mr_crc32(0, m->t->words, (size_t)rows * m->row_words * 4u);
    return true;
}

/* Names the first wrong word of a row. */
static bool name_word(const march_t *m, uint32_t row) {
    const mr_selftest_t *t = m->t;
    uint32_t got[9];
    const uint32_t stride = m->row_words == 9u ? 16u : m->row_words;
    const mr_status_t status =
        mr_window_read(t->mmio, m->kind, m->tile, row * stride, got, m->row_words);
    if (status != MR_OK) {
        return mr_selftest_refused(t, "read", status);
    }
    for (uint32_t k = 0; k < m->row_words; k++) {
        const uint32_t want = expected(m, row, k);
        if (got[k] == want) {
            continue;
        }
        if (m->kind == MR_MEM_WMEM) {
            return mr_selftest_fail(t,
                                    "word %" PRIu32 " lane %" PRIu32 " bits %" PRIu32 ":%" PRIu32
                                    ": expected 0x%08" PRIX32 ", got 0x%08" PRIX32,
                                    row / t->machine.lanes, row % t->machine.lanes, 32u * k + 31u,
                                    32u * k, want, got[k]);
        }
        return mr_selftest_fail(
            t, "%s %" PRIu32 " word %" PRIu32 ": expected 0x%08" PRIX32 ", got 0x%08" PRIX32,
            m->kind == MR_MEM_VMEM   ? "element"
            : m->kind == MR_MEM_XMEM ? "block"
                                     : "descriptor",
            row, k, want, got[k]);
    }
    return mr_selftest_fail(t, "row %" PRIu32 ": wrong by CRC, right when read: unstable", row);
}

static bool check(const march_t *m) {
    uint32_t first = 0;
    uint32_t rows = m->rows;
    bool same = true;
    if (!compare(m, 0, rows, &same) || same) {
        return same;
    }
    while (rows > 1u) { /* into the first half that differs */
        const uint32_t half = rows / 2u;
        if (!compare(m, first, half, &same)) {
            return false;
        }
        first += same ? half : 0u;
        rows = same ? rows - half : half;
    }
    return name_word(m, first);
}

void mr_selftest_memory(mr_selftest_t *t, mr_mem_kind_t kind, uint32_t tile) {
    const mr_machine_t *machine = &t->machine;
    march_t m = {.t = t, .kind = kind, .tile = tile, .row_words = 9};
    switch (kind) {
    case MR_MEM_WMEM:
        m.rows = machine->wmem_words * machine->lanes;
        break;
    case MR_MEM_XMEM:
        m.rows = machine->xmem_blocks;
        break;
    case MR_MEM_PMEM:
        m.rows = machine->pmem_descs;
        m.row_words = 8;
        break;
    case MR_MEM_VMEM:
    case MR_MEM_RESULT:
        m.rows = machine->vmem_elems;
        m.row_words = 1;
        break;
    }
    for (uint32_t at = 0; at < m.rows; at += CHUNK) {
        if (!write_rows(&m, at, m.rows - at < CHUNK ? m.rows - at : CHUNK)) {
            return;
        }
    }
    if (!check(&m)) {
        return;
    }
    m.flip = UINT32_MAX;
    for (uint32_t left = m.rows; left > 0;) {
        const uint32_t n = left % CHUNK != 0 ? left % CHUNK : CHUNK;
        left -= n;
        if (!write_rows(&m, left, n)) {
            return;
        }
    }
    const mr_status_t status = check(&m) ? mr_chip_bus_error(t->mmio) : MR_OK;
    if (status != MR_OK) {
        (void)mr_selftest_refused(t, "write", status);
    } else if (t->report->ok) {
        (void)snprintf(t->report->text, sizeof t->report->text, "%" PRIu32 " rows", m.rows);
    }
}
