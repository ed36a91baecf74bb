/* SPDX-License-Identifier: Apache-2.0 */
/* The KV-cache DRAM controller (mr_kv_top) Verilated for one of several DRAM profiles, with the
 * device model on its DFI port and the independent rule checker beside it. Models with ECC have a
 * second device for the check bits, those of code word w of a word in byte w of its word. Models
 * with the AXI back end have an AXI memory and a checker of the port instead of the DRAM device.
 *
 * One clock a call: set `in`, call mr_kv_sim_clock(), look at `out`. A transfer took place in that
 * clock where valid and ready are both true. Blocks are the 34 bytes of the port's 272 bits from
 * bit 0 up: 32 data bytes (16 in a Q4_0 model, the rest 0), then the scale. Several simulations may
 * be open at once; one thread for all of them. A failed assertion in the RTL ends the process with
 * a message.
 */
#ifndef MR_SIM_VERILATOR_KV_MR_KV_SIM_H
#define MR_SIM_VERILATOR_KV_MR_KV_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mr_axi_check.h"
#include "mr_axi_mem.h"
#include "mr_dram_dev.h"
#include "mr_dram_rules.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MR_KV_SIM_BLOCK = 34, MR_KV_SIM_COUNTERS = 22, MR_KV_SIM_CAUSES = 7, MR_KV_SIM_ROUND = 128 };
enum { MR_KV_SIM_AXI_BYTES = 1 << 24 }; /* of the AXI memory */
enum { MR_KV_SIM_STREAM = 0, MR_KV_SIM_APPEND = 1 };
enum { MR_KV_SIM_FREE = 0, MR_KV_SIM_TRUNCATE = 1, MR_KV_SIM_FORK = 2, MR_KV_SIM_QUOTA = 3 };

/* A command of kc, and one of the administration port. */
typedef struct {
    uint8_t op, slot, layer, head, kind, count;
    uint32_t pos;
} mr_kv_sim_cmd_t;

typedef struct {
    uint8_t op, slot, src;
    uint32_t len;
} mr_kv_sim_admin_t;

/* Registers of the ECC filter, see mr_kv_ecc; of no effect in models without it. */
typedef struct {
    bool off, inj_en, inj_rd, inj_match, log_clear, log_pop, cnt_clear;
    uint32_t inj_addr;
    uint8_t inj_beat, inj_cw, inj_chk;
    uint64_t inj_data;
    uint16_t inj_every;
    uint16_t patrol_gap;
} mr_kv_sim_ecc_in_t;

typedef struct {
    bool log_valid, first_valid;
    uint64_t log_data, first_data;
    uint32_t log_count, log_lost, corrected, detected, poisoned, injected;
    uint32_t patrol_pages, patrol_words;
} mr_kv_sim_ecc_out_t;

typedef struct {
    bool kc_valid, kw_valid, kr_ready, ad_valid;
    bool rd_err; /* poisons the word that the device gives in this clock */
    bool cfg_start, inj_owner;
    mr_kv_sim_cmd_t kc;
    mr_kv_sim_admin_t ad;
    mr_kv_sim_ecc_in_t ecc;
    bool axi_clear, axi_err_clear; /* of the AXI back end */
    uint8_t kw_block[MR_KV_SIM_BLOCK];
} mr_kv_sim_in_t;

typedef struct {
    bool kc_ready, kw_ready, kr_valid, kr_last, ad_ready, ad_done, ready, idle, pe_err;
    bool rd_valid; /* the device gave a word */
    uint8_t kr_status, ad_status;
    uint8_t kr_block[MR_KV_SIM_BLOCK];
    uint32_t pages_used, pages_dirty;
    uint64_t refused; /* 16 bits each for status 7, 6, 5, 4 */
    mr_kv_sim_ecc_out_t ecc;
    bool axi_busy, axi_wr_err, axi_proto_err, axi_timeout;
    uint32_t axi_wr_errors;
    uint64_t axi_wr_err_addr;
} mr_kv_sim_out_t;

/* What a model was built with: the most that a configuration may use. */
typedef struct {
    uint32_t slots, layers, heads, nbh, pages, slot_blocks; /* slot_blocks: 32 positions each */
} mr_kv_sim_limits_t;

