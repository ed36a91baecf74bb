/* SPDX-License-Identifier: Apache-2.0 */
/* Mailbox between the host and the firmware on the control core: what lies in their shared memory.
 *
 * The shared memory is the core's SRAM. The core sees it at its own address; the host sees byte
 * offset X at register address MR_MAILBOX_WINDOW + X. Everything is made of 32-bit words, and every
 * offset counts bytes from the start of the SRAM and is a multiple of 4. Register CORE_SHARED has
 * the offset of the header; it is 0 until the firmware is up.
 *
 * The two rings carry messages. Each has one writer and one reader; `put` and `got` count the words
 * ever written and ever read, modulo 2^32, so that put - got words are waiting and word i lies at
 * index i mod words. A writer stores a message's words first and then `put`; a reader takes the
 * words first and then stores `got`. Whoever stored `put` rings the other side's bell (CORE_BELL,
 * HOST_BELL).
 *
 * Conversation: HELLO -> HELLO_OK or REFUSED; SETUP -> SETUP_DONE or REFUSED; then any number of
 * SUBMIT. Each ends with one END (it had a slot, START told which) or one DROP (it had none), or
 * REFUSED. docs/mailbox.md has the whole of it.
 */
#ifndef MR_MAILBOX_H
#define MR_MAILBOX_H

#include <stdint.h>

/* Register address of SRAM byte 0, and bytes that the register map has room for. */
#define MR_MAILBOX_WINDOW 0x080000u
#define MR_MAILBOX_WINDOW_BYTES 0x080000u

#define MR_MAILBOX_MAGIC 0x424D524Du /* "MRMB" */

/* Protocol versions: major << 16 | minor. A minor step adds messages or fields at the end of
 * messages; a major step may change anything. */
#define MR_MAILBOX_VERSION 0x00010000u /* the newest that this code speaks */
#define MR_MAILBOX_OLDEST 0x00010000u  /* and the oldest */

/* ---- header ---- */

typedef enum {
    MR_MAILBOX_UP = 1,      /* waits for HELLO */
    MR_MAILBOX_GREETED = 2, /* a version is agreed; waits for SETUP */
    MR_MAILBOX_SERVING = 3, /* takes SUBMIT */
    MR_MAILBOX_FAILED = 4,  /* the device failed (FAILED told how): SETUP starts anew */
    MR_MAILBOX_CRASHED = 5  /* the firmware stopped; the crash record tells where */
} mr_mailbox_state_t;

/* A ring. All but `put` or `got`, whichever the host owns, is the core's to write. */
typedef struct {
    uint32_t offset; /* of its words */
    uint32_t words;  /* a power of two, 64..65536 */
    uint32_t put;    /* words ever written; the writer's */
    uint32_t got;    /* words ever read; the reader's */
} mr_mailbox_ring_t;

/* The header. Only the host writes to_core.put and to_host.got, only the core the rest. */
typedef struct {
    uint32_t magic;     /* MR_MAILBOX_MAGIC, written last */
    uint32_t version;   /* newest that the firmware speaks; the agreed one after HELLO_OK */
    uint32_t oldest;    /* oldest that the firmware speaks */
    uint32_t state;     /* mr_mailbox_state_t */
    uint32_t heartbeat; /* counts the firmware's rounds; it stands still while the core sleeps */
    uint32_t firmware;  /* version of the firmware, major << 16 | minor */
    mr_mailbox_ring_t to_core;
    mr_mailbox_ring_t to_host;
    uint32_t arena;        /* offset of the host's memory for requests; valid after SETUP_DONE */
    uint32_t arena_bytes;  /* its size; 0 before SETUP_DONE */
    uint32_t logits;       /* offset of the logits that a LOGITS message tells of */
    uint32_t logits_words; /* room there: the model's vocabulary; 0 before SETUP_DONE */
    uint32_t log;          /* offset of the event log: mr_mailbox_log_t each */
    uint32_t log_entries;  /* a power of two; 0: there is no log */
    uint32_t log_put;      /* entries ever written, modulo 2^32 */
    uint32_t crash;        /* offset of the crash record (millrace/crash.h); 0: none is kept */
    uint32_t slots;        /* 1..256 that the firmware has room for */
    uint32_t queue;        /* requests that may wait for a slot at once, 1..65535 */
    uint32_t in_flight;    /* jobs on their way through the device, after the last round */
} mr_mailbox_t;

/* An entry of the event log; docs and texts in millrace/log_events.h. */
typedef struct {
    uint32_t time; /* clock of the core, low 32 bits */
    uint32_t id;   /* mr_log_id_t */
    uint32_t a;
    uint32_t b;
} mr_mailbox_log_t;

/* ---- messages ---- */

/* Word 0 of each: words | type << 16 | sequence << 24. words counts the whole message, 1..
 * MR_MAILBOX_MESSAGE_MAX; the sequence counts each direction's messages modulo 256 from 0. */
#define MR_MAILBOX_WORDS_MASK 0x0000FFFFu
#define MR_MAILBOX_TYPE_SHIFT 16u
#define MR_MAILBOX_TYPE_MASK 0x00FF0000u
#define MR_MAILBOX_SEQ_SHIFT 24u
#define MR_MAILBOX_MESSAGE_MAX 128u

/* X(name, value, words of the message, word 0 included). SETUP may be longer (mr_mailbox_setup_t).
 */
