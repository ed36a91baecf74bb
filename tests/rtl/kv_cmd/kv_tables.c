/* SPDX-License-Identifier: Apache-2.0 */
/* Golden model of the front end's tables; see kv_tables.h. */
#include "kv_tables.h"

#include <stddef.h>
#include <string.h>

enum { STREAM = 0, APPEND = 1 };
enum { FREE = 0, TRUNCATE = 1, FORK = 2, QUOTA = 3 };

static unsigned ceil_div(unsigned a, unsigned b) {
    return (a + b - 1U) / b;
}

void kv_tables_start(kv_tables_t *t, const kv_cmd_params_t *params, const kv_cmd_cfg_t *cfg) {
    const kv_tables_t old = {
        .copies = t->copies, .scrubs = t->scrubs, .takes = t->takes, .forks = t->forks};
    *t = old;
    t->params = *params;
    t->cfg = *cfg;
    const unsigned banks = 1U << params->ba_bits;
    const unsigned room = 1U << params->la;
    const unsigned chunks = cfg->layers * cfg->heads * 2U;
    t->cfg_bad = cfg->layers == 0U || cfg->layers > params->layers || cfg->heads == 0U ||
                 cfg->heads > params->heads || cfg->nbh == 0U || cfg->nbh > params->nbh ||
                 cfg->pages > params->pages || cfg->chunk == 0U ||
                 chunks * cfg->chunk > banks * cfg->part;
    const unsigned fit = cfg->part == 0U ? 0U : room / cfg->part;
    t->usable = cfg->pages < fit ? cfg->pages : fit;
    for (unsigned s = 0; s < params->slots; s++) {
        t->slot[s].quota = params->blocks;
    }
}

unsigned kv_tables_length(const kv_tables_t *t, unsigned slot, unsigned layer) {
    unsigned len = ~0U;
    for (unsigned h = 0; h < t->cfg.heads; h++) {
        for (unsigned k = 0; k < 2U; k++) {
            const unsigned l = t->slot[slot].len[layer][h][k];
            len = l < len ? l : len;
        }
    }
    return len;
}

unsigned kv_tables_used(const kv_tables_t *t, bool with_returning) {
    unsigned used = 0;
    for (unsigned p = 0; p < t->usable; p++) {
        if (t->page[p].refs > 0U || (with_returning && t->page[p].returning)) {
            used++;
        }
    }
    return used;
}

unsigned kv_tables_check(const kv_tables_t *t, const kv_cmd_t *cmd) {
    if (t->cfg_bad || cmd->op > APPEND || cmd->slot >= t->params.slots ||
        cmd->layer >= t->cfg.layers || cmd->head >= t->cfg.heads) {
        return 4;
    }
    const kv_slot_t *slot = &t->slot[cmd->slot];
    const unsigned len = slot->len[cmd->layer][cmd->head][cmd->kind];
    if (cmd->op == STREAM) {
        const bool fine = cmd->pos % 32U == 0U && cmd->count >= 1U && cmd->count <= 32U &&
                          cmd->pos + cmd->count <= len;
        return fine ? 0U : 5U;
    }
    if (cmd->count != 1U || cmd->pos != len ||
        kv_tables_length(t, cmd->slot, cmd->layer) < cmd->pos) {
        return 5;
    }
    return cmd->pos / 32U >= slot->blocks && slot->blocks >= slot->quota ? 6U : 0U;
}

/* A page that was chosen for a new block: clean or the next never used one. */
static const char *take_page(kv_tables_t *t, unsigned base, unsigned *page) {
    *page = base / t->cfg.part;
    if (base % t->cfg.part != 0U || *page >= t->usable) {
        return "the new page's base is not that of a page";
    }
    kv_page_t *p = &t->page[*page];
    if (p->state == KV_USED || p->refs != 0U) {
        return "the new page is in use";
    }
    if (p->state == KV_DIRTY) {
        return "the new page was not scrubbed";
    }
    if (p->state == KV_FRESH) {
        if (*page != t->fresh) {
            return "a never used page out of order";
        }
        t->fresh++;
    }
    p->state = KV_USED;
    p->refs = 1;
    t->takes++;
    return NULL;
}

