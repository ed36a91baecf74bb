/* SPDX-License-Identifier: Apache-2.0 */
/* The control core's main loop around the service: what it sets up, when it sleeps, what it looks
 * at, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_chip.h"
#include "millrace/crash.h"
#include "millrace/mailbox.h"

#define WORK 0x4000u /* mr_core_free, CMakeLists.txt */
#define CONSOLE_MAX 64u

extern uint32_t mr_core_guard[];

void mr_core_main(void);

static uint32_t rounds;
static uint32_t naps; /* rounds that ended in sleep */
static uint32_t first_nap;
static uint32_t most_naps;
static uint32_t messages; /* that the host sends, one a round */
static char console[CONSOLE_MAX];
static uint32_t console_n;

static mr_mailbox_t *mailbox(void) {
    return (mr_mailbox_t *)(void *)chip_word(MR_CORE_SRAM + WORK);
}

static void send_hello(void) {
    const uint32_t words[] = {3u | (uint32_t)MR_MSG_HELLO << MR_MAILBOX_TYPE_SHIFT,
                              MR_MAILBOX_OLDEST, MR_MAILBOX_VERSION};
    mr_mailbox_ring_t *ring = &mailbox()->to_core;
    for (uint32_t i = 0; i < 3u; i++) {
        chip_word(MR_CORE_SRAM + ring->offset)[(ring->put + i) % ring->words] = words[i];
    }
    ring->put += 3u;
}

static void on_write(uint32_t offset, uint32_t value) {
    if (offset == MR_CORE_WDOG_KICK_OFFSET) {
        rounds++;
        if (messages > 0) {
            messages--;
            send_hello();
        }
    } else if (offset == MR_CORE_BELL_OFFSET) {
        REG(BELL) &= ~value;
    } else if (offset == MR_CORE_UART_DATA_OFFSET) {
        assert_true(console_n < CONSOLE_MAX - 1u);
        console[console_n++] = (char)value;
    } else if (offset == MR_CORE_SLEEP_OFFSET) {
        first_nap = naps == 0 ? rounds : first_nap;
        if (++naps == most_naps) {
            chip_leave();
        }
    }
}

static int setup(void **state) {
    chip_reset(state);
    chip.on_write = on_write;
    REG(UART_DIV) = 868;
    REG(UART_STATUS) = 16;
    rounds = naps = first_nap = messages = console_n = 0;
    most_naps = 3;
    memset(console, 0, sizeof console);
    return 0;
}

static chip_end_t run(void) {
    chip_end_t end;
    CHIP_RUN(end, mr_core_main());
    return end;
}

static bool wrote(uint32_t offset) {
    for (uint32_t i = 0; i < chip.n_writes; i++) {
        if (chip.write[i].offset == offset) {
            return true;
        }
    }
    return false;
}

/* Before there is a mailbox, its memory is left alone. The first test: then `serving` stays set. */
static void test_last_words__before_the_service(void **state) {
    (void)state;
    mr_core_last_words(MR_CORE_CRASH_CAUSE_BUS, 4);
    assert_int_equal(mailbox()->state, 0);
    assert_int_equal(mailbox()->log_put, 0);
}

static void test_main__sets_up_and_sleeps(void **state) {
    uint32_t which;
    (void)state;
    assert_int_equal(run(), CHIP_LEFT);
    assert_false(mr_core_guards_hurt(&which));
    assert_int_equal(REG(WDOG_LIMIT), 1u << 26);
    assert_int_equal(REG(WAKE), MR_CORE_WAKE_BELL_MASK | MR_CORE_WAKE_TIMER_MASK |
                                    MR_CORE_WAKE_WDOG_MASK | MR_CORE_WAKE_FAULT_MASK |
                                    MR_CORE_WAKE_HUB_MASK);
    assert_int_equal(chip.masked, ~(uint32_t)(MR_IRQ_FAULTS | MR_IRQ_TIMER));
    assert_int_equal(REG(BOOT_STATE), MR_CORE_BOOT_STATE_RUNNING);
    assert_int_equal(REG(SHARED), WORK);
    assert_int_equal(mailbox()->magic, MR_MAILBOX_MAGIC);
    assert_int_equal(mailbox()->crash, CHIP_SRAM_KB * 1024u - MR_CRASH_BYTES);
    assert_int_equal(mailbox()->log_put, 1); /* it has started */
    assert_int_equal(first_nap, 1);
    assert_int_equal(rounds, 3);
    assert_string_equal(console, "millrace: firmware runs\r\n");
    assert_false(wrote(MR_CORE_HOST_BELL_OFFSET));
}

