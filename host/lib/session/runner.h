/* SPDX-License-Identifier: Apache-2.0 */
/* Runner: a scheduler, wherever it runs. The calls are those of millrace/sched.h with the same
 * meaning; those who run requests need not know whether the firmware is hosted in this process or
 * runs on the device's control core.
 *
 * One thread at a time. Events come from mr_runner_step; they may call mr_runner_cancel and
 * mr_runner_cancel_user and nothing else. A request's prompt and stop tokens are the caller's until
 * its end or drop event.
 */
#ifndef MR_HOST_LIB_SESSION_RUNNER_H
#define MR_HOST_LIB_SESSION_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/sched.h"

typedef struct mr_runner mr_runner_t;

typedef struct {
    mr_status_t (*submit)(mr_runner_t *self, uint32_t slot, const mr_request_t *r);
    mr_status_t (*enqueue)(mr_runner_t *self, const mr_request_t *r);
    void (*cancel)(mr_runner_t *self, uint32_t slot);
    void (*cancel_user)(mr_runner_t *self, uint32_t user);
    mr_status_t (*step)(mr_runner_t *self, bool *busy);
    uint32_t (*user)(const mr_runner_t *self, uint32_t slot);
    const mr_fault_t *(*fault)(const mr_runner_t *self);
    const char *(*trouble)(const mr_runner_t *self);
    uint32_t (*in_flight)(const mr_runner_t *self);
} mr_runner_ops_t;

struct mr_runner {
    const mr_runner_ops_t *ops;
};

/* As mr_sched_submit. @return also MR_NO_SPACE: the device has no room for the prompt. */
MR_NODISCARD static inline mr_status_t mr_runner_submit(mr_runner_t *self, uint32_t slot,
                                                        const mr_request_t *r) {
    return self->ops->submit(self, slot, r);
}

/* As mr_sched_enqueue. @return also MR_NO_SPACE, as above. */
MR_NODISCARD static inline mr_status_t mr_runner_enqueue(mr_runner_t *self, const mr_request_t *r) {
    return self->ops->enqueue(self, r);
}

static inline void mr_runner_cancel(mr_runner_t *self, uint32_t slot) {
    self->ops->cancel(self, slot);
}

static inline void mr_runner_cancel_user(mr_runner_t *self, uint32_t user) {
    self->ops->cancel_user(self, user);
}

/* As mr_sched_step. @return also MR_FORMAT: the firmware on the core speaks nonsense. */
MR_NODISCARD static inline mr_status_t mr_runner_step(mr_runner_t *self, bool *busy) {
    return self->ops->step(self, busy);
}

static inline uint32_t mr_runner_user(const mr_runner_t *self, uint32_t slot) {
    return self->ops->user(self, slot);
}

static inline const mr_fault_t *mr_runner_fault(const mr_runner_t *self) {
    return self->ops->fault(self);
}

/* Why a step failed, if it was the firmware on the core; otherwise NULL. */
static inline const char *mr_runner_trouble(const mr_runner_t *self) {
    return self->ops->trouble(self);
}

/* Jobs on their way through the device; 0 where that cannot be read. */
static inline uint32_t mr_runner_in_flight(const mr_runner_t *self) {
    return self->ops->in_flight(self);
}

/* The scheduler in this process. */
typedef struct {
    mr_runner_t base;
    mr_sched_t *sched;
} mr_hosted_t;

/* Makes a runner of a scheduler that has been initialised; both stay the caller's. */
mr_runner_t *mr_hosted_init(mr_hosted_t *self, mr_sched_t *sched);

#endif
