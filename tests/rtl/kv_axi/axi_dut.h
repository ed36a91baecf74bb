/* SPDX-License-Identifier: Apache-2.0 */
/* C interface of the Verilated tb_kv_axi. Set the inputs, axi_dut_settle() shows the outputs of
 * this clock (it may be called again after changing inputs), axi_dut_edge() is the clock edge. */
#ifndef MR_TESTS_RTL_KV_AXI_AXI_DUT_H
#define MR_TESTS_RTL_KV_AXI_AXI_DUT_H

#include "mr_axi_pins.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    /* to the device under test */
    bool rst_n, clear, run_valid, run_wr, rd_room, err_clear, snap, cnt_valid;
    uint64_t base;
    uint32_t cfg_part, run_base, run_off, run_n, run_use;
    uint8_t run_rot, run_part, cnt_addr;
    uint64_t wd_be;
    uint8_t wd_word[MR_AXI_BYTES];
    /* from it */
    bool run_ready, wd_pop, rd_issue, rd_valid, rd_err, idle, ready, busy, wr_err, proto_err,
        timeout;
    bool cnt_done;
    uint16_t rd_out, wr_out, err_count, cnt_data;
    uint64_t err_addr;
    uint8_t rd_word[MR_AXI_BYTES];
    mr_axi_pins_t pins;
} axi_dut_t;

typedef struct {
    const char *name;
    uint32_t word, burst, max_burst, max_reads, max_writes;
} axi_shape_t;

void axi_dut_settle(axi_dut_t *io);
void axi_dut_edge(void);
int axi_bench_main(const axi_shape_t *shape, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
