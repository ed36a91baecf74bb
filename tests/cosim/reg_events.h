/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and sticky bits of the register map, each in use. */
#ifndef MR_TESTS_COSIM_REG_EVENTS_H
#define MR_TESTS_COSIM_REG_EVENTS_H

#include "reg_check.h"

/* Gives every command of the name table that the machine has and looks for its effect; lets every
 * sticky bit be set, survive a 0 and go with a 1. A command or sticky bit without a test here is a
 * failure. Returns how many were tried. Leaves the device reset by software. */
uint32_t reg_events(reg_check_t *c);

#endif
