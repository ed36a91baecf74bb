/* SPDX-License-Identifier: Apache-2.0 */
/* The server: a wrapper around a device. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "millrace/regs.h"
#include "reg/attach.h"
#include "reg/attach_dir.h"
#include "reg/attach_wire.h"
#include "reg/reg_name.h"

#define CLIENTS 8u
#define SERVE_NS 5000000u   /* between two looks at the socket */
#define HOLD_NS 1000000000u /* without an access, then the device goes on */
#define WAIT_CYCLES 64u     /* of the device between two looks at the time */
#define BLOCK_WORDS 256u
#define NO_ADDRESS UINT32_MAX

typedef struct {
    int fd; /* -1: none */
    bool greeted;
    bool hold;
    uint64_t last_ns; /* of its last message */
} client_t;

typedef struct {
    mr_mmio_t inner;
    const char *(*fault)(const mr_mmio_t *mmio);
    int listener;
    char path[MR_ATTACH_PATH_BYTES];
    char about[MR_ATTACH_TEXT_BYTES];
    client_t client[CLIENTS];
    uint64_t served_ns;
    uint32_t last_read; /* address that the process read just before, or NO_ADDRESS */
    bool moved;         /* a client changed the memory window */
    uint32_t target;    /* MEM_TARGET and MEM_BASE as the process left them */
    uint32_t base;
} server_t;

static uint64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void drop(client_t *c) {
    (void)close(c->fd);
    c->fd = -1;
    c->hold = false;
}

/* ---- answers ---- */

static bool is_window(uint32_t addr) {
    return addr == MR_CHIP_BASE + MR_CHIP_MEM_TARGET_OFFSET ||
           addr == MR_CHIP_BASE + MR_CHIP_MEM_BASE_OFFSET;
}

static mr_status_t access_device(server_t *s, const mr_attach_request_t *q, mr_attach_answer_t *a) {
    if (q->n == 0 || q->n > MR_ATTACH_WORDS) {
        return MR_ARG;
    }
    if (q->op == MR_ATTACH_READ) {
        a->n = q->n;
        return mr_mmio_read_block(&s->inner, q->addr, a->u.words, q->n);
    }
    for (uint32_t i = 0; i < q->n; i++) {
        s->moved = s->moved || is_window(q->addr + 4u * i);
    }
    return mr_mmio_write_block(&s->inner, q->addr, q->words, q->n);
}

static void set_text(mr_attach_answer_t *a, const char *text) {
    (void)snprintf(a->u.text, sizeof a->u.text, "%s", text);
    a->n = (uint32_t)strlen(a->u.text) + 1u;
    a->is_text = 1;
}

/* @return false when the client talks nonsense. */
static bool answer(server_t *s, client_t *c, const mr_attach_request_t *q, mr_attach_answer_t *a) {
    *a = (mr_attach_answer_t){.magic = MR_ATTACH_MAGIC, .status = MR_OK};
    if (q->magic != MR_ATTACH_MAGIC || (!c->greeted && q->op != MR_ATTACH_HELLO)) {
        return false;
    }
    switch (q->op) {
    case MR_ATTACH_HELLO:
        c->greeted = true;
        c->hold = true;
        set_text(a, s->about);
        return true;
    case MR_ATTACH_READ:
    case MR_ATTACH_WRITE:
        a->status = access_device(s, q, a);
        break;
    case MR_ATTACH_HOLD:
    case MR_ATTACH_RELEASE:
        c->hold = q->op == MR_ATTACH_HOLD;
        return true;
    default:
        return false;
    }
    if (a->status != MR_OK) {
        const char *fault = s->fault(&s->inner);
        a->n = 0;
        if (fault != NULL) {
            set_text(a, fault);
        }
    }
    return true;
}

/* Takes one message of a client, if there is one. */
static void serve_client(server_t *s, client_t *c) {
    mr_attach_request_t q;
    mr_attach_answer_t a;
    const ssize_t got = recv(c->fd, &q, sizeof q, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    const bool whole = got >= (ssize_t)MR_ATTACH_HEAD_BYTES;
    const size_t words = whole && q.op == MR_ATTACH_WRITE && q.n <= MR_ATTACH_WORDS ? q.n : 0;
    if (!whole || (size_t)got != MR_ATTACH_HEAD_BYTES + 4u * words || !answer(s, c, &q, &a)) {
        drop(c);
        return;
    }
    c->last_ns = now_ns();
    const size_t bytes = MR_ATTACH_HEAD_BYTES + (a.is_text != 0 ? a.n : 4u * a.n);
    if (send(c->fd, &a, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)bytes) {
        drop(c);
    }
}

/* Takes one client that wants in; only the user's own processes may. */
static void serve_listener(server_t *s) {
    struct ucred peer;
    socklen_t n = sizeof peer;
    const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        if (s->client[i].fd < 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
            peer.uid == getuid()) {
            s->client[i] = (client_t){.fd = fd, .last_ns = now_ns()};
            return;
        }
    }
    (void)close(fd);
}

