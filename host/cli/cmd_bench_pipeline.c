/* SPDX-License-Identifier: Apache-2.0 */
/* millrace bench pipeline: users who decode on a whole chip, and where the cycles go. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "json.h"
#include "names.h"
#include "pipeline.h"

enum { KEY_LINK = MR_CLI_PIPELINE_KEYS, KEY_SWEEP, KEY_SVG, KEY_JSON };

#define SWEEP_MAX 16u

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {MR_CLI_PIPELINE_DEVICE, "device", "NAME",
     "a chip that is simulated in parts (default: sim:deep)"},
    {MR_CLI_PIPELINE_MODE, "mode", "MODE", MR_CLI_MODE_HELP},
    {MR_CLI_PIPELINE_FIRMWARE, "firmware", "WHERE", MR_CLI_FIRMWARE_HELP},
    {MR_CLI_PIPELINE_IMAGE, "firmware-image", "FILE", MR_CLI_FIRMWARE_IMAGE_HELP},
    {MR_CLI_PIPELINE_USERS, "users", "N", "users at once, 1 to 256 (default: 1)"},
    {MR_CLI_PIPELINE_CONTEXT, "context", "L",
     "positions in each user's cache at the start (default: 128); multiples of 32 are quickest"},
    {MR_CLI_PIPELINE_TOKENS, "tokens", "T",
     "tokens of each user that are measured, 1 to 1000 (default: 4)"},
    {KEY_LINK, "link-latency", "C",
     "clocks that the wires between groups take more than the device's own, 0 to 48"},
    {KEY_SWEEP, "sweep", NULL, "measure 1, 2, 4, ... N users (default: 128), and draw"},
    {KEY_SVG, "svg", "FILE", "the picture of --sweep (default: pipeline.svg)"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "pipeline -m FILE [OPTION...]",
    "Lets users decode on the RTL of a whole chip until the pipeline is in steady state, then\n"
    "measures: throughput, the time of a token and where it goes, what each tile does.",
    options_table};

typedef struct {
    mr_cli_pipeline_what_t what;
    bool json;
    bool sweep;
    uint32_t link;
    const char *svg;
} options_t;

static const char *const state_keys[MR_SPLIT_STATES] = {
    [MR_TRACE_ISSUE] = "issue",        [MR_TRACE_GEMV] = "gemv",
    [MR_TRACE_DPU] = "gemv_ends",      [MR_TRACE_ATTEND] = "attend",
    [MR_TRACE_VEC] = "vector",         [MR_TRACE_TOPK] = "top_k",
    [MR_TRACE_APPEND] = "kv_append",   [MR_TRACE_KV_WAIT] = "kv_wait",
    [MR_TRACE_ASK] = "net_ask",        [MR_TRACE_WAIT] = "net_wait",
    [MR_TRACE_BLOCKED] = "blocked",    [MR_TRACE_SEND] = "net_send",
    [MR_SPLIT_LINK] = "link",          [MR_SPLIT_QUEUED] = "queued",
    [MR_SPLIT_HUB] = "hub_queued",     [MR_SPLIT_TURN] = "hub_turn",
    [MR_SPLIT_TRANSIT] = "net_transit"};

static double per_token(const mr_cli_pipeline_result_t *r, uint64_t clocks) {
    return (double)clocks / (double)r->tokens;
}

static double system_rate(const mr_cli_pipeline_result_t *r) {
    return 1e6 * (double)r->tokens / (double)r->cycles;
}

/* ---- JSON ---- */

