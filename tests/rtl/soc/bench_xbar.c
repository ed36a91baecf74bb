/* SPDX-License-Identifier: Apache-2.0 */
/* mr_kv_xbar with random ports in front and random channels behind, each of any speed: every
 * command reaches its channel once and unchanged, in the order of its port, with its blocks; every
 * port gets its answers in the order of its commands, each beat compared; streams hold what they
 * offer; no command takes longer than a bound.
 *
 * usage: bench [SEED [CLOCKS]]
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xbar_dut.h"

enum {
    OPEN_MAX = 12,   /* of a port: more than the order's depth */
    CHANNEL_MAX = 8, /* of a channel */
    PHASE = 1000,    /* clocks of one speed */
    BOUND = 20000,   /* from offer to the last beat, in clocks */
    IDS = 1 << 18
};
enum { STREAM = 0, APPEND = 1 };

typedef struct {
    xbar_cmd_t cmd;
    uint32_t port, beats, status;
    uint32_t sent;  /* commands of this port before it */
    uint32_t since; /* clock of the offer */
    bool granted, arrived;
} command_t;

typedef struct {
    uint32_t id[16]; /* ring */
    uint32_t head, n;
} queue_t;

typedef struct {
    queue_t open;       /* commands taken from it, unanswered */
    uint32_t offered;   /* id of the command on offer */
    uint32_t writes;    /* id of the APPEND whose blocks pass */
    uint32_t owed, put; /* its blocks left, and passed */
    uint32_t beat;      /* of the oldest command */
    uint32_t sent, rate, head;
} port_t;

typedef struct {
    queue_t open;
    uint32_t writes, owed, put;
    uint32_t beat, rate;
    uint32_t last[XBAR_ENDS_MAX]; /* number of the last command of each port, plus 1 */
} channel_t;

static struct {
    const char *name;
    uint64_t random;
    uint32_t now, ports, channels, seed, next_id, commands, blocks, beats, ahead, early, longest;
    uint32_t pairs[XBAR_ENDS_MAX][XBAR_ENDS_MAX];
    command_t command[IDS];
    port_t port[XBAR_ENDS_MAX];
    channel_t channel[XBAR_ENDS_MAX];
    xbar_io_t io, before;
} w;

static void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("FAIL seed %" PRIu32 ", clock %" PRIu32 ": ", w.seed, w.now);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    exit(1);
}

static uint32_t below(uint32_t n) {
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return (uint32_t)(w.random >> 32) % n;
}

static bool chance(uint32_t percent) {
    return below(100) < percent;
}

/* Block i of a command, as data to write or as an answer. */
static xbar_block_t block_of(uint32_t id, uint32_t i, uint32_t kind) {
    xbar_block_t b;
    uint32_t x = id * 2654435761u + i * 40503u + kind * 97u + 1u;
    for (int k = 0; k < XBAR_BLOCK_WORDS; k++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        b.word[k] = x;
    }
    b.word[XBAR_BLOCK_WORDS - 1] &= 0xFFFFu;
    return b;
}

