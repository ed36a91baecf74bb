/* SPDX-License-Identifier: Apache-2.0 */
/* C view of the Verilated bench top tb_kv_dram; one object a process. */
#ifndef MR_TESTS_RTL_KV_DRAM_KV_DUT_H
#define MR_TESTS_RTL_KV_DRAM_KV_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KV_PORTS 3
#define KV_BLOCK_BYTES 34

typedef struct {
    uint8_t op, slot, layer, head, kind, count;
    uint32_t pos;
} kv_cmd_t;

typedef struct {
    /* inputs, kept until changed */
    bool rst_n, free_req;
    uint8_t free_slot;
    unsigned cfg_layers, cfg_heads, cfg_nbh, cfg_pages;
    bool kc_valid[KV_PORTS], kw_valid[KV_PORTS], kr_ready[KV_PORTS];
    kv_cmd_t kc[KV_PORTS];
    uint8_t kw_block[KV_PORTS][KV_BLOCK_BYTES];
    uint64_t dq_in;
    /* outputs just before the coming clock edge */
    bool kc_ready[KV_PORTS], kw_ready[KV_PORTS], kr_valid[KV_PORTS];
    bool kr_last, taken, free_busy, ready;
    uint8_t kr_status;
    uint8_t kr_block[KV_BLOCK_BYTES];
    unsigned pages_free;
    uint32_t cycles, rd_words, wr_words, refreshes, activates, refused;
    bool cke, cs_n, ras_n, cas_n, we_n, dq_oe;
    uint8_t ba, dqm;
    uint16_t a;
    uint64_t dq_out;
    unsigned dq_bytes, clock_ps, max_nbh, addr_bits; /* addr_bits: of a burst's address */
} kv_dut_t;

/* Applies the inputs and fills the outputs; the clock is low. */
void kv_dut_settle(kv_dut_t *io);
/* The rising edge. */
void kv_dut_edge(void);
/* The bench proper (C). @return exit status. */
int kv_bench_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
