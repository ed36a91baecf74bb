/* SPDX-License-Identifier: Apache-2.0 */
/* millrace-xrt: the process in which XRT's library lives; started by the back end, not by people.
 *
 *   millrace-xrt emu|device FOLDER XCLBIN
 *
 * Descriptors: xrt_link.h. FOLDER is its own, in /tmp. With `emu` it sets up XRT's environment
 * there and starts itself again from there, as XRT writes files beside the program. A thread
 * watches the back end: once that has gone, FOLDER and all processes of the group are removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "helper_device.h"
#include "helper_setup.h"
#include "xrt_link.h"

enum { CLEAN_TRIES = 100, CLEAN_MS = 20 }; /* until the group has gone */

static bool move(bool in, void *data, size_t n) {
    uint8_t *at = data;
    while (n > 0) {
        const ssize_t moved =
            in ? recv(MR_XRT_LINK_SOCKET, at, n, 0) : send(MR_XRT_LINK_SOCKET, at, n, MSG_NOSIGNAL);
        if (moved < 0 && errno == EINTR) {
            continue;
        }
        if (moved <= 0) {
            return false;
        }
        at += moved;
        n -= (size_t)moved;
    }
    return true;
}

static bool send_text(mr_xrt_link_op_t op, mr_status_t status, const char *text) {
    char copy[MR_XRT_LINK_TEXT_BYTES];
    (void)snprintf(copy, sizeof copy, "%s", text);
    mr_xrt_link_head_t head = {op, 0, (uint32_t)strlen(copy), status};
    return move(false, &head, sizeof head) && move(false, copy, head.n);
}

void mr_xrt_helper_progress(const char *text) {
    (void)send_text(MR_XRT_LINK_PROGRESS, MR_OK, text);
}

static int fail(mr_status_t status, const char *text) {
    (void)send_text(MR_XRT_LINK_FAILED, status, text);
    return EXIT_FAILURE;
}

/* Ends everything once the back end has gone: a process outside the group kills the group, and then
 * removes what nobody writes to any more. */
