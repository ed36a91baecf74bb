/* SPDX-License-Identifier: Apache-2.0 */
/* Values of registers. */
#include "reg/reg_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *mr_reg_access_text(mr_reg_access_t access) {
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

uint64_t mr_reg_mask(const mr_reg_field_t *f) {
    return (f->width_bits >= 64u ? UINT64_MAX : (UINT64_C(1) << f->width_bits) - 1u) << f->lsb;
}

uint64_t mr_reg_field_of(const mr_reg_field_t *f, uint64_t word) {
    return (word & mr_reg_mask(f)) >> f->lsb;
}

bool mr_reg_writable(const mr_reg_field_t *f) {
    return f->access == MR_REG_RW || f->access == MR_REG_CMD || f->access == MR_REG_W1C;
}

const char *mr_reg_read_effect(const mr_reg_ref_t *ref) {
    const mr_reg_t *reg = ref->reg;
    const bool latches = reg->width_bits == 64 && strcmp(ref->block->name, "core") != 0;
    for (size_t i = 0; i < reg->field_count && !latches; i++) {
        const mr_reg_field_t *f = &reg->fields[i];
        const bool only_read = f->access == MR_REG_RO || f->access == MR_REG_CONST;
        if (f->effect != NULL && (only_read || strncmp(f->effect, "reading", 7) == 0)) {
            return f->effect;
        }
    }
    return NULL;
}

const char *mr_reg_write_effect(const mr_reg_field_t *f) {
    return mr_reg_writable(f) && (f->access != MR_REG_RW || f->live) ? f->effect : NULL;
}

bool mr_reg_only_commands(const mr_reg_t *reg) {
    for (size_t i = 0; i < reg->field_count; i++) {
        if (reg->fields[i].access != MR_REG_CMD) {
            return false;
        }
    }
    return true;
}

bool mr_reg_volatile(const mr_reg_t *reg) {
    bool clock = reg->width_bits == 64;
    for (size_t i = 0; i < reg->field_count; i++) {
        const mr_reg_field_t *f = &reg->fields[i];
        clock = clock || (f->access == MR_REG_RO && strcmp(f->unit, "cycles") == 0);
    }
    return clock;
}

const char *mr_reg_value_name(const mr_reg_field_t *f, uint64_t value) {
    for (size_t i = 0; i < f->value_count; i++) {
        if (f->values[i].value == value) {
            return f->values[i].name;
        }
    }
    return NULL;
}

void mr_reg_value_text(const mr_reg_field_t *f, uint64_t value, char out[MR_REG_VALUE_BYTES]) {
    const char *name = mr_reg_value_name(f, value);
    const bool code = strcmp(f->unit, "-") == 0;
    int n = snprintf(out, MR_REG_VALUE_BYTES, "%" PRIu64, value);
    if (name != NULL) {
        (void)snprintf(out + n, MR_REG_VALUE_BYTES - (size_t)n, " %s", name);
    } else if (!code) {
        (void)snprintf(out + n, MR_REG_VALUE_BYTES - (size_t)n, " %s", f->unit);
    } else if (value > 9) {
        (void)snprintf(out + n, MR_REG_VALUE_BYTES - (size_t)n, " (0x%" PRIX64 ")", value);
    }
}

/* The value of a digit, or 99. */
static unsigned digit(char c) {
    const int lower = tolower((unsigned char)c);
    return lower >= '0' && lower <= '9'   ? (unsigned)(lower - '0')
           : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10u
                                          : 99u;
}

bool mr_reg_number(const char *text, uint64_t *out) {
    const unsigned base = strncasecmp(text, "0x", 2) == 0   ? 16u
                          : strncasecmp(text, "0b", 2) == 0 ? 2u
                                                            : 10u;
    const char *p = base == 10u ? text : text + 2;
    if (digit(*p) >= base) {
        return false;
    }
    *out = 0;
    for (; *p != '\0'; p++) {
        if (*p == '_' && p[1] != '\0') {
            continue;
        }
        const unsigned d = digit(*p);
        if (d >= base || *out > (UINT64_MAX - d) / base) {
            return false;
        }
        *out = *out * base + d;
    }
    return true;
}

bool mr_reg_value_parse(const char *name, const char *text, const mr_reg_field_t *field,
                        unsigned bits, uint64_t *out, char why[MR_REG_WHY_BYTES]) {
    const unsigned width = field != NULL ? field->width_bits : bits;
    const uint64_t most = width >= 64u ? UINT64_MAX : (UINT64_C(1) << width) - 1u;
    for (size_t i = 0; field != NULL && i < field->value_count; i++) {
        if (strcasecmp(field->values[i].name, text) == 0) {
            *out = field->values[i].value;
            return true;
        }
    }
    if (mr_reg_number(text, out) && *out <= most) {
        return true;
    }
    int n = snprintf(why, MR_REG_WHY_BYTES, "%.64s takes a number from 0 to %" PRIu64, name, most);
    for (size_t i = 0; field != NULL && i < field->value_count && n < 200; i++) {
        n += snprintf(why + n, MR_REG_WHY_BYTES - (size_t)n, "%s%s", i == 0 ? " or " : ", ",
                      field->values[i].name);
    }
    (void)snprintf(why + n, MR_REG_WHY_BYTES - (size_t)n, ", not '%.48s'", text);
    return false;
}
