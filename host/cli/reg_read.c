/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg read, decode. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reg.h"

#define LINE_WORDS 4u

static int read_one(const mr_cli_reg_t *r, const mr_reg_ref_t *ref) {
    const uint32_t address = mr_reg_address(ref);
    const char *effect = mr_reg_read_effect(ref);
    uint64_t value = 0;
    if (effect != NULL && !r->force) {
        char name[MR_REG_NAME_BYTES];
        mr_reg_format(ref, name);
        return mr_cli_fail("%s: %s; add --force to read it", name, effect);
    }
    const mr_status_t status = mr_cli_reg_get(r, ref, &value);
    if (status != MR_OK) {
        return mr_cli_reg_bus_failed(r, "read", address, status);
    }
    mr_cli_reg_show(r, ref, address, value);
    return MR_CLI_OK;
}

static void show_words(const mr_cli_reg_t *r, uint32_t first, const uint32_t *words, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (r->list != NULL || n == 1) {
            mr_cli_reg_show(r, NULL, first + 4u * i, words[i]);
            continue;
        }
        if (i % LINE_WORDS == 0) {
            (void)mr_cli_print(r->cli, "%s0x%06" PRIX32 ":", i == 0 ? "" : "\n", first + 4u * i);
        }
        (void)mr_cli_print(r->cli, " %08" PRIX32, words[i]);
    }
    (void)mr_cli_print(r->cli, r->list == NULL && n > 1 ? "\n" : "");
}

static int read_range(const mr_cli_reg_t *r, const char *text) {
    uint32_t first;
    uint32_t n;
    mr_reg_ref_t ref;
    if (!mr_cli_reg_range(r, text, &first, &n)) {
        return MR_CLI_USAGE;
    }
    if (n == 1 && !r->raw && mr_reg_at(first, &ref, NULL)) {
        return read_one(r, &ref);
    }
    uint32_t *words = mr_cli_alloc(n, sizeof *words);
    int code = MR_CLI_OK;
    uint32_t done = 0;
    while (done < n && code == MR_CLI_OK) {
        const mr_status_t status = mr_mmio_read32(&r->mmio, first + 4u * done, &words[done]);
        if (status != MR_OK) {
            code = mr_cli_reg_bus_failed(r, "read", first + 4u * done, status);
        } else {
            done++;
        }
    }
    show_words(r, first, words, done);
    free(words);
    return code;
}

/* Registers, or fields where no register matches. Goes on behind one that fails, as long as the
 * device is there. */
static int read_pattern(const mr_cli_reg_t *r, const char *pattern) {
    mr_reg_ref_t ref = {NULL, NULL, NULL, 0, 0};
    mr_reg_ref_t first = ref;
    const bool fields = !mr_reg_next(pattern, &r->counts, &first);
    bool found = false;
    int code = MR_CLI_OK;
    while (fields ? mr_reg_next_field(pattern, &r->counts, &ref)
                  : mr_reg_next(pattern, &r->counts, &ref)) {
        found = true;
        const int one = read_one(r, &ref);
        code = one != MR_CLI_OK ? one : code;
        if (one != MR_CLI_OK && mr_cli_reg_lost(r)) {
            return one;
        }
    }
    return found ? code : mr_cli_fail("no register matches '%s'", pattern);
}

int mr_cli_reg_read(mr_cli_reg_t *r, int operands, char **operand) {
    int code = MR_CLI_OK;
    if (operands == 0) {
        return mr_cli_usage(r->cli, "read takes a NAME, a pattern or an address");
    }
    for (int i = 0; i < operands && code == MR_CLI_OK; i++) {
        mr_reg_ref_t ref;
        if (r->raw || (operand[i][0] >= '0' && operand[i][0] <= '9')) {
            code = read_range(r, operand[i]);
        } else if (strpbrk(operand[i], "*?") != NULL) {
            code = read_pattern(r, operand[i]);
        } else if (mr_cli_reg_parse(r, operand[i], &ref)) {
            code = read_one(r, &ref);
        } else {
            code = MR_CLI_USAGE;
        }
    }
    return code;
}

int mr_cli_reg_decode(mr_cli_reg_t *r, int operands, char **operand) {
    mr_reg_ref_t ref;
    char why[MR_REG_WHY_BYTES];
    uint64_t value = 0;
    uint32_t address;
    uint32_t n;
    r->counts = (mr_reg_counts_t){.all = true};
    if (operands != 2) {
        return mr_cli_usage(r->cli, "decode takes NAME VALUE");
    }
    if (operand[0][0] >= '0' && operand[0][0] <= '9') {
        if (!mr_cli_reg_range(r, operand[0], &address, &n)) {
            return MR_CLI_USAGE;
        }
        if (n != 1 || !mr_reg_at(address, &ref, NULL)) {
            return mr_cli_fail("no register begins at %s", operand[0]);
        }
    } else if (!mr_cli_reg_parse(r, operand[0], &ref)) {
        return MR_CLI_USAGE;
    }
    if (!mr_reg_value_parse(operand[0], operand[1], NULL, ref.reg->width_bits, &value, why)) {
        return mr_cli_usage(r->cli, "%s", why);
    }
    mr_cli_reg_show(r, &ref, mr_reg_address(&ref), value);
    return MR_CLI_OK;
}
