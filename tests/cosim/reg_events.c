/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and sticky bits of the register map, each in use. */
#include "reg_events.h"

#include <inttypes.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/loop.h"
#include "millrace/regs.h"
#ifdef MR_HAVE_SIM
#include "millrace/backend_sim.h"
#endif

#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)
#define HUB(reg_) (MR_HUB_BASE + MR_HUB_##reg_##_OFFSET)
#define KV(reg_) (MR_KV_BASE + MR_KV_##reg_##_OFFSET)
#define ECC(reg_) (MR_KV_ECC_BASE + MR_KV_ECC_##reg_##_OFFSET)
#define LINK(reg_) (MR_LINK_BASE + MR_LINK_##reg_##_OFFSET)
#define CORE(reg_) (MR_CORE_BASE + MR_CORE_##reg_##_OFFSET)
#define TILE(reg_) (MR_TILE_BASE + MR_TILE_##reg_##_OFFSET)

#define IN_BASE 2048u
#define IN_SIZE 64u
#define KV_SHAPE (1u << 8 | 1u << 24) /* one head of 32 elements, layer 0 */
#define TOKEN 77u
#define FLAG_TOPK 2u
#define OP_APPEND 9u
#define OP_ATTEND 10u
#define OP_SEND 0xF0Bu /* waits for all units */
#define OP_UNKNOWN 63u
#define ECC_POSITIONS 40u
#define POLLS 4000u
#define POLL_CYCLES 64u
#define NOWHERE 0xFFF000u

typedef struct {
    uint32_t w[8];
} desc_t;

static const desc_t end = {{0, 0, 0, 0, 0, 0, 0, 0}};
static const desc_t send2 = {{OP_SEND, 1, 0, 0, 2, 7u | 1u << 16, 0, 0}};
static const desc_t append = {{OP_APPEND, KV_SHAPE, 0, 1, 0, 0, 0, 0}};
static const desc_t attend = {{OP_ATTEND | 0x400u, 512, 2, KV_SHAPE, 1, 0, 0x3F800000u, 0}};

static uint32_t get(reg_check_t *c, uint32_t addr) {
    uint32_t value = 0;
    reg_check_that(c, mr_mmio_read32(c->io, addr, &value) == MR_OK, "read of 0x%06" PRIX32, addr);
    return value;
}

static void set(reg_check_t *c, uint32_t addr, uint32_t value) {
    reg_check_that(c, mr_mmio_write32(c->io, addr, value) == MR_OK, "write of 0x%06" PRIX32, addr);
}

static void pass(reg_check_t *c, uint32_t cycles) {
    reg_check_that(c, mr_mmio_wait(c->io, cycles) == MR_OK, "wait");
}

/* Waits until (value & mask) == want; false when it does not come. */
static bool comes(reg_check_t *c, uint32_t addr, uint32_t mask, uint32_t want) {
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((get(c, addr) & mask) == want) {
            return true;
        }
        pass(c, POLL_CYCLES);
    }
    return false;
}

/* A fresh device whose tile 0 runs jobs and whose KV cache has one layer of one head. */
static void fresh(reg_check_t *c) {
    const uint32_t words[2] = {TOKEN, 0};
    const uint32_t zeros[3 * 9] = {0};
    reg_check_that(c, mr_chip_soft_reset(c->io) == MR_OK, "soft reset");
    reg_check_that(c, comes(c, KV(STATUS), MR_KV_STATUS_READY_MASK, MR_KV_STATUS_READY_MASK),
                   "KV controller ready");
    reg_check_that(c, mr_kv_init(c->io, 0, 1, 1, 1, 200000) == MR_OK, "KV init");
    reg_check_that(c,
                   mr_tile_start(c->io, 0, IN_BASE, IN_SIZE) == MR_OK &&
                       mr_window_write(c->io, MR_MEM_VMEM, 0, 0, words, 2) == MR_OK &&
                       mr_window_write_rows(c->io, MR_MEM_XMEM, 0, 0, zeros, 3) == MR_OK &&
                       mr_chip_bus_error(c->io) == MR_OK,
                   "load");
    set(c, CHIP(STATUS), UINT32_MAX);
    set(c, KV(ERROR), UINT32_MAX);
}

