/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the chip at its registers, one by one, on the Verilated chip (and the model where time
 * does not matter): access to busy tiles, full queues, clear and soft reset in the middle of
 * everything, refusals that must not hang, counters, GEMV utilisation.
 *
 * usage: test_chip_rules [TEST]
 * Exit status 0 and "PASS" only when every check held; a failed one is named.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/regs.h"
#include "pair.h"
#include "rand_gen.h"
#include "rand_prog.h"

#define IN_BASE GEN_IN_BASE
#define IN_SIZE 64u
#define KV_LAYERS 2u
#define KV_HEADS 4u
#define KV_NBH 2u
#define KV_WORD(nbh_) ((KV_HEADS << 8) | ((uint32_t)(nbh_) << 24))
#define WAIT_ALL 0xF00u

static pair_t pair;

static void expect(bool ok, const char *what) {
    if (!ok) {
        pair_die(&pair, "%s", what);
    }
}

static void put_program(uint32_t tile, uint32_t pc, const gen_desc_t *d, uint32_t n) {
    pair_put(&pair, MR_CHIP_MEM_TARGET_KIND_PMEM, tile, pc * 8, d[0].w, n * 8);
}

/* Operands and weights that are plain numbers. */
static void put_contents(void) {
    static uint32_t words[9 * 64];
    gen_t g;
    gen_seed(&g, 1, &pair.machine);
    for (uint32_t tile = 0; tile < pair.machine.tiles; tile++) {
        for (uint32_t at = 0; at < 2048; at += 512) {
            gen_floats(&g, false, words, 512);
            pair_put(&pair, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, at, words, 512);
        }
        gen_blocks(&g, false, words, 64);
        pair_put_rows(&pair, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, 0, words, 64);
        for (uint32_t at = 0; at < 2560; at += 64) {
            gen_weights(&g, words, 64);
            pair_put_rows(&pair, MR_CHIP_MEM_TARGET_KIND_WMEM, tile, at, words, 64);
        }
    }
}

static void start_tiles(void) {
    for (uint32_t tile = 0; tile < pair.machine.tiles; tile++) {
        pair_start_tile(&pair, tile, IN_BASE, IN_SIZE);
    }
    pair.n_results[PAIR_SIM] = 0;
    pair.n_results[PAIR_MODEL] = 0;
}

static void inject(uint32_t tile, uint32_t pc, uint32_t slot, uint32_t pos) {
    const pair_job_t job = {.dest = 2u << tile, .pc = pc, .parts = 1, .slot = slot, .pos = pos};
    pair_inject(&pair, &job);
}

static uint32_t result_status(int device, uint32_t i) {
    expect(i < pair.n_results[device], "a result is missing");
    return (pair.results[device][i].hdr & MR_HUB_RES_HDR_STATUS_MASK) >>
           MR_HUB_RES_HDR_STATUS_SHIFT;
}

static uint32_t sim_status(uint32_t tile) {
    return pair_tile_read(&pair, PAIR_SIM, tile, MR_TILE_STATUS_OFFSET);
}

static void sim_wait(uint32_t cycles) {
    expect(mr_mmio_wait(&pair.io[PAIR_SIM], cycles) == MR_OK, "wait");
}

/* Runs one program on tile 0 of both devices; the status of its only result has to be this. */
static void run_for_status(const gen_desc_t *d, uint32_t n, uint32_t slot, uint32_t pos,
                           uint32_t want, const char *what) {
    start_tiles();
    put_program(0, 16, d, n);
    inject(0, 16, slot, pos);
    pair_settle(&pair);
    for (int dev = 0; dev < PAIR_DEVICES; dev++) {
        expect(pair.n_results[dev] == 1 && result_status(dev, 0) == want, what);
        expect(pair_tile_read(&pair, dev, 0, MR_TILE_ERROR_OFFSET) % 16 == want, what);
    }
}

static const gen_desc_t send_all = {{PROG_SEND | WAIT_ALL, 1, 0, 0, 32, 7, 0, 0}};
static const gen_desc_t end = {{PROG_END, 0, 0, 0, 0, 0, 0, 0}};

/* ---- refusals ------------------------------------------------------------------------------ */

