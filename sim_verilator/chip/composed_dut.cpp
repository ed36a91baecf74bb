// SPDX-License-Identifier: Apache-2.0
// A chip joined from Verilated classes: one root, groups and their tiles, wired as in mr_chip; see
// chip_model.h. Compiled once a model with these macros: ROOT_CLASS and GROUP_CLASS, classes of
// mr_root and group_sim_top, with ROOT_HEADER and GROUP_HEADER; TILE_CLASS and TILE_HEADER of
// mr_tile; CHIP_SYMBOL, CHIP_NAME, CHIP_PROFILE, CHIP_DQ_BYTES, CHIP_INIT_CLOCKS, CHIP_GROUPS (at
// least 2) as in chip_dut.cpp; CHIP_TILES of a group; CHIP_THREADS 1, or 2: in each phase of a
// clock two threads take groups, with their tiles, until none is left. Each group has one KV
// channel, without ECC.
//
// A clock, exact because of what the RTL promises (mr_tile, mr_root):
//  1. rising edge of root, groups and tiles that are up: now the tiles' and the root's outputs are
//  final;
//  2. these go to the groups, with the links; falling edge of the groups: their outputs are final
//  too;
//  3. these go to the tiles; falling edge of those that are up; then all goes to the root, and its
//  falling edge.
// A tile whose awake_o has been low for Rest clocks, and to which nothing comes (event), stays as
// it was after its rising edge.
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <type_traits>

#include GROUP_HEADER
#include ROOT_HEADER
#include TILE_HEADER
#include "chip_model.h"
#include "verilated.h"

namespace {

constexpr uint32_t Groups = CHIP_GROUPS;
constexpr uint32_t Tiles = CHIP_TILES;
constexpr uint32_t Rest = 32;
constexpr uint32_t Threads = CHIP_THREADS;
static_assert(Threads == 1 || Threads == 2);
static_assert(Tiles <= 16);

template <class Pin> uint8_t *bytes(Pin &pin) {
    return reinterpret_cast<uint8_t *>(&pin);
}

template <class Pin> const uint8_t *bytes(const Pin &pin) {
    return reinterpret_cast<const uint8_t *>(&pin);
}

// Bit or slice i of a port of several tiles or groups. Hosts are little-endian.
template <class Pin> bool bit(const Pin &pin, uint32_t i) {
    return (bytes(pin)[i / 8] >> i % 8 & 1) != 0;
}

template <class Pin> void put_bit(Pin &pin, uint32_t i, bool value) {
    uint8_t &byte = bytes(pin)[i / 8];
    byte = static_cast<uint8_t>((byte & ~(1u << i % 8)) | static_cast<unsigned>(value) << i % 8);
}

// Bits of group g in a port of all tiles.
template <class Pin> uint32_t some_bits(const Pin &pin, uint32_t g) {
    const uint32_t first = g * Tiles / 8;
    uint32_t word = 0;
    for (uint32_t i = 0; i < 3 && first + i < sizeof pin; i++) {
        word |= static_cast<uint32_t>(bytes(pin)[first + i]) << 8 * i;
    }
    return word >> g * Tiles % 8 & ((1u << Tiles) - 1);
}

template <size_t Size, class Pin, class From> void put(Pin &pin, uint32_t i, const From &from) {
    static_assert(sizeof from >= Size);
    std::memcpy(bytes(pin) + i * Size, bytes(from), Size);
}

template <size_t Size, class Pin, class To> void get(const Pin &pin, uint32_t i, To &to) {
    static_assert(sizeof to >= Size);
    std::memcpy(bytes(to), bytes(pin) + i * Size, Size);
}

struct Dut;
enum class Phase : uint32_t { Rise, Fall };
void group_phase(Dut &d, Phase phase, uint32_t g);

// Two threads that take the groups of a phase: the one that runs the simulation from the first on,
// its helper from the last on, until they meet, so that mostly each keeps the groups that its cache
// holds. A helper that is not there takes nothing, and nobody waits for it. Between phases it looks
// for the next one for a while, then sleeps.
class Crew {
    static constexpr uint32_t Spins = 20000;
    static constexpr uint32_t Taken = 0xFFFFFFFF; // bits of `round`
    std::atomic<uint64_t> round{Groups};          // its number, even: Rise; groups taken in it
    std::atomic<uint32_t> told{0};                // the round's number again, to sleep on
    std::atomic<uint32_t> done{0};                // groups of this round
    std::atomic<bool> end{false};
    std::thread helper;

