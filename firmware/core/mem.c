/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions that GCC calls for copies and fills of structs. Words where both ends allow
 * it. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* Copies from the first byte on: `to` may overlap what is behind it. */
static void copy_up(void *to, const void *from, size_t n) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) & 3u) == 0) {
        uint32_t *dw = (uint32_t *)(void *)d;
        const uint32_t *sw = (const uint32_t *)(const void *)s;
        for (; n >= 16u; n -= 16u) {
            dw[0] = sw[0];
            dw[1] = sw[1];
            dw[2] = sw[2];
            dw[3] = sw[3];
            dw += 4;
            sw += 4;
        }
        for (; n >= 4u; n -= 4u) {
            *dw++ = *sw++;
        }
        d = (unsigned char *)dw;
        s = (const unsigned char *)sw;
    }
    for (; n > 0; n--) {
        *d++ = *s++;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    copy_up(to, from, n);
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((uintptr_t)d - (uintptr_t)s >= n) {
        copy_up(to, from, n);
        return to;
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
        uint32_t *dw = (uint32_t *)(void *)d;
        for (; n >= 16u; n -= 16u) {
            dw[0] = word;
            dw[1] = word;
            dw[2] = word;
            dw[3] = word;
            dw += 4;
        }
        for (; n >= 4u; n -= 4u) {
            *dw++ = word;
        }
        d = (unsigned char *)dw;
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
