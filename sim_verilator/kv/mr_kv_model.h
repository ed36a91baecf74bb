/* SPDX-License-Identifier: Apache-2.0 */
/* Between mr_kv_sim.c and the C++ skins over the Verilated models: one table of functions a model.
 */
#ifndef MR_SIM_VERILATOR_KV_MR_KV_MODEL_H
#define MR_SIM_VERILATOR_KV_MR_KV_MODEL_H

#include "mr_kv_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Inputs beside mr_kv_sim_in_t. */
typedef struct {
    bool rst_n, rd_valid, snap, count_valid;
    uint8_t count_addr;
    uint8_t rd_data[16], rd_chk[8];
    const mr_axi_pins_t *axi;
} mr_kv_model_in_t;

enum { KV_AXI_BASE = 0x40000000 };

typedef struct mr_kv_model {
    const char *name, *profile;
    uint32_t word_bytes, block_bytes; /* word_bytes 0: the profile's */
    uint32_t ecc_word;                /* 0: no ECC */
    bool axi;
    mr_kv_sim_limits_t limits;
    void *(*open)(void); /* NULL: out of memory */
    void (*close)(void *dut);
    /* What the controller drives at the device, and at that of the check bits: registered, so valid
     * after an edge. */
    void (*dfi)(void *dut, mr_dram_dev_in_t *dfi, mr_dram_dev_in_t *chk);
    void (*axi_out)(void *dut, mr_axi_pins_t *pins); /* likewise, at the AXI port */
    void (*settle)(void *dut, const mr_kv_sim_in_t *in, const mr_kv_sim_shape_t *shape,
                   const mr_kv_model_in_t *more, mr_kv_sim_out_t *out);
    bool (*count)(void *dut, uint16_t *data); /* the answer of the counters' port */
    void (*edge)(void *dut);
} mr_kv_model_t;

#ifdef __cplusplus
}
#endif

#endif
