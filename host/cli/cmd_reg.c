/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg: lists, reads and writes registers by name and field. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine.h"
#include "json.h"
#include "millrace/regs.h"
#include "reg_name.h"

enum { KEY_DEVICE = 256, KEY_FORCE, KEY_JSON };

static const mr_cli_option_t options_table[] = {
    {KEY_DEVICE, "device", "NAME",
     "sim, sim:DRAM (millrace --help has the names) or model (default: sim if this build has it)"},
    {KEY_FORCE, "force", NULL, "write also where writing has a side effect"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "[OPTION...] ls [PATTERN] | read NAME... | write NAME[.FIELD]=VALUE...",
    "Lists the register map, reads registers or writes them. NAME is a name such as chip.ID,\n"
    "tile[3].STATUS.busy or tile[0].CYC_TAG[2], to read also a pattern with * and ? or an\n"
    "address such as 0x50. A device is fresh from reset at each call.",
    options_table};

typedef struct {
    mr_cli_t *cli;
    mr_mmio_t mmio;
    mr_cli_reg_counts_t counts;
    bool force;
    cJSON *list; /* of --json, otherwise NULL */
} reg_t;

static const char *access_text(mr_reg_access_t access) {
    switch (access) {
    case MR_REG_CONST:
        return "constant";
    case MR_REG_RO:
        return "read only";
    case MR_REG_RW:
        return "read/write";
    case MR_REG_CMD:
        return "command";
    case MR_REG_W1C:
        return "write 1 to clear";
    }
    return "unknown";
}

static uint64_t field_mask(const mr_reg_field_t *f) {
    return (f->width_bits >= 64u ? UINT64_MAX : (UINT64_C(1) << f->width_bits) - 1u) << f->lsb;
}

static uint64_t field_of(const mr_reg_field_t *f, uint64_t value) {
    return (value & field_mask(f)) >> f->lsb;
}

static bool writable(const mr_reg_field_t *f) {
    return f->access == MR_REG_RW || f->access == MR_REG_CMD || f->access == MR_REG_W1C;
}

/* " elements" or nothing. */
static const char *unit_text(const mr_reg_field_t *f, char text[32]) {
    (void)snprintf(text, 32, "%s%s", strcmp(f->unit, "-") == 0 ? "" : " ",
                   strcmp(f->unit, "-") == 0 ? "" : f->unit);
    return text;
}

/* The name of a field's value, or NULL. */
static const char *value_name(const mr_reg_field_t *f, uint64_t value) {
    for (size_t i = 0; i < f->value_count; i++) {
        if (f->values[i].value == value) {
            return f->values[i].name;
        }
    }
    return NULL;
}

/* "5 elements", or "1 VMEM" where the value has a name. */
static void print_value(mr_cli_t *cli, const mr_reg_field_t *f, uint64_t value) {
    const char *name = value_name(f, value);
    char unit[32];
    (void)mr_cli_print(cli, "%" PRIu64 "%s%s%s", value, unit_text(f, unit), name != NULL ? " " : "",
                       name != NULL ? name : "");
}

static int bus_failed(const reg_t *r, const char *what, uint32_t address, mr_status_t status) {
    const char *fault = mr_device_fault(&r->mmio);
    if (fault != NULL) {
        return mr_cli_fail("the device stopped: %s", fault);
    }
    if (status == MR_DEVICE) {
        return mr_cli_fail("cannot %s 0x%06" PRIX32 ": no register there (bus error)", what,
                           address);
    }
    return mr_cli_fail("cannot %s 0x%06" PRIX32 ": %s", what, address, mr_status_text(status));
}

/* ---- ls ---- */

static void list_text(mr_cli_t *cli, const char *name, const mr_cli_reg_t *at) {
    (void)mr_cli_print(cli, "%-28s 0x%06" PRIX32 "  %s\n", name, mr_cli_reg_address(at),
                       at->reg->desc);
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        char unit[32];
        char bits[16];
        (void)snprintf(bits, sizeof bits, "%d:%d", f->lsb + f->width_bits - 1, f->lsb);
        (void)mr_cli_print(cli, "  %5s  %-10s %-16s%s  %s%s%s\n", bits, f->name,
                           access_text(f->access), unit_text(f, unit), f->desc,
                           f->effect != NULL ? " Side effect: " : "",
                           f->effect != NULL ? f->effect : "");
        for (size_t v = 0; v < f->value_count; v++) {
            (void)mr_cli_print(cli, "         %" PRIu32 " %s: %s\n", f->values[v].value,
                               f->values[v].name, f->values[v].desc);
        }
    }
}

