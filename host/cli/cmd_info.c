/* SPDX-License-Identifier: Apache-2.0 */
/* millrace info: what the machine is, and whether a model fits it. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "json.h"
#include "measure.h"
#include "names.h"
#include "predict.h"
#include "stats.h"

enum { KEY_DEVICE = 256, KEY_MODE, KEY_PLACEMENT, KEY_MEASURE, KEY_JSON };

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", "tell whether this model fits, and how full each tile gets"},
    {KEY_DEVICE, "device", "NAME",
     "sim, sim:DRAM (millrace --help has the names), model or model:GROUPSxTILES (default: sim if "
     "this build has it)"},
    {KEY_MODE, "mode", "MODE", MR_CLI_MODE_HELP},
    {KEY_PLACEMENT, "placement", NULL,
     "with -m: tell each stage's tiles and the cycles that a token is predicted to take there"},
    {KEY_MEASURE, "measure", NULL,
     "with -m: load the model, let a user make some tokens, and tell each tile's cycles beside "
     "those predicted"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {"[-m FILE] [OPTION...]",
                                   "Prints the machine, and with -m the model and its place on it.",
                                   options_table};

typedef struct {
    const char *device;
    const char *model; /* NULL: the machine only */
    uint32_t mode;     /* MR_PLACE_* */
    bool placement;
    bool measure;
    bool json;
} options_t;

/* One row of the machine's table: JSON key, label, value, and bytes of one of it (0: no size). */
typedef struct {
    const char *key;
    const char *label;
    uint32_t value;
    uint32_t unit_bytes;
} row_t;

#define ROWS_MAX 18u