/* Runs one program on tile 0 and waits until the tile rests. */
static void run(reg_check_t *c, const desc_t *d, uint32_t n, uint32_t flags, uint32_t slot,
                uint32_t pos) {
    const mr_job_t job = {.tile = 0, .pc = 0, .flags = flags, .slot = slot, .pos = pos};
    const uint64_t before = get(c, TILE(JOBS_LO));
    reg_check_that(c,
                   mr_window_write(c->io, MR_MEM_PMEM, 0, 0, d->w, 8u * n) == MR_OK &&
                       mr_chip_bus_error(c->io) == MR_OK,
                   "program");
    reg_check_that(c, mr_hub_inject(c->io, &job) == MR_OK, "injection");
    for (uint32_t i = 0; i < POLLS && get(c, TILE(JOBS_LO)) == before; i++) {
        pass(c, POLL_CYCLES);
    }
    pass(c, POLL_CYCLES);
}

static uint32_t results(reg_check_t *c) {
    return get(c, HUB(RES_STATUS)) & MR_HUB_RES_STATUS_COUNT_MASK;
}

/* Sticky: there, survives a 0 and a 1 in every other bit, and goes with a 1. */
static void sticky(reg_check_t *c, uint32_t addr, uint32_t mask, const char *name) {
    reg_check_that(c, (get(c, addr) & mask) != 0, "%s is not set", name);
    set(c, addr, 0);
    reg_check_that(c, (get(c, addr) & mask) != 0, "%s is cleared by a 0", name);
    set(c, addr, mask);
    reg_check_that(c, (get(c, addr) & mask) == 0, "%s is not cleared by a 1", name);
}

/* ---- chip ---- */

static void bus_error(reg_check_t *c) {
    uint32_t v;
    reg_check_that(c, mr_mmio_read32(c->io, NOWHERE, &v) == MR_DEVICE, "read of nothing");
    sticky(c, CHIP(STATUS), MR_CHIP_STATUS_BUS_ERROR_MASK, "chip.STATUS.bus_error");
}

static void tile_error(reg_check_t *c) {
    const desc_t d[] = {send2, {{OP_UNKNOWN, 0, 0, 0, 0, 0, 0, 0}}, end};
    run(c, d, 3, 0, 0, 0);
    reg_check_that(c, get(c, TILE(ERROR)) == (1u | 1u << MR_TILE_ERROR_PC_SHIFT),
                   "tile.ERROR: 0x%08" PRIX32 ", expected code 1 of descriptor 1",
                   get(c, TILE(ERROR)));
    sticky(c, CHIP(STATUS), MR_CHIP_STATUS_TILE_ERROR_MASK, "chip.STATUS.tile_error");
    sticky(c, TILE(ERROR), MR_TILE_ERROR_CODE_MASK, "tile.ERROR.code");
    reg_check_that(c, get(c, TILE(ERROR)) == 1u << MR_TILE_ERROR_PC_SHIFT, "tile.ERROR.pc stays");
}

static void kv_error(reg_check_t *c) {
    const desc_t d[] = {append, end};
    run(c, d, 2, 0, 0, 5); /* the slot is empty: position 0 is due */
    reg_check_that(c, get(c, KV(REFUSED)) >> MR_KV_REFUSED_POS_SHIFT != 0, "kv.REFUSED.pos");
    sticky(c, CHIP(STATUS), MR_CHIP_STATUS_KV_ERROR_MASK, "chip.STATUS.kv_error");
    sticky(c, KV(ERROR), MR_KV_ERROR_REFUSED_MASK, "kv.ERROR.refused");
}

