/* SPDX-License-Identifier: Apache-2.0 */
/* SDR SDRAM device model and rule checker; see mr_dram.h. */
#include "mr_dram.h"

#include <stdlib.h>
#include <string.h>

#define MR_DRAM_POISON_WORD 0xA5A5A5A5A5A5A5A5ULL
#define MR_DRAM_IDLE_WORD 0x5A5A5A5A5A5A5A5AULL
#define MR_DRAM_LONG_AGO (-1000000000000LL)
#define MR_DRAM_BURST 4U

enum { CMD_MRS, CMD_REF, CMD_PRE, CMD_ACT, CMD_WRITE, CMD_READ, CMD_STOP, CMD_NOP };

static const char *const rule_texts[MR_DRAM_RULE_COUNT] = {
#define MR_DRAM_RULE_TEXT_(name_, text_) text_,
    MR_DRAM_RULES(MR_DRAM_RULE_TEXT_)
#undef MR_DRAM_RULE_TEXT_
};

const char *mr_dram_rule_text(mr_dram_rule_t rule) {
    return ((unsigned)rule < MR_DRAM_RULE_COUNT) ? rule_texts[rule] : "unknown rule";
}

bool mr_dram_init(mr_dram_t *self, const mr_dram_config_t *cfg) {
    if ((cfg->dq_bytes != 2U && cfg->dq_bytes != 4U && cfg->dq_bytes != 8U) || cfg->clock_ps <= 0) {
        return false;
    }
    memset(self, 0, sizeof *self);
    self->cfg = *cfg;
    if (self->cfg.init_ps < 0) {
        self->cfg.init_ps = MR_DRAM_TINIT_PS;
    }
    for (unsigned b = 0; b < MR_DRAM_BANKS; b++) {
        self->bank[b].act_ps = MR_DRAM_LONG_AGO;
        self->bank[b].pre_ps = MR_DRAM_LONG_AGO;
        self->bank[b].rd_end_ps = MR_DRAM_LONG_AGO;
        self->bank[b].wr_end_ps = MR_DRAM_LONG_AGO;
    }
    self->act_any_ps = MR_DRAM_LONG_AGO;
    self->ref_ps = MR_DRAM_LONG_AGO;
    self->mrs_ps = MR_DRAM_LONG_AGO;
    self->refresh_deadline_ps = INT64_MAX;
    return true;
}

void mr_dram_close(mr_dram_t *self) {
    for (size_t i = 0; i < sizeof self->rows / sizeof self->rows[0]; i++) {
        free(self->rows[i]);
        self->rows[i] = NULL;
    }
}

uint8_t mr_dram_poison(const mr_dram_t *self) {
    return self->poison;
}

const mr_dram_violation_t *mr_dram_violation(const mr_dram_t *self) {
    return self->violated ? &self->first : NULL;
}

uint32_t mr_dram_rules_hit(const mr_dram_t *self) {
    return self->rules_hit;
}

mr_dram_stats_t mr_dram_stats(const mr_dram_t *self) {
    return self->stats;
}

static void violate(mr_dram_t *self, mr_dram_rule_t rule, unsigned bank) {
    self->rules_hit |= 1U << (unsigned)rule;
    if (self->violated) {
        return;
    }
    self->violated = true;
    self->first.rule = rule;
    self->first.bank = bank;
    self->first.cycle = self->cycle;
    if (self->cfg.on_violation != NULL) {
        self->cfg.on_violation(self->cfg.ctx, &self->first);
    }
}

static void require(mr_dram_t *self, bool ok, mr_dram_rule_t rule, unsigned bank) {
    if (!ok) {
        violate(self, rule, bank);
    }
}

static mr_dram_row_t **row_of(mr_dram_t *self, unsigned bank) {
    return &self->rows[(size_t)bank * MR_DRAM_ROWS + self->bank[bank].row];
}

/* Column of beat k: bursts of 4 wrap inside their aligned group. */
static unsigned beat_col(unsigned col, unsigned k) {
    return (col & ~(MR_DRAM_BURST - 1U)) | ((col + k) & (MR_DRAM_BURST - 1U));
}

