/* SPDX-License-Identifier: Apache-2.0 */
/* millrace selftest: memories, tiles, KV cache and links of a device. */
#include "selftest/selftest.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "session/session.h"

enum { KEY_DEVICE = 256, KEY_ONLY, KEY_JSON };

static const mr_cli_option_t options_table[] = {
    {KEY_DEVICE, "device", "NAME", "device to test (default: model)"},
    {KEY_ONLY, "only", "PARTS", "of memories,tiles,kv,links: these alone"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "[--device NAME] [--only PARTS] [--json]",
    "Tests a device through its registers: marches over every memory, runs a program on every "
    "tile,\n"
    "writes and reads the KV cache, and sends messages over every link. Names the unit that "
    "fails.\n"
    "What was loaded is lost. Exit status 0 only when every unit passed.",
    options_table};

static const struct {
    const char *name;
    uint32_t part;
} part_names[] = {{"memories", MR_SELFTEST_MEMORIES},
                  {"tiles", MR_SELFTEST_TILES},
                  {"kv", MR_SELFTEST_KV},
                  {"links", MR_SELFTEST_LINKS}};

#define PARTS (sizeof part_names / sizeof part_names[0])
#define BAR 30u

typedef struct {
    mr_cli_t *cli;
    cJSON *units; /* NULL: lines */
    bool bar;     /* standard error is a terminal */
} view_t;

/* False: the message is out. */
static bool parse_parts(const mr_cli_t *cli, const char *text, uint32_t *parts) {
    *parts = 0;
    for (const char *p = text;;) {
        const size_t n = strcspn(p, ",");
        uint32_t part = 0;
        for (size_t i = 0; i < PARTS; i++) {
            if (strlen(part_names[i].name) == n && strncmp(part_names[i].name, p, n) == 0) {
                part = part_names[i].part;
            }
        }
        if (part == 0) {
            (void)mr_cli_usage(cli, "no part '%.*s'; --only takes memories, tiles, kv and links",
                               (int)n, p);
            return false;
        }
        *parts |= part;
        if (p[n] == '\0') {
            return true;
        }
        p += n + 1;
    }
}

static void clear_bar(const view_t *v) {
    if (v->bar) {
        (void)fprintf(stderr, "\r\033[K");
    }
}

static void on_report(void *ctx, const mr_selftest_report_t *r) {
    const view_t *v = ctx;
    const char *verdict = !r->ok ? "FAIL" : r->skipped ? "skip" : "pass";
    if (v->units != NULL) {
        cJSON *unit = cJSON_CreateObject();
        mr_cli_json_text(unit, "unit", r->unit, strlen(r->unit));
        mr_cli_json_text(unit, "verdict", verdict, strlen(verdict));
        mr_cli_json_text(unit, "text", r->text, strlen(r->text));
        (void)cJSON_AddItemToArray(v->units, unit);
        return;
    }
    clear_bar(v);
    (void)mr_cli_print(v->cli, "%s  %-20s%s%s\n", verdict, r->unit, r->text[0] != '\0' ? "  " : "",
                       r->text);
    (void)mr_cli_flush(v->cli);
}

static void on_progress(void *ctx, uint32_t done, uint32_t total) {
    const view_t *v = ctx;
    if (!v->bar) {
        return;
    }
    const uint32_t full = total != 0 ? done * BAR / total : BAR;
    (void)fprintf(stderr, "\r[%.*s%.*s] %" PRIu32 " of %" PRIu32 " units", (int)full,
                  "##############################", (int)(BAR - full),
                  "..............................", done, total);
    (void)fflush(stderr);
}

static bool on_stop(void *ctx) {
    (void)ctx;
    return mr_cli_interrupted();
}

static int conclude(const view_t *v, const char *device, const mr_mmio_t *mmio, mr_status_t status,
                    const mr_selftest_sum_t *sum) {
    const char *fault = mr_device_fault(mmio);
    clear_bar(v);
    if (status == MR_CANCELLED) {
        (void)mr_cli_fail("interrupted after %" PRIu32 " units", sum->units);
        return MR_CLI_INTERRUPTED;
    }
    if (status != MR_OK) {
        return mr_cli_fail("device '%s' stopped answering after %" PRIu32 " units: %s", device,
                           sum->units, fault != NULL ? fault : mr_status_text(status));
    }
    if (v->units == NULL) {
        (void)mr_cli_print(v->cli, "%" PRIu32 " passed, %" PRIu32 " failed, %" PRIu32 " skipped\n",
                           sum->units - sum->failed - sum->skipped, sum->failed, sum->skipped);
    }
    return sum->failed != 0 ? MR_CLI_FAILED : MR_CLI_OK;
}

static int test(mr_cli_t *cli, const char *device, uint32_t parts, bool json) {
    mr_session_error_t error;
    mr_selftest_sum_t sum;
    mr_mmio_t mmio;
    if (mr_device_open(device, &mmio, &error) != MR_OK) {
        return mr_cli_fail("%s", error.text);
    }
    view_t view = {.cli = cli,
                   .units = json ? cJSON_CreateArray() : NULL,
                   .bar = !json && isatty(STDERR_FILENO) == 1};
    const mr_selftest_events_t events = {
        .report = on_report, .progress = on_progress, .stop = on_stop, .ctx = &view};
    const mr_status_t status = mr_selftest_run(&mmio, parts, &events, &sum);
    const int code = conclude(&view, device, &mmio, status, &sum);
    mr_mmio_close(&mmio);
    if (json) {
        cJSON *object = cJSON_CreateObject();
        mr_cli_json_text(object, "device", device, strlen(device));
        (void)cJSON_AddItemToObject(object, "units", view.units);
        mr_cli_json_u64(object, "tested", sum.units);
        mr_cli_json_u64(object, "failed", sum.failed);
        mr_cli_json_u64(object, "skipped", sum.skipped);
        (void)cJSON_AddBoolToObject(object, "complete", status == MR_OK);
        (void)mr_cli_json_print(cli, object);
    }
    return code;
}

int mr_cli_cmd_selftest(mr_cli_t *cli, int argc, char **argv) {
    const char *device = "model";
    uint32_t parts = MR_SELFTEST_ALL;
    bool json = false;
    int key;
    while ((key = mr_cli_next_option(cli, argc, argv, &spec)) != -1) {
        switch (key) {
        case KEY_DEVICE:
            device = optarg;
            break;
        case KEY_ONLY:
            if (!parse_parts(cli, optarg, &parts)) {
                return MR_CLI_USAGE;
            }
            break;
        case KEY_JSON:
            json = true;
            break;
        case MR_CLI_KEY_HELP:
            return MR_CLI_OK;
        default:
            return MR_CLI_USAGE;
        }
    }
    if (optind < argc) {
        return mr_cli_usage(cli, "unexpected '%s'", argv[optind]);
    }
    return test(cli, device, parts, json);
}
