// SPDX-License-Identifier: Apache-2.0
// The state of the bench of mr_kv_data: geometry, random numbers, queues between the made-up front
// end and back end, golden store.
#ifndef MR_TESTS_RTL_KV_DATA_KV_DATA_WORLD_H
#define MR_TESTS_RTL_KV_DATA_KV_DATA_WORLD_H
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "Vdut.h"
#include "verilated.h"

#ifndef MR_BC
#define MR_BC 4
#endif
#ifndef MR_NB
#define MR_NB 4
#endif
#define MR_TB_TEXT_(name_) #name_
#define MR_TB_TEXT(name_) MR_TB_TEXT_(name_)

namespace mr_kv_data_tb {

constexpr int kBurst = MR_BC, kNb = MR_NB, kChunks = 3, kSlots = 4, kBlocks = 3, kPages = 16;
constexpr int kWh = MR_WB / 2, kBlockBytes = 2 * MR_BH, kBurstBytes = MR_WB * kBurst;
constexpr int kKeyChunkBits = 2;

inline uint64_t rng_state;
inline uint32_t rnd() {
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return static_cast<uint32_t>(rng_state >> 16);
}
inline int below(int n) {
    return static_cast<int>(rnd() % static_cast<uint32_t>(n));
}
inline bool chance(int percent) {
    return below(100) < percent;
}

inline uint64_t now, last_move;
[[noreturn]] inline void fail(const char *what, long a = 0, long b = 0) {
    std::printf("FAIL clock %llu: %s (%ld, %ld)\n", static_cast<unsigned long long>(now), what, a,
                b);
    std::fflush(stdout);
    std::_Exit(1);
}

struct Answer { // what the response port must show for a job
    bool stream = false;
    int status = 0, blocks = 1, at = 0;
    std::vector<uint8_t> data;
    std::vector<bool> poison;
    uint64_t offered = 0; // clock of job_valid
};
using AnswerPtr = std::shared_ptr<Answer>;
struct Job {
    bool append = false;
    int status = 0, slot = 0, chunk = 0, pos = 0, count = 1, page = -1;
    AnswerPtr answer;
};
struct Run {
    bool wr = false, page_engine = false;
    int page = 0, words_used = 0;
    long first = 0, bursts = 0, done = 0; // in bursts
    int word = 0, used = 0;
    long halfs = 0; // of the stream that lie in DRAM
    AnswerPtr answer;
};
struct Word {
    uint64_t due;
    bool err;
    uint8_t bytes[MR_WB];
    Answer *answer;
    long index;
};
struct Page {
    std::vector<uint8_t> mem, shadow;
    int rot = 0;
};
struct Knobs {
    int job, kw, kr, run, burst_gap, latency, jitter, err_ppm;
};

inline Vdut *dut;
inline Knobs k;
inline int nbh, part;
inline long chunk_bursts;
inline std::vector<Page> pages;
inline std::vector<int> clean, dirty;
inline int page_of[kSlots][kBlocks];
inline int length_of[kSlots][kChunks];
inline std::deque<std::vector<uint8_t>> kw_queue;
inline std::deque<AnswerPtr> answers;
inline std::deque<Run> runs;
inline std::deque<Word> words;
inline bool job_on, kw_on;
inline Job job;
inline bool run_ready, issuing, popping, room_old;
inline uint64_t next_burst;
inline bool pe_on, pe_copy, pe_urgent, pe_errs, pe_expect_done;
inline int pe_src, pe_dst, pe_dst_slot, pe_src_slot;
inline bool flush_on, flush_seen;
inline uint64_t flush_from;
inline struct Seen {
    uint64_t beats, streams, appends, refused, forward, forward_all, poison, zero, copy, flush,
        trunc, wr_runs, rd_runs, merged, waits;
} seen;
inline uint64_t max_flush, last_wr_run, last_rd_word, first_rd_word, rd_words, first_run_valid,
    last_kr, first_kr, first_block_word;
inline bool quiet; // directed tests start their own jobs

inline std::vector<uint8_t> random_bytes(long n) {
    std::vector<uint8_t> v(static_cast<size_t>(n));
    for (auto &b : v)
        b = static_cast<uint8_t>(rnd());
    return v;
}
inline long vec_bytes() {
    return static_cast<long>(nbh) * kBlockBytes;
}
inline long chunk_bytes(int chunk) {
    return chunk * chunk_bursts * kBurstBytes;
}
// A slot's bytes from position `pos` of a chunk, in the golden copy of its page.
inline uint8_t *shadow_at(int slot, int chunk, int pos) {
    return &pages[static_cast<size_t>(page_of[slot][pos / 32])]
                .shadow[static_cast<size_t>(chunk_bytes(chunk) + pos % 32 * vec_bytes())];
}

inline void set_block(const uint8_t *bytes) { // scale first in memory, on top at the port
    uint8_t port[36] = {};
    std::memcpy(port + 32, bytes, 2);
    std::memcpy(port, bytes + 2, kBlockBytes - 2);
    std::memcpy(&dut->kw_block_i[0], port, 36);
}
inline void get_block(uint8_t *bytes) {
    uint8_t port[36];
    std::memcpy(port, &dut->kr_block_o[0], 36);
    std::memcpy(bytes, port + 32, 2);
    std::memcpy(bytes + 2, port, kBlockBytes - 2);
    for (int i = kBlockBytes - 2; i < 32; i++)
        if (port[i] != 0)
            fail("bits above a block are not zero");
}

} // namespace mr_kv_data_tb

#endif
