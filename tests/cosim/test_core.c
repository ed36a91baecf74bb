/* SPDX-License-Identifier: Apache-2.0 */
/* The control core in the chip: booting, refusing, crashing, and what is left
 * behind.
 *
 * usage: test_core DEVICE   (a simulated chip's name)
 * Exit status 0 and "PASS" only when all is as it should be; 77 when the chip
 * has no core.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/backend_sim.h"
#include "millrace/core.h"
#include "millrace/core_image.h"
#include "millrace/crc.h"
#include "millrace/device.h"
#include "millrace/log_events.h"
#include "millrace/mailbox.h"
#include "millrace/regs.h"

enum { BOOT_CYCLES = 200000, SLICE = 256, LIMIT = 60000, LOG_ENTRIES = 32 };

/* Of firmware/core/test/main.c. */
enum {
    DO_ILLEGAL = 1,
    DO_MISALIGN,
    DO_BUS,
    DO_HANG,
    DO_DEEP_HANG,
    DO_OVERFLOW,
    DO_ASSERT,
    DO_LOG,
    DO_TRAP,
    DO_SLEEP
};

static mr_mmio_t io;
static const uint32_t *image = mr_core_image_test_fw;
static uint32_t words;

static void fail(const char *what, uint32_t got, uint32_t want) {
    fprintf(stderr, "FAIL: %s: 0x%" PRIx32 " instead of 0x%" PRIx32 "\n", what, got, want);
    exit(1);
}

static void expect(const char *what, uint32_t got, uint32_t want) {
    if (got != want) {
        fail(what, got, want);
    }
}

static void must(mr_status_t status, const char *what) {
    if (status != MR_OK) {
        fprintf(stderr, "FAIL: %s: %s\n", what, mr_status_text(status));
        exit(1);
    }
}

static uint32_t get(uint32_t offset) {
    uint32_t value = 0;
    must(mr_mmio_read32(&io, MR_CORE_BASE + offset, &value), "register of the core");
    return value;
}

static void set(uint32_t offset, uint32_t value) {
    must(mr_mmio_write32(&io, MR_CORE_BASE + offset, value), "register of the core");
}

static uint32_t sram(uint32_t offset) {
    uint32_t value = 0;
    must(mr_mmio_read32(&io, MR_CORE_SRAM_BASE + offset, &value), "SRAM");
    return value;
}

static uint64_t cycles(void) {
    uint64_t now = 0;
    must(mr_chip_cycles(&io, &now), "cycle counter");
    return now;
}

/* Runs until (register & mask) is value, for at most `most` clocks. */
static void until(const char *what, uint32_t offset, uint32_t mask, uint32_t value, uint64_t most) {
    const uint64_t end = cycles() + most;
    while ((get(offset) & mask) != value) {
        if (cycles() > end) {
            fail(what, get(offset), value);
        }
        must(mr_mmio_wait(&io, SLICE), "wait");
    }
}

/* The firmware is up in time: counted from the first access, with the transfer
 * of the image. */
