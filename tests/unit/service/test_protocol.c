/* SPDX-License-Identifier: Apache-2.0 */
/* The service before a host that does everything wrong: each message is answered, nothing outside
 * the shared memory is touched, and a good host is served afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_core.h"
#include "fixture.h"
#include "millrace/arith.h"
#include "millrace/load.h"
#include "mr_test_random.h"
#include "session/core_log.h"

#define SLOTS 8u
#define VOCAB 64u
#define CONTEXT 64u
#define WORK_BYTES (96u * 1024u)
#define IN_WORDS MR_SERVICE_TO_CORE_WORDS
#define OUT_WORDS MR_SERVICE_TO_HOST_WORDS
#define FIELDS (sizeof(mr_mailbox_setup_t) / sizeof(uint32_t))

typedef struct {
    fixture_image_t image;
    fixture_device_t dev;
    mr_placement_t p;
    fake_core_t core;
    mr_mailbox_t *h;
    uint32_t seq;
    uint32_t got; /* of the ring to the host */
    uint32_t answer[8];
} bench_t;

static bench_t b;

static int setup(void **state) {
    (void)state;
    mr_backend_model_config_t hw;
    mr_place_formats_t formats;
    mr_machine_t machine;
    mr_image_t image;
    mr_fit_t fit;
    memset(&b, 0, sizeof b);
    mr_model_shape_t shape = fixture_shape();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&b.image, &shape, &formats, 5);
    mr_backend_model_default_config(&hw);
    hw.kv_slots = SLOTS;
    fixture_device_open(&b.dev, &hw);
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&image, &b.image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&b.dev.io, &machine), MR_OK);
    assert_int_equal(mr_load(&b.dev.io, &machine, &image, &cfg, &b.p, &fit), MR_OK);
    free(cfg.work);
    fake_core_open(&b.core, &b.dev.io, WORK_BYTES);
    b.h = fake_core_header(&b.core);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    assert_true(fake_core_intact(&b.core, WORK_BYTES));
    fixture_device_close(&b.dev);
    fixture_image_free(&b.image);
    return 0;
}

/* ---- a host ---- */

static uint32_t *in_word(uint32_t i) {
    return &b.core.sram[b.h->to_core.offset / 4u + i % IN_WORDS];
}

static uint32_t out_word(uint32_t i) {
    return b.core.sram[b.h->to_host.offset / 4u + i % OUT_WORDS];
}

/* Puts words into the ring as they are. */
static void put_raw(const uint32_t *words, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        *in_word(b.h->to_core.put + i) = words[i];
    }
    b.h->to_core.put += n;
}

static uint32_t first_word(uint32_t type, uint32_t words) {
    return words | type << MR_MAILBOX_TYPE_SHIFT | (b.seq++ & 0xFFu) << MR_MAILBOX_SEQ_SHIFT;
}

static void send(uint32_t type, const uint32_t *words, uint32_t n) {
    uint32_t message[MR_MAILBOX_MESSAGE_MAX] = {first_word(type, n + 1u)};
    for (uint32_t i = 0; i < n; i++) {
        message[1u + i] = words[i];
    }
    put_raw(message, n + 1u);
}

/* Takes the next message to the host; its type, 0: none. */
static uint32_t receive(void) {
    const uint32_t used = b.h->to_host.put - b.got;
    if (used == 0) {
        return 0;
    }
    const uint32_t first = out_word(b.got);
    const uint32_t n = first & MR_MAILBOX_WORDS_MASK;
    assert_true(n >= 1u && n <= used && n <= 8u);
    for (uint32_t i = 0; i < n; i++) {
        b.answer[i] = out_word(b.got + i);
    }
    b.got += n;
    b.h->to_host.got = b.got;
    return (first & MR_MAILBOX_TYPE_MASK) >> MR_MAILBOX_TYPE_SHIFT;
}

