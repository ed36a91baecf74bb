/* SPDX-License-Identifier: Apache-2.0 */
/* Time, sleep, bell, console and copies of the control core: the exact writes, and what a wait
 * waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_chip.h"

#define BYTES 80u

void *mr_test_memcpy(void *restrict to, const void *restrict from, size_t n);
void *mr_test_memmove(void *to, const void *from, size_t n);
void *mr_test_memset(void *to, int value, size_t n);
int mr_test_memcmp(const void *a, const void *b, size_t n);

void mr_core_last_words(uint32_t cause, uint32_t pc) {
    (void)cause;
    (void)pc;
}

static const chip_write_t kick = WROTE(WDOG_KICK, MR_CORE_WDOG_KICK_KICK_MASK);

static void test_tick__both_halves(void **state) {
    (void)state;
    chip.clock = 0xFFFFFFF0u;
    REG(TIMER_HI) = 3;
    assert_true(mr_core_tick() == UINT64_C(0x3FFFFFFF0));
}

static void test_rang__once(void **state) {
    (void)state;
    assert_false(mr_core_rang());
    assert_int_equal(chip.n_writes, 0);
    REG(BELL) = MR_CORE_BELL_PENDING_MASK | MR_CORE_BELL_RING_MASK;
    assert_true(mr_core_rang());
    EXPECT(WROTE(BELL, MR_CORE_BELL_PENDING_MASK));
}

static void test_sleep__until_the_timer(void **state) {
    (void)state;
    chip.clock = 0xFFFFFF00u;
    mr_core_sleep(0x200);
    EXPECT(WROTE(TIMER_CMP, 0x100), WROTE(TIMER_CTRL, MR_CORE_TIMER_CTRL_ENABLE_MASK),
           WROTE(SLEEP, MR_CORE_SLEEP_SLEEP_MASK));
}

/* A short one counts the clocks; over the end of the counter, too. */
static void test_wait__short(void **state) {
    (void)state;
    chip.clock = 0xFFFFFFF0u;
    chip.tick = 5;
    assert_int_equal(mr_core_wait(255), MR_OK);
    EXPECT(kick);
    assert_true(chip.clock - 0xFFFFFFF0u >= 255u && chip.clock - 0xFFFFFFF0u < 275u);
}

/* A long one sleeps; what ends the sleep early ends the wait, but for a few clocks. */
static void test_wait__long(void **state) {
    (void)state;
    chip.tick = 5;
    assert_int_equal(mr_core_wait(256), MR_OK);
    EXPECT(kick, WROTE(TIMER_CMP, 5u + 256u), WROTE(TIMER_CTRL, MR_CORE_TIMER_CTRL_ENABLE_MASK),
           WROTE(SLEEP, MR_CORE_SLEEP_SLEEP_MASK));
    assert_true(chip.clock >= 64u && chip.clock < 90u);
}

static void test_console__as_the_uart_takes_it(void **state) {
    (void)state;
    mr_core_console_step();
    mr_core_console_print("abc");
    REG(UART_DIV) = 868;
    mr_core_console_step(); /* no room */
    assert_int_equal(chip.n_writes, 0);
    REG(UART_STATUS) = 2;
    mr_core_console_step();
    EXPECT(WROTE(UART_DATA, MR_CORE_UART_DATA_SEND_MASK | 'a'),
           WROTE(UART_DATA, MR_CORE_UART_DATA_SEND_MASK | 'b'));
    mr_core_console_step();
    EXPECT(WROTE(UART_DATA, MR_CORE_UART_DATA_SEND_MASK | 'c'));
    mr_core_console_step();
    mr_core_console_print("dropped");
    REG(UART_DIV) = 0; /* nobody listens */
    mr_core_console_step();
    REG(UART_DIV) = 868;
    mr_core_console_step();
    assert_int_equal(chip.n_writes, 0);
}

/* ---- copies ---- */

static void fill(unsigned char *bytes, unsigned seed) {
    for (unsigned i = 0; i < BYTES; i++) {
        bytes[i] = (unsigned char)(i * 7u + seed);
    }
}

/* Every length at every alignment of both ends, against the host's own. */
static void test_copies__as_the_hosts(void **state) {
    (void)state;
    for (unsigned to = 0; to < 5u; to++) {
        for (unsigned from = 0; from < 5u; from++) {
            for (unsigned n = 0; n + 10u < BYTES; n++) {
                _Alignas(4) unsigned char source[BYTES];
                _Alignas(4) unsigned char got[BYTES];
                _Alignas(4) unsigned char want[BYTES];
                fill(source, 1);
                fill(got, 2);
                fill(want, 2);
                memcpy(want + to, source + from, n);
                assert_ptr_equal(mr_test_memcpy(got + to, source + from, n), got + to);
                assert_memory_equal(got, want, BYTES);
                fill(got, 3);
                fill(want, 3);
                memmove(want + to, want + from, n);
                assert_ptr_equal(mr_test_memmove(got + to, got + from, n), got + to);
                assert_memory_equal(got, want, BYTES);
                memset(want + to, (int)n, n);
                assert_ptr_equal(mr_test_memset(got + to, (int)n, n), got + to);
                assert_memory_equal(got, want, BYTES);
            }
        }
    }
}

static void test_memcmp__first_difference(void **state) {
    (void)state;
    static const unsigned char a[] = {1, 2, 200, 4};
    static const unsigned char b[] = {1, 2, 3, 9};
    assert_int_equal(mr_test_memcmp(a, b, 2), 0);
    assert_int_equal(mr_test_memcmp(a, b, 0), 0);
    assert_int_equal(mr_test_memcmp(a, b, 4), 1);
    assert_int_equal(mr_test_memcmp(b, a, 4), -1);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, chip_reset)
    const struct CMUnitTest tests[] = {
        T(test_tick__both_halves),
        T(test_rang__once),
        T(test_sleep__until_the_timer),
        T(test_wait__short),
        T(test_wait__long),
        T(test_console__as_the_uart_takes_it),
        T(test_copies__as_the_hosts),
        T(test_memcmp__first_difference),
    };
    return cmocka_run_group_tests_name("core port", tests, NULL, NULL);
}
