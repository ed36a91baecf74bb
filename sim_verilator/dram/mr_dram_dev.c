/* SPDX-License-Identifier: Apache-2.0 */
/* Generic DRAM device model and checker; see mr_dram_dev.h. */
#include "mr_dram_dev.h"

#include <stdlib.h>
#include <string.h>

enum { UNWRITTEN = 0xA5, SCAN_CLOCKS = 256 };

static const int64_t LONG_AGO = -((int64_t)1 << 40);

static const char *const RULE_TEXT[MR_DRAM_DEV_RULE_COUNT] = {
#define RULE_TEXT_(name_, text_) text_,
    MR_DRAM_DEV_RULES(RULE_TEXT_)
#undef RULE_TEXT_
};

const char *mr_dram_dev_rule_text(mr_dram_dev_rule_t rule) {
    return (unsigned)rule < (unsigned)MR_DRAM_DEV_RULE_COUNT ? RULE_TEXT[rule] : "unknown rule";
}

static void broken(mr_dram_dev_t *self, mr_dram_dev_rule_t rule, unsigned bank) {
    const mr_dram_dev_violation_t violation = {
        .rule = rule, .bank = bank, .clock = (uint64_t)self->now};

    self->stats.hits[rule]++;
    if (self->stats.violations++ == 0U) {
        self->first = violation;
    }
    if (self->cfg.on_violation != NULL) {
        self->cfg.on_violation(self->cfg.ctx, &violation);
    }
}

/* Picoseconds to clocks of this profile, rounded down. */
static int64_t clocks_in(const mr_dram_dev_t *self, int64_t ps) {
    return ps * (int64_t)self->cfg.profile->clock_mhz / 1000000;
}

/* Counts the rule as broken when less than the time has passed since clock `from`. */
static void apart(mr_dram_dev_t *self, int64_t from, mr_dram_t_t time, mr_dram_dev_rule_t rule,
                  unsigned bank) {
    const mr_dram_time_t *t = &self->cfg.profile->time[time];
    const int64_t clocks = self->now - from - t->add_ck;

    if (clocks < t->ck || clocks * 1000000 < t->ps * (int64_t)self->cfg.profile->clock_mhz) {
        broken(self, rule, bank);
    }
}

static unsigned group_of(const mr_dram_dev_t *self, unsigned bank) {
    return bank / self->cfg.profile->banks_per_group;
}

/* --- storage -------------------------------------------------------------------------------- */

/* Data, then one written flag a byte, eight to a byte. */
struct mr_dram_dev_row {
    struct mr_dram_dev_row *next;
    uint8_t data[];
};

static struct mr_dram_dev_row **row_at(const mr_dram_dev_t *self, unsigned bank, uint32_t row) {
    return &self->rows[(size_t)bank * self->cfg.profile->rows + row];
}

static struct mr_dram_dev_row *new_row(mr_dram_dev_t *self) {
    struct mr_dram_dev_row *row =
        calloc(1, sizeof *row + self->row_bytes + (size_t)self->row_bytes / 8U);

    if (row != NULL) {
        memset(row->data, UNWRITTEN, self->row_bytes);
        row->next = self->chain;
        self->chain = row;
    }
    return row;
}

static void store(mr_dram_dev_t *self, const mr_dram_dev_slot_t *slot, const mr_dram_dev_in_t *in) {
    struct mr_dram_dev_row **row = row_at(self, slot->bank, slot->row);

    if (*row == NULL) {
        *row = new_row(self);
        if (*row == NULL) {
            broken(self, MR_DRAM_DEV_RULE_MEMORY, slot->bank);
            return;
        }
    }
    uint8_t *flags = (*row)->data + self->row_bytes;
    for (uint32_t i = 0; i < self->cfg.word_bytes; i++) {
        if (((in->wr_mask >> i) & 1U) == 0U) {
            const uint32_t at = slot->offset + i;
            (*row)->data[at] = in->wr_data[i];
            flags[at / 8U] = (uint8_t)(flags[at / 8U] | (1U << (at % 8U)));
        }
    }
}

static bool is_written(const mr_dram_dev_t *self, const struct mr_dram_dev_row *row,
                       uint32_t byte) {
    return (((unsigned)row->data[self->row_bytes + byte / 8U] >> (byte % 8U)) & 1U) != 0U;
}

