/* SPDX-License-Identifier: Apache-2.0 */
/* JSON output. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t size) {
    return mr_cli_alloc(1, size);
}

void mr_cli_json_init(void) {
    cJSON_Hooks hooks = {allocate, free};
    cJSON_InitHooks(&hooks);
}

/* Puts a value into an object or at the end of an array. */
static void put(cJSON *parent, const char *name, cJSON *value) {
    if (name != NULL) {
        cJSON_AddItemToObject(parent, name, value);
    } else {
        cJSON_AddItemToArray(parent, value);
    }
}

/* Bytes of the UTF-8 character at the start of bytes, 0 if there is none. Surrogates, overlong
 * forms and values over U+10FFFF are none. */
static size_t character_bytes(const unsigned char *bytes, size_t length) {
    const unsigned char c = bytes[0];
    const size_t n = c < 0x80u ? 1u : c < 0xC2u ? 0u : c < 0xE0u ? 2u : c < 0xF0u ? 3u : 4u;
    if (c > 0xF4u || n > length) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    if ((c == 0xE0u && bytes[1] < 0xA0u) || (c == 0xEDu && bytes[1] > 0x9Fu) ||
        (c == 0xF0u && bytes[1] < 0x90u) || (c == 0xF4u && bytes[1] > 0x8Fu)) {
        return 0;
    }
    return n;
}

void mr_cli_json_text(cJSON *parent, const char *name, const char *bytes, size_t length) {
    /* cJSON's own strings end at the first NUL byte, which a model may well produce. */
    mr_cli_text_t quoted = {NULL, 0, 0};
    mr_cli_text_append(&quoted, "\"", 1);
    for (size_t i = 0, n; i<length; i += n> 0 ? n : 1u) {
        const unsigned char c = (unsigned char)bytes[i];
        n = character_bytes((const unsigned char *)bytes + i, length - i);
        char escape[8];
        if (n == 0) {
            mr_cli_text_append(&quoted, "\\ufffd", 6);
        } else if (c == '"' || c == '\\') {
            const char pair[2] = {'\\', (char)c};
            mr_cli_text_append(&quoted, pair, 2);
        } else if (c < 0x20u || c == 0x7Fu) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", c);
            mr_cli_text_append(&quoted, escape, 6);
        } else {
            mr_cli_text_append(&quoted, bytes + i, n);
        }
    }
    mr_cli_text_append(&quoted, "\"", 2); /* and the NUL behind it */
    put(parent, name, cJSON_CreateRaw(quoted.bytes));
    free(quoted.bytes);
}

void mr_cli_json_u64(cJSON *parent, const char *name, uint64_t value) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    put(parent, name, cJSON_CreateRaw(digits));
}

void mr_cli_json_number(cJSON *parent, const char *name, double value) {
    put(parent, name, cJSON_CreateNumber(value)); /* cJSON prints NaN and infinities as null */
}

void mr_cli_json_ids(cJSON *object, const char *name, const uint32_t *ids, size_t count) {
    cJSON *array = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateNumber(ids[i]));
    }
}

cJSON *mr_cli_json_ranked(const mr_cli_ranked_t *ranked, uint32_t count) {
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < count; i++) {
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateNumber(ranked[i].id));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber(ranked[i].logprob));
        cJSON_AddItemToArray(list, pair);
    }
    return list;
}

int mr_cli_json_print(mr_cli_t *cli, cJSON *object) {
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    (void)mr_cli_write(cli, text, strlen(text));
    (void)mr_cli_write(cli, "\n", 1);
    free(text);
    return MR_CLI_OK;
}
