/* SPDX-License-Identifier: Apache-2.0 */
/* Users who decode in steady state, traced. */
#include "pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "millrace/device.h"
#include "millrace/kv.h"

#define BAR_SECONDS 0.1
#define SLACK 64u /* tokens that a user may make besides those of the window */

typedef enum { WARMING, OPEN, CLOSED } phase_t;

typedef struct {
    const mr_cli_pipeline_options_t *options;
    mr_cli_pipeline_result_t *result;
    mr_session_t *session;
    mr_sched_t *sched;
    mr_split_t *split;
    phase_t phase;
    uint32_t made[MR_CLI_PIPELINE_USERS_MAX]; /* tokens of a slot while warming */
    uint32_t warm;                            /* users that are */
    uint64_t begin;
    double begin_s;
    uint64_t *latency; /* of each token of the window */
    uint64_t wrong;    /* tokens whose split does not add up */
    bool early;        /* a user's context was full too soon */
    uint32_t failed;
    uint32_t *prompts;
    uint32_t queued; /* users that are in the queue or beyond */
    uint64_t kv_useful[MR_MACHINE_GROUPS_MAX];
    uint64_t kv_cycle[MR_MACHINE_GROUPS_MAX];
    bool kv_read;
    double drawn_s;
} run_t;

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

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

static void append(char *text, size_t size, const char *more) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "%s", more);
}

static void append_step(const mr_placement_t *p, uint32_t step, char *text, size_t size) {
    static const char *const stages[MR_STAGES] = {"qkv", "attention", "out", "gate/up", "down"};
    char name[32];
    if (step == 0) {
        append(text, size, "embed");
    } else if (step == p->n_steps - 1u) {
        append(text, size, "head");
    } else {
        (void)snprintf(name, sizeof name, "L%" PRIu32 " %s", mr_step_layer(step),
                       stages[mr_step_stage(step)]);
        append(text, size, name);
    }
}

static void append_visit(const mr_placement_t *p, const mr_visit_t *v, char *text, size_t size) {
    if (v->kind != MR_VISIT_STEPS) {
        append(text, size, v->kind == MR_VISIT_RELAY ? "relay" : "merge");
        return;
    }
    append_step(p, v->first, text, size);
    if (v->last != v->first) {
        append(text, size, " .. ");
        append_step(p, v->last, text, size);
    }
}

void mr_cli_pipeline_visit(const mr_placement_t *p, const mr_visit_t *v, char *text, size_t size) {
    text[0] = '\0';
    append_visit(p, v, text, size);
}

void mr_cli_pipeline_stage(const mr_placement_t *p, uint32_t tile, char *text, size_t size) {
    text[0] = '\0';
    for (uint32_t i = 0; i < p->n_visits; i++) {
        const mr_visit_t *v = &p->visit[i];
        if (tile >= v->tile && tile < v->tile + mr_visit_tiles(v)) {
            append(text, size, text[0] != '\0' ? ", " : "");
            append_visit(p, v, text, size);
        }
    }
    append(text, size, text[0] != '\0' ? "" : "idle");
}

/* ---- the window ---- */

static void open_window(run_t *run, uint64_t cycle) {
    run->phase = OPEN;
    run->begin = cycle;
    run->begin_s = now_s();
    mr_split_mark(run->split, cycle);
    if (run->options->window != NULL) {
        run->options->window(run->options->ctx, true, cycle);
    }
}

static void close_window(run_t *run, uint64_t cycle) {
    const mr_machine_t *machine = &mr_session_placement(run->session)->machine;
    mr_cli_pipeline_result_t *r = run->result;
    run->phase = CLOSED;
    r->cycles = cycle - run->begin;
    r->wall_s = now_s() - run->begin_s;
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

/* ---- the users ---- */

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    (void)ctx;
    (void)slot;
    (void)pos;
    (void)logits;
    (void)n;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    (void)ctx;
    (void)slot;
    (void)pos;
    (void)token;
    return true;
}

static void over(run_t *run, mr_end_t why, uint32_t detail) {
    run->early = run->early || (run->phase != CLOSED && why != MR_END_CANCEL);
    run->failed = why == MR_END_ERROR && run->failed == 0 ? detail : run->failed;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    (void)slot;
    over(ctx, why, detail);
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    (void)user;
    over(ctx, why, 0);
}

void mr_cli_pipeline_prompt(uint32_t *ids, uint32_t n, uint32_t vocab, uint32_t user) {
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = (1u + i * 7919u) % vocab;
    }
    ids[n - 1u] = (3u + user * 31u) % vocab;
}