static void drop_reference(kv_tables_t *t, unsigned page) {
    kv_page_t *p = &t->page[page];
    p->refs--;
    if (p->refs == 0U) {
        p->state = KV_DIRTY;
    }
}

static const char *judge_address(const kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job) {
    const unsigned chunk =
        ((cmd->layer * t->cfg.heads + cmd->head) * 2U + cmd->kind) * t->cfg.chunk;
    if (job->part != chunk / t->cfg.part || job->off != chunk % t->cfg.part) {
        return "wrong part or offset of the chunk";
    }
    const kv_block_t *b = &t->slot[cmd->slot].block[cmd->pos / 32U];
    if (job->base != b->page * t->cfg.part || job->rot != b->rot) {
        return "wrong base or rotation of the page";
    }
    return NULL;
}

static const char *judge_new_block(kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job,
                                   bool inject) {
    kv_slot_t *slot = &t->slot[cmd->slot];
    const unsigned b = cmd->pos / 32U;
    const unsigned banks = 1U << t->params.ba_bits;
    const unsigned rot = b == 0U ? 0U : (slot->block[b - 1U].rot + t->cfg.step) % banks;
    unsigned page;
    const char *wrong = take_page(t, job->base, &page);
    if (wrong == NULL) {
        slot->block[b] = (kv_block_t){.page = page, .rot = rot, .bad = inject};
        slot->blocks++;
    }
    return wrong;
}

/* Copy on write; also judges that the copy was really made. */
static const char *judge_copy(kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job,
                              bool inject) {
    kv_block_t *block = &t->slot[cmd->slot].block[cmd->pos / 32U];
    if (!t->copied || t->copy.src_base != block->page * t->cfg.part ||
        t->copy.src_rot != block->rot || t->copy.dst_base != job->base ||
        t->copy.dst_rot != job->rot) {
        return "the page changed without the right copy";
    }
    t->copied = false;
    unsigned page;
    const char *wrong = take_page(t, job->base, &page);
    drop_reference(t, block->page);
    block->page = page;
    block->bad = inject;
    return wrong;
}

static bool some_page(const kv_tables_t *t) {
    return kv_tables_used(t, false) < t->usable;
}

static bool no_page(const kv_tables_t *t) {
    return kv_tables_used(t, true) >= t->usable;
}

static const char *judge_append(kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job,
                                bool inject) {
    kv_slot_t *slot = &t->slot[cmd->slot];
    const unsigned b = cmd->pos / 32U;
    const char *wrong = NULL;
    if (b >= slot->blocks) {
        if (job->status != 0U) {
            return job->status == 6U && no_page(t) ? NULL : "refused, but a page is left";
        }
        wrong = some_page(t) ? judge_new_block(t, cmd, job, inject) : "no page is left";
    } else if (slot->block[b].bad) {
        return job->status == 7U ? NULL : "the page's tag is wrong, status 7 expected";
    } else {
        const kv_page_t *p = &t->page[slot->block[b].page];
        const bool may_copy = p->refs + p->returning > 1U;
        const bool must_copy = p->refs > 1U;
        if (job->status != 0U) {
            return job->status == 6U && may_copy && no_page(t) ? NULL : "refused for no reason";
        }
        if (job->base != slot->block[b].page * t->cfg.part) {
            wrong =
                may_copy && some_page(t) ? judge_copy(t, cmd, job, inject) : "a copy for no reason";
        } else if (must_copy) {
            wrong = "an APPEND into a shared page";
        }
    }
    if (wrong == NULL) {
        wrong = judge_address(t, cmd, job);
    }
    slot->len[cmd->layer][cmd->head][cmd->kind]++;
    return wrong;
}

