/* SPDX-License-Identifier: Apache-2.0 */
/* Measured cycles of a placement. */
#include "measure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "millrace/cost.h"
#include "millrace/device.h"
#include "millrace/regs.h"

typedef struct {
    const mr_mmio_t *mmio;
    uint32_t tiles;
    uint32_t tokens;
    uint64_t from; /* cycle */
    uint32_t failed;
    mr_status_t status;
    mr_cli_measure_t *out;
} run_t;

/* Adds the tiles' counters, or takes them away. */
static mr_status_t count(run_t *run, bool add) {
    for (uint32_t t = 0; t < run->tiles; t++) {
        uint64_t busy;
        MR_TRY(mr_tile_counter(run->mmio, t, MR_TILE_CYC_BUSY_LO_OFFSET, &busy));
        run->out->busy[t] += add ? busy : (uint64_t)0 - busy;
    }
    return MR_OK;
}

static mr_status_t window(run_t *run, uint32_t pos) {
    uint64_t now;
    if (run->tokens == 0) {
        run->out->first = pos;
        MR_TRY(count(run, false));
        return mr_chip_cycles(run->mmio, &run->from);
    }
    if (run->tokens == MR_CLI_MEASURE_TOKENS) {
        MR_TRY(mr_chip_cycles(run->mmio, &now));
        run->out->cycles = now - run->from;
        return count(run, true);
    }
    return MR_OK;
}

/* Nothing is in flight now. */
static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    run_t *run = ctx;
    (void)slot;
    (void)token;
    if (run->status == MR_OK) {
        run->status = window(run, pos);
    }
    run->tokens++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    run_t *run = ctx;
    (void)slot;
    run->failed = why == MR_END_ERROR ? detail : 0;
}

/* One user: a made-up prompt, then the tokens. */
static int drive(run_t *run, const mr_session_t *session, mr_runner_t *runner, uint32_t n_prompt) {
    uint32_t *prompt = mr_cli_alloc(n_prompt, sizeof *prompt);
    const mr_request_t r = {.prompt = prompt,
                            .n_prompt = n_prompt,
                            .max_tokens = MR_CLI_MEASURE_TOKENS + 1u,
                            .sampling = {0.0f, 0, 1.0f, 0},
                            .stepwise = true};
    const bool never = false;
    int code = MR_CLI_OK;
    memset(prompt, 0, n_prompt * sizeof *prompt);
    prompt[0] = 1;
    run->status = mr_runner_submit(runner, MR_CLI_SLOT, &r);
    if (run->status == MR_OK) {
        code = mr_cli_drive(session, runner, &never);
    }
    free(prompt);
    if (code == MR_CLI_OK && run->status != MR_OK) {
        code = mr_cli_fail("the tiles' counters cannot be read: %s", mr_status_text(run->status));
    }
    if (code == MR_CLI_OK && run->failed != 0) {
        code = mr_cli_job_failed(run->failed, mr_runner_fault(runner));
    }
    return code;
}

static void predict(const mr_placement_t *p, mr_cli_measure_t *m) {
    for (uint32_t v = 0; v < p->n_visits; v++) {
        for (uint32_t i = 0; i < MR_CLI_MEASURE_TOKENS; i++) {
            mr_cost_t cost;
            mr_cost_visit(p, &p->formats, v, m->first + i, &cost);
            for (uint32_t k = 0; k < p->visit[v].shards; k++) {
                m->ready[p->visit[v].tile + k] += cost.busy;
            }
        }
    }
}

int mr_cli_measure(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                   mr_cli_measure_t *out) {
    mr_session_t *session;
    mr_runner_t *runner;
    int code = mr_cli_open_session(cli, device, model, mode, &session);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_placement_t *p = mr_session_placement(session);
    if (p->shape.context < MR_CLI_MEASURE_TOKENS + 2u) {
        mr_session_close(session);
        return mr_cli_fail("a context of %u positions is too short to measure in: %u at least",
                           p->shape.context, MR_CLI_MEASURE_TOKENS + 2u);
    }
    const uint32_t most = p->shape.context - MR_CLI_MEASURE_TOKENS - 1u;
    const uint32_t position = mr_cost_position(&p->shape);
    uint32_t prompt =
        position > MR_CLI_MEASURE_TOKENS / 2u ? position - MR_CLI_MEASURE_TOKENS / 2u : 1u;
    run_t run = {
        .mmio = mr_session_mmio(session), .tiles = mr_machine_tiles(&p->machine), .out = out};
    const mr_sched_events_t events = {.token = on_token, .end = on_end, .ctx = &run};
    memset(out, 0, sizeof *out);
    prompt = prompt < most ? prompt : most;
    if (p->machine.clock_khz == 0) {
        code = mr_cli_fail("device '%s' has no time to measure; use sim", device);
    } else if (mr_session_runner(session, &events, &runner) != MR_OK) {
        code = mr_cli_fail("no memory for the scheduler");
    } else {
        code = drive(&run, session, runner, prompt);
        predict(p, out);
    }
    mr_session_close(session);
    return code;
}

static double mean(uint64_t sum) {
    return (double)sum / MR_CLI_MEASURE_TOKENS;
}

void mr_cli_measure_print(mr_cli_t *cli, const mr_placement_t *p, const mr_cli_measure_t *m) {
    (void)mr_cli_print(cli,
                       "  measured, mean of positions %" PRIu32 " to %" PRIu32
                       ", one user: %.0f cycles a token with firmware's\n"
                       "  tile      predicted   measured     off\n",
                       m->first, m->first + MR_CLI_MEASURE_TOKENS - 1u, mean(m->cycles));
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        if (m->busy[t] != 0) {
            (void)mr_cli_print(cli, "  %-8" PRIu32 " %10.0f %10.0f %6.1f%%\n", t, mean(m->ready[t]),
                               mean(m->busy[t]),
                               100.0 * ((double)m->ready[t] / (double)m->busy[t] - 1.0));
        }
    }
}

void mr_cli_measure_json(cJSON *object, const mr_placement_t *p, const mr_cli_measure_t *m) {
    cJSON *measured = cJSON_AddObjectToObject(object, "measured");
    mr_cli_json_u64(measured, "first_position", m->first);
    mr_cli_json_u64(measured, "tokens", MR_CLI_MEASURE_TOKENS);
    cJSON_AddNumberToObject(measured, "cycles", mean(m->cycles));
    cJSON *tiles = cJSON_AddArrayToObject(measured, "tiles");
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        cJSON *tile = cJSON_CreateObject();
        cJSON_AddNumberToObject(tile, "predicted_busy_cycles", mean(m->ready[t]));
        cJSON_AddNumberToObject(tile, "busy_cycles", mean(m->busy[t]));
        cJSON_AddItemToArray(tiles, tile);
    }
}
