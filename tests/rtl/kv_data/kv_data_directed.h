// SPDX-License-Identifier: Apache-2.0
// Directed checks of the bench of mr_kv_data: latency, throughput, ages, stalls, what must not be
// overwritten. Part of tb_kv_data.cpp, whose front end and back end it drives.

const Knobs kFast = {100, 100, 100, 100, 0, 8, 0, 0};
void until_idle(int more) {
    for (uint64_t since = 0; since < static_cast<uint64_t>(more);) {
        step();
        since =
            job_on || !answers.empty() || !runs.empty() || !words.empty() || pe_on ? 0 : since + 1;
    }
}
void fill(int slot, int chunk, int n) {
    for (int i = 0; i < n; i++) {
        if (!offer_append(slot, chunk))
            fail("directed append");
        while (job_on)
            step();
    }
}
void drained(const char *what) {
    until_idle(1);
    flush_on = true;
    flush_from = now;
    while (flush_on && !(dut->flush_done_o))
        step();
    if (now - flush_from > 2000)
        fail(what, static_cast<long>(now - flush_from));
    flush_on = false;
    until_idle(4);
    check_memory();
}

void test_latency(int blocks) {
    configure(blocks);
    fill(0, 1, 5);
    drained("flush takes too long");
    for (int count = 1; count <= 5; count++) {
        until_idle(8);
        const uint64_t from = now;
        first_run_valid = first_kr = first_block_word = 0;
        offer_stream(0, 1, 0, count);
        until_idle(4);
        if (first_run_valid - from > 1)
            fail("job to run, clocks", static_cast<long>(first_run_valid - from), count);
        if (first_kr - first_block_word > 2)
            fail("last word to block, clocks", static_cast<long>(first_kr - first_block_word),
                 count);
    }
    std::printf("latency nbh %d: job to run %llu, last word to block %llu\n", blocks,
                static_cast<unsigned long long>(first_run_valid) > 0 ? 1ULL : 0ULL,
                static_cast<unsigned long long>(first_kr - first_block_word));
}

void test_throughput(int blocks, int count) {
    configure(blocks);
    fill(0, 0, 32);
    drained("flush takes too long");
    first_rd_word = rd_words = 0;
    for (int i = 0; i < 40; i++) {
        while (job_on)
            step();
        offer_stream(0, 0, 0, count);
        step();
    }
    until_idle(4);
    const double rate =
        static_cast<double>(rd_words) / static_cast<double>(last_rd_word - first_rd_word + 1);
    std::printf("throughput nbh %d count %d: %.4f words a clock\n", blocks, count, rate);
    if (rate < (count == 32 ? 0.999 : 0.85))
        fail("throughput, words in 10000 clocks", static_cast<long>(10000 * rate));
}

void test_age() {
    configure(1);
    fill(1, 0, 32);
    drained("flush takes too long");
    fill(2, 0, 1);
    flush_on = true;
    flush_from = now;
    while (!dut->flush_done_o)
        step();
    flush_on = false;
    if (now - flush_from > 20)
        fail("a flush of one append waits, clocks", static_cast<long>(now - flush_from));
    until_idle(4);
    fill(0, 0, 1); // one append, then streams without a pause
    const uint64_t from = now;
    last_wr_run = 0;
    while (last_wr_run == 0 && now < from + 4 * MR_AGE) {
        if (!job_on)
            offer_stream(1, 0, 0, 32);
        step();
    }
    const long limit = MR_AGE + 3 * 32 * MR_BH / kWh;
    std::printf("age: drained after %ld clocks (limit %ld)\n",
                static_cast<long>(last_wr_run - from), limit);
    if (last_wr_run == 0 || static_cast<long>(last_wr_run - from) > limit)
        fail("an append waits too long", static_cast<long>(last_wr_run - from));
    if (last_wr_run - from < MR_AGE / 2)
        fail("an append leaves too early under load", static_cast<long>(last_wr_run - from));
    until_idle(2 * MR_IDLE);
    fill(0, 0, 1);
    last_wr_run = 0;
    const uint64_t idle_from = now;
    until_idle(2 * MR_IDLE);
    if (last_wr_run == 0 || last_wr_run - idle_from > MR_IDLE + 16)
        fail("idle drain", static_cast<long>(last_wr_run - idle_from));
    check_memory();
}

