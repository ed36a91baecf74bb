/* SPDX-License-Identifier: Apache-2.0 */
/* What `millrace run` reports: the JSON object, the statistics, the summary line. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "json.h"
#include "run.h"

const char *mr_cli_end_reason(mr_end_t why, bool all_made) {
    switch (why) {
    case MR_END_STOP:
        return "stop";
    case MR_END_LENGTH:
        return all_made ? "length" : "context";
    case MR_END_CANCEL:
        return "interrupted";
    case MR_END_REFUSED:
        return "refused";
    case MR_END_DEADLINE:
        return "deadline";
    case MR_END_ERROR:
        break;
    }
    return "error";
}

static const char *run_reason(const mr_cli_run_t *run) {
    return mr_cli_end_reason(run->why, run->n_tokens >= run->options->n);
}

static void add_logprobs(const mr_cli_run_t *run, cJSON *object) {
    if (!run->options->logprobs) {
        cJSON_AddNullToObject(object, "logprobs");
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(object, "logprobs");
    for (uint32_t i = 0; i < run->n_tokens; i++) {
        cJSON *entry = cJSON_CreateObject();
        mr_cli_json_u64(entry, "id", run->tokens[i]);
        mr_cli_json_number(entry, "logprob", run->logprobs[i]);
        cJSON_AddItemToObject(entry, "top",
                              mr_cli_json_ranked(run->top + (size_t)i * run->n_top, run->n_top));
        cJSON_AddItemToArray(list, entry);
    }
}

static void add_stats(const mr_cli_run_t *run, cJSON *object) {
    mr_cli_rates_t r;
    mr_cli_stats_rates(&run->stats, &r);
    cJSON *stats = cJSON_AddObjectToObject(object, "stats");
    cJSON_AddStringToObject(stats, "device", run->options->device);
    cJSON_AddStringToObject(stats, "firmware", mr_cli_firmware_text(&run->options->firmware));
    mr_cli_json_u64(stats, "prompt_tokens", run->n_prompt);
    mr_cli_json_u64(stats, "tokens", run->n_tokens);
    mr_cli_json_number(stats, "clock_hz", r.clock_hz);
    mr_cli_json_number(stats, "cycles", r.cycles);
    mr_cli_json_number(stats, "prompt_cycles", r.prompt_cycles);
    mr_cli_json_number(stats, "cycles_per_token", r.cycles_per_token);
    if (isnan(r.cycles_per_token)) {
        cJSON_AddNullToObject(stats, "breakdown");
    } else {
        cJSON *breakdown = cJSON_AddObjectToObject(stats, "breakdown");
        for (uint32_t i = 0; i < MR_CLI_TAGS; i++) {
            mr_cli_json_number(breakdown, mr_cli_tag_keys[i], r.tag_cycles[i]);
        }
        mr_cli_json_number(breakdown, "network_hub_control", r.rest_cycles);
    }
    mr_cli_json_number(stats, "tokens_per_s_simulated", r.tokens_per_s_simulated);
    mr_cli_json_number(stats, "tokens_per_s_wall", r.tokens_per_s_wall);
    mr_cli_json_number(stats, "prompt_s_wall", r.prompt_s_wall);
    mr_cli_json_number(stats, "decode_s_wall", r.decode_s_wall);
    mr_serial_stats_t line;
    if (mr_device_line(mr_session_mmio(run->session), &line)) {
        cJSON *serial = cJSON_AddObjectToObject(stats, "serial");
        mr_cli_json_u64(serial, "requests", line.requests);
        mr_cli_json_u64(serial, "retries", line.retries);
        mr_cli_json_u64(serial, "bytes_sent", line.sent);
        mr_cli_json_u64(serial, "bytes_received", line.received);
    }
}

int mr_cli_run_json(const mr_cli_run_t *run) {
    cJSON *object = cJSON_CreateObject();
    mr_cli_json_text(object, "text", run->text.bytes, run->text.length);
    mr_cli_json_ids(object, "prompt_tokens", run->prompt, run->n_prompt);
    mr_cli_json_ids(object, "tokens", run->tokens, run->n_tokens);
    add_logprobs(run, object);
    cJSON_AddStringToObject(object, "stop_reason", run_reason(run));
    add_stats(run, object);
    return mr_cli_json_print(run->cli, object);
}

static void print_simulated(const mr_cli_run_t *run, const mr_cli_rates_t *r) {
    if (isnan(r->clock_hz)) {
        fprintf(stderr, "simulated:   device '%s' has no time; cycles take --device sim\n",
                run->options->device);
        return;
    }
    fprintf(stderr,
            "simulated at %g MHz: %.1f tokens/s (%.0f cycles per token, prompt %.0f cycles)\n",
            r->clock_hz * 1e-6, r->tokens_per_s_simulated, r->cycles_per_token, r->prompt_cycles);
    fprintf(stderr, "cycles per token by stage:\n");
    for (uint32_t i = 0; i < MR_CLI_TAGS; i++) {
        fprintf(stderr, "  %-24s %10.0f  %5.1f %%\n", mr_cli_tag_texts[i], r->tag_cycles[i],
                100.0 * r->tag_cycles[i] / r->cycles_per_token);
    }
    if (isnan(r->rest_cycles)) {
        fprintf(stderr, "  (of all tiles, which work beside each other)\n");
        return;
    }
    fprintf(stderr, "  %-24s %10.0f  %5.1f %%\n", "network, hub and control", r->rest_cycles,
            100.0 * r->rest_cycles / r->cycles_per_token);
}

void mr_cli_run_stats(const mr_cli_run_t *run) {
    mr_cli_rates_t r;
    mr_cli_stats_rates(&run->stats, &r);
    fprintf(stderr, "device %s: %zu prompt tokens, %" PRIu32 " tokens made, ended by %s\n",
            run->options->device, run->n_prompt, run->n_tokens, run_reason(run));
    if (run->n_tokens < 2) {
        fprintf(stderr, "speed:       too few tokens to tell (2 or more are needed)\n");
        return;
    }
    print_simulated(run, &r);
    fprintf(stderr, "wall clock:  %.1f tokens/s (prompt %.3f s, the other tokens %.3f s)\n",
            r.tokens_per_s_wall, r.prompt_s_wall, r.decode_s_wall);
}

void mr_cli_run_summary(const mr_cli_run_t *run) {
    mr_cli_rates_t r;
    mr_cli_stats_rates(&run->stats, &r);
    fprintf(stderr, "[%s, %" PRIu32 " tokens", run->options->device, run->n_tokens);
    if (!isnan(r.tokens_per_s_simulated)) {
        fprintf(stderr, ", %.1f tokens/s simulated at %g MHz", r.tokens_per_s_simulated,
                r.clock_hz * 1e-6);
    }
    if (!isnan(r.tokens_per_s_wall)) {
        fprintf(stderr, ", %.1f tokens/s wall clock", r.tokens_per_s_wall);
    }
    fprintf(stderr, "]\n");
}
