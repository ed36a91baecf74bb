/* SPDX-License-Identifier: Apache-2.0 */
/* What `millrace run --users` shows: the live view, the JSON object, the statistics. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "json.h"
#include "millrace/device.h"
#include "millrace/regs.h"
#include "users.h"

#define VIEW_ROWS 20u
#define VIEW_TEXT 56u
#define VIEW_SECONDS 0.1

mr_status_t mr_cli_users_measure(mr_cli_users_t *all) {
    const mr_mmio_t *mmio = mr_session_mmio(all->session);
    mr_loop_caps_t caps;
    MR_TRY(mr_cli_stats_token(&all->stats)); /* keeps this instant as prompt_end */
    MR_TRY(mr_loop_caps(mmio, &caps));
    return caps.slots > 0 ? mr_loop_stats(mmio, &all->loop) : MR_OK;
}

/* Cycles and seconds from the first request to the last end. */
static double cycles(const mr_cli_users_t *all) {
    return all->stats.clock_khz == 0
               ? (double)NAN
               : (double)(all->stats.prompt_end.cycles - all->stats.start.cycles);
}

static double seconds(const mr_cli_users_t *all) {
    return all->stats.prompt_end.wall_s - all->stats.start.wall_s;
}

static double per(double count, double amount) {
    return amount > 0.0 ? count / amount : (double)NAN;
}

static void add_stats(const mr_cli_users_t *all, cJSON *object) {
    const mr_placement_t *p = mr_session_placement(all->session);
    const double clock_hz = all->stats.clock_khz != 0 ? 1e3 * all->stats.clock_khz : (double)NAN;
    const double tokens = (double)all->n_tokens;
    cJSON *stats = cJSON_AddObjectToObject(object, "stats");
    cJSON_AddStringToObject(stats, "device", all->options->device);
    cJSON_AddStringToObject(stats, "firmware", mr_cli_firmware_text(&all->options->firmware));
    mr_cli_json_u64(stats, "users", all->n);
    mr_cli_json_u64(stats, "slots", p->machine.kv_slots);
    mr_cli_json_u64(stats, "window", p->window);
    mr_cli_json_u64(stats, "tokens", all->n_tokens);
    mr_cli_json_number(stats, "clock_hz", clock_hz);
    mr_cli_json_number(stats, "cycles", cycles(all));
    mr_cli_json_number(stats, "system_tokens_per_mcycle", per(tokens, cycles(all) * 1e-6));
    mr_cli_json_number(stats, "tokens_per_s_simulated", per(tokens, cycles(all) / clock_hz));
    mr_cli_json_number(stats, "tokens_per_s_wall", per(tokens, seconds(all)));
    mr_cli_json_number(stats, "s_wall", seconds(all));
    mr_cli_json_u64(stats, "loop_jobs", all->loop.jobs);
    mr_cli_json_u64(stats, "loop_parks", all->loop.parks);
    mr_cli_json_u64(stats, "loop_wait_max", all->loop.wait_max);
}

int mr_cli_users_json(const mr_cli_users_t *all) {
    cJSON *object = cJSON_CreateObject();
    cJSON *users = cJSON_AddArrayToObject(object, "users");
    for (uint32_t i = 0; i < all->n; i++) {
        const mr_cli_user_t *user = &all->user[i];
        cJSON *entry = cJSON_CreateObject();
        mr_cli_json_u64(entry, "user", i);
        mr_cli_json_text(entry, "text", user->text.bytes, user->text.length);
        mr_cli_json_ids(entry, "prompt_tokens", user->prompt, user->n_prompt);
        mr_cli_json_ids(entry, "tokens", user->tokens, user->n_tokens);
        cJSON_AddStringToObject(entry, "stop_reason",
                                mr_cli_end_reason(user->why, user->n_tokens >= user->n));
        cJSON_AddItemToArray(users, entry);
    }
    add_stats(all, object);
    return mr_cli_json_print(all->cli, object);
}

