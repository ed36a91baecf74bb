/* SPDX-License-Identifier: Apache-2.0 */
/* Token loop of the model's hub: rtl/soc/mr_loop.sv without time (docs/interfaces.md section 8). */
#include "millrace/regs.h"
#include "model.h"

#define LOOP_TOP 2u /* job flags: bit 0 LOGITS, bit 1 TOPK */
#define LOOP_KIND 3u

void mr_model_loop_reset(model_t *m) {
    model_loop_t *loop = &m->hub.loop;
    for (uint32_t i = 0; i < MR_BACKEND_MODEL_SLOTS_MAX; i++) {
        loop->slot[i].armed = false;
    }
    loop->token_count = 0;
    loop->job_count = 0;
    loop->parks = 0;
    loop->jobs = 0;
}

bool mr_model_loop_takes(const model_t *m, const model_msg_t *msg, uint32_t n) {
    const model_loop_t *loop = &m->hub.loop;
    return msg->slot < m->cfg.loop_slots && loop->slot[msg->slot].armed &&
           (msg->flags & LOOP_KIND) == LOOP_TOP && msg->status == MODEL_JOB_OK && n != 0 &&
           loop->token_count != m->cfg.loop_depth;
}

static bool is_stop(const model_loop_slot_t *slot, uint32_t token) {
    for (uint32_t i = 0; i < MODEL_LOOP_STOPS; i++) {
        if (slot->stop[i] == (token | MR_HUB_LOOP_STOP0_VALID_MASK)) {
            return true;
        }
    }
    return false;
}

static uint8_t why(const model_t *m, const model_loop_slot_t *slot, uint32_t token) {
    const model_loop_t *loop = &m->hub.loop;
    if (token > MR_HUB_LOOP_TOKEN_TOKEN_MASK) {
        return MR_HUB_LOOP_TOKEN_WHY_ERROR;
    }
    if (is_stop(slot, token)) {
        return MR_HUB_LOOP_TOKEN_WHY_STOP;
    }
    if (slot->left <= 1u) {
        return MR_HUB_LOOP_TOKEN_WHY_LENGTH;
    }
    return m->cfg.loop_depth - loop->token_count <= m->cfg.loop_slots ||
                   loop->job_count == m->cfg.loop_slots
               ? MR_HUB_LOOP_TOKEN_WHY_PARKED
               : MR_HUB_LOOP_TOKEN_WHY_INJECTED;
}

void mr_model_loop_take(model_t *m, const model_msg_t *msg, uint32_t token) {
    model_loop_t *loop = &m->hub.loop;
    model_loop_slot_t *slot = &loop->slot[msg->slot];
    const model_token_t entry = {.token = token & MR_HUB_LOOP_TOKEN_TOKEN_MASK,
                                 .pos = (msg->pos + 1u) & MR_HUB_LOOP_POS_MASK,
                                 .slot = msg->slot,
                                 .why = why(m, slot, token)};
    loop->token[(loop->token_head + loop->token_count++) % m->cfg.loop_depth] = entry;
    if (entry.why == MR_HUB_LOOP_TOKEN_WHY_INJECTED) {
        model_msg_t *job =
            &loop->job[(loop->job_head + loop->job_count++) % MR_BACKEND_MODEL_SLOTS_MAX];
        slot->left--;
        *job = (model_msg_t){.dest = loop->dest,
                             .token = entry.token,
                             .pos = entry.pos,
                             .pc = (uint16_t)loop->pc,
                             .slot = msg->slot,
                             .flags = msg->flags,
                             .status = MODEL_JOB_OK,
                             .parts = 1};
    } else {
        slot->armed = false;
        loop->parks = (uint16_t)(loop->parks + (entry.why == MR_HUB_LOOP_TOKEN_WHY_PARKED));
    }
}

bool mr_model_loop_inject(model_t *m) {
    model_loop_t *loop = &m->hub.loop;
    if (loop->job_count == 0 || !mr_model_net_send(m, 0, &loop->job[loop->job_head], NULL, 0)) {
        return false;
    }
    loop->job_head = (loop->job_head + 1u) % MR_BACKEND_MODEL_SLOTS_MAX;
    loop->job_count--;
    loop->jobs++;
    return true;
}

/* ---- registers ------------------------------------------------------------------------------- */

static uint32_t token_word(const model_loop_t *loop) {
    const model_token_t *t = &loop->token[loop->token_head];
    return loop->token_count == 0 ? 0
                                  : MR_HUB_LOOP_TOKEN_VALID_MASK | t->token |
                                        (uint32_t)t->slot << MR_HUB_LOOP_TOKEN_SLOT_SHIFT |
                                        (uint32_t)t->why << MR_HUB_LOOP_TOKEN_WHY_SHIFT;
}

