/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg --attach, ps: devices that other processes run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reg.h"
#include "reg/attach.h"

#define PLACES 32u

/* "device\tcommand" as two texts. */
static void split_about(const char *about, char device[MR_ATTACH_TEXT_BYTES],
                        const char **command) {
    (void)snprintf(device, MR_ATTACH_TEXT_BYTES, "%s", about);
    char *tab = strchr(device, '\t');
    *command = "";
    if (tab != NULL) {
        *tab = '\0';
        *command = tab + 1;
    }
}

/* The one place there is. @return false with the message out. */
static bool only_place(mr_attach_place_t *place) {
    mr_attach_place_t places[PLACES];
    char text[200] = "";
    size_t n = 0;
    const size_t count = mr_attach_list(places, PLACES);
    if (count == 1) {
        *place = places[0];
        return true;
    }
    for (size_t i = 0; i < count && i < PLACES && n < sizeof text; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", i == 0 ? "" : ", ", places[i].pid);
    }
    if (count == 0) {
        (void)mr_cli_fail("nothing to attach to: no chip of yours runs; start one (millrace run "
                          "...), or name its PID or socket");
    } else {
        (void)mr_cli_fail("%zu chips run; say which with --attach PID: %s", count, text);
    }
    return false;
}

/* A PID or a path. @return false with the message out. */
static bool named_place(const mr_cli_reg_t *r, const char *which, mr_attach_place_t *place) {
    uint32_t pid = 0;
    if (strspn(which, "0123456789") == strlen(which)) {
        return mr_cli_parse_u32(r->cli, "--attach", which, 1, INT32_MAX, &pid) &&
               mr_attach_place((int)pid, place) == MR_OK;
    }
    if (strlen(which) >= sizeof place->path) {
        (void)mr_cli_fail("the path of a socket has at most %zu bytes", sizeof place->path - 1u);
        return false;
    }
    *place = (mr_attach_place_t){.pid = 0};
    (void)snprintf(place->path, sizeof place->path, "%s", which);
    return true;
}

int mr_cli_reg_attach(mr_cli_reg_t *r, const char *which) {
    static char device[MR_ATTACH_TEXT_BYTES];
    const char *command;
    mr_attach_place_t place;
    char why[MR_ATTACH_TEXT_BYTES];
    if (!(which[0] == '\0' ? only_place(&place) : named_place(r, which, &place))) {
        return MR_CLI_FAILED;
    }
    if (mr_attach_connect(place.path, &r->mmio, why) != MR_OK) {
        return mr_cli_fail("%s", why);
    }
    split_about(mr_attach_about(&r->mmio), device, &command);
    r->attached = true;
    r->device = device;
    return MR_CLI_OK;
}

int mr_cli_reg_ps(mr_cli_reg_t *r, int operands, char **operand) {
    mr_attach_place_t places[PLACES];
    (void)operand;
    if (operands > 0) {
        return mr_cli_usage(r->cli, "ps takes nothing more");
    }
    const size_t count = mr_attach_list(places, PLACES);
    cJSON *list = r->object != NULL ? cJSON_AddArrayToObject(r->object, "processes") : NULL;
    for (size_t i = 0; i < count && i < PLACES; i++) {
        char device[MR_ATTACH_TEXT_BYTES] = "?";
        char why[MR_ATTACH_TEXT_BYTES] = "";
        const char *command = "?";
        mr_mmio_t mmio;
        const bool answers = mr_attach_connect(places[i].path, &mmio, why) == MR_OK;
        if (answers) {
            split_about(mr_attach_about(&mmio), device, &command);
            mr_mmio_close(&mmio);
        }
        if (list == NULL) {
            (void)mr_cli_print(r->cli, "%d  %s  %s%s\n", places[i].pid, device, command,
                               answers ? "" : "  (does not answer)");
            continue;
        }
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddNumberToObject(entry, "pid", places[i].pid);
        cJSON_AddStringToObject(entry, "socket", places[i].path);
        cJSON_AddStringToObject(entry, "device", device);
        cJSON_AddStringToObject(entry, "command", command);
        cJSON_AddBoolToObject(entry, "answers", answers);
        cJSON_AddItemToArray(list, entry);
    }
    return MR_CLI_OK;
}