static void add_tiles(cJSON *object, const mr_placement_t *p, const mr_cli_pipeline_result_t *r) {
    cJSON *tiles = cJSON_AddArrayToObject(object, "tiles");
    for (uint32_t i = 0; i < mr_machine_tiles(&p->machine); i++) {
        char stage[256];
        cJSON *tile = cJSON_CreateObject();
        mr_cli_tile_name(p, i, stage, sizeof stage);
        mr_cli_json_u64(tile, "tile", i);
        cJSON_AddStringToObject(tile, "stage", stage);
        mr_cli_json_u64(tile, "busy", mr_cli_pipeline_busy(r->tile[i]));
        mr_cli_json_u64(tile, "starved", mr_cli_pipeline_starved(r->tile[i]));
        mr_cli_json_u64(tile, "blocked", mr_cli_pipeline_blocked(r->tile[i]));
        cJSON_AddItemToArray(tiles, tile);
    }
}

static void add_split(cJSON *object, const mr_cli_pipeline_result_t *r) {
    cJSON *latency = cJSON_AddObjectToObject(object, "token_latency_cycles");
    mr_cli_json_u64(latency, "p50", r->p50);
    mr_cli_json_u64(latency, "p99", r->p99);
    mr_cli_json_u64(latency, "max", r->max);
    mr_cli_json_number(latency, "mean", per_token(r, r->latency));
    cJSON *parts = cJSON_AddObjectToObject(object, "breakdown");
    for (uint32_t i = 0; i < MR_SPLIT_PARTS; i++) {
        mr_cli_json_number(parts, mr_split_part_keys[i], per_token(r, r->part[i]));
    }
    cJSON *states = cJSON_AddObjectToObject(object, "states");
    for (uint32_t i = 0; i < MR_SPLIT_ORDER; i++) {
        const uint32_t state = mr_split_order[i];
        mr_cli_json_number(states, state_keys[state], per_token(r, r->state[state]));
    }
    mr_cli_json_number(object, "unavoidable_cycles", per_token(r, r->unavoidable));
    mr_cli_json_number(object, "unavoidable_share", (double)r->unavoidable / (double)r->latency);
}

static cJSON *json_of(const options_t *o, const mr_placement_t *p,
                      const mr_cli_pipeline_result_t *r) {
    cJSON *object = cJSON_CreateObject();
    double occupancy;
    double network = 0.0;
    const uint32_t slowest = mr_cli_pipeline_slowest(r, mr_machine_tiles(&p->machine), &occupancy);
    for (uint32_t i = 0; i < p->machine.groups; i++) {
        const double share = (double)r->network[i] / (double)r->cycles;
        network = share > network ? share : network;
    }
    cJSON_AddStringToObject(object, "device", o->what.device);
    cJSON_AddStringToObject(object, "firmware", mr_cli_firmware_text(&o->what.firmware));
    cJSON_AddStringToObject(object, "model", o->what.model);
    cJSON_AddStringToObject(object, "mode", o->what.mode_text);
    mr_cli_json_u64(object, "users", r->users);
    mr_cli_json_u64(object, "context", r->context);
    mr_cli_json_u64(object, "link_latency", o->link);
    mr_cli_json_u64(object, "tokens", r->tokens);
    mr_cli_json_u64(object, "cycles", r->cycles);
    mr_cli_json_number(object, "system_tokens_per_mcycle", system_rate(r));
    mr_cli_json_number(object, "user_tokens_per_mcycle", system_rate(r) / r->users);
    add_split(object, r);
    mr_cli_json_number(object, "occupancy", occupancy);
    mr_cli_json_u64(object, "slowest_tile", slowest);
    mr_cli_json_number(object, "network_utilization", network);
    mr_cli_json_number(object, "kv_utilization", r->kv);
    mr_cli_json_number(object, "tokens_per_s_wall", (double)r->tokens / r->wall_s);
    add_tiles(object, p, r);
    return object;
}

/* ---- text ---- */

