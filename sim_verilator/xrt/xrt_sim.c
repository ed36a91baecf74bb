/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator that XRT's hw_emu library starts from an .xclbin, or that is started before it:
 *
 *   launch_hw_emu.sh [anything]   connects to XRT (EMULATION_SOCKETID, USER); XRT passes options of
 *                                 another simulator, which are ignored
 *   launch_hw_emu.sh --listen     waits for XRT there instead ("attach", dont_run=true)
 *
 * It ends when XRT closes, when the connection or the parent process goes, at SIGTERM and SIGINT.
 * Errors go to the file MILLRACE_XRT_LOG, or simulate.log in the working folder. Exit status 0: XRT
 * closed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "millrace/xrt_card.h"
#include "xrt_server.h"

enum { CONNECT_TRIES = 600, TRY_MS = 100, LISTEN_MS = 300000 };

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void complain(const char *what) {
    const char *path = getenv("MILLRACE_XRT_LOG");
    FILE *log = fopen(path != NULL ? path : "simulate.log", "a");
    if (log != NULL) {
        (void)fprintf(log, "millrace simulator: %s\n", what);
        (void)fclose(log);
    }
    (void)fprintf(stderr, "millrace simulator: %s\n", what);
}

/* Paths of both sockets, as XRT makes them. False: too long for a socket. */
static bool socket_paths(struct sockaddr_un *main_address, char *d2x, size_t d2x_size) {
    const char *user = getenv("USER");
    const char *id = getenv("EMULATION_SOCKETID");
    const size_t size = sizeof main_address->sun_path;
    int main_n;
    int d2x_n;
    main_address->sun_family = AF_UNIX;
    if (user == NULL) {
        main_n = snprintf(main_address->sun_path, size, "/tmp/xcl_sock");
        d2x_n = snprintf(d2x, d2x_size, "/tmp/D2X_unix_sock%s%s", id != NULL ? "_" : "",
                         id != NULL ? id : "");
    } else {
        main_n = snprintf(main_address->sun_path, size, "/tmp/%s/%s", user,
                          id != NULL ? id : "xcl_sock");
        d2x_n = snprintf(d2x, d2x_size, "/tmp/%s/D2X_unix_sock%s%s", user, id != NULL ? "_" : "",
                         id != NULL ? id : "");
    }
    return main_n > 0 && (size_t)main_n < size && d2x_n > 0 && (size_t)d2x_n < d2x_size;
}

static int connect_to_xrt(const struct sockaddr_un *address) {
    const struct timespec pause = {0, TRY_MS * 1000000L};
    const pid_t parent = getppid();
    for (int i = 0; i < CONNECT_TRIES && stop == 0 && getppid() == parent; i++) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return -1;
        }
        if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0) {
            return fd;
        }
        (void)close(fd);
        (void)nanosleep(&pause, NULL);
    }
    return -1;
}

static int wait_for_xrt(const struct sockaddr_un *address) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int peer = -1;
    if (fd < 0) {
        return -1;
    }
    (void)unlink(address->sun_path);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 && listen(fd, 1) == 0) {
        struct pollfd p = {fd, POLLIN, 0};
        (void)printf("listening at %s\n", address->sun_path);
        (void)fflush(stdout);
        if (poll(&p, 1, LISTEN_MS) == 1) {
            peer = accept(fd, NULL, NULL);
        }
        (void)unlink(address->sun_path);
    }
    (void)close(fd);
    return peer;
}

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sigaction action;
    char d2x[sizeof address.sun_path];
    const bool listening = argc > 1 && strcmp(argv[1], "--listen") == 0;
    const char *why = NULL;
    memset(&action, 0, sizeof action);
    (void)sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    const long parent = listening ? 0 : (long)getppid();
    if (!socket_paths(&address, d2x, sizeof d2x)) {
        complain("the path of XRT's socket is too long: shorten USER or EMULATION_SOCKETID");
        return EXIT_FAILURE;
    }
    const int fd = listening ? wait_for_xrt(&address) : connect_to_xrt(&address);
    if (fd < 0) {
        complain(listening ? "XRT did not come, or the socket cannot be made"
                           : "XRT's socket cannot be reached");
        return EXIT_FAILURE;
    }
    mr_xrt_machine_t *machine = mr_xrt_machine_create(MR_XRT_MEMORY_BASE, MR_XRT_MEMORY_BYTES);
    if (machine == NULL) {
        complain("out of memory");
        return EXIT_FAILURE;
    }
    const mr_xrt_server_t server = {machine, fd, d2x, parent};
    const bool closed = mr_xrt_server_run(&server, &stop, &why);
    if (!closed) {
        complain(why);
    }
    mr_xrt_machine_destroy(machine);
    return closed ? EXIT_SUCCESS : EXIT_FAILURE;
}
