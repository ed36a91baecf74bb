/* SPDX-License-Identifier: Apache-2.0 */
/* What the actions of `millrace reg` share: accesses, messages, values on paper. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reg.h"
#include "reg/attach.h"
#include "session/session.h"

#define RANGE_MAX 65536u

mr_status_t mr_cli_reg_get(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint64_t *value) {
    uint32_t words[2] = {0, 0};
    const size_t n = ref->reg->width_bits == 64 ? 2u : 1u;
    MR_TRY(mr_mmio_read_block(&r->mmio, mr_reg_address(ref), words, n));
    *value = (uint64_t)words[1] << 32 | words[0];
    return MR_OK;
}

bool mr_cli_reg_lost(const mr_cli_reg_t *r) {
    return mr_attach_problem(&r->mmio) != NULL || mr_device_fault(&r->mmio) != NULL;
}

int mr_cli_reg_bus_failed(const mr_cli_reg_t *r, const char *what, uint32_t address,
                          mr_status_t status) {
    const char *problem = mr_attach_problem(&r->mmio);
    const char *fault = mr_device_fault(&r->mmio);
    if (problem != NULL) {
        return mr_cli_fail("%s", problem);
    }
    if (fault != NULL) {
        return mr_cli_fail("the device stopped: %s", fault);
    }
    if (status == MR_DEVICE) {
        return mr_cli_fail("cannot %s 0x%06" PRIX32
                           ": the device answers with a bus error (no register, or not now)",
                           what, address);
    }
    return mr_cli_fail("cannot %s 0x%06" PRIX32 ": %s", what, address, mr_status_text(status));
}

bool mr_cli_reg_parse(const mr_cli_reg_t *r, const char *name, mr_reg_ref_t *ref) {
    char why[MR_REG_WHY_BYTES];
    if (!mr_reg_parse(name, &r->counts, ref, why)) {
        (void)mr_cli_usage(r->cli, "%s", why);
        return false;
    }
    return true;
}

bool mr_cli_reg_range(const mr_cli_reg_t *r, const char *text, uint32_t *first, uint32_t *words) {
    char part[40];
    uint64_t from = 0;
    uint64_t last = 0;
    const size_t n = strcspn(text, ".+");
    const char *rest = text + n;
    (void)snprintf(part, sizeof part, "%.*s", (int)(n < 32u ? n : 32u), text);
    bool good = mr_reg_number(part, &from) && from % 4u == 0;
    if (good && rest[0] == '+') {
        good = mr_reg_number(rest + 1, &last) && last > 0 && last <= RANGE_MAX;
        last = from + 4u * (last - 1u);
    } else if (good && rest[0] == '.') {
        good = rest[1] == '.' && mr_reg_number(rest + 2, &last) && last % 4u == 0 && last >= from;
    } else {
        last = from;
    }
    if (!good || last > UINT32_MAX || (last - from) / 4u >= RANGE_MAX) {
        (void)mr_cli_usage(r->cli,
                           "'%s' is no address ADDR, ADDR..LAST or ADDR+WORDS (multiples of 4, at "
                           "most %u words)",
                           text, RANGE_MAX);
        return false;
    }
    *first = (uint32_t)from;
    *words = (uint32_t)((last - from) / 4u) + 1u;
    return true;
}

/* ---- values ---- */

/* A register that is nothing but a code. */
static bool is_plain(const mr_reg_t *reg) {
    return reg->field_count == 1 && strcmp(reg->fields[0].name, "value") == 0;
}

static bool is_bare(const mr_reg_t *reg) {
    return is_plain(reg) && strcmp(reg->fields[0].unit, "-") == 0 &&
           reg->fields[0].value_count == 0;
}

cJSON *mr_cli_reg_json(const mr_reg_ref_t *ref, uint32_t address, uint64_t value) {
    cJSON *entry = cJSON_CreateObject();
    char name[MR_REG_NAME_BYTES];
    if (ref != NULL) {
        mr_reg_format(ref, name);
    }
    cJSON_AddItemToObject(entry, "name",
                          ref != NULL ? cJSON_CreateString(name) : cJSON_CreateNull());
    mr_cli_json_u64(entry, "address", address);
    mr_cli_json_u64(entry, "value", value);
    cJSON *fields = cJSON_AddObjectToObject(entry, "fields");
    cJSON *names = cJSON_AddObjectToObject(entry, "names");
    for (size_t i = 0; ref != NULL && i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        if (ref->field == NULL || ref->field == f) {
            const uint64_t part = mr_reg_field_of(f, value);
            mr_cli_json_u64(fields, f->name, part);
            if (mr_reg_value_name(f, part) != NULL) {
                cJSON_AddStringToObject(names, f->name, mr_reg_value_name(f, part));
            }
        }
    }
    return entry;
}

void mr_cli_reg_line(const mr_reg_ref_t *ref, uint64_t value, char *out, size_t size) {
    char text[MR_REG_VALUE_BYTES];
    size_t n = 0;
    out[0] = '\0';
    if (is_plain(ref->reg)) {
        if (!is_bare(ref->reg)) {
            mr_reg_value_text(&ref->reg->fields[0], value, text);
            (void)snprintf(out, size, "%s", text);
        }
        return;
    }
    for (size_t i = 0; i < ref->reg->field_count && n < size; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        const uint64_t part = mr_reg_field_of(f, value);
        const char *name = mr_reg_value_name(f, part);
        n += (size_t)snprintf(out + n, size - n, "%s%s=%" PRIu64 "%s%s", i == 0 ? "" : " ", f->name,
                              part, name != NULL ? " " : "", name != NULL ? name : "");
    }
}

static void show_register(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, const char *name,
                          uint32_t address, uint64_t value) {
    char text[MR_REG_VALUE_BYTES];
    (void)mr_cli_print(r->cli, "%-24s 0x%06" PRIX32 " = 0x%0*" PRIX64, name, address,
                       ref->reg->width_bits / 4, value);
    if (is_plain(ref->reg)) {
        mr_reg_value_text(&ref->reg->fields[0], value, text);
        (void)mr_cli_print(r->cli, is_bare(ref->reg) ? "\n" : " (%s)\n", text);
        return;
    }
    (void)mr_cli_print(r->cli, "\n");
    for (size_t i = 0; i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        mr_reg_value_text(f, mr_reg_field_of(f, value), text);
        (void)mr_cli_print(r->cli, "  %-22s %s\n", f->name, text);
    }
}

void mr_cli_reg_show(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint32_t address,
                     uint64_t value) {
    char name[MR_REG_NAME_BYTES];
    char text[MR_REG_VALUE_BYTES];
    if (r->list != NULL) {
        cJSON_AddItemToArray(r->list, mr_cli_reg_json(ref, address, value));
        return;
    }
    if (ref == NULL) {
        (void)mr_cli_print(r->cli, "0x%06" PRIX32 " = 0x%08" PRIX64 "\n", address, value);
        return;
    }
    mr_reg_format(ref, name);
    if (ref->field != NULL) {
        mr_reg_value_text(ref->field, mr_reg_field_of(ref->field, value), text);
        (void)mr_cli_print(r->cli, "%s.%s = %s\n", name, ref->field->name, text);
        return;
    }
    show_register(r, ref, name, address, value);
}
