/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the serial protocol. */
#include "serial_frame.h"

enum { AT_LENGTH = 1, AT_SEQ = 2, AT_WHAT = 3, AT_PAYLOAD = 4, CRC_BYTES = 2 };

uint16_t mr_serial_crc(uint16_t crc, const uint8_t *bytes, size_t n) {
    uint32_t c = crc;
    for (size_t i = 0; i < n; i++) {
        c ^= (uint32_t)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            c = (c & 0x8000u) != 0 ? (c << 1 ^ 0x1021u) & 0xFFFFu : c << 1;
        }
    }
    return (uint16_t)c;
}

void mr_serial_put32(uint8_t *bytes, uint32_t word) {
    for (uint32_t i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(word >> (8u * i));
    }
}

uint32_t mr_serial_get32(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

size_t mr_serial_frame(uint8_t *frame, uint8_t sync, uint8_t seq, uint8_t what,
                       const uint8_t *payload, uint8_t n) {
    frame[0] = sync;
    frame[AT_LENGTH] = n;
    frame[AT_SEQ] = seq;
    frame[AT_WHAT] = what;
    for (size_t i = 0; i < n; i++) {
        frame[AT_PAYLOAD + i] = payload[i];
    }
    const uint16_t crc =
        mr_serial_crc(0xFFFF, frame + AT_LENGTH, (size_t)n + AT_PAYLOAD - AT_LENGTH);
    frame[AT_PAYLOAD + n] = (uint8_t)(crc >> 8);
    frame[AT_PAYLOAD + n + 1] = (uint8_t)crc;
    return (size_t)n + AT_PAYLOAD + CRC_BYTES;
}

mr_serial_found_t mr_serial_take(mr_serial_receiver_t *self, uint8_t byte) {
    if (self->n > AT_LENGTH && self->n == (size_t)self->bytes[AT_LENGTH] + AT_PAYLOAD + CRC_BYTES) {
        self->n = 0; /* the frame before */
    }
    if (self->n == 0 && byte != self->sync) {
        return MR_SERIAL_MORE;
    }
    self->bytes[self->n++] = byte;
    if (self->n <= AT_LENGTH ||
        self->n != (size_t)self->bytes[AT_LENGTH] + AT_PAYLOAD + CRC_BYTES) {
        return MR_SERIAL_MORE;
    }
    const bool good = mr_serial_crc(0xFFFF, self->bytes + AT_LENGTH, self->n - AT_LENGTH) == 0;
    return good ? MR_SERIAL_WHOLE : MR_SERIAL_DAMAGED;
}

uint8_t mr_serial_seq(const mr_serial_receiver_t *self) {
    return self->bytes[AT_SEQ];
}

uint8_t mr_serial_what(const mr_serial_receiver_t *self) {
    return self->bytes[AT_WHAT];
}

const uint8_t *mr_serial_payload(const mr_serial_receiver_t *self, size_t *n) {
    *n = self->bytes[AT_LENGTH];
    return self->bytes + AT_PAYLOAD;
}
