/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg record, replay. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reg.h"
#include "reg/record.h"
#include "session/session.h"

#define SHOWN 10u /* differences that are told one by one */

int mr_cli_reg_record(mr_cli_reg_t *r, int operands, char **operand) {
    mr_cli_t *cli = r->cli;
    if (operands < 2) {
        return mr_cli_usage(cli, "record takes FILE -- COMMAND...");
    }
    if (cli->record != NULL) {
        return mr_cli_usage(cli, "a record cannot be made inside another");
    }
    FILE *file = fopen(operand[0], "w");
    if (file == NULL) {
        return mr_cli_fail("cannot write '%s': %s", operand[0], strerror(errno));
    }
    mr_record_t record = {.file = file, .cycles = mr_device_cycles};
    (void)fprintf(file, MR_RECORD_FIRST "\n# command");
    for (int i = 1; i < operands; i++) {
        (void)fprintf(file, " %s", operand[i]);
    }
    (void)fprintf(file, "\n");
    cli->record = &record;
    optind = 0; /* getopt begins again */
    int code = mr_cli_dispatch(cli, operands, operand);
    cli->record = NULL;
    cli->command = "reg";
    if (fclose(file) != 0 || record.failed) {
        return mr_cli_fail("cannot write '%s': %s", operand[0], strerror(errno));
    }
    if (code == MR_CLI_OK && record.count == 0) {
        return mr_cli_fail("'%s' touched no device; '%s' is empty", operand[1], operand[0]);
    }
    if (r->object != NULL && code == MR_CLI_OK) {
        mr_cli_json_u64(r->object, "accesses", record.count);
        cJSON_AddStringToObject(r->object, "file", operand[0]);
    }
    return code;
}

/* ---- replay ---- */

typedef struct {
    mr_cli_reg_t *r;
    uint64_t accesses;
    uint64_t compared;
    uint64_t skipped;     /* volatile words that differ */
    uint64_t differences; /* words and statuses */
    cJSON *list;
} replay_t;

/* Whether a word at an address may differ from run to run. */
static bool may_differ(const replay_t *p, uint32_t address) {
    mr_reg_ref_t ref;
    bool high;
    return !p->r->strict && mr_reg_at(address, &ref, &high) && mr_reg_volatile(ref.reg);
}

static void name_at(uint32_t address, char name[MR_REG_NAME_BYTES + 8u]) {
    mr_reg_ref_t ref;
    char plain[MR_REG_NAME_BYTES];
    bool high;
    name[0] = '\0';
    if (mr_reg_at(address, &ref, &high)) {
        mr_reg_format(&ref, plain);
        (void)snprintf(name, MR_REG_NAME_BYTES + 8u, " %s%s", plain,
                       high                        ? "_HI"
                       : ref.reg->width_bits == 64 ? "_LO"
                                                   : "");
    }
}

static void differs(replay_t *p, unsigned line, uint32_t address, const char *was, const char *is) {
    char name[MR_REG_NAME_BYTES + 8u];
    name_at(address, name);
    p->differences++;
    if (p->differences > SHOWN) {
        return;
    }
    if (p->list != NULL) {
        cJSON *entry = cJSON_CreateObject();
        mr_cli_json_u64(entry, "line", line);
        mr_cli_json_u64(entry, "address", address);
        cJSON_AddStringToObject(entry, "name", name[0] != '\0' ? name + 1 : "");
        cJSON_AddStringToObject(entry, "was", was);
        cJSON_AddStringToObject(entry, "is", is);
        cJSON_AddItemToArray(p->list, entry);
    } else {
        (void)mr_cli_print(p->r->cli, "line %u: 0x%06" PRIX32 "%s: was %s, is %s\n", line, address,
                           name, was, is);
    }
}

/* "1 (busy=1 pc=3)" */
static void word_text(uint32_t address, uint32_t word, char *out, size_t size) {
    char fields[400] = "";
    mr_reg_ref_t ref;
    if (mr_reg_at(address, &ref, NULL) && ref.reg->width_bits == 32) {
        mr_cli_reg_line(&ref, word, fields, sizeof fields);
    }
    (void)snprintf(out, size, "0x%08" PRIX32 "%s%s%s", word, fields[0] != '\0' ? " (" : "", fields,
                   fields[0] != '\0' ? ")" : "");
}