    // Waits until `value` is not `old`.
    static void wait_beyond(const std::atomic<uint32_t> &value, uint32_t old) {
        for (uint32_t i = 0; i < Spins; i++) {
            if (value.load(std::memory_order_acquire) != old) {
                return;
            }
        }
        value.wait(old, std::memory_order_acquire);
    }
    // A group is taken together with the round that it is of, so a helper that comes late cannot
    // mistake the phase.
    void take(Dut &d, bool first) {
        uint64_t number = 0;
        for (uint32_t mine = 0;; mine++) {
            const uint64_t at = round.fetch_add(1, std::memory_order_acq_rel);
            if ((at & Taken) >= Groups) {
                return;
            }
            if (at >> 32 != number) {
                number = at >> 32;
                mine = 0;
            }
            group_phase(d, number % 2 == 0 ? Phase::Rise : Phase::Fall,
                        first ? mine : Groups - 1 - mine);
            done.fetch_add(1, std::memory_order_acq_rel);
            done.notify_one();
        }
    }
    void work(Dut &d) {
        for (uint32_t seen = 0; !end.load(std::memory_order_acquire);) {
            wait_beyond(told, seen);
            seen = told.load(std::memory_order_acquire);
            take(d, false);
        }
    }
    void tell() {
        told.fetch_add(1, std::memory_order_release);
        told.notify_one();
    }

