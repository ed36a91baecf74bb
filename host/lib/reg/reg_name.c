/* SPDX-License-Identifier: Apache-2.0 */
/* Names of registers. */
#include "reg/reg_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "millrace/regs.h"

#define WORD_BYTES 32u

mr_reg_counts_t mr_reg_counts(uint32_t features, uint32_t caps, uint32_t caps_kv) {
    return (mr_reg_counts_t){
        .groups = (caps & MR_CHIP_CAPS_GROUPS_MASK) >> MR_CHIP_CAPS_GROUPS_SHIFT,
        .tiles = (caps & MR_CHIP_CAPS_TILES_MASK) >> MR_CHIP_CAPS_TILES_SHIFT,
        .channels = (caps & MR_CHIP_CAPS_CHANNELS_MASK) >> MR_CHIP_CAPS_CHANNELS_SHIFT,
        .ecc = (caps_kv & MR_CHIP_CAPS_KV_ECC_MASK) != 0,
        .core = (features & MR_CHIP_FEATURES_CORE_MASK) != 0};
}

uint32_t mr_reg_instances(const mr_reg_block_t *block, const mr_reg_counts_t *counts) {
    uint32_t n = block->count;
    if (counts->all) {
        return n;
    }
    if (strcmp(block->name, "tile") == 0) {
        n = counts->groups * counts->tiles;
    } else if (strcmp(block->name, "kv_ecc") == 0) {
        n = counts->ecc ? counts->groups * counts->channels : 0;
    } else if (strcmp(block->name, "kv") == 0) {
        n = counts->groups;
    } else if (strcmp(block->name, "link") == 0) {
        n = counts->groups > 1 ? counts->groups : 0; /* a group alone has no link */
    } else if (strcmp(block->name, "core") == 0) {
        n = counts->core ? 1u : 0;
    }
    return n < block->count ? n : block->count;
}

uint32_t mr_reg_address(const mr_reg_ref_t *r) {
    return r->block->base_bytes + r->instance * r->block->stride_bytes + r->reg->offset_bytes +
           r->element * r->reg->stride_bytes;
}

void mr_reg_format(const mr_reg_ref_t *r, char name[MR_REG_NAME_BYTES]) {
    char instance[16] = "";
    char element[16] = "";
    if (r->block->count > 1) {
        (void)snprintf(instance, sizeof instance, "[%" PRIu32 "]", r->instance);
    }
    if (r->reg->count > 1) {
        (void)snprintf(element, sizeof element, "[%" PRIu32 "]", r->element);
    }
    (void)snprintf(name, MR_REG_NAME_BYTES, "%s%s.%s%s", r->block->name, instance, r->reg->name,
                   element);
}

/* Puts a message together. @return false. */
__attribute__((format(printf, 2, 3))) static bool refuse(char why[MR_REG_WHY_BYTES],
                                                         const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, MR_REG_WHY_BYTES, format, args);
    va_end(args);
    return false;
}

/* Takes "WORD" or "WORD[INDEX]" and the dot behind it off *text. */
static bool take_part(const char **text, char word[WORD_BYTES], bool *indexed, uint32_t *index) {
    const char *p = *text;
    size_t n = 0;
    while ((isalnum((unsigned char)*p) || *p == '_') && n < WORD_BYTES - 1u) {
        word[n++] = *p++;
    }
    word[n] = '\0';
    *indexed = *p == '[';
    *index = 0;
    if (*indexed) {
        char *end;
        if (!isdigit((unsigned char)p[1])) {
            return false;
        }
        const unsigned long long value = strtoull(p + 1, &end, 10);
        if (*end != ']') {
            return false;
        }
        *index = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
        p = end + 1;
    }
    if (n == 0 || (*p != '\0' && *p != '.') || (*p == '.' && p[1] == '\0')) {
        return false;
    }
    *text = *p == '.' ? p + 1 : p;
    return true;
}

/* An index is needed where there are several, and must exist. */
static bool check_index(const char *what, uint32_t count, bool indexed, uint32_t index, bool any,
                        char why[MR_REG_WHY_BYTES]) {
    if (!indexed && count > 1 && !any) {
        return refuse(why, "which %s? there are %s[0] to %s[%" PRIu32 "]", what, what, what,
                      count - 1u);
    }
    if (count == 0) {
        return refuse(why, "this machine has no %s", what);
    }
    if (index >= count) {
        return refuse(why, "there is no %s[%" PRIu32 "]; the last is %s[%" PRIu32 "]", what, index,
                      what, count - 1u);
    }
    return true;
}

static bool find_field(const char *name, const char *word, mr_reg_ref_t *out,
                       char why[MR_REG_WHY_BYTES]) {
    char near[MR_REG_WHY_BYTES];
    for (size_t i = 0; i < out->reg->field_count; i++) {
        if (strcasecmp(out->reg->fields[i].name, word) == 0) {
            out->field = &out->reg->fields[i];
            return true;
        }
    }
    mr_reg_suggest(name, near);
    return refuse(why, "register %s.%s has no field '%.32s'%.160s", out->block->name,
                  out->reg->name, word, near);
}

