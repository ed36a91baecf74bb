/* SPDX-License-Identifier: Apache-2.0 */
/* Random scenarios for the tiles: programs, jobs that run them, and contents of memories.
 *
 * Everything follows from the seed. Programs obey docs/tile_isa.md: `wait` masks cover every
 * dependency between units (found by tracking what each unit may still read and write) and leave
 * out others at random; the descriptor after one that may be refused by its unit waits for it, so
 * that what is skipped does not depend on time. Mistakes are made on purpose, one a program at
 * most.
 *
 * VMEM of a tile: [0, GEN_DATA) operands, [GEN_DATA, GEN_IN_BASE) results that nobody defines
 * (ATTEND refused half way), from GEN_IN_BASE the input buffers.
 */
#ifndef MR_TESTS_COSIM_RAND_GEN_H
#define MR_TESTS_COSIM_RAND_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/machine.h"
#include "pair.h"

#define GEN_DATA 1536u
#define GEN_IN_BASE 2048u
#define GEN_IN_SIZE_MAX 512u
#define GEN_WMEM 1024u       /* WMEM words with contents, from word 0 */
#define GEN_PROGRAM_MAX 48u  /* descriptors */
#define GEN_PROGRAMS_MAX 12u /* of a scenario */
#define GEN_JOBS_MAX 10u     /* injected by a scenario */
#define GEN_SLOTS 6u         /* KV slots that are used */
#define GEN_SAFE_PC 0u       /* here lies a SEND of GEN_SAFE_ID and an END */
#define GEN_SAFE_ID 0xFFFFu
#define GEN_SAFE_DESCS 2u

typedef struct {
    uint32_t w[8];
} gen_desc_t;

typedef struct {
    uint32_t tile;
    uint32_t pc;
    uint32_t n;
    gen_desc_t d[GEN_PROGRAM_MAX];
} gen_program_t;

typedef struct {
    const char *kind;
    uint32_t in_size;
    uint32_t n_programs;
    uint32_t n_jobs;
    gen_program_t program[GEN_PROGRAMS_MAX];
    pair_job_t job[GEN_JOBS_MAX];
    uint32_t slots;      /* mask of the KV slots that jobs name */
    bool mistake;        /* the slots may be in any state afterwards */
    bool pipelined;      /* several jobs at once: which input buffer a job gets depends on time */
    bool attend_refused; /* the number of refused commands depends on time */
} gen_scenario_t;

typedef struct {
    uint64_t state;
    const mr_machine_t *machine;
    uint32_t kv_layers;
    uint32_t kv_heads;
    uint32_t kv_nbh;
    uint32_t kv_len[GEN_SLOTS]; /* positions that all layers have */
    uint32_t next_id;           /* of results */
    uint32_t next_pc;
} gen_t;

void gen_seed(gen_t *g, uint64_t seed, const mr_machine_t *machine);
uint32_t gen_u32(gen_t *g);
uint32_t gen_below(gen_t *g, uint32_t n); /* 0..n-1 */
bool gen_chance(gen_t *g, uint32_t percent);

/* Contents: mostly ordinary numbers, or anything (`wild`: NaN, Inf, subnormal, huge). */
void gen_floats(gen_t *g, bool wild, uint32_t *words, uint32_t n);
/* Rows of nine words: weights (any byte, any scale) and activations (bytes in -127..127). */
void gen_weights(gen_t *g, uint32_t *words, uint32_t rows);
void gen_blocks(gen_t *g, bool wild, uint32_t *words, uint32_t rows);

/* Picks a new shape of the KV cache; all lengths become 0. */
void gen_kv_shape(gen_t *g);
void gen_scenario(gen_t *g, gen_scenario_t *s);
/* The program that has to lie at GEN_SAFE_PC in every tile. */
void gen_safe_program(gen_program_t *program);
void gen_print(const gen_scenario_t *s);

#endif