bool mr_model_loop_read(model_t *m, uint32_t offset, uint32_t *value) {
    model_hub_t *hub = &m->hub;
    const model_loop_t *loop = &hub->loop;
    switch (offset) {
    case MR_HUB_LOOP_CAPS_OFFSET:
        *value = m->cfg.loop_slots == 0
                     ? 0
                     : m->cfg.loop_slots | m->cfg.loop_depth << MR_HUB_LOOP_CAPS_DEPTH_SHIFT;
        return true;
    case MR_HUB_LOOP_DEST_OFFSET:
        *value = loop->dest;
        return true;
    case MR_HUB_LOOP_PC_OFFSET:
        *value = loop->pc;
        return true;
    case MR_HUB_LOOP_LEFT_OFFSET:
        *value = loop->next.left;
        return true;
    case MR_HUB_LOOP_STOP0_OFFSET:
    case MR_HUB_LOOP_STOP1_OFFSET:
    case MR_HUB_LOOP_STOP2_OFFSET:
    case MR_HUB_LOOP_STOP3_OFFSET:
        *value = loop->next.stop[(offset - MR_HUB_LOOP_STOP0_OFFSET) / 4u];
        return true;
    case MR_HUB_LOOP_CTRL_OFFSET:
        *value = loop->ctrl;
        return true;
    case MR_HUB_LOOP_STATUS_OFFSET:
        mr_model_run(m);
        *value = loop->token_count << MR_HUB_LOOP_STATUS_COUNT_SHIFT;
        return true;
    case MR_HUB_LOOP_TOKEN_OFFSET:
        mr_model_run(m);
        *value = token_word(loop);
        return true;
    case MR_HUB_LOOP_POS_OFFSET:
        *value = loop->token[loop->token_head].pos;
        return true;
    case MR_HUB_LOOP_PARKS_OFFSET:
        *value = loop->parks;
        return true;
    case MR_HUB_LOOP_PASS_OFFSET:
        *value = loop->pass;
        return true;
    case MR_HUB_LOOP_JOBS_LO_OFFSET:
        hub->latch = (uint32_t)(loop->jobs >> 32);
        *value = (uint32_t)loop->jobs;
        return true;
    case MR_HUB_LOOP_JOBS_HI_OFFSET:
        *value = hub->latch;
        return true;
    case MR_HUB_LOOP_POP_OFFSET:
    case MR_HUB_LOOP_WAIT_MAX_OFFSET: /* no time */
        *value = 0;
        return true;
    default:
        return false;
    }
}

/* Carries a command out: at once, as nothing is ever under way here. */
static void command(const model_t *m, model_loop_t *loop, uint32_t value) {
    loop->ctrl = value & MR_HUB_LOOP_CTRL_SLOT_MASK;
    if (loop->ctrl >= m->cfg.loop_slots) {
        return;
    }
    model_loop_slot_t *slot = &loop->slot[loop->ctrl];
    if ((value & MR_HUB_LOOP_CTRL_ARM_MASK) != 0) {
        *slot = loop->next;
        slot->armed = true;
    } else if ((value & MR_HUB_LOOP_CTRL_DISARM_MASK) != 0) {
        slot->armed = false;
    }
}

static void pop(model_t *m) {
    model_loop_t *loop = &m->hub.loop;
    if (loop->token_count != 0) {
        loop->token_head = (loop->token_head + 1u) % m->cfg.loop_depth;
        loop->token_count--;
        mr_model_run(m);
    }
}

bool mr_model_loop_write(model_t *m, uint32_t offset, uint32_t value) {
    model_loop_t *loop = &m->hub.loop;
    switch (offset) {
    case MR_HUB_LOOP_DEST_OFFSET:
        loop->dest = value;
        return true;
    case MR_HUB_LOOP_PC_OFFSET:
        loop->pc = value & MR_HUB_LOOP_PC_MASK;
        return true;
    case MR_HUB_LOOP_LEFT_OFFSET:
        loop->next.left = value & MR_HUB_LOOP_LEFT_MASK;
        return true;
    case MR_HUB_LOOP_STOP0_OFFSET:
    case MR_HUB_LOOP_STOP1_OFFSET:
    case MR_HUB_LOOP_STOP2_OFFSET:
    case MR_HUB_LOOP_STOP3_OFFSET:
        loop->next.stop[(offset - MR_HUB_LOOP_STOP0_OFFSET) / 4u] =
            value & (MR_HUB_LOOP_STOP0_TOKEN_MASK | MR_HUB_LOOP_STOP0_VALID_MASK);
        return true;
    case MR_HUB_LOOP_CTRL_OFFSET:
        command(m, loop, value);
        return true;
    case MR_HUB_LOOP_POP_OFFSET:
        if ((value & MR_HUB_LOOP_POP_POP_MASK) != 0) {
            pop(m);
        }
        return true;
    case MR_HUB_LOOP_PASS_OFFSET:
        loop->pass = value & MR_HUB_LOOP_PASS_MASK;
        return true;
    default:
        return false;
    }
}
