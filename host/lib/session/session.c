/* SPDX-License-Identifier: Apache-2.0 */
/* A device with a model on it. */
#include "session/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/core.h"
#include "millrace/image.h"
#include "millrace/regs.h"
#include "pack/pack.h"
#include "session/core.h"

/* A device that gives no result for so long while jobs are in flight has hung (1 s at 100 MHz). */
#define STALL_CYCLES 100000000u
#define QUEUE 64u /* requests that wait for a slot */
#define CHUNK 4u  /* prompt tokens of a user in a row */

struct mr_session {
    mr_gguf_t *gguf;
    mr_llama_model_t *model;
    mr_tokenizer_t *tokenizer;
    uint8_t *image_bytes;
    size_t image_size;
    mr_image_t image;
    bool has_device; /* that is the session's own */
    uint32_t mode;   /* of the placement */
    mr_mmio_t mmio;
    mr_placement_t placement;
    mr_route_t route;
    mr_slot_t *slots;
    float *logits;
    uint32_t *order;
    mr_request_t *queue;
    mr_session_policy_t policy;
    mr_sched_t sched;
    mr_hosted_t hosted;
    mr_client_t *client; /* of the firmware on the core; NULL: it is hosted here */
};

void mr_session_close(mr_session_t *s) {
    if (s == NULL) {
        return;
    }
    mr_client_close(s->client);
    if (s->has_device) {
        mr_mmio_close(&s->mmio);
    }
    free(s->slots);
    free(s->logits);
    free(s->order);
    free(s->queue);
    free(s->image_bytes);
    mr_tokenizer_close(s->tokenizer);
    mr_llama_model_close(s->model);
    mr_gguf_close(s->gguf);
    free(s);
}

static mr_status_t read_image(void *ctx, uint64_t offset, void *out, size_t n) {
    const mr_session_t *s = ctx;
    if (offset > s->image_size || n > s->image_size - offset) {
        return MR_IO;
    }
    memcpy(out, s->image_bytes + offset, n);
    return MR_OK;
}

