/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg dump: all registers on a line each, or what changed since such a file was written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reg.h"

#define LINE_BYTES 1024u

/* A register as a file has it. */
typedef struct {
    char name[MR_REG_NAME_BYTES];
    uint64_t value;
    bool seen;
} saved_t;

typedef struct {
    mr_cli_reg_t *r;
    saved_t *saved; /* of --diff */
    size_t n_saved;
    cJSON *skipped;
    cJSON *failed;
    cJSON *changes;
    unsigned n_skipped;
    unsigned n_failed;
    unsigned n_changes;
} dump_t;

/* ---- the file ---- */

static void keep(dump_t *d, const char *name, uint64_t value) {
    /* Room is doubled whenever the count is a power of two. */
    if ((d->n_saved & (d->n_saved - 1u)) == 0) {
        saved_t *grown = mr_cli_alloc(d->n_saved != 0 ? 2u * d->n_saved : 1u, sizeof *grown);
        if (d->n_saved > 0) {
            memcpy(grown, d->saved, d->n_saved * sizeof *grown);
        }
        free(d->saved);
        d->saved = grown;
    }
    saved_t *s = &d->saved[d->n_saved++];
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    s->value = value;
    s->seen = false;
}

/* A file that dump --json wrote. */
static bool load_json(dump_t *d, const char *text) {
    cJSON *object = cJSON_Parse(text);
    const cJSON *entry;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "registers");
    const bool good = cJSON_IsArray(list);
    cJSON_ArrayForEach(entry, list) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "name");
        const cJSON *hex = cJSON_GetObjectItemCaseSensitive(entry, "hex");
        uint64_t value;
        if (cJSON_IsString(name) && cJSON_IsString(hex) &&
            mr_reg_number(hex->valuestring, &value)) {
            keep(d, name->valuestring, value);
        }
    }
    cJSON_Delete(object);
    return good;
}

/* "NAME 0xADDRESS 0xVALUE ..." on each line that is no comment. */
static bool load_text(dump_t *d, char *text) {
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *word = NULL;
        uint64_t value;
        const char *name = strtok_r(line, " \r", &word);
        if (name == NULL || name[0] == '#') {
            continue;
        }
        const char *address = strtok_r(NULL, " \r", &word);
        const char *number = strtok_r(NULL, " \r", &word);
        if (address == NULL || number == NULL || strlen(name) >= MR_REG_NAME_BYTES) {
            return false;
        }
        if (number[0] != '!') {
            if (!mr_reg_number(number, &value)) {
                return false;
            }
            keep(d, name, value);
        }
    }
    return d->n_saved > 0;
}

static int load(dump_t *d, const char *path) {
    mr_cli_text_t text = {NULL, 0, 0};
    const int code = mr_cli_read_text(path, &text);
    if (code != MR_CLI_OK) {
        return code;
    }
    mr_cli_text_append(&text, "", 1); /* ends with NUL */
    const char *start = text.bytes + strspn(text.bytes, " \t\r\n");
    const bool good = *start == '{' ? load_json(d, start) : load_text(d, text.bytes);
    free(text.bytes);
    return good ? MR_CLI_OK : mr_cli_fail("'%s' is no file that 'millrace reg dump' wrote", path);
}

/* ---- differences ---- */

static void add_change(dump_t *d, const char *name, const char *field, const char *was,
                       const char *is) {
    cJSON *change = cJSON_CreateObject();
    cJSON_AddStringToObject(change, "name", name);
    cJSON_AddItemToObject(change, "field",
                          field != NULL ? cJSON_CreateString(field) : cJSON_CreateNull());
    cJSON_AddItemToObject(change, "was", was != NULL ? cJSON_CreateRaw(was) : cJSON_CreateNull());
    cJSON_AddItemToObject(change, "is", is != NULL ? cJSON_CreateRaw(is) : cJSON_CreateNull());
    cJSON_AddItemToArray(d->changes, change);
}

