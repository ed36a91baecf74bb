// SPDX-License-Identifier: Apache-2.0
// mr_kv_data alone: a front end and a back end made up here (random latency, room, gaps and
// poisoned words), a golden store, and every beat, every run and every byte of memory compared.
// Usage: bench [seed [clocks]]. Macros: MR_WB WordBytes, MR_BH BlockHalfs, MR_AGE AgeMax, MR_IDLE
// IdleDrain, MR_BC words of a burst, MR_NB banks of a group, MR_NAME name of the test; the rest of
// the geometry is below and in CMakeLists.txt.
#include "kv_data_world.h"

using namespace mr_kv_data_tb;

namespace {

void configure(int blocks) {
    nbh = blocks;
    chunk_bursts = (32L * nbh * MR_BH + kWh * kBurst - 1) / (kWh * kBurst);
    part = static_cast<int>((kChunks * chunk_bursts + kNb - 1) / kNb);
    pages.assign(kPages, Page{});
    clean.clear();
    dirty.clear();
    for (int p = 0; p < kPages; p++) {
        pages[static_cast<size_t>(p)].mem =
            random_bytes(static_cast<long>(kNb) * part * kBurstBytes);
        pages[static_cast<size_t>(p)].shadow = pages[static_cast<size_t>(p)].mem;
        pages[static_cast<size_t>(p)].rot = below(kNb);
        clean.push_back(p);
    }
    std::memset(page_of, -1, sizeof page_of);
    std::memset(length_of, 0, sizeof length_of);
    kw_queue.clear();
    answers.clear();
    runs.clear();
    words.clear();
    job_on = kw_on = run_ready = issuing = popping = room_old = false;
    pe_on = pe_expect_done = flush_on = false;
    next_burst = 0;
    dut->rst_ni = 0;
    dut->job_valid_i = dut->kw_valid_i = dut->run_ready_i = dut->wd_pop_i = dut->rd_issue_i =
        dut->rd_valid_i = 0;
    dut->flush_req_i = dut->pe_valid_i = dut->kr_ready_i = 0;
    dut->cfg_nbh_i = static_cast<CData>(nbh);
    dut->cfg_part_i = static_cast<IData>(part);
    for (int i = 0; i < 4; i++) {
        dut->clk_i = 0;
        dut->eval();
        dut->clk_i = 1;
        dut->eval();
        now++;
    }
    dut->rst_ni = 1;
    last_move = now;
}

// --- front end
// -------------------------------------------------------------------------------------------------------
void offer(Job j) {
    j.answer = std::make_shared<Answer>();
    Answer &a = *j.answer;
    a.offered = now;
    a.status = j.status;
    if (j.append) {
        for (int b = 0; b < nbh; b++)
            kw_queue.push_back(random_bytes(kBlockBytes));
        if (j.status == 0) {
            for (int b = 0; b < nbh; b++)
                std::memcpy(shadow_at(j.slot, j.chunk, j.pos) + b * kBlockBytes,
                            kw_queue[kw_queue.size() - static_cast<size_t>(nbh - b)].data(),
                            kBlockBytes);
            length_of[j.slot][j.chunk]++;
            seen.appends++;
        }
    } else if (j.status == 0) {
        const uint8_t *from = shadow_at(j.slot, j.chunk, j.pos);
        a.stream = true;
        a.blocks = j.count * nbh;
        a.data.assign(from, from + a.blocks * kBlockBytes);
        a.poison.assign(static_cast<size_t>(a.blocks), false);
        seen.streams++;
    }
    if (j.status != 0)
        seen.refused++;
    if (j.page < 0 && j.slot >= 0 && page_of[j.slot][j.pos / 32] >= 0)
        j.page = page_of[j.slot][j.pos / 32];
    if (j.page < 0)
        j.page = 0;
    job = j;
    job_on = true;
    answers.push_back(j.answer);
}
bool held_back(int slot) {
    return pe_on && pe_copy && (slot == pe_src_slot || slot == pe_dst_slot);
}

bool offer_append(int slot, int chunk) {
    const int pos = length_of[slot][chunk];
    if (pos >= 32 * kBlocks || held_back(slot))
        return false;
    if (page_of[slot][pos / 32] < 0) {
        if (clean.empty())
            return false;
        const size_t pick = static_cast<size_t>(below(static_cast<int>(clean.size())));
        page_of[slot][pos / 32] = clean[pick];
        clean.erase(clean.begin() + static_cast<long>(pick));
    }
    Job j;
    j.append = true;
    j.slot = slot;
    j.chunk = chunk;
    j.pos = pos;
    offer(j);
    return true;
}
bool offer_stream(int slot, int chunk, int block, int count) {
    const int left = length_of[slot][chunk] - 32 * block;
    if (left <= 0 || held_back(slot))
        return false;
    Job j;
    j.slot = slot;
    j.chunk = chunk;
    j.pos = 32 * block;
    j.count = count > 0 && count < left ? count : left < 32 ? left : 32;
    offer(j);
    return true;
}

void check_memory() {
    for (int p = 0; p < kPages; p++) {
        const Page &page = pages[static_cast<size_t>(p)];
        if (page.mem == page.shadow)
            continue;
        for (size_t i = 0; i < page.mem.size(); i++)
            if (page.mem[i] != page.shadow[i])
                fail("memory differs: page, byte", p, static_cast<long>(i));
    }
}

void free_slot(int slot) {
    for (int b = 0; b < kBlocks; b++) {
        if (page_of[slot][b] >= 0)
            dirty.push_back(page_of[slot][b]);
        page_of[slot][b] = -1;
    }
    for (int c = 0; c < kChunks; c++)
        length_of[slot][c] = 0;
}

// The page engine copies the first page of a slot for another one, which has none.
void copy_page(int from, int to, bool urgent) {
    pe_on = pe_copy = true;
    pe_urgent = urgent;
    pe_errs = false;
    pe_src = page_of[from][0];
    pe_dst = clean.back();
    clean.pop_back();
    pe_src_slot = from;
    pe_dst_slot = to;
    page_of[to][0] = pe_dst;
}

void after_flush() { // everything is in DRAM, the back end is idle
    check_memory();
    const int slot = below(kSlots), from = below(kSlots), what = below(3);
    if (held_back(slot))
        return;
    if (what == 0) {
        free_slot(slot);
    } else if (what == 1) { // TRUNCATE inside the last page
        seen.trunc++;
        for (int c = 0; c < kChunks; c++) {
            const int keep = length_of[slot][c] / 32 * 32;
            if (length_of[slot][c] > keep)
                length_of[slot][c] = keep + below(length_of[slot][c] - keep + 1);
        }
    } else if (!pe_on && from != slot && page_of[from][0] >= 0 && !clean.empty()) {
        free_slot(slot);
        copy_page(from, slot, chance(50));
    }
}

void front_end() {
    if (job_on || quiet)
        return;
    if (!pe_on && !dirty.empty() && chance(2)) {
        pe_on = true;
        pe_copy = false;
        pe_urgent = chance(30);
        pe_dst = dirty.back();
        pe_src = below(kPages);
        dirty.pop_back();
    }
    if (flush_on || !chance(k.job))
        return;
    const int slot = below(kSlots), chunk = below(kChunks), what = below(100);
    if (what < 1) {
        flush_on = true;
        flush_seen = false;
        flush_from = now;
        if (chance(50))
            offer_stream(slot, chunk, 0, 0);
    } else if (what < 6) {
        Job j;
        j.append = chance(50);
        j.status = 4 + below(4);
        j.slot = slot;
        j.chunk = chunk;
        j.pos = 32 * below(kBlocks);
        j.count = 1 + below(32);
        j.page = below(kPages);
        offer(j);
    } else if (what < 50) {
        if (chance(95) || length_of[slot][chunk] % 32 < 30)
            offer_append(slot, chunk);
    } else {
        const int last = (length_of[slot][chunk] - 1) / 32;
        // Often as many positions of an earlier block as the last one has.
        const int count = chance(60) ? 0 : chance(50) ? length_of[slot][chunk] % 32 : 1 + below(32);
        offer_stream(slot, chunk, chance(70) ? last : below(kBlocks), count);
    }
}

// --- back end
// --------------------------------------------------------------------------------------------------------
void take_run() {
    Run r;
    r.wr = dut->run_wr_o;
    const long base = static_cast<long>(dut->run_base_o), off = static_cast<long>(dut->run_off_o);
    r.page = static_cast<int>(base / part);
    r.first = static_cast<long>(dut->run_part_o) * part + off;
    r.bursts = static_cast<long>(dut->run_n_o);
    r.words_used = static_cast<int>(dut->run_use_o);
    if (base % part != 0 || r.page >= kPages)
        fail("run outside the pages", base, part);
    if (dut->run_rot_o != pages[static_cast<size_t>(r.page)].rot)
        fail("rotation", dut->run_rot_o, r.page);
    if (r.bursts < 1 || r.first + r.bursts > static_cast<long>(kNb) * part)
        fail("run leaves its page", r.first, r.bursts);
    r.page_engine = r.wr ? r.words_used == 0 : !dut->job_ready_o;
    if (r.page_engine && (!pe_on || r.page != (r.wr ? pe_dst : pe_src)))
        fail("run of the page engine for the wrong page", r.page);
    if (!r.wr && !r.page_engine) {
        const long all = job.count * vec_bytes() / 2, less = (job.count - 1) * vec_bytes() / 2;
        r.halfs = r.words_used == (all + kWh - 1) / kWh ? all : less;
        if (r.words_used != (r.halfs + kWh - 1) / kWh)
            fail("use of a read run", r.words_used, all);
        if (r.bursts != (r.halfs + kWh * kBurst - 1) / (kWh * kBurst))
            fail("length of a read run", r.bursts, all);
        if (r.halfs == less) {
            seen.forward++;
            if (less % kWh != 0)
                seen.merged++;
        }
        if (r.page != job.page || r.first != job.chunk * chunk_bursts)
            fail("place of a read run", r.page, r.first);
        r.answer = job.answer;
        seen.rd_runs++;
    }
    if (r.wr && !r.page_engine) {
        seen.wr_runs++;
        last_wr_run = now;
    }
    runs.push_back(r);
}

void end_run(const Run &r) {
    if (r.wr && !r.page_engine && r.used != r.words_used)
        fail("use of a write run", r.words_used, r.used);
}

// Decides what the back end does in this clock; sets issuing or popping.
void plan_burst() {
    issuing = false;
    if (popping && runs.front().word != 0)
        return; // inside a burst: without gaps
    popping = false;
    if (runs.empty() || now < next_burst)
        return;
    const Run &r = runs.front();
    if (r.wr)
        popping = true;
    else if (room_old)
        issuing = true;
}

void issue_burst() {
    Run &r = runs.front();
    const Page &page = pages[static_cast<size_t>(r.page)];
    uint64_t due = now + static_cast<uint64_t>(k.latency + (k.jitter > 0 ? below(k.jitter) : 0));
    for (int w = 0; w < kBurst; w++) {
        Word word{};
        if (!words.empty() && due <= words.back().due)
            due = words.back().due + 1;
        word.due = due++;
        word.index = r.done * kBurst + w;
        std::memcpy(word.bytes,
                    &page.mem[static_cast<size_t>((r.first + r.done) * kBurstBytes + w * MR_WB)],
                    MR_WB);
        word.err = below(1000000) < k.err_ppm;
        word.answer = r.answer.get();
        if (word.err && r.page_engine)
            pe_errs = true;
        if (word.err && r.answer) {
            for (long h = word.index * kWh; h < (word.index + 1) * kWh && h < r.halfs; h++) {
                r.answer->poison[static_cast<size_t>(h / MR_BH)] = true;
                seen.poison++;
            }
        }
        words.push_back(word);
    }
    next_burst = now + kBurst + static_cast<uint64_t>(chance(k.burst_gap) ? below(30) : 0);
    if (++r.done == r.bursts) {
        end_run(r);
        runs.pop_front();
    }
}

void pop_word() {
    Run &r = runs.front();
    uint8_t bytes[MR_WB];
    const uint32_t be = dut->wd_be_o;
    std::memcpy(bytes, &dut->wd_word_o, MR_WB);
    uint8_t *to = &pages[static_cast<size_t>(r.page)]
                       .mem[static_cast<size_t>((r.first + r.done) * kBurstBytes + r.word * MR_WB)];
    for (int i = 0; i < MR_WB; i++)
        if (be >> i & 1)
            to[i] = bytes[i];
    if (r.page_engine && be != (1ull << MR_WB) - 1)
        fail("enables of the page engine", be);
    r.used += be != 0;
    if (++r.word < kBurst)
        return;
    r.word = 0;
    next_burst = now + 1 + static_cast<uint64_t>(chance(k.burst_gap) ? below(30) : 0);
    popping = false;
    if (++r.done == r.bursts) {
        end_run(r);
        runs.pop_front();
    }
}

// --- responses
// -------------------------------------------------------------------------------------------------------
void check_beat() {
    if (answers.empty())
        fail("a beat that nobody asked for");
    Answer &a = *answers.front();
    uint8_t got[kBlockBytes];
    get_block(got);
    seen.beats++;
    const bool last = a.at + 1 == a.blocks;
    if (dut->kr_last_o != last)
        fail("last", a.at, a.blocks);
    if (!a.stream) {
        if (dut->kr_status_o != a.status)
            fail("status of a beat", dut->kr_status_o, a.status);
        for (uint8_t b : got)
            if (b != 0)
                fail("a status beat shows data");
    } else {
        bool bad = false;
        for (int i = 0; i <= a.at; i++)
            bad = bad || a.poison[static_cast<size_t>(i)];
        if (dut->kr_status_o != (last && bad ? 7 : 0))
            fail("status of a stream", dut->kr_status_o, bad);
        static const uint8_t zero[kBlockBytes] = {};
        const uint8_t *want = a.poison[static_cast<size_t>(a.at)]
                                  ? zero
                                  : &a.data[static_cast<size_t>(a.at * kBlockBytes)];
        if (std::memcmp(got, want, kBlockBytes) != 0)
            fail("block differs: block, of", a.at, a.blocks);
    }
    if (++a.at == a.blocks)
        answers.pop_front();
}

void finish_page() {
    Page &to = pages[static_cast<size_t>(pe_dst)];
    if (pe_copy)
        to.shadow = pages[static_cast<size_t>(pe_src)].shadow;
    else
        std::fill(to.shadow.begin(), to.shadow.end(), uint8_t{0});
    if (to.mem != to.shadow)
        fail(pe_copy ? "the copied page differs" : "the page is not zero", pe_dst);
    if (dut->pe_err_o != (pe_copy && pe_errs))
        fail("pe_err", dut->pe_err_o, pe_errs);
    if (pe_copy) {
        for (int c = 0; c < kChunks; c++)
            length_of[pe_dst_slot][c] =
                length_of[pe_src_slot][c] < 32 ? length_of[pe_src_slot][c] : 32;
        seen.copy++;
    } else {
        clean.push_back(pe_dst);
        seen.zero++;
    }
    pe_on = false;
}

void step() {
    front_end();
    if (!kw_on && !kw_queue.empty() && chance(k.kw))
        kw_on = true;
    const bool kr_ready = chance(k.kr);
    if (!run_ready)
        run_ready = runs.size() < 8 && chance(k.run);
    if (runs.size() >= 8)
        run_ready = false;
    plan_burst();
    dut->job_valid_i = job_on;
    dut->job_append_i = job.append;
    dut->job_status_i = static_cast<CData>(job.status);
    dut->job_key_i = static_cast<CData>(job.slot << kKeyChunkBits | job.chunk);
    dut->job_pos_i = static_cast<IData>(job.pos);
    dut->job_count_i = static_cast<CData>(job.append ? 1 : job.count);
    const Page &page = pages[static_cast<size_t>(job.page < 0 ? 0 : job.page)];
    dut->job_base_i = static_cast<IData>((job.page < 0 ? 0 : job.page) * part);
    dut->job_rot_i = static_cast<CData>(page.rot);
    dut->job_part_i = static_cast<CData>(job.chunk * chunk_bursts / part);
    dut->job_off_i = static_cast<IData>(job.chunk * chunk_bursts % part);
    dut->flush_req_i = flush_on;
    dut->pe_valid_i = pe_on && !pe_expect_done;
    dut->pe_urgent_i = pe_urgent;
    dut->pe_copy_i = pe_copy;
    dut->pe_src_base_i = static_cast<IData>(pe_src * part);
    dut->pe_dst_base_i = static_cast<IData>(pe_dst * part);
    dut->pe_src_rot_i = static_cast<CData>(pages[static_cast<size_t>(pe_src)].rot);
    dut->pe_dst_rot_i = static_cast<CData>(pages[static_cast<size_t>(pe_dst)].rot);
    dut->kw_valid_i = kw_on;
    if (kw_on)
        set_block(kw_queue.front().data());
    dut->kr_ready_i = kr_ready;
    dut->run_ready_i = run_ready;
    dut->wd_pop_i = popping;
    dut->rd_issue_i = issuing;
    const bool word_on = !words.empty() && words.front().due <= now;
    dut->rd_valid_i = word_on;
    dut->rd_err_i = word_on && words.front().err;
    if (word_on)
        std::memcpy(&dut->rd_word_i, words.front().bytes, MR_WB);
    dut->clk_i = 0;
    dut->eval();

    const bool room = dut->rd_room_o;
    bool moved = false;
    if (dut->run_valid_o && first_run_valid == 0)
        first_run_valid = now;
    if (dut->kr_valid_o && first_kr == 0)
        first_kr = now;
    if (word_on) {
        rd_words++;
        if (first_rd_word == 0)
            first_rd_word = now;
        last_rd_word = now;
        if (words.front().index == (MR_BH - 1) / kWh && first_block_word == 0)
            first_block_word = now;
        words.pop_front();
        moved = true;
    }
    const bool took = dut->run_valid_o && run_ready;
    if (popping)
        pop_word();
    if (issuing)
        issue_burst();
    if (took) {
        take_run();
        run_ready = false;
        moved = true;
    }
    if (job_on && dut->job_ready_o) {
        if (!job.append && job.status == 0 && !took) {
            if (job.count != 1)
                fail("a stream of several positions without a run");
            seen.forward_all++;
        }
        job_on = false;
        moved = true;
    }
    if (kw_on && dut->kw_ready_o) {
        kw_queue.pop_front();
        kw_on = false;
        moved = true;
    } else if (!kw_on && dut->kw_ready_o)
        fail("kw_ready without a block");
    if (dut->kr_valid_o && kr_ready) {
        check_beat();
        last_kr = now;
        moved = true;
    }
    if (flush_on && dut->flush_done_o) {
        if (!flush_seen) {
            seen.flush++;
            if (now - flush_from > max_flush)
                max_flush = now - flush_from;
        }
        flush_seen = true;
        if (job_on)
            fail("flush done with a job at the port");
        bool busy = false; // what P has turned into runs must be all there is
        for (const Run &r : runs)
            busy = busy || r.wr;
        if (!busy && !pe_on && kw_queue.empty())
            check_memory();
        if (runs.empty() && answers.empty() && words.empty() && !pe_on) {
            if (!quiet)
                after_flush();
            flush_on = false;
        }
    }
    if (pe_expect_done) {
        if (!dut->pe_done_o)
            fail("pe_done does not follow pe_ready");
        pe_expect_done = false;
        finish_page();
    } else if (dut->pe_done_o)
        fail("pe_done without a request");
    else if (pe_on && dut->pe_ready_o)
        pe_expect_done = true;
    if (moved || popping || issuing)
        last_move = now;
    const bool waits = job_on || flush_on || pe_on || !answers.empty();
    if (waits && now - last_move > 20000)
        fail("nothing moves for 20000 clocks", job_on, static_cast<long>(answers.size()));
    room_old = room;
    dut->clk_i = 1;
    dut->eval();
    now++;
}

#include "kv_data_directed.h" // uses what stands above

void random_phase(int clocks) {
    static const int kNbh[] = {1, 1, 1, 2, 2, 3, 4, 5, 8, 11, 32};
    static const Knobs kMany[] = {
        {100, 100, 100, 100, 0, 6, 0, 0},   {30, 60, 90, 50, 20, 12, 6, 20000},
        {100, 30, 100, 30, 50, 3, 20, 200}, {100, 100, 15, 100, 5, 20, 0, 0},
        {3, 50, 60, 50, 20, 10, 10, 1000},  {100, 100, 100, 10, 10, 30, 2, 100},
        {100, 10, 3, 100, 0, 5, 0, 20}};
    k = kMany[below(7)];
    configure(kNbh[below(kWh > 1 || chance(30) ? 11 : 6)]);
    const uint64_t end = now + static_cast<uint64_t>(clocks);
    while (now < end)
        step();
    k.kr = k.kr < 50 ? 50 : k.kr;
    quiet = true;
    until_idle(1);
    k = kFast;
    drained("flush takes too long");
    quiet = false;
}

} // namespace

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1;
    const uint64_t clocks = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 3000000;
    rng_state = seed * 0x9E3779B97F4A7C15ULL + 1;
    std::printf("seed %llu, %llu clocks\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(clocks));
    quiet = true;
    k = kFast;
    test_latency(1);
    test_latency(5);
    test_throughput(1, 32);
    test_throughput(8, 32);
    test_throughput(3, 7);
    test_age();
    test_stall();
    if (MR_WB >= 16) // the read FIFO holds the first position
        test_release();
    test_unwritten();
    test_other_block();
    test_copy_waits();
    quiet = false;
    while (now < clocks)
        random_phase(20000 + below(40000));
    std::printf(
        "clocks %llu, beats %llu, streams %llu, appends %llu, refused %llu, forwarded %llu (all "
        "%llu, merged words %llu), poisoned %llu, "
        "zeroed %llu, copied %llu, flushes %llu (longest %llu), truncated %llu, write runs %llu, "
        "read runs %llu\n",
        static_cast<unsigned long long>(now), static_cast<unsigned long long>(seen.beats),
        static_cast<unsigned long long>(seen.streams),
        static_cast<unsigned long long>(seen.appends),
        static_cast<unsigned long long>(seen.refused),
        static_cast<unsigned long long>(seen.forward),
        static_cast<unsigned long long>(seen.forward_all),
        static_cast<unsigned long long>(seen.merged), static_cast<unsigned long long>(seen.poison),
        static_cast<unsigned long long>(seen.zero), static_cast<unsigned long long>(seen.copy),
        static_cast<unsigned long long>(seen.flush), static_cast<unsigned long long>(max_flush),
        static_cast<unsigned long long>(seen.trunc), static_cast<unsigned long long>(seen.wr_runs),
        static_cast<unsigned long long>(seen.rd_runs));
    if (seen.forward == 0 || seen.forward_all == 0 || (kWh > 1 && seen.merged == 0) ||
        seen.poison == 0 || seen.zero == 0 || seen.copy == 0 || seen.refused == 0 ||
        seen.trunc == 0 || seen.flush == 0)
        fail("something was never exercised");
    dut->final();
    delete dut;
    std::printf("PASS %s\n", MR_TB_TEXT(MR_NAME));
    return 0;
}