static void test_firmware(void) {
    const uint64_t start = cycles();
    must(mr_core_boot(&io, mr_core_image_millrace_fw, mr_core_image_millrace_fw_words, BOOT_CYCLES,
                      NULL),
         "boot of the firmware");
    const uint64_t took = cycles() - start;
    const uint32_t shared = get(MR_CORE_SHARED_OFFSET);
    if (took > BOOT_CYCLES) {
        fail("clocks to boot", (uint32_t)took, BOOT_CYCLES);
    }
    expect("mailbox", sram(shared), MR_MAILBOX_MAGIC);
    must(mr_mmio_wait(&io, 20000), "wait");
    expect("asleep without work", get(MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_ASLEEP_MASK,
           MR_CORE_STATUS_ASLEEP_MASK);
    printf("firmware of %" PRIu32 " bytes runs %" PRIu64
           " clocks behind the first access, and sleeps\n",
           4u * mr_core_image_millrace_fw_words, took);
}

/* The firmware itself dies: the code behind its sleep is wiped out, and the bell rings. */
static void test_firmware_crash(void) {
    mr_crash_t r;
    const uint32_t shared = get(MR_CORE_SHARED_OFFSET);
    const uint32_t at = get(MR_CORE_FETCH_OFFSET) & ~3u;
    must(mr_mmio_write32(&io, MR_CORE_SRAM_BASE + (at & 0xFFFFFFu), 0), "SRAM");
    set(MR_CORE_BELL_OFFSET, MR_CORE_BELL_RING_MASK);
    until("crash of the firmware", MR_CORE_CRASH_CAUSE_OFFSET, MR_CORE_CRASH_CAUSE_MASK,
          MR_CORE_CRASH_CAUSE_ILLEGAL, 2u * LIMIT);
    must(mr_mmio_wait(&io, LIMIT), "wait");
    must(mr_core_crash(&io, &r), "record of the firmware");
    expect("pc of the firmware", r.pc & ~3u, at);
    expect("mailbox of a dead firmware", sram(shared + (uint32_t)offsetof(mr_mailbox_t, state)),
           MR_MAILBOX_CRASHED);
    if (r.n_events < 2u) {
        fail("events of the firmware", r.n_events, 2);
    }
    expect("first event", r.events[0].id, MR_LOG_BOOT);
    expect("last event", r.events[r.n_events - 1u].id, MR_LOG_CRASH);
    expect("its cause", r.events[r.n_events - 1u].a, MR_CORE_CRASH_CAUSE_ILLEGAL);
    printf("firmware without its code: %s, told by record, mailbox and log\n",
           mr_core_cause_text(r.cause));
}

/* Boots the test image afresh. */
static void boot(void) {
    must(mr_core_boot(&io, image, words, BOOT_CYCLES, NULL), "boot of the test image");
}

/* ---- images that are refused ---- */

typedef struct {
    const char *what;
    uint32_t state;
    uint32_t word; /* of the image, that is changed to value; the CRC fits */
    uint32_t value;
    int32_t size_add;
    uint32_t size; /* 0: the image's, plus size_add */
    uint32_t version;
    uint32_t crc_xor;
} bad_t;

/* Asks the boot ROM, which waits, for a changed image. */
static void refuse(const bad_t *b) {
    static uint32_t copy[65536];
    memcpy(copy, image, 4u * words);
    if (b->word != UINT32_MAX) {
        copy[b->word] = b->value;
    }
    must(mr_mmio_write_block(&io, MR_CORE_SRAM_BASE, copy, words), "image");
    set(MR_CORE_BOOT_SIZE_OFFSET,
        b->size != 0 ? b->size : (uint32_t)((int32_t)(4u * words) + b->size_add));
    set(MR_CORE_BOOT_VERSION_OFFSET, b->version != 0 ? b->version : image[1]);
    const int32_t covered = (int32_t)words + b->size_add / 4;
    set(MR_CORE_BOOT_CRC_OFFSET, mr_crc32(0, copy, (size_t)covered * 4u) ^ b->crc_xor);
    set(MR_CORE_BOOT_CTRL_OFFSET, MR_CORE_BOOT_CTRL_GO_MASK);
    until(b->what, MR_CORE_BOOT_CTRL_OFFSET, MR_CORE_BOOT_CTRL_PENDING_MASK, 0, BOOT_CYCLES);
    until(b->what, MR_CORE_BOOT_STATE_OFFSET, MR_CORE_BOOT_STATE_MASK, b->state, BOOT_CYCLES);
    must(mr_mmio_wait(&io, 20000), "wait");
    expect(b->what, get(MR_CORE_BOOT_STATE_OFFSET), b->state); /* and it stays so */
}

static void test_refused(void) {
    const uint32_t all = 256u * 1024u;
    const bad_t bad[] = {
        {"wrong CRC", MR_CORE_BOOT_STATE_BAD_CRC, UINT32_MAX, 0, 0, 0, 0, 1},
        {"unknown major version", MR_CORE_BOOT_STATE_BAD_VERSION, 1, 0x7F0000, 0, 0, 0x7F0000, 0},
        {"version beside the header's", MR_CORE_BOOT_STATE_BAD_VERSION, 1, image[1] + 1u, 0, 0, 0,
         0},
        {"size beside the header's", MR_CORE_BOOT_STATE_BAD_SIZE, UINT32_MAX, 0, -4, 0, 0, 0},
        {"odd size", MR_CORE_BOOT_STATE_BAD_SIZE, UINT32_MAX, 0, 0, 4u * words + 2u, 0, 0},
        {"no size", MR_CORE_BOOT_STATE_BAD_SIZE, UINT32_MAX, 0, 0, 4, 0, 0},
        {"size of the whole SRAM", MR_CORE_BOOT_STATE_BAD_SIZE, UINT32_MAX, 0, 0, all, 0, 0},
        {"no header", MR_CORE_BOOT_STATE_BAD_MAGIC, 0, 0x12345678, 0, 0, 0, 0},
        {"entry in the header", MR_CORE_BOOT_STATE_BAD_MAGIC, 3, 0x1000000C, 0, 0, 0, 0},
        {"odd entry", MR_CORE_BOOT_STATE_BAD_MAGIC, 3, image[3] + 1u, 0, 0, 0, 0},
        {"entry behind the image", MR_CORE_BOOT_STATE_BAD_MAGIC, 3, 0x10000000u + 4u * words, 0, 0,
         0, 0},
    };
    must(mr_core_halt(&io), "halt");
    set(MR_CORE_CTRL_OFFSET, MR_CORE_CTRL_RUN_MASK);
    until("boot ROM", MR_CORE_BOOT_STATE_OFFSET, MR_CORE_BOOT_STATE_MASK,
          MR_CORE_BOOT_STATE_WAITING, BOOT_CYCLES);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse(&bad[i]);
    }
    /* The same ROM, without a reset, takes a good one. */
    refuse(&(bad_t){"good image", MR_CORE_BOOT_STATE_RUNNING, UINT32_MAX, 0, 0, 0, 0, 0});
    printf("refused %zu bad images, then started a good one\n", sizeof bad / sizeof bad[0]);
}

