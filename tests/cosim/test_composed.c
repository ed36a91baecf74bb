/* SPDX-License-Identifier: Apache-2.0 */
/* The composed simulation of a chip against the whole one, clock for clock.
 *
 * usage: test_composed DEVICE MODEL.gguf NOISE
 * DEVICE and DEVICE-composed run the same users step by step: after each step of their schedulers
 * both have run the same number of clocks, at the end all tokens, logits, counters of tiles and of
 * links agree. One user's tokens go through firmware, the others' through the token loop. Between
 * users the tiles rest, so they are put to sleep and woken. NOISE: the links are disturbed in one
 * clock of so many, 0: quiet. Exit status 0 and "PASS" only without a difference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/backend_sim.h"
#include "millrace/device.h"
#include "millrace/regs.h"
#include "session/session.h"

enum { WHOLE, COMPOSED, DEVICES };
enum { USERS = 3, TOKENS = 6, POSITIONS = 64, ROUNDS = 2, GROUPS = 2, TILES = 2 };

static const char *const prompts[USERS] = {"Once upon a time", "The", "One day, Lily saw"};

typedef struct {
    mr_session_t *session;
    const mr_mmio_t *io;
    mr_sched_t *sched;
    uint32_t ids[USERS][POSITIONS];
    uint32_t tokens;
    uint32_t ends;
    uint32_t hash; /* over all logits, in order */
    uint64_t logits;
} run_t;

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static void must(mr_status_t status, const char *what) {
    if (status != MR_OK) {
        fprintf(stderr, "FAIL: %s: %s\n", what, mr_status_text(status));
        exit(1);
    }
}

/* FNV-1a over 32-bit words. */
static void mix(run_t *r, uint32_t word) {
    r->hash = (r->hash ^ word) * 16777619u;
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    run_t *r = ctx;
    mix(r, slot);
    mix(r, pos);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, logits + i, sizeof bits);
        mix(r, bits);
    }
    r->logits += n;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    run_t *r = ctx;
    r->ids[slot][pos] = token;
    r->tokens++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    run_t *r = ctx;
    (void)slot;
    (void)detail;
    r->ends += why == MR_END_LENGTH ? 1u : 0u;
}

static void open_run(run_t *r, const char *device, const char *model, uint32_t noise) {
    const mr_session_options_t options = {device, model, NULL, NULL};
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = r};
    mr_session_error_t error;
    if (mr_session_open(&options, &r->session, &error) != MR_OK) {
        fail(error.text);
    }
    r->io = mr_session_mmio(r->session);
    must(mr_session_sched(r->session, &events, &r->sched), "scheduler");
    must(mr_backend_sim_link_noise(r->io, UINT32_MAX, noise), "link noise");
}

static void submit(run_t *r, uint32_t user) {
    size_t n;
    must(mr_tokenizer_encode(mr_session_tokenizer(r->session), prompts[user], strlen(prompts[user]),
                             true, false, r->ids[user], POSITIONS - TOKENS, &n),
         "prompt");
    const mr_request_t request = {.prompt = r->ids[user],
                                  .n_prompt = (uint32_t)n,
                                  .max_tokens = TOKENS,
                                  .sampling = {.top_p = 1.0f},
                                  .prompt_logits = true,
                                  .token_logits = user == 0};
    must(mr_sched_submit(r->sched, user, &request), "submit");
}

static uint64_t same_cycles(run_t *runs) {
    uint64_t cycles[DEVICES];
    for (int d = 0; d < DEVICES; d++) {
        must(mr_chip_cycles(runs[d].io, &cycles[d]), "cycle counter");
    }
    if (cycles[WHOLE] != cycles[COMPOSED]) {
        fprintf(stderr, "FAIL: whole chip at cycle %" PRIu64 ", composed one at %" PRIu64 "\n",
                cycles[WHOLE], cycles[COMPOSED]);
        exit(1);
    }
    return cycles[WHOLE];
}

/* Every register of a block, unmapped ones by their error. */
static void same_block(run_t *runs, uint32_t base, uint32_t end) {
    for (uint32_t addr = base; addr < end; addr += 4u) {
        uint32_t value[DEVICES] = {0, 0};
        mr_status_t status[DEVICES];
        for (int d = 0; d < DEVICES; d++) {
            status[d] = mr_mmio_read32(runs[d].io, addr, &value[d]);
        }
        if (value[WHOLE] != value[COMPOSED] || status[WHOLE] != status[COMPOSED]) {
            fprintf(stderr,
                    "FAIL: register 0x%06" PRIX32 ": 0x%" PRIX32 ", composed 0x%" PRIX32 "\n", addr,
                    value[WHOLE], value[COMPOSED]);
            exit(1);
        }
    }
}

/* All users, the last one after the others have left. */
static void round_of(run_t *runs) {
    bool busy[DEVICES];
    for (uint32_t wave = 0; wave < 2u; wave++) {
        const uint32_t first = wave == 0 ? 0u : USERS - 1u;
        const uint32_t last = wave == 0 ? USERS - 1u : USERS;
        for (uint32_t user = first; user < last; user++) {
            for (int d = 0; d < DEVICES; d++) {
                submit(&runs[d], user);
            }
        }
        do {
            for (int d = 0; d < DEVICES; d++) {
                must(mr_sched_step(runs[d].sched, &busy[d]), "scheduler's step");
            }
            (void)same_cycles(runs);
        } while (busy[WHOLE] || busy[COMPOSED]);
        for (int d = 0; d < DEVICES; d++) {
            must(mr_mmio_wait(runs[d].io, 500u), "rest");
        }
    }
    if (runs[WHOLE].hash != runs[COMPOSED].hash || runs[WHOLE].logits != runs[COMPOSED].logits ||
        memcmp(runs[WHOLE].ids, runs[COMPOSED].ids, sizeof runs[WHOLE].ids) != 0) {
        fail("tokens or logits differ");
    }
    for (uint32_t t = 0; t < TILES; t++) {
        same_block(runs, MR_TILE_BASE + t * MR_TILE_STRIDE,
                   MR_TILE_BASE + t * MR_TILE_STRIDE + 0xA0u);
    }
    for (uint32_t g = 0; g < GROUPS; g++) {
        same_block(runs, MR_LINK_BASE + g * MR_LINK_STRIDE,
                   MR_LINK_BASE + g * MR_LINK_STRIDE + 0x60u);
        same_block(runs, MR_KV_BASE + g * MR_KV_STRIDE, MR_KV_BASE + g * MR_KV_STRIDE + 0x100u);
    }
}

int main(int argc, char **argv) {
    static run_t runs[DEVICES];
    char composed[64];
    if (argc != 4) {
        fail("usage: test_composed DEVICE MODEL.gguf NOISE");
    }
    const uint32_t noise = (uint32_t)strtoul(argv[3], NULL, 10);
    (void)snprintf(composed, sizeof composed, "%s-composed", argv[1]);
    open_run(&runs[WHOLE], argv[1], argv[2], noise);
    open_run(&runs[COMPOSED], composed, argv[2], noise);
    (void)same_cycles(runs);
    for (int round = 0; round < ROUNDS; round++) {
        round_of(runs);
    }
    if (runs[WHOLE].ends != ROUNDS * USERS || runs[WHOLE].logits == 0) {
        fail("users did not end well");
    }
    printf("RESULT composed_cycles %" PRIu64 " cycles\n", same_cycles(runs));
    for (int d = 0; d < DEVICES; d++) {
        mr_session_close(runs[d].session);
    }
    printf("PASS test_composed %s %s\n", argv[1], argv[2]);
    return 0;
}
