/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated chip with the serial bridge in front of it: bytes in, bytes out.
 *
 * Bridge and chip have one clock; the chip's stands while the bridge neither waits for the bus nor
 * lets time pass (WAIT), so that bits on the line cost little. One thread.
 */
#ifndef MR_SIM_SERIAL_SIM_H
#define MR_SIM_SERIAL_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mr_serial_sim mr_serial_sim_t;

/* Powers the chip of this index (mr_chip_sim_dram) up; NULL when there is none or memory is short.
 */
mr_serial_sim_t *mr_serial_sim_create(uint32_t chip);
void mr_serial_sim_destroy(mr_serial_sim_t *self);

/* Puts one byte on the line to the chip and runs the clocks that it takes. */
void mr_serial_sim_put(mr_serial_sim_t *self, uint8_t byte);

/* Runs up to so many clocks while a request is worked on or answered. @return whether it is done.
 */
bool mr_serial_sim_run(mr_serial_sim_t *self, uint32_t clocks);

/* Whether a frame has begun and its rest is missing. */
bool mr_serial_sim_open(const mr_serial_sim_t *self);

/* Lets the line rest until the bridge gives an unfinished frame up. */
void mr_serial_sim_rest(mr_serial_sim_t *self);

/* Takes the bytes that came from the chip. @return how many. */
size_t mr_serial_sim_get(mr_serial_sim_t *self, uint8_t *bytes, size_t size);

/* Why the simulation stopped: one line, or NULL. */
const char *mr_serial_sim_fault(const mr_serial_sim_t *self);

#endif
