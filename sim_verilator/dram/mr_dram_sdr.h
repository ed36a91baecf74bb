/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of an SDR SDRAM, turned into what mr_dram_dev and mr_dram_rules take each clock, with the
 * rules that only the pins can break: mode register, columns on burst boundaries, no
 * auto-precharge, DQM low while a burst is read and high until the mode register is set.
 *
 * Not thread safe; no heap.
 */
#ifndef MR_SIM_VERILATOR_DRAM_MR_DRAM_SDR_H
#define MR_SIM_VERILATOR_DRAM_MR_DRAM_SDR_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_dram_dev.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Levels before a rising edge; dqm: a bit a byte; data: up to MR_DRAM_DEV_WORD_MAX bytes. */
typedef struct {
    bool cke, cs_n, ras_n, cas_n, we_n, dq_oe;
    uint8_t ba;
    uint32_t a;
    uint64_t dqm;
    uint8_t data[MR_DRAM_DEV_WORD_MAX];
} mr_dram_sdr_pins_t;

typedef struct {
    const mr_dram_profile_t *profile;
    uint32_t reading; /* clocks left in which DQM would mask words of a read */
    bool mode_set;
} mr_dram_sdr_t;

/* profile: an SDR profile (bursts of 4, write latency 0). */
void mr_dram_sdr_init(mr_dram_sdr_t *self, const mr_dram_profile_t *profile);

/* One clock: fills `in`. @return NULL, or what the pins did wrong, in a few words. */
const char *mr_dram_sdr_clock(mr_dram_sdr_t *self, const mr_dram_sdr_pins_t *pins,
                              mr_dram_dev_in_t *in);

#ifdef __cplusplus
}
#endif

#endif
