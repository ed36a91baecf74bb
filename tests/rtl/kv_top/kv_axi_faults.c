/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the AXI memory; see kv_faults.h. */
#include "kv_axi_faults.h"

#include <string.h>

#include "kv_faults.h"

enum { SETTLE = 16, LATENCY = 200, BACK = 100000 /* clocks until the memory is quiet again */ };

static void set_mode(bench_t *b, uint32_t error_per_1000) {
    static const unsigned chances[] = {100, 100, 70, 30};
    mr_axi_mem_mode_t mode = {.style = (mr_axi_mem_style_t)traffic_rnd(&b->rng, MR_AXI_MEM_STYLES),
                              .ar_pct = chances[traffic_rnd(&b->rng, 4)],
                              .aw_pct = chances[traffic_rnd(&b->rng, 4)],
                              .w_pct = chances[traffic_rnd(&b->rng, 4)],
                              .r_pct = chances[traffic_rnd(&b->rng, 4)],
                              .b_pct = chances[traffic_rnd(&b->rng, 4)],
                              .latency_min = traffic_rnd(&b->rng, LATENCY / 2),
                              .error_per_1000 = error_per_1000};
    mode.latency_max = mode.latency_min + traffic_rnd(&b->rng, LATENCY / 2);
    mode.odd_per_1000 = traffic_one_in(&b->rng, 2) ? error_per_1000 : 0U;
    mr_axi_mem_mode(b->sim.axi_mem, &mode);
}

static void clear_errors(bench_t *b) {
    b->sim.in.axi_err_clear = true;
    bench_tick(b);
    b->sim.in.axi_err_clear = false;
    b->axi_bad_writes = 0;
    b->axi_odd = false;
    bench_tick(b);
}

void axi_faults_on(bench_t *b) {
    if (!b->sim.axi) {
        return;
    }
    clear_errors(b);
    b->lossy = !b->injecting && !traffic_one_in(&b->rng, 3);
    set_mode(b, b->lossy ? 1U + traffic_rnd(&b->rng, 10) : 0U);
}

void axi_faults_off(bench_t *b) {
    if (!b->sim.axi) {
        return;
    }
    set_mode(b, 0);
    for (uint32_t i = 0; i < SETTLE; i++) {
        bench_tick(b);
    }
    const mr_kv_sim_out_t *out = &b->sim.out;
    if (out->axi_wr_errors != b->axi_bad_writes || out->axi_wr_err != (b->axi_bad_writes != 0U) ||
        out->axi_proto_err != b->axi_odd || out->axi_timeout) {
        bench_fail(b, "%u write errors instead of %u, odd answers %u instead of %u, time-out %u",
                   out->axi_wr_errors, b->axi_bad_writes, out->axi_proto_err, b->axi_odd,
                   out->axi_timeout);
    }
    b->total.write_errors += b->axi_bad_writes;
}

void faults_tick(bench_t *b) {
    const mr_axi_mem_event_t *event = &b->sim.axi_event;
    b->total.read_errors += event->r && event->r_bad ? 1U : 0U;
    b->axi_bad_writes += event->b && event->b_bad ? 1U : 0U;
    b->axi_odd = b->axi_odd || event->odd;
}

uint64_t faults_axi_bytes(bench_t *b) {
    const uint8_t *bytes = mr_axi_mem_bytes(b->sim.axi_mem);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_KV_SIM_AXI_BYTES; i++) {
        sum += bytes[i];
    }
    b->total.bytes_checked += MR_KV_SIM_AXI_BYTES;
    return sum;
}

/* ---- copies, silence ---- */

enum { PREFIX = 35 };

static void fill_slot(bench_t *b) {
    bench_administer(b, MR_KV_SIM_QUOTA, 0, b->sim.limits.slot_blocks);
    for (uint32_t pos = 0; pos < PREFIX; pos++) {
        bench_chunks(b, MR_KV_SIM_APPEND, 0, pos);
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_QUOTA, 0, b->golden.slot[0].quota);
}