/* One round; the type of the message that came, which has to be the only one. */
static uint32_t round_trip(void) {
    (void)mr_service_step(&b.core.service);
    const uint32_t type = receive();
    const uint32_t answer[8] = {b.answer[0], b.answer[1], b.answer[2], b.answer[3]};
    assert_int_equal(receive(), 0);
    memcpy(b.answer, answer, sizeof answer);
    return type;
}

/* The last message is refused with a status. */
static void expect_refused(mr_status_t status) {
    assert_int_equal(round_trip(), MR_MSG_REFUSED);
    assert_int_equal((int32_t)b.answer[3], status);
}

static void hello(void) {
    send(MR_MSG_HELLO, (const uint32_t[]){MR_MAILBOX_OLDEST, MR_MAILBOX_VERSION}, 2);
    assert_int_equal(round_trip(), MR_MSG_HELLO_OK);
    assert_int_equal(b.answer[1], MR_MAILBOX_VERSION);
}

static void good_setup(uint32_t *words) {
    mr_route_t r;
    mr_route_of(&r, &b.p);
    const mr_mailbox_setup_t s = {.tile = r.tile,
                                  .pc = r.pc,
                                  .window = r.window,
                                  .candidates = r.candidates,
                                  .vocab = r.vocab,
                                  .context = r.context,
                                  .result_elems = r.result_elems,
                                  .slots = SLOTS,
                                  .tiles = r.tiles,
                                  .groups = r.groups,
                                  .stall_cycles = 100000};
    memcpy(words, &s, sizeof s);
}

static void start(void) {
    uint32_t words[FIELDS];
    hello();
    good_setup(words);
    send(MR_MSG_SETUP, words, FIELDS);
    assert_int_equal(round_trip(), MR_MSG_SETUP_DONE);
    assert_int_equal(b.h->state, MR_MAILBOX_SERVING);
    assert_int_equal(b.h->logits_words, VOCAB);
}

/* A request at an offset of the arena: n prompt tokens, then m are drawn. */
static mr_mailbox_request_t *make_request(uint32_t at, uint32_t n, uint32_t m) {
    mr_mailbox_request_t *r = (void *)&b.core.sram[(b.h->arena + at) / 4u];
    *r = (mr_mailbox_request_t){.n_prompt = n, .max_tokens = m, .top_p = mr_f32_bits(1.0f)};
    for (uint32_t i = 0; i < n && n <= CONTEXT; i++) {
        b.core.sram[(b.h->arena + at + sizeof *r) / 4u + i] = (i * 7u + at) % VOCAB;
    }
    return r;
}

static void submit(uint32_t tag, uint32_t slot, uint32_t at) {
    send(MR_MSG_SUBMIT, (const uint32_t[]){tag, slot, b.h->arena + at}, 3);
}

/* Rounds until a message of a type comes; others are passed over. */
static void wait_for(uint32_t type) {
    for (uint32_t i = 0; i < 10000u; i++) {
        uint32_t got;
        while ((got = receive()) != 0) {
            if (got == type) {
                return;
            }
        }
        (void)mr_service_step(&b.core.service);
    }
    fail_msg("message %u does not come", type);
}

/* A good host is served. */
static void expect_service(void) {
    make_request(0, 4, 5);
    submit(0xABCD, 0, 0);
    wait_for(MR_MSG_START);
    wait_for(MR_MSG_END);
    assert_int_equal(b.answer[1], 0xABCD);
    assert_int_equal(b.answer[3], MR_END_LENGTH);
}

/* ---- tests ---- */

static void test_init__arguments(void **state) {
    static mr_service_t s;
    const mr_service_config_t good = b.core.service.cfg;
    (void)state;
    for (uint32_t i = 0; i < 5u; i++) {
        mr_service_config_t c = good;
        c.chip = i == 0 ? NULL : c.chip;
        c.sram = i == 1u ? NULL : c.sram;
        c.work = i == 2u ? 0 : i == 3u ? c.work + 2u : c.work;
        c.work_bytes = i == 4u ? MR_SERVICE_WORK_MIN - 4u : c.work_bytes;
        assert_int_equal(mr_service_init(&s, &c), i == 4u ? MR_NO_SPACE : MR_ARG);
    }
}

