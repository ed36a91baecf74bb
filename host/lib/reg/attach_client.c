/* SPDX-License-Identifier: Apache-2.0 */
/* The client: a device that another process runs. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "reg/attach.h"
#include "reg/attach_dir.h"
#include "reg/attach_wire.h"

/* The first answer and a later one together stay below two seconds. */
#define HELLO_MS 1000
#define ANSWER_MS 900
#define PAUSE_NS 1000000

typedef struct {
    int fd;
    bool held; /* the device stands still */
    char path[MR_ATTACH_PATH_BYTES];
    char about[MR_ATTACH_TEXT_BYTES];
    char problem[2u * MR_ATTACH_TEXT_BYTES];
} client_t;

__attribute__((format(printf, 3, 4))) static mr_status_t complain(client_t *c, mr_status_t status,
                                                                  const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->problem, sizeof c->problem, format, args);
    va_end(args);
    return status;
}

static mr_status_t gone(client_t *c) {
    return complain(c, MR_IO, "the process at '%s' has ended, or closed its device", c->path);
}

/* Waits for the answer for so long. */
static mr_status_t receive(client_t *c, mr_attach_answer_t *a, int limit_ms) {
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};
    struct timespec start;
    struct timespec now;
    *a = (mr_attach_answer_t){.magic = 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (int left = limit_ms; left > 0;) {
        const int ready = poll(&fd, 1, left);
        if (ready > 0) {
            const ssize_t n = recv(c->fd, a, sizeof *a, MSG_DONTWAIT);
            if (n <= 0) {
                return gone(c);
            }
            const size_t body = a->is_text != 0 ? a->n : 4u * (size_t)a->n;
            if ((size_t)n < MR_ATTACH_HEAD_BYTES || a->magic != MR_ATTACH_MAGIC ||
                a->n > sizeof a->u.text || (size_t)n != MR_ATTACH_HEAD_BYTES + body) {
                return complain(c, MR_UNSUPPORTED,
                                "what answers at '%s' is no millrace of this version", c->path);
            }
            a->u.text[sizeof a->u.text - 1u] = '\0';
            return MR_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return gone(c);
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        left = limit_ms -
               (int)((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
    }
    return complain(
        c, MR_TIMEOUT,
        "the process at '%s' does not answer: it is stopped, or hangs outside its device", c->path);
}

static mr_status_t call(client_t *c, const mr_attach_request_t *q, mr_attach_answer_t *a) {
    const size_t bytes = MR_ATTACH_HEAD_BYTES + (q->op == MR_ATTACH_WRITE ? 4u * (size_t)q->n : 0);
    c->problem[0] = '\0';
    if (send(c->fd, q, bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)bytes) {
        return gone(c);
    }
    MR_TRY(receive(c, a, q->op == MR_ATTACH_HELLO ? HELLO_MS : ANSWER_MS));
    if (a->status != MR_OK && a->is_text != 0) {
        (void)complain(c, MR_DEVICE, "the device stopped: %s", a->u.text);
    }
    return (mr_status_t)a->status;
}

static mr_status_t command(client_t *c, uint32_t op) {
    const mr_attach_request_t q = {.magic = MR_ATTACH_MAGIC, .op = op};
    mr_attach_answer_t a = {.magic = 0};
    return call(c, &q, &a);
}

static mr_status_t client_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t done = 0; done < n;) {
        mr_attach_answer_t a = {.magic = 0};
        const mr_attach_request_t q = {.magic = MR_ATTACH_MAGIC,
                                       .op = MR_ATTACH_READ,
                                       .addr = addr + 4u * (uint32_t)done,
                                       .n = n - done < MR_ATTACH_WORDS ? (uint32_t)(n - done)
                                                                       : MR_ATTACH_WORDS};
        MR_TRY(call(ctx, &q, &a));
        if (a.n != q.n || a.is_text != 0) {
            return complain(ctx, MR_IO, "the other process gave a wrong answer");
        }
        memcpy(words + done, a.u.words, q.n * sizeof *words);
        done += q.n;
    }
    return MR_OK;
}

static mr_status_t client_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    for (size_t done = 0; done < n;) {
        mr_attach_answer_t a = {.magic = 0};
        mr_attach_request_t q = {.magic = MR_ATTACH_MAGIC,
                                 .op = MR_ATTACH_WRITE,
                                 .addr = addr + 4u * (uint32_t)done,
                                 .n = n - done < MR_ATTACH_WORDS ? (uint32_t)(n - done)
                                                                 : MR_ATTACH_WORDS};
        memcpy(q.words, words + done, q.n * sizeof *words);
        MR_TRY(call(ctx, &q, &a));
        done += q.n;
    }
    return MR_OK;
}

