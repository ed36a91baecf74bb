/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a model into the tiles. */
#include "millrace/load.h"

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/program.h"

#define BLOCK_WORDS 9u
#define KV_INIT_CYCLES 4000000u

typedef struct {
    const mr_mmio_t *mmio;
    const mr_image_t *image;
    const mr_load_config_t *cfg;
    const mr_placement_t *p;
    const mr_place_formats_t *formats;
    uint64_t done;
    uint64_t total;
    uint32_t crc[MR_MACHINE_TILES_MAX]; /* of the matrix being written, per tile */
    uint32_t pmem_crc[MR_MACHINE_TILES_MAX];
} loader_t;

static void advance(loader_t *l, uint64_t bytes) {
    l->done += bytes;
    if (l->cfg->progress != NULL) {
        l->cfg->progress(l->cfg->progress_ctx, l->done, l->total);
    }
}

mr_status_t mr_load_formats(const mr_image_t *image, mr_place_formats_t *f) {
    mr_image_tensor_t t;
    for (uint32_t layer = 0; layer < image->shape.n_layers; layer++) {
        for (uint32_t kind = 0; kind < MR_IMAGE_LAYER_KINDS; kind++) {
            MR_TRY(mr_image_tensor(image, (mr_image_kind_t)kind, layer, &t));
            f->tensor[layer][kind] = (uint8_t)t.format;
        }
    }
    MR_TRY(mr_image_tensor(image, MR_IMAGE_EMBED, 0, &t));
    f->embed = (uint8_t)t.format;
    MR_TRY(mr_image_tensor(image, MR_IMAGE_HEAD, 0, &t));
    f->head = (uint8_t)t.format;
    return MR_OK;
}

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t get16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* A Q8_0 block of GGUF as the nine words of a lane word. */
static void pack_q8(const uint8_t *block, uint32_t *out) {
    for (uint32_t i = 0; i < 8u; i++) {
        out[i] = get32(block + 2 + 4u * i);
    }
    out[8] = get16(block);
}

/* Two Q4_0 blocks: bits 143:0 and 287:144, each nibbles in 127:0 and the scale in 143:128. */
static void pack_q4(const uint8_t *a, const uint8_t *b, uint32_t *out) {
    for (uint32_t i = 0; i < 4u; i++) {
        out[i] = get32(a + 2 + 4u * i);
    }
    out[4] = get16(a) | get16(b + 2) << 16;
    for (uint32_t i = 0; i < 3u; i++) {
        out[5u + i] = get32(b + 4 + 4u * i);
    }
    out[8] = get16(b + 16) | get16(b) << 16;
}

/* Writes `groups` row groups (4 lanes rows each) that lie in `rows` as row-major blocks. */
static mr_status_t write_groups(loader_t *l, mr_image_format_t format, uint32_t tile, uint32_t word,
                                const uint8_t *rows, uint32_t groups, uint32_t nb) {
    const uint32_t lanes = l->p->machine.lanes;
    const uint32_t block_bytes = format == MR_IMAGE_Q4_0 ? 18u : 34u;
    const size_t row_bytes = (size_t)nb * block_bytes;
    const uint32_t step = format == MR_IMAGE_Q4_0 ? 2u : 1u; /* slots in a word */
    uint32_t row_words[8u * BLOCK_WORDS];
    for (uint32_t s = 0; s < groups * nb * 4u; s += step) {
        const uint32_t g = s / (nb * 4u);
        const uint32_t b = s / 4u % nb;
        const uint8_t *first =
            rows + (size_t)(g * 4u * lanes + s % 4u * lanes) * row_bytes + (size_t)b * block_bytes;
        for (uint32_t lane = 0; lane < lanes; lane++) {
            const uint8_t *block = first + lane * row_bytes;
            uint32_t *out = row_words + (size_t)lane * BLOCK_WORDS;
            if (format == MR_IMAGE_Q4_0) {
                pack_q4(block, block + lanes * row_bytes, out);
            } else {
                pack_q8(block, out);
            }
        }
        MR_TRY(mr_window_write_rows(l->mmio, MR_MEM_WMEM, tile, (word + s / step) * lanes,
                                    row_words, lanes));
        l->crc[tile] = mr_crc32(l->crc[tile], row_words, (size_t)lanes * BLOCK_WORDS * 4u);
    }
    return MR_OK;
}

/* Writes rows of a tensor to a tile and its clones from WMEM word *word on, moves it past them, and
 * goes on with the tensor's CRC. */
