/* SPDX-License-Identifier: Apache-2.0 */
/* millrace bench pipeline --sweep: the picture. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipeline.h"

/* Pixels. Users are on a logarithmic axis. */
enum { PANEL = 330, LEFT = 74, TOP = 74, HEIGHT = 280, GAP = 86, BOTTOM = 70, PANELS = 3 };

static const char *const colours[MR_SPLIT_PARTS] = {"#1b5e9e", "#66a3d2", "#7b4ea3", "#2a9d6e",
                                                    "#9acd6b", "#d95f02", "#f0c419"};
static const char *const small = "font-size=\"12\" fill=\"#555\" text-anchor=\"middle\"";
static const char *const right = "font-size=\"12\" fill=\"#555\" text-anchor=\"end\"";

typedef struct {
    FILE *file;
    const mr_cli_pipeline_result_t *rows;
    size_t count;
    double octaves; /* of the users' axis */
} picture_t;

/* A vertical axis, logarithmic from low to high. */
typedef struct {
    double low;
    double high;
} axis_t;

static double x_of(const picture_t *p, size_t panel, double users) {
    const double share = p->octaves > 0.0 ? log2(users) / p->octaves : 0.5;
    return LEFT + (double)panel * (PANEL + GAP) + share * PANEL;
}

static double y_of(const axis_t *axis, double value) {
    return TOP + (1.0 - log(value / axis->low) / log(axis->high / axis->low)) * HEIGHT;
}

static void text(const picture_t *p, double x, double y, const char *style, const char *words) {
    (void)fprintf(p->file, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, words);
}

static void line(const picture_t *p, double x1, double y1, double x2, double y2,
                 const char *style) {
    (void)fprintf(p->file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1,
                  x2, y2, style);
}

static void title(const picture_t *p, size_t panel, const char *words) {
    text(p, LEFT + (double)panel * (PANEL + GAP) + PANEL / 2.0, TOP - 14.0,
         "font-size=\"15\" font-weight=\"bold\" text-anchor=\"middle\"", words);
}

/* The numbers of users under a panel. */
static void draw_users(const picture_t *p, size_t panel) {
    char words[32];
    for (size_t i = 0; i < p->count; i++) {
        const double x = x_of(p, panel, p->rows[i].users);
        (void)snprintf(words, sizeof words, "%" PRIu32, p->rows[i].users);
        text(p, x, TOP + HEIGHT + 18.0, small, words);
    }
    text(p, LEFT + (double)panel * (PANEL + GAP) + PANEL / 2.0, TOP + HEIGHT + 36.0, small,
         "users");
}

