/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by name. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "millrace/backend_model.h"
#include "reg/attach.h"
#include "reg/record.h"
#include "session/device_serial.h"
#include "session/session.h"
#ifdef MR_HAVE_SIM
#include "millrace/backend_sim.h"
#endif
#ifdef MR_HAVE_XRT
#include <unistd.h>

#include "millrace/backend_xrt.h"
#endif

#define MODEL_PREFIX "model:"
#define XRT_NAME "xrt"
#define XRT_EMULATION "xrt:emu"
#ifdef MR_HAVE_XRT
#define XRT_NAMES ", " XRT_NAME ", " XRT_EMULATION
#else
#define XRT_NAMES ""
#endif
#define MODEL_NAMES "model, model:GROUPSxTILES" XRT_NAMES

/* Takes a number of at most three digits off *text; false if there is none. */
static bool take_number(const char **text, uint32_t *value) {
    const char *p = *text;
    *value = 0;
    while (*p >= '0' && *p <= '9' && p - *text < 3) {
        *value = *value * 10u + (uint32_t)(*p++ - '0');
    }
    const bool some = p != *text;
    *text = p;
    return some;
}

/* Shape behind MODEL_PREFIX; MR_RANGE when it is no shape that the model can have. */
static mr_status_t model_shape(const char *shape, mr_backend_model_config_t *config) {
    if (!take_number(&shape, &config->groups) || *shape++ != 'x' ||
        !take_number(&shape, &config->tiles) || *shape != '\0') {
        return MR_RANGE;
    }
    return MR_OK;
}

/* MR_NOT_FOUND: the name is no model's. */
static mr_status_t open_model(const char *name, mr_mmio_t *mmio) {
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.kv_slots = 128;
    config.kv_pages = 4096;
    config.loop_slots = 128;
    config.loop_depth = 256;
    if (strncmp(name, MODEL_PREFIX, strlen(MODEL_PREFIX)) == 0) {
        MR_TRY(model_shape(name + strlen(MODEL_PREFIX), &config));
    } else if (strcmp(name, "model") != 0) {
        return MR_NOT_FOUND;
    }
    return mr_backend_model_create(&config, mmio);
}

#ifdef MR_HAVE_SIM
#define SIM_PREFIX "sim:"

static char names[1024]; /* written once */

static void list_names(void) {
    size_t n = (size_t)snprintf(names, sizeof names, MODEL_NAMES ", sim");
    for (uint32_t i = 0; mr_backend_sim_dram(i) != NULL && n < sizeof names; i++) {
        n += (size_t)snprintf(names + n, sizeof names - n, ", " SIM_PREFIX "%s",
                              mr_backend_sim_dram(i));
    }
    if (n < sizeof names) {
        (void)snprintf(names + n, sizeof names - n, ", " MR_DEVICE_SERIAL_NAMES);
    }
}

const char *mr_device_names(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, list_names);
    return names;
}

static mr_status_t open_sim(const char *name, mr_mmio_t *mmio) {
    if (strcmp(name, "sim") == 0) {
        return mr_backend_sim_create(NULL, mmio);
    }
    if (strncmp(name, SIM_PREFIX, strlen(SIM_PREFIX)) == 0) {
        return mr_backend_sim_create(name + strlen(SIM_PREFIX), mmio);
    }
    return MR_NOT_FOUND;
}

/* A simulated chip that this build could have. */
static bool left_out(const char *name) {
    return strcmp(name, "sim") == 0 || (strncmp(name, SIM_PREFIX, strlen(SIM_PREFIX)) == 0 &&
                                        mr_backend_sim_absent(name + strlen(SIM_PREFIX)));
}
#else
const char *mr_device_names(void) {
    return MODEL_NAMES ", " MR_DEVICE_SERIAL_NAMES;
}

static mr_status_t open_sim(const char *name, mr_mmio_t *mmio) {
    (void)name;
    (void)mmio;
    return MR_NOT_FOUND;
}

static bool left_out(const char *name) {
    (void)name;
    return false;
}
#endif

bool mr_device_has_xrt(void) {
    return XRT_NAMES[0] != '\0';
}

static bool is_xrt(const char *name) {
    return strcmp(name, XRT_NAME) == 0 || strcmp(name, XRT_EMULATION) == 0;
}

#ifdef MR_HAVE_XRT
/* A line that the next one replaces, where people read along. */
static void show_progress(void *ctx, const char *text) {
    const bool *shown = ctx;
    if (*shown) {
        (void)fprintf(stderr, "\r\033[K%s", text);
        (void)fflush(stderr);
    }
}

