/* SPDX-License-Identifier: Apache-2.0 */
/* What the library's parts have of each other (internal).
 *
 * One thread of a handle, the worker, owns device, session and runner. Everything else of a handle
 * is under its lock, which nobody holds while the device is talked to. Calls that need the device
 * are commands: the worker takes them between two steps of the runner.
 */
#ifndef MR_HOST_LIBMILLRACE_PARTS_H
#define MR_HOST_LIBMILLRACE_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "millrace.h"
#include "millrace/sched.h"
#include "session/session.h"

/* Tokens that may wait for a reader, and bytes of their texts. */
#define MR_LIB_TOKENS 256u
#define MR_LIB_TEXT_BYTES (4u * MR_TOKENIZER_DECODE_BYTES)

/* ---- requests ---- */

typedef enum {
    MR_LIB_PENDING, /* the worker has not taken it */
    MR_LIB_QUEUED,  /* the runner has it */
    MR_LIB_RUNNING, /* in a slot */
    MR_LIB_OVER
} mr_lib_phase_t;

typedef struct {
    uint32_t token;
    uint32_t position;
    uint32_t length; /* bytes of its text */
} mr_lib_token_t;

typedef struct mr_lib_request mr_lib_request_t;

struct mr_lib_request {
    millrace_id_t id;
    uint32_t index; /* in the handle's table; the runner's name for it */
    mr_lib_phase_t phase;
    bool cancelled; /* the worker has yet to tell the runner */
    bool released;  /* no id any more; freed once it is over and nobody waits */
    bool held;      /* its reader is so far behind that the runner waits */
    bool ready;     /* in the list of those with events */
    uint32_t waiters;
    pthread_cond_t news;
    mr_lib_request_t *next_pending;
    mr_lib_request_t *next_ready;
    mr_lib_request_t *prev_ready;
    /* what the runner gets */
    mr_request_t what;
    uint32_t *prompt;
    uint32_t stops[MR_SCHED_STOPS_MAX];
    uint64_t deadline_cycles;
    /* what is told */
    uint32_t made; /* tokens */
    mr_tokenizer_decoder_t decoder;
    uint32_t first; /* of `tokens` that waits, modulo its size */
    uint32_t count; /* that wait */
    mr_lib_token_t tokens[MR_LIB_TOKENS];
    size_t text_first; /* bytes of the texts of those that wait */
    size_t text_end;
    char text[MR_LIB_TEXT_BYTES];
    /* the end */
    uint32_t reason;
    millrace_status_t status;
    size_t end_length;
    char end_text[MILLRACE_TEXT_BYTES];
};

/* ---- commands ---- */

typedef enum { MR_LIB_OPEN, MR_LIB_LOAD, MR_LIB_STATS, MR_LIB_CLOSE } mr_lib_command_kind_t;

typedef struct mr_lib_command mr_lib_command_t;

/* Lies on the stack of the thread that waits for it. */
struct mr_lib_command {
    mr_lib_command_kind_t kind;
    const char *path;                 /* LOAD */
    millrace_load_options_t *options; /* LOAD: all of its members are there */
    bool progressed;                  /* LOAD: the next two are news */
    uint64_t loaded;
    uint64_t total;
    bool done;
    millrace_status_t status;
    mr_session_error_t error;
    mr_lib_command_t *next;
};

