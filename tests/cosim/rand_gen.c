/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers, contents and scenarios; the descriptors come from rand_prog.c. */
#include "rand_gen.h"

#include <inttypes.h>
#include <stdio.h>

#include "rand_prog.h"

void gen_seed(gen_t *g, uint64_t seed, const mr_machine_t *machine) {
    *g = (gen_t){.state = seed * 0x9E3779B97F4A7C15u + 1u, .machine = machine};
}

uint32_t gen_u32(gen_t *g) {
    g->state += 0x9E3779B97F4A7C15u;
    uint64_t z = g->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(z >> 32);
}

uint32_t gen_below(gen_t *g, uint32_t n) {
    return (uint32_t)(((uint64_t)gen_u32(g) * n) >> 32);
}

bool gen_chance(gen_t *g, uint32_t percent) {
    return gen_below(g, 100) < percent;
}

static uint32_t wild_float(gen_t *g) {
    static const uint32_t corners[] = {0x00000000u, 0x80000000u, 0x00000001u, 0x807FFFFFu,
                                       0x00800000u, 0x7F7FFFFFu, 0xFF7FFFFFu, 0x7F800000u,
                                       0xFF800000u, 0x7FC00000u, 0xFFC12345u, 0x7F800001u,
                                       0x3F800000u, 0xBF800000u, 0x42B17218u, 0xC2AEAC50u};
    switch (gen_below(g, 4)) {
    case 0:
        return corners[gen_below(g, sizeof corners / sizeof corners[0])];
    case 1:
        return gen_u32(g);
    case 2:
        return gen_u32(g) & 0x807FFFFFu; /* subnormal */
    default:
        return (gen_u32(g) & 0x80FFFFFFu) | 0x7E000000u; /* huge */
    }
}

void gen_floats(gen_t *g, bool wild, uint32_t *words, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bits = gen_u32(g);
        /* 2^-4 .. 2^4, either sign */
        words[i] = (bits & 0x807FFFFFu) | ((123u + gen_below(g, 8)) << 23);
        if (wild && gen_chance(g, 30)) {
            words[i] = wild_float(g);
        }
    }
}

static uint32_t scale(gen_t *g, bool wild) {
    const uint32_t bits = gen_u32(g);
    return wild ? bits & 0xFFFFu : (bits & 0x83FFu) | ((6u + gen_below(g, 4)) << 10);
}

void gen_weights(gen_t *g, uint32_t *words, uint32_t rows) {
    for (uint32_t r = 0; r < rows; r++, words += 9) {
        const bool wild = gen_chance(g, 5);
        for (uint32_t k = 0; k < 9; k++) {
            words[k] = gen_u32(g);
        }
        if (gen_chance(g, 5)) {
            words[0] = 0x80808080u; /* -128 */
        }
        /* Scales: Q8_0 in word 8, Q4_0 in bits 143:128 and 287:272. */
        words[8] = scale(g, wild) | (scale(g, wild) << 16);
        words[4] = (words[4] & 0xFFFF0000u) | scale(g, wild);
    }
}

void gen_blocks(gen_t *g, bool wild, uint32_t *words, uint32_t rows) {
    for (uint32_t r = 0; r < rows; r++, words += 9) {
        for (uint32_t k = 0; k < 8; k++) {
            words[k] = gen_u32(g);
            for (uint32_t b = 0; b < 32; b += 8) {
                if (((words[k] >> b) & 0xFFu) == 0x80u) {
                    words[k] ^= 1u << b;
                }
            }
        }
        words[8] = scale(g, wild && gen_chance(g, 30));
    }
}

void gen_kv_shape(gen_t *g) {
    /* All 1024 pages of the table have to fit the DRAM: layers x heads x nbh <= 30. */
    do {
        g->kv_layers = 1 + gen_below(g, 3);
        g->kv_heads = 1 + gen_below(g, 4);
        g->kv_nbh = 1 + gen_below(g, g->machine->kv_nbh);
    } while (g->kv_layers * g->kv_heads * g->kv_nbh > 30);
    for (uint32_t s = 0; s < GEN_SLOTS; s++) {
        g->kv_len[s] = 0;
    }
}

/* ---- scenarios ----------------------------------------------------------------------------- */

static gen_program_t *new_program(gen_scenario_t *s, uint32_t tile, uint32_t pc) {
    gen_program_t *program = &s->program[s->n_programs++];
    program->tile = tile;
    program->pc = pc;
    program->n = 0;
    return program;
}

static uint32_t new_pc(gen_t *g) {
    const uint32_t pc = g->next_pc;
    g->next_pc += GEN_PROGRAM_MAX;
    return pc;
}

