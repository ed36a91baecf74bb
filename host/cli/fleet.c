/* SPDX-License-Identifier: Apache-2.0 */
/* Users who decode until they are told to stop. */
#include "fleet.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine.h"

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    const mr_cli_fleet_t *fleet = ctx;
    (void)pos;
    (void)token;
    if (fleet->token != NULL) {
        fleet->token(fleet->ctx, slot);
    }
    return true;
}

static void over(mr_cli_fleet_t *fleet, mr_end_t why, uint32_t detail) {
    fleet->early = fleet->early || (!fleet->done && why != MR_END_CANCEL);
    fleet->failed = why == MR_END_ERROR && fleet->failed == 0 ? detail : fleet->failed;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    (void)slot;
    over(ctx, why, detail);
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    mr_cli_fleet_t *fleet = ctx;
    (void)user;
    fleet->refused = fleet->refused || why == MR_END_REFUSED;
    over(fleet, why, 0);
}

int mr_cli_fleet_check(const mr_session_t *session, uint32_t users, uint32_t context,
                       uint32_t tokens) {
    const mr_placement_t *p = mr_session_placement(session);
    if (users > p->machine.kv_slots) {
        return mr_cli_fail("the device has %" PRIu32 " slots, too few for %" PRIu32 " users",
                           p->machine.kv_slots, users);
    }
    if (context + tokens + 1u > p->shape.context) {
        return mr_cli_fail("the model's context of %" PRIu32 " has no room for %" PRIu32
                           " positions and %" PRIu32 " tokens behind them",
                           p->shape.context, context, tokens + 1u);
    }
    return MR_CLI_OK;
}

mr_status_t mr_cli_fleet_open(mr_cli_fleet_t *fleet) {
    const mr_sched_events_t events = {
        .token = on_token, .end = on_end, .drop = on_drop, .ctx = fleet};
    fleet->prompts =
        mr_cli_alloc((size_t)fleet->users * (fleet->context + 1u), sizeof *fleet->prompts);
    return mr_session_runner(fleet->session, &events, &fleet->runner);
}

/* Tokens of a user's prompt, the same for all but the last one: steps through the vocabulary that
 * reach every token of it. */
static void make_prompt(uint32_t *ids, uint32_t n, uint32_t vocab, uint32_t user) {
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = (1u + i * 7919u) % vocab;
    }
    ids[n - 1u] = (3u + user * 31u) % vocab;
}

/* Puts users into the queue as long as it has room. */
static mr_status_t enqueue(mr_cli_fleet_t *fleet) {
    const mr_model_shape_t *shape = &mr_session_placement(fleet->session)->shape;
    const uint32_t n = fleet->context + 1u;
    const uint32_t room = shape->context - fleet->context;
    for (; fleet->queued < fleet->users; fleet->queued++) {
        uint32_t *ids = fleet->prompts + (size_t)fleet->queued * n;
        make_prompt(ids, n, shape->vocab, fleet->queued);
        const mr_request_t request = {.prompt = ids,
                                      .n_prompt = n,
                                      .max_tokens = fleet->most < room ? fleet->most : room,
                                      .sampling = {0.0f, 0, 1.0f, 0, 0.0f},
                                      .user = fleet->queued};
        const mr_status_t status = mr_runner_enqueue(fleet->runner, &request);
        if (status == MR_BUSY) {
            return MR_OK;
        }
        MR_TRY(status);
    }
    return MR_OK;
}

mr_status_t mr_cli_fleet_step(mr_cli_fleet_t *fleet, bool *busy) {
    MR_TRY(fleet->stopped ? MR_OK : enqueue(fleet));
    return mr_runner_step(fleet->runner, busy);
}

void mr_cli_fleet_stop(mr_cli_fleet_t *fleet) {
    fleet->stopped = true;
    for (uint32_t user = 0; user < fleet->users; user++) {
        mr_runner_cancel_user(fleet->runner, user);
    }
}

int mr_cli_fleet_outcome(const mr_cli_fleet_t *fleet, mr_status_t status) {
    if (status != MR_OK) {
        return mr_cli_stopped(fleet->session, fleet->runner, status);
    }
    if (fleet->refused) {
        return mr_cli_fail("the KV cache of the device has too few pages for a user; a smaller "
                           "--context");
    }
    return fleet->failed == 0 ? MR_CLI_OK
                              : mr_cli_job_failed(fleet->failed, mr_runner_fault(fleet->runner));
}

void mr_cli_fleet_close(mr_cli_fleet_t *fleet) {
    free(fleet->prompts);
    fleet->prompts = NULL;
}
