/* SPDX-License-Identifier: Apache-2.0 */
/* What people read for the steps of a placement and for where cycles go. */
#ifndef MR_HOST_CLI_NAMES_H
#define MR_HOST_CLI_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/place.h"

#define MR_CLI_TAGS 8u

/* Names of the tiles' cycle tags, as JSON keys and as people read them; a step's is in
 * mr_cost_tags' order: 0 other, 1 + stage, 6 head, 7 embed. */
extern const char *const mr_cli_tag_keys[MR_CLI_TAGS];
extern const char *const mr_cli_tag_texts[MR_CLI_TAGS];

#define MR_CLI_STEP_BYTES 32u  /* room for any step's name */
#define MR_CLI_VISIT_BYTES 72u /* for any visit's */

/* "embed", "L3 gate/up", "head". */
void mr_cli_step_name(const mr_placement_t *p, uint32_t step, char text[MR_CLI_STEP_BYTES]);

/* "L3 qkv to L3 down", "relay", "merge". */
void mr_cli_visit_name(const mr_placement_t *p, const mr_visit_t *visit,
                       char text[MR_CLI_VISIT_BYTES]);

/* All visits of a tile, separated by commas, as far as they go in; "idle" without one. */
void mr_cli_tile_name(const mr_placement_t *p, uint32_t tile, char *text, size_t size);

#endif
