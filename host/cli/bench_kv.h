/* SPDX-License-Identifier: Apache-2.0 */
/* What `millrace bench kv` measured, and its picture. */
#ifndef MR_HOST_CLI_BENCH_KV_H
#define MR_HOST_CLI_BENCH_KV_H

#include <stdint.h>

#include "cli.h"
#include "mr_kv_decode.h"

/* One measurement; fit: users that fit, when these do not (result is then empty). */
typedef struct {
    mr_kv_decode_config_t config;
    bool random;
    bool measured;
    uint32_t fit;
    mr_kv_decode_result_t result;
    char violation[128]; /* the first broken DRAM rule, or empty */
} mr_cli_bench_row_t;

/* Writes utilisation against users, a panel a profile and a line an order, as SVG. Rows of a
 * profile are neighbours. @return an exit code; the message is out. */
int mr_cli_bench_picture(const char *path, const mr_cli_bench_row_t *rows, size_t count);

enum { MR_CLI_BENCH_CLOCKS = 320 }; /* of the timing diagram */

/* Draws what went over the DRAM's port in MR_CLI_BENCH_CLOCKS clocks as SVG: a lane a bank with its
 * commands and open rows, and the data bus. @return an exit code; the message is out. */
int mr_cli_bench_timing(const char *path, const mr_cli_bench_row_t *row, uint32_t banks,
                        const mr_kv_decode_clock_t *clocks);

#endif
