/* SPDX-License-Identifier: Apache-2.0 */
/* C interface of the Verilated tb_kv_sched. One clock: fill the inputs, settle, read the outputs,
 * edge. */
#ifndef MR_TESTS_RTL_KV_SCHED_SCHED_DUT_H
#define MR_TESTS_RTL_KV_SCHED_SCHED_DUT_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_dram_dev.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    /* in */
    bool rst_n, cfg_odd, run_valid, run_wr, rd_room, snap, cnt_valid;
    uint8_t cfg_step, run_rot, run_part, cnt_addr;
    uint32_t cfg_part, run_base, run_off, run_n, run_use;
    uint8_t wd_word[16];
    uint16_t wd_be;
    bool dfi_rd_valid;
    uint8_t dfi_rd_data[16];
    /* out */
    bool run_ready, wd_pop, rd_issue, rd_valid, idle, ready, cnt_done;
    uint16_t cnt_data;
    uint8_t rd_word[16];
    mr_dram_dev_in_t dfi;
} sched_dut_t;

void sched_dut_settle(sched_dut_t *io);
void sched_dut_edge(void);

/* The bench, called by main with the profile that was built and the name of the test. */
int sched_bench_main(const char *profile, const char *name, int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