/* Written flags of the bytes of a word; a word is 2, 4 or a multiple of 8 bytes and aligned. */
static uint64_t written_flags(const mr_dram_dev_t *self, const struct mr_dram_dev_row *row,
                              uint32_t offset) {
    const uint8_t *flags = row->data + self->row_bytes + offset / 8U;
    uint64_t written = 0;

    for (uint32_t i = 0; i < self->cfg.word_bytes; i += 8U) {
        written |= (uint64_t)flags[i / 8U] << i;
    }
    return written >> (offset % 8U);
}

static void load(const mr_dram_dev_t *self, const mr_dram_dev_slot_t *slot,
                 mr_dram_dev_out_t *out) {
    const struct mr_dram_dev_row *row = *row_at(self, slot->bank, slot->row);
    const uint32_t width = self->cfg.word_bytes;
    const uint64_t all = UINT64_MAX >> (64U - width);

    out->rd_valid = true;
    if (row == NULL) {
        memset(out->rd_data, UNWRITTEN, width);
        out->rd_poison = all;
        return;
    }
    memcpy(out->rd_data, row->data + slot->offset, width);
    out->rd_poison = ~written_flags(self, row, slot->offset) & all;
}

bool mr_dram_dev_peek(const mr_dram_dev_t *self, unsigned bg, unsigned ba, uint32_t row,
                      uint32_t byte, uint8_t *value) {
    const unsigned bank = bg * self->cfg.profile->banks_per_group + ba;

    if (bank >= self->banks || row >= self->cfg.profile->rows || byte >= self->row_bytes) {
        return false;
    }
    const struct mr_dram_dev_row *stored = *row_at(self, bank, row);
    if (stored == NULL || !is_written(self, stored, byte)) {
        return false;
    }
    *value = stored->data[byte];
    return true;
}

bool mr_dram_dev_flip(mr_dram_dev_t *self, unsigned bg, unsigned ba, uint32_t row, uint32_t bit) {
    uint8_t value = 0;

    if (!mr_dram_dev_peek(self, bg, ba, row, bit / 8U, &value)) {
        return false;
    }
    const unsigned bank = bg * self->cfg.profile->banks_per_group + ba;
    (*row_at(self, bank, row))->data[bit / 8U] = (uint8_t)(value ^ (1U << (bit % 8U)));
    return true;
}

/* --- commands ------------------------------------------------------------------------------- */

/* Precharge time of one bank, by the kind of its last precharge. */
static void check_precharged(mr_dram_dev_t *self, unsigned bank) {
    const mr_dram_dev_bank_t *b = &self->bank[bank];

    if (b->open) {
        broken(self, MR_DRAM_DEV_RULE_BANK_OPEN, bank);
    } else if (b->pre_all) {
        apart(self, b->pre, MR_DRAM_T_RPAB, MR_DRAM_DEV_RULE_RPAB, bank);
    } else {
        apart(self, b->pre, MR_DRAM_T_RP, MR_DRAM_DEV_RULE_RP, bank);
    }
    apart(self, b->ref, MR_DRAM_T_RFCPB, MR_DRAM_DEV_RULE_RFCPB, bank);
}

/* Rules between an ACT or REFB and the last ACT of the other banks, and the window of four. */
static void check_activate_rate(mr_dram_dev_t *self, unsigned bank) {
    int64_t same = LONG_AGO;
    int64_t other = LONG_AGO;

    for (unsigned i = 0; i < self->banks; i++) {
        int64_t *last = group_of(self, i) == group_of(self, bank) ? &same : &other;
        if (i != bank && self->bank[i].act > *last) {
            *last = self->bank[i].act;
        }
    }
    apart(self, other, MR_DRAM_T_RRDS, MR_DRAM_DEV_RULE_RRD_S, bank);
    apart(self, same, MR_DRAM_T_RRDL, MR_DRAM_DEV_RULE_RRD_L, bank);
    apart(self, self->faw[self->faw_at], MR_DRAM_T_FAW, MR_DRAM_DEV_RULE_FAW, bank);
    self->faw[self->faw_at] = self->now;
    self->faw_at = (self->faw_at + 1U) % 4U;
}

static int64_t last_other_refb(const mr_dram_dev_t *self, unsigned bank) {
    int64_t last = LONG_AGO;

    for (unsigned i = 0; i < self->banks; i++) {
        if (i != bank && self->bank[i].ref > last) {
            last = self->bank[i].ref;
        }
    }
    return last;
}

