/* SPDX-License-Identifier: Apache-2.0 */
/* Shell, chip and memory, clock by clock. */
#include "xrt_machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "chip_sim.h"
#include "mr_axi_mem.h"
#include "xrt_dut.h"

enum {
    RESET_CLOCKS = 4,
    ANSWER_CLOCKS = 4096, /* no register access takes longer */
    WORD = 4,
    SEED = 1
};

struct mr_xrt_machine {
    void *shell;
    mr_chip_sim_t *chip;
    mr_axi_mem_t *memory;
    uint64_t memory_base;
    uint32_t memory_bytes;
    mr_xrt_in_t in;
    mr_axi_pins_t pins;
    uint64_t clocks;
    char fault[256];
};

static void note_fault(mr_xrt_machine_t *m, const char *what) {
    if (m->fault[0] == '\0') {
        (void)snprintf(m->fault, sizeof m->fault, "%s, clock %" PRIu64, what, m->clocks);
    }
}

/* One clock with the inputs of the slave's port in m->in; out shows the pins before the edge. */
static void clock_once(mr_xrt_machine_t *m, mr_xrt_out_t *out) {
    mr_axi_mem_event_t event;
    mr_axi_mem_drive(m->memory, &m->pins);
    m->in.req_ready = mr_chip_sim_request_ready(m->chip);
    m->in.rsp_valid = mr_chip_sim_response(m->chip, &m->in.rsp_data, &m->in.rsp_error);
    m->in.irq = mr_chip_sim_irq(m->chip);
    mr_xrt_dut_settle(m->shell, &m->in, &m->pins, out);
    mr_chip_sim_request(m->chip, out->req_valid, out->req_write, out->req_addr, out->req_data);
    const char *refused = mr_axi_mem_clock(m->memory, &m->pins, &event);
    if (!mr_xrt_dut_edge(m->shell)) {
        note_fault(m, "an assertion of the XRT shell failed");
    }
    mr_chip_sim_clock(m->chip);
    m->clocks++;
    if (refused != NULL) {
        note_fault(m, refused);
    }
    if (mr_chip_sim_fault(m->chip) != NULL) {
        note_fault(m, mr_chip_sim_fault(m->chip));
    }
}

mr_xrt_machine_t *mr_xrt_machine_create(uint64_t memory_base, uint32_t memory_bytes) {
    static const mr_axi_mem_mode_t mode = {.style = MR_AXI_MEM_FREE,
                                           .ar_pct = 100,
                                           .aw_pct = 100,
                                           .w_pct = 100,
                                           .r_pct = 100,
                                           .b_pct = 100,
                                           .latency_min = 16,
                                           .latency_max = 32};
    mr_xrt_machine_t *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return NULL;
    }
    m->memory_base = memory_base;
    m->memory_bytes = memory_bytes;
    m->memory = mr_axi_mem_new(memory_base, memory_bytes, WORD, SEED);
    m->shell = mr_xrt_dut_open();
    m->chip = mr_chip_sim_create(0);
    if (m->memory == NULL || m->shell == NULL || m->chip == NULL) {
        mr_xrt_machine_destroy(m);
        return NULL;
    }
    mr_axi_mem_mode(m->memory, &mode);
    m->in.reset = true;
    mr_xrt_machine_run(m, RESET_CLOCKS);
    m->in.reset = false;
    return m;
}

void mr_xrt_machine_destroy(mr_xrt_machine_t *m) {
    if (m != NULL) {
        mr_axi_mem_free(m->memory);
        if (m->shell != NULL) {
            mr_xrt_dut_close(m->shell);
        }
        mr_chip_sim_destroy(m->chip);
        free(m);
    }
}

/* Makes the access that m->in asks for. */
static bool access_slave(mr_xrt_machine_t *m, uint32_t *value) {
    mr_xrt_out_t out;
    *value = 0;
    for (uint32_t i = 0; i < ANSWER_CLOCKS && m->fault[0] == '\0'; i++) {
        clock_once(m, &out);
        m->in.read = m->in.read && !out.read_ready;
        m->in.write = m->in.write && !out.write_ready;
        if (out.read_valid || out.write_valid) {
            *value = out.data;
            return !out.error;
        }
    }
    m->in.read = false;
    m->in.write = false;
    note_fault(m, "a register access of the kernel had no answer");
    return false;
}

bool mr_xrt_machine_read(mr_xrt_machine_t *m, uint16_t offset, uint32_t *value) {
    m->in.read = true;
    m->in.addr = offset;
    return access_slave(m, value);
}

bool mr_xrt_machine_write(mr_xrt_machine_t *m, uint16_t offset, uint32_t value) {
    uint32_t ignored;
    m->in.write = true;
    m->in.addr = offset;
    m->in.data = value;
    return access_slave(m, &ignored);
}

bool mr_xrt_machine_store(mr_xrt_machine_t *m, uint64_t addr, const void *bytes, size_t n) {
    return mr_axi_mem_write(m->memory, addr, bytes, n);
}

const uint8_t *mr_xrt_machine_load(const mr_xrt_machine_t *m, uint64_t addr, size_t n) {
    const uint64_t at = addr - m->memory_base;
    if (addr < m->memory_base || at > m->memory_bytes || n > m->memory_bytes - at) {
        return NULL;
    }
    return mr_axi_mem_bytes(m->memory) + at;
}

void mr_xrt_machine_run(mr_xrt_machine_t *m, uint32_t clocks) {
    mr_xrt_out_t out;
    for (uint32_t i = 0; i < clocks && m->fault[0] == '\0'; i++) {
        clock_once(m, &out);
    }
}

uint64_t mr_xrt_machine_clocks(const mr_xrt_machine_t *m) {
    return m->clocks;
}

const char *mr_xrt_machine_fault(const mr_xrt_machine_t *m) {
    return m->fault[0] != '\0' ? m->fault : NULL;
}