static void print_one(mr_cli_t *cli, const options_t *o, const mr_placement_t *p,
                      const mr_cli_pipeline_result_t *r) {
    char stage[256];
    double occupancy;
    const uint32_t slowest = mr_cli_pipeline_slowest(r, mr_machine_tiles(&p->machine), &occupancy);
    mr_cli_tile_name(p, slowest, stage, sizeof stage);
    (void)mr_cli_print(cli,
                       "%s: %" PRIu32 " users from %" PRIu32 " positions on, %" PRIu64
                       " tokens in %" PRIu64 " cycles\n"
                       "  tokens a million cycles  %9.3f   a user %9.3f\n"
                       "  cycles of a token        %9" PRIu64 " / %" PRIu64 " / %" PRIu64
                       " (p50 / p99 / max)\n",
                       o->what.device, r->users, r->context, r->tokens, r->cycles, system_rate(r),
                       system_rate(r) / r->users, r->p50, r->p99, r->max);
    for (uint32_t i = 0; i < MR_SPLIT_PARTS; i++) {
        (void)mr_cli_print(cli, "    %-14s %16.1f  %6.2f %%\n", mr_split_part_keys[i],
                           per_token(r, r->part[i]),
                           100.0 * (double)r->part[i] / (double)r->latency);
    }
    (void)mr_cli_print(cli,
                       "  unavoidable              %9.1f  %6.2f %% of a token\n"
                       "  slowest stage            %9.2f %% busy: tile %" PRIu32 " (%s)\n"
                       "  busiest KV channel       %9.2f %%\n"
                       "  wall clock               %9.2f tokens/s\n",
                       per_token(r, r->unavoidable),
                       100.0 * (double)r->unavoidable / (double)r->latency, 100.0 * occupancy,
                       slowest, stage, 100.0 * r->kv, (double)r->tokens / r->wall_s);
}

/* ---- options ---- */

static bool take_option(const mr_cli_t *cli, int key, options_t *o) {
    switch (key) {
    case KEY_LINK:
        return mr_cli_parse_u32(cli, "--link-latency", optarg, 0, 48, &o->link);
    case KEY_SWEEP:
        o->sweep = true;
        return true;
    case KEY_SVG:
        o->svg = optarg;
        return true;
    case KEY_JSON:
        o->json = true;
        return true;
    default:
        return mr_cli_pipeline_option(cli, key, &o->what);
    }
}

static int run_one(mr_cli_t *cli, const options_t *o, mr_session_t *session) {
    static mr_cli_pipeline_result_t result;
    const int code = mr_cli_pipeline_run(session, &o->what.run, &result);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_placement_t *p = mr_session_placement(session);
    if (o->json) {
        return mr_cli_json_print(cli, json_of(o, p, &result));
    }
    print_one(cli, o, p, &result);
    return MR_CLI_OK;
}

/* ---- sweep ---- */

/* Most users of those measured whose token takes at most 1.10 times as long as the first row's. */
static uint32_t users_at_pace(const mr_cli_pipeline_result_t *rows, size_t count) {
    uint32_t users = rows[0].users;
    for (size_t i = 0; i < count; i++) {
        const bool fast =
            per_token(&rows[i], rows[i].latency) <= 1.10 * per_token(&rows[0], rows[0].latency);
        users = fast && rows[i].users > users ? rows[i].users : users;
    }
    return users;
}

static void print_sweep(mr_cli_t *cli, const options_t *o, const mr_placement_t *p,
                        const mr_cli_pipeline_result_t *rows, size_t count) {
    (void)mr_cli_print(cli, "%5s %10s %8s  %8s %8s %8s  %7s %7s %7s\n", "users", "tokens/Mc",
                       "gain", "p50", "p99", "max", "stage%", "unav.%", "KV%");
    for (size_t i = 0; i < count; i++) {
        const mr_cli_pipeline_result_t *r = &rows[i];
        double occupancy;
        (void)mr_cli_pipeline_slowest(r, mr_machine_tiles(&p->machine), &occupancy);
        (void)mr_cli_print(cli,
                           "%5" PRIu32 " %10.3f %7.2fx  %8" PRIu64 " %8" PRIu64 " %8" PRIu64
                           "  %7.2f %7.2f %7.2f\n",
                           r->users, system_rate(r), system_rate(r) / system_rate(rows), r->p50,
                           r->p99, r->max, 100.0 * occupancy,
                           100.0 * (double)r->unavoidable / (double)r->latency, 100.0 * r->kv);
    }
    (void)mr_cli_print(cli,
                       "at most 1.10 times one user's time of a token: %" PRIu32 " users; %s\n",
                       users_at_pace(rows, count), o->svg);
}