static void do_activate(mr_dram_dev_t *self, unsigned bank, uint32_t row) {
    mr_dram_dev_bank_t *b = &self->bank[bank];

    self->stats.act++;
    check_precharged(self, bank);
    check_activate_rate(self, bank);
    apart(self, b->act, MR_DRAM_T_RC, MR_DRAM_DEV_RULE_RC, bank);
    apart(self, last_other_refb(self, bank), MR_DRAM_T_PBACT, MR_DRAM_DEV_RULE_PBACT, bank);
    if (row >= self->cfg.profile->rows) {
        broken(self, MR_DRAM_DEV_RULE_COMMAND, bank);
        row %= self->cfg.profile->rows;
    }
    self->open_banks += b->open ? 0U : 1U;
    b->open = true;
    b->late = false;
    b->row = row;
    b->act = self->now;
}

static void check_row_age(mr_dram_dev_t *self, unsigned bank) {
    mr_dram_dev_bank_t *b = &self->bank[bank];
    const int64_t ps = self->cfg.profile->time[MR_DRAM_T_RASMAX].ps;

    if (b->open && !b->late && self->now - b->act > clocks_in(self, ps)) {
        b->late = true;
        broken(self, MR_DRAM_DEV_RULE_RAS_MAX, bank);
    }
}

static void do_precharge(mr_dram_dev_t *self, unsigned bank, bool all) {
    mr_dram_dev_bank_t *b = &self->bank[bank];
    const mr_dram_profile_t *p = self->cfg.profile;

    if (b->open) {
        apart(self, b->act, MR_DRAM_T_RAS, MR_DRAM_DEV_RULE_RAS, bank);
        check_row_age(self, bank);
        apart(self, b->rd, MR_DRAM_T_RTP, MR_DRAM_DEV_RULE_RTP, bank);
        apart(self, b->wr + p->wl + p->burst_clks, MR_DRAM_T_WR, MR_DRAM_DEV_RULE_WR, bank);
        self->open_banks--;
    }
    b->open = false;
    b->pre = self->now;
    b->pre_all = all;
}

/* Books the data clocks of a burst on the bus. */
static void book(mr_dram_dev_t *self, unsigned bank, uint32_t column, bool write) {
    const mr_dram_profile_t *p = self->cfg.profile;
    const int64_t start = self->now + (write ? p->wl : p->rl);
    bool clash = false;

    for (uint32_t k = 0; k < p->burst_clks; k++) {
        mr_dram_dev_slot_t *slot = &self->slot[(uint64_t)(start + k) % MR_DRAM_DEV_SLOTS];
        clash = clash || slot->used;
        *slot = (mr_dram_dev_slot_t){
            .used = true,
            .write = write,
            .bank = (uint8_t)bank,
            .row = self->bank[bank].row,
            .offset = (column * p->burst_clks + k) * self->cfg.word_bytes,
        };
    }
    if (clash) {
        broken(self, MR_DRAM_DEV_RULE_DATA_BUS, bank);
    }
}

/* Rules between a column command and the last ones of the same and of the other bank groups. */
static void check_column_rate(mr_dram_dev_t *self, unsigned bank, bool write) {
    const int64_t write_end = (int64_t)self->cfg.profile->wl + self->cfg.profile->burst_clks;
    int64_t kind[2] = {LONG_AGO, LONG_AGO}; /* [0] other group, [1] same */
    int64_t data[2] = {LONG_AGO, LONG_AGO};

    for (unsigned i = 0; i < self->banks; i++) {
        const mr_dram_dev_bank_t *b = &self->bank[i];
        const unsigned same = group_of(self, i) == group_of(self, bank) ? 1U : 0U;
        const int64_t last = write ? b->wr : b->rd;
        kind[same] = last > kind[same] ? last : kind[same];
        data[same] = b->wr > data[same] ? b->wr : data[same];
    }
    apart(self, kind[0], MR_DRAM_T_CCDS, MR_DRAM_DEV_RULE_CCD_S, bank);
    apart(self, kind[1], MR_DRAM_T_CCDL, MR_DRAM_DEV_RULE_CCD_L, bank);
    if (write) {
        apart(self, self->rd_end - self->cfg.profile->wl, MR_DRAM_T_RTWGAP, MR_DRAM_DEV_RULE_RTW,
              bank);
    } else {
        apart(self, data[0] + write_end, MR_DRAM_T_WTRS, MR_DRAM_DEV_RULE_WTR_S, bank);
        apart(self, data[1] + write_end, MR_DRAM_T_WTRL, MR_DRAM_DEV_RULE_WTR_L, bank);
    }
}

