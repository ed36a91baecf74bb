/* SPDX-License-Identifier: Apache-2.0 */
/* Llama model: binds the tensors, checks them and converts them into one allocation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/llama_internal.h"

#define MR_LLAMA_ALIGN 64u /* of each converted tensor */
#define MR_LLAMA_MAX_EXPANSION 64u
#define MR_LLAMA_SMALL_BYTES ((uint64_t)1024 * 1024)
#define MR_LLAMA_JOBS_PER_LAYER 9u
#define MR_LLAMA_EXTRA_JOBS 3u /* embedding, output norm, output */

struct mr_llama_model {
    mr_llama_hparams_t hparams;
    mr_llama_layer_t *layers;
    mr_llama_matrix_t embedding;
    mr_llama_matrix_t output;
    const float *output_norm;
    float *rope_divisors;
    uint8_t *arena;
    size_t arena_bytes;
};

/* One tensor to convert: to a matrix, or (matrix NULL) to a padded vector of floats. */
typedef struct {
    const mr_gguf_tensor_t *source;
    mr_llama_pad_t rows;
    mr_llama_pad_t cols;
    mr_llama_matrix_t *matrix;
    const float **vector;
    size_t offset; /* in the arena */
} mr_job_t;

typedef struct {
    const mr_gguf_t *gguf;
    mr_gguf_error_t *error;
    mr_llama_model_t *model;
    mr_job_t *jobs;
    size_t n_jobs;
    bool *used; /* by tensor, file order */
    double rope_factor;
} mr_loader_t;

/* Tensors that say what kind of unsupported model this is; found before a missing tensor is named.
 */
static const struct {
    const char *part;
    const char *reason;
} mr_unsupported_tensors[] = {
    {"_exps.", "mixture-of-experts models are not supported; dense models are"},
    {"ffn_gate_inp", "mixture-of-experts models are not supported; dense models are"},
    {"ffn_gate.0.", "mixture-of-experts models are not supported; dense models are"},
    {"attn_qkv", "fused query/key/value matrices are not supported; separate ones are"},
    {"attn_q_norm", "norms of queries and keys are not supported"},
    {"attn_k_norm", "norms of queries and keys are not supported"},
    {".bias", "biases are not supported"},
};

static mr_llama_pad_t plain(uint32_t size) {
    return (mr_llama_pad_t){.n_groups = 1, .size = size, .padded = mr_llama_round_up(size)};
}

static mr_llama_pad_t heads(uint32_t n_heads, const mr_llama_hparams_t *h) {
    return (mr_llama_pad_t){.n_groups = n_heads, .size = h->head_dim, .padded = h->head_dim_pad};
}

static mr_status_t check_unsupported(const mr_loader_t *loader) {
    for (size_t i = 0; i < mr_gguf_tensor_count(loader->gguf); i++) {
        const mr_gguf_tensor_t *tensor = mr_gguf_tensor(loader->gguf, i);
        char name[MR_GGUF_MAX_TENSOR_NAME + 1] = {0};
        memcpy(name, tensor->name.text, tensor->name.length);
        for (size_t k = 0; k < sizeof(mr_unsupported_tensors) / sizeof(mr_unsupported_tensors[0]);
             k++) {
            if (strstr(name, mr_unsupported_tensors[k].part) != NULL) {
                return mr_gguf_fail(loader->error, MR_UNSUPPORTED, mr_gguf_path(loader->gguf),
                                    "tensor '%s': %s",
                                    mr_gguf_quote(name, tensor->name.length).text,
                                    mr_unsupported_tensors[k].reason);
            }
        }
    }
    return MR_OK;
}

static mr_status_t check_shape(const mr_loader_t *loader, const char *name,
                               const mr_gguf_tensor_t *tensor, uint64_t inputs, uint64_t outputs) {
    if (tensor->dims[0] != inputs || tensor->dims[1] != outputs ||
        tensor->n_rows != tensor->dims[1]) {
        return mr_gguf_fail(
            loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
            "tensor '%s' has %llu x %llu elements, but the metadata asks for %llu x %llu", name,
            (unsigned long long)tensor->dims[0], (unsigned long long)tensor->n_rows,
            (unsigned long long)inputs, (unsigned long long)outputs);
    }
    return MR_OK;
}

