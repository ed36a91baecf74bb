/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on a serial line: a path and perhaps a rate. */
#include "session/device_serial.h"

#include <string.h>

/* The whole text as a rate; 0 when it is none that a line can have. */
static uint32_t take_baud(const char *text) {
    uint64_t baud = 0;
    for (; *text >= '0' && *text <= '9' && baud <= UINT32_MAX; text++) {
        baud = baud * 10u + (uint64_t)(*text - '0');
    }
    const bool legal =
        *text == '\0' && baud <= UINT32_MAX && mr_backend_serial_baud((uint32_t)baud);
    return legal ? (uint32_t)baud : 0;
}

mr_status_t mr_device_serial_open(const char *name, mr_mmio_t *mmio, mr_session_error_t *error) {
    char why[400];
    char path[200];
    const char *line = name + strlen(MR_DEVICE_SERIAL);
    const char *comma = strrchr(line, ',');
    const size_t length = comma != NULL ? (size_t)(comma - line) : strlen(line);
    const uint32_t baud = comma != NULL ? take_baud(comma + 1) : MR_SERIAL_BAUD;
    if (length == 0 || length >= sizeof path || baud == 0) {
        return mr_gguf_fail(error, MR_ARG, NULL,
                            "no device '%s': write " MR_DEVICE_SERIAL_NAMES
                            " with one of the rates %s",
                            name, mr_backend_serial_bauds());
    }
    memcpy(path, line, length);
    path[length] = '\0';
    const mr_status_t status = mr_backend_serial_open(path, baud, mmio, why, sizeof why);
    return status == MR_OK ? MR_OK : mr_gguf_fail(error, status, NULL, "%s", why);
}
