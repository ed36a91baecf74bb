// SPDX-License-Identifier: Apache-2.0
// Reference of the KV controller's SECDED code; see ecc_ref.h.
#include "ecc_ref.h"

unsigned mr_ecc_ref_chk_bits(unsigned data_bits) {
    return data_bits == 16 ? 6 : data_bits == 32 ? 7 : 8;
}

uint8_t mr_ecc_ref_poison(unsigned data_bits) {
    return data_bits == 16 ? 0x3F : data_bits == 32 ? 0x7E : 0xFF;
}

static int is_left_out(unsigned data_bits, unsigned value) {
    static const unsigned of16[] = {0x07, 0x19, 0x2A, 0x34};
    static const unsigned of32[] = {0x0E, 0x32, 0x54};
    for (unsigned i = 0; data_bits == 16 && i < 4; i++) {
        if (of16[i] == value) {
            return 1;
        }
    }
    for (unsigned i = 0; data_bits == 32 && i < 3; i++) {
        if (of32[i] == value) {
            return 1;
        }
    }
    return 0;
}

uint8_t mr_ecc_ref_column(unsigned data_bits, unsigned bit) {
    const unsigned chk_bits = mr_ecc_ref_chk_bits(data_bits);
    unsigned at = 0;
    if (bit >= data_bits) {
        return (uint8_t)(1U << (bit - data_bits));
    }
    for (unsigned high = 2; high < chk_bits; high++) {
        for (unsigned mid = 1; mid < high; mid++) {
            for (unsigned low = 0; low < mid; low++) {
                const unsigned value = 1U << high | 1U << mid | 1U << low;
                if (is_left_out(data_bits, value)) {
                    continue;
                }
                if (at == bit) {
                    return (uint8_t)value;
                }
                at++;
            }
        }
    }
    const unsigned turn = bit - at;
    return (uint8_t)(0x1FU << turn | 0x1FU >> (8 - turn));
}

uint8_t mr_ecc_ref_encode(unsigned data_bits, uint64_t data) {
    unsigned chk = 0;
    for (unsigned bit = 0; bit < data_bits; bit++) {
        if (data >> bit & 1) {
            chk ^= mr_ecc_ref_column(data_bits, bit);
        }
    }
    return (uint8_t)chk;
}

mr_ecc_ref_result_t mr_ecc_ref_decode(unsigned data_bits, uint64_t data, uint8_t chk) {
    const unsigned all = data_bits + mr_ecc_ref_chk_bits(data_bits);
    mr_ecc_ref_result_t result = {MR_ECC_REF_DOUBLE, 0, data};
    result.syndrome = (uint8_t)(mr_ecc_ref_encode(data_bits, data) ^ chk);
    if (result.syndrome == 0) {
        result.kind = MR_ECC_REF_NONE;
    } else if (result.syndrome == mr_ecc_ref_poison(data_bits)) {
        result.kind = MR_ECC_REF_POISONED;
    }
    for (unsigned bit = 0; bit < all; bit++) {
        if (result.syndrome == mr_ecc_ref_column(data_bits, bit)) {
            result.kind = MR_ECC_REF_SINGLE;
            if (bit < data_bits) {
                result.data ^= (uint64_t)1 << bit;
            }
        }
    }
    return result;
}
