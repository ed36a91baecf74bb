/* SPDX-License-Identifier: Apache-2.0 */
/* Users who decode until they are told to stop: each starts with the same `context` positions in
 * the cache (made up, shared by FORK as far as they are whole pages of 32) and then makes tokens,
 * greedily.
 */
#ifndef MR_HOST_CLI_FLEET_H
#define MR_HOST_CLI_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

typedef struct {
    /* The owner's, from the beginning on. */
    mr_session_t *session;
    uint32_t users;
    uint32_t context;                        /* positions in a user's cache when it starts, 0.. */
    uint32_t most;                           /* tokens that a user may make */
    void (*token)(void *ctx, uint32_t slot); /* a user has made one; may be NULL */
    void *ctx;
    bool done; /* set by the owner: who ends now does not end early */
    /* Read only. */
    bool early;      /* a user's context was full before `done` */
    uint32_t failed; /* the first failure's status (MR_END_ERROR); 0: none */
    bool refused;    /* a user's cache can never fit */
    /* Leave alone. */
    mr_runner_t *runner;
    uint32_t *prompts;
    uint32_t queued; /* users that are in the queue or beyond */
    bool stopped;
} mr_cli_fleet_t;

/* Whether the device has slots, and the model positions, for so many users who make so many tokens.
 * @return an exit code; the message is out. */
int mr_cli_fleet_check(const mr_session_t *session, uint32_t users, uint32_t context,
                       uint32_t tokens);

/* Takes the session's runner. @return as mr_session_runner; close it in any case. */
MR_NODISCARD mr_status_t mr_cli_fleet_open(mr_cli_fleet_t *fleet);

/* One step of the runner. @param[out] busy false when no user is left.
 * @return as mr_runner_step. */
MR_NODISCARD mr_status_t mr_cli_fleet_step(mr_cli_fleet_t *fleet, bool *busy);

/* Cancels all users; they end in the steps that follow. */
void mr_cli_fleet_stop(mr_cli_fleet_t *fleet);

/* Tells a status of mr_cli_fleet_step or the failure of a user, if there is one.
 * @return an exit code; the message is out. */
int mr_cli_fleet_outcome(const mr_cli_fleet_t *fleet, mr_status_t status);

void mr_cli_fleet_close(mr_cli_fleet_t *fleet);

#endif