static void read_slot(bench_t *b) {
    bench_chunks(b, MR_KV_SIM_STREAM, 0, 31);
    bench_chunks(b, MR_KV_SIM_STREAM, 0, PREFIX - 1U);
    bench_drain(b);
}

void axi_undo(bench_t *b) {
    const mr_kv_sim_cmd_t append = {.op = MR_KV_SIM_APPEND, .slot = 1, .count = 1, .pos = PREFIX};
    const uint64_t undone = b->total.copies_undone;
    mr_axi_mem_mode_t errors = {.ar_pct = 100, .aw_pct = 100, .w_pct = 100, .r_pct = 100};
    if (!b->sim.axi) {
        return;
    }
    errors.b_pct = 100;
    errors.error_per_1000 = 1000;
    fill_slot(b);
    bench_administer(b, MR_KV_SIM_FORK, 1, PREFIX);
    b->lossy = true;
    mr_axi_mem_mode(b->sim.axi_mem, &errors);
    bench_command(b, &append);
    bench_drain(b);
    if (b->total.copies_undone != undone + 1U) {
        bench_fail(b, "a copy of bad words counts");
    }
    set_mode(b, 0);
    b->lossy = false;
    for (uint32_t slot = 0; slot < 2U; slot++) {
        bench_chunks(b, MR_KV_SIM_APPEND, slot, PREFIX);
        bench_chunks(b, MR_KV_SIM_STREAM, slot, PREFIX);
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_FREE, 0, 0);
    bench_administer(b, MR_KV_SIM_FREE, 1, 0);
    bench_quiet(b);
}

/* The memory answers what it owes, the controller forgets and starts again. */
static void recover(bench_t *b) {
    const uint64_t start = b->sim.clock;
    set_mode(b, 0);
    while ((mr_axi_mem_waiting(b->sim.axi_mem) != 0U || b->sim.axi_pins.aw.valid ||
            b->sim.axi_pins.ar.valid || b->sim.axi_pins.w.valid) &&
           b->sim.clock - start < BACK) {
        bench_tick(b);
    }
    if (!b->sim.out.axi_timeout || b->sim.clock - start >= BACK) {
        bench_fail(b, "the memory does not come to rest, or the time-out is gone");
    }
    b->sim.in.axi_clear = true;
    bench_tick(b);
    b->sim.in.axi_clear = false;
    bench_tick(b);
    while (!b->sim.out.ready && b->sim.clock - start < BACK) {
        bench_tick(b);
    }
    if (!b->sim.out.ready || b->sim.out.axi_timeout || b->sim.out.pages_used != 0U) {
        bench_fail(b, "not cleared: ready %u, time-out %u, %u pages in use", b->sim.out.ready,
                   b->sim.out.axi_timeout, b->sim.out.pages_used);
    }
}

void faults_silence(bench_t *b) {
    const mr_axi_mem_mode_t silent = {.latency_min = 0};
    if (!b->sim.axi || b->failed) {
        return;
    }
    b->kw_pace = 8;
    b->kr_pace = 8;
    fill_slot(b);
    read_slot(b);
    const uint64_t lost = b->total.lost_streams;
    b->lossy = true;
    mr_axi_mem_mode(b->sim.axi_mem, &silent);
    read_slot(b);
    bench_chunks(b, MR_KV_SIM_APPEND, 0, PREFIX);
    bench_drain(b);
    const uint32_t streams = 4U * b->sim.shape.layers * b->sim.shape.heads;
    if (!b->sim.out.axi_timeout || b->total.lost_streams != lost + streams) {
        bench_fail(b, "a silent memory: time-out %u, %u streams of %u ended with 7",
                   b->sim.out.axi_timeout, (unsigned)(b->total.lost_streams - lost), streams);
    }
    recover(b);
    b->lossy = false;
    const mr_kv_sim_shape_t shape = b->sim.shape;
    golden_start(&b->golden, &b->sim.limits, &shape);
    memset(b->refused, 0, sizeof b->refused);
    fill_slot(b);
    read_slot(b);
    b->total.silences++;
}
