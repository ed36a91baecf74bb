/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a link as the documentation has them: decodes the beats of a wire, independent of the
 * RTL.
 */
#ifndef MR_TESTS_RTL_LINK_LINK_FRAME_H
#define MR_TESTS_RTL_LINK_LINK_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum { FRAME_WORDS_MAX = 72, POS_MASK = 0x3FFF };

/* CRC-32C register behind n bytes. */
uint32_t frame_crc(uint32_t crc, const uint8_t *bytes, uint32_t n);

/* A run of beats. */
typedef struct {
    uint64_t word[FRAME_WORDS_MAX]; /* the last one is the trailer */
    uint32_t words;                 /* more than FRAME_WORDS_MAX if it is longer than any frame */
    bool good;                      /* whole words, at least one, and the CRC fits */
    uint32_t ctrl;
} frame_t;

typedef struct {
    frame_t frame;
    uint64_t part;
    uint32_t width, beats;
    bool run;
} frame_monitor_t;

/* The next clock of the wire; true when a run is over, which m->frame then holds. */
bool frame_monitor(frame_monitor_t *m, bool valid, uint64_t data);

/* Control of a forward frame. */
static inline uint32_t frame_pos(uint32_t ctrl) {
    return ctrl & POS_MASK;
}
static inline uint32_t frame_len(uint32_t ctrl) {
    return ctrl >> 14 & 127;
}
static inline bool frame_first(uint32_t ctrl) {
    return (ctrl >> 21 & 1) != 0;
}
static inline bool frame_last(uint32_t ctrl) {
    return (ctrl >> 22 & 1) != 0;
}
static inline uint32_t frame_round(uint32_t ctrl) {
    return ctrl >> 23 & 15;
}
/* Control of a reverse word. */
static inline uint32_t rev_ack(uint32_t ctrl) {
    return ctrl & POS_MASK;
}
static inline bool rev_start(uint32_t ctrl) {
    return (ctrl >> 14 & 1) != 0;
}
static inline uint32_t rev_limit(uint32_t ctrl) {
    return (ctrl >> 15 & 0xFFF) << 2;
}
/* The position with these low bits that is at most POS_MASK / 2 away from near. */
static inline uint64_t frame_near(uint64_t near, uint32_t pos) {
    const uint32_t up = (pos - (uint32_t)near) & POS_MASK;
    return up <= POS_MASK / 2 ? near + up : near + up - (POS_MASK + 1);
}

#endif
