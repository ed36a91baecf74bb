/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement makes of a token, by the firmware's cost model: each visit's tiles and cycles.
 */
#ifndef MR_HOST_CLI_PREDICT_H
#define MR_HOST_CLI_PREDICT_H

#include "cli.h"
#include "json.h"
#include "millrace/place.h"

/* A table of visits and their sum on standard output; p with its formats. */
void mr_cli_predict_print(mr_cli_t *cli, const mr_placement_t *p);

/* The same as an object "predicted". */
void mr_cli_predict_json(cJSON *object, const mr_placement_t *p);

#endif
