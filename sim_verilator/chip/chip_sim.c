/* SPDX-License-Identifier: Apache-2.0 */
/* A Verilated chip with a device model and a rule checker on the DRAM port of each channel. */
#include "chip_sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip_model.h"
#include "git_hash.h"
#include "mr_dram_dev.h"
#include "mr_dram_rules.h"
#include "mr_dram_sdr.h"

#define CHIP_MODEL(symbol_) extern const mr_chip_model_t symbol_;
#include "chip_models.inc"
#undef CHIP_MODEL
#define CHIP_MODEL(symbol_) &(symbol_),
static const mr_chip_model_t *const models[] = {
#include "chip_models.inc"
};
static const char *const absent[] = {
#include "chip_absent.inc"
    NULL};
enum {
    MODELS = sizeof models / sizeof models[0],
    RESET_CLOCKS = 4,
    CHANNELS_MAX = 16,
    LATE = 1024
};

/* Read data that a mute DRAM keeps back, a ring. */
typedef struct {
    mr_dram_dev_out_t data[LATE];
    uint32_t head;
    uint32_t count;
    bool full; /* and one more came */
} late_t;

struct mr_chip_sim {
    const mr_chip_model_t *model;
    void *dut;
    mr_dram_sdr_t pins;
    mr_dram_dev_t dram[CHANNELS_MAX];
    mr_dram_dev_t chk[CHANNELS_MAX]; /* check bits, if the chip has ECC */
    mr_dram_rules_t rules[CHANNELS_MAX];
    uint64_t cycles;
    uint32_t noise_every;   /* 0: none */
    uint32_t noise_state;   /* of its random numbers */
    uint32_t noise_links;   /* a bit each */
    uint32_t mute;          /* DRAMs that do not answer reads, a bit each */
    late_t *late;           /* of each channel; NULL: none ever was */
    const char *pins_fault; /* in this clock */
    char fault[256];
    mr_chip_trace_t *trace; /* NULL: not traced */
};

enum { NOISE_SEED = 1, LINK_FAULTS = 4 };

const char *mr_chip_sim_dram(uint32_t index) {
    return index < MODELS ? models[index]->name : NULL;
}

bool mr_chip_sim_absent(const char *name) {
    uint32_t i = 0;
    while (absent[i] != NULL && strcmp(absent[i], name) != 0) {
        i++;
    }
    return absent[i] != NULL;
}

/* First fault of the DRAM: of the pins, of the device model, of the independent checker. */
static void note_fault(mr_chip_sim_t *sim, uint32_t channel) {
    const mr_dram_dev_violation_t *device = mr_dram_dev_violation(&sim->dram[channel]);
    const mr_dram_rules_violation_t *rule = mr_dram_rules_violation(&sim->rules[channel]);
    if (sim->pins_fault != NULL) {
        (void)snprintf(sim->fault, sizeof sim->fault, "DRAM pins: %s, cycle %" PRIu64,
                       sim->pins_fault, sim->cycles);
    } else if (device != NULL) {
        (void)snprintf(sim->fault, sizeof sim->fault,
                       "DRAM device: %s, channel %" PRIu32 ", bank %u, cycle %" PRIu64
                       " of the DRAM",
                       mr_dram_dev_rule_text(device->rule), channel, device->bank, device->clock);
    } else if (rule != NULL) {
        (void)snprintf(sim->fault, sizeof sim->fault,
                       "DRAM checker: %s, channel %" PRIu32 ", bank %u, cycle %" PRIu64
                       " of the DRAM",
                       mr_dram_rules_text(rule->rule), channel, rule->bank, rule->clock);
    } else if (sim->late != NULL && sim->late[channel].full) {
        (void)snprintf(sim->fault, sizeof sim->fault, "more than %d reads without an answer", LATE);
    }
}

/* Keeps read data back, in order, as long as the channel is mute. */
static void delay(mr_chip_sim_t *sim, uint32_t channel, mr_dram_dev_out_t *out) {
    late_t *late = &sim->late[channel];
    if (out->rd_valid && late->count == LATE) {
        late->full = true;
        return;
    }
    if (out->rd_valid) {
        late->data[(late->head + late->count++) % LATE] = *out;
    }
    out->rd_valid = false;
    if ((sim->mute >> channel & 1u) == 0 && late->count > 0) {
        *out = late->data[late->head];
        late->head = (late->head + 1u) % LATE;
        late->count--;
    }
}

/* The device's side of a rising edge: takes the port before it and drives the data bus for it.
 * Channels may be under way in several threads. */
