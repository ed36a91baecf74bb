/* SPDX-License-Identifier: Apache-2.0 */
/* Names of registers: "chip.ID", "tile[3].STATUS.busy", "tile[0].CYC_TAG[2]"; case does not matter.
 * An index may be left out where there is only one. */
#ifndef MR_HOST_CLI_REG_NAME_H
#define MR_HOST_CLI_REG_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "millrace/reg_table.h"

/* How many instances of the blocks that come in arrays the machine has. */
typedef struct {
    uint32_t groups;
    uint32_t tiles;    /* of a group */
    uint32_t channels; /* of a group */
    uint32_t cores;    /* control cores, 0 or 1 */
} mr_cli_reg_counts_t;

typedef struct {
    const mr_reg_block_t *block;
    const mr_reg_t *reg;
    const mr_reg_field_t *field; /* NULL: the whole register */
    uint32_t instance;
    uint32_t element;
} mr_cli_reg_t;

#define MR_CLI_REG_NAME_BYTES 64u

/* Instances of a block that exist. */
uint32_t mr_cli_reg_instances(const mr_reg_block_t *block, const mr_cli_reg_counts_t *counts);

/* Byte address; of the low word for 64 bits. */
uint32_t mr_cli_reg_address(const mr_cli_reg_t *reg);

/* The full name, without the field. */
void mr_cli_reg_format(const mr_cli_reg_t *reg, char name[MR_CLI_REG_NAME_BYTES]);

/* Finds a name. @return false with the message out. */
bool mr_cli_reg_parse(const mr_cli_t *cli, const char *name, const mr_cli_reg_counts_t *counts,
                      mr_cli_reg_t *out);

/* The register at an address (its first word), if the table has one. */
bool mr_cli_reg_at(uint32_t address, mr_cli_reg_t *out);

/* Whether a name matches a pattern in which * stands for any text and ? for one character;
 * brackets stand for themselves and case does not matter. */
bool mr_cli_reg_match(const char *pattern, const char *name);

#endif