static void test_header__tells_what_there_is(void **state) {
    (void)state;
    assert_int_equal(b.h->magic, MR_MAILBOX_MAGIC);
    assert_int_equal(b.h->state, MR_MAILBOX_UP);
    assert_int_equal(b.h->slots, MR_SERVICE_SLOTS);
    assert_int_equal(b.h->queue, MR_SERVICE_QUEUE);
    assert_int_equal(b.h->arena_bytes, 0);
    const uint32_t heartbeat = b.h->heartbeat;
    assert_false(mr_service_step(&b.core.service));
    assert_int_equal(b.h->heartbeat, heartbeat + 1u);
    assert_false(b.core.host_bell);
}

static void test_hello__newest_that_both_speak(void **state) {
    (void)state;
    send(MR_MSG_HELLO, (const uint32_t[]){0x00000001u, MR_MAILBOX_VERSION + 0x50007u}, 2);
    assert_int_equal(round_trip(), MR_MSG_HELLO_OK);
    assert_int_equal(b.answer[1], MR_MAILBOX_VERSION);
    assert_true(b.core.host_bell);
    assert_int_equal(b.h->state, MR_MAILBOX_GREETED);
}

static void test_hello__refuses_versions(void **state) {
    (void)state;
    send(MR_MSG_HELLO, (const uint32_t[]){MR_MAILBOX_VERSION + 1u, MR_MAILBOX_VERSION + 9u}, 2);
    expect_refused(MR_UNSUPPORTED);
    send(MR_MSG_HELLO, (const uint32_t[]){0, MR_MAILBOX_OLDEST - 1u}, 2);
    expect_refused(MR_UNSUPPORTED);
    uint32_t words[FIELDS];
    good_setup(words);
    send(MR_MSG_SETUP, words, FIELDS);
    expect_refused(MR_STATE);
    submit(1, 0, 0);
    expect_refused(MR_STATE);
    send(MR_MSG_DRAIN, (const uint32_t[]){1}, 1);
    expect_refused(MR_STATE);
    start();
    expect_service();
}

static void test_setup__every_field(void **state) {
    static const struct {
        size_t field;
        uint32_t bad;
    } bad[] = {{offsetof(mr_mailbox_setup_t, tile), 31},
               {offsetof(mr_mailbox_setup_t, pc), 65536},
               {offsetof(mr_mailbox_setup_t, window), 0},
               {offsetof(mr_mailbox_setup_t, window), 65536},
               {offsetof(mr_mailbox_setup_t, candidates), 0},
               {offsetof(mr_mailbox_setup_t, candidates), 15},
               {offsetof(mr_mailbox_setup_t, vocab), 0},
               {offsetof(mr_mailbox_setup_t, vocab), 262145},
               {offsetof(mr_mailbox_setup_t, context), 0},
               {offsetof(mr_mailbox_setup_t, context), 262145},
               {offsetof(mr_mailbox_setup_t, result_elems), VOCAB - 1u},
               {offsetof(mr_mailbox_setup_t, slots), 0},
               {offsetof(mr_mailbox_setup_t, slots), MR_SERVICE_SLOTS + 1u},
               {offsetof(mr_mailbox_setup_t, tiles), 0},
               {offsetof(mr_mailbox_setup_t, tiles), 257},
               {offsetof(mr_mailbox_setup_t, groups), 0},
               {offsetof(mr_mailbox_setup_t, groups), 17},
               {offsetof(mr_mailbox_setup_t, stall_cycles), 0},
               {offsetof(mr_mailbox_setup_t, n_tiles), 257},
               {offsetof(mr_mailbox_setup_t, n_tiles), 1}}; /* it is not there */
    uint32_t words[FIELDS + 1u];
    (void)state;
    start();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        good_setup(words);
        words[bad[i].field / 4u] = bad[i].bad;
        send(MR_MSG_SETUP, words, FIELDS);
        expect_refused(MR_RANGE);
        assert_int_equal(b.h->state, MR_MAILBOX_GREETED);
    }
    good_setup(words);
    words[offsetof(mr_mailbox_setup_t, n_tiles) / 4u] = 2;
    words[FIELDS] = words[offsetof(mr_mailbox_setup_t, tiles) / 4u] << 8; /* no such tile */
    send(MR_MSG_SETUP, words, FIELDS + 1u);
    expect_refused(MR_RANGE);
    good_setup(words);
    words[offsetof(mr_mailbox_setup_t, vocab) / 4u] = 65536;
    words[offsetof(mr_mailbox_setup_t, result_elems) / 4u] = 65536;
    send(MR_MSG_SETUP, words, FIELDS);
    expect_refused(MR_NO_SPACE);
    submit(1, 0, 0);
    expect_refused(MR_STATE);
    good_setup(words);
    send(MR_MSG_SETUP, words, FIELDS);
    assert_int_equal(round_trip(), MR_MSG_SETUP_DONE);
    expect_service();
}

