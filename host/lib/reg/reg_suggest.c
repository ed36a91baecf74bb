/* SPDX-License-Identifier: Apache-2.0 */
/* Names near to a wrong one, and names that go on from a start. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reg/reg_name.h"

#define LONGEST MR_REG_NAME_BYTES
#define NEAREST 3u
#define FAR 1000u

/* The name in lower case without indexes; of names that are too long, the start. */
static size_t plain(const char *name, char out[LONGEST]) {
    size_t n = 0;
    bool inside = false;
    for (; *name != '\0' && n < LONGEST - 1u; name++) {
        inside = inside || *name == '[';
        if (!inside) {
            out[n++] = (char)tolower((unsigned char)*name);
        }
        inside = inside && *name != ']';
    }
    out[n] = '\0';
    return n;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Letters to change, add, drop or swap with a neighbour, to make one text of the other. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m) {
    unsigned row[3][LONGEST + 1u] = {{0}};
    for (size_t j = 0; j <= m; j++) {
        row[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = row[i % 3u];
        const unsigned *last = row[(i + 2u) % 3u];
        const unsigned *before = row[(i + 1u) % 3u];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] =
                least(least(last[j], now[j - 1u]) + 1u, last[j - 1u] + (a[i - 1u] != b[j - 1u]));
            if (i > 1 && j > 1 && a[i - 1u] == b[j - 2u] && a[i - 2u] == b[j - 1u]) {
                now[j] = least(now[j], before[j - 2u] + 1u);
            }
        }
    }
    return row[n % 3u][m];
}

/* Better is smaller; FAR: not alike. */
static unsigned rank(const char *word, size_t n, const char *candidate) {
    char name[LONGEST];
    const size_t m = plain(candidate, name);
    const char *dot = strrchr(name, '.');
    if (dot != NULL && strcmp(dot + 1, word) == 0) {
        return 0; /* only what stands before the last dot is missing */
    }
    const unsigned d = distance(word, n, name, m);
    if (d <= 1u + (unsigned)n / 5u) {
        return 1u + d;
    }
    return n >= 3 && strstr(name, word) != NULL ? 50u + (unsigned)m : FAR;
}

typedef struct {
    char name[NEAREST][MR_REG_NAME_BYTES + 32u];
    unsigned rank[NEAREST];
    const char *word;
    size_t length;
} best_t;

static void offer(best_t *best, const char *candidate) {
    const unsigned r = rank(best->word, best->length, candidate);
    size_t at = NEAREST;
    while (at > 0 && r < best->rank[at - 1u]) {
        at--;
    }
    if (at == NEAREST || r == FAR) {
        return;
    }
    for (size_t i = NEAREST - 1u; i > at; i--) {
        memcpy(best->name[i], best->name[i - 1u], sizeof best->name[i]);
        best->rank[i] = best->rank[i - 1u];
    }
    (void)snprintf(best->name[at], sizeof best->name[at], "%s", candidate);
    best->rank[at] = r;
}

/* The instance that a name gives for a block, 0 if none: suggestions keep it. */
static uint32_t instance_in(const char *name, const mr_reg_block_t *block) {
    const size_t n = strlen(block->name);
    const bool given = strncasecmp(name, block->name, n) == 0 && name[n] == '[';
    const unsigned long index = given ? strtoul(name + n + 1, NULL, 10) : 0;
    return index < block->count ? (uint32_t)index : 0;
}

