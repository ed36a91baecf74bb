/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler before a device that hangs: which tile or link it blames, who ends, and that nobody
 * gets what a lost job brings after all. The functional model cannot hang, so registers are
 * answered wrongly instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heard.h"
#include "millrace/kv.h"
#include "millrace/regs.h"

#define SLOTS 3u
#define USERS 8u
#define QUEUE 4u
#define RULES 4u
#define PAGES 32u
#define TOKENS 20u
#define STALL 400000u
#define STEPS_MAX 20000u
#define SETTLE 300000u /* cycles within which a dead link has ended everybody (sched.h) */
#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)
#define HUB(reg_) (MR_HUB_BASE + MR_HUB_##reg_##_OFFSET)
#define TILE(tile_, reg_) (MR_TILE_BASE + (tile_)*MR_TILE_STRIDE + MR_TILE_##reg_##_OFFSET)
#define KV_STATUS (MR_KV_BASE + MR_KV_ADMIN_STATUS_OFFSET)
#define LINK(group_, reg_) (MR_LINK_BASE + (group_)*MR_LINK_STRIDE + MR_LINK_##reg_##_OFFSET)

static const heard_chip_t one_group = {1, 4, 8, 4};
static const heard_chip_t two_groups = {2, 1, 3, 4}; /* every job passes both links */

/* Reads of addr answer (value & and) | or; as many as `times`, if that is not 0. */
typedef struct {
    uint32_t addr;
    uint32_t and;
    uint32_t or ;
    uint32_t times;
} rule_t;

typedef struct {
    uint32_t token[TOKENS];
    uint32_t n;
    uint32_t starts;
    uint32_t ends;
    bool dropped;
    mr_end_t why;
    uint32_t detail;
} user_t;

static struct {
    heard_device_t d;
    mr_mmio_t io; /* d.dev.io with the rules */
    mr_mmio_ops_t ops;
    rule_t rule[RULES];
    uint32_t n_rules;
    mr_route_t route;
    mr_slot_t slots[SLOTS];
    mr_request_t queue[QUEUE];
    float logits[HEARD_VOCAB];
    uint32_t order[HEARD_VOCAB];
    mr_sched_t sched;
    user_t user[USERS];
    uint32_t cancels; /* user whom every start event cancels; 0: nobody */
} b;

static const uint32_t prompt[] = {3, 14, 15, 9, 26, 53, 58, 9, 7, 9, 32, 38};

/* ---- the device ---- */

static mr_status_t tap_read32(void *ctx, uint32_t addr, uint32_t *value) {
    MR_TRY(b.d.dev.io.ops->read32(ctx, addr, value));
    for (uint32_t i = 0; i < b.n_rules; i++) {
        rule_t *r = &b.rule[i];
        if (r->addr == addr) {
            *value = (*value & r->and) | r->or ;
            r->addr = r->times == 1u ? UINT32_MAX : addr;
            r->times -= r->times > 0 ? 1u : 0;
        }
    }
    return MR_OK;
}

static void answer(uint32_t addr, uint32_t and, uint32_t or) {
    assert_true(b.n_rules < RULES);
    b.rule[b.n_rules++] = (rule_t){addr, and, or, 0};
}

/* Nothing comes from the hub. */
static void mute(void) {
    answer(HUB(RES_STATUS), 0, 0);
}

static void unmute(void) {
    b.n_rules = 0;
}

static uint32_t look(uint32_t addr) {
    uint32_t value;
    assert_int_equal(mr_mmio_read32(&b.d.dev.io, addr, &value), MR_OK);
    return value;
}

/* ---- users ---- */

static user_t *user_in(uint32_t slot) {
    return &b.user[mr_sched_user(&b.sched, slot)];
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    (void)ctx;
    (void)slot;
    (void)pos;
    (void)logits;
    (void)n;
    fail_msg("nobody wants logits");
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    user_t *u = user_in(slot);
    (void)ctx;
    (void)pos;
    assert_true(u->n < TOKENS);
    u->token[u->n++] = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    user_t *u = user_in(slot);
    (void)ctx;
    u->ends++;
    u->why = why;
    u->detail = detail;
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    (void)ctx;
    (void)slot;
    b.user[user].starts++;
    if (b.cancels != 0) {
        mr_sched_cancel_user(&b.sched, b.cancels);
    }
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    (void)ctx;
    b.user[user].ends++;
    b.user[user].dropped = true;
    b.user[user].why = why;
}

