/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libmillrace share. They know millrace.h alone. */
#ifndef MR_TESTS_LIBRARY_TEST_H
#define MR_TESTS_LIBRARY_TEST_H

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "millrace.h"

#define BROOK MODELS "/brook.gguf"
#define LINE_MS 60000u /* far more than any event takes */
#define TOKENS_MAX 2048u

/* What a request told. */
typedef struct {
    uint32_t n;
    uint32_t token[TOKENS_MAX];
    uint32_t position[TOKENS_MAX];
    char text[65536];
    size_t length;
    uint32_t reason;
    millrace_status_t status;
} story_t;

/* A handle with brook loaded; fails the test otherwise. */
millrace_t *open_brook(const char *device, const millrace_load_options_t *options);

/* Submits; fails the test unless that gives `status`. */
millrace_id_t submit(millrace_t *m, const millrace_request_t *request, millrace_status_t status);

/* Adds an event to a story. */
void add_event(story_t *story, const millrace_event_t *event);

/* Polls a request to its end. @return false: an event did not come. */
int read_story(millrace_t *m, millrace_id_t id, story_t *story);

/* The story of a request that runs alone on a device of its own. */
void alone(const char *device, const millrace_request_t *request, story_t *story);

/* Whether two stories have the same tokens, text and end. */
int same(const story_t *a, const story_t *b);

/* Request number i of many that differ in prompt, length and sampling. */
millrace_request_t varied(uint32_t i);

#endif
