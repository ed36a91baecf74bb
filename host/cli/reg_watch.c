/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg watch: values again and again, and what changed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "reg.h"
#include "reg/attach.h"

#define RUN_CYCLES 256u /* of a device of our own between two looks at the time */
#define PAUSE_NS 1000000
#define MARK "\033[7m"
#define PLAIN "\033[0m"

typedef struct {
    mr_reg_ref_t ref; /* with a field: that field alone */
    uint64_t value;
    uint64_t before;
} item_t;

typedef struct {
    mr_cli_reg_t *r;
    item_t *item;
    size_t n;
    struct timespec start;
    uint32_t samples;
    bool terminal;
} watch_t;

static void add(watch_t *w, const mr_reg_ref_t *ref) {
    if ((w->n & (w->n - 1u)) == 0) {
        item_t *grown = mr_cli_alloc(w->n != 0 ? 2u * w->n : 1u, sizeof *grown);
        if (w->n > 0) {
            memcpy(grown, w->item, w->n * sizeof *grown);
        }
        free(w->item);
        w->item = grown;
    }
    w->item[w->n++] = (item_t){*ref, 0, 0};
}

/* Adds what an operand names; registers that reading disturbs need --force. */
static int add_operand(watch_t *w, const char *text) {
    mr_reg_ref_t ref = {NULL, NULL, NULL, 0, 0};
    const size_t first = w->n;
    if (strpbrk(text, "*?") != NULL) {
        mr_reg_ref_t probe = ref;
        const bool fields = !mr_reg_next(text, &w->r->counts, &probe);
        while (fields ? mr_reg_next_field(text, &w->r->counts, &ref)
                      : mr_reg_next(text, &w->r->counts, &ref)) {
            if (!mr_reg_only_commands(ref.reg)) {
                add(w, &ref);
            }
        }
        if (w->n == first) {
            return mr_cli_fail("no register matches '%s'", text);
        }
    } else if (mr_cli_reg_parse(w->r, text, &ref)) {
        add(w, &ref);
    } else {
        return MR_CLI_USAGE;
    }
    for (size_t i = first; i < w->n && !w->r->force; i++) {
        const char *effect = mr_reg_read_effect(&w->item[i].ref);
        if (effect != NULL) {
            return mr_cli_fail("%s.%s: %s; add --force to watch it", w->item[i].ref.block->name,
                               w->item[i].ref.reg->name, effect);
        }
    }
    return MR_CLI_OK;
}

static double seconds(const watch_t *w) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - w->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - w->start.tv_nsec);
}

/* Reads all values while the device stands still. */
static int sample(watch_t *w) {
    mr_status_t status = mr_attach_hold(&w->r->mmio, true);
    uint32_t address = 0;
    for (size_t i = 0; i < w->n && status == MR_OK; i++) {
        item_t *item = &w->item[i];
        item->before = item->value;
        address = mr_reg_address(&item->ref);
        status = mr_cli_reg_get(w->r, &item->ref, &item->value);
    }
    if (status == MR_OK) {
        status = mr_attach_hold(&w->r->mmio, false);
    }
    w->samples++;
    return status == MR_OK ? MR_CLI_OK : mr_cli_reg_bus_failed(w->r, "read", address, status);
}

/* Whether a field is watched and not as it was. */
static bool changed(const watch_t *w, const item_t *item, const mr_reg_field_t *f) {
    return w->samples > 1 && (item->ref.field == NULL || item->ref.field == f) &&
           mr_reg_field_of(f, item->value) != mr_reg_field_of(f, item->before);
}

static bool any_changed(const watch_t *w, const item_t *item) {
    for (size_t i = 0; i < item->ref.reg->field_count; i++) {
        if (changed(w, item, &item->ref.reg->fields[i])) {
            return true;
        }
    }
    return false;
}

/* ---- on a terminal: one line each, written over and over ---- */

