/* SPDX-License-Identifier: Apache-2.0 */
/* Random traffic on the front end against the golden tables: all commands, illegal ones too,
 * back-pressure on the job, page and flush ports, scrubs that take long, wrong page tags, changes
 * of the configuration. Arguments: [commands] [seed]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv_tables.h"

enum { STREAM = 0, APPEND = 1, FREE = 0, TRUNCATE = 1, FORK = 2, QUOTA = 3 };
enum { EPOCH = 20000, WATCHDOG = 20000 };
enum { REFUSED_LATE = 8 }; /* clocks that the counters of refusals lag behind */

typedef struct {
    kv_cmd_io_t io;
    kv_tables_t t;
    uint64_t rng, seed, cycle;
    unsigned commands, admins, seen[8]; /* how often each status came */
    unsigned refused[4];
    kv_cmd_t cmd; /* accepted, job not yet seen */
    bool busy, job_held;
    kv_job_t job; /* waiting to be taken */
    bool admin, flushed;
    kv_admin_t ad;
    unsigned ad_expect;
    kv_page_job_t pe;
    bool pe_offer, pe_run, flush_ok;
    unsigned own_clocks, wait_clocks, quiet_clocks, flush_commands, stuck_clocks, busy_clocks;
    unsigned slow_job, slow_pe, slow_flush; /* average clocks of delay */
    unsigned users, admin_rate, bad_rate, inject_rate;
} bench_t;

static unsigned rnd(bench_t *b, unsigned n) {
    b->rng ^= b->rng << 13;
    b->rng ^= b->rng >> 7;
    b->rng ^= b->rng << 17;
    return n == 0U ? 0U : (unsigned)((b->rng >> 20) % n);
}

static void fail(const bench_t *b, const char *what) {
    const kv_cmd_t *c = &b->cmd;
    const kv_job_t *j = &b->io.job;
    printf("FAIL kv_cmd: %s (cycle %llu, seed %llu; command op %u slot %u layer %u head %u kind %u "
           "pos %u count %u; "
           "job status %u base %u rot %u part %u off %u; admin op %u slot %u src %u len %u)\n",
           what, (unsigned long long)b->cycle, (unsigned long long)b->seed, c->op, c->slot,
           c->layer, c->head, c->kind, c->pos, c->count, j->status, j->base, j->rot, j->part,
           j->off, b->ad.op, b->ad.slot, b->ad.src, b->ad.len);
    exit(1);
}

static void require(const bench_t *b, bool good, const char *what) {
    if (!good) {
        fail(b, what);
    }
}

/* --- what to send ------------------------------------------------------------------------------
 */

static void spoil(bench_t *b, kv_cmd_t *c) {
    switch (rnd(b, 10)) {
    case 0:
        c->op = rnd(b, 4);
        break;
    case 1:
        c->slot = rnd(b, 2) != 0U ? b->io.params.slots + rnd(b, 3) : rnd(b, 256);
        break;
    case 2:
        c->layer = rnd(b, 2) != 0U ? b->io.cfg.layers + rnd(b, 3) : rnd(b, 256);
        break;
    case 3:
        c->head = rnd(b, 2) != 0U ? b->io.cfg.heads + rnd(b, 3) : rnd(b, 256);
        break;
    case 4:
        c->pos = (c->pos + rnd(b, 5) - 2U) & 0x3FFFFU;
        break;
    case 5:
        c->pos ^= 1U << rnd(b, 18);
        break;
    case 6:
        c->count = rnd(b, 2) == 0U ? 0U : rnd(b, 64);
        break;
    case 7:
        c->kind ^= 1U;
        break;
    case 8:
        *c = b->cmd; /* once more */
        break;
    default:
        c->pos = (c->pos & ~31U) + 32U;
        break;
    }
    c->slot &= 255U;
    c->layer &= 255U;
    c->head &= 255U;
}

