/* SPDX-License-Identifier: Apache-2.0 */
/* Bench of the DRAM back end (splitter, scheduler, counters) for one profile.
 *
 * Usage: bench_kv_sched_PROFILE [seed [random clocks [stream clocks]]]. Random runs with gaps, idle
 * times and long stalls, every word read compared with a model; then long streams in the order of
 * attention with a write now and then, whose utilisation has a floor; then isolated runs for
 * latency. The device model and the independent rule checker watch every clock; the counters'
 * causes must add up to the clocks. Any fault ends the run with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mr_dram_dev.h"
#include "mr_dram_rules.h"
#include "sched_dut.h"

enum {
    PAGES = 24,
    EXPECT = 1 << 16,
    WORDS = 1 << 14,
    INIT_CLOCKS = 400,
    HANG = 60000,
    COUNTERS = 24
};

typedef struct {
    bool wr;
    uint32_t base, rot, part, off, n;
    uint32_t page, first; /* first burst, counted over the parts of the page */
} run_t;

static struct {
    sched_dut_t io;
    mr_dram_dev_t dev;
    mr_dram_rules_t rules;
    const mr_dram_profile_t *profile;
    uint32_t word, burst_words, banks, part, step, groups, row_bursts;
    uint64_t clock, random, last_progress;
    bool failed, compare;
    uint8_t *gold, *known; /* pages of PAGES x banks x part bursts; bytes written */
    struct {
        uint8_t word[16], known[16];
    } expect[EXPECT]; /* read words still to come */
    unsigned expect_head, expect_tail;
    struct {
        uint8_t word[16];
        uint16_t be;
    } words[WORDS]; /* write words of accepted and offered runs */
    unsigned word_head, word_tail;
    run_t run;
    bool offered;
    unsigned room_pct;
    bool room_was[3];
    uint64_t words_read, words_used, runs, first_act, first_data, acts;
    uint64_t count[COUNTERS]; /* counters read last */
    uint64_t snap_at;         /* clock in which to read them */
    unsigned count_step;      /* reading: quarter + 1; 0: at rest */
} s;

static const char *const cause_names[7] = {"useful",     "refresh",    "turnaround",   "row",
                                           "bank_group", "starvation", "back_pressure"};

static uint32_t rnd(uint32_t below) {
    s.random = s.random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((s.random >> 33) % below);
}

static void fail(const char *what) {
    if (!s.failed) {
        fprintf(stderr, "FAIL clock %llu: %s\n", (unsigned long long)s.clock, what);
    }
    s.failed = true;
}

static size_t gold_at(uint32_t page, uint32_t word) {
    return ((size_t)page * s.banks * s.part * s.burst_words + word) * s.word;
}

static void check_read(void) {
    if (s.expect_head == s.expect_tail) {
        fail("read data that nobody asked for");
        return;
    }
    const unsigned at = s.expect_head++ % EXPECT;
    s.words_read++;
    for (uint32_t i = 0; s.compare && i < s.word; i++) {
        if (s.expect[at].known[i] != 0 && s.expect[at].word[i] != s.io.rd_word[i]) {
            fail("wrong read data");
            return;
        }
    }
}

/* Reads the counters into s.count beside all else. */
static void start_count(void) {
    memset(s.count, 0, sizeof s.count);
    s.io.snap = true;
    s.count_step = 1;
}

static void count_clock(void) {
    s.io.snap = false;
    if (s.clock == s.snap_at) {
        start_count();
    }
    if (s.count_step == 0 || s.io.snap) {
        return;
    }
    if (s.io.cnt_valid && s.io.cnt_done) {
        const unsigned quarter = s.count_step - 1;
        s.count[quarter / 4] |= (uint64_t)s.io.cnt_data << (16 * (quarter % 4));
        s.io.cnt_valid = false;
        s.count_step = s.count_step == 4 * COUNTERS ? 0 : s.count_step + 1;
    } else {
        s.io.cnt_valid = true;
        s.io.cnt_addr = (uint8_t)(s.count_step - 1);
    }
}

