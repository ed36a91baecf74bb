/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the serial protocol (docs/serial.md). No state but the receiver's; no errors but the
 * results. */
#ifndef MR_SERIAL_FRAME_H
#define MR_SERIAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MR_SERIAL_VERSION = 1,
    MR_SERIAL_SYNC_REQUEST = 0xA5,
    MR_SERIAL_SYNC_ANSWER = 0x5A,
    MR_SERIAL_PAYLOAD_MAX = 255,
    MR_SERIAL_FRAME_MAX = MR_SERIAL_PAYLOAD_MAX + 6,
    MR_SERIAL_READ_MAX = 63,  /* words */
    MR_SERIAL_WRITE_MAX = 62, /* words of a request with one segment */
    MR_SERIAL_PING_BYTES = 6
};

enum { MR_SERIAL_PING = 0, MR_SERIAL_READ = 1, MR_SERIAL_WRITE = 2, MR_SERIAL_WAIT = 3 };

enum {
    MR_SERIAL_OK = 0,
    MR_SERIAL_BUS_ERROR = 1,
    MR_SERIAL_BUS_TIMEOUT = 2,
    MR_SERIAL_BAD = 3,
    MR_SERIAL_AGAIN = 4
};

/* CRC-16/CCITT (polynomial 0x1021, most significant bit first) over bytes, from crc; it starts with
 * 0xFFFF. */
uint16_t mr_serial_crc(uint16_t crc, const uint8_t *bytes, size_t n);

/* Little-endian words in payloads. */
void mr_serial_put32(uint8_t *bytes, uint32_t word);
uint32_t mr_serial_get32(const uint8_t *bytes);

/* Makes a frame of MR_SERIAL_FRAME_MAX bytes at most; what: command or status. @return its bytes.
 */
size_t mr_serial_frame(uint8_t *frame, uint8_t sync, uint8_t seq, uint8_t what,
                       const uint8_t *payload, uint8_t n);

/* Finds frames in a stream of bytes. */
typedef struct {
    uint8_t sync;
    uint8_t bytes[MR_SERIAL_FRAME_MAX];
    size_t n; /* of bytes: 0 until a sync byte came */
} mr_serial_receiver_t;

typedef enum {
    MR_SERIAL_MORE, /* nothing to say yet */
    MR_SERIAL_WHOLE,
    MR_SERIAL_DAMAGED
} mr_serial_found_t;

/* Takes the next byte. After MR_SERIAL_WHOLE the frame's parts can be read until the next call. */
mr_serial_found_t mr_serial_take(mr_serial_receiver_t *self, uint8_t byte);

/* Parts of a whole frame. */
uint8_t mr_serial_seq(const mr_serial_receiver_t *self);
uint8_t mr_serial_what(const mr_serial_receiver_t *self);
const uint8_t *mr_serial_payload(const mr_serial_receiver_t *self, size_t *n);

#endif
