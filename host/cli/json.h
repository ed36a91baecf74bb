/* SPDX-License-Identifier: Apache-2.0 */
/* JSON output: cJSON objects with the few kinds of values that cJSON lacks. Running out of memory
 * ends the tool with a message, so no call can fail. */
#ifndef MR_HOST_CLI_JSON_H
#define MR_HOST_CLI_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "logprob.h"

/* Call once, before any other cJSON function. */
void mr_cli_json_init(void);

/* Text of any length and content; bytes that are no UTF-8 become U+FFFD; name NULL: an element of
 * an array. */
void mr_cli_json_text(cJSON *parent, const char *name, const char *bytes, size_t length);

/* Whole numbers, all 64 bits of them; name NULL: an element of an array. */
void mr_cli_json_u64(cJSON *parent, const char *name, uint64_t value);

/* null when the value is not finite; name NULL: an element of an array. */
void mr_cli_json_number(cJSON *parent, const char *name, double value);

void mr_cli_json_ids(cJSON *object, const char *name, const uint32_t *ids, size_t count);

/* [[id, log-probability], ...] */
cJSON *mr_cli_json_ranked(const mr_cli_ranked_t *ranked, uint32_t count);

/* Prints the object on a line of its own and deletes it. @return MR_CLI_OK. */
int mr_cli_json_print(mr_cli_t *cli, cJSON *object);

#endif
