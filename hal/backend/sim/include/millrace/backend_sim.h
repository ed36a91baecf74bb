/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "sim": the Verilated chip in this process.
 *
 * Every register access runs the clock until the chip answers; wait runs it and returns early when
 * a result waits in the hub. One thread. After a fault (DRAM rule, assertion) every access gives
 * MR_DEVICE.
 */
#ifndef MR_BACKEND_SIM_H
#define MR_BACKEND_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"
#include "millrace/trace.h"

/* Chips of this build by name, from 0; NULL behind the last. */
const char *mr_backend_sim_dram(uint32_t index);

/* A chip of this name exists, but was left out of this build (MR_SIM_MODELS). */
bool mr_backend_sim_absent(const char *name);

/* Powers the chip of this name up; NULL: "sdr-100".
 * @return MR_OK; MR_NOT_FOUND: not in this build; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_backend_sim_create(const char *dram, mr_mmio_t *mmio);

/* Disturbs links between groups (a bit each, bit g: from group g) from now on: in one clock of
 * `every` on average each of them changes or drops what it carries; 0: never, 1: nothing gets
 * through.
 * @return MR_OK; MR_UNSUPPORTED: mmio is no simulated chip of several groups. */
MR_NODISCARD mr_status_t mr_backend_sim_link_noise(const mr_mmio_t *mmio, uint32_t links,
                                                   uint32_t every);

/* DRAMs (a bit a channel, those of group 0 first) that answer no read from now on; what they owe
 * comes when they answer again (0: all do).
 * @return MR_OK; MR_UNSUPPORTED: mmio is no simulated chip, one whose DRAM has a PHY with pins or
 * ECC, or out of memory. */
MR_NODISCARD mr_status_t mr_backend_sim_dram_mute(const mr_mmio_t *mmio, uint32_t channels);

/* The wires between groups take so many clocks more each way from now on.
 * @return MR_OK; MR_UNSUPPORTED: more than 48, or mmio is no simulated chip that is composed of
 * parts. */
MR_NODISCARD mr_status_t mr_backend_sim_link_delay(const mr_mmio_t *mmio, uint32_t clocks);

/* Gives trace records of every clock from now on to sink, or ends that (NULL).
 * @return MR_OK; MR_UNSUPPORTED: mmio is no simulated chip, or a whole one: those composed of parts
 * are traced; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_backend_sim_trace(const mr_mmio_t *mmio, mr_trace_sink_t sink,
                                              void *ctx);

/* Writes the waveform of the next `cycles` clocks (0: all until the next call) into an FST file, in
 * place of the file before, or closes that (NULL); mr_mmio_close does too. What is at path is
 * removed, be it a device. A clock is 10 ns of the file.
 * @return MR_OK; MR_UNSUPPORTED: mmio is no simulated chip that was built for it (MR_SIM_FST);
 * MR_IO: the file cannot be opened. */
MR_NODISCARD mr_status_t mr_backend_sim_fst(const mr_mmio_t *mmio, const char *path,
                                            uint64_t cycles);

/* Whether a waveform is being written. */
bool mr_backend_sim_recording(const mr_mmio_t *mmio);

/* Clock cycles since power-up. @return false if mmio belongs to another back end. */
bool mr_backend_sim_cycles(const mr_mmio_t *mmio, uint64_t *cycles);

/* Why the simulation stopped: one line, or NULL when it has not or mmio belongs to another back
 * end. */
const char *mr_backend_sim_fault(const mr_mmio_t *mmio);

#endif