static void list_json(cJSON *list, const char *name, const mr_cli_reg_t *at, uint32_t instances) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "name", name);
    mr_cli_json_u64(entry, "address", mr_cli_reg_address(at));
    mr_cli_json_u64(entry, "instances", instances);
    mr_cli_json_u64(entry, "elements", at->reg->count);
    mr_cli_json_u64(entry, "bits", at->reg->width_bits);
    cJSON_AddStringToObject(entry, "description", at->reg->desc);
    cJSON *fields = cJSON_AddArrayToObject(entry, "fields");
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        cJSON *field = cJSON_CreateObject();
        cJSON_AddStringToObject(field, "name", f->name);
        mr_cli_json_u64(field, "lsb", f->lsb);
        mr_cli_json_u64(field, "bits", f->width_bits);
        cJSON_AddStringToObject(field, "access", access_text(f->access));
        cJSON_AddStringToObject(field, "unit", f->unit);
        cJSON_AddStringToObject(field, "description", f->desc);
        cJSON_AddItemToObject(field, "side_effect",
                              f->effect != NULL ? cJSON_CreateString(f->effect)
                                                : cJSON_CreateNull());
        cJSON *values = cJSON_AddObjectToObject(field, "values");
        for (size_t v = 0; v < f->value_count; v++) {
            mr_cli_json_u64(values, f->values[v].name, f->values[v].value);
        }
        cJSON_AddItemToArray(fields, field);
    }
    cJSON_AddItemToArray(list, entry);
}

/* A pattern without its indexes, since the list shows arrays on one line. */
static void strip_indexes(const char *pattern, char *out, size_t size) {
    size_t n = 0;
    bool inside = false;
    for (; *pattern != '\0' && n < size - 1u; pattern++) {
        inside = inside || *pattern == '[';
        if (!inside) {
            out[n++] = *pattern;
        }
        inside = inside && *pattern != ']';
    }
    out[n] = '\0';
}

static int list(reg_t *r, int operands, char **operand) {
    char pattern[MR_CLI_REG_NAME_BYTES] = "*";
    bool found = false;
    if (operands > 1) {
        return mr_cli_usage(r->cli, "ls takes one PATTERN; quote it");
    }
    if (operands == 1) {
        strip_indexes(operand[0], pattern, sizeof pattern);
    }
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        const uint32_t instances = mr_cli_reg_instances(block, &r->counts);
        for (size_t i = 0; i < block->reg_count && instances > 0; i++) {
            const mr_cli_reg_t at = {block, &block->regs[i], NULL, 0, 0};
            char plain[MR_CLI_REG_NAME_BYTES];
            char name[2u * MR_CLI_REG_NAME_BYTES];
            char instance[24] = "";
            char element[24] = "";
            (void)snprintf(plain, sizeof plain, "%s.%s", block->name, at.reg->name);
            if (!mr_cli_reg_match(pattern, plain)) {
                continue;
            }
            if (block->count > 1) {
                (void)snprintf(instance, sizeof instance, "[0..%" PRIu32 "]", instances - 1u);
            }
            if (at.reg->count > 1) {
                (void)snprintf(element, sizeof element, "[0..%" PRIu32 "]", at.reg->count - 1u);
            }
            (void)snprintf(name, sizeof name, "%s%s.%s%s", block->name, instance, at.reg->name,
                           element);
            found = true;
            if (r->list != NULL) {
                list_json(r->list, name, &at, instances);
            } else {
                list_text(r->cli, name, &at);
            }
        }
    }
    return found ? MR_CLI_OK : mr_cli_fail("no register matches '%s'", operand[0]);
}

/* ---- read ---- */

static mr_status_t get(const reg_t *r, uint32_t address, bool wide, uint64_t *value) {
    uint32_t low;
    uint32_t high = 0;
    MR_TRY(mr_mmio_read32(&r->mmio, address, &low));
    if (wide) {
        MR_TRY(mr_mmio_read32(&r->mmio, address + 4u, &high));
    }
    *value = (uint64_t)high << 32 | low;
    return MR_OK;
}

