/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of tb_kv_xbar. The bench fills the inputs, settles, reads the outputs, then gives the edge.
 */
#ifndef MR_TESTS_RTL_SOC_XBAR_DUT_H
#define MR_TESTS_RTL_SOC_XBAR_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { XBAR_ENDS_MAX = 8, XBAR_BLOCK_WORDS = 9 };

typedef struct {
    uint32_t op, slot, layer, head, kind, pos, count;
} xbar_cmd_t;

/* 272 bits. */
typedef struct {
    uint32_t word[XBAR_BLOCK_WORDS];
} xbar_block_t;

/* One KV port; kc and kw run from a tile to a channel, kr back. */
typedef struct {
    bool kc_valid, kc_ready, kw_valid, kw_ready, kr_valid, kr_ready, kr_last;
    uint32_t status;
    xbar_cmd_t cmd;
    xbar_block_t kw, kr;
} xbar_end_t;

typedef struct {
    bool rst_n, same;
    uint32_t nbh;
    xbar_end_t port[XBAR_ENDS_MAX], channel[XBAR_ENDS_MAX];
} xbar_io_t;

void xbar_dut_settle(xbar_io_t *io);
void xbar_dut_edge(void);
/* The bench; returns the process's exit status. */
int xbar_bench_main(const char *name, int ports, int channels, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
