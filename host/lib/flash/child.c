/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another program, within a time, and keeps what it prints. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

extern char **environ;

enum {
    LOOK_MS = 100, /* between two looks at stop */
    END_MS = 2000  /* for a program that was told to end */
};

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In a group of its own, so that all of it can be ended, with the signals as a shell gives them. */
static mr_status_t start(char *const argv[], int output, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGINT);
    (void)sigaddset(&usual, SIGTERM);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return MR_NO_MEMORY;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return MR_NO_MEMORY;
    }
    int bad = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    bad |= posix_spawn_file_actions_adddup2(&actions, output, 1);
    bad |= posix_spawn_file_actions_adddup2(&actions, output, 2);
    bad |= posix_spawnattr_setpgroup(&attributes, 0);
    bad |= posix_spawnattr_setsigmask(&attributes, &none);
    bad |= posix_spawnattr_setsigdefault(&attributes, &usual);
    bad |= posix_spawnattr_setflags(
        &attributes,
        (short)(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    const int error =
        bad != 0 ? bad : posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? MR_OK : error == ENOENT ? MR_NOT_FOUND : MR_IO;
}

/* Keeps the last bytes of what came. */
static void keep(mr_child_t *child, const char *bytes, size_t n) {
    const size_t room = MR_CHILD_OUTPUT_BYTES - 1u;
    if (child->length + n > room) {
        const size_t kept = child->length < room / 2 ? child->length : room / 2;
        memmove(child->output, child->output + child->length - kept, kept);
        child->length = kept;
    }
    memcpy(child->output + child->length, bytes, n);
    child->length += n;
    child->output[child->length] = '\0';
}

/* The last piece of a line that has something in it. */
static void show(const mr_flash_job_t *job, const mr_child_t *child) {
    char line[100];
    size_t end = child->length;
    while (end > 0 && strchr("\r\n \t", child->output[end - 1u]) != NULL) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && strchr("\r\n", child->output[begin - 1u]) == NULL) {
        begin--;
    }
    const size_t n = end - begin < sizeof line - 1u ? end - begin : sizeof line - 1u;
    memcpy(line, child->output + begin, n);
    line[n] = '\0';
    if (job->progress != NULL && n > 0) {
        job->progress(job->ctx, line);
    }
}

/* Takes what the program prints until it closes its output, or something else ends the wait. */
static mr_status_t listen_to(int output, int64_t deadline, const mr_flash_job_t *job,
                             mr_child_t *child) {
    for (;;) {
        char part[4096];
        struct pollfd fd = {output, POLLIN, 0};
        if (job->stop != NULL && job->stop(job->ctx)) {
            return MR_CANCELLED;
        }
        const int64_t left = deadline - now_ms();
        if (left <= 0) {
            return MR_TIMEOUT;
        }
        if (poll(&fd, 1, left < LOOK_MS ? (int)left : LOOK_MS) <= 0) {
            continue;
        }
        const ssize_t n = read(output, part, sizeof part);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return MR_OK;
        }
        keep(child, part, (size_t)n);
        show(job, child);
    }
}

/* Whether the program ended within the time; its exit status. */
static bool reap(pid_t pid, int64_t deadline, int *status) {
    const struct timespec pause = {0, 20 * 1000000L};
    int wait_status = 0;
    for (;;) {
        const pid_t got = waitpid(pid, &wait_status, WNOHANG);
        if (got == pid) {
            *status =
                WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
            return true;
        }
        if ((got < 0 && errno != EINTR) || now_ms() >= deadline) {
            *status = -1;
            return got < 0;
        }
        (void)nanosleep(&pause, NULL);
    }
}

mr_status_t mr_child_run(char *const argv[], int limit_ms, const mr_flash_job_t *job,
                         mr_child_t *child) {
    const int64_t deadline = now_ms() + limit_ms;
    int ends[2];
    pid_t pid = 0;
    child->length = 0;
    child->output[0] = '\0';
    child->status = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return MR_IO;
    }
    mr_status_t status = start(argv, ends[1], &pid);
    (void)close(ends[1]);
    if (status == MR_OK) {
        status = listen_to(ends[0], deadline, job, child);
        if (status == MR_OK && !reap(pid, deadline, &child->status)) {
            status = MR_TIMEOUT;
        }
        if (status != MR_OK) {
            (void)kill(-pid, SIGTERM);
            const bool gone = reap(pid, now_ms() + END_MS, &child->status);
            (void)kill(-pid, SIGKILL);
            if (!gone) { /* bounded too: a driver may hold it */
                (void)reap(pid, now_ms() + END_MS, &child->status);
            }
        }
    }
    (void)close(ends[0]);
    return status;
}