/* A SEND that waits for a unit must carry the status that the unit ends with. */
static void test_waiting_send__sees_the_error(void) {
    const gen_desc_t late = {{PROG_ATTEND, 512, 0, KV_WORD(KV_NBH), 1, 0, 0x3F800000u, 0}};
    const gen_desc_t append = {{PROG_KV_APPEND, KV_WORD(KV_NBH), 0, 0, 0, 0, 0, 0}};
    const gen_desc_t unread[] = {late, send_all, end};
    const gen_desc_t wrong_pos[] = {append, send_all, end};
    run_for_status(unread, 3, 1, 5, 5, "ATTEND beyond the written length");
    run_for_status(wrong_pos, 3, 1, 5, 5, "APPEND at a later position");
    run_for_status(wrong_pos, 3, 1, 0, 0, "APPEND at position 0");
    run_for_status(wrong_pos, 3, 1, 0, 5, "APPEND at position 0 again");
    run_for_status(wrong_pos, 3, 200, 0, 4, "APPEND to an unknown slot");
}

/* The multiplexer waits for CONFIG.nbh blocks: a KV_APPEND of another shape is refused before. */
static void test_append__other_shape(void) {
    for (uint32_t nbh = 1; nbh < 8; nbh++) {
        const gen_desc_t d[] = {{{PROG_KV_APPEND, KV_WORD(nbh), 0, 0, 0, 0, 0, 0}}, send_all, end};
        if (nbh != KV_NBH) {
            run_for_status(d, 3, 2, 0, 2, "APPEND with another nbh than CONFIG");
        }
    }
    const gen_desc_t last[] = {
        {{PROG_KV_APPEND, KV_WORD(KV_NBH), 0, 57, 0, 0, 0, 0}}, send_all, end};
    run_for_status(last, 3, 2, 0, 2, "APPEND of blocks past the end of XMEM");
    /* CONFIG alone changes nothing: CTRL.init takes it over. */
    const gen_desc_t good[] = {
        {{PROG_KV_APPEND, KV_WORD(KV_NBH), 0, 56, 0, 0, 0, 0}}, send_all, end};
    const uint32_t config = pair_read(&pair, PAIR_SIM, MR_KV_BASE + MR_KV_CONFIG_OFFSET);
    pair_write(&pair, MR_KV_BASE + MR_KV_CONFIG_OFFSET, 0x04010001u);
    run_for_status(good, 3, 2, 0, 0, "APPEND after a write to CONFIG without init");
    pair_write(&pair, MR_KV_BASE + MR_KV_CONFIG_OFFSET, config);
    pair_kv_free(&pair, 1);
    pair_kv_free(&pair, 2);
}

/* ---- access -------------------------------------------------------------------------------- */

/* A job that stays: it has a buffer but its tile is disabled. */
static void test_window__busy_tile(void) {
    const gen_desc_t d[] = {send_all, end};
    start_tiles();
    put_program(1, 16, d, 2);
    pair_tile_write(&pair, 1, MR_TILE_CTRL_OFFSET, 0);
    inject(1, 16, 0, 0);
    sim_wait(200);
    for (int dev = 0; dev < PAIR_DEVICES; dev++) {
        const mr_mmio_t *io = &pair.io[dev];
        uint32_t word = 0;
        uint32_t crc = 0;
        for (uint32_t kind = MR_MEM_WMEM; kind <= MR_MEM_PMEM; kind++) {
            expect(mr_window_read(io, (mr_mem_kind_t)kind, 1, 0, &word, 1) == MR_DEVICE,
                   "read of a busy tile's memory");
            expect(mr_chip_bus_error(io) == MR_DEVICE, "STATUS.bus_error after it");
            expect(mr_window_write(io, (mr_mem_kind_t)kind, 1, 8, &word, 1) == MR_OK &&
                       mr_chip_bus_error(io) == MR_DEVICE,
                   "write to a busy tile's memory");
            expect(mr_window_crc(io, (mr_mem_kind_t)kind, 1, 0, 4, &crc) == MR_DEVICE,
                   "CRC of a busy tile's memory");
            expect(mr_window_read(io, (mr_mem_kind_t)kind, 0, 0, &word, 1) == MR_OK,
                   "read of an idle tile beside it");
        }
        expect(mr_window_read(io, MR_MEM_VMEM, 2, 0, &word, 1) == MR_DEVICE, "tile 2 of 2");
        expect(mr_chip_bus_error(io) == MR_DEVICE, "STATUS.bus_error after it");
    }
    pair_tile_write(&pair, 1, MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_ENABLE_MASK);
    pair_settle(&pair);
    expect(pair.n_results[PAIR_SIM] == 1 && pair.n_results[PAIR_MODEL] == 1, "the job ran");
}