/* One field, or one whole word where fields say nothing of the bits. */
static void report_field(dump_t *d, const char *name, const mr_reg_field_t *f, uint64_t was,
                         uint64_t is) {
    char old[MR_REG_VALUE_BYTES];
    char new[MR_REG_VALUE_BYTES];
    d->n_changes++;
    if (d->changes != NULL) {
        (void)snprintf(old, sizeof old, "%" PRIu64, was);
        (void)snprintf(new, sizeof new, "%" PRIu64, is);
        add_change(d, name, f->name, old, new);
        return;
    }
    const bool value = strcmp(f->name, "value") == 0;
    mr_reg_value_text(f, was, old);
    mr_reg_value_text(f, is, new);
    (void)mr_cli_print(d->r->cli, "%s%s%s: %s -> %s", name, value ? "" : ".", value ? "" : f->name,
                       old, new);
    if (strcmp(f->unit, "-") != 0 && is > was) {
        (void)mr_cli_print(d->r->cli, " (+%" PRIu64 ")", is - was);
    }
    (void)mr_cli_print(d->r->cli, "\n");
}

static void compare(dump_t *d, const mr_reg_ref_t *ref, const char *name, uint64_t is) {
    saved_t *s = NULL;
    for (size_t i = 0; i < d->n_saved && s == NULL; i++) {
        s = strcasecmp(d->saved[i].name, name) == 0 ? &d->saved[i] : NULL;
    }
    if (s == NULL) {
        d->n_changes++;
        if (d->changes != NULL) {
            add_change(d, name, NULL, NULL, NULL);
        } else {
            (void)mr_cli_print(d->r->cli, "%s: not in the file\n", name);
        }
        return;
    }
    s->seen = true;
    for (size_t i = 0; i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        const uint64_t was = mr_reg_field_of(f, s->value);
        if (was != mr_reg_field_of(f, is)) {
            report_field(d, name, f, was, mr_reg_field_of(f, is));
        }
    }
}

/* ---- the walk ---- */

static void print_one(const dump_t *d, const mr_reg_ref_t *ref, const char *name, uint64_t value) {
    char fields[512];
    const uint32_t address = mr_reg_address(ref);
    if (d->r->list != NULL) {
        char hex[24];
        cJSON *entry = mr_cli_reg_json(ref, address, value);
        (void)snprintf(hex, sizeof hex, "0x%0*" PRIX64, ref->reg->width_bits / 4, value);
        cJSON_AddStringToObject(entry, "hex", hex);
        cJSON_AddItemToArray(d->r->list, entry);
        return;
    }
    mr_cli_reg_line(ref, value, fields, sizeof fields);
    (void)mr_cli_print(d->r->cli, "%-24s 0x%06" PRIX32 " 0x%0*" PRIX64 "%s%s\n", name, address,
                       ref->reg->width_bits / 4, value, fields[0] != '\0' ? " " : "", fields);
}

static void skip(dump_t *d, const char *name, const char *why) {
    d->n_skipped++;
    if (d->skipped != NULL) {
        cJSON_AddItemToArray(d->skipped, cJSON_CreateString(name));
    } else if (d->saved == NULL) {
        (void)mr_cli_print(d->r->cli, "# %s skipped: %s\n", name, why);
    }
}

static void failed(dump_t *d, const char *name, uint32_t address, mr_status_t status) {
    d->n_failed++;
    if (d->failed != NULL) {
        cJSON_AddItemToArray(d->failed, cJSON_CreateString(name));
    } else {
        (void)mr_cli_print(d->r->cli, "%-24s 0x%06" PRIX32 " !%s\n", name, address,
                           status == MR_DEVICE    ? "bus_error"
                           : status == MR_TIMEOUT ? "no_answer"
                                                  : "failed");
    }
}

