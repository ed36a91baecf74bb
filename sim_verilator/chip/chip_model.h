/* SPDX-License-Identifier: Apache-2.0 */
/* One Verilated chip behind C functions; chip_dut.cpp makes one for each DRAM profile.
 *
 * In each clock: edge, and in it `before` for each channel, which calls dfi or pins (what the chip
 * drives towards its DRAM before the edge) and answer (what the device drives for it).
 */
#ifndef MR_SIM_CHIP_MODEL_H
#define MR_SIM_CHIP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "chip_trace.h"
#include "mr_dram_dev.h"
#include "mr_dram_sdr.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MR_CHIP_LINK_DELAY_MAX = 48 };

typedef struct {
    bool valid, write;
    uint32_t addr, data;
} mr_chip_request_t;

typedef struct {
    bool ready, valid, error, irq; /* ready: of the request; the others of the answer */
    uint32_t data;
} mr_chip_response_t;

typedef struct {
    const char *name;    /* as users choose it */
    const char *profile; /* of mr_dram_profiles */
    uint32_t dq_bytes;   /* bytes of the data bus in a clock; 0: the profile's */
    int64_t init_clocks; /* power-up wait; < 0: the profile's */
    uint32_t groups;
    uint32_t channels;   /* DRAM devices of all groups; 1 with pins */
    bool ecc;            /* check bits, in a device of their own beside each */
    void *(*open)(void); /* NULL: out of memory */
    void (*close)(void *dut);
    /* Either one or the other; chk: the check bits' device, as dfi. */
    void (*dfi)(const void *dut, uint32_t channel, mr_dram_dev_in_t *dfi, mr_dram_dev_in_t *chk);
    void (*pins)(void *dut, mr_dram_sdr_pins_t *pins);
    void (*answer)(void *dut, uint32_t channel, const mr_dram_dev_out_t *answer,
                   const mr_dram_dev_out_t *chk);
    /* Faults of the links in the next clock, 4 bits each (mr_chip); NULL with one group. */
    void (*link_fault)(void *dut, uint64_t bits);
    void (*reset)(void *dut, bool reset, uint32_t git_hash);
    void (*request)(void *dut, const mr_chip_request_t *request);
    void (*response)(const void *dut, mr_chip_response_t *response);
    /* A whole clock; false: an assertion failed. Calls `before` for each channel, as a rule from
     * several threads, before it evaluates what drives this channel. */
    bool (*edge)(void *dut, void (*before)(void *ctx, uint32_t channel), void *ctx);
    /* Wires between groups take so many clocks more each way, 0 .. MR_CHIP_LINK_DELAY_MAX; NULL:
     * the model cannot. */
    void (*link_delay)(void *dut, uint32_t clocks);
    /* Shows each further clock to a tracer that stays until the next call, or to none (NULL); NULL:
     * the model has no trace ports. */
    void (*trace)(void *dut, mr_chip_trace_t *trace);
    uint32_t tiles; /* of a group, with trace */
    /* Writes all signals of the next clocks (0: all) into a file, in place of the one before, or
     * ends that (NULL); false: the file cannot be written. NULL: the model cannot. */
    bool (*fst)(void *dut, const char *path, uint64_t clocks);
    bool (*recording)(const void *dut); /* NULL with fst */
} mr_chip_model_t;

#ifdef __cplusplus
}
#endif

#endif
