/* SPDX-License-Identifier: Apache-2.0 */
/* millrace bench kv --all: the picture. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_kv.h"

/* Pixels. The horizontal axis is logarithmic, 1 to 128 users. */
enum { PANEL = 250, LEFT = 62, TOP = 64, HEIGHT = 260, GAP = 46, BOTTOM = 66 };

static const double lowest = 0.90; /* of the vertical axis, which ends at 1 */

static double x_of(size_t panel, uint32_t users) {
    return LEFT + (double)panel * (PANEL + GAP) + log2((double)users) / 7.0 * PANEL;
}

static double y_of(double utilization) {
    const double shown = utilization > lowest ? utilization : lowest;
    return TOP + (1.0 - shown) / (1.0 - lowest) * HEIGHT;
}

static void text(FILE *f, double x, double y, const char *style, const char *words) {
    (void)fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, words);
}

static void line(FILE *f, double x1, double y1, double x2, double y2, const char *style) {
    (void)fprintf(f, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2,
                  style);
}

static void draw_frame(FILE *f, size_t panel, const mr_cli_bench_row_t *first) {
    const char *const small = "font-size=\"12\" fill=\"#555\" text-anchor=\"middle\"";
    char words[64];
    const double left = x_of(panel, 1);
    const double right = x_of(panel, 128);
    for (uint32_t percent = 90; percent <= 100U; percent += 2U) {
        const double y = y_of(percent / 100.0);
        line(f, left, y, right, y, "stroke=\"#ddd\"");
        if (panel == 0U) {
            (void)snprintf(words, sizeof words, "%" PRIu32 " %%", percent);
            text(f, left - 8.0, y + 4.0, "font-size=\"12\" fill=\"#555\" text-anchor=\"end\"",
                 words);
        }
    }
    for (uint32_t users = 1; users <= 128U; users *= users == 1U ? 8U : users == 8U ? 8U : 2U) {
        const double x = x_of(panel, users);
        line(f, x, TOP, x, TOP + HEIGHT, "stroke=\"#eee\"");
        (void)snprintf(words, sizeof words, "%" PRIu32, users);
        text(f, x, TOP + HEIGHT + 18.0, small, words);
    }
    text(f, (left + right) / 2.0, TOP + HEIGHT + 36.0, small, "users");
    text(f, (left + right) / 2.0, TOP - 12.0,
         "font-size=\"15\" font-weight=\"bold\" text-anchor=\"middle\"", first->config.model);
}

/* The line of one order: points, and what the device's refresh leaves. */
static void draw_order(FILE *f, size_t panel, const mr_cli_bench_row_t *rows, size_t count,
                       bool random) {
    const char *const colour = random ? "#d95f02" : "#1b5e9e";
    const mr_cli_bench_row_t *before = NULL;
    char style[96];
    for (size_t i = 0; i < count; i++) {
        const mr_cli_bench_row_t *r = &rows[i];
        if (!r->measured || r->random != random) {
            continue;
        }
        const double x = x_of(panel, r->config.users);
        const double y = y_of(r->result.utilization);
        if (before == NULL && !random) {
            const double limit = y_of(r->result.limit);
            line(f, x_of(panel, 1), limit, x_of(panel, 128), limit,
                 "stroke=\"#333\" stroke-dasharray=\"5 4\"");
        }
        if (before != NULL) {
            (void)snprintf(style, sizeof style, "stroke=\"%s\" stroke-width=\"2\"", colour);
            line(f, x_of(panel, before->config.users), y_of(before->result.utilization), x, y,
                 style);
        }
        (void)fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y, colour);
        if (r->result.utilization < lowest) { /* below the axis: say where */
            (void)snprintf(style, sizeof style, "%.1f %%", 100.0 * r->result.utilization);
            text(f, x, y - (random ? 8.0 : 22.0),
                 "font-size=\"12\" fill=\"#b00\" text-anchor=\"middle\"", style);
        }
        before = r;
    }
    if (before == NULL && !random) {
        text(f, x_of(panel, 1) + PANEL / 2.0, TOP + HEIGHT / 2.0,
             "font-size=\"12\" fill=\"#555\" text-anchor=\"middle\"", "does not fit the device");
    }
}

static void draw_legend(FILE *f, size_t panels, const mr_cli_bench_row_t *first) {
    const double y = TOP + HEIGHT + 56.0;
    char words[160];
    (void)snprintf(words, sizeof words,
                   "KV-cache controller, decode: %" PRIu32 " tokens x %" PRIu32
                   " bytes, appends %s. Clocks of the data bus with useful data, of all",
                   first->config.tokens, first->config.vector_bytes,
                   first->config.batched ? "batched" : "inline");
    text(f, LEFT, 26, "font-size=\"16\"", words);
    line(f, LEFT, y - 4.0, LEFT + 30.0, y - 4.0, "stroke=\"#1b5e9e\" stroke-width=\"2\"");
    text(f, LEFT + 36.0, y, "font-size=\"13\"", "pipeline order");
    line(f, LEFT + 150.0, y - 4.0, LEFT + 180.0, y - 4.0, "stroke=\"#d95f02\" stroke-width=\"2\"");
    text(f, LEFT + 186.0, y, "font-size=\"13\"", "random order");
    line(f, LEFT + 290.0, y - 4.0, LEFT + 320.0, y - 4.0,
         "stroke=\"#333\" stroke-dasharray=\"5 4\"");
    text(f, LEFT + 326.0, y, "font-size=\"13\"",
         panels > 2U ? "limit: what all-bank refresh leaves (per bank: all)" : "limit");
}

int mr_cli_bench_picture(const char *path, const mr_cli_bench_row_t *rows, size_t count) {
    size_t panels = 0;
    for (size_t i = 0; i < count; i++) {
        panels += i == 0U || strcmp(rows[i].config.model, rows[i - 1U].config.model) != 0;
    }
    FILE *const f = fopen(path, "w");
    if (f == NULL) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    const int width = LEFT + (int)panels * (PANEL + GAP);
    (void)fprintf(f,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" "
                  "fill=\"white\"/>\n",
                  width, TOP + HEIGHT + BOTTOM);
    size_t panel = 0;
    for (size_t from = 0, to = 0; from < count; from = to, panel++) {
        while (to < count && strcmp(rows[to].config.model, rows[from].config.model) == 0) {
            to++;
        }
        draw_frame(f, panel, &rows[from]);
        draw_order(f, panel, rows + from, to - from, false);
        draw_order(f, panel, rows + from, to - from, true);
    }
    draw_legend(f, panels, rows);
    (void)fprintf(f, "</svg>\n");
    const bool failed = ferror(f) != 0;
    if (fclose(f) != 0 || failed) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    return MR_CLI_OK;
}