/* While the engine runs, the window answers, but with a refusal; the run is not disturbed. */
static void test_crc__window_refused_meanwhile(void) {
    const mr_mmio_t *io = &pair.io[PAIR_SIM];
    uint32_t status = 0;
    uint32_t word = 0;
    uint32_t crc = 0;
    uint32_t want = 0;
    expect(mr_window_crc(&pair.io[PAIR_MODEL], MR_MEM_WMEM, 0, 0, 64, &want) == MR_OK,
           "CRC of the model");
    expect(mr_window_read(io, MR_MEM_WMEM, 0, 0, &word, 1) == MR_OK, "read before");
    expect(mr_mmio_write32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_START_OFFSET, 0) == MR_OK &&
               mr_mmio_write32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_COUNT_OFFSET, 64) == MR_OK &&
               mr_mmio_write32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_CTRL_OFFSET,
                               MR_CHIP_MEM_CRC_CTRL_START_MASK) == MR_OK,
           "start");
    expect(mr_mmio_read32(io, MR_WINDOW_BASE, &word) == MR_DEVICE, "read during a run");
    expect(mr_chip_bus_error(io) == MR_DEVICE, "STATUS.bus_error after it");
    expect(mr_mmio_write32(io, MR_WINDOW_BASE, ~word) == MR_OK &&
               mr_chip_bus_error(io) == MR_DEVICE,
           "write during a run");
    expect(mr_mmio_read32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_STATUS_OFFSET, &status) == MR_OK &&
               (status & MR_CHIP_MEM_CRC_STATUS_BUSY_MASK) != 0,
           "the run still goes on");
    sim_wait(2000);
    expect(mr_mmio_read32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_STATUS_OFFSET, &status) == MR_OK &&
               status == 0,
           "the run is over");
    expect(mr_mmio_read32(io, MR_CHIP_BASE + MR_CHIP_MEM_CRC_VALUE_OFFSET, &crc) == MR_OK &&
               crc == want,
           "its value");
}

static void test_crc__every_kind(void) {
    for (uint32_t kind = MR_MEM_WMEM; kind <= MR_MEM_PMEM; kind++) {
        for (uint32_t tile = 0; tile < 2; tile++) {
            const uint32_t first = kind == MR_MEM_PMEM ? 16 : 3;
            const uint32_t word = kind == MR_MEM_PMEM   ? 8 * 17 + 1
                                  : kind == MR_MEM_VMEM ? 4
                                                        : 16 * 4;
            uint32_t old;
            expect(pair_same(&pair, kind, tile, first, 2), "CRC of equal contents");
            /* One bit more on the chip alone; WMEM and XMEM are written by their ninth word. */
            pair_get(&pair, PAIR_SIM, kind, tile, word, &old, 1);
            expect(mr_window_write(&pair.io[PAIR_SIM], (mr_mem_kind_t)kind, tile,
                                   word + (kind % 2 == 0 ? 8 : 0), (uint32_t[]){old ^ 1u},
                                   1) == MR_OK,
                   "write");
            expect(!pair_same(&pair, kind, tile, first, 2), "CRC of different contents");
        }
    }
    expect(pair_same(&pair, MR_MEM_RESULT, 0, 0, 32), "CRC of a result");
    put_contents();
}

/* Ten results into four buffers: senders wait, the fifth injection waits, nothing is lost. */
static void test_results__full(void) {
    gen_desc_t d[11];
    start_tiles();
    for (uint32_t i = 0; i < 10; i++) {
        d[i] = (gen_desc_t){{PROG_SEND, 1, 32 * i, 0, 32, 100 + i, 0, 0}};
    }
    d[10] = end;
    put_program(0, 16, d, 11);
    inject(0, 16, 3, 9);
    for (uint32_t i = 0; i < 4; i++) { /* behind a job that waits: three buffers, one pending */
        const pair_job_t job = {.dest = 2, .pc = 16 + 10, .parts = 1};
        for (int dev = 0; dev < PAIR_DEVICES; dev++) {
            pair_push(&pair, dev, &job);
        }
        sim_wait(1);
    }
    for (uint32_t i = 0; i < 50; i++) {
        (void)sim_status(0);
    }
    for (int dev = 0; dev < PAIR_DEVICES; dev++) {
        const uint32_t hub = MR_HUB_BASE;
        expect((pair_read(&pair, dev, hub + MR_HUB_RES_STATUS_OFFSET) & 0xFFu) == 4,
               "all result buffers full");
        expect(pair_read(&pair, dev, hub + MR_HUB_INJ_STATUS_OFFSET) == 0, "injection waits");
        expect((pair_tile_read(&pair, dev, 0, MR_TILE_STATUS_OFFSET) & 0xFFu) == (1 | (3u << 1)),
               "one job runs, three wait");
    }
    pair_settle(&pair);
    for (int dev = 0; dev < PAIR_DEVICES; dev++) {
        expect(pair.n_results[dev] == 10, "ten results");
        for (uint32_t i = 0; i < 10; i++) {
            expect(pair.results[dev][i].hdr >> MR_HUB_RES_HDR_PC_SHIFT == 100 + i, "their order");
            expect(memcmp(pair.results[dev][i].data, pair.results[PAIR_MODEL][i].data, 128) == 0,
                   "their payload");
        }
        expect(pair_tile_counter(&pair, dev, 0, MR_TILE_JOBS_LO_OFFSET) == 5, "five jobs");
    }
}

