/* SPDX-License-Identifier: Apache-2.0 */
/* ECC of the KV cache in the chip: tokens with injected errors against the functional model, and
 * the registers of the ECC.
 *
 * usage: test_ecc MODEL.gguf
 * Single-bit errors in words that are read, then in words that are written (with the patrol on):
 * every logit stays as it is, and the counters and the log say what was injected. A double error:
 * one request ends with status 7, the others do not notice, and the prompt runs again afterwards.
 * Exit status 0 and "PASS" only without a difference; 77 when the model file does not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/regs.h"
#include "session/session.h"

enum { USERS = 3, TOKENS = 8, POSITIONS = 64, STATUS_INTEGRITY = 7 };
enum { CODE_WORD = 2, SYNDROME_BIT0 = 0x0B, KIND_SINGLE = 1 };
/* Tokens of user 0 before an error is injected, and until the next when nobody noticed it: words
 * of a burst that nobody asked for go by unseen. */
enum { FIRST_ARM = 2, ARM_AGAIN = 2 };

static const char *const prompts[USERS] = {"Once upon a time", "One day, Lily saw a big dog.",
                                           "The"};

typedef struct {
    uint32_t ids[POSITIONS], n_prompt, positions; /* positions: whose logits are there */
    float *logits;                                /* of each position in turn */
    mr_end_t why;
    uint32_t detail;
} stream_t;

typedef struct {
    mr_session_t *session;
    const mr_mmio_t *io;
    uint32_t vocab;
    stream_t stream[USERS];
    bool arm; /* inject single words until a request ends with an error */
    uint32_t drawn, next_arm, armed, errors;
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

static uint32_t get(const run_t *r, uint32_t offset) {
    uint32_t value = 0;
    must(mr_mmio_read32(r->io, MR_KV_ECC_BASE + offset, &value), "ECC register");
    return value;
}

static void set(const run_t *r, uint32_t offset, uint32_t value) {
    must(mr_mmio_write32(r->io, MR_KV_ECC_BASE + offset, value), "ECC register");
}

/* Flips the mask's bits in CODE_WORD of one word and then of every so manieth. */
static void inject(const run_t *r, bool read, uint32_t mask, uint32_t every) {
    set(r, MR_KV_ECC_INJ_ENABLE_OFFSET, 0);
    set(r, MR_KV_ECC_INJ_OFFSET,
        (read ? MR_KV_ECC_INJ_READ_MASK : 0u) | CODE_WORD << MR_KV_ECC_INJ_CW_SHIFT |
            every << MR_KV_ECC_INJ_EVERY_SHIFT);
    set(r, MR_KV_ECC_INJ_MASK_LO_OFFSET, mask);
    set(r, MR_KV_ECC_INJ_ENABLE_OFFSET, 1);
}

static void clear(const run_t *r) {
    set(r, MR_KV_ECC_INJ_ENABLE_OFFSET, 0);
    set(r, MR_KV_ECC_COMMAND_OFFSET,
        MR_KV_ECC_COMMAND_LOG_CLEAR_MASK | MR_KV_ECC_COMMAND_CNT_CLEAR_MASK);
}

/* ---- a run of all users ---- */

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    run_t *r = ctx;
    stream_t *s = &r->stream[slot];
    if (pos != s->positions || pos >= POSITIONS || n != r->vocab) {
        fail("positions out of order");
    }
    memcpy(s->logits + (size_t)pos * n, logits, n * sizeof *logits);
    s->positions = pos + 1u;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    run_t *r = ctx;
    r->stream[slot].ids[pos] = token;
    if (slot == 0 && r->arm && r->errors == 0 && r->drawn++ == r->next_arm) {
        inject(r, true, 3, 0);
        r->armed++;
        r->next_arm += ARM_AGAIN;
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    run_t *r = ctx;
    r->stream[slot].why = why;
    r->stream[slot].detail = detail;
    r->errors += why == MR_END_ERROR ? 1u : 0u;
}

static void run(run_t *r) {
    mr_sched_t *sched;
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = r};
    must(mr_session_sched(r->session, &events, &sched), "scheduler");
    r->errors = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        stream_t *s = &r->stream[i];
        size_t n;
        must(mr_tokenizer_encode(mr_session_tokenizer(r->session), prompts[i], strlen(prompts[i]),
                                 true, false, s->ids, POSITIONS - TOKENS, &n),
             "prompt");
        s->n_prompt = (uint32_t)n;
        s->positions = 0;
        const mr_request_t request = {.prompt = s->ids,
                                      .n_prompt = s->n_prompt,
                                      .max_tokens = TOKENS,
                                      .sampling = {.top_p = 1.0f},
                                      .prompt_logits = true,
                                      .token_logits = true};
        must(mr_sched_submit(sched, i, &request), "submit");
    }
    for (bool busy = true; busy;) {
        const mr_status_t status = mr_sched_step(sched, &busy);
        const char *fault = status != MR_OK ? mr_device_fault(r->io) : NULL;
        must(status, fault != NULL ? fault : "step");
    }
}

