/* SPDX-License-Identifier: Apache-2.0 */
/* Every register of a device, as the name table says.
 *
 * usage: test_registers DEVICE
 * For every instance of every block: the value after reset, what patterns change, unmapped
 * addresses, what a soft reset keeps; then every command and every sticky bit in use; and the same
 * checks with mistakes in the table, which have to fail. All but the commands and sticky bits come
 * from the table: a new register needs nothing here, a new command or sticky bit fails until it has
 * a test in reg_events.c. Exit status 0 and "PASS" only when everything held.
 */
#include <inttypes.h>
#include <stdio.h>

#include "reg_check.h"
#include "reg_events.h"
#include "reg_mutants.h"
#include "session/session.h"

static uint32_t count_registers(const reg_check_t *c, bool known) {
    uint32_t n = 0;
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const uint32_t instances = reg_check_instances(c, &mr_reg_blocks[b]);
        for (size_t r = 0; r < mr_reg_blocks[b].reg_count && instances != UINT32_MAX; r++) {
            n += (known ? 1u : instances) * mr_reg_blocks[b].regs[r].count;
        }
    }
    return n;
}

static void check_all(reg_check_t *c) {
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        const uint32_t instances = reg_check_instances(c, block);
        reg_check_that(c, instances != UINT32_MAX, "block %s: how many instances are there?",
                       block->name);
        for (uint32_t i = 0; i < instances && instances != UINT32_MAX; i++) {
            reg_check_reset(c, block, i);
        }
        for (uint32_t i = 0; i < instances && instances != UINT32_MAX; i++) {
            reg_check_writes(c, block, i);
            reg_check_gaps(c, block, i);
        }
        reg_check_soft_reset(c, block);
    }
    reg_check_map(c);
}

int main(int argc, char **argv) {
    mr_session_error_t error;
    mr_mmio_t io;
    mr_machine_t machine;
    reg_check_t c;
    uint32_t tried = 0;
    uint32_t caught = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: test_registers DEVICE\n");
        return 2;
    }
    if (mr_device_open(argv[1], &io, &error) != MR_OK) {
        fprintf(stderr, "FAIL: %s\n", error.text);
        return 1;
    }
    if (mr_machine_probe(&io, &machine) != MR_OK || !reg_check_open(&c, &io, &machine)) {
        fprintf(stderr, "FAIL: probe\n");
        return 1;
    }
    check_all(&c);
    if (c.failures == 0) {
        reg_mutants(&c, &tried, &caught);
        reg_check_that(&c, tried == caught, "%" PRIu32 " of %" PRIu32 " mistakes noticed", caught,
                       tried);
    }
    const uint32_t events = reg_events(&c);
    mr_mmio_close(&io);
    printf("RESULT registers %" PRIu32 " (the map has %" PRIu32 "), checks %" PRIu32
           ", commands and sticky bits %" PRIu32 ", mistakes in the table noticed %" PRIu32
           " of %" PRIu32 "\n",
           count_registers(&c, false), count_registers(&c, true), c.checks, events, caught, tried);
    if (c.failures != 0) {
        fprintf(stderr, "FAIL: %" PRIu32 " checks failed\n", c.failures);
        return 1;
    }
    printf("PASS test_registers %s\n", argv[1]);
    return 0;
}
