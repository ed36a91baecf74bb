/* SPDX-License-Identifier: Apache-2.0 */
/* What the .xclbin tells XRT about the card, and the simulator answers to: one kernel, one memory
 * bank. Addresses and sizes in bytes. */
#ifndef MR_SIM_XRT_CARD_H
#define MR_SIM_XRT_CARD_H

#define MR_XRT_KERNEL_BASE UINT64_C(0x1800000)
#define MR_XRT_KERNEL_BYTES 0x10000u
#define MR_XRT_MEMORY_BASE UINT64_C(0x400000000)
#define MR_XRT_MEMORY_BYTES 0x4000000u

#endif
