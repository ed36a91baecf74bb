/* SPDX-License-Identifier: Apache-2.0 */
/* Names of registers: "chip.ID", "tile[3].STATUS.busy", "tile[0].CYC_TAG[2]"; case does not matter.
 * An index may be left out where there is only one. No state, safe from any thread. */
#ifndef MR_HOST_LIB_REG_REG_NAME_H
#define MR_HOST_LIB_REG_REG_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/reg_table.h"

/* How many instances of the blocks that come in arrays the machine has. */
typedef struct {
    uint32_t groups;
    uint32_t tiles;    /* of a group */
    uint32_t channels; /* of a group */
    bool ecc;          /* the channels have block kv_ecc */
    bool core;         /* there is a control core */
    bool all;          /* no machine: as many as the map has room for, and no index is needed */
} mr_reg_counts_t;

typedef struct {
    const mr_reg_block_t *block;
    const mr_reg_t *reg;
    const mr_reg_field_t *field; /* NULL: the whole register */
    uint32_t instance;
    uint32_t element;
} mr_reg_ref_t;

#define MR_REG_NAME_BYTES 64u
#define MR_REG_WHY_BYTES 320u /* of a message */

/* What the words of chip.FEATURES, chip.CAPS and chip.CAPS_KV tell. */
mr_reg_counts_t mr_reg_counts(uint32_t features, uint32_t caps, uint32_t caps_kv);

/* Instances of a block that exist. */
uint32_t mr_reg_instances(const mr_reg_block_t *block, const mr_reg_counts_t *counts);

/* Byte address; of the low word for 64 bits. */
uint32_t mr_reg_address(const mr_reg_ref_t *ref);

/* The full name, without the field. */
void mr_reg_format(const mr_reg_ref_t *ref, char name[MR_REG_NAME_BYTES]);

/* Finds a name. @return false with one line of text that says what is wrong and, where there are
 * some, the nearest names. */
bool mr_reg_parse(const char *name, const mr_reg_counts_t *counts, mr_reg_ref_t *out,
                  char why[MR_REG_WHY_BYTES]);

/* The register at an address, if the table has one; *high (may be NULL): the address is that of the
 * high word of 64 bits, otherwise only first words are found. */
bool mr_reg_at(uint32_t address, mr_reg_ref_t *out, bool *high);

/* Whether a name matches a pattern in which * stands for any text and ? for one character;
 * brackets stand for themselves and case does not matter. */
bool mr_reg_match(const char *pattern, const char *name);

/* Takes the next register of the machine whose name matches; starts with ref->block NULL.
 * @return false behind the last. */
bool mr_reg_next(const char *pattern, const mr_reg_counts_t *counts, mr_reg_ref_t *ref);

/* The same with fields: takes the next field whose NAME.FIELD matches. */
bool mr_reg_next_field(const char *pattern, const mr_reg_counts_t *counts, mr_reg_ref_t *ref);

/* Up to three names near to a wrong one, as "; did you mean A, B or C?", or an empty text. */
void mr_reg_suggest(const char *name, char out[MR_REG_WHY_BYTES]);

/* Calls sink for each way to go on with the start of a name, of a field, or of a value behind '=':
 * what tab completion offers. Indexes are not listed. */
void mr_reg_complete(const char *start, void (*sink)(void *ctx, const char *text), void *ctx);

#endif
