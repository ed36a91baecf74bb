/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "serial": register accesses as requests over a serial line. */
#include "millrace/backend_serial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/regs.h"
#include "serial_frame.h"
#include "serial_port.h"

enum {
    PING_MS = 2000,      /* until nobody is there */
    RESEND_MS = 100,     /* until a request goes out again, at first */
    RESEND_MIN_MS = 10,  /* later, on a quick line */
    RESEND_MAX_MS = 500, /* after several times */
    WAIT_CYCLES = 65536, /* of one WAIT, so that it is answered soon */
    WAIT_LEAST = 1024,   /* a board runs on by more than that while the answer is on its way */
    WORDS_FIRST = 16,    /* of a block in a frame; grows, and is halved when a frame is lost */
    WORDS_MIN = 4,
    HEAD_BYTES = 4
};

typedef struct {
    int port;
    uint32_t baud;
    uint8_t seq;
    bool dead;
    mr_status_t dead_status;
    int64_t trip_us; /* of a request and its answer, smoothed; 0: none yet */
    uint8_t writes[MR_SERIAL_PAYLOAD_MAX + 1]; /* gathered segments */
    size_t n_writes;                           /* bytes */
    size_t segment;                            /* where the last one begins */
    uint32_t next;                             /* address behind it */
    mr_serial_receiver_t in;
    mr_serial_stats_t stats;
    char fault[320];
    char path[200];
} line_t;

static mr_status_t die(line_t *l, mr_status_t status, const char *text) {
    (void)snprintf(l->fault, sizeof l->fault, "serial line %s: %s", l->path, text);
    l->dead = true;
    l->dead_status = status;
    return status;
}

static int64_t line_ms(const line_t *l, size_t bytes) {
    return (int64_t)((uint64_t)bytes * 10000u / l->baud) + 1;
}

/* One frame out, and answers in until the one of the request's number. MR_TIMEOUT: none came in
 * `ms`, or a damaged one did, or one that asks for the frame again: send it again. */
static mr_status_t try_once(line_t *l, const uint8_t *frame, size_t n, int64_t ms) {
    uint8_t bytes[512];
    size_t got;
    l->stats.sent += n;
    const mr_status_t sent = mr_serial_port_write(l->port, frame, n, MR_SERIAL_PATIENCE_MS);
    if (sent != MR_OK) {
        return die(l, sent,
                   sent == MR_IO ? "the device vanished; plug it in and start again"
                                 : "takes no bytes; is its flow control on?");
    }
    l->in.n = 0;
    int64_t end = mr_serial_port_now_ms() + ms + line_ms(l, n);
    for (int64_t now; (now = mr_serial_port_now_ms()) < end;) {
        if (mr_serial_port_read(l->port, bytes, sizeof bytes, (int)(end - now), &got) != MR_OK) {
            return die(l, MR_IO, "the device vanished; plug it in and start again");
        }
        l->stats.received += got;
        for (size_t i = 0; i < got; i++) {
            const mr_serial_found_t found = mr_serial_take(&l->in, bytes[i]);
            if (found == MR_SERIAL_DAMAGED) {
                return MR_TIMEOUT;
            }
            if (found == MR_SERIAL_WHOLE && mr_serial_what(&l->in) == MR_SERIAL_AGAIN) {
                return MR_TIMEOUT;
            }
            if (found == MR_SERIAL_WHOLE && mr_serial_seq(&l->in) == frame[2]) {
                return MR_OK;
            }
        }
        if (got > 0) { /* a part: the rest follows at once or never */
            end = mr_serial_port_now_ms() + ms + line_ms(l, MR_SERIAL_FRAME_MAX);
        }
    }
    return MR_TIMEOUT;
}

