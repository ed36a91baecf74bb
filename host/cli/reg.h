/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of `millrace reg`: one run of it, and its actions. Each action takes its operands, has its
 * message out when it fails, and gives an exit code. */
#ifndef MR_HOST_CLI_REG_H
#define MR_HOST_CLI_REG_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "json.h"
#include "millrace/mmio.h"
#include "reg/reg_name.h"
#include "reg/reg_value.h"

typedef struct {
    mr_cli_t *cli;
    const char *device; /* its name, for messages */
    mr_mmio_t mmio;
    bool attached; /* another process runs the device */
    mr_reg_counts_t counts;
    bool force;
    bool raw;
    bool strict;
    const char *diff;  /* file to compare with, or NULL */
    uint32_t every_ms; /* of watch */
    uint32_t count;    /* of watch; 0: no end */
    cJSON *object;     /* of --json, otherwise NULL */
    cJSON *list;       /* its "registers" */
} mr_cli_reg_t;

/* ---- actions ---- */

int mr_cli_reg_ls(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_read(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_decode(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_write(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_dump(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_watch(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_record(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_replay(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_complete(mr_cli_reg_t *r, int operands, char **operand);
int mr_cli_reg_ps(mr_cli_reg_t *r, int operands, char **operand);

/* ---- what they share ---- */

/* Attaches to "", the only process there is, or to a PID or a path. */
int mr_cli_reg_attach(mr_cli_reg_t *r, const char *which);

/* Reads a register, both halves of 64 bits in one access. */
mr_status_t mr_cli_reg_get(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint64_t *value);

/* Says why "read" or another access failed. @return MR_CLI_FAILED. */
int mr_cli_reg_bus_failed(const mr_cli_reg_t *r, const char *what, uint32_t address,
                          mr_status_t status);

/* Whether the device or the way to it is lost for good after a failed access. */
bool mr_cli_reg_lost(const mr_cli_reg_t *r);

/* Prints a value with its fields, or adds it to the list; ref NULL: nothing is known about the
 * address. */
void mr_cli_reg_show(const mr_cli_reg_t *r, const mr_reg_ref_t *ref, uint32_t address,
                     uint64_t value);

/* The entry for the list. */
cJSON *mr_cli_reg_json(const mr_reg_ref_t *ref, uint32_t address, uint64_t value);

/* "busy=1 slot=3"; nothing where the register is one field without unit or names. */
void mr_cli_reg_line(const mr_reg_ref_t *ref, uint64_t value, char *out, size_t size);

/* Parses a name. @return false with the message out. */
bool mr_cli_reg_parse(const mr_cli_reg_t *r, const char *name, mr_reg_ref_t *ref);

/* "ADDR", "ADDR..LAST" or "ADDR+WORDS". @return false with the message out. */
bool mr_cli_reg_range(const mr_cli_reg_t *r, const char *text, uint32_t *first, uint32_t *words);

#endif