static void open_device(run_t *r, const char *device, const char *model) {
    const mr_session_options_t options = {device, model, NULL, NULL};
    mr_session_error_t error;
    if (mr_session_open(&options, &r->session, &error) != MR_OK) {
        fail(error.text);
    }
    r->io = mr_session_mmio(r->session);
    r->vocab = mr_llama_model_hparams(mr_session_model(r->session))->vocab;
    for (uint32_t i = 0; i < USERS; i++) {
        r->stream[i].logits = calloc((size_t)POSITIONS * r->vocab, sizeof(float));
        if (r->stream[i].logits == NULL) {
            fail("out of memory");
        }
    }
}

static void close_device(run_t *r) {
    mr_session_close(r->session);
    for (uint32_t i = 0; i < USERS; i++) {
        free(r->stream[i].logits);
    }
}

/* Every logit of a request that ended well, and those of an ended one up to its end. */
static void compare(const run_t *got, const run_t *want, const char *what) {
    for (uint32_t i = 0; i < USERS; i++) {
        const stream_t *g = &got->stream[i];
        const stream_t *w = &want->stream[i];
        const bool whole = g->why == MR_END_LENGTH;
        if ((whole && g->positions != w->positions) || w->positions < TOKENS ||
            memcmp(g->logits, w->logits, (size_t)g->positions * got->vocab * sizeof(float)) != 0) {
            fprintf(stderr, "FAIL: %s: logits of user %" PRIu32 " differ\n", what, i);
            exit(1);
        }
    }
}

/* ---- the tests ---- */

static void test_absent(const char *device) {
    mr_mmio_t io;
    mr_session_error_t error;
    uint32_t value;
    if (mr_device_open(device, &io, &error) != MR_OK) {
        fail(error.text);
    }
    must(mr_mmio_read32(&io, MR_CHIP_BASE + MR_CHIP_CAPS_KV_OFFSET, &value), "CAPS_KV");
    if ((value & MR_CHIP_CAPS_KV_ECC_MASK) != 0 ||
        mr_mmio_read32(&io, MR_KV_ECC_BASE, &value) != MR_DEVICE ||
        mr_mmio_write32(&io, MR_KV_ECC_BASE + MR_KV_ECC_PATROL_OFFSET, 1) != MR_DEVICE) {
        fail("a device without ECC answers for it");
    }
    mr_mmio_close(&io);
}

static void test_caps(const run_t *chip) {
    const uint32_t want = 16u << MR_KV_ECC_CAPS_WORD_SHIFT | 8u << MR_KV_ECC_CAPS_CODES_SHIFT |
                          6u << MR_KV_ECC_CAPS_CHECK_SHIFT;
    uint32_t caps;
    must(mr_mmio_read32(chip->io, MR_CHIP_BASE + MR_CHIP_CAPS_KV_OFFSET, &caps), "CAPS_KV");
    if ((caps & MR_CHIP_CAPS_KV_ECC_MASK) == 0 || get(chip, MR_KV_ECC_CAPS_OFFSET) != want) {
        fail("the chip does not tell its ECC");
    }
}

/* Nothing injected. fresh: no flips of before are left in pages either. */
static void test_clean(run_t *chip, const run_t *model, bool fresh) {
    clear(chip);
    run(chip);
    compare(chip, model, "no injection");
    if (chip->errors != 0 || get(chip, MR_KV_ECC_DETECTED_OFFSET) != 0 ||
        get(chip, MR_KV_ECC_POISONED_OFFSET) != 0 || get(chip, MR_KV_ECC_INJECTED_OFFSET) != 0 ||
        (fresh && (get(chip, MR_KV_ECC_CORRECTED_OFFSET) != 0 ||
                   get(chip, MR_KV_ECC_LOG_STATUS_OFFSET) != 0))) {
        fail("errors that nobody injected");
    }
}

/* Pops the log empty; each entry is the injected kind. */
static uint32_t pop_log(const run_t *chip) {
    const uint32_t mask =
        MR_KV_ECC_LOG_HI_CW_MASK | MR_KV_ECC_LOG_HI_SYNDROME_MASK | MR_KV_ECC_LOG_HI_KIND_MASK;
    const uint32_t want = CODE_WORD << MR_KV_ECC_LOG_HI_CW_SHIFT |
                          SYNDROME_BIT0 << MR_KV_ECC_LOG_HI_SYNDROME_SHIFT |
                          KIND_SINGLE << MR_KV_ECC_LOG_HI_KIND_SHIFT;
    uint32_t entries = 0;
    for (;;) {
        set(chip, MR_KV_ECC_COMMAND_OFFSET, MR_KV_ECC_COMMAND_LOG_POP_MASK);
        if ((get(chip, MR_KV_ECC_LOG_STATUS_OFFSET) & MR_KV_ECC_LOG_STATUS_VALID_MASK) == 0) {
            return entries;
        }
        if ((get(chip, MR_KV_ECC_LOG_HI_OFFSET) & mask) != want) {
            fail("a log entry does not tell what was injected");
        }
        entries++;
    }
}

