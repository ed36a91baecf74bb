/* SPDX-License-Identifier: Apache-2.0 */
/* XRT's calls. */
#include "xrt_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "millrace/xrt_card.h"
#include "xrt_codec.h"

enum {
    BATCH_CLOCKS = 16, /* between two looks at the socket */
    LOOK_MS = 200,     /* between two looks at the parent */
    MESSAGE_MS = 10000 /* no message takes longer to come or go */
};

/* One connection. */
typedef struct {
    const mr_xrt_server_t *server;
    volatile const sig_atomic_t *stop;
    int d2x; /* < 0: not connected yet */
    uint8_t *in;
    uint8_t *out;
    size_t out_bytes;
    const char *why;
} state_t;

static bool fail(state_t *s, const char *why) {
    s->why = s->why != NULL ? s->why : why;
    return false;
}

static bool parent_lives(const state_t *s) {
    return s->server->parent == 0 || (long)getppid() == s->server->parent;
}

/* Moves n bytes; the message is under way, so the other side is there. */
static bool move(state_t *s, bool in, uint8_t *bytes, size_t n) {
    const int fd = s->server->socket;
    while (n > 0) {
        struct pollfd p = {fd, in ? POLLIN : POLLOUT, 0};
        const int ready = poll(&p, 1, MESSAGE_MS);
        if (ready == 0) {
            return fail(s, "XRT stopped in the middle of a message");
        }
        const ssize_t moved = ready < 0 ? -1
                              : in      ? recv(fd, bytes, n, 0)
                                        : send(fd, bytes, n, MSG_NOSIGNAL);
        if (moved < 0 && errno == EINTR && *s->stop == 0) {
            continue;
        }
        if (moved <= 0) {
            return fail(s, "XRT went away without closing");
        }
        bytes += moved;
        n -= (size_t)moved;
    }
    return true;
}

/* Connects the channel for the device's own calls once XRT listens there. It needs none of them,
 * but XRT waits for its end. */
static void try_d2x(state_t *s) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t n = strlen(s->server->d2x_path) + 1u;
    if (s->d2x >= 0 || n > sizeof address.sun_path) {
        return;
    }
    memcpy(address.sun_path, s->server->d2x_path, n);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        s->d2x = fd;
    } else if (fd >= 0) {
        (void)close(fd);
    }
}

static void end_d2x(const state_t *s) {
    uint8_t header[MR_XRT_CALL_HEADER];
    mr_xrt_encode_header(MR_XRT_CLOSE, header);
    if (s->d2x >= 0) {
        (void)send(s->d2x, header, sizeof header, MSG_NOSIGNAL);
        (void)close(s->d2x);
        (void)unlink(s->server->d2x_path); /* XRT leaves it */
    }
}

/* Lets the clock go on until a call waits. */
static bool wait_call(state_t *s) {
    uint32_t clocks = 0;
    for (;;) {
        const bool running = clocks < MR_XRT_IDLE_CLOCKS;
        struct pollfd p = {s->server->socket, POLLIN, 0};
        const int ready = poll(&p, 1, running ? 0 : LOOK_MS);
        if (*s->stop != 0) {
            return fail(s, "ended by a signal");
        }
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return fail(s, "poll failed");
        }
        if (clocks % 4096u == 0 || !running) {
            try_d2x(s);
            if (!parent_lives(s)) {
                return fail(s, "the host program ended");
            }
        }
        if (running) {
            mr_xrt_machine_run(s->server->machine, BATCH_CLOCKS);
            clocks += BATCH_CLOCKS;
        }
        if (mr_xrt_machine_fault(s->server->machine) != NULL) {
            return fail(s, mr_xrt_machine_fault(s->server->machine));
        }
    }
}

