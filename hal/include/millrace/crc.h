/* SPDX-License-Identifier: Apache-2.0 */
/* The CRC-32 of packed models, core images, crash records and the chip's memory window (IEEE 802.3,
 * reflected). */
#ifndef MR_CRC_H
#define MR_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Start with crc = 0; pass the result on to continue. Words of the device count as four bytes, the
 * lowest first, as they lie in memory here. */
uint32_t mr_crc32(uint32_t crc, const void *data, size_t n);

#endif
