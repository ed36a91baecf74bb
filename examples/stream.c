/* SPDX-License-Identifier: Apache-2.0 */
/* Streams a story: cc stream.c -o stream $(pkg-config --cflags --libs millrace)
 * ./stream model brook.gguf "Once upon a time" */
#include <millrace.h>
#include <stdio.h>

int main(int argc, char **argv) {
    millrace_request_t r = {.size = sizeof r, .text = argc == 4 ? argv[3] : NULL, .max_tokens = 64};
    millrace_event_t e = {.size = sizeof e};
    millrace_t *m;
    millrace_id_t id;
    if (millrace_open(argv[1], &m) || millrace_load(m, argv[2], 0) || millrace_submit(m, &r, &id))
        return fprintf(stderr, "stream: %s\n", millrace_last_error()), 1;
    while (!millrace_poll(m, id, 60000, &e) && e.kind == MILLRACE_TOKEN && !fflush(stdout))
        fputs(e.text, stdout);
    return millrace_close(m), e.kind != MILLRACE_END || e.status;
}