static mr_status_t check_f32(const mr_loader_t *loader, const char *name,
                             const mr_gguf_tensor_t *tensor) {
    if (tensor->type != MR_GGUF_TYPE_F32) {
        return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                            "tensor '%s' has type %s; F32 is needed", name,
                            mr_gguf_type_name((uint32_t)tensor->type));
    }
    return MR_OK;
}

/* Finds a tensor, marks it as used and checks that it has no infinities or NaN. */
static mr_status_t take_tensor(mr_loader_t *loader, const char *name, uint64_t inputs,
                               uint64_t outputs, bool f32_only, const mr_gguf_tensor_t **out) {
    const char *path = mr_gguf_path(loader->gguf);
    const mr_gguf_tensor_t *tensor = mr_gguf_find_tensor(loader->gguf, name);
    uint64_t bad_row = 0;

    if (tensor == NULL) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "tensor '%s' is missing; the file is damaged or no llama model", name);
    }
    loader->used[tensor - mr_gguf_tensor(loader->gguf, 0)] = true;
    MR_TRY(check_shape(loader, name, tensor, inputs, outputs));
    if (f32_only) {
        MR_TRY(check_f32(loader, name, tensor));
    }
    if (mr_gguf_tensor_check_finite(tensor, &bad_row) != MR_OK) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "tensor '%s' holds an infinity or NaN in row %llu; the file is "
                            "damaged, download it again",
                            name, (unsigned long long)bad_row);
    }
    *out = tensor;
    return MR_OK;
}

static uint64_t pad_total(mr_llama_pad_t pad) {
    return (uint64_t)pad.n_groups * pad.size;
}

static mr_status_t add_matrix(mr_loader_t *loader, const char *name, mr_llama_pad_t cols,
                              mr_llama_pad_t rows, mr_llama_matrix_t *matrix) {
    mr_job_t *job = &loader->jobs[loader->n_jobs];

    MR_TRY(take_tensor(loader, name, pad_total(cols), pad_total(rows), false, &job->source));
    job->rows = rows;
    job->cols = cols;
    job->matrix = matrix;
    loader->n_jobs++;
    matrix->type = mr_llama_converted_type(job->source, cols);
    matrix->rows = rows.n_groups * rows.padded;
    matrix->cols = cols.n_groups * cols.padded;
    matrix->row_bytes = matrix->cols / MR_LLAMA_BLOCK * mr_gguf_block_bytes(matrix->type);
    return MR_OK;
}

static mr_status_t add_norm(mr_loader_t *loader, const char *name, const float **vector) {
    mr_job_t *job = &loader->jobs[loader->n_jobs];
    const uint32_t d = loader->model->hparams.d;

    MR_TRY(take_tensor(loader, name, d, 1, true, &job->source));
    job->rows = (mr_llama_pad_t){.n_groups = 1, .size = 1, .padded = 1};
    job->cols = plain(d);
    job->vector = vector;
    loader->n_jobs++;
    return MR_OK;
}

static mr_status_t add_layer(mr_loader_t *loader, uint32_t index) {
    const mr_llama_hparams_t *h = &loader->model->hparams;
    mr_llama_layer_t *layer = &loader->model->layers[index];
    const mr_llama_pad_t d = plain(h->d);
    const mr_llama_pad_t ff = plain(h->n_ff);
    const mr_llama_pad_t q = heads(h->n_heads, h);
    const mr_llama_pad_t kv = heads(h->n_kv_heads, h);
    const struct {
        const char *name;
        mr_llama_pad_t cols;
        mr_llama_pad_t rows;
        mr_llama_matrix_t *matrix;
    } matrices[] = {
        {"attn_q", d, q, &layer->q},       {"attn_k", d, kv, &layer->k},
        {"attn_v", d, kv, &layer->v},      {"attn_output", q, d, &layer->o},
        {"ffn_gate", d, ff, &layer->gate}, {"ffn_up", d, ff, &layer->up},
        {"ffn_down", ff, d, &layer->down},
    };
    char name[MR_GGUF_MAX_TENSOR_NAME + 1];

    for (size_t i = 0; i < sizeof(matrices) / sizeof(matrices[0]); i++) {
        (void)snprintf(name, sizeof(name), "blk.%u.%s.weight", index, matrices[i].name);
        MR_TRY(add_matrix(loader, name, matrices[i].cols, matrices[i].rows, matrices[i].matrix));
    }
    (void)snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", index);
    MR_TRY(add_norm(loader, name, &layer->attn_norm));
    (void)snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", index);
    return add_norm(loader, name, &layer->ffn_norm);
}

