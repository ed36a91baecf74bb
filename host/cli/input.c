/* SPDX-License-Identifier: Apache-2.0 */
/* Reading texts from files and standard input. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define CHUNK_BYTES 65536u

static int read_all(int fd, const char *name, mr_cli_text_t *text) {
    char chunk[CHUNK_BYTES];
    for (;;) {
        const ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0) {
            return MR_CLI_OK;
        }
        if (mr_cli_interrupted()) {
            return MR_CLI_INTERRUPTED;
        }
        if (n < 0) {
            return mr_cli_fail("cannot read %s: %s", name, strerror(errno));
        }
        if ((size_t)n > MR_CLI_TEXT_MAX - text->length) {
            return mr_cli_fail("%s is longer than the %zu MiB that are read at once; split it",
                               name, MR_CLI_TEXT_MAX >> 20);
        }
        mr_cli_text_append(text, chunk, (size_t)n);
    }
}

int mr_cli_read_text(const char *path, mr_cli_text_t *text) {
    const bool standard = path == NULL || strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    struct stat info;
    *text = (mr_cli_text_t){NULL, 0, 0};
    /* O_NONBLOCK: opening a pipe without a writer must not wait for one. */
    const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return mr_cli_fail("cannot open %s: %s", name, strerror(errno));
    }
    int code = MR_CLI_OK;
    if (!standard && (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode))) {
        code = mr_cli_fail("cannot read %s: it is a directory", name);
    } else {
        mr_cli_text_append(text, "", 1); /* so that bytes is never NULL */
        text->length = 0;
        code = read_all(fd, name, text);
    }
    if (!standard) {
        (void)close(fd);
    }
    if (code != MR_CLI_OK) {
        free(text->bytes);
        text->bytes = NULL;
    }
    return code;
}
