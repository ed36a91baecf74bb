/* SPDX-License-Identifier: Apache-2.0 */
/* SDR SDRAM pins to DFI commands. */
#include "mr_dram_sdr.h"

#include <string.h>

enum { PIN_A10 = 1u << 10, COLUMN_PINS = 0x3FFu, BURST = 4 };

void mr_dram_sdr_init(mr_dram_sdr_t *self, const mr_dram_profile_t *profile) {
    *self = (mr_dram_sdr_t){profile, 0, false};
}

static mr_dram_cmd_code_t decode(const mr_dram_sdr_pins_t *p) {
    static const mr_dram_cmd_code_t code[8] = {MR_DRAM_CMD_MRS, MR_DRAM_CMD_REFA, MR_DRAM_CMD_PRE,
                                               MR_DRAM_CMD_ACT, MR_DRAM_CMD_WR,   MR_DRAM_CMD_RD,
                                               MR_DRAM_CMD_NOP, MR_DRAM_CMD_NOP};
    if (!p->cke) {
        return MR_DRAM_CMD_DES;
    }
    if (p->cs_n) {
        return MR_DRAM_CMD_NOP;
    }
    const unsigned pins = (p->ras_n ? 4u : 0u) | (p->cas_n ? 2u : 0u) | (p->we_n ? 1u : 0u);
    if (pins == 2u && (p->a & PIN_A10) != 0U) {
        return MR_DRAM_CMD_PREA;
    }
    return code[pins];
}

const char *mr_dram_sdr_clock(mr_dram_sdr_t *self, const mr_dram_sdr_pins_t *pins,
                              mr_dram_dev_in_t *in) {
    const mr_dram_cmd_code_t code = decode(pins);
    const bool column = code == MR_DRAM_CMD_RD || code == MR_DRAM_CMD_WR;
    const char *fault = NULL;
    memset(in, 0, sizeof *in);
    in->port[0] = (mr_dram_cmd_t){(uint8_t)code, 0, pins->ba,
                                  column ? (pins->a & COLUMN_PINS) / BURST : pins->a};
    in->wr_en = pins->dq_oe;
    in->wr_mask = pins->dqm;
    memcpy(in->wr_data, pins->data, sizeof in->wr_data);

    if (column && (pins->a % BURST != 0U || (pins->a & PIN_A10) != 0U)) {
        fault = "column not on a burst boundary, or auto-precharge";
    }
    /* Sequential bursts of 4, bursts of writes, CAS latency. */
    if (code == MR_DRAM_CMD_MRS && (pins->a != (self->profile->rl << 4 | 2U) || pins->ba != 0U)) {
        fault = "wrong mode register";
    }
    if (!self->mode_set && pins->dqm == 0U) {
        fault = "DQM low before the mode register is set";
    }
    /* DQM acts two clocks later on what is read: from the RD on until Rl + 1 clocks behind it. */
    if (code == MR_DRAM_CMD_RD) {
        self->reading = self->profile->rl - 2U + BURST;
    }
    if (self->reading != 0U) {
        self->reading--;
        if (pins->dqm != 0U && !pins->dq_oe) {
            fault = "DQM high in a read burst";
        }
    }
    self->mode_set = self->mode_set || code == MR_DRAM_CMD_MRS;
    return fault;
}