static void draw(const watch_t *w) {
    mr_cli_t *cli = w->r->cli;
    if (w->samples > 1) {
        (void)mr_cli_print(cli, "\033[%zuA", w->n + 1u);
    }
    (void)mr_cli_print(cli, "\r\033[K%.1f s\n", seconds(w));
    for (size_t i = 0; i < w->n; i++) {
        const item_t *item = &w->item[i];
        char name[MR_REG_NAME_BYTES];
        char text[MR_REG_VALUE_BYTES];
        mr_reg_format(&item->ref, name);
        (void)mr_cli_print(cli, "\033[K%-24s 0x%0*" PRIX64, name, item->ref.reg->width_bits / 4,
                           item->value);
        for (size_t k = 0; k < item->ref.reg->field_count; k++) {
            const mr_reg_field_t *f = &item->ref.reg->fields[k];
            const bool marked = changed(w, item, f);
            if (item->ref.field == NULL || item->ref.field == f) {
                mr_reg_value_text(f, mr_reg_field_of(f, item->value), text);
                (void)mr_cli_print(cli, " %s%s %s%s", marked ? MARK : "", f->name, text,
                                   marked ? PLAIN : "");
            }
        }
        (void)mr_cli_print(cli, "\n");
    }
}

/* ---- elsewhere: all at first, then changes ---- */

static void print_changes(const watch_t *w, const item_t *item, double at) {
    char name[MR_REG_NAME_BYTES];
    char old[MR_REG_VALUE_BYTES];
    char text[MR_REG_VALUE_BYTES];
    mr_reg_format(&item->ref, name);
    for (size_t i = 0; i < item->ref.reg->field_count; i++) {
        const mr_reg_field_t *f = &item->ref.reg->fields[i];
        const bool value = strcmp(f->name, "value") == 0;
        if (item->ref.field != NULL && item->ref.field != f) {
            continue;
        }
        mr_reg_value_text(f, mr_reg_field_of(f, item->before), old);
        mr_reg_value_text(f, mr_reg_field_of(f, item->value), text);
        if (w->samples == 1 || changed(w, item, f)) {
            (void)mr_cli_print(w->r->cli, "%.3f %s%s%s: %s%s%s\n", at, name, value ? "" : ".",
                               value ? "" : f->name, w->samples > 1 ? old : "",
                               w->samples > 1 ? " -> " : "", text);
        }
    }
}

static void show(const watch_t *w) {
    const double at = seconds(w);
    cJSON *object = w->r->object != NULL ? cJSON_CreateObject() : NULL;
    cJSON *list = NULL;
    if (object != NULL) {
        mr_cli_json_number(object, "time_s", at);
        list = cJSON_AddArrayToObject(object, "registers");
    } else if (w->terminal) {
        draw(w);
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        const item_t *item = &w->item[i];
        if (list == NULL) {
            print_changes(w, item, at);
        } else if (w->samples == 1 || any_changed(w, item)) {
            cJSON_AddItemToArray(
                list, mr_cli_reg_json(&item->ref, mr_reg_address(&item->ref), item->value));
        }
    }
    if (object != NULL) {
        (void)mr_cli_json_print(w->r->cli, object);
    }
}

/* Waits until the next sample is due; a device of our own runs meanwhile. */
static int pause_until(const watch_t *w, double due) {
    const struct timespec pause = {0, PAUSE_NS};
    do {
        const mr_status_t status = mr_mmio_wait(&w->r->mmio, RUN_CYCLES);
        if (status != MR_OK) {
            return mr_cli_reg_bus_failed(w->r, "wait at", 0, status);
        }
        if (!w->r->attached) {
            (void)nanosleep(&pause, NULL);
        }
        if (mr_cli_interrupted()) {
            return MR_CLI_INTERRUPTED;
        }
    } while (seconds(w) < due);
    return MR_CLI_OK;
}

int mr_cli_reg_watch(mr_cli_reg_t *r, int operands, char **operand) {
    watch_t w = {.r = r, .terminal = isatty(STDOUT_FILENO) == 1};
    int code = MR_CLI_OK;
    if (operands == 0 || r->every_ms == 0) {
        return mr_cli_usage(r->cli, "watch takes NAME... --every MS");
    }
    for (int i = 0; i < operands && code == MR_CLI_OK; i++) {
        code = add_operand(&w, operand[i]);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &w.start);
    while (code == MR_CLI_OK) {
        code = sample(&w);
        if (code != MR_CLI_OK) {
            break;
        }
        show(&w);
        if (!mr_cli_flush(r->cli)) {
            code = MR_CLI_FAILED;
        } else if (w.samples == r->count) {
            break;
        } else {
            code = pause_until(&w, 1e-3 * (double)r->every_ms * (double)w.samples);
        }
    }
    free(w.item);
    return code;
}