static void make_command(bench_t *b) {
    kv_cmd_t *c = &b->io.kc;
    const kv_cmd_cfg_t *cfg = &b->io.cfg;
    const unsigned slots = rnd(b, 8) == 0U ? b->io.params.slots : b->users;
    *c = (kv_cmd_t){.slot = rnd(b, slots), .op = APPEND, .count = 1};
    if (b->t.cfg_bad) {
        c->op = rnd(b, 2);
        return;
    }
    c->layer = rnd(b, cfg->layers);
    c->head = rnd(b, cfg->heads);
    c->kind = rnd(b, 2);
    const unsigned len = b->t.slot[c->slot].len[c->layer][c->head][c->kind];
    if (rnd(b, 4) == 0U && len > 0U) {
        c->op = STREAM;
        c->pos = rnd(b, (len + 31U) / 32U) * 32U;
        const unsigned rest = len - c->pos < 32U ? len - c->pos : 32U;
        c->count = rnd(b, 3) == 0U ? 1U + rnd(b, rest) : rest;
    } else {
        /* the next missing part of the layer's position, from a random one on */
        const unsigned base = kv_tables_length(&b->t, c->slot, c->layer);
        for (unsigned i = 0; i < 2U * cfg->heads; i++) {
            if (b->t.slot[c->slot].len[c->layer][c->head][c->kind] == base) {
                break;
            }
            c->kind ^= 1U;
            c->head = c->kind == 0U ? (c->head + 1U) % cfg->heads : c->head;
        }
        c->pos = b->t.slot[c->slot].len[c->layer][c->head][c->kind];
    }
    if (rnd(b, 1000) < b->bad_rate) {
        spoil(b, c);
    }
}

/* The longest legal length for a TRUNCATE of the slot or a FORK from it. */
static unsigned slot_length(const bench_t *b, unsigned slot) {
    unsigned least = b->t.cfg_bad ? 0U : ~0U;
    for (unsigned l = 0; l < b->t.cfg.layers && !b->t.cfg_bad; l++) {
        const unsigned len = kv_tables_length(&b->t, slot, l);
        least = len < least ? len : least;
    }
    return least;
}

static void make_admin(bench_t *b) {
    kv_admin_t *a = &b->io.ad;
    const unsigned roll = rnd(b, 16), first = rnd(b, b->users);
    unsigned slot = rnd(b, b->io.params.slots), src = rnd(b, b->users);
    /* Mostly fork from a slot that has something to one that is empty. */
    for (unsigned i = 0; roll < 8U && i < b->io.params.slots; i++) {
        const unsigned s = (first + i) % b->io.params.slots;
        slot = b->t.slot[s].blocks == 0U ? s : slot;
        src = slot_length(b, s) > slot_length(b, src) ? s : src;
    }
    const unsigned least = slot_length(b, roll < 8U ? src : slot);
    *a = (kv_admin_t){.slot = slot, .src = src, .len = rnd(b, least + 1U)};
    if (rnd(b, 4) == 0U) {
        a->len = least;
    } else if (rnd(b, 4) == 0U) {
        a->len &= ~31U;
    } else if (rnd(b, 16) == 0U) {
        a->len = least + rnd(b, 3) * (1U << rnd(b, 16));
    }
    a->len &= 0x3FFFFU;
    a->op = roll < 8U ? FORK : (roll < 11U ? FREE : (roll < 15U ? TRUNCATE : QUOTA));
    if (a->op == QUOTA) {
        a->len =
            rnd(b, 4) != 0U ? b->io.params.blocks - rnd(b, 2) : rnd(b, b->io.params.blocks + 3U);
    }
    if (rnd(b, 1000) < b->bad_rate) {
        a->slot = rnd(b, 2) != 0U ? b->io.params.slots : rnd(b, 256);
    } else if (rnd(b, 1000) < b->bad_rate) {
        a->src = rnd(b, 2) != 0U ? b->io.params.slots : rnd(b, 256);
    }
    a->slot &= 255U;
    a->src &= 255U;
}

/* --- one clock ---------------------------------------------------------------------------------
 */

static bool late(bench_t *b, unsigned slow) {
    return rnd(b, slow + 1U) != 0U;
}

static void drive_engines(bench_t *b) {
    kv_cmd_io_t *io = &b->io;
    io->job_ready = !late(b, b->slow_job);
    b->flush_ok = io->flush_req && (b->flush_ok || !late(b, b->slow_flush));
    io->flush_done = b->flush_ok;
    const unsigned slow = io->pe_urgent ? b->slow_pe / 4U : b->slow_pe;
    io->pe_ready = !late(b, slow / 4U);
    io->pe_done = b->pe_run && !late(b, slow);
}

