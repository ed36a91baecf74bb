/* SPDX-License-Identifier: Apache-2.0 */
/* The helper process as the back end sees it. */
#include "helper_process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper_setup.h"

extern char **environ;

enum {
    OPEN_MS = 60000, /* XRT sleeps for 10 s, and the machine may be slow */
    OPEN_LOOK_MS = 500,
    CLOSE_MS = 20000, /* XRT takes up to 10 s to close */
    KILL_MS = 2000,   /* for a process that was killed */
    LOOK_MS = 20,     /* between two looks at a process that ends */
    ROOM_MIB = 8      /* of the folder, at least */
};

void mr_xrt_text(char *out, size_t n, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out, n, format, args);
    va_end(args);
}

const char *mr_xrt_process_fault(const mr_xrt_process_t *p) {
    return p->fault[0] != '\0' ? p->fault : NULL;
}

/* ---- files ---- */

static bool usable(const char *path, bool program) {
    return access(path, program ? X_OK : R_OK) == 0;
}

/* Leaves the folder of a path, with a slash at its end; "": it has none. */
static void cut(char path[PATH_MAX]) {
    char *slash = strrchr(path, '/');
    path[slash != NULL ? slash + 1 - path : 0] = '\0';
}

/* The folder of the program; "": unknown. */
static void program_folder(char folder[PATH_MAX]) {
    const ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1u);
    folder[n > 0 ? n : 0] = '\0';
    cut(folder);
}

/* The folder of the file that this code is in, the program or a library, likewise. */
static void code_folder(char folder[PATH_MAX]) {
    static const char here = 0;
    Dl_info info;
    if (dladdr(&here, &info) == 0 || realpath(info.dli_fname, folder) == NULL) {
        folder[0] = '\0';
    }
    cut(folder);
}

/* A file of ours: beside the program or in ../lib/millrace from there; for the users of a library
 * beside that, in millrace below its folder, or beside the folder where that is an architecture's.
 */
static bool find_own(const char *name, bool program, char self[PATH_MAX], char *out) {
    static const char *const places[] = {"", "../lib/millrace/", "", "millrace/", "../millrace/"};
    char code[PATH_MAX];
    program_folder(self);
    code_folder(code);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char candidate[2 * PATH_MAX];
        const char *folder = i < 2u ? self : code;
        mr_xrt_text(candidate, sizeof candidate, "%s%s%s", folder, places[i], name);
        if (folder[0] == '/' && usable(candidate, program) && realpath(candidate, out) != NULL) {
            return true;
        }
    }
    return false;
}

/* A file that the caller or the environment names, or one in our own places. */
static mr_status_t find_file(const char *given, const char *variable, const char *name,
                             bool program, char *out, char *why, size_t why_bytes) {
    char self[PATH_MAX];
    const char *path = given != NULL ? given : getenv(variable);
    if (path != NULL) {
        if (usable(path, program) && realpath(path, out) != NULL) {
            return MR_OK;
        }
        mr_xrt_text(why, why_bytes, "%s%s%s: %s", given == NULL ? variable : "",
                    given == NULL ? "=" : "", path, strerror(errno));
        return MR_NOT_FOUND;
    }
    if (find_own(name, program, self, out)) {
        return MR_OK;
    }
    mr_xrt_text(why, why_bytes, "%s is neither in %s nor in %s../lib/millrace; name it in %s", name,
                self, self, variable);
    return MR_NOT_FOUND;
}

mr_status_t mr_xrt_find_files(const mr_backend_xrt_config_t *config, mr_xrt_files_t *files,
                              char *why, size_t why_bytes) {
    MR_TRY(find_file(config->helper, "MILLRACE_XRT_HELPER", "millrace-xrt", true, files->helper,
                     why, why_bytes));
    return find_file(config->xclbin, "MILLRACE_XCLBIN",
                     config->emulation ? "millrace-emu.xclbin" : "millrace.xclbin", false,
                     files->xclbin, why, why_bytes);
}

/* ---- messages ---- */

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Last line of a log in the folder; "": none. */
static void last_line(const mr_xrt_process_t *p, const char *name, char *line, size_t n) {
    char path[PATH_MAX];
    char next[512];
    mr_xrt_text(path, sizeof path, "%s/%s", p->folder, name);
    FILE *log = fopen(path, "r");
    line[0] = '\0';
    while (log != NULL && fgets(next, sizeof next, log) != NULL) {
        next[strcspn(next, "\r\n")] = '\0';
        if (next[0] != '\0') {
            mr_xrt_text(line, n, "%.160s", next);
        }
    }
    if (log != NULL) {
        (void)fclose(log);
    }
}

