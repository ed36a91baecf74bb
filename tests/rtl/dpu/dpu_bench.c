/* SPDX-License-Identifier: Apache-2.0 */
/* Memories, stalls and KV controller around the Verilated dot-product units. */
#include "dpu_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint32_t dpu_max_g[DPU_UNITS] = {8, 3, 6, 16};
const uint32_t dpu_max_nbh[DPU_UNITS] = {4, 1, 2, 1};

static bool chance(bench_t *b, uint32_t of_256) {
    return of_256 != 0u && mr_test_below(&b->rng, 256u) < of_256;
}

void bench_put_block(uint32_t words[9], const mr_block_t *block) {
    for (uint32_t k = 0; k < 8; k++) {
        words[k] = 0;
        for (uint32_t i = 0; i < 4; i++) {
            words[k] |= (uint32_t)(uint8_t)block->q[4u * k + i] << (8u * i);
        }
    }
    words[8] = block->d;
}

/* Puts `count` bits (at most 16) of value at bit `at` of a lane word. */
static void put_bits(uint32_t *word, uint32_t at, uint32_t count, uint32_t value) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t bit = (value >> i) & 1u;
        uint32_t *w = &word[(at + i) / 32u];
        *w = (*w & ~(1u << ((at + i) % 32u))) | (bit << ((at + i) % 32u));
    }
}

static void put_q4(uint32_t *word, uint32_t half, const mr_block_t *block) {
    for (uint32_t j = 0; j < 16; j++) {
        const uint32_t low = (uint32_t)(block->q[j] + 8);
        const uint32_t high = (uint32_t)(block->q[j + 16u] + 8);
        put_bits(word, 144u * half + 8u * j, 8, low | (high << 4));
    }
    put_bits(word, 144u * half + 128u, 16, block->d);
}

void bench_put_matrix(bench_t *b, uint32_t lanes_log2, uint32_t base, const mr_block_t *w,
                      uint32_t rows, uint32_t nb, bool q4) {
    const uint32_t lanes = 1u << lanes_log2;
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < nb; c++) {
            const uint32_t slot = (r / (4u * lanes) * nb + c) * 4u + r % (4u * lanes) / lanes;
            const uint32_t word = (base + (q4 ? slot / 2u : slot)) % DPU_WDEPTH;
            uint32_t *lane = &b->wmem[(word * lanes + r % lanes) * 9u];
            if (q4) {
                put_q4(lane, slot % 2u, &w[r * nb + c]);
            } else {
                bench_put_block(lane, &w[r * nb + c]);
                lane[8] |= mr_test_u32(&b->rng) << 16; /* these bits must not matter */
            }
        }
    }
}

void bench_stalls(bench_t *b, bool stalls) {
    const uint32_t most = stalls ? 200u : 1u;
    b->vw_stall = mr_test_below(&b->rng, most);
    b->vr_stall = mr_test_below(&b->rng, most);
    b->kc_stall = mr_test_below(&b->rng, most);
    b->kr_stall = mr_test_below(&b->rng, most);
    b->xm_steal = mr_test_below(&b->rng, most);
    b->kv_latency = stalls ? mr_test_below(&b->rng, 60u) : 8u;
}

/* ---- KV controller ---- */

static void kv_offer(bench_t *b) {
    dpu_pins_t *p = &b->pins;
    if (b->kr_offered || b->queued == 0) {
        return;
    }
    bench_stream_t *s = &b->queue[0];
    if (s->wait != 0) {
        s->wait--;
        return;
    }
    if (chance(b, b->kr_stall)) {
        return;
    }
    const uint32_t nbh = p->cmd.nbh;
    const uint32_t place = (s->pos * nbh + b->beat) % (BENCH_KV_POSITIONS * DPU_MAX_NBH);
    const bool fails = b->fail_status != 0 && b->commands - b->queued == b->fail_command &&
                       b->beat >= b->fail_beat;
    bench_put_block(b->kr_block, &b->kv[s->head % BENCH_KV_HEADS][s->kind][place]);
    p->kr_status = fails ? b->fail_status : 0;
    p->kr_last = fails || b->beat + 1 == s->count * nbh;
    p->kr_valid = true;
    b->kr_offered = true;
}

static void kv_after_clock(bench_t *b, bool had_room) {
    dpu_pins_t *p = &b->pins;
    if (p->kr_valid && p->kr_ready) {
        b->beat++;
        if (p->kr_last) {
            b->queued--;
            memmove(&b->queue[0], &b->queue[1], sizeof b->queue[0] * (BENCH_KV_QUEUE - 1u));
            b->beat = 0;
        }
        p->kr_valid = false;
        b->kr_offered = false;
    }
    if (p->kc_valid && p->kc_ready && had_room) {
        const uint32_t wait = mr_test_below(&b->rng, b->kv_latency + 1u);
        b->queue[b->queued++] =
            (bench_stream_t){p->kc_head, p->kc_kind, p->kc_pos, p->kc_count, wait};
        b->commands++;
        if (p->kc_slot != b->kv_slot || p->kc_layer != b->kv_layer) {
            b->fault = "STREAM names the wrong slot or layer";
        }
        if (p->kc_pos % 32u != 0 || p->kc_count == 0 || p->kc_count > 32u) {
            b->fault = "STREAM with an illegal position or count";
        }
        if (p->kc_pos + p->kc_count > p->cmd.pos + 1u) {
            b->fault = "STREAM beyond the job's position";
        }
    }
}

