/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of single users: prompt files whose lines are JSON objects. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "users.h"

#define WHOLE_MAX 9007199254740992.0 /* up to here a double has every whole number */

static bool is_jsonl(const char *path) {
    const size_t n = path != NULL ? strlen(path) : 0;
    return n > 6u && strcmp(path + n - 6u, ".jsonl") == 0;
}

static bool whole(const cJSON *value, double most, uint64_t *out) {
    const double v = value->valuedouble;
    if (!cJSON_IsNumber(value) || !(v >= 0.0 && v <= most)) {
        return false;
    }
    *out = (uint64_t)v;
    return (double)*out >= v;
}

/* Takes one member. @return what it has to be when it is not, NULL when it is good. */
static const char *take_member(const cJSON *member, mr_cli_user_t *user) {
    mr_sampling_t *s = &user->sampling;
    const char *name = member->string;
    uint64_t v;
    if (strcmp(name, "prompt") == 0) {
        if (!cJSON_IsString(member) || member->valuestring[0] == '\0') {
            return "a text that is not empty";
        }
        mr_cli_text_append(&user->own, member->valuestring, strlen(member->valuestring));
        return NULL;
    }
    if (strcmp(name, "n") == 0) {
        const bool good = whole(member, UINT32_MAX, &v) && v > 0;
        user->n = good ? (uint32_t)v : user->n;
        return good ? NULL : "a whole number from 1";
    }
    if (strcmp(name, "top_k") == 0) {
        const bool good = whole(member, UINT32_MAX, &v);
        s->top_k = good ? (uint32_t)v : s->top_k;
        return good ? NULL : "a whole number";
    }
    if (strcmp(name, "seed") == 0) {
        const bool good = whole(member, WHOLE_MAX, &v);
        s->seed = good ? v : s->seed;
        return good ? NULL : "a whole number up to 2^53";
    }
    float *real = strcmp(name, "temp") == 0    ? &s->temperature
                  : strcmp(name, "top_p") == 0 ? &s->top_p
                  : strcmp(name, "min_p") == 0 ? &s->min_p
                                               : NULL;
    if (real == NULL) {
        return "left out; the names are prompt, n, temp, top_k, top_p, min_p and seed";
    }
    if (!cJSON_IsNumber(member)) {
        return "a number";
    }
    *real = (float)member->valuedouble;
    return NULL;
}

static int take_object(const mr_cli_users_t *all, const cJSON *object, uint32_t line,
                       mr_cli_user_t *user) {
    mr_sampler_t sampler;
    const cJSON *member;
    cJSON_ArrayForEach(member, object) {
        const char *must = take_member(member, user);
        if (must != NULL) {
            return mr_cli_fail("%s, line %" PRIu32 ": \"%s\" must be %s", all->options->prompts,
                               line, member->string, must);
        }
    }
    if (user->own.length == 0) {
        return mr_cli_fail("%s, line %" PRIu32 ": there is no \"prompt\"", all->options->prompts,
                           line);
    }
    if (mr_sampler_init(&sampler, &user->sampling) != MR_OK) {
        return mr_cli_fail("%s, line %" PRIu32 ": temp takes 0 or a number from 0.01 to 100, top_p "
                           "one above 0 and up to 1, min_p one from 0 to 1",
                           all->options->prompts, line);
    }
    return MR_CLI_OK;
}

int mr_cli_users_settings(const mr_cli_users_t *all, uint32_t number, uint32_t line,
                          mr_cli_text_t *text, mr_cli_user_t *user) {
    user->n = all->options->n;
    user->sampling = all->options->sampling;
    user->sampling.seed += number;
    if (!is_jsonl(all->options->prompts)) {
        return MR_CLI_OK;
    }
    cJSON *object = cJSON_ParseWithLength(text->bytes, text->length);
    if (!cJSON_IsObject(object)) {
        cJSON_Delete(object);
        return mr_cli_fail("%s, line %" PRIu32 " is no JSON object; write {\"prompt\": \"...\"}",
                           all->options->prompts, line);
    }
    const int code = take_object(all, object, line, user);
    cJSON_Delete(object);
    *text = user->own;
    return code;
}
