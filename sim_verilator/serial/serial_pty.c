/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes between a pseudo-terminal and the simulated UART, some of them damaged if so wished. */
#include "serial_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "serial_sim.h"

enum {
    REST_MS = 1,     /* silence of the host until the line counts as at rest */
    POLL_MS = 50,    /* until the next look for a signal */
    CLOCKS = 100000, /* of the simulation at once */
    PPM = 1000000
};

typedef struct {
    const mr_serial_pty_config_t *config;
    mr_serial_sim_t *sim;
    int master;
    bool met; /* a host has opened the line */
    uint64_t random;
} serve_t;

static char why[512];

static const char *fail(const char *what, const char *path) {
    (void)snprintf(why, sizeof why, "%s %s: %s", what, path, strerror(errno));
    return why;
}

/* xorshift64 of Marsaglia with 13, 7, 17. */
static uint32_t random_below(serve_t *s, uint32_t n) {
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)((s->random >> 32) % n);
}

/* What the line makes of a byte; false: nothing. */
static bool over_the_line(serve_t *s, uint8_t *byte) {
    const mr_serial_noise_t *noise = &s->config->noise;
    if (noise->corrupt_ppm == 0 && noise->drop_ppm == 0) {
        return true;
    }
    const uint32_t draw = random_below(s, PPM);
    if (draw < noise->drop_ppm) {
        return false;
    }
    if (draw - noise->drop_ppm < noise->corrupt_ppm) {
        *byte ^= (uint8_t)(1u + random_below(s, 255));
    }
    return true;
}

/* Gives the host what there is; what it does not take in time is lost, as on a line. */
static void give(serve_t *s, const uint8_t *bytes, size_t n) {
    for (int tries = 0; n > 0 && tries < 20 && !s->config->stop();) {
        const ssize_t done = write(s->master, bytes, n);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
            continue;
        }
        struct pollfd p = {s->master, POLLOUT, 0};
        tries++;
        if ((done < 0 && errno != EAGAIN && errno != EINTR) || poll(&p, 1, POLL_MS) < 0) {
            return;
        }
    }
}

static void answer(serve_t *s) {
    uint8_t raw[512];
    uint8_t bytes[512];
    size_t n = 0;
    const size_t got = mr_serial_sim_get(s->sim, raw, sizeof raw);
    for (size_t i = 0; i < got; i++) {
        if (over_the_line(s, &raw[i])) {
            bytes[n++] = raw[i];
        }
    }
    give(s, bytes, n);
}

/* Runs the chip until it has answered. */
static void work(serve_t *s) {
    while (!mr_serial_sim_run(s->sim, CLOCKS) && !s->config->stop() &&
           mr_serial_sim_fault(s->sim) == NULL) {
        continue;
    }
    answer(s);
}

static void take(serve_t *s, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n && !s->config->stop(); i++) {
        uint8_t byte = bytes[i];
        if (over_the_line(s, &byte)) {
            mr_serial_sim_put(s->sim, byte);
        }
    }
    work(s);
}

static void garbage(serve_t *s) {
    for (uint32_t i = 0; i < s->config->noise.garbage; i++) {
        const uint8_t byte = (uint8_t)random_below(s, 256);
        give(s, &byte, 1);
        mr_serial_sim_put(s->sim, (uint8_t)random_below(s, 256));
    }
}

/* Until told to stop, or a fault of the chip, or the end of the first host. */
static const char *loop(serve_t *s) {
    uint8_t bytes[4096];
    while (!s->config->stop()) {
        struct pollfd p = {s->master, POLLIN, 0};
        const bool open = mr_serial_sim_open(s->sim);
        const int n = poll(&p, 1, open ? REST_MS : POLL_MS);
        if (n == 0 && open) {
            mr_serial_sim_rest(s->sim);
            work(s);
        }
        if (n > 0 && (p.revents & POLLIN) != 0) {
            const ssize_t got = read(s->master, bytes, sizeof bytes);
            if (got > 0) {
                if (!s->met) {
                    garbage(s);
                }
                s->met = true;
                take(s, bytes, (size_t)got);
            }
        } else if (n > 0) { /* nobody has the line open */
            if (s->met && s->config->once) {
                return NULL;
            }
            const struct timespec pause = {0, 5000000};
            (void)nanosleep(&pause, NULL);
        }
        if (mr_serial_sim_fault(s->sim) != NULL) {
            (void)snprintf(why, sizeof why, "the simulation stopped: %s",
                           mr_serial_sim_fault(s->sim));
            return why;
        }
    }
    return NULL;
}

/* A terminal that passes bytes as they are, also before a host sets it up. */
static const char *open_pty(int *master, char *name, size_t size) {
    struct termios line;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (*master < 0 || grantpt(*master) != 0 || unlockpt(*master) != 0 ||
        ptsname_r(*master, name, size) != 0 || tcgetattr(*master, &line) != 0) {
        return fail("cannot make", "a pseudo-terminal");
    }
    cfmakeraw(&line);
    (void)tcsetattr(*master, TCSANOW, &line);
    return NULL;
}

/* Replaces a link that an earlier run left, and nothing else. */
static const char *make_link(const char *tty, const char *link) {
    struct stat there;
    if (lstat(link, &there) == 0 && S_ISLNK(there.st_mode)) {
        (void)unlink(link);
    }
    return symlink(tty, link) == 0 ? NULL : fail("cannot make the link", link);
}

static const char *serve_on(serve_t *s) {
    char name[128];
    const mr_serial_pty_config_t *config = s->config;
    const char *wrong = open_pty(&s->master, name, sizeof name);
    if (wrong == NULL && config->link != NULL) {
        wrong = make_link(name, config->link);
    }
    if (wrong != NULL) {
        return wrong;
    }
    config->ready(name);
    wrong = loop(s);
    if (config->link != NULL) {
        (void)unlink(config->link);
    }
    return wrong;
}

const char *mr_serial_pty_serve(const mr_serial_pty_config_t *config) {
    serve_t s = {config, mr_serial_sim_create(config->chip), -1, false,
                 UINT64_C(0x9E3779B97F4A7C15) * (config->noise.seed + 1u) | 1u};
    if (s.sim == NULL) {
        return "not enough memory for the chip; close other programs";
    }
    const char *wrong = serve_on(&s);
    if (s.master >= 0) {
        (void)close(s.master);
    }
    mr_serial_sim_destroy(s.sim);
    return wrong;
}
