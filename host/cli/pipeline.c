/* SPDX-License-Identifier: Apache-2.0 */
/* Users who decode in steady state, traced. */
#include "pipeline.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "fleet.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "stats.h"

#define BAR_SECONDS 0.1
#define SLACK 64u /* tokens that a user may make besides those of the window */

typedef enum { WARMING, OPEN, CLOSED } phase_t;

typedef struct {
    const mr_cli_pipeline_options_t *options;
    mr_cli_pipeline_result_t *result;
    mr_session_t *session;
    mr_cli_fleet_t fleet;
    mr_split_t *split;
    phase_t phase;
    uint32_t made[MR_CLI_PIPELINE_USERS_MAX]; /* tokens of a slot while warming */
    uint32_t warm;                            /* users that are */
    uint64_t begin;
    double begin_s;
    uint64_t *latency; /* of each token of the window */
    uint64_t wrong;    /* tokens whose split does not add up */
    uint64_t kv_useful[MR_MACHINE_GROUPS_MAX];
    uint64_t kv_cycle[MR_MACHINE_GROUPS_MAX];
    bool kv_read;
    double drawn_s;
} run_t;

/* ---- results ---- */

uint64_t mr_cli_pipeline_starved(const uint64_t clocks[MR_TRACE_TILE_STATES]) {
    return clocks[MR_TRACE_OFF];
}

uint64_t mr_cli_pipeline_blocked(const uint64_t clocks[MR_TRACE_TILE_STATES]) {
    return clocks[MR_TRACE_BLOCKED];
}

uint64_t mr_cli_pipeline_busy(const uint64_t clocks[MR_TRACE_TILE_STATES]) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_TRACE_TILE_STATES; i++) {
        sum += clocks[i];
    }
    return sum - mr_cli_pipeline_starved(clocks) - mr_cli_pipeline_blocked(clocks);
}

uint32_t mr_cli_pipeline_slowest(const mr_cli_pipeline_result_t *result, uint32_t tiles,
                                 double *occupancy) {
    uint32_t slowest = 0;
    for (uint32_t i = 1; i < tiles; i++) {
        if (mr_cli_pipeline_busy(result->tile[i]) > mr_cli_pipeline_busy(result->tile[slowest])) {
            slowest = i;
        }
    }
    *occupancy = (double)mr_cli_pipeline_busy(result->tile[slowest]) / (double)result->cycles;
    return slowest;
}

/* ---- the window ---- */

static void open_window(run_t *run, uint64_t cycle) {
    run->phase = OPEN;
    run->begin = cycle;
    run->begin_s = mr_cli_wall_s();
    mr_split_mark(run->split, cycle);
    if (run->options->window != NULL) {
        run->options->window(run->options->ctx, true, cycle);
    }
}

static void close_window(run_t *run, uint64_t cycle) {
    const mr_machine_t *machine = &mr_session_placement(run->session)->machine;
    mr_cli_pipeline_result_t *r = run->result;
    run->phase = CLOSED;
    run->fleet.done = true;
    r->cycles = cycle - run->begin;
    r->wall_s = mr_cli_wall_s() - run->begin_s;
    for (uint32_t i = 0; i < mr_machine_tiles(machine); i++) {
        mr_split_tile(run->split, i, cycle, r->tile[i]);
    }
    for (uint32_t i = 0; i < machine->groups; i++) {
        r->network[i] = mr_split_network(run->split, i, cycle);
    }
    if (run->options->window != NULL) {
        run->options->window(run->options->ctx, false, cycle);
    }
}

static void count_token(run_t *run, const mr_split_token_t *t) {
    mr_cli_pipeline_result_t *r = run->result;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_SPLIT_STATES; i++) {
        sum += t->clocks[i];
        r->state[i] += t->clocks[i];
        r->part[mr_split_part(i)] += t->clocks[i];
        r->unavoidable += mr_split_unavoidable(i) ? t->clocks[i] : 0;
    }
    run->wrong += sum != t->end - t->begin ? 1u : 0u;
    r->latency += t->end - t->begin;
    run->latency[r->tokens++] = t->end - t->begin;
}

