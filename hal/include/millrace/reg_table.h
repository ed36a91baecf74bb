/* SPDX-License-Identifier: Apache-2.0 */
/* Name table of the register map: every block, register and field with its meaning, generated from
 * hal/regs/millrace.rdl.
 *
 * Meant for people's tools (`millrace reg`) and tests; drivers use regs.h. Constant data, safe from
 * any thread. Strings are never NULL unless a member says so.
 */
#ifndef MR_REG_TABLE_H
#define MR_REG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MR_REG_CONST, /* fixed value, equal to `reset` */
    MR_REG_RO,    /* shows the hardware */
    MR_REG_RW,    /* reads back what was written */
    MR_REG_CMD,   /* reads 0; writing acts once */
    MR_REG_W1C    /* sticky; writing 1 clears */
} mr_reg_access_t;

/* A name for a value of a field. */
typedef struct {
    const char *name; /* upper case */
    const char *desc;
    uint32_t value;
} mr_reg_value_t;

typedef struct {
    const char *name; /* lower case; "value" when it is the register's only field */
    const char *desc;
    const char *unit;     /* "-" for codes and flags */
    const char *effect;   /* side effect of an access, NULL if there is none */
    const char *legal;    /* what may be written; NULL: read only */
    const char *at_reset; /* what it shows after reset, in words; NULL: `reset` */
    uint32_t reset;       /* value of the field itself, not in place */
    uint8_t lsb;
    uint8_t width_bits; /* 1..32, or 64 for a 64-bit counter */
    mr_reg_access_t access;
    const mr_reg_value_t *values; /* NULL if its values have no names */
    size_t value_count;
    bool live; /* read/write: what is written starts or stops something at once */
} mr_reg_field_t;

typedef struct {
    const char *name; /* upper case */
    const char *desc;
    const mr_reg_field_t *fields;
    size_t field_count;
    uint32_t reset;        /* whole register; read-only fields as 0 */
    uint32_t offset_bytes; /* in the block, of element 0 */
    uint32_t stride_bytes; /* between elements */
    uint32_t count;        /* elements; 1 if it is not an array */
    uint8_t width_bits;    /* 32, or 64: low word at the offset, high word 4 bytes on; read the low
                              word first */
} mr_reg_t;

typedef struct {
    const char *name; /* lower case */
    const char *desc;
    const mr_reg_t *regs;
    size_t reg_count;
    uint32_t base_bytes; /* of instance 0 */
    uint32_t stride_bytes;
    uint32_t count;           /* instances that the map has room for; CAPS tells how many exist */
    bool survives_soft_reset; /* read/write fields keep their values over chip.CONTROL.soft_reset */
} mr_reg_block_t;

extern const mr_reg_block_t mr_reg_blocks[];
extern const size_t mr_reg_block_count;

#endif
