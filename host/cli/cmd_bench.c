/* SPDX-License-Identifier: Apache-2.0 */
/* millrace bench kv: decode traffic on the RTL of the KV-cache DRAM controller alone. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_kv.h"
#include "json.h"

enum {
    KEY_PROFILE = 256,
    KEY_USERS,
    KEY_TOKENS,
    KEY_VECTOR,
    KEY_APPEND,
    KEY_ORDER,
    KEY_SEED,
    KEY_ALL,
    KEY_SVG,
    KEY_TIMING,
    KEY_JSON
};

static const mr_cli_option_t options_table[] = {
    {KEY_PROFILE, "profile", "NAME", "DRAM and its controller (default: ddr4-2400)"},
    {KEY_USERS, "users", "N", "users at once, 1 to 128 (default: 8)"},
    {KEY_TOKENS, "tokens", "T", "positions of each user's history, 1 to 2016 (default: 512)"},
    {KEY_VECTOR, "vector-bytes", "B",
     "elements of a K or V vector: 32, 64, ... 1024 (default: 256)"},
    {KEY_APPEND, "append", "HOW", "inline: before each user's streams; batched: of 8 users ahead"},
    {KEY_ORDER, "order", "HOW", "pipeline: users in turn; random: a new order each round"},
    {KEY_SEED, "seed", "N", "of the random order (default: 1)"},
    {KEY_ALL, "all", NULL,
     "1, 8, 64, 128 users in both orders, of each profile or of the given one; draws"},
    {KEY_SVG, "svg", "FILE", "the picture of --all (default: kv_bench.svg)"},
    {KEY_TIMING, "timing", "FILE",
     "draw the DRAM's commands and data around a write (not with --all)"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "kv [OPTION...]",
    "Runs the RTL of the KV-cache DRAM controller with decode traffic: in each round every user\n"
    "appends one K and one V vector and streams its whole history. Every beat is compared, and\n"
    "two checkers watch the DRAM's rules. Utilisation: data-bus clocks that carry useful data, of\n"
    "all clocks of a window in steady state.\n"
    "'millrace bench pipeline --help' has the measurement of a whole chip.",
    options_table};

typedef struct {
    mr_kv_decode_config_t config;
    bool random, all, json;
    bool chosen; /* --profile was given */
    bool single; /* an option was given that --all varies by itself */
    const char *svg;
    const char *timing; /* file of the diagram, or NULL */
} options_t;

/* Profiles of --all, users in each. */
static const char *const profiles[] = {"sdr-133", "ddr4-2400", "lpddr4-3200", "hbm2-pc", "stacked"};
static const uint32_t users[] = {1, 8, 64, 128};

enum { PROFILES = 5, USERS = 4, ROWS = PROFILES * USERS * 2 };

/* Member names; the human-readable ones are the same with spaces. */
static const char *const causes[MR_KV_DECODE_CAUSES] = {
    "useful", "refresh", "turnaround", "row", "bank_group", "starvation", "back_pressure"};

/* ---- measuring ---- */

typedef struct {
    char name[64];
    bool shown;
} bar_t;

static bool on_progress(void *ctx, double share) {
    bar_t *bar = ctx;
    if (bar->shown) {
        (void)fprintf(stderr, "\r%s: %3.0f %% ", bar->name, 100.0 * share);
    }
    return !mr_cli_interrupted();
}

static void start_bar(bar_t *bar, const mr_kv_decode_config_t *c) {
    (void)snprintf(bar->name, sizeof bar->name, "%s, %" PRIu32 " users", c->model, c->users);
    bar->shown = isatty(STDERR_FILENO) == 1;
}

static void end_bar(const bar_t *bar) {
    if (bar->shown) {
        (void)fprintf(stderr, "\r%-60s\r", "");
    }
}

/* Measures `count` rows that differ in the order only, on one filled controller, and draws the
 * timing of the first into the file named `timing`, if any. Histories that do not fit are no error.
 * @return an exit code; the message is out. */
