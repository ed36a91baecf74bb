/* SPDX-License-Identifier: Apache-2.0 */
/* What a generation cost: the device's cycles and the wall clock, prompt and decoding apart.
 *
 * Prompt: from the request to its first token. Decoding: from the first token to the last, when one
 * token at a time is on its way, so that the tiles' busy cycles and the rest add up. The cycles
 * that reading the counters takes are in neither.
 */
#ifndef MR_HOST_CLI_STATS_H
#define MR_HOST_CLI_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/machine.h"
#include "millrace/mmio.h"
#include "millrace/status.h"
#include "names.h"

/* Wall clock of this machine in seconds since some moment; never goes back. */
double mr_cli_wall_s(void);

typedef struct {
    uint64_t cycles;
    double wall_s;
} mr_cli_instant_t;

typedef struct {
    const mr_mmio_t *mmio;
    uint32_t tiles;
    uint32_t clock_khz; /* 0: the device has no time, and cycles stay 0 */
    uint32_t tokens;    /* drawn so far */
    mr_cli_instant_t start;
    mr_cli_instant_t prompt_end;
    mr_cli_instant_t decode_start;
    mr_cli_instant_t last;
    uint64_t tags_start[MR_CLI_TAGS];
    uint64_t tags_end[MR_CLI_TAGS];
} mr_cli_stats_t;

/* Results; those that do not exist (a device without time, fewer than two tokens) are NaN. */
typedef struct {
    double clock_hz;
    double cycles;
    double prompt_cycles;
    double cycles_per_token;
    double tag_cycles[MR_CLI_TAGS]; /* per token */
    double rest_cycles; /* per token: network, hub and control; NaN when several tiles worked at a
                           time */
    double tokens_per_s_simulated;
    double tokens_per_s_wall;
    double prompt_s_wall;
    double decode_s_wall;
} mr_cli_rates_t;

/* All of them give the status of the register accesses. */
MR_NODISCARD mr_status_t mr_cli_stats_begin(mr_cli_stats_t *self, const mr_mmio_t *mmio,
                                            const mr_machine_t *machine);
MR_NODISCARD mr_status_t mr_cli_stats_token(mr_cli_stats_t *self);
MR_NODISCARD mr_status_t mr_cli_stats_end(mr_cli_stats_t *self);

void mr_cli_stats_rates(const mr_cli_stats_t *self, mr_cli_rates_t *out);

#endif