/* Looks at all clients once, for at most so many ms. @return whether one holds the device. */
static bool serve_once(server_t *s, int timeout_ms) {
    struct pollfd fds[CLIENTS + 1u];
    bool held = false;
    fds[CLIENTS] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS; i++) {
        fds[i] = (struct pollfd){.fd = s->client[i].fd, .events = POLLIN};
    }
    if (poll(fds, CLIENTS + 1u, timeout_ms) > 0) {
        for (size_t i = 0; i < CLIENTS; i++) {
            if (fds[i].revents != 0) {
                serve_client(s, &s->client[i]);
            }
        }
        if (fds[CLIENTS].revents != 0) {
            serve_listener(s);
        }
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        client_t *c = &s->client[i];
        c->hold = c->hold && now_ns() - c->last_ns < HOLD_NS;
        /* One that came in says hello at once. */
        held = held || (c->fd >= 0 && c->hold) ||
               (c->fd >= 0 && !c->greeted && now_ns() - c->last_ns < SERVE_NS);
    }
    return held;
}

/* The process has read the low word of a 64-bit counter and will now read the high one. */
static bool between_halves(const server_t *s) {
    mr_reg_ref_t ref;
    bool high;
    return s->last_read < MR_WINDOW_BASE && mr_reg_at(s->last_read, &ref, &high) && !high &&
           ref.reg->width_bits == 64;
}

/* Serves clients if it is time; while one holds, the process stands here. */
static void serve(server_t *s) {
    if (now_ns() - s->served_ns < SERVE_NS || between_halves(s)) {
        return;
    }
    for (int timeout_ms = 0; serve_once(s, timeout_ms);) {
        timeout_ms = 20;
    }
    s->served_ns = now_ns();
}

/* ---- the wrapper ---- */

/* Before an access of the process: what a client did to the window must not be seen. */
static mr_status_t before(server_t *s, uint32_t addr) {
    const bool uses = addr >= MR_WINDOW_BASE && addr - MR_WINDOW_BASE < MR_WINDOW_SIZE;
    serve(s);
    s->last_read = NO_ADDRESS;
    if (s->moved &&
        (uses || is_window(addr) || addr == MR_CHIP_BASE + MR_CHIP_MEM_CRC_CTRL_OFFSET)) {
        MR_TRY(mr_mmio_write32(&s->inner, MR_CHIP_BASE + MR_CHIP_MEM_TARGET_OFFSET, s->target));
        MR_TRY(mr_mmio_write32(&s->inner, MR_CHIP_BASE + MR_CHIP_MEM_BASE_OFFSET, s->base));
        s->moved = false;
    }
    return MR_OK;
}

static void keep_window(server_t *s, uint32_t addr, uint32_t value) {
    s->target = addr == MR_CHIP_BASE + MR_CHIP_MEM_TARGET_OFFSET ? value : s->target;
    s->base = addr == MR_CHIP_BASE + MR_CHIP_MEM_BASE_OFFSET ? value : s->base;
}

static mr_status_t server_read32(void *ctx, uint32_t addr, uint32_t *value) {
    server_t *s = ctx;
    MR_TRY(before(s, addr));
    s->last_read = addr;
    return mr_mmio_read32(&s->inner, addr, value);
}

static mr_status_t server_write32(void *ctx, uint32_t addr, uint32_t value) {
    server_t *s = ctx;
    MR_TRY(before(s, addr));
    keep_window(s, addr, value);
    return mr_mmio_write32(&s->inner, addr, value);
}

static mr_status_t server_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t done = 0; done < n;) {
        const size_t part = n - done < BLOCK_WORDS ? n - done : BLOCK_WORDS;
        const uint32_t at = addr + 4u * (uint32_t)done;
        MR_TRY(before(ctx, at));
        MR_TRY(mr_mmio_read_block(&((server_t *)ctx)->inner, at, words + done, part));
        done += part;
    }
    return MR_OK;
}

