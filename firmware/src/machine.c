/* SPDX-License-Identifier: Apache-2.0 */
/* Identity check and capabilities. */
#include "millrace/machine.h"

#include <stdbool.h>

#include "millrace/regs.h"

#define FIELD_(value_, reg_, field_)                                                               \
    (((value_)&MR_CHIP_##reg_##_##field_##_MASK) >> MR_CHIP_##reg_##_##field_##_SHIFT)

static mr_status_t chip_read(const mr_mmio_t *mmio, uint32_t offset, uint32_t *value) {
    return mr_mmio_read32(mmio, MR_CHIP_BASE + offset, value);
}

mr_status_t mr_machine_check(const mr_machine_t *m) {
    const uint32_t l = m->lanes;
    const uint32_t most = m->groups > 1 ? MR_MACHINE_LINKED_TILES_MAX : MR_MACHINE_GROUP_TILES_MAX;
    const bool ok = m->groups >= 1 && m->groups <= MR_MACHINE_GROUPS_MAX && m->tiles >= 1 &&
                    m->tiles <= most && mr_machine_tiles(m) <= MR_MACHINE_TILES_MAX &&
                    (l == 1 || l == 2 || l == 4 || l == 8) && m->in_bufs >= 1 &&
                    m->result_bufs >= 1 && m->kv_slots >= 1;
    return ok ? MR_OK : MR_UNSUPPORTED;
}

mr_status_t mr_machine_probe(const mr_mmio_t *mmio, mr_machine_t *out) {
    uint32_t v;
    MR_TRY(chip_read(mmio, MR_CHIP_ID_OFFSET, &out->id));
    MR_TRY(chip_read(mmio, MR_CHIP_VERSION_OFFSET, &out->version));
    if (out->id != MR_CHIP_ID_RESET || out->version >> 16 != MR_CHIP_VERSION_RESET >> 16) {
        return MR_IDENTITY;
    }
    MR_TRY(chip_read(mmio, MR_CHIP_GIT_HASH_OFFSET, &out->git_hash));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_OFFSET, &v));
    out->groups = FIELD_(v, CAPS, GROUPS);
    out->tiles = FIELD_(v, CAPS, TILES);
    out->lanes = FIELD_(v, CAPS, LANES);
    out->channels = FIELD_(v, CAPS, CHANNELS);
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_WMEM_OFFSET, &out->wmem_words));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_VMEM_OFFSET, &out->vmem_elems));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_XMEM_OFFSET, &out->xmem_blocks));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_PMEM_OFFSET, &out->pmem_descs));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_INBUF_OFFSET, &v));
    out->in_bufs = FIELD_(v, CAPS_INBUF, BUFS);
    out->in_size_max = FIELD_(v, CAPS_INBUF, SIZE);
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_RESULT_OFFSET, &v));
    out->result_bufs = FIELD_(v, CAPS_RESULT, BUFS);
    out->result_elems = FIELD_(v, CAPS_RESULT, SIZE);
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_KV_OFFSET, &v));
    out->kv_slots = FIELD_(v, CAPS_KV, SLOTS);
    out->kv_layers = FIELD_(v, CAPS_KV, LAYERS);
    out->kv_heads = FIELD_(v, CAPS_KV, HEADS);
    out->kv_nbh = FIELD_(v, CAPS_KV, NBH);
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_KV_PAGES_OFFSET, &out->kv_pages));
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_DRAM_OFFSET, &v));
    out->kv_word_bytes = FIELD_(v, CAPS_DRAM, DQ_BYTES);
    MR_TRY(chip_read(mmio, MR_CHIP_CAPS_CLOCK_KHZ_OFFSET, &out->clock_khz));
    return mr_machine_check(out);
}