/* Sends a request until its answer is there, which is then in l->in. */
static mr_status_t exchange(line_t *l, uint8_t command, const uint8_t *payload, size_t n,
                            int64_t patience_ms) {
    uint8_t frame[MR_SERIAL_FRAME_MAX];
    if (l->dead) {
        return l->dead_status;
    }
    const size_t bytes =
        mr_serial_frame(frame, MR_SERIAL_SYNC_REQUEST, ++l->seq, command, payload, (uint8_t)n);
    const int64_t start = mr_serial_port_now_ms();
    int64_t resend =
        l->trip_us == 0 || command == MR_SERIAL_WAIT ? RESEND_MS : 4 * l->trip_us / 1000 + 1;
    resend = resend < RESEND_MIN_MS ? RESEND_MIN_MS : resend;
    l->stats.requests++;
    for (uint32_t tries = 0;; tries++) {
        const int64_t sent = mr_serial_port_now_us();
        const mr_status_t status = try_once(l, frame, bytes, resend);
        const int64_t took = mr_serial_port_now_us() - sent;
        if (status == MR_OK) {
            if (tries == 0 && command != MR_SERIAL_WAIT) {
                l->trip_us = l->trip_us == 0 ? took : (7 * l->trip_us + took) / 8;
                l->stats.words_max += l->stats.words_max < MR_SERIAL_WRITE_MAX ? 1u : 0u;
            }
            return MR_OK;
        }
        if (l->dead) {
            return status;
        }
        if (mr_serial_port_now_ms() - start >= patience_ms) {
            return die(l, MR_TIMEOUT,
                       "no answer; check the board's power, bitstream and baud rate");
        }
        l->stats.retries++;
        if (l->stats.words_max > WORDS_MIN && tries < 2) {
            l->stats.words_max -= l->stats.words_max / 3u;
        }
        if (took >= resend * 1000) {
            resend = 2 * resend < RESEND_MAX_MS ? 2 * resend : RESEND_MAX_MS;
        }
    }
}

/* The status that came back, as ours. */
static mr_status_t answered(line_t *l) {
    switch (mr_serial_what(&l->in)) {
    case MR_SERIAL_OK:
        return MR_OK;
    case MR_SERIAL_BUS_ERROR:
        return MR_DEVICE;
    case MR_SERIAL_BUS_TIMEOUT:
        return MR_TIMEOUT;
    default:
        return die(l, MR_IO, "the board refuses a request; its bitstream is of another version");
    }
}

static mr_status_t request(line_t *l, uint8_t command, const uint8_t *payload, size_t n) {
    MR_TRY(exchange(l, command, payload, n, MR_SERIAL_PATIENCE_MS));
    return answered(l);
}

/* Sends what is gathered. */
static mr_status_t flush(line_t *l) {
    const size_t n = l->n_writes;
    l->n_writes = 0;
    return n > 0 ? request(l, MR_SERIAL_WRITE, l->writes, n) : MR_OK;
}

static mr_status_t gather(line_t *l, uint32_t addr, uint32_t word) {
    const size_t limit = HEAD_BYTES + 4u * (size_t)l->stats.words_max;
    const bool goes_on = l->n_writes > 0 && addr == l->next;
    if (l->n_writes > 0 && l->n_writes + 4u + (goes_on ? 0u : HEAD_BYTES) > limit) {
        MR_TRY(flush(l));
    }
    if (l->n_writes == 0 || !goes_on) {
        l->segment = l->n_writes;
        mr_serial_put32(l->writes + l->segment, addr);
        l->n_writes += HEAD_BYTES;
    }
    l->writes[l->segment + 3]++;
    mr_serial_put32(l->writes + l->n_writes, word);
    l->n_writes += 4u;
    l->next = addr + 4u;
    return MR_OK;
}

static bool posted(uint32_t addr) {
    return addr >= MR_WINDOW_BASE && addr - MR_WINDOW_BASE < MR_WINDOW_SIZE;
}

static bool legal(uint32_t addr) {
    return addr < UINT32_C(1) << 24;
}

static mr_status_t serial_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    line_t *l = ctx;
    if (addr % 4u != 0) {
        return MR_ALIGN;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = addr + (uint32_t)i * 4u;
        if (!legal(at)) {
            return MR_DEVICE;
        }
        MR_TRY(gather(l, at, words[i]));
    }
    if (l->dead) {
        return l->dead_status;
    }
    return n > 0 && !posted(addr + (uint32_t)(n - 1u) * 4u) ? flush(l) : MR_OK;
}

static mr_status_t serial_write32(void *ctx, uint32_t addr, uint32_t value) {
    return serial_write_block(ctx, addr, &value, 1);
}

static mr_status_t serial_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    line_t *l = ctx;
    if (addr % 4u != 0) {
        return MR_ALIGN;
    }
    MR_TRY(flush(l));
    while (n > 0) {
        const size_t part = n < l->stats.words_max ? n : l->stats.words_max;
        uint8_t head[HEAD_BYTES];
        size_t bytes;
        if (!legal(addr + (uint32_t)(part - 1u) * 4u)) {
            return MR_DEVICE;
        }
        mr_serial_put32(head, addr | (uint32_t)part << 24);
        MR_TRY(request(l, MR_SERIAL_READ, head, sizeof head));
        const uint8_t *payload = mr_serial_payload(&l->in, &bytes);
        if (bytes != 4u * part) {
            return die(l, MR_IO,
                       "an answer of the wrong length; the bitstream is of another version");
        }
        for (size_t i = 0; i < part; i++) {
            words[i] = mr_serial_get32(payload + 4u * i);
        }
        addr += (uint32_t)part * 4u;
        words += part;
        n -= part;
    }
    return MR_OK;
}