/* The vocabulary's size is told by the tokenizer, the embedding and perhaps a key: all must agree.
 */
static mr_status_t read_vocab(mr_loader_t *loader) {
    const char *path = mr_gguf_path(loader->gguf);
    const mr_gguf_tensor_t *embedding = mr_gguf_find_tensor(loader->gguf, "token_embd.weight");
    mr_gguf_array_t tokens;
    uint64_t declared = 0;

    if (embedding == NULL) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "tensor 'token_embd.weight' is missing; the file is damaged or no "
                            "llama model");
    }
    const uint64_t vocab = embedding->dims[1];
    if (mr_gguf_get_array(loader->gguf, "tokenizer.ggml.tokens", &tokens) != MR_OK ||
        tokens.type != MR_GGUF_VALUE_STRING) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "metadata key 'tokenizer.ggml.tokens' is missing or no array of "
                            "strings; the file holds no vocabulary");
    }
    declared = tokens.count;
    const mr_status_t status = mr_gguf_get_u64(loader->gguf, "llama.vocab_size", &declared);
    if (status == MR_FORMAT || status == MR_RANGE) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "metadata key 'llama.vocab_size' is no positive integer");
    }
    if (tokens.count != vocab || declared != vocab) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "the vocabulary has %llu tokens, 'llama.vocab_size' gives %llu and "
                            "'token_embd.weight' %llu rows; they must agree",
                            (unsigned long long)tokens.count, (unsigned long long)declared,
                            (unsigned long long)vocab);
    }
    if (vocab > MR_LLAMA_MAX_VOCAB) {
        return mr_gguf_fail(loader->error, MR_RANGE, path,
                            "the vocabulary has %llu tokens; 1 to %u are supported",
                            (unsigned long long)vocab, MR_LLAMA_MAX_VOCAB);
    }
    loader->model->hparams.vocab = (uint32_t)vocab;
    loader->model->hparams.vocab_pad = mr_llama_round_up((uint32_t)vocab);
    return MR_OK;
}