static bool same_block(const xbar_block_t *a, const xbar_block_t *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

static void push(queue_t *q, uint32_t id) {
    q->id[(q->head + q->n) % 16] = id;
    q->n++;
}

static uint32_t pop(queue_t *q) {
    const uint32_t id = q->id[q->head];
    q->head = (q->head + 1) % 16;
    q->n--;
    return id;
}

/* ---- checks at the end of a clock ---------------------------------------------------------- */

/* R2 of what the module offers. */
static void check_held(void) {
    for (uint32_t i = 0; i < w.ports; i++) {
        const xbar_end_t *a = &w.before.port[i];
        const xbar_end_t *b = &w.io.port[i];
        if (a->kr_valid && !a->kr_ready &&
            (!b->kr_valid || !same_block(&a->kr, &b->kr) || a->kr_last != b->kr_last ||
             a->status != b->status)) {
            fail("port %" PRIu32 ": an answer on offer changed", i);
        }
    }
    for (uint32_t i = 0; i < w.channels; i++) {
        const xbar_end_t *a = &w.before.channel[i];
        const xbar_end_t *b = &w.io.channel[i];
        if (a->kc_valid && !a->kc_ready &&
            (!b->kc_valid || memcmp(&a->cmd, &b->cmd, sizeof a->cmd) != 0)) {
            fail("channel %" PRIu32 ": a command on offer changed", i);
        }
        if (a->kw_valid && !a->kw_ready && (!b->kw_valid || !same_block(&a->kw, &b->kw))) {
            fail("channel %" PRIu32 ": a block on offer changed", i);
        }
    }
}

static void port_command(uint32_t i) {
    port_t *p = &w.port[i];
    command_t *c = &w.command[p->offered];
    if (p->owed != 0) {
        fail("port %" PRIu32 ": a command before the blocks of the last one", i);
    }
    c->granted = true;
    c->sent = ++p->sent;
    push(&p->open, p->offered);
    if (c->cmd.op == APPEND) {
        p->writes = p->offered;
        p->owed = w.io.nbh;
        p->put = 0;
    }
}

static void port_answer(uint32_t i, const xbar_end_t *e) {
    port_t *p = &w.port[i];
    if (p->open.n == 0) {
        fail("port %" PRIu32 ": an answer that nobody asked for", i);
    }
    const uint32_t id = p->open.id[p->open.head];
    const command_t *c = &w.command[id];
    const xbar_block_t want = block_of(id, p->beat, 1);
    if (!same_block(&e->kr, &want) || e->status != c->status ||
        e->kr_last != (p->beat + 1 == c->beats)) {
        fail("port %" PRIu32 ": beat %" PRIu32 " of command %" PRIu32 " differs", i, p->beat, id);
    }
    w.beats++;
    p->beat++;
    if (e->kr_last) {
        const uint32_t took = w.now - c->since;
        w.longest = took > w.longest ? took : w.longest;
        p->beat = 0;
        (void)pop(&p->open);
        w.commands++;
    }
}

static void channel_command(uint32_t i, const xbar_end_t *e) {
    channel_t *ch = &w.channel[i];
    const uint32_t id = e->cmd.pos; /* the bench's number of the command */
    command_t *c = &w.command[id];
    const uint32_t head = c->cmd.head;
    xbar_cmd_t want = c->cmd;
    want.head = head / w.channels;
    if (id >= w.next_id || !c->granted || c->arrived) {
        fail("channel %" PRIu32 ": command %" PRIu32 " was not sent, or comes twice", i, id);
    }
    if (head % w.channels != i || memcmp(&want, &e->cmd, sizeof want) != 0) {
        fail("channel %" PRIu32 ": command %" PRIu32 " of head %" PRIu32 " is wrong", i, id, head);
    }
    if (ch->last[c->port] >= c->sent) {
        fail("channel %" PRIu32 ": command %" PRIu32 " is out of order", i, id);
    }
    ch->last[c->port] = c->sent;
    c->arrived = true;
    push(&ch->open, id);
    w.pairs[c->port][i]++;
    if (c->cmd.op == APPEND) {
        ch->writes = id;
        ch->owed = w.io.nbh;
        ch->put = 0;
    }
}

static void channel_block(uint32_t i, const xbar_end_t *e) {
    channel_t *ch = &w.channel[i];
    const xbar_block_t want = block_of(ch->writes, ch->put, 0);
    if (!same_block(&e->kw, &want)) {
        fail("channel %" PRIu32 ": block %" PRIu32 " of command %" PRIu32 " differs", i, ch->put,
             ch->writes);
    }
    ch->put++;
    ch->owed--;
    w.blocks++;
}

/* Answers that wait although their port takes beats: of channels that are ahead. */
static void count_ahead(void) {
    for (uint32_t i = 0; i < w.channels; i++) {
        const xbar_end_t *e = &w.io.channel[i];
        const channel_t *ch = &w.channel[i];
        if (e->kr_valid && !e->kr_ready) {
            const uint32_t port = w.command[ch->open.id[ch->open.head]].port;
            w.ahead += w.io.port[port].kr_ready ? 1u : 0u;
        }
    }
}

static void observe(void) {
    const xbar_io_t *io = &w.io;
    if (!io->same) {
        fail("not what mr_kv_mux does");
    }
    check_held();
    count_ahead();
    /* Commands after blocks: a channel's block of this clock belongs to its command before. */
    for (uint32_t i = 0; i < w.ports; i++) {
        port_t *p = &w.port[i];
        const xbar_end_t *e = &io->port[i];
        w.early += e->kc_valid && p->owed != 0 ? 1u : 0u;
        if (e->kc_valid && e->kc_ready) {
            port_command(i);
        }
        if (e->kw_valid && e->kw_ready) {
            if (p->owed == 0) {
                fail("port %" PRIu32 ": a block that it does not owe", i);
            }
            p->put++;
            p->owed--;
        }
        if (e->kr_valid && e->kr_ready) {
            port_answer(i, e);
        }
    }
    for (uint32_t i = 0; i < w.channels; i++) {
        channel_t *ch = &w.channel[i];
        const xbar_end_t *e = &io->channel[i];
        if (e->kw_valid && e->kw_ready) {
            channel_block(i, e);
        }
        if (e->kr_valid && e->kr_ready) {
            ch->beat++;
            if (e->kr_last) {
                ch->beat = 0;
                (void)pop(&ch->open);
            }
        }
        if (e->kc_valid && e->kc_ready) {
            channel_command(i, e);
        }
    }
}

/* ---- what the ports and channels do in the next clock -------------------------------------- */

static void new_command(uint32_t i) {
    port_t *p = &w.port[i];
    const uint32_t id = w.next_id++;
    command_t *c = &w.command[id];
    const bool append = chance(40);
    if (w.next_id >= IDS) {
        fail("too many commands for one run");
    }
    p->head = chance(60) ? p->head : below(256);
    *c = (command_t){.port = i, .since = w.now};
    c->cmd = (xbar_cmd_t){append       ? APPEND
                          : chance(90) ? STREAM
                                       : 2 + below(2),
                          below(256),
                          below(256),
                          p->head,
                          below(2),
                          id,
                          1 + (chance(10) ? below(32) : below(3))};
    c->status = chance(15) ? 4 + below(4) : 0;
    c->beats = c->cmd.op != STREAM || c->status != 0 ? 1 : c->cmd.count * w.io.nbh;
    p->offered = id;
}

static void drive_port(uint32_t i) {
    port_t *p = &w.port[i];
    xbar_end_t *e = &w.io.port[i];
    if (e->kc_valid && e->kc_ready) {
        e->kc_valid = false;
    }
    if (!e->kc_valid && p->open.n < OPEN_MAX && chance(p->rate)) {
        new_command(i);
        e->kc_valid = true;
        e->cmd = w.command[p->offered].cmd;
    }
    e->kw_valid = p->owed != 0 && ((e->kw_valid && !e->kw_ready) || chance(p->rate));
    e->kw = block_of(p->writes, p->put, 0);
    e->kr_ready = chance(p->rate);
}

static void drive_channel(uint32_t i) {
    channel_t *ch = &w.channel[i];
    xbar_end_t *e = &w.io.channel[i];
    const bool held = e->kr_valid && !e->kr_ready;
    e->kc_ready = ch->owed == 0 && ch->open.n < CHANNEL_MAX && chance(ch->rate);
    e->kw_ready = ch->owed != 0 && chance(ch->rate);
    e->kr_valid = false;
    if (ch->open.n != 0) {
        const uint32_t id = ch->open.id[ch->open.head];
        const command_t *c = &w.command[id];
        const bool whole = c->cmd.op != APPEND || ch->writes != id || ch->owed == 0;
        e->kr_valid = whole && (held || chance(ch->rate));
        e->kr = block_of(id, ch->beat, 1);
        e->kr_last = ch->beat + 1 == c->beats;
        e->status = c->status;
    }
}

static uint32_t new_rate(void) {
    static const uint32_t rates[] = {100, 100, 70, 30, 8};
    return rates[below(5)];
}

static void drive(void) {
    if (w.now % PHASE == 0) {
        for (uint32_t i = 0; i < XBAR_ENDS_MAX; i++) {
            w.port[i].rate = new_rate();
            w.channel[i].rate = new_rate();
        }
    }
    for (uint32_t i = 0; i < w.ports; i++) {
        drive_port(i);
    }
    for (uint32_t i = 0; i < w.channels; i++) {
        drive_channel(i);
    }
}

static void check_ages(void) {
    for (uint32_t i = 0; i < w.ports; i++) {
        const port_t *p = &w.port[i];
        const bool open = p->open.n != 0;
        const uint32_t oldest = open ? p->open.id[p->open.head] : p->offered;
        if ((open || w.io.port[i].kc_valid) && w.now - w.command[oldest].since > BOUND) {
            fail("port %" PRIu32 ": command %" PRIu32 " does not end", i, oldest);
        }
    }
}

static void check_coverage(void) {
    bool seen = w.blocks != 0 && (w.channels == 1 || w.ahead > 100) && w.early > 100;
    for (uint32_t p = 0; p < w.ports; p++) {
        for (uint32_t c = 0; c < w.channels; c++) {
            seen = seen && w.pairs[p][c] > 20;
        }
    }
    if (!seen) {
        fail("too little traffic");
    }
}

int xbar_bench_main(const char *name, int ports, int channels, int argc, char **argv) {
    const uint32_t clocks = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 400000;
    w.name = name;
    w.seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1;
    w.random = w.seed * 0x9E3779B97F4A7C15u + 1u;
    w.ports = (uint32_t)ports;
    w.channels = (uint32_t)channels;
    w.io.nbh = 1 + below(4);
    for (int i = 0; i < 4; i++) {
        xbar_dut_settle(&w.io);
        xbar_dut_edge();
    }
    w.io.rst_n = true;
    for (w.now = 0; w.now < clocks; w.now++) {
        drive();
        xbar_dut_settle(&w.io);
        observe();
        check_ages();
        w.before = w.io;
        xbar_dut_edge();
    }
    printf("%s: commands %" PRIu32 ", beats %" PRIu32 ", blocks %" PRIu32 ", answers held %" PRIu32
           ", longest %" PRIu32 " clocks\n",
           name, w.commands, w.beats, w.blocks, w.ahead, w.longest);
    check_coverage();
    printf("PASS %s\n", name);
    return 0;
}