static void link_error(reg_check_t *c) {
#ifdef MR_HAVE_SIM
    if (mr_backend_sim_link_noise(c->io, 1, 1) != MR_OK) {
        return; /* no links that can fail */
    }
    reg_check_that(c, comes(c, LINK(STATUS), MR_LINK_STATUS_DOWN_MASK, MR_LINK_STATUS_DOWN_MASK),
                   "a dead link goes down");
    reg_check_that(c,
                   comes(c, LINK(STATUS) + MR_LINK_STRIDE, MR_LINK_STATUS_RX_DOWN_MASK,
                         MR_LINK_STATUS_RX_DOWN_MASK),
                   "its receiver goes down");
    reg_check_that(
        c, mr_backend_sim_link_noise(c->io, 1, 0) == MR_OK && mr_chip_soft_reset(c->io) == MR_OK,
        "soft reset");
    reg_check_that(c, get(c, LINK(STATUS)) == 0, "link.STATUS after a soft reset");
    sticky(c, CHIP(STATUS), MR_CHIP_STATUS_LINK_ERROR_MASK, "chip.STATUS.link_error");
#else
    (void)c;
#endif
}

/* Drops a result and a KV page. */
static void soft_reset(reg_check_t *c) {
    const desc_t d[] = {append, send2, end};
    const uint32_t pages = get(c, KV(PAGES_FREE));
    run(c, d, 3, 0, 0, 0);
    reg_check_that(c, results(c) == 1 && get(c, KV(PAGES_FREE)) == pages - 1u,
                   "a result and a page in use");
    set(c, CHIP(CONTROL), MR_CHIP_CONTROL_SOFT_RESET_MASK);
    reg_check_that(c,
                   comes(c, KV(STATUS), MR_KV_STATUS_READY_MASK, MR_KV_STATUS_READY_MASK) &&
                       results(c) == 0 && get(c, KV(PAGES_FREE)) == pages &&
                       get(c, TILE(CTRL)) == 0,
                   "neither of them after a soft reset");
}

static void crc_start(reg_check_t *c) {
    /* CRC-32 of the words 77 and 0, bytes 4D 00 00 00 00 00 00 00. */
    uint32_t want = UINT32_MAX;
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t bit = i < 8 ? TOKEN >> i & 1u : 0u;
        want = ((want ^ bit) & 1u) != 0 ? want >> 1 ^ 0xEDB88320u : want >> 1;
    }
    set(c, CHIP(MEM_TARGET), MR_MEM_VMEM);
    set(c, CHIP(MEM_CRC_START), 0);
    set(c, CHIP(MEM_CRC_COUNT), 2);
    set(c, CHIP(MEM_CRC_CTRL), MR_CHIP_MEM_CRC_CTRL_START_MASK);
    reg_check_that(
        c, comes(c, CHIP(MEM_CRC_STATUS), UINT32_MAX, 0) && get(c, CHIP(MEM_CRC_VALUE)) == ~want,
        "chip.MEM_CRC_VALUE");
    /* Runs that leave the memory, at the end of it and at once: refused without a walk of hours. */
    for (uint32_t first = 0; first != 2; first++) {
        set(c, CHIP(MEM_TARGET), first == 0 ? MR_MEM_VMEM : MR_MEM_PMEM);
        set(c, CHIP(MEM_CRC_START), first << 29);
        set(c, CHIP(MEM_CRC_COUNT), first == 0 ? UINT32_MAX : 1u);
        set(c, CHIP(MEM_CRC_CTRL), MR_CHIP_MEM_CRC_CTRL_START_MASK);
        reg_check_that(
            c, comes(c, CHIP(MEM_CRC_STATUS), UINT32_MAX, MR_CHIP_MEM_CRC_STATUS_ERROR_MASK),
            "a CRC run beyond the memory is refused");
    }
}

