/* SPDX-License-Identifier: Apache-2.0 */
/* What a generation cost. */
#include "stats.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "millrace/device.h"
#include "millrace/regs.h"

double mr_cli_wall_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static mr_status_t read_instant(const mr_cli_stats_t *self, mr_cli_instant_t *out) {
    out->wall_s = mr_cli_wall_s();
    out->cycles = 0;
    return self->clock_khz != 0 ? mr_chip_cycles(self->mmio, &out->cycles) : MR_OK;
}

/* Sums of the tiles' busy cycles by tag. */
static mr_status_t read_tags(const mr_cli_stats_t *self, uint64_t *tags) {
    memset(tags, 0, MR_CLI_TAGS * sizeof *tags);
    for (uint32_t tile = 0; self->clock_khz != 0 && tile < self->tiles; tile++) {
        for (uint32_t i = 0; i < MR_CLI_TAGS; i++) {
            uint64_t cycles;
            MR_TRY(mr_tile_counter(
                self->mmio, tile, MR_TILE_CYC_TAG_LO_OFFSET + i * MR_TILE_CYC_TAG_STRIDE, &cycles));
            tags[i] += cycles;
        }
    }
    return MR_OK;
}

mr_status_t mr_cli_stats_begin(mr_cli_stats_t *self, const mr_mmio_t *mmio,
                               const mr_machine_t *machine) {
    memset(self, 0, sizeof *self);
    self->mmio = mmio;
    self->tiles = mr_machine_tiles(machine);
    self->clock_khz = machine->clock_khz;
    return read_instant(self, &self->start);
}

mr_status_t mr_cli_stats_token(mr_cli_stats_t *self) {
    MR_TRY(read_instant(self, &self->last));
    if (self->tokens++ == 0) {
        self->prompt_end = self->last;
        MR_TRY(read_tags(self, self->tags_start));
        MR_TRY(read_instant(self, &self->decode_start));
        self->last = self->decode_start;
    }
    return MR_OK;
}

mr_status_t mr_cli_stats_end(mr_cli_stats_t *self) {
    return read_tags(self, self->tags_end);
}

void mr_cli_stats_rates(const mr_cli_stats_t *self, mr_cli_rates_t *out) {
    const bool timed = self->clock_khz != 0 && self->tokens > 0;
    const bool rated = self->tokens > 1;
    const double steps = rated ? (double)(self->tokens - 1u) : (double)NAN;
    const double decode_cycles = (double)(self->last.cycles - self->decode_start.cycles);
    const double prompt_cycles = (double)(self->prompt_end.cycles - self->start.cycles);
    out->clock_hz = self->clock_khz != 0 ? 1e3 * self->clock_khz : (double)NAN;
    out->prompt_cycles = timed ? prompt_cycles : (double)NAN;
    out->cycles = timed ? prompt_cycles + decode_cycles : (double)NAN;
    out->cycles_per_token = timed ? decode_cycles / steps : (double)NAN;
    out->rest_cycles = out->cycles_per_token;
    for (uint32_t i = 0; i < MR_CLI_TAGS; i++) {
        const double cycles = (double)(self->tags_end[i] - self->tags_start[i]);
        out->tag_cycles[i] = timed ? cycles / steps : (double)NAN;
        out->rest_cycles -= out->tag_cycles[i];
    }
    if (out->rest_cycles < 0.0) {
        out->rest_cycles = (double)NAN; /* tiles worked beside each other */
    }
    out->tokens_per_s_simulated = out->clock_hz / out->cycles_per_token;
    out->prompt_s_wall =
        self->tokens > 0 ? self->prompt_end.wall_s - self->start.wall_s : (double)NAN;
    out->decode_s_wall =
        self->tokens > 0 ? self->last.wall_s - self->decode_start.wall_s : (double)NAN;
    out->tokens_per_s_wall = out->decode_s_wall > 0.0 ? steps / out->decode_s_wall : (double)NAN;
}
