/* SPDX-License-Identifier: Apache-2.0 */
/* A program on a tile whose every bit is known: QUANT, GEMV on all lanes, ADD, SILU_MUL. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "selftest/selftest_internal.h"

enum { NB = 2, ROWS = 32, X = 0, Y = 64, Z = 96, S = 128, OUT = 3 * ROWS };

/* Legal blocks of weights: small integers, scale 2^-6. */
static void make_weights(mr_block_t *w, uint32_t seed) {
    for (uint32_t i = 0; i < ROWS * NB; i++) {
        w[i].d = 0x2400;
        for (uint32_t k = 0; k < MR_BLOCK_LEN; k++) {
            w[i].q[k] = (int8_t)((int32_t)(mr_selftest_hash(seed + i * 32u + k) % 255u) - 127);
        }
    }
}

static bool load(const mr_selftest_t *t, uint32_t tile, const float *x, const mr_block_t *w) {
    const uint32_t lanes = t->machine.lanes;
    uint32_t bits[32 * NB];
    memcpy(bits, x, sizeof bits);
    mr_status_t status =
        mr_window_write(t->mmio, MR_MEM_VMEM, tile, X, bits, sizeof bits / sizeof bits[0]);
    for (uint32_t r = 0; r < ROWS && status == MR_OK; r++) {
        for (uint32_t b = 0; b < NB && status == MR_OK; b++) {
            uint32_t words[9];
            const uint32_t slot = (r / (4u * lanes) * NB + b) * 4u + r % (4u * lanes) / lanes;
            mr_selftest_block_words(&w[r * NB + b], words);
            status = mr_window_write_rows(t->mmio, MR_MEM_WMEM, tile, slot * lanes + r % lanes,
                                          words, 1);
        }
    }
    if (status == MR_OK) {
        status = mr_chip_bus_error(t->mmio);
    }
    return status == MR_OK || mr_selftest_refused(t, "load", status);
}

static void compare(const mr_selftest_t *t, const float *want, const uint32_t *got) {
    static const char *const name[] = {"GEMV row", "ADD element", "SILU_MUL element"};
    for (uint32_t i = 0; i < OUT; i++) {
        uint32_t bits;
        memcpy(&bits, &want[i], sizeof bits);
        if (bits != got[i]) {
            char lane[32] = "";
            if (i < ROWS) {
                (void)snprintf(lane, sizeof lane, " (lane %" PRIu32 ")", i % t->machine.lanes);
            }
            (void)mr_selftest_fail(t,
                                   "%s %" PRIu32 "%s: expected 0x%08" PRIX32 ", got 0x%08" PRIX32,
                                   name[i / ROWS], i % ROWS, lane, bits, got[i]);
            return;
        }
    }
}

void mr_selftest_tile(mr_selftest_t *t, uint32_t tile) {
    const mr_machine_t *m = &t->machine;
    static mr_block_t w[ROWS * NB];
    mr_block_t q[NB];
    float x[32 * NB];
    float want[OUT];
    uint32_t got[OUT];
    const mr_selftest_desc_t program[] = {
        {{0x002, 0, X, 0, 32 * NB, 0, 0, 0}},
        {{0x103, Y, 0, 0, ROWS, NB, 0, 0}},
        {{0x205, Z, Y, X, ROWS, 0, 0, 0}},
        {{0x106, S, Z, X + 32, ROWS, 0, 0, 0}},
        {{0xF0B, 1, Y, 0, OUT, 1u << 16, mr_selftest_hops_home(t, tile), 0}},
        {{0, 0, 0, 0, 0, 0, 0, 0}},
    };
    if (m->vmem_elems < 2u * MR_SELFTEST_IN_BASE || m->xmem_blocks < NB ||
        m->wmem_words * m->lanes < ROWS * NB || m->pmem_descs < MR_SELFTEST_RELAY_PC + 2u) {
        t->report->skipped = true;
        (void)snprintf(t->report->text, sizeof t->report->text, "memories too small");
        return;
    }
    for (uint32_t i = 0; i < 32 * NB; i++) {
        x[i] = mr_selftest_float(1000u + i);
    }
    make_weights(w, 7000u);
    mr_op_quant(x, sizeof x / sizeof x[0], q);
    mr_op_gemv(want, w, q, ROWS, NB, false);
    mr_op_add(want + ROWS, want, x, ROWS);
    mr_op_silu_mul(want + (size_t)2 * ROWS, want + ROWS, x + 32, ROWS);
    if (mr_selftest_prepare(t, tile) && mr_selftest_program(t, tile, 0, program, 6) &&
        load(t, tile, x, w) && mr_selftest_job(t, tile, 0, 0, 0, got, OUT)) {
        compare(t, want, got);
        if (t->report->ok) {
            (void)snprintf(t->report->text, sizeof t->report->text, "QUANT, GEMV, ADD, SILU_MUL");
        }
    }
}
