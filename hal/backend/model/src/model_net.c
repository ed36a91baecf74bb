/* SPDX-License-Identifier: Apache-2.0 */
/* Group networks of the model and their ring: multicast, input buffers, results, and the scheduler
 * of the tiles. */
#include "millrace/arith.h"
#include "model.h"

#define NET_NONE UINT32_MAX

/* Descriptors that one register access executes at most. */
#define NET_RUN_DESCRIPTORS (1u << 20)

/* The buffer of a tile that a message would use: the one that waits for the same job, or a free
 * one. */
static uint32_t net_buffer(const model_t *m, const model_tile_t *tile, const model_msg_t *msg) {
    uint32_t free_buf = NET_NONE;
    for (uint32_t i = m->cfg.in_bufs; i-- > 0;) {
        const model_job_t *job = &tile->jobs[i];
        if (!job->used) {
            free_buf = i;
        }
    }
    for (uint32_t i = 0; i < m->cfg.in_bufs; i++) {
        const model_job_t *job = &tile->jobs[i];
        if (job->used && job->left != 0 && job->pc == msg->pc && job->pos == msg->pos &&
            job->slot == msg->slot) {
            return i;
        }
    }
    return free_buf;
}

/* Copies the payload behind the message's offset; what does not fit makes the job fail. */
static void net_payload(const model_t *m, model_tile_t *tile, uint32_t index,
                        const model_msg_t *msg, const float *payload, uint32_t n) {
    model_job_t *job = &tile->jobs[index];
    const uint64_t base = tile->in_base + (uint64_t)index * tile->in_size;
    const uint32_t offset = msg->offset & ~1u;
    for (uint32_t i = 0; i < n; i++) {
        if (offset + i >= tile->in_size || base + offset + i >= m->cfg.vmem_elems) {
            if (job->status == MODEL_JOB_OK) {
                job->status = MODEL_JOB_NET;
            }
            return;
        }
        tile->vmem[base + offset + i] = payload[i];
    }
}

static void net_deliver_tile(const model_t *m, model_tile_t *tile, const model_msg_t *msg,
                             const float *payload, uint32_t n) {
    const uint32_t index = net_buffer(m, tile, msg);
    model_job_t *job = &tile->jobs[index];
    if (!job->used) {
        job->used = true;
        job->left = msg->parts == 0 ? 1 : msg->parts;
        job->slot = msg->slot;
        job->flags = msg->flags;
        job->status = msg->status;
        job->pc = msg->pc;
        job->pos = msg->pos;
        job->token = msg->token;
        job->wrapped = false;
    } else if (job->status == MODEL_JOB_OK) {
        job->status = msg->status;
    }
    net_payload(m, tile, index, msg, payload, n);
    job->heard = m->cycles;
    job->left--;
    if (job->left == 0) {
        tile->queue[tile->queued++] = (uint8_t)index;
    }
}

static void net_deliver_hub(model_t *m, const model_msg_t *msg, const float *payload, uint32_t n) {
    model_hub_t *hub = &m->hub;
    if (mr_model_loop_takes(m, msg, n)) {
        mr_model_loop_take(m, msg, mr_f32_bits(payload[0]));
        return;
    }
    const uint32_t index = (hub->head + hub->count) % m->cfg.res_bufs;
    model_result_t *result = &hub->results[index];
    float *to = &hub->data[(size_t)index * m->cfg.res_size];
    result->hdr = *msg;
    result->len = n < m->cfg.res_size ? n : m->cfg.res_size;
    if (n > m->cfg.res_size && msg->status == MODEL_JOB_OK) {
        result->hdr.status = MODEL_JOB_NET;
    }
    for (uint32_t i = 0; i < result->len; i++) {
        to[i] = payload[i];
    }
    hub->count++;
}

/* Only group 0 has a hub; elsewhere its bit of the mask stands for nobody. */
static bool net_to_hub(const model_msg_t *msg, uint32_t group) {
    return group == 0 && (msg->dest & 1u) != 0;
}