/* ---- crashes ---- */

static void tell(uint32_t what) {
    must(mr_mmio_write32(&io, MR_CORE_SRAM_BASE + get(MR_CORE_SHARED_OFFSET), what), "command");
}

static uint32_t rounds(void) {
    return sram(get(MR_CORE_SHARED_OFFSET) + 4u);
}

/* Makes the image crash and checks the record that it leaves. */
static mr_crash_t crash(const char *what, uint32_t action, uint32_t cause) {
    mr_crash_t r;
    boot();
    tell(DO_LOG);
    must(mr_mmio_wait(&io, 20000), "wait");
    set(MR_CORE_HOST_BELL_OFFSET, MR_CORE_HOST_BELL_PENDING_MASK);
    tell(action);
    until(what, MR_CORE_HOST_BELL_OFFSET, MR_CORE_HOST_BELL_PENDING_MASK,
          MR_CORE_HOST_BELL_PENDING_MASK, 2u * LIMIT);
    expect(what, get(MR_CORE_CRASH_CAUSE_OFFSET), cause);
    must(mr_core_crash(&io, &r), what);
    expect("cause in the record", r.cause, cause);
    expect("version in the record", r.version, image[1]);
    expect("pc in record and register", r.pc, get(MR_CORE_CRASH_PC_OFFSET));
    if (r.pc < 0x10000010u || r.pc >= 0x10000000u + 4u * words) {
        fail("pc outside the image", r.pc, image[3]);
    }
    if (r.steps == 0 || r.tick[0] == 0 || r.regs[1] < 0x10000000u + 4u * words) {
        fail("rounds, tick or stack pointer in the record", r.steps, r.regs[1]);
    }
    expect("events in the record", r.n_events, MR_CRASH_EVENTS);
    for (uint32_t i = 0; i < r.n_events; i++) {
        expect("event", r.events[i].a, LOG_ENTRIES + 3u - MR_CRASH_EVENTS + i);
        expect("event", r.events[i].b, ~r.events[i].a);
    }
    printf("%-20s %s at 0x%08" PRIx32 ", detail 0x%" PRIx32 "\n", what, mr_core_cause_text(cause),
           r.pc, r.detail);
    return r;
}

static void test_crashes(void) {
    mr_crash_t r = crash("illegal instruction", DO_ILLEGAL, MR_CORE_CRASH_CAUSE_ILLEGAL);
    expect("s3", r.regs[18], 0x1234);
    expect("instruction", r.detail, 0);
    crash("misaligned load", DO_MISALIGN, MR_CORE_CRASH_CAUSE_MISALIGNED);
    r = crash("missing register", DO_BUS, MR_CORE_CRASH_CAUSE_BUS);
    expect("address", r.detail & MR_CORE_FAULT_ADDR_MASK, 0x20FFFFFCu);
    crash("stack guard", DO_OVERFLOW, MR_CORE_CRASH_CAUSE_STACK);
    r = crash("assertion", DO_ASSERT, MR_CORE_CRASH_CAUSE_ASSERT);
    expect("detail of the assertion", r.detail, 77);
}

