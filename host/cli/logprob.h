/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities: log-softmax in double over the unscaled logits of the real vocabulary. */
#ifndef MR_HOST_CLI_LOGPROB_H
#define MR_HOST_CLI_LOGPROB_H

#include <stdint.h>

/* Most candidates that can be asked for at a position. */
#define MR_CLI_TOP_MAX 1000u

typedef struct {
    uint32_t id;
    double logprob;
} mr_cli_ranked_t;

/* log(sum of exp(logits)), so that logprob(i) = logits[i] - this. n >= 1. */
double mr_cli_log_sum_exp(const float *logits, uint32_t n);

/* The k most probable of n tokens, best first, ties to the smaller id; log_sum from above.
 * k <= n. O(n log k). */
void mr_cli_top(const float *logits, uint32_t n, double log_sum, uint32_t k, mr_cli_ranked_t *out);

#endif
