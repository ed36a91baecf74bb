/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, memory and standard output. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define MESSAGE_BYTES 1024u
#define BUFFER_BYTES 65536u

/* Prints a line made of a formatted message and an end, without control bytes. */
static void message(const char *format, va_list args, const char *end) {
    char line[MESSAGE_BYTES];
    (void)vsnprintf(line, sizeof line, format, args);
    for (char *p = line; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20u || *p == 0x7F) {
            *p = '?';
        }
    }
    fprintf(stderr, "millrace: %s%s\n", line, end);
}

int mr_cli_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    message(format, args, "");
    va_end(args);
    return MR_CLI_FAILED;
}

int mr_cli_usage(const mr_cli_t *cli, const char *format, ...) {
    char end[64];
    const char *command = cli->command != NULL ? cli->command : "";
    (void)snprintf(end, sizeof end, "; see 'millrace %s%s--help'", command,
                   cli->command != NULL ? " " : "");
    va_list args;
    va_start(args, format);
    message(format, args, end);
    va_end(args);
    return MR_CLI_USAGE;
}

static _Noreturn void out_of_memory(void) {
    (void)mr_cli_fail("out of memory");
    exit(MR_CLI_FAILED);
}

void *mr_cli_alloc(size_t count, size_t size) {
    void *memory = calloc(count != 0 ? count : 1u, size);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void mr_cli_text_append(mr_cli_text_t *text, const char *bytes, size_t length) {
    if (length > text->capacity - text->length) {
        size_t capacity = text->capacity != 0 ? text->capacity : 256u;
        while (length > capacity - text->length) {
            if (capacity > SIZE_MAX / 2u) {
                out_of_memory();
            }
            capacity *= 2u;
        }
        char *grown = realloc(text->bytes, capacity);
        if (grown == NULL) {
            out_of_memory();
        }
        text->bytes = grown;
        text->capacity = capacity;
    }
    if (length > 0) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
    }
}

bool mr_cli_flush(mr_cli_t *cli) {
    size_t done = 0;
    while (cli->write_errno == 0 && done < cli->out.length) {
        const ssize_t n = write(STDOUT_FILENO, cli->out.bytes + done, cli->out.length - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            cli->write_errno = errno;
        }
    }
    cli->out.length = 0;
    return cli->write_errno == 0;
}

bool mr_cli_write(mr_cli_t *cli, const char *bytes, size_t length) {
    mr_cli_text_append(&cli->out, bytes, length);
    return cli->out.length < BUFFER_BYTES ? cli->write_errno == 0 : mr_cli_flush(cli);
}

bool mr_cli_print(mr_cli_t *cli, const char *format, ...) {
    char line[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0) {
        return false;
    }
    if ((size_t)n < sizeof line) {
        return mr_cli_write(cli, line, (size_t)n);
    }
    char *longer = mr_cli_alloc((size_t)n + 1u, 1);
    va_start(args, format);
    (void)vsnprintf(longer, (size_t)n + 1u, format, args);
    va_end(args);
    const bool fine = mr_cli_write(cli, longer, (size_t)n);
    free(longer);
    return fine;
}

int mr_cli_finish(mr_cli_t *cli, int code) {
    (void)mr_cli_flush(cli);
    free(cli->out.bytes);
    cli->out = (mr_cli_text_t){NULL, 0, 0};
    if (cli->write_errno == 0) {
        return code;
    }
    if (cli->write_errno != EPIPE) {
        (void)mr_cli_fail("cannot write to standard output: %s", strerror(cli->write_errno));
    }
    return code != MR_CLI_OK ? code : MR_CLI_FAILED;
}