static void do_column(mr_dram_dev_t *self, unsigned bank, uint32_t column, bool write) {
    mr_dram_dev_bank_t *b = &self->bank[bank];
    const mr_dram_profile_t *p = self->cfg.profile;

    if (!b->open) {
        broken(self, MR_DRAM_DEV_RULE_BANK_CLOSED, bank);
    }
    if (column >= p->row_bursts) {
        broken(self, MR_DRAM_DEV_RULE_COMMAND, bank);
        column %= p->row_bursts;
    }
    check_column_rate(self, bank, write);
    if (write) {
        self->stats.wr++;
        apart(self, b->act, MR_DRAM_T_RCDWR, MR_DRAM_DEV_RULE_RCD_WR, bank);
        b->wr = self->now;
    } else {
        self->stats.rd++;
        apart(self, b->act, MR_DRAM_T_RCDRD, MR_DRAM_DEV_RULE_RCD_RD, bank);
        b->rd = self->now;
        self->rd_end = self->now + p->rl + p->burst_clks;
    }
    book(self, bank, column, write);
}

/* Latest clock at which `count` refreshes (or fewer) may be all that was done. */
static int64_t due_after(const mr_dram_dev_t *self, int64_t count) {
    const mr_dram_profile_t *p = self->cfg.profile;
    const int64_t ps = p->time[p->per_bank ? MR_DRAM_T_REFIPB : MR_DRAM_T_REFI].ps;

    return self->refresh_base + clocks_in(self, (count + p->postpone + 1) * ps);
}

/* Takes n refreshes into the account; more than `postpone` in advance do not count. */
static void account_refresh(mr_dram_dev_t *self, int64_t n) {
    const mr_dram_profile_t *p = self->cfg.profile;

    if (!self->running) {
        return;
    }
    self->refreshes += n;
    const int64_t elapsed = self->now - self->refresh_base;
    const int64_t ps = p->time[p->per_bank ? MR_DRAM_T_REFIPB : MR_DRAM_T_REFI].ps;
    const int64_t most = elapsed * 1000000 / (ps * (int64_t)p->clock_mhz) + p->postpone + n;
    if (self->refreshes > most) {
        self->refreshes = most;
    }
    self->refresh_due = due_after(self, self->refreshes);
}

static void do_refresh_bank(mr_dram_dev_t *self, unsigned bank) {
    self->stats.ref_bank++;
    if (!self->cfg.profile->per_bank) {
        broken(self, MR_DRAM_DEV_RULE_COMMAND, bank);
        return;
    }
    check_precharged(self, bank);
    check_activate_rate(self, bank);
    apart(self, last_other_refb(self, bank), MR_DRAM_T_PBPB, MR_DRAM_DEV_RULE_PBPB, bank);
    if (((self->round >> bank) & 1U) != 0U) {
        broken(self, MR_DRAM_DEV_RULE_REF_ROUND, bank);
    }
    self->round |= 1U << bank;
    if (self->round == UINT32_MAX >> (32U - self->banks)) {
        self->round = 0;
    }
    self->bank[bank].ref = self->now;
    account_refresh(self, 1);
}

static void do_refresh_all(mr_dram_dev_t *self) {
    self->stats.ref_all++;
    for (unsigned i = 0; i < self->banks; i++) {
        check_precharged(self, i);
    }
    self->refa = self->now;
    self->round = 0;
    self->init_refs++;
    account_refresh(self, self->cfg.profile->per_bank ? (int64_t)self->banks : 1);
}

/* Start-up order; also refuses CKE low once it is over. */
static void check_start(mr_dram_dev_t *self, unsigned cmd, unsigned bank) {
    const bool sdr = self->cfg.profile->init_refreshes != 0U;

    if (!self->commanded && self->now - self->started < self->init_clocks) {
        broken(self, MR_DRAM_DEV_RULE_INIT_WAIT, bank);
    }
    self->commanded = true;
    if (self->running) {
        return;
    }
    const bool setup = cmd == MR_DRAM_CMD_PREA || cmd == MR_DRAM_CMD_PRE ||
                       cmd == MR_DRAM_CMD_REFA || cmd == MR_DRAM_CMD_MRS;
    const bool needs_prea = sdr && (cmd == MR_DRAM_CMD_REFA || cmd == MR_DRAM_CMD_MRS);
    if (!setup || (needs_prea && !self->prea_seen)) {
        broken(self, MR_DRAM_DEV_RULE_INIT_ORDER, bank);
    }
}