static int measure(mr_cli_bench_row_t *rows, size_t count, const char *timing) {
    static mr_kv_decode_clock_t clocks[MR_CLI_BENCH_CLOCKS];
    mr_kv_decode_config_t config = rows[0].config;
    const uint32_t fit = mr_kv_decode_users_max(&config);
    if (fit < config.users) {
        rows[0].fit = fit;
        rows[count - 1U].fit = fit;
        return MR_CLI_OK;
    }
    bar_t bar = {.shown = false};
    start_bar(&bar, &config);
    config.progress = on_progress;
    config.ctx = &bar;
    const char *error = NULL;
    mr_kv_decode_t *decode = mr_kv_decode_open(&config, &error);
    bool good = decode != NULL;
    const uint32_t banks = good ? mr_kv_decode_banks(decode) : 0U;
    if (good && timing != NULL) {
        mr_kv_decode_record(decode, clocks, MR_CLI_BENCH_CLOCKS);
    }
    for (size_t i = 0; i < count && good; i++) {
        good = mr_kv_decode_measure(decode, rows[i].random, &rows[i].result, &error);
        rows[i].measured = good;
        (void)snprintf(rows[i].violation, sizeof rows[i].violation, "%s",
                       mr_kv_decode_violation(decode));
    }
    mr_kv_decode_close(decode);
    end_bar(&bar);
    if (!good && error == NULL) {
        return MR_CLI_INTERRUPTED;
    }
    if (!good) {
        return mr_cli_fail("%s: %s", config.model, error);
    }
    if (timing != NULL && banks == 0U) {
        return mr_cli_fail("--timing draws a DRAM's commands, and %s has none", config.model);
    }
    return timing != NULL ? mr_cli_bench_timing(timing, &rows[0], banks, clocks) : MR_CLI_OK;
}

/* Whether the numbers can be believed. @return an exit code; the message is out. */
static int judge(const mr_cli_bench_row_t *row) {
    const mr_kv_decode_result_t *r = &row->result;
    uint64_t sum = 0;
    for (size_t i = 0; i < MR_KV_DECODE_CAUSES; i++) {
        sum += r->causes[i];
    }
    if (row->measured && (!r->balanced || sum != r->clocks)) {
        return mr_cli_fail("%s: useful and lost cycles add up to %" PRIu64 ", not to %" PRIu64
                           ": the controller's counters are wrong",
                           row->config.model, sum, r->clocks);
    }
    if (row->measured && r->causes[0] > r->useful_most) {
        return mr_cli_fail("%s: the controller counts %" PRIu64
                           " useful cycles, but no more than %" PRIu64
                           " words passed its ports: its counters are wrong",
                           row->config.model, r->causes[0], r->useful_most);
    }
    if (row->measured && r->violations != 0U) {
        return mr_cli_fail("%s: %" PRIu64 " DRAM rules broken, the first: %s", row->config.model,
                           r->violations, row->violation);
    }
    return MR_CLI_OK;
}

/* ---- output ---- */

static cJSON *json_row(const mr_cli_bench_row_t *row) {
    const mr_kv_decode_result_t *r = &row->result;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "profile", row->config.model);
    mr_cli_json_u64(object, "users", row->config.users);
    mr_cli_json_u64(object, "tokens", row->config.tokens);
    mr_cli_json_u64(object, "vector_bytes", row->config.vector_bytes);
    cJSON_AddStringToObject(object, "append", row->config.batched ? "batched" : "inline");
    cJSON_AddStringToObject(object, "order", row->random ? "random" : "pipeline");
    if (!row->measured) {
        mr_cli_json_u64(object, "users_that_fit", row->fit);
        return object;
    }
    mr_cli_json_number(object, "utilization", r->utilization);
    mr_cli_json_number(object, "limit", r->limit);
    mr_cli_json_u64(object, "cycles", r->clocks);
    mr_cli_json_u64(object, "useful_cycles", r->causes[0]);
    cJSON *lost = cJSON_AddObjectToObject(object, "lost");
    for (size_t i = 1; i < MR_KV_DECODE_CAUSES; i++) {
        mr_cli_json_u64(lost, causes[i], r->causes[i]);
    }
    cJSON *latency = cJSON_AddObjectToObject(object, "latency_cycles");
    mr_cli_json_u64(latency, "p50", r->latency_p50);
    mr_cli_json_u64(latency, "p99", r->latency_p99);
    mr_cli_json_u64(latency, "max", r->latency_max);
    cJSON *first = cJSON_AddObjectToObject(object, "first_beat_cycles");
    mr_cli_json_u64(first, "median", r->first_beat);
    mr_cli_json_u64(first, "device_minimum", r->first_beat_device);
    mr_cli_json_u64(first, "overhead_max", r->first_beat_overhead);
    mr_cli_json_number(object, "pj_per_bit", r->pj_per_bit);
    mr_cli_json_u64(object, "violations", r->violations);
    mr_cli_json_number(object, "clock_mhz", r->clock_mhz);
    mr_cli_json_number(object, "word_bytes", r->word_bytes);
    mr_cli_json_u64(object, "tokens_at_the_end", r->tokens_last);
    return object;
}

static double percent(const mr_kv_decode_result_t *r, size_t cause) {
    return 100.0 * (double)r->causes[cause] / (double)r->clocks;
}