static void test_main__keeps_the_hosts_watchdog(void **state) {
    (void)state;
    REG(WDOG_LIMIT) = 12345;
    assert_int_equal(run(), CHIP_LEFT);
    assert_int_equal(REG(WDOG_LIMIT), 12345);
}

/* A bell that rang before the round may announce what the round did not see. */
static void test_main__a_bell_keeps_it_awake_once(void **state) {
    (void)state;
    REG(BELL) = MR_CORE_BELL_PENDING_MASK;
    assert_int_equal(run(), CHIP_LEFT);
    assert_int_equal(first_nap, 2);
}

/* With work it does not sleep, and still looks at the stacks and the console now and then. */
static void test_main__busy(void **state) {
    (void)state;
    messages = 40;
    REG(BELL) = MR_CORE_BELL_PENDING_MASK; /* until the first one is there */
    REG(UART_STATUS) = 1;
    assert_int_equal(run(), CHIP_LEFT);
    assert_true(first_nap > 40u);
    assert_true(wrote(MR_CORE_HOST_BELL_OFFSET));
    assert_int_equal(mailbox()->state, MR_MAILBOX_GREETED);
    assert_true(console_n >= 2u + 3u && console_n <= 3u + 4u); /* a letter each time */
}

static void test_last_words__tell_the_host(void **state) {
    (void)state;
    assert_int_equal(run(), CHIP_LEFT);
    mr_core_last_words(MR_CORE_CRASH_CAUSE_BUS, 0x10000123u);
    assert_int_equal(mailbox()->state, MR_MAILBOX_CRASHED);
    const uint32_t *e = chip_word(MR_CORE_SRAM + mailbox()->log) + 4u * (mailbox()->log_put - 1u);
    assert_int_equal(e[2], MR_CORE_CRASH_CAUSE_BUS);
    assert_int_equal(e[3], 0x10000123u);
}

/* ---- ends; what mr_core_die was called with stays, so these are the last tests ---- */

static void hurt(uint32_t offset, uint32_t value) {
    on_write(offset, value);
    if (offset == MR_CORE_BOOT_STATE_OFFSET) {
        mr_core_guard[2] = 0;
    }
}

static void test_main__dies_of_its_stack(void **state) {
    (void)state;
    chip.on_write = hurt;
    assert_int_equal(run(), CHIP_TRAPPED);
    assert_int_equal(rounds, 1);
}

static void test_main__dies_without_memory(void **state) {
    (void)state;
    REG(CAPS) = 16u << MR_CORE_CAPS_SRAM_KB_SHIFT;
    assert_int_equal(run(), CHIP_TRAPPED);
    assert_int_equal(REG(SHARED), 0);
    assert_int_equal(REG(BOOT_STATE), 0);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
    const struct CMUnitTest tests[] = {
        T(test_last_words__before_the_service),
        T(test_main__sets_up_and_sleeps),
        T(test_main__keeps_the_hosts_watchdog),
        T(test_main__a_bell_keeps_it_awake_once),
        T(test_main__busy),
        T(test_last_words__tell_the_host),
        T(test_main__dies_of_its_stack),
        T(test_main__dies_without_memory),
    };
    return cmocka_run_group_tests_name("core main", tests, NULL, NULL);
}
