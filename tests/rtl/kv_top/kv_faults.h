/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in the random bench. ECC: injection registers during traffic, flipped bits in the device's
 * memory, poison through a page copy. AXI: a slow memory, errors in its answers, silence. What a
 * model does not have does nothing. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_FAULTS_H
#define MR_TESTS_RTL_KV_TOP_KV_FAULTS_H

#include "kv_bench.h"

/* Vectors must be multiples of so many blocks, so that code words are written whole. */
uint32_t faults_nbh_step(const bench_t *b);

/* Sets the injection registers, or the memory's manners, for a stretch of traffic; faults_off()
 * ends it and compares what the counters say with it. */
void faults_on(bench_t *b);
void faults_off(bench_t *b);

/* Every code word of the pages, behind the bus: single errors are repaired, the bytes added to sum.
 * @return code words that cannot be corrected (a failure unless the traffic was lossy). */
uint64_t faults_memory(bench_t *b, uint64_t *sum);

/* On an empty controller: a word that goes bad in a shared page stays bad, in the copy too (ECC);
 * or there is no copy (AXI). */
void faults_poison(bench_t *b);

/* While all is quiet: flips bits in some words, reads everything that the golden store holds, and
 * compares the log with what was flipped. */
void faults_sweep(bench_t *b);

/* While all is quiet: flips bits anywhere in the pages, waits for a round of the patrol, and looks
 * behind the bus: single errors are gone, double ones poisoned, nothing else has changed. Then a
 * page must be done while streams come without a break. */
void faults_round(bench_t *b);

/* What the AXI memory did in this clock. */
void faults_tick(bench_t *b);
/* Sum of all bytes of the AXI memory. */
uint64_t faults_axi_bytes(bench_t *b);
/* On an empty controller: the AXI memory answers no more, every command ends all the same; then it
 * does again, and the controller is cleared and works. */
void faults_silence(bench_t *b);

/* Notes a block that came as zero. */
void faults_lost(bench_t *b, uint32_t id, uint32_t block);

#endif