void mr_reg_suggest(const char *name, char out[MR_REG_WHY_BYTES]) {
    static const char *const between[] = {"", "; did you mean ", ", ", " or "};
    char word[LONGEST];
    best_t best = {.rank = {FAR, FAR, FAR}, .word = word, .length = plain(name, word)};
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const uint32_t instance = instance_in(name, &mr_reg_blocks[b]);
        for (size_t i = 0; i < mr_reg_blocks[b].reg_count; i++) {
            const mr_reg_t *reg = &mr_reg_blocks[b].regs[i];
            const mr_reg_ref_t ref = {&mr_reg_blocks[b], reg, NULL, instance, 0};
            char full[MR_REG_NAME_BYTES];
            char field[MR_REG_NAME_BYTES + 32u];
            mr_reg_format(&ref, full);
            offer(&best, full);
            for (size_t f = 0; f < reg->field_count; f++) {
                (void)snprintf(field, sizeof field, "%s.%s", full, reg->fields[f].name);
                if (strcmp(reg->fields[f].name, "value") != 0) {
                    offer(&best, field);
                }
            }
        }
    }
    size_t n = 0;
    size_t count = 0;
    while (count < NEAREST && best.rank[count] != FAR) {
        count++;
    }
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *separator = between[i == 0 ? 1 : i + 1u == count ? 3 : 2];
        n += (size_t)snprintf(out + n, MR_REG_WHY_BYTES - n, "%s%s%s", separator, best.name[i],
                              i + 1u == count ? "?" : "");
    }
}

/* ---- completion ---- */

static bool starts(const char *text, const char *start) {
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* Fields behind "BLOCK.REG." and their values behind "BLOCK.REG.FIELD=". */
static void complete_fields(const mr_reg_t *reg, const char *head, const char *rest,
                            void (*sink)(void *ctx, const char *text), void *ctx) {
    char text[2u * MR_REG_NAME_BYTES + 64u];
    const char *equals = strchr(rest, '=');
    for (size_t f = 0; f < reg->field_count; f++) {
        const mr_reg_field_t *field = &reg->fields[f];
        if (equals == NULL && starts(field->name, rest)) {
            (void)snprintf(text, sizeof text, "%s.%s", head, field->name);
            sink(ctx, text);
        }
        const bool named = equals != NULL && strlen(field->name) == (size_t)(equals - rest) &&
                           strncasecmp(field->name, rest, (size_t)(equals - rest)) == 0;
        for (size_t v = 0; named && v < field->value_count; v++) {
            if (starts(field->values[v].name, equals + 1)) {
                (void)snprintf(text, sizeof text, "%s.%s=%s", head, field->name,
                               field->values[v].name);
                sink(ctx, text);
            }
        }
    }
}

/* Registers behind "BLOCK." or "BLOCK[3].". */
static void complete_block(const mr_reg_block_t *block, const char *head, const char *rest,
                           void (*sink)(void *ctx, const char *text), void *ctx) {
    char text[2u * MR_REG_NAME_BYTES];
    for (size_t i = 0; i < block->reg_count; i++) {
        const mr_reg_t *reg = &block->regs[i];
        const size_t n = strlen(reg->name);
        if (starts(reg->name, rest)) {
            (void)snprintf(text, sizeof text, "%s.%s%s", head, reg->name,
                           reg->count > 1 ? "[" : "");
            sink(ctx, text);
        }
        const char *dot = strncasecmp(reg->name, rest, n) == 0 ? strchr(rest + n, '.') : NULL;
        if (dot != NULL && (rest[n] == '.' || rest[n] == '[')) {
            (void)snprintf(text, sizeof text, "%s.%.*s", head, (int)(dot - rest), rest);
            complete_fields(reg, text, dot + 1, sink, ctx);
        }
    }
}

void mr_reg_complete(const char *start, void (*sink)(void *ctx, const char *text), void *ctx) {
    const char *dot = strchr(start, '.');
    char head[MR_REG_NAME_BYTES];
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        const size_t n = strlen(block->name);
        if (dot == NULL && starts(block->name, start)) {
            (void)snprintf(head, sizeof head, "%s%s", block->name, block->count > 1 ? "[" : ".");
            sink(ctx, head);
        }
        if (dot != NULL && (size_t)(dot - start) < sizeof head &&
            strncasecmp(block->name, start, n) == 0 && (start[n] == '.' || start[n] == '[')) {
            (void)snprintf(head, sizeof head, "%.*s", (int)(dot - start), start);
            complete_block(block, head, dot + 1, sink, ctx);
        }
    }
}
