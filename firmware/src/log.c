/* SPDX-License-Identifier: Apache-2.0 */
/* Event log: a ring of numbers in shared memory. */
#include <stddef.h>

#include "millrace/service.h"
#include "service_parts.h"

void mr_log(mr_log_t *self, mr_log_id_t id, uint32_t a, uint32_t b) {
    if (self->entries == NULL) {
        return;
    }
    const uint32_t put = mr_shared_load(self->put);
    mr_mailbox_log_t *e = &self->entries[put % MR_SERVICE_LOG_ENTRIES];
    *e = (mr_mailbox_log_t){self->now != NULL ? self->now(self->ctx) : 0, (uint32_t)id, a, b};
    mr_shared_store(self->put, put + 1u);
}
