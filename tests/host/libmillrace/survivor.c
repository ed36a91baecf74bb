/* SPDX-License-Identifier: Apache-2.0 */
/* For test_death.py: streams until its device dies, tells so, and loads again when a line comes in.
 * survivor DEVICE MODEL */
#include <stdio.h>
#include <stdlib.h>

#include "millrace.h"

static int give_up(const char *what) {
    (void)fprintf(stderr, "%s: %s\n", what, millrace_last_error());
    return EXIT_FAILURE;
}

/* Polls a request to its end. @return its tokens. */
static unsigned read_all(millrace_t *m, millrace_id_t id, millrace_event_t *event) {
    unsigned tokens = 0;
    while (millrace_poll(m, id, 60000, event) == MILLRACE_OK && event->kind == MILLRACE_TOKEN) {
        if (tokens++ == 0) {
            (void)puts("streaming");
            (void)fflush(stdout);
        }
    }
    return tokens;
}

int main(int argc, char **argv) {
    millrace_request_t request = {.size = sizeof request, .text = "Once", .ignore_end = 1};
    millrace_event_t event = {.size = sizeof event};
    millrace_t *m = NULL;
    millrace_id_t id = 0;
    if (argc != 3 || millrace_open(argv[1], &m) != MILLRACE_OK) {
        return give_up("open");
    }
    if (millrace_load(m, argv[2], NULL) != MILLRACE_OK ||
        millrace_submit(m, &request, &id) != MILLRACE_OK) {
        return give_up("start");
    }
    (void)read_all(m, id, &event);
    (void)printf("end %u %d %s\n", (unsigned)event.reason, (int)event.status, event.text);
    (void)fflush(stdout);
    (void)getchar();
    request.max_tokens = 3;
    if (millrace_load(m, argv[2], NULL) != MILLRACE_OK ||
        millrace_submit(m, &request, &id) != MILLRACE_OK) {
        return give_up("again");
    }
    const unsigned tokens = read_all(m, id, &event);
    (void)printf("again %u %u\n", tokens, (unsigned)event.reason);
    millrace_close(m);
    return EXIT_SUCCESS;
}
