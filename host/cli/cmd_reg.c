/* SPDX-License-Identifier: Apache-2.0 */
/* millrace reg: looks at registers and changes them, by name and field, on a device of its own or
 * on one that another process runs. */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "millrace/regs.h"
#include "reg.h"

enum {
    KEY_DEVICE = 256,
    KEY_ATTACH,
    KEY_RAW,
    KEY_FORCE,
    KEY_DIFF,
    KEY_EVERY,
    KEY_COUNT,
    KEY_STRICT,
    KEY_JSON
};

static const mr_cli_option_t options_table[] = {
    {KEY_DEVICE, "device", "NAME",
     "sim, sim:DRAM (millrace --help has the names) or model (default: sim if this build has it)"},
    {KEY_ATTACH, "attach", "[WHICH]",
     "the device that another process runs: a PID, a socket's path (with a /), or the only one"},
    {KEY_RAW, "raw", NULL, "addresses only, no names: also for devices that are no Millrace chip"},
    {KEY_FORCE, "force", NULL, "read and write also where that has a side effect"},
    {KEY_DIFF, "diff", "FILE",
     "dump: only what differs from the dump in FILE (- is standard input)"},
    {KEY_EVERY, "every", "MS", "watch: so many milliseconds from one reading to the next"},
    {KEY_COUNT, "count", "N", "watch: end after N readings"},
    {KEY_STRICT, "strict", NULL, "replay: compare counters and times too"},
    {KEY_JSON, "json", NULL, "print one JSON object (watch: one for each reading)"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "[OPTION...] ACTION...",
    "Looks at registers and changes them.\n\n"
    "  ls [PATTERN]                     registers, fields, values and side effects (marked !)\n"
    "  read NAME|PATTERN|ADDR...        values by field\n"
    "  write NAME[.FIELD]=VALUE...      and reads back; fails where something did not stick\n"
    "  dump [PATTERN...] [--diff FILE]  a line for each register, or what changed\n"
    "  watch NAME|PATTERN... --every MS [--count N]\n"
    "  decode NAME|ADDR VALUE           needs no device\n"
    "  record FILE -- COMMAND...        runs a millrace command and records its accesses\n"
    "  replay FILE                      repeats them and compares\n"
    "  ps                               processes to attach to\n"
    "  complete START                   names that go on so (for tab completion)\n\n"
    "NAME is a name such as chip.ID, tile[3].STATUS.busy or tile[0].CYC_TAG[2]; a PATTERN has * "
    "and\n"
    "?; ADDR is an address such as 0x50, 0x100000..0x10003C or 0x100000+16. VALUE is decimal, "
    "0x...,\n"
    "0b... or a name. Without --attach, a device is fresh from reset at each call.",
    options_table};

typedef struct {
    const char *name;
    int (*run)(mr_cli_reg_t *r, int operands, char **operand);
    bool device; /* needs one */
    bool names;  /* and its names, without --raw */
} action_t;

static const action_t actions[] = {
    {"ls", mr_cli_reg_ls, true, true},           {"read", mr_cli_reg_read, true, true},
    {"write", mr_cli_reg_write, true, true},     {"dump", mr_cli_reg_dump, true, true},
    {"watch", mr_cli_reg_watch, true, true},     {"decode", mr_cli_reg_decode, false, false},
    {"record", mr_cli_reg_record, false, false}, {"replay", mr_cli_reg_replay, true, false},
    {"ps", mr_cli_reg_ps, false, false},         {"complete", mr_cli_reg_complete, false, false}};

/* Finds out whether the device is one that the names are of, and how large it is. */
static int identify(mr_cli_reg_t *r) {
    enum { ID, VERSION, FEATURES, CAPS, CAPS_KV, WORDS };
    static const uint32_t offset[WORDS] = {MR_CHIP_ID_OFFSET, MR_CHIP_VERSION_OFFSET,
                                           MR_CHIP_FEATURES_OFFSET, MR_CHIP_CAPS_OFFSET,
                                           MR_CHIP_CAPS_KV_OFFSET};
    uint32_t word[WORDS] = {0};
    for (size_t i = 0; i < WORDS; i++) {
        if (i == FEATURES && (word[VERSION] & MR_CHIP_VERSION_MINOR_MASK) == 0) {
            continue; /* came with 2.1 */
        }
        const uint32_t address = MR_CHIP_BASE + offset[i];
        const mr_status_t status = mr_mmio_read32(&r->mmio, address, &word[i]);
        if (status != MR_OK) {
            return mr_cli_reg_bus_failed(r, "read", address, status);
        }
        if ((i == ID && word[ID] != MR_CHIP_ID_RESET) ||
            (i == VERSION && word[VERSION] >> 16 != MR_CHIP_VERSION_RESET >> 16)) {
            return mr_cli_fail("device '%s' is no Millrace chip with register map %u.x (ID "
                               "0x%08" PRIX32 ", VERSION 0x%08" PRIX32
                               "): names mean nothing there; use --raw with addresses",
                               r->device, MR_CHIP_VERSION_RESET >> 16, word[ID], word[VERSION]);
        }
    }
    r->counts = mr_reg_counts(word[FEATURES], word[CAPS], word[CAPS_KV]);
    return MR_CLI_OK;
}

static int with_device(mr_cli_reg_t *r, const action_t *action, const char *attach, int operands,
                       char **operand) {
    int code = attach != NULL ? mr_cli_reg_attach(r, attach)
                              : mr_cli_open_device(r->cli, r->device, &r->mmio);
    if (code != MR_CLI_OK) {
        return code;
    }
    if (action->names && !r->raw) {
        code = identify(r);
    }
    if (code == MR_CLI_OK) {
        code = action->run(r, operands, operand);
    }
    mr_mmio_close(&r->mmio);
    return code;
}

/* Options that an action does not have. */
static int check(const mr_cli_reg_t *r, const char *name) {
    const bool dump = strcmp(name, "dump") == 0;
    const bool watch = strcmp(name, "watch") == 0;
    if (r->diff != NULL && !dump) {
        return mr_cli_usage(r->cli, "--diff is for dump");
    }
    if ((r->every_ms != 0 || r->count != 0) && !watch) {
        return mr_cli_usage(r->cli, "--every and --count are for watch");
    }
    if (r->strict && strcmp(name, "replay") != 0) {
        return mr_cli_usage(r->cli, "--strict is for replay");
    }
    if (r->raw && !dump && strcmp(name, "read") != 0 && strcmp(name, "write") != 0) {
        return mr_cli_usage(r->cli, "--raw is for read, write and dump");
    }
    return MR_CLI_OK;
}

static int act(mr_cli_reg_t *r, const char *attach, int operands, char **operand) {
    const action_t *action = NULL;
    for (size_t i = 0; operands > 0 && i < sizeof actions / sizeof actions[0]; i++) {
        action = strcmp(actions[i].name, operand[0]) == 0 ? &actions[i] : action;
    }
    if (action == NULL) {
        return mr_cli_usage(r->cli,
                            "say ls, read, write, dump, watch, decode, record, replay or ps");
    }
    const int code = check(r, action->name);
    if (code != MR_CLI_OK) {
        return code;
    }
    return action->device ? with_device(r, action, attach, operands - 1, operand + 1)
                          : action->run(r, operands - 1, operand + 1);
}

/* Takes one option. @return false when its argument is wrong; the message is out. */
static bool take_option(mr_cli_reg_t *r, int key, const char **attach) {
    switch (key) {
    case KEY_DEVICE:
        r->device = optarg;
        return true;
    case KEY_ATTACH:
        *attach = optarg;
        return true;
    case KEY_RAW:
        r->raw = true;
        return true;
    case KEY_FORCE:
        r->force = true;
        return true;
    case KEY_DIFF:
        r->diff = optarg;
        return true;
    case KEY_EVERY:
        return mr_cli_parse_u32(r->cli, "--every", optarg, 1, 3600000, &r->every_ms);
    case KEY_COUNT:
        return mr_cli_parse_u32(r->cli, "--count", optarg, 1, UINT32_MAX, &r->count);
    case KEY_STRICT:
        r->strict = true;
        return true;
    default:
        if (r->object == NULL) {
            r->object = cJSON_CreateObject();
            r->list = cJSON_AddArrayToObject(r->object, "registers");
        }
        return true;
    }
}

/* --attach takes the word behind it only if that is a PID or a path: gives every --attach a word of
 * its own. argv has room for twice as many. */
static int add_words(int argc, char **argv, char **out) {
    static char none[] = "";
    int n = 0;
    for (int i = 0; i < argc; i++) {
        out[n++] = argv[i];
        if (strcmp(argv[i], "--") == 0) {
            while (++i < argc) {
                out[n++] = argv[i];
            }
        } else if (strcmp(argv[i], "--attach") == 0) {
            const char *next = i + 1 < argc ? argv[i + 1] : "";
            const bool pid = next[0] != '\0' && strspn(next, "0123456789") == strlen(next);
            if (!pid && strchr(next, '/') == NULL) {
                out[n++] = none;
            }
        }
    }
    out[n] = NULL;
    return n;
}

/* Whether what the action found is worth printing although its exit code says otherwise. */
static bool has_answer(const mr_cli_reg_t *r, int code) {
    return code == MR_CLI_OK ||
           (code == MR_CLI_FAILED &&
            (cJSON_GetArraySize(r->list) > 0 || cJSON_HasObjectItem(r->object, "differ")));
}

int mr_cli_cmd_reg(mr_cli_t *cli, int argc, char **argv) {
    mr_cli_reg_t r = {.cli = cli, .device = mr_cli_default_device()};
    const char *attach = NULL;
    bool watch = false;
    int code = MR_CLI_KEY_ERROR;
    char **words = mr_cli_alloc(2u * (size_t)argc + 1u, sizeof *words);
    argc = add_words(argc, argv, words);
    for (int key; (key = mr_cli_next_option(cli, argc, words, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP || key == MR_CLI_KEY_ERROR || !take_option(&r, key, &attach)) {
            cJSON_Delete(r.object);
            free(words);
            return key == MR_CLI_KEY_HELP ? MR_CLI_OK : MR_CLI_USAGE;
        }
    }
    watch = optind < argc && strcmp(words[optind], "watch") == 0;
    code = act(&r, attach, argc - optind, words + optind);
    free(words);
    if (r.object != NULL && !watch && has_answer(&r, code)) {
        (void)mr_cli_json_print(cli, r.object);
        return code;
    }
    cJSON_Delete(r.object);
    return code;
}
