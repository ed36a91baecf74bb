/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on order: the n-th allocation fails; the functional model answers a register otherwise, or
 * cannot be opened. Takes effect through the linker's --wrap. */
#ifndef MR_TESTS_HOST_SESSION_FAULTS_H
#define MR_TESTS_HOST_SESSION_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/status.h"

#define FAULTS_NEVER 0xFFFFFFFFu

typedef struct {
    uint32_t fail_alloc;     /* this allocation (from 0) gives NULL */
    uint32_t allocs;         /* allocations so far */
    mr_status_t open_status; /* what opening the model answers when it is not MR_OK */
    uint32_t lanes;          /* of the model; 0: as asked for */
    uint32_t wmem_words;     /* of the model; 0: as asked for */
    uint32_t addr;           /* reads of this register answer `value` and `status` */
    uint32_t value;
    mr_status_t status;
    bool flip; /* a bit of every word that goes through the memory window is flipped */
} faults_t;

extern faults_t faults;

/* No faults, counters at 0. */
void faults_clear(void);

#endif
