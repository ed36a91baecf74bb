/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg write. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reg.h"

#define VALUE_BYTES 80u

/* Splits "NAME=VALUE" at its '='. @return the value's text, or NULL with the message out. */
static const char *split(const mr_cli_reg_t *r, const char *text, char name[VALUE_BYTES]) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || (size_t)(equals - text) >= VALUE_BYTES) {
        (void)mr_cli_usage(r->cli, "'%s' is no NAME[.FIELD]=VALUE", text);
        return NULL;
    }
    (void)snprintf(name, VALUE_BYTES, "%.*s", (int)(equals - text), text);
    return equals + 1;
}

/* The word to write: a field's neighbours keep their value, or are left alone by a 0 where writing
 * a 1 would act. */
static mr_status_t compose(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint32_t value,
                           uint32_t *word) {
    uint64_t now = 0;
    *word = value;
    if (ref->field == NULL) {
        return MR_OK;
    }
    MR_TRY(mr_cli_reg_get(r, ref, &now));
    *word = value << ref->field->lsb;
    for (size_t i = 0; i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        if (f != ref->field && f->access == MR_REG_RW) {
            *word |= (uint32_t)(now & mr_reg_mask(f));
        }
    }
    return MR_OK;
}

/* Refuses what cannot be written, and side effects without --force. */
static int check_write(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint32_t word) {
    char name[MR_REG_NAME_BYTES];
    bool any = false;
    mr_reg_format(ref, name);
    for (size_t i = 0; i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        const bool meant = ref->field == NULL || ref->field == f;
        const bool acts = f->access == MR_REG_RW ? meant : mr_reg_field_of(f, word) != 0;
        any = any || (meant && mr_reg_writable(f));
        if (mr_reg_write_effect(f) != NULL && acts && !r->force) {
            return mr_cli_fail("writing %s.%s has a side effect: %s; add --force to do it", name,
                               f->name, f->effect);
        }
    }
    if (!any) {
        return mr_cli_fail("%s%s%s is read only", name, ref->field != NULL ? "." : "",
                           ref->field != NULL ? ref->field->name : "");
    }
    return MR_CLI_OK;
}

/* Says which fields do not read as the write should have left them. @return how many. */
static unsigned compare(const mr_reg_ref_t *ref, uint32_t word, uint64_t now) {
    char name[MR_REG_NAME_BYTES];
    unsigned wrong = 0;
    uint64_t known = 0;
    mr_reg_format(ref, name);
    for (size_t i = 0; i < ref->reg->field_count; i++) {
        const mr_reg_field_t *f = &ref->reg->fields[i];
        const uint64_t wrote = mr_reg_field_of(f, word);
        const uint64_t reads = mr_reg_field_of(f, now);
        known |= mr_reg_mask(f);
        const bool fixed = !mr_reg_writable(f) && wrote != 0 && wrote != reads;
        if (fixed || (f->access == MR_REG_RW && wrote != reads) ||
            (f->access == MR_REG_W1C && (wrote & reads) != 0)) {
            (void)mr_cli_fail("%s.%s (%s): wrote %" PRIu64 ", reads %" PRIu64, name, f->name,
                              mr_reg_access_text(f->access), wrote, reads);
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

static int write_one(const mr_cli_reg_t *r, const char *text) {
    char name[VALUE_BYTES];
    char why[MR_REG_WHY_BYTES];
    mr_reg_ref_t ref;
    uint64_t value = 0;
    uint32_t word = 0;
    uint64_t now = 0;
    const char *digits = split(r, text, name);
    if (digits == NULL || !mr_cli_reg_parse(r, name, &ref)) {
        return MR_CLI_USAGE;
    }
    if (!mr_reg_value_parse(name, digits, ref.field, 32, &value, why)) {
        return mr_cli_usage(r->cli, "%s", why);
    }
    const uint32_t address = mr_reg_address(&ref);
    mr_status_t status = compose(r, &ref, (uint32_t)value, &word);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "read", address, status);
    }
    const int code = check_write(r, &ref, word);
    if (code != MR_CLI_OK) {
        return code;
    }
    status = mr_mmio_write32(&r->mmio, address, word);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "write", address, status);
    }
    ref.field = NULL;
    if (mr_reg_read_effect(&ref) != NULL) {
        return MR_CLI_OK; /* written, and not to be read back */
    }
    status = mr_cli_reg_get(r, &ref, &now);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "read back", address, status);
    }
    mr_cli_reg_show(r, &ref, address, now);
    return compare(&ref, word, now) == 0 ? MR_CLI_OK : MR_CLI_FAILED;
}

/* One word at an address. */
static int write_word(const mr_cli_reg_t *r, uint32_t address, uint32_t value) {
    mr_reg_ref_t ref;
    uint32_t now = 0;
    const bool named = mr_reg_at(address, &ref, NULL);
    if (named) {
        const int code = check_write(r, &ref, value);
        if (code != MR_CLI_OK) {
            return code;
        }
    }
    mr_status_t status = mr_mmio_write32(&r->mmio, address, value);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "write", address, status);
    }
    status = mr_mmio_read32(&r->mmio, address, &now);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "read back", address, status);
    }
    mr_cli_reg_show(r, NULL, address, now);
    if (named && mr_reg_only_commands(ref.reg)) {
        return MR_CLI_OK;
    }
    return now == value ? MR_CLI_OK
                        : mr_cli_fail("0x%06" PRIX32 ": wrote 0x%08" PRIX32 ", reads 0x%08" PRIX32,
                                      address, value, now);
}

static int write_raw(const mr_cli_reg_t *r, const char *text) {
    char range[VALUE_BYTES];
    char why[MR_REG_WHY_BYTES];
    uint32_t first;
    uint32_t n;
    uint64_t value = 0;
    int code = MR_CLI_OK;
    const char *digits = split(r, text, range);
    if (digits == NULL || !mr_cli_reg_range(r, range, &first, &n)) {
        return MR_CLI_USAGE;
    }
    if (!mr_reg_value_parse(range, digits, NULL, 32, &value, why)) {
        return mr_cli_usage(r->cli, "%s", why);
    }
    for (uint32_t i = 0; i < n && code == MR_CLI_OK; i++) {
        code = write_word(r, first + 4u * i, (uint32_t)value);
    }
    return code;
}

int mr_cli_reg_write(mr_cli_reg_t *r, int operands, char **operand) {
    int code = MR_CLI_OK;
    if (operands == 0) {
        return mr_cli_usage(r->cli, "write takes NAME[.FIELD]=VALUE");
    }
    for (int i = 0; i < operands && code == MR_CLI_OK; i++) {
        const bool number = operand[i][0] >= '0' && operand[i][0] <= '9';
        code = r->raw   ? write_raw(r, operand[i])
               : number ? mr_cli_usage(r->cli, "'%s': addresses are written with --raw", operand[i])
                        : write_one(r, operand[i]);
    }
    return code;
}
