/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware on the control core: the service over the scheduler, in a loop that sleeps when there is
 * nothing to do. */
#include "millrace/crash.h"
#include "millrace/service.h"
#include "port.h"

/* Unless the host has set its own. A draw from 13,000 logits, for which there is room, takes 40
 * million. */
#define WDOG_CYCLES 67108864u
#define SLEEP_CYCLES 65536u /* at most */
#define LOOK_STEPS 16u      /* stacks and console have their turn every so many busy rounds */

_Static_assert(MR_IMAGE_VERSION == MR_MAILBOX_VERSION, "the image's header names the protocol");
_Static_assert(MR_CORE_CRASH_BYTES == MR_CRASH_BYTES, "the boot ROM leaves room for the record");

/* core.ld: what is behind the image, .bss and stacks. */
extern uint32_t mr_core_free[];

void mr_core_main(void);

/* mr_service_init clears it; doing that at reset too would take 50,000 clocks. */
static mr_service_t service __attribute__((section(".noinit")));
static bool serving; /* service has been initialised */
static uint32_t steps;

static uint32_t now(void *ctx) {
    (void)ctx;
    return mr_core_clock();
}

static void bell(void *ctx) {
    (void)ctx;
    mr_core_write(MR_CORE_HOST_BELL_OFFSET, MR_CORE_HOST_BELL_RING_MASK);
}

void mr_core_last_words(uint32_t cause, uint32_t pc) {
    if (serving) {
        mr_log(mr_service_log(&service), MR_LOG_CRASH, cause, pc);
        mr_service_crashed(&service);
    }
}

static void check_stacks(void) {
    uint32_t which;
    if (mr_core_guards_hurt(&which)) {
        mr_core_die(MR_CORE_CRASH_CAUSE_STACK, which);
    }
}

static void start_service(void) {
    static const mr_mmio_t chip = {.ops = NULL,
                                   .ctx = NULL}; /* accesses are plain loads and stores */
    const uint32_t kb = mr_core_read(MR_CORE_CAPS_OFFSET) >> MR_CORE_CAPS_SRAM_KB_SHIFT;
    const uint32_t work = (uint32_t)(uintptr_t)mr_core_free - MR_CORE_SRAM;
    const uint32_t crash = kb * 1024u - MR_CRASH_BYTES;
    const mr_service_config_t cfg = {.chip = &chip,
                                     .sram = (void *)MR_CORE_SRAM,
                                     .work = work,
                                     .work_bytes = crash > work ? crash - work : 0,
                                     .crash = crash,
                                     .firmware = MR_IMAGE_VERSION,
                                     .now = now,
                                     .bell = bell};
    const mr_status_t status = mr_service_init(&service, &cfg);
    if (status != MR_OK) {
        mr_core_die(MR_CORE_CRASH_CAUSE_ASSERT, (uint32_t)status);
    }
    const mr_mailbox_t *shared = (const mr_mailbox_t *)(MR_CORE_SRAM + work);
    const mr_core_log_t log = {.words = (const uint32_t *)(MR_CORE_SRAM + shared->log),
                               .entries = shared->log_entries,
                               .head = &shared->log_put};
    mr_core_fault_init(&log, &steps);
    serving = true;
    mr_log(mr_service_log(&service), MR_LOG_BOOT, MR_IMAGE_VERSION,
           mr_core_read(MR_CORE_BOOT_CRC_OFFSET));
    mr_core_write(MR_CORE_SHARED_OFFSET, work);
}

void mr_core_main(void) {
    mr_core_guards_set();
    if (mr_core_read(MR_CORE_WDOG_LIMIT_OFFSET) == 0) {
        mr_core_write(MR_CORE_WDOG_LIMIT_OFFSET, WDOG_CYCLES);
    }
    mr_core_write(MR_CORE_WAKE_OFFSET, MR_CORE_WAKE_BELL_MASK | MR_CORE_WAKE_TIMER_MASK |
                                           MR_CORE_WAKE_WDOG_MASK | MR_CORE_WAKE_FAULT_MASK |
                                           MR_CORE_WAKE_HUB_MASK);
    (void)mr_core_mask(~(uint32_t)(MR_IRQ_FAULTS | MR_IRQ_TIMER));
    mr_core_write(MR_CORE_TIMER_CMP_OFFSET, mr_core_clock() + SLEEP_CYCLES);
    mr_core_write(MR_CORE_TIMER_CTRL_OFFSET, MR_CORE_TIMER_CTRL_ENABLE_MASK);
    start_service();
    mr_core_console_print("millrace: firmware runs\r\n");
    mr_core_write(MR_CORE_BOOT_STATE_OFFSET, MR_CORE_BOOT_STATE_RUNNING);
    for (;;) {
        const bool rang = mr_core_rang();
        const bool work = mr_service_step(&service);
        steps++;
        mr_core_kick();
        if (!work || steps % LOOK_STEPS == 0) {
            check_stacks();
            mr_core_console_step();
        }
        if (!work && !rang) {
            mr_core_sleep(SLEEP_CYCLES);
        }
    }
}