static mr_status_t open_xrt(const char *name, bool quiet, mr_mmio_t *mmio,
                            mr_session_error_t *error) {
    char why[512];
    bool shown = !quiet && isatty(STDERR_FILENO) == 1;
    const mr_backend_xrt_config_t config = {
        .emulation = strcmp(name, XRT_EMULATION) == 0, .progress = show_progress, .ctx = &shown};
    const mr_status_t status = mr_backend_xrt_create(&config, mmio, why, sizeof why);
    show_progress(&shown, "");
    return status == MR_OK
               ? MR_OK
               : mr_gguf_fail(error, status, NULL, "cannot open device '%s': %s", name, why);
}
#else
static mr_status_t open_xrt(const char *name, bool quiet, mr_mmio_t *mmio,
                            mr_session_error_t *error) {
    (void)quiet;
    (void)mmio;
    return mr_gguf_fail(error, MR_NOT_FOUND, NULL,
                        "device '%s' was left out of this build: install libxrt-dev, libxrt1 and "
                        "unzip, and build again",
                        name);
}
#endif

mr_status_t mr_device_open(const char *name, mr_mmio_t *mmio, mr_session_error_t *error) {
    return is_xrt(name) ? open_xrt(name, false, mmio, error)
                        : mr_device_open_quiet(name, mmio, error);
}

mr_status_t mr_device_open_quiet(const char *name, mr_mmio_t *mmio, mr_session_error_t *error) {
    if (is_xrt(name)) {
        return open_xrt(name, true, mmio, error);
    }
    if (strncmp(name, MR_DEVICE_SERIAL, strlen(MR_DEVICE_SERIAL)) == 0) {
        return mr_device_serial_open(name, mmio, error);
    }
    mr_status_t status = open_model(name, mmio);
    if (status == MR_NOT_FOUND) {
        status = open_sim(name, mmio);
    }
    if (status == MR_RANGE) {
        return mr_gguf_fail(error, status, NULL,
                            "no device '%s': write model:GROUPSxTILES with 1 to %u groups of 1 to "
                            "%u tiles (1 to %u of a single group), %u in all",
                            name, MR_MACHINE_GROUPS_MAX, MR_MACHINE_LINKED_TILES_MAX,
                            MR_MACHINE_GROUP_TILES_MAX, MR_MACHINE_TILES_MAX);
    }
    if (status == MR_NOT_FOUND && left_out(name)) {
        return mr_gguf_fail(error, status, NULL,
                            "device '%s' was left out of this build, which has: %s; add it with: "
                            "make build DEVICE=%s",
                            name, mr_device_names(), name);
    }
    if (status == MR_NOT_FOUND) {
        return mr_gguf_fail(error, status, NULL, "no device '%s' in this build; choose one of: %s",
                            name, mr_device_names());
    }
    if (status != MR_OK) {
        return mr_gguf_fail(error, status, NULL, "cannot open device '%s': %s%s", name,
                            mr_status_text(status),
                            status == MR_NO_MEMORY ? "; close other programs" : "");
    }
    return MR_OK;
}

/* The device inside wrappers. */
static const mr_mmio_t *bare(const mr_mmio_t *mmio) {
    for (const mr_mmio_t *inner = mmio; inner != NULL;) {
        mmio = inner;
        inner = mr_attach_inner(mmio);
        inner = inner != NULL ? inner : mr_record_inner(mmio);
    }
    return mmio;
}

const char *mr_device_fault(const mr_mmio_t *mmio) {
    const mr_mmio_t *inner = bare(mmio);
    const char *fault = mr_backend_serial_fault(inner);
#ifdef MR_HAVE_XRT
    fault = fault != NULL ? fault : mr_backend_xrt_fault(inner);
#endif
#ifdef MR_HAVE_SIM
    fault = fault != NULL ? fault : mr_backend_sim_fault(inner);
#endif
    return fault;
}

bool mr_device_line(const mr_mmio_t *mmio, mr_serial_stats_t *stats) {
    return mr_backend_serial_stats(bare(mmio), stats) == MR_OK;
}

mr_status_t mr_device_trace(const mr_mmio_t *mmio, mr_trace_sink_t sink, void *ctx) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_trace(bare(mmio), sink, ctx);
#else
    (void)mmio;
    (void)sink;
    (void)ctx;
    return MR_UNSUPPORTED;
#endif
}

mr_status_t mr_device_fst(const mr_mmio_t *mmio, const char *path, uint64_t cycles) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_fst(bare(mmio), path, cycles);
#else
    (void)mmio;
    (void)path;
    (void)cycles;
    return MR_UNSUPPORTED;
#endif
}

bool mr_device_recording(const mr_mmio_t *mmio) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_recording(bare(mmio));
#else
    (void)mmio;
    return false;
#endif
}

mr_status_t mr_device_link_delay(const mr_mmio_t *mmio, uint32_t clocks) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_link_delay(bare(mmio), clocks);
#else
    (void)mmio;
    (void)clocks;
    return MR_UNSUPPORTED;
#endif
}

bool mr_device_cycles(const mr_mmio_t *mmio, uint64_t *cycles) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_cycles(bare(mmio), cycles);
#else
    (void)mmio;
    (void)cycles;
    return false;
#endif
}
