/* SPDX-License-Identifier: Apache-2.0 */
/* Block contents for the KV controller's benches: a function of an identity, so that a golden store
 * keeps one number a vector instead of its bytes. */
#ifndef MR_SIM_VERILATOR_KV_MR_KV_CONTENT_H
#define MR_SIM_VERILATOR_KV_MR_KV_CONTENT_H

#include <stdint.h>
#include <string.h>

/* Block `block` of the vector with this identity, as it stands at the ports (mr_kv_sim.h): bytes is
 * 34, or 18 of which the data are the lower 16. Identities differ: so do the blocks. */
static inline void mr_kv_content(uint64_t id, uint32_t block, uint32_t bytes, uint8_t out[34]) {
    uint64_t words[5];
    uint64_t x = id * 64U + block;
    for (uint32_t i = 0; i < 5U; i++) {
        x += 0x9E3779B97F4A7C15U; /* splitmix64 */
        uint64_t z = x;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        words[i] = z ^ (z >> 31);
    }
    memcpy(out, words, 34);
    if (bytes < 34U) {
        memset(out + 16, 0, 16);
    }
}

#endif