static void test_messages__malformed(void **state) {
    (void)state;
    start();
    /* Types that there are not, among them those of the other direction. */
    static const uint32_t types[] = {0, 8, 0x7F, MR_MSG_TOKEN, MR_MSG_HELLO_OK, 0xFF};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        send(types[i], (const uint32_t[]){1, 2, 3}, 3);
        expect_refused(MR_UNSUPPORTED);
    }
    /* Each message a word too short. */
#define SHORT_(name_, value_, words_)                                                              \
    if ((words_) > 1u) {                                                                           \
        const uint32_t zeros[(words_)] = {0};                                                      \
        send((value_), zeros, (words_)-2u);                                                        \
        expect_refused(MR_FORMAT);                                                                 \
    }
    MR_MAILBOX_TO_CORE(SHORT_)
#undef SHORT_
    /* Lengths that cannot be: the rest of the ring is thrown away. */
    static const uint32_t lengths[] = {0, MR_MAILBOX_MESSAGE_MAX + 1u, 0xFFFF, 5};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t first = lengths[i] | MR_MSG_CANCEL << MR_MAILBOX_TYPE_SHIFT;
        put_raw((const uint32_t[]){first, 1, 2, 3}, 4);
        expect_refused(MR_FORMAT);
        assert_int_equal(b.h->to_core.got, b.h->to_core.put);
    }
    /* A sequence that is not next: not carried out, and the one behind it is. */
    b.seq += 3;
    send(MR_MSG_DRAIN, (const uint32_t[]){1}, 1);
    expect_refused(MR_FORMAT);
    expect_service();
}

static void test_ring__impossible_indices(void **state) {
    (void)state;
    start();
    b.h->to_core.put += IN_WORDS + 1u;
    expect_refused(MR_FORMAT);
    b.h->to_core.put -= 1u;
    expect_refused(MR_FORMAT);
    b.h->to_core.put = b.h->to_core.got;
    expect_service();
    /* An impossible `got`: it is as if the ring were full, and nothing is sent or lost. */
    make_request(0, 4, 5);
    submit(7, 0, 0);
    b.h->to_host.got = b.got + 1u;
    const uint32_t put = b.h->to_host.put;
    for (uint32_t i = 0; i < 100u; i++) {
        assert_false(mr_service_step(&b.core.service));
    }
    assert_int_equal(b.h->to_host.put, put);
    b.h->to_host.got = b.got;
    wait_for(MR_MSG_END);
    assert_int_equal(b.answer[1], 7);
}