/* rope_freqs times the linear scaling factor; none when both do nothing. */
static mr_status_t read_rope_divisors(mr_loader_t *loader) {
    const char *name = "rope_freqs.weight";
    const uint32_t n = loader->model->hparams.n_rot / 2;
    const bool stored = mr_gguf_find_tensor(loader->gguf, name) != NULL;

    if (!stored && loader->rope_factor <= 1.0 && loader->rope_factor >= 1.0) {
        return MR_OK;
    }
    float *divisors = malloc(n * sizeof(*divisors));
    if (divisors == NULL) {
        return mr_gguf_fail(loader->error, MR_NO_MEMORY, mr_gguf_path(loader->gguf),
                            "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    loader->model->rope_divisors = divisors;
    for (uint32_t i = 0; i < n; i++) {
        divisors[i] = 1.0f;
    }
    if (stored) {
        const mr_gguf_tensor_t *tensor = NULL;
        MR_TRY(take_tensor(loader, name, n, 1, true, &tensor));
        MR_TRY(mr_gguf_tensor_rows_f32(tensor, 0, 1, divisors));
    }
    for (uint32_t i = 0; i < n; i++) {
        divisors[i] = (float)((double)divisors[i] * loader->rope_factor);
        if (!(divisors[i] > 0.0f) || !isfinite(divisors[i])) {
            return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                                "the rotary frequency divisor %u is %g; a finite number above 0 "
                                "is needed",
                                i, (double)divisors[i]);
        }
    }
    return MR_OK;
}

/* Makes the list of jobs from all tensors of the file. */
static mr_status_t bind_tensors(mr_loader_t *loader) {
    mr_llama_model_t *model = loader->model;
    const mr_llama_pad_t d = plain(model->hparams.d);

    MR_TRY(check_unsupported(loader));
    MR_TRY(read_vocab(loader));
    const mr_llama_pad_t vocab = plain(model->hparams.vocab);
    MR_TRY(add_matrix(loader, "token_embd.weight", d, vocab, &model->embedding));
    MR_TRY(add_norm(loader, "output_norm.weight", &model->output_norm));
    model->hparams.tied_output = mr_gguf_find_tensor(loader->gguf, "output.weight") == NULL;
    if (!model->hparams.tied_output) {
        MR_TRY(add_matrix(loader, "output.weight", d, vocab, &model->output));
    }
    for (uint32_t i = 0; i < model->hparams.n_layers; i++) {
        MR_TRY(add_layer(loader, i));
    }
    MR_TRY(read_rope_divisors(loader));
    for (size_t i = 0; i < mr_gguf_tensor_count(loader->gguf); i++) {
        const mr_gguf_string_t name = mr_gguf_tensor(loader->gguf, i)->name;
        if (!loader->used[i]) {
            return mr_gguf_fail(loader->error, MR_UNSUPPORTED, mr_gguf_path(loader->gguf),
                                "tensor '%s' is not part of a llama model of %u layers, and a "
                                "model is not run without one of its tensors",
                                mr_gguf_quote(name.text, name.length).text,
                                model->hparams.n_layers);
        }
    }
    return MR_OK;
}

/* Lays the converted tensors out and allocates the arena and a row of floats. */
static mr_status_t allocate_arena(mr_loader_t *loader, float **scratch) {
    const char *path = mr_gguf_path(loader->gguf);
    uint64_t total = 0;
    uint64_t longest = 0;

    for (size_t i = 0; i < loader->n_jobs; i++) {
        mr_job_t *job = &loader->jobs[i];
        const uint64_t bytes = job->matrix != NULL
                                   ? (uint64_t)job->matrix->rows * job->matrix->row_bytes
                                   : (uint64_t)job->cols.padded * sizeof(float);
        job->offset = (size_t)total;
        /* At most 2^11 jobs of 2^33 bytes: no overflow. */
        total += (bytes + MR_LLAMA_ALIGN - 1) / MR_LLAMA_ALIGN * MR_LLAMA_ALIGN;
        longest = job->source->dims[0] > longest ? job->source->dims[0] : longest;
    }
    const uint64_t file_bytes = mr_gguf_size_bytes(loader->gguf);
    if (total > SIZE_MAX ||
        (total > MR_LLAMA_SMALL_BYTES &&
         (total - MR_LLAMA_SMALL_BYTES) / MR_LLAMA_MAX_EXPANSION > file_bytes)) {
        return mr_gguf_fail(loader->error, MR_RANGE, path,
                            "padding the model to blocks of 32 would take %llu bytes, over %u "
                            "times the file; its dimensions are too small for the tiles",
                            (unsigned long long)total, MR_LLAMA_MAX_EXPANSION);
    }
    loader->model->arena = aligned_alloc(MR_LLAMA_ALIGN, (size_t)total);
    loader->model->arena_bytes = (size_t)total;
    *scratch = malloc((size_t)longest * sizeof(**scratch));
    if (loader->model->arena == NULL || *scratch == NULL) {
        return mr_gguf_fail(
            loader->error, MR_NO_MEMORY, path,
            "out of memory: the converted model takes %llu bytes" MR_GGUF_NO_MEMORY_ADVICE,
            (unsigned long long)total);
    }
    return MR_OK;
}

static mr_status_t run_job(mr_loader_t *loader, const mr_job_t *job, float *scratch) {
    uint8_t *target = loader->model->arena + job->offset;
    uint64_t bad_row = 0;

    if (job->matrix == NULL) {
        float *vector = (float *)(void *)target; /* aligned to 64 bytes */
        for (uint32_t i = job->cols.size; i < job->cols.padded; i++) {
            vector[i] = 0.0f;
        }
        *job->vector = vector;
        return mr_gguf_tensor_rows_f32(job->source, 0, 1, vector);
    }
    job->matrix->blocks = target;
    const mr_status_t status =
        mr_llama_convert(job->source, job->rows, job->cols, job->matrix, target, scratch, &bad_row);
    if (status != MR_OK) {
        return mr_gguf_fail(loader->error, status, mr_gguf_path(loader->gguf),
                            "row %llu of tensor '%s' holds a value too large for Q8_0 (its scale, "
                            "the value over 127, must fit half precision)",
                            (unsigned long long)bad_row,
                            mr_gguf_quote(job->source->name.text, job->source->name.length).text);
    }
    return MR_OK;
}

static mr_status_t convert_tensors(mr_loader_t *loader) {
    float *scratch = NULL;
    mr_status_t status = allocate_arena(loader, &scratch);

    for (size_t i = 0; status == MR_OK && i < loader->n_jobs; i++) {
        status = run_job(loader, &loader->jobs[i], scratch);
    }
    free(scratch);
    MR_TRY(status);
    if (loader->model->hparams.tied_output) {
        loader->model->output = loader->model->embedding;
    }
    return MR_OK;
}

static mr_status_t load(mr_loader_t *loader) {
    mr_llama_model_t *model = loader->model;

    MR_TRY(
        mr_llama_read_hparams(loader->gguf, &model->hparams, &loader->rope_factor, loader->error));
    const size_t n_layers = model->hparams.n_layers;
    model->layers = calloc(n_layers, sizeof(*model->layers));
    loader->jobs =
        calloc(n_layers * MR_LLAMA_JOBS_PER_LAYER + MR_LLAMA_EXTRA_JOBS, sizeof(*loader->jobs));
    loader->used = calloc(mr_gguf_tensor_count(loader->gguf) + 1, sizeof(*loader->used));
    if (model->layers == NULL || loader->jobs == NULL || loader->used == NULL) {
        return mr_gguf_fail(loader->error, MR_NO_MEMORY, mr_gguf_path(loader->gguf),
                            "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    MR_TRY(bind_tensors(loader));
    return convert_tensors(loader);
}

mr_status_t mr_llama_model_open(const mr_gguf_t *gguf, mr_llama_model_t **out,
                                mr_gguf_error_t *error) {
    if (gguf == NULL || out == NULL) {
        return mr_gguf_fail(error, MR_ARG, NULL, "no file or place for the model was given");
    }
    *out = NULL;
    mr_loader_t loader = {.gguf = gguf, .error = error};
    loader.model = calloc(1, sizeof(*loader.model));
    if (loader.model == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, mr_gguf_path(gguf),
                            "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    const mr_status_t status = load(&loader);
    free(loader.jobs);
    free(loader.used);
    if (status != MR_OK) {
        mr_llama_model_close(loader.model);
        return status;
    }
    *out = loader.model;
    return MR_OK;
}

void mr_llama_model_close(mr_llama_model_t *model) {
    if (model == NULL) {
        return;
    }
    free(model->layers);
    free(model->rope_divisors);
    free(model->arena);
    free(model);
}

const mr_llama_hparams_t *mr_llama_model_hparams(const mr_llama_model_t *model) {
    return &model->hparams;
}

const mr_llama_layer_t *mr_llama_model_layer(const mr_llama_model_t *model, uint32_t i) {
    return &model->layers[i];
}

const mr_llama_matrix_t *mr_llama_model_embedding(const mr_llama_model_t *model) {
    return &model->embedding;
}

const mr_llama_matrix_t *mr_llama_model_output(const mr_llama_model_t *model) {
    return &model->output;
}

const float *mr_llama_model_output_norm(const mr_llama_model_t *model) {
    return model->output_norm;
}

const float *mr_llama_model_rope_divisors(const mr_llama_model_t *model) {
    return model->rope_divisors;
}

size_t mr_llama_model_size_bytes(const mr_llama_model_t *model) {
    return model->arena_bytes;
}