static void show_json(const reg_t *r, const mr_cli_reg_t *at, const char *name, uint32_t address,
                      uint64_t value) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToObject(entry, "name",
                          name != NULL ? cJSON_CreateString(name) : cJSON_CreateNull());
    mr_cli_json_u64(entry, "address", address);
    mr_cli_json_u64(entry, "value", value);
    cJSON *fields = cJSON_AddObjectToObject(entry, "fields");
    for (size_t i = 0; name != NULL && i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        if (at->field == NULL || at->field == f) {
            mr_cli_json_u64(fields, f->name, field_of(f, value));
        }
    }
    cJSON_AddItemToArray(r->list, entry);
}

/* Prints a value with its fields; name NULL: nothing is known about the address. */
static void show(const reg_t *r, const mr_cli_reg_t *at, const char *name, uint32_t address,
                 uint64_t value) {
    if (r->list != NULL) {
        show_json(r, at, name, address, value);
        return;
    }
    if (name == NULL) {
        (void)mr_cli_print(r->cli, "0x%06" PRIX32 " = 0x%08" PRIX64 "\n", address, value);
        return;
    }
    if (at->field != NULL) {
        (void)mr_cli_print(r->cli, "%s.%s = ", name, at->field->name);
        print_value(r->cli, at->field, field_of(at->field, value));
        (void)mr_cli_print(r->cli, "\n");
        return;
    }
    (void)mr_cli_print(r->cli, "%-24s 0x%06" PRIX32 " = 0x%0*" PRIX64, name, address,
                       at->reg->width_bits / 4, value);
    if (at->reg->field_count == 1 && strcmp(at->reg->fields[0].name, "value") == 0) {
        (void)mr_cli_print(r->cli, " (");
        print_value(r->cli, &at->reg->fields[0], value);
        (void)mr_cli_print(r->cli, ")\n");
        return;
    }
    (void)mr_cli_print(r->cli, "\n");
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        (void)mr_cli_print(r->cli, "  %-22s ", f->name);
        print_value(r->cli, f, field_of(f, value));
        (void)mr_cli_print(r->cli, "\n");
    }
}

static int read_one(const reg_t *r, const mr_cli_reg_t *at) {
    char name[MR_CLI_REG_NAME_BYTES];
    const uint32_t address = mr_cli_reg_address(at);
    uint64_t value = 0;
    const mr_status_t status = get(r, address, at->reg->width_bits == 64, &value);
    if (status != MR_OK) {
        return bus_failed(r, "read", address, status);
    }
    mr_cli_reg_format(at, name);
    show(r, at, name, address, value);
    return MR_CLI_OK;
}

static int read_address(const reg_t *r, const char *text) {
    char *end;
    uint64_t value = 0;
    mr_cli_reg_t at;
    const unsigned long long address = strtoull(text, &end, 0);
    if (*end != '\0' || address > UINT32_MAX - 3u || address % 4u != 0) {
        return mr_cli_usage(r->cli, "'%s' is no register address (a multiple of 4)", text);
    }
    if (mr_cli_reg_at((uint32_t)address, &at)) {
        return read_one(r, &at);
    }
    const mr_status_t status = get(r, (uint32_t)address, false, &value);
    if (status != MR_OK) {
        return bus_failed(r, "read", (uint32_t)address, status);
    }
    show(r, NULL, NULL, (uint32_t)address, value);
    return MR_CLI_OK;
}

static int read_pattern(const reg_t *r, const char *pattern) {
    bool found = false;
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        mr_cli_reg_t at = {&mr_reg_blocks[b], NULL, NULL, 0, 0};
        const uint32_t instances = mr_cli_reg_instances(at.block, &r->counts);
        for (at.instance = 0; at.instance < instances; at.instance++) {
            for (size_t i = 0; i < at.block->reg_count; i++) {
                at.reg = &at.block->regs[i];
                for (at.element = 0; at.element < at.reg->count; at.element++) {
                    char name[MR_CLI_REG_NAME_BYTES];
                    mr_cli_reg_format(&at, name);
                    if (!mr_cli_reg_match(pattern, name)) {
                        continue;
                    }
                    const int code = read_one(r, &at);
                    if (code != MR_CLI_OK) {
                        return code;
                    }
                    found = true;
                }
            }
        }
    }
    return found ? MR_CLI_OK : mr_cli_fail("no register matches '%s'", pattern);
}