static void test_single_read(run_t *chip, const run_t *model) {
    clear(chip);
    inject(chip, true, 1, 5);
    run(chip);
    set(chip, MR_KV_ECC_INJ_ENABLE_OFFSET, 0);
    compare(chip, model, "single errors in read words");
    const uint32_t injected = get(chip, MR_KV_ECC_INJECTED_OFFSET);
    const uint32_t first = get(chip, MR_KV_ECC_FIRST_HI_OFFSET);
    printf("RESULT ecc_read_words_corrected %" PRIu32 " words\n", injected);
    if (injected < 100 || get(chip, MR_KV_ECC_CORRECTED_OFFSET) != injected ||
        get(chip, MR_KV_ECC_DETECTED_OFFSET) != 0 || get(chip, MR_KV_ECC_POISONED_OFFSET) != 0) {
        fail("the words corrected are not those injected");
    }
    if (pop_log(chip) != 16 ||
        (first & MR_KV_ECC_LOG_HI_CW_MASK) >> MR_KV_ECC_LOG_HI_CW_SHIFT != CODE_WORD) {
        fail("the log does not hold the last 16 events and the first");
    }
}

static void test_single_write(run_t *chip, const run_t *model) {
    clear(chip);
    set(chip, MR_KV_ECC_PATROL_OFFSET, 1);
    inject(chip, false, 1, 2);
    run(chip);
    set(chip, MR_KV_ECC_INJ_ENABLE_OFFSET, 0);
    set(chip, MR_KV_ECC_PATROL_OFFSET, 0);
    compare(chip, model, "single errors in written words");
    printf("RESULT ecc_written_words_injected %" PRIu32 " words\n",
           get(chip, MR_KV_ECC_INJECTED_OFFSET));
    printf("RESULT ecc_patrol_words_corrected %" PRIu32 " words\n",
           get(chip, MR_KV_ECC_PATROL_WORDS_OFFSET));
    if (get(chip, MR_KV_ECC_INJECTED_OFFSET) < 100 || get(chip, MR_KV_ECC_CORRECTED_OFFSET) == 0 ||
        get(chip, MR_KV_ECC_DETECTED_OFFSET) != 0 ||
        get(chip, MR_KV_ECC_PATROL_PAGES_OFFSET) == 0 ||
        get(chip, MR_KV_ECC_PATROL_WORDS_OFFSET) == 0) {
        fail("neither streams nor the patrol met the flipped words");
    }
}

static void test_double(run_t *chip, const run_t *model) {
    clear(chip);
    chip->arm = true;
    chip->drawn = 0;
    chip->next_arm = FIRST_ARM;
    run(chip);
    chip->arm = false;
    set(chip, MR_KV_ECC_INJ_ENABLE_OFFSET, 0);
    compare(chip, model, "a double error");
    uint32_t lost = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        const stream_t *s = &chip->stream[i];
        if (s->why == MR_END_ERROR && s->detail == STATUS_INTEGRITY) {
            lost++;
        } else if (s->why != MR_END_LENGTH) {
            fail("a request ended for another reason");
        }
    }
    printf("RESULT ecc_double_errors %" PRIu32 " words\n", get(chip, MR_KV_ECC_DETECTED_OFFSET));
    if (lost != 1 || get(chip, MR_KV_ECC_DETECTED_OFFSET) != chip->armed ||
        get(chip, MR_KV_ECC_INJECTED_OFFSET) != chip->armed) {
        fail("not exactly one request ended with status 7");
    }
}

int main(int argc, char **argv) {
    static run_t model;
    static run_t chip;
    if (argc != 2) {
        fail("usage: test_ecc MODEL.gguf");
    }
    if (access(argv[1], R_OK) != 0) {
        printf("SKIP: no %s\n", argv[1]);
        return 77;
    }
    test_absent("model");
    test_absent("sim");
    open_device(&model, "model", argv[1]);
    run(&model);
    open_device(&chip, "sim:ddr4-2400-ecc", argv[1]);
    test_caps(&chip);
    test_clean(&chip, &model, true);
    test_single_read(&chip, &model);
    test_single_write(&chip, &model);
    test_double(&chip, &model);
    test_clean(&chip, &model, false);
    close_device(&model);
    close_device(&chip);
    printf("PASS test_ecc\n");
    return 0;
}
