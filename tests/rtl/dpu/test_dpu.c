/* SPDX-License-Identifier: Apache-2.0 */
/* The dot-product unit's bench: every case of GEMV and ATTEND, from one seed (argument, else 1). */
#include "dpu_bench.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    printf("seed %llu\n", (unsigned long long)seed);
    if (seed == 0) {
        fputs("test_dpu: the seed must not be 0\n", stderr);
        return 1;
    }
    bench_t *b = bench_open(seed);
    const int bad = test_gemv(b) != 0 || test_attend(b) != 0;
    bench_close(b);
    if (bad) {
        return 1;
    }
    puts("PASS dpu");
    return 0;
}