static void print_one(mr_cli_t *cli, const mr_cli_bench_row_t *row) {
    const mr_kv_decode_result_t *r = &row->result;
    (void)mr_cli_print(cli,
                       "%s at %g MHz, %" PRIu32 " users x %" PRIu32 " tokens x %" PRIu32
                       " bytes, appends %s, %s order\n"
                       "  utilisation      %7.3f %%   (limit by refresh %.3f %%), %.2f GB/s\n"
                       "  cycles           %10" PRIu64 "\n",
                       row->config.model, r->clock_mhz, row->config.users, row->config.tokens,
                       row->config.vector_bytes, row->config.batched ? "batched" : "inline",
                       row->random ? "random" : "pipeline", 100.0 * r->utilization,
                       100.0 * r->limit, r->utilization * r->clock_mhz * r->word_bytes * 1e-3,
                       r->clocks);
    for (size_t i = 0; i < MR_KV_DECODE_CAUSES; i++) {
        (void)mr_cli_print(cli, "    %-14s %10" PRIu64 "  %7.3f %%\n", causes[i], r->causes[i],
                           percent(r, i));
    }
    (void)mr_cli_print(cli,
                       "  first beat       %" PRIu64 " / %" PRIu64 " / %" PRIu64
                       " cycles after the command (p50 / p99 / max), under load\n"
                       "                   %" PRIu64
                       " on an idle controller; the device takes %" PRIu64 " of them\n"
                       "  energy           %.2f pJ/bit\n"
                       "  rules broken     %" PRIu64 "\n",
                       r->latency_p50, r->latency_p99, r->latency_max, r->first_beat,
                       r->first_beat_device, r->pj_per_bit, r->violations);
}

static void print_table(mr_cli_t *cli, const mr_cli_bench_row_t *rows, size_t count) {
    (void)mr_cli_print(cli, "%-12s %5s %-8s  %6s %6s  %6s %6s %6s %6s %6s %6s  %6s %6s  %6s %5s\n",
                       "profile", "users", "order", "util%", "limit%", "refr.", "turn", "row",
                       "group", "starv.", "back", "p50", "p99", "pJ/bit", "rules");
    for (size_t i = 0; i < count; i++) {
        const mr_cli_bench_row_t *row = &rows[i];
        const mr_kv_decode_result_t *r = &row->result;
        (void)mr_cli_print(cli, "%-12s %5" PRIu32 " %-8s  ", row->config.model, row->config.users,
                           row->random ? "random" : "pipeline");
        if (!row->measured) {
            (void)mr_cli_print(cli, "does not fit the device: %" PRIu32 " users do\n", row->fit);
            continue;
        }
        (void)mr_cli_print(cli, "%6.2f %6.2f ", 100.0 * r->utilization, 100.0 * r->limit);
        for (size_t cause = 1; cause < MR_KV_DECODE_CAUSES; cause++) {
            (void)mr_cli_print(cli, " %6.2f", percent(r, cause));
        }
        (void)mr_cli_print(cli, "  %6" PRIu64 " %6" PRIu64 "  %6.2f %5" PRIu64 "\n", r->latency_p50,
                           r->latency_p99, r->pj_per_bit, r->violations);
    }
}

/* ---- the runs ---- */

static int run_one(mr_cli_t *cli, const options_t *o) {
    const mr_kv_decode_config_t *c = &o->config;
    mr_cli_bench_row_t row = {.config = *c, .random = o->random};
    const int code = measure(&row, 1, o->timing);
    if (code != MR_CLI_OK) {
        return code;
    }
    if (!row.measured) {
        return mr_cli_fail("%" PRIu32 " users of %" PRIu32 " tokens of %" PRIu32
                           " bytes do not fit %s: %" PRIu32 " do; fewer users, tokens or bytes",
                           c->users, c->tokens, c->vector_bytes, c->model, row.fit);
    }
    if (o->json) {
        (void)mr_cli_json_print(cli, json_row(&row));
    } else {
        print_one(cli, &row);
    }
    return judge(&row);
}