/* @return an exit code; MR_CLI_OK also for a register that gives no answer. */
static int dump_one(dump_t *d, const mr_reg_ref_t *ref) {
    char name[MR_REG_NAME_BYTES];
    uint64_t value = 0;
    const char *effect = mr_reg_read_effect(ref);
    mr_reg_format(ref, name);
    if (mr_reg_only_commands(ref->reg)) {
        skip(d, name, "commands, reads 0");
        return MR_CLI_OK;
    }
    if (effect != NULL && !d->r->force) {
        skip(d, name, effect);
        return MR_CLI_OK;
    }
    const mr_status_t status = mr_cli_reg_get(d->r, ref, &value);
    if (status != MR_OK && mr_cli_reg_lost(d->r)) {
        return mr_cli_reg_bus_failed(d->r, "read", mr_reg_address(ref), status);
    }
    if (status != MR_OK) {
        failed(d, name, mr_reg_address(ref), status);
    } else if (d->r->diff != NULL) {
        compare(d, ref, name, value);
    } else {
        print_one(d, ref, name, value);
    }
    return MR_CLI_OK;
}

/* What the file has and the device has not. */
static void report_missing(dump_t *d) {
    for (size_t i = 0; i < d->n_saved; i++) {
        if (!d->saved[i].seen && d->changes == NULL) {
            (void)mr_cli_print(d->r->cli, "%s: only in the file\n", d->saved[i].name);
        }
        d->n_changes += d->saved[i].seen ? 0 : 1u;
    }
}

static int walk(dump_t *d, int operands, char **operand) {
    for (int i = 0; i < (operands > 0 ? operands : 1); i++) {
        const char *pattern = operands > 0 ? operand[i] : "*";
        mr_reg_ref_t ref = {NULL, NULL, NULL, 0, 0};
        while (mr_reg_next(pattern, &d->r->counts, &ref)) {
            const int code = dump_one(d, &ref);
            if (code != MR_CLI_OK) {
                return code;
            }
        }
    }
    return MR_CLI_OK;
}

/* Refuses patterns that match nothing, before there is any output. */
static int check(const dump_t *d, int operands, char **operand) {
    for (int i = 0; i < operands; i++) {
        mr_reg_ref_t ref = {NULL, NULL, NULL, 0, 0};
        if (!mr_reg_next(operand[i], &d->r->counts, &ref)) {
            return mr_cli_fail("no register matches '%s'", operand[i]);
        }
    }
    return MR_CLI_OK;
}

static void begin(dump_t *d) {
    mr_cli_reg_t *r = d->r;
    if (r->object != NULL) {
        d->skipped = cJSON_AddArrayToObject(r->object, "skipped");
        d->failed = cJSON_AddArrayToObject(r->object, "failed");
        d->changes = r->diff != NULL ? cJSON_AddArrayToObject(r->object, "changes") : NULL;
    } else if (r->diff == NULL) {
        (void)mr_cli_print(r->cli, "# millrace reg dump of %s\n", r->device);
    }
}

int mr_cli_reg_dump(mr_cli_reg_t *r, int operands, char **operand) {
    dump_t d = {.r = r};
    if (r->raw) {
        return r->diff != NULL ? mr_cli_usage(r->cli, "--diff compares names; leave --raw out")
                               : mr_cli_reg_read(r, operands, operand);
    }
    int code = check(&d, operands, operand);
    if (code == MR_CLI_OK && r->diff != NULL) {
        code = load(&d, r->diff);
    }
    if (code == MR_CLI_OK) {
        begin(&d);
        code = walk(&d, operands, operand);
    }
    if (code == MR_CLI_OK && r->diff != NULL && operands == 0) {
        report_missing(&d);
    }
    if (code == MR_CLI_OK && r->diff != NULL && r->object == NULL && d.n_changes == 0) {
        (void)mr_cli_print(r->cli, "# no change\n");
    }
    free(d.saved);
    if (code == MR_CLI_OK && d.n_skipped > 0 && r->object == NULL) {
        (void)mr_cli_print(r->cli,
                           "# %u skipped: reading them has an effect, or they only take "
                           "commands\n",
                           d.n_skipped);
    }
    if (code == MR_CLI_OK && d.n_failed > 0) {
        return mr_cli_fail("%u registers gave no value", d.n_failed);
    }
    return code;
}