/* ---- hub ---- */

static void push_and_pop(reg_check_t *c) {
    const desc_t d[] = {send2, end};
    const uint32_t before = get(c, HUB(MSGS_LO));
    run(c, d, 2, 0, 3, 9);
    reg_check_that(c, get(c, HUB(MSGS_LO)) == before + 2u, "hub.MSGS counts job and result");
    reg_check_that(c,
                   results(c) == 1 && get(c, HUB(RES_POS)) == 9 && get(c, HUB(RES_LEN)) == 2 &&
                       get(c, HUB(RES_HDR)) == (3u | 7u << 16),
                   "the job's result");
    for (uint32_t i = 0; i < 2; i++) { /* the second one is ignored */
        set(c, HUB(RES_CTRL), MR_HUB_RES_CTRL_POP_MASK);
        reg_check_that(c, results(c) == 0, "RES_CTRL.pop");
    }
}

static uint32_t loop_valid(reg_check_t *c) {
    return get(c, HUB(LOOP_TOKEN)) & MR_HUB_LOOP_TOKEN_VALID_MASK;
}

static void loop(reg_check_t *c) {
    const desc_t d[] = {send2, end};
    if ((get(c, HUB(LOOP_CAPS)) & MR_HUB_LOOP_CAPS_SLOTS_MASK) == 0) {
        return; /* no loop */
    }
    reg_check_that(c, mr_loop_arm(c->io, 0, 1, NULL, 0) == MR_OK, "arm");
    run(c, d, 2, FLAG_TOPK, 0, 4);
    reg_check_that(c,
                   results(c) == 0 &&
                       get(c, HUB(LOOP_TOKEN)) ==
                           (TOKEN | MR_HUB_LOOP_TOKEN_WHY_LENGTH << MR_HUB_LOOP_TOKEN_WHY_SHIFT |
                            MR_HUB_LOOP_TOKEN_VALID_MASK) &&
                       get(c, HUB(LOOP_POS)) == 5,
                   "LOOP_CTRL.arm: the token is in the queue");
    set(c, HUB(LOOP_POP), MR_HUB_LOOP_POP_POP_MASK);
    pass(c, 16);
    reg_check_that(c, loop_valid(c) == 0, "LOOP_POP.pop");
    reg_check_that(c,
                   mr_loop_arm(c->io, 0, 1, NULL, 0) == MR_OK && mr_loop_disarm(c->io, 0) == MR_OK,
                   "arm and disarm");
    run(c, d, 2, FLAG_TOPK, 0, 4);
    reg_check_that(c, results(c) == 1 && loop_valid(c) == 0,
                   "LOOP_CTRL.disarm: the token is a result");
}

/* ---- KV ---- */

static void kv_init(reg_check_t *c) {
    const desc_t d[] = {append, end};
    const uint32_t pages = get(c, KV(PAGES_FREE));
    reg_check_that(c, pages == get(c, KV(PAGES)) && pages != 0, "kv.PAGES_FREE");
    run(c, d, 2, 0, 0, 0);
    reg_check_that(c, get(c, KV(PAGES_FREE)) == pages - 1u, "a page in use");
    set(c, KV(CTRL), MR_KV_CTRL_INIT_MASK);
    reg_check_that(c,
                   comes(c, KV(STATUS), MR_KV_STATUS_READY_MASK, MR_KV_STATUS_READY_MASK) &&
                       get(c, KV(PAGES_FREE)) == pages,
                   "kv.CTRL.init frees it");
}