/* ---- clear and reset in the middle of everything ------------------------------------------- */

#define LONG_JOBS 40u

/* A program that keeps every unit and the KV port of its tile at work: appends and attends at
 * job.pos, sends to the other tile's discarding program and to the hub. */
static void put_busy_program(uint32_t tile, uint32_t pc, uint32_t sink_pc) {
    const uint32_t w3 = KV_WORD(KV_NBH);
    const gen_desc_t d[] = {
        {{PROG_KV_APPEND, w3, 0, 16, 0, 0, 0, 0}},
        {{PROG_KV_APPEND, w3 | 1, 0, 16, 0, 0, 0, 0}},
        {{PROG_NORM, 0, 256, 512, 256, 0, 0x3727C5ACu, 0x3B800000u}},
        {{PROG_ATTEND, 1024, 32, w3, 4, 0, 0x3E000000u, 0}},
        {{PROG_QUANT | (1u << 8), 56, 0, 0, 256, 0, 0, 0}},
        {{PROG_SEND, 2u << (1 - tile), 0, 0, 64, sink_pc | (1u << 16), 0, 0}},
        {{PROG_GEMV, 1280, 0, 0, 128, 8, 0, 0}},
        {{PROG_ATTEND, 1024, 32, w3 | 1, 4, 0, 0x3E000000u, 0}},
        {{PROG_SEND | WAIT_ALL, 1, 1024, 0, 256, 300 + tile, 0, 0}},
        end,
    };
    const gen_desc_t sink[] = {end};
    put_program(tile, pc, d, 10);
    put_program(tile, sink_pc, sink, 1);
}

/* A fresh start has to give the same results on both devices. */
static void check_fresh(uint32_t slot) {
    for (uint32_t tile = 0; tile < 2; tile++) {
        put_busy_program(tile, 16, 40);
    }
    put_contents();
    start_tiles();
    for (uint32_t pos = 0; pos < 3; pos++) {
        for (uint32_t tile = 0; tile < 2; tile++) {
            inject(tile, 16, slot + tile, pos);
        }
    }
    pair_settle(&pair);
    for (uint32_t tile = 0; tile < 2; tile++) {
        expect(pair_same(&pair, MR_MEM_VMEM, tile, 0, GEN_DATA), "VMEM after a fresh start");
        for (int dev = 0; dev < PAIR_DEVICES; dev++) {
            expect(pair_tile_read(&pair, dev, tile, MR_TILE_ERROR_OFFSET) % 16 == 0,
                   "no error after a fresh start");
        }
    }
    for (int dev = 0; dev < PAIR_DEVICES; dev++) {
        expect(pair.n_results[dev] == 6, "six results after a fresh start");
    }
}

static void forget(void) {
    for (uint32_t slot = 0; slot < 8; slot++) {
        pair_kv_free(&pair, slot);
    }
}

/* Jobs on both tiles of the chip only, appending and attending; stopped `cycles` later. */
static void disturb(uint32_t cycles) {
    for (uint32_t pos = 0; pos < 3; pos++) {
        for (uint32_t tile = 0; tile < 2; tile++) {
            const pair_job_t job = {
                .dest = 2u << tile, .pc = 16, .parts = 1, .slot = tile, .pos = pos};
            pair_push(&pair, PAIR_SIM, &job);
        }
    }
    sim_wait(cycles);
}

static void test_soft_reset__in_the_middle(void) {
    for (uint32_t i = 0; i < LONG_JOBS; i++) {
        uint32_t ready = 0;
        disturb(1 + i * 37);
        pair_write(&pair, MR_CHIP_BASE + MR_CHIP_CONTROL_OFFSET, MR_CHIP_CONTROL_SOFT_RESET_MASK);
        for (uint32_t k = 0; k < 200 && ready != MR_KV_STATUS_READY_MASK; k++) {
            sim_wait(64);
            ready = pair_read(&pair, PAIR_SIM, MR_KV_BASE + MR_KV_STATUS_OFFSET);
        }
        expect(ready == MR_KV_STATUS_READY_MASK, "the KV controller is ready after a soft reset");
        expect(pair_read(&pair, PAIR_SIM, MR_KV_BASE + MR_KV_PAGES_FREE_OFFSET) ==
                   pair.machine.kv_pages,
               "all pages are free after a soft reset");
        expect((sim_status(0) & 0xFFu) == 0 && (sim_status(1) & 0xFFu) == 0, "tiles are idle");
        check_fresh(0);
    }
    forget();
}