static void open_chip(const heard_chip_t *chip) {
    mr_model_shape_t shape = fixture_shape();
    mr_place_formats_t formats;
    memset(&b, 0, sizeof b);
    shape.n_layers = 6;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&b.d.image, &shape, &formats, 23);
    assert_int_equal(heard_open(&b.d, chip, PAGES, MR_PLACE_EFFICIENCY), MR_OK);
    b.ops = *b.d.dev.io.ops;
    b.ops.read32 = tap_read32;
    b.io = (mr_mmio_t){&b.ops, b.d.dev.io.ctx};
    mr_route_of(&b.route, &b.d.p);
    const mr_sched_config_t cfg = {.mmio = &b.io,
                                   .route = &b.route,
                                   .slots = b.slots,
                                   .n_slots = SLOTS,
                                   .logits = b.logits,
                                   .order = b.order,
                                   .stall_cycles = STALL,
                                   .queue = b.queue,
                                   .n_queue = QUEUE,
                                   .events = {.logits = on_logits,
                                              .token = on_token,
                                              .end = on_end,
                                              .start = on_start,
                                              .drop = on_drop}};
    assert_int_equal(mr_sched_init(&b.sched, &cfg), MR_OK);
}

static void close_chip(void) {
    fixture_device_close(&b.d.dev);
    fixture_image_free(&b.d.image);
}

/* User n of its own prompt, through firmware so that its jobs can be counted. */
static mr_request_t request(uint32_t user) {
    return (mr_request_t){.prompt = prompt + user,
                          .n_prompt = 4,
                          .max_tokens = TOKENS,
                          .sampling = {.top_p = 1.0f},
                          .user = user,
                          .stepwise = true};
}

static void submit(uint32_t slot, uint32_t user) {
    const mr_request_t r = request(user);
    assert_int_equal(mr_sched_submit(&b.sched, slot, &r), MR_OK);
}

static void enqueue(uint32_t user) {
    const mr_request_t r = request(user);
    assert_int_equal(mr_sched_enqueue(&b.sched, &r), MR_OK);
}

static void steps(uint32_t n) {
    bool busy;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    }
}

static mr_status_t drive(void) {
    bool busy = true;
    for (uint32_t i = 0; busy; i++) {
        assert_true(i < STEPS_MAX);
        MR_TRY(mr_sched_step(&b.sched, &busy));
    }
    return MR_OK;
}

/* Until nothing is left; all pages are back. */
static void run(void) {
    uint32_t pages;
    assert_int_equal(drive(), MR_OK);
    assert_int_equal(b.sched.in_flight, 0);
    assert_int_equal(mr_kv_pages_free(&b.d.dev.io, &pages), MR_OK);
    assert_int_equal(pages, PAGES);
}

static void expect_end(uint32_t user, mr_end_t why, uint32_t detail) {
    assert_int_equal(b.user[user].ends, 1);
    assert_int_equal(b.user[user].why, why);
    assert_int_equal(b.user[user].detail, detail);
    assert_false(b.user[user].dropped);
}

/* The user drew what it draws on a device without faults. */
static void expect_tokens(uint32_t user) {
    const user_t u = b.user[user];
    expect_end(user, MR_END_LENGTH, 0);
    assert_int_equal(u.n, TOKENS);
    close_chip();
    open_chip(&one_group);
    submit(0, user);
    run();
    assert_memory_equal(b.user[user].token, u.token, sizeof u.token);
}

static void expect_fault(mr_fault_kind_t kind, uint32_t index, uint32_t slot) {
    const mr_fault_t *f = mr_sched_fault(&b.sched);
    assert_int_equal(f->kind, kind);
    assert_int_equal(f->index, index);
    assert_int_equal(f->slot, slot);
}

