/* SPDX-License-Identifier: Apache-2.0 */
/* millrace bench kv --timing: the diagram of a piece of the run. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench_kv.h"
#include "mr_dram_dev.h"

/* Pixels. */
enum { LEFT = 90, TOP = 78, CLOCK = 4, LANE = 20, BOX = 14, BOTTOM = 56 };

#define TEXT_SMALL "font-size=\"12\" fill=\"#555\""

typedef struct {
    const char *name, *colour;
} look_t;

static look_t look_of(uint8_t command) {
    switch (command) {
    case MR_DRAM_CMD_ACT:
        return (look_t){"ACTIVATE", "#1b5e9e"};
    case MR_DRAM_CMD_RD:
        return (look_t){"READ", "#2e8b57"};
    case MR_DRAM_CMD_WR:
        return (look_t){"WRITE", "#d95f02"};
    case MR_DRAM_CMD_PRE:
    case MR_DRAM_CMD_PREA:
        return (look_t){"PRECHARGE", "#777"};
    case MR_DRAM_CMD_REFA:
    case MR_DRAM_CMD_REFB:
        return (look_t){"REFRESH", "#b00020"};
    default:
        return (look_t){NULL, NULL};
    }
}

static double x_of(size_t clock) {
    return LEFT + (double)clock * CLOCK;
}

static double y_of(uint32_t lane) {
    return TOP + (double)lane * LANE;
}

static void rect(FILE *f, double x, double y, double width, double height, const char *colour) {
    (void)fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                  x, y, width, height, colour);
}

static void text(FILE *f, double x, double y, const char *style, const char *words) {
    (void)fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, words);
}

/* All banks at once: PREA and REFA. */
static bool is_global(uint8_t command) {
    return command == MR_DRAM_CMD_PREA || command == MR_DRAM_CMD_REFA;
}

/* A bank's open rows: from ACTIVATE, or from the left edge where one was opened before it, to the
 * PRECHARGE. */
static void draw_rows(FILE *f, uint32_t bank, const mr_kv_decode_clock_t *clocks) {
    size_t from = 0;
    bool open = false;
    bool known = false;
    for (size_t i = 0; i < MR_CLI_BENCH_CLOCKS; i++) {
        for (size_t port = 0; port < 2U; port++) {
            const uint8_t command = clocks[i].command[port];
            if (clocks[i].bank[port] != bank && !is_global(command)) {
                continue;
            }
            const bool closes = command == MR_DRAM_CMD_PRE || command == MR_DRAM_CMD_PREA;
            const bool uses = command == MR_DRAM_CMD_RD || command == MR_DRAM_CMD_WR;
            if (closes && (open || (!known && command == MR_DRAM_CMD_PRE))) {
                rect(f, x_of(from), y_of(bank) + 3.0, x_of(i) - x_of(from), BOX, "#dce9f5");
            }
            if (uses && !known) { /* opened before the diagram begins */
                open = true;
            }
            if (command == MR_DRAM_CMD_ACT) {
                open = true;
                from = i;
            } else if (closes) {
                open = false;
            }
            known = known || closes || uses || command == MR_DRAM_CMD_ACT;
        }
    }
    if (open) {
        rect(f, x_of(from), y_of(bank) + 3.0, x_of(MR_CLI_BENCH_CLOCKS) - x_of(from), BOX,
             "#dce9f5");
    }
}

static void draw_commands(FILE *f, uint32_t banks, const mr_kv_decode_clock_t *clocks) {
    for (size_t i = 0; i < MR_CLI_BENCH_CLOCKS; i++) {
        for (size_t port = 0; port < 2U; port++) {
            const uint8_t command = clocks[i].command[port];
            const char *const colour = look_of(command).colour;
            if (colour == NULL) {
                continue;
            }
            const uint32_t first = is_global(command) ? 0U : clocks[i].bank[port];
            const uint32_t last = is_global(command) ? banks - 1U : first;
            rect(f, x_of(i), y_of(first) + 3.0, CLOCK, (double)(last - first) * LANE + BOX, colour);
        }
    }
}

