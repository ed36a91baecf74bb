/* SPDX-License-Identifier: Apache-2.0 */
/* Sequencer of the model's tiles: predicates, statuses, SEND and END (docs/tile_isa.md section 2).
 */
#include "millrace/regs.h"
#include "model.h"

enum { TILE_OP_END = 0, TILE_OP_SEND = 11 };

/* Gives the running job its first error. */
static void tile_fail(model_t *m, model_tile_t *tile, uint8_t status) {
    model_job_t *job = &tile->jobs[tile->running];
    if (status == MODEL_JOB_OK || job->status != MODEL_JOB_OK) {
        return;
    }
    job->status = status;
    if (tile->error_code == 0) {
        tile->error_code = status;
        tile->error_pc = job->pc;
        m->status |= MR_CHIP_STATUS_TILE_ERROR_MASK;
    }
}

/* How far a job's own clone is from the first of its destination's clones. */
static uint32_t tile_clone(const uint32_t *w, uint8_t slot) {
    const uint32_t log2 = (w[6] >> 4) & 15u;
    return slot & ((1u << (log2 < 3u ? log2 : 3u)) - 1u);
}

/* SEND; false while the network cannot take the message. */
static bool tile_send(model_t *m, model_tile_t *tile, const uint32_t *w) {
    const model_job_t *job = &tile->jobs[tile->running];
    const uint32_t n = w[4] & 0xFFFFFu;
    uint32_t src = 0;
    if (n % 2 != 0 || !mr_model_vmem_span(m, tile, w[2], n, &src)) {
        tile_fail(m, tile, MODEL_JOB_RANGE);
        return true;
    }
    const model_msg_t msg = {
        .dest = w[1] << tile_clone(w, job->slot),
        .token = job->token,
        .pos = job->pos,
        .offset = w[3] & 0xFFFFu,
        .pc = (uint16_t)(w[5] & 0xFFFFu),
        .slot = job->slot,
        .flags = job->flags,
        .status = job->status,
        .parts = (uint8_t)((w[5] >> 16) & 15u),
        .hops = (uint8_t)(w[6] & 15u),
    };
    if (!mr_model_net_send(m, tile->group, &msg, &tile->vmem[src], n)) {
        return false;
    }
    tile->n_descriptors++;
    return true;
}

static void tile_end(model_tile_t *tile) {
    tile->n_descriptors++;
    tile->n_jobs++;
    tile->jobs[tile->running].used = false;
    tile->busy = false;
}

/* The watchdog ends a job that has an error and does not come to its END. */
static void tile_drop(model_tile_t *tile) {
    tile->failed = true;
    tile->fault_slot = tile->jobs[tile->running].slot;
    tile->jobs[tile->running].used = false;
    tile->busy = false;
}

void mr_model_tile_give_up(model_t *m, model_tile_t *tile) {
    if (tile->busy) {
        tile_fail(m, tile, MODEL_JOB_WATCHDOG);
    }
    if (!tile->failed) {
        tile->fault_slot = tile->jobs[tile->running].slot;
    }
    tile->failed = true;
}

/* Looks at the running job's next descriptor; false if it has to wait for the network. */
static bool tile_step(model_t *m, model_tile_t *tile) {
    model_job_t *job = &tile->jobs[tile->running];
    if (job->pc >= m->cfg.pmem_descs) {
        /* The program ran past the end: an error, and the counter comes round to the start. Without
         * an END on the way only the watchdog stops it. */
        if (job->wrapped && tile->watchdog != 0) {
            tile_drop(tile);
            return true;
        }
        tile_fail(m, tile, MODEL_JOB_OPCODE);
        job->pc = 0;
        job->wrapped = true;
        return true;
    }
    const uint32_t *w = &tile->pmem[(size_t)job->pc * MODEL_DESC_WORDS];
    const uint32_t op = w[0] & 0xFFu;
    const uint32_t mask = (w[0] >> 12) & 15u;
    const uint32_t value = (w[0] >> 16) & 15u;
    const bool keep = (job->flags & mask) == value;
    if (keep && op == TILE_OP_END) {
        tile_end(tile);
        return true;
    }
    if (keep && op == TILE_OP_SEND) {
        if (!tile_send(m, tile, w)) {
            return false;
        }
    } else if (keep && job->status == MODEL_JOB_OK) {
        bool issued;
        const uint8_t status = mr_model_op(m, tile, w, &issued);
        if (issued) {
            tile->n_descriptors++;
        }
        tile_fail(m, tile, status);
    }
    job->pc++;
    return true;
}

bool mr_model_tile_run(model_t *m, model_tile_t *tile, uint32_t *budget) {
    bool moved = false;
    while (*budget != 0 && (tile->busy || mr_model_net_take(tile))) {
        if (!tile_step(m, tile)) {
            break;
        }
        moved = true;
        (*budget)--;
    }
    return moved;
}
