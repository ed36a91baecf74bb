/* SPDX-License-Identifier: Apache-2.0 */
/* The Verilated chip and a functional model of the same shape, driven in step, register by
 * register.
 *
 * Writes go to both devices; reads come back from each. What fails (a bus error nobody asked for, a
 * simulation fault, a machine that does not come to rest) prints one line and ends the program
 * through pair_die(), so callers need no error paths. One thread.
 */
#ifndef MR_TESTS_COSIM_PAIR_H
#define MR_TESTS_COSIM_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/machine.h"
#include "millrace/mmio.h"

enum { PAIR_SIM = 0, PAIR_MODEL = 1, PAIR_DEVICES = 2 };

#define PAIR_RESULTS_MAX 64u
#define PAIR_RESULT_ELEMS 1024u

typedef struct {
    uint32_t hdr; /* RES_HDR: slot, status, flags, pc */
    uint32_t pos;
    uint32_t token;
    uint32_t len;
    uint32_t data[PAIR_RESULT_ELEMS]; /* the first elements, raw bits */
} pair_result_t;

typedef struct {
    mr_mmio_t io[PAIR_DEVICES];
    mr_machine_t machine;
    const char *context; /* printed by pair_die: how to run this again */
    uint64_t injected;
    uint32_t n_results[PAIR_DEVICES];
    pair_result_t results[PAIR_DEVICES][PAIR_RESULTS_MAX];
} pair_t;

/* Powers both up; dram: the simulated chip's, NULL for the default one. */
void pair_open(pair_t *p, const char *dram);
void pair_close(pair_t *p);

/* Prints "FAIL: ..." with the pair's context and exits with status 1. */
_Noreturn void pair_die(const pair_t *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

uint32_t pair_read(const pair_t *p, int device, uint32_t addr);
void pair_write(const pair_t *p, uint32_t addr, uint32_t value);
uint32_t pair_tile_read(const pair_t *p, int device, uint32_t tile, uint32_t offset);
void pair_tile_write(const pair_t *p, uint32_t tile, uint32_t offset, uint32_t value);
uint64_t pair_tile_counter(const pair_t *p, int device, uint32_t tile, uint32_t lo_offset);

/* Memory window, kinds as MR_CHIP_MEM_TARGET_KIND_x. Every access must be accepted. */
void pair_put(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t index, const uint32_t *words,
              size_t n);
void pair_get(const pair_t *p, int device, uint32_t kind, uint32_t tile, uint32_t index,
              uint32_t *words, size_t n);
/* Rows of nine words (WMEM lane words, XMEM blocks). */
void pair_put_rows(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t first,
                   const uint32_t *words, size_t rows);

/* Runs the CRC engine of both; true when the values agree. */
bool pair_same(const pair_t *p, uint32_t kind, uint32_t tile, uint32_t first, uint32_t rows);

/* Input buffers, enable, and error and counters cleared. */
void pair_start_tile(const pair_t *p, uint32_t tile, uint32_t in_base, uint32_t in_size);

/* Sets the KV cache's shape, empties it and waits until it is ready. */
void pair_kv_init(const pair_t *p, uint32_t layers, uint32_t heads, uint32_t nbh);
void pair_kv_free(const pair_t *p, uint32_t slot);

typedef struct {
    uint32_t dest; /* mask of nodes */
    uint32_t pc;
    uint32_t flags;
    uint32_t parts;
    uint32_t token;
    uint32_t pos;
    uint32_t slot;
} pair_job_t;

/* Injects a job into both; waits while the last one has not been taken, and takes results then. */
void pair_inject(pair_t *p, const pair_job_t *job);
/* The same without waiting and for one device. */
void pair_push(const pair_t *p, int device, const pair_job_t *job);

/* Takes the results that wait into results[device]. */
void pair_take_results(pair_t *p, int device);

/* Takes results until nothing moves any more. */
void pair_settle(pair_t *p);
/* Likewise for one device; false when it does not come to rest. */
bool pair_settle_device(pair_t *p, int device);

#endif