static void write_beat(mr_dram_t *self, const mr_dram_pins_t *pins) {
    const uint8_t all = (uint8_t)((1U << self->cfg.dq_bytes) - 1U);
    const uint8_t enable = (uint8_t)(all & ~pins->dqm);
    const unsigned k = MR_DRAM_BURST - self->write_left;
    const unsigned col = beat_col(self->write_col, k);

    self->write_left--;
    if (enable == 0U) {
        return;
    }
    require(self, pins->dq_oe, MR_DRAM_RULE_BUS, self->write_bank);
    mr_dram_row_t **row = row_of(self, self->write_bank);
    if (*row == NULL) {
        *row = calloc(1, sizeof **row);
        if (*row == NULL) {
            violate(self, MR_DRAM_RULE_MEMORY, self->write_bank);
            return;
        }
    }
    uint64_t mask = 0;
    for (unsigned byte = 0; byte < self->cfg.dq_bytes; byte++) {
        if (((unsigned)enable >> byte) & 1U) {
            mask |= 0xFFULL << (8U * byte);
        }
    }
    (*row)->dq[col] = ((*row)->dq[col] & ~mask) | (pins->dq & mask);
    (*row)->written[col] = (uint8_t)((*row)->written[col] | enable);
}

/* Rules that hold for every command but NOP. */
static void check_common(mr_dram_t *self, unsigned bank) {
    require(self, self->now_ps - self->ref_ps >= MR_DRAM_TRFC_PS, MR_DRAM_RULE_TRFC, bank);
    require(self, self->now_ps - self->mrs_ps >= MR_DRAM_TMRD_CK * self->cfg.clock_ps,
            MR_DRAM_RULE_TMRD, bank);
    require(self, self->now_ps >= self->cfg.init_ps, MR_DRAM_RULE_INIT_WAIT, bank);
}

static void check_closed(mr_dram_t *self) {
    for (unsigned b = 0; b < MR_DRAM_BANKS; b++) {
        require(self, !self->bank[b].open, MR_DRAM_RULE_BANK_OPEN, b);
        require(self, self->now_ps - self->bank[b].pre_ps >= MR_DRAM_TRP_PS, MR_DRAM_RULE_TRP, b);
    }
}

static void do_mrs(mr_dram_t *self, const mr_dram_pins_t *pins) {
    const unsigned cl = ((unsigned)pins->a >> 4) & 7U;

    check_closed(self);
    require(self, self->precharged, MR_DRAM_RULE_INIT_ORDER, pins->ba);
    require(self, (pins->a & 0x1F8FU) == 0x002U && pins->ba == 0U && (cl == 2U || cl == 3U),
            MR_DRAM_RULE_MODE, pins->ba);
    require(self, self->cfg.clock_ps >= (cl == 2U ? MR_DRAM_TCKCL2_PS : MR_DRAM_TCKCL3_PS),
            MR_DRAM_RULE_CL_CLOCK, pins->ba);
    self->cl = (cl == 2U) ? 2U : 3U;
    self->mode_set = true;
    self->mrs_ps = self->now_ps;
    self->refresh_deadline_ps = self->now_ps + (MR_DRAM_REFRESHDEBT_CK + 1) * MR_DRAM_TREFI_PS;
}

/* A refresh moves the deadline by one interval; at most 8 may be taken in advance. */
static void do_refresh(mr_dram_t *self, unsigned bank) {
    check_closed(self);
    require(self, self->precharged, MR_DRAM_RULE_INIT_ORDER, bank);
    self->ref_ps = self->now_ps;
    self->init_refreshes++;
    self->stats.refreshes++;
    if (self->mode_set) {
        const int64_t limit = self->now_ps + (2 * MR_DRAM_REFRESHDEBT_CK + 1) * MR_DRAM_TREFI_PS;
        self->refresh_deadline_ps += MR_DRAM_TREFI_PS;
        if (self->refresh_deadline_ps > limit) {
            self->refresh_deadline_ps = limit;
        }
    }
}