static void start_running(mr_dram_dev_t *self) {
    if (self->mrs_seen && self->init_refs >= self->cfg.profile->init_refreshes) {
        self->running = true;
        self->refresh_base = self->now;
        self->refresh_due = due_after(self, 0);
    }
}

static void check_bus(mr_dram_dev_t *self, unsigned port, unsigned cmd, unsigned bank) {
    static const uint8_t KIND[MR_DRAM_CMD_COUNT] = {0, 1, 2, 2, 3, 3, 4, 4, 0, 0};
    const mr_dram_profile_t *p = self->cfg.profile;
    const uint32_t clocks[5] = {1, p->cmd_act, p->cmd_col, p->cmd_pre, p->cmd_ref};
    const bool column = cmd == MR_DRAM_CMD_RD || cmd == MR_DRAM_CMD_WR;

    if (self->now < self->bus_free[port]) {
        broken(self, MR_DRAM_DEV_RULE_CMD_BUS, bank);
    }
    self->bus_free[port] = self->now + clocks[KIND[cmd]];
    if (p->row_col_bus ? column != (port == 0U) && cmd != MR_DRAM_CMD_MRS : port != 0U) {
        broken(self, MR_DRAM_DEV_RULE_COMMAND, bank);
    }
}

static void do_mode(mr_dram_dev_t *self) {
    for (unsigned i = 0; i < self->banks; i++) {
        check_precharged(self, i);
    }
    self->mrs = self->now;
    self->mrs_seen = true;
}

static void execute(mr_dram_dev_t *self, const mr_dram_cmd_t *c, unsigned bank) {
    switch (c->cmd) {
    case MR_DRAM_CMD_ACT:
        do_activate(self, bank, c->a);
        break;
    case MR_DRAM_CMD_RD:
    case MR_DRAM_CMD_WR:
        do_column(self, bank, c->a, c->cmd == MR_DRAM_CMD_WR);
        break;
    case MR_DRAM_CMD_PRE:
        self->stats.pre++;
        do_precharge(self, bank, false);
        break;
    case MR_DRAM_CMD_PREA:
        self->stats.pre++;
        self->prea_seen = true;
        for (unsigned i = 0; i < self->banks; i++) {
            do_precharge(self, i, true);
        }
        break;
    case MR_DRAM_CMD_REFA:
        do_refresh_all(self);
        break;
    case MR_DRAM_CMD_REFB:
        do_refresh_bank(self, bank);
        break;
    default: /* MRS: mr_dram_dev_clock() lets nothing else through */
        do_mode(self);
        break;
    }
}

static void command(mr_dram_dev_t *self, unsigned port, const mr_dram_cmd_t *c) {
    const mr_dram_profile_t *p = self->cfg.profile;
    unsigned bank = c->bg * p->banks_per_group + c->ba;

    if (c->cmd == MR_DRAM_CMD_DES) {
        if (self->commanded) {
            broken(self, MR_DRAM_DEV_RULE_CKE, 0);
        }
        self->started = self->now + 1;
        return;
    }
    if (c->cmd >= MR_DRAM_CMD_COUNT || c->bg >= p->bank_groups || c->ba >= p->banks_per_group) {
        broken(self, MR_DRAM_DEV_RULE_COMMAND, bank);
        return;
    }
    check_bus(self, port, c->cmd, bank);
    check_start(self, c->cmd, bank);
    apart(self, self->refa, MR_DRAM_T_RFC, MR_DRAM_DEV_RULE_RFC, bank);
    apart(self, self->mrs, MR_DRAM_T_MRD, MR_DRAM_DEV_RULE_MRD, bank);
    execute(self, c, bank);
    if (!self->running) {
        start_running(self);
    }
}

/* Data bus of this clock. */
static void data(mr_dram_dev_t *self, const mr_dram_dev_in_t *in, mr_dram_dev_out_t *out) {
    mr_dram_dev_slot_t *slot = &self->slot[(uint64_t)self->now % MR_DRAM_DEV_SLOTS];
    const bool writing = slot->used && slot->write;

    out->rd_valid = false;
    out->rd_poison = 0;
    if (slot->used) {
        self->stats.data_clocks++;
        if (!writing) {
            load(self, slot, out);
        } else if (in->wr_en) {
            store(self, slot, in);
        } else {
            broken(self, MR_DRAM_DEV_RULE_WR_DATA, slot->bank);
        }
        slot->used = false;
    }
    if (in->wr_en && !writing) {
        broken(self, MR_DRAM_DEV_RULE_WR_STRAY, 0);
    }
}