/* Lines and numbers at 1, 2 and 5 times the powers of ten. */
static void draw_axis(const picture_t *p, size_t panel, const axis_t *axis) {
    static const double steps[] = {1.0, 2.0, 5.0};
    const double left = LEFT + (double)panel * (PANEL + GAP);
    char words[32];
    for (int power = -3; power < 10; power++) {
        for (size_t i = 0; i < 3u; i++) {
            const double value = steps[i] * pow(10.0, power);
            if (value >= axis->low && value <= axis->high) {
                const double y = y_of(axis, value);
                line(p, left, y, left + PANEL, y, "stroke=\"#ddd\"");
                (void)snprintf(words, sizeof words, "%g", value);
                text(p, left - 8.0, y + 4.0, right, words);
            }
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        const double x = x_of(p, panel, p->rows[i].users);
        line(p, x, TOP, x, TOP + HEIGHT, "stroke=\"#eee\"");
    }
    draw_users(p, panel);
}

/* A line through a value of all rows. */
static void draw_curve(const picture_t *p, size_t panel, const axis_t *axis,
                       double (*value)(const mr_cli_pipeline_result_t *row), const char *colour) {
    char style[64];
    (void)snprintf(style, sizeof style, "stroke=\"%s\" stroke-width=\"2\"", colour);
    for (size_t i = 0; i < p->count; i++) {
        const mr_cli_pipeline_result_t *row = &p->rows[i];
        const double x = x_of(p, panel, row->users);
        const double y = y_of(axis, value(row));
        if (i > 0) {
            line(p, x_of(p, panel, row[-1].users), y_of(axis, value(row - 1)), x, y, style);
        }
        (void)fprintf(p->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y,
                      colour);
    }
}

static double rate(const mr_cli_pipeline_result_t *row) {
    return 1e6 * (double)row->tokens / (double)row->cycles;
}

static double p50(const mr_cli_pipeline_result_t *row) {
    return 1e-3 * (double)row->p50;
}

static double p99(const mr_cli_pipeline_result_t *row) {
    return 1e-3 * (double)row->p99;
}

static void key(const picture_t *p, double x, double y, const char *style, const char *words) {
    line(p, x, y - 4.0, x + 26.0, y - 4.0, style);
    text(p, x + 32.0, y, "font-size=\"12\"", words);
}

/* Tokens a million cycles, and what the first row's would be without anyone in anyone's way. */
static void draw_throughput(const picture_t *p) {
    const mr_cli_pipeline_result_t *first = &p->rows[0];
    const double one = rate(first) / first->users;
    double high = rate(first);
    for (size_t i = 0; i < p->count; i++) {
        high = rate(&p->rows[i]) > high ? rate(&p->rows[i]) : high;
    }
    const axis_t axis = {0.7 * rate(first), 1.6 * high};
    const double users = p->rows[p->count - 1u].users;
    const double end = one * users < axis.high ? users : axis.high / one;
    const double left = LEFT;
    title(p, 0, "tokens a million cycles, all users");
    draw_axis(p, 0, &axis);
    line(p, x_of(p, 0, first->users), y_of(&axis, rate(first)), x_of(p, 0, end),
         y_of(&axis, one * end), "stroke=\"#333\" stroke-dasharray=\"5 4\"");
    draw_curve(p, 0, &axis, rate, "#1b5e9e");
    key(p, left, TOP + HEIGHT + 56.0, "stroke=\"#1b5e9e\" stroke-width=\"2\"", "measured");
    key(p, left + 120.0, TOP + HEIGHT + 56.0, "stroke=\"#333\" stroke-dasharray=\"5 4\"",
        "each user as fast as one");
}

static void draw_latency(const picture_t *p) {
    double low = p50(&p->rows[0]);
    double high = p99(&p->rows[0]);
    for (size_t i = 0; i < p->count; i++) {
        low = p50(&p->rows[i]) < low ? p50(&p->rows[i]) : low;
        high = p99(&p->rows[i]) > high ? p99(&p->rows[i]) : high;
    }
    const axis_t axis = {0.7 * low, (high > 2.0 * low ? 1.3 : 2.0) * high};
    const double left = LEFT + PANEL + GAP;
    const double y = y_of(&axis, 1.10 * p50(&p->rows[0]));
    title(p, 1, "thousand cycles of a token");
    draw_axis(p, 1, &axis);
    line(p, left, y, left + PANEL, y, "stroke=\"#333\" stroke-dasharray=\"5 4\"");
    draw_curve(p, 1, &axis, p99, "#d95f02");
    draw_curve(p, 1, &axis, p50, "#1b5e9e");
    key(p, left, TOP + HEIGHT + 56.0, "stroke=\"#1b5e9e\" stroke-width=\"2\"", "p50");
    key(p, left + 80.0, TOP + HEIGHT + 56.0, "stroke=\"#d95f02\" stroke-width=\"2\"", "p99");
    key(p, left + 160.0, TOP + HEIGHT + 56.0, "stroke=\"#333\" stroke-dasharray=\"5 4\"",
        "1.10 x the first");
}

/* A bar for each row with the parts of its tokens' time. */
static void draw_parts(const picture_t *p) {
    const double left = LEFT + 2.0 * (PANEL + GAP);
    const double step = (double)PANEL / (double)p->count;
    char words[32];
    title(p, 2, "where a token's time goes");
    for (int percent = 0; percent <= 100; percent += 20) {
        const double y = TOP + (100 - percent) / 100.0 * HEIGHT;
        line(p, left, y, left + PANEL, y, "stroke=\"#ddd\"");
        (void)snprintf(words, sizeof words, "%d %%", percent);
        text(p, left - 8.0, y + 4.0, right, words);
    }
    for (size_t i = 0; i < p->count; i++) {
        const mr_cli_pipeline_result_t *row = &p->rows[i];
        const double x = left + (double)i * step;
        double y = TOP + HEIGHT;
        for (uint32_t part = 0; part < MR_SPLIT_PARTS; part++) {
            const double h = (double)row->part[part] / (double)row->latency * HEIGHT;
            y -= h;
            (void)fprintf(p->file,
                          "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" "
                          "fill=\"%s\"/>\n",
                          x + 0.12 * step, y, 0.76 * step, h, colours[part]);
        }
        (void)snprintf(words, sizeof words, "%" PRIu32, row->users);
        text(p, x + 0.5 * step, TOP + HEIGHT + 18.0, small, words);
    }
    text(p, left + PANEL / 2.0, TOP + HEIGHT + 36.0, small, "users");
    for (uint32_t part = 0; part < MR_SPLIT_PARTS; part++) {
        const double y = TOP + HEIGHT - 12.0 - 20.0 * part;
        (void)fprintf(p->file,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>\n",
                      left + PANEL + 14.0, y, colours[part]);
        text(p, left + PANEL + 32.0, y + 10.0, "font-size=\"12\"", mr_split_part_keys[part]);
    }
}

int mr_cli_pipeline_picture(const char *path, const char *caption,
                            const mr_cli_pipeline_result_t *rows, size_t count) {
    picture_t p = {fopen(path, "w"), rows, count, log2(rows[count - 1u].users)};
    if (p.file == NULL) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    (void)fprintf(p.file,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" "
                  "fill=\"white\"/>\n",
                  LEFT + PANELS * (PANEL + GAP) + 30, TOP + HEIGHT + BOTTOM);
    text(&p, LEFT, 26, "font-size=\"16\"", caption);
    draw_throughput(&p);
    draw_latency(&p);
    draw_parts(&p);
    (void)fprintf(p.file, "</svg>\n");
    const bool failed = ferror(p.file) != 0;
    if (fclose(p.file) != 0 || failed) {
        return mr_cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    return MR_CLI_OK;
}