static void test_submit__what_is_wrong_with_a_request(void **state) {
    (void)state;
    start();
    const uint32_t bytes = b.h->arena_bytes;
    const uint32_t head = (uint32_t)sizeof(mr_mailbox_request_t);
    const uint32_t outside[] = {2, bytes - head + 4u, bytes, 0u - 4u, 0u - b.h->arena, 0x7FFFFFFCu};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        submit(1, 0, outside[i]);
        expect_refused(MR_RANGE);
        assert_int_equal(b.answer[2], 1);
    }
    make_request(0, 4, 5);
    submit(2, SLOTS, 0);
    expect_refused(MR_RANGE);
#define WRONG_(field_, value_)                                                                     \
    make_request(0, 4, 5)->field_ = (value_);                                                      \
    submit(3, 0, 0);                                                                               \
    expect_refused(MR_RANGE);                                                                      \
    submit(3, MR_MAILBOX_ANY_SLOT, 0);                                                             \
    expect_refused(MR_RANGE)
    WRONG_(n_prompt, 0);
    WRONG_(n_prompt, CONTEXT + 1u);
    WRONG_(n_prompt, bytes);
    WRONG_(n_prompt, 0x40000000u);
    WRONG_(n_prompt, UINT32_MAX);
    WRONG_(n_stops, MR_MAILBOX_STOPS_MAX + 1u);
    WRONG_(n_stops, UINT32_MAX);
    WRONG_(flags, 8);
    WRONG_(temperature, mr_f32_bits(-1.0f));
    WRONG_(temperature, 0x7FC00000u);
    WRONG_(top_p, 0);
    WRONG_(min_p, mr_f32_bits(1.5f));
#undef WRONG_
    make_request(0, 4, 5);
    b.core.sram[(b.h->arena + head) / 4u] = VOCAB;
    submit(4, 0, 0);
    expect_refused(MR_RANGE);
    /* At the arena's very end. */
    make_request(bytes - head - 16u, 4, 2);
    submit(5, 0, bytes - head - 16u);
    wait_for(MR_MSG_END);
    assert_int_equal(b.answer[1], 5);
    make_request(0, 4, 30);
    submit(6, 0, 0);
    submit(6, 0, 0);
    wait_for(MR_MSG_REFUSED);
    assert_int_equal((int32_t)b.answer[3], MR_STATE);
    wait_for(MR_MSG_END);
    expect_service();
}

/* More requests than slots and queue: what is too much is refused, and no message is lost. */
static void test_queue__full(void **state) {
    uint32_t refused = 0;
    uint32_t over = 0;
    (void)state;
    start();
    make_request(0, 4, 30);
    for (uint32_t i = 0; i < SLOTS + MR_SERVICE_QUEUE + 20u; i++) {
        submit(i, MR_MAILBOX_ANY_SLOT, 0);
    }
    for (uint32_t i = 0; i < 20000u && refused + over < SLOTS + MR_SERVICE_QUEUE + 20u; i++) {
        uint32_t type;
        (void)mr_service_step(&b.core.service);
        while ((type = receive()) != 0) {
            refused += type == MR_MSG_REFUSED ? 1u : 0u;
            over += type == MR_MSG_END ? 1u : 0u;
            assert_true(type != MR_MSG_REFUSED || (int32_t)b.answer[3] == MR_BUSY);
        }
    }
    assert_int_equal(refused + over, SLOTS + MR_SERVICE_QUEUE + 20u);
    assert_true(over >= MR_SERVICE_QUEUE);
    expect_service();
}