void mr_dram_dev_clock(mr_dram_dev_t *self, const mr_dram_dev_in_t *in, mr_dram_dev_out_t *out) {
    if (self->running && self->now > self->refresh_due) {
        broken(self, MR_DRAM_DEV_RULE_REF_DEBT, 0);
        self->refreshes++;
        self->refresh_due = due_after(self, self->refreshes);
    }
    for (unsigned port = 0; port < 2U; port++) {
        if (in->port[port].cmd != MR_DRAM_CMD_NOP) {
            command(self, port, &in->port[port]);
        }
    }
    data(self, in, out);
    if (self->open_banks != 0U && self->now % SCAN_CLOCKS == 0) {
        for (unsigned i = 0; i < self->banks; i++) {
            check_row_age(self, i);
        }
    }
    self->stats.clocks++;
    self->stats.open_clocks += self->open_banks != 0U ? 1U : 0U;
    self->now++;
}

/* --- life ----------------------------------------------------------------------------------- */

static bool config_ok(const mr_dram_dev_config_t *cfg) {
    const mr_dram_profile_t *p = cfg->profile;

    if (p == NULL || p->bank_groups * p->banks_per_group > MR_DRAM_DEV_BANKS_MAX) {
        return false;
    }
    return cfg->word_bytes <= MR_DRAM_DEV_WORD_MAX && cfg->word_bytes % p->word_bytes == 0U &&
           (cfg->word_bytes & (cfg->word_bytes - 1U)) == 0U;
}

bool mr_dram_dev_init(mr_dram_dev_t *self, const mr_dram_dev_config_t *cfg) {
    if (!config_ok(cfg)) {
        return false;
    }
    const mr_dram_profile_t *p = cfg->profile;
    memset(self, 0, sizeof *self);
    self->cfg = *cfg;
    if (cfg->word_bytes == 0U) {
        self->cfg.word_bytes = p->word_bytes;
    }
    self->banks = p->bank_groups * p->banks_per_group;
    self->row_bytes = p->row_bursts * p->burst_clks * self->cfg.word_bytes;
    self->init_clocks = cfg->init_clocks;
    if (cfg->init_clocks < 0) {
        self->init_clocks = clocks_in(self, p->time[MR_DRAM_T_INIT].ps);
    }
    self->refa = self->mrs = self->rd_end = LONG_AGO;
    for (unsigned i = 0; i < 4U; i++) {
        self->faw[i] = LONG_AGO;
    }
    for (unsigned i = 0; i < MR_DRAM_DEV_BANKS_MAX; i++) {
        self->bank[i].act = self->bank[i].pre = self->bank[i].ref = LONG_AGO;
        self->bank[i].rd = self->bank[i].wr = LONG_AGO;
    }
    self->rows = calloc((size_t)self->banks * p->rows, sizeof *self->rows);
    return self->rows != NULL;
}

void mr_dram_dev_close(mr_dram_dev_t *self) {
    while (self->chain != NULL) {
        struct mr_dram_dev_row *next = self->chain->next;
        free(self->chain);
        self->chain = next;
    }
    free(self->rows);
    self->rows = NULL;
}

const mr_dram_dev_violation_t *mr_dram_dev_violation(const mr_dram_dev_t *self) {
    return self->stats.violations != 0U ? &self->first : NULL;
}

const mr_dram_dev_stats_t *mr_dram_dev_stats(const mr_dram_dev_t *self) {
    return &self->stats;
}

double mr_dram_dev_energy_pj(const mr_dram_dev_t *self) {
    const mr_dram_profile_t *p = self->cfg.profile;
    const mr_dram_dev_stats_t *s = &self->stats;
    const double period_ns = 1000.0 / (double)p->clock_mhz;
    const double closed = (double)(s->clocks - s->open_clocks);
    const double events = (double)s->act * p->act_pj + (double)s->rd * p->rd_pj +
                          (double)s->wr * p->wr_pj + (double)s->ref_all * p->ref_pj +
                          (double)s->ref_bank * p->refpb_pj;
    const double background =
        period_ns * ((double)s->open_clocks * p->bg_open_mw + closed * p->bg_closed_mw);

    return (events + background) * ((double)self->cfg.word_bytes / (double)p->word_bytes);
}
