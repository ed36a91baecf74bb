/* SPDX-License-Identifier: Apache-2.0 */
/* Decode traffic on the KV controller alone: each user appends one K and one V vector and streams
 * its whole history (all K blocks of 32 positions, then all V blocks), round after round.
 *
 * One layer, one head. The histories are filled first, in turns of 32 positions a user, and not
 * measured; they then grow by one position a round. The requester keeps up to 8 commands
 * outstanding and always takes answers. Content is a function of (user, kind, position), and every
 * beat is compared. Measured is a window in steady state: at least one round's commands and
 * min_clocks, rounded up to whole batches of postponed refreshes.
 *
 * limit: share of the clocks that refresh leaves on the device's bus, whatever the traffic.
 * All-bank refresh: a batch of R = RefMax takes at least TRtp + TRpAll + R TRfc + TRcdRd clocks
 * from the last read command before it to the first one behind it, of which BurstClks carry data,
 * so the limit is 1 - (TRtp + TRpAll + R TRfc + TRcdRd - BurstClks) / (R TRefi). Per-bank refresh:
 * 1, since the other banks may go on meanwhile.
 */
#ifndef MR_SIM_VERILATOR_KV_MR_KV_DECODE_H
#define MR_SIM_VERILATOR_KV_MR_KV_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MR_KV_DECODE_CAUSES = 7 }; /* useful, then the causes of loss */

typedef struct {
    const char *model;     /* mr_kv_sim_name() */
    uint32_t users;        /* 1..128 */
    uint32_t tokens;       /* positions of each user in the first measured round */
    uint32_t vector_bytes; /* elements of a K or V vector: a multiple of 32, up to 1024 */
    bool batched;          /* appends of up to 8 users ahead of their streams */
    uint64_t min_clocks;
    uint64_t seed; /* of the random order */
    /* Called now and then with the share done, 0..1; false stops. May be NULL. */
    bool (*progress)(void *ctx, double share);
    void *ctx;
} mr_kv_decode_config_t;

typedef struct {
    uint64_t clocks,
        causes[MR_KV_DECODE_CAUSES]; /* the causes add up to clocks, or balanced is false */
    bool balanced;
    /* Most clocks that can have been useful, by what passed the ports in the window: the bytes of
     * answers and appends in words, two cut words a command, and what was under way at its ends. */
    uint64_t useful_most;
    double utilization, limit, pj_per_bit;
    uint64_t act, rd, wr, pre, ref;
    uint64_t latency_p50, latency_p99, latency_max; /* STREAM taken to its first beat, clocks */
    uint64_t rounds_taken;                          /* rounds begun in the window */
    uint32_t tokens_last;                           /* positions of a user at the end */
    double ref_due;                                 /* refreshes that the window owes */
    /* STREAM on an idle controller without a refresh in between, to its first beat: median of 33;
     * the device's share where no row is open (ACT to RD, RD to data, words of one block, the
     * distance of two ACT where a block takes bursts of two bank groups); the most clocks above the
     * device's share of a trial, which has PRE to ACT in it where another row is open. */
    uint64_t first_beat, first_beat_device, first_beat_overhead;
    uint64_t violations, data_errors;
    double clock_mhz, word_bytes;
} mr_kv_decode_result_t;

/* What went over the DFI port in a clock: the commands of its ports (port 1: the row commands of
 * devices with buses of their own; mr_dram_cmd_code_t, bank counted over the bank groups), and the
 * data bus. */
typedef struct {
    uint8_t command[2], bank[2];
    bool read, write;
} mr_kv_decode_clock_t;

typedef struct mr_kv_decode mr_kv_decode_t;

/* Name of model i, or NULL behind the last. */
const char *mr_kv_decode_model(size_t i);

/* Why a configuration cannot be run, or NULL. */
const char *mr_kv_decode_check(const mr_kv_decode_config_t *cfg);

/* Users whose histories of cfg->tokens fit the model's device with room for the positions that a
 * measurement adds, at most 128; 0 for an unknown model or a bad configuration. */
uint32_t mr_kv_decode_users_max(const mr_kv_decode_config_t *cfg);

/* Powers up and fills the histories. @return NULL with the reason in *error (NULL: stopped by
 * progress). */
mr_kv_decode_t *mr_kv_decode_open(const mr_kv_decode_config_t *cfg, const char **error);

/* Measures; users in slot order, or in a new random order each round. May be called again: the
 * histories are then longer. @return false with the reason in *error (NULL: stopped). */
bool mr_kv_decode_measure(mr_kv_decode_t *self, bool random, mr_kv_decode_result_t *result,
                          const char **error);

/* Banks of the model's device; 0 without DRAM. */
uint32_t mr_kv_decode_banks(const mr_kv_decode_t *self);

/* The next measurement writes `count` clocks of its window to `clocks`, in the middle of which the
 * bus turns to the first write behind them; a window has many more. */
void mr_kv_decode_record(mr_kv_decode_t *self, mr_kv_decode_clock_t *clocks, size_t count);

void mr_kv_decode_close(mr_kv_decode_t *self);

/* First broken DRAM rule in words, or empty. Valid until the next call. */
const char *mr_kv_decode_violation(const mr_kv_decode_t *self);

#ifdef __cplusplus
}
#endif

#endif