static void dram_edge(void *ctx, uint32_t channel) {
    mr_chip_sim_t *sim = ctx;
    mr_dram_dev_in_t in = {0};
    mr_dram_dev_in_t chk_in = {0};
    mr_dram_dev_out_t out = {0};
    mr_dram_dev_out_t chk_out = {0};
    if (sim->model->pins != NULL) {
        mr_dram_sdr_pins_t pins;
        sim->model->pins(sim->dut, &pins);
        sim->pins_fault = mr_dram_sdr_clock(&sim->pins, &pins, &in);
    } else {
        sim->model->dfi(sim->dut, channel, &in, &chk_in);
    }
    mr_dram_dev_clock(&sim->dram[channel], &in, &out);
    mr_dram_rules_clock(&sim->rules[channel], &in, &out);
    if (sim->model->ecc) {
        mr_dram_dev_clock(&sim->chk[channel], &chk_in, &chk_out);
    }
    if (sim->late != NULL) {
        delay(sim, channel, &out);
    }
    sim->model->answer(sim->dut, channel, &out, &chk_out);
}

/* Of a DRAM without power. */
static void no_edge(void *ctx, uint32_t channel) {
    (void)ctx;
    (void)channel;
}

/* Also those that were never opened. */
static void close_drams(mr_chip_sim_t *sim) {
    for (uint32_t c = 0; c < CHANNELS_MAX; c++) {
        mr_dram_dev_close(&sim->dram[c]);
        mr_dram_dev_close(&sim->chk[c]);
    }
}

/* False when memory is short: none is open. */
static bool open_drams(mr_chip_sim_t *sim) {
    const mr_chip_model_t *model = sim->model;
    const mr_dram_profile_t *profile = mr_dram_profile(model->profile);
    const mr_dram_dev_config_t config = {profile, model->dq_bytes, model->init_clocks, NULL, NULL};
    for (uint32_t c = 0; c < model->channels; c++) {
        if (!mr_dram_dev_init(&sim->dram[c], &config) ||
            (model->ecc && !mr_dram_dev_init(&sim->chk[c], &config))) {
            close_drams(sim);
            return false;
        }
        mr_dram_rules_init(&sim->rules[c], profile, model->init_clocks);
    }
    mr_dram_sdr_init(&sim->pins, profile);
    return true;
}

mr_chip_sim_t *mr_chip_sim_create(uint32_t dram) {
    const mr_chip_model_t *model = dram < MODELS ? models[dram] : NULL;
    mr_chip_sim_t *sim = model != NULL ? calloc(1, sizeof *sim) : NULL;
    if (sim == NULL) {
        return NULL;
    }
    sim->model = model;
    sim->noise_state = NOISE_SEED;
    sim->noise_links = UINT32_MAX;
    sim->dut = model->open();
    if (sim->dut == NULL || !open_drams(sim)) {
        if (sim->dut != NULL) {
            model->close(sim->dut);
        }
        free(sim);
        return NULL;
    }
    /* Registers are undefined until the first clock under reset: the DRAM is powered after it. */
    const mr_chip_request_t none = {false, false, 0, 0};
    model->reset(sim->dut, true, MR_GIT_HASH);
    model->request(sim->dut, &none);
    for (int i = 0; i < RESET_CLOCKS; i++) {
        (void)model->edge(sim->dut, no_edge, NULL);
    }
    model->reset(sim->dut, false, MR_GIT_HASH);
    return sim;
}

void mr_chip_sim_destroy(mr_chip_sim_t *sim) {
    if (sim != NULL) {
        sim->model->close(sim->dut);
        close_drams(sim);
        free(sim->trace);
        free(sim->late);
        free(sim);
    }
}

/* Marsaglia's xorshift with 13, 17, 5. */
static uint32_t noise_next(mr_chip_sim_t *sim) {
    sim->noise_state ^= sim->noise_state << 13;
    sim->noise_state ^= sim->noise_state >> 17;
    sim->noise_state ^= sim->noise_state << 5;
    return sim->noise_state;
}

static void link_noise(mr_chip_sim_t *sim) {
    uint64_t bits = 0;
    for (uint32_t link = 0; link < sim->model->groups; link++) {
        if ((sim->noise_links >> link & 1u) == 0) {
            continue;
        }
        if (sim->noise_every == 1) {
            bits |= ((UINT64_C(1) << LINK_FAULTS) - 1u) << (LINK_FAULTS * link);
        } else if (noise_next(sim) % sim->noise_every == 0) {
            bits |= UINT64_C(1) << (LINK_FAULTS * link + noise_next(sim) % LINK_FAULTS);
        }
    }
    sim->model->link_fault(sim->dut, bits);
}

