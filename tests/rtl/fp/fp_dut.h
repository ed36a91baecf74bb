/* SPDX-License-Identifier: Apache-2.0 */
/* C view of the Verilated tb_fp_top: one call is one clock. */
#ifndef FP_DUT_H
#define FP_DUT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FP_UNITS = 10 }; /* clocked units, in the order of tb_fp_top's valid bits */

typedef struct {
    uint32_t reset; /* 1 holds the units in reset */
    uint32_t valid; /* one bit a unit */
    uint32_t func;  /* of the sfu */
    uint32_t a, b;
} fp_in_t;

typedef struct {
    uint32_t valid;       /* one bit a unit */
    uint32_t y[FP_UNITS]; /* registered results, after the clock edge */
    uint32_t h2f, less, max;
} fp_out_t;

typedef struct fp_dut fp_dut_t;

/** New bench, all signals 0. Never NULL. */
fp_dut_t *fp_dut_open(void);

/** One rising edge with these inputs; then the outputs (combinational ones belong to the same
 * inputs). */
void fp_dut_clock(fp_dut_t *dut, const fp_in_t *in, fp_out_t *out);

/** Ends the bench. */
void fp_dut_close(fp_dut_t *dut);

#ifdef __cplusplus
}
#endif
#endif