/* A job with random header; its KV use is decided here. */
static pair_job_t new_job(gen_t *g, gen_scenario_t *s, uint32_t dest, uint32_t pc, uint32_t slot,
                          prog_kv_t *kv) {
    pair_job_t job = {.dest = dest,
                      .pc = pc,
                      .flags = gen_below(g, 16),
                      .parts = gen_below(g, 2),
                      .token = gen_below(g, 200),
                      .pos = gen_chance(g, 50) ? gen_below(g, 64) : gen_u32(g) & 0x3FFFFu,
                      .slot = slot};
    *kv = PROG_KV_NONE;
    if (g->kv_len[slot] != 0 && gen_chance(g, 30)) {
        *kv = PROG_KV_READ;
        job.pos = gen_below(g, g->kv_len[slot]);
    } else if (gen_chance(g, 50)) {
        *kv = PROG_KV_APPEND_ALL;
        job.pos = g->kv_len[slot];
    }
    s->slots |= 1u << slot;
    return job;
}

/* One tile, results to the hub. */
static void single(gen_t *g, gen_scenario_t *s, uint32_t slot, bool mistake) {
    const uint32_t tile = gen_below(g, g->machine->tiles);
    const uint32_t pc = new_pc(g);
    prog_kv_t kv;
    prog_t p;
    const bool run_over = mistake && gen_chance(g, 15);
    pair_job_t job = new_job(g, s, 2u << tile, pc, slot, &kv);
    prog_begin(&p, g, s, new_program(s, tile, pc), &job, 0, 0, kv);
    prog_body(&p, 1 + gen_below(g, 20), mistake && !run_over);
    prog_send_hub(&p);
    if (run_over) {
        prog_run_over(&p);
        job.pc = p.out->pc;
    } else {
        prog_end(&p);
    }
    s->job[s->n_jobs++] = job;
}

/* The tiles of hop k of a chain, a mask: one, but the last hop may be a multicast. */
static uint32_t hop_tiles(gen_t *g, bool last) {
    return last ? 1 + gen_below(g, (1u << g->machine->tiles) - 1)
                : 1u << gen_below(g, g->machine->tiles);
}

/* A job that travels over 2..4 tiles. */
static void chain(gen_t *g, gen_scenario_t *s, bool mistake) {
    const uint32_t hops = 2 + gen_below(g, 3);
    const uint32_t bad_hop = mistake ? gen_below(g, hops - 1) : hops;
    uint32_t tiles = hop_tiles(g, false);
    uint32_t pc = new_pc(g);
    uint32_t lo = 0;
    uint32_t hi = 0;
    prog_kv_t kv;
    prog_t p;
    const pair_job_t job = new_job(g, s, tiles << 1, pc, gen_below(g, GEN_SLOTS), &kv);
    s->job[s->n_jobs++] = job;
    for (uint32_t hop = 0; hop + 1 < hops; hop++) {
        const uint32_t next_tiles = hop_tiles(g, hop + 2 == hops);
        const uint32_t next_pc = new_pc(g);
        const uint32_t tile = tiles == 1 ? 0 : 1;
        const uint32_t next_lo = gen_chance(g, 50) ? 0 : 2 * gen_below(g, s->in_size / 2);
        uint32_t n = 2 * gen_below(g, (s->in_size - next_lo) / 2 + 1);
        if (hop == bad_hop && gen_chance(g, 25)) { /* longer than the buffer */
            n = s->in_size - next_lo + 2 * (1 + gen_below(g, 30));
        }
        prog_begin(&p, g, s, new_program(s, tile, pc), &job, lo, hi, kv);
        prog_body(&p, 1 + gen_below(g, 8), hop == bad_hop && next_lo + n <= s->in_size);
        prog_send_tiles(&p, next_tiles | (gen_chance(g, 20) ? 1u << 31 : 0), next_pc,
                        gen_below(g, 2), next_lo, n);
        prog_end(&p);
        kv = kv == PROG_KV_APPEND_ALL ? PROG_KV_READ : kv;
        lo = next_lo;
        hi = next_lo + n;
        tiles = next_tiles;
        pc = next_pc;
    }
    for (uint32_t t = 0; t < g->machine->tiles; t++) {
        if (((tiles >> t) & 1u) != 0) {
            prog_begin(&p, g, s, new_program(s, t, pc), &job, lo, hi, kv);
            prog_body(&p, 1 + gen_below(g, 8), false);
            prog_send_hub(&p);
            prog_end(&p);
        }
    }
}

/* Two tiles work on shares, one of them gathers. */
static void gather(gen_t *g, gen_scenario_t *s, bool mistake) {
    const uint32_t target = gen_below(g, g->machine->tiles);
    const uint32_t pc = new_pc(g);
    const uint32_t gather_pc = new_pc(g);
    const uint32_t share = s->in_size / g->machine->tiles / 2 * 2;
    const uint32_t extra = gen_below(g, 3); /* further messages, sent by tile 0 */
    const uint32_t bad_tile = mistake ? gen_below(g, g->machine->tiles) : g->machine->tiles;
    const uint32_t all = (1u << g->machine->tiles) - 1;
    prog_kv_t kv;
    prog_t p;
    const pair_job_t job = new_job(g, s, all << 1, pc, gen_below(g, GEN_SLOTS), &kv);
    s->job[s->n_jobs++] = job;
    for (uint32_t t = 0; t < g->machine->tiles; t++) {
        prog_begin(&p, g, s, new_program(s, t, pc), &job, 0, 0, t == 0 ? kv : PROG_KV_NONE);
        prog_body(&p, 1 + gen_below(g, 8), t == bad_tile);
        for (uint32_t i = 0; i < 1 + (t == 0 ? extra : 0); i++) {
            prog_send_tiles(&p, 1u << target, gather_pc, g->machine->tiles + extra, t * share,
                            i == 0 ? share : 2 * gen_below(g, share / 2));
        }
        prog_end(&p);
    }
    prog_begin(&p, g, s, new_program(s, target, gather_pc), &job, 0, share * g->machine->tiles,
               PROG_KV_NONE);
    prog_body(&p, 1 + gen_below(g, 8), false);
    prog_send_hub(&p);
    prog_end(&p);
}