static void on_token_end(void *ctx, const mr_split_token_t *t) {
    run_t *run = ctx;
    const mr_cli_pipeline_options_t *o = run->options;
    if (!t->chained || t->pos < o->context) {
        return;
    }
    if (run->phase == WARMING) {
        run->warm += ++run->made[t->slot] == MR_CLI_PIPELINE_WARM ? 1u : 0u;
        if (run->warm == o->users) {
            open_window(run, t->end);
        }
    } else if (run->phase == OPEN) {
        count_token(run, t);
        if (run->result->tokens == (uint64_t)o->users * o->tokens) {
            close_window(run, t->end);
        }
    }
}

static void on_interval(void *ctx, uint8_t slot, uint32_t pos, uint32_t state, uint64_t from,
                        uint64_t to) {
    const run_t *run = ctx;
    if (run->options->interval != NULL) {
        run->options->interval(run->options->ctx, slot, pos, state, from, to);
    }
}

static void on_record(void *ctx, const mr_trace_record_t *record) {
    run_t *run = ctx;
    mr_split_record(run->split, record);
    if (run->options->record != NULL) {
        run->options->record(run->options->ctx, record);
    }
}

/* ---- the run ---- */

static void draw_bar(run_t *run) {
    const mr_cli_pipeline_options_t *o = run->options;
    const double now = mr_cli_wall_s();
    if (isatty(STDERR_FILENO) != 1 || now - run->drawn_s < BAR_SECONDS) {
        return;
    }
    run->drawn_s = now;
    if (run->phase == WARMING) {
        fprintf(stderr,
                "\r\033[K%" PRIu32 " users: %" PRIu32 " of them have their context and decode",
                o->users, run->warm);
    } else {
        fprintf(stderr, "\r\033[K%" PRIu32 " users: %" PRIu64 " of %" PRIu64 " tokens measured",
                o->users, run->result->tokens, (uint64_t)o->users * o->tokens);
    }
}

/* Reads the KV channels' counters at the window's begin and, if end is true, end. */
static mr_status_t read_kv(run_t *run, bool end) {
    const mr_mmio_t *mmio = mr_session_mmio(run->session);
    const mr_machine_t *machine = &mr_session_placement(run->session)->machine;
    for (uint32_t g = 0; g < machine->groups; g++) {
        uint64_t cycle;
        uint64_t useful;
        MR_TRY(mr_chip_cycles(mmio, &cycle));
        MR_TRY(mr_kv_useful(mmio, g, 0, &useful));
        const double share =
            (double)(useful - run->kv_useful[g]) / (double)(cycle - run->kv_cycle[g]);
        run->result->kv = end && share > run->result->kv ? share : run->result->kv;
        run->kv_useful[g] = useful;
        run->kv_cycle[g] = cycle;
    }
    return MR_OK;
}

static mr_status_t drive(run_t *run) {
    bool busy = true;
    while (busy) {
        MR_TRY(mr_cli_fleet_step(&run->fleet, &busy));
        if (run->phase == OPEN && !run->kv_read) {
            run->kv_read = true;
            MR_TRY(read_kv(run, false));
        }
        if (!run->fleet.stopped &&
            (run->phase == CLOSED || run->fleet.early || mr_cli_interrupted())) {
            if (run->kv_read && run->phase == CLOSED) {
                MR_TRY(read_kv(run, true));
            }
            MR_TRY(mr_device_trace(mr_session_mmio(run->session), NULL, NULL));
            mr_cli_fleet_stop(&run->fleet);
        }
        draw_bar(run);
    }
    return MR_OK;
}

static mr_status_t run_users(run_t *run) {
    MR_TRY(mr_cli_fleet_open(&run->fleet));
    MR_TRY(mr_device_trace(mr_session_mmio(run->session), on_record, run));
    mr_status_t status = drive(run);
    /* Also after an error: the sink is about to go. */
    const mr_status_t ended = mr_device_trace(mr_session_mmio(run->session), NULL, NULL);
    status = status != MR_OK ? status : ended;
    if (isatty(STDERR_FILENO) == 1) {
        fputs("\r\033[K", stderr);
    }
    return status;
}

