/* SPDX-License-Identifier: Apache-2.0 */
/* Bound of the clocks that a command takes, as docs/kv_dram.md states it, and its check. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_BOUND_H
#define MR_TESTS_RTL_KV_TOP_KV_BOUND_H

#include "kv_bench.h"

/* One clock, before its transfers are looked at: counts it for the oldest command, unless the bench
 * holds that command up (does not take its answer, or still owes blocks of it). Not with AXI, whose
 * memory has no bound here. */
void bound_tick(bench_t *b);

/* The oldest command has ended: fails the bench when it took longer than its bound. */
void bound_end(bench_t *b, const pending_t *p);

#endif
