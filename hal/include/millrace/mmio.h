/* SPDX-License-Identifier: Apache-2.0 */
/* Register access: the one small table of operations between software and a device.
 *
 * Drivers, firmware and host reach every device (functional model, Verilated RTL, a board) through
 * an mr_mmio_t and nothing else. Addresses are bytes of the register map (regs.h), multiples of 4;
 * data is 32 bits. Not thread-safe: one thread at a time per device unless a back end says more.
 */
#ifndef MR_MMIO_H
#define MR_MMIO_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/status.h"

/* What a back end provides. Every entry is mandatory. Each returns one of
 *
 *   MR_OK
 *   MR_ALIGN    addr is no multiple of 4
 *   MR_DEVICE   the device answered with a bus error (unmapped address, memory of a tile that has a
 *               job); it also set STATUS.bus_error
 *   MR_TIMEOUT  the device did not answer within the back end's bound
 *   MR_IO       the connection to the device failed
 *
 * On error *value is unspecified, and a block access may have moved a part of its words.
 *
 * Writes to the memory window are posted: a refused one answers MR_OK and shows only in
 * STATUS.bus_error, so a loader checks that bit (and the CRC). */
typedef struct {
    /* Reads one register. */
    mr_status_t (*read32)(void *ctx, uint32_t addr, uint32_t *value);
    /* Writes one register. */
    mr_status_t (*write32)(void *ctx, uint32_t addr, uint32_t value);
    /* Reads n_words registers at addr, addr + 4, ... in this order, as that many read32 would. */
    mr_status_t (*read_block)(void *ctx, uint32_t addr, uint32_t *words, size_t n_words);
    /* Writes n_words registers at addr, addr + 4, ... in this order. */
    mr_status_t (*write_block)(void *ctx, uint32_t addr, const uint32_t *words, size_t n_words);
    /* Lets the device run for up to `cycles` of its clock. A polling loop calls it between reads
     * and bounds itself by the cycles that it has given. May return early when something happened.
     */
    mr_status_t (*wait)(void *ctx, uint32_t cycles);
    /* Ends the use of the device and releases ctx; no call may follow. */
    void (*close)(void *ctx);
} mr_mmio_ops_t;

/* A device. Copied by value; ops and ctx belong to the back end until close. */
typedef struct {
    const mr_mmio_ops_t *ops;
    void *ctx;
} mr_mmio_t;

#ifdef MR_MMIO_DIRECT

/* On the control core the chip's registers are memory at this address: no table, plain loads and
 * stores. An access that the chip answers with an error raises the core's interrupt 7. */
mr_status_t mr_core_wait(uint32_t cycles);

MR_NODISCARD static inline mr_status_t mr_mmio_read32(const mr_mmio_t *mmio, uint32_t addr,
                                                      uint32_t *value) {
    (void)mmio;
    *value = *(const volatile uint32_t *)(MR_MMIO_DIRECT + addr);
    return MR_OK;
}

MR_NODISCARD static inline mr_status_t mr_mmio_write32(const mr_mmio_t *mmio, uint32_t addr,
                                                       uint32_t value) {
    (void)mmio;
    *(volatile uint32_t *)(MR_MMIO_DIRECT + addr) = value;
    return MR_OK;
}

MR_NODISCARD static inline mr_status_t mr_mmio_read_block(const mr_mmio_t *mmio, uint32_t addr,
                                                          uint32_t *words, size_t n_words) {
    const volatile uint32_t *from = (const volatile uint32_t *)(MR_MMIO_DIRECT + addr);
    (void)mmio;
    for (size_t i = 0; i < n_words; i++) {
        words[i] = from[i];
    }
    return MR_OK;
}

MR_NODISCARD static inline mr_status_t mr_mmio_write_block(const mr_mmio_t *mmio, uint32_t addr,
                                                           const uint32_t *words, size_t n_words) {
    volatile uint32_t *to = (volatile uint32_t *)(MR_MMIO_DIRECT + addr);
    (void)mmio;
    for (size_t i = 0; i < n_words; i++) {
        to[i] = words[i];
    }
    return MR_OK;
}

MR_NODISCARD static inline mr_status_t mr_mmio_wait(const mr_mmio_t *mmio, uint32_t cycles) {
    (void)mmio;
    return mr_core_wait(cycles);
}

#else

/* The operations of the table; statuses as above. */
MR_NODISCARD static inline mr_status_t mr_mmio_read32(const mr_mmio_t *mmio, uint32_t addr,
                                                      uint32_t *value) {
    return mmio->ops->read32(mmio->ctx, addr, value);
}

MR_NODISCARD static inline mr_status_t mr_mmio_write32(const mr_mmio_t *mmio, uint32_t addr,
                                                       uint32_t value) {
    return mmio->ops->write32(mmio->ctx, addr, value);
}

MR_NODISCARD static inline mr_status_t mr_mmio_read_block(const mr_mmio_t *mmio, uint32_t addr,
                                                          uint32_t *words, size_t n_words) {
    return mmio->ops->read_block(mmio->ctx, addr, words, n_words);
}

MR_NODISCARD static inline mr_status_t mr_mmio_write_block(const mr_mmio_t *mmio, uint32_t addr,
                                                           const uint32_t *words, size_t n_words) {
    return mmio->ops->write_block(mmio->ctx, addr, words, n_words);
}

MR_NODISCARD static inline mr_status_t mr_mmio_wait(const mr_mmio_t *mmio, uint32_t cycles) {
    return mmio->ops->wait(mmio->ctx, cycles);
}

static inline void mr_mmio_close(const mr_mmio_t *mmio) {
    mmio->ops->close(mmio->ctx);
}

#endif

#endif
