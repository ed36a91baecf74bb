/* SPDX-License-Identifier: Apache-2.0 */
/* Images for the control core, as little-endian 32-bit words (firmware/core): what goes to SRAM
 * offset 0, except the boot ROM. Word 1 is the version of the host protocol, word 2 the size in
 * bytes. */
#ifndef MR_CORE_IMAGE_ARRAY_H
#define MR_CORE_IMAGE_ARRAY_H

#include <stdint.h>

/* The firmware. */
extern const uint32_t mr_core_image_millrace_fw[];
extern const uint32_t mr_core_image_millrace_fw_words;

/* An image that does what a test tells it to (firmware/core/test/main.c). */
extern const uint32_t mr_core_image_test_fw[];
extern const uint32_t mr_core_image_test_fw_words;

/* What the boot ROM of a simulated chip holds. */
extern const uint32_t mr_core_image_boot[];
extern const uint32_t mr_core_image_boot_words;

#endif
