/* SPDX-License-Identifier: Apache-2.0 */
/* The name table with one mistake, against the device: shows that reg_check can fail. */
#ifndef MR_TESTS_COSIM_REG_MUTANTS_H
#define MR_TESTS_COSIM_REG_MUTANTS_H

#include "reg_check.h"

/* Tries a wrong reset value, kind, width, place, missing register and soft reset rule for every
 * field and register that can have it, on the first instance of each block. The device is at rest
 * and stays so. Counts into tried and caught, and prints those that are not caught. */
void reg_mutants(const reg_check_t *c, uint32_t *tried, uint32_t *caught);

#endif