const char *kv_tables_job(kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job, bool inject) {
    if (job->append != (cmd->op == APPEND) || job->pos != cmd->pos || job->count != cmd->count) {
        return "the job is not that of the command";
    }
    const unsigned status = kv_tables_check(t, cmd);
    if (status != 0U) {
        return job->status == status ? NULL : "wrong status";
    }
    if (job->slot != cmd->slot || job->layer != cmd->layer || job->head != cmd->head ||
        job->kind != cmd->kind) {
        return "wrong key";
    }
    if (cmd->op == APPEND) {
        return judge_append(t, cmd, job, inject);
    }
    if (t->slot[cmd->slot].block[cmd->pos / 32U].bad) {
        return job->status == 7U ? NULL : "the page's tag is wrong, status 7 expected";
    }
    return job->status != 0U ? "refused for no reason" : judge_address(t, cmd, job);
}

static unsigned admin_check(const kv_tables_t *t, const kv_admin_t *ad) {
    if (t->cfg_bad || ad->slot >= t->params.slots ||
        (ad->op == FORK && ad->src >= t->params.slots)) {
        return 4;
    }
    if (ad->op == QUOTA) {
        return ad->len > t->params.blocks ? 5U : 0U;
    }
    const unsigned from = ad->op == FORK ? ad->src : ad->slot;
    for (unsigned l = 0; l < t->cfg.layers && ad->op != FREE; l++) {
        if (ad->len > kv_tables_length(t, from, l)) {
            return 5;
        }
    }
    if (ad->op == FORK && t->slot[ad->slot].blocks != 0U) {
        return 5;
    }
    return ad->op == FORK && ceil_div(ad->len, 32U) > t->slot[ad->slot].quota ? 6U : 0U;
}

static void set_lengths(kv_slot_t *slot, unsigned len) {
    for (unsigned l = 0; l < KV_MAX_LAYERS; l++) {
        for (unsigned h = 0; h < KV_MAX_HEADS; h++) {
            slot->len[l][h][0] = len;
            slot->len[l][h][1] = len;
        }
    }
}

unsigned kv_tables_admin(kv_tables_t *t, const kv_admin_t *ad) {
    unsigned status = admin_check(t, ad);
    if (status != 0U) {
        return status;
    }
    kv_slot_t *slot = &t->slot[ad->slot];
    if (ad->op == QUOTA) {
        slot->quota = ad->len;
        return 0;
    }
    const unsigned len = ad->op == FREE ? 0U : ad->len;
    const unsigned blocks = ceil_div(len, 32U);
    set_lengths(slot, len);
    while (ad->op != FORK && slot->blocks > blocks) {
        const kv_block_t *b = &slot->block[--slot->blocks];
        if (b->bad) {
            status = 7;
        } else {
            t->page[b->page].returning = true;
            drop_reference(t, b->page);
        }
    }
    while (slot->blocks < blocks) {
        const kv_block_t *b = &t->slot[ad->src].block[slot->blocks];
        if (b->bad) {
            status = 7;
        } else {
            t->page[b->page].refs++;
        }
        slot->block[slot->blocks++] = *b;
        t->forks++;
    }
    return status;
}

void kv_tables_admin_end(kv_tables_t *t) {
    for (unsigned p = 0; p < t->usable; p++) {
        t->page[p].returning = false;
    }
}

const char *kv_tables_page_start(const kv_tables_t *t, const kv_page_job_t *pe) {
    if (pe->dst_base % t->cfg.part != 0U || pe->dst_base / t->cfg.part >= t->usable) {
        return "the page engine works outside the pages";
    }
    const kv_page_t *dst = &t->page[pe->dst_base / t->cfg.part];
    if (pe->copy == 0U) {
        return dst->state == KV_DIRTY ? NULL : "scrub of a page that is not dirty";
    }
    return dst->state == KV_CLEAN || dst->state == KV_FRESH ? NULL
                                                            : "copy onto a page that is not clean";
}

void kv_tables_page_end(kv_tables_t *t, const kv_page_job_t *pe) {
    kv_page_t *dst = &t->page[pe->dst_base / t->cfg.part];
    if (pe->copy == 0U) {
        dst->state = KV_CLEAN;
        dst->returning = false;
        t->scrubs++;
    } else {
        t->copy = *pe;
        t->copied = true;
        t->copies++;
    }
}
