/* SPDX-License-Identifier: Apache-2.0 */
/* Llama model: the metadata, with a reason for everything that is refused. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gguf/llama_internal.h"

typedef struct {
    const mr_gguf_t *gguf;
    mr_gguf_error_t *error;
} mr_source_t;

/* Metadata of llama variants that changes the arithmetic; only these values do nothing. */
static const struct {
    const char *key;
    double neutral;
    double also_neutral;
} mr_neutral_keys[] = {
    {"llama.attention.scale", 0.0, 0.0},          {"llama.attention.clamp_kqv", 0.0, 0.0},
    {"llama.attention.max_alibi_bias", 0.0, 0.0}, {"llama.attn_logit_softcapping", 0.0, 0.0},
    {"llama.final_logit_softcapping", 0.0, 0.0},  {"llama.embedding_scale", 1.0, 0.0},
    {"llama.residual_scale", 1.0, 0.0},           {"llama.logit_scale", 1.0, 0.0},
    {"llama.rope.scaling.attn_factor", 1.0, 1.0},
};

static bool string_is(mr_gguf_string_t string, const char *text) {
    return string.length == strlen(text) && memcmp(string.text, text, string.length) == 0;
}

static mr_status_t fail_missing(const mr_source_t *source, const char *key) {
    return mr_gguf_fail(source->error, MR_FORMAT, mr_gguf_path(source->gguf),
                        "metadata key '%s' is missing, which every llama model needs", key);
}

static mr_status_t fail_type(const mr_source_t *source, const char *key, const char *wanted) {
    mr_gguf_value_type_t type = MR_GGUF_VALUE_U8;

    const mr_status_t status = mr_gguf_get_type(source->gguf, key, &type);
    return mr_gguf_fail(source->error, MR_FORMAT, mr_gguf_path(source->gguf),
                        "metadata key '%s' has type %s; %s is needed", key,
                        status == MR_OK ? mr_gguf_value_type_name((uint32_t)type) : "none", wanted);
}

typedef struct {
    char text[24];
} mr_number_t;

/* An integer for a message; MR_RANGE says that it was negative. */
static mr_number_t number_text(mr_status_t status, uint64_t value) {
    mr_number_t number = {"negative"};

    if (status == MR_OK) {
        (void)snprintf(number.text, sizeof(number.text), "%" PRIu64, value);
    }
    return number;
}

/* A number that may also be an array of one number per layer, all equal. */
static mr_status_t read_number(const mr_source_t *source, const char *key, uint32_t n_layers,
                               uint64_t *out) {
    mr_gguf_array_t array;
    mr_status_t status = mr_gguf_get_u64(source->gguf, key, out);

    if (status != MR_FORMAT || mr_gguf_get_array(source->gguf, key, &array) != MR_OK) {
        return status;
    }
    if (array.count != n_layers) {
        return MR_FORMAT;
    }
    for (uint64_t i = 0; i < array.count; i++) {
        uint64_t value = 0;
        MR_TRY(mr_gguf_array_u64(&array, i, &value));
        if (i > 0 && value != *out) {
            return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                                "'%s' differs from layer to layer, which is not supported; "
                                "models whose layers are all of one shape are",
                                key);
        }
        *out = value;
    }
    return MR_OK;
}

/* Reads an integer of 1 to max. A missing key leaves *out when optional. */
static mr_status_t read_u32(const mr_source_t *source, const char *key, bool optional,
                            uint32_t n_layers, uint32_t max, uint32_t *out) {
    uint64_t value = 0;
    const mr_status_t status = read_number(source, key, n_layers, &value);

    if (status == MR_NOT_FOUND) {
        return optional ? MR_OK : fail_missing(source, key);
    }
    if (status == MR_FORMAT) {
        return fail_type(source, key, "an integer");
    }
    if (status == MR_UNSUPPORTED) {
        return status; /* its message is written */
    }
    if (status != MR_OK || value == 0 || value > max) {
        return mr_gguf_fail(source->error, MR_RANGE, mr_gguf_path(source->gguf),
                            "'%s' is %s; 1 to %u are supported", key,
                            number_text(status, value).text, max);
    }
    *out = (uint32_t)value;
    return MR_OK;
}

/* Reads a finite number above 0. A missing key leaves *out when optional. */
static mr_status_t read_positive(const mr_source_t *source, const char *key, bool optional,
                                 double *out) {
    double value = 0.0;
    const mr_status_t status = mr_gguf_get_f64(source->gguf, key, &value);

    if (status == MR_NOT_FOUND) {
        return optional ? MR_OK : fail_missing(source, key);
    }
    if (status != MR_OK) {
        return fail_type(source, key, "a floating-point number");
    }
    if (!(value > 0.0) || !isfinite((float)value) || (float)value <= 0.0f) {
        return mr_gguf_fail(source->error, MR_RANGE, mr_gguf_path(source->gguf),
                            "'%s' is %g; a finite number above 0 is needed", key, value);
    }
    *out = value;
    return MR_OK;
}

