/* SPDX-License-Identifier: Apache-2.0 */
/* Links between the groups of a simulated chip: quiet, disturbed and dead.
 *
 * usage: test_links DEVICE MODEL.gguf
 * Two users at once, every logit compared with the functional model's: over quiet links, where each
 * position passes each of the two links once; then over links that lose and change what they carry,
 * where frames are sent again. When a link carries nothing any more, in the middle of it all, every
 * user ends with status 9 within a bound, also one that still waits, the scheduler names the link
 * and no page stays in use; after a reset and a load in the same process every logit is right
 * again. Then the same with all links. Exit status 0 and "PASS" only without a difference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/backend_sim.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"
#include "session/session.h"

enum { USERS = 2, TOKENS = 8, POSITIONS = 32, GROUPS = 2, VOCAB_MAX = 4096 };
enum { NOISE_EVERY = 300, STALL_CYCLES = 2000000, BOUND_CYCLES = 600000, CUT_TOKENS = 5 };

static const char *const prompts[USERS] = {"Once upon a time", "The"};

typedef struct {
    mr_session_options_t options;
    mr_session_t *session;
    const mr_mmio_t *io;
    uint32_t pages;
    uint32_t dead; /* links that die, a bit each */
    uint32_t tokens;
    uint64_t dead_at; /* cycle; 0: not yet */
    mr_fault_t fault;
    uint32_t status[USERS]; /* 0: not ended by an error */
    uint32_t vocab;
    uint32_t ids[USERS][POSITIONS];
    uint32_t positions[USERS]; /* whose logits are there */
    uint32_t ends;
    uint32_t logits[USERS][POSITIONS][VOCAB_MAX]; /* raw bits */
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

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    run_t *r = ctx;
    if (pos != r->positions[slot] || pos >= POSITIONS) {
        fail("positions out of order");
    }
    memcpy(r->logits[slot][pos], logits, n * sizeof *logits);
    r->positions[slot]++;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    run_t *r = ctx;
    r->ids[slot][pos] = token;
    r->tokens++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    run_t *r = ctx;
    r->ends += why == MR_END_LENGTH ? 1u : 0u;
    r->status[slot] = why == MR_END_ERROR ? detail : 0;
}

static run_t *open_device(const char *device, const char *model) {
    mr_session_error_t error;
    run_t *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fail("out of memory");
    }
    r->options = (mr_session_options_t){device, model, NULL, NULL};
    if (mr_session_open(&r->options, &r->session, &error) != MR_OK) {
        fail(error.text);
    }
    r->io = mr_session_mmio(r->session);
    must(mr_kv_pages_free(r->io, &r->pages), "pages");
    r->vocab = mr_llama_model_hparams(mr_session_model(r->session))->vocab;
    if (r->vocab > VOCAB_MAX) {
        fail("vocabulary too large");
    }
    return r;
}

static void close_device(run_t *r) {
    mr_session_close(r->session);
    free(r);
}

static uint64_t cycles(const run_t *r) {
    uint64_t now;
    must(mr_chip_cycles(r->io, &now), "cycles");
    return now;
}

/* Lets links die once some tokens are made. */
static void cut(run_t *r) {
    if (r->dead == 0 || r->tokens < CUT_TOKENS) {
        return;
    }
    if (r->dead_at == 0) {
        r->dead_at = cycles(r);
        must(mr_backend_sim_link_noise(r->io, r->dead, 1), "noise");
    }
    if (cycles(r) - r->dead_at > BOUND_CYCLES) {
        fail("a dead link does not end its users within the bound");
    }
}

/* Runs all users; the status of the step that failed. */
static mr_status_t run(run_t *r) {
    static mr_slot_t slots[USERS];
    static float logits[VOCAB_MAX];
    static uint32_t order[VOCAB_MAX];
    static mr_route_t route;
    mr_route_of(&route, mr_session_placement(r->session));
    const mr_sched_config_t cfg = {.mmio = r->io,
                                   .route = &route,
                                   .slots = slots,
                                   .n_slots = USERS,
                                   .logits = logits,
                                   .order = order,
                                   .stall_cycles = STALL_CYCLES,
                                   .events = {on_logits, on_token, on_end, r}};
    mr_sched_t sched;
    must(mr_sched_init(&sched, &cfg), "scheduler");
    r->ends = 0;
    r->tokens = 0;
    r->dead_at = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        size_t n;
        must(mr_tokenizer_encode(mr_session_tokenizer(r->session), prompts[i], strlen(prompts[i]),
                                 true, false, r->ids[i], POSITIONS - TOKENS, &n),
             "prompt");
        r->positions[i] = 0;
        const mr_request_t request = {.prompt = r->ids[i],
                                      .n_prompt = (uint32_t)n,
                                      .max_tokens = TOKENS,
                                      .sampling = {.top_p = 1.0f},
                                      .prompt_logits = true,
                                      .token_logits = true};
        must(mr_sched_submit(&sched, i, &request), "submit");
    }
    for (bool busy = true; busy;) {
        cut(r);
        const mr_status_t status = mr_sched_step(&sched, &busy);
        const char *fault = status != MR_OK ? mr_device_fault(r->io) : NULL;
        if (fault != NULL) {
            fail(fault);
        }
        MR_TRY(status);
    }
    r->fault = *mr_sched_fault(&sched);
    return MR_OK;
}

static uint32_t jobs(const run_t *r) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        n += r->positions[i];
    }
    return n;
}