static void kv_count(reg_check_t *c) {
    uint32_t sum = 0;
    set(c, KV(CTRL), MR_KV_CTRL_SNAP_MASK);
    for (uint32_t i = 0; i < 7; i++) {
        set(c, KV(COUNT_SEL), i << MR_KV_COUNT_SEL_COUNTER_SHIFT | MR_KV_COUNT_SEL_GO_MASK);
        reg_check_that(c, comes(c, KV(COUNT_DATA), MR_KV_COUNT_DATA_BUSY_MASK, 0),
                       "kv.COUNT_DATA.busy falls");
        sum += get(c, KV(COUNT_DATA));
    }
    reg_check_that(c, (sum != 0) == (c->machine->clock_khz != 0),
                   "the data bus did something in every clock: %" PRIu32, sum);
}

static void kv_admin(reg_check_t *c) {
    const desc_t d[] = {append, end};
    const uint32_t pages = get(c, KV(PAGES_FREE));
    run(c, d, 2, 0, 0, 0);
    set(c, KV(ADMIN), MR_KV_ADMIN_OP_FREE << MR_KV_ADMIN_OP_SHIFT | MR_KV_ADMIN_GO_MASK);
    reg_check_that(c,
                   comes(c, KV(ADMIN_STATUS), MR_KV_ADMIN_STATUS_BUSY_MASK, 0) &&
                       get(c, KV(ADMIN_STATUS)) == 0 && get(c, KV(PAGES_FREE)) == pages,
                   "kv.ADMIN.go frees the slot's page");
    set(c, KV(ADMIN_LEN), 1);
    set(c, KV(ADMIN), MR_KV_ADMIN_OP_TRUNCATE << MR_KV_ADMIN_OP_SHIFT | MR_KV_ADMIN_GO_MASK);
    reg_check_that(c,
                   comes(c, KV(ADMIN_STATUS), MR_KV_ADMIN_STATUS_BUSY_MASK, 0) &&
                       get(c, KV(ADMIN_STATUS)) == 5u << MR_KV_ADMIN_STATUS_CODE_SHIFT,
                   "kv.ADMIN_STATUS.code of a refusal: 0x%" PRIX32, get(c, KV(ADMIN_STATUS)));
}

/* ---- ECC: only there ---- */

static void ecc_inject(reg_check_t *c, bool reads, uint32_t mask) {
    set(c, ECC(INJ), (reads ? MR_KV_ECC_INJ_READ_MASK : 0u) | 1u << MR_KV_ECC_INJ_EVERY_SHIFT);
    set(c, ECC(INJ_MASK_LO), mask);
    set(c, ECC(INJ_ENABLE), 1);
}

static void ecc_log(reg_check_t *c) {
    const desc_t write[] = {append, end};
    const desc_t read[] = {append, attend, end};
    /* The youngest positions come out of a buffer, not the DRAM. */
    for (uint32_t pos = 0; pos < ECC_POSITIONS; pos++) {
        run(c, write, 2, 0, 0, pos);
    }
    ecc_inject(c, true, 1);
    run(c, read, 3, 0, 0, ECC_POSITIONS);
    set(c, ECC(INJ_ENABLE), 0);
    reg_check_that(c, get(c, ECC(CORRECTED)) != 0 && get(c, ECC(INJECTED)) != 0,
                   "kv_ecc.CORRECTED counts");
    reg_check_that(c,
                   (get(c, ECC(LOG_STATUS)) & MR_KV_ECC_LOG_STATUS_COUNT_MASK) != 0 &&
                       (get(c, ECC(LOG_STATUS)) & MR_KV_ECC_LOG_STATUS_FIRST_VALID_MASK) != 0,
                   "kv_ecc.LOG_STATUS.count");
    set(c, ECC(COMMAND), MR_KV_ECC_COMMAND_LOG_POP_MASK);
    reg_check_that(
        c,
        (get(c, ECC(LOG_STATUS)) & MR_KV_ECC_LOG_STATUS_VALID_MASK) != 0 &&
            (get(c, ECC(LOG_HI)) & MR_KV_ECC_LOG_HI_KIND_MASK) >> MR_KV_ECC_LOG_HI_KIND_SHIFT == 1,
        "kv_ecc.COMMAND.log_pop shows a single error");
    set(c, ECC(COMMAND), MR_KV_ECC_COMMAND_CNT_CLEAR_MASK);
    reg_check_that(c, get(c, ECC(CORRECTED)) == 0 && get(c, ECC(INJECTED)) == 0,
                   "kv_ecc.COMMAND.cnt_clear");
    set(c, ECC(COMMAND), MR_KV_ECC_COMMAND_LOG_CLEAR_MASK);
    reg_check_that(c, get(c, ECC(LOG_STATUS)) == 0, "kv_ecc.COMMAND.log_clear");
}

