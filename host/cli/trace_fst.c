/* SPDX-License-Identifier: Apache-2.0 */
/* Users who decode on a chip whose waveform is recorded. */
#include "trace_fst.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "engine.h"
#include "fleet.h"

/* The file's writer gathers up to 128 MiB before it writes, and a full disk ends it the hard way.
 */
#define FREE_MIB 512u
#define FILE_GIB_MAX 4 /* no viewer opens more with pleasure */

typedef enum { WARMING, OPEN, CLOSED } phase_t;

typedef struct {
    const mr_cli_fst_options_t *options;
    mr_session_t *session;
    mr_cli_fleet_t fleet;
    phase_t phase;
    uint32_t made[MR_CLI_PIPELINE_USERS_MAX]; /* tokens of a slot while warming */
    uint32_t warm;                            /* users that are */
    uint64_t tokens;                          /* in the file */
    mr_status_t opened;
    const char *full; /* why the file ended early; NULL: it did not */
} run_t;

static int cannot_write(const char *path, const char *why) {
    return mr_cli_fail("cannot write %s: %s", path, why);
}

static void on_token(void *ctx, uint32_t slot) {
    run_t *run = ctx;
    const mr_cli_fst_options_t *o = run->options;
    if (run->phase == WARMING) {
        run->warm += ++run->made[slot] == MR_CLI_PIPELINE_WARM ? 1u : 0u;
        if (run->warm == o->run.users) {
            run->opened = mr_device_fst(mr_session_mmio(run->session), o->path, o->cycles);
            run->phase = run->opened == MR_OK ? OPEN : CLOSED;
        }
    } else if (run->phase == OPEN && ++run->tokens == (uint64_t)o->run.users * o->run.tokens) {
        run->phase = CLOSED;
    }
    run->fleet.done = run->phase == CLOSED;
}

static const char *disk_full(const char *path) {
    struct statvfs disk;
    const bool full =
        statvfs(path, &disk) == 0 && disk.f_bavail < ((fsblkcnt_t)FREE_MIB << 20) / disk.f_frsize;
    return full ? "less than 512 MiB are left on its disk" : NULL;
}

/* Why the file may not grow; NULL: it may. */
static const char *no_room(const char *path) {
    struct stat file;
    const bool large = stat(path, &file) == 0 && file.st_size >= (off_t)FILE_GIB_MAX << 30;
    return large ? "it has 4 GiB" : disk_full(path);
}

/* Whether the recording is over. */
static bool done(run_t *run) {
    if (run->phase == OPEN) {
        run->full = no_room(run->options->path);
        if (run->full != NULL || !mr_device_recording(mr_session_mmio(run->session))) {
            run->phase = CLOSED;
            run->fleet.done = true;
        }
    }
    return run->phase == CLOSED || run->fleet.early || mr_cli_interrupted();
}

static mr_status_t drive(run_t *run) {
    bool busy = true;
    while (busy) {
        MR_TRY(mr_cli_fleet_step(&run->fleet, &busy));
        if (!run->fleet.stopped && done(run)) {
            MR_TRY(mr_device_fst(mr_session_mmio(run->session), NULL, 0));
            mr_cli_fleet_stop(&run->fleet);
        }
    }
    return MR_OK;
}

static mr_status_t run_users(run_t *run) {
    MR_TRY(mr_cli_fleet_open(&run->fleet));
    const mr_status_t status = drive(run);
    /* Also after an error: what there is can be read. */
    const mr_status_t ended = mr_device_fst(mr_session_mmio(run->session), NULL, 0);
    return status != MR_OK ? status : ended;
}

static int outcome(const run_t *run, mr_status_t status) {
    const mr_cli_fst_options_t *o = run->options;
    const int code = mr_cli_fleet_outcome(&run->fleet, status);
    if (code != MR_CLI_OK) {
        return code;
    }
    if (run->opened != MR_OK) {
        return cannot_write(o->path, mr_status_text(run->opened));
    }
    if (run->phase == WARMING && mr_cli_interrupted()) {
        return MR_CLI_INTERRUPTED;
    }
    if (run->fleet.early) {
        return mr_cli_fail("a user's cache was full before the recording was over; fewer --tokens "
                           "or a smaller --context");
    }
    if (run->full != NULL) {
        return mr_cli_fail("%s ends early: %s; set --cycles, or fewer --tokens", o->path,
                           run->full);
    }
    return run->phase == CLOSED ? MR_CLI_OK : MR_CLI_INTERRUPTED;
}

/* Before the model is loaded, which takes a while. */
static int probe(mr_cli_t *cli, const mr_cli_fst_options_t *o) {
    mr_mmio_t mmio;
    const int code = mr_cli_open_device(cli, o->device, &mmio);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_status_t status = mr_device_fst(&mmio, NULL, 0);
    mr_mmio_close(&mmio);
    if (status == MR_UNSUPPORTED) {
        return mr_cli_fail("device '%s' records no waveform in this build; the chip 'sim' does in "
                           "one made with: make build DEVICE=sim FST=1 (CMake: -DMR_SIM_FST=ON)",
                           o->device);
    }
    /* The file's writer removes what is there, be it a device. */
    struct stat old;
    if (lstat(o->path, &old) == 0 && !S_ISREG(old.st_mode)) {
        return cannot_write(o->path, "it is no regular file");
    }
    FILE *file = fopen(o->path, "ab");
    if (file == NULL || fclose(file) != 0) {
        return cannot_write(o->path, strerror(errno));
    }
    const char *full = disk_full(o->path);
    return full != NULL ? cannot_write(o->path, full) : MR_CLI_OK;
}

int mr_cli_trace_fst(mr_cli_t *cli, const mr_cli_fst_options_t *o) {
    static run_t run;
    int code = probe(cli, o);
    run.options = o;
    if (code == MR_CLI_OK) {
        code = mr_cli_open_session(cli, o->device, o->model, o->mode, &run.session);
    }
    if (code == MR_CLI_OK) {
        code = mr_cli_fleet_check(run.session, o->run.users, o->run.context,
                                  MR_CLI_PIPELINE_WARM + o->run.tokens);
    }
    if (code == MR_CLI_OK) {
        run.fleet = (mr_cli_fleet_t){.session = run.session,
                                     .users = o->run.users,
                                     .context = o->run.context,
                                     .most = UINT32_MAX,
                                     .token = on_token,
                                     .ctx = &run};
        code = outcome(&run, run_users(&run));
        mr_cli_fleet_close(&run.fleet);
    }
    mr_session_close(run.session);
    return code;
}