static uint32_t word_of(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Registers of the kernel, a word at a time. */
static bool registers(const state_t *s, const mr_xrt_call_t *call, bool write, uint8_t word[4]) {
    const uint64_t offset = call->addr - MR_XRT_KERNEL_BASE;
    uint32_t value = 0;
    if (call->addr < MR_XRT_KERNEL_BASE || offset > MR_XRT_KERNEL_BYTES - 4u || offset % 4u != 0 ||
        call->size != 4 || (write && call->data_bytes != 4)) {
        return false;
    }
    /* The state of an error response is in the kernel's BUS_STATUS; XRT has no field for it. */
    if (write) {
        (void)mr_xrt_machine_write(s->server->machine, (uint16_t)offset, word_of(call->data));
    } else {
        (void)mr_xrt_machine_read(s->server->machine, (uint16_t)offset, &value);
    }
    for (unsigned i = 0; i < 4; i++) {
        word[i] = (uint8_t)(value >> 8 * i);
    }
    return true;
}

/* Fills the answer's fields; what data points to stays until it is sent. */
static void serve(const state_t *s, uint32_t api, const mr_xrt_call_t *call,
                  mr_xrt_answer_t *answer) {
    static uint8_t word[4];
    mr_xrt_machine_t *m = s->server->machine;
    *answer = (mr_xrt_answer_t){1, NULL, 0};
    switch (api) {
    case MR_XRT_REG_WRITE:
        answer->value = registers(s, call, true, word);
        break;
    case MR_XRT_REG_READ:
        answer->value = registers(s, call, false, word);
        answer->data = word;
        answer->data_bytes = sizeof word;
        break;
    case MR_XRT_MEM_WRITE:
    case MR_XRT_RAM_WRITE:
        answer->value = call->data != NULL && call->data_bytes >= call->size &&
                                mr_xrt_machine_store(m, call->addr + call->offset, call->data,
                                                     (size_t)call->size)
                            ? call->size
                            : 0;
        break;
    case MR_XRT_MEM_READ:
    case MR_XRT_RAM_READ:
        answer->data = mr_xrt_machine_load(m, call->addr + call->offset, (size_t)call->size);
        answer->data_bytes = answer->data != NULL ? (size_t)call->size : 0;
        answer->value = answer->data_bytes;
        /* XRT takes as many bytes as it asked for, and expects the field. */
        answer->data = answer->data != NULL ? answer->data : word;
        break;
    case MR_XRT_TIMESTAMP:
        answer->value = mr_xrt_machine_clocks(m);
        break;
    default:
        break;
    }
}

/* Takes a call and answers it; *closed: it was the last. */
static bool one_call(state_t *s, bool *closed) {
    uint8_t header[MR_XRT_CALL_HEADER];
    uint32_t api;
    size_t bytes;
    mr_xrt_call_t call;
    mr_xrt_answer_t answer;
    if (!move(s, true, header, sizeof header)) {
        return false;
    }
    if (!mr_xrt_decode_header(header, &api, &bytes)) {
        return fail(s, "XRT sent no header of its protocol");
    }
    free(s->in);
    s->in = malloc(bytes + 1u);
    if (s->in == NULL) {
        return fail(s, "out of memory");
    }
    if (!move(s, true, s->in, bytes)) {
        return false;
    }
    if (!mr_xrt_decode_call(api, s->in, bytes, &call)) {
        return fail(s, "XRT sent a malformed message");
    }
    serve(s, api, &call, &answer);
    *closed = api == MR_XRT_CLOSE;
    if (*closed) {
        end_d2x(s);
    }
    if (answer.data_bytes + MR_XRT_ANSWER_EXTRA > s->out_bytes) {
        free(s->out);
        s->out_bytes = answer.data_bytes + MR_XRT_ANSWER_EXTRA;
        s->out = malloc(s->out_bytes);
    }
    if (s->out == NULL) {
        s->out_bytes = 0;
        return fail(s, "out of memory");
    }
    return move(s, false, s->out, mr_xrt_encode_answer(api, &answer, s->out));
}

bool mr_xrt_server_run(const mr_xrt_server_t *server, volatile const sig_atomic_t *stop,
                       const char **why) {
    state_t s = {server, stop, -1, NULL, NULL, 0, NULL};
    bool closed = false;
    while (!closed && wait_call(&s) && one_call(&s, &closed)) {
        try_d2x(&s);
        if (mr_xrt_machine_fault(server->machine) != NULL) {
            (void)fail(&s, mr_xrt_machine_fault(server->machine));
            break;
        }
    }
    free(s.in);
    free(s.out);
    *why = s.why;
    return closed;
}