/* Requires a string key to be text. */
static mr_status_t check_string(const mr_source_t *source, const char *key, bool optional,
                                const char *text, const char *supported) {
    mr_gguf_string_t value = {.text = "", .length = 0};
    const mr_status_t status = mr_gguf_get_string(source->gguf, key, &value);

    if (status == MR_NOT_FOUND) {
        return optional ? MR_OK : fail_missing(source, key);
    }
    if (status != MR_OK) {
        return fail_type(source, key, "a string");
    }
    if (!string_is(value, text)) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                            "'%s' is \"%s\", which is not supported; %s", key,
                            mr_gguf_quote(value.text, value.length).text, supported);
    }
    return MR_OK;
}

/* Requires an optional integer key to be at most max. */
static mr_status_t check_at_most(const mr_source_t *source, const char *key, uint64_t max,
                                 const char *reason) {
    uint64_t value = 0;
    const mr_status_t status = mr_gguf_get_u64(source->gguf, key, &value);

    if (status == MR_FORMAT) {
        return fail_type(source, key, "an integer");
    }
    if (status == MR_RANGE || (status == MR_OK && value > max)) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                            "'%s' is %s: %s", key, number_text(status, value).text, reason);
    }
    return MR_OK;
}

static mr_status_t check_kind(const mr_source_t *source) {
    MR_TRY(check_string(source, "general.architecture", false, "llama",
                        "architecture \"llama\" is (Llama, Mistral, SmolLM 1 and 2 and the like)"));
    MR_TRY(check_string(source, "general.type", true, "model", "complete models are"));
    MR_TRY(check_at_most(source, "split.count", 1,
                         "models split over several files are not supported; merge them into one "
                         "file (llama-gguf-split --merge)"));
    MR_TRY(check_at_most(source, "llama.expert_count", 0,
                         "mixture-of-experts models are not supported; dense models are"));
    MR_TRY(check_at_most(source, "llama.expert_used_count", 0,
                         "mixture-of-experts models are not supported; dense models are"));
    MR_TRY(check_string(source, "tokenizer.ggml.model", false, "llama",
                        "the SentencePiece tokenizer (\"llama\") is"));
    for (size_t i = 0; i < sizeof(mr_neutral_keys) / sizeof(mr_neutral_keys[0]); i++) {
        double value = 0.0;
        const mr_status_t status = mr_gguf_get_f64(source->gguf, mr_neutral_keys[i].key, &value);
        if (status == MR_FORMAT) {
            return fail_type(source, mr_neutral_keys[i].key, "a floating-point number");
        }
        /* Exact comparison: any other value, NaN too, changes the arithmetic. */
        if (status == MR_OK &&
            !(value <= mr_neutral_keys[i].neutral && value >= mr_neutral_keys[i].neutral) &&
            !(value <= mr_neutral_keys[i].also_neutral &&
              value >= mr_neutral_keys[i].also_neutral)) {
            return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                                "'%s' is %g: scaled or capped variants of llama are not supported",
                                mr_neutral_keys[i].key, value);
        }
    }
    return MR_OK;
}

static mr_status_t check_causal(const mr_source_t *source) {
    bool causal = true;
    const mr_status_t status = mr_gguf_get_bool(source->gguf, "llama.attention.causal", &causal);

    if (status == MR_FORMAT) {
        return fail_type(source, "llama.attention.causal", "a boolean");
    }
    if (!causal) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                            "'llama.attention.causal' is false: embedding models are not "
                            "supported; text generation models are");
    }
    return MR_OK;
}

static mr_status_t check_window(const mr_source_t *source, uint32_t context) {
    uint64_t window = 0;
    const mr_status_t status =
        mr_gguf_get_u64(source->gguf, "llama.attention.sliding_window", &window);

    if (status == MR_FORMAT) {
        return fail_type(source, "llama.attention.sliding_window", "an integer");
    }
    if (status == MR_RANGE || (status == MR_OK && window != 0 && window < context)) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                            "'llama.attention.sliding_window' is %s, shorter than the context "
                            "of %u: sliding-window attention is not supported",
                            number_text(status, window).text, context);
    }
    return MR_OK;
}