/* ---- tiles ---- */

/* What waits for the tile that stopped is busy, too: the one that comes last is given up. */
static void test_stalled__gives_up_the_last_busy_tile(void **state) {
    (void)state;
    open_chip(&one_group);
    assert_true(b.route.n_search >= 3u);
    const uint32_t last = b.route.search[1];
    const uint32_t before = b.route.search[2];
    mute();
    answer(TILE(last, STATUS), 0, MR_TILE_STATUS_BUSY_MASK | 2u << MR_TILE_STATUS_SLOT_SHIFT);
    answer(TILE(before, STATUS), 0, MR_TILE_STATUS_BUSY_MASK);
    submit(2, 0);
    while (mr_sched_fault(&b.sched)->kind == MR_FAULT_NONE) {
        steps(1);
    }
    assert_true(b.d.dev.waited >= STALL && b.d.dev.waited < STALL + 8192u);
    expect_fault(MR_FAULT_TILE, last, 2);
    assert_int_equal(b.user[0].ends, 0);
    assert_true((look(TILE(last, FAULT)) & MR_TILE_FAULT_FAILED_MASK) != 0);
    assert_true((look(TILE(before, FAULT)) & MR_TILE_FAULT_FAILED_MASK) == 0);
    unmute();
    run();
    expect_end(0, MR_END_ERROR, 8);
    close_chip();
}

/* The slot of a lost job was once given out again, and its next user got what the lost
 * job brought. */
static void test_stalled__slots_of_lost_jobs_are_not_given_out(void **state) {
    (void)state;
    open_chip(&one_group);
    mute();
    answer(TILE(1, FAULT), 0, MR_TILE_FAULT_FAILED_MASK | 7u << MR_TILE_FAULT_SLOT_SHIFT);
    submit(0, 0);
    run();
    expect_fault(MR_FAULT_TILE, 1, 7);
    expect_end(0, MR_END_ERROR, 8);
    unmute(); /* the results of user 0 lie in the hub */
    submit(0, 1);
    enqueue(2);
    steps(1);
    assert_int_equal(b.user[2].starts, 1);
    run();
    expect_end(1, MR_END_ERROR, 8);
    assert_int_equal(b.user[1].n, 0);
    expect_tokens(2);
    close_chip();
}

static void test_stalled__no_slot_left(void **state) {
    (void)state;
    open_chip(&one_group);
    mute();
    answer(TILE(1, FAULT), 0, MR_TILE_FAULT_FAILED_MASK);
    for (uint32_t i = 0; i < 5u; i++) {
        enqueue(i > 3u ? 3u : i);
        if (i == 3u) {
            steps(1);
        }
    }
    run();
    for (uint32_t i = 0; i < SLOTS; i++) {
        expect_end(i, MR_END_ERROR, 8);
    }
    assert_int_equal(b.user[3].ends, 2);
    assert_true(b.user[3].dropped);
    assert_int_equal(b.user[3].why, MR_END_ERROR);
    unmute();
    enqueue(4);
    run();
    assert_true(b.user[4].dropped);
    close_chip();
}

/* Where waits end early, a clock tells how long it was silent; also when it goes through 0. */
static uint32_t slow_clock(void *ctx) {
    (void)ctx;
    return 0xFFFF0000u + (uint32_t)(b.d.dev.waited / 4u);
}

static void test_stalled__by_the_clock(void **state) {
    (void)state;
    open_chip(&one_group);
    mr_sched_config_t cfg = b.sched.cfg;
    cfg.now = slow_clock;
    assert_int_equal(mr_sched_init(&b.sched, &cfg), MR_OK);
    mute();
    submit(0, 0);
    assert_int_equal(drive(), MR_TIMEOUT);
    assert_true(b.d.dev.waited >= 4u * STALL && b.d.dev.waited < 4u * (STALL + 8192u));
    close_chip();
}

