/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the control core as the host sees it: starting an image, and what a dead one has left
 * (docs/firmware.md).
 *
 * All functions return MR_OK, the status of the register access, or what they state. Not
 * thread-safe.
 */
#ifndef MR_CORE_H
#define MR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/crash.h"
#include "millrace/mmio.h"
#include "millrace/status.h"

typedef struct {
    bool present;
    bool uart;
    uint32_t sram_bytes;
} mr_core_caps_t;

/* What the device has; a device without a core answers like one whose `present` is false. */
MR_NODISCARD mr_status_t mr_core_caps(const mr_mmio_t *mmio, mr_core_caps_t *caps);

/* Starts an image (its first words are the header of firmware/core/image.h): resets the core,
 * clears what a dead one has left, writes the image and waits for at most max_cycles until it runs.
 * The boot ROM must be the chip's own.
 * @param[out] boot_state  BOOT_STATE at the end (regs.h), on MR_OK RUNNING; may be NULL
 * @return also MR_ARG: no image; MR_UNSUPPORTED: there is no core; MR_NO_SPACE: the image is larger
 * than the SRAM; refused by the boot ROM: MR_CRC (BAD_CRC), MR_IDENTITY (BAD_VERSION), MR_FORMAT
 * (BAD_SIZE, BAD_MAGIC); MR_TIMEOUT: it does not run in time. After a refusal the boot ROM waits
 * for the next one. Cost: an access a word and 64 cycles between looks. */
MR_NODISCARD mr_status_t mr_core_boot(const mr_mmio_t *mmio, const uint32_t *image, uint32_t words,
                                      uint64_t max_cycles, uint32_t *boot_state);

/* Holds the core in reset. The SRAM can still be read. */
MR_NODISCARD mr_status_t mr_core_halt(const mr_mmio_t *mmio);

/* Reads the crash record.
 * @return also MR_UNSUPPORTED: there is no core; MR_NOT_FOUND: there is no record; MR_CRC: it is
 * being written, or damaged. */
MR_NODISCARD mr_status_t mr_core_crash(const mr_mmio_t *mmio, mr_crash_t *record);

/* Name of a cause (CRASH_CAUSE in regs.h) in lower case; never NULL. */
const char *mr_core_cause_text(uint32_t cause);

#endif