static void precharge_bank(mr_dram_t *self, unsigned bank) {
    mr_dram_bank_t *b = &self->bank[bank];

    if (!b->open) {
        return;
    }
    const int64_t held = self->now_ps - b->act_ps;
    require(self, held >= MR_DRAM_TRAS_PS, MR_DRAM_RULE_TRAS_MIN, bank);
    require(self, held <= MR_DRAM_TRASMAX_PS, MR_DRAM_RULE_TRAS_MAX, bank);
    require(self, self->write_left == 0U || self->write_bank != bank, MR_DRAM_RULE_BURST, bank);
    require(self, self->now_ps >= b->rd_end_ps, MR_DRAM_RULE_BURST, bank);
    require(self, self->now_ps - b->wr_end_ps >= MR_DRAM_TWR_PS, MR_DRAM_RULE_TWR, bank);
    b->open = false;
    b->pre_ps = self->now_ps;
}

static void do_precharge(mr_dram_t *self, const mr_dram_pins_t *pins) {
    self->stats.precharges++;
    if ((pins->a & 0x400U) == 0U) {
        precharge_bank(self, pins->ba);
        return;
    }
    for (unsigned b = 0; b < MR_DRAM_BANKS; b++) {
        precharge_bank(self, b);
        if (!self->precharged) {
            self->bank[b].pre_ps = self->now_ps;
        }
    }
    self->precharged = true;
}

static void do_activate(mr_dram_t *self, const mr_dram_pins_t *pins) {
    mr_dram_bank_t *b = &self->bank[pins->ba];

    require(self, self->mode_set && self->init_refreshes >= MR_DRAM_INITREFRESHES_CK,
            MR_DRAM_RULE_INIT_ORDER, pins->ba);
    require(self, !b->open, MR_DRAM_RULE_BANK_OPEN, pins->ba);
    require(self, self->now_ps - b->pre_ps >= MR_DRAM_TRP_PS, MR_DRAM_RULE_TRP, pins->ba);
    require(self, self->now_ps - b->act_ps >= MR_DRAM_TRC_PS, MR_DRAM_RULE_TRC, pins->ba);
    require(self, self->now_ps - self->act_any_ps >= MR_DRAM_TRRD_PS, MR_DRAM_RULE_TRRD, pins->ba);
    b->open = true;
    b->row = (uint16_t)(pins->a & (MR_DRAM_ROWS - 1U));
    b->act_ps = self->now_ps;
    self->act_any_ps = self->now_ps;
    self->stats.activates++;
}

/* Common to READ and WRITE. @return whether the access can be carried out. */
static bool begin_access(mr_dram_t *self, const mr_dram_pins_t *pins) {
    mr_dram_bank_t *b = &self->bank[pins->ba];

    require(self, (pins->a & 0x400U) == 0U, MR_DRAM_RULE_COMMAND, pins->ba);
    require(self, b->open, MR_DRAM_RULE_BANK_CLOSED, pins->ba);
    require(self, self->now_ps - b->act_ps >= MR_DRAM_TRCD_PS, MR_DRAM_RULE_TRCD, pins->ba);
    require(self, self->now_ps - b->act_ps <= MR_DRAM_TRASMAX_PS, MR_DRAM_RULE_TRAS_MAX, pins->ba);
    require(self, self->write_left == 0U, MR_DRAM_RULE_BURST, pins->ba);
    for (unsigned i = 0; i < MR_DRAM_BANKS; i++) {
        require(self, self->now_ps >= self->bank[i].rd_end_ps, MR_DRAM_RULE_BURST, pins->ba);
    }
    return b->open && !self->violated;
}

static void do_read(mr_dram_t *self, const mr_dram_pins_t *pins) {
    if (!begin_access(self, pins)) {
        return;
    }
    const mr_dram_row_t *row = *row_of(self, pins->ba);
    const uint8_t all = (uint8_t)((1U << self->cfg.dq_bytes) - 1U);
    for (unsigned k = 0; k < MR_DRAM_BURST; k++) {
        const unsigned col = beat_col(pins->a & (MR_DRAM_COLUMNS - 1U), k);
        mr_dram_beat_t *beat = &self->out[(self->cycle + self->cl - 1U + k) & 7U];
        const uint8_t written = (row != NULL) ? row->written[col] : 0U;
        beat->valid = true;
        beat->poison = (uint8_t)(all & ~written);
        beat->dq = (row != NULL) ? row->dq[col] : 0U;
        for (unsigned byte = 0; byte < self->cfg.dq_bytes; byte++) {
            if (((unsigned)beat->poison >> byte) & 1U) {
                const uint64_t mask = 0xFFULL << (8U * byte);
                beat->dq = (beat->dq & ~mask) | (MR_DRAM_POISON_WORD & mask);
            }
        }
    }
    self->out_pending = self->cl + MR_DRAM_BURST;
    self->bank[pins->ba].rd_end_ps = self->now_ps + MR_DRAM_BURST * self->cfg.clock_ps;
    self->stats.reads++;
}

