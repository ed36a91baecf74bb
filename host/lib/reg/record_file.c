/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of recorded accesses. */
#include <stdlib.h>
#include <string.h>

#include "reg/record.h"

#define LINE_BYTES 512u
#define WORDS_MAX (1u << 20) /* of a block */

struct mr_record_reader {
    FILE *file;
    uint32_t *words;
    size_t room;
    unsigned line;
    bool started;
};

mr_record_reader_t *mr_record_open(FILE *file) {
    mr_record_reader_t *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->file = file;
    }
    return r;
}

void mr_record_end(mr_record_reader_t *r) {
    free(r->words);
    free(r);
}

/* Takes a number in a base up to 32 bits off *text, and blanks behind it. */
static bool take(const char **text, int base, uint32_t *value) {
    char *end;
    const char c = **text;
    const bool hex = (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    if (!(c >= '0' && c <= '9') && !(base == 16 && hex)) {
        return false;
    }
    const unsigned long long number = strtoull(*text, &end, base);
    *value = (uint32_t)number;
    *text = end + strspn(end, " ");
    return number <= UINT32_MAX;
}

/* A line without its end. @return MR_NOT_FOUND at the end of the file. */
static mr_status_t get_line(mr_record_reader_t *r, char line[LINE_BYTES]) {
    if (fgets(line, (int)LINE_BYTES, r->file) == NULL) {
        return MR_NOT_FOUND;
    }
    r->line++;
    const size_t n = strlen(line);
    if (n > 0 && line[n - 1u] == '\n') {
        line[n - 1u] = '\0';
        return MR_OK;
    }
    return n + 1u < LINE_BYTES && feof(r->file) ? MR_OK : MR_FORMAT;
}

static mr_status_t room(mr_record_reader_t *r, size_t n) {
    if (n > r->room) {
        uint32_t *grown = realloc(r->words, n * sizeof *grown);
        if (grown == NULL) {
            return MR_NO_MEMORY;
        }
        r->words = grown;
        r->room = n;
    }
    return MR_OK;
}

/* The words of a block. */
static mr_status_t take_words(mr_record_reader_t *r, uint32_t count) {
    char line[LINE_BYTES];
    for (uint32_t done = 0; done < count;) {
        if (get_line(r, line) != MR_OK || line[0] != ' ') {
            return MR_FORMAT;
        }
        for (const char *p = line + 1; *p != '\0';) {
            uint32_t word;
            uint32_t same = 1;
            char *end;
            word = (uint32_t)strtoul(p, &end, 16);
            if (end == p || end - p > 8) {
                return MR_FORMAT;
            }
            p = end;
            if (*p == '*') {
                p++;
                if (!take(&p, 10, &same)) {
                    return MR_FORMAT;
                }
            }
            p += strspn(p, " ");
            if (same == 0 || same > count - done) {
                return MR_FORMAT;
            }
            for (uint32_t i = 0; i < same; i++) {
                r->words[done++] = word;
            }
        }
    }
    return MR_OK;
}

/* "!STATUS" or "!STATUS*COUNT". */
static bool take_status(const char **text, mr_record_access_t *a) {
    char *end;
    const long status = strtol(*text + 1, &end, 10);
    a->status = (mr_status_t)status;
    *text = end;
    if (*end == '*') {
        (*text)++;
        return status < 0 && take(text, 10, &a->count);
    }
    return status < 0;
}

static mr_status_t take_access(mr_record_reader_t *r, const char *p, mr_record_access_t *a) {
    const bool block = a->what == 'R' || a->what == 'W';
    uint32_t value = 0;
    a->status = MR_OK;
    a->count = 1;
    if (a->what == '-') {
        return take(&p, 10, &a->count) ? MR_OK : MR_FORMAT;
    }
    if (!take(&p, 16, &a->address) || (*p == '!' && !take_status(&p, a)) ||
        (a->status == MR_OK && !take(&p, block ? 10 : 16, block ? &a->count : &value)) ||
        a->count > WORDS_MAX) {
        return MR_FORMAT;
    }
    MR_TRY(room(r, a->count));
    a->words = r->words;
    if (block && (a->status == MR_OK || a->what == 'W')) {
        return take_words(r, a->count);
    }
    a->words[0] = value;
    return MR_OK;
}

mr_status_t mr_record_next(mr_record_reader_t *r, mr_record_access_t *a) {
    char line[LINE_BYTES];
    do {
        const mr_status_t status = get_line(r, line);
        a->line = r->line;
        if (!r->started && (status != MR_OK || strcmp(line, MR_RECORD_FIRST) != 0)) {
            a->line = 1;
            return MR_FORMAT;
        }
        MR_TRY(status);
        r->started = true;
    } while (line[0] == '#');
    const char *p = strchr(line, ' ');
    if (p == NULL || p[1] == '\0' || strchr("rwRW-", p[1]) == NULL || p[2] != ' ') {
        return MR_FORMAT;
    }
    *a = (mr_record_access_t){.what = p[1], .line = r->line};
    const mr_status_t status = take_access(r, p + 3, a);
    a->line = r->line;
    return status;
}
