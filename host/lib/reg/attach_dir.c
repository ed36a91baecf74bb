/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of attach sockets. */
#include "reg/attach_dir.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#define SUFFIX ".sock"

/* @return whether the name fits, with room for a PID. */
static bool folder_name(char out[MR_ATTACH_PATH_BYTES]) {
    const char *base = getenv("XDG_RUNTIME_DIR");
    const int n = base != NULL && base[0] == '/'
                      ? snprintf(out, MR_ATTACH_PATH_BYTES, "%s/millrace", base)
                      : snprintf(out, MR_ATTACH_PATH_BYTES, "/tmp/millrace-%ld", (long)getuid());
    return n > 0 && (size_t)n + 20u < MR_ATTACH_PATH_BYTES;
}

mr_attach_state_t mr_attach_probe(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    if (lstat(path, &info) != 0) {
        return MR_ATTACH_NOTHING;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return MR_ATTACH_NO_SOCKET;
    }
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        (void)(fd >= 0 && close(fd));
        return MR_ATTACH_NO_SOCKET;
    }
    memcpy(address.sun_path, path, strlen(path) + 1u);
    const int failed = connect(fd, (const struct sockaddr *)&address, sizeof address);
    const int reason = errno;
    (void)close(fd);
    if (failed != 0 && reason == EPROTOTYPE) {
        return MR_ATTACH_NO_SOCKET; /* a socket of another kind */
    }
    return failed != 0 && reason == ECONNREFUSED ? MR_ATTACH_STALE : MR_ATTACH_ALIVE;
}

bool mr_attach_folder(char why[MR_ATTACH_TEXT_BYTES]) {
    char folder[MR_ATTACH_PATH_BYTES];
    struct stat info;
    if (!folder_name(folder)) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "XDG_RUNTIME_DIR is too long for a socket");
        return false;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES, "cannot make folder '%s': %s", folder,
                       strerror(errno));
        return false;
    }
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() ||
        (info.st_mode & 077) != 0) {
        (void)snprintf(why, MR_ATTACH_TEXT_BYTES,
                       "'%s' is no folder of yours alone; remove it, or its rights for others",
                       folder);
        return false;
    }
    return true;
}

mr_status_t mr_attach_place(int pid, mr_attach_place_t *place) {
    char folder[MR_ATTACH_PATH_BYTES];
    place->pid = pid;
    if (!folder_name(folder)) {
        return MR_RANGE;
    }
    const int n = snprintf(place->path, sizeof place->path, "%s/%d" SUFFIX, folder, pid);
    return n > 0 && (size_t)n < sizeof place->path ? MR_OK : MR_RANGE;
}

/* The PID in "PID.sock", 0 if it is no such name. */
static int pid_of(const char *name) {
    char *end;
    const long pid = strtol(name, &end, 10);
    const bool good = name[0] >= '1' && name[0] <= '9' && strcmp(end, SUFFIX) == 0;
    return good && pid > 0 && pid < INT32_MAX ? (int)pid : 0;
}

/* Puts a place where its PID belongs; the last falls out when there are too many. */
static void insert(mr_attach_place_t *places, size_t max, size_t count,
                   const mr_attach_place_t *place) {
    size_t at = count < max ? count : max;
    while (at > 0 && places[at - 1u].pid > place->pid) {
        if (at < max) {
            places[at] = places[at - 1u];
        }
        at--;
    }
    if (at < max) {
        places[at] = *place;
    }
}

size_t mr_attach_list(mr_attach_place_t *places, size_t max) {
    char folder[MR_ATTACH_PATH_BYTES];
    char why[MR_ATTACH_TEXT_BYTES];
    size_t count = 0;
    DIR *dir = mr_attach_folder(why) && folder_name(folder) ? opendir(folder) : NULL;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        mr_attach_place_t place;
        const int pid = pid_of(entry->d_name);
        if (pid == 0 || mr_attach_place(pid, &place) != MR_OK) {
            continue;
        }
        const mr_attach_state_t state = mr_attach_probe(place.path);
        if (state == MR_ATTACH_STALE && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            (void)unlink(place.path);
        } else if (state == MR_ATTACH_ALIVE) {
            insert(places, max, count, &place);
            count++;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return count;
}