static void see_job(bench_t *b) {
    const kv_cmd_io_t *io = &b->io;
    if (io->job_valid && !b->job_held) {
        require(b, b->busy, "a job without a command");
        const char *wrong = kv_tables_job(&b->t, &b->cmd, &io->job, io->inject);
        require(b, wrong == NULL, wrong);
        require(b, !b->t.copied, "a copy that nobody uses");
        b->seen[io->job.status & 7U]++;
        if (io->job.status != 0U) {
            b->refused[io->job.status & 3U]++;
        }
        if (!b->admin) {
            require(b, io->used == kv_tables_used(&b->t, false) || (b->cycle & 15U) != 0U,
                    "pages in use are counted wrong");
        }
        b->busy = false;
        const unsigned bound = b->cmd.op == STREAM ? 3U : 16U;
        require(b, b->own_clocks <= bound, "the answer comes later than the bound");
        b->job = io->job;
        b->job_held = true;
    } else if (b->job_held) {
        require(b, io->job_valid && memcmp(&b->job, &io->job, sizeof b->job) == 0,
                "a waiting job changed");
    }
    if (b->job_held && io->job_ready) {
        b->job_held = false;
    }
}

static void see_pages(bench_t *b) {
    const kv_cmd_io_t *io = &b->io;
    if (b->pe_offer || b->pe_run) {
        require(b, !b->pe_offer || io->pe_valid, "the page port dropped its request");
        require(b,
                io->pe.copy == b->pe.copy && io->pe.dst_base == b->pe.dst_base &&
                    io->pe.dst_rot == b->pe.dst_rot &&
                    (io->pe.copy == 0U || memcmp(&io->pe, &b->pe, sizeof b->pe) == 0),
                "the page port changed its request");
    }
    if (b->pe_run && io->pe_done) {
        kv_tables_page_end(&b->t, &b->pe);
        b->pe_run = false;
        b->pe_offer = false;
    } else if (io->pe_valid) {
        require(b, !b->pe_run, "a second page request");
        if (!b->pe_offer) {
            const char *wrong = kv_tables_page_start(&b->t, &io->pe);
            require(b, wrong == NULL, wrong);
            require(b, io->pe.copy == 0U || io->pe_urgent, "a copy that is not urgent");
        }
        b->pe = io->pe;
        b->pe_offer = !io->pe_ready;
        b->pe_run = io->pe_ready;
    }
}

static void see_admin(bench_t *b) {
    kv_cmd_io_t *io = &b->io;
    require(b,
            !io->flush_req ||
                (b->admin && !b->flushed && !io->job_valid && !b->busy && !io->kc_ready),
            "a flush at the wrong time");
    if (io->flush_req && io->flush_done) {
        b->ad_expect = kv_tables_admin(&b->t, &b->ad);
        b->flushed = true;
        b->quiet_clocks = 0;
        b->flush_commands = b->commands;
    } else if (b->flushed && !b->busy && !b->job_held) {
        b->quiet_clocks++;
        require(b,
                b->quiet_clocks < 20U + 6U * (2U + 2U * io->cfg.layers + io->params.blocks) +
                                      b->commands - b->flush_commands,
                "administration takes too many steps");
    }
    require(b,
            !b->flushed ||
                b->commands - b->flush_commands < 6U + 2U * io->cfg.layers + io->params.blocks,
            "commands keep the administration from its steps");
    if (io->ad_done) {
        require(b, b->flushed && io->ad_status == b->ad_expect, "administration ends wrongly");
        if (io->ad_status != 0U) {
            b->refused[io->ad_status & 3U]++;
        }
        kv_tables_admin_end(&b->t);
        b->admin = false;
        b->flushed = false;
        b->admins++;
    }
    if (io->ad_valid && io->ad_ready) {
        b->admin = true;
        b->ad = io->ad;
        io->ad_valid = false;
    }
}

static void see_command(bench_t *b) {
    kv_cmd_io_t *io = &b->io;
    const bool accept = io->kc_valid && io->kc_ready;
    const bool held =
        b->admin && (!b->flushed || io->kc.slot == b->ad.slot || io->kc.slot == b->ad.src);
    b->wait_clocks = io->kc_valid && io->ready && !accept && !b->busy && !io->job_valid && !held
                         ? b->wait_clocks + 1U
                         : 0U;
    require(b, b->wait_clocks <= 6U, "a command is kept waiting");
    if (accept) {
        require(b, !b->busy && !b->job_held, "a command was taken too early");
        b->busy = true;
        b->cmd = io->kc;
        b->own_clocks = 0;
        b->commands++;
        io->kc_valid = false;
    }
}

