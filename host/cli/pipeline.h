/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline at work: users who decode in steady state on a device that gives trace records, and
 * where the cycles of a window of that went.
 *
 * The users are a fleet (fleet.h). The window opens with the end of a token when every user has
 * made MR_CLI_PIPELINE_WARM tokens, and closes with the end of the token that makes users x tokens
 * in it.
 */
#ifndef MR_HOST_CLI_PIPELINE_H
#define MR_HOST_CLI_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "engine.h"
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

/* Draws throughput, time of a token and its parts against users, in ascending order, as SVG.
 * @return an exit code; the message is out. */
int mr_cli_pipeline_picture(const char *path, const char *caption,
                            const mr_cli_pipeline_result_t *rows, size_t count);

/* Which users are to run, and where: what commands have in common. */
typedef struct {
    const char *device;
    const char *model;
    const char *mode_text;
    uint32_t mode; /* MR_PLACE_* */
    mr_cli_firmware_t firmware;
    mr_cli_pipeline_options_t run;
} mr_cli_pipeline_what_t;

/* Keys of its options (that of the model is 'm'); a command's own begin with the last one. */
enum {
    MR_CLI_PIPELINE_DEVICE = 256,
    MR_CLI_PIPELINE_MODE,
    MR_CLI_PIPELINE_USERS,
    MR_CLI_PIPELINE_CONTEXT,
    MR_CLI_PIPELINE_TOKENS,
    MR_CLI_PIPELINE_FIRMWARE,
    MR_CLI_PIPELINE_IMAGE,
    MR_CLI_PIPELINE_KEYS
};

/* Takes one of them with its argument, optarg. @return false when that is none; the message is out.
 */
bool mr_cli_pipeline_option(const mr_cli_t *cli, int key, mr_cli_pipeline_what_t *what);

/* Opens model and device, which has to give trace records; mode: MR_PLACE_*. */
int mr_cli_pipeline_open(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                         const mr_cli_firmware_t *firmware, mr_session_t **session);

/* Runs the users and fills result. @return an exit code; the message is out. */
int mr_cli_pipeline_run(mr_session_t *session, const mr_cli_pipeline_options_t *options,
                        mr_cli_pipeline_result_t *result);

#endif