bool mr_reg_parse(const char *name, const mr_reg_counts_t *counts, mr_reg_ref_t *out,
                  char why[MR_REG_WHY_BYTES]) {
    char word[WORD_BYTES];
    char near[MR_REG_WHY_BYTES];
    const char *rest = name;
    bool indexed;
    *out = (mr_reg_ref_t){NULL, NULL, NULL, 0, 0};
    const bool block_ok = take_part(&rest, word, &indexed, &out->instance);
    for (size_t i = 0; block_ok && i < mr_reg_block_count; i++) {
        if (strcasecmp(mr_reg_blocks[i].name, word) == 0) {
            out->block = &mr_reg_blocks[i];
        }
    }
    if (out->block == NULL || *rest == '\0') {
        mr_reg_suggest(name, near);
        return refuse(why,
                      "'%.64s' is no register name such as chip.ID or tile[0].STATUS.busy%.160s",
                      name, near);
    }
    if (!check_index(out->block->name, mr_reg_instances(out->block, counts), indexed, out->instance,
                     counts->all, why)) {
        return false;
    }
    const bool reg_ok = take_part(&rest, word, &indexed, &out->element);
    for (size_t i = 0; reg_ok && i < out->block->reg_count; i++) {
        if (strcasecmp(out->block->regs[i].name, word) == 0) {
            out->reg = &out->block->regs[i];
        }
    }
    if (out->reg == NULL) {
        mr_reg_suggest(name, near);
        return refuse(why, "block %s has no such register as in '%.64s'%.160s", out->block->name,
                      name, near);
    }
    return check_index(out->reg->name, out->reg->count, indexed, out->element, counts->all, why) &&
           (*rest == '\0' || find_field(name, rest, out, why));
}

/* The register of a block at an offset; *high: in its high word. */
static const mr_reg_t *reg_at(const mr_reg_block_t *block, uint32_t offset, uint32_t *element,
                              bool *high) {
    for (size_t i = 0; i < block->reg_count; i++) {
        const mr_reg_t *reg = &block->regs[i];
        const uint32_t from = offset - reg->offset_bytes;
        if (offset < reg->offset_bytes || from / reg->stride_bytes >= reg->count) {
            continue;
        }
        *element = from / reg->stride_bytes;
        *high = reg->width_bits == 64 && from % reg->stride_bytes == 4u;
        if (from % reg->stride_bytes == 0 || *high) {
            return reg;
        }
    }
    return NULL;
}

bool mr_reg_at(uint32_t address, mr_reg_ref_t *out, bool *high) {
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        if (address < block->base_bytes ||
            (address - block->base_bytes) / block->stride_bytes >= block->count) {
            continue;
        }
        const uint32_t offset = (address - block->base_bytes) % block->stride_bytes;
        uint32_t element;
        bool upper;
        const mr_reg_t *reg = reg_at(block, offset, &element, &upper);
        if (reg != NULL && (!upper || high != NULL)) {
            *out = (mr_reg_ref_t){block, reg, NULL,
                                  (address - block->base_bytes) / block->stride_bytes, element};
            if (high != NULL) {
                *high = upper;
            }
            return true;
        }
    }
    return false;
}

bool mr_reg_match(const char *pattern, const char *name) {
    const char *retry_pattern = NULL;
    const char *retry_name = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            retry_pattern = ++pattern;
            retry_name = name;
        } else if (*pattern == '?' ||
                   tolower((unsigned char)*pattern) == tolower((unsigned char)*name)) {
            pattern++;
            name++;
        } else if (retry_pattern != NULL) {
            pattern = retry_pattern;
            name = ++retry_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* The next of all registers that exist. @return false behind the last. */
static bool step(const mr_reg_counts_t *counts, mr_reg_ref_t *ref) {
    const mr_reg_block_t *const end = mr_reg_blocks + mr_reg_block_count;
    if (ref->block != NULL) {
        if (++ref->element < ref->reg->count) {
            return true;
        }
        ref->element = 0;
        if (++ref->reg < ref->block->regs + ref->block->reg_count) {
            return true;
        }
        ref->reg = ref->block->regs;
        if (++ref->instance < mr_reg_instances(ref->block, counts)) {
            return true;
        }
    }
    const mr_reg_block_t *block = ref->block == NULL ? mr_reg_blocks : ref->block + 1;
    while (block < end && mr_reg_instances(block, counts) == 0) {
        block++;
    }
    if (block == end) {
        return false;
    }
    *ref = (mr_reg_ref_t){block, block->regs, NULL, 0, 0};
    return true;
}

bool mr_reg_next(const char *pattern, const mr_reg_counts_t *counts, mr_reg_ref_t *ref) {
    char name[MR_REG_NAME_BYTES];
    while (step(counts, ref)) {
        mr_reg_format(ref, name);
        if (mr_reg_match(pattern, name)) {
            return true;
        }
    }
    return false;
}

bool mr_reg_next_field(const char *pattern, const mr_reg_counts_t *counts, mr_reg_ref_t *ref) {
    char name[MR_REG_NAME_BYTES];
    char full[2u * MR_REG_NAME_BYTES];
    for (;;) {
        const bool more =
            ref->field != NULL && ref->field + 1 < ref->reg->fields + ref->reg->field_count;
        if (!more && !step(counts, ref)) {
            return false;
        }
        ref->field = more ? ref->field + 1 : ref->reg->fields;
        mr_reg_format(ref, name);
        (void)snprintf(full, sizeof full, "%s.%s", name, ref->field->name);
        if (mr_reg_match(pattern, full)) {
            return true;
        }
    }
}
