/* SPDX-License-Identifier: Apache-2.0 */
/* C face of the Verilated vector unit: pins in, one clock, pins out.
 *
 * Not thread-safe. The pins keep their values between calls.
 */
#ifndef MR_TESTS_RTL_VEC_VEC_DUT_H
#define MR_TESTS_RTL_VEC_VEC_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A descriptor's fields, as mr_vec names them. */
typedef struct {
    uint32_t op;
    uint32_t fmt;
    uint32_t dst;
    uint32_t a;
    uint32_t b;
    uint32_t n;
    uint32_t rows;
    uint32_t nb;
    uint32_t hd;
    uint32_t k;
    uint32_t imm0;
    uint32_t imm1;
    uint32_t token;
    uint32_t pos;
} vec_cmd_t;

typedef struct {
    /* inputs */
    bool reset;
    bool start;
    uint32_t lanes_log2; /* 0..2 */
    vec_cmd_t cmd;
    uint64_t ra_data;
    uint64_t rb_data;
    const uint32_t *wm_data; /* 9 << lanes_log2 words */
    /* outputs, as they are before the clock edge */
    bool busy;
    uint32_t err;
    bool ra_en;
    uint32_t ra_addr;
    bool rb_en;
    uint32_t rb_addr;
    uint32_t w_en;
    uint32_t w_addr;
    uint64_t w_data;
    bool xw_en;
    uint32_t xw_addr;
    uint32_t xw_data[9];
    bool wm_en;
    uint32_t wm_addr;
} vec_pins_t;

typedef struct vec_dut vec_dut_t;

/** New unit, not yet reset. Never NULL: out of memory ends the program. */
vec_dut_t *vec_dut_open(void);

/** Drives the inputs, samples the outputs, then gives one rising clock edge. */
void vec_dut_clock(vec_dut_t *dut, vec_pins_t *pins);

/** Frees the unit. */
void vec_dut_close(vec_dut_t *dut);

#ifdef __cplusplus
}
#endif

#endif
