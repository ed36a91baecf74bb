/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers of the hub, the memory window and the tiles (kv.h has the KV controller's): thin,
 * stateless, one register sequence each.
 *
 * All functions return MR_OK, MR_RANGE for an argument outside its stated range (nothing touched),
 * or the status of the register access. Not thread-safe: window and injection registers are shared.
 */
#ifndef MR_DEVICE_H
#define MR_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

/* ---- memory window ---- */

typedef enum {
    MR_MEM_WMEM = 0,
    MR_MEM_VMEM = 1,
    MR_MEM_XMEM = 2,
    MR_MEM_PMEM = 3,
    MR_MEM_RESULT = 4
} mr_mem_kind_t;

/* Writes n words at word index `index` of a tile's memory (tiles are numbered through all groups)
 * (interfaces.md section 4). A refused write (tile with a job, index out of range) sets
 * STATUS.bus_error; mr_chip_bus_error() tells after the last one. Cost: 2 + n accesses, and 1 more
 * each 64 KiB. */
MR_NODISCARD mr_status_t mr_window_write(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile,
                                         uint32_t index, const uint32_t *words, size_t n);

/* Reads n words; MR_DEVICE when an access was refused. */
MR_NODISCARD mr_status_t mr_window_read(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile,
                                        uint32_t index, uint32_t *words, size_t n);

/* Writes `rows` rows of nine words (WMEM lane words or XMEM blocks) that lie 16 apart, from row
 * `first`. */
MR_NODISCARD mr_status_t mr_window_write_rows(const mr_mmio_t *mmio, mr_mem_kind_t kind,
                                              uint32_t tile, uint32_t first, const uint32_t *words,
                                              size_t rows);

/* CRC-32 of rows first..first + count - 1, computed by the device from the memory itself.
 * @return also MR_DEVICE (refused) and MR_TIMEOUT (not done within 64 cycles a row). */
MR_NODISCARD mr_status_t mr_window_crc(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile,
                                       uint32_t first, uint32_t count, uint32_t *crc);

/* Reads and clears STATUS.bus_error: MR_OK, or MR_DEVICE when it was set. */
MR_NODISCARD mr_status_t mr_chip_bus_error(const mr_mmio_t *mmio);

/* Clock cycles since reset. */
MR_NODISCARD mr_status_t mr_chip_cycles(const mr_mmio_t *mmio, uint64_t *cycles);

/* Resets tiles, network, hub and KV controllers. */
MR_NODISCARD mr_status_t mr_chip_soft_reset(const mr_mmio_t *mmio);

/* ---- jobs ---- */

typedef struct {
    uint32_t tile;  /* destination in group 0, 0..30 */
    uint32_t pc;    /* 0..65535 */
    uint32_t flags; /* 4 bits */
    uint32_t token; /* 0..262143 */
    uint32_t pos;   /* 0..262143 */
    uint32_t slot;  /* 0..255 */
} mr_job_t;

/* Sends a job without payload into the network. MR_BUSY: the last one has not been taken yet;
 * nothing happened. */
MR_NODISCARD mr_status_t mr_hub_inject(const mr_mmio_t *mmio, const mr_job_t *job);

typedef struct {
    uint32_t slot;
    uint32_t pos;
    uint32_t token;
    uint32_t flags;
    uint32_t status; /* 0 is fine, tile_isa.md section 4 */
    uint32_t len;    /* elements in the buffer */
    uint32_t buffer;
} mr_result_t;

/* Describes the oldest result. MR_BUSY: there is none. */
MR_NODISCARD mr_status_t mr_hub_peek(const mr_mmio_t *mmio, mr_result_t *result);

/* Reads n elements of a result's buffer, as raw bits. result_elems is the size of a buffer
 * (CAPS_RESULT). */
MR_NODISCARD mr_status_t mr_hub_read(const mr_mmio_t *mmio, const mr_result_t *result,
                                     uint32_t result_elems, uint32_t *words, uint32_t n);

/* Frees the oldest result's buffer. */
MR_NODISCARD mr_status_t mr_hub_pop(const mr_mmio_t *mmio);

/* ---- tiles: number t of group g is g CAPS.tiles + t, 0..255 ---- */

/* Sets the input buffers' place and enables the tile. */
MR_NODISCARD mr_status_t mr_tile_start(const mr_mmio_t *mmio, uint32_t tile, uint32_t in_base,
                                       uint32_t in_size);

/* Reads a 64-bit tile counter by the offset of its low word. */
MR_NODISCARD mr_status_t mr_tile_counter(const mr_mmio_t *mmio, uint32_t tile, uint32_t offset,
                                         uint64_t *value);

#endif
