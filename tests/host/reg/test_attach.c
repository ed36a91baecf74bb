/* SPDX-License-Identifier: Apache-2.0 */
/* The server around a device, with a client in a child process: what the process that runs the
 * device relies on, and sockets that are in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "millrace/backend_model.h"
#include "millrace/device.h"
#include "millrace/regs.h"
#include "reg/attach.h"

static char folder[] = "/tmp/mr_test_attach_XXXXXX";

static const char *no_fault(const mr_mmio_t *mmio) {
    (void)mmio;
    return NULL;
}

static const char *some_fault(const mr_mmio_t *mmio) {
    (void)mmio;
    return "rule tRCD";
}

static mr_status_t serve(mr_mmio_t *io, const char *path, char why[MR_ATTACH_TEXT_BYTES]) {
    const mr_attach_config_t config = {path, "model", "test", no_fault};
    mr_backend_model_config_t shape;
    mr_backend_model_default_config(&shape);
    assert_int_equal(mr_backend_model_create(&shape, io), MR_OK);
    return mr_attach_serve(io, &config, why);
}

/* Runs visit in a child that is attached to this process, and io's device meanwhile.
 * @return the child's exit code, 0 when it was content. */
static int visited(const mr_mmio_t *io, const char *path, int (*visit)(const mr_mmio_t *client)) {
    const pid_t child = fork();
    int status = 0;
    uint32_t round = 0;
    if (child == 0) {
        char why[MR_ATTACH_TEXT_BYTES];
        mr_mmio_t client;
        if (mr_attach_connect(path, &client, why) != MR_OK) {
            fprintf(stderr, "%s\n", why);
            _exit(99);
        }
        const int code = visit(&client);
        mr_mmio_close(&client);
        _exit(code);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        /* As a driver does it: a counter of 64 bits, and the memory window. */
        uint32_t words[2] = {1, 2};
        uint64_t cycles;
        assert_int_equal(mr_chip_cycles(io, &cycles), MR_OK);
        assert_int_equal(mr_window_write(io, MR_MEM_VMEM, 1, 64, words, 2), MR_OK);
        words[0] = 0;
        assert_int_equal(mr_window_read(io, MR_MEM_VMEM, 1, 64, words, 2), MR_OK);
        assert_int_equal(words[0], 1);
        assert_int_equal(words[1], 2);
        assert_int_equal(mr_mmio_write32(io, MR_CHIP_SCRATCH_OFFSET, ++round), MR_OK);
        assert_int_equal(mr_mmio_wait(io, 100), MR_OK);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int visit_registers(const mr_mmio_t *c) {
    uint32_t v = 0;
    uint32_t words[100];
    if (strcmp(mr_attach_about(c), "model\ttest") != 0 || mr_mmio_read32(c, 0, &v) != MR_OK ||
        v != MR_CHIP_ID_RESET) {
        return 1;
    }
    if (mr_mmio_write32(c, MR_CHIP_SCRATCH_OFFSET, 0xCAFE) != MR_OK ||
        mr_mmio_read32(c, MR_CHIP_SCRATCH_OFFSET, &v) != MR_OK || v != 0xCAFE) {
        return 2;
    }
    if (mr_mmio_read32(c, 0x900, &v) != MR_DEVICE || mr_attach_problem(c) != NULL ||
        mr_mmio_read32(c, 2, &v) != MR_ALIGN) {
        return 3;
    }
    /* The window while the driver uses it: ours in one hold, and longer than a message. */
    if (mr_mmio_write32(c, MR_CHIP_MEM_TARGET_OFFSET, 1u | 2u << 8) != MR_OK ||
        mr_mmio_write32(c, MR_CHIP_MEM_BASE_OFFSET, 0) != MR_OK) {
        return 4;
    }
    for (uint32_t i = 0; i < 100; i++) {
        words[i] = i * i;
    }
    if (mr_mmio_write_block(c, MR_WINDOW_BASE, words, 100) != MR_OK) {
        return 5;
    }
    memset(words, 0, sizeof words);
    if (mr_mmio_read_block(c, MR_WINDOW_BASE, words, 100) != MR_OK || words[99] != 99u * 99u) {
        return 6;
    }
    return 0;
}

static int visit_window_again_and_again(const mr_mmio_t *c) {
    for (int i = 0; i < 100; i++) {
        if (mr_attach_hold(c, true) != MR_OK ||
            mr_mmio_write32(c, MR_CHIP_MEM_TARGET_OFFSET, 1u | 3u << 8) != MR_OK ||
            mr_mmio_write32(c, MR_CHIP_MEM_BASE_OFFSET, 4096) != MR_OK ||
            mr_attach_hold(c, false) != MR_OK || mr_mmio_wait(c, 1) != MR_OK) {
            return 1;
        }
    }
    return 0;
}

/* A held device runs while its visitor waits, and then stands still again. */
static int visit_and_wait(const mr_mmio_t *c) {
    uint32_t words[3];
    for (int i = 0; i < 3; i++) {
        if (mr_mmio_read32(c, MR_CHIP_SCRATCH_OFFSET, &words[i]) != MR_OK ||
            (i == 0 && mr_mmio_wait(c, 1000) != MR_OK)) {
            return 1;
        }
    }
    return words[0] != words[1] && words[1] == words[2] ? 0 : 2;
}

static int visit_and_vanish(const mr_mmio_t *c) {
    return mr_attach_hold(c, true) == MR_OK ? 0 : 1; /* the device must go on without us */
}

static void path_of(char *path, size_t size, const char *name) {
    (void)snprintf(path, size, "%s/%s", folder, name);
}

static void test_visits(void **state) {
    char path[100];
    char why[MR_ATTACH_TEXT_BYTES] = "";
    struct stat info;
    mr_mmio_t io;
    (void)state;
    path_of(path, sizeof path, "a.sock");
    assert_int_equal(serve(&io, path, why), MR_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(visited(&io, path, visit_registers), 0);
    assert_int_equal(visited(&io, path, visit_window_again_and_again), 0);
    assert_int_equal(visited(&io, path, visit_and_wait), 0);
    assert_int_equal(visited(&io, path, visit_and_vanish), 0);
    assert_null(mr_attach_about(&io));
    assert_int_equal(mr_attach_hold(&io, true), MR_OK); /* no client: nothing to do */
    mr_mmio_close(&io);
    assert_int_not_equal(stat(path, &info), 0);
}

/* Blocks that the server splits are whole. */
static void test_blocks__as_without_server(void **state) {
    char path[100];
    char why[MR_ATTACH_TEXT_BYTES] = "";
    uint32_t words[1000];
    mr_mmio_t io;
    (void)state;
    path_of(path, sizeof path, "b.sock");
    assert_int_equal(serve(&io, path, why), MR_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        words[i] = i ^ 0x5A5Au;
    }
    assert_int_equal(mr_window_write(&io, MR_MEM_VMEM, 0, 0, words, 1000), MR_OK);
    memset(words, 0, sizeof words);
    assert_int_equal(mr_window_read(&io, MR_MEM_VMEM, 0, 0, words, 1000), MR_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(words[i], i ^ 0x5A5Au);
    }
    uint32_t v;
    assert_int_equal(mr_mmio_read32(&io, 0x900, &v), MR_DEVICE);
    mr_mmio_close(&io);
}

static void test_serve__what_is_in_the_way(void **state) {
    char path[100];
    char text[200];
    char why[MR_ATTACH_TEXT_BYTES] = "";
    mr_mmio_t io;
    mr_mmio_t other;
    (void)state;
    path_of(path, sizeof path, "c.sock");
    assert_int_equal(serve(&io, path, why), MR_OK);
    assert_int_equal(serve(&other, path, why), MR_BUSY); /* taken */
    assert_non_null(strstr(why, "another process"));
    mr_mmio_close(&other);
    mr_mmio_close(&io);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(serve(&other, path, why), MR_BUSY); /* a file stays a file */
    assert_non_null(strstr(why, "no socket"));
    mr_mmio_close(&other);
    assert_int_equal(unlink(path), 0);
    const pid_t child = fork(); /* one that dies leaves its socket behind */
    if (child == 0) {
        _exit(serve(&io, path, why) == MR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(mr_attach_connect(path, &other, why), MR_NOT_FOUND);
    assert_int_equal(serve(&io, path, why), MR_OK);
    mr_attach_remove(&io);
    assert_int_not_equal(access(path, F_OK), 0);
    mr_mmio_close(&io);
    memset(text, 'x', sizeof text);
    text[0] = '/';
    text[199] = '\0';
    assert_int_equal(serve(&other, text, why), MR_ARG);
    assert_int_equal(mr_attach_connect(text, &io, why), MR_NOT_FOUND);
    mr_mmio_close(&other);
    path_of(path, sizeof path, "no/such/folder.sock");
    assert_int_equal(serve(&other, path, why), MR_IO);
    mr_mmio_close(&other);
}

static int visit_fault(const mr_mmio_t *c) {
    uint32_t v;
    return mr_mmio_read32(c, 0x900, &v) == MR_DEVICE && mr_attach_problem(c) != NULL &&
                   strcmp(mr_attach_problem(c), "the device stopped: rule tRCD") == 0
               ? 0
               : 1;
}

static void test_fault__is_told(void **state) {
    char path[100];
    char why[MR_ATTACH_TEXT_BYTES] = "";
    mr_backend_model_config_t shape;
    mr_mmio_t io;
    (void)state;
    path_of(path, sizeof path, "d.sock");
    const mr_attach_config_t config = {path, "model", "test", some_fault};
    mr_backend_model_default_config(&shape);
    assert_int_equal(mr_backend_model_create(&shape, &io), MR_OK);
    assert_int_equal(mr_attach_serve(&io, &config, why), MR_OK);
    assert_int_equal(visited(&io, path, visit_fault), 0);
    mr_mmio_close(&io);
}

/* The user's folder: made with rights for the user alone, or not used. */
static void test_list__in_the_folder(void **state) {
    char path[150];
    char why[MR_ATTACH_TEXT_BYTES] = "";
    mr_attach_place_t places[4];
    mr_mmio_t io;
    struct stat info;
    (void)state;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    assert_int_equal(mr_attach_list(places, 4), 0);
    assert_int_equal(serve(&io, NULL, why), MR_OK);
    assert_int_equal(mr_attach_list(places, 4), 1);
    assert_int_equal(places[0].pid, (int)getpid());
    path_of(path, sizeof path, "millrace");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    mr_mmio_close(&io);
    assert_int_equal(mr_attach_list(places, 4), 0);
    const pid_t child = fork(); /* what a dead process left is removed by the next that looks */
    if (child == 0) {
        _exit(serve(&io, NULL, why) == MR_OK ? 0 : 1);
    }
    int status;
    mr_attach_place_t dead;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(mr_attach_place((int)child, &dead), MR_OK);
    assert_int_equal(access(dead.path, F_OK), 0);
    assert_int_equal(mr_attach_list(NULL, 0), 0);
    assert_int_not_equal(access(dead.path, F_OK), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(serve(&io, NULL, why), MR_IO);
    assert_non_null(strstr(why, "yours alone"));
    mr_mmio_close(&io);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(rmdir(path), 0);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : 1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visits),
        cmocka_unit_test(test_blocks__as_without_server),
        cmocka_unit_test(test_serve__what_is_in_the_way),
        cmocka_unit_test(test_fault__is_told),
        cmocka_unit_test(test_list__in_the_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
