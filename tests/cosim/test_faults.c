/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles that stop answering: users get errors, the rest goes on, the device comes back.
 *
 * usage: test_faults DEVICE MODEL.gguf
 * Each fault strikes while users decode: a tile that firmware gives up, a program without END, and
 * (simulated chips without a PHY) a DRAM that does not answer. All users that meet the tile end
 * with status 8 within a bound, the others (of other clones) draw what they draw alone, the
 * scheduler names the tile, no page stays in use, and after a reset in the same process the users
 * draw the same tokens as before. Jobs whose second message never comes end with status 8 and harm
 * nobody; a tile that was given up answers at once, and does not hold its neighbour back. Exit
 * status 0 and "PASS" only then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/backend_sim.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/program.h"
#include "millrace/regs.h"
#include "session/session.h"

enum { USERS = 4, TOKENS = 12, PROMPT_MAX = 32, VOCAB_MAX = 4096, QUEUE = 8 };
enum { WATCHDOG = 6000, STALL_CYCLES = 40000, BOUND_CYCLES = 400000, STRIKE_TOKENS = 10 };

static const char *const prompts[USERS] = {"Once upon a time", "The", "A dog saw", "She"};

typedef enum { STRIKE_NONE, STRIKE_FAIL, STRIKE_NO_END, STRIKE_DRAM } strike_t;

typedef struct {
    mr_session_options_t options;
    mr_session_t *session;
    const mr_mmio_t *io;
    uint32_t tiles;
    uint32_t last; /* tile of the chain's last visit */
    uint32_t pages;
    strike_t strike;
    uint32_t strike_tokens; /* the model makes all tokens at once: there it strikes at 0 */
    bool struck;
    uint32_t total; /* tokens of all users */
    uint32_t token[USERS][TOKENS];
    uint32_t n[USERS];
    uint32_t ends;
    mr_end_t why[USERS];
    uint32_t detail[USERS];
} test_t;

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

static uint32_t tile_addr(uint32_t tile, uint32_t offset) {
    return MR_TILE_BASE + tile * MR_TILE_STRIDE + offset;
}

static uint32_t get(const test_t *t, uint32_t addr) {
    uint32_t value = 0;
    must(mr_mmio_read32(t->io, addr, &value), "register");
    return value;
}

static void put(const test_t *t, uint32_t addr, uint32_t value) {
    must(mr_mmio_write32(t->io, addr, value), "register");
}

static void set_watchdogs(const test_t *t) {
    for (uint32_t i = 0; i < t->tiles; i++) {
        put(t, tile_addr(i, MR_TILE_WATCHDOG_OFFSET), WATCHDOG);
    }
}

static uint64_t cycles(const test_t *t) {
    uint64_t now;
    must(mr_chip_cycles(t->io, &now), "cycles");
    return now;
}

/* ---- users ----------------------------------------------------------------------------------- */

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    test_t *t = ctx;
    (void)pos;
    if (t->n[slot] >= TOKENS) {
        fail("too many tokens");
    }
    t->token[slot][t->n[slot]++] = token;
    t->total++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    test_t *t = ctx;
    t->ends++;
    t->why[slot] = why;
    t->detail[slot] = detail;
}

static void make_sched(test_t *t, mr_sched_t *sched) {
    static mr_slot_t slots[USERS];
    static float logits[VOCAB_MAX];
    static uint32_t order[VOCAB_MAX];
    static mr_route_t route;
    mr_route_of(&route, mr_session_placement(t->session));
    const mr_sched_config_t cfg = {.mmio = t->io,
                                   .route = &route,
                                   .slots = slots,
                                   .n_slots = USERS,
                                   .logits = logits,
                                   .order = order,
                                   .stall_cycles = STALL_CYCLES,
                                   .events = {.token = on_token, .end = on_end, .ctx = t}};
    must(mr_sched_init(sched, &cfg), "scheduler");
}