static void same(const run_t *got, const run_t *want, const char *what) {
    for (uint32_t i = 0; i < USERS; i++) {
        if (got->ends != USERS || got->positions[i] != want->positions[i] ||
            memcmp(got->logits[i], want->logits[i], sizeof got->logits[i]) != 0) {
            fprintf(stderr, "FAIL: %s: logits of user %" PRIu32 " differ\n", what, i);
            exit(1);
        }
    }
}

static uint32_t get(const run_t *r, uint32_t addr) {
    uint32_t value = 0;
    must(mr_mmio_read32(r->io, addr, &value), "register");
    return value;
}

static uint32_t link_get(const run_t *r, uint32_t link, uint32_t offset) {
    return get(r, MR_LINK_BASE + link * MR_LINK_STRIDE + offset);
}

static uint32_t chip_status(const run_t *r) {
    return get(r, MR_CHIP_BASE + MR_CHIP_STATUS_OFFSET);
}

/* Messages since reset, on each of the two links and at the other ends. */
static void expect_messages(const run_t *r, uint32_t n) {
    for (uint32_t g = 0; g < GROUPS; g++) {
        if (link_get(r, g, MR_LINK_MSGS_OFFSET) != n ||
            link_get(r, g, MR_LINK_RX_MSGS_OFFSET) != n ||
            link_get(r, g, MR_LINK_STATUS_OFFSET) != 0) {
            fprintf(stderr,
                    "FAIL: link %" PRIu32 " sent %" PRIu32 ", received %" PRIu32 ", status %" PRIu32
                    "; expected %" PRIu32 " messages\n",
                    g, link_get(r, g, MR_LINK_MSGS_OFFSET), link_get(r, g, MR_LINK_RX_MSGS_OFFSET),
                    link_get(r, g, MR_LINK_STATUS_OFFSET), n);
            exit(1);
        }
    }
}

static uint32_t sum(const run_t *r, uint32_t offset) {
    return link_get(r, 0, offset) + link_get(r, 1, offset);
}

static void test_quiet(run_t *chip, const run_t *model) {
    must(run(chip), "quiet links");
    same(chip, model, "quiet links");
    expect_messages(chip, jobs(chip));
    if (sum(chip, MR_LINK_REPLAYS_OFFSET) + sum(chip, MR_LINK_RX_ERRORS_OFFSET) != 0 ||
        link_get(chip, 0, MR_LINK_BUSY_LO_OFFSET) == 0) {
        fail("a quiet link has errors, or was never busy");
    }
}

static void test_noise(run_t *chip, const run_t *model) {
    must(mr_backend_sim_link_noise(chip->io, UINT32_MAX, NOISE_EVERY), "noise");
    must(run(chip), "disturbed links");
    must(mr_backend_sim_link_noise(chip->io, UINT32_MAX, 0), "noise");
    same(chip, model, "disturbed links");
    expect_messages(chip, 2u * jobs(chip));
    printf("RESULT links_replays %" PRIu32 " replays\n", sum(chip, MR_LINK_REPLAYS_OFFSET));
    if (sum(chip, MR_LINK_REPLAYS_OFFSET) == 0 || sum(chip, MR_LINK_RX_ERRORS_OFFSET) == 0) {
        fail("disturbed links had no errors");
    }
}

/* links: those that die, a bit each; any of them may be the first to be noticed. */
static void test_dead(run_t *chip, const run_t *model, uint32_t links) {
    mr_session_error_t error;
    uint32_t pages;
    chip->dead = links;
    must(run(chip), "dead link");
    printf("RESULT dead_links_%" PRIu32 "_cycles %" PRIu64 " cycles to the last user's error\n",
           links, cycles(chip) - chip->dead_at);
    chip->dead = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        if (chip->status[i] != 9u) {
            fail("a user behind a dead link has no status 9");
        }
    }
    if (chip->fault.kind != MR_FAULT_LINK || chip->fault.index >= GROUPS ||
        (links >> chip->fault.index & 1u) == 0 ||
        (chip_status(chip) & MR_CHIP_STATUS_LINK_ERROR_MASK) == 0 ||
        link_get(chip, chip->fault.index, MR_LINK_STATUS_OFFSET) == 0) {
        fail("a dead link is not reported");
    }
    must(mr_kv_pages_free(chip->io, &pages), "pages");
    if (pages != chip->pages) {
        fail("pages are lost behind a dead link");
    }
    must(mr_backend_sim_link_noise(chip->io, links, 0), "noise");
    if (mr_session_reload(chip->session, &chip->options, &error) != MR_OK) {
        fail(error.text);
    }
    expect_messages(chip, 0);
    must(run(chip), "after a reset");
    same(chip, model, "after a reset");
    if (chip->fault.kind != MR_FAULT_NONE) {
        fail("a fault after the reset");
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fail("usage: test_links DEVICE MODEL.gguf");
    }
    run_t *model = open_device("model", argv[2]);
    run_t *chip = open_device(argv[1], argv[2]);
    if (mr_session_placement(chip->session)->machine.groups != GROUPS) {
        fail("the device has not two groups");
    }
    if (mr_backend_sim_link_noise(model->io, 1, 0) != MR_UNSUPPORTED) {
        fail("the functional model takes noise");
    }
    must(run(model), "model");
    test_quiet(chip, model);
    test_noise(chip, model);
    test_dead(chip, model, 1);
    test_dead(chip, model, 2);
    test_dead(chip, model, UINT32_MAX);
    close_device(chip);
    close_device(model);
    printf("PASS test_links %s\n", argv[1]);
    return 0;
}
