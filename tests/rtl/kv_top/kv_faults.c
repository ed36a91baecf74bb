/* SPDX-License-Identifier: Apache-2.0 */
/* ECC faults; see kv_faults.h. */
#include "kv_faults.h"

#include <inttypes.h>
#include <string.h>

#include "ecc_ref.h"
#include "kv_axi_faults.h"

enum { ROUND_MAX = 20000, BUSY_MAX = 300 /* steps, steps x blocks */ };
enum { SETTLE = 64, STEP_CLOCKS = 1000, BLOCK_CLOCKS = 20 };
enum { SINGLES = 6, DOUBLES = 2, FLIPS = SINGLES + DOUBLES, TRIES = 1000 };

/* A code word: address as in the log, word of the burst, code word of the word. */
typedef struct {
    uint32_t addr;
    uint32_t beat, cw;
} place_t;

typedef struct {
    uint32_t bg, ba, row;
    uint32_t data, chk; /* bits of the row in the two devices */
} bits_t;

uint32_t faults_nbh_step(const bench_t *b) {
    return b->sim.ecc_word >= 64U ? 4U : b->sim.ecc_word >= 32U ? 2U : 1U;
}

static uint32_t code_bits(const bench_t *b) {
    return b->sim.ecc_word + mr_ecc_ref_chk_bits(b->sim.ecc_word);
}

static bits_t bits_of(const bench_t *b, const place_t *p) {
    const uint32_t beat = (p->addr & 0x1FFU) * b->sim.profile->burst_clks + p->beat;
    const uint32_t byte = beat * b->sim.word_bytes;
    return (bits_t){p->addr >> 30, p->addr >> 27 & 7U, p->addr >> 9 & 0x3FFFFU,
                    8U * byte + p->cw * b->sim.ecc_word, 8U * (byte + p->cw)};
}

static bool flip(bench_t *b, const place_t *p, uint32_t bit) {
    const bits_t at = bits_of(b, p);
    return bit < b->sim.ecc_word
               ? mr_dram_dev_flip(&b->sim.dev, at.bg, at.ba, at.row, at.data + bit)
               : mr_dram_dev_flip(&b->sim.chk, at.bg, at.ba, at.row,
                                  at.chk + bit - b->sim.ecc_word);
}

/* @return false when a byte of the code word was never written. */
static bool peek(const bench_t *b, const place_t *p, uint64_t *data, uint8_t *chk) {
    const bits_t at = bits_of(b, p);
    bool known = mr_dram_dev_peek(&b->sim.chk, at.bg, at.ba, at.row, at.chk / 8U, chk);
    *data = 0;
    for (uint32_t i = 0; i < b->sim.ecc_word / 8U; i++) {
        uint8_t value = 0;
        known =
            mr_dram_dev_peek(&b->sim.dev, at.bg, at.ba, at.row, at.data / 8U + i, &value) && known;
        *data |= (uint64_t)value << (8U * i);
    }
    return known;
}

/* ---- registers ---- */

static void pulse(bench_t *b, bool *flag) {
    *flag = true;
    bench_tick(b);
    *flag = false;
    bench_tick(b);
}

static void clear(bench_t *b) {
    pulse(b, &b->sim.in.ecc.log_clear);
    pulse(b, &b->sim.in.ecc.cnt_clear);
    b->fault.lost = 0;
}

static void set_bit(mr_kv_sim_ecc_in_t *in, uint32_t word, uint32_t bit) {
    in->inj_data ^= bit < word ? (uint64_t)1 << bit : 0U;
    in->inj_chk ^= (uint8_t)(bit < word ? 0U : 1U << (bit - word));
}

void faults_on(bench_t *b) {
    mr_kv_sim_ecc_in_t *in = &b->sim.in.ecc;
    const uint32_t word = b->sim.ecc_word;
    axi_faults_on(b);
    if (word == 0U) {
        return;
    }
    b->fault.kind = (fault_kind_t)traffic_rnd(&b->rng, FAULT_KINDS);
    if (b->fault.kind == FAULT_DOUBLE && b->injecting) {
        b->fault.kind = FAULT_READ; /* a page that is lost to a wrong tag could not be repaired */
    }
    clear(b);
    *in = (mr_kv_sim_ecc_in_t){.inj_rd = b->fault.kind != FAULT_WRITE};
    in->inj_cw = (uint8_t)traffic_rnd(&b->rng, 8U * b->sim.word_bytes / word);
    in->inj_every = (uint16_t)(1U + traffic_rnd(&b->rng, traffic_one_in(&b->rng, 2) ? 4U : 300U));
    const uint32_t bit = traffic_rnd(&b->rng, code_bits(b));
    set_bit(in, word, bit);
    if (b->fault.kind == FAULT_DOUBLE) {
        set_bit(in, word, (bit + 1U + traffic_rnd(&b->rng, code_bits(b) - 1U)) % code_bits(b));
        in->inj_every = (uint16_t)(200U + in->inj_every); /* most streams pass */
        b->lossy = true;
    }
    in->inj_en = b->fault.kind != FAULT_NONE;
    /* The patrol would spread double errors to pages that nobody owns. */
    if (b->fault.kind != FAULT_DOUBLE && !traffic_one_in(&b->rng, 4)) {
        in->patrol_gap =
            (uint16_t)(1U + traffic_rnd(&b->rng, traffic_one_in(&b->rng, 2) ? 4U : 30U));
    }
}

