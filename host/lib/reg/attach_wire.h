/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between attach client and server: one packet each way (SOCK_SEQPACKET), the first by the
 * client; words in the machine's own order. */
#ifndef MR_HOST_LIB_REG_ATTACH_WIRE_H
#define MR_HOST_LIB_REG_ATTACH_WIRE_H

#include <stdint.h>

#define MR_ATTACH_MAGIC 0x3141524Du /* "MRA1" */
#define MR_ATTACH_WORDS 64u         /* of one access, at most */

enum {
    MR_ATTACH_HELLO = 0,   /* holds; answer: text "device\tcommand" */
    MR_ATTACH_READ = 1,    /* n words; answer: the words */
    MR_ATTACH_WRITE = 2,   /* n words */
    MR_ATTACH_HOLD = 3,    /* the device stands still from now on */
    MR_ATTACH_RELEASE = 4, /* and goes on */
};

typedef struct {
    uint32_t magic;
    uint32_t op;
    uint32_t addr;
    uint32_t n;
    uint32_t words[MR_ATTACH_WORDS]; /* n of them are sent with WRITE, none otherwise */
} mr_attach_request_t;

#define MR_ATTACH_HEAD_BYTES 16u /* of a request or an answer, before words or text */

typedef struct {
    uint32_t magic;
    int32_t status; /* mr_status_t */
    uint32_t n;     /* words, or bytes of text */
    uint32_t is_text;
    union {
        uint32_t words[MR_ATTACH_WORDS];
        char text[MR_ATTACH_WORDS * 4u]; /* ends with 0; with an error: why the device stopped */
    } u;
} mr_attach_answer_t;

#endif