static mr_status_t open_model(mr_session_t *s, const char *path, mr_session_error_t *error) {
    MR_TRY(mr_gguf_open(path, &s->gguf, error));
    MR_TRY(mr_llama_model_open(s->gguf, &s->model, error));
    MR_TRY(mr_tokenizer_open(s->gguf, &s->tokenizer, error));
    const mr_llama_hparams_t *h = mr_llama_model_hparams(s->model);
    if (mr_tokenizer_vocab(s->tokenizer) != h->vocab) {
        return mr_gguf_fail(error, MR_FORMAT, path,
                            "the tokenizer has %" PRIu32 " tokens but the model %" PRIu32
                            "; the file is inconsistent",
                            mr_tokenizer_vocab(s->tokenizer), h->vocab);
    }
    mr_status_t status = mr_pack_image(s->model, &s->image_bytes, &s->image_size);
    if (status == MR_RANGE) {
        return mr_gguf_fail(error, status, path,
                            "%" PRIu32 " query heads on %" PRIu32 " KV heads of size %" PRIu32
                            "; at most %u query heads a KV head, %u KV heads and heads of %u are "
                            "supported",
                            h->n_heads, h->n_kv_heads, h->head_dim, MR_IMAGE_GROUP_MAX,
                            MR_IMAGE_KV_HEADS_MAX, MR_IMAGE_HD_MAX);
    }
    if (status == MR_NO_MEMORY) {
        return mr_gguf_fail(error, status, path, "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    if (status == MR_OK) {
        const mr_image_source_t source = {read_image, s, s->image_size};
        status = mr_image_open(&s->image, &source);
    }
    if (status != MR_OK) {
        return mr_gguf_fail(error, status, path, "packing failed: %s; please report this model",
                            mr_status_text(status));
    }
    return MR_OK;
}

mr_status_t mr_session_open_model(const char *path, mr_session_t **out, mr_session_error_t *error) {
    *out = NULL;
    mr_session_t *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, NULL, "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    const mr_status_t status = open_model(s, path, error);
    if (status != MR_OK) {
        mr_session_close(s);
        return status;
    }
    *out = s;
    return MR_OK;
}

/* One line for everything that can go wrong between an open device and a loaded model. */
static mr_status_t explain(const mr_session_t *s, mr_status_t status, const mr_session_options_t *o,
                           const mr_machine_t *m, const mr_fit_t *fit, mr_session_error_t *error) {
    const char *fault = mr_device_fault(&s->mmio);
    if (fault != NULL) {
        return mr_gguf_fail(error, MR_DEVICE, NULL, "device '%s' stopped: %s", o->device, fault);
    }
    if (status == MR_NO_SPACE) {
        return mr_gguf_fail(error, status, o->model_path,
                            "does not fit device '%s': %s: needs %" PRIu64 ", has %" PRIu64
                            "; use a smaller model or a larger machine",
                            o->device, mr_fit_text(fit->reason), fit->needed, fit->available);
    }
    if (status == MR_IDENTITY) {
        return mr_gguf_fail(error, status, NULL,
                            "device '%s' is not a Millrace chip with register map %u.x "
                            "(ID 0x%08" PRIX32 ", VERSION 0x%08" PRIX32
                            "); check which device answers there",
                            o->device, MR_CHIP_VERSION_RESET >> 16, m->id, m->version);
    }
    if (status == MR_UNSUPPORTED) {
        return mr_gguf_fail(error, status, NULL,
                            "device '%s' has %" PRIu32 " groups of %" PRIu32 " tiles with %" PRIu32
                            " lanes, %" PRIu32 " input and %" PRIu32 " result buffers, %" PRIu32
                            " KV slots; 1 to %u groups of 1 to %u tiles (%u of several groups, %u "
                            "in all) with 1, 2, 4 or 8 lanes and at least 1 of the others is "
                            "supported",
                            o->device, m->groups, m->tiles, m->lanes, m->in_bufs, m->result_bufs,
                            m->kv_slots, MR_MACHINE_GROUPS_MAX, MR_MACHINE_GROUP_TILES_MAX,
                            MR_MACHINE_LINKED_TILES_MAX, MR_MACHINE_TILES_MAX);
    }
    if (status == MR_CRC) {
        return mr_gguf_fail(error, status, o->model_path,
                            "read back from device '%s' differs from what was written; the "
                            "device's memory is faulty; do not use it",
                            o->device);
    }
    return mr_gguf_fail(error, status, NULL, "device '%s': %s; reset it and try again", o->device,
                        mr_status_text(status));
}

static mr_status_t load(mr_session_t *s, const mr_session_options_t *o, uint32_t mode,
                        mr_session_error_t *error) {
    mr_machine_t machine = {0};
    mr_fit_t fit = {MR_FIT_OK, 0, 0};
    mr_load_config_t cfg = {o->progress, o->progress_ctx, malloc(MR_LOAD_WORK_BYTES)};
    if (cfg.work == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, NULL, "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    mr_status_t status = mr_machine_probe(&s->mmio, &machine);
    if (status == MR_OK) {
        status = mr_load_mode(&s->mmio, &machine, &s->image, &cfg, mode, &s->placement, &fit);
    }
    free(cfg.work);
    return status == MR_OK ? MR_OK : explain(s, status, o, &machine, &fit, error);
}

mr_status_t mr_session_open(const mr_session_options_t *o, mr_session_t **out,
                            mr_session_error_t *error) {
    return mr_session_open_mode(o, MR_PLACE_EFFICIENCY, out, error);
}

mr_status_t mr_session_open_mode(const mr_session_options_t *o, uint32_t mode, mr_session_t **out,
                                 mr_session_error_t *error) {
    return mr_session_open_wrapped(o, mode, NULL, NULL, out, error);
}

mr_status_t mr_session_open_wrapped(const mr_session_options_t *o, uint32_t mode,
                                    mr_session_wrap_t wrap, void *ctx, mr_session_t **out,
                                    mr_session_error_t *error) {
    mr_session_t *s;
    *out = NULL;
    MR_TRY(mr_session_open_model(o->model_path, &s, error));
    mr_status_t status = mr_device_open(o->device, &s->mmio, error);
    if (status == MR_OK) {
        s->has_device = true;
        s->mode = mode;
        status = wrap != NULL ? wrap(ctx, &s->mmio, error) : MR_OK;
    }
    if (status == MR_OK) {
        status = load(s, o, mode, error);
    }
    if (status != MR_OK) {
        mr_session_close(s);
        return status;
    }
    *out = s;
    return MR_OK;
}

mr_status_t mr_session_open_on(const mr_mmio_t *mmio, const mr_session_options_t *o, uint32_t mode,
                               mr_session_t **out, mr_session_error_t *error) {
    mr_session_t *s;
    *out = NULL;
    MR_TRY(mr_session_open_model(o->model_path, &s, error));
    s->mmio = *mmio;
    s->mode = mode;
    /* It has the hub for itself otherwise. */
    const mr_status_t halted = mr_core_halt(mmio);
    const mr_machine_t unknown = {0};
    const mr_fit_t fit = {MR_FIT_OK, 0, 0};
    mr_status_t status = halted == MR_OK || halted == MR_UNSUPPORTED
                             ? load(s, o, mode, error)
                             : explain(s, halted, o, &unknown, &fit, error);
    if (status != MR_OK) {
        mr_session_close(s);
        return status;
    }
    *out = s;
    return MR_OK;
}

mr_status_t mr_session_reload(mr_session_t *s, const mr_session_options_t *o,
                              mr_session_error_t *error) {
    return load(s, o, s->mode, error);
}

const mr_llama_model_t *mr_session_model(const mr_session_t *s) {
    return s->model;
}

const mr_tokenizer_t *mr_session_tokenizer(const mr_session_t *s) {
    return s->tokenizer;
}

uint32_t mr_session_stops(const mr_session_t *s, uint32_t stops[MR_SCHED_STOPS_MAX]) {
    const uint32_t vocab = mr_llama_model_hparams(s->model)->vocab;
    uint32_t n = 0;
    for (uint32_t id = 0; id < vocab && n < MR_SCHED_STOPS_MAX; id++) {
        if (mr_tokenizer_is_eog(s->tokenizer, id)) {
            stops[n++] = id;
        }
    }
    return n;
}

const mr_mmio_t *mr_session_mmio(const mr_session_t *s) {
    return &s->mmio;
}

const mr_placement_t *mr_session_placement(const mr_session_t *s) {
    return &s->placement;
}

void mr_session_set_policy(mr_session_t *s, const mr_session_policy_t *policy) {
    s->policy = *policy;
}

mr_status_t mr_session_sched(mr_session_t *s, const mr_sched_events_t *events, mr_sched_t **out) {
    const uint32_t slots = s->placement.machine.kv_slots;
    if (s->slots == NULL) {
        s->slots = calloc(slots, sizeof *s->slots);
        s->logits = calloc(s->placement.shape.vocab_pad, sizeof *s->logits);
        s->order = calloc(s->placement.shape.vocab_pad, sizeof *s->order);
        s->queue = calloc(QUEUE, sizeof *s->queue);
        if (s->slots == NULL || s->logits == NULL || s->order == NULL || s->queue == NULL) {
            free(s->slots);
            free(s->logits);
            free(s->order);
            free(s->queue);
            s->slots = NULL;
            s->logits = NULL;
            s->order = NULL;
            s->queue = NULL;
            return MR_NO_MEMORY;
        }
    }
    mr_route_of(&s->route, &s->placement);
    const mr_sched_config_t cfg = {.mmio = &s->mmio,
                                   .route = &s->route,
                                   .slots = s->slots,
                                   .n_slots = slots,
                                   .logits = s->logits,
                                   .order = s->order,
                                   .stall_cycles = STALL_CYCLES,
                                   .events = *events,
                                   .queue = s->queue,
                                   .n_queue = QUEUE,
                                   .max_pages = s->policy.max_pages,
                                   .refuse = s->policy.refuse,
                                   .chunk = CHUNK};
    MR_TRY(mr_sched_init(&s->sched, &cfg));
    *out = &s->sched;
    return MR_OK;
}

mr_status_t mr_session_use_core(mr_session_t *s, const char *device, const char *image_path,
                                mr_session_error_t *error) {
    mr_client_close(s->client);
    return mr_core_start(&s->mmio, device, image_path, &s->client, error);
}

mr_status_t mr_session_runner(mr_session_t *s, const mr_sched_events_t *events, mr_runner_t **out) {
    if (s->client == NULL) {
        mr_sched_t *sched;
        MR_TRY(mr_session_sched(s, events, &sched));
        *out = mr_hosted_init(&s->hosted, sched);
        return MR_OK;
    }
    const mr_client_config_t cfg = {.n_slots = s->placement.machine.kv_slots,
                                    .stall_cycles = STALL_CYCLES,
                                    .max_pages = s->policy.max_pages,
                                    .refuse = s->policy.refuse,
                                    .chunk = CHUNK};
    mr_route_of(&s->route, &s->placement);
    return mr_client_setup(s->client, &s->route, &cfg, events, out);
}

mr_status_t mr_session_fit(const mr_session_t *s, const mr_machine_t *machine, mr_placement_t *p,
                           mr_fit_t *fit) {
    return mr_session_fit_mode(s, machine, MR_PLACE_EFFICIENCY, p, fit);
}

mr_status_t mr_session_fit_mode(const mr_session_t *s, const mr_machine_t *machine, uint32_t mode,
                                mr_placement_t *p, mr_fit_t *fit) {
    MR_TRY(mr_load_formats(&s->image, &p->formats));
    return mr_place_mode(p, &s->image.shape, &p->formats, machine, mode, fit);
}