void faults_off(bench_t *b) {
    const mr_kv_sim_ecc_out_t *out = &b->sim.out.ecc;
    axi_faults_off(b);
    if (b->sim.ecc_word == 0U) {
        return;
    }
    b->sim.in.ecc.inj_en = false;
    b->sim.in.ecc.patrol_gap = 0;
    bench_tick(b);
    b->total.patrol_pages += out->patrol_pages;
    b->total.patrol_words += out->patrol_words;
    const uint32_t bad = out->detected + out->poisoned;
    if (b->fault.kind != FAULT_DOUBLE && bad != 0U) {
        bench_fail(b, "%u words read could not be corrected, none was that bad", bad);
    }
    if (b->fault.kind == FAULT_NONE && out->corrected + out->injected != 0U) {
        bench_fail(b, "%u words corrected without a fault", out->corrected);
    }
    if (b->fault.kind == FAULT_READ && out->corrected > out->injected) {
        bench_fail(b, "%u words corrected of %u with a fault", out->corrected, out->injected);
    }
    b->total.corrected += out->corrected;
    b->fault.kind = FAULT_NONE;
}

/* ---- memory ---- */

static void scan_word(bench_t *b, const place_t *p, uint64_t *sum, uint64_t *bad) {
    uint64_t data = 0;
    uint8_t chk = 0;
    if (!peek(b, p, &data, &chk)) {
        bench_fail(b, "a word of a page was never written: address %08" PRIx32, p->addr);
        return;
    }
    if (data == 0U && chk == 0U) {
        return;
    }
    const mr_ecc_ref_result_t word = mr_ecc_ref_decode(b->sim.ecc_word, data, chk);
    for (uint32_t bit = 0; word.kind == MR_ECC_REF_SINGLE && bit < code_bits(b); bit++) {
        if (mr_ecc_ref_column(b->sim.ecc_word, bit) == word.syndrome) {
            (void)flip(b, p, bit);
        }
    }
    *bad += word.kind == MR_ECC_REF_DOUBLE || word.kind == MR_ECC_REF_POISONED ? 1U : 0U;
    for (uint32_t i = 0; i < b->sim.ecc_word / 8U; i++) {
        *sum += word.data >> (8U * i) & 0xFFU;
    }
}

/* A burst of the pages in every bank, by its number in the bank of all groups. */
static uint32_t burst_addr(const bench_t *b, uint32_t bank, uint32_t local) {
    const mr_dram_profile_t *p = b->sim.profile;
    const uint32_t row_bursts = p->row_bursts * p->bank_groups;
    const uint32_t col = local % row_bursts;
    return (col % p->bank_groups) << 30 | bank << 27 | (local / row_bursts) << 9 |
           col / p->bank_groups;
}

uint64_t faults_memory(bench_t *b, uint64_t *sum) {
    const uint32_t codes = 8U * b->sim.word_bytes / b->sim.ecc_word;
    const uint32_t end = b->sim.shape.pages * b->sim.shape.part;
    uint64_t bad = 0;
    for (uint32_t i = 0; i < end * b->sim.profile->banks_per_group && !b->failed; i++) {
        place_t p = {.addr = burst_addr(b, i / end, i % end)};
        for (p.beat = 0; p.beat < b->sim.profile->burst_clks; p.beat++) {
            for (p.cw = 0; p.cw < codes; p.cw++) {
                scan_word(b, &p, sum, &bad);
            }
        }
    }
    b->total.bytes_checked += (uint64_t)end * b->sim.profile->banks_per_group *
                              b->sim.profile->burst_clks * b->sim.word_bytes;
    if (bad != 0U && !b->lossy) {
        bench_fail(b, "%" PRIu64 " code words in memory are bad", bad);
    }
    return bad;
}

