/* SPDX-License-Identifier: Apache-2.0 */
/* The Verilated chip with its DRAM, clock by clock: one machine in several models, each with
 * another DRAM device behind it.
 *
 * One thread. A DRAM timing violation, a poisoned read or a failed RTL assertion stops the
 * simulation: every later call does nothing and mr_chip_sim_fault() tells why.
 */
#ifndef MR_SIM_CHIP_SIM_H
#define MR_SIM_CHIP_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/status.h"
#include "millrace/trace.h"

typedef struct mr_chip_sim mr_chip_sim_t;

/* Chips of this build by name, from 0; NULL behind the last. */
const char *mr_chip_sim_dram(uint32_t index);

/* A chip of this name exists, but was left out of this build. */
bool mr_chip_sim_absent(const char *name);

/* Powers the chip with the DRAM of this index up and runs it through reset; NULL when there is none
 * or memory is short. */
mr_chip_sim_t *mr_chip_sim_create(uint32_t dram);

void mr_chip_sim_destroy(mr_chip_sim_t *sim);

/* Runs one clock cycle. */
void mr_chip_sim_clock(mr_chip_sim_t *sim);

/* Register bus, all combinational with the clock: put a request on the pins (held until taken),
 * look at the answer. */
void mr_chip_sim_request(mr_chip_sim_t *sim, bool valid, bool write, uint32_t addr, uint32_t data);
bool mr_chip_sim_request_ready(const mr_chip_sim_t *sim);
bool mr_chip_sim_response(const mr_chip_sim_t *sim, uint32_t *data, bool *error);

/* A result waits in the hub. */
bool mr_chip_sim_irq(const mr_chip_sim_t *sim);

/* Disturbs links between groups from the next clock on (a bit each, bit g: from group g): in one
 * clock of `every` on average each of them changes or drops what it carries there or back; 0:
 * never, 1: nothing gets through. False: the chip has no links. */
bool mr_chip_sim_link_noise(mr_chip_sim_t *sim, uint32_t links, uint32_t every);

/* DRAMs (a bit a channel) that answer no read from the next clock on; what they owe comes when they
 * answer again (0: all do). False: not with this chip's DRAM (pins, ECC), or out of memory. */
bool mr_chip_sim_dram_mute(mr_chip_sim_t *sim, uint32_t channels);

/* The wires between groups take so many clocks more each way from now on, 0 .. 48. False: there are
 * none, or they are a part of the Verilated model, or it is too many. */
bool mr_chip_sim_link_delay(mr_chip_sim_t *sim, uint32_t clocks);

/* Whether the chip has trace ports: composed ones do. */
bool mr_chip_sim_traceable(const mr_chip_sim_t *sim);

/* Gives trace records of every clock from now on to sink, or ends that (NULL). Only if traceable.
 * False: memory is short. */
bool mr_chip_sim_trace(mr_chip_sim_t *sim, mr_trace_sink_t sink, void *ctx);

/* Writes the waveform of the next `cycles` clocks (0: all, up to the end) into an FST file, in
 * place of the file before, or closes that (NULL). A clock is 10 ns of the file.
 * @return MR_OK; MR_UNSUPPORTED: not with this chip or build (MR_SIM_FST); MR_IO: the file cannot
 * be opened. */
mr_status_t mr_chip_sim_fst(mr_chip_sim_t *sim, const char *path, uint64_t cycles);

/* Whether a waveform is being written. */
bool mr_chip_sim_recording(const mr_chip_sim_t *sim);

/* Clock cycles since power-up. */
uint64_t mr_chip_sim_cycles(const mr_chip_sim_t *sim);

/* One line with the rule, the cycle and the place of the first fault; NULL while there is none. */
const char *mr_chip_sim_fault(const mr_chip_sim_t *sim);

#endif