static mr_status_t read_heads(const mr_source_t *source, mr_llama_hparams_t *h) {
    const char *path = mr_gguf_path(source->gguf);

    MR_TRY(read_u32(source, "llama.attention.head_count", false, h->n_layers, MR_LLAMA_MAX_DIM,
                    &h->n_heads));
    h->n_kv_heads = h->n_heads;
    MR_TRY(read_u32(source, "llama.attention.head_count_kv", true, h->n_layers, MR_LLAMA_MAX_DIM,
                    &h->n_kv_heads));
    if (h->n_heads % h->n_kv_heads != 0) {
        return mr_gguf_fail(source->error, MR_FORMAT, path,
                            "%u query heads cannot share %u key/value heads: the first must be a "
                            "multiple of the second",
                            h->n_heads, h->n_kv_heads);
    }
    h->head_dim = h->d % h->n_heads == 0 ? h->d / h->n_heads : 0;
    MR_TRY(read_u32(source, "llama.attention.key_length", true, 0, MR_LLAMA_MAX_DIM, &h->head_dim));
    if (h->head_dim == 0 || h->head_dim % 2 != 0) {
        return mr_gguf_fail(source->error, MR_FORMAT, path,
                            "%u heads over an embedding of %u do not give an even head size, and "
                            "'llama.attention.key_length' gives none either",
                            h->n_heads, h->d);
    }
    uint32_t value_length = h->head_dim;
    MR_TRY(
        read_u32(source, "llama.attention.value_length", true, 0, MR_LLAMA_MAX_DIM, &value_length));
    if (value_length != h->head_dim) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, path,
                            "keys of %u and values of %u elements: only heads whose keys and "
                            "values are of one size are supported",
                            h->head_dim, value_length);
    }
    h->head_dim_pad = mr_llama_round_up(h->head_dim);
    if ((uint64_t)h->n_heads * h->head_dim_pad > MR_LLAMA_MAX_DIM) {
        return mr_gguf_fail(source->error, MR_RANGE, path,
                            "%u heads of %u elements (each padded to %u) exceed the supported %u "
                            "elements",
                            h->n_heads, h->head_dim, h->head_dim_pad, MR_LLAMA_MAX_DIM);
    }
    return MR_OK;
}

static mr_status_t read_scaling(const mr_source_t *source, double *factor) {
    mr_gguf_string_t type = {.text = "linear", .length = 6}; /* when only a factor is given */
    const mr_status_t status = mr_gguf_get_string(source->gguf, "llama.rope.scaling.type", &type);

    *factor = 1.0;
    if (status == MR_FORMAT) {
        return fail_type(source, "llama.rope.scaling.type", "a string");
    }
    if (string_is(type, "none")) {
        return MR_OK;
    }
    if (!string_is(type, "linear")) {
        return mr_gguf_fail(source->error, MR_UNSUPPORTED, mr_gguf_path(source->gguf),
                            "rotary scaling \"%s\" is not supported; \"none\" and \"linear\" are",
                            mr_gguf_quote(type.text, type.length).text);
    }
    /* The older name of the factor first, so that the current one wins. */
    MR_TRY(read_positive(source, "llama.rope.scale_linear", true, factor));
    double value = 0.0;
    if (mr_gguf_get_f64(source->gguf, "llama.rope.scaling.factor", &value) == MR_OK &&
        value <= 0.0 && value >= 0.0) {
        return MR_OK; /* 0 stands for "no scaling" */
    }
    return read_positive(source, "llama.rope.scaling.factor", true, factor);
}

static mr_status_t read_rope(const mr_source_t *source, mr_llama_hparams_t *h, double *factor) {
    double base = 10000.0;

    h->n_rot = h->head_dim;
    MR_TRY(read_u32(source, "llama.rope.dimension_count", true, 0, MR_LLAMA_MAX_DIM, &h->n_rot));
    if (h->n_rot > h->head_dim || h->n_rot % 2 != 0) {
        return mr_gguf_fail(source->error, MR_FORMAT, mr_gguf_path(source->gguf),
                            "'llama.rope.dimension_count' is %u; an even number up to the head "
                            "size of %u is needed",
                            h->n_rot, h->head_dim);
    }
    MR_TRY(read_positive(source, "llama.rope.freq_base", true, &base));
    h->rope_base = (float)base;
    return read_scaling(source, factor);
}

mr_status_t mr_llama_read_hparams(const mr_gguf_t *gguf, mr_llama_hparams_t *hparams,
                                  double *rope_factor, mr_gguf_error_t *error) {
    const mr_source_t source = {.gguf = gguf, .error = error};
    mr_llama_hparams_t *h = hparams;
    double eps = 0.0;

    MR_TRY(check_kind(&source));
    MR_TRY(read_u32(&source, "llama.block_count", false, 0, MR_LLAMA_MAX_LAYERS, &h->n_layers));
    MR_TRY(read_u32(&source, "llama.embedding_length", false, 0, MR_LLAMA_MAX_DIM, &h->d));
    MR_TRY(read_u32(&source, "llama.feed_forward_length", false, h->n_layers, MR_LLAMA_MAX_DIM,
                    &h->n_ff));
    MR_TRY(read_u32(&source, "llama.context_length", false, 0, MR_LLAMA_MAX_CONTEXT, &h->context));
    MR_TRY(read_positive(&source, "llama.attention.layer_norm_rms_epsilon", false, &eps));
    h->eps = (float)eps;
    MR_TRY(check_causal(&source));
    MR_TRY(check_window(&source, h->context));
    MR_TRY(read_heads(&source, h));
    MR_TRY(read_rope(&source, h, rope_factor));
    h->d_pad = mr_llama_round_up(h->d);
    h->n_ff_pad = mr_llama_round_up(h->n_ff);
    return MR_OK;
}
