/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between XRT's hw_emu library and a simulator (XRT 2.12 and later): a header, then a
 * payload in protobuf's encoding.
 *
 * Host to simulator: 14 bytes of header {0x09, u64 payload bytes, 0x15, u32 call}; answers have 9
 * {0x09, u64 payload bytes}. Little-endian. Decoding takes any bytes: what is no message is
 * refused, unknown fields are skipped. Pure functions, no state.
 */
#ifndef MR_SIM_XRT_CODEC_H
#define MR_SIM_XRT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MR_XRT_CALL_HEADER = 14,
    MR_XRT_ANSWER_HEADER = 9,
    MR_XRT_PAYLOAD_MAX = 64 << 20,
    /* An answer's bytes beside its data. */
    MR_XRT_ANSWER_EXTRA = 48
};

typedef enum {
    MR_XRT_CLOSE = 1,
    MR_XRT_ALLOC = 4,
    MR_XRT_FREE = 5,
    MR_XRT_MEM_WRITE = 6,
    MR_XRT_MEM_READ = 7,
    MR_XRT_RAM_WRITE = 8,
    MR_XRT_REG_WRITE = 9,
    MR_XRT_RAM_READ = 10,
    MR_XRT_REG_READ = 11,
    MR_XRT_TIMESTAMP = 17,
    MR_XRT_MESSAGES = 19,
    MR_XRT_ENVIRONMENT = 20
} mr_xrt_api_t;

/* A call's fields; what it does not have is 0. */
typedef struct {
    uint64_t addr;
    uint64_t size;
    uint64_t offset;     /* to be added to addr */
    const uint8_t *data; /* inside the payload; NULL: none */
    size_t data_bytes;
} mr_xrt_call_t;

/* Reads a call's header. False: it is none, or the payload is larger than MR_XRT_PAYLOAD_MAX. */
bool mr_xrt_decode_header(const uint8_t header[MR_XRT_CALL_HEADER], uint32_t *api,
                          size_t *payload_bytes);

/* Reads a call's payload. False: malformed. Calls that are not in mr_xrt_api_t give empty fields.
 */
bool mr_xrt_decode_call(uint32_t api, const uint8_t *payload, size_t n, mr_xrt_call_t *call);

/* An answer: its state (ack, valid, or a number), and data. */
typedef struct {
    uint64_t value;
    const uint8_t *data;
    size_t data_bytes;
} mr_xrt_answer_t;

/* Writes header and payload of the answer to a call; out has MR_XRT_ANSWER_EXTRA bytes more than
 * the answer's data. Returns the bytes written. */
size_t mr_xrt_encode_answer(uint32_t api, const mr_xrt_answer_t *answer, uint8_t *out);

/* Writes a call's header without payload, for the channel from the simulator to the host. */
void mr_xrt_encode_header(uint32_t api, uint8_t out[MR_XRT_CALL_HEADER]);

#endif
