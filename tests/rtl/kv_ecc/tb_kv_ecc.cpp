// SPDX-License-Identifier: Apache-2.0
// mr_kv_ecc between a made-up back end and a made-up device: every output of every clock compared
// with a model that knows the code from ecc_ref.c and the rest from the module's header.
// Usage: bench [seed [phases [half|read|write|flood]]]; the third breaks a rule of the port, which
// an assertion must catch. Macros: ECC_E data bits of a code word, ECC_WB bytes of a word,
// ECC_OUTREG, the profile's ECC_RL ECC_WL ECC_BURST ECC_BG ECC_BA ECC_ROW ECC_COL ECC_BUSES, and
// ECC_NAME the test's name.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>

#include "Vdut.h"
#include "ecc_ref.h"
#include "verilated.h"

#define TEXT_(x_) #x_
#define TEXT(x_) TEXT_(x_)

namespace {

using u64 = uint64_t;
constexpr int kE = ECC_E, kCodes = 8 * ECC_WB / kE, kBanks = 1 << (ECC_BG + ECC_BA);
constexpr int kLatency = 1 + ECC_OUTREG, kCntMax = 511, kTimeLog2 = 3;
const int kChk = static_cast<int>(mr_ecc_ref_chk_bits(kE));
const u64 kAll = kE == 64 ? ~u64{0} : (u64{1} << (kE % 64)) - 1;

struct Code { // one code word
    u64 data = 0;
    unsigned chk = 0;
};
struct Cell { // one code word in the device, and what its writer meant
    Code is;
    u64 meant = 0;
    bool poisoned = false;
};
struct Burst {
    Cell cell[8][8]; // [word][code word]
};
struct WriteWord {
    long at;
    uint32_t addr;
    int beat;
};
struct Down { // what dn_* must show
    int cmd = 0, bg = 0, ba = 0, a = 0, cmd2 = 0, bg2 = 0, ba2 = 0, a2 = 0;
    bool en = false, poison = false;
    uint32_t addr = 0;
    int beat = 0;
    bool masked[8] = {};
    Code code[8];
    u64 meant[8] = {};
};
struct Up { // what up_* must show
    bool valid = false, err = false, fix = false;
    u64 code[8] = {};
};
struct Event {
    bool any = false, single = false, dbl = false, poisoned = false;
    u64 data = 0;
};

Vdut *dut;
long now;
u64 rng_state;
std::map<uint32_t, Burst> memory;
std::deque<WriteWord> writes, reads;
uint32_t open_row[kBanks];
bool is_open[kBanks];
uint32_t row_pool[2], col_pool[2];
long next_col;
int extra, flip_mode, pop_rate, clear_rate, enum_w, enum_a, enum_b;
bool quiet, enum_done;
long eligible;
Down down;
Up ups[3];
Event events[4]; // of the word now, one clock ago, ...
bool injected[2];
std::deque<u64> log_model;
u64 first_model, popped;
bool have_first, have_popped;
int lost, cnt[4];
struct {
    long words, writes, masked, single, dbl, poisoned, inj_wr, inj_rd, inj_match, lost, full, off,
        raw, events, weak, saturated;
} seen;

[[noreturn]] void fail(const char *what, u64 a = 0, u64 b = 0) {
    std::printf("FAIL %s at clock %ld: %s (is %llx, expected %llx)\n", TEXT(ECC_NAME), now, what,
                static_cast<unsigned long long>(a), static_cast<unsigned long long>(b));
    std::exit(1);
}
void same(const char *what, u64 is, u64 expected) {
    if (is != expected)
        fail(what, is, expected);
}
u64 rnd() {
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545F4914F6CDD1DULL;
}
int below(int n) {
    return static_cast<int>((rnd() >> 20) % static_cast<u64>(n));
}
bool chance(int n) { // once in n; never for 0
    return n != 0 && below(n) == 0;
}

// Bits [at +: kE] of a 128-bit port.
u64 get(const uint32_t *port, int w) {
    u64 value = 0;
    for (int b = 0; b < kE; b += 16)
        value |= static_cast<u64>(port[(w * kE + b) / 32] >> ((w * kE + b) % 32) & 0xFFFF) << b;
    return value;
}
void put(uint32_t *port, int w, u64 value) {
    for (int b = 0; b < kE; b += 16) {
        const int at = w * kE + b;
        port[at / 32] &= ~(0xFFFFU << (at % 32));
        port[at / 32] |= static_cast<uint32_t>(value >> b & 0xFFFF) << (at % 32);
    }
}

uint32_t address(int k, uint32_t col) {
    const uint32_t ba = static_cast<uint32_t>(k) & ((1U << ECC_BA) - 1),
                   bg = static_cast<uint32_t>(k) >> ECC_BA;
    return bg << 30 | ba << 27 | open_row[k] << 9 | col;
}
Burst &burst_at(uint32_t addr) { // pages are zeroed before their first use; here with noise
    auto [it, fresh] = memory.try_emplace(addr);
    for (int i = 0; fresh && i < 8; i++) {
        for (int w = 0; w < kCodes; w++) {
            Cell &cell = it->second.cell[i][w];
            cell.meant = cell.is.data = rnd() & kAll;
            cell.is.chk = mr_ecc_ref_encode(kE, cell.meant);
        }
    }
    return it->second;
}

void flip(Code &code, int bit) {
    if (bit < kE)
        code.data ^= u64{1} << bit;
    else
        code.chk ^= 1U << (bit - kE);
}
// The next pattern of the exhaustive list: each single (b == a) and each pair of each code word.
void flip_next(Code *code) {
    if (enum_done)
        return;
    flip(code[enum_w], enum_a);
    if (enum_b != enum_a)
        flip(code[enum_w], enum_b);
    if (++enum_b < kE + kChk)
        return;
    enum_b = ++enum_a;
    if (enum_a < kE + kChk)
        return;
    enum_a = enum_b = 0;
    enum_done = ++enum_w == kCodes;
}
void damage(Code *code) {
    if (flip_mode == 3)
        flip_next(code);
    if (flip_mode != 1 && flip_mode != 2)
        return;
    for (int w = 0; w < kCodes; w++) {
        const int most = flip_mode == 2 ? 6 : 2;
        for (int n = chance(kCodes) ? below(most + 1) : 0; n > 0; n--)
            flip(code[w], below(kE + kChk));
    }
}

// True when the word at (addr, beat) gets the injected flips; counts the words that might.
bool inject(bool rd, bool writes_code, uint32_t addr, int beat) {
    const bool here = dut->inj_en_i && dut->inj_rd_i == rd && dut->inj_cw_i < kCodes &&
                      writes_code &&
                      (!dut->inj_match_i || (dut->inj_addr_i == addr && dut->inj_beat_i == beat));
    const long n = here ? eligible++ : 0;
    const bool hit = here && (n == 0 || (dut->inj_every_i != 0 && n % dut->inj_every_i == 0));
    if (hit && dut->inj_match_i)
        seen.inj_match++;
    return hit;
}

void drive_read() {
    Event ev;
    Up up;
    dut->dn_rddata_valid_i = !reads.empty() && reads.front().at == now;
    for (uint32_t &lane : dut->dn_rddata_i.m_storage)
        lane = static_cast<uint32_t>(rnd());
    dut->dn_rdchk_i = rnd();
    if (dut->dn_rddata_valid_i) {
        const WriteWord word = reads.front();
        reads.pop_front();
        const Burst &burst = burst_at(word.addr);
        Code code[8];
        for (int w = 0; w < kCodes; w++)
            code[w] = burst.cell[word.beat][w].is;
        damage(code);
        dut->dn_rdchk_i = 0;
        for (int w = 0; w < kCodes; w++) {
            put(dut->dn_rddata_i.m_storage, w, code[w].data);
            dut->dn_rdchk_i |= static_cast<u64>(code[w].chk) << (w * kChk);
        }
        injected[0] = inject(true, true, word.addr, word.beat);
        if (injected[0]) {
            code[dut->inj_cw_i].data ^= dut->inj_data_i & kAll;
            code[dut->inj_cw_i].chk ^= dut->inj_chk_i & ((1U << kChk) - 1);
            seen.inj_rd++;
        }
        up.valid = true;
        seen.words++;
        int worst = 0;
        for (int w = 0; w < kCodes; w++) {
            const Cell &cell = burst.cell[word.beat][w];
            const auto result =
                mr_ecc_ref_decode(kE, code[w].data, static_cast<uint8_t>(code[w].chk));
            up.code[w] = dut->en_i ? result.data : code[w].data;
            const int away = __builtin_popcountll(code[w].data ^ cell.meant) +
                             __builtin_popcount(code[w].chk ^ mr_ecc_ref_encode(kE, cell.meant));
            if (!cell.poisoned && away < 2 &&
                (result.data != cell.meant || static_cast<int>(result.kind) != away))
                fail("the reference misses a flip");
            if (!cell.poisoned && away == 2 && result.kind < MR_ECC_REF_DOUBLE)
                fail("the reference misses two flips");
            if (cell.poisoned && result.kind == MR_ECC_REF_SINGLE)
                seen.weak++;
            if (!dut->en_i) {
                seen.raw += result.kind != MR_ECC_REF_NONE;
                continue;
            }
            ev.single |= result.kind == MR_ECC_REF_SINGLE;
            ev.dbl |= result.kind == MR_ECC_REF_DOUBLE;
            ev.poisoned |= result.kind == MR_ECC_REF_POISONED;
            if (static_cast<int>(result.kind) > worst) {
                worst = result.kind;
                ev.any = true;
                ev.data = static_cast<u64>(worst) << 46 | static_cast<u64>(result.syndrome) << 38 |
                          static_cast<u64>(w) << 35 | static_cast<u64>(word.beat) << 32 | word.addr;
            }
        }
        up.err = ev.dbl || ev.poisoned;
        up.fix = ev.single;
        seen.single += ev.single;
        seen.dbl += ev.dbl;
        seen.poisoned += ev.poisoned;
        seen.off += !dut->en_i;
    }
    events[0] = ev;
    ups[0] = up;
}

void drive_write() {
    down.en = !writes.empty() && writes.front().at == now;
    dut->up_wrdata_en_i = down.en;
    for (uint32_t &lane : dut->up_wrdata_i.m_storage)
        lane = static_cast<uint32_t>(rnd());
    const int style = below(16);
    dut->up_wrmask_i = 0;
    dut->up_wrpoison_i = down.poison = chance(16);
    for (int w = 0; w < kCodes; w++) {
        down.masked[w] = style == 0 || (style < 5 && chance(2));
        if (down.masked[w])
            dut->up_wrmask_i |= static_cast<SData>(((1U << (kE / 8)) - 1) << (w * kE / 8));
        down.meant[w] = down.code[w].data = get(dut->up_wrdata_i.m_storage, w);
        down.code[w].chk = mr_ecc_ref_encode(kE, down.meant[w]);
        if (down.poison)
            down.code[w].chk ^= mr_ecc_ref_poison(kE);
    }
    if (!down.en)
        return;
    down.addr = writes.front().addr;
    down.beat = writes.front().beat;
    writes.pop_front();
    seen.writes++;
    const int cw = dut->inj_cw_i;
    if (inject(false, cw < kCodes && !down.masked[cw], down.addr, down.beat)) {
        down.code[cw].data ^= dut->inj_data_i & kAll;
        down.code[cw].chk ^= dut->inj_chk_i & ((1U << kChk) - 1);
        injected[0] = true;
        seen.inj_wr++;
    }
}

// A row command on one of the ports; returns the bank of an ACT, else -1.
int row_command(CData &cmd, CData &bg, CData &ba, IData &a) {
    const int k = below(kBanks), other[] = {4, 5, 6, 7, 8, 9};
    if (!chance(3)) {
        cmd = static_cast<CData>(other[below(6)]);
        return -1;
    }
    cmd = 1;
    ba = static_cast<CData>(k & ((1 << ECC_BA) - 1));
    bg = static_cast<CData>(k >> ECC_BA);
    open_row[k] = row_pool[below(2)];
    a = open_row[k];
    return k;
}

void drive_commands() {
    dut->up_cmd_i = 0;
    dut->up_cmd2_i = ECC_BUSES ? 0 : static_cast<CData>(below(10));
    dut->up_bg_i = static_cast<CData>(below(4));
    dut->up_bg2_i = static_cast<CData>(below(4));
    dut->up_ba_i = static_cast<CData>(below(8));
    dut->up_ba2_i = static_cast<CData>(below(8));
    dut->up_a_i = static_cast<IData>(below(1 << 18));
    dut->up_a2_i = static_cast<IData>(below(1 << 18));
    int used = -1, opened = -1;
    if (!quiet && now >= next_col && !chance(4)) {
        const int k = below(kBanks);
        if (is_open[k]) {
            const uint32_t col = col_pool[below(2)], addr = address(k, col);
            const bool wr = flip_mode == 3 ? false : chance(2);
            dut->up_cmd_i = wr ? 3 : 2;
            dut->up_ba_i = static_cast<CData>(k & ((1 << ECC_BA) - 1));
            dut->up_bg_i = static_cast<CData>(k >> ECC_BA);
            dut->up_a_i = col;
            used = k;
            next_col = now + ECC_BURST + (chance(3) ? below(6) : 0);
            for (int i = 0; i < ECC_BURST; i++) {
                if (wr)
                    writes.push_back({now + ECC_WL + i, addr, i});
                else
                    reads.push_back({now + 1 + ECC_RL + extra + i, addr, i});
            }
        }
    }
    if (!quiet && ECC_BUSES && !chance(3))
        opened = row_command(dut->up_cmd2_i, dut->up_bg2_i, dut->up_ba2_i, dut->up_a2_i);
    if (!quiet && !ECC_BUSES && used < 0)
        opened = row_command(dut->up_cmd_i, dut->up_bg_i, dut->up_ba_i, dut->up_a_i);
    if (opened >= 0)
        is_open[opened] = true;
    down.cmd = dut->up_cmd_i, down.bg = dut->up_bg_i, down.ba = dut->up_ba_i;
    down.a = static_cast<int>(dut->up_a_i), down.cmd2 = dut->up_cmd2_i, down.bg2 = dut->up_bg2_i;
    down.ba2 = dut->up_ba2_i, down.a2 = static_cast<int>(dut->up_a2_i);
}

// dn_* show what went in a clock ago; what they write goes into the memory.
void check_down(const Down &old) {
    same("command", dut->dn_cmd_o, static_cast<u64>(old.cmd));
    same("second command", dut->dn_cmd2_o, static_cast<u64>(old.cmd2));
    same("bank group", dut->dn_bg_o, static_cast<u64>(old.bg));
    same("bank", dut->dn_ba_o, static_cast<u64>(old.ba));
    same("address", dut->dn_a_o, static_cast<u64>(old.a));
    same("second bank group", dut->dn_bg2_o, static_cast<u64>(old.bg2));
    same("second bank", dut->dn_ba2_o, static_cast<u64>(old.ba2));
    same("second address", dut->dn_a2_o, static_cast<u64>(old.a2));
    same("write enable", dut->dn_wrdata_en_o, old.en);
    if (!old.en)
        return;
    Burst &burst = burst_at(old.addr);
    for (int w = 0; w < kCodes; w++) {
        const unsigned bytes = (1U << (kE / 8)) - 1;
        same("mask", dut->dn_wrmask_o >> (w * kE / 8) & bytes, old.masked[w] ? bytes : 0);
        same("check mask", dut->dn_wrchkmask_o >> w & 1, old.masked[w]);
        same("write data", get(dut->dn_wrdata_o.m_storage, w), old.code[w].data);
        same("check bits", dut->dn_wrchk_o >> (w * kChk) & ((1U << kChk) - 1), old.code[w].chk);
        seen.masked += old.masked[w];
        if (!old.masked[w])
            burst.cell[old.beat][w] = {old.code[w], old.meant[w], old.poison};
    }
}

void check_up() {
    const Up &up = ups[kLatency];
    same("read valid", dut->up_rddata_valid_o, up.valid);
    if (!up.valid)
        return;
    same("read error", dut->up_rderr_o, up.err);
    same("corrected word", dut->up_rdfix_o, up.fix);
    for (int w = 0; w < kCodes && !up.err; w++)
        same("read data", get(dut->up_rddata_o.m_storage, w), up.code[w]);
}

void check_log() {
    same("corrected", dut->cnt_corrected_o, static_cast<u64>(cnt[0]));
    same("detected", dut->cnt_detected_o, static_cast<u64>(cnt[1]));
    same("poisoned", dut->cnt_poisoned_o, static_cast<u64>(cnt[2]));
    same("injected", dut->cnt_injected_o, static_cast<u64>(cnt[3]));
    same("events held", dut->log_count_o, log_model.size());
    same("events lost", dut->log_lost_o, static_cast<u64>(lost));
    same("first valid", dut->first_valid_o, have_first);
    if (have_first)
        same("first event", dut->first_data_o, first_model);
    same("popped valid", dut->log_valid_o, have_popped);
    if (have_popped)
        same("popped event", dut->log_data_o, popped);
}

// Model of the log and the counters over one clock edge, with this clock's pulses.
void log_edge(long since_reset) {
    const Event &counted = events[2];
    const bool hit[4] = {counted.single, counted.dbl, counted.poisoned, injected[1]};
    for (int c = 0; c < 4; c++) {
        cnt[c] += hit[c] && cnt[c] < kCntMax;
        seen.saturated += hit[c] && cnt[c] == kCntMax;
        if (dut->cnt_clear_i)
            cnt[c] = 0;
    }
    Event &in = events[3];
    if (in.any)
        in.data |= static_cast<u64>((since_reset - 1) >> kTimeLog2 & 0xFFFF) << 48;
    if (dut->log_clear_i) {
        log_model.clear();
        have_first = have_popped = false;
        lost = 0;
        events[2].any = false;
        return;
    }
    if (dut->log_pop_i) {
        have_popped = !log_model.empty();
        if (have_popped) {
            popped = log_model.front();
            log_model.pop_front();
        }
    }
    if (in.any) {
        seen.events++;
        if (!have_first)
            first_model = in.data;
        have_first = true;
        if (log_model.size() == 16) {
            log_model.pop_front();
            lost += lost < 255;
            seen.lost++;
            seen.full += lost == 255;
        }
        log_model.push_back(in.data);
    }
}

void clock_one() {
    static long since_reset;
    const Down old = down;
    injected[1] = injected[0];
    injected[0] = false;
    for (int i = 3; i > 0; i--)
        events[i] = events[i - 1];
    for (int i = 2; i > 0; i--)
        ups[i] = ups[i - 1];
    down = Down{};
    drive_commands();
    drive_read();
    drive_write();
    dut->log_pop_i = chance(pop_rate);
    dut->log_clear_i = chance(clear_rate);
    dut->cnt_clear_i = chance(clear_rate);
    dut->clk_i = 0;
    dut->eval();
    if (since_reset > 0) {
        check_down(old);
        check_up();
        check_log();
    }
    dut->clk_i = 1;
    dut->eval();
    log_edge(since_reset);
    now++;
    since_reset++;
}

void settle() { // no command; until all words and events are through
    quiet = true;
    while (!writes.empty() || !reads.empty())
        clock_one();
    for (int i = 0; i < 8; i++)
        clock_one();
}

void reset() {
    dut->rst_ni = 0;
    for (int i = 0; i < 3; i++) {
        dut->clk_i = 0;
        dut->eval();
        dut->clk_i = 1;
        dut->eval();
    }
    dut->rst_ni = 1;
}

void set_injection() {
    const uint32_t k = static_cast<uint32_t>(below(kBanks));
    dut->inj_rd_i = chance(2);
    dut->inj_match_i = chance(2);
    dut->inj_addr_i = (k >> ECC_BA) << 30 | (k & ((1U << ECC_BA) - 1)) << 27 |
                      row_pool[below(2)] << 9 | col_pool[below(2)];
    dut->inj_beat_i = static_cast<CData>(below(ECC_BURST));
    dut->inj_cw_i = static_cast<CData>(chance(16) ? 7 : below(kCodes));
    dut->inj_every_i = static_cast<SData>(chance(4) ? 0 : chance(4) ? 1 : 2 + below(20));
    dut->inj_data_i = chance(4) ? rnd() : u64{1} << below(kE);
    dut->inj_chk_i = static_cast<CData>(chance(2)   ? 0
                                        : chance(2) ? mr_ecc_ref_poison(kE)
                                                    : 1 << below(kChk));
    for (int i = 0; i < 3; i++)
        clock_one();
    eligible = 0;
    dut->inj_en_i = !chance(4);
    for (int i = 0; i < 2; i++)
        clock_one();
}

void phase(int number) {
    row_pool[0] = static_cast<uint32_t>(below(1 << ECC_ROW));
    row_pool[1] = row_pool[0] ^ (1U << below(ECC_ROW));
    col_pool[0] = static_cast<uint32_t>(below(1 << ECC_COL));
    col_pool[1] = col_pool[0] ^ (1U << below(ECC_COL));
    std::memset(is_open, 0, sizeof is_open);
    extra = below(7);
    flip_mode = number == 1 ? 3 : below(3);
    pop_rate = chance(3) ? 0 : 1 + below(30);
    clear_rate = flip_mode == 3 || chance(3) ? 0 : 200 + below(400);
    dut->en_i = flip_mode == 3 || !chance(8);
    dut->inj_en_i = 0;
    set_injection();
    if (flip_mode == 3)
        dut->inj_en_i = 0;
    quiet = false;
    for (int i = 0; i < 3000 || (flip_mode == 3 && !enum_done); i++)
        clock_one();
    settle();
    dut->inj_en_i = 0;
    clock_one();
}

// What docs/kv_ecc.md says about the code, counted on the reference alone.
void check_code() {
    const int all = kE + kChk, rows = kE == 16 ? 8 : kE == 32 ? 15 : 26;
    int pairs = 0, weak = 0;
    for (int i = 0; i < kChk; i++) {
        int ones = 0;
        for (int k = 0; k < kE; k++)
            ones += mr_ecc_ref_column(kE, static_cast<unsigned>(k)) >> i & 1;
        if (ones > rows)
            fail("a check bit covers too many data bits", static_cast<u64>(ones),
                 static_cast<u64>(rows));
    }
    for (int a = 0; a < all; a++) {
        for (int b = 0; b < all; b++) {
            const unsigned sum = mr_ecc_ref_column(kE, static_cast<unsigned>(a)) ^
                                 mr_ecc_ref_column(kE, static_cast<unsigned>(b));
            if (a != b && sum == 0)
                fail("two columns are equal");
            pairs += a < b && sum == mr_ecc_ref_poison(kE);
            weak += sum == mr_ecc_ref_poison(kE);
        }
    }
    same("pairs that look poisoned", static_cast<u64>(pairs), static_cast<u64>(kChk));
    same("flips that hide poison", static_cast<u64>(weak), static_cast<u64>(2 * kChk));
}

// Breaks one rule of the port; an assertion must end the run.
void misuse(const std::string &what) {
    quiet = true;
    settle();
    dut->up_wrdata_en_i = dut->dn_rddata_valid_i = 0;
    dut->up_cmd_i = 0;
    if (what == "half") {
        dut->up_cmd_i = 3;
        dut->up_wrmask_i = 1;
    }
    for (int i = 0; i < 64; i++) {
        dut->up_wrdata_en_i =
            what == "write" || (what == "half" && i >= ECC_WL && i < ECC_WL + ECC_BURST);
        dut->dn_rddata_valid_i = what == "read";
        if (what == "flood")
            dut->up_cmd_i = i % ECC_BURST == 0 ? 2 : 0;
        dut->clk_i = 0;
        dut->eval();
        dut->clk_i = 1;
        dut->eval();
        if (what == "half")
            dut->up_cmd_i = 0;
    }
}

void check_seen() {
    if (!enum_done || seen.single < 1000 || seen.dbl < 1000 || seen.poisoned < 500 ||
        seen.inj_wr < 50 || seen.inj_rd < 50 || seen.inj_match < 10 || seen.lost < 300 ||
        seen.full < 1 || seen.raw < 50 || seen.masked < 1000 || seen.weak < 1 || seen.saturated < 1)
        fail("the run did not reach all it should; give it more phases");
}

} // namespace

int main(int argc, char **argv) {
    const u64 seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1;
    const int phases = argc > 2 ? std::atoi(argv[2]) : 60;
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    rng_state = seed * 0x9E3779B97F4A7C15ULL + 1;
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    quiet = true;
    reset();
    check_code();
    for (int i = 0; i < phases; i++)
        phase(i);
    if (argc > 3) {
        misuse(argv[3]);
        std::printf("FAIL %s: nothing stopped the misuse %s\n", TEXT(ECC_NAME), argv[3]);
        return 0;
    }
    check_seen();
    dut->final();
    delete dut;
    std::printf("RESULT %s read_words %ld, write_words %ld, corrected %ld, detected %ld, poisoned "
                "%ld, injected %ld\n",
                TEXT(ECC_NAME), seen.words, seen.writes, seen.single, seen.dbl, seen.poisoned,
                seen.inj_wr + seen.inj_rd);
    std::printf("PASS %s\n", TEXT(ECC_NAME));
    return 0;
}
