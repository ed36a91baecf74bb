/* SPDX-License-Identifier: Apache-2.0 */
/* Controller, device and checker in one clock; see mr_kv_sim.h. */
#include "mr_kv_sim.h"

#include <stdio.h>
#include <string.h>

#include "mr_kv_model.h"

/* Power-up wait in clocks, InitCycles of every model: the device's own would only cost time.
 * FEW_ROWS: as in hal/src/kv.c. */
enum { FEW_ROWS = 4, INIT_CLOCKS = 400, READY_CLOCKS = 100000, RESET_CLOCKS = 4 };

#define KV_MODEL(symbol_) extern const mr_kv_model_t symbol_;
#include "kv_models.inc"
#undef KV_MODEL

static const mr_kv_model_t *const models[] = {
#define KV_MODEL(symbol_) &(symbol_),
#include "kv_models.inc"
#undef KV_MODEL
};

const char *mr_kv_sim_name(size_t i) {
    return i < sizeof models / sizeof models[0] ? models[i]->name : NULL;
}

static bool wait_ready(mr_kv_sim_t *self) {
    for (uint32_t i = 0; i < READY_CLOCKS; i++) {
        mr_kv_sim_clock(self);
        if (self->out.ready && i > 2U) {
            return true;
        }
    }
    return false;
}

static const mr_kv_model_t *find_model(const char *name) {
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        if (strcmp(models[i]->name, name) == 0) {
            return models[i];
        }
    }
    return NULL;
}

bool mr_kv_sim_describe(mr_kv_sim_t *self, const char *name) {
    const mr_kv_model_t *model = find_model(name);
    const mr_dram_profile_t *profile = model != NULL ? mr_dram_profile(model->profile) : NULL;
    if (profile == NULL) {
        return false;
    }
    memset(self, 0, sizeof *self);
    self->model = model;
    self->profile = profile;
    self->limits = model->limits;
    self->word_bytes = model->word_bytes != 0U ? model->word_bytes : profile->word_bytes;
    self->block_bytes = model->block_bytes;
    self->ecc_word = model->ecc_word;
    self->axi = model->axi;
    return true;
}

/* What mr_kv_axi is built for in kv_sim_top. */
enum { AXI_MAX_BURST = 64, AXI_MAX_READS = 16, AXI_MAX_WRITES = 8 };

/* A quick memory. */
static bool open_axi(mr_kv_sim_t *self) {
    const mr_axi_mem_mode_t mode = {.ar_pct = 100,
                                    .aw_pct = 100,
                                    .w_pct = 100,
                                    .r_pct = 100,
                                    .b_pct = 100,
                                    .latency_min = 20,
                                    .latency_max = 20};
    self->axi_check = (mr_axi_check_t){.base = KV_AXI_BASE,
                                       .size = MR_KV_SIM_AXI_BYTES,
                                       .word = self->word_bytes,
                                       .max_burst = AXI_MAX_BURST,
                                       .max_reads = AXI_MAX_READS,
                                       .max_writes = AXI_MAX_WRITES};
    self->axi_mem = mr_axi_mem_new(KV_AXI_BASE, MR_KV_SIM_AXI_BYTES, self->word_bytes, 1);
    if (self->axi_mem != NULL) {
        mr_axi_mem_mode(self->axi_mem, &mode);
    }
    return self->axi_mem != NULL;
}

static void close_devices(mr_kv_sim_t *self) {
    mr_dram_dev_close(&self->dev);
    mr_axi_mem_free(self->axi_mem);
    self->axi_mem = NULL;
    if (self->ecc_word != 0U) {
        mr_dram_dev_close(&self->chk);
    }
}