// A port that takes nothing for long loses nothing, and a flush without answers under way needs
// none.
void test_stall() {
    configure(2);
    fill(0, 0, 7);
    k.kr = 0;
    for (int i = 0; i < 6; i++) {
        const uint64_t from = now;
        while (job_on && now - from < 200)
            step();
        if (!job_on)
            offer_stream(0, 0, 0, 1 + i);
    }
    for (int i = 0; i < 5000; i++)
        step();
    last_move = now;
    k.kr = 100;
    until_idle(2);
    drained("flush after a stall");
}

// Appends until the buffer is full, at most 10, each in less than `patience` clocks.
void append_on(int slot, int chunk, int patience) {
    for (int i = 0; i < 10; i++) {
        const uint64_t from = now;
        while (job_on && now - from < static_cast<uint64_t>(patience))
            step();
        if (!job_on && !offer_append(slot, chunk))
            fail("directed append");
    }
}
void flush_without_answers() {
    flush_seen = false;
    flush_on = true;
    flush_from = now;
    for (int i = 0; i < 5000 && !flush_seen; i++)
        step();
    if (!flush_seen)
        fail("a flush waits for a port that takes nothing");
    flush_on = false;
}

// What an answer still needs from the append buffer is not overwritten, though it is in DRAM
// already and a flush was answered. The stream stands at the port with its first position, from
// DRAM; its second one is the oldest of a batch that does not become due by itself, and as many
// appends as can wait for answers reach its place.
void test_release() {
    configure(17);
    fill(0, 0, 1);
    drained("flush takes too long");
    fill(0, 0, 1);
    fill(0, 1, 5);
    const uint64_t forwarded = seen.forward;
    k.kr = 0;
    offer_stream(0, 0, 0, 2);
    while (job_on)
        step();
    flush_without_answers();
    append_on(0, 2, 1500);
    for (int i = 0; i < 1500; i++)
        step();
    last_move = now;
    k.kr = 100;
    until_idle(2);
    drained("flush after a stall");
    if (seen.forward != forwarded + 1)
        fail("the directed stream was not forwarded");
}

// Words of a batch that the back end has not taken yet are not overwritten, though its answers are
// out.
void test_unwritten() {
    configure(32);
    fill(0, 0, MR_WB >= 16 || MR_BC == 8 ? 3 : 1);
    next_burst = now + 4000;
    flush_on = true;
    flush_from = now;
    for (int i = 0; i < 200; i++)
        step();
    flush_on = false;
    append_on(0, 2, 300);
    until_idle(2);
    drained("flush after a stall");
}

// The buffered last position of a block is not taken for that of another block or chunk.
void test_other_block() {
    configure(1);
    fill(0, 0, 63);
    fill(0, 1, 32);
    drained("flush takes too long");
    fill(0, 0, 1);
    for (int block = 0; block < 2; block++) {
        offer_stream(0, 1 - block, 0, 32);
        while (job_on)
            step();
        offer_stream(0, 0, block, 32);
        while (job_on)
            step();
    }
    until_idle(2);
    drained("flush takes too long");
}

// A copy does not take words that a stream has not taken yet for those of its page.
void test_copy_waits() {
    for (int count = 1; count <= 8; count++) {
        configure(1);
        fill(0, 0, count);
        drained("flush takes too long");
        k.kr = 0;
        offer_stream(0, 0, 0, count);
        while (job_on)
            step();
        copy_page(0, 1, true);
        for (int i = 0; i < 100; i++)
            step();
        k.kr = 100;
        until_idle(2);
    }
    drained("flush takes too long");
}
