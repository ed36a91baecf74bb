/* SPDX-License-Identifier: Apache-2.0 */
/* Placement of balanced visits with clones. */
#include "millrace/cost.h"
#include "millrace/program.h"
#include "place_parts.h"

static uint32_t clamp32(uint64_t n) {
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Clocks from token to token that the present visits allow. */
static uint32_t busiest(const mr_placement_t *p, const mr_place_formats_t *f) {
    uint64_t busy[MR_MACHINE_TILES_MAX] = {0};
    uint64_t most = 0;
    for (uint32_t v = 0; v < p->n_visits; v++) {
        const uint32_t tile = p->visit[v].tile;
        mr_cost_t cost;
        mr_cost_visit(p, f, v, mr_cost_position(&p->shape), &cost);
        busy[tile] += cost.busy;
        most = busy[tile] > most ? busy[tile] : most;
    }
    return clamp32(most);
}

/* One step's costs, as if it were a visit before another one in the same group. */
static void cost_step(mr_placement_t *p, const mr_place_formats_t *f, uint32_t step) {
    mr_balance_step_t *s = &p->balance.step[step];
    mr_cost_t cost;
    for (uint32_t i = 0; i < 2u; i++) {
        const uint16_t at = (uint16_t)(step + i);
        p->visit[i] =
            (mr_visit_t){.shards = 1, .clones = 1, .kind = MR_VISIT_STEPS, .first = at, .last = at};
    }
    p->n_visits = 2;
    mr_cost_visit(p, f, 0, mr_cost_position(&p->shape), &cost);
    s->message = clamp32(cost.network + MR_COST_JOB);
    s->clocks = clamp32(cost.total - cost.network);
    s->words = mr_place_step_words(p, f, step);
    s->descs = mr_program_visit_length(p, f, 0);
    mr_place_step_vectors(p, step, &s->vmem, &s->scratch);
    s->attends = step > 0 && step + 1u < p->n_steps && mr_step_stage(step) == MR_STAGE_ATTEND;
    p->balance.stream = cost.stream > p->balance.stream ? clamp32(cost.stream) : p->balance.stream;
}

/* Puts the steps where balancing wants them. */
static void take(mr_placement_t *p, const mr_place_formats_t *f) {
    const mr_balance_t *b = &p->balance;
    for (uint32_t g = 0; g < MR_MACHINE_GROUPS_MAX; g++) {
        p->kv_layers[g] = 0;
    }
    for (uint32_t v = 0; v < b->n_visits; v++) {
        const uint32_t end = v + 1u < b->n_visits ? b->visit[v + 1u].first : b->n_steps;
        uint32_t words = 0;
        for (uint32_t step = b->visit[v].first; step < end; step++) {
            mr_step_place_t *place = &p->step[step];
            place->tile = b->visit[v].tile;
            place->clones = b->visit[v].clones;
            place->wmem = words;
            words += b->step[step].words;
            if (b->step[step].attends) {
                place->kv_layer = (uint8_t)p->kv_layers[place->tile / p->machine.tiles]++;
            }
        }
    }
    mr_place_count_words(p, f);
}

bool mr_place_clones(mr_placement_t *p, const mr_place_formats_t *f, uint64_t token) {
    const mr_machine_t *m = &p->machine;
    mr_balance_t *b = &p->balance;
    const uint32_t now = busiest(p, f);
    /* Each user has one token under way, so quicker tiles would only wait for users. A sixteenth
     * slower than all slots together can be, they are kept busy though users do not come evenly. */
    b->least = clamp32(token * 17u / (16u * (uint64_t)m->kv_slots));
    p->shared_head = false;
    b->n_steps = p->n_steps;
    b->groups = m->groups;
    b->tiles = m->tiles;
    b->kv_layers = m->kv_layers;
    b->stream = 0;
    b->wmem_words = m->wmem_words;
    b->pmem_descs = m->pmem_descs;
    b->vmem_elems = m->vmem_elems - p->in_size * m->in_bufs; /* as much there is: it is placed */
    for (uint32_t step = 0; step < p->n_steps; step++) {
        cost_step(p, f, step);
    }
    if (!mr_balance(b, now - now / 4u)) {
        return false;
    }
    take(p, f);
    return true;
}
