/* SPDX-License-Identifier: Apache-2.0 */
/* A link: messages through it and all others, its counters before and after, and its heartbeat. */
#include <inttypes.h>
#include <stdio.h>

#include "millrace/regs.h"
#include "selftest/selftest_internal.h"

#define JOBS 16u
#define QUIET_CYCLES 40000u /* more than the silence after which an end gives up */

static uint32_t get(const mr_selftest_t *t, uint32_t group, uint32_t offset) {
    uint32_t value = UINT32_MAX;
    const mr_status_t status =
        mr_mmio_read32(t->mmio, MR_LINK_BASE + group * MR_LINK_STRIDE + offset, &value);
    if (status != MR_OK) {
        (void)mr_selftest_refused(t, "link register", status);
    }
    return value;
}

/* Counters of errors; those of the receiver are in the next group. */
static bool clean(const mr_selftest_t *t, uint32_t group) {
    static const struct {
        const char *name;
        uint32_t offset;
        bool receiver;
    } counters[] = {
        {"REPLAYS", MR_LINK_REPLAYS_OFFSET, false},
        {"ANSWER_ERRORS", MR_LINK_ANSWER_ERRORS_OFFSET, false},
        {"RX_ERRORS", MR_LINK_RX_ERRORS_OFFSET, true},
        {"RX_REFUSED", MR_LINK_RX_REFUSED_OFFSET, true},
    };
    const uint32_t next = (group + 1u) % t->machine.groups;
    if ((get(t, group, MR_LINK_STATUS_OFFSET) & MR_LINK_STATUS_DOWN_MASK) != 0 ||
        (get(t, next, MR_LINK_STATUS_OFFSET) & MR_LINK_STATUS_RX_DOWN_MASK) != 0) {
        return mr_selftest_fail(t, "down");
    }
    for (uint32_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        const uint32_t at = counters[i].receiver ? next : group;
        const uint32_t n = get(t, at, counters[i].offset);
        if (n != 0) {
            return mr_selftest_fail(t, "link[%" PRIu32 "].%s: expected 0, got %" PRIu32, at,
                                    counters[i].name, n);
        }
    }
    return t->report->ok;
}

void mr_selftest_link(mr_selftest_t *t, uint32_t group) {
    const mr_machine_t *m = &t->machine;
    /* Over the last group: such a job and its result pass every link of the ring. */
    const uint32_t tile = (m->groups - 1u) * m->tiles;
    const mr_selftest_desc_t program[] = {
        {{0x00B, 1, 0, 0, 64, 1u << 16, mr_selftest_hops_home(t, tile), 0}},
        {{0, 0, 0, 0, 0, 0, 0, 0}},
    };
    const uint32_t next = (group + 1u) % m->groups;
    if (!mr_selftest_prepare(t, tile) || !mr_selftest_program(t, tile, 0, program, 2)) {
        return;
    }
    for (uint32_t i = 0; i < JOBS; i++) {
        if (!mr_selftest_job(t, tile, 0, i % m->kv_slots, i, t->words, 64)) {
            return;
        }
    }
    const uint32_t sent = get(t, group, MR_LINK_MSGS_OFFSET);
    const uint32_t came = get(t, next, MR_LINK_RX_MSGS_OFFSET);
    if (sent != JOBS || came != JOBS) {
        (void)mr_selftest_fail(
            t, "messages sent, received: expected %u, %u, got %" PRIu32 ", %" PRIu32, JOBS, JOBS,
            sent, came);
        return;
    }
    for (uint32_t spent = 0; spent < QUIET_CYCLES; spent += 1000u) {
        const mr_status_t status = mr_mmio_wait(t->mmio, 1000);
        if (status != MR_OK) {
            (void)mr_selftest_refused(t, "wait", status);
            return;
        }
    }
    if (clean(t, group)) {
        (void)snprintf(t->report->text, sizeof t->report->text, "%u messages", JOBS);
    }
}
