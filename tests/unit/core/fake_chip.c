/* SPDX-License-Identifier: Apache-2.0 */
/* A control core's hardware without RTL. */
#include "fake_chip.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define BUS_BYTES 4096u /* of the chip's own registers, that the boot ROM reads */

fake_chip_t chip;

uint32_t mr_core_guard[MR_CORE_GUARD_WORDS];
uint32_t mr_core_irq_guard[MR_CORE_GUARD_WORDS];

uint32_t mr_core_read(uint32_t offset) {
    uint32_t value = chip.reg[offset / 4u];
    assert_true(offset % 4u == 0 && offset < sizeof chip.reg);
    if (offset == MR_CORE_TIMER_LO_OFFSET) {
        value = chip.clock;
        chip.clock += chip.tick;
    }
    return chip.on_read != NULL ? chip.on_read(offset, value) : value;
}

void mr_core_write(uint32_t offset, uint32_t value) {
    assert_true(offset % 4u == 0 && offset < sizeof chip.reg);
    assert_true(chip.n_writes < CHIP_WRITES);
    chip.write[chip.n_writes++] = (chip_write_t){offset, value};
    chip.reg[offset / 4u] = value;
    if (chip.on_write != NULL) {
        chip.on_write(offset, value);
    }
}

uint32_t mr_core_mask(uint32_t masked) {
    const uint32_t was = chip.masked;
    chip.masked = masked;
    return was;
}

static void trapped(int signal_number) {
    (void)signal_number;
    siglongjmp(chip.out, CHIP_TRAPPED);
}

void chip_leave(void) {
    siglongjmp(chip.out, CHIP_LEFT);
}

void chip_catch_traps(void) {
    const struct sigaction action = {.sa_handler = trapped};
    assert_int_equal(sigaction(SIGILL, &action, NULL), 0);
}

/* Maps memory that the core has at an address. */
static void map(uint32_t address, size_t bytes) {
    static const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    void *want = (void *)(uintptr_t)address;
    assert_ptr_equal(mmap(want, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), want);
}

int chip_reset(void **state) {
    static bool mapped;
    (void)state;
    if (!mapped) {
        map(MR_CORE_SRAM, CHIP_SRAM_KB * 1024u);
        map(MR_CORE_BUS, BUS_BYTES);
        mapped = true;
    }
    memset(chip_word(MR_CORE_SRAM), 0, CHIP_SRAM_KB * 1024u);
    memset(chip_word(MR_CORE_BUS), 0, BUS_BYTES);
    memset(&chip, 0, sizeof chip);
    chip.masked = UINT32_MAX;
    REG(CAPS) = CHIP_SRAM_KB << MR_CORE_CAPS_SRAM_KB_SHIFT | MR_CORE_CAPS_PRESENT_MASK;
    return 0;
}

uint32_t *chip_word(uint32_t address) {
    return (uint32_t *)(uintptr_t)address;
}

void chip_expect(const chip_write_t *want, uint32_t n) {
    for (uint32_t i = 0; i < n && i < chip.n_writes; i++) {
        if (want[i].offset != chip.write[i].offset || want[i].value != chip.write[i].value) {
            fail_msg("write %u: 0x%03X = 0x%08X, not 0x%03X = 0x%08X", i, chip.write[i].offset,
                     chip.write[i].value, want[i].offset, want[i].value);
        }
    }
    assert_int_equal(chip.n_writes, n);
    chip.n_writes = 0;
}