/* A KV controller that refuses a slot's quota ends that request; other statuses end the step. */
static void test_quota__refused(void **state) {
    static const uint32_t code[] = {5, 4}; /* not in this state; not found */
    (void)state;
    open_chip(&one_group);
    for (uint32_t user = 0; user < 2u; user++) {
        answer(KV_STATUS, ~MR_KV_ADMIN_STATUS_CODE_MASK,
               code[user] << MR_KV_ADMIN_STATUS_CODE_SHIFT);
        b.rule[b.n_rules - 1u].times = 2; /* before the command and behind it */
        enqueue(user);
        if (user == 0) {
            run();
            expect_end(0, MR_END_REFUSED, 0);
            assert_int_equal(b.user[0].n, 0);
        } else {
            assert_int_equal(drive(), MR_NOT_FOUND);
        }
    }
    close_chip();
}

/* The start of a request cancels the one behind it, which so gets no slot. */
static void test_admit__cancelled_by_a_start(void **state) {
    (void)state;
    open_chip(&one_group);
    b.cancels = 2;
    for (uint32_t user = 1; user < 4u; user++) {
        enqueue(user);
    }
    run();
    assert_true(b.user[2].dropped);
    assert_int_equal(b.user[2].why, MR_END_CANCEL);
    assert_int_equal(b.user[2].starts, 0);
    expect_end(1, MR_END_LENGTH, 0);
    expect_tokens(3);
    close_chip();
}

/* A hub that takes no job, and a tile given up that nobody waits for. */
static void test_stalled__nobody_to_end(void **state) {
    (void)state;
    open_chip(&one_group);
    answer(HUB(INJ_STATUS), 0, 0);
    answer(TILE(1, FAULT), 0, MR_TILE_FAULT_FAILED_MASK);
    submit(0, 0);
    assert_int_equal(drive(), MR_TIMEOUT);
    close_chip();
}

/* A job whose second message never came, and then a tile, which is the graver fault. */
static void test_watchdog__a_message_then_a_tile(void **state) {
    (void)state;
    open_chip(&one_group);
    answer(HUB(RES_HDR), ~MR_HUB_RES_HDR_STATUS_MASK, 8u << MR_HUB_RES_HDR_STATUS_SHIFT);
    submit(1, 0);
    run();
    expect_end(0, MR_END_ERROR, 8);
    expect_fault(MR_FAULT_MESSAGE, 0, 1);
    answer(TILE(3, FAULT), 0, MR_TILE_FAULT_FAILED_MASK);
    submit(2, 1);
    run();
    expect_end(1, MR_END_ERROR, 8);
    expect_fault(MR_FAULT_TILE, 3, 0);
    unmute(); /* the answers were late, not lost: every slot is as new */
    submit(1, 2);
    run();
    expect_tokens(2);
    close_chip();
}

/* A tile that fails below a slot that is in the token loop already: it leaves the loop. */
static void test_watchdog__in_the_loop(void **state) {
    mr_request_t r = request(0);
    (void)state;
    open_chip(&one_group);
    assert_int_equal(mr_mmio_write32(&b.d.dev.io, TILE(2, CTRL),
                                     MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_FAIL_MASK),
                     MR_OK);
    r.stepwise = false;
    r.n_prompt = 1; /* the job of a prompt's last token arms the loop */
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_OK);
    run();
    expect_end(0, MR_END_ERROR, 8);
    expect_fault(MR_FAULT_TILE, 2, 0);
    assert_int_equal(b.d.dev.injected, 1);
    assert_int_equal(look(HUB(LOOP_STATUS)) & MR_HUB_LOOP_STATUS_COUNT_MASK, 0);
    assert_false(b.slots[0].armed);
    close_chip();
}

/* ---- links ---- */

