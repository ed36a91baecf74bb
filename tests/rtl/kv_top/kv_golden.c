/* SPDX-License-Identifier: Apache-2.0 */
/* Golden store of the whole KV controller; see kv_golden.h. */
#include "kv_golden.h"

#include <string.h>

#include "mr_kv_content.h"

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return (a + b - 1U) / b;
}

void golden_start(golden_t *g, const mr_kv_sim_limits_t *limits, const mr_kv_sim_shape_t *shape) {
    memset(g->slot, 0, sizeof g->slot);
    memset(g->page, 0, sizeof g->page);
    g->limits = *limits;
    g->shape = *shape;
    g->used = 0;
    g->returning = 0;
    g->admin = false;
    g->leaked = false;
    for (uint32_t s = 0; s < GOLDEN_SLOTS; s++) {
        g->slot[s].quota = limits->slot_blocks;
    }
}

uint32_t golden_length(const golden_t *g, uint32_t slot, uint32_t layer) {
    uint32_t len = UINT32_MAX;
    for (uint32_t h = 0; h < g->shape.heads; h++) {
        for (uint32_t k = 0; k < 2U; k++) {
            const uint32_t l = g->slot[slot].len[layer][h][k];
            len = l < len ? l : len;
        }
    }
    return len;
}

uint32_t golden_id(const golden_t *g, const mr_kv_sim_cmd_t *c, uint32_t pos) {
    const golden_page_t *p = &g->page[g->slot[c->slot].page[pos / 32U]];
    return p->id[c->layer][c->head][c->kind][pos % 32U];
}

static bool known(const golden_t *g, const mr_kv_sim_cmd_t *c) {
    return !g->refuse_all && c->op <= MR_KV_SIM_APPEND && c->slot < g->limits.slots &&
           c->layer < g->shape.layers && c->head < g->shape.heads;
}

/* A page is needed: 6, or 0 while it is not sure that none is left. */
static golden_answer_t page_answer(const golden_t *g) {
    if (g->used + g->returning < g->shape.pages) {
        return (golden_answer_t){0, false};
    }
    return g->used < g->shape.pages ? (golden_answer_t){0, true} : (golden_answer_t){6, false};
}

static golden_answer_t check_append(const golden_t *g, const mr_kv_sim_cmd_t *c) {
    const golden_slot_t *s = &g->slot[c->slot];
    const uint32_t block = c->pos / 32U;
    if (c->count != 1U || c->pos != s->len[c->layer][c->head][c->kind] ||
        golden_length(g, c->slot, c->layer) < c->pos) {
        return (golden_answer_t){5, false};
    }
    if (block >= s->blocks) {
        return s->blocks >= s->quota ? (golden_answer_t){6, false} : page_answer(g);
    }
    if (s->bad[block]) {
        return (golden_answer_t){7, false};
    }
    const golden_answer_t page = page_answer(g);
    if (g->page[s->page[block]].refs > 1U) {
        return page;
    }
    /* Not shared, or no longer: a reference that is just being given back may still cause a copy.
     */
    return (golden_answer_t){0, g->admin && (page.status != 0U || page.or_no_page)};
}

golden_answer_t golden_check(const golden_t *g, const mr_kv_sim_cmd_t *c) {
    if (!known(g, c)) {
        return (golden_answer_t){4, false};
    }
    if (c->op == MR_KV_SIM_APPEND) {
        return check_append(g, c);
    }
    const golden_slot_t *s = &g->slot[c->slot];
    if (c->pos % 32U != 0U || c->count < 1U || c->count > 32U ||
        c->pos + c->count > s->len[c->layer][c->head][c->kind]) {
        return (golden_answer_t){5, false};
    }
    return (golden_answer_t){s->bad[c->pos / 32U] ? 7U : 0U, false};
}

static uint16_t take_page(golden_t *g) {
    uint16_t page = 0;
    while (g->page[page].refs != 0U) {
        page++;
    }
    g->page[page].refs = 1;
    g->used++;
    g->takes++;
    return page;
}

static void drop_page(golden_t *g, golden_page_t *page) {
    page->refs--;
    if (page->refs == 0U) {
        memset(page->id, 0, sizeof page->id);
        g->used--;
        g->returning++;
    }
}