/* Many appends to one slot, so that attention sees long caches. */
static void grow(gen_t *g, gen_scenario_t *s) {
    const uint32_t slot = gen_below(g, GEN_SLOTS);
    const uint32_t tile = gen_below(g, g->machine->tiles);
    const uint32_t pc = new_pc(g);
    gen_program_t *program = new_program(s, tile, pc);
    prog_t p;
    pair_job_t job = {.dest = 2u << tile, .pc = pc, .parts = 1, .slot = slot};
    s->slots |= 1u << slot;
    job.pos = g->kv_len[slot];
    prog_begin(&p, g, s, program, &job, 0, 0, PROG_KV_APPEND_ALL);
    prog_body(&p, 0, false);
    prog_end(&p);
    s->job[s->n_jobs++] = job;
    while (s->n_jobs < GEN_JOBS_MAX) {
        job.pos = g->kv_len[slot]++;
        s->job[s->n_jobs++] = job;
    }
}

void gen_scenario(gen_t *g, gen_scenario_t *s) {
    const bool mistake = gen_chance(g, 25);
    const uint32_t pick = gen_below(g, 100);
    s->in_size = 64 + 2 * gen_below(g, (GEN_IN_SIZE_MAX - 64) / 2 + 1);
    s->n_programs = 0;
    s->n_jobs = 0;
    s->slots = 0;
    s->pipelined = false;
    s->attend_refused = false;
    g->next_pc = GEN_SAFE_DESCS + gen_below(g, 16);
    g->next_id = 0x1000u + gen_below(g, 0x4000); /* above every pc */
    s->mistake = mistake;
    if (pick < 40) {
        s->kind = "single";
        single(g, s, gen_below(g, GEN_SLOTS), mistake);
    } else if (pick < 60) {
        s->kind = "chain";
        chain(g, s, mistake);
    } else if (pick < 75) {
        s->kind = "gather";
        gather(g, s, mistake);
    } else if (pick < 85) {
        s->kind = "grow";
        s->pipelined = true;
        grow(g, s);
    } else {
        s->kind = "pipelined";
        s->pipelined = true;
        for (uint32_t i = 0; i < GEN_SLOTS; i++) {
            single(g, s, i, mistake && i == 2);
        }
    }
}

void gen_safe_program(gen_program_t *program) {
    *program = (gen_program_t){.pc = GEN_SAFE_PC, .n = GEN_SAFE_DESCS};
    program->d[0] = (gen_desc_t){{PROG_SEND, 1, 0, 0, 0, GEN_SAFE_ID | 0x10000u, 0, 0}};
    program->d[1] = (gen_desc_t){{PROG_END, 0, 0, 0, 0, 0, 0, 0}};
}

void gen_print(const gen_scenario_t *s) {
    static const char *const names[] = {"END",   "NORM",      "QUANT",    "GEMV",
                                        "ROPE",  "ADD",       "SILU_MUL", "EMBED",
                                        "TOP_K", "KV_APPEND", "ATTEND",   "SEND"};
    fprintf(stderr, "%s, input buffers of %" PRIu32 "\n", s->kind, s->in_size);
    for (uint32_t i = 0; i < s->n_jobs; i++) {
        const pair_job_t *j = &s->job[i];
        fprintf(stderr,
                "job to %#" PRIx32 ": pc %" PRIu32 " flags %#" PRIx32 " parts %" PRIu32
                " token %" PRIu32 " pos %" PRIu32 " slot %" PRIu32 "\n",
                j->dest, j->pc, j->flags, j->parts, j->token, j->pos, j->slot);
    }
    for (uint32_t i = 0; i < s->n_programs; i++) {
        const gen_program_t *p = &s->program[i];
        fprintf(stderr, "program of tile %" PRIu32 "\n", p->tile);
        for (uint32_t k = 0; k < p->n; k++) {
            const uint32_t *w = p->d[k].w;
            const uint32_t op = w[0] & 0xFFu;
            fprintf(stderr, "  %3" PRIu32 " %-9s", p->pc + k,
                    op < sizeof names / sizeof names[0] ? names[op] : "?");
            for (uint32_t n = 0; n < 8; n++) {
                fprintf(stderr, " %08" PRIx32, w[n]);
            }
            fprintf(stderr, "\n");
        }
    }
}
