/* SPDX-License-Identifier: Apache-2.0 */
/* A control core without RTL: the service over plain memory, behind the register map as the host
 * sees it. The core takes rounds while the host waits; once a round says that there is nothing to
 * do, it sleeps until its bell rings. */
#ifndef MR_TEST_FAKE_CORE_H
#define MR_TEST_FAKE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/service.h"

#define FAKE_CORE_WORDS 65536u /* of SRAM */
#define FAKE_CORE_WORK 0x8000u /* SRAM offset of the service's memory */

typedef struct {
    mr_mmio_t io;    /* what the host sees: registers, mailbox and the device */
    mr_mmio_t inner; /* the device */
    mr_mmio_t chip;  /* the device as the service sees it */
    mr_service_t service;
    uint32_t sram[FAKE_CORE_WORDS];
    uint32_t shared; /* CORE_SHARED */
    bool host_bell;
    bool awake;
    bool hangs;       /* takes no rounds any more */
    uint32_t clock;   /* what the service takes for the time */
    uint32_t rounds;  /* taken */
    uint32_t at_once; /* rounds that a wait gives it at most */
    /* If not NULL: instead of waking the core, its bell puts these words into the ring to the host.
     */
    const uint32_t *on_bell_words;
    uint32_t on_bell_n;
    uint32_t slept; /* times that it went to sleep with a request */
} fake_core_t;

/* Boots the service with work_bytes of memory on a device that stays the caller's. */
void fake_core_open(fake_core_t *self, const mr_mmio_t *inner, uint32_t work_bytes);

/* The mailbox's header. */
mr_mailbox_t *fake_core_header(fake_core_t *self);

/* Whether memory before and behind the service's is as it was. */
bool fake_core_intact(const fake_core_t *self, uint32_t work_bytes);

#endif
