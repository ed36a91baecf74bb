/* SPDX-License-Identifier: Apache-2.0 */
/* millrace trace: what every tile and every token does, as a file for a viewer. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "names.h"
#include "pipeline.h"
#include "trace/perfetto.h"
#include "trace_fst.h"

enum { KEY_PERFETTO = MR_CLI_PIPELINE_KEYS, KEY_FST, KEY_CYCLES, KEY_DETAIL };

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {KEY_PERFETTO, "perfetto", "FILE", "write Chrome trace JSON, for ui.perfetto.dev"},
    {KEY_FST, "fst", "FILE", "write the waveform of all signals, for GTKWave"},
    {KEY_DETAIL, "detail", NULL,
     "also what happens inside each job and token, and the networks; ten times the size"},
    {MR_CLI_PIPELINE_DEVICE, "device", "NAME",
     "a chip that is simulated in parts (default: sim:deep); with --fst sim, if built for it"},
    {MR_CLI_PIPELINE_MODE, "mode", "MODE", MR_CLI_MODE_HELP},
    {MR_CLI_PIPELINE_USERS, "users", "N", "users at once, 1 to 256 (default: 1)"},
    {MR_CLI_PIPELINE_CONTEXT, "context", "L",
     "positions in each user's cache at the start (default: 128)"},
    {MR_CLI_PIPELINE_TOKENS, "tokens", "T", "tokens of each user, 1 to 1000 (default: 1)"},
    {KEY_CYCLES, "cycles", "C", "end the file after so many cycles of the window (0: all of it)"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "-m FILE (--perfetto FILE | --fst FILE) [OPTION...]",
    "Lets users decode on the RTL of a whole chip until the pipeline is in steady state (as "
    "'millrace\n"
    "bench pipeline' does), and then writes what it does: a lane for each tile with its jobs, a "
    "lane\n"
    "for each user with its tokens, and arrows along each token's way; or, with --fst, every "
    "signal "
    "of\n"
    "the chip.",
    options_table};

typedef struct {
    const char *perfetto;
    const char *fst;
    uint64_t cycles;
    bool detail;
    mr_cli_pipeline_what_t what;
} options_t;

static void tile_name(const void *ctx, uint32_t tile, char *text, size_t size) {
    char stage[64];
    mr_cli_tile_name(ctx, tile, stage, sizeof stage);
    (void)snprintf(text, size, "tile %" PRIu32 ": %s", tile, stage);
}

static void job_name(const void *ctx, uint32_t tile, uint32_t pc, char *text, size_t size) {
    const mr_placement_t *p = ctx;
    text[0] = '\0';
    for (uint32_t i = 0; i < p->n_visits; i++) {
        const mr_visit_t *v = &p->visit[i];
        if (v->pc == pc && tile >= v->tile && tile < v->tile + mr_visit_tiles(v)) {
            char name[MR_CLI_VISIT_BYTES];
            mr_cli_visit_name(p, v, name);
            (void)snprintf(text, size, "%s", name);
        }
    }
}

static int cannot_write(const char *path) {
    return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
}

/* Runs the users with the file open. */
static int record(const options_t *o, mr_session_t *session, FILE *file) {
    static mr_cli_pipeline_result_t result;
    const mr_placement_t *p = mr_session_placement(session);
    const mr_perfetto_config_t config = {.file = file,
                                         .tiles = mr_machine_tiles(&p->machine),
                                         .groups = p->machine.groups,
                                         .users = o->what.run.users,
                                         .detail = o->detail,
                                         .cycles = o->cycles,
                                         .tile_name = tile_name,
                                         .job_name = job_name,
                                         .ctx = p};
    mr_perfetto_t *perfetto;
    const mr_status_t status = mr_perfetto_open(&config, &perfetto);
    if (status != MR_OK) {
        return mr_cli_fail("cannot write the trace: %s", mr_status_text(status));
    }
    mr_cli_pipeline_options_t run = o->what.run;
    run.record = mr_perfetto_record;
    run.interval = o->detail ? mr_perfetto_interval : NULL;
    run.window = mr_perfetto_window;
    run.ctx = perfetto;
    const int code = mr_cli_pipeline_run(session, &run, &result);
    mr_perfetto_close(perfetto);
    return code;
}

static int run_fst(mr_cli_t *cli, const options_t *o) {
    const mr_cli_fst_options_t options = {.device = o->what.device != NULL ? o->what.device : "sim",
                                          .model = o->what.model,
                                          .path = o->fst,
                                          .mode = o->what.mode,
                                          .cycles = o->cycles,
                                          .run = o->what.run};
    return mr_cli_trace_fst(cli, &options);
}

static int run_trace(mr_cli_t *cli, const options_t *o) {
    const char *device = o->what.device != NULL ? o->what.device : "sim:deep";
    mr_session_t *session = NULL;
    FILE *file = fopen(o->perfetto, "a"); /* an older trace stays while nothing replaces it */
    if (file == NULL) {
        return cannot_write(o->perfetto);
    }
    int code =
        mr_cli_pipeline_open(cli, device, o->what.model, o->what.mode, &o->what.firmware, &session);
    if (code == MR_CLI_OK && (file = freopen(o->perfetto, "w", file)) == NULL) {
        mr_session_close(session);
        return cannot_write(o->perfetto);
    }
    if (code == MR_CLI_OK) {
        code = record(o, session, file);
    }
    mr_session_close(session);
    const bool failed = ferror(file) != 0;
    if ((fclose(file) != 0 || failed) && code == MR_CLI_OK) {
        return cannot_write(o->perfetto);
    }
    return code;
}

static bool take_option(const mr_cli_t *cli, int key, options_t *o) {
    switch (key) {
    case KEY_PERFETTO:
        o->perfetto = optarg;
        return true;
    case KEY_FST:
        o->fst = optarg;
        return true;
    case KEY_CYCLES:
        return mr_cli_parse_u64(cli, "--cycles", optarg, &o->cycles);
    case KEY_DETAIL:
        o->detail = true;
        return true;
    default:
        return mr_cli_pipeline_option(cli, key, &o->what);
    }
}

int mr_cli_cmd_trace(mr_cli_t *cli, int argc, char **argv) {
    options_t o = {
        .what = {.mode = MR_PLACE_EFFICIENCY, .run = {.users = 1, .context = 128, .tokens = 1}}};
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
    if (o.what.model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    if ((o.perfetto == NULL) == (o.fst == NULL)) {
        return mr_cli_usage(cli, "%s; use --perfetto FILE or --fst FILE",
                            o.fst == NULL ? "no file to write" : "two files to write");
    }
    if (o.fst != NULL && o.detail) {
        return mr_cli_usage(cli, "--detail goes with --perfetto; --fst has every signal");
    }
    return o.fst != NULL ? run_fst(cli, &o) : run_trace(cli, &o);
}