/* After the watchdog: the boot ROM waits, and the past is still there until the
 * next boot. */
static void watchdog(const char *what, mr_status_t record) {
    mr_crash_t r;
    until(what, MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_WATCHDOG_MASK, MR_CORE_STATUS_WATCHDOG_MASK,
          4u * LIMIT);
    until(what, MR_CORE_BOOT_STATE_OFFSET, MR_CORE_BOOT_STATE_MASK, MR_CORE_BOOT_STATE_WAITING,
          BOOT_CYCLES);
    expect("shared memory after the watchdog", get(MR_CORE_SHARED_OFFSET), 0);
    expect("cause after the watchdog", get(MR_CORE_CRASH_CAUSE_OFFSET),
           MR_CORE_CRASH_CAUSE_WATCHDOG);
    expect("record after the watchdog", (uint32_t)mr_core_crash(&io, &r), (uint32_t)record);
    boot();
    expect("cause after the next boot", get(MR_CORE_CRASH_CAUSE_OFFSET), MR_CORE_CRASH_CAUSE_NONE);
    expect("record after the next boot", (uint32_t)mr_core_crash(&io, &r), (uint32_t)MR_NOT_FOUND);
    printf("%-20s watchdog, boot ROM, next boot\n", what);
}

static void test_hangs(void) {
    boot();
    tell(DO_LOG);
    must(mr_mmio_wait(&io, 20000), "wait");
    set(MR_CORE_WDOG_LIMIT_OFFSET, LIMIT);
    must(mr_mmio_wait(&io, 3u * LIMIT), "wait");
    expect("watchdog of a living image", get(MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_WATCHDOG_MASK,
           0);
    tell(DO_HANG);
    watchdog("hang", MR_OK);
    set(MR_CORE_WDOG_LIMIT_OFFSET, LIMIT);
    tell(DO_DEEP_HANG);
    watchdog("hang, masked", MR_NOT_FOUND);
    set(MR_CORE_WDOG_LIMIT_OFFSET, LIMIT);
    tell(DO_TRAP);
    until("trap", MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_TRAP_MASK, MR_CORE_STATUS_TRAP_MASK, LIMIT);
    watchdog("trap, masked", MR_NOT_FOUND);
}

/* Sleep ends by the time, and by the bell. */
static void test_sleep(void) {
    boot();
    tell(DO_SLEEP);
    until("sleep", MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_ASLEEP_MASK, MR_CORE_STATUS_ASLEEP_MASK,
          2000);
    const uint32_t before = rounds();
    must(mr_mmio_wait(&io, 10000), "wait");
    expect("rounds while it sleeps", rounds(), before);
    must(mr_mmio_wait(&io, 15000), "wait");
    if (rounds() == before) {
        fail("rounds behind the sleep", rounds(), before + 1u);
    }
    tell(DO_SLEEP);
    until("sleep", MR_CORE_STATUS_OFFSET, MR_CORE_STATUS_ASLEEP_MASK, MR_CORE_STATUS_ASLEEP_MASK,
          2000);
    set(MR_CORE_BELL_OFFSET, MR_CORE_BELL_RING_MASK);
    must(mr_mmio_wait(&io, 2000), "wait");
    expect("asleep behind the bell", get(MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_ASLEEP_MASK, 0);
    printf("sleeps, and wakes by timer and bell\n");
}

int main(int argc, char **argv) {
    mr_core_caps_t caps;
    if (argc != 2) {
        fprintf(stderr, "usage: test_core CHIP\n");
        return 2;
    }
    words = mr_core_image_test_fw_words;
    must(mr_backend_sim_create(argv[1], &io), "chip");
    must(mr_core_caps(&io, &caps), "capabilities of the core");
    if (!caps.present) {
        printf("the chip has no control core\n");
        return 77;
    }
    test_firmware();
    test_firmware_crash();
    test_refused();
    test_crashes();
    test_hangs();
    test_sleep();
    mr_mmio_close(&io);
    printf("PASS\n");
    return 0;
}