static int compare(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Nearest rank. */
static uint64_t percentile(const uint64_t *sorted, uint64_t n, uint64_t percent) {
    return sorted[(n * percent + 99u) / 100u - 1u];
}

static int judge(run_t *run) {
    const mr_machine_t *machine = &mr_session_placement(run->session)->machine;
    mr_cli_pipeline_result_t *r = run->result;
    for (uint32_t i = 0; i < mr_machine_tiles(machine); i++) {
        const uint64_t sum = mr_cli_pipeline_busy(r->tile[i]) +
                             mr_cli_pipeline_starved(r->tile[i]) +
                             mr_cli_pipeline_blocked(r->tile[i]);
        run->wrong += sum != r->cycles ? 1u : 0u;
    }
    if (run->wrong != 0 || mr_split_lost(run->split) != 0) {
        return mr_cli_fail("the trace does not add up: %" PRIu64 " tokens or tiles; this is a "
                           "fault of the tool",
                           run->wrong + mr_split_lost(run->split));
    }
    qsort(run->latency, r->tokens, sizeof *run->latency, compare);
    r->p50 = percentile(run->latency, r->tokens, 50);
    r->p99 = percentile(run->latency, r->tokens, 99);
    r->max = run->latency[r->tokens - 1u];
    return MR_CLI_OK;
}

static int outcome(run_t *run, mr_status_t status) {
    const int code = mr_cli_fleet_outcome(&run->fleet, status);
    if (code != MR_CLI_OK) {
        return code;
    }
    if (run->phase == CLOSED) {
        return judge(run);
    }
    return run->fleet.early
               ? mr_cli_fail("a user's cache was full before the measurement was over; "
                             "fewer --tokens or a smaller --context")
               : MR_CLI_INTERRUPTED;
}

int mr_cli_pipeline_run(mr_session_t *session, const mr_cli_pipeline_options_t *options,
                        mr_cli_pipeline_result_t *result) {
    const mr_machine_t *machine = &mr_session_placement(session)->machine;
    run_t *run = mr_cli_alloc(1, sizeof *run);
    int code = mr_cli_fleet_check(session, options->users, options->context,
                                  MR_CLI_PIPELINE_WARM + options->tokens);
    run->options = options;
    run->result = result;
    run->session = session;
    run->fleet = (mr_cli_fleet_t){.session = session,
                                  .users = options->users,
                                  .context = options->context,
                                  .most = MR_CLI_PIPELINE_WARM + 2u * options->tokens + SLACK};
    memset(result, 0, sizeof *result);
    result->users = options->users;
    result->context = options->context;
    if (code == MR_CLI_OK) {
        const mr_split_config_t config = {mr_machine_tiles(machine), machine->groups, on_token_end,
                                          run, on_interval};
        run->latency = mr_cli_alloc((size_t)options->users * options->tokens, sizeof *run->latency);
        const mr_status_t status = mr_split_open(&config, &run->split);
        code = outcome(run, status == MR_OK ? run_users(run) : status);
    }
    mr_split_close(run->split);
    free(run->latency);
    mr_cli_fleet_close(&run->fleet);
    free(run);
    return code;
}

int mr_cli_pipeline_open(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                         const mr_cli_firmware_t *firmware, mr_session_t **session) {
    const int code = mr_cli_open_firmware(cli, device, model, mode, firmware, session);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_status_t status = mr_device_trace(mr_session_mmio(*session), NULL, NULL);
    if (status == MR_UNSUPPORTED) {
        mr_session_close(*session);
        *session = NULL;
        return mr_cli_fail("device '%s' gives no trace; take a chip that is simulated in parts, "
                           "such as sim:deep",
                           device);
    }
    return MR_CLI_OK;
}

bool mr_cli_pipeline_option(const mr_cli_t *cli, int key, mr_cli_pipeline_what_t *what) {
    switch (key) {
    case MR_CLI_PIPELINE_DEVICE:
        what->device = optarg;
        return true;
    case MR_CLI_PIPELINE_MODE:
        what->mode_text = optarg;
        return mr_cli_parse_mode(cli, optarg, &what->mode);
    case MR_CLI_PIPELINE_FIRMWARE:
        return mr_cli_parse_firmware(cli, optarg, &what->firmware);
    case MR_CLI_PIPELINE_IMAGE:
        what->firmware.image = optarg;
        return true;
    case MR_CLI_PIPELINE_USERS:
        return mr_cli_parse_u32(cli, "--users", optarg, 1, MR_CLI_PIPELINE_USERS_MAX,
                                &what->run.users);
    case MR_CLI_PIPELINE_CONTEXT:
        return mr_cli_parse_u32(cli, "--context", optarg, 0, 1u << 17, &what->run.context);
    case MR_CLI_PIPELINE_TOKENS:
        return mr_cli_parse_u32(cli, "--tokens", optarg, 1, 1000, &what->run.tokens);
    default:
        what->model = optarg;
        return true;
    }
}