static int run_all(mr_cli_t *cli, const options_t *o) {
    static mr_cli_bench_row_t rows[ROWS];
    const size_t count = o->chosen ? 2U * USERS : ROWS;
    for (size_t i = 0; i < count; i += 2U) {
        for (size_t order = 0; order < 2U; order++) {
            rows[i + order].config = o->config;
            rows[i + order].config.model = o->chosen ? o->config.model : profiles[i / 2U / USERS];
            rows[i + order].config.users = users[i / 2U % USERS];
            rows[i + order].random = order == 1U;
        }
        const int code = measure(rows + i, 2, NULL);
        if (code != MR_CLI_OK) {
            return code;
        }
    }
    if (o->json) {
        cJSON *object = cJSON_CreateObject();
        cJSON *runs = cJSON_AddArrayToObject(object, "runs");
        for (size_t i = 0; i < count; i++) {
            cJSON_AddItemToArray(runs, json_row(&rows[i]));
        }
        (void)mr_cli_json_print(cli, object);
    } else {
        print_table(cli, rows, count);
    }
    int code = mr_cli_bench_picture(o->svg, rows, count);
    for (size_t i = 0; i < count && code == MR_CLI_OK; i++) {
        code = judge(&rows[i]);
    }
    return code;
}

/* ---- options ---- */

static bool parse_profile(const mr_cli_t *cli, const char *name, const char **model) {
    char known[256] = "";
    for (size_t i = 0; mr_kv_decode_model(i) != NULL; i++) {
        if (strcmp(name, mr_kv_decode_model(i)) == 0) {
            *model = mr_kv_decode_model(i);
            return true;
        }
        const size_t used = strlen(known);
        (void)snprintf(known + used, sizeof known - used, "%s%s", i == 0U ? "" : ", ",
                       mr_kv_decode_model(i));
    }
    (void)mr_cli_usage(cli, "unknown profile '%s' (known: %s)", name, known);
    return false;
}

/* One of two words. */
static bool parse_word(const mr_cli_t *cli, const char *option, const char *no, const char *yes,
                       bool *value) {
    *value = strcmp(optarg, yes) == 0;
    if (*value || strcmp(optarg, no) == 0) {
        return true;
    }
    (void)mr_cli_usage(cli, "%s takes %s or %s, not '%s'", option, no, yes, optarg);
    return false;
}

static bool parse_vector(const mr_cli_t *cli, uint32_t *bytes) {
    if (!mr_cli_parse_u32(cli, "--vector-bytes", optarg, 32, 1024, bytes)) {
        return false;
    }
    if (*bytes % 32U != 0U) {
        (void)mr_cli_usage(cli, "--vector-bytes takes a multiple of 32, not '%s'", optarg);
        return false;
    }
    return true;
}

static bool parse_option(const mr_cli_t *cli, int key, options_t *o) {
    mr_kv_decode_config_t *c = &o->config;
    switch (key) {
    case KEY_PROFILE:
        o->chosen = true;
        return parse_profile(cli, optarg, &c->model);
    case KEY_USERS:
        o->single = true;
        return mr_cli_parse_u32(cli, "--users", optarg, 1, 128, &c->users);
    case KEY_TOKENS:
        return mr_cli_parse_u32(cli, "--tokens", optarg, 1, 2016, &c->tokens);
    case KEY_VECTOR:
        return parse_vector(cli, &c->vector_bytes);
    case KEY_APPEND:
        return parse_word(cli, "--append", "inline", "batched", &c->batched);
    case KEY_ORDER:
        o->single = true;
        return parse_word(cli, "--order", "pipeline", "random", &o->random);
    case KEY_SEED:
        return mr_cli_parse_u64(cli, "--seed", optarg, &c->seed);
    case KEY_SVG:
        o->svg = optarg;
        return true;
    case KEY_TIMING:
        o->timing = optarg;
        o->single = true;
        return true;
    case KEY_ALL:
        o->all = true;
        return true;
    default:
        o->json = true;
        return true;
    }
}

int mr_cli_cmd_bench(mr_cli_t *cli, int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "pipeline") == 0) {
        return mr_cli_bench_pipeline(cli, argc - 1, argv + 1);
    }
    options_t o = {
        .config = {
            .model = "ddr4-2400", .users = 8, .tokens = 512, .vector_bytes = 256, .seed = 1}};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !parse_option(cli, key, &o)) {
            return MR_CLI_USAGE;
        }
    }
    if (optind >= argc || strcmp(argv[optind], "kv") != 0) {
        return mr_cli_usage(cli, "%s: 'kv' or 'pipeline'",
                            optind < argc ? "unknown bench" : "say what to measure");
    }
    if (optind + 1 < argc) {
        return mr_cli_usage(cli, "unexpected operand '%s'", argv[optind + 1]);
    }
    if (o.all && o.single) {
        return mr_cli_usage(cli, "--all varies --users and --order itself, and draws no --timing");
    }
    if (!o.all && o.svg != NULL) {
        return mr_cli_usage(cli, "--svg needs --all");
    }
    o.svg = o.svg != NULL ? o.svg : "kv_bench.svg";
    return o.all ? run_all(cli, &o) : run_one(cli, &o);
}
