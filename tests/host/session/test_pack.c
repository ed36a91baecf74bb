/* SPDX-License-Identifier: Apache-2.0 */
/* The packer: header, RoPE frequencies and tensors of a padded model, as image.h lays them out;
 * each reason to refuse. */
#include "faults.h"
#include "gguf_test.h"
#include "millrace/image.h"
#include "pack/pack.h"

typedef struct {
    uint8_t *file;
    mr_gguf_t *gguf;
    mr_llama_model_t *model;
    uint8_t *image;
    size_t bytes;
} packed_t;

static mr_status_t pack(packed_t *t, const mr_fixture_t *f) {
    mr_gguf_error_t error = {{0}};
    size_t n = 0;
    t->file = mr_fixture_file(f, &n, NULL);
    t->gguf = mr_check_opens(t->file, n);
    if (mr_llama_model_open(t->gguf, &t->model, &error) != MR_OK) {
        fail_msg("%s", error.text);
    }
    t->image = NULL;
    t->bytes = 0;
    return mr_pack_image(t->model, &t->image, &t->bytes);
}

static void drop(packed_t *t) {
    free(t->image);
    mr_llama_model_close(t->model);
    mr_gguf_close(t->gguf);
    free(t->file);
}

static int setup(void **state) {
    (void)state;
    faults_clear();
    return 0;
}

static uint32_t word(const packed_t *t, size_t i) {
    const uint8_t *p = t->image + 4u * i;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static mr_status_t read_image(void *ctx, uint64_t offset, void *out, size_t n) {
    const packed_t *t = ctx;
    assert_true(offset <= t->bytes && n <= t->bytes - offset);
    memcpy(out, t->image + offset, n);
    return MR_OK;
}

/* 2 layers, d 64, 8 heads of 8 on 4, each padded to 32, n_ff 96, 300 tokens padded to 320. */
static void test_header(void **state) {
    (void)state;
    static const uint32_t want[] = {0x4D49524D, 1,          0,          2,  64,  64,  8,
                                    4,          32,         8,          96, 300, 320, 128,
                                    0x3727C5AC, 0x3C800000, 0x3EB504F3, 0,  22};
    const mr_fixture_t f = mr_fixture_default();
    packed_t t;
    assert_int_equal(pack(&t, &f), MR_OK);
    for (size_t i = 0; i < 32u; i++) {
        if (i != 2u) { /* the checksum, which opening checks */
            assert_int_equal(word(&t, i), i < 19u ? want[i] : 0);
        }
    }
    drop(&t);
}

/* Turns x 2^32 a position: 10000^(-i / 4) / (2 pi) for the four pairs that rotate, then 0. */
static void test_rope(void **state) {
    (void)state;
    const mr_fixture_t f = mr_fixture_default();
    packed_t t;
    uint32_t rope[16];
    memset(rope, 0xA5, sizeof rope);
    assert_int_equal(pack(&t, &f), MR_OK);
    mr_pack_rope(t.model, rope);
    static const uint32_t want[16] = {683565276, 68356528, 6835653, 683565};
    assert_memory_equal(rope, want, sizeof want);
    drop(&t);
}

/* The firmware opens it; every tensor has the converted model's bytes and their CRC. */
static void check_tensors(bool tied) {
    mr_fixture_t f = mr_fixture_default();
    packed_t t;
    mr_image_t image;
    f.tied = tied;
    assert_int_equal(pack(&t, &f), MR_OK);
    const mr_image_source_t source = {read_image, &t, t.bytes};
    assert_int_equal(mr_image_open(&image, &source), MR_OK);
    assert_int_equal(image.shape.tied, tied);
    const mr_llama_layer_t *l = mr_llama_model_layer(t.model, 1);
    const struct {
        mr_image_kind_t kind;
        const void *data;
        size_t bytes;
    } want[] = {
        {MR_IMAGE_ATTN_NORM, l->attn_norm, 64u * 4u},
        {MR_IMAGE_WQ, l->q.blocks, 256u * 68u},
        {MR_IMAGE_WK, l->k.blocks, 128u * 68u},
        {MR_IMAGE_WV, l->v.blocks, 128u * 68u},
        {MR_IMAGE_WO, l->o.blocks, 64u * 272u},
        {MR_IMAGE_FFN_NORM, l->ffn_norm, 64u * 4u},
        {MR_IMAGE_GATE, l->gate.blocks, 96u * 68u},
        {MR_IMAGE_UP, l->up.blocks, 96u * 68u},
        {MR_IMAGE_DOWN, l->down.blocks, 64u * 102u},
        {MR_IMAGE_EMBED, mr_llama_model_embedding(t.model)->blocks, 320u * 68u},
        {MR_IMAGE_HEAD, mr_llama_model_output(t.model)->blocks, 320u * 68u},
        {MR_IMAGE_OUT_NORM, mr_llama_model_output_norm(t.model), 64u * 4u},
    };
    uint64_t embed = 0;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        mr_image_tensor_t at;
        assert_int_equal(mr_image_tensor(&image, want[i].kind, 1, &at), MR_OK);
        assert_int_equal(at.bytes, want[i].bytes);
        assert_int_equal(at.offset % 64u, 0);
        assert_memory_equal(t.image + at.offset, want[i].data, want[i].bytes);
        assert_int_equal(at.crc, mr_crc32(0, want[i].data, want[i].bytes));
        if (want[i].kind == MR_IMAGE_EMBED) {
            embed = at.offset;
        } else if (want[i].kind == MR_IMAGE_HEAD) {
            assert_true((at.offset == embed) == tied);
        }
    }
    drop(&t);
}