/* Greedy users in the loop, the others through firmware. */
static void submit(test_t *t, mr_sched_t *sched, uint32_t slot) {
    static uint32_t prompt[USERS][PROMPT_MAX];
    size_t n;
    must(mr_tokenizer_encode(mr_session_tokenizer(t->session), prompts[slot], strlen(prompts[slot]),
                             true, false, prompt[slot], PROMPT_MAX, &n),
         "prompt");
    const mr_request_t r = {
        .prompt = prompt[slot],
        .n_prompt = (uint32_t)n,
        .max_tokens = TOKENS,
        .sampling = {.temperature = slot % 2u == 0 ? 0.0f : 0.8f, .top_p = 1.0f, .seed = slot}};
    must(mr_sched_submit(sched, slot, &r), "submit");
}

/* The last tile gets a program of nothing but ADDs that no job's flags allow. */
static void no_end(const test_t *t) {
    static const uint32_t never[MR_DESC_WORDS] = {5u | 1u << 12 | 1u << 14 | 2u << 16 | 4u << 16};
    const uint32_t descs = mr_session_placement(t->session)->machine.pmem_descs;
    for (uint32_t i = 0; i < descs; i++) {
        must(mr_window_write(t->io, MR_MEM_PMEM, t->last, i * MR_DESC_WORDS, never, MR_DESC_WORDS),
             "program");
    }
    must(mr_chip_bus_error(t->io), "program");
}

static void strike(test_t *t) {
    if (t->strike == STRIKE_FAIL && !t->struck) {
        put(t, tile_addr(t->last, MR_TILE_CTRL_OFFSET),
            MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_FAIL_MASK);
    }
    if (t->strike == STRIKE_DRAM) {
        must(mr_backend_sim_dram_mute(t->io, 1), "DRAM");
    }
    t->struck = true;
}

static void run(test_t *t, mr_sched_t *sched) {
    uint64_t struck_at = 0;
    make_sched(t, sched);
    t->ends = 0;
    t->total = 0;
    t->struck = false;
    for (uint32_t i = 0; i < USERS; i++) {
        t->n[i] = 0;
        submit(t, sched, i);
    }
    for (bool busy = true; busy;) {
        if (t->strike == STRIKE_NO_END ||
            (t->strike != STRIKE_NONE && t->total >= t->strike_tokens)) {
            struck_at = t->struck ? struck_at : cycles(t);
            strike(t);
            if (cycles(t) - struck_at > BOUND_CYCLES) {
                fail("users do not end within the bound");
            }
        }
        must(mr_sched_step(sched, &busy), "step");
    }
    if (t->ends != USERS) {
        fail("not every user ended");
    }
    if (struck_at != 0) {
        printf("RESULT fault_%d_cycles %" PRIu64 " cycles to the last user's error\n",
               (int)t->strike, cycles(t) - struck_at);
    }
}

static void expect_pages(const test_t *t) {
    uint32_t pages;
    must(mr_kv_pages_free(t->io, &pages), "pages");
    if (pages != t->pages) {
        fprintf(stderr, "FAIL: %" PRIu32 " pages free of %" PRIu32 "\n", pages, t->pages);
        exit(1);
    }
}