/* ---- clock ---- */

static void memories_after_clock(bench_t *b) {
    const dpu_pins_t *p = &b->pins;
    const uint32_t lane_words = 9u << p->lanes_log2;
    if (b->wm_asked) { /* two cycles after the request */
        memcpy(b->wm_out, &b->wmem[b->wm_addr * lane_words], sizeof(uint32_t) * lane_words);
    }
    b->wm_asked = p->wm_en;
    b->wm_addr = p->wm_addr;
    if (p->xm_en) {
        memcpy(b->xm_out, &b->xmem[p->xm_addr * 9u], sizeof b->xm_out);
    } else if (chance(b, b->xm_steal)) {
        const uint32_t other = mr_test_below(&b->rng, DPU_XDEPTH);
        memcpy(b->xm_out, &b->xmem[other * 9u], sizeof b->xm_out);
    }
    if (p->vr_valid && p->vr_ready) {
        const uint32_t *pair = &b->vmem[2u * p->vr_addr];
        b->vr_out = ((uint64_t)pair[1] << 32) | pair[0];
    } else if (chance(b, b->vr_stall)) {
        b->vr_out = 0x7FC000007FC00000u;
    }
    if (p->vw_valid && p->vw_ready) {
        uint32_t *pair = &b->vmem[2u * p->vw_addr];
        if ((p->vw_en & 1u) != 0) {
            pair[0] = (uint32_t)p->vw_data;
        }
        if ((p->vw_en & 2u) != 0) {
            pair[1] = (uint32_t)(p->vw_data >> 32);
        }
        b->writes++;
    }
}

static void clock_once(bench_t *b) {
    dpu_pins_t *p = &b->pins;
    const dpu_pins_t old = *p;
    kv_offer(b);
    const bool had_room = b->queued < BENCH_KV_QUEUE;
    p->vw_ready = !chance(b, b->vw_stall);
    p->vr_ready = !chance(b, b->vr_stall);
    p->kc_ready = had_room && !chance(b, b->kc_stall);
    p->vr_data = b->vr_out;
    dpu_dut_clock(b->dut, p);
    if (old.vw_valid && !old.vw_ready &&
        (!p->vw_valid || p->vw_addr != old.vw_addr || p->vw_data != old.vw_data)) {
        b->fault = "VMEM write changed before it was taken";
    }
    if (old.vr_valid && !old.vr_ready && (!p->vr_valid || p->vr_addr != old.vr_addr)) {
        b->fault = "VMEM read changed before it was taken";
    }
    if (old.kc_valid && !old.kc_ready &&
        (!p->kc_valid || p->kc_pos != old.kc_pos || p->kc_kind != old.kc_kind)) {
        b->fault = "STREAM command changed before it was taken";
    }
    memories_after_clock(b);
    kv_after_clock(b, had_room);
}

uint32_t bench_run(bench_t *b, uint32_t lanes_log2, const dpu_cmd_t *cmd) {
    dpu_pins_t *p = &b->pins;
    const uint64_t limit = 400000;
    p->lanes_log2 = lanes_log2;
    p->cmd = *cmd;
    b->cycles = 0;
    b->gemv_active = 0;
    b->lane_busy = 0;
    b->kv_wait = 0;
    b->writes = 0;
    b->commands = 0;
    b->fault = NULL;
    p->start = true;
    clock_once(b);
    p->start = false;
    uint32_t err = 0;
    for (b->cycles = 1; b->cycles < limit; b->cycles++) {
        clock_once(b);
        if (b->fault != NULL) {
            return 101;
        }
        if (!p->busy) {
            if (b->queued != 0) {
                b->fault = "idle with a STREAM command still open";
                return 101;
            }
            return err;
        }
        err = p->err;
        b->gemv_active += p->gemv_active ? 1u : 0u;
        b->lane_busy += p->lane_busy ? 1u : 0u;
        b->kv_wait += p->kv_wait ? 1u : 0u;
    }
    return 100;
}

bench_t *bench_open(uint64_t seed) {
    bench_t *b = calloc(1, sizeof *b);
    if (b == NULL) {
        fputs("dpu_bench: out of memory\n", stderr);
        exit(1);
    }
    b->rng.state = seed;
    b->dut = dpu_dut_open();
    b->pins.wm_data = b->wm_out;
    b->pins.xm_data = b->xm_out;
    b->pins.kr_block = b->kr_block;
    b->pins.reset = true;
    for (int i = 0; i < 4; i++) {
        clock_once(b);
    }
    b->pins.reset = false;
    clock_once(b);
    b->fault = NULL;
    return b;
}

void bench_close(bench_t *b) {
    dpu_dut_close(b->dut);
    free(b);
}
