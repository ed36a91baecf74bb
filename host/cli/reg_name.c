/* SPDX-License-Identifier: Apache-2.0 */
/* Names of registers. */
#include "reg_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_BYTES 32u

uint32_t mr_cli_reg_instances(const mr_reg_block_t *block, const mr_cli_reg_counts_t *counts) {
    uint32_t n = block->count;
    if (strcmp(block->name, "tile") == 0) {
        n = counts->groups * counts->tiles;
    } else if (strcmp(block->name, "kv_ecc") == 0) {
        n = counts->groups * counts->channels;
    } else if (strcmp(block->name, "kv") == 0) {
        n = counts->groups;
    } else if (strcmp(block->name, "link") == 0) {
        n = counts->groups > 1 ? counts->groups : 0; /* a group alone has no link */
    } else if (strcmp(block->name, "core") == 0) {
        n = counts->cores;
    }
    return n < block->count ? n : block->count;
}

uint32_t mr_cli_reg_address(const mr_cli_reg_t *r) {
    return r->block->base_bytes + r->instance * r->block->stride_bytes + r->reg->offset_bytes +
           r->element * r->reg->stride_bytes;
}

void mr_cli_reg_format(const mr_cli_reg_t *r, char name[MR_CLI_REG_NAME_BYTES]) {
    char instance[16] = "";
    char element[16] = "";
    if (r->block->count > 1) {
        (void)snprintf(instance, sizeof instance, "[%" PRIu32 "]", r->instance);
    }
    if (r->reg->count > 1) {
        (void)snprintf(element, sizeof element, "[%" PRIu32 "]", r->element);
    }
    (void)snprintf(name, MR_CLI_REG_NAME_BYTES, "%s%s.%s%s", r->block->name, instance, r->reg->name,
                   element);
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
    if (n == 0 || (*p != '\0' && *p != '.')) {
        return false;
    }
    *text = *p == '.' ? p + 1 : p;
    return true;
}

/* An index is needed where there are several, and must exist. */
static bool check_index(const mr_cli_t *cli, const char *what, uint32_t count, bool indexed,
                        uint32_t index) {
    if (!indexed && count > 1) {
        (void)mr_cli_usage(cli, "which %s? there are %s[0] to %s[%" PRIu32 "]", what, what, what,
                           count - 1u);
        return false;
    }
    if (count == 0) {
        (void)mr_cli_usage(cli, "this machine has no %s", what);
        return false;
    }
    if (index >= count) {
        (void)mr_cli_usage(cli, "there is no %s[%" PRIu32 "]; the last is %s[%" PRIu32 "]", what,
                           index, what, count - 1u);
        return false;
    }
    return true;
}

static bool find_field(const mr_cli_t *cli, const char *word, mr_cli_reg_t *out) {
    for (size_t i = 0; i < out->reg->field_count; i++) {
        if (strcasecmp(out->reg->fields[i].name, word) == 0) {
            out->field = &out->reg->fields[i];
            return true;
        }
    }
    (void)mr_cli_usage(cli, "register %s.%s has no field '%s'; try 'millrace reg ls %s.%s'",
                       out->block->name, out->reg->name, word, out->block->name, out->reg->name);
    return false;
}

bool mr_cli_reg_parse(const mr_cli_t *cli, const char *name, const mr_cli_reg_counts_t *counts,
                      mr_cli_reg_t *out) {
    char word[WORD_BYTES];
    const char *rest = name;
    bool indexed;
    *out = (mr_cli_reg_t){NULL, NULL, NULL, 0, 0};
    const bool block_ok = take_part(&rest, word, &indexed, &out->instance);
    for (size_t i = 0; block_ok && i < mr_reg_block_count; i++) {
        if (strcasecmp(mr_reg_blocks[i].name, word) == 0) {
            out->block = &mr_reg_blocks[i];
        }
    }
    if (out->block == NULL || *rest == '\0') {
        (void)mr_cli_usage(cli, "'%s' is no register name such as chip.ID or tile[0].STATUS.busy",
                           name);
        return false;
    }
    if (!check_index(cli, out->block->name, mr_cli_reg_instances(out->block, counts), indexed,
                     out->instance)) {
        return false;
    }
    const bool reg_ok = take_part(&rest, word, &indexed, &out->element);
    for (size_t i = 0; reg_ok && i < out->block->reg_count; i++) {
        if (strcasecmp(out->block->regs[i].name, word) == 0) {
            out->reg = &out->block->regs[i];
        }
    }
    if (out->reg == NULL) {
        (void)mr_cli_usage(cli, "block %s has no such register as in '%s'; try 'millrace reg ls'",
                           out->block->name, name);
        return false;
    }
    return check_index(cli, out->reg->name, out->reg->count, indexed, out->element) &&
           (*rest == '\0' || find_field(cli, rest, out));
}

bool mr_cli_reg_at(uint32_t address, mr_cli_reg_t *out) {
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        if (address < block->base_bytes ||
            (address - block->base_bytes) / block->stride_bytes >= block->count) {
            continue;
        }
        const uint32_t offset = (address - block->base_bytes) % block->stride_bytes;
        for (size_t i = 0; i < block->reg_count; i++) {
            const mr_reg_t *reg = &block->regs[i];
            if (offset >= reg->offset_bytes &&
                (offset - reg->offset_bytes) % reg->stride_bytes == 0 &&
                (offset - reg->offset_bytes) / reg->stride_bytes < reg->count) {
                *out = (mr_cli_reg_t){block, reg, NULL,
                                      (address - block->base_bytes) / block->stride_bytes,
                                      (offset - reg->offset_bytes) / reg->stride_bytes};
                return true;
            }
        }
    }
    return false;
}

bool mr_cli_reg_match(const char *pattern, const char *name) {
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
