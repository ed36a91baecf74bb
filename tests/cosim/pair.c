/* SPDX-License-Identifier: Apache-2.0 */
/* The Verilated chip and a functional model of the same shape, driven in step. */
#include "pair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/backend_model.h"
#include "millrace/backend_sim.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"

/* What CAPS does not tell about the simulated machine (sim_verilator/chip). */
#define SLOT_BLOCKS 32u
#define DRAM_BLOCKS ((64u << 20) / 34u)

#define SETTLE_POLLS 40000u /* of at least POLL_CYCLES */
#define POLL_CYCLES 64u
#define QUIET_POLLS 3u

void pair_die(const pair_t *p, const char *format, ...) {
    va_list args;
    const char *fault = mr_backend_sim_fault(&p->io[PAIR_SIM]);
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "FAIL: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "%s%s [%s]\n", fault != NULL ? ": " : "", fault != NULL ? fault : "",
            p->context);
    va_end(args);
    exit(1);
}

static void check(const pair_t *p, mr_status_t status, const char *what) {
    if (status != MR_OK) {
        pair_die(p, "%s: %s", what, mr_status_text(status));
    }
}

void pair_open(pair_t *p, const char *dram) {
    p->context = "power-up";
    if (mr_backend_sim_create(dram, &p->io[PAIR_SIM]) != MR_OK) {
        fprintf(stderr, "FAIL: no simulated chip with DRAM '%s'\n",
                dram != NULL ? dram : "default");
        exit(1);
    }
    check(p, mr_machine_probe(&p->io[PAIR_SIM], &p->machine), "probe");
    const mr_machine_t *m = &p->machine;
    const mr_backend_model_config_t config = {
        .groups = m->groups,
        .tiles = m->tiles,
        .lanes = m->lanes,
        .wmem_words = m->wmem_words,
        .vmem_elems = m->vmem_elems,
        .xmem_blocks = m->xmem_blocks,
        .pmem_descs = m->pmem_descs,
        .in_bufs = m->in_bufs,
        .in_size_max = m->in_size_max,
        .res_bufs = m->result_bufs,
        .res_size = m->result_elems,
        .kv_channels = m->channels,
        .kv_slots = m->kv_slots,
        .kv_layers = m->kv_layers,
        .kv_heads = m->kv_heads,
        .kv_nbh = m->kv_nbh,
        .kv_pages = m->kv_pages,
        .kv_slot_blocks = SLOT_BLOCKS,
        .kv_dram_blocks = DRAM_BLOCKS,
    };
    check(p, mr_backend_model_create(&config, &p->io[PAIR_MODEL]), "model");
}

void pair_close(pair_t *p) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        mr_mmio_close(&p->io[d]);
    }
}

uint32_t pair_read(const pair_t *p, int device, uint32_t addr) {
    uint32_t value = 0;
    check(p, mr_mmio_read32(&p->io[device], addr, &value), "read");
    return value;
}

void pair_write(const pair_t *p, uint32_t addr, uint32_t value) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_mmio_write32(&p->io[d], addr, value), "write");
    }
}

uint32_t pair_tile_read(const pair_t *p, int device, uint32_t tile, uint32_t offset) {
    return pair_read(p, device, MR_TILE_BASE + tile * MR_TILE_STRIDE + offset);
}

void pair_tile_write(const pair_t *p, uint32_t tile, uint32_t offset, uint32_t value) {
    pair_write(p, MR_TILE_BASE + tile * MR_TILE_STRIDE + offset, value);
}

uint64_t pair_tile_counter(const pair_t *p, int device, uint32_t tile, uint32_t lo_offset) {
    uint64_t value = 0;
    check(p, mr_tile_counter(&p->io[device], tile, lo_offset, &value), "counter");
    return value;
}

void pair_put(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t index, const uint32_t *words,
              size_t n) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_window_write(&p->io[d], (mr_mem_kind_t)kind, tile, index, words, n), "window");
        check(p, mr_chip_bus_error(&p->io[d]), "window write");
    }
}

void pair_put_rows(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t first,
                   const uint32_t *words, size_t rows) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_window_write_rows(&p->io[d], (mr_mem_kind_t)kind, tile, first, words, rows),
              "window");
        check(p, mr_chip_bus_error(&p->io[d]), "window write");
    }
}

void pair_get(const pair_t *p, int device, uint32_t kind, uint32_t tile, uint32_t index,
              uint32_t *words, size_t n) {
    check(p, mr_window_read(&p->io[device], (mr_mem_kind_t)kind, tile, index, words, n),
          "window read");
}

bool pair_same(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t first, uint32_t rows) {
    uint32_t crc[PAIR_DEVICES];
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_window_crc(&p->io[d], (mr_mem_kind_t)kind, tile, first, rows, &crc[d]), "CRC");
    }
    return crc[PAIR_SIM] == crc[PAIR_MODEL];
}

void pair_start_tile(const pair_t *p, uint32_t tile, uint32_t in_base, uint32_t in_size) {
    pair_tile_write(p, tile, MR_TILE_IN_BASE_OFFSET, in_base);
    pair_tile_write(p, tile, MR_TILE_IN_SIZE_OFFSET, in_size);
    pair_tile_write(p, tile, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_ENABLE_MASK);
    pair_tile_write(p, tile, MR_TILE_ERROR_OFFSET, MR_TILE_ERROR_CODE_MASK);
    pair_tile_write(p, tile, MR_TILE_CNT_CTRL_OFFSET, MR_TILE_CNT_CTRL_CLEAR_MASK);
}