  public:
    explicit Crew(Dut &d) : helper{[this, &d] { work(d); }} {
    }
    Crew(const Crew &) = delete;
    Crew &operator=(const Crew &) = delete;
    ~Crew() {
        end.store(true, std::memory_order_release);
        tell();
        helper.join();
    }
    // Tells the helper to begin with a phase; finish() must follow.
    void begin(Phase phase) {
        uint64_t number = (round.load(std::memory_order_relaxed) >> 32) + 1;
        number += number % 2 == static_cast<uint64_t>(phase) ? 0 : 1;
        done.store(0, std::memory_order_relaxed);
        round.store(number << 32, std::memory_order_release);
        tell();
    }
    void finish(Dut &d) {
        take(d, true);
        for (uint32_t n = 0; (n = done.load(std::memory_order_acquire)) != Groups;) {
            wait_beyond(done, n);
        }
    }
};

// What one group drives towards its neighbours in a clock.
struct Beat {
    bool valid = false, rev_valid = false;
    uint64_t data = 0, rev_data = 0;
};

// What the tiles of a group say to the root in a bit each.
struct Said {
    uint16_t error = 0, err = 0, cfg_rvalid = 0, cfg_error = 0;
};

// What is kept of a group's tiles, apart from them: those at rest are not even looked at.
struct alignas(64) Crowd {
    uint32_t live = All; // those that are not at rest
    uint32_t ran = 0;    // those that took part in the last rising edge
    uint32_t up =
        All; // those that take part in the next rising edge; the others' clock stands high
    uint8_t rest[Tiles]; // clocks until one is left alone
    Said said;           // by the tiles that are up
    Said known;          // to the root
    static constexpr uint32_t All = (1u << Tiles) - 1;
    Crowd() {
        wake();
    }
    void wake() {
        live = All;
        for (uint8_t &r : rest) {
            r = Rest;
        }
    }
};

struct Dut {
    VerilatedContext context;
    ROOT_CLASS root{&context};
    std::unique_ptr<GROUP_CLASS> group[Groups];
    std::unique_ptr<TILE_CLASS> tile[Groups * Tiles];
    Crowd crowd[Groups];
    bool run = false; // the root's run_no, as the tiles know it
    std::unique_ptr<Crew> crew;
    mr_chip_trace_t *trace = nullptr;
    bool show_all = false;                                 // tiles that did not run, too
    void (*before)(void *ctx, uint32_t channel) = nullptr; // of the present clock
    void *before_ctx = nullptr;
    uint32_t delay = 0; // clocks that the wires take more than the groups' own registers
    uint32_t at = 0;    // in the lines
    Beat line[Groups][MR_CHIP_LINK_DELAY_MAX];
    Dut();
};

void link_outputs(Dut &d, uint32_t g) {
    const GROUP_CLASS &from = *d.group[g];
    GROUP_CLASS &next = *d.group[(g + 1) % Groups];
    GROUP_CLASS &before = *d.group[(g + Groups - 1) % Groups];
    next.in_valid_i = from.out_valid_o;
    std::memcpy(&next.in_data_i, &from.out_data_o, sizeof from.out_data_o);
    before.out_rev_valid_i = from.in_rev_valid_o;
    before.out_rev_data_i = from.in_rev_data_o;
}

// Puts a group's beat into its line and hands on the one of `delay` clocks ago.
void link_delayed(Dut &d, uint32_t g) {
    const GROUP_CLASS &from = *d.group[g];
    GROUP_CLASS &next = *d.group[(g + 1) % Groups];
    GROUP_CLASS &before = *d.group[(g + Groups - 1) % Groups];
    Beat &beat = d.line[g][d.at];
    next.in_valid_i = beat.valid;
    std::memcpy(&next.in_data_i, &beat.data, sizeof next.in_data_i);
    before.out_rev_valid_i = beat.rev_valid;
    std::memcpy(&before.out_rev_data_i, &beat.rev_data, sizeof before.out_rev_data_i);
    beat.valid = from.out_valid_o != 0;
    std::memcpy(&beat.data, &from.out_data_o, sizeof from.out_data_o);
    beat.rev_valid = from.in_rev_valid_o != 0;
    std::memcpy(&beat.rev_data, &from.in_rev_data_o, sizeof from.in_rev_data_o);
}

void root_to_group(const ROOT_CLASS &r, GROUP_CLASS &to, uint32_t g) {
    to.run_ni = r.run_no;
    to.reset_i = r.reset_o;
    to.csr_write_i = r.csr_write_o;
    to.csr_addr_i = r.csr_addr_o;
    to.csr_wdata_i = r.csr_wdata_o;
    to.kv_sel_i = bit(r.kv_sel_o, g);
    to.ecc_sel_i = bit(r.ecc_sel_o, g);
    to.link_sel_i = bit(r.link_sel_o, g);
    if (g == 0) {
        to.hub_req_i = r.hub_req_o;
        put<16>(to.hub_hdr_i, 0, r.hub_hdr_o);
        to.hub_accept_i = r.hub_accept_o;
        to.hub_ready_i = r.hub_ready_o;
    }
}

void group_to_root(const GROUP_CLASS &from, ROOT_CLASS &r, uint32_t g) {
    put<4>(r.kv_rdata_i, g, from.kv_rdata_o);
    put_bit(r.kv_error_i, g, from.kv_error_o);
    put<4>(r.ecc_rdata_i, g, from.ecc_rdata_o);
    put_bit(r.ecc_error_i, g, from.ecc_error_o);
    put<4>(r.link_rdata_i, g, from.link_rdata_o);
    put_bit(r.link_error_i, g, from.link_error_o);
    put_bit(r.kv_refused_i, g, from.kv_refused_o);
    put_bit(r.link_down_i, g, from.link_down_o);
    if (g == 0) {
        r.net_grant_i = from.net_grant_o;
        r.net_busy_i = from.net_busy_o;
        r.hub_grant_i = from.hub_grant_o;
        get<16>(from.rx_hdr_o, 0, r.rx_hdr_i);
        r.hub_commit_i = from.hub_commit_o;
        r.rx_empty_i = from.rx_empty_o;
        r.hub_valid_i = from.hub_valid_o;
        r.rx_data_i = from.rx_data_o;
        r.rx_last_i = from.rx_last_o;
    }
}

void tile_to_root(Dut &d, uint32_t n) {
    const TILE_CLASS &t = *d.tile[n];
    ROOT_CLASS &r = d.root;
    Said &said = d.crowd[n / Tiles].said;
    put<4>(r.tile_rdata_i, n, t.rdata_o);
    put_bit(said.error, n % Tiles, t.error_o);
    put_bit(said.err, n % Tiles, t.err_event_o);
    put_bit(said.cfg_rvalid, n % Tiles, t.cfg_rvalid_o);
    put<4>(r.cfg_rdata_i, n, t.cfg_rdata_o);
    put_bit(said.cfg_error, n % Tiles, t.cfg_error_o);
}

// Bits of different groups share bytes of the root's ports: one thread puts them there.
void said_to_root(Dut &d, uint32_t g) {
    const Said &said = d.crowd[g].said;
    if (std::memcmp(&said, &d.crowd[g].known, sizeof said) == 0) {
        return;
    }
    d.crowd[g].known = said;
    for (uint32_t i = 0; i < Tiles; i++) {
        const uint32_t n = g * Tiles + i;
        put_bit(d.root.tile_error_i, n, bit(said.error, i));
        put_bit(d.root.tile_err_i, n, bit(said.err, i));
        put_bit(d.root.cfg_rvalid_i, n, bit(said.cfg_rvalid, i));
        put_bit(d.root.cfg_error_i, n, bit(said.cfg_error, i));
    }
}

// What goes with a low valid does not matter and stays behind.
void tile_to_group(Dut &d, uint32_t n) {
    const TILE_CLASS &t = *d.tile[n];
    GROUP_CLASS &to = *d.group[n / Tiles];
    const uint32_t i = n % Tiles;
    put_bit(to.tx_req_i, i, t.tx_req_o);
    put_bit(to.tx_valid_i, i, t.tx_valid_o);
    put_bit(to.rx_accept_i, i, t.rx_accept_o);
    put_bit(to.rx_ready_i, i, t.rx_ready_o);
    put_bit(to.kc_valid_i, i, t.kc_valid_o);
    put_bit(to.kw_valid_i, i, t.kw_valid_o);
    put_bit(to.kr_ready_i, i, t.kr_ready_o);
    put_bit(to.kv_drop_i, i, t.kv_drop_o);
    if (t.tx_req_o) {
        put<16>(to.tx_hdr_i, i, t.tx_hdr_o);
        put_bit(to.tx_empty_i, i, t.tx_empty_o);
    }
    if (t.tx_valid_o) {
        put<8>(to.tx_data_i, i, t.tx_data_o);
        put_bit(to.tx_last_i, i, t.tx_last_o);
    }
    if (t.kc_valid_o) {
        put<1>(to.kc_op_i, i, t.kc_op_o);
        put<1>(to.kc_slot_i, i, t.kc_slot_o);
        put<1>(to.kc_layer_i, i, t.kc_layer_o);
        put<1>(to.kc_head_i, i, t.kc_head_o);
        put_bit(to.kc_kind_i, i, t.kc_kind_o);
        put<4>(to.kc_pos_i, i, t.kc_pos_o);
        put<1>(to.kc_count_i, i, t.kc_count_o);
    }
    if (t.kw_valid_o) {
        put<34>(to.kw_block_i, i, t.kw_block_o);
    }
}

void tile_inputs(Dut &d, uint32_t n) {
    TILE_CLASS &t = *d.tile[n];
    const ROOT_CLASS &r = d.root;
    const GROUP_CLASS &from = *d.group[n / Tiles];
    const uint32_t i = n % Tiles;
    t.rst_ni = r.run_no;
    t.sel_i = bit(r.tile_sel_o, n);
    if (t.sel_i) {
        t.write_i = r.csr_write_o;
        t.addr_i = r.csr_addr_o;
        t.wdata_i = r.csr_wdata_o;
    }
    t.cfg_en_i = bit(r.cfg_en_o, n);
    if (t.cfg_en_i) {
        t.cfg_write_i = r.cfg_write_o;
        t.cfg_kind_i = r.cfg_kind_o;
        t.cfg_index_i = r.cfg_index_o;
        t.cfg_wdata_i = r.cfg_wdata_o;
    }
    t.tx_grant_i = bit(from.tx_grant_o, i);
    t.tx_ready_i = bit(from.tx_ready_o, i);
    get<16>(from.rx_hdr_o, 0, t.rx_hdr_i);
    t.rx_commit_i = bit(from.rx_commit_o, i);
    t.rx_empty_i = from.rx_empty_o;
    t.rx_valid_i = bit(from.rx_valid_o, i);
    t.rx_data_i = from.rx_data_o;
    t.rx_last_i = from.rx_last_o;
    t.kc_ready_i = bit(from.kc_ready_o, i);
    t.kw_ready_i = bit(from.kw_ready_o, i);
    t.kr_valid_i = bit(from.kr_valid_o, i);
    t.kv_nbh_i = from.kv_nbh_o;
    if (t.kr_valid_i) {
        get<34>(from.kr_block_o, 0, t.kr_block_i);
        t.kr_last_i = bit(from.kr_last_o, i);
        get<1>(from.kr_status_o, i, t.kr_status_i);
    }
}

// Tiles of group g to which something comes; they may be at rest.
uint32_t events(const Dut &d, uint32_t g) {
    const GROUP_CLASS &from = *d.group[g];
    const uint32_t here = from.rx_commit_o | from.rx_valid_o | from.kr_valid_o;
    return here | some_bits(d.root.tile_sel_o, g) | some_bits(d.root.cfg_en_o, g);
}

// Falling edge of a tile, with what has come to it.
void fall(Dut &d, uint32_t n) {
    tile_inputs(d, n);
    d.tile[n]->clk_i = 0;
    d.tile[n]->eval();
}

// Reset has changed: all tiles follow in this clock.
void settle_reset(Dut &d) {
    d.run = d.root.run_no != 0;
    d.show_all = true;
    for (uint32_t n = 0; n < Groups * Tiles; n++) {
        d.tile[n]->rst_ni = d.run;
        d.tile[n]->eval();
        tile_to_group(d, n);
    }
    for (Crowd &c : d.crowd) {
        c.wake();
    }
}

// What the links bring to the groups.
void link_inputs(Dut &d) {
    for (uint32_t g = 0; g < Groups; g++) {
        if (d.delay == 0) {
            link_outputs(d, g);
        } else {
            link_delayed(d, g);
        }
    }
    d.at = d.at + 1 < d.delay ? d.at + 1 : 0;
}

// Falling edge of a group, with what the root brings.
void fall_group(Dut &d, uint32_t g) {
    GROUP_CLASS &group = *d.group[g];
    root_to_group(d.root, group, g);
    group.clk_i = 0;
    group.eval();
}

Dut::Dut() {
    context.fatalOnError(false);
    for (uint32_t g = 0; g < Groups; g++) {
        group[g] = std::make_unique<GROUP_CLASS>(&context);
        group[g]->hub_accept_i = 1; // nobody's node 0, but in group 0
        group[g]->hub_ready_i = 1;
    }
    for (uint32_t n = 0; n < Groups * Tiles; n++) {
        tile[n] = std::make_unique<TILE_CLASS>(&context);
    }
    if (Threads > 1) {
        crew = std::make_unique<Crew>(*this);
    }
}

Dut &dut_of(void *dut) {
    return *static_cast<Dut *>(dut);
}

void *open_dut() {
    return new (std::nothrow) Dut;
}

void close_dut(void *dut) {
    Dut &d = dut_of(dut);
    d.crew.reset();
    d.root.final();
    for (auto &g : d.group) {
        g->final();
    }
    for (auto &t : d.tile) {
        t->final();
    }
    delete &d;
}

// A command of group_sim_top: row or column, bank, bank group, command.
mr_dram_cmd_t command(uint32_t word) {
    return {static_cast<uint8_t>(word & 15), static_cast<uint8_t>(word >> 4 & 3),
            static_cast<uint8_t>(word >> 6 & 7), word >> 9};
}

void dfi(const void *dut, uint32_t channel, mr_dram_dev_in_t *in, mr_dram_dev_in_t *) {
    const GROUP_CLASS &g = *static_cast<const Dut *>(dut)->group[channel];
    in->port[0] = command(g.dfi_o);
    in->port[1] = command(g.dfi2_o);
    in->wr_en = g.dfi_wrdata_en_o != 0;
    if (in->wr_en) {
        in->wr_mask = g.dfi_wrmask_o;
        std::memcpy(in->wr_data, &g.dfi_wrdata_o, CHIP_DQ_BYTES);
    }
}

void answer(void *dut, uint32_t channel, const mr_dram_dev_out_t *device,
            const mr_dram_dev_out_t *) {
    GROUP_CLASS &g = *dut_of(dut).group[channel];
    g.dfi_rddata_valid_i = device->rd_valid;
    if (device->rd_valid) {
        std::memcpy(&g.dfi_rddata_i, device->rd_data, CHIP_DQ_BYTES);
    }
}

void link_fault(void *dut, uint64_t bits) {
    Dut &d = dut_of(dut);
    for (uint32_t g = 0; g < Groups; g++) {
        const auto faults = static_cast<CData>(bits >> 4 * g & 15);
        if (d.group[g]->link_fault_i != faults) {
            d.group[g]->link_fault_i = faults;
            d.group[g]->eval();
            if (d.delay == 0) {
                link_outputs(d, g);
            }
        }
    }
}

void reset(void *dut, bool active, uint32_t git_hash) {
    Dut &d = dut_of(dut);
    d.root.rst_ni = !active;
    d.root.git_hash_i = git_hash;
    d.root.uart_rx_i = 1; // an idle line
    d.root.eval();
    for (auto &g : d.group) {
        g->rst_ni = !active;
    }
    link_inputs(d);
    for (uint32_t g = 0; g < Groups; g++) {
        fall_group(d, g);
    }
    for (uint32_t n = 0; n < Groups * Tiles; n++) {
        fall(d, n);
    }
    for (Crowd &c : d.crowd) {
        c.up = Crowd::All;
    }
    settle_reset(d);
}

void request(void *dut, const mr_chip_request_t *r) {
    ROOT_CLASS &t = dut_of(dut).root;
    t.req_valid_i = r->valid;
    t.req_write_i = r->write;
    t.req_addr_i = r->addr;
    t.req_wdata_i = r->data;
}

void response(const void *dut, mr_chip_response_t *r) {
    const ROOT_CLASS &t = static_cast<const Dut *>(dut)->root;
    *r = {t.req_ready_o != 0, t.rsp_valid_o != 0, t.rsp_error_o != 0, t.irq_o != 0, t.rsp_rdata_o};
}

void rise(Dut &d, uint32_t g) {
    d.before(d.before_ctx, g);
    d.group[g]->clk_i = 1;
    d.group[g]->eval();
    Crowd &c = d.crowd[g];
    for (uint32_t i = 0; i < Tiles; i++) {
        if ((c.up >> i & 1) == 0) {
            continue;
        }
        TILE_CLASS &t = *d.tile[g * Tiles + i];
        t.clk_i = 1;
        t.eval();
        if (t.awake_o) {
            c.rest[i] = Rest;
        } else if (c.rest[i] == 0 || --c.rest[i] == 0) {
            c.live &= ~(1u << i);
        }
        tile_to_group(d, g * Tiles + i);
    }
}

// Of a group and its tiles; the root's outputs stand.
void falls(Dut &d, uint32_t g) {
    fall_group(d, g);
    Crowd &c = d.crowd[g];
    const uint32_t woken = d.run ? events(d, g) : Crowd::All;
    for (uint32_t i = 0; i < Tiles; i++) {
        const uint32_t n = g * Tiles + i;
        if ((c.up >> i & 1) != 0) {
            tile_to_root(d, n);
        }
        if ((woken >> i & 1) != 0) {
            c.rest[i] = Rest;
        }
        if (((c.live | woken) >> i & 1) != 0) {
            fall(d, n);
        }
    }
    c.live |= woken;
    c.ran = c.up;
    c.up = c.live;
}

void group_phase(Dut &d, Phase phase, uint32_t g) {
    if (phase == Phase::Rise) {
        rise(d, g);
    } else {
        falls(d, g);
    }
}

void begin(Dut &d, Phase phase) {
    if (d.crew) {
        d.crew->begin(phase);
    }
}

void finish(Dut &d, Phase phase) {
    if (d.crew) {
        d.crew->finish(d);
        return;
    }
    for (uint32_t g = 0; g < Groups; g++) {
        group_phase(d, phase, g);
    }
}

// What is on the wires is lost: the links say it again.
void link_delay(void *dut, uint32_t clocks) {
    Dut &d = dut_of(dut);
    d.delay = clocks;
    d.at = 0;
    for (auto &line : d.line) {
        for (Beat &beat : line) {
            beat = Beat{};
        }
    }
}

void trace(void *dut, mr_chip_trace_t *to) {
    dut_of(dut).trace = to;
    dut_of(dut).show_all = true;
}

// Shows what a clock looked like; a tile that did not run looks as it did.
void show(Dut &d) {
    for (uint32_t g = 0; g < Groups; g++) {
        mr_chip_trace_group(d.trace, g, d.group[g]->trace_o);
    }
    for (uint32_t n = 0; n < Groups * Tiles; n++) {
        if (d.show_all || (d.crowd[n / Tiles].ran >> n % Tiles & 1) != 0) {
            mr_chip_trace_tile(d.trace, n, d.tile[n]->trace_o.data());
        }
    }
    d.show_all = false;
    mr_chip_trace_root(d.trace, d.root.trace_o);
}

bool edge(void *dut, void (*before)(void *ctx, uint32_t channel), void *ctx) {
    Dut &d = dut_of(dut);
    d.before = before;
    d.before_ctx = ctx;
    begin(d, Phase::Rise);
    d.root.clk_i = 1;
    d.root.eval();
    finish(d, Phase::Rise);
    if (d.run != (d.root.run_no != 0)) {
        settle_reset(d);
    }
    link_inputs(d);
    begin(d, Phase::Fall);
    finish(d, Phase::Fall);
    for (uint32_t g = 0; g < Groups; g++) {
        group_to_root(*d.group[g], d.root, g);
        said_to_root(d, g);
    }
    d.root.clk_i = 0;
    d.root.eval();
    if (d.trace != nullptr) {
        show(d);
    }
    return !d.context.gotFinish() && !d.context.gotError();
}

} // namespace

extern "C" const mr_chip_model_t CHIP_SYMBOL;
const mr_chip_model_t CHIP_SYMBOL = {
    CHIP_NAME, CHIP_PROFILE, CHIP_DQ_BYTES, CHIP_INIT_CLOCKS, CHIP_GROUPS, CHIP_GROUPS, false,
    open_dut,  close_dut,    dfi,           nullptr,          answer,      link_fault,  reset,
    request,   response,     edge,          link_delay,       trace,       CHIP_TILES,  nullptr,
    nullptr};