static void test_tensors(void **state) {
    (void)state;
    check_tensors(false);
    check_tensors(true);
}

static void test_formats__mixed(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();
    packed_t t;
    mr_image_t image;
    mr_image_tensor_t at;
    f.head_dim = 32;
    f.type = MR_GGUF_TYPE_Q4_0;
    assert_int_equal(pack(&t, &f), MR_OK);
    const mr_image_source_t source = {read_image, &t, t.bytes};
    assert_int_equal(mr_image_open(&image, &source), MR_OK);
    assert_int_equal(mr_image_tensor(&image, MR_IMAGE_WQ, 0, &at), MR_OK);
    assert_int_equal(at.format, MR_IMAGE_Q4_0);
    assert_int_equal(mr_image_tensor(&image, MR_IMAGE_DOWN, 0, &at), MR_OK);
    assert_int_equal(at.format, MR_IMAGE_Q8_0);
    drop(&t);
}

static void test_refusals__limits(void **state) {
    (void)state;
    static const uint32_t heads[][4] = {{17, 1, 2, 1},  {16, 1, 2, 0},    {1, 1, 514, 1},
                                        {1, 1, 512, 0}, {256, 256, 2, 1}, {255, 255, 2, 0}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        mr_fixture_t f = mr_fixture_default();
        packed_t t;
        f.type = MR_GGUF_TYPE_F16;
        f.n_heads = heads[i][0];
        f.n_kv_heads = heads[i][1];
        f.head_dim = heads[i][2];
        assert_int_equal(pack(&t, &f), heads[i][3] != 0 ? MR_RANGE : MR_OK);
        assert_int_equal(t.image == NULL, heads[i][3]);
        drop(&t);
    }
}

static void test_refusals__no_memory(void **state) {
    (void)state;
    const mr_fixture_t f = mr_fixture_default();
    packed_t t;
    uint8_t *image = NULL;
    size_t bytes = 77;
    assert_int_equal(pack(&t, &f), MR_OK);
    faults.allocs = 0;
    faults.fail_alloc = 0;
    assert_int_equal(mr_pack_image(t.model, &image, &bytes), MR_NO_MEMORY);
    assert_null(image);
    assert_int_equal(bytes, 77);
    assert_int_equal(faults.allocs, 1);
    drop(&t);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
    const struct CMUnitTest tests[] = {
        T(test_header),           T(test_rope),
        T(test_tensors),          T(test_formats__mixed),
        T(test_refusals__limits), T(test_refusals__no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