bool mr_kv_sim_open(mr_kv_sim_t *self, const char *name) {
    if (!mr_kv_sim_describe(self, name)) {
        return false;
    }
    const mr_dram_dev_config_t config = {.profile = self->profile,
                                         .word_bytes = self->model->word_bytes,
                                         .init_clocks = INIT_CLOCKS};
    if (!mr_dram_dev_init(&self->dev, &config)) {
        return false;
    }
    if (self->ecc_word != 0U && !mr_dram_dev_init(&self->chk, &config)) {
        mr_dram_dev_close(&self->dev);
        return false;
    }
    if (self->axi && !open_axi(self)) {
        mr_dram_dev_close(&self->dev);
        return false;
    }
    mr_dram_rules_init(&self->rules, self->profile, INIT_CLOCKS);
    self->dut = self->model->open();
    if (self->dut == NULL) {
        close_devices(self);
        return false;
    }
    self->reset = true;
    for (uint32_t i = 0; i < RESET_CLOCKS; i++) {
        mr_kv_sim_clock(self);
    }
    self->reset = false;
    self->clock = 0;
    if (!wait_ready(self)) {
        mr_kv_sim_close(self);
        return false;
    }
    return true;
}

void mr_kv_sim_close(mr_kv_sim_t *self) {
    if (self->dut != NULL) {
        self->model->close(self->dut);
        close_devices(self);
        self->dut = NULL;
    }
}

static uint64_t ceil_div(uint64_t a, uint64_t b) {
    return (a + b - 1U) / b;
}

bool mr_kv_sim_shape(const mr_kv_sim_t *self, uint32_t layers, uint32_t heads, uint32_t nbh,
                     uint32_t pages, mr_kv_sim_shape_t *shape) {
    const mr_dram_profile_t *p = self->profile;
    const mr_kv_sim_limits_t *l = &self->limits;
    if (layers < 1U || layers > l->layers || heads < 1U || heads > l->heads || nbh < 1U ||
        nbh > l->nbh || pages > l->pages) {
        return false;
    }
    const uint64_t burst_bytes = (uint64_t)self->word_bytes * p->burst_clks;
    const uint64_t chunk = 32U * (uint64_t)nbh * self->block_bytes / burst_bytes;
    const uint64_t chunks = 2U * (uint64_t)layers * heads;
    /* Whole bursts of all bank groups, so that the groups take turns everywhere. */
    const uint64_t part =
        ceil_div(ceil_div(chunks * chunk, p->banks_per_group), p->bank_groups) * p->bank_groups;
    const uint64_t row = (uint64_t)p->row_bursts * p->bank_groups;
    const uint64_t room = (uint64_t)p->rows * row / part;
    const uint64_t most = pages != 0U ? pages : l->pages;
    const bool round = chunk % 2U == 0U && part / row < FEW_ROWS;
    const uint32_t turn = round ? 0U : (uint32_t)(p->banks_per_group / chunks);
    *shape = (mr_kv_sim_shape_t){layers,
                                 heads,
                                 nbh,
                                 (uint32_t)(room < most ? room : most),
                                 (uint32_t)chunk,
                                 (uint32_t)part,
                                 chunks >= p->banks_per_group ? 1U : turn};
    return room >= 1U;
}

bool mr_kv_sim_start(mr_kv_sim_t *self, const mr_kv_sim_shape_t *shape) {
    self->shape = *shape;
    self->in.cfg_start = true;
    mr_kv_sim_clock(self);
    self->in.cfg_start = false;
    return wait_ready(self);
}

/* Port of the counters, a quarter after the other. */
static void count_clock(mr_kv_sim_t *self, mr_kv_model_in_t *more) {
    more->snap = self->snap;
    self->snap = false;
    more->count_valid = self->snapping && !more->snap;
    more->count_addr = (uint8_t)(self->count_step - 1U);
}

/* The controller counts each cause twice: with all rows closed, and with a row open. */
static void fold_counts(mr_kv_sim_t *self) {
    const uint64_t *c = self->count;
    self->counts =
        (mr_kv_sim_counts_t){.act = c[17], .rd = c[18], .wr = c[19], .pre = c[20], .ref = c[21]};
    for (uint32_t i = 0; i < MR_KV_SIM_CAUSES; i++) {
        self->counts.cause[i] = c[i] + c[8U + i];
        self->counts.open += c[8U + i];
    }
}

