/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of tb_kv_cmd. The bench fills the inputs, settles, reads the outputs, then gives the edge.
 */
#ifndef MR_TESTS_RTL_KV_CMD_KV_CMD_DUT_H
#define MR_TESTS_RTL_KV_CMD_KV_CMD_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned layers, heads, nbh, pages, chunk, part, step;
} kv_cmd_cfg_t;

typedef struct {
    unsigned op, slot, layer, head, kind, pos, count;
} kv_cmd_t;

typedef struct {
    unsigned op, slot, src, len;
} kv_admin_t;

typedef struct {
    unsigned append, status, slot, layer, head, kind, pos, count, base, rot, part, off;
} kv_job_t;

typedef struct {
    unsigned copy, src_base, src_rot, dst_base, dst_rot;
} kv_page_job_t;

/* Parameters of the module under test. */
typedef struct {
    unsigned slots, layers, heads, nbh, pages, blocks, ba_bits, la;
} kv_cmd_params_t;

typedef struct {
    /* inputs */
    bool rst_n, cfg_start, inject;
    kv_cmd_cfg_t cfg;
    bool kc_valid, ad_valid, job_ready, flush_done, pe_ready, pe_done;
    kv_cmd_t kc;
    kv_admin_t ad;
    /* outputs */
    bool ready, kc_ready, ad_ready, ad_done, job_valid, flush_req, pe_valid, pe_urgent;
    unsigned ad_status, used, dirty, clean;
    unsigned refused[4]; /* status 4..7 */
    kv_job_t job;
    kv_page_job_t pe;
    kv_cmd_params_t params;
} kv_cmd_io_t;

void kv_cmd_dut_settle(kv_cmd_io_t *io);
void kv_cmd_dut_edge(void);
/* The bench; returns the process's exit status. */
int kv_cmd_bench_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
