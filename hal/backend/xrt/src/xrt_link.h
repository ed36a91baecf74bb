/* SPDX-License-Identifier: Apache-2.0 */
/* Between the back end and its helper process: frames on a socket, in the machine's byte order, as
 * both are of one build. A request is a head and its words; each has one answer. */
#ifndef MR_XRT_LINK_H
#define MR_XRT_LINK_H

#include <stdint.h>

#include "millrace/backend_xrt.h"

enum { MR_XRT_LINK_SOCKET = 3, MR_XRT_LINK_LIFE = 4 }; /* descriptors of the helper */

enum {
    MR_XRT_LINK_LIST_PAIRS = 65536,                     /* of a list, at most */
    MR_XRT_LINK_WORDS_MAX = 2 * MR_XRT_LINK_LIST_PAIRS, /* of a frame */
    MR_XRT_LINK_TEXT_BYTES = 256,
    MR_XRT_LINK_PRESENT_WORDS = sizeof(mr_xrt_present_t) / sizeof(uint32_t)
};
_Static_assert(sizeof(mr_xrt_present_t) % sizeof(uint32_t) == 0, "it goes as words");

typedef enum {
    MR_XRT_LINK_READ,  /* n words from addr on */
    MR_XRT_LINK_WRITE, /* the words to addr and on */
    MR_XRT_LINK_LIST,  /* pairs {address, data} */
    MR_XRT_LINK_WAIT,  /* addr clocks, or until the interrupt */
    MR_XRT_LINK_CLOSE,
    /* Ahead of all others: */
    MR_XRT_LINK_LOOK, /* what the card is and has; answer: mr_xrt_present_t */
    MR_XRT_LINK_LOAD, /* loads the .xclbin; once, and before those above */
    /* From the helper: */
    MR_XRT_LINK_ANSWER,
    MR_XRT_LINK_PROGRESS, /* text: goes on */
    MR_XRT_LINK_FAILED    /* text: the helper ends */
} mr_xrt_link_op_t;

typedef struct {
    uint32_t op;
    uint32_t addr;
    uint32_t n;     /* words that follow; of a read: to be read; bytes of a text */
    int32_t status; /* of an answer, mr_status_t */
} mr_xrt_link_head_t;

#endif
