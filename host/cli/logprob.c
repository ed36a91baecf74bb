/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities. */
#include "logprob.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double mr_cli_log_sum_exp(const float *logits, uint32_t n) {
    float max = logits[0];
    for (uint32_t i = 1; i < n; i++) {
        max = logits[i] > max ? logits[i] : max;
    }
    double sum = exp((double)logits[0] - (double)max);
    for (uint32_t i = 1; i < n; i++) {
        sum += exp((double)logits[i] - (double)max);
    }
    return (double)max + log(sum);
}

/* Whether a is less probable than b, or as probable with the larger id. */
static bool worse(const mr_cli_ranked_t *a, const mr_cli_ranked_t *b) {
    return a->logprob < b->logprob || (!(a->logprob > b->logprob) && a->id > b->id);
}

/* Moves entry 0 down a heap whose root is the worst. */
static void sift(mr_cli_ranked_t *heap, uint32_t n) {
    const mr_cli_ranked_t moving = heap[0];
    uint32_t i = 0;
    while (2u * i + 1u < n) {
        uint32_t child = 2u * i + 1u;
        if (child + 1u < n && worse(&heap[child + 1u], &heap[child])) {
            child++;
        }
        if (!worse(&heap[child], &moving)) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moving;
}

static int best_first(const void *a, const void *b) {
    return worse(a, b) ? 1 : -1;
}

void mr_cli_top(const float *logits, uint32_t n, double log_sum, uint32_t k, mr_cli_ranked_t *out) {
    if (k == 0) {
        return;
    }
    for (uint32_t i = 0; i < k; i++) {
        out[i] = (mr_cli_ranked_t){i, (double)logits[i] - log_sum};
    }
    /* A sorted list, worst first, is a heap. */
    qsort(out, k, sizeof *out, best_first);
    for (uint32_t i = 0; i < k / 2u; i++) {
        const mr_cli_ranked_t swap = out[i];
        out[i] = out[k - 1u - i];
        out[k - 1u - i] = swap;
    }
    for (uint32_t i = k; i < n; i++) {
        const mr_cli_ranked_t next = {i, (double)logits[i] - log_sum};
        if (worse(&out[0], &next)) {
            out[0] = next;
            sift(out, k);
        }
    }
    qsort(out, k, sizeof *out, best_first);
}
