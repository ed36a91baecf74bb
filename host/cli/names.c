/* SPDX-License-Identifier: Apache-2.0 */
/* Names of steps, visits and tags. */
#include "names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "millrace/cost.h"

_Static_assert(MR_CLI_TAGS == MR_COST_TAGS, "a name for each tag");

const char *const mr_cli_tag_keys[MR_CLI_TAGS] = {"other",   "qkv",  "attention", "out_projection",
                                                  "gate_up", "down", "head",      "embed"};
const char *const mr_cli_tag_texts[MR_CLI_TAGS] = {"other",   "qkv",  "attention", "out projection",
                                                   "gate/up", "down", "head",      "embed"};

void mr_cli_step_name(const mr_placement_t *p, uint32_t step, char text[MR_CLI_STEP_BYTES]) {
    if (step == 0 || step + 1u == p->n_steps) {
        (void)snprintf(text, MR_CLI_STEP_BYTES, "%s", step == 0 ? "embed" : "head");
    } else {
        (void)snprintf(text, MR_CLI_STEP_BYTES, "L%" PRIu32 " %s", mr_step_layer(step),
                       mr_cli_tag_texts[1u + mr_step_stage(step)]);
    }
}

void mr_cli_visit_name(const mr_placement_t *p, const mr_visit_t *v,
                       char text[MR_CLI_VISIT_BYTES]) {
    char first[MR_CLI_STEP_BYTES];
    char last[MR_CLI_STEP_BYTES];
    mr_cli_step_name(p, v->first, first);
    mr_cli_step_name(p, v->last, last);
    if (v->kind != MR_VISIT_STEPS) {
        (void)snprintf(text, MR_CLI_VISIT_BYTES, "%s",
                       v->kind == MR_VISIT_RELAY ? "relay" : "merge");
    } else if (v->last == v->first) {
        (void)snprintf(text, MR_CLI_VISIT_BYTES, "%s", first);
    } else {
        (void)snprintf(text, MR_CLI_VISIT_BYTES, "%s to %s", first, last);
    }
}

void mr_cli_tile_name(const mr_placement_t *p, uint32_t tile, char *text, size_t size) {
    (void)snprintf(text, size, "idle");
    size_t used = 0;
    for (uint32_t i = 0; i < p->n_visits && used < size; i++) {
        const mr_visit_t *v = &p->visit[i];
        if (tile >= v->tile && tile < v->tile + mr_visit_tiles(v)) {
            char name[MR_CLI_VISIT_BYTES];
            mr_cli_visit_name(p, v, name);
            (void)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
            used += strlen(text + used);
        }
    }
}
