// SPDX-License-Identifier: Apache-2.0
// Reference of the KV controller's SECDED code, written from docs/kv_ecc.md: code words of 16, 32
// or 64 data bits. Every data_bits below is one of these; check bits sit in the low bits of a
// uint8_t. No function fails or keeps state.
#ifndef MR_TESTS_RTL_KV_ECC_ECC_REF_H
#define MR_TESTS_RTL_KV_ECC_ECC_REF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    MR_ECC_REF_NONE,
    MR_ECC_REF_SINGLE,
    MR_ECC_REF_DOUBLE,
    MR_ECC_REF_POISONED
} mr_ecc_ref_kind_t;

typedef struct {
    mr_ecc_ref_kind_t kind;
    uint8_t syndrome;
    uint64_t data; // right again when kind is NONE or SINGLE
} mr_ecc_ref_result_t;

// Check bits of a code word.
unsigned mr_ecc_ref_chk_bits(unsigned data_bits);
// The syndrome of a poisoned code word.
uint8_t mr_ecc_ref_poison(unsigned data_bits);
// Column of bit number bit: data bits first, then check bits.
uint8_t mr_ecc_ref_column(unsigned data_bits, unsigned bit);
uint8_t mr_ecc_ref_encode(unsigned data_bits, uint64_t data);
mr_ecc_ref_result_t mr_ecc_ref_decode(unsigned data_bits, uint64_t data, uint8_t chk);

#ifdef __cplusplus
}
#endif

#endif
