/* SPDX-License-Identifier: Apache-2.0 */
/* The programmer's guide on a device: runs its listings as they are printed, and looks every
 * register that its text names up in the table.
 *
 * usage: test_guide DEVICE docs/programmers_guide.md
 * The language of the listings is section 1 of the guide. Exit status 0 and "PASS" only when every
 * step held; a step that does not is named by its line.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/regs.h"
#include "reg/reg_name.h"
#include "session/session.h"

#define WORDS_MAX 16
#define VARIABLES_MAX 64
#define POLL_CYCLES 64u

typedef struct {
    mr_mmio_t io;
    mr_reg_counts_t counts;
    const char *path;
    int line;
    int words;
    char *word[WORDS_MAX]; /* of the line */
    struct {
        char name[24];
        uint64_t value;
    } variable[VARIABLES_MAX];
    int variables;
    uint32_t steps, names, listings;
} guide_t;

_Noreturn __attribute__((format(printf, 2, 3))) static void die(const guide_t *g,
                                                                const char *format, ...) {
    va_list args;
    fprintf(stderr, "FAIL: %s:%d: ", g->path, g->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static void must(const guide_t *g, mr_status_t status) {
    if (status != MR_OK) {
        die(g, "%s", mr_status_text(status));
    }
}

static mr_reg_ref_t find(guide_t *g, const char *name, const mr_reg_counts_t *counts) {
    char why[MR_REG_WHY_BYTES];
    mr_reg_ref_t ref;
    if (!mr_reg_parse(name, counts, &ref, why)) {
        die(g, "%s", why);
    }
    g->names++;
    return ref;
}

/* A number, $variable, or a name of one of the field's values (field may be NULL). */
static uint64_t value_of(const guide_t *g, const char *text, const mr_reg_field_t *field) {
    char *end;
    if (text[0] == '$') {
        for (int i = 0; i < g->variables; i++) {
            if (strcmp(g->variable[i].name, text + 1) == 0) {
                return g->variable[i].value;
            }
        }
        die(g, "no variable %s", text);
    }
    for (size_t i = 0; field != NULL && i < field->value_count; i++) {
        if (strcmp(field->values[i].name, text) == 0) {
            return field->values[i].value;
        }
    }
    const uint64_t value = strtoull(text, &end, 0);
    if (end == text || *end != '\0') {
        die(g, "'%s' is no value", text);
    }
    return value;
}

static void set_variable(guide_t *g, const char *name, uint64_t value) {
    int i = 0;
    while (i < g->variables && strcmp(g->variable[i].name, name) != 0) {
        i++;
    }
    if (i == VARIABLES_MAX) {
        die(g, "too many variables");
    }
    (void)snprintf(g->variable[i].name, sizeof g->variable[i].name, "%s", name);
    g->variable[i].value = value;
    g->variables = i == g->variables ? i + 1 : g->variables;
}

static uint64_t read_ref(const guide_t *g, const mr_reg_ref_t *ref) {
    uint32_t lo = 0;
    uint32_t hi = 0;
    must(g, mr_mmio_read32(&g->io, mr_reg_address(ref), &lo));
    if (ref->reg->width_bits == 64) {
        must(g, mr_mmio_read32(&g->io, mr_reg_address(ref) + 4u, &hi));
    }
    uint64_t value = (uint64_t)hi << 32 | lo;
    if (ref->field != NULL && ref->field->width_bits < 64) {
        value = value >> ref->field->lsb & ((UINT64_C(1) << ref->field->width_bits) - 1u);
    }
    return value;
}

static const mr_reg_field_t *field_of(const mr_reg_ref_t *ref) {
    return ref->field != NULL ? ref->field : &ref->reg->fields[0];
}

static bool compare(const guide_t *g, uint64_t a, const char *op, uint64_t b) {
    if (strcmp(op, "==") == 0) {
        return a == b;
    }
    if (strcmp(op, "!=") == 0) {
        return a != b;
    }
    if (strcmp(op, ">=") == 0) {
        return a >= b;
    }
    die(g, "no comparison '%s'", op);
}

static void need_words(const guide_t *g, int least, int most) {
    if (g->words < least || g->words > most) {
        die(g, "'%s' has %d words", g->word[0], g->words);
    }
}

/* ---- steps ---- */

static void do_write(guide_t *g) {
    const mr_reg_ref_t ref = find(g, g->word[1], &g->counts);
    uint32_t value = 0;
    need_words(g, 3, WORDS_MAX);
    for (int i = 2; i < g->words; i++) {
        char *equals = strchr(g->word[i], '=');
        if (equals == NULL) {
            need_words(g, 3, 3);
            value = (uint32_t)value_of(g, g->word[i], &ref.reg->fields[0]);
            continue;
        }
        *equals = '\0';
        const mr_reg_field_t *field = NULL;
        for (size_t k = 0; k < ref.reg->field_count; k++) {
            if (strcmp(ref.reg->fields[k].name, g->word[i]) == 0) {
                field = &ref.reg->fields[k];
            }
        }
        if (field == NULL) {
            die(g, "%s has no field %s", g->word[1], g->word[i]);
        }
        const uint64_t part = value_of(g, equals + 1, field);
        if (part >> field->width_bits != 0) {
            die(g, "%s does not fit %s", equals + 1, field->name);
        }
        value |= (uint32_t)part << field->lsb;
    }
    must(g, mr_mmio_write32(&g->io, mr_reg_address(&ref), value));
}

static void do_read(guide_t *g) {
    need_words(g, 3, 3);
    const mr_reg_ref_t ref = find(g, g->word[1], &g->counts);
    set_variable(g, g->word[2], read_ref(g, &ref));
}

static void do_expect(guide_t *g) {
    need_words(g, 4, 4);
    const mr_reg_ref_t ref = find(g, g->word[1], &g->counts);
    const uint64_t got = read_ref(g, &ref);
    if (!compare(g, got, g->word[2], value_of(g, g->word[3], field_of(&ref)))) {
        die(g, "%s is 0x%" PRIX64 ", not %s %s", g->word[1], got, g->word[2], g->word[3]);
    }
}

static void do_poll(guide_t *g) {
    need_words(g, 5, 5);
    const mr_reg_ref_t ref = find(g, g->word[1], &g->counts);
    const uint64_t want = value_of(g, g->word[3], field_of(&ref));
    const uint64_t clocks = value_of(g, g->word[4], NULL);
    for (uint64_t spent = 0; spent <= clocks; spent += POLL_CYCLES) {
        if (compare(g, read_ref(g, &ref), g->word[2], want)) {
            return;
        }
        must(g, mr_mmio_wait(&g->io, POLL_CYCLES));
    }
    die(g, "%s is not %s %s after %s clocks", g->word[1], g->word[2], g->word[3], g->word[4]);
}

static void do_let(guide_t *g) {
    need_words(g, 4, WORDS_MAX);
    uint64_t value = value_of(g, g->word[3], NULL);
    for (int i = 4; i + 1 < g->words; i += 2) {
        const char *op = g->word[i];
        const uint64_t b = value_of(g, g->word[i + 1], NULL);
        if (op[0] == '/' && b == 0) {
            die(g, "division by 0");
        }
        value = strcmp(op, "+") == 0     ? value + b
                : strcmp(op, "-") == 0   ? value - b
                : strcmp(op, "*") == 0   ? value * b
                : strcmp(op, "/") == 0   ? value / b
                : strcmp(op, "/^") == 0  ? (value + b - 1u) / b
                : strcmp(op, "min") == 0 ? (value < b ? value : b)
                                         : (die(g, "no operation '%s'", op), 0u);
    }
    set_variable(g, g->word[1], value);
}

static void do_put(guide_t *g) {
    need_words(g, 3, WORDS_MAX);
    uint32_t addr = (uint32_t)value_of(g, g->word[1], NULL);
    for (int i = 2; i < g->words; i++, addr += 4u) {
        must(g, mr_mmio_write32(&g->io, addr, (uint32_t)value_of(g, g->word[i], NULL)));
    }
}

static void do_fill(guide_t *g) {
    need_words(g, 4, 4);
    uint32_t addr = (uint32_t)value_of(g, g->word[1], NULL);
    const uint64_t n = value_of(g, g->word[2], NULL);
    for (uint64_t i = 0; i < n; i++, addr += 4u) {
        must(g, mr_mmio_write32(&g->io, addr, (uint32_t)value_of(g, g->word[3], NULL)));
    }
}

static void do_check(guide_t *g) {
    need_words(g, 4, 4);
    uint32_t addr = (uint32_t)value_of(g, g->word[1], NULL);
    const uint64_t n = value_of(g, g->word[2], NULL);
    const uint64_t want = value_of(g, g->word[3], NULL);
    for (uint64_t i = 0; i < n; i++, addr += 4u) {
        uint32_t got = 0;
        must(g, mr_mmio_read32(&g->io, addr, &got));
        if (got != want) {
            die(g, "word at 0x%06" PRIX32 ": 0x%08" PRIX32 ", not 0x%08" PRIX64, addr, got, want);
        }
    }
}

static void do_refused(guide_t *g) {
    uint32_t value;
    need_words(g, 2, 2);
    if (mr_mmio_read32(&g->io, (uint32_t)value_of(g, g->word[1], NULL), &value) != MR_DEVICE) {
        die(g, "%s is not refused", g->word[1]);
    }
}

static void do_wait(guide_t *g) {
    need_words(g, 2, 2);
    must(g, mr_mmio_wait(&g->io, (uint32_t)value_of(g, g->word[1], NULL)));
}

/* False: the rest of the listing is for other devices. */
static bool step(guide_t *g) {
    static const struct {
        const char *name;
        void (*run)(guide_t *g);
    } steps[] = {{"write", do_write}, {"read", do_read},   {"expect", do_expect},
                 {"poll", do_poll},   {"let", do_let},     {"put", do_put},
                 {"fill", do_fill},   {"check", do_check}, {"refused", do_refused},
                 {"wait", do_wait}};
    if (strcmp(g->word[0], "when") == 0) {
        need_words(g, 4, 4);
        const mr_reg_ref_t ref = find(g, g->word[1], &g->counts);
        return compare(g, read_ref(g, &ref), g->word[2], value_of(g, g->word[3], field_of(&ref)));
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(g->word[0], steps[i].name) == 0) {
            need_words(g, 2, WORDS_MAX);
            steps[i].run(g);
            g->steps++;
            return true;
        }
    }
    die(g, "no step '%s'", g->word[0]);
}

static void split(guide_t *g, char *line) {
    char *comment = strchr(line, '#');
    if (comment != NULL) {
        *comment = '\0';
    }
    g->words = 0;
    for (char *w = strtok(line, " \n"); w != NULL; w = strtok(NULL, " \n")) {
        if (g->words == WORDS_MAX) {
            die(g, "too many words");
        }
        g->word[g->words++] = w;
    }
}

/* ---- the text ---- */

/* Names like chip.CAPS_KV.ecc; those of a block without an index stand for every instance. */
static void check_names(guide_t *g, const char *line) {
    mr_reg_counts_t all = g->counts;
    all.all = true;
    for (const char *p = line; *p != '\0'; p++) {
        const bool first = p == line || (!isalnum((unsigned char)p[-1]) && p[-1] != '_' &&
                                         p[-1] != '.' && p[-1] != '/');
        for (size_t b = 0; first && b < mr_reg_block_count; b++) {
            const size_t n = strlen(mr_reg_blocks[b].name);
            if (strncmp(p, mr_reg_blocks[b].name, n) != 0 || p[n] != '.' ||
                !isupper((unsigned char)p[n + 1])) {
                continue;
            }
            char name[MR_REG_NAME_BYTES];
            size_t length = n + 1;
            while (isalnum((unsigned char)p[length]) || p[length] == '_' ||
                   (p[length] == '.' && islower((unsigned char)p[length + 1]))) {
                length++;
            }
            (void)snprintf(name, sizeof name, "%.*s", (int)length, p);
            (void)find(g, name, &all);
        }
    }
}

static void run(guide_t *g, FILE *file) {
    static char line[4096];
    bool listing = false;
    bool skip = false;
    while (fgets(line, sizeof line, file) != NULL) {
        g->line++;
        if (strncmp(line, "```", 3) == 0) {
            listing = !listing && strncmp(line, "```mmio", 7) == 0;
            skip = false;
            g->listings += listing ? 1u : 0u;
        } else if (listing) {
            check_names(g, line);
            split(g, line);
            skip = skip || (g->words > 0 && !step(g));
        } else {
            check_names(g, line);
        }
        if (listing && skip) {
            /* Only names are looked at until the listing ends. */
            while (fgets(line, sizeof line, file) != NULL && strncmp(line, "```", 3) != 0) {
                g->line++;
                check_names(g, line);
            }
            g->line++;
            listing = false;
        }
    }
}

int main(int argc, char **argv) {
    static guide_t g;
    mr_session_error_t error;
    uint32_t features = 0;
    uint32_t caps = 0;
    uint32_t caps_kv = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: test_guide DEVICE GUIDE.md\n");
        return 2;
    }
    g.path = argv[2];
    FILE *file = fopen(argv[2], "r");
    if (file == NULL || mr_device_open(argv[1], &g.io, &error) != MR_OK) {
        fprintf(stderr, "FAIL: %s\n", file == NULL ? "no such guide" : error.text);
        return 1;
    }
    must(&g, mr_mmio_read32(&g.io, MR_CHIP_BASE + MR_CHIP_FEATURES_OFFSET, &features));
    must(&g, mr_mmio_read32(&g.io, MR_CHIP_BASE + MR_CHIP_CAPS_OFFSET, &caps));
    must(&g, mr_mmio_read32(&g.io, MR_CHIP_BASE + MR_CHIP_CAPS_KV_OFFSET, &caps_kv));
    g.counts = mr_reg_counts(features, caps, caps_kv);
    run(&g, file);
    (void)fclose(file);
    mr_mmio_close(&g.io);
    if (g.listings == 0 || g.steps == 0) {
        die(&g, "no listing was run");
    }
    printf("RESULT guide %" PRIu32 " listings, %" PRIu32 " steps, %" PRIu32 " names\n", g.listings,
           g.steps, g.names);
    printf("PASS test_guide %s\n", argv[1]);
    return 0;
}
