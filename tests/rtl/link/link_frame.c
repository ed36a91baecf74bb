/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder of a wire; see link_frame.h. */
#include "link_frame.h"

uint32_t frame_crc(uint32_t crc, const uint8_t *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0x82F63B78u : 0);
        }
    }
    return crc;
}

static uint32_t crc_word(uint32_t crc, uint64_t word, uint32_t n) {
    uint8_t bytes[8];
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(word >> 8 * i);
    }
    return frame_crc(crc, bytes, n);
}

static void close_run(frame_monitor_t *m) {
    frame_t *f = &m->frame;
    uint32_t crc = 0xFFFFFFFFu;
    f->good = false;
    f->ctrl = 0;
    if (m->beats != 0 || f->words == 0 || f->words > FRAME_WORDS_MAX) {
        return;
    }
    const uint64_t trailer = f->word[f->words - 1];
    for (uint32_t i = 0; i + 1 < f->words; i++) {
        crc = crc_word(crc, f->word[i], 8);
    }
    crc = ~crc_word(crc, trailer, 4);
    f->ctrl = (uint32_t)trailer;
    f->good = crc == (uint32_t)(trailer >> 32);
}

bool frame_monitor(frame_monitor_t *m, bool valid, uint64_t data) {
    if (!valid) {
        const bool over = m->run;
        if (over) {
            close_run(m);
        }
        m->run = false;
        return over;
    }
    if (!m->run) {
        m->run = true;
        m->frame.words = 0;
        m->beats = 0;
        m->part = 0;
    }
    m->part |= data << m->width * m->beats;
    if (++m->beats * m->width == 64) {
        if (m->frame.words < FRAME_WORDS_MAX) {
            m->frame.word[m->frame.words] = m->part;
        }
        if (m->frame.words <= FRAME_WORDS_MAX) {
            m->frame.words++;
        }
        m->beats = 0;
        m->part = 0;
    }
    return false;
}
