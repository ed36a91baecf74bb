/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar arithmetic of the contract: the parts that are not worth inlining. */
#include "millrace/arith.h"

float mr_f32_reduce8(const float *v, size_t n) {
    float p[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (size_t j = 0; j < 8; j++) {
            p[j] = mr_f32_add(p[j], v[i + j]);
        }
    }
    for (size_t j = 0; i < n; i++, j++) {
        p[j] = mr_f32_add(p[j], v[i]);
    }
    for (size_t j = 0; j < 4; j++) {
        p[j] = mr_f32_add(p[j], p[j + 4]);
    }
    for (size_t j = 0; j < 2; j++) {
        p[j] = mr_f32_add(p[j], p[j + 2]);
    }
    return mr_f32_add(p[0], p[1]);
}
