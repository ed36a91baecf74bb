/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line through termios. */
#include "serial_port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* X(rate) */
#define BAUDS(X)                                                                                   \
    X(115200)                                                                                      \
    X(230400)                                                                                      \
    X(460800)                                                                                      \
    X(500000)                                                                                      \
    X(576000)                                                                                      \
    X(921600)                                                                                      \
    X(1000000)                                                                                     \
    X(1152000)                                                                                     \
    X(1500000)                                                                                     \
    X(2000000)                                                                                     \
    X(2500000)                                                                                     \
    X(3000000)

static const struct {
    uint32_t rate;
    speed_t speed;
} bauds[] = {
#define BAUD_ROW_(rate_) {rate_, B##rate_},
    BAUDS(BAUD_ROW_)
#undef BAUD_ROW_
};

/* NULL: no such rate. */
static const speed_t *speed_of(uint32_t baud) {
    for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; i++) {
        if (bauds[i].rate == baud) {
            return &bauds[i].speed;
        }
    }
    return NULL;
}

bool mr_serial_port_baud(uint32_t baud) {
    return speed_of(baud) != NULL;
}

const char *mr_serial_port_bauds(void) {
#define BAUD_TEXT_(rate_) " " #rate_
    return BAUDS(BAUD_TEXT_) + 1;
#undef BAUD_TEXT_
}

static mr_status_t no_open(const char *path, char *why, size_t size) {
    switch (errno) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        (void)snprintf(why, size, "no serial device %s; plug the board in and look at /dev/tty*",
                       path);
        return MR_NOT_FOUND;
    case EACCES:
    case EPERM:
        (void)snprintf(why, size,
                       "no permission for %s; join the group that it belongs to (often dialout)",
                       path);
        return MR_IO;
    case EBUSY:
        (void)snprintf(why, size, "%s is in use by another program; end that first", path);
        return MR_BUSY;
    default:
        (void)snprintf(why, size, "cannot open %s: %s", path, strerror(errno));
        return MR_IO;
    }
}

static bool set_up(int port, speed_t speed) {
    struct termios line;
    if (tcgetattr(port, &line) != 0) {
        return false;
    }
    cfmakeraw(&line);
    line.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    line.c_cflag |= CLOCAL | CREAD;
    line.c_cc[VMIN] = 0;
    line.c_cc[VTIME] = 0;
    return cfsetispeed(&line, speed) == 0 && cfsetospeed(&line, speed) == 0 &&
           tcsetattr(port, TCSANOW, &line) == 0 && tcgetattr(port, &line) == 0 &&
           cfgetospeed(&line) == speed;
}

mr_status_t mr_serial_port_open(const char *path, uint32_t baud, int *port, char *why,
                                size_t size) {
    const speed_t *speed = speed_of(baud);
    if (speed == NULL) {
        (void)snprintf(why, size, "no rate %lu; choose one of: %s", (unsigned long)baud,
                       mr_serial_port_bauds());
        return MR_ARG;
    }
    const int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return no_open(path, why, size);
    }
    mr_status_t status = MR_OK;
    if (isatty(fd) != 1) {
        (void)snprintf(why, size, "%s is no serial device", path);
        status = MR_NOT_FOUND;
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        errno = errno == EWOULDBLOCK ? EBUSY : errno;
        status = no_open(path, why, size);
    } else if (!set_up(fd, *speed)) {
        (void)snprintf(why, size, "%s does not take %lu baud, 8 bits, no parity; try another rate",
                       path, (unsigned long)baud);
        status = MR_IO;
    }
    if (status != MR_OK) {
        (void)close(fd);
        return status;
    }
    (void)ioctl(fd, TIOCEXCL); /* also against programs that look for no lock */
    *port = fd;
    return MR_OK;
}

void mr_serial_port_close(int port) {
    (void)ioctl(port, TIOCNXCL);
    (void)close(port);
}

void mr_serial_port_flush(int port) {
    (void)tcflush(port, TCIFLUSH);
}

int64_t mr_serial_port_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mr_serial_port_now_ms(void) {
    return mr_serial_port_now_us() / 1000;
}

/* Waits for events until end. @return whether they are there; a signal counts as nothing. */
static bool wait_for(int port, short events, int64_t end) {
    struct pollfd p = {port, events, 0};
    for (;;) {
        const int64_t left = end - mr_serial_port_now_ms();
        const int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0) {
            return true;
        }
        if (left <= 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
    }
}

mr_status_t mr_serial_port_write(int port, const uint8_t *bytes, size_t n, int timeout_ms) {
    const int64_t end = mr_serial_port_now_ms() + timeout_ms;
    while (n > 0) {
        const ssize_t done = write(port, bytes, n);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (done < 0 && errno != EAGAIN && errno != EINTR) {
            return MR_IO;
        } else if (!wait_for(port, POLLOUT, end)) {
            return MR_TIMEOUT;
        }
    }
    return MR_OK;
}

mr_status_t mr_serial_port_read(int port, uint8_t *bytes, size_t size, int timeout_ms,
                                size_t *got) {
    *got = 0;
    if (!wait_for(port, POLLIN, mr_serial_port_now_ms() + timeout_ms)) {
        return MR_OK;
    }
    const ssize_t n = read(port, bytes, size);
    if (n > 0) {
        *got = (size_t)n;
        return MR_OK;
    }
    /* Something is there, and it is no byte: the end of the line. */
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? MR_OK : MR_IO;
}