static void draw_data(FILE *f, uint32_t banks, const mr_kv_decode_clock_t *clocks) {
    const double y = y_of(banks) + 9.0;
    rect(f, LEFT, y, MR_CLI_BENCH_CLOCKS * CLOCK, BOX, "#f2f2f2");
    for (size_t i = 0; i < MR_CLI_BENCH_CLOCKS; i++) {
        if (clocks[i].read || clocks[i].write) {
            rect(f, x_of(i), y, CLOCK, BOX,
                 look_of(clocks[i].read ? MR_DRAM_CMD_RD : MR_DRAM_CMD_WR).colour);
        }
    }
    text(f, LEFT - 8.0, y + 12.0, TEXT_SMALL " text-anchor=\"end\"", "data");
}

static void draw_frame(FILE *f, uint32_t banks, const mr_cli_bench_row_t *row) {
    char words[200];
    (void)snprintf(words, sizeof words,
                   "%s at %g MHz, %" PRIu32 " users x %" PRIu32 " tokens x %" PRIu32
                   " bytes, %s order: %d clocks out of a run of the RTL",
                   row->config.model, row->result.clock_mhz, row->config.users, row->config.tokens,
                   row->config.vector_bytes, row->random ? "random" : "pipeline",
                   MR_CLI_BENCH_CLOCKS);
    text(f, LEFT, 26, "font-size=\"16\"", words);
    static const uint8_t shown[] = {MR_DRAM_CMD_ACT, MR_DRAM_CMD_RD, MR_DRAM_CMD_WR,
                                    MR_DRAM_CMD_PRE, MR_DRAM_CMD_REFA};
    for (size_t i = 0; i < sizeof shown; i++) {
        rect(f, LEFT + 130.0 * (double)i, 42, 12, 12, look_of(shown[i]).colour);
        text(f, LEFT + 18.0 + 130.0 * (double)i, 53, TEXT_SMALL, look_of(shown[i]).name);
    }
    rect(f, LEFT + 130.0 * sizeof shown, 42, 12, 12, "#dce9f5");
    text(f, LEFT + 18.0 + 130.0 * sizeof shown, 53, TEXT_SMALL, "row open");
    for (uint32_t bank = 0; bank < banks; bank++) {
        (void)snprintf(words, sizeof words, "bank %" PRIu32, bank);
        text(f, LEFT - 8.0, y_of(bank) + 15.0, TEXT_SMALL " text-anchor=\"end\"", words);
        rect(f, LEFT, y_of(bank + 1U), MR_CLI_BENCH_CLOCKS * CLOCK, 1, "#eee");
    }
    for (size_t clock = 0; clock <= MR_CLI_BENCH_CLOCKS; clock += 40U) {
        (void)snprintf(words, sizeof words, "%zu", clock);
        text(f, x_of(clock), y_of(banks) + 42.0, TEXT_SMALL " text-anchor=\"middle\"", words);
    }
}

int mr_cli_bench_timing(const char *path, const mr_cli_bench_row_t *row, uint32_t banks,
                        const mr_kv_decode_clock_t *clocks) {
    FILE *const f = fopen(path, "w");
    if (f == NULL) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    (void)fprintf(f,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                  "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" "
                  "fill=\"white\"/>\n",
                  LEFT + MR_CLI_BENCH_CLOCKS * CLOCK + 20, y_of(banks) + BOTTOM);
    draw_frame(f, banks, row);
    for (uint32_t bank = 0; bank < banks; bank++) {
        draw_rows(f, bank, clocks);
    }
    draw_commands(f, banks, clocks);
    draw_data(f, banks, clocks);
    (void)fprintf(f, "</svg>\n");
    const bool failed = ferror(f) != 0;
    if (fclose(f) != 0 || failed) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    return MR_CLI_OK;
}
