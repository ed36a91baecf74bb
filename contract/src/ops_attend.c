/* SPDX-License-Identifier: Apache-2.0 */
/* Reference of attention: one pass over the KV cache with a running maximum. */
#include "millrace/arith.h"
#include "millrace/ops.h"

/* The value with the larger key. */
static float attend_max(float a, float b) {
    return mr_f32_key(b) > mr_f32_key(a) ? b : a;
}

/* Step 4: adds one V block column (32 dimensions) of up to 32 positions onto acc. v points at the
 * column's block of the first position; consecutive positions are nbh blocks apart. */
static void attend_values(float acc[MR_BLOCK_LEN], const float e[MR_BLOCK_LEN], const mr_block_t *v,
                          size_t count, size_t nbh, float corr) {
    float w[MR_BLOCK_LEN] = {0};
    int8_t wq[MR_BLOCK_LEN];
    float dw;
    for (size_t p = 0; p < count; p++) {
        w[p] = mr_f32_mul(e[p], mr_f16_to_f32(v[p * nbh].d));
    }
    mr_op_quantw(w, wq, &dw);
    for (size_t j = 0; j < MR_BLOCK_LEN; j++) {
        int32_t sum = 0;
        for (size_t p = 0; p < count; p++) {
            sum += (int32_t)wq[p] * (int32_t)v[p * nbh].q[j];
        }
        acc[j] = mr_f32_add(mr_f32_mul(acc[j], corr), mr_f32_mul(mr_f32_i2f(sum), dw));
    }
}

void mr_op_attend(float *out, const mr_block_t *q, const mr_block_t *k, const mr_block_t *v,
                  size_t len, size_t nbh, float scale) {
    float m = 0.0f;
    float l = 0.0f;
    for (size_t j = 0; j < nbh * MR_BLOCK_LEN; j++) {
        out[j] = 0.0f;
    }
    for (size_t first = 0; first < len; first += MR_BLOCK_LEN) {
        const size_t count = len - first < MR_BLOCK_LEN ? len - first : MR_BLOCK_LEN;
        float s[MR_BLOCK_LEN];
        float e[MR_BLOCK_LEN] = {0};
        float corr = 0.0f;

        mr_op_gemv(s, k + first * nbh, q, count, nbh, false);
        for (size_t p = 0; p < count; p++) {
            s[p] = mr_f32_mul(s[p], scale);
        }
        float m_new = first == 0 ? s[0] : m;
        for (size_t p = 0; p < count; p++) {
            m_new = attend_max(m_new, s[p]);
        }
        if (first != 0) {
            corr = mr_f32_exp(mr_f32_add(m, mr_f32_neg(m_new)));
        }
        for (size_t p = 0; p < count; p++) {
            e[p] = mr_f32_exp(mr_f32_add(s[p], mr_f32_neg(m_new)));
        }
        l = mr_f32_add(mr_f32_mul(l, corr), mr_f32_reduce8(e, MR_BLOCK_LEN));
        for (size_t vb = 0; vb < nbh; vb++) {
            attend_values(out + vb * MR_BLOCK_LEN, e, v + first * nbh + vb, count, nbh, corr);
        }
        m = m_new;
    }
    const float inv_l = mr_f32_recip(l);
    for (size_t j = 0; j < nbh * MR_BLOCK_LEN; j++) {
        out[j] = mr_f32_mul(out[j], inv_l);
    }
}