/* The copy of a page that two slots share, with a word that cannot be corrected. */
static void page_copy(reg_check_t *c) {
    const desc_t d[] = {append, end};
    if (!c->ecc) {
        return; /* nobody knows that data is bad */
    }
    ecc_inject(c, false, 3);
    run(c, d, 2, 0, 0, 0);
    set(c, ECC(INJ_ENABLE), 0);
    reg_check_that(c, mr_kv_fork(c->io, 1, 0, 1, 100000) == MR_OK, "fork");
    run(c, d, 2, 0, 1, 1);
    reg_check_that(c, comes(c, KV(ERROR), MR_KV_ERROR_PAGE_COPY_MASK, MR_KV_ERROR_PAGE_COPY_MASK),
                   "kv.ERROR.page_copy comes");
    sticky(c, KV(ERROR), MR_KV_ERROR_PAGE_COPY_MASK, "kv.ERROR.page_copy");
    set(c, ECC(COMMAND), MR_KV_ECC_COMMAND_LOG_CLEAR_MASK | MR_KV_ECC_COMMAND_CNT_CLEAR_MASK);
}

/* ---- tile ---- */

static void tile_clear(reg_check_t *c) {
    set(c, TILE(CTRL), MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_FAIL_MASK);
    reg_check_that(c, (get(c, TILE(FAULT)) & MR_TILE_FAULT_FAILED_MASK) != 0, "tile.CTRL.fail");
    set(c, TILE(CTRL), MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_CLEAR_MASK);
    reg_check_that(c, (get(c, TILE(FAULT)) & MR_TILE_FAULT_FAILED_MASK) == 0, "tile.CTRL.clear");
}

static void tile_counters(reg_check_t *c) {
    const desc_t d[] = {send2, end};
    run(c, d, 2, 0, 0, 0);
    reg_check_that(c, get(c, TILE(JOBS_LO)) == 1 && get(c, TILE(DESCRIPTORS_LO)) != 0,
                   "tile.JOBS counts");
    set(c, TILE(CNT_CTRL), MR_TILE_CNT_CTRL_CLEAR_MASK);
    reg_check_that(c, get(c, TILE(JOBS_LO)) == 0 && get(c, TILE(DESCRIPTORS_LO)) == 0,
                   "tile.CNT_CTRL.clear");
}

/* ---- control core: its doorbells; what needs a program is in tests/rtl/core ---- */

static void bells(reg_check_t *c) {
    set(c, CORE(BELL), MR_CORE_BELL_RING_MASK);
    sticky(c, CORE(BELL), MR_CORE_BELL_PENDING_MASK, "core.BELL.pending");
    set(c, CORE(HOST_BELL), MR_CORE_HOST_BELL_RING_MASK);
    sticky(c, CORE(HOST_BELL), MR_CORE_HOST_BELL_PENDING_MASK, "core.HOST_BELL.pending");
}

