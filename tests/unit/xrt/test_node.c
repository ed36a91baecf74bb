/* SPDX-License-Identifier: Apache-2.0 */
/* A card's device node that a user may not open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper_process.h"

enum { NOBODY = 65534, CLOSED = 3, OPEN = 4 };

/* What a user other than root sees; root may open everything. */
static int look(const char *pattern) {
    int status = 0;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char text[256];
        if (geteuid() == 0 && setuid(NOBODY) != 0) {
            _exit(1);
        }
        const char *closed = mr_xrt_closed_node(pattern, text, sizeof text);
        _exit(closed == NULL                                     ? OPEN
              : strstr(closed, "join its group, render") != NULL ? CLOSED
                                                                 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_closed_node__mode_of_the_node(void **state) {
    (void)state;
    char folder[] = "/tmp/mr-node-XXXXXX";
    char node[64];
    char pattern[64];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    (void)snprintf(node, sizeof node, "%s/renderD128", folder);
    (void)snprintf(pattern, sizeof pattern, "%s/renderD*", folder);
    assert_int_equal(look(pattern), OPEN); /* there is none */
    FILE *file = fopen(node, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(node, 0666), 0);
    assert_int_equal(look(pattern), OPEN);
    assert_int_equal(chmod(node, 0), 0);
    assert_int_equal(look(pattern), CLOSED);
    assert_int_equal(remove(node), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_closed_node__mode_of_the_node)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