/* One clock; the run in s.run is offered while s.offered. */
static void tick(void) {
    mr_dram_dev_out_t out = {0};
    s.io.run_valid = s.offered;
    s.io.run_wr = s.run.wr;
    s.io.run_base = s.run.base;
    s.io.run_rot = (uint8_t)s.run.rot;
    s.io.run_part = (uint8_t)s.run.part;
    s.io.run_off = s.run.off;
    s.io.run_n = s.run.n;
    memcpy(s.io.wd_word, s.words[s.word_head % WORDS].word, 16);
    s.io.wd_be = s.words[s.word_head % WORDS].be;
    s.io.rd_room = rnd(100) < s.room_pct;
    s.io.dfi_rd_valid = false;
    sched_dut_settle(&s.io); /* registered outputs */
    if (s.io.rst_n) {
        mr_dram_dev_clock(&s.dev, &s.io.dfi, &out);
        mr_dram_rules_clock(&s.rules, &s.io.dfi, &out);
    }
    s.io.dfi_rd_valid = out.rd_valid;
    memcpy(s.io.dfi_rd_data, out.rd_data, 16);
    sched_dut_settle(&s.io);
    for (unsigned port = 0; port < 2; port++) {
        if (s.io.dfi.port[port].cmd == MR_DRAM_CMD_ACT) {
            s.acts++;
            if (s.first_act == 0) {
                s.first_act = s.clock;
            }
        }
    }
    if (s.io.rd_issue && !s.room_was[1]) {
        fail("read issued without room");
    }
    s.room_was[2] = s.room_was[1];
    s.room_was[1] = s.room_was[0];
    s.room_was[0] = s.io.rd_room;
    if (s.io.rd_valid) {
        if (s.first_data == 0) {
            s.first_data = s.clock;
        }
        check_read();
        s.last_progress = s.clock;
    }
    if (s.io.wd_pop) {
        if (s.word_head == s.word_tail) {
            fail("write word taken that nobody offered");
        } else {
            s.word_head++;
        }
        s.last_progress = s.clock;
    }
    if (s.io.run_valid && s.io.run_ready) {
        s.offered = false;
        s.runs++;
        s.last_progress = s.clock;
    }
    const mr_dram_dev_violation_t *broken = mr_dram_dev_violation(&s.dev);
    const mr_dram_rules_violation_t *rule = mr_dram_rules_violation(&s.rules);
    if (broken != NULL && !s.failed) {
        fprintf(stderr, "device: %s, bank %u\n", mr_dram_dev_rule_text(broken->rule), broken->bank);
        fail("the device's rules are broken");
    }
    if (rule != NULL && !s.failed) {
        fprintf(stderr, "checker: %s, bank %u\n", mr_dram_rules_text(rule->rule), rule->bank);
        fail("the checker's rules are broken");
    }
    if (s.clock - s.last_progress > HANG && (s.offered || s.expect_head != s.expect_tail) &&
        s.room_pct != 0) {
        fail("nothing moves");
    }
    count_clock();
    sched_dut_edge();
    s.clock++;
}

/* Offers a run and, for writes, makes its words; changes the model. */
static void offer(bool wr, uint32_t page, uint32_t first, uint32_t n, uint32_t rot, uint32_t use) {
    s.run.wr = wr;
    s.run.page = page;
    s.run.base = page * s.part;
    s.run.rot = rot;
    s.run.part = first / s.part;
    s.run.off = first % s.part;
    if (s.run.part != 0 && rnd(3) == 0) { /* the offset may lie beyond the part */
        s.run.part--;
        s.run.off += s.part;
    }
    s.run.n = n;
    s.io.run_use = use;
    for (uint32_t i = 0; i < n * s.burst_words; i++) {
        const uint32_t word = first * s.burst_words + i;
        if (!wr) {
            if (s.compare) {
                memcpy(s.expect[s.expect_tail % EXPECT].word, s.gold + gold_at(page, word), s.word);
                memcpy(s.expect[s.expect_tail % EXPECT].known, s.known + gold_at(page, word),
                       s.word);
            }
            s.expect_tail++;
            continue;
        }
        const unsigned w = s.word_tail % WORDS;
        s.words[w].be = (uint16_t)(rnd(4) != 0 ? 0xFFFFU : rnd(0x10000));
        for (uint32_t k = 0; k < s.word; k++) {
            s.words[w].word[k] = (uint8_t)rnd(256);
            if (s.compare && (s.words[w].be >> k & 1U) != 0) {
                s.gold[gold_at(page, word) + k] = s.words[w].word[k];
                s.known[gold_at(page, word) + k] = 1;
            }
        }
        s.word_tail++;
    }
    s.words_used += use;
    s.offered = true;
}

static void wait_taken(void) {
    while (s.offered && !s.failed) {
        tick();
    }
}

