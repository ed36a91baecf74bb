/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic contract's scalars once more, in exact integers: an opinion independent of the
 * machine's floating point, to hold arith.h against. All values are bit patterns.
 */
#ifndef SOFT_REF_H
#define SOFT_REF_H

#include <stdint.h>

uint32_t soft_add(uint32_t a, uint32_t b);
uint32_t soft_mul(uint32_t a, uint32_t b);
uint32_t soft_i2f(int32_t n);
int32_t soft_f2i8(uint32_t a);
uint32_t soft_h2f(uint16_t h);
uint16_t soft_f2h(uint32_t a);
uint32_t soft_hmul(uint16_t a, uint16_t b);

#endif
