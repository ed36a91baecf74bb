/* SPDX-License-Identifier: Apache-2.0 */
/* Values of registers: fields in words, side effects, text in both directions. No state. */
#ifndef MR_HOST_LIB_REG_REG_VALUE_H
#define MR_HOST_LIB_REG_REG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reg/reg_name.h"

#define MR_REG_VALUE_BYTES 96u

/* "read/write" and so on. */
const char *mr_reg_access_text(mr_reg_access_t access);

/* Of a field, in place; and a field's value in a register's word. */
uint64_t mr_reg_mask(const mr_reg_field_t *field);
uint64_t mr_reg_field_of(const mr_reg_field_t *field, uint64_t word);

/* Writing it can do something. */
bool mr_reg_writable(const mr_reg_field_t *field);

/* What reading the register does beside giving its value, or NULL. That reading the low word of 64
 * bits latches the high one disturbs nobody where both are read together, except the firmware on
 * the control core: it reads the counters of block core, whenever it likes. */
const char *mr_reg_read_effect(const mr_reg_ref_t *ref);

/* What writing the field does beside setting it, or NULL; "core reset sets 0" is none of that. */
const char *mr_reg_write_effect(const mr_reg_field_t *field);

/* Nothing to see: all its fields are commands. */
bool mr_reg_only_commands(const mr_reg_t *reg);

/* It counts by itself: counters of 64 bits, and what is only read and given in cycles. */
bool mr_reg_volatile(const mr_reg_t *reg);

/* The name of a field's value, or NULL. */
const char *mr_reg_value_name(const mr_reg_field_t *field, uint64_t value);

/* "5 elements", "1 VMEM", "300 (0x12C)". */
void mr_reg_value_text(const mr_reg_field_t *field, uint64_t value, char out[MR_REG_VALUE_BYTES]);

/* Reads a number: decimal, 0x hexadecimal or 0b binary, with _ between digits; nothing behind it.
 */
bool mr_reg_number(const char *text, uint64_t *out);

/* Reads a value for a field (also by name) or, with field NULL, for a register of so many bits.
 * @return false with one line of text that says what is legal. */
bool mr_reg_value_parse(const char *name, const char *text, const mr_reg_field_t *field,
                        unsigned bits, uint64_t *out, char why[MR_REG_WHY_BYTES]);

#endif