static bool net_accepts(const model_t *m, uint32_t group, const model_msg_t *msg, uint32_t n) {
    const model_tile_t *tiles = &m->tiles[group * m->cfg.tiles];
    if (net_to_hub(msg, group) && m->hub.count == m->cfg.res_bufs &&
        !mr_model_loop_takes(m, msg, n)) {
        return false;
    }
    for (uint32_t t = 0; t < m->cfg.tiles; t++) {
        if (((msg->dest >> (t + 1)) & 1u) != 0 && net_buffer(m, &tiles[t], msg) == NET_NONE) {
            return false;
        }
    }
    return true;
}

/* Counts a message on the networks and links that it passes. */
static void net_count(model_t *m, uint32_t group, uint32_t hops) {
    for (uint32_t i = 0; i <= hops; i++) {
        const uint32_t at = (group + i) % m->cfg.groups;
        m->hub.msgs += at == 0 ? 1u : 0u;
        m->link_msgs[at] += i < hops ? 1u : 0u;
    }
}

bool mr_model_net_send(model_t *m, uint32_t group, const model_msg_t *msg, const float *payload,
                       uint32_t n) {
    const uint32_t hops = m->cfg.groups > 1 ? msg->hops : 0; /* a group alone has no link */
    const uint32_t to = (group + hops) % m->cfg.groups;
    model_tile_t *tiles = &m->tiles[to * m->cfg.tiles];
    if (!net_accepts(m, to, msg, n)) {
        return false;
    }
    for (uint32_t t = 0; t < m->cfg.tiles; t++) {
        if (((msg->dest >> (t + 1)) & 1u) != 0) {
            net_deliver_tile(m, &tiles[t], msg, payload, n);
        }
    }
    if (net_to_hub(msg, to)) {
        net_deliver_hub(m, msg, payload, n);
    }
    net_count(m, group, hops);
    return true;
}

bool mr_model_net_take(model_tile_t *tile) {
    if (!tile->enable || tile->busy || tile->queued == 0) {
        return false;
    }
    tile->running = tile->queue[0];
    tile->busy = true;
    model_job_t *job = &tile->jobs[tile->running];
    if (tile->failed && job->status == MODEL_JOB_OK) {
        job->status = MODEL_JOB_WATCHDOG;
    }
    tile->queued--;
    for (uint32_t i = 0; i < tile->queued; i++) {
        tile->queue[i] = tile->queue[i + 1];
    }
    return true;
}

bool mr_model_net_expire(model_t *m, model_tile_t *tile) {
    bool any = false;
    for (uint32_t i = 0; i < m->cfg.in_bufs; i++) {
        model_job_t *job = &tile->jobs[i];
        if (!job->used || job->left == 0 || tile->watchdog == 0 ||
            m->cycles - job->heard < tile->watchdog) {
            continue;
        }
        job->left = 0;
        if (job->status == MODEL_JOB_OK) {
            job->status = MODEL_JOB_WATCHDOG;
        }
        tile->queue[tile->queued++] = (uint8_t)i;
        any = true;
    }
    return any;
}

void mr_model_net_clear(model_tile_t *tile) {
    for (uint32_t i = 0; i < MR_BACKEND_MODEL_BUFS_MAX; i++) {
        tile->jobs[i].used = false;
    }
    tile->queued = 0;
    tile->busy = false;
}

bool mr_model_net_tile_has_job(const model_t *m, const model_tile_t *tile) {
    for (uint32_t i = 0; i < m->cfg.in_bufs; i++) {
        if (tile->jobs[i].used) {
            return true;
        }
    }
    return false;
}

void mr_model_run(model_t *m) {
    const uint32_t tiles = mr_model_tiles(m);
    uint32_t budget = NET_RUN_DESCRIPTORS;
    bool moved = true;
    while (moved && budget != 0) {
        moved = mr_model_loop_inject(m);
        if (m->hub.pending && mr_model_net_send(m, 0, &m->hub.msg, NULL, 0)) {
            m->hub.pending = false;
            moved = true;
        }
        for (uint32_t i = 0; i < tiles; i++) {
            const uint32_t t = m->next_tile + i;
            model_tile_t *tile = &m->tiles[t < tiles ? t : t - tiles];
            moved = mr_model_tile_run(m, tile, &budget) || moved;
        }
        m->next_tile = m->next_tile + 1 < tiles ? m->next_tile + 1 : 0;
    }
}