static int read_all(reg_t *r, int operands, char **operand) {
    int code = MR_CLI_OK;
    if (operands == 0) {
        return mr_cli_usage(r->cli, "read takes a NAME, a pattern or an address");
    }
    for (int i = 0; i < operands && code == MR_CLI_OK; i++) {
        mr_cli_reg_t at;
        if (operand[i][0] >= '0' && operand[i][0] <= '9') {
            code = read_address(r, operand[i]);
        } else if (strpbrk(operand[i], "*?") != NULL) {
            code = read_pattern(r, operand[i]);
        } else if (mr_cli_reg_parse(r->cli, operand[i], &r->counts, &at)) {
            code = read_one(r, &at);
        } else {
            code = MR_CLI_USAGE;
        }
    }
    return code;
}

/* ---- write ---- */

/* Splits "NAME=VALUE". @return false with the message out. */
static bool parse_assignment(const reg_t *r, const char *text, mr_cli_reg_t *at, uint32_t *value) {
    char name[MR_CLI_REG_NAME_BYTES];
    char *end;
    const char *equals = strchr(text, '=');
    if (equals == NULL || (size_t)(equals - text) >= sizeof name) {
        (void)mr_cli_usage(r->cli, "'%s' is no NAME[.FIELD]=VALUE", text);
        return false;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    if (!mr_cli_reg_parse(r->cli, name, &r->counts, at)) {
        return false;
    }
    const char *digits = equals + 1;
    const mr_reg_field_t *field = at->field;
    for (size_t i = 0; field != NULL && i < field->value_count; i++) {
        if (strcasecmp(field->values[i].name, digits) == 0) {
            *value = field->values[i].value;
            return true;
        }
    }
    const int base = strncasecmp(digits, "0x", 2) == 0 ? 16 : 10;
    const unsigned long long number = strtoull(digits, &end, base);
    const unsigned width = field != NULL ? field->width_bits : at->reg->width_bits;
    const uint64_t most = width >= 32u ? UINT32_MAX : (UINT64_C(1) << width) - 1u;
    if (*digits < '0' || *digits > '9' || *end != '\0' || number > most) {
        (void)mr_cli_usage(r->cli, "%s takes a number from 0 to %" PRIu64 ", not '%s'", name, most,
                           digits);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

/* The word to write: a field's neighbours keep their value, or are left alone by a 0 where writing
 * a 1 would act. */
static mr_status_t compose(const reg_t *r, const mr_cli_reg_t *at, uint32_t value, uint32_t *word) {
    uint64_t now = 0;
    *word = value;
    if (at->field == NULL) {
        return MR_OK;
    }
    MR_TRY(get(r, mr_cli_reg_address(at), false, &now));
    *word = value << at->field->lsb;
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        if (f != at->field && f->access == MR_REG_RW) {
            *word |= (uint32_t)(now & field_mask(f));
        }
    }
    return MR_OK;
}

/* Refuses what cannot be written, and side effects without --force. */
static int check_write(const reg_t *r, const mr_cli_reg_t *at, const char *name, uint32_t word) {
    bool any = false;
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        const bool meant = at->field == NULL || at->field == f;
        any = any || (meant && writable(f));
        if (writable(f) && f->effect != NULL && field_of(f, word) != 0 && !r->force) {
            return mr_cli_fail("writing %s.%s has a side effect: %s; add --force to do it", name,
                               f->name, f->effect);
        }
    }
    if (!any) {
        return mr_cli_fail("%s%s%s is read only", name, at->field != NULL ? "." : "",
                           at->field != NULL ? at->field->name : "");
    }
    return MR_CLI_OK;
}

/* Says which fields do not read as the write should have left them. @return how many. */
static unsigned compare(const mr_cli_reg_t *at, const char *name, uint32_t word, uint64_t now) {
    unsigned wrong = 0;
    uint64_t known = 0;
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        const uint64_t wrote = field_of(f, word);
        const uint64_t reads = field_of(f, now);
        known |= field_mask(f);
        const bool fixed = !writable(f) && wrote != 0 && wrote != reads;
        if (fixed || (f->access == MR_REG_RW && wrote != reads) ||
            (f->access == MR_REG_W1C && (wrote & reads) != 0)) {
            (void)mr_cli_fail("%s.%s (%s): wrote %" PRIu64 ", reads %" PRIu64, name, f->name,
                              access_text(f->access), wrote, reads);
            wrong++;
        }
    }
    if ((word & ~known) != 0) {
        (void)mr_cli_fail("%s: bits 0x%08" PRIX64 " belong to no field and are ignored", name,
                          word & ~known);
        wrong++;
    }
    return wrong;
}