bool mr_chip_sim_dram_mute(mr_chip_sim_t *sim, uint32_t channels) {
    if (sim->model->pins != NULL || sim->model->ecc) {
        return false;
    }
    if (channels != 0 && sim->late == NULL) {
        sim->late = calloc(CHANNELS_MAX, sizeof *sim->late);
    }
    sim->mute = sim->late != NULL ? channels : 0;
    return sim->mute == channels;
}

bool mr_chip_sim_link_noise(mr_chip_sim_t *sim, uint32_t links, uint32_t every) {
    if (sim->model->link_fault == NULL) {
        return false;
    }
    sim->noise_links = links;
    sim->noise_every = every;
    sim->model->link_fault(sim->dut, 0);
    return true;
}

bool mr_chip_sim_link_delay(mr_chip_sim_t *sim, uint32_t clocks) {
    if (sim->model->link_delay == NULL || clocks > MR_CHIP_LINK_DELAY_MAX) {
        return false;
    }
    sim->model->link_delay(sim->dut, clocks);
    return true;
}

bool mr_chip_sim_traceable(const mr_chip_sim_t *sim) {
    return sim->model->trace != NULL;
}

bool mr_chip_sim_trace(mr_chip_sim_t *sim, mr_trace_sink_t sink, void *ctx) {
    sim->model->trace(sim->dut, NULL);
    free(sim->trace);
    sim->trace = sink != NULL ? malloc(sizeof *sim->trace) : NULL;
    if (sim->trace != NULL) {
        mr_chip_trace_init(sim->trace, sim->model->tiles, sink, ctx);
        sim->model->trace(sim->dut, sim->trace);
    }
    return sink == NULL || sim->trace != NULL;
}

mr_status_t mr_chip_sim_fst(mr_chip_sim_t *sim, const char *path, uint64_t cycles) {
    if (sim->model->fst == NULL) {
        return MR_UNSUPPORTED;
    }
    /* The writer of the file does not say why it cannot. */
    FILE *file = path != NULL ? fopen(path, "wb") : NULL;
    if (path != NULL && (file == NULL || fclose(file) != 0)) {
        return MR_IO;
    }
    return sim->model->fst(sim->dut, path, cycles) ? MR_OK : MR_IO;
}

bool mr_chip_sim_recording(const mr_chip_sim_t *sim) {
    return sim->model->recording != NULL && sim->model->recording(sim->dut);
}

void mr_chip_sim_clock(mr_chip_sim_t *sim) {
    if (sim->fault[0] != '\0') {
        return;
    }
    if (sim->noise_every != 0) {
        link_noise(sim);
    }
    if (sim->trace != NULL) {
        mr_chip_trace_begin(sim->trace, sim->cycles);
    }
    const bool sound = sim->model->edge(sim->dut, dram_edge, sim);
    for (uint32_t c = 0; c < sim->model->channels; c++) {
        note_fault(sim, c);
    }
    sim->cycles++;
    if (!sound) {
        (void)snprintf(sim->fault, sizeof sim->fault, "RTL assertion failed, cycle %" PRIu64,
                       sim->cycles);
    }
}

void mr_chip_sim_request(mr_chip_sim_t *sim, bool valid, bool write, uint32_t addr, uint32_t data) {
    const mr_chip_request_t request = {valid, write, addr, data};
    sim->model->request(sim->dut, &request);
}

static mr_chip_response_t response_of(const mr_chip_sim_t *sim) {
    mr_chip_response_t response;
    sim->model->response(sim->dut, &response);
    return response;
}

bool mr_chip_sim_request_ready(const mr_chip_sim_t *sim) {
    return response_of(sim).ready;
}

bool mr_chip_sim_response(const mr_chip_sim_t *sim, uint32_t *data, bool *error) {
    const mr_chip_response_t response = response_of(sim);
    *data = response.data;
    *error = response.error;
    return response.valid;
}

bool mr_chip_sim_irq(const mr_chip_sim_t *sim) {
    return response_of(sim).irq;
}

uint64_t mr_chip_sim_cycles(const mr_chip_sim_t *sim) {
    return sim->cycles;
}

const char *mr_chip_sim_fault(const mr_chip_sim_t *sim) {
    return sim->fault[0] != '\0' ? sim->fault : NULL;
}