/* Waits until the helper sends (in) or takes something. */
static mr_status_t wait_ready(mr_xrt_process_t *p, bool in, int64_t deadline, bool watch_life) {
    struct pollfd fds[2] = {{p->socket, in ? POLLIN : POLLOUT, 0}, {p->life, 0, 0}};
    char line[192];
    for (;;) {
        const int64_t left = deadline - now_ms();
        const int ready = left > 0 ? poll(fds, watch_life ? 2 : 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready > 0 && fds[0].revents != 0) {
            return MR_OK;
        }
        if (ready > 0) {
            last_line(p, "simulate.log", line, sizeof line);
            mr_xrt_text(p->fault, sizeof p->fault, "the simulator behind XRT ended%s%s",
                        line[0] != '\0' ? ": " : "", line);
            return MR_IO;
        }
        last_line(p, "xrt.log", line, sizeof line);
        mr_xrt_text(p->fault, sizeof p->fault, "XRT did not answer in time%s%s",
                    line[0] != '\0' ? "; it said: " : "", line);
        return MR_TIMEOUT;
    }
}

static mr_status_t move(mr_xrt_process_t *p, bool in, void *data, size_t n, int64_t deadline,
                        bool watch_life) {
    uint8_t *at = data;
    while (n > 0) {
        MR_TRY(wait_ready(p, in, deadline, watch_life));
        const ssize_t moved =
            in ? recv(p->socket, at, n, 0) : send(p->socket, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (moved < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (moved <= 0) {
            char line[192];
            last_line(p, "xrt.log", line, sizeof line);
            mr_xrt_text(p->fault, sizeof p->fault, "the process with XRT's library ended%s%s",
                        line[0] != '\0' ? "; XRT said: " : "", line);
            return MR_IO;
        }
        at += moved;
        n -= (size_t)moved;
    }
    return MR_OK;
}

/* Takes a text; more than fits would be no text of the helper's. */
static mr_status_t take_text(mr_xrt_process_t *p, uint32_t n, char text[MR_XRT_LINK_TEXT_BYTES],
                             int64_t deadline) {
    if (n >= MR_XRT_LINK_TEXT_BYTES) {
        return MR_IO;
    }
    text[n] = '\0';
    return move(p, true, text, n, deadline, false);
}

mr_status_t mr_xrt_process_request(mr_xrt_process_t *p, const mr_xrt_link_head_t *head,
                                   const uint32_t *words, uint32_t *out, int timeout_ms) {
    const int64_t deadline = now_ms() + timeout_ms;
    const bool watch = p->life >= 0 && head->op != MR_XRT_LINK_CLOSE;
    mr_xrt_link_head_t copy = *head;
    mr_xrt_link_head_t answer;
    if (p->fault[0] != '\0') {
        return MR_IO;
    }
    MR_TRY(move(p, false, &copy, sizeof copy, deadline, watch));
    if (words != NULL) {
        union {
            const uint32_t *in;
            void *bytes;
        } data = {words};
        MR_TRY(move(p, false, data.bytes, head->n * sizeof *words, deadline, watch));
    }
    MR_TRY(move(p, true, &answer, sizeof answer, deadline, watch));
    if (answer.op != MR_XRT_LINK_ANSWER ||
        answer.n != (out != NULL && answer.status == MR_OK ? head->n : 0)) {
        mr_xrt_text(p->fault, sizeof p->fault,
                    "the process with XRT's library is of another build");
        return MR_IO;
    }
    if (answer.n > 0) {
        MR_TRY(move(p, true, out, answer.n * sizeof *out, deadline, watch));
    }
    if (answer.status == MR_IO || answer.status == MR_TIMEOUT) {
        char line[192];
        last_line(p, "xrt.log", line, sizeof line);
        mr_xrt_text(p->fault, sizeof p->fault, "XRT failed%s%s", line[0] != '\0' ? ": " : "", line);
    }
    return (mr_status_t)answer.status;
}

/* ---- start and end ---- */

/* Whether a process of ours ends within a time. */
static bool ends_within(pid_t pid, int ms) {
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const int64_t deadline = now_ms() + ms;
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (now_ms() >= deadline) {
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* Ends the helper's group, if it has not ended by itself, and removes what is left. A helper that a
 * driver holds in the kernel is given up. */
static void clean(mr_xrt_process_t *p, int patience_ms) {
    if (p->pid != 0) {
        const bool gone = ends_within(p->pid, patience_ms);
        (void)kill(-p->pid, SIGKILL);
        if (!gone) {
            (void)ends_within(p->pid, KILL_MS);
        }
    }
    p->pid = 0;
    if (p->socket >= 0) {
        (void)close(p->socket);
        p->socket = -1;
    }
    if (p->life >= 0) {
        (void)close(p->life);
        p->life = -1;
    }
    if (p->folder[0] != '\0') {
        mr_xrt_remove_folder(p->folder);
        p->folder[0] = '\0';
    }
}

void mr_xrt_process_close(mr_xrt_process_t *p) {
    const mr_xrt_link_head_t head = {MR_XRT_LINK_CLOSE, 0, 0, 0};
    const bool orderly =
        p->fault[0] == '\0' && mr_xrt_process_request(p, &head, NULL, NULL, CLOSE_MS) == MR_OK;
    clean(p, orderly ? CLOSE_MS : 0);
}

static mr_status_t spawn(mr_xrt_process_t *p, const mr_backend_xrt_config_t *config,
                         const mr_xrt_files_t *files, int socket_end, int life_end) {
    union {
        const char *in;
        char *out;
    } args[5] = {{files->helper},
                 {config->emulation ? "emu" : "device"},
                 {p->folder},
                 {files->xclbin},
                 {NULL}};
    char *const argv[] = {args[0].out, args[1].out, args[2].out, args[3].out, NULL};
    char log[PATH_MAX];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    mr_xrt_text(log, sizeof log, "%s/xrt.log", p->folder);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return MR_NO_MEMORY;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return MR_NO_MEMORY;
    }
    int bad = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    bad |= posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    bad |= posix_spawn_file_actions_adddup2(&actions, 1, 2);
    bad |= posix_spawn_file_actions_adddup2(&actions, socket_end, MR_XRT_LINK_SOCKET);
    bad |= posix_spawn_file_actions_adddup2(&actions, life_end, MR_XRT_LINK_LIFE);
    bad |= posix_spawnattr_setpgroup(&attributes, 0);
    bad |= posix_spawnattr_setsigmask(&attributes, &none);
    bad |= posix_spawnattr_setflags(&attributes,
                                    (short)(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK));
    const int error =
        bad != 0 ? bad : posix_spawn(&p->pid, files->helper, &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        p->pid = 0;
        errno = error;
    }
    return error == 0 ? MR_OK : MR_IO;
}

/* Descriptors above those that the helper wants, so that none is overwritten before its turn. */
static int raise_fd(int fd) {
    const int high = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, MR_XRT_LINK_LIFE + 1) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    return high;
}

/* Makes folder, socket and pipe and starts the helper. */
static mr_status_t start(mr_xrt_process_t *p, const mr_backend_xrt_config_t *config,
                         const mr_xrt_files_t *files) {
    int ends[2] = {-1, -1};
    int life[2] = {-1, -1};
    mr_status_t status = MR_IO;
    mr_xrt_text(p->folder, sizeof p->folder, "/tmp/millrace-xrt-XXXXXX");
    if (mkdtemp(p->folder) == NULL) {
        p->folder[0] = '\0';
        return MR_IO;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
        pipe2(life, O_CLOEXEC) == 0) {
        p->socket = ends[0];
        p->life = life[0];
        ends[1] = raise_fd(ends[1]);
        life[1] = raise_fd(life[1]);
        status = ends[1] >= 0 && life[1] >= 0 ? spawn(p, config, files, ends[1], life[1]) : MR_IO;
    } else if (ends[0] >= 0) {
        (void)close(ends[0]);
    }
    const int error = errno;
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    if (life[1] >= 0) {
        (void)close(life[1]);
    }
    errno = error;
    return status;
}

/* Waits for the helper's next word. XRT waits for minutes for a simulator that does not come; one
 * that cannot start says so in its log. */
static mr_status_t wait_word(mr_xrt_process_t *p, int64_t deadline) {
    struct pollfd fd = {p->socket, POLLIN, 0};
    while (now_ms() < deadline && poll(&fd, 1, OPEN_LOOK_MS) <= 0) {
        char line[192];
        last_line(p, "simulate.log", line, sizeof line);
        if (line[0] != '\0') {
            mr_xrt_text(p->fault, sizeof p->fault, "the simulator behind XRT did not start: %s",
                        line);
            return MR_IO;
        }
    }
    return MR_OK;
}

/* Asks for a step of the opening, and passes progress on until it is done or has failed. */
static mr_status_t open_step(mr_xrt_process_t *p, const mr_backend_xrt_config_t *config,
                             mr_xrt_link_op_t op, mr_xrt_present_t *present) {
    const int64_t deadline = now_ms() + OPEN_MS;
    mr_xrt_link_head_t head = {op, 0, 0, 0};
    MR_TRY(move(p, false, &head, sizeof head, deadline, false));
    for (;;) {
        char text[MR_XRT_LINK_TEXT_BYTES];
        MR_TRY(wait_word(p, deadline));
        MR_TRY(move(p, true, &head, sizeof head, deadline, false));
        if (head.op == MR_XRT_LINK_ANSWER) {
            return present != NULL ? move(p, true, present, sizeof *present, deadline, false)
                                   : MR_OK;
        }
        MR_TRY(take_text(p, head.n, text, deadline));
        if (head.op != MR_XRT_LINK_PROGRESS) {
            mr_xrt_text(p->fault, sizeof p->fault, "%s", text);
            return (mr_status_t)head.status;
        }
        if (config->progress != NULL) {
            config->progress(config->ctx, text);
        }
    }
}

/* Lets the caller look at the card, then loads. */
static mr_status_t open_card(mr_xrt_process_t *p, const mr_backend_xrt_config_t *config) {
    if (config->before != NULL) {
        mr_xrt_present_t present;
        MR_TRY(open_step(p, config, MR_XRT_LINK_LOOK, &present));
        if (!config->before(config->ctx, &present)) {
            mr_xrt_process_close(p);
            return MR_CANCELLED;
        }
    }
    return open_step(p, config, MR_XRT_LINK_LOAD, NULL);
}

const char *mr_xrt_closed_node(const char *pattern, char *out, size_t n) {
    glob_t found;
    const char *closed = NULL;
    if (glob(pattern, 0, NULL, &found) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < found.gl_pathc && closed == NULL; i++) {
        if (access(found.gl_pathv[i], R_OK | W_OK) != 0 && errno == EACCES) {
            mr_xrt_text(out, n, " (no permission for %s: join its group, render)",
                        found.gl_pathv[i]);
            closed = out;
        }
    }
    globfree(&found);
    return closed;
}

static const char *full_disk(void) {
    struct statvfs disk;
    return statvfs("/tmp", &disk) == 0 && disk.f_frsize != 0 &&
                   disk.f_bavail < (ROOM_MIB << 20) / disk.f_frsize
               ? " (/tmp is full: make room there)"
               : "";
}

/* What a failed start may be due to; "": nothing that can be seen here. */
static const char *advice(const mr_backend_xrt_config_t *config, mr_status_t status) {
    static char node[PATH_MAX];
    if (status == MR_BUSY || status == MR_IDENTITY) {
        return "";
    }
    if (full_disk()[0] != '\0' || config->emulation) {
        return full_disk();
    }
    const char *closed = mr_xrt_closed_node("/dev/dri/renderD*", node, sizeof node);
    return closed != NULL ? closed : " (is XRT set up here? xrt:emu needs no setting up)";
}

mr_status_t mr_xrt_process_open(mr_xrt_process_t *p, const mr_backend_xrt_config_t *config,
                                const mr_xrt_files_t *files, char *why, size_t why_bytes) {
    *p = (mr_xrt_process_t){0, -1, -1, "", ""};
    mr_status_t status = start(p, config, files);
    if (status != MR_OK) {
        mr_xrt_text(why, why_bytes, "cannot start %s: %s%s", files->helper, strerror(errno),
                    full_disk());
    } else {
        status = open_card(p, config);
        if (status == MR_CANCELLED) {
            why[0] = '\0';
            return status;
        }
        if (status != MR_OK) {
            mr_xrt_text(why, why_bytes, "%s%s",
                        p->fault[0] != '\0' ? p->fault : mr_status_text(status),
                        advice(config, status));
        }
    }
    if (status != MR_OK) {
        clean(p, 0);
        return status;
    }
    if (!config->emulation) { /* no simulator of ours holds the pipe */
        (void)close(p->life);
        p->life = -1;
    }
    return MR_OK;
}
