/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the control core, host side. */
#include "millrace/core.h"

#include "millrace/crc.h"
#include "millrace/regs.h"

#define POLL_CYCLES 64u

static mr_status_t core_write(const mr_mmio_t *mmio, uint32_t offset, uint32_t value) {
    return mr_mmio_write32(mmio, MR_CORE_BASE + offset, value);
}

static mr_status_t core_read(const mr_mmio_t *mmio, uint32_t offset, uint32_t *value) {
    return mr_mmio_read32(mmio, MR_CORE_BASE + offset, value);
}

const char *mr_core_cause_text(uint32_t cause) {
    static const char *const text[] = {
        [MR_CORE_CRASH_CAUSE_NONE] = "none",
        [MR_CORE_CRASH_CAUSE_ILLEGAL] = "illegal instruction",
        [MR_CORE_CRASH_CAUSE_MISALIGNED] = "misaligned access",
        [MR_CORE_CRASH_CAUSE_STACK] = "stack guard overwritten",
        [MR_CORE_CRASH_CAUSE_ASSERT] = "assertion",
        [MR_CORE_CRASH_CAUSE_BUS] = "bus error",
        [MR_CORE_CRASH_CAUSE_WATCHDOG] = "watchdog",
    };
    return cause < sizeof text / sizeof text[0] ? text[cause] : "unknown cause";
}

mr_status_t mr_core_caps(const mr_mmio_t *mmio, mr_core_caps_t *caps) {
    uint32_t v;
    const mr_status_t status = core_read(mmio, MR_CORE_CAPS_OFFSET, &v);
    *caps = (mr_core_caps_t){.present = false};
    if (status == MR_DEVICE) { /* no such block: the access has set STATUS.bus_error */
        return mr_mmio_write32(mmio, MR_CHIP_BASE + MR_CHIP_STATUS_OFFSET,
                               MR_CHIP_STATUS_BUS_ERROR_MASK);
    }
    MR_TRY(status);
    caps->present = (v & MR_CORE_CAPS_PRESENT_MASK) != 0;
    caps->uart = (v & MR_CORE_CAPS_UART_MASK) != 0;
    caps->sram_bytes = (v & MR_CORE_CAPS_SRAM_KB_MASK) >> MR_CORE_CAPS_SRAM_KB_SHIFT << 10;
    return MR_OK;
}

static mr_status_t find_core(const mr_mmio_t *mmio, mr_core_caps_t *caps) {
    MR_TRY(mr_core_caps(mmio, caps));
    return caps->present && caps->sram_bytes >= MR_CRASH_BYTES ? MR_OK : MR_UNSUPPORTED;
}

static uint32_t record_addr(const mr_core_caps_t *caps) {
    return MR_CORE_SRAM_BASE + caps->sram_bytes - MR_CRASH_BYTES;
}

mr_status_t mr_core_halt(const mr_mmio_t *mmio) {
    mr_core_caps_t caps;
    MR_TRY(find_core(mmio, &caps));
    return core_write(mmio, MR_CORE_CTRL_OFFSET, 0);
}

/* Forgets what happened to the firmware before. The core is in reset. */
static mr_status_t clear_past(const mr_mmio_t *mmio, const mr_core_caps_t *caps) {
    MR_TRY(core_write(mmio, MR_CORE_STATUS_OFFSET,
                      MR_CORE_STATUS_TRAP_MASK | MR_CORE_STATUS_WATCHDOG_MASK));
    MR_TRY(core_write(mmio, MR_CORE_FAULT_OFFSET, MR_CORE_FAULT_VALID_MASK));
    MR_TRY(core_write(mmio, MR_CORE_BOOT_CTRL_OFFSET, MR_CORE_BOOT_CTRL_PENDING_MASK));
    MR_TRY(core_write(mmio, MR_CORE_BELL_OFFSET, MR_CORE_BELL_PENDING_MASK));
    MR_TRY(core_write(mmio, MR_CORE_HOST_BELL_OFFSET, MR_CORE_HOST_BELL_PENDING_MASK));
    MR_TRY(core_write(mmio, MR_CORE_CRASH_CAUSE_OFFSET, MR_CORE_CRASH_CAUSE_NONE));
    MR_TRY(core_write(mmio, MR_CORE_CRASH_PC_OFFSET, 0));
    return mr_mmio_write32(mmio, record_addr(caps), 0);
}