static void clock(bench_t *b) {
    kv_cmd_io_t *io = &b->io;
    drive_engines(b);
    kv_cmd_dut_settle(io);
    if (b->busy && !io->pe_valid && !b->pe_run) {
        b->own_clocks++;
    }
    b->busy_clocks = b->busy && !io->pe_done ? b->busy_clocks + 1U : 0U;
    require(b, b->busy_clocks <= 10U || io->job_valid || io->pe_urgent,
            "waits for a page without urgency");
    b->stuck_clocks = (b->busy || b->job_held || b->admin) ? b->stuck_clocks + 1U : 0U;
    if (io->job_valid || io->ad_done) {
        b->stuck_clocks = 0;
    }
    require(b, b->stuck_clocks < WATCHDOG, "nothing happens any more");
    if (io->rst_n) {
        see_job(b);
        see_pages(b);
        see_admin(b);
        see_command(b);
    }
    kv_cmd_dut_edge();
    b->cycle++;
}

/* --- an epoch: one configuration ---------------------------------------------------------------
 */

static void make_config(bench_t *b) {
    const kv_cmd_params_t *p = &b->io.params;
    kv_cmd_cfg_t *c = &b->io.cfg;
    const unsigned room = 1U << p->la, banks = 1U << p->ba_bits;
    c->layers = 1U + rnd(b, rnd(b, 2) != 0U ? p->layers : 1U);
    c->heads = 1U + rnd(b, rnd(b, 2) != 0U ? p->heads : 1U);
    c->nbh = 1U + rnd(b, p->nbh);
    c->pages = rnd(b, 3) != 0U ? p->pages : rnd(b, p->pages + 1U);
    c->step = rnd(b, banks);
    const unsigned chunks = 2U * c->layers * c->heads;
    const unsigned most = room / 2U * banks / chunks / (c->pages + 1U) * 5U / 2U;
    c->chunk = 1U + rnd(b, most);
    c->part = (chunks * c->chunk + banks - 1U) / banks;
    while (c->part + c->chunk > room) {
        c->chunk = (c->chunk + 1U) / 2U;
        c->part = (chunks * c->chunk + banks - 1U) / banks;
    }
    if (rnd(b, 4) == 0U && c->part + c->chunk + 8U <= room) {
        c->part += rnd(b, 8);
    } else if (rnd(b, 4) == 0U && c->part <= room / 4U && c->chunk <= room / 2U) {
        /* pages that fill the device exactly */
        while (room % c->part != 0U || room / c->part > p->pages) {
            c->part++;
        }
        c->pages = room / c->part;
    }
    if (rnd(b, 3) != 0U) {
        return;
    }
    switch (rnd(b, 9)) {
    case 0:
        c->layers = 0;
        break;
    case 1:
        c->layers = p->layers + 1U; /* with parts that are large enough */
        c->part = 2U * c->layers * c->heads * c->chunk / banks + 1U;
        break;
    case 2:
        c->heads = 0;
        break;
    case 3:
        c->heads = p->heads + 1U;
        c->part = 2U * c->layers * c->heads * c->chunk / banks + 1U;
        break;
    case 4:
        c->nbh = 0;
        break;
    case 5:
        c->nbh = p->nbh + 1U;
        break;
    case 6:
        c->pages = p->pages + 1U;
        break;
    case 7:
        c->chunk = 0;
        break;
    default:
        c->part = (chunks * c->chunk + banks - 1U) / banks - 1U;
        break;
    }
}

static void make_temper(bench_t *b) {
    static const unsigned slow[4] = {0, 1, 5, 40};
    b->slow_job = slow[rnd(b, 3)];
    b->slow_pe = rnd(b, 2) * slow[rnd(b, 4)] * 20U;
    b->slow_flush = slow[rnd(b, 4)];
    b->users = rnd(b, 2) != 0U ? b->io.params.slots
                               : 1U + rnd(b, b->io.params.slots < 4U ? b->io.params.slots : 4U);
    b->admin_rate = rnd(b, 4) == 0U ? 0U : 1U << rnd(b, 7);
    b->bad_rate = slow[rnd(b, 4)] * 4U;
    b->inject_rate = rnd(b, 3) == 0U ? 40U : 0U;
}

/* A run that is long enough must have seen everything. */
static void check_coverage(const bench_t *b) {
    const bool forks = b->io.params.slots > 1U;
    require(b,
            b->seen[0] > 0U && b->seen[4] > 0U && b->seen[5] > 0U && b->seen[6] > 0U &&
                b->seen[7] > 0U,
            "not every status was seen; run longer");
    require(b, b->t.scrubs > 0U && (!forks || (b->t.copies > 0U && b->t.forks > b->t.copies / 2U)),
            "no scrubs or copies were seen; run longer");
}

static void until_idle(bench_t *b) {
    while (b->io.kc_valid || b->io.ad_valid || b->busy || b->job_held || b->admin) {
        clock(b);
    }
}

