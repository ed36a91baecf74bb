/* SPDX-License-Identifier: Apache-2.0 */
/* Declarative DRAM rule checker; see mr_dram_rules.h. */
#include "mr_dram_rules.h"

#include <stddef.h>
#include <string.h>

typedef enum { BANK, OTHER_BANK, GROUP, OTHER_GROUP, RANK, BUS } scope_t;
typedef enum { NONE, DATA } base_t;

typedef struct {
    const char *from, *to;
    scope_t scope;
    mr_dram_lane_t lane;
    base_t base;
} pair_t;

static const int64_t NEVER = INT64_MIN / 2;

static const char CLASSES[] = "ARWPQFBM"; /* command codes 1 to 8 in order */

static const pair_t PAIRS[] = {
#define PAIR_(name_, from_, to_, scope_, lane_, base_)                                             \
    [MR_DRAM_RULES_##name_] = {from_, to_, scope_, MR_DRAM_LANE_##lane_, base_},
    MR_DRAM_RULES_PAIRS(PAIR_)
#undef PAIR_
};

enum { PAIR_COUNT = sizeof PAIRS / sizeof PAIRS[0] };
_Static_assert(PAIR_COUNT <= 64, "pairs_to has a bit a rule");

static const char *const TEXT[MR_DRAM_RULES_COUNT] = {
#define TEXT_(name_, from_, to_, scope_, lane_, base_)                                             \
    [MR_DRAM_RULES_##name_] = #name_ ": " from_ " to " to_ ", " #scope_,
    MR_DRAM_RULES_PAIRS(TEXT_)
#undef TEXT_
#define TEXT_(name_, text_) [MR_DRAM_RULES_##name_] = #name_ ": " text_,
        MR_DRAM_RULES_OTHERS(TEXT_)
#undef TEXT_
};

const char *mr_dram_rules_text(mr_dram_rules_id_t rule) {
    return (unsigned)rule < (unsigned)MR_DRAM_RULES_COUNT ? TEXT[rule] : "unknown rule";
}

static int64_t lane(const mr_dram_rules_t *self, mr_dram_lane_t index) {
    return self->profile->lane[index];
}

static void note(mr_dram_rules_t *self, mr_dram_rules_id_t rule, unsigned bank) {
    if (self->violations++ == 0U) {
        self->first =
            (mr_dram_rules_violation_t){.rule = rule, .bank = bank, .clock = (uint64_t)self->now};
    }
    self->hits[rule]++;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static unsigned class_of(char letter) {
    return (unsigned)(strchr(CLASSES, letter) - CLASSES);
}

static bool is_column(char letter) {
    return letter == 'R' || letter == 'W';
}

/* Clock of the last command of class `from` in the scope seen from `bank`. */
static int64_t last_in(const mr_dram_rules_t *self, unsigned from, scope_t scope, unsigned bank) {
    const unsigned group = bank >> lane(self, MR_DRAM_LANE_BA_BITS);
    int64_t last = NEVER;

    switch (scope) {
    case BANK:
        return self->bank_last[from][bank];
    case GROUP:
        return self->group_last[from][group];
    case OTHER_BANK:
        for (unsigned i = 0; i < MR_DRAM_DEV_BANKS_MAX; i++) {
            last = i == bank ? last : later(last, self->bank_last[from][i]);
        }
        return last;
    case OTHER_GROUP:
        for (unsigned i = 0; i < MR_DRAM_RULES_GROUPS; i++) {
            last = i == group ? last : later(last, self->group_last[from][i]);
        }
        return last;
    case RANK:
    case BUS:
        break;
    }
    return self->rank_last[from];
}

static void judge_pairs(mr_dram_rules_t *self, char letter, unsigned bank) {
    const bool two_buses = lane(self, MR_DRAM_LANE_ROW_COL_BUS) != 0;
    const int64_t data_end = lane(self, MR_DRAM_LANE_WL) + lane(self, MR_DRAM_LANE_BURST_CLKS);

    uint64_t todo = self->pairs_to[class_of(letter)];
    for (unsigned i = 0; todo != 0U; i++, todo >>= 1) {
        const pair_t *pair = &PAIRS[i];
        if ((todo & 1U) == 0U ||
            (pair->scope == BUS && two_buses && is_column(letter) != is_column(pair->from[0]))) {
            continue;
        }
        const int64_t least = lane(self, pair->lane) + (pair->base == DATA ? data_end : 0);
        int64_t last = NEVER;
        for (const char *from = pair->from; *from != '\0'; from++) {
            last = later(last, last_in(self, class_of(*from), pair->scope, bank));
        }
        if (self->now - last < least) {
            note(self, (mr_dram_rules_id_t)i, bank);
        }
    }
}

/* A bank is open when its last ACT is younger than its last precharge of either kind. */
static bool is_open(const mr_dram_rules_t *self, unsigned bank) {
    const int64_t closed =
        later(self->bank_last[class_of('P')][bank], self->rank_last[class_of('Q')]);
    return self->bank_last[class_of('A')][bank] > closed;
}

static void judge_age(mr_dram_rules_t *self, unsigned bank) {
    /* The lane has 16 bits; where it is full the limit is nine refresh intervals. */
    const int64_t most = lane(self, MR_DRAM_LANE_T_RAS_MAX) < UINT16_MAX
                             ? lane(self, MR_DRAM_LANE_T_RAS_MAX)
                             : later(UINT16_MAX, 9 * lane(self, MR_DRAM_LANE_T_REFI));
    if (is_open(self, bank) && self->now - self->bank_last[class_of('A')][bank] > most) {
        note(self, MR_DRAM_RULES_RAS_MAX, bank);
    }
}

static void judge_state(mr_dram_rules_t *self, char letter, unsigned bank) {
    const bool all = strchr("QFM", letter) != NULL;

    for (unsigned i = 0; i < MR_DRAM_DEV_BANKS_MAX; i++) {
        if (all || i == bank) {
            if (strchr("ABFM", letter) != NULL && is_open(self, i)) {
                note(self, MR_DRAM_RULES_CLOSED, i);
            }
            judge_age(self, i);
        }
    }
    if (is_column(letter) && !is_open(self, bank)) {
        note(self, MR_DRAM_RULES_OPEN, bank);
    }
    if (letter == 'A' || letter == 'B') {
        if (self->now - self->acts[0] < lane(self, MR_DRAM_LANE_T_FAW)) {
            note(self, MR_DRAM_RULES_FAW, bank);
        }
        memmove(&self->acts[0], &self->acts[1], 3U * sizeof self->acts[0]);
        self->acts[3] = self->now;
    }
}

/* Each bank's refreshes are counted; in a round no count may run ahead of another by two. */
static void judge_round(mr_dram_rules_t *self, char letter, unsigned bank) {
    const unsigned banks =
        1U << (lane(self, MR_DRAM_LANE_BG_BITS) + lane(self, MR_DRAM_LANE_BA_BITS));
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < banks; i++) {
        if (letter == 'F') {
            self->round[i] = 0;
        }
        least = self->round[i] < least ? self->round[i] : least;
    }
    if (letter == 'B') {
        if (self->round[bank] > least) {
            note(self, MR_DRAM_RULES_ROUND, bank);
        }
        self->round[bank]++;
    }
    const bool one_by_one = lane(self, MR_DRAM_LANE_PER_BANK) != 0;
    const int64_t worth = letter == 'F' && one_by_one ? (int64_t)banks : 1;
    self->debt = later(self->debt - worth, -(lane(self, MR_DRAM_LANE_REF_MAX) + worth));
}

static void judge_start(mr_dram_rules_t *self, char letter, unsigned bank) {
    const bool prea_first = lane(self, MR_DRAM_LANE_INIT_REFS) != 0;
    const bool prea = self->rank_last[class_of('Q')] != NEVER;

    if (!self->any_seen && self->now - self->cke_high < self->init_clocks) {
        note(self, MR_DRAM_RULES_START, bank);
    }
    if (!self->ready &&
        (strchr("ARWB", letter) != NULL || (prea_first && !prea && strchr("FM", letter) != NULL))) {
        note(self, MR_DRAM_RULES_START, bank);
    }
    self->any_seen = true;
}

/* Enters the command into the history. */
static void remember(mr_dram_rules_t *self, char letter, unsigned bank) {
    const unsigned c = class_of(letter);

    self->bank_last[c][bank] = self->now;
    self->group_last[c][bank >> lane(self, MR_DRAM_LANE_BA_BITS)] = self->now;
    self->rank_last[c] = self->now;
    self->refa_seen += letter == 'F' ? 1U : 0U;
    if (!self->ready && self->rank_last[class_of('M')] != NEVER &&
        self->refa_seen >= lane(self, MR_DRAM_LANE_INIT_REFS)) {
        self->ready = true;
        self->owed_at = self->now;
        self->debt = 0;
    }
}

static bool port_ok(const mr_dram_rules_t *self, unsigned port, const mr_dram_cmd_t *c) {
    const bool two_buses = lane(self, MR_DRAM_LANE_ROW_COL_BUS) != 0;
    const char letter = CLASSES[c->cmd - 1U];

    if (two_buses ? letter != 'M' && is_column(letter) != (port == 0U) : port != 0U) {
        return false;
    }
    if (letter == 'B' && lane(self, MR_DRAM_LANE_PER_BANK) == 0) {
        return false;
    }
    if (letter == 'A' && c->a >> lane(self, MR_DRAM_LANE_ROW_BITS) != 0U) {
        return false;
    }
    return !is_column(letter) || c->a >> lane(self, MR_DRAM_LANE_COL_BITS) == 0U;
}

static void judge(mr_dram_rules_t *self, unsigned port, const mr_dram_cmd_t *c) {
    const unsigned bank = ((unsigned)c->bg << lane(self, MR_DRAM_LANE_BA_BITS)) + c->ba;

    if (c->cmd == MR_DRAM_CMD_DES && !self->any_seen) {
        self->cke_high = self->now + 1;
        return;
    }
    if (c->cmd >= MR_DRAM_CMD_DES || c->bg >> lane(self, MR_DRAM_LANE_BG_BITS) != 0U ||
        c->ba >> lane(self, MR_DRAM_LANE_BA_BITS) != 0U || !port_ok(self, port, c)) {
        note(self, MR_DRAM_RULES_PORT, bank % MR_DRAM_DEV_BANKS_MAX);
        return;
    }
    const char letter = CLASSES[c->cmd - 1U];
    judge_start(self, letter, bank);
    judge_pairs(self, letter, bank);
    judge_state(self, letter, bank);
    if (letter == 'F' || letter == 'B') {
        judge_round(self, letter, bank);
    }
    const uint64_t burst = (UINT64_C(1) << lane(self, MR_DRAM_LANE_BURST_CLKS)) - 1U;
    if (letter == 'W') {
        self->wr_due |= burst << lane(self, MR_DRAM_LANE_WL);
    } else if (letter == 'R') {
        self->rd_due |= burst << lane(self, MR_DRAM_LANE_RL);
    }
    remember(self, letter, bank);
}

/* One more refresh is owed each mean distance. */
static void tick(mr_dram_rules_t *self) {
    const bool one_by_one = lane(self, MR_DRAM_LANE_PER_BANK) != 0;
    const int64_t each = lane(self, one_by_one ? MR_DRAM_LANE_T_REFI_PB : MR_DRAM_LANE_T_REFI);

    if (self->ready && self->now == self->owed_at + each) {
        self->owed_at = self->now;
        self->debt++;
    }
}

void mr_dram_rules_clock(mr_dram_rules_t *self, const mr_dram_dev_in_t *in,
                         const mr_dram_dev_out_t *out) {
    if (self->debt > lane(self, MR_DRAM_LANE_REF_MAX)) {
        note(self, MR_DRAM_RULES_DEBT, 0);
        self->debt--;
    }
    for (unsigned port = 0; port < 2U; port++) {
        if (in->port[port].cmd != MR_DRAM_CMD_NOP) {
            judge(self, port, &in->port[port]);
        }
    }
    if (in->wr_en != ((self->wr_due & 1U) != 0U)) {
        note(self, MR_DRAM_RULES_WR_DATA, 0);
    }
    if (out->rd_valid != ((self->rd_due & 1U) != 0U)) {
        note(self, MR_DRAM_RULES_RD_DATA, 0);
    }
    self->wr_due >>= 1;
    self->rd_due >>= 1;
    tick(self);
    self->now++;
}

void mr_dram_rules_init(mr_dram_rules_t *self, const mr_dram_profile_t *profile,
                        int64_t init_clocks) {
    memset(self, 0, sizeof *self);
    self->profile = profile;
    self->init_clocks = init_clocks < 0 ? profile->lane[MR_DRAM_LANE_INIT_NOP] : init_clocks;
    for (unsigned c = 0; c < MR_DRAM_RULES_CLASSES; c++) {
        for (unsigned i = 0; i < PAIR_COUNT; i++) {
            if (strchr(PAIRS[i].to, CLASSES[c]) != NULL) {
                self->pairs_to[c] |= UINT64_C(1) << i;
            }
        }
        self->rank_last[c] = NEVER;
        for (unsigned i = 0; i < MR_DRAM_DEV_BANKS_MAX; i++) {
            self->bank_last[c][i] = NEVER;
        }
        for (unsigned i = 0; i < MR_DRAM_RULES_GROUPS; i++) {
            self->group_last[c][i] = NEVER;
        }
    }
    for (unsigned i = 0; i < 4U; i++) {
        self->acts[i] = NEVER;
    }
}

const mr_dram_rules_violation_t *mr_dram_rules_violation(const mr_dram_rules_t *self) {
    return self->violations != 0U ? &self->first : NULL;
}

uint64_t mr_dram_rules_count(const mr_dram_rules_t *self, mr_dram_rules_id_t rule) {
    return (unsigned)rule < (unsigned)MR_DRAM_RULES_COUNT ? self->hits[rule] : self->violations;
}