static int write_one(const reg_t *r, const char *text) {
    char name[MR_CLI_REG_NAME_BYTES];
    mr_cli_reg_t at;
    uint32_t value = 0;
    uint32_t word = 0;
    uint64_t now = 0;
    if (!parse_assignment(r, text, &at, &value)) {
        return MR_CLI_USAGE;
    }
    const uint32_t address = mr_cli_reg_address(&at);
    mr_cli_reg_format(&at, name);
    mr_status_t status = compose(r, &at, value, &word);
    if (status != MR_OK) {
        return bus_failed(r, "read", address, status);
    }
    const int code = check_write(r, &at, name, word);
    if (code != MR_CLI_OK) {
        return code;
    }
    status = mr_mmio_write32(&r->mmio, address, word);
    if (status != MR_OK) {
        return bus_failed(r, "write", address, status);
    }
    status = get(r, address, false, &now);
    if (status != MR_OK) {
        return bus_failed(r, "read back", address, status);
    }
    at.field = NULL;
    show(r, &at, name, address, now);
    return compare(&at, name, word, now) == 0 ? MR_CLI_OK : MR_CLI_FAILED;
}

static int write_all(reg_t *r, int operands, char **operand) {
    int code = MR_CLI_OK;
    if (operands == 0) {
        return mr_cli_usage(r->cli, "write takes NAME[.FIELD]=VALUE");
    }
    for (int i = 0; i < operands && code == MR_CLI_OK; i++) {
        code = write_one(r, operand[i]);
    }
    return code;
}

static int with_device(reg_t *r, const char *device, int operands, char **operand) {
    static const struct {
        const char *name;
        int (*run)(reg_t *r, int operands, char **operand);
    } actions[] = {{"ls", list}, {"read", read_all}, {"write", write_all}};
    int (*run)(reg_t *, int, char **) = NULL;
    for (size_t i = 0; operands > 0 && i < sizeof actions / sizeof actions[0]; i++) {
        run = strcmp(actions[i].name, operand[0]) == 0 ? actions[i].run : run;
    }
    if (run == NULL) {
        return mr_cli_usage(r->cli, "say ls, read or write");
    }
    int code = mr_cli_open_device(device, &r->mmio);
    if (code != MR_CLI_OK) {
        return code;
    }
    uint32_t caps = 0;
    uint32_t features = 0;
    mr_status_t status = mr_mmio_read32(&r->mmio, MR_CHIP_BASE + MR_CHIP_CAPS_OFFSET, &caps);
    if (status == MR_OK) {
        status = mr_mmio_read32(&r->mmio, MR_CHIP_BASE + MR_CHIP_FEATURES_OFFSET, &features);
    }
    if (status == MR_OK) {
        r->counts.cores = (features & MR_CHIP_FEATURES_CORE_MASK) >> MR_CHIP_FEATURES_CORE_SHIFT;
        r->counts.groups = (caps & MR_CHIP_CAPS_GROUPS_MASK) >> MR_CHIP_CAPS_GROUPS_SHIFT;
        r->counts.channels = (caps & MR_CHIP_CAPS_CHANNELS_MASK) >> MR_CHIP_CAPS_CHANNELS_SHIFT;
        r->counts.tiles = (caps & MR_CHIP_CAPS_TILES_MASK) >> MR_CHIP_CAPS_TILES_SHIFT;
        code = run(r, operands - 1, operand + 1);
    } else {
        code = bus_failed(r, "read", MR_CHIP_BASE + MR_CHIP_CAPS_OFFSET, status);
    }
    mr_mmio_close(&r->mmio);
    return code;
}

int mr_cli_cmd_reg(mr_cli_t *cli, int argc, char **argv) {
    const char *device = mr_cli_default_device();
    reg_t r = {.cli = cli};
    cJSON *object = NULL;
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP || key == MR_CLI_KEY_ERROR) {
            cJSON_Delete(object);
            return key == MR_CLI_KEY_HELP ? MR_CLI_OK : MR_CLI_USAGE;
        }
        device = key == KEY_DEVICE ? optarg : device;
        r.force = r.force || key == KEY_FORCE;
        if (key == KEY_JSON && object == NULL) {
            object = cJSON_CreateObject();
            r.list = cJSON_AddArrayToObject(object, "registers");
        }
    }
    const int code = with_device(&r, device, argc - optind, argv + optind);
    if (object != NULL && code == MR_CLI_OK) {
        return mr_cli_json_print(cli, object);
    }
    cJSON_Delete(object);
    return code;
}