static void start(bench_t *b) {
    until_idle(b);
    make_config(b);
    b->io.cfg_start = true;
    b->io.inject = false;
    clock(b);
    b->io.cfg_start = false;
    for (unsigned wait = 0; wait == 0U || !b->io.ready; wait++) {
        require(b, wait < WATCHDOG, "never ready after the start");
        clock(b);
    }
    require(b, b->io.used == 0U && b->io.dirty == 0U, "pages in use after the start");
    kv_tables_start(&b->t, &b->io.params, &b->io.cfg);
    make_temper(b);
}

static void traffic(bench_t *b, unsigned commands) {
    const unsigned end = b->commands + commands;
    while (b->commands < end) {
        if (!b->io.kc_valid && rnd(b, 8) != 0U && !b->busy) {
            make_command(b);
            b->io.kc_valid = true;
        }
        if (!b->io.ad_valid && !b->admin && rnd(b, 2000) < b->admin_rate) {
            make_admin(b);
            b->io.ad_valid = true;
        }
        /* make room in a full memory */
        if (!b->io.ad_valid && !b->admin && b->job.status == 6U && rnd(b, 300) == 0U) {
            b->io.ad = (kv_admin_t){.op = FREE, .slot = rnd(b, b->io.params.slots)};
            b->io.ad_valid = true;
        }
        if (!b->busy) {
            /* a copied page has positions already, so it can be forked with its wrong tag */
            const unsigned rate = b->io.kc.pos % 32U != 0U ? 10U * b->inject_rate : b->inject_rate;
            b->io.inject = rnd(b, 1000) < rate;
        }
        clock(b);
    }
}

/* Everything freed and scrubbed: no page may be missing but those with a wrong tag. */
static void drain(bench_t *b) {
    until_idle(b);
    for (unsigned s = 0; s < b->io.params.slots; s++) {
        b->io.ad = (kv_admin_t){.op = FREE, .slot = s};
        b->io.ad_valid = true;
        until_idle(b);
    }
    for (unsigned wait = 0; b->io.dirty != 0U || b->pe_run || b->io.pe_valid; wait++) {
        require(b, wait < 100U * WATCHDOG, "the scrub never ends");
        clock(b);
    }
    clock(b);
    const unsigned used = kv_tables_used(&b->t, true);
    require(b, b->io.used == used && b->io.clean == b->io.cfg.pages - used, "pages are lost");
}

int kv_cmd_bench_main(int argc, char **argv) {
    static bench_t b;
    const unsigned commands = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 300000U;
    b.seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1U;
    b.rng = b.seed * 0x9E3779B97F4A7C15U + 1U;
    b.io.cfg = (kv_cmd_cfg_t){.layers = 1, .heads = 1, .nbh = 1, .pages = 1, .chunk = 1, .part = 1};
    for (unsigned i = 0; i < 4U; i++) {
        clock(&b);
    }
    b.io.rst_n = true;
    while (!b.io.ready) {
        clock(&b);
        require(&b, b.cycle < WATCHDOG, "never ready after reset");
    }
    kv_tables_start(&b.t, &b.io.params, &b.io.cfg);
    while (b.commands < commands) {
        start(&b);
        const unsigned left = commands - b.commands;
        const unsigned most = b.t.cfg_bad ? 100U : EPOCH;
        traffic(&b, left < most ? left : 1U + rnd(&b, most));
        if (!b.t.cfg_bad && (rnd(&b, 2) != 0U || b.commands >= commands)) {
            drain(&b);
        }
    }
    if (commands >= 50000U) {
        check_coverage(&b);
    }
    b.io.kc_valid = false;
    b.io.ad_valid = false;
    for (unsigned i = 0; i < REFUSED_LATE; i++) {
        clock(&b);
    }
    for (unsigned s = 0; s < 4U; s++) {
        require(&b, b.io.refused[s] == (b.refused[s] & 0xFFFFU), "refusals are counted wrong");
    }
    printf("%u commands (status 0 %u, 4 %u, 5 %u, 6 %u, 7 %u), %u administrations, %u pages taken, "
           "%u forked blocks, "
           "%u copies, %u scrubs, %llu clocks, seed %llu\n",
           b.commands, b.seen[0], b.seen[4], b.seen[5], b.seen[6], b.seen[7], b.admins, b.t.takes,
           b.t.forks, b.t.copies, b.t.scrubs, (unsigned long long)b.cycle,
           (unsigned long long)b.seed);
    printf("PASS kv_cmd_s%u\n", b.io.params.slots);
    return 0;
}