/* The link from group 1 to group 0 is down, as one of its ends says. */
static void link_down(uint32_t addr, uint32_t bit) {
    open_chip(&two_groups);
    assert_true(b.route.linked);
    mute();
    answer(CHIP(STATUS), UINT32_MAX, MR_CHIP_STATUS_LINK_ERROR_MASK);
    answer(addr, 0, bit);
    for (uint32_t user = 0; user < 4u; user++) {
        enqueue(user);
    }
    run();
    expect_fault(MR_FAULT_LINK, 1, 0);
    assert_true(b.d.dev.waited < SETTLE);
    for (uint32_t user = 0; user < SLOTS; user++) {
        expect_end(user, MR_END_ERROR, 9);
    }
    assert_true(b.user[3].dropped);
    assert_int_equal(b.user[3].why, MR_END_ERROR);
    const uint32_t injected = b.d.dev.injected;
    submit(0, 4); /* until a reset nothing goes in any more */
    run();
    expect_end(4, MR_END_ERROR, 9);
    assert_int_equal(b.d.dev.injected, injected);
    close_chip();
}

static void test_link__down(void **state) {
    (void)state;
    link_down(LINK(1, STATUS), MR_LINK_STATUS_DOWN_MASK);
    link_down(LINK(0, STATUS), MR_LINK_STATUS_RX_DOWN_MASK);
}

/* Errors that the link has mended, and a dead link that no job passes, end nobody. */
static void test_link__harmless(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 2u; i++) {
        open_chip(&two_groups);
        b.route.linked = i == 0; /* false: as if the model were in group 0 alone */
        answer(CHIP(STATUS), UINT32_MAX, MR_CHIP_STATUS_LINK_ERROR_MASK);
        if (i == 1u) {
            answer(LINK(0, STATUS), 0, MR_LINK_STATUS_DOWN_MASK);
        }
        mute();
        submit(0, 5);
        steps(8);
        expect_fault(i == 0 ? MR_FAULT_NONE : MR_FAULT_LINK, 0, 0);
        unmute();
        run();
        expect_tokens(5);
        close_chip();
    }
}

/* ---- a bus that fails ---- */

/* One of the scenes above, up to its end; access number fail_access answers MR_IO. */
static mr_status_t scene(uint32_t which, uint32_t fail_access, uint32_t *accesses) {
    open_chip(which == 2u ? &two_groups : &one_group);
    mute();
    if (which == 0) {
        answer(TILE(b.route.search[0], STATUS), 0, MR_TILE_STATUS_BUSY_MASK);
    } else if (which == 1u) {
        answer(TILE(2, FAULT), 0, MR_TILE_FAULT_FAILED_MASK);
    } else {
        answer(CHIP(STATUS), UINT32_MAX, MR_CHIP_STATUS_LINK_ERROR_MASK);
        answer(LINK(1, STATUS), 0, MR_LINK_STATUS_DOWN_MASK);
    }
    submit(0, 0);
    b.d.dev.accesses = 0;
    b.d.dev.fail_access = fail_access;
    b.d.dev.fail_status = MR_IO;
    mr_status_t status = MR_OK;
    bool busy = true;
    while (status == MR_OK && busy && (which != 0 || b.sched.fault.kind == MR_FAULT_NONE)) {
        status = mr_sched_step(&b.sched, &busy);
    }
    *accesses = b.d.dev.accesses;
    close_chip();
    return status;
}

static void test_bus__whichever_access_fails(void **state) {
    (void)state;
    for (uint32_t which = 0; which < 3u; which++) {
        uint32_t n;
        uint32_t at;
        assert_int_equal(scene(which, 0, &n), MR_OK);
        for (uint32_t i = n > 40u ? n - 40u : 1u; i <= n; i++) {
            assert_int_equal(scene(which, i, &at), MR_IO);
            assert_int_equal(at, i);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stalled__gives_up_the_last_busy_tile),
        cmocka_unit_test(test_stalled__slots_of_lost_jobs_are_not_given_out),
        cmocka_unit_test(test_stalled__no_slot_left),
        cmocka_unit_test(test_stalled__by_the_clock),
        cmocka_unit_test(test_stalled__nobody_to_end),
        cmocka_unit_test(test_quota__refused),
        cmocka_unit_test(test_admit__cancelled_by_a_start),
        cmocka_unit_test(test_watchdog__a_message_then_a_tile),
        cmocka_unit_test(test_watchdog__in_the_loop),
        cmocka_unit_test(test_link__down),
        cmocka_unit_test(test_link__harmless),
        cmocka_unit_test(test_bus__whichever_access_fails),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
