/* SPDX-License-Identifier: Apache-2.0 */
/* The helper process as the back end sees it: starts it, sends requests, notices its end and the
 * simulator's, and removes what they leave. One thread. */
#ifndef MR_XRT_HELPER_PROCESS_H
#define MR_XRT_HELPER_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "millrace/backend_xrt.h"
#include "xrt_link.h"

typedef struct {
    pid_t pid; /* of the helper and of its group; 0: gone */
    int socket;
    int life; /* ends with the simulator; < 0: not known */
    char folder[32];
    char fault[MR_XRT_LINK_TEXT_BYTES]; /* "": none */
} mr_xrt_process_t;

typedef struct {
    char helper[PATH_MAX];
    char xclbin[PATH_MAX];
} mr_xrt_files_t;

/* snprintf that never fails. */
void mr_xrt_text(char *out, size_t n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A device node that matches and that this user may not open, as advice in out; NULL: none. */
const char *mr_xrt_closed_node(const char *pattern, char *out, size_t n);

/* Finds helper and .xclbin. @return MR_OK; MR_NOT_FOUND, with why. */
MR_NODISCARD mr_status_t mr_xrt_find_files(const mr_backend_xrt_config_t *config,
                                           mr_xrt_files_t *files, char *why, size_t why_bytes);

/* Starts the helper and waits until the kernel is there. On error nothing is left. */
MR_NODISCARD mr_status_t mr_xrt_process_open(mr_xrt_process_t *p,
                                             const mr_backend_xrt_config_t *config,
                                             const mr_xrt_files_t *files, char *why,
                                             size_t why_bytes);

/* Sends a request with its words (NULL: none) and takes the answer's words into out. @return the
 * answer's; MR_IO, MR_TIMEOUT: there will be no more, mr_xrt_process_fault says why. */
MR_NODISCARD mr_status_t mr_xrt_process_request(mr_xrt_process_t *p, const mr_xrt_link_head_t *head,
                                                const uint32_t *words, uint32_t *out,
                                                int timeout_ms);

/* Ends helper and simulator, removes the folder. */
void mr_xrt_process_close(mr_xrt_process_t *p);

/* One line; NULL: none. */
const char *mr_xrt_process_fault(const mr_xrt_process_t *p);

#endif