/* Page layout as firmware computes it, bursts. */
typedef struct {
    uint32_t layers, heads, nbh, pages, chunk, part, step;
} mr_kv_sim_shape_t;

/* Counters of mr_kv_account: clocks useful and lost to refresh, turnaround, row, bank group,
 * starvation, back-pressure; commands; clocks with a row open. */
typedef struct {
    uint64_t cause[MR_KV_SIM_CAUSES];
    uint64_t act, rd, wr, pre, ref, open;
} mr_kv_sim_counts_t;

struct mr_kv_model;

/* Read all members; write `in` and `blank_zero` only. */
typedef struct {
    mr_kv_sim_in_t in;
    mr_kv_sim_out_t out;
    bool blank_zero; /* bytes that were never written read as 0 instead of 0xA5 */
    const mr_dram_profile_t *profile;
    mr_kv_sim_limits_t limits;
    mr_kv_sim_shape_t shape;
    uint32_t word_bytes, block_bytes; /* block_bytes: 34 or 18, as it lies in DRAM */
    uint32_t ecc_word;                /* data bits of a code word; 0: no ECC */
    bool axi;                         /* the model has the AXI back end */
    uint64_t clock;                   /* clocks since reset was released */
    mr_dram_dev_in_t dfi;             /* what the device got in the last clock */
    /* Valid once mr_kv_sim_snap() is over (snapping false). */
    mr_kv_sim_counts_t counts;
    bool snapping;
    /* private */
    const struct mr_kv_model *model;
    void *dut;
    mr_dram_dev_t dev, chk; /* chk: check bits, with ecc_word */
    mr_dram_rules_t rules;
    mr_axi_mem_t *axi_mem; /* its mode may be set */
    mr_axi_check_t axi_check;
    mr_axi_pins_t axi_pins;
    mr_axi_mem_event_t axi_event; /* of the last clock */
    const char *axi_fault;        /* the first broken rule of AXI, or NULL */
    uint64_t count[MR_KV_SIM_COUNTERS];
    uint32_t count_step;
    bool reset, snap;
} mr_kv_sim_t;

/* Name of model i ("ddr4-2400"), or NULL behind the last. */
const char *mr_kv_sim_name(size_t i);

/* Powers controller and device up, takes the controller out of reset and waits until it is ready
 * (unconfigured: every command is refused). @return false for an unknown name, short memory or when
 * it never gets ready. */
bool mr_kv_sim_open(mr_kv_sim_t *self, const char *name);
void mr_kv_sim_close(mr_kv_sim_t *self);

/* Fills in what is known without a running controller: profile, limits, sizes. Enough for
 * mr_kv_sim_shape(); needs no close. @return false for an unknown name. */
bool mr_kv_sim_describe(mr_kv_sim_t *self, const char *name);

/* Shape of a page and the pages that fit the device, at most `pages` of them (0: all).
 * @return false when the numbers exceed the limits or no page fits. */
bool mr_kv_sim_shape(const mr_kv_sim_t *self, uint32_t layers, uint32_t heads, uint32_t nbh,
                     uint32_t pages, mr_kv_sim_shape_t *shape);

/* Configures; everything is forgotten. Call while nothing is under way. @return false when the
 * controller does not get ready. */
bool mr_kv_sim_start(mr_kv_sim_t *self, const mr_kv_sim_shape_t *shape);

void mr_kv_sim_clock(mr_kv_sim_t *self);

/* Takes the counters as they stand at the end of the controller's present round of MR_KV_SIM_ROUND
 * clocks, while clocks go on; call again when snapping is false. Calls a multiple of
 * MR_KV_SIM_ROUND clocks apart see counters just as many clocks apart. */
void mr_kv_sim_snap(mr_kv_sim_t *self);

/* Broken rules, of the device model and of the checker. */
uint64_t mr_kv_sim_violations(const mr_kv_sim_t *self);

/* The first one in words; empty when there is none. */
void mr_kv_sim_violation_text(const mr_kv_sim_t *self, char *text, size_t size);

/* Energy of the device since power-up, pJ. */
double mr_kv_sim_energy_pj(const mr_kv_sim_t *self);

#ifdef __cplusplus
}
#endif

#endif
