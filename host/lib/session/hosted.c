/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler in this process as a runner. */
#include <stddef.h>

#include "session/runner.h"

static mr_sched_t *sched_of(const mr_runner_t *self) {
    return ((const mr_hosted_t *)(const void *)self)->sched;
}

static mr_status_t hosted_submit(mr_runner_t *self, uint32_t slot, const mr_request_t *r) {
    return mr_sched_submit(sched_of(self), slot, r);
}

static mr_status_t hosted_enqueue(mr_runner_t *self, const mr_request_t *r) {
    return mr_sched_enqueue(sched_of(self), r);
}

static void hosted_cancel(mr_runner_t *self, uint32_t slot) {
    mr_sched_cancel(sched_of(self), slot);
}

static void hosted_cancel_user(mr_runner_t *self, uint32_t user) {
    mr_sched_cancel_user(sched_of(self), user);
}

static mr_status_t hosted_step(mr_runner_t *self, bool *busy) {
    return mr_sched_step(sched_of(self), busy);
}

static uint32_t hosted_user(const mr_runner_t *self, uint32_t slot) {
    return mr_sched_user(sched_of(self), slot);
}

static const mr_fault_t *hosted_fault(const mr_runner_t *self) {
    return mr_sched_fault(sched_of(self));
}

static const char *hosted_trouble(const mr_runner_t *self) {
    (void)self;
    return NULL;
}

static uint32_t hosted_in_flight(const mr_runner_t *self) {
    return sched_of(self)->in_flight;
}

mr_runner_t *mr_hosted_init(mr_hosted_t *self, mr_sched_t *sched) {
    static const mr_runner_ops_t ops = {hosted_submit,      hosted_enqueue, hosted_cancel,
                                        hosted_cancel_user, hosted_step,    hosted_user,
                                        hosted_fault,       hosted_trouble, hosted_in_flight};
    self->base.ops = &ops;
    self->sched = sched;
    return &self->base;
}
