/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs: legal operands, wait masks that cover every dependency, mistakes on purpose. */
#ifndef MR_TESTS_COSIM_RAND_PROG_H
#define MR_TESTS_COSIM_RAND_PROG_H

#include <stdbool.h>
#include <stdint.h>

#include "rand_gen.h"

enum {
    PROG_END = 0,
    PROG_NORM = 1,
    PROG_QUANT = 2,
    PROG_GEMV = 3,
    PROG_ROPE = 4,
    PROG_ADD = 5,
    PROG_SILU_MUL = 6,
    PROG_EMBED = 7,
    PROG_TOP_K = 8,
    PROG_KV_APPEND = 9,
    PROG_ATTEND = 10,
    PROG_SEND = 11
};

/* What a program may do with the KV cache at its job's (slot, pos): nothing, ATTEND over what is
 * there, or append the position (to all layers) and ATTEND. */
typedef enum { PROG_KV_NONE, PROG_KV_READ, PROG_KV_APPEND_ALL } prog_kv_t;

#define PROG_UNITS 4u
#define PROG_SPANS 6u

typedef struct {
    uint32_t kind;
    uint32_t lo;
    uint32_t hi;
    bool write;
    bool strict; /* a source that the destination must not equal */
} prog_span_t;

typedef struct {
    gen_t *g;
    gen_scenario_t *s;
    gen_program_t *out;
    const pair_job_t *job;
    prog_kv_t kv;
    uint32_t payload_lo; /* elements of the input buffer that hold something */
    uint32_t payload_hi;
    uint32_t appended; /* mask of layers */
    uint32_t may_fail; /* mask of units whose last descriptor may be refused */
    /* what the last descriptor of each unit may still touch */
    prog_span_t pend[PROG_UNITS][PROG_SPANS];
    uint32_t n_pend[PROG_UNITS];
    /* of the descriptor that is being made */
    prog_span_t span[PROG_SPANS];
    uint32_t n_spans;
    bool no_room; /* it has no place for its result: leave it out */
} prog_t;

/* Starts a program for a job whose input buffer holds elements [lo, hi). */
void prog_begin(prog_t *p, gen_t *g, gen_scenario_t *s, gen_program_t *out, const pair_job_t *job,
                uint32_t lo, uint32_t hi, prog_kv_t kv);
/* n random descriptors, with PROG_KV_APPEND_ALL the appends too, with `mistake` a mistake. */
void prog_body(prog_t *p, uint32_t n, bool mistake);
/* SEND of a result. */
void prog_send_hub(prog_t *p);
/* SEND of n elements to tiles (mask; bit 31: the hub too). */
void prog_send_tiles(prog_t *p, uint32_t tiles, uint32_t pc, uint32_t parts, uint32_t offset,
                     uint32_t n);
/* END. */
void prog_end(prog_t *p);
/* Instead of END: moves the program to the end of PMEM and lets it run past it. */
void prog_run_over(prog_t *p);

#endif
