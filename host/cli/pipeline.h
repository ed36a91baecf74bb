/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline at work: users who decode in steady state on a device that gives trace records, and
 * where the cycles of a window of that went.
 *
 * Every user starts with the same `context` positions in the cache (made up, shared by FORK as far
 * as they are whole pages of 32) and then makes tokens, greedily. The window opens with the end of
 * a token when every user has made MR_CLI_PIPELINE_WARM tokens, and closes with the end of the
 * token that makes users x tokens in it.
 */
#ifndef MR_HOST_CLI_PIPELINE_H
#define MR_HOST_CLI_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "millrace/machine.h"
#include "session/session.h"
#include "trace/split.h"

enum { MR_CLI_PIPELINE_WARM = 2, MR_CLI_PIPELINE_USERS_MAX = 256 };

typedef struct {
    uint32_t users;
    uint32_t context; /* positions in a user's cache when it starts, 0.. */
    uint32_t tokens;  /* of each user in the window, on average */
    /* All records from the start on, and the window's begin and end; each may be NULL. */
    mr_trace_sink_t record;
    void (*window)(void *ctx, bool open, uint64_t cycle);
    void (*interval)(void *ctx, uint8_t slot, uint32_t pos, uint32_t state, uint64_t from,
                     uint64_t to); /* as in mr_split_config_t */
    void *ctx;
} mr_cli_pipeline_options_t;

typedef struct {
    uint32_t users;
    uint32_t context;
    uint64_t cycles; /* of the window */
    uint64_t tokens; /* that ended in it; the following is over them */
    double wall_s;
    uint64_t p50; /* cycles of a token */
    uint64_t p99;
    uint64_t max;
    uint64_t latency; /* sum */
    uint64_t state[MR_SPLIT_STATES];
    uint64_t part[MR_SPLIT_PARTS]; /* these and the states add up to latency */
    uint64_t unavoidable;
    uint64_t tile[MR_MACHINE_TILES_MAX][MR_TRACE_TILE_STATES]; /* each adds up to cycles */
    uint64_t network[MR_MACHINE_GROUPS_MAX];                   /* clocks in use */
    double kv; /* share of clocks in which the busiest KV channel moved useful data */
} mr_cli_pipeline_result_t;

/* Clocks of a tile in which it worked, had no job, and could not get rid of a result. */
uint64_t mr_cli_pipeline_busy(const uint64_t clocks[MR_TRACE_TILE_STATES]);
uint64_t mr_cli_pipeline_starved(const uint64_t clocks[MR_TRACE_TILE_STATES]);
uint64_t mr_cli_pipeline_blocked(const uint64_t clocks[MR_TRACE_TILE_STATES]);

/* The tile that works most, and its share of the window. */
uint32_t mr_cli_pipeline_slowest(const mr_cli_pipeline_result_t *result, uint32_t tiles,
                                 double *occupancy);

/* What a visit does: "L3 attention", "embed .. L0 qkv", "relay". */
void mr_cli_pipeline_visit(const mr_placement_t *placement, const mr_visit_t *visit, char *text,
                           size_t size);

/* The same of all visits of a tile; "idle": it has none. */
void mr_cli_pipeline_stage(const mr_placement_t *placement, uint32_t tile, char *text, size_t size);

/* Draws throughput, time of a token and its parts against users, in ascending order, as SVG.
 * @return an exit code; the message is out. */
int mr_cli_pipeline_picture(const char *path, const char *caption,
                            const mr_cli_pipeline_result_t *rows, size_t count);

/* Opens model and device, which has to give trace records; mode: MR_PLACE_*. */
int mr_cli_pipeline_open(const char *device, const char *model, uint32_t mode,
                         mr_session_t **session);

/* Whether the device has slots, and the model positions, for these users. @return an exit code; the
 * message is out. */
int mr_cli_pipeline_check(const mr_session_t *session, const mr_cli_pipeline_options_t *options);

/* Tokens of a user's prompt, the same for all but the last one: steps through the vocabulary that
 * reach every token of it. */
void mr_cli_pipeline_prompt(uint32_t *ids, uint32_t n, uint32_t vocab, uint32_t user);

/* Runs the users and fills result. @return an exit code; the message is out. */
int mr_cli_pipeline_run(mr_session_t *session, const mr_cli_pipeline_options_t *options,
                        mr_cli_pipeline_result_t *result);

#endif