/* A host that reads nothing: everything comes to a rest without spinning, and goes on later. */
static void test_back_pressure__host_reads_nothing(void **state) {
    uint32_t tokens[64] = {0};
    uint32_t ends = 0;
    uint32_t sent = 0;
    (void)state;
    start();
    make_request(0, 4, 60);
    /* Fills the ring: a request ends, the next one is sent. */
    for (uint32_t i = 0; i < 100000u && !b.core.service.full; i++) {
        if (b.core.service.sched.n_active + b.core.service.n_waiting < SLOTS &&
            b.h->to_core.put == b.h->to_core.got) {
            submit(sent++, MR_MAILBOX_ANY_SLOT, 0);
        }
        (void)mr_service_step(&b.core.service);
    }
    assert_true(b.core.service.full);
    const uint32_t before = b.h->to_host.put;
    uint32_t busy = 0;
    for (uint32_t i = 0; i < 1000u; i++) {
        busy += mr_service_step(&b.core.service) ? 1u : 0u;
    }
    assert_true(busy < 900u); /* it sleeps as soon as nothing comes back any more */
    assert_true(b.h->to_host.put - before < OUT_WORDS);
    assert_true(b.h->to_host.put - b.got <= OUT_WORDS);
    for (uint32_t i = 0; i < 100000u && ends < sent; i++) {
        uint32_t type;
        while ((type = receive()) != 0) {
            if (type == MR_MSG_TOKEN) {
                tokens[b.answer[1] >> MR_MAILBOX_TOKEN_BITS]++;
            }
            ends += type == MR_MSG_END ? 1u : 0u;
        }
        (void)mr_service_step(&b.core.service);
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        sum += tokens[i];
    }
    assert_int_equal(ends, sent);
    assert_int_equal(sum, sent * 60u);
}

/* Tokens stop at the credit and go on with more; a stranger's CREDIT does nothing. */
static void test_credit__stops_a_slot(void **state) {
    (void)state;
    start();
    mr_mailbox_request_t *r = make_request(0, 4, 20);
    r->credit = 3;
    submit(9, 2, 0);
    uint32_t tokens = 0;
    for (uint32_t limit = 3; limit <= 9u; limit += 3u) {
        for (uint32_t i = 0; i < 200u; i++) {
            (void)mr_service_step(&b.core.service);
            for (uint32_t type; (type = receive()) != 0;) {
                tokens += type == MR_MSG_TOKEN ? 1u : 0u;
            }
        }
        assert_int_equal(tokens, limit);
        send(MR_MSG_CREDIT, (const uint32_t[]){10, 2, 20}, 3);
        send(MR_MSG_CREDIT, (const uint32_t[]){9, SLOTS, 20}, 3);
        send(MR_MSG_CREDIT, (const uint32_t[]){9, 2, limit + 3u}, 3);
    }
    send(MR_MSG_CANCEL, (const uint32_t[]){9}, 1);
    wait_for(MR_MSG_END);
    assert_int_equal(b.answer[3], MR_END_CANCEL);
    send(MR_MSG_CANCEL, (const uint32_t[]){9}, 1);
    assert_int_equal(round_trip(), 0);
}

/* Nothing happens between LOGITS and LOGITS_TAKEN, and a DRAIN gets through. */
static void test_logits__wait_for_the_host(void **state) {
    (void)state;
    start();
    mr_mailbox_request_t *r = make_request(0, 4, 5);
    r->flags = MR_MAILBOX_PROMPT_LOGITS;
    submit(1, 0, 0);
    for (uint32_t pos = 0; pos < 2u; pos++) {
        wait_for(MR_MSG_LOGITS);
        assert_int_equal(b.answer[2], pos);
        assert_int_equal(b.answer[3], VOCAB);
        for (uint32_t i = 0; i < 50u; i++) {
            assert_int_equal(round_trip(), 0);
        }
        send(MR_MSG_LOGITS_TAKEN, NULL, 0);
    }
    wait_for(MR_MSG_LOGITS);
    send(MR_MSG_DRAIN, (const uint32_t[]){1}, 1);
    wait_for(MR_MSG_END);
    assert_int_equal(b.answer[3], MR_END_CANCEL);
    wait_for(MR_MSG_STOPPED);
    submit(2, 0, 0);
    expect_refused(MR_STATE);
    start();
    expect_service();
}