static void drain(void) {
    wait_taken();
    tick();
    for (unsigned i = 0; i < HANG && !s.failed && (!s.io.idle || s.expect_head != s.expect_tail);
         i++) {
        tick();
    }
    if (!s.io.idle || s.expect_head != s.expect_tail || s.word_head != s.word_tail) {
        fprintf(stderr, "idle %d, %u words to read, %u to write\n", s.io.idle,
                s.expect_tail - s.expect_head, s.word_tail - s.word_head);
        fail("the back end does not come to rest");
    }
    for (unsigned i = 0; i < 300 && !s.failed; i++) { /* two rounds of the counters */
        tick();
    }
}

/* Clocks of a cause, rows closed or open. */
static uint64_t cause(const uint64_t *count, unsigned c) {
    return count[c] + count[8 + c];
}

static uint32_t page_rot(uint32_t page) {
    return page * 5 / 3 % s.banks;
}

static void random_phase(uint64_t clocks) {
    const uint32_t page_bursts = s.banks * s.part;
    const uint64_t end = s.clock + clocks;
    s.compare = true;
    while (s.clock < end && !s.failed) {
        if (rnd(300) == 0) {
            s.room_pct = rnd(3) == 0 ? 20 + rnd(70) : 100;
        }
        if (rnd(400) == 0) {
            const unsigned gap = rnd(4) == 0 ? rnd(9000) : rnd(200);
            for (unsigned i = 0; i < gap && !s.failed; i++) {
                tick();
            }
        }
        if (rnd(600) == 0) { /* a long stall: refreshes must go on */
            const unsigned room = s.room_pct;
            const unsigned gap =
                rnd(12U * s.profile->lane[s.profile->per_bank ? MR_DRAM_LANE_T_REFI_PB
                                                              : MR_DRAM_LANE_T_REFI]);
            s.room_pct = 0;
            for (unsigned i = 0; i < gap && !s.failed; i++) {
                tick();
            }
            s.room_pct = room;
            s.last_progress = s.clock;
        }
        uint32_t n = 1 + rnd(rnd(2) == 0 ? 4 : 40);
        if (rnd(40) == 0) {
            n = 1 + rnd(300);
        }
        if (n > page_bursts) {
            n = page_bursts;
        }
        const bool wr = rnd(100) < 35;
        const uint32_t page = rnd(rnd(3) == 0 ? 3 : PAGES);
        while (s.expect_tail - s.expect_head + n * s.burst_words > EXPECT ||
               s.word_tail - s.word_head + n * s.burst_words > WORDS) {
            tick();
        }
        offer(wr, page, rnd(page_bursts - n + 1), n, page_rot(page), n * s.burst_words - rnd(2));
        wait_taken();
    }
    s.room_pct = 100;
    drain();
}

/* Slots stream their blocks (16, or 64 small ones) one after the other; a 272-byte write once in
 * 16,384 clocks. Returns the utilisation in %. */
static double stream_phase(uint32_t chunk_bytes, uint64_t clocks, const char *name) {
    const uint32_t bb = s.word * s.burst_words;
    const uint32_t chunk = chunk_bytes / bb, chunks = 32;
    const uint32_t blocks = chunk_bytes < 8704 ? 64 : 16;
    const uint32_t wr_bursts = (272 + bb - 1) / bb;
    const uint32_t page_max =
        (1U << (s.profile->lane[MR_DRAM_LANE_ROW_BITS] + s.profile->lane[MR_DRAM_LANE_COL_BITS] +
                s.profile->lane[MR_DRAM_LANE_BG_BITS]));
    uint64_t before[COUNTERS] = {0}, sum = 0, next_write = s.clock + 16384;
    uint32_t slot = 0;
    s.compare = false;
    s.part = (chunk * chunks / s.banks + s.groups - 1) / s.groups * s.groups;
    s.io.cfg_part = s.part;
    s.io.cfg_odd = chunk % 2 != 0;
    const uint32_t pages = page_max / s.part < 512 ? page_max / s.part : 512;
    /* Begins when refreshes drawn ahead are used up; whole batches of refreshes. */
    s.snap_at = s.clock + 20U * s.profile->lane[MR_DRAM_LANE_T_REFI];
    const uint64_t end = s.snap_at + clocks;
    while ((s.clock <= end || s.count_step != 0) && !s.failed) {
        if (s.snap_at < end && s.clock > s.snap_at && s.count_step == 0) {
            memcpy(before, s.count, sizeof before);
            s.snap_at = end;
        }
        for (uint32_t c = 0; c < 4; c++) {
            for (uint32_t j = 0; j < blocks && !s.failed; j++) {
                const uint32_t page = (slot * blocks + j) * 37 % pages;
                while (s.expect_tail - s.expect_head + chunk * s.burst_words > EXPECT) {
                    tick();
                }
                offer(false, page, (slot + c) % chunks * chunk, chunk, j * s.step % s.banks,
                      chunk * s.burst_words);
                wait_taken();
            }
            if (s.clock >= next_write) {
                const uint32_t page = (slot * blocks + blocks - 1) * 37 % pages;
                offer(true, page, (slot + c) % chunks * chunk, wr_bursts,
                      (blocks - 1) * s.step % s.banks, 272 / s.word);
                wait_taken();
                next_write += 16384;
            }
        }
        slot++;
    }
    for (unsigned c = 0; c < 7; c++) {
        sum += cause(s.count, c) - cause(before, c);
    }
    printf("%s %-6s", s.profile->name, name);
    for (unsigned c = 0; c < 7; c++) {
        printf(" %s %.2f", cause_names[c],
               100.0 * (double)(cause(s.count, c) - cause(before, c)) / (double)sum);
    }
    printf("\n");
    drain();
    return 100.0 * (double)(cause(s.count, 0) - cause(before, 0)) / (double)sum;
}

