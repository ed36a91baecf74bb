/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace: language models on a Millrace accelerator, streamed token by token.
 *
 * Open a device, load a model, submit requests, poll their tokens, close. Many requests run at
 * once; those that the device has no room for wait in a queue, in the order of arrival.
 *
 * Threads: any thread may call any function with any handle at any time, except that millrace_close
 * must be the last call with its handle: no other may be running or come. A handle has a thread of
 * its own, which alone talks to the device; it takes no signals. No lock is held while the library
 * runs code of yours. Close every handle before the program ends. A child of fork() must not use
 * its parent's handles.
 *
 * Waiting: millrace_poll waits as long as it is told. millrace_open, millrace_load, millrace_stats
 * and millrace_close wait for the device, which has time limits of its own; the other functions
 * return at once. Opening and closing take up to a minute with XRT. Loading takes as long as the
 * model's bytes need on the device's line.
 *
 * Structs: the first member, `size`, is sizeof the struct as the caller was compiled; everything
 * else may be 0, which is the usual choice. Members are added at the end only. What a caller of a
 * newer header sets and an older library does not know is refused (MILLRACE_UNSUPPORTED), unless it
 * is 0.
 *
 *     millrace_request_t request = {.size = sizeof request, .text = "Once upon a time"};
 *
 * Errors: functions return a status. What went wrong is told in one line of text that says what to
 * do: millrace_last_error().
 */
#ifndef MILLRACE_H
#define MILLRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are frozen. */
typedef enum millrace_status {
    MILLRACE_OK = 0,
    MILLRACE_ARG = -1,         /* invalid argument; nothing was touched */
    MILLRACE_BUSY = -2,        /* not now; nothing was touched, and another try may succeed */
    MILLRACE_TIMEOUT = -3,     /* nothing came in time */
    MILLRACE_NO_SPACE = -4,    /* does not fit */
    MILLRACE_RANGE = -5,       /* a value is outside its range */
    MILLRACE_ALIGN = -6,       /* the device refuses an address */
    MILLRACE_UNSUPPORTED = -7, /* the device, the model file or this library cannot do that */
    MILLRACE_DEVICE = -8,      /* the device reported an error */
    MILLRACE_STATE = -9,       /* not possible in this state */
    MILLRACE_IO = -10,         /* input/output error */
    MILLRACE_FORMAT = -11,     /* malformed data */
    MILLRACE_CRC = -12,        /* checksum mismatch */
    MILLRACE_NOT_FOUND = -13,  /* no such thing */
    MILLRACE_NO_MEMORY = -14,  /* out of memory of this computer */
    MILLRACE_IDENTITY = -15,   /* no Millrace device, or its version does not match */
    MILLRACE_CANCELLED = -16   /* cancelled */
} millrace_status_t;

/* An open device. */
typedef struct millrace millrace_t;

/* Names a request of a handle; never 0 and never used again. */
typedef uint64_t millrace_id_t;

/* Stands for any request in millrace_poll. */
#define MILLRACE_ANY ((millrace_id_t)0)

/* ---- about the library ---- */

/* Version of the library, "MAJOR.MINOR.PATCH". */
const char *millrace_version(void);

/* What a status means, in English; never NULL, for any value. */
const char *millrace_status_text(millrace_status_t status);

/* Why the last function that failed in this thread did: one line without its end. "" if none did.
 * Valid until the thread's next call into the library that fails. */
const char *millrace_last_error(void);

/* Names of the devices that this build has, separated by ", ". */
const char *millrace_devices(void);

/* ---- devices and models ---- */

/* Opens a device.
 * @param device  "model" (functional model, in this process), "model:GROUPSxTILES", "sim" (the
 *                chip's RTL, simulated), "sim:DRAM", "serial:TTY[,BAUD]" (a board on a serial
 *                line), "xrt" (device 0 of XRT), "xrt:emu" (XRT's emulation); millrace_devices()
 *                has those of this build
 * @param[out] m  for millrace_close; NULL on error
 * @return MILLRACE_OK; MILLRACE_ARG: a pointer is NULL; MILLRACE_NOT_FOUND: no such device, or a
 *         file that it needs is missing; MILLRACE_RANGE: no such shape of the model;
 *         MILLRACE_BUSY: another process has it; MILLRACE_IDENTITY: something else answers there;
 *         MILLRACE_FORMAT: its .xclbin is damaged; MILLRACE_TIMEOUT; MILLRACE_IO;
 *         MILLRACE_NO_MEMORY. */