#define MR_MAILBOX_TO_CORE(X)                                                                      \
    X(HELLO, 1, 3)  /* oldest and newest version that the host speaks */                           \
    X(SETUP, 2, 18) /* mr_mailbox_setup_t */                                                       \
    X(SUBMIT, 3, 4) /* tag, slot or MR_MAILBOX_ANY_SLOT, offset of its mr_mailbox_request_t */     \
    X(CANCEL, 4, 2) /* tag: ends that request, wherever it is; an unknown tag does nothing */      \
    X(CREDIT, 5, 4) /* tag, slot, tokens of it that may be told in all */                          \
    X(DRAIN, 6, 2)  /* 1: ends all requests; 0: waits for them. SUBMIT is refused until SETUP */   \
    X(LOGITS_TAKEN, 7, 1) /* the logits are read; nothing happens between LOGITS and this */

#define MR_MAILBOX_TO_HOST(X)                                                                      \
    X(HELLO_OK, 0x81, 2)   /* the version: the newest that both speak */                           \
    X(REFUSED, 0x82, 4)    /* word 0 of the refused message, its word 1, mr_status_t */            \
    X(SETUP_DONE, 0x83, 1) /* arena and logits in the header are valid */                          \
    X(START, 0x84, 3)      /* tag, slot: the request has it from now on */                         \
    X(TOKEN, 0x85, 3)      /* slot << 18 | token, position */                                      \
    X(LOGITS, 0x86, 4)     /* slot, position, their number: IEEE-754 bits at `logits` */           \
    X(END, 0x87, 5)        /* tag, slot, mr_end_t, detail. Its memory is the host's again */       \
    X(DROP, 0x88, 3)       /* tag, mr_end_t. Its memory is the host's again */                     \
    X(FAULT, 0x89, 4)      /* mr_fault_kind_t, index, slot: a part of the device failed */         \
    X(FAILED, 0x8A, 2)     /* mr_status_t: the device failed as a whole; no request goes on */     \
    X(STOPPED, 0x8B, 1)    /* after DRAIN: no request is left */

typedef enum {
#define MR_MSG_(name_, value_, words_) MR_MSG_##name_ = (value_),
    MR_MAILBOX_TO_CORE(MR_MSG_) MR_MAILBOX_TO_HOST(MR_MSG_)
#undef MR_MSG_
} mr_msg_type_t;

#define MR_MAILBOX_ANY_SLOT UINT32_MAX /* SUBMIT: through the queue */

#define MR_MAILBOX_TOKEN_BITS 18u /* of TOKEN's first word; the slot is above */

/* SETUP behind word 0: where jobs go and how requests are admitted (millrace/sched.h). Behind the
 * last field follow n_tiles tile numbers, four in a word, the first one lowest: the tiles in the
 * order in which a device that hangs is searched. */
typedef struct {
    uint32_t tile;         /* of the first job, 0..30 */
    uint32_t pc;           /* 0..65535 */
    uint32_t window;       /* jobs in flight at most, from 1 */
    uint32_t candidates;   /* of a TOP result, 1..14 */
    uint32_t vocab;        /* 1..262144 */
    uint32_t context;      /* positions, 1..262144 */
    uint32_t result_elems; /* of a result buffer, from vocab */
    uint32_t slots;        /* 1..the header's slots */
    uint32_t tiles;        /* of all groups, 1..256 */
    uint32_t groups;       /* 1..16 */
    uint32_t linked;       /* 1: jobs pass links between groups */
    uint32_t stall_cycles; /* a device silent for so long has hung, from 1 */
    uint32_t max_pages;    /* of a request from the queue; 0: all that there are */
    uint32_t refuse;       /* 1: a request whose pages are not free is refused instead of waiting */
    uint32_t chunk;        /* prompt tokens of a slot in a row; 0: 1 */
    uint32_t quantum;      /* tokens in the token loop in a row; 0: 16 */
    uint32_t n_tiles;      /* 0..256 */
} mr_mailbox_setup_t;

#define MR_MAILBOX_STOPS_MAX 16u

/* Flags of a request. */
#define MR_MAILBOX_PROMPT_LOGITS 1u /* logits of every position of the prompt */
#define MR_MAILBOX_TOKEN_LOGITS 2u  /* logits of every position that a token is drawn from */
#define MR_MAILBOX_STEPWISE 4u      /* nothing of it is in flight when a token is told */

/* A request in the arena, at a multiple of 4, with its prompt behind it. The host may not write
 * there until END, DROP or REFUSED. */
typedef struct {
    uint32_t n_prompt;    /* 1..context tokens, which follow this record */
    uint32_t max_tokens;  /* to draw; 0: only the prompt is run */
    uint32_t flags;       /* MR_MAILBOX_PROMPT_LOGITS ... */
    uint32_t temperature; /* IEEE-754 bits: 0 or 0.01..100 */
    uint32_t top_p;       /* IEEE-754 bits: (0, 1] */
    uint32_t min_p;       /* IEEE-754 bits: [0, 1] */
    uint32_t top_k;       /* 0: no limit */
    uint32_t seed_lo;
    uint32_t seed_hi;
    uint32_t deadline_lo; /* device cycle at which it ends; 0: none */
    uint32_t deadline_hi;
    uint32_t credit;  /* tokens that may be told before CREDIT says more; 0: any number. Stepwise
                         requests: the next job waits for CREDIT, 1 is theirs */
    uint32_t n_stops; /* 0..MR_MAILBOX_STOPS_MAX */
    uint32_t stops[MR_MAILBOX_STOPS_MAX];
} mr_mailbox_request_t;

#endif