static void latency_phase(void) {
    uint64_t worst_act = 0, worst_data = 0, best_data = UINT64_MAX;
    for (unsigned i = 0; i < 20 && !s.failed; i++) {
        for (unsigned gap = 0; gap < 30 + rnd(40); gap++) {
            tick();
        }
        s.first_act = s.first_data = 0;
        const uint64_t start = s.clock;
        const uint64_t acts = s.acts;
        offer(false, 50 + i, 0, 4, i % s.banks, 4 * s.burst_words);
        drain();
        if (s.acts > acts && s.first_act - start > worst_act) {
            worst_act = s.first_act - start;
        }
        worst_data = s.first_data - start > worst_data ? s.first_data - start : worst_data;
        best_data = s.first_data - start < best_data ? s.first_data - start : best_data;
    }
    const uint32_t least =
        (uint32_t)s.profile->lane[MR_DRAM_LANE_T_RCD_RD] + s.profile->lane[MR_DRAM_LANE_RL];
    printf("%s latency: data %llu..%llu clocks behind the run (device: tRCD + RL = %u)\n",
           s.profile->name, (unsigned long long)best_data, (unsigned long long)worst_data, least);
}

/* At rest all rows are closed: most runs that come then take the time to open a row in all groups,
 * or tRCD if that is more, RL and 3 clocks, 4 through the pins; some meet a refresh. */
static void rest_phase(bool pins) {
    enum { TRIALS = 40, REST = 500 };
    const uint32_t rcd = s.profile->lane[MR_DRAM_LANE_T_RCD_RD];
    const uint32_t groups =
        (s.profile->bank_groups - 1U) * s.profile->lane[MR_DRAM_LANE_T_RRD_S] + 2U;
    const uint32_t least = (rcd < groups ? groups : rcd) + s.profile->lane[MR_DRAM_LANE_RL];
    unsigned quick = 0;
    for (unsigned i = 0; i < TRIALS && !s.failed; i++) {
        for (unsigned gap = 0; gap < REST; gap++) {
            tick();
        }
        s.first_act = s.first_data = 0;
        const uint64_t start = s.clock;
        offer(false, 50 + i % 20, 0, 4, i % s.banks, 4 * s.burst_words);
        drain();
        quick += s.first_data - start <= least + 3U + pins;
    }
    if (!s.failed && quick < TRIALS / 2) {
        fail("runs out of rest are slow");
    }
    printf("%s rest: %u of %u runs at once\n", s.profile->name, quick, (unsigned)TRIALS);
}