static size_t machine_rows(const mr_machine_t *m, row_t *rows) {
    const row_t all[] = {
        {"groups", "groups", m->groups, 0},
        {"tiles", "tiles a group", m->tiles, 0},
        {"lanes", "lanes a tile", m->lanes, 0},
        {"wmem_words", "weight memory a tile, words", m->wmem_words, m->lanes * 36u},
        {"vmem_elements", "vector memory a tile, elements", m->vmem_elems, 4},
        {"xmem_blocks", "activation memory a tile, blocks", m->xmem_blocks, 36},
        {"pmem_descriptors", "program memory a tile, descriptors", m->pmem_descs, 32},
        {"input_buffers", "input buffers a tile", m->in_bufs, 0},
        {"input_buffer_elements", "elements of an input buffer, at most", m->in_size_max, 4},
        {"result_buffers", "result buffers", m->result_bufs, 0},
        {"result_buffer_elements", "elements of a result buffer", m->result_elems, 4},
        {"channels", "KV-cache DRAM channels a group", m->channels, 0},
        {"kv_slots", "KV slots (users at once)", m->kv_slots, 0},
        {"kv_layers", "KV layers a group, at most", m->kv_layers, 0},
        {"kv_heads", "KV heads, at most", m->kv_heads, 0},
        {"kv_head_blocks", "KV head size, blocks of 32, at most", m->kv_nbh, 0},
        {"kv_pages", "KV pages of 32 tokens a channel", m->kv_pages, 0}};
    _Static_assert(sizeof all / sizeof all[0] <= ROWS_MAX, "rows_max");
    memcpy(rows, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static void print_machine(mr_cli_t *cli, const char *device, const mr_machine_t *m) {
    row_t rows[ROWS_MAX];
    const size_t n = machine_rows(m, rows);
    (void)mr_cli_print(cli,
                       "device %s (this build has: %s)\n"
                       "  %-38s %" PRIu32 ".%" PRIu32 ", hardware revision %08" PRIx32 "\n",
                       device, mr_device_names(), "register map", m->version >> 16,
                       m->version & 0xFFFFu, m->git_hash);
    if (m->clock_khz != 0) {
        (void)mr_cli_print(cli, "  %-38s %g MHz\n", "clock", m->clock_khz * 1e-3);
    } else {
        (void)mr_cli_print(cli, "  %-38s none: this device has no time\n", "clock");
    }
    if (!mr_device_has_xrt()) {
        (void)mr_cli_print(cli, "  %-38s %s\n", "XRT",
                           "not in this build: install libxrt-dev, libxrt1 and unzip");
    }
    for (size_t i = 0; i < n; i++) {
        (void)mr_cli_print(cli, "  %-38s %" PRIu32, rows[i].label, rows[i].value);
        if (rows[i].unit_bytes != 0) {
            (void)mr_cli_print(cli, " (%.1f KiB)",
                               (double)rows[i].value * rows[i].unit_bytes / 1024.0);
        }
        (void)mr_cli_print(cli, "\n");
    }
}

static void json_machine(cJSON *object, const char *device, const mr_machine_t *m) {
    row_t rows[ROWS_MAX];
    char text[32];
    const size_t n = machine_rows(m, rows);
    cJSON_AddStringToObject(object, "device", device);
    cJSON_AddStringToObject(object, "devices", mr_device_names());
    cJSON *machine = cJSON_AddObjectToObject(object, "machine");
    mr_cli_json_u64(machine, "id", m->id);
    (void)snprintf(text, sizeof text, "%" PRIu32 ".%" PRIu32, m->version >> 16,
                   m->version & 0xFFFFu);
    cJSON_AddStringToObject(machine, "version", text);
    (void)snprintf(text, sizeof text, "%08" PRIx32, m->git_hash);
    cJSON_AddStringToObject(machine, "git_hash", text);
    if (m->clock_khz != 0) {
        mr_cli_json_u64(machine, "clock_hz", UINT64_C(1000) * m->clock_khz);
    } else {
        cJSON_AddNullToObject(machine, "clock_hz");
    }
    for (size_t i = 0; i < n; i++) {
        mr_cli_json_u64(machine, rows[i].key, rows[i].value);
        if (rows[i].unit_bytes != 0) {
            (void)snprintf(text, sizeof text, "%.*s_bytes", (int)strcspn(rows[i].key, "_"),
                           rows[i].key);
            if (rows[i].key[0] != 'i' && rows[i].key[0] != 'r') { /* the memories */
                mr_cli_json_u64(machine, text, (uint64_t)rows[i].value * rows[i].unit_bytes);
            }
        }
    }
}

/* Parameters of the model as its file counts them, without padding. */
static uint64_t parameters(const mr_llama_hparams_t *h) {
    const uint64_t d = h->d;
    const uint64_t q = (uint64_t)h->n_heads * h->head_dim;
    const uint64_t kv = (uint64_t)h->n_kv_heads * h->head_dim;
    const uint64_t layer = 2u * d + 2u * d * q + 2u * d * kv + 3u * d * h->n_ff;
    return layer * h->n_layers + (h->tied_output ? 1u : 2u) * d * h->vocab + d;
}

static bool on_tile(const mr_placement_t *p, uint32_t step, uint32_t tile) {
    const uint32_t first = p->step[step].tile;
    return tile >= first && tile < first + mr_step_tiles(p, step);
}

/* What a tile does, as runs of steps: "L0 qkv to L0 down, L3 attention, head". */
static void steps_text(const mr_placement_t *p, uint32_t tile, mr_cli_text_t *out) {
    for (uint32_t first = 0; first < p->n_steps;) {
        uint32_t last = first;
        if (!on_tile(p, first, tile)) {
            first++;
            continue;
        }
        while (last + 1u < p->n_steps && on_tile(p, last + 1u, tile)) {
            last++;
        }
        for (uint32_t step = first;; step = last) {
            char name[MR_CLI_STEP_BYTES];
            mr_cli_step_name(p, step, name);
            const char *glue = step != first ? " to " : out->length > 0 ? ", " : "";
            mr_cli_text_append(out, glue, strlen(glue));
            mr_cli_text_append(out, name, strlen(name));
            if (step == last) {
                break;
            }
        }
        first = last + 1u;
    }
    mr_cli_text_append(out, "", 1);
}

static void print_placement(mr_cli_t *cli, const mr_placement_t *p) {
    const mr_machine_t *m = &p->machine;
    (void)mr_cli_print(cli,
                       "  fits: %" PRIu32 " jobs in flight, input buffers of %" PRIu32
                       " elements\n  tile   wmem used         vmem used         pmem used"
                       "         steps\n",
                       p->window, p->in_size);
    for (uint32_t t = 0; t < mr_machine_tiles(m); t++) {
        const mr_tile_place_t *use = &p->tile[t];
        mr_cli_text_t steps = {NULL, 0, 0};
        steps_text(p, t, &steps);
        if (m->groups > 1 && t % m->tiles == 0) {
            const uint32_t group = t / m->tiles;
            (void)mr_cli_print(cli, "  group %" PRIu32 ", KV cache of %u layers\n", group,
                               p->kv_layers[group]);
        }
        (void)mr_cli_print(cli,
                           "  %4" PRIu32 " %7" PRIu32 "/%-7" PRIu32 "   %7" PRIu32 "/%-7" PRIu32
                           "   %7" PRIu32 "/%-7" PRIu32 "   %s\n",
                           t, use->wmem_used, m->wmem_words, use->vmem_used, m->vmem_elems,
                           use->pmem_used, m->pmem_descs, steps.bytes[0] ? steps.bytes : "-");
        free(steps.bytes);
    }
}

static void json_placement(cJSON *object, const mr_placement_t *p) {
    const mr_machine_t *m = &p->machine;
    cJSON *kv_layers = cJSON_AddArrayToObject(object, "kv_layers");
    for (uint32_t g = 0; g < m->groups; g++) {
        cJSON_AddItemToArray(kv_layers, cJSON_CreateNumber(p->kv_layers[g]));
    }
    cJSON *tiles = cJSON_AddArrayToObject(object, "tiles");
    for (uint32_t t = 0; t < mr_machine_tiles(m); t++) {
        const mr_tile_place_t *use = &p->tile[t];
        cJSON *tile = cJSON_CreateObject();
        mr_cli_text_t steps = {NULL, 0, 0};
        steps_text(p, t, &steps);
        mr_cli_json_u64(tile, "group", t / m->tiles);
        mr_cli_json_u64(tile, "wmem_used", use->wmem_used);
        mr_cli_json_u64(tile, "wmem_available", m->wmem_words);
        mr_cli_json_u64(tile, "vmem_used", use->vmem_used);
        mr_cli_json_u64(tile, "vmem_available", m->vmem_elems);
        mr_cli_json_u64(tile, "pmem_used", use->pmem_used);
        mr_cli_json_u64(tile, "pmem_available", m->pmem_descs);
        cJSON_AddStringToObject(tile, "steps", steps.bytes);
        cJSON_AddItemToArray(tiles, tile);
        free(steps.bytes);
    }
}

static void print_model(mr_cli_t *cli, const char *path, const mr_llama_hparams_t *h) {
    (void)mr_cli_print(cli,
                       "model %s\n  %.3f million parameters, %" PRIu32 " layers, width %" PRIu32
                       ", %" PRIu32 " heads of %" PRIu32 " on %" PRIu32 " KV heads,\n"
                       "  hidden %" PRIu32 ", vocabulary %" PRIu32 ", context %" PRIu32
                       " tokens, %s output matrix\n",
                       path, 1e-6 * (double)parameters(h), h->n_layers, h->d, h->n_heads,
                       h->head_dim, h->n_kv_heads, h->n_ff, h->vocab, h->context,
                       h->tied_output ? "tied" : "separate");
}

static void json_model(cJSON *object, const char *path, const mr_llama_hparams_t *h) {
    cJSON *model = cJSON_AddObjectToObject(object, "model");
    mr_cli_json_text(model, "path", path, strlen(path));
    mr_cli_json_u64(model, "parameters", parameters(h));
    mr_cli_json_u64(model, "layers", h->n_layers);
    mr_cli_json_u64(model, "width", h->d);
    mr_cli_json_u64(model, "heads", h->n_heads);
    mr_cli_json_u64(model, "kv_heads", h->n_kv_heads);
    mr_cli_json_u64(model, "head_size", h->head_dim);
    mr_cli_json_u64(model, "hidden", h->n_ff);
    mr_cli_json_u64(model, "vocabulary", h->vocab);
    mr_cli_json_u64(model, "context", h->context);
    cJSON_AddBoolToObject(model, "tied_output", h->tied_output);
}

/* A placed model; object is NULL for text, measured if there is nothing measured. */
static void show_placement(mr_cli_t *cli, const options_t *o, const mr_placement_t *p,
                           const mr_cli_measure_t *measured, cJSON *object) {
    if (object != NULL) {
        json_placement(object, p);
    } else {
        print_placement(cli, p);
    }
    if (o->placement && object != NULL) {
        mr_cli_predict_json(object, p);
    } else if (o->placement) {
        mr_cli_predict_print(cli, p);
    }
    if (measured != NULL && object != NULL) {
        mr_cli_measure_json(object, p, measured);
    } else if (measured != NULL) {
        mr_cli_measure_print(cli, p, measured);
    }
}

/* A model that does not fit; object is NULL for text. */
static void show_refusal(mr_cli_t *cli, const mr_fit_t *fit, mr_status_t status, cJSON *object) {
    /* Without a resource that is too small, the reason is the status. */
    const char *reason =
        fit->reason != MR_FIT_OK ? mr_fit_text(fit->reason) : mr_status_text(status);
    if (object != NULL) {
        cJSON *refusal = cJSON_AddObjectToObject(object, "refusal");
        cJSON_AddStringToObject(refusal, "reason", reason);
        mr_cli_json_u64(refusal, "needed", fit->needed);
        mr_cli_json_u64(refusal, "available", fit->available);
    } else if (fit->reason != MR_FIT_OK) {
        (void)mr_cli_print(cli, "  does not fit: %s: needs %" PRIu64 ", has %" PRIu64 "\n", reason,
                           fit->needed, fit->available);
    } else {
        (void)mr_cli_print(cli, "  cannot be placed: %s\n", reason);
    }
}

/* The model's part of the answer; measured and object as above. */
static int show_model(mr_cli_t *cli, const options_t *o, const mr_machine_t *machine,
                      const mr_cli_measure_t *measured, cJSON *object) {
    mr_session_t *session;
    const char *path = o->model;
    const int code = mr_cli_open_model(path, &session);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_llama_hparams_t *h = mr_llama_model_hparams(mr_session_model(session));
    mr_placement_t *placement = mr_cli_alloc(1, sizeof *placement);
    mr_fit_t fit = {MR_FIT_OK, 0, 0};
    const mr_status_t status = mr_session_fit_mode(session, machine, o->mode, placement, &fit);
    if (object != NULL) {
        json_model(object, path, h);
        cJSON_AddBoolToObject(object, "fits", status == MR_OK);
    } else {
        print_model(cli, path, h);
    }
    if (status == MR_OK) {
        show_placement(cli, o, placement, measured, object);
    } else {
        show_refusal(cli, &fit, status, object);
    }
    free(placement);
    mr_session_close(session);
    return MR_CLI_OK;
}

static int show(mr_cli_t *cli, const options_t *o) {
    const char *device = o->device;
    mr_mmio_t mmio;
    mr_machine_t machine = {0};
    int code = mr_cli_open_device(cli, device, &mmio);
    if (code != MR_CLI_OK) {
        return code;
    }
    const mr_status_t status = mr_machine_probe(&mmio, &machine);
    mr_mmio_close(&mmio);
    if (status != MR_OK) {
        return mr_cli_fail("device '%s' cannot be used: %s (ID 0x%08" PRIX32
                           ", VERSION 0x%08" PRIX32 ")",
                           device, mr_status_text(status), machine.id, machine.version);
    }
    mr_cli_measure_t measured;
    if (o->measure) {
        code = mr_cli_measure(cli, device, o->model, o->mode, &measured);
        if (code != MR_CLI_OK) {
            return code;
        }
    }
    cJSON *object = o->json ? cJSON_CreateObject() : NULL;
    if (o->json) {
        json_machine(object, device, &machine);
    } else {
        print_machine(cli, device, &machine);
    }
    if (o->model != NULL) {
        code = show_model(cli, o, &machine, o->measure ? &measured : NULL, object);
    }
    if (o->json && code == MR_CLI_OK) {
        return mr_cli_json_print(cli, object);
    }
    cJSON_Delete(object);
    return code;
}

int mr_cli_cmd_info(mr_cli_t *cli, int argc, char **argv) {
    options_t o = {.device = mr_cli_default_device(), .mode = MR_PLACE_EFFICIENCY};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR ||
            (key == KEY_MODE && !mr_cli_parse_mode(cli, optarg, &o.mode))) {
            return MR_CLI_USAGE;
        }
        o.model = key == 'm' ? optarg : o.model;
        o.device = key == KEY_DEVICE ? optarg : o.device;
        o.placement = o.placement || key == KEY_PLACEMENT;
        o.measure = o.measure || key == KEY_MEASURE;
        o.json = o.json || key == KEY_JSON;
    }
    if (optind < argc) {
        return mr_cli_usage(cli, "unexpected operand '%s'", argv[optind]);
    }
    if (o.measure && o.model == NULL) {
        return mr_cli_usage(cli, "--measure needs a model: add -m FILE");
    }
    return show(cli, &o);
}