static void json_sweep(mr_cli_t *cli, const options_t *o, const mr_placement_t *p,
                       const mr_cli_pipeline_result_t *rows, size_t count) {
    cJSON *object = cJSON_CreateObject();
    cJSON *runs = cJSON_AddArrayToObject(object, "runs");
    for (size_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(runs, json_of(o, p, &rows[i]));
    }
    mr_cli_json_number(object, "gain", system_rate(&rows[count - 1u]) / system_rate(rows));
    mr_cli_json_u64(object, "users_at_1_10", users_at_pace(rows, count));
    (void)mr_cli_json_print(cli, object);
}

static int run_sweep(mr_cli_t *cli, const options_t *o, mr_session_t *session) {
    static mr_cli_pipeline_result_t rows[SWEEP_MAX];
    const mr_placement_t *p = mr_session_placement(session);
    mr_cli_pipeline_options_t run = o->what.run;
    size_t count = 0;
    char caption[256];
    for (uint32_t users = 1; users != 0; count++) {
        run.users = users;
        const int code = mr_cli_pipeline_run(session, &run, &rows[count]);
        if (code != MR_CLI_OK) {
            return code;
        }
        users = users == o->what.run.users       ? 0
                : users * 2u < o->what.run.users ? users * 2u
                                                 : o->what.run.users;
    }
    const char *name =
        strrchr(o->what.model, '/') != NULL ? strrchr(o->what.model, '/') + 1 : o->what.model;
    (void)snprintf(caption, sizeof caption,
                   "%.60s on %.60s, mode %.20s: decoding from %" PRIu32 " positions on, %" PRIu32
                   " tokens of each user",
                   name, o->what.device, o->what.mode_text, o->what.run.context,
                   o->what.run.tokens);
    const int code = mr_cli_pipeline_picture(o->svg, caption, rows, count);
    if (o->json) {
        json_sweep(cli, o, p, rows, count);
    } else {
        print_sweep(cli, o, p, rows, count);
    }
    return code;
}

int mr_cli_bench_pipeline(mr_cli_t *cli, int argc, char **argv) {
    options_t o = {.what = {.device = "sim:deep",
                            .mode_text = "efficiency",
                            .mode = MR_PLACE_EFFICIENCY,
                            .run = {.context = 128, .tokens = 4}}};
    mr_session_t *session = NULL;
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !take_option(cli, key, &o)) {
            return MR_CLI_USAGE;
        }
    }
    if (optind < argc) {
        return mr_cli_usage(cli, "unexpected operand '%s'", argv[optind]);
    }
    if (o.svg != NULL && !o.sweep) {
        return mr_cli_usage(cli, "--svg needs --sweep");
    }
    o.svg = o.svg != NULL ? o.svg : "pipeline.svg";
    o.what.run.users = o.what.run.users != 0 ? o.what.run.users : o.sweep ? 128u : 1u;
    if (o.what.model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    int code = mr_cli_pipeline_open(cli, o.what.device, o.what.model, o.what.mode, &o.what.firmware,
                                    &session);
    if (code == MR_CLI_OK && mr_device_link_delay(mr_session_mmio(session), o.link) != MR_OK) {
        code = mr_cli_fail("device '%s' has no links whose latency can be set", o.what.device);
    }
    if (code == MR_CLI_OK) {
        code = o.sweep ? run_sweep(cli, &o, session) : run_one(cli, &o, session);
    }
    mr_session_close(session);
    return code;
}