static mr_status_t client_read32(void *ctx, uint32_t addr, uint32_t *value) {
    return client_read_block(ctx, addr, value, 1);
}

static mr_status_t client_write32(void *ctx, uint32_t addr, uint32_t value) {
    return client_write_block(ctx, addr, &value, 1);
}

static mr_status_t hold(client_t *c, bool held) {
    MR_TRY(command(c, held ? MR_ATTACH_HOLD : MR_ATTACH_RELEASE));
    c->held = held;
    return MR_OK;
}

static mr_status_t client_wait(void *ctx, uint32_t cycles) {
    const struct timespec pause = {0, PAUSE_NS};
    client_t *c = ctx;
    const bool held = c->held;
    if (cycles == 0) {
        return MR_OK;
    }
    if (held) {
        MR_TRY(hold(c, false));
    }
    (void)nanosleep(&pause, NULL);
    return held ? hold(c, true) : MR_OK;
}

static void client_close(void *ctx) {
    client_t *c = ctx;
    (void)close(c->fd);
    free(c);
}

static const mr_mmio_ops_t ops = {client_read32,      client_write32, client_read_block,
                                  client_write_block, client_wait,    client_close};

mr_status_t mr_attach_hold(const mr_mmio_t *mmio, bool held) {
    return mmio->ops == &ops ? hold(mmio->ctx, held) : MR_OK;
}

const char *mr_attach_about(const mr_mmio_t *mmio) {
    return mmio->ops == &ops ? ((const client_t *)mmio->ctx)->about : NULL;
}

const char *mr_attach_problem(const mr_mmio_t *mmio) {
    const client_t *c = mmio->ops == &ops ? mmio->ctx : NULL;
    return c != NULL && c->problem[0] != '\0' ? c->problem : NULL;
}

/* Connects and says hello. */
static mr_status_t greet(client_t *c) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const mr_attach_request_t hello = {.magic = MR_ATTACH_MAGIC, .op = MR_ATTACH_HELLO};
    mr_attach_answer_t a = {.magic = 0};
    memcpy(address.sun_path, c->path, sizeof c->path);
    c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        return complain(c, MR_IO, "no socket: %s", strerror(errno));
    }
    if (connect(c->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        const int reason = errno;
        if (reason == EAGAIN) { /* its queue is full: it takes nobody in */
            return complain(c, MR_TIMEOUT, "the process at '%s' does not answer", c->path);
        }
        return complain(c, MR_NOT_FOUND, "nobody to attach to at '%s': %s", c->path,
                        strerror(reason));
    }
    const mr_status_t status = call(c, &hello, &a);
    if (status == MR_IO) {
        return complain(c, MR_IO, "the process at '%s' takes no more visitors, or just ended",
                        c->path);
    }
    MR_TRY(status);
    c->held = true;
    (void)snprintf(c->about, sizeof c->about, "%s", a.is_text != 0 ? a.u.text : "?\t?");
    return MR_OK;
}

mr_status_t mr_attach_connect(const char *path, mr_mmio_t *mmio, char why[MR_ATTACH_TEXT_BYTES]) {
    client_t *c = calloc(1, sizeof *c);
    if (c == NULL || strlen(path) >= sizeof c->path) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "%s",
                       c == NULL ? "out of memory" : "the path of the socket is too long");
        free(c);
        return c == NULL ? MR_NO_MEMORY : MR_NOT_FOUND;
    }
    memcpy(c->path, path, strlen(path) + 1u);
    const mr_status_t status = greet(c);
    if (status != MR_OK) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "%.250s", c->problem);
        if (c->fd >= 0) {
            (void)close(c->fd);
        }
        free(c);
        return status;
    }
    *mmio = (mr_mmio_t){&ops, c};
    return MR_OK;
}
