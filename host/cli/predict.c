/* SPDX-License-Identifier: Apache-2.0 */
/* Predicted cycles of a placement. */
#include "predict.h"

#include <inttypes.h>
#include <stdio.h>

#include "millrace/cost.h"
#include "names.h"

#define BOUND_BYTES 48u
_Static_assert(BOUND_BYTES <= MR_CLI_VISIT_BYTES, "one buffer for both");

/* The position that a token is predicted at. */
static uint32_t position(const mr_placement_t *p) {
    return mr_cost_position(&p->shape);
}

static void tile_range(const mr_visit_t *v, char *text, size_t size) {
    const uint32_t n = mr_visit_tiles(v);
    if (n == 1u) {
        (void)snprintf(text, size, "%u", v->tile);
    } else {
        (void)snprintf(text, size, "%u-%" PRIu32, v->tile, v->tile + n - 1u);
    }
}

/* Cycles from token to token that a visit's tiles allow. */
static uint64_t each(const mr_cost_t *cost, const mr_visit_t *v) {
    return (cost->busy + v->clones - 1u) / v->clones;
}

static void bound_text(const mr_placement_t *p, const mr_bound_t *bound, char *text) {
    static const char *const kinds[] = {"tile", "the bus of group", "the KV cache of group"};
    if (bound->kind == MR_BOUND_WINDOW) {
        (void)snprintf(text, BOUND_BYTES, "the number of jobs in flight (%" PRIu32 ")",
                       p->window < p->machine.kv_slots ? p->window : p->machine.kv_slots);
    } else {
        (void)snprintf(text, BOUND_BYTES, "%s %" PRIu32, kinds[bound->kind], bound->at);
    }
}

void mr_cli_predict_print(mr_cli_t *cli, const mr_placement_t *p) {
    char name[MR_CLI_VISIT_BYTES];
    mr_cost_t cost;
    (void)mr_cli_print(cli,
                       "  predicted at position %" PRIu32 ", %" PRIu32 " shards a stage\n"
                       "  tiles    clones    cycles  of them messages  a token each  visit\n",
                       position(p), p->shards);
    for (uint32_t i = 0; i < p->n_visits; i++) {
        const mr_visit_t *v = &p->visit[i];
        char range[16];
        mr_cost_visit(p, &p->formats, i, position(p), &cost);
        mr_cli_visit_name(p, v, name);
        tile_range(v, range, sizeof range);
        (void)mr_cli_print(cli, "  %-8s %6u %9" PRIu64 " %17" PRIu64 " %13" PRIu64 "  %s\n", range,
                           v->clones, cost.total, cost.network, each(&cost, v), name);
    }
    mr_cost_token(p, &p->formats, position(p), &cost);
    (void)mr_cli_print(cli, "  a token takes %" PRIu64 " cycles: network %" PRIu64, cost.total,
                       cost.network);
    for (uint32_t i = 0; i < MR_COST_TAGS; i++) {
        (void)mr_cli_print(cli, ", %s %" PRIu64, mr_cli_tag_keys[i], cost.tag[i]);
    }
    (void)mr_cli_print(cli, "\n");
    mr_bound_t bound;
    mr_cost_bound(p, &p->formats, position(p), &bound);
    bound_text(p, &bound, name);
    (void)mr_cli_print(cli,
                       "  many users get a token every %" PRIu64
                       " cycles (%.0f a million), %.1f times what one gets: %s bounds it\n",
                       bound.clocks, 1e6 / (double)bound.clocks,
                       (double)cost.total / (double)bound.clocks, name);
}

void mr_cli_predict_json(cJSON *object, const mr_placement_t *p) {
    char name[MR_CLI_VISIT_BYTES];
    mr_cost_t cost;
    cJSON *predicted = cJSON_AddObjectToObject(object, "predicted");
    cJSON *visits = cJSON_AddArrayToObject(predicted, "visits");
    for (uint32_t i = 0; i < p->n_visits; i++) {
        const mr_visit_t *v = &p->visit[i];
        cJSON *visit = cJSON_CreateObject();
        mr_cost_visit(p, &p->formats, i, position(p), &cost);
        mr_cli_visit_name(p, v, name);
        cJSON_AddStringToObject(visit, "stages", name);
        mr_cli_json_u64(visit, "first_tile", v->tile);
        mr_cli_json_u64(visit, "tiles", mr_visit_tiles(v));
        mr_cli_json_u64(visit, "clones", v->clones);
        mr_cli_json_u64(visit, "cycles", cost.total);
        mr_cli_json_u64(visit, "busy_cycles", cost.busy);
        mr_cli_json_u64(visit, "cycles_from_token_to_token", each(&cost, v));
        mr_cli_json_u64(visit, "network_cycles", cost.network);
        cJSON_AddItemToArray(visits, visit);
    }
    mr_cost_token(p, &p->formats, position(p), &cost);
    mr_cli_json_u64(predicted, "position", position(p));
    mr_cli_json_u64(predicted, "tiles_a_stage", p->shards);
    mr_cli_json_u64(predicted, "cycles", cost.total);
    mr_cli_json_u64(predicted, "network_cycles", cost.network);
    for (uint32_t i = 0; i < MR_COST_TAGS; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%s_cycles", mr_cli_tag_keys[i]);
        mr_cli_json_u64(predicted, key, cost.tag[i]);
    }
    mr_bound_t bound;
    mr_cost_bound(p, &p->formats, position(p), &bound);
    bound_text(p, &bound, name);
    mr_cli_json_u64(predicted, "cycles_from_token_to_token", bound.clocks);
    cJSON_AddStringToObject(predicted, "bound", name);
}
