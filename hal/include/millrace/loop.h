/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the hub's token loop (docs/interfaces.md section 8): tokens that become their slot's
 * next job in hardware.
 *
 * All functions return MR_OK, MR_RANGE for an argument outside its stated range (nothing touched),
 * the status of the register access, or what they state. Not thread-safe.
 */
#ifndef MR_LOOP_H
#define MR_LOOP_H

#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/regs.h"
#include "millrace/status.h"

#define MR_LOOP_STOPS 4u /* stop tokens that a slot can have */

typedef struct {
    uint32_t slots; /* that the loop knows, from 0; 0: the device has no loop */
    uint32_t depth; /* entries of the token queue */
} mr_loop_caps_t;

MR_NODISCARD mr_status_t mr_loop_caps(const mr_mmio_t *mmio, mr_loop_caps_t *caps);

/* Where the loop's jobs go: tile 0..30, pc 0..65535. */
MR_NODISCARD mr_status_t mr_loop_route(const mr_mmio_t *mmio, uint32_t tile, uint32_t pc);

/* Arms a slot: from now on a result with its token (job flag TOPK alone) goes round. left 1..262143
 * tokens, n_stops 0..MR_LOOP_STOPS tokens of 18 bits.
 * @return also MR_TIMEOUT: the loop does not finish a command (in 256 cycles).
 * @pre the slot is not armed; its job is injected behind this. Cost: 8 accesses. */
MR_NODISCARD mr_status_t mr_loop_arm(const mr_mmio_t *mmio, uint32_t slot, uint32_t left,
                                     const uint32_t *stops, uint32_t n_stops);

/* Disarms a slot; when this returns, nothing is added to the token queue for it any more. A job
 * that the loop has injected comes back as a result.
 * @return also MR_TIMEOUT, as above. */
MR_NODISCARD mr_status_t mr_loop_disarm(const mr_mmio_t *mmio, uint32_t slot);

/* What the loop did behind a token. */
typedef enum {
    MR_LOOP_INJECTED, /* its job is under way; the slot is armed, all others: no longer */
    MR_LOOP_STOP,
    MR_LOOP_LENGTH,
    MR_LOOP_PARKED, /* the token queue was nearly full; the slot goes on with a new arm and job */
    MR_LOOP_ERROR   /* the head gave something that is no token */
} mr_loop_why_t;

typedef struct {
    uint32_t slot;
    uint32_t pos; /* at which the token will stand */
    uint32_t token;
    mr_loop_why_t why;
} mr_loop_token_t;

/* Takes the oldest token out of the queue. MR_BUSY: there is none. Inline, as every token goes this
 * way. */
MR_NODISCARD static inline mr_status_t mr_loop_take(const mr_mmio_t *mmio, mr_loop_token_t *token) {
    uint32_t v;
    MR_TRY(mr_mmio_read32(mmio, MR_HUB_BASE + MR_HUB_LOOP_TOKEN_OFFSET, &v));
    if ((v & MR_HUB_LOOP_TOKEN_VALID_MASK) == 0) {
        return MR_BUSY;
    }
    token->token = (v & MR_HUB_LOOP_TOKEN_TOKEN_MASK) >> MR_HUB_LOOP_TOKEN_TOKEN_SHIFT;
    token->slot = (v & MR_HUB_LOOP_TOKEN_SLOT_MASK) >> MR_HUB_LOOP_TOKEN_SLOT_SHIFT;
    token->why = (mr_loop_why_t)((v & MR_HUB_LOOP_TOKEN_WHY_MASK) >> MR_HUB_LOOP_TOKEN_WHY_SHIFT);
    MR_TRY(mr_mmio_read32(mmio, MR_HUB_BASE + MR_HUB_LOOP_POS_OFFSET, &token->pos));
    return mr_mmio_write32(mmio, MR_HUB_BASE + MR_HUB_LOOP_POP_OFFSET, MR_HUB_LOOP_POP_POP_MASK);
}

/* Jobs of the loop that may go before a job of firmware that waits, 0..255 (4 after reset). */
MR_NODISCARD mr_status_t mr_loop_pass(const mr_mmio_t *mmio, uint32_t jobs);

typedef struct {
    uint64_t jobs;     /* injected since reset */
    uint32_t parks;    /* modulo 2^16 */
    uint32_t wait_max; /* cycles from a token's arrival until its job was taken, at most 65535 */
} mr_loop_stats_t;

MR_NODISCARD mr_status_t mr_loop_stats(const mr_mmio_t *mmio, mr_loop_stats_t *stats);

#endif