/* CTRL.clear of one tile while both work: the other one's jobs finish, the cleared one works again
 * once its slot is freed (a half-appended position is in it). */
static void test_clear__in_the_middle(void) {
    for (uint32_t i = 0; i < LONG_JOBS; i++) {
        const uint32_t tile = i % 2;
        const uint32_t ctrl = MR_TILE_BASE + tile * MR_TILE_STRIDE + MR_TILE_CTRL_OFFSET;
        check_fresh(0);
        forget();
        start_tiles();
        disturb(1 + i * 41);
        expect(mr_mmio_write32(&pair.io[PAIR_SIM], ctrl,
                               MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_CLEAR_MASK) == MR_OK,
               "CTRL.clear");
        expect(pair_settle_device(&pair, PAIR_SIM), "the other tile finishes");
        expect(pair_tile_read(&pair, PAIR_SIM, 1 - tile, MR_TILE_ERROR_OFFSET) % 16 == 0,
               "the other tile has no error");
        forget();
    }
}

/* ---- utilisation --------------------------------------------------------------------------- */

static void test_gemv__utilisation(void) {
    static const uint32_t rows[] = {64, 128, 320, 640};
    static const uint32_t cols[] = {64, 160, 256, 512};
    for (uint32_t r = 0; r < 4; r++) {
        for (uint32_t c = 0; c < 4; c++) {
            const uint32_t nb = cols[c] / 32;
            const gen_desc_t d[] = {{{PROG_GEMV, 0, 0, 0, rows[r], nb, 0, 0}}, end};
            const uint32_t lanes = pair.machine.lanes;
            start_tiles();
            put_program(0, 16, d, 2);
            inject(0, 16, 0, 0);
            pair_settle(&pair);
            const uint64_t gemv = pair_tile_counter(&pair, PAIR_SIM, 0, MR_TILE_CYC_GEMV_LO_OFFSET);
            const uint64_t lane = pair_tile_counter(&pair, PAIR_SIM, 0, MR_TILE_CYC_LANE_LO_OFFSET);
            const uint64_t products = (uint64_t)rows[r] / lanes * nb;
            /* From start to idle, as mr_dpu documents it. */
            const uint64_t all = products + (lanes <= 2 ? 14u : lanes == 4 ? 18u : 26u);
            printf("RESULT gemv_utilisation_%" PRIu32 "x%" PRIu32 " %.1f %%\n", rows[r], cols[c],
                   100.0 * (double)lane / (double)gemv);
            printf("RESULT gemv_utilisation_with_drain_%" PRIu32 "x%" PRIu32 " %.1f %%\n", rows[r],
                   cols[c], 100.0 * (double)lane / (double)all);
            expect(lane == products, "CYC_LANE is the number of products");
            expect(lane * 100 >= gemv * 95 && lane <= gemv, "lanes busy in 95 % of the cycles");
        }
    }
}

int main(int argc, char **argv) {
    pair_open(&pair, NULL);
    pair.context = "test_chip_rules";
    pair_kv_init(&pair, KV_LAYERS, KV_HEADS, KV_NBH);
    put_contents();
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"waiting_send__sees_the_error", test_waiting_send__sees_the_error},
        {"append__other_shape", test_append__other_shape},
        {"window__busy_tile", test_window__busy_tile},
        {"results__full", test_results__full},
        {"crc__window_refused_meanwhile", test_crc__window_refused_meanwhile},
        {"crc__every_kind", test_crc__every_kind},
        {"gemv__utilisation", test_gemv__utilisation},
        {"clear__in_the_middle", test_clear__in_the_middle},
        {"soft_reset__in_the_middle", test_soft_reset__in_the_middle},
    };
    uint32_t ran = 0;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (argc > 1 && strcmp(argv[1], tests[i].name) != 0) {
            continue;
        }
        pair.context = tests[i].name;
        ran++;
        tests[i].run();
        printf("ok %s\n", tests[i].name);
        fflush(stdout);
    }
    expect(ran != 0, "there is no such test");
    pair_close(&pair);
    printf("PASS test_chip_rules\n");
    return 0;
}
