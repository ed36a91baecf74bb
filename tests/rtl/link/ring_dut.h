/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of tb_link_ring. The bench fills the inputs, settles, reads the outputs, then gives the
 * edge.
 */
#ifndef MR_TESTS_RTL_LINK_RING_DUT_H
#define MR_TESTS_RTL_LINK_RING_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RING_GROUPS = 3, RING_ENDS = 3, RING_ALL = RING_GROUPS * RING_ENDS };

typedef struct {
    bool req, empty, grant, valid, ready, last; /* as a sender */
    uint64_t hdr[2], data;
    bool accept, commit, rx_valid, rx_ready; /* as a receiver */
} ring_end_t;

/* What a group's bus shows to all its receivers, and its links. */
typedef struct {
    uint64_t hdr[2], data;
    bool empty, last;
    bool fwd_flip, fwd_drop, rev_drop; /* of the link that leaves it */
    bool out_down, in_down;            /* of the links that leave it and come in */
} ring_group_t;

typedef struct {
    bool rst_n, idle;
    ring_end_t end[RING_ALL];
    ring_group_t group[RING_GROUPS];
} ring_io_t;

void ring_dut_settle(ring_io_t *io);
void ring_dut_edge(void);
/* The bench; returns the process's exit status. */
int ring_bench_main(const char *name, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