uint32_t golden_append(golden_t *g, const mr_kv_sim_cmd_t *c, bool inject) {
    golden_slot_t *s = &g->slot[c->slot];
    const uint32_t block = c->pos / 32U;
    if (block >= s->blocks) {
        s->bad[block] = inject;
        s->page[block] = take_page(g);
        s->blocks++;
    } else if (g->page[s->page[block]].refs > 1U) {
        golden_page_t *from = &g->page[s->page[block]];
        s->page[block] = take_page(g);
        memcpy(g->page[s->page[block]].id, from->id, sizeof from->id);
        from->refs--;
        s->bad[block] = inject;
        g->copies++;
    } else if (g->admin) {
        g->returning++;
    }
    s->len[c->layer][c->head][c->kind]++;
    g->next_id++;
    g->page[s->page[block]].id[c->layer][c->head][c->kind][c->pos % 32U] = g->next_id;
    return g->next_id;
}

static uint8_t admin_check(const golden_t *g, const mr_kv_sim_admin_t *ad) {
    const bool fork = ad->op == MR_KV_SIM_FORK;
    if (g->refuse_all || ad->slot >= g->limits.slots || (fork && ad->src >= g->limits.slots)) {
        return 4;
    }
    if (ad->op == MR_KV_SIM_QUOTA) {
        return ad->len > g->limits.slot_blocks ? 5 : 0;
    }
    const uint32_t from = fork ? ad->src : ad->slot;
    for (uint32_t l = 0; l < g->shape.layers && ad->op != MR_KV_SIM_FREE; l++) {
        if (ad->len > golden_length(g, from, l)) {
            return 5;
        }
    }
    if (fork && g->slot[ad->slot].blocks != 0U) {
        return 5;
    }
    return fork && ceil_div(ad->len, 32) > g->slot[ad->slot].quota ? 6 : 0;
}

static void set_lengths(const golden_t *g, golden_slot_t *s, uint32_t len) {
    for (uint32_t l = 0; l < g->shape.layers; l++) {
        for (uint32_t h = 0; h < g->shape.heads; h++) {
            s->len[l][h][0] = len;
            s->len[l][h][1] = len;
        }
    }
}

static uint8_t fork_blocks(golden_t *g, golden_slot_t *to, const golden_slot_t *from,
                           uint32_t blocks) {
    uint8_t status = 0;
    for (; to->blocks < blocks; to->blocks++) {
        to->page[to->blocks] = from->page[to->blocks];
        to->bad[to->blocks] = from->bad[to->blocks];
        if (from->bad[to->blocks]) {
            status = 7;
        } else {
            g->page[from->page[to->blocks]].refs++;
        }
        g->forks++;
    }
    return status;
}

static uint8_t cut_blocks(golden_t *g, golden_slot_t *s, uint32_t blocks) {
    uint8_t status = 0;
    while (s->blocks > blocks) {
        s->blocks--;
        if (s->bad[s->blocks]) {
            status = 7;
            g->leaked = true;
        } else {
            drop_page(g, &g->page[s->page[s->blocks]]);
            g->frees++;
        }
    }
    return status;
}

uint8_t golden_admin(golden_t *g, const mr_kv_sim_admin_t *ad) {
    const uint8_t status = admin_check(g, ad);
    g->admin = true;
    if (status != 0U) {
        return status;
    }
    golden_slot_t *s = &g->slot[ad->slot];
    if (ad->op == MR_KV_SIM_QUOTA) {
        s->quota = ad->len;
        return 0;
    }
    const uint32_t len = ad->op == MR_KV_SIM_FREE ? 0U : ad->len;
    set_lengths(g, s, len);
    return ad->op == MR_KV_SIM_FORK ? fork_blocks(g, s, &g->slot[ad->src], ceil_div(len, 32))
                                    : cut_blocks(g, s, ceil_div(len, 32));
}

void golden_admin_end(golden_t *g) {
    g->admin = false;
    g->returning = 0;
}

uint64_t golden_bytes(const golden_t *g, uint32_t block_bytes) {
    const uint32_t vectors = sizeof g->page[0].id / sizeof g->page[0].id[0][0][0][0];
    uint64_t sum = 0;
    for (uint32_t p = 0; p < GOLDEN_PAGES; p++) {
        const uint32_t *const ids = &g->page[p].id[0][0][0][0];
        for (uint32_t v = 0; v < vectors && g->page[p].refs != 0U; v++) {
            for (uint32_t b = 0; b < g->shape.nbh && ids[v] != 0U; b++) {
                uint8_t block[34];
                mr_kv_content(ids[v], b, block_bytes, block);
                for (uint32_t i = 0; i < sizeof block; i++) {
                    sum += block[i];
                }
            }
        }
    }
    return sum;
}