static void *watch(void *folder) {
    const pid_t group = getpgrp();
    const struct timespec pause_time = {0, CLEAN_MS * 1000000L};
    struct pollfd p = {MR_XRT_LINK_SOCKET, POLLRDHUP, 0};
    while ((p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0) {
        (void)poll(&p, 1, -1);
    }
    const pid_t cleaner = fork();
    if (cleaner > 0) {
        return NULL;
    }
    if (cleaner < 0) {
        mr_xrt_remove_folder(folder);
    }
    (void)setpgid(0, 0);
    (void)kill(-group, SIGKILL);
    for (int i = 0; i < CLEAN_TRIES && kill(-group, 0) == 0; i++) {
        (void)nanosleep(&pause_time, NULL);
    }
    mr_xrt_remove_folder(folder);
    _exit(EXIT_SUCCESS);
}

/* The back end has gone: the watcher ends this process. */
static noreturn void wait_for_watcher(void) {
    for (;;) {
        (void)pause();
    }
}

/* Takes the device for this process: a name that goes with it, whatever its end. XRT refuses a
 * second program on a card late and in its own words, and one on an emulation's socket waits there
 * for minutes. Emulations that XRT starts are each their own. */
static bool claim_device(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *mode = getenv("XCL_EMULATION_MODE");
    const char *id = getenv("EMULATION_SOCKETID");
    const char *user = getenv("USER");
    const bool emulated = mode != NULL && mode[0] != '\0';
    if (emulated && id == NULL) {
        return true;
    }
    /* sun_path[0] is 0: a name without a file. */
    const int n = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "millrace-xrt/%s/%s",
                           emulated && user != NULL ? user : "", emulated ? id : "device0");
    const size_t length =
        n > 0 && (size_t)n < sizeof name.sun_path - 1 ? (size_t)n : sizeof name.sun_path - 1;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ||
           bind(fd, (const struct sockaddr *)&name,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0 ||
           errno != EADDRINUSE;
}

/* One request and its answer; false: nothing more comes. */
static bool serve(mr_xrt_device_t *device, uint32_t *words, bool *closed) {
    mr_xrt_link_head_t head;
    if (!move(true, &head, sizeof head)) {
        return false;
    }
    const bool brings = head.op == MR_XRT_LINK_WRITE || head.op == MR_XRT_LINK_LIST;
    if (head.n > MR_XRT_LINK_WORDS_MAX || (brings && !move(true, words, head.n * sizeof *words))) {
        return false;
    }
    mr_xrt_link_head_t answer = {MR_XRT_LINK_ANSWER, 0, 0, MR_OK};
    switch ((mr_xrt_link_op_t)head.op) {
    case MR_XRT_LINK_READ:
        answer.status = mr_xrt_device_read(device, head.addr, words, head.n);
        answer.n = answer.status == MR_OK ? head.n : 0;
        break;
    case MR_XRT_LINK_WRITE:
        answer.status = mr_xrt_device_write(device, head.addr, words, head.n);
        break;
    case MR_XRT_LINK_LIST:
        answer.status = mr_xrt_device_list(device, words, head.n / 2u);
        break;
    case MR_XRT_LINK_WAIT:
        answer.status = mr_xrt_device_wait(device, head.addr);
        break;
    case MR_XRT_LINK_CLOSE:
        mr_xrt_device_close(device);
        *closed = true;
        break;
    case MR_XRT_LINK_LOOK:
    case MR_XRT_LINK_LOAD:
    case MR_XRT_LINK_ANSWER:
    case MR_XRT_LINK_PROGRESS:
    case MR_XRT_LINK_FAILED:
    default:
        return false;
    }
    return move(false, &answer, sizeof answer) && move(false, words, answer.n * sizeof *words);
}

/* Answers what comes ahead of the load; false: no load comes. */
static bool wait_for_load(mr_xrt_device_t *device, bool *closed) {
    mr_xrt_link_head_t head = {MR_XRT_LINK_READ, 0, 0, 0}; /* stays when nothing comes */
    mr_xrt_present_t present;
    while (move(true, &head, sizeof head) && head.op == MR_XRT_LINK_LOOK) {
        mr_xrt_device_look(device, &present);
        mr_xrt_link_head_t answer = {MR_XRT_LINK_ANSWER, 0, MR_XRT_LINK_PRESENT_WORDS, MR_OK};
        if (!move(false, &answer, sizeof answer) || !move(false, &present, sizeof present)) {
            return false;
        }
    }
    *closed = head.op == MR_XRT_LINK_CLOSE;
    return head.op == MR_XRT_LINK_LOAD;
}

/* The back end wants nothing but the look that it had. */
static int leave(mr_xrt_device_t *device) {
    mr_xrt_link_head_t answer = {MR_XRT_LINK_ANSWER, 0, 0, MR_OK};
    mr_xrt_device_close(device);
    return move(false, &answer, sizeof answer) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const char *folder, const char *xclbin) {
    static uint32_t words[MR_XRT_LINK_WORDS_MAX];
    char why[MR_XRT_LINK_TEXT_BYTES];
    mr_xrt_device_t device;
    bool closed = false;
    if (!claim_device()) {
        return fail(MR_BUSY, "another program uses this device: wait for its end, or end it");
    }
    mr_status_t status = mr_xrt_device_open(&device, folder, why, sizeof why);
    if (status == MR_OK && !wait_for_load(&device, &closed)) {
        if (closed) {
            return leave(&device);
        }
        wait_for_watcher();
    }
    if (status == MR_OK) {
        status = mr_xrt_device_load(&device, folder, xclbin, why, sizeof why);
    }
    if (status != MR_OK) {
        return fail(status, why);
    }
    /* From here on the simulator alone holds the back end's pipe: it ends with it. */
    (void)close(MR_XRT_LINK_LIFE);
    const mr_xrt_link_head_t ready = {MR_XRT_LINK_ANSWER, 0, 0, MR_OK};
    mr_xrt_link_head_t copy = ready;
    if (!move(false, &copy, sizeof copy)) {
        wait_for_watcher();
    }
    while (!closed && serve(&device, words, &closed)) {
    }
    if (!closed) {
        wait_for_watcher();
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    char why[MR_XRT_LINK_TEXT_BYTES];
    struct stat info;
    pthread_t watcher;
    if (argc != 4 || fstat(MR_XRT_LINK_SOCKET, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        (void)fprintf(stderr, "millrace-xrt is a part of millrace: use millrace --device xrt\n");
        return 2;
    }
    if (chdir(argv[2]) != 0) {
        return fail(MR_IO, "its temporary folder has gone");
    }
    if (strcmp(argv[1], "emu") == 0) {
        (void)mr_xrt_setup_emulation(argv, why, sizeof why); /* returns only when it failed */
        return fail(MR_IO, why);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (pthread_create(&watcher, NULL, watch, argv[2]) != 0) {
        return fail(MR_NO_MEMORY, "no thread can be started; close other programs");
    }
    return run(argv[2], argv[3]);
}
