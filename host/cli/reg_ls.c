/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg ls, complete: what registers there are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reg.h"

/* The first side effect of writing a register, or NULL. */
static const char *write_effect(const mr_reg_t *reg) {
    const char *effect = NULL;
    for (size_t i = 0; i < reg->field_count && effect == NULL; i++) {
        effect = mr_reg_write_effect(&reg->fields[i]);
    }
    return effect;
}

/* What a field shows after reset, and what may be written. */
static void limits_text(const mr_reg_field_t *f, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, " Reset: ");
    if (f->at_reset != NULL) {
        n += (size_t)snprintf(out + n, size - n, "%s", f->at_reset);
    } else {
        n +=
            (size_t)snprintf(out + n, size - n, f->reset > 9 ? "0x%" PRIX32 : "%" PRIu32, f->reset);
    }
    if (f->legal != NULL && n < size) {
        n += (size_t)snprintf(out + n, size - n, "; legal: %s", f->legal);
    }
    (void)snprintf(out + (n < size ? n : size), n < size ? size - n : 0, ".");
}

static void list_text(mr_cli_t *cli, const char *name, const mr_reg_ref_t *at) {
    const bool marked = write_effect(at->reg) != NULL || mr_reg_read_effect(at) != NULL;
    (void)mr_cli_print(cli, "%-28s 0x%06" PRIX32 " %c %s\n", name, mr_reg_address(at),
                       marked ? '!' : ' ', at->reg->desc);
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        const bool unit = strcmp(f->unit, "-") != 0;
        char bits[16];
        char limits[400];
        limits_text(f, limits, sizeof limits);
        (void)snprintf(bits, sizeof bits, "%d:%d", f->lsb + f->width_bits - 1, f->lsb);
        (void)mr_cli_print(cli, "  %5s  %-10s %-16s%s%s  %s%s%s%s%s\n", bits, f->name,
                           mr_reg_access_text(f->access), unit ? " " : "", unit ? f->unit : "",
                           f->desc, f->effect != NULL ? " Side effect: " : "",
                           f->effect != NULL ? f->effect : "", f->effect != NULL ? "." : "",
                           limits);
        for (size_t v = 0; v < f->value_count; v++) {
            (void)mr_cli_print(cli, "         %" PRIu32 " %s: %s\n", f->values[v].value,
                               f->values[v].name, f->values[v].desc);
        }
    }
}

static void add_text(cJSON *object, const char *name, const char *text) {
    cJSON_AddItemToObject(object, name,
                          text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void list_json(cJSON *list, const char *name, const mr_reg_ref_t *at, uint32_t instances) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "name", name);
    mr_cli_json_u64(entry, "address", mr_reg_address(at));
    mr_cli_json_u64(entry, "instances", instances);
    mr_cli_json_u64(entry, "elements", at->reg->count);
    mr_cli_json_u64(entry, "bits", at->reg->width_bits);
    cJSON_AddStringToObject(entry, "description", at->reg->desc);
    add_text(entry, "read_effect", mr_reg_read_effect(at));
    add_text(entry, "write_effect", write_effect(at->reg));
    cJSON_AddBoolToObject(entry, "volatile", mr_reg_volatile(at->reg));
    cJSON *fields = cJSON_AddArrayToObject(entry, "fields");
    for (size_t i = 0; i < at->reg->field_count; i++) {
        const mr_reg_field_t *f = &at->reg->fields[i];
        cJSON *field = cJSON_CreateObject();
        cJSON_AddStringToObject(field, "name", f->name);
        mr_cli_json_u64(field, "lsb", f->lsb);
        mr_cli_json_u64(field, "bits", f->width_bits);
        cJSON_AddStringToObject(field, "access", mr_reg_access_text(f->access));
        cJSON_AddStringToObject(field, "unit", f->unit);
        cJSON_AddStringToObject(field, "description", f->desc);
        add_text(field, "side_effect", f->effect);
        add_text(field, "legal", f->legal);
        add_text(field, "at_reset", f->at_reset);
        mr_cli_json_u64(field, "reset", f->reset);
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

/* "tile[0..7].CYC_TAG[0..7]" */
static void array_name(const mr_reg_ref_t *at, uint32_t instances,
                       char name[2u * MR_REG_NAME_BYTES]) {
    char instance[24] = "";
    char element[24] = "";
    if (at->block->count > 1) {
        (void)snprintf(instance, sizeof instance, "[0..%" PRIu32 "]", instances - 1u);
    }
    if (at->reg->count > 1) {
        (void)snprintf(element, sizeof element, "[0..%" PRIu32 "]", at->reg->count - 1u);
    }
    (void)snprintf(name, 2u * MR_REG_NAME_BYTES, "%s%s.%s%s", at->block->name, instance,
                   at->reg->name, element);
}

int mr_cli_reg_ls(mr_cli_reg_t *r, int operands, char **operand) {
    char pattern[MR_REG_NAME_BYTES] = "*";
    bool found = false;
    if (operands > 1) {
        return mr_cli_usage(r->cli, "ls takes one PATTERN; quote it");
    }
    if (operands == 1) {
        strip_indexes(operand[0], pattern, sizeof pattern);
    }
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        const uint32_t instances = mr_reg_instances(block, &r->counts);
        for (size_t i = 0; i < block->reg_count && instances > 0; i++) {
            const mr_reg_ref_t at = {block, &block->regs[i], NULL, 0, 0};
            char plain[MR_REG_NAME_BYTES];
            char name[2u * MR_REG_NAME_BYTES];
            (void)snprintf(plain, sizeof plain, "%s.%s", block->name, at.reg->name);
            if (!mr_reg_match(pattern, plain)) {
                continue;
            }
            array_name(&at, instances, name);
            found = true;
            if (r->list != NULL) {
                list_json(r->list, name, &at, instances);
            } else {
                list_text(r->cli, name, &at);
            }
        }
    }
    if (!found) {
        const mr_reg_counts_t all = {.all = true};
        mr_reg_ref_t other = {NULL, NULL, NULL, 0, 0};
        char near[MR_REG_WHY_BYTES] = "; other machines have some";
        if (!mr_reg_next(pattern, &all, &other)) {
            mr_reg_suggest(pattern, near);
        }
        return mr_cli_fail("no register matches '%s'%s", operand[0], near);
    }
    return MR_CLI_OK;
}

static void print_candidate(void *ctx, const char *text) {
    (void)mr_cli_print(ctx, "%s\n", text);
}

int mr_cli_reg_complete(mr_cli_reg_t *r, int operands, char **operand) {
    if (operands > 1 || r->list != NULL) {
        return mr_cli_usage(r->cli, "complete takes the start of a name, and no --json");
    }
    mr_reg_complete(operands == 1 ? operand[0] : "", print_candidate, r->cli);
    return MR_CLI_OK;
}