struct millrace {
    pthread_mutex_t lock;
    pthread_cond_t work; /* something for the worker */
    pthread_cond_t done; /* a command is done, or there is progress */
    pthread_cond_t any;  /* some request has events */
    pthread_t thread;
    mr_lib_command_t *command; /* the first one */
    millrace_state_t state;
    char failure[MR_GGUF_ERROR_SIZE]; /* FAILED: why */
    millrace_status_t failed_with;
    /* requests */
    mr_lib_request_t **table; /* MILLRACE_REQUESTS_MAX */
    uint32_t n_used;
    uint32_t next_index; /* where a free entry is looked for */
    uint64_t serial;
    mr_lib_request_t *pending_first;
    mr_lib_request_t *pending_last;
    mr_lib_request_t *ready_first;
    mr_lib_request_t *ready_last;
    uint32_t n_pending;
    uint32_t n_inside; /* in the runner: queued or running */
    uint32_t n_running;
    uint32_t n_held;
    uint32_t n_cancelled; /* those that `cancelled` says it of */
    bool heard;           /* an event of the runner since this was cleared */
    millrace_stats_t stats;
    uint64_t busy_from;   /* cycle; while `busy` */
    uint64_t busy_tokens; /* tokens made since the model was loaded */
    bool busy;
    /* the model: changed by the worker under both locks, read under one of them or by the worker */
    pthread_rwlock_t text_lock;
    mr_session_t *session;
    mr_route_t route;
    uint32_t stops[MR_SCHED_STOPS_MAX]; /* the model's */
    uint32_t n_stops;
    /* the worker's own */
    char *device;
    mr_mmio_t mmio;
    bool has_device;
    mr_runner_t *runner;
};

/* ---- abi.c ---- */

/* Keeps a line for millrace_last_error. @return status. */
__attribute__((format(printf, 2, 3))) millrace_status_t mr_lib_fail(millrace_status_t status,
                                                                    const char *format, ...);

/* Copies a caller's struct, whose first member is its size, into one of `known` bytes; `least` is
 * the size that the struct always had. @return MILLRACE_OK; MILLRACE_ARG; MILLRACE_UNSUPPORTED. */
millrace_status_t mr_lib_struct_in(void *to, size_t known, size_t least, const void *from,
                                   const char *name);

/* Checks a caller's struct that is written to, and clears what the library does not know of it.
 * @return MILLRACE_OK; MILLRACE_ARG. */
millrace_status_t mr_lib_struct_out(void *to, size_t known, size_t least, const char *name);

/* ---- request.c: under the lock, all of them ---- */

/* @return NULL: no such request. */
mr_lib_request_t *mr_lib_find(const millrace_t *m, millrace_id_t id);

/* Puts a request at the end of those that the worker has to take, or before all of them. */
void mr_lib_append(millrace_t *m, mr_lib_request_t *r);
void mr_lib_prepend(millrace_t *m, mr_lib_request_t *r);

/* The first of those, taken out; NULL: there is none. */
mr_lib_request_t *mr_lib_take_pending(millrace_t *m);

/* Room for a token and its text? */
bool mr_lib_has_room(mr_lib_request_t *r);

/* Ends a request. text: its last words, cut to fit. */
void mr_lib_end(millrace_t *m, mr_lib_request_t *r, millrace_end_t reason, millrace_status_t status,
                const char *text);

/* Tells those who wait that a request has an event. */
void mr_lib_news(millrace_t *m, mr_lib_request_t *r);

/* Frees a request once nobody needs it. */
void mr_lib_drop(millrace_t *m, mr_lib_request_t *r);

/* ---- worker.c ---- */

/* The moment so many milliseconds from now, on the clock of the handle's conditions. */
void mr_lib_until(struct timespec *until, uint32_t ms);

/* A condition on the monotonic clock. @return false: out of memory. */
bool mr_lib_condition(pthread_cond_t *condition);

/* What runs in a handle's thread. */
void *mr_lib_worker(void *handle);

/* Has the worker do something, and waits. With LOAD the caller's thread runs the progress function.
 * error.text, if any, is kept for millrace_last_error. @return the command's status. */
millrace_status_t mr_lib_command(millrace_t *m, mr_lib_command_t *command);

/* ---- load.c: by the worker, without the lock ---- */

millrace_status_t mr_lib_open_device(millrace_t *m, mr_session_error_t *error);
millrace_status_t mr_lib_load(millrace_t *m, mr_lib_command_t *command);

/* Reads what only the device knows into the statistics. */
millrace_status_t mr_lib_measure(millrace_t *m, mr_session_error_t *error);

/* Takes session and device apart. */
void mr_lib_unload(millrace_t *m);
void mr_lib_close_device(millrace_t *m);

/* ---- events.c: the runner's ---- */

mr_sched_events_t mr_lib_events(millrace_t *m);

#endif