/* A new host in the middle of the old one's requests. */
static void test_hello__while_requests_run(void **state) {
    (void)state;
    start();
    make_request(0, 4, 60);
    for (uint32_t i = 0; i < SLOTS + 4u; i++) {
        submit(i, MR_MAILBOX_ANY_SLOT, 0);
    }
    wait_for(MR_MSG_TOKEN);
    send(MR_MSG_HELLO, (const uint32_t[]){MR_MAILBOX_OLDEST, MR_MAILBOX_VERSION}, 2);
    wait_for(MR_MSG_REFUSED);
    assert_int_equal((int32_t)b.answer[3], MR_BUSY);
    uint32_t words[FIELDS];
    good_setup(words);
    send(MR_MSG_SETUP, words, FIELDS);
    wait_for(MR_MSG_REFUSED);
    assert_int_equal((int32_t)b.answer[3], MR_BUSY);
    send(MR_MSG_DRAIN, (const uint32_t[]){1}, 1);
    wait_for(MR_MSG_STOPPED);
    start();
    expect_service();
}

/* The device fails: said once, nothing goes on, and a SETUP starts anew. */
static void test_device__fails(void **state) {
    (void)state;
    start();
    make_request(0, 4, 20)->flags = MR_MAILBOX_STEPWISE;
    submit(1, 0, 0);
    wait_for(MR_MSG_TOKEN);
    b.dev.fail_access = b.dev.accesses + 3u;
    b.dev.fail_status = MR_IO;
    wait_for(MR_MSG_FAILED);
    assert_int_equal((int32_t)b.answer[1], MR_IO);
    assert_int_equal(b.h->state, MR_MAILBOX_FAILED);
    for (uint32_t i = 0; i < 20u; i++) {
        assert_int_equal(round_trip(), 0);
    }
    submit(2, 0, 0);
    expect_refused(MR_STATE);
    send(MR_MSG_CANCEL, (const uint32_t[]){1}, 1);
    assert_int_equal(round_trip(), 0);
    uint32_t words[FIELDS];
    good_setup(words);
    send(MR_MSG_SETUP, words, FIELDS);
    assert_int_equal(round_trip(), MR_MSG_SETUP_DONE);
}

static void test_log__has_what_happened(void **state) {
    (void)state;
    start();
    expect_service();
    const mr_mailbox_log_t *log = (const void *)&b.core.sram[b.h->log / 4u];
    static const uint32_t ids[] = {MR_LOG_HELLO, MR_LOG_SETUP, MR_LOG_SUBMIT, MR_LOG_START,
                                   MR_LOG_END};
    assert_int_equal(b.h->log_put, 5);
    for (uint32_t i = 0; i < 5u; i++) {
        assert_int_equal(log[i].id, ids[i]);
    }
    assert_int_equal(log[2].a, 0xABCD);
    assert_true(log[4].time > log[0].time);
    for (uint32_t i = 0; i < 3u * MR_SERVICE_LOG_ENTRIES; i++) {
        mr_log(mr_service_log(&b.core.service), MR_LOG_NOTE, i, 0);
    }
    assert_int_equal(b.h->log_put, 5u + 3u * MR_SERVICE_LOG_ENTRIES);
    assert_int_equal(log[4].a, 3u * MR_SERVICE_LOG_ENTRIES - 1u);
    mr_log_t none = {NULL, NULL, NULL, NULL};
    mr_log(&none, MR_LOG_NOTE, 1, 2);
    mr_service_crashed(&b.core.service);
    assert_int_equal(b.h->state, MR_MAILBOX_CRASHED);
}