void faults_lost(bench_t *b, uint32_t id, uint32_t block) {
    fault_t *f = &b->fault;
    for (uint32_t i = 0; i < f->lost && i < LOST_MAX; i++) {
        if (f->lost_id[i] == id && f->lost_block[i] == block) {
            return;
        }
    }
    if (f->lost < LOST_MAX) {
        f->lost_id[f->lost] = id;
        f->lost_block[f->lost] = block;
    }
    f->lost++;
    b->total.lost_blocks++;
}

/* ---- poison ---- */

/* Positions 32 .. 32 + count - 1 of a slot's first chunk. */
static void stream_tail(bench_t *b, uint8_t slot, uint8_t count) {
    const mr_kv_sim_cmd_t c = {.op = MR_KV_SIM_STREAM, .slot = slot, .pos = 32, .count = count};
    clear(b);
    bench_command(b, &c);
    bench_drain(b);
}

static uint32_t first_kind(const bench_t *b) {
    const mr_kv_sim_ecc_out_t *out = &b->sim.out.ecc;
    return out->first_valid ? (uint32_t)(out->first_data >> 46) & 3U : 0U;
}

static place_t first_place(const bench_t *b) {
    const uint64_t e = b->sim.out.ecc.first_data;
    return (place_t){(uint32_t)e, (uint32_t)(e >> 32) & 7U, (uint32_t)(e >> 35) & 7U};
}

void faults_poison(bench_t *b) {
    const uint32_t prefix = 35;
    axi_undo(b);
    if (b->sim.ecc_word == 0U) {
        return;
    }
    for (uint32_t pos = 0; pos < prefix; pos++) {
        bench_chunks(b, MR_KV_SIM_APPEND, 0, pos);
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_FORK, 1, prefix);
    /* A flip on the way of the first word shows where it lies. */
    b->sim.in.ecc = (mr_kv_sim_ecc_in_t){.inj_rd = true, .inj_data = 1};
    b->sim.in.ecc.inj_en = true;
    stream_tail(b, 0, 1);
    b->sim.in.ecc.inj_en = false;
    const place_t place = first_place(b);
    if (first_kind(b) != MR_ECC_REF_SINGLE || !flip(b, &place, 0) || !flip(b, &place, 1)) {
        bench_fail(b, "a flip on the way is not in the log");
    }
    b->lossy = true;
    stream_tail(b, 0, 3);
    if (first_kind(b) != MR_ECC_REF_DOUBLE || first_place(b).addr != place.addr ||
        b->fault.lost != 1U) {
        bench_fail(b, "a double error: %u blocks lost, kind %u at %08" PRIx32, b->fault.lost,
                   first_kind(b), first_place(b).addr);
    }
    const uint64_t before = b->total.copied_poison;
    bench_chunks(b, MR_KV_SIM_APPEND, 1, prefix);
    bench_drain(b);
    if (b->total.copied_poison != before + 1U) {
        bench_fail(b, "the copy of a bad word is not reported");
    }
    stream_tail(b, 1, 3);
    if (first_kind(b) != MR_ECC_REF_POISONED || first_place(b).addr == place.addr ||
        b->fault.lost != 1U) {
        bench_fail(b, "poison in a copy: %u blocks lost, kind %u", b->fault.lost, first_kind(b));
    }
    bench_administer(b, MR_KV_SIM_FREE, 0, 0);
    bench_administer(b, MR_KV_SIM_FREE, 1, 0);
    b->lossy = false;
    bench_quiet(b);
}

/* ---- sweep ---- */

typedef struct {
    place_t place[FLIPS];
    uint8_t syndrome[FLIPS];
    uint32_t bit[FLIPS][2]; /* the second: of doubles */
    uint32_t count;
} flips_t;

/* A word that holds something, or any of the pages, and is not among the flips. */
static bool pick_place(bench_t *b, const flips_t *f, bool any, place_t *p) {
    const uint32_t end = b->sim.shape.pages * b->sim.shape.part;
    for (uint32_t i = 0; i < TRIES; i++) {
        uint64_t data = 0;
        uint8_t chk = 0;
        uint32_t bank = traffic_rnd(&b->rng, b->sim.profile->banks_per_group);
        uint32_t local = traffic_rnd(&b->rng, end);
        if (any && f->count < b->sim.profile->banks_per_group) { /* a page's end, in each bank */
            bank = f->count;
            local = local / b->sim.shape.part * b->sim.shape.part + b->sim.shape.part - 1U;
        }
        p->addr = burst_addr(b, bank, local);
        p->beat = traffic_rnd(&b->rng, b->sim.profile->burst_clks);
        p->cw = traffic_rnd(&b->rng, 8U * b->sim.word_bytes / b->sim.ecc_word);
        bool taken = !peek(b, p, &data, &chk) || (data == 0U && !any);
        for (uint32_t k = 0; k < f->count; k++) {
            taken = taken || (f->place[k].addr == p->addr && f->place[k].beat == p->beat);
        }
        if (!taken) {
            return true;
        }
    }
    return false;
}