static mr_status_t serial_read32(void *ctx, uint32_t addr, uint32_t *value) {
    return serial_read_block(ctx, addr, value, 1);
}

static mr_status_t serial_wait(void *ctx, uint32_t cycles) {
    line_t *l = ctx;
    MR_TRY(flush(l));
    while (cycles > 0) {
        const uint32_t part = cycles < WAIT_CYCLES ? cycles : WAIT_CYCLES;
        uint8_t payload[4];
        mr_serial_put32(payload, part < WAIT_LEAST ? WAIT_LEAST : part);
        MR_TRY(request(l, MR_SERIAL_WAIT, payload, sizeof payload));
        cycles -= part;
    }
    return MR_OK;
}

static void serial_close(void *ctx) {
    line_t *l = ctx;
    const mr_status_t ignored = flush(l); /* nobody is left to hear of it */
    (void)ignored;
    mr_serial_port_close(l->port);
    free(l);
}

static const mr_mmio_ops_t ops = {serial_read32,      serial_write32, serial_read_block,
                                  serial_write_block, serial_wait,    serial_close};

/* Asks who is there. */
static mr_status_t meet(line_t *l, char *why, size_t size) {
    size_t n;
    mr_serial_port_flush(l->port);
    const mr_status_t status = exchange(l, MR_SERIAL_PING, NULL, 0, PING_MS);
    if (status != MR_OK) {
        (void)snprintf(why, size, "%s", l->fault);
        return status;
    }
    const uint8_t *payload = mr_serial_payload(&l->in, &n);
    if (mr_serial_what(&l->in) != MR_SERIAL_OK || n < MR_SERIAL_PING_BYTES ||
        memcmp(payload, "MRSL", 4) != 0) {
        (void)snprintf(why, size, "serial line %s: what answers is no Millrace board", l->path);
        return MR_IDENTITY;
    }
    if (payload[4] != MR_SERIAL_VERSION) {
        (void)snprintf(why, size,
                       "serial line %s: the board speaks version %u of the protocol, this program "
                       "version %u; program the board anew",
                       l->path, (unsigned)payload[4], (unsigned)MR_SERIAL_VERSION);
        return MR_IDENTITY;
    }
    l->stats.retries = 0; /* those before somebody was there */
    l->stats.words_max = WORDS_FIRST;
    return MR_OK;
}

bool mr_backend_serial_baud(uint32_t baud) {
    return mr_serial_port_baud(baud);
}

const char *mr_backend_serial_bauds(void) {
    return mr_serial_port_bauds();
}

mr_status_t mr_backend_serial_open(const char *path, uint32_t baud, mr_mmio_t *mmio, char *why,
                                   size_t size) {
    line_t *l = calloc(1, sizeof *l);
    if (l == NULL) {
        (void)snprintf(why, size, "out of memory; close other programs");
        return MR_NO_MEMORY;
    }
    (void)snprintf(l->path, sizeof l->path, "%s", path);
    l->baud = baud;
    l->in.sync = MR_SERIAL_SYNC_ANSWER;
    l->stats.words_max = WORDS_FIRST;
    /* Any number does: a ping makes the board forget the last one. */
    l->seq = (uint8_t)mr_serial_port_now_ms();
    mr_status_t status = mr_serial_port_open(path, baud, &l->port, why, size);
    if (status == MR_OK) {
        status = meet(l, why, size);
        if (status != MR_OK) {
            mr_serial_port_close(l->port);
        }
    }
    if (status != MR_OK) {
        free(l);
        return status;
    }
    mmio->ops = &ops;
    mmio->ctx = l;
    return MR_OK;
}

mr_status_t mr_backend_serial_stats(const mr_mmio_t *mmio, mr_serial_stats_t *stats) {
    if (mmio->ops != &ops) {
        return MR_UNSUPPORTED;
    }
    *stats = ((const line_t *)mmio->ctx)->stats;
    return MR_OK;
}

const char *mr_backend_serial_fault(const mr_mmio_t *mmio) {
    const line_t *l = mmio->ctx;
    return mmio->ops == &ops && l->dead ? l->fault : NULL;
}