/* The host's view of it. */
static void test_log__as_text(void **state) {
    static mr_mailbox_log_t entries[MR_SERVICE_LOG_ENTRIES];
    char text[MR_CORE_LOG_TEXT];
    uint32_t count;
    uint32_t lost;
    (void)state;
    start();
    expect_service();
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 256, &count, &lost), MR_OK);
    assert_int_equal(count, 5);
    assert_int_equal(lost, 0);
    entries[0].time = 4000000000u;
    mr_core_log_text(&entries[0], text, sizeof text);
    assert_string_equal(text, "4000000000  the host speaks protocol 0x00010000 to 0x00010000");
    mr_core_log_text(&(mr_mailbox_log_t){7, MR_LOG_SUBMIT, 43981, UINT32_MAX}, text, sizeof text);
    assert_string_equal(text, "         7  request 43981 for slot -1");
    mr_core_log_text(&(mr_mailbox_log_t){7, 999, 1, 2}, text, sizeof text);
    assert_string_equal(text, "         7  event 999: 1, 2");
    mr_core_log_text(&(mr_mailbox_log_t){7, MR_LOG_SUBMIT, 1, 2}, text, 20);
    assert_string_equal(text, "         7  request");
    for (uint32_t i = 0; i < 300u; i++) {
        mr_log(mr_service_log(&b.core.service), MR_LOG_NOTE, i, 0);
    }
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 10, &count, &lost), MR_OK);
    assert_int_equal(count, 10);
    assert_int_equal(lost, 295);
    assert_int_equal(entries[9].a, 299);
    b.h->log_entries = 0;
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 10, &count, &lost), MR_NOT_FOUND);
    b.h->log = MR_MAILBOX_WINDOW_BYTES;
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 10, &count, &lost), MR_IDENTITY);
    b.core.shared = 2;
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 10, &count, &lost), MR_IDENTITY);
    b.core.shared = 0;
    assert_int_equal(mr_core_log_read(&b.core.io, entries, 10, &count, &lost), MR_NOT_FOUND);
}

/* Rings, arena and header full of noise, and messages that are nearly right. */
static void test_noise__leaves_all_else_alone(void **state) {
    mr_test_random_t rng = {99};
    (void)state;
    start();
    for (uint32_t i = 0; i < 20000u; i++) {
        const uint32_t what = mr_test_below(&rng, 16);
        uint32_t words[20];
        for (uint32_t k = 0; k < 20u; k++) {
            words[k] = mr_test_below(&rng, 3) == 0 ? mr_test_u32(&rng) : mr_test_below(&rng, 300);
        }
        if (what == 0) {
            b.h->to_core.put = mr_test_u32(&rng);
        } else if (what == 1u) {
            b.h->to_host.got = mr_test_u32(&rng);
        } else if (what == 2u) {
            b.core.sram[(b.h->arena + mr_test_below(&rng, 400) * 4u) / 4u] = words[0];
        } else if (what == 3u) {
            good_setup(words);
            words[mr_test_below(&rng, FIELDS)] ^= mr_test_below(&rng, 2);
            send(MR_MSG_SETUP, words, FIELDS);
        } else if (what < 8u) {
            mr_mailbox_request_t *r =
                make_request(mr_test_below(&rng, 4) * 400u, 1u + mr_test_below(&rng, 20), 9);
            r->flags = mr_test_below(&rng, 9);
            submit(mr_test_below(&rng, 8), mr_test_below(&rng, SLOTS + 1u),
                   mr_test_below(&rng, 4) * 400u);
        } else if (what < 14u) {
            send(mr_test_below(&rng, 9), words, mr_test_below(&rng, 20));
        } else {
            b.h->to_host.got = b.h->to_host.put;
        }
        (void)mr_service_step(&b.core.service);
        assert_true(b.h->to_host.offset + 4u * OUT_WORDS <= sizeof b.core.sram);
    }
    assert_true(fake_core_intact(&b.core, WORK_BYTES));
}

int main(void) {
#define T(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_init__arguments),
        T(test_header__tells_what_there_is),
        T(test_hello__newest_that_both_speak),
        T(test_hello__refuses_versions),
        T(test_setup__every_field),
        T(test_messages__malformed),
        T(test_ring__impossible_indices),
        T(test_submit__what_is_wrong_with_a_request),
        T(test_queue__full),
        T(test_back_pressure__host_reads_nothing),
        T(test_credit__stops_a_slot),
        T(test_logits__wait_for_the_host),
        T(test_hello__while_requests_run),
        T(test_device__fails),
        T(test_log__has_what_happened),
        T(test_log__as_text),
        T(test_noise__leaves_all_else_alone),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