static mr_status_t write_rows(loader_t *l, uint32_t tile, uint32_t clones, uint32_t *word,
                              const mr_image_tensor_t *t, mr_rows_t part, uint32_t *crc) {
    const uint32_t group_rows = 4u * l->p->machine.lanes;
    const uint64_t group_bytes = t->bytes / t->rows * group_rows;
    if (group_bytes > MR_LOAD_WORK_BYTES) {
        return MR_NO_SPACE;
    }
    const uint32_t at_once = (uint32_t)(MR_LOAD_WORK_BYTES / group_bytes);
    for (uint32_t row = part.first; row < part.first + part.n;) {
        uint32_t groups = (part.first + part.n - row) / group_rows;
        groups = groups < at_once ? groups : at_once;
        const uint64_t bytes = groups * group_bytes;
        MR_TRY(l->image->source.read(l->image->source.ctx, t->offset + t->bytes / t->rows * row,
                                     l->cfg->work, (size_t)bytes));
        *crc = mr_crc32(*crc, l->cfg->work, (size_t)bytes);
        for (uint32_t i = 0; i < clones; i++) {
            MR_TRY(
                write_groups(l, t->format, tile + i, *word, l->cfg->work, groups, t->cols / 32u));
        }
        *word += mr_place_words(t->format, groups * group_rows, t->cols, l->p->machine.lanes);
        row += groups * group_rows;
        advance(l, bytes);
    }
    return MR_OK;
}

/* Writes the matrix of a step (one or several tensors) to its tiles and compares the device's CRCs
 * with ours. */
static mr_status_t write_matrix(loader_t *l, uint32_t step, const mr_image_kind_t *kinds,
                                uint32_t n_kinds) {
    const mr_step_place_t *at = &l->p->step[step];
    const uint32_t layer = step == 0 || step == l->p->n_steps - 1u ? 0 : mr_step_layer(step);
    const uint32_t shards = mr_step_shards(l->p, step);
    const uint32_t lanes = l->p->machine.lanes;
    const uint32_t tiles = mr_step_tiles(l->p, step);
    uint32_t word[MR_PLACE_SHARDS_MAX] = {0};
    for (uint32_t i = 0; i < shards; i++) {
        word[i] = at->wmem;
    }
    for (uint32_t i = 0; i < tiles; i++) {
        l->crc[at->tile + i] = 0;
    }
    for (uint32_t k = 0; k < n_kinds; k++) {
        mr_image_tensor_t t;
        uint32_t crc = 0;
        MR_TRY(mr_image_tensor(l->image, kinds[k], layer, &t));
        for (uint32_t i = 0; i < shards; i++) {
            const mr_rows_t part = mr_place_rows(&l->p->shape, kinds[k], shards, i);
            MR_TRY(write_rows(l, at->tile + i, at->clones, &word[i], &t, part, &crc));
        }
        if (crc != t.crc) {
            return MR_CRC;
        }
    }
    MR_TRY(mr_chip_bus_error(l->mmio));
    for (uint32_t i = 0; i < tiles; i++) {
        const uint32_t words = word[at->clones > 1u ? 0 : i] - at->wmem;
        uint32_t crc = 0;
        if (words != 0) {
            MR_TRY(mr_window_crc(l->mmio, MR_MEM_WMEM, at->tile + i, at->wmem * lanes,
                                 words * lanes, &crc));
        }
        if (crc != l->crc[at->tile + i]) {
            return MR_CRC;
        }
    }
    return MR_OK;
}

/* Writes a vector tensor to VMEM and compares the CRC. Progress counts its first copy. */
static mr_status_t write_vector(loader_t *l, uint32_t tile, uint32_t addr, mr_image_kind_t kind,
                                uint32_t layer, bool first) {
    mr_image_tensor_t t;
    uint32_t crc;
    MR_TRY(mr_image_tensor(l->image, kind, layer, &t));
    if (t.bytes > MR_LOAD_WORK_BYTES) {
        return MR_NO_SPACE;
    }
    MR_TRY(l->image->source.read(l->image->source.ctx, t.offset, l->cfg->work, (size_t)t.bytes));
    const uint32_t sent = mr_crc32(0, l->cfg->work, (size_t)t.bytes);
    if (sent != t.crc) {
        return MR_CRC;
    }
    uint32_t words[16];
    for (uint32_t i = 0; i < t.cols; i += 16u) {
        for (uint32_t k = 0; k < 16u; k++) {
            words[k] = get32(l->cfg->work + (size_t)(i + k) * 4u);
        }
        MR_TRY(mr_window_write(l->mmio, MR_MEM_VMEM, tile, addr + i, words, 16));
    }
    MR_TRY(mr_chip_bus_error(l->mmio));
    MR_TRY(mr_window_crc(l->mmio, MR_MEM_VMEM, tile, addr, t.cols, &crc));
    advance(l, first ? t.bytes : 0);
    return crc == sent ? MR_OK : MR_CRC;
}

/* Norm weights to every tile of a step. */
static mr_status_t write_norm(loader_t *l, uint32_t step, mr_image_kind_t kind, uint32_t layer) {
    const mr_step_place_t *at = &l->p->step[step];
    for (uint32_t i = 0; i < mr_step_tiles(l->p, step); i++) {
        MR_TRY(write_vector(l, at->tile + i, at->norm, kind, layer, i == 0));
    }
    return MR_OK;
}

