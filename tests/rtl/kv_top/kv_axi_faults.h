/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the AXI memory in the random bench; nothing in models without it. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_AXI_FAULTS_H
#define MR_TESTS_RTL_KV_TOP_KV_AXI_FAULTS_H

#include "kv_bench.h"

/* Parts of faults_on(), faults_off() and faults_poison(). */
void axi_faults_on(bench_t *b);
void axi_faults_off(bench_t *b);
/* On an empty controller: an APPEND whose page copy reads bad words is refused and changes nothing.
 */
void axi_undo(bench_t *b);

#endif
