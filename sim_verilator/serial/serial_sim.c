/* SPDX-License-Identifier: Apache-2.0 */
/* The serial bridge and a chip, clock by clock. */
#include "serial_sim.h"

#include <stdlib.h>

#include "chip_sim.h"
#include "serial_dut.h"

enum { FRAME_BITS = 10, OUT_BYTES = 1024 };

struct mr_serial_sim {
    mr_serial_dut_t *dut;
    mr_chip_sim_t *chip;
    bool rx;                /* level of the line to the bridge */
    uint32_t tx_clock;      /* since the start bit began; 0: the line rests */
    uint32_t tx_bits;       /* as they were sampled, the first in bit 0 */
    uint8_t out[OUT_BYTES]; /* more than an answer; beyond that bytes are lost */
    size_t n_out;
};

mr_serial_sim_t *mr_serial_sim_create(uint32_t chip) {
    mr_serial_sim_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->rx = true;
    self->chip = mr_chip_sim_create(chip);
    self->dut = mr_serial_dut_create();
    if (self->chip == NULL || self->dut == NULL) {
        mr_serial_sim_destroy(self);
        return NULL;
    }
    return self;
}

void mr_serial_sim_destroy(mr_serial_sim_t *self) {
    if (self != NULL) {
        /* The other way round, the chip's scopes would leave a context that is gone. */
        mr_chip_sim_destroy(self->chip);
        mr_serial_dut_destroy(self->dut);
        free(self);
    }
}

/* The host's receiver: samples each bit in its middle. */
static void listen(mr_serial_sim_t *self, bool tx) {
    if (self->tx_clock == 0 && tx) {
        return;
    }
    if (self->tx_clock % SERIAL_DIVISOR == SERIAL_DIVISOR / 2) {
        const uint32_t bit = self->tx_clock / SERIAL_DIVISOR;
        self->tx_bits = (self->tx_bits & ~(1u << bit)) | (uint32_t)tx << bit;
        if (bit == FRAME_BITS - 1) {
            if (tx && self->n_out < OUT_BYTES) {
                self->out[self->n_out++] = (uint8_t)(self->tx_bits >> 1);
            }
            self->tx_clock = 0;
            return;
        }
    }
    self->tx_clock++;
}

static void clock(mr_serial_sim_t *self) {
    mr_serial_out_t out;
    mr_serial_in_t in = {self->rx, false, false, false, false, 0};
    mr_serial_dut_look(self->dut, &out);
    listen(self, out.tx);
    if (out.busy) {
        mr_chip_sim_request(self->chip, out.req_valid, out.req_write, out.req_addr, out.req_data);
        in.req_ready = mr_chip_sim_request_ready(self->chip);
        in.rsp_valid = mr_chip_sim_response(self->chip, &in.rsp_data, &in.rsp_error);
        in.irq = mr_chip_sim_irq(self->chip);
        mr_chip_sim_clock(self->chip);
    }
    mr_serial_dut_clock(self->dut, &in);
}

void mr_serial_sim_put(mr_serial_sim_t *self, uint8_t byte) {
    const uint32_t bits = (uint32_t)byte << 1 | 1u << (FRAME_BITS - 1);
    for (uint32_t bit = 0; bit < FRAME_BITS; bit++) {
        self->rx = (bits >> bit & 1u) != 0;
        for (int i = 0; i < SERIAL_DIVISOR; i++) {
            clock(self);
        }
    }
}

static bool working(const mr_serial_sim_t *self) {
    mr_serial_out_t out;
    mr_serial_dut_look(self->dut, &out);
    return out.work || !out.tx || self->tx_clock != 0;
}

bool mr_serial_sim_run(mr_serial_sim_t *self, uint32_t clocks) {
    /* The bridge takes a byte a few clocks behind the middle of its stop bit. */
    for (int i = 0; i < 2 * SERIAL_DIVISOR; i++) {
        clock(self);
    }
    while (clocks > 0 && working(self) && mr_serial_sim_fault(self) == NULL) {
        clock(self);
        clocks--;
    }
    return !working(self);
}

bool mr_serial_sim_open(const mr_serial_sim_t *self) {
    mr_serial_out_t out;
    mr_serial_dut_look(self->dut, &out);
    return out.rx_open;
}

void mr_serial_sim_rest(mr_serial_sim_t *self) {
    for (int i = 0; i < SERIAL_GAP + 2 * SERIAL_DIVISOR; i++) {
        clock(self);
    }
}

size_t mr_serial_sim_get(mr_serial_sim_t *self, uint8_t *bytes, size_t size) {
    const size_t n = self->n_out < size ? self->n_out : size;
    for (size_t i = 0; i < n; i++) {
        bytes[i] = self->out[i];
    }
    for (size_t i = n; i < self->n_out; i++) {
        self->out[i - n] = self->out[i];
    }
    self->n_out -= n;
    return n;
}

const char *mr_serial_sim_fault(const mr_serial_sim_t *self) {
    return mr_chip_sim_fault(self->chip);
}
