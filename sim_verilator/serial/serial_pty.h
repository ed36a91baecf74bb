/* SPDX-License-Identifier: Apache-2.0 */
/* A pseudo-terminal whose far end is a simulated chip's UART. One thread. */
#ifndef MR_SIM_SERIAL_PTY_H
#define MR_SIM_SERIAL_PTY_H

#include <stdbool.h>
#include <stdint.h>

/* How bad the line is, both ways: shares of the bytes, in millionths. */
typedef struct {
    uint32_t corrupt_ppm;
    uint32_t drop_ppm;
    uint32_t garbage; /* random bytes to the first host, before anything else */
    uint32_t seed;
} mr_serial_noise_t;

typedef struct {
    uint32_t chip;    /* of mr_chip_sim_dram */
    const char *link; /* a symbolic link to make to the terminal; NULL: none */
    bool once;        /* ends when the first host has closed the line */
    mr_serial_noise_t noise;
    bool (*stop)(void);             /* whether to end; asked at least every 50 ms */
    void (*ready)(const char *tty); /* the terminal's name, once it can be opened */
} mr_serial_pty_config_t;

/* Serves the chip until told to stop; removes the link.
 * @return NULL, or one line that says what went wrong, valid until the next call. */
const char *mr_serial_pty_serve(const mr_serial_pty_config_t *config);

#endif