/* Waits until the boot ROM or the image has an answer. */
static mr_status_t wait_running(const mr_mmio_t *mmio, uint64_t max_cycles, uint32_t *state) {
    for (uint64_t spent = 0;; spent += POLL_CYCLES) {
        MR_TRY(core_read(mmio, MR_CORE_BOOT_STATE_OFFSET, state));
        switch (*state) {
        case MR_CORE_BOOT_STATE_RUNNING:
            return MR_OK;
        case MR_CORE_BOOT_STATE_BAD_CRC:
            return MR_CRC;
        case MR_CORE_BOOT_STATE_BAD_VERSION:
            return MR_IDENTITY;
        case MR_CORE_BOOT_STATE_BAD_SIZE:
        case MR_CORE_BOOT_STATE_BAD_MAGIC:
            return MR_FORMAT;
        default:
            break;
        }
        if (spent >= max_cycles) {
            return MR_TIMEOUT;
        }
        MR_TRY(mr_mmio_wait(mmio, POLL_CYCLES));
    }
}

mr_status_t mr_core_boot(const mr_mmio_t *mmio, const uint32_t *image, uint32_t words,
                         uint64_t max_cycles, uint32_t *boot_state) {
    mr_core_caps_t caps;
    uint32_t state = MR_CORE_BOOT_STATE_RESET;
    mr_status_t status;
    if (image == NULL || words < 2u) {
        return MR_ARG;
    }
    MR_TRY(find_core(mmio, &caps));
    if (words > (caps.sram_bytes - MR_CRASH_BYTES) / 4u) {
        return MR_NO_SPACE;
    }
    MR_TRY(core_write(mmio, MR_CORE_CTRL_OFFSET, 0));
    MR_TRY(clear_past(mmio, &caps));
    MR_TRY(mr_mmio_write_block(mmio, MR_CORE_SRAM_BASE, image, words));
    MR_TRY(core_write(mmio, MR_CORE_BOOT_SIZE_OFFSET, 4u * words));
    MR_TRY(core_write(mmio, MR_CORE_BOOT_CRC_OFFSET, mr_crc32(0, image, (size_t)words * 4u)));
    MR_TRY(core_write(mmio, MR_CORE_BOOT_VERSION_OFFSET, image[1]));
    MR_TRY(core_write(mmio, MR_CORE_BOOT_CTRL_OFFSET, MR_CORE_BOOT_CTRL_GO_MASK));
    MR_TRY(core_write(mmio, MR_CORE_CTRL_OFFSET, MR_CORE_CTRL_RUN_MASK));
    status = wait_running(mmio, max_cycles, &state);
    if (boot_state != NULL) {
        *boot_state = state;
    }
    return status;
}

mr_status_t mr_core_crash(const mr_mmio_t *mmio, mr_crash_t *record) {
    mr_core_caps_t caps;
    union {
        mr_crash_t r;
        uint32_t w[sizeof(mr_crash_t) / 4u];
    } words;
    const size_t n = sizeof words.w / sizeof words.w[0];
    MR_TRY(find_core(mmio, &caps));
    MR_TRY(mr_mmio_read_block(mmio, record_addr(&caps), words.w, n));
    if (words.r.magic != MR_CRASH_MAGIC) {
        return MR_NOT_FOUND;
    }
    if (words.r.bytes != sizeof words.r || words.r.n_events > MR_CRASH_EVENTS ||
        mr_crc32(0, words.w, (n - 1u) * 4u) != words.r.crc) {
        return MR_CRC;
    }
    *record = words.r;
    return MR_OK;
}