static void compare(replay_t *p, const mr_record_access_t *a, const uint32_t *words,
                    mr_status_t status) {
    char was[500];
    char is[500];
    if (status != a->status) {
        (void)snprintf(was, sizeof was, "%s", mr_status_text(a->status));
        (void)snprintf(is, sizeof is, "%s", mr_status_text(status));
        differs(p, a->line, a->address, was, is);
        return;
    }
    for (uint32_t i = 0; i < a->count && status == MR_OK && words != NULL; i++) {
        const uint32_t address = a->address + 4u * i;
        p->compared++;
        if (words[i] == a->words[i]) {
            continue;
        }
        if (may_differ(p, address)) {
            p->skipped++;
            continue;
        }
        word_text(address, a->words[i], was, sizeof was);
        word_text(address, words[i], is, sizeof is);
        differs(p, a->line, address, was, is);
    }
}

/* Repeats one access. @return MR_CLI_OK unless the device is lost. */
static int repeat(replay_t *p, const mr_record_access_t *a) {
    const mr_mmio_t *io = &p->r->mmio;
    uint32_t *words = NULL;
    mr_status_t status;
    switch (a->what) {
    case '-':
        status = mr_mmio_wait(io, a->count);
        break;
    case 'w':
        status = mr_mmio_write32(io, a->address, a->words[0]);
        break;
    case 'W':
        status = a->count == 1 ? mr_mmio_write32(io, a->address, a->words[0])
                               : mr_mmio_write_block(io, a->address, a->words, a->count);
        break;
    case 'r':
        words = mr_cli_alloc(1, sizeof *words);
        status = mr_mmio_read32(io, a->address, words);
        break;
    default:
        words = mr_cli_alloc(a->count, sizeof *words);
        status = mr_mmio_read_block(io, a->address, words, a->count);
        break;
    }
    p->accesses += a->what != '-' ? 1u : 0;
    if (a->what != '-') {
        compare(p, a, words, status);
    }
    free(words);
    return status != MR_OK && (a->what == '-' || mr_cli_reg_lost(p->r))
               ? mr_cli_reg_bus_failed(p->r, "replay at", a->address, status)
               : MR_CLI_OK;
}

static int replay_all(replay_t *p, mr_record_reader_t *reader, const char *path) {
    mr_record_access_t access;
    for (;;) {
        const mr_status_t status = mr_record_next(reader, &access);
        if (status == MR_NOT_FOUND) {
            return MR_CLI_OK;
        }
        if (status != MR_OK) {
            return mr_cli_fail("'%s', line %u: %s", path, access.line,
                               status == MR_FORMAT ? "no record of register accesses"
                                                   : mr_status_text(status));
        }
        const int code = repeat(p, &access);
        if (code != MR_CLI_OK) {
            return code;
        }
        if (mr_cli_interrupted()) {
            return MR_CLI_INTERRUPTED;
        }
    }
}

static int conclude(const replay_t *p) {
    if (p->list != NULL) {
        mr_cli_json_u64(p->r->object, "accesses", p->accesses);
        mr_cli_json_u64(p->r->object, "compared", p->compared);
        mr_cli_json_u64(p->r->object, "volatile", p->skipped);
        mr_cli_json_u64(p->r->object, "differ", p->differences);
    } else {
        (void)mr_cli_print(p->r->cli,
                           "%" PRIu64 " accesses, %" PRIu64 " words compared, %" PRIu64
                           " differ; %" PRIu64 " volatile ones that differ do not count\n",
                           p->accesses, p->compared, p->differences, p->skipped);
    }
    return p->differences == 0 ? MR_CLI_OK : MR_CLI_FAILED;
}

int mr_cli_reg_replay(mr_cli_reg_t *r, int operands, char **operand) {
    replay_t p = {.r = r};
    if (operands != 1) {
        return mr_cli_usage(r->cli, "replay takes one FILE");
    }
    FILE *file = fopen(operand[0], "r");
    if (file == NULL) {
        return mr_cli_fail("cannot read '%s': %s", operand[0], strerror(errno));
    }
    mr_record_reader_t *reader = mr_record_open(file);
    if (reader == NULL) {
        (void)fclose(file);
        return mr_cli_fail("out of memory");
    }
    p.list = r->object != NULL ? cJSON_AddArrayToObject(r->object, "differences") : NULL;
    int code = replay_all(&p, reader, operand[0]);
    mr_record_end(reader);
    (void)fclose(file);
    return code == MR_CLI_OK ? conclude(&p) : code;
}
