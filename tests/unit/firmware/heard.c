/* SPDX-License-Identifier: Apache-2.0 */
/* A few users on a functional model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heard.h"
#include "millrace/load.h"

#define STEPS_MAX 40000u

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    heard_t *h = ctx;
    assert_true(pos < HEARD_TOKENS && n <= HEARD_VOCAB);
    memcpy(h->logits[slot][pos], logits, n * sizeof *logits);
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    heard_t *h = ctx;
    assert_true(pos <= HEARD_TOKENS);
    h->token[slot][h->n[slot]++] = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    heard_t *h = ctx;
    (void)slot;
    (void)detail;
    h->errors += why == MR_END_ERROR ? 1u : 0u;
}

mr_status_t heard_open(heard_device_t *d, const heard_chip_t *chip, uint32_t pages, uint32_t mode) {
    mr_backend_model_config_t hw;
    mr_machine_t machine;
    mr_image_t opened;
    mr_backend_model_default_config(&hw);
    hw.groups = chip->groups;
    hw.tiles = chip->tiles;
    hw.kv_layers = chip->kv_layers;
    hw.in_bufs = chip->in_bufs;
    hw.kv_pages = pages;
    hw.kv_slots = 16;
    fixture_device_open(&d->dev, &hw);
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&opened, &d->image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&d->dev.io, &machine), MR_OK);
    const mr_status_t status =
        mr_load_mode(&d->dev.io, &machine, &opened, &cfg, mode, &d->p, &d->fit);
    free(cfg.work);
    return status;
}

void heard_generate(heard_t *h, heard_device_t *d, uint32_t users, bool logits_too) {
    static const uint32_t prompt[] = {3, 14, 15, 9, 26, 53, 58, 9, 7, 9, 32, 38};
    static mr_slot_t slots[HEARD_SLOTS];
    static float logits[HEARD_VOCAB];
    static uint32_t order[HEARD_VOCAB];
    mr_route_t route;
    mr_route_of(&route, &d->p);
    assert_int_equal(route.linked, d->p.visit[d->p.n_visits - 1u].tile >= d->p.machine.tiles);
    const mr_sched_config_t cfg = {.mmio = &d->dev.io,
                                   .route = &route,
                                   .slots = slots,
                                   .n_slots = users,
                                   .logits = logits,
                                   .order = order,
                                   .stall_cycles = HEARD_CYCLES,
                                   .events = {on_logits, on_token, on_end, h}};
    mr_sched_t sched;
    bool busy = true;
    memset(h, 0, sizeof *h);
    assert_int_equal(mr_sched_init(&sched, &cfg), MR_OK);
    for (uint32_t slot = 0; slot < users; slot++) {
        const uint32_t n = 3u * (slot % 3u + 1u);
        const mr_request_t r = {.prompt = prompt + slot % 3u,
                                .n_prompt = n,
                                .max_tokens = HEARD_TOKENS - n,
                                .sampling = {.top_p = 1.0f},
                                .prompt_logits = logits_too,
                                .token_logits = logits_too};
        assert_int_equal(mr_sched_submit(&sched, slot, &r), MR_OK);
    }
    for (uint32_t i = 0; busy; i++) {
        assert_true(i < STEPS_MAX);
        assert_int_equal(mr_sched_step(&sched, &busy), MR_OK);
    }
}