/* Puts users into the queue as long as it has room. */
static mr_status_t enqueue(run_t *run) {
    const mr_cli_pipeline_options_t *o = run->options;
    const mr_placement_t *p = mr_session_placement(run->session);
    const uint32_t n = o->context + 1u;
    const uint32_t most = MR_CLI_PIPELINE_WARM + 2u * o->tokens + SLACK;
    const uint32_t room = p->shape.context - o->context;
    for (; run->queued < o->users; run->queued++) {
        const uint32_t user = run->queued;
        uint32_t *ids = run->prompts + (size_t)user * n;
        mr_cli_pipeline_prompt(ids, n, p->shape.vocab, user);
        const mr_request_t request = {.prompt = ids,
                                      .n_prompt = n,
                                      .max_tokens = most < room ? most : room,
                                      .sampling = {0.0f, 0, 1.0f, 0},
                                      .user = user};
        const mr_status_t status = mr_sched_enqueue(run->sched, &request);
        if (status == MR_BUSY) {
            return MR_OK;
        }
        MR_TRY(status);
    }
    return MR_OK;
}

static void draw_bar(run_t *run) {
    const mr_cli_pipeline_options_t *o = run->options;
    const double now = now_s();
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
    bool stopped = false;
    while (busy) {
        MR_TRY(stopped ? MR_OK : enqueue(run));
        MR_TRY(mr_sched_step(run->sched, &busy));
        if (run->phase == OPEN && !run->kv_read) {
            run->kv_read = true;
            MR_TRY(read_kv(run, false));
        }
        if (!stopped && (run->phase == CLOSED || run->early || mr_cli_interrupted())) {
            stopped = true;
            if (run->kv_read && run->phase == CLOSED) {
                MR_TRY(read_kv(run, true));
            }
            MR_TRY(mr_device_trace(mr_session_mmio(run->session), NULL, NULL));
            for (uint32_t user = 0; user < run->options->users; user++) {
                mr_sched_cancel_user(run->sched, user);
            }
        }
        draw_bar(run);
    }
    return MR_OK;
}

static mr_status_t run_users(run_t *run) {
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .drop = on_drop, .ctx = run};
    MR_TRY(mr_session_sched(run->session, &events, &run->sched));
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
    const char *fault = mr_device_fault(mr_session_mmio(run->session));
    if (status != MR_OK) {
        return mr_cli_fail("the device stopped: %s",
                           fault != NULL ? fault : mr_status_text(status));
    }
    if (run->failed != 0) {
        return mr_cli_job_failed(run->failed, mr_sched_fault(run->sched));
    }
    if (run->phase == CLOSED) {
        return judge(run);
    }
    return run->early ? mr_cli_fail("a user's cache was full before the measurement was over; "
                                    "fewer --tokens or a smaller --context")
                      : MR_CLI_INTERRUPTED;
}

int mr_cli_pipeline_check(const mr_session_t *session, const mr_cli_pipeline_options_t *o) {
    const mr_placement_t *p = mr_session_placement(session);
    if (o->users > p->machine.kv_slots) {
        return mr_cli_fail("the device has %" PRIu32 " slots, too few for %" PRIu32 " users",
                           p->machine.kv_slots, o->users);
    }
    if (o->context + MR_CLI_PIPELINE_WARM + o->tokens + 1u > p->shape.context) {
        return mr_cli_fail("the model's context of %" PRIu32 " has no room for %" PRIu32
                           " positions and %" PRIu32 " tokens behind them",
                           p->shape.context, o->context, o->tokens + MR_CLI_PIPELINE_WARM + 1u);
    }
    return MR_CLI_OK;
}

int mr_cli_pipeline_run(mr_session_t *session, const mr_cli_pipeline_options_t *options,
                        mr_cli_pipeline_result_t *result) {
    const mr_machine_t *machine = &mr_session_placement(session)->machine;
    run_t *run = mr_cli_alloc(1, sizeof *run);
    int code = mr_cli_pipeline_check(session, options);
    run->options = options;
    run->result = result;
    run->session = session;
    memset(result, 0, sizeof *result);
    result->users = options->users;
    result->context = options->context;
    if (code == MR_CLI_OK) {
        const mr_split_config_t config = {mr_machine_tiles(machine), machine->groups, on_token_end,
                                          run, on_interval};
        run->latency = mr_cli_alloc((size_t)options->users * options->tokens, sizeof *run->latency);
        run->prompts =
            mr_cli_alloc((size_t)options->users * (options->context + 1u), sizeof *run->prompts);
        const mr_status_t status = mr_split_open(&config, &run->split);
        code = outcome(run, status == MR_OK ? run_users(run) : status);
    }
    mr_split_close(run->split);
    free(run->latency);
    free(run->prompts);
    free(run);
    return code;
}

int mr_cli_pipeline_open(const char *device, const char *model, uint32_t mode,
                         mr_session_t **session) {
    const int code = mr_cli_open_session(device, model, mode, session);
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
