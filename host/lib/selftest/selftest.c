/* SPDX-License-Identifier: Apache-2.0 */
/* Self-test of a device: the order of the units, and what they share. */
#include "selftest/selftest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/regs.h"
#include "selftest/selftest_internal.h"

static const char *const mem_name[] = {"WMEM", "VMEM", "XMEM", "PMEM"};

bool mr_selftest_fail(const mr_selftest_t *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (t->report->ok) {
        (void)vsnprintf(t->report->text, sizeof t->report->text, format, args);
        t->report->ok = false;
    }
    va_end(args);
    return false;
}

bool mr_selftest_refused(const mr_selftest_t *t, const char *doing, mr_status_t status) {
    return mr_selftest_fail(t, "%s: %s", doing, mr_status_text(status));
}

uint32_t mr_selftest_hash(uint32_t x) {
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

float mr_selftest_float(uint32_t x) {
    return (float)(int32_t)(mr_selftest_hash(x) >> 8) / 8388608.0f - 1.0f;
}

void mr_selftest_block_words(const mr_block_t *b, uint32_t words[9]) {
    for (uint32_t k = 0; k < 8; k++) {
        words[k] = 0;
        for (uint32_t i = 0; i < 4; i++) {
            words[k] |= (uint32_t)(uint8_t)b->q[4u * k + i] << 8u * i;
        }
    }
    words[8] = b->d;
}

typedef struct {
    const mr_selftest_events_t *events;
    mr_selftest_t t;
    mr_selftest_sum_t *sum;
    uint32_t total;
} runner_t;

static void begin(runner_t *r, mr_selftest_report_t *report) {
    memset(report, 0, sizeof *report);
    report->ok = true;
    r->t.report = report;
}

/* Hands a unit's verdict out, and looks whether the device still answers. */
static mr_status_t end(runner_t *r) {
    uint32_t id;
    const mr_selftest_report_t *report = r->t.report;
    const mr_selftest_events_t *e = r->events;
    r->sum->units++;
    r->sum->failed += report->ok ? 0u : 1u;
    r->sum->skipped += report->skipped ? 1u : 0u;
    if (e->report != NULL) {
        e->report(e->ctx, report);
    }
    if (e->progress != NULL) {
        e->progress(e->ctx, r->sum->units, r->total);
    }
    if (e->stop != NULL && e->stop(e->ctx)) {
        return MR_CANCELLED;
    }
    return mr_mmio_read32(r->t.mmio, MR_CHIP_BASE + MR_CHIP_ID_OFFSET, &id);
}

static mr_status_t memories(runner_t *r) {
    mr_selftest_report_t report;
    for (uint32_t tile = 0; tile < mr_machine_tiles(&r->t.machine); tile++) {
        for (uint32_t kind = MR_MEM_WMEM; kind <= MR_MEM_PMEM; kind++) {
            begin(r, &report);
            (void)snprintf(report.unit, sizeof report.unit, "tile %u %s", tile, mem_name[kind]);
            mr_selftest_memory(&r->t, (mr_mem_kind_t)kind, tile);
            MR_TRY(end(r));
        }
    }
    begin(r, &report);
    (void)snprintf(report.unit, sizeof report.unit, "hub RESULT");
    mr_selftest_results(&r->t);
    return end(r);
}

static mr_status_t each(runner_t *r, uint32_t n, const char *name,
                        void (*test)(mr_selftest_t *t, uint32_t number)) {
    mr_selftest_report_t report;
    for (uint32_t i = 0; i < n; i++) {
        begin(r, &report);
        (void)snprintf(report.unit, sizeof report.unit, name, i, (i + 1u) % n);
        test(&r->t, i);
        MR_TRY(end(r));
    }
    return MR_OK;
}

static mr_status_t run_parts(runner_t *r, uint32_t parts) {
    const mr_machine_t *m = &r->t.machine;
    const uint32_t tiles = mr_machine_tiles(m);
    const uint32_t links = m->groups > 1u ? m->groups : 0u;
    r->total = ((parts & MR_SELFTEST_MEMORIES) != 0 ? 4u * tiles + 1u : 0u) +
               ((parts & MR_SELFTEST_TILES) != 0 ? tiles : 0u) +
               ((parts & MR_SELFTEST_KV) != 0 ? m->groups : 0u) +
               ((parts & MR_SELFTEST_LINKS) != 0 ? links : 0u);
    if ((parts & MR_SELFTEST_MEMORIES) != 0) {
        MR_TRY(memories(r));
    }
    if ((parts & MR_SELFTEST_TILES) != 0) {
        MR_TRY(each(r, tiles, "tile %u", mr_selftest_tile));
    }
    if ((parts & MR_SELFTEST_KV) != 0) {
        MR_TRY(each(r, m->groups, "group %u KV cache", mr_selftest_kv));
    }
    if ((parts & MR_SELFTEST_LINKS) != 0) {
        MR_TRY(each(r, links, "link %u to %u", mr_selftest_link));
    }
    return mr_chip_soft_reset(r->t.mmio);
}

mr_status_t mr_selftest_run(const mr_mmio_t *mmio, uint32_t parts,
                            const mr_selftest_events_t *events, mr_selftest_sum_t *sum) {
    runner_t r = {.events = events, .sum = sum};
    uint32_t caps;
    *sum = (mr_selftest_sum_t){0, 0, 0};
    if (parts == 0 || (parts & ~(uint32_t)MR_SELFTEST_ALL) != 0) {
        return MR_ARG;
    }
    r.t.mmio = mmio;
    MR_TRY(mr_machine_probe(mmio, &r.t.machine));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_KV_OFFSET, &caps));
    r.t.ecc = (caps & MR_CHIP_CAPS_KV_ECC_MASK) != 0;
    const mr_machine_t *m = &r.t.machine;
    /* WMEM is the largest by far; others where machines are odd. */
    size_t most = (size_t)m->wmem_words * m->lanes * 9u;
    most = most > m->vmem_elems ? most : m->vmem_elems;
    most = most > (size_t)m->xmem_blocks * 9u ? most : (size_t)m->xmem_blocks * 9u;
    most = most > (size_t)m->pmem_descs * 8u ? most : (size_t)m->pmem_descs * 8u;
    most = most > m->result_elems ? most : m->result_elems;
    r.t.words = malloc(most * sizeof *r.t.words);
    if (r.t.words == NULL) {
        return MR_NO_MEMORY;
    }
    mr_status_t status = mr_chip_soft_reset(mmio);
    status = status == MR_OK ? run_parts(&r, parts) : status;
    free(r.t.words);
    return status;
}