static void do_write(mr_dram_t *self, const mr_dram_pins_t *pins) {
    if (!begin_access(self, pins)) {
        return;
    }
    self->write_left = MR_DRAM_BURST;
    self->write_bank = pins->ba;
    self->write_col = (uint16_t)(pins->a & (MR_DRAM_COLUMNS - 1U));
    self->bank[pins->ba].wr_end_ps = self->now_ps + (MR_DRAM_BURST - 1U) * self->cfg.clock_ps;
    self->stats.writes++;
}

static void do_command(mr_dram_t *self, unsigned cmd, const mr_dram_pins_t *pins) {
    check_common(self, pins->ba);
    switch (cmd) {
    case CMD_MRS:
        do_mrs(self, pins);
        break;
    case CMD_REF:
        do_refresh(self, pins->ba);
        break;
    case CMD_PRE:
        do_precharge(self, pins);
        break;
    case CMD_ACT:
        do_activate(self, pins);
        break;
    case CMD_WRITE:
        do_write(self, pins);
        break;
    case CMD_READ:
        do_read(self, pins);
        break;
    default:
        violate(self, MR_DRAM_RULE_COMMAND, pins->ba);
        break;
    }
}

/* The read beat that the device drives from this edge to the next. */
static uint64_t drive(mr_dram_t *self, const mr_dram_pins_t *pins) {
    mr_dram_beat_t *beat = &self->out[self->cycle & 7U];
    const uint64_t all =
        (self->cfg.dq_bytes == 8U) ? ~0ULL : (1ULL << (8U * self->cfg.dq_bytes)) - 1U;

    self->poison = 0;
    self->drove_before = self->drove;
    self->drove = beat->valid;
    if (self->out_pending != 0U) {
        self->out_pending--;
    }
    if (!beat->valid) {
        return MR_DRAM_IDLE_WORD & all;
    }
    beat->valid = false;
    require(self, self->dqm_prev == 0U, MR_DRAM_RULE_DQM, pins->ba);
    self->poison = beat->poison;
    return beat->dq & all;
}

uint64_t mr_dram_clock(mr_dram_t *self, const mr_dram_pins_t *pins) {
    const unsigned cmd = pins->cs_n ? (unsigned)CMD_NOP
                                    : ((unsigned)pins->ras_n << 2) | ((unsigned)pins->cas_n << 1) |
                                          (unsigned)pins->we_n;
    uint64_t dq;

    self->now_ps += self->cfg.clock_ps;
    self->cycle++;
    require(self, self->now_ps < self->refresh_deadline_ps, MR_DRAM_RULE_REFRESH_DEBT, pins->ba);
    if (pins->cke) {
        self->cke_seen = true;
    } else {
        require(self, !self->cke_seen && cmd == CMD_NOP, MR_DRAM_RULE_CKE, pins->ba);
    }
    /* Bus during the clock that ends with this edge. */
    require(self, !(pins->dq_oe && (self->drove || self->drove_before)), MR_DRAM_RULE_BUS,
            pins->ba);
    if (cmd != CMD_NOP) {
        do_command(self, cmd, pins);
    }
    if (self->write_left != 0U) {
        write_beat(self, pins);
    }
    if (self->out_pending != 0U || self->drove || self->drove_before) {
        dq = drive(self, pins);
    } else {
        self->poison = 0;
        dq = MR_DRAM_IDLE_WORD & (~0ULL >> (64U - 8U * self->cfg.dq_bytes));
    }
    self->dqm_prev = pins->dqm;
    return dq;
}
