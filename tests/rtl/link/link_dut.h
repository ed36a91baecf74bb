/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of tb_link. The bench fills the inputs, settles, reads the outputs, then gives the edge. */
#ifndef MR_TESTS_RTL_LINK_LINK_DUT_H
#define MR_TESTS_RTL_LINK_LINK_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the bench drives. */
typedef struct {
    bool rst_n;
    bool commit, empty, valid, last; /* bus to mr_link_out */
    uint64_t hdr[2], data;
    bool grant, ready; /* bus of mr_link_in */
    bool fwd_drop, rev_drop;
    uint64_t fwd_flip, rev_flip;
    uint32_t crc;
    uint64_t crc_data;
} link_in_t;

/* One direction of the wire, at its beginning and at its end. */
typedef struct {
    bool sent, got;
    uint64_t sent_data, got_data;
} link_wire_t;

/* What the modules say. */
typedef struct {
    bool accept, ready; /* mr_link_out to its bus */
    bool req, empty, valid, last;
    uint64_t hdr[2], data; /* mr_link_in to its bus */
    link_wire_t fwd, rev;
    bool out_down, out_idle, in_down, in_idle;
    uint32_t messages, frames, replays, rev_errors;         /* mr_link_out */
    uint32_t in_messages, in_frames, in_errors, in_refused; /* mr_link_in */
    uint64_t stall, busy;
    uint32_t crc8, crc32, crc64;
} link_out_t;

typedef struct {
    const char *name;
    uint32_t width, rev_width, latency, max_flits, frame_flits, tx_flits, rx_flits, tries;
    uint32_t replay_cycles, timeout_cycles, beat_cycles;
} link_config_t;

void link_dut_settle(const link_in_t *in, link_out_t *out);
void link_dut_edge(void);
/* The bench; returns the process's exit status. */
int link_bench_main(const link_config_t *config, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
