/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement does with a token on the device: each tile's busy cycles, by its counter. */
#ifndef MR_HOST_CLI_MEASURE_H
#define MR_HOST_CLI_MEASURE_H

#include <stdint.h>

#include "cli.h"
#include "json.h"
#include "millrace/place.h"
#include "session/session.h"

#define MR_CLI_MEASURE_TOKENS 8u

typedef struct {
    uint32_t first;                       /* position of the first token measured */
    uint64_t cycles;                      /* of the tokens, firmware's included */
    uint64_t busy[MR_MACHINE_TILES_MAX];  /* cycles of a tile in which it had a job of them */
    uint64_t ready[MR_MACHINE_TILES_MAX]; /* the same as predicted */
} mr_cli_measure_t;

/* Loads the model in a mode (MR_PLACE_*) onto a device with time and lets a user alone make
 * MR_CLI_MEASURE_TOKENS tokens about the position that placements are predicted at. tiles is
 * filled in for the device's tiles.
 * @return an exit code; the message is out. */
int mr_cli_measure(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                   mr_cli_measure_t *out);

/* A table of the tiles that had jobs, and its object "measured". */
void mr_cli_measure_print(mr_cli_t *cli, const mr_placement_t *p, const mr_cli_measure_t *m);
void mr_cli_measure_json(cJSON *object, const mr_placement_t *p, const mr_cli_measure_t *m);

#endif
