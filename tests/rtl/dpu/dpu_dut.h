/* SPDX-License-Identifier: Apache-2.0 */
/* C face of the Verilated dot-product units: pins in, one clock, pins out.
 *
 * Not thread-safe. The pins keep their values between calls.
 */
#ifndef MR_TESTS_RTL_DPU_DPU_DUT_H
#define MR_TESTS_RTL_DPU_DPU_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes of the units under test, as tb_dpu.sv has them. */
#define DPU_UNITS 4u
#define DPU_MAX_NBH 4u /* of any unit */
#define DPU_WDEPTH 8192u
#define DPU_VDEPTH 2048u
#define DPU_XDEPTH 128u

/* A descriptor's fields, as mr_dpu names them; dst in pairs. */
typedef struct {
    bool is_attend;
    bool q4;
    bool acc;
    uint32_t dst;
    uint32_t x;
    uint32_t w;
    uint32_t rows;
    uint32_t nb;
    uint32_t layer;
    uint32_t n_kv;
    uint32_t kv_first;
    uint32_t nbh;
    uint32_t g;
    uint32_t scale;
    uint32_t slot;
    uint32_t pos;
} dpu_cmd_t;

typedef struct {
    /* inputs */
    bool reset;
    bool start;
    uint32_t lanes_log2; /* 0..3: the unit */
    dpu_cmd_t cmd;
    const uint32_t *wm_data; /* 9 << lanes_log2 words */
    const uint32_t *xm_data; /* 9 words, the last one's upper half ignored */
    bool vw_ready;
    bool vr_ready;
    uint64_t vr_data;
    bool kc_ready;
    bool kr_valid;
    const uint32_t *kr_block; /* 9 words likewise */
    bool kr_last;
    uint32_t kr_status;
    /* outputs, as they are before the clock edge */
    bool busy;
    uint32_t err;
    bool wm_en;
    uint32_t wm_addr;
    bool xm_en;
    uint32_t xm_addr;
    bool vw_valid;
    uint32_t vw_en;
    uint32_t vw_addr;
    uint64_t vw_data;
    bool vr_valid;
    uint32_t vr_addr;
    bool kc_valid;
    uint32_t kc_slot;
    uint32_t kc_layer;
    uint32_t kc_head;
    uint32_t kc_kind;
    uint32_t kc_pos;
    uint32_t kc_count;
    bool kr_ready;
    bool gemv_active;
    bool lane_busy;
    bool kv_wait;
} dpu_pins_t;

typedef struct dpu_dut dpu_dut_t;

/** New units, not yet reset. Never NULL: out of memory ends the program. */
dpu_dut_t *dpu_dut_open(void);

/** Drives the inputs, samples the outputs, then gives one rising clock edge. */
void dpu_dut_clock(dpu_dut_t *dut, dpu_pins_t *pins);

/** Frees the units. */
void dpu_dut_close(dpu_dut_t *dut);

#ifdef __cplusplus
}
#endif

#endif