static void flip_some(bench_t *b, bool any, flips_t *f) {
    const uint32_t poison = mr_ecc_ref_poison(b->sim.ecc_word);
    while (f->count < FLIPS && pick_place(b, f, any, &f->place[f->count])) {
        uint32_t *const bit = f->bit[f->count];
        uint32_t syndrome = poison;
        while (syndrome == poison) {
            bit[0] = traffic_rnd(&b->rng, code_bits(b));
            bit[1] = (bit[0] + 1U + traffic_rnd(&b->rng, code_bits(b) - 1U)) % code_bits(b);
            syndrome = mr_ecc_ref_column(b->sim.ecc_word, bit[0]);
            syndrome ^= f->count < SINGLES ? 0U : mr_ecc_ref_column(b->sim.ecc_word, bit[1]);
        }
        f->syndrome[f->count] = (uint8_t)syndrome;
        f->count++;
    }
}

/* Flips them, or back. */
static void flip_all(bench_t *b, const flips_t *f) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (!flip(b, &f->place[i], f->bit[i][0]) ||
            (i >= SINGLES && !flip(b, &f->place[i], f->bit[i][1]))) {
            bench_fail(b, "a bit cannot be flipped");
        }
    }
}

static void stream_all(bench_t *b) {
    const mr_kv_sim_shape_t *s = &b->sim.shape;
    for (uint32_t i = 0; i < b->sim.limits.slots * s->layers * s->heads * 2U; i++) {
        mr_kv_sim_cmd_t c = {.op = MR_KV_SIM_STREAM,
                             .slot = (uint8_t)(i / (2U * s->heads * s->layers)),
                             .layer = (uint8_t)(i / (2U * s->heads) % s->layers),
                             .head = (uint8_t)(i / 2U % s->heads),
                             .kind = (uint8_t)(i % 2U)};
        const uint32_t len = b->golden.slot[c.slot].len[c.layer][c.head][c.kind];
        for (c.pos = 0; c.pos < len && !b->failed; c.pos += 32U) {
            c.count = (uint8_t)(len - c.pos < 32U ? len - c.pos : 32U);
            bench_command(b, &c);
        }
    }
}

static void check_entry(bench_t *b, const flips_t *f, uint64_t entry) {
    const uint32_t kind = (uint32_t)(entry >> 46) & 3U;
    for (uint32_t i = 0; i < f->count; i++) {
        const place_t *p = &f->place[i];
        if ((uint32_t)entry == p->addr && ((uint32_t)(entry >> 32) & 7U) == p->beat &&
            ((uint32_t)(entry >> 35) & 7U) == p->cw && (uint8_t)(entry >> 38) == f->syndrome[i] &&
            kind == (i < SINGLES ? MR_ECC_REF_SINGLE : MR_ECC_REF_DOUBLE)) {
            b->total.swept++;
            return;
        }
    }
    bench_fail(b, "the log names a word that is right: %016" PRIx64, entry);
}

void faults_sweep(bench_t *b) {
    const mr_kv_sim_ecc_out_t *out = &b->sim.out.ecc;
    flips_t f = {.count = 0};
    if (b->sim.ecc_word == 0U || b->failed) {
        return;
    }
    b->kr_pace = 8;
    b->lossy = true;
    clear(b);
    flip_some(b, false, &f);
    flip_all(b, &f);
    stream_all(b);
    bench_drain(b);
    for (uint32_t i = 0; i < SETTLE; i++) { /* the rest of the last burst, and the log */
        bench_tick(b);
    }
    const uint64_t events = (uint64_t)out->corrected + out->detected;
    if (out->poisoned != 0U || (out->detected != 0U) != (b->fault.lost != 0U) ||
        b->fault.lost > 2U * DOUBLES ||
        (events < 256U && events != (uint64_t)out->log_count + out->log_lost)) {
        bench_fail(b, "%u words corrected, %u bad, %u blocks lost, %u in the log", out->corrected,
                   out->detected, b->fault.lost, out->log_count + out->log_lost);
    }
    while (out->log_count != 0U && !b->failed) {
        pulse(b, &b->sim.in.ecc.log_pop);
        check_entry(b, &f, out->log_data);
    }
    flip_all(b, &f);
    b->total.corrected += out->corrected;
    b->lossy = false;
}