static mr_status_t write_step(loader_t *l, uint32_t step) {
    static const mr_image_kind_t embed[] = {MR_IMAGE_EMBED};
    static const mr_image_kind_t head[] = {MR_IMAGE_HEAD};
    if (step == 0) {
        return write_matrix(l, step, embed, 1);
    }
    if (step == l->p->n_steps - 1u) {
        if (!l->p->shared_head) {
            MR_TRY(write_matrix(l, step, head, 1));
        }
        return write_norm(l, step, MR_IMAGE_OUT_NORM, 0);
    }
    const uint32_t layer = mr_step_layer(step);
    const uint32_t stage = mr_step_stage(step);
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(stage, &kinds);
    if (n > 0) {
        MR_TRY(write_matrix(l, step, kinds, n));
    }
    if (stage == MR_STAGE_QKV) {
        return write_norm(l, step, MR_IMAGE_ATTN_NORM, layer);
    }
    if (stage == MR_STAGE_GATE_UP) {
        return write_norm(l, step, MR_IMAGE_FFN_NORM, layer);
    }
    return MR_OK;
}

/* Where RoPE needs its frequencies: tiles that have a QKV stage. */
static mr_status_t write_rope(loader_t *l) {
    bool done[MR_MACHINE_TILES_MAX] = {false};
    bool first = true;
    for (uint32_t i = 1; i + 1u < l->p->n_steps; i++) {
        for (uint32_t k = 0; k < mr_step_tiles(l->p, i); k++) {
            const uint32_t tile = l->p->step[i].tile + k;
            if (mr_step_stage(i) == MR_STAGE_QKV && !done[tile]) {
                MR_TRY(write_vector(l, tile, l->p->tile[tile].rope_f, MR_IMAGE_ROPE_F, 0, first));
                done[tile] = true;
                first = false;
            }
        }
    }
    return MR_OK;
}

static mr_status_t put_descriptor(void *ctx, uint32_t tile, uint32_t index, const uint32_t *words) {
    loader_t *l = ctx;
    l->pmem_crc[tile] = mr_crc32(l->pmem_crc[tile], words, MR_DESC_WORDS * 4u);
    return mr_window_write(l->mmio, MR_MEM_PMEM, tile, index * MR_DESC_WORDS, words, MR_DESC_WORDS);
}

static mr_status_t write_programs(loader_t *l) {
    const mr_program_sink_t sink = {put_descriptor, l};
    uint32_t crc;
    MR_TRY(mr_program_build(l->p, l->formats, &sink));
    MR_TRY(mr_chip_bus_error(l->mmio));
    for (uint32_t t = 0; t < mr_machine_tiles(&l->p->machine); t++) {
        MR_TRY(mr_window_crc(l->mmio, MR_MEM_PMEM, t, 0, l->p->tile[t].pmem_used, &crc));
        if (crc != l->pmem_crc[t]) {
            return MR_CRC;
        }
    }
    return MR_OK;
}

mr_status_t mr_load(const mr_mmio_t *mmio, const mr_machine_t *machine, const mr_image_t *image,
                    const mr_load_config_t *cfg, mr_placement_t *p, mr_fit_t *fit) {
    return mr_load_mode(mmio, machine, image, cfg, MR_PLACE_EFFICIENCY, p, fit);
}

mr_status_t mr_load_mode(const mr_mmio_t *mmio, const mr_machine_t *machine,
                         const mr_image_t *image, const mr_load_config_t *cfg, uint32_t mode,
                         mr_placement_t *p, mr_fit_t *fit) {
    MR_TRY(mr_load_formats(image, &p->formats));
    MR_TRY(mr_place_mode(p, &image->shape, &p->formats, machine, mode, fit));
    MR_TRY(mr_chip_soft_reset(mmio));
    /* The reset leaves a sticky bus error of earlier, which is not the load's. */
    const mr_status_t earlier = mr_chip_bus_error(mmio);
    if (earlier != MR_OK && earlier != MR_DEVICE) {
        return earlier;
    }
    loader_t l = {.mmio = mmio, .image = image, .cfg = cfg, .p = p, .formats = &p->formats};
    l.total = image->source.bytes;
    if (p->shape.tied && !p->shared_head) { /* the image has one copy for both */
        mr_image_tensor_t head;
        MR_TRY(mr_image_tensor(image, MR_IMAGE_HEAD, 0, &head));
        l.total += head.bytes;
    }
    for (uint32_t step = 0; step < p->n_steps; step++) {
        MR_TRY(write_step(&l, step));
    }
    MR_TRY(write_rope(&l));
    MR_TRY(write_programs(&l));
    const mr_model_shape_t *s = &p->shape;
    for (uint32_t g = 0; g < machine->groups; g++) {
        MR_TRY(mr_kv_init(mmio, g, p->kv_layers[g], s->n_kv, s->hd / 32u, KV_INIT_CYCLES));
    }
    for (uint32_t t = 0; t < mr_machine_tiles(machine); t++) {
        MR_TRY(mr_tile_start(mmio, t, p->tile[t].in_base, p->in_size));
    }
    l.done = l.total;
    advance(&l, 0);
    return MR_OK;
}
