/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace on the Verilated chip: firmware hosted and on the core, with the tokens of the
 * functional model; cycles. */
#include "library_test.h"

static void run_two(millrace_t *m, story_t *first, story_t *second) {
    millrace_request_t r = varied(0); /* greedy: the core needs a million cycles for a draw */
    r.max_tokens = 6;
    const millrace_id_t a = submit(m, &r, MILLRACE_OK);
    r.text = "One day, Tom";
    const millrace_id_t b = submit(m, &r, MILLRACE_OK);
    assert_true(read_story(m, b, second));
    assert_true(read_story(m, a, first));
}

static void test_sim__has_the_models_tokens(void **state) {
    (void)state;
    static story_t want[2];
    static story_t got[2];
    const millrace_load_options_t core = {.size = sizeof core, .firmware = MILLRACE_FIRMWARE_CORE};
    const millrace_load_options_t *const firmware[] = {NULL, &core, NULL};
    millrace_stats_t stats = {.size = sizeof stats};
    millrace_t *m = open_brook("model", NULL);
    run_two(m, &want[0], &want[1]);
    millrace_close(m);
    assert_int_equal(millrace_open("sim", &m), MILLRACE_OK);
    /* The same device, one after the other: hosted, on the core, and hosted again. */
    for (size_t i = 0; i < sizeof firmware / sizeof firmware[0]; i++) {
        if (millrace_load(m, BROOK, firmware[i]) != MILLRACE_OK) {
            fail_msg("%s", millrace_last_error());
        }
        run_two(m, &got[0], &got[1]);
        assert_true(same(&want[0], &got[0]) && same(&want[1], &got[1]));
        assert_int_equal(millrace_stats(m, &stats), MILLRACE_OK);
        assert_int_equal(stats.clock_khz, 100000);
        assert_true(stats.cycles > stats.busy_cycles && stats.busy_cycles > 0);
        assert_true(stats.cycles_per_token > 1000.0 && stats.cycles_per_token < 200000.0);
        assert_int_equal(stats.pages_free, stats.pages);
    }
    millrace_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim__has_the_models_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