/* ---- patrol ---- */

/* The words of the flips, every code word of them. */
typedef struct {
    uint64_t data[FLIPS][8];
    uint8_t chk[FLIPS][8];
} words_t;

static place_t code_place(const flips_t *f, uint32_t i, uint32_t cw) {
    return (place_t){f->place[i].addr, f->place[i].beat, cw};
}

static void note_words(const bench_t *b, const flips_t *f, words_t *w) {
    for (uint32_t i = 0; i < f->count; i++) {
        for (uint32_t cw = 0; cw < 8U * b->sim.word_bytes / b->sim.ecc_word; cw++) {
            const place_t p = code_place(f, i, cw);
            (void)peek(b, &p, &w->data[i][cw], &w->chk[i][cw]);
        }
    }
}

/* Single errors are gone; the words of double ones are poisoned, and are put right here. */
static void check_words(bench_t *b, const flips_t *f, const words_t *before) {
    const uint32_t word = b->sim.ecc_word;
    words_t now = {0};
    note_words(b, f, &now);
    for (uint32_t i = 0; i < f->count; i++) {
        for (uint32_t cw = 0; cw < 8U * b->sim.word_bytes / word; cw++) {
            const uint64_t data = now.data[i][cw] ^ before->data[i][cw];
            const uint32_t chk = now.chk[i][cw] ^ before->chk[i][cw];
            const mr_ecc_ref_kind_t kind =
                mr_ecc_ref_decode(word, now.data[i][cw], now.chk[i][cw]).kind;
            const place_t p = code_place(f, i, cw);
            if (i < SINGLES ? (data | chk) != 0U : kind != MR_ECC_REF_POISONED) {
                bench_fail(b, "after a round of the patrol %08" PRIx32 " is %s", p.addr,
                           i < SINGLES ? "not right again" : "not poisoned");
            }
            for (uint32_t bit = 0; bit < code_bits(b); bit++) {
                if ((bit < word ? data >> bit : chk >> (bit - word)) & 1U) {
                    (void)flip(b, &p, bit);
                }
            }
        }
    }
}

/* A step comes after the answers to all commands taken before. */
static void patrol_busy(bench_t *b) {
    const uint32_t answers = OUTSTANDING * 32U * b->sim.shape.nbh * BLOCK_CLOCKS;
    const uint64_t limit = 2U * (uint64_t)b->sim.shape.part * (STEP_CLOCKS + answers);
    const uint64_t start = b->sim.clock;
    if (b->sim.shape.part * b->sim.shape.nbh > BUSY_MAX) {
        return;
    }
    clear(b);
    b->sim.in.ecc.patrol_gap = 1;
    while (b->sim.out.ecc.patrol_pages == 0U && b->golden.used != 0U && !b->failed) {
        stream_all(b);
        bench_tick(b); /* there may be nothing to stream */
        if (b->sim.clock - start > limit) {
            bench_fail(b, "no page patrolled beside streams");
        }
    }
    b->sim.in.ecc.patrol_gap = 0;
}

void faults_round(bench_t *b) {
    const mr_kv_sim_ecc_out_t *out = &b->sim.out.ecc;
    const uint32_t pages = b->sim.shape.pages;
    const uint64_t limit = (uint64_t)(pages + 2U) * b->sim.shape.part * STEP_CLOCKS;
    flips_t f = {.count = 0};
    words_t before;
    if (b->sim.ecc_word == 0U || b->failed || pages * b->sim.shape.part > ROUND_MAX) {
        return;
    }
    clear(b);
    flip_some(b, true, &f);
    note_words(b, &f, &before);
    flip_all(b, &f);
    b->sim.in.ecc.patrol_gap = (uint16_t)(1U + traffic_rnd(&b->rng, 2));
    const uint64_t start = b->sim.clock;
    while (out->patrol_pages <= pages && !b->failed) {
        bench_tick(b);
        if (b->sim.clock - start > limit) {
            bench_fail(b, "%u pages patrolled of %u", out->patrol_pages, pages);
        }
    }
    b->sim.in.ecc.patrol_gap = 0;
    for (uint32_t i = 0; i < STEP_CLOCKS; i++) {
        bench_tick(b);
    }
    if (out->corrected != SINGLES || out->patrol_words != SINGLES ||
        out->detected != f.count - SINGLES) {
        bench_fail(b, "the patrol corrected %u words of %u, found %u of %u bad", out->patrol_words,
                   SINGLES, out->detected, f.count - SINGLES);
    }
    check_words(b, &f, &before);
    b->total.rounds++;
    patrol_busy(b);
    bench_quiet(b);
}