static void expect_good(test_t *t, const test_t *want, const char *when) {
    mr_sched_t sched;
    t->strike = STRIKE_NONE;
    run(t, &sched);
    for (uint32_t i = 0; i < USERS; i++) {
        if (t->why[i] != MR_END_LENGTH || t->n[i] != want->n[i] ||
            memcmp(t->token[i], want->token[i], sizeof t->token[i]) != 0) {
            fprintf(stderr, "FAIL: %s: tokens of user %" PRIu32 " differ\n", when, i);
            exit(1);
        }
    }
    if (mr_sched_fault(&sched)->kind != MR_FAULT_NONE) {
        fail("a fault on a device without one");
    }
    expect_pages(t);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void reload(test_t *t) {
    mr_session_error_t error;
    if (mr_session_reload(t->session, &t->options, &error) != MR_OK) {
        fail(error.text);
    }
    for (uint32_t i = 0; i < t->tiles; i++) {
        if (get(t, tile_addr(i, MR_TILE_FAULT_OFFSET)) != 0) {
            fail("a reset leaves a tile given up");
        }
    }
    set_watchdogs(t);
}

/* Whether a slot's jobs come to the last tile: with clones only some do. */
static bool meets(const test_t *t, uint32_t slot) {
    const mr_placement_t *p = mr_session_placement(t->session);
    for (uint32_t i = 0; i < p->n_visits; i++) {
        if (p->visit[i].tile + slot % p->visit[i].clones == t->last) {
            return true;
        }
    }
    return false;
}

static void expect_end(const test_t *t, const test_t *want, uint32_t user, bool error) {
    const bool good =
        error ? t->why[user] == MR_END_ERROR && t->detail[user] == 8u
              : t->why[user] == MR_END_LENGTH && t->n[user] == want->n[user] &&
                    memcmp(t->token[user], want->token[user], sizeof t->token[user]) == 0;
    if (!good) {
        fprintf(stderr,
                "FAIL: user %" PRIu32 " %s the tile that stopped and ended with %d, status %" PRIu32
                ", %" PRIu32 " tokens\n",
                user, error ? "met" : "did not meet", (int)t->why[user], t->detail[user],
                t->n[user]);
        exit(1);
    }
}

static void test_strike(test_t *t, const test_t *want, strike_t kind) {
    mr_sched_t sched;
    if (kind == STRIKE_NO_END) {
        no_end(t);
    }
    t->strike = kind;
    run(t, &sched);
    const mr_fault_t *fault = mr_sched_fault(&sched);
    if (fault->kind != MR_FAULT_TILE || (kind != STRIKE_DRAM && fault->index != t->last) ||
        fault->slot >= USERS) {
        fprintf(stderr, "FAIL: the fault is of kind %d, of tile %" PRIu32 " and slot %" PRIu32 "\n",
                (int)fault->kind, fault->index, fault->slot);
        exit(1);
    }
    for (uint32_t i = 0; i < USERS; i++) {
        expect_end(t, want, i, kind == STRIKE_DRAM || meets(t, i));
    }
    expect_pages(t);
    if (kind == STRIKE_DRAM) {
        must(mr_backend_sim_dram_mute(t->io, 0), "DRAM");
    }
    reload(t);
    expect_good(t, want, "after a reset");
}

/* A job of two messages of which one comes. */
static void test_half(test_t *t, const test_t *want) {
    const mr_visit_t *first = &mr_session_placement(t->session)->visit[0];
    const uint64_t start = cycles(t);
    mr_result_t res;
    put(t, MR_HUB_BASE + MR_HUB_INJ_DEST_OFFSET, 2u << first->tile);
    put(t, MR_HUB_BASE + MR_HUB_INJ_PROG_OFFSET,
        (uint32_t)first->pc << MR_HUB_INJ_PROG_PC_SHIFT |
            (uint32_t)(MR_JOB_HEAD | MR_JOB_TOP) << MR_HUB_INJ_PROG_FLAGS_SHIFT |
            2u << MR_HUB_INJ_PROG_PARTS_SHIFT);
    put(t, MR_HUB_BASE + MR_HUB_INJ_TOKEN_OFFSET, 1);
    put(t, MR_HUB_BASE + MR_HUB_INJ_POS_OFFSET, 5);
    put(t, MR_HUB_BASE + MR_HUB_INJ_SLOT_OFFSET, USERS);
    put(t, MR_HUB_BASE + MR_HUB_INJ_CTRL_OFFSET, MR_HUB_INJ_CTRL_PUSH_MASK);
    while (mr_hub_peek(t->io, &res) == MR_BUSY) {
        if (cycles(t) - start > BOUND_CYCLES) {
            fail("a job without its second message does not end");
        }
        must(mr_mmio_wait(t->io, 500), "wait");
    }
    if (res.status != 8u || res.slot != USERS || res.pos != 5u) {
        fail("a job without its second message has another status");
    }
    must(mr_hub_pop(t->io), "pop");
    if (cycles(t) - start < WATCHDOG) {
        fail("the job ended before its time");
    }
    expect_good(t, want, "behind half a job");
}

/* Jobs of two tiles, of which one was given up. */
static void test_neighbour(test_t *t, const test_t *want) {
    static const uint32_t program[2][MR_DESC_WORDS] = {
        {11u, 1u, 0, 0, 2u, 1u << 16}, /* SEND of two elements to the hub */
        {0u}};
    uint32_t answers[2] = {0, 0};
    for (uint32_t tile = 0; tile < 2u; tile++) {
        must(mr_window_write(t->io, MR_MEM_PMEM, tile, 0, program[0], 2u * MR_DESC_WORDS),
             "program");
    }
    put(t, tile_addr(0, MR_TILE_CTRL_OFFSET), MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_FAIL_MASK);
    const uint64_t start = cycles(t);
    for (uint32_t i = 0; i < 20u; i++) {
        const mr_job_t job = {.tile = i % 2u, .pos = i, .slot = i % 2u};
        mr_status_t status;
        mr_result_t res;
        while ((status = mr_hub_inject(t->io, &job)) == MR_BUSY) {
            must(mr_mmio_wait(t->io, 10), "wait");
        }
        must(status, "inject");
        while ((status = mr_hub_peek(t->io, &res)) == MR_BUSY && cycles(t) - start < WATCHDOG) {
            must(mr_mmio_wait(t->io, 10), "wait");
        }
        must(status, "result");
        if (res.slot != i % 2u || res.status != (i % 2u == 0 ? 8u : 0u)) {
            fail("a neighbour of a tile that was given up has another status");
        }
        answers[res.slot]++;
        must(mr_hub_pop(t->io), "pop");
    }
    if (answers[0] != 10u || answers[1] != 10u) {
        fail("jobs got lost");
    }
    reload(t);
    expect_good(t, want, "after the neighbours");
}

static test_t *open_device(const char *device, const char *model) {
    mr_session_error_t error;
    test_t *t = calloc(1, sizeof *t);
    if (t == NULL) {
        fail("out of memory");
    }
    t->options = (mr_session_options_t){device, model, NULL, NULL};
    if (mr_session_open(&t->options, &t->session, &error) != MR_OK) {
        fail(error.text);
    }
    const mr_placement_t *p = mr_session_placement(t->session);
    t->io = mr_session_mmio(t->session);
    t->tiles = mr_machine_tiles(&p->machine);
    t->last = p->visit[p->n_visits - 1u].tile;
    if (mr_llama_model_hparams(mr_session_model(t->session))->vocab > VOCAB_MAX) {
        fail("vocabulary too large");
    }
    must(mr_kv_pages_free(t->io, &t->pages), "pages");
    set_watchdogs(t);
    return t;
}

int main(int argc, char **argv) {
    mr_sched_t sched;
    if (argc != 3) {
        fail("usage: test_faults DEVICE MODEL.gguf");
    }
    const bool simulated = strncmp(argv[1], "sim", 3) == 0;
    test_t *want = open_device("model", argv[2]);
    test_t *t = open_device(argv[1], argv[2]);
    t->strike_tokens = simulated ? STRIKE_TOKENS : 0;
    run(want, &sched);
    expect_good(t, want, "before any fault");
    test_half(t, want);
    test_strike(t, want, STRIKE_FAIL);
    test_strike(t, want, STRIKE_NO_END);
    if (mr_backend_sim_dram_mute(t->io, 0) == MR_OK) {
        test_strike(t, want, STRIKE_DRAM);
    }
    if (mr_session_placement(t->session)->machine.tiles >= 2u) { /* jobs go to group 0 */
        test_neighbour(t, want);
    }
    mr_session_close(t->session);
    mr_session_close(want->session);
    free(t);
    free(want);
    printf("PASS test_faults %s\n", argv[1]);
    return 0;
}