void mr_cli_users_stats(const mr_cli_users_t *all) {
    fprintf(stderr,
            "device %s: %" PRIu32 " users, %" PRIu64 " tokens made, %" PRIu64
            " of them injected by the token loop\n",
            all->options->device, all->n, all->n_tokens, all->loop.jobs);
    if (all->stats.clock_khz == 0) {
        fprintf(stderr, "simulated:   device '%s' has no time; cycles take --device sim\n",
                all->options->device);
    } else {
        const double clock_hz = 1e3 * all->stats.clock_khz;
        fprintf(stderr, "simulated at %g MHz: %.1f tokens/s, all users (%.0f cycles)\n",
                clock_hz * 1e-6, per((double)all->n_tokens, cycles(all) / clock_hz), cycles(all));
    }
    fprintf(stderr, "wall clock:  %.1f tokens/s, all users (%.3f s)\n",
            per((double)all->n_tokens, seconds(all)), seconds(all));
}

/* ---- live view ---- */

void mr_cli_users_clear(mr_cli_users_t *all) {
    for (; all->lines > 0; all->lines--) {
        fputs("\033[A\033[K", stderr);
    }
}

/* The end of a user's text on one line, without control bytes and cut characters. */
static void tail(const mr_cli_user_t *user, char *out) {
    const char *text = user->text.bytes;
    size_t from = user->text.length > VIEW_TEXT ? user->text.length - VIEW_TEXT : 0;
    size_t n = 0;
    while (from < user->text.length && ((unsigned char)text[from] & 0xC0u) == 0x80u) {
        from++;
    }
    for (; from < user->text.length; from++) {
        out[n++] = (unsigned char)text[from] < 0x20u || text[from] == 0x7F ? ' ' : text[from];
    }
    out[n] = '\0';
}

/* Share of their time that the tiles were busy since the last call, and the busiest one; false:
 * the device does not tell. */
static bool occupancy(mr_cli_users_t *all, double *mean, double *most, uint32_t *busiest) {
    const mr_mmio_t *mmio = mr_session_mmio(all->session);
    const uint32_t tiles = mr_machine_tiles(&mr_session_placement(all->session)->machine);
    uint64_t now;
    if (all->stats.clock_khz == 0 || mr_chip_cycles(mmio, &now) != MR_OK) {
        return false;
    }
    const double span = (double)(now - all->drawn_cycles);
    *mean = 0.0;
    *most = 0.0;
    *busiest = 0;
    for (uint32_t t = 0; t < tiles; t++) {
        uint64_t busy;
        if (mr_tile_counter(mmio, t, MR_TILE_CYC_BUSY_LO_OFFSET, &busy) != MR_OK) {
            return false;
        }
        const double share = fmin(per((double)(busy - all->busy[t]), span), 1.0);
        all->busy[t] = busy;
        *mean += share / tiles;
        if (share > *most) {
            *most = share;
            *busiest = t;
        }
    }
    const bool first = all->drawn_cycles == 0;
    all->drawn_cycles = now;
    return !first;
}

void mr_cli_users_view(mr_cli_users_t *all) {
    char text[VIEW_TEXT + 1u];
    double mean;
    double most;
    uint32_t busiest;
    const uint32_t window = mr_session_placement(all->session)->window;
    const double now = mr_cli_wall_s();
    uint32_t jobs;
    if (all->options->json || isatty(STDERR_FILENO) != 1 || now - all->drawn_s < VIEW_SECONDS) {
        return;
    }
    all->drawn_s = now;
    jobs = mr_runner_in_flight(all->runner);
    mr_cli_users_clear(all);
    fprintf(stderr,
            "%" PRIu32 " of %" PRIu32 " users done, %" PRIu64 " tokens; %" PRIu32
            " jobs in flight of %" PRIu32 " (%.0f %%)\n",
            all->n_done, all->n, all->n_tokens, jobs, window, 100.0 * jobs / window);
    all->lines = 1;
    if (occupancy(all, &mean, &most, &busiest)) {
        fprintf(stderr, "pipeline: tiles busy %.0f %%, the busiest is tile %" PRIu32 ", %.0f %%\n",
                100.0 * mean, busiest, 100.0 * most);
        all->lines++;
    }
    for (uint32_t i = 0; i < all->n && all->lines < VIEW_ROWS; i++) {
        const mr_cli_user_t *user = &all->user[i];
        if (user->state == MR_CLI_USER_PROMPT || user->state == MR_CLI_USER_DECODE) {
            tail(user, text);
            fprintf(stderr, "%5" PRIu32 " %s %4" PRIu32 "  %s\n", i,
                    user->state == MR_CLI_USER_PROMPT ? "prompt" : "decode", user->n_tokens, text);
            all->lines++;
        }
    }
}