static void check_counters(void) {
    uint64_t sum = 0;
    const uint64_t *const now = s.count;
    const mr_dram_dev_stats_t *stats = mr_dram_dev_stats(&s.dev);
    s.snap_at = s.clock + 1;
    for (unsigned i = 0; i < HANG && (i < 2 || s.count_step != 0); i++) {
        tick();
    }
    if (s.count_step != 0) {
        fail("a counter does not answer");
    }
    for (unsigned c = 0; c < 7; c++) {
        sum += cause(now, c);
    }
    /* The copy ends at a round; init and the last rounds are not in it. */
    if (sum > s.clock - INIT_CLOCKS || sum + 9000 < s.clock - INIT_CLOCKS ||
        cause(now, 0) != s.words_used || now[18] != stats->rd || now[19] != stats->wr ||
        now[17] != stats->act) {
        printf("sum %llu of %llu useful %llu of %llu rd %llu of %llu\n", (unsigned long long)sum,
               (unsigned long long)s.clock, (unsigned long long)cause(now, 0),
               (unsigned long long)s.words_used, (unsigned long long)now[18],
               (unsigned long long)stats->rd);
        fail("counters disagree with the device");
    }
}

static bool set_up(const char *name) {
    s.profile = mr_dram_profile(name);
    if (s.profile == NULL) {
        fprintf(stderr, "bench_kv_sched: no profile %s\n", name);
        return false;
    }
    s.word = s.profile->word_bytes;
    s.burst_words = s.profile->burst_clks;
    s.banks = s.profile->banks_per_group;
    s.groups = s.profile->bank_groups;
    s.row_bursts = s.profile->row_bursts * s.groups;
    s.part = s.row_bursts * 5 / 8 + 1;
    s.part += s.part % 2;
    s.step = 1;
    s.room_pct = 100;
    s.gold = calloc(PAGES, (size_t)s.banks * s.part * s.burst_words * s.word);
    s.known = calloc(PAGES, (size_t)s.banks * s.part * s.burst_words * s.word);
    const mr_dram_dev_config_t config = {.profile = s.profile, .init_clocks = INIT_CLOCKS};
    mr_dram_rules_init(&s.rules, s.profile, INIT_CLOCKS);
    if (s.gold == NULL || s.known == NULL || !mr_dram_dev_init(&s.dev, &config)) {
        fprintf(stderr, "bench_kv_sched: out of memory\n");
        return false;
    }
    s.io.cfg_part = s.part;
    s.io.cfg_step = (uint8_t)s.step;
    s.io.cfg_odd = true;
    for (unsigned i = 0; i < 4; i++) {
        tick();
    }
    s.io.rst_n = true;
    for (unsigned i = 0; i < 8 * INIT_CLOCKS && !s.io.ready; i++) {
        tick();
    }
    if (!s.io.ready) {
        fail("never ready");
    }
    return true;
}

/* What the streams must reach, %: chunks of 1088 and of 8704 bytes. The rows of stacked are too
 * short for small chunks in a random order of pages: the next bank is often the same one. */
static const struct {
    const char *name;
    double small, large;
} floors[] = {{"Sdr100", 99.0, 99.0},     {"Sdr133", 99.0, 99.0},      {"Sdr50", 99.0, 99.0},
              {"Ddr4_2400", 95.15, 95.2}, {"Lpddr4_3200", 99.4, 99.5}, {"Hbm2Pc", 99.5, 99.5},
              {"Stacked", 79.0, 95.0}};

static void check_floor(const char *name, double small, double large) {
    for (unsigned i = 0; i < sizeof floors / sizeof floors[0]; i++) {
        if (strcmp(floors[i].name, name) == 0 &&
            (small < floors[i].small || large < floors[i].large)) {
            fail("the streams are too slow");
        }
    }
}

int sched_bench_main(const char *profile, const char *name, int argc, char **argv) {
    s.random = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t random_clocks = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000000;
    /* Whole batches of refreshes (8 x 9360 clocks on DDR4). */
    const uint64_t stream_clocks = argc > 3 ? strtoull(argv[3], NULL, 0) : 1797120;
    printf("%s seed %llu\n", profile, (unsigned long long)s.random);
    if (!set_up(profile)) {
        return 1;
    }
    random_phase(random_clocks);
    if (!s.failed) {
        check_counters();
    }
    printf("%llu runs, %llu words read\n", (unsigned long long)s.runs,
           (unsigned long long)s.words_read);
    if (!s.failed && stream_clocks != 0) {
        const double small = stream_phase(1088, stream_clocks, "1088");
        const double large = stream_phase(8704, stream_clocks, "8704");
        check_floor(profile, small, large);
        latency_phase();
        rest_phase(strncmp(name, "pins_", 5) == 0);
    }
    mr_dram_dev_close(&s.dev);
    free(s.gold);
    free(s.known);
    if (!s.failed) {
        printf("PASS kv_sched_%s\n", name);
    }
    return s.failed ? 1 : 0;
}
