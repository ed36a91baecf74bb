/* SPDX-License-Identifier: Apache-2.0 */
/* Event log of the firmware on the core, as text. */
#ifndef MR_HOST_LIB_SESSION_CORE_LOG_H
#define MR_HOST_LIB_SESSION_CORE_LOG_H

#include <stddef.h>

#include "millrace/mailbox.h"
#include "millrace/mmio.h"
#include "millrace/status.h"

/* Longest text of an entry, its 0 included. */
#define MR_CORE_LOG_TEXT 128u

/* An entry as a line: its clock and what happened; an unknown event shows its numbers. */
void mr_core_log_text(const mr_mailbox_log_t *entry, char *text, size_t size);

/* Reads the newest entries, oldest first, at most n of them. *count: how many; *lost: how many
 * older ones the ring has forgotten, or there was no room for.
 * @return MR_OK; MR_NOT_FOUND: the firmware is not up, or keeps no log; MR_IDENTITY: what
 * CORE_SHARED points to is no mailbox; any status of a register access. */
MR_NODISCARD mr_status_t mr_core_log_read(const mr_mmio_t *mmio, mr_mailbox_log_t *entries,
                                          uint32_t n, uint32_t *count, uint32_t *lost);

#endif
