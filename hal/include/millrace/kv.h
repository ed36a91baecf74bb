/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the KV-cache DRAM controllers: shape, administration of slots, statistics.
 *
 * Each group has controllers of its own for the layers whose attention is in it, all channels of a
 * group in one; a slot is the same user in all groups.
 *
 * All functions return MR_OK, MR_RANGE for an argument outside its stated range (nothing touched),
 * the status of the register access, or what they state. max_cycles bounds each wait for the
 * device, in its cycles; MR_TIMEOUT when it is over. Not thread-safe.
 */
#ifndef MR_KV_H
#define MR_KV_H

#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

/* Layout of the cache in the DRAM of each channel (docs/kv_dram.md). All 0 except pages where there
 * is no DRAM. */
typedef struct {
    uint32_t pages; /* that the page table and the device hold */
    uint32_t chunk; /* bursts of one head's K or V of a page */
    uint32_t part;  /* bursts of a page in one bank of each bank group */
    uint32_t step;  /* bank rotation from a slot's page to its next */
} mr_kv_layout_t;

/* The layout of a shape on this device: layers 1..256, heads 1..255, nbh 1..16 blocks of 32.
 * @return also MR_NO_SPACE (not even one page fits), MR_UNSUPPORTED (a page is too large for the
 * controller: part would be 2^18 or more), MR_DEVICE (the device states an impossible DRAM) */
MR_NODISCARD mr_status_t mr_kv_layout(const mr_mmio_t *mmio, uint32_t layers, uint32_t heads,
                                      uint32_t nbh, mr_kv_layout_t *layout);

/* Sets the shape of a group's cache (group 0..15; layers: those of this group), empties it, and
 * waits until it is ready. Ranges and errors as above; layers 0: the group keeps none, and what
 * follows leaves it alone (only where there are several). */
MR_NODISCARD mr_status_t mr_kv_init(const mr_mmio_t *mmio, uint32_t group, uint32_t layers,
                                    uint32_t heads, uint32_t nbh, uint32_t max_cycles);

/* ---- administration: slot 0..255, in all groups with layers, done when the function returns ----
 *
 * Further statuses: MR_NOT_FOUND unknown slot, or the cache has no legal shape; MR_STATE a
 * position, length or slot is not in the required state; MR_NO_SPACE the quota is too small (all
 * three: nothing changed in a channel that refuses; with several, or several groups, another one
 * may have done it, and FREE brings the slot to a known state); MR_DEVICE done, but a page that
 * belongs to another slot was left alone. MR_TIMEOUT also when a controller is not ready. The
 * groups work side by side; if they refuse for different reasons, that of the first one comes back.
 */

/* Returns a slot's pages. */
MR_NODISCARD mr_status_t mr_kv_free(const mr_mmio_t *mmio, uint32_t slot, uint32_t max_cycles);

/* Cuts all layers of a slot to `len` positions. MR_STATE: a layer has fewer. */
MR_NODISCARD mr_status_t mr_kv_truncate(const mr_mmio_t *mmio, uint32_t slot, uint32_t len,
                                        uint32_t max_cycles);

/* Gives the empty slot `slot` the first `len` positions of `src`; both share the pages until one of
 * them writes. MR_STATE: a layer of src has fewer, or slot is not empty. */
MR_NODISCARD mr_status_t mr_kv_fork(const mr_mmio_t *mmio, uint32_t slot, uint32_t src,
                                    uint32_t len, uint32_t max_cycles);

/* Allows a slot `pages` pages (32 positions each; at the start: as many as its table holds).
 * MR_STATE: more than its table holds. */
MR_NODISCARD mr_status_t mr_kv_quota(const mr_mmio_t *mmio, uint32_t slot, uint32_t pages,
                                     uint32_t max_cycles);

/* ---- statistics ---- */

/* Pages that are free, in the channel of any group with layers that has fewest. */
MR_NODISCARD mr_status_t mr_kv_pages_free(const mr_mmio_t *mmio, uint32_t *pages);

/* Refused commands of tiles and administration since reset, modulo 2^16, by status. What several
 * channels or groups refuse counts for each of them. */
typedef struct {
    uint16_t who;   /* 4: unknown slot, layer or head, bad shape */
    uint16_t pos;   /* 5: position or length */
    uint16_t pages; /* 6: out of pages, over the quota */
    uint16_t tag;   /* 7: a page's owner tag does not match */
} mr_kv_refused_t;

MR_NODISCARD mr_status_t mr_kv_refused(const mr_mmio_t *mmio, mr_kv_refused_t *refused);

/* What the data bus did since the device was initialised: each cycle is counted once. */
typedef enum {
    MR_KV_USEFUL, /* moved data that somebody asked for */
    MR_KV_REFRESH,
    MR_KV_TURNAROUND,
    MR_KV_ROW,
    MR_KV_BANK_GROUP,
    MR_KV_STARVATION, /* nothing was asked, or a burst's padding */
    MR_KV_BACK_PRESSURE,
    MR_KV_CAUSES
} mr_kv_cause_t;

typedef struct {
    uint64_t cause[MR_KV_CAUSES]; /* cycles */
    uint64_t cycles;              /* their sum */
    uint64_t open;                /* of them with a row open */
    uint64_t act;                 /* commands */
    uint64_t rd;
    uint64_t wr;
    uint64_t pre;
    uint64_t ref;
} mr_kv_stats_t;

/* Cycles in which the data bus of channel 0..7 of a group (0..15) moved data that somebody asked
 * for, since the device was initialised. A tenth of the cost of mr_kv_stats. */
MR_NODISCARD mr_status_t mr_kv_useful(const mr_mmio_t *mmio, uint32_t group, uint32_t channel,
                                      uint64_t *cycles);

/* Reads all counters of channel 0..7 of a group (0..15) as of one clock. Takes about 80 x 200
 * cycles; a device without a DRAM has 0 everywhere, and so has a channel that is not there. */
MR_NODISCARD mr_status_t mr_kv_stats(const mr_mmio_t *mmio, uint32_t group, uint32_t channel,
                                     mr_kv_stats_t *stats);

#endif
