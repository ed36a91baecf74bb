/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions that GCC calls for copies and fills of structs. Words where both ends allow
 * it. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) & 3u) == 0) {
        for (; n >= 4u; n -= 4u) {
            *(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
            d += 4;
            s += 4;
        }
    }
    for (; n > 0; n--) {
        *d++ = *s++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((uintptr_t)d - (uintptr_t)s >= n) {
        return memcpy(to, from, n);
    }
    while (n > 0) {
        n--;
        d[n] = s[n];
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    unsigned char *d = to;
    const uint32_t word = (uint32_t)(unsigned char)value * 0x01010101u;
    if (((uintptr_t)d & 3u) == 0) {
        for (; n >= 4u; n -= 4u) {
            *(uint32_t *)(void *)d = word;
            d += 4;
        }
    }
    for (; n > 0; n--) {
        *d++ = (unsigned char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}
