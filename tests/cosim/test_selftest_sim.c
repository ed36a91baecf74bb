/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test on simulated chips whose faults the simulator or the chip injects.
 *
 * usage: test_selftest_sim links|ecc
 * links: a chip of two groups whose link from group 0 is disturbed. ecc: bits that flip on their
 * way from the DRAM. The self-test has to name exactly that. Exit status 0 and "PASS" only then.
 */
#include <stdio.h>
#include <string.h>

#include "millrace/backend_sim.h"
#include "millrace/regs.h"
#include "selftest/selftest.h"

typedef struct {
    const char *unit, *text;
    unsigned failed, named;
} want_t;

static void on_report(void *ctx, const mr_selftest_report_t *report) {
    want_t *want = ctx;
    printf("%s %s %s\n", report->ok ? "pass" : "FAIL", report->unit, report->text);
    if (!report->ok) {
        want->failed++;
        want->named +=
            strcmp(report->unit, want->unit) == 0 && strstr(report->text, want->text) != NULL ? 1u
                                                                                              : 0u;
    }
}

static mr_status_t disturb(const mr_mmio_t *io, int links) {
    if (links != 0) {
        return mr_backend_sim_link_noise(io, 1, 400);
    }
    MR_TRY(mr_mmio_write32(io, MR_KV_ECC_BASE + MR_KV_ECC_INJ_OFFSET,
                           MR_KV_ECC_INJ_READ_MASK | 50u << MR_KV_ECC_INJ_EVERY_SHIFT));
    MR_TRY(mr_mmio_write32(io, MR_KV_ECC_BASE + MR_KV_ECC_INJ_MASK_LO_OFFSET, 1));
    return mr_mmio_write32(io, MR_KV_ECC_BASE + MR_KV_ECC_INJ_ENABLE_OFFSET, 1);
}

int main(int argc, char **argv) {
    const int links = argc == 2 && strcmp(argv[1], "links") == 0;
    mr_selftest_sum_t sum;
    mr_mmio_t io;
    want_t want = {links != 0 ? "link 0 to 1" : "group 0 KV cache",
                   links != 0 ? ": expected 0, got" : "kv_ecc[0].CORRECTED: expected 0, got", 0, 0};
    const mr_selftest_events_t events = {on_report, NULL, NULL, &want};
    if (mr_backend_sim_create(links != 0 ? "tiny-2g" : "ddr4-2400-ecc", &io) != MR_OK ||
        disturb(&io, links) != MR_OK) {
        fprintf(stderr, "FAIL: no such chip in this build\n");
        return 1;
    }
    const mr_status_t status =
        mr_selftest_run(&io, links != 0 ? MR_SELFTEST_LINKS : MR_SELFTEST_KV, &events, &sum);
    mr_mmio_close(&io);
    if (status != MR_OK || want.failed != 1 || want.named != 1) {
        fprintf(stderr, "FAIL: %s; %u units failed, %u of them as expected\n",
                mr_status_text(status), want.failed, want.named);
        return 1;
    }
    printf("PASS test_selftest_sim\n");
    return 0;
}
