/* SPDX-License-Identifier: Apache-2.0 */
/* ECC faults in the random bench: injection registers during traffic, flipped bits in the device's
 * memory, poison through a page copy. All do nothing in models without ECC. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_FAULTS_H
#define MR_TESTS_RTL_KV_TOP_KV_FAULTS_H

#include "kv_bench.h"

/* Vectors must be multiples of so many blocks, so that code words are written whole. */
uint32_t faults_nbh_step(const bench_t *b);

/* Sets the injection registers for a stretch of traffic, mostly; faults_off() ends it and compares
 * what the counters say with it. */
void faults_on(bench_t *b);
void faults_off(bench_t *b);

/* Every code word of the pages, behind the bus: single errors are repaired, the bytes added to sum.
 * @return code words that cannot be corrected (a failure unless the traffic was lossy). */
uint64_t faults_memory(bench_t *b, uint64_t *sum);

/* On an empty controller: a word that goes bad in a shared page stays bad, in the copy too. */
void faults_poison(bench_t *b);

/* While all is quiet: flips bits in some words, reads everything that the golden store holds, and
 * compares the log with what was flipped. */
void faults_sweep(bench_t *b);

/* While all is quiet: flips bits anywhere in the pages, waits for a round of the patrol, and looks
 * behind the bus: single errors are gone, double ones poisoned, nothing else has changed. Then a
 * page must be done while streams come without a break. */
void faults_round(bench_t *b);

/* Notes a block that came as zero. */
void faults_lost(bench_t *b, uint32_t id, uint32_t block);

#endif