void pair_kv_init(const pair_t *p, uint32_t layers, uint32_t heads, uint32_t nbh) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_kv_init(&p->io[d], 0, layers, heads, nbh, 100000), "KV init");
    }
}

void pair_kv_free(const pair_t *p, uint32_t slot) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        check(p, mr_kv_free(&p->io[d], slot, 100000), "KV free");
    }
}

static bool push_ready(const pair_t *p, int device) {
    return (pair_read(p, device, MR_HUB_BASE + MR_HUB_INJ_STATUS_OFFSET) &
            MR_HUB_INJ_STATUS_READY_MASK) != 0;
}

void pair_push(const pair_t *p, int device, const pair_job_t *job) {
    const struct {
        uint32_t offset;
        uint32_t value;
    } writes[] = {
        {MR_HUB_INJ_DEST_OFFSET, job->dest},
        {MR_HUB_INJ_PROG_OFFSET, job->pc | (job->flags << MR_HUB_INJ_PROG_FLAGS_SHIFT) |
                                     (job->parts << MR_HUB_INJ_PROG_PARTS_SHIFT)},
        {MR_HUB_INJ_TOKEN_OFFSET, job->token},
        {MR_HUB_INJ_POS_OFFSET, job->pos},
        {MR_HUB_INJ_SLOT_OFFSET, job->slot},
        {MR_HUB_INJ_CTRL_OFFSET, MR_HUB_INJ_CTRL_PUSH_MASK},
    };
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        check(p, mr_mmio_write32(&p->io[device], MR_HUB_BASE + writes[i].offset, writes[i].value),
              "injection");
    }
}

void pair_inject(pair_t *p, const pair_job_t *job) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        uint32_t polls = 0;
        while (!push_ready(p, d)) {
            pair_take_results(p, d);
            check(p, mr_mmio_wait(&p->io[d], POLL_CYCLES), "wait");
            if (polls++ == SETTLE_POLLS) {
                pair_die(p, "%s never takes the injected job", d == PAIR_SIM ? "sim" : "model");
            }
        }
        pair_push(p, d, job);
    }
    p->injected++;
}

void pair_take_results(pair_t *p, int device) {
    const uint32_t hub = MR_HUB_BASE;
    for (;;) {
        const uint32_t status = pair_read(p, device, hub + MR_HUB_RES_STATUS_OFFSET);
        if ((status & MR_HUB_RES_STATUS_COUNT_MASK) == 0) {
            return;
        }
        if (p->n_results[device] == PAIR_RESULTS_MAX) {
            pair_die(p, "more results than expected");
        }
        pair_result_t *r = &p->results[device][p->n_results[device]++];
        const uint32_t buffer =
            (status & MR_HUB_RES_STATUS_HEAD_MASK) >> MR_HUB_RES_STATUS_HEAD_SHIFT;
        r->hdr = pair_read(p, device, hub + MR_HUB_RES_HDR_OFFSET);
        r->pos = pair_read(p, device, hub + MR_HUB_RES_POS_OFFSET);
        r->token = pair_read(p, device, hub + MR_HUB_RES_TOKEN_OFFSET);
        r->len = pair_read(p, device, hub + MR_HUB_RES_LEN_OFFSET);
        const uint32_t n = r->len < PAIR_RESULT_ELEMS ? r->len : PAIR_RESULT_ELEMS;
        pair_get(p, device, MR_CHIP_MEM_TARGET_KIND_RESULT, 0, buffer * p->machine.result_elems,
                 r->data, n);
        check(p, mr_hub_pop(&p->io[device]), "pop");
    }
}

static bool at_rest(const pair_t *p, int device) {
    for (uint32_t t = 0; t < p->machine.tiles; t++) {
        const uint32_t status = pair_tile_read(p, device, t, MR_TILE_STATUS_OFFSET);
        if ((status & (MR_TILE_STATUS_BUSY_MASK | MR_TILE_STATUS_QUEUED_MASK)) != 0) {
            return false;
        }
    }
    return push_ready(p, device);
}

bool pair_settle_device(pair_t *p, int device) {
    uint32_t quiet = 0;
    for (uint32_t poll = 0; poll < SETTLE_POLLS; poll++) {
        const uint32_t before = p->n_results[device];
        pair_take_results(p, device);
        /* A message may be between two tiles at any one look. */
        quiet = at_rest(p, device) && p->n_results[device] == before ? quiet + 1 : 0;
        if (quiet == QUIET_POLLS) {
            return true;
        }
        check(p, mr_mmio_wait(&p->io[device], POLL_CYCLES), "wait");
    }
    return false;
}

void pair_settle(pair_t *p) {
    for (int d = 0; d < PAIR_DEVICES; d++) {
        if (!pair_settle_device(p, d)) {
            pair_die(p, "%s does not come to rest: tile 0 STATUS %#" PRIx32 ", tile 1 %#" PRIx32,
                     d == PAIR_SIM ? "sim" : "model",
                     pair_tile_read(p, d, 0, MR_TILE_STATUS_OFFSET),
                     pair_tile_read(p, d, p->machine.tiles - 1, MR_TILE_STATUS_OFFSET));
        }
    }
}
