/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libmillrace share. */
#include "library_test.h"

#include <string.h>

millrace_t *open_brook(const char *device, const millrace_load_options_t *options) {
    millrace_t *m = NULL;
    if (millrace_open(device, &m) != MILLRACE_OK ||
        millrace_load(m, BROOK, options) != MILLRACE_OK) {
        fail_msg("%s", millrace_last_error());
    }
    return m;
}

millrace_id_t submit(millrace_t *m, const millrace_request_t *request, millrace_status_t status) {
    millrace_id_t id = 77;
    const millrace_status_t got = millrace_submit(m, request, &id);
    if (got != status) {
        fail_msg("submit gave %d instead of %d: %s", got, status, millrace_last_error());
    }
    assert_true((id != 0) == (got == MILLRACE_OK));
    return id;
}

void add_event(story_t *story, const millrace_event_t *event) {
    if (event->kind == MILLRACE_END) {
        story->reason = event->reason;
        story->status = (millrace_status_t)event->status;
    } else if (story->n < TOKENS_MAX) {
        story->token[story->n] = event->token;
        story->position[story->n++] = event->position;
    }
    if (event->length < sizeof story->text - story->length) {
        memcpy(story->text + story->length, event->text, event->length + 1u);
        story->length += event->length;
    }
}

int read_story(millrace_t *m, millrace_id_t id, story_t *story) {
    millrace_event_t event = {.size = sizeof event};
    memset(story, 0, sizeof *story);
    do {
        if (millrace_poll(m, id, LINE_MS, &event) != MILLRACE_OK || event.id != id ||
            event.text[event.length] != '\0') {
            return 0;
        }
        add_event(story, &event);
    } while (event.kind != MILLRACE_END);
    return 1;
}

void alone(const char *device, const millrace_request_t *request, story_t *story) {
    millrace_t *m = open_brook(device, NULL);
    assert_true(read_story(m, submit(m, request, MILLRACE_OK), story));
    millrace_close(m);
}

int same(const story_t *a, const story_t *b) {
    return a->n == b->n && a->reason == b->reason && a->status == b->status &&
           memcmp(a->token, b->token, a->n * sizeof a->token[0]) == 0 &&
           memcmp(a->position, b->position, a->n * sizeof a->position[0]) == 0 &&
           a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

millrace_request_t varied(uint32_t i) {
    static const char *const prompts[] = {"Once upon a time", "The little dog", "One day, Tom",
                                          "There was a curious girl named Mia. She liked"};
    const millrace_request_t r = {.size = sizeof r,
                                  .text = prompts[i % 4u],
                                  .max_tokens = 20u + 7u * (i % 5u),
                                  .temperature = i % 3u == 0 ? 0.0f : 0.8f,
                                  .top_k = i % 2u == 0 ? 0u : 20u,
                                  .top_p = i % 5u == 0 ? 0.0f : 0.9f,
                                  .min_p = i % 7u == 0 ? 0.05f : 0.0f,
                                  .seed = 1000u + i};
    return r;
}