static mr_status_t server_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    for (size_t done = 0; done < n;) {
        const size_t part = n - done < BLOCK_WORDS ? n - done : BLOCK_WORDS;
        const uint32_t at = addr + 4u * (uint32_t)done;
        MR_TRY(before(ctx, at));
        for (size_t i = 0; at < MR_WINDOW_BASE && i < part; i++) {
            keep_window(ctx, at + 4u * (uint32_t)i, words[done + i]);
        }
        MR_TRY(mr_mmio_write_block(&((server_t *)ctx)->inner, at, words + done, part));
        done += part;
    }
    return MR_OK;
}

static mr_status_t server_wait(void *ctx, uint32_t cycles) {
    server_t *s = ctx;
    s->last_read = NO_ADDRESS;
    for (uint32_t left = cycles; left > 0;) {
        const uint32_t part = left < WAIT_CYCLES ? left : WAIT_CYCLES;
        serve(s);
        MR_TRY(mr_mmio_wait(&s->inner, part));
        left -= part;
    }
    return MR_OK;
}

static void server_close(void *ctx) {
    server_t *s = ctx;
    for (size_t i = 0; i < CLIENTS; i++) {
        if (s->client[i].fd >= 0) {
            drop(&s->client[i]);
        }
    }
    (void)close(s->listener);
    (void)unlink(s->path);
    mr_mmio_close(&s->inner);
    free(s);
}

static const mr_mmio_ops_t ops = {server_read32,      server_write32, server_read_block,
                                  server_write_block, server_wait,    server_close};

const mr_mmio_t *mr_attach_inner(const mr_mmio_t *mmio) {
    return mmio->ops == &ops ? &((const server_t *)mmio->ctx)->inner : NULL;
}

void mr_attach_remove(const mr_mmio_t *mmio) {
    if (mmio->ops == &ops) {
        (void)unlink(((const server_t *)mmio->ctx)->path);
    }
}

/* ---- opening ---- */

/* Frees the place of the socket, or says why that cannot be. */
static mr_status_t clear_path(const char *path, char why[MR_ATTACH_TEXT_BYTES]) {
    switch (mr_attach_probe(path)) {
    case MR_ATTACH_NOTHING:
        return MR_OK;
    case MR_ATTACH_STALE:
        (void)unlink(path);
        return MR_OK;
    case MR_ATTACH_ALIVE:
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "another process serves at '%s'", path);
        return MR_BUSY;
    case MR_ATTACH_NO_SOCKET:
        break;
    }
    (void)snprintf(why, MR_ATTACH_TEXT_BYTES,
                   "'%s' is there and no socket of this tool; name another", path);
    return MR_BUSY;
}

static mr_status_t listen_at(server_t *s, char why[MR_ATTACH_TEXT_BYTES]) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, s->path, strlen(s->path) + 1u);
    MR_TRY(clear_path(s->path, why));
    s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The rights that the descriptor has when it is bound become those of the file. */
    if (s->listener < 0 || fchmod(s->listener, 0600) != 0 ||
        bind(s->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(s->listener, (int)CLIENTS) != 0) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "cannot make socket '%s': %s", s->path,
                       strerror(errno));
        if (s->listener >= 0) {
            (void)close(s->listener);
        }
        return MR_IO;
    }
    return MR_OK;
}

static mr_status_t choose_path(server_t *s, const char *path, char why[MR_ATTACH_TEXT_BYTES]) {
    mr_attach_place_t place;
    if (path == NULL) {
        if (!mr_attach_folder(why)) {
            return MR_IO;
        }
        (void)mr_attach_list(NULL, 0); /* removes what dead processes left */
        MR_TRY(mr_attach_place((int)getpid(), &place));
        path = place.path;
    }
    if (strlen(path) >= sizeof s->path) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "the path of a socket has at most %zu bytes",
                       sizeof s->path - 1u);
        return MR_ARG;
    }
    memcpy(s->path, path, strlen(path) + 1u);
    return MR_OK;
}

mr_status_t mr_attach_serve(mr_mmio_t *mmio, const mr_attach_config_t *config,
                            char why[MR_ATTACH_TEXT_BYTES]) {
    server_t *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "out of memory");
        return MR_NO_MEMORY;
    }
    s->inner = *mmio;
    s->fault = config->fault;
    s->last_read = NO_ADDRESS;
    (void)snprintf(s->about, sizeof s->about, "%s\t%s", config->device, config->command);
    for (size_t i = 0; i < CLIENTS; i++) {
        s->client[i].fd = -1;
    }
    mr_status_t status = choose_path(s, config->path, why);
    if (status == MR_OK) {
        status = listen_at(s, why);
    }
    if (status != MR_OK) {
        free(s);
        return status;
    }
    *mmio = (mr_mmio_t){&ops, s};
    return MR_OK;
}