static const struct {
    const char *name;
    void (*run)(reg_check_t *c); /* NULL: in tests/rtl/core */
} events[] = {
    {"chip.CONTROL.soft_reset", soft_reset},
    {"chip.STATUS.bus_error", bus_error},
    {"chip.STATUS.tile_error", tile_error},
    {"chip.STATUS.kv_error", kv_error},
    {"chip.STATUS.link_error", link_error},
    {"chip.MEM_CRC_CTRL.start", crc_start},
    {"hub.INJ_CTRL.push", push_and_pop},
    {"hub.RES_CTRL.pop", push_and_pop},
    {"hub.LOOP_CTRL.arm", loop},
    {"hub.LOOP_CTRL.disarm", loop},
    {"hub.LOOP_POP.pop", loop},
    {"kv.CTRL.init", kv_init},
    {"kv.CTRL.snap", kv_count},
    {"kv.COUNT_SEL.go", kv_count},
    {"kv.ADMIN.go", kv_admin},
    {"kv.ERROR.refused", kv_error},
    {"kv.ERROR.page_copy", page_copy},
    {"kv_ecc.COMMAND.log_clear", ecc_log},
    {"kv_ecc.COMMAND.log_pop", ecc_log},
    {"kv_ecc.COMMAND.cnt_clear", ecc_log},
    {"tile.CTRL.clear", tile_clear},
    {"tile.CTRL.fail", tile_clear},
    {"tile.ERROR.code", tile_error},
    {"tile.CNT_CTRL.clear", tile_counters},
    {"core.BELL.ring", bells},
    {"core.BELL.pending", bells},
    {"core.HOST_BELL.ring", bells},
    {"core.HOST_BELL.pending", bells},
    {"core.CTRL.run", NULL},
    {"core.STATUS.trap", NULL},
    {"core.STATUS.watchdog", NULL},
    {"core.FAULT.valid", NULL},
    {"core.BOOT_CTRL.go", NULL},
    {"core.BOOT_CTRL.pending", NULL},
    {"core.WDOG_LIMIT.value", NULL},
    {"core.WDOG_KICK.kick", NULL},
    {"core.SLEEP.sleep", NULL},
    {"core.BOOT_CHECK.start", NULL},
    {"core.UART_DATA.send", NULL},
    {"core.UART_DATA.take", NULL},
    {"core.UART_STATUS.tx_lost", NULL},
    {"core.UART_STATUS.rx_lost", NULL},
    {"core.UART_STATUS.framing", NULL},
};

#define EVENTS (sizeof events / sizeof events[0])

static bool event_is(size_t e, const mr_reg_block_t *block, const mr_reg_t *reg,
                     const mr_reg_field_t *field) {
    const size_t b = strlen(block->name);
    const size_t r = strlen(reg->name);
    const char *name = events[e].name;
    return strncmp(name, block->name, b) == 0 && name[b] == '.' &&
           strncmp(name + b + 1, reg->name, r) == 0 && name[b + 1 + r] == '.' &&
           strcmp(name + b + 2 + r, field->name) == 0;
}

static uint32_t try_field(reg_check_t *c, const mr_reg_block_t *block, const mr_reg_t *reg,
                          const mr_reg_field_t *field) {
    for (size_t e = 0; e < EVENTS; e++) {
        if (event_is(e, block, reg, field)) {
            if (events[e].run == NULL) {
                return 0;
            }
            fresh(c);
            events[e].run(c);
            return 1;
        }
    }
    reg_check_that(c, false, "%s.%s.%s has no test in tests/cosim/reg_events.c", block->name,
                   reg->name, field->name);
    return 0;
}

uint32_t reg_events(reg_check_t *c) {
    uint32_t tried = 0;
    for (size_t b = 0; b < mr_reg_block_count; b++) {
        const mr_reg_block_t *block = &mr_reg_blocks[b];
        for (size_t r = 0; r < block->reg_count && reg_check_instances(c, block) != 0; r++) {
            for (size_t f = 0; f < block->regs[r].field_count; f++) {
                const mr_reg_field_t *field = &block->regs[r].fields[f];
                if (field->access == MR_REG_CMD || field->access == MR_REG_W1C || field->live) {
                    tried += try_field(c, block, &block->regs[r], field);
                }
            }
        }
    }
    return tried;
}