millrace_status_t millrace_open(const char *device, millrace_t **m);

/* Ends all requests, closes the device and frees the handle; NULL is allowed. No other call with
 * the handle may be running. */
void millrace_close(millrace_t *m);

/* How the model's stages are placed on tiles: one of these, or a number of tiles for each stage
 * from 1 to MILLRACE_MODE_TILES_MAX. */
#define MILLRACE_MODE_EFFICIENCY 0u      /* for many users */
#define MILLRACE_MODE_LATENCY UINT32_MAX /* as many tiles a stage as make a token quickest */
#define MILLRACE_MODE_TILES_MAX 14u

/* Where the firmware runs: the same code, with the same tokens. */
#define MILLRACE_FIRMWARE_HOSTED 0u /* in this process */
#define MILLRACE_FIRMWARE_CORE 1u   /* on the device's control core */

typedef struct millrace_load_options {
    size_t size;
    uint32_t mode;              /* MILLRACE_MODE_..., or 1..MILLRACE_MODE_TILES_MAX */
    uint32_t firmware;          /* MILLRACE_FIRMWARE_... */
    const char *firmware_image; /* file, with MILLRACE_FIRMWARE_CORE; NULL: that of this build */
    uint32_t refuse;            /* 1: a request whose KV cache does not fit now ends as refused;
                                   0: it waits */
    uint32_t max_pages;         /* pages of KV cache, of 32 positions, that a request may need at
                                   most; those that need more are refused. 0: no limit */
    /* Called while it loads, by the thread that called millrace_load, with the bytes that are in
     * the device and their number in all; it may call the library, except millrace_load and
     * millrace_close with this handle. NULL: not called. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
} millrace_load_options_t;

/* Loads a model onto the device, in place of the one before. A device that has failed is reset, or
 * opened anew if that is what it takes. After an error no model is loaded.
 * @param path     GGUF file of a Llama model
 * @param options  NULL: all default
 * @return MILLRACE_OK; MILLRACE_ARG: a pointer is NULL, or a struct's size is too small;
 *         MILLRACE_RANGE: an option is outside its range; MILLRACE_BUSY: requests have not ended,
 *         or another thread loads; MILLRACE_IO, MILLRACE_FORMAT, MILLRACE_UNSUPPORTED: the file
 *         cannot be read, is damaged, or is of a kind that is not supported; MILLRACE_NO_SPACE: the
 *         model does not fit the device; MILLRACE_CRC: the device's memory is faulty;
 *         MILLRACE_IDENTITY: no Millrace chip; MILLRACE_NOT_FOUND: no firmware image, or the device
 *         is gone; MILLRACE_DEVICE, MILLRACE_TIMEOUT; MILLRACE_NO_MEMORY. */
millrace_status_t millrace_load(millrace_t *m, const char *path,
                                const millrace_load_options_t *options);

/* ---- requests ---- */

/* Requests of a handle that may be there at once: from millrace_submit to the end event's poll. */
#define MILLRACE_REQUESTS_MAX 4096u

/* Tokens at which a request ends: those of the model and the request's own. */
#define MILLRACE_STOPS_MAX 16u

typedef struct millrace_request {
    size_t size;
    /* The prompt: a text, which gets the model's start token, or token ids as they are. */
    const char *text;       /* any bytes, usually UTF-8; NULL: tokens are given */
    size_t text_length;     /* bytes of text; 0: up to its NUL */
    const uint32_t *tokens; /* ids below the model's vocabulary; with text NULL */
    size_t n_tokens;        /* from 1 to the model's context */
    uint32_t max_tokens;    /* tokens to make at most; 0: until the context is full */
    float temperature;      /* 0.01..100; 0: always the likeliest token, whatever else is set */
    uint32_t top_k;         /* draw among so many likeliest tokens; 0: all */
    float top_p;            /* among the likeliest that reach this probability, (0, 1]; 0: all */
    float min_p;            /* leave out those less likely than this times the likeliest, [0, 1] */
    uint32_t ignore_end;    /* 1: go on behind the model's end tokens */
    uint64_t seed;          /* of the draws: the same seed and request make the same tokens */
    const uint32_t *stops;  /* tokens at which it ends, beside the model's end tokens */
    size_t n_stops;         /* together with the model's at most MILLRACE_STOPS_MAX */
    uint64_t deadline_cycles; /* clock cycles of the device from its turn on after which it ends; 0:
                                 none. Looked at every few tokens */
    uint32_t parse_special;   /* 1: control tokens are recognised in text; not for text of users */
} millrace_request_t;

/* Puts a request into the queue. Everything it points to is copied.
 * @param[out] id  for the other functions; 0 on error
 * @return MILLRACE_OK; MILLRACE_ARG: a pointer is NULL, text and tokens are both given or both
 *         missing, or the struct's size is too small; MILLRACE_RANGE: the prompt is empty or longer
 *         than the context, or a value is outside its range; MILLRACE_STATE: no model is loaded;
 *         MILLRACE_DEVICE: the device has failed since, load again; MILLRACE_BUSY: as many requests
 *         as there may be; MILLRACE_UNSUPPORTED; MILLRACE_NO_MEMORY. */
millrace_status_t millrace_submit(millrace_t *m, const millrace_request_t *request,
                                  millrace_id_t *id);

typedef enum millrace_event_kind {
    MILLRACE_TOKEN = 1, /* a token was made */
    MILLRACE_END = 2    /* the request is over; its id is now void */
} millrace_event_kind_t;

/* Why a request ended. */
typedef enum millrace_end {
    MILLRACE_END_STOP = 0,     /* at an end token, which was told first */
    MILLRACE_END_LENGTH = 1,   /* max_tokens are made */
    MILLRACE_END_CONTEXT = 2,  /* the model's context is full */
    MILLRACE_END_CANCEL = 3,   /* millrace_cancel */
    MILLRACE_END_DEADLINE = 4, /* deadline_cycles are over */
    MILLRACE_END_REFUSED = 5,  /* its KV cache can never fit, or does not fit now (`refuse`) */
    MILLRACE_END_ERROR = 6     /* the device failed */
} millrace_end_t;

/* Bytes of an event's text with its NUL. */
#define MILLRACE_TEXT_BYTES 4096u

typedef struct millrace_event {
    size_t size;
    millrace_id_t id;  /* the request */
    uint32_t kind;     /* millrace_event_kind_t */
    uint32_t token;    /* TOKEN: its id */
    uint32_t position; /* TOKEN: where it stands, from 0 at the prompt's first token */
    uint32_t reason;   /* END: millrace_end_t */
    int32_t status;    /* END: MILLRACE_OK (STOP, LENGTH, CONTEXT), MILLRACE_CANCELLED (CANCEL),
                          MILLRACE_TIMEOUT (DEADLINE), MILLRACE_NO_SPACE (REFUSED), otherwise what
                          the device failed with */
    uint32_t length;   /* bytes of text without its NUL */
    /* Valid UTF-8 with a NUL behind it; a model may make NUL bytes of its own. TOKEN: the text that
     * is complete with this token, which may be empty: bytes of a character that goes on are kept
     * for the next token, and bytes that are no UTF-8 become U+FFFD. END: one line that says why
     * (REFUSED, ERROR), otherwise what is left of an unfinished character. */
    char text[MILLRACE_TEXT_BYTES];
} millrace_event_t;

/* Takes the next event of a request, or of any. Events of a request come in their order; several
 * threads may poll the same one, and each event goes to one of them. A request whose events nobody
 * takes makes no more than a few hundred tokens and then waits for its reader; others go on.
 * @param id          of millrace_submit, or MILLRACE_ANY: those that have waited longest first
 * @param timeout_ms  milliseconds to wait at most; 0: not at all
 * @param[in,out] event  its size is set; filled in with MILLRACE_OK only
 * @return MILLRACE_OK; MILLRACE_TIMEOUT: nothing came; MILLRACE_NOT_FOUND: no such request, or its
 *         end event was taken; MILLRACE_ARG: a pointer is NULL, or the struct's size is too
 *         small. */
millrace_status_t millrace_poll(millrace_t *m, millrace_id_t id, uint32_t timeout_ms,
                                millrace_event_t *event);

/* Ends a request; its end event follows (reason CANCEL, unless it was over before). Tokens told
 * before can still be polled.
 * @return MILLRACE_OK; MILLRACE_ARG: m is NULL; MILLRACE_NOT_FOUND: no such request. */
millrace_status_t millrace_cancel(millrace_t *m, millrace_id_t id);

/* Ends a request that nobody wants to hear of any more: its id is void at once, and no event
 * follows.
 * @return MILLRACE_OK; MILLRACE_ARG: m is NULL; MILLRACE_NOT_FOUND: no such request. */
millrace_status_t millrace_release(millrace_t *m, millrace_id_t id);

/* ---- text ---- */

/* Token ids of a text, as millrace_submit would have them.
 * @param length         bytes of text; 0: up to its NUL
 * @param parse_special  1: control tokens are recognised in the text
 * @param[out] tokens    room for `capacity` ids; may be NULL when that is 0
 * @param[out] count     ids of the whole text, also with MILLRACE_NO_SPACE
 * @return MILLRACE_OK; MILLRACE_NO_SPACE: count > capacity, the first ones are there;
 *         MILLRACE_ARG: a pointer is NULL; MILLRACE_RANGE: a text beyond 256 MiB; MILLRACE_STATE:
 *         no model is loaded; MILLRACE_NO_MEMORY. */
millrace_status_t millrace_tokenize(millrace_t *m, const char *text, size_t length,
                                    int parse_special, uint32_t *tokens, size_t capacity,
                                    size_t *count);

/* Text of token ids, valid UTF-8 with a NUL behind it.
 * @param[out] text    room for `capacity` bytes; may be NULL when that is 0
 * @param[out] length  bytes of the whole text without its NUL, also with MILLRACE_NO_SPACE
 * @return MILLRACE_OK; MILLRACE_NO_SPACE: length >= capacity, text is unspecified; MILLRACE_ARG: a
 *         pointer is NULL; MILLRACE_RANGE: an id outside the vocabulary; MILLRACE_STATE: no model
 *         is loaded. */
millrace_status_t millrace_detokenize(millrace_t *m, const uint32_t *tokens, size_t count,
                                      char *text, size_t capacity, size_t *length);

/* ---- statistics ---- */

typedef enum millrace_state {
    MILLRACE_STATE_OPEN = 0,    /* no model is loaded */
    MILLRACE_STATE_LOADING = 1, /* millrace_load runs */
    MILLRACE_STATE_READY = 2,   /* a model is loaded */
    MILLRACE_STATE_FAILED = 3   /* the device failed; load again */
} millrace_state_t;

typedef struct millrace_stats {
    size_t size;
    char device[256];       /* as it was opened, cut to fit */
    uint32_t state;         /* millrace_state_t */
    uint32_t slots;         /* requests that run at once; 0: no model is loaded */
    uint32_t vocab;         /* of the model, tokens; 0: none is loaded */
    uint32_t context;       /* of the model, positions; 0: none is loaded */
    uint32_t waiting;       /* requests for a slot */
    uint32_t running;       /* requests in slots */
    uint32_t unread;        /* requests that are over and whose end was not polled */
    uint32_t clock_khz;     /* of the device, kHz; 0: it has no time (the functional model), and all
                               cycles below are 0 */
    uint32_t pages;         /* of KV cache, of 32 positions; 0: no model is loaded */
    uint32_t pages_free;    /* of these */
    uint64_t prompt_tokens; /* of requests that got a slot, since millrace_open */
    uint64_t tokens;        /* made, since millrace_open */
    uint64_t ended;         /* requests, for any reason, since millrace_open */
    uint64_t cancelled;     /* of these, by millrace_cancel or millrace_release */
    uint64_t failed;        /* of these, with MILLRACE_END_ERROR */
    uint64_t cycles;        /* clock of the device */
    uint64_t busy_cycles;   /* while there were requests, since the model was loaded */
    double cycles_per_token; /* busy_cycles by the tokens made in them; 0: none yet */
} millrace_stats_t;

/* How device and requests are. While a model is loaded or the device has failed, what only the
 * device knows (pages_free, cycles) is as it was last.
 * @param[in,out] stats  its size is set
 * @return MILLRACE_OK; MILLRACE_ARG: a pointer is NULL, or the struct's size is too small;
 *         MILLRACE_DEVICE, MILLRACE_IO, MILLRACE_TIMEOUT: the device does not answer. */
millrace_status_t millrace_stats(millrace_t *m, millrace_stats_t *stats);

#ifdef __cplusplus
}
#endif

#endif