static void count_answer(mr_kv_sim_t *self, const mr_kv_model_in_t *more) {
    uint16_t data;
    const bool done = self->model->count(self->dut, &data);
    if (more->count_valid && done) {
        const uint32_t quarter = self->count_step - 1U;
        self->count[quarter / 4U] |= (uint64_t)data << (16U * (quarter % 4U));
        self->count_step = quarter + 1U == 4U * MR_KV_SIM_COUNTERS ? 0U : self->count_step + 1U;
        self->snapping = self->count_step != 0U;
        if (!self->snapping) {
            fold_counts(self);
        }
    }
}

static void dram_clock(mr_kv_sim_t *self, mr_kv_model_in_t *more, mr_dram_dev_out_t *answer) {
    mr_dram_dev_in_t chk = {0};
    self->model->dfi(self->dut, &self->dfi, &chk);
    mr_dram_dev_clock(&self->dev, &self->dfi, answer);
    mr_dram_rules_clock(&self->rules, &self->dfi, answer);
    more->rd_valid = answer->rd_valid;
    memcpy(more->rd_data, answer->rd_data, sizeof more->rd_data);
    if (self->ecc_word != 0U) {
        mr_dram_dev_out_t bits;
        mr_dram_dev_clock(&self->chk, &chk, &bits);
        memcpy(more->rd_chk, bits.rd_data, sizeof more->rd_chk);
    }
    for (uint32_t i = 0; self->blank_zero && answer->rd_poison >> i != 0U; i++) {
        more->rd_data[i] = (answer->rd_poison >> i & 1U) != 0U ? 0U : more->rd_data[i];
    }
}

/* The memory's side of the pins before the edge. */
static void axi_clock(mr_kv_sim_t *self) {
    self->model->axi_out(self->dut, &self->axi_pins);
    if (!self->reset) {
        mr_axi_mem_drive(self->axi_mem, &self->axi_pins);
    }
    const char *fault = mr_axi_check_clock(&self->axi_check, &self->axi_pins, self->reset);
    if (fault == NULL && !self->reset) {
        fault = mr_axi_mem_clock(self->axi_mem, &self->axi_pins, &self->axi_event);
    }
    self->axi_fault = self->axi_fault != NULL ? self->axi_fault : fault;
}

void mr_kv_sim_clock(mr_kv_sim_t *self) {
    mr_kv_model_in_t more = {.rst_n = !self->reset, .axi = &self->axi_pins};
    mr_dram_dev_out_t answer = {0};
    if (self->axi) {
        axi_clock(self);
    } else if (!self->reset) {
        dram_clock(self, &more, &answer);
    }
    count_clock(self, &more);
    self->model->settle(self->dut, &self->in, &self->shape, &more, &self->out);
    self->out.rd_valid = answer.rd_valid;
    if (self->snapping) {
        count_answer(self, &more);
    }
    self->model->edge(self->dut);
    self->clock++;
}

void mr_kv_sim_snap(mr_kv_sim_t *self) {
    memset(self->count, 0, sizeof self->count);
    self->snap = true;
    self->snapping = true;
    self->count_step = 1;
}

uint64_t mr_kv_sim_violations(const mr_kv_sim_t *self) {
    return mr_dram_dev_stats(&self->dev)->violations +
           mr_dram_rules_count(&self->rules, MR_DRAM_RULES_COUNT) +
           (self->axi_fault != NULL ? 1U : 0U);
}

void mr_kv_sim_violation_text(const mr_kv_sim_t *self, char *text, size_t size) {
    const mr_dram_dev_violation_t *broken = mr_dram_dev_violation(&self->dev);
    const mr_dram_rules_violation_t *rule = mr_dram_rules_violation(&self->rules);
    text[0] = '\0';
    if (self->axi_fault != NULL) {
        (void)snprintf(text, size, "AXI: %s", self->axi_fault);
    } else if (broken != NULL) {
        (void)snprintf(text, size, "device: %s, bank %u, clock %llu",
                       mr_dram_dev_rule_text(broken->rule), broken->bank,
                       (unsigned long long)broken->clock);
    } else if (rule != NULL) {
        (void)snprintf(text, size, "checker: %s, bank %u, clock %llu",
                       mr_dram_rules_text(rule->rule), rule->bank, (unsigned long long)rule->clock);
    }
}

double mr_kv_sim_energy_pj(const mr_kv_sim_t *self) {
    return mr_dram_dev_energy_pj(&self->dev);
}
