/* SPDX-License-Identifier: Apache-2.0 */
/* State of the functional device model and the interfaces between its parts (internal). */
#ifndef MR_MODEL_H
#define MR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/backend_model.h"
#include "millrace/ops.h"
#include "model_kernels.h"

/* Statuses of a job (docs/tile_isa.md section 4). */
enum {
    MODEL_JOB_OK = 0,
    MODEL_JOB_OPCODE = 1,
    MODEL_JOB_RANGE = 2,
    MODEL_JOB_TOKEN = 3,
    MODEL_JOB_KV_WHO = 4,
    MODEL_JOB_KV_POS = 5,
    MODEL_JOB_KV_PAGES = 6,
    MODEL_JOB_KV_INTEGRITY = 7,
    MODEL_JOB_WATCHDOG = 8,
    MODEL_JOB_NET = 9
};

/* Words of 32 bits: a lane's part of a WMEM word, and a descriptor. */
#define MODEL_LANE_WORDS 9u
#define MODEL_DESC_WORDS 8u
#define MODEL_PAGE_TOKENS 32u
#define MODEL_CHANNELS_MAX 8u

/* A message on the group network, header only. */
typedef struct {
    uint32_t dest;
    uint32_t token;
    uint32_t pos;
    uint32_t offset;
    uint16_t pc;
    uint8_t slot;
    uint8_t flags;
    uint8_t status;
    uint8_t parts;
    uint8_t hops; /* links of the ring to go over before dest counts */
} model_msg_t;

/* A job in an input buffer. */
typedef struct {
    bool used;
    uint8_t left; /* messages still to come */
    uint8_t slot;
    uint8_t flags;
    uint8_t status;
    uint16_t pc;
    bool wrapped; /* the program passed the end of PMEM */
    uint32_t pos;
    uint32_t token;
    uint64_t heard; /* cycle of the last message */
} model_job_t;

typedef struct {
    uint32_t group;
    /* memories */
    uint32_t *wmem; /* [word][lane][MODEL_LANE_WORDS] */
    float *wscale;  /* [word][lane]: the Q8_0 scale of each lane word as f32 */
    float *vmem;
    mr_block_t *xmem;
    uint32_t *pmem;
    uint32_t stage[8]; /* words 0..7 of a lane word or block being written */
    /* jobs */
    model_job_t jobs[MR_BACKEND_MODEL_BUFS_MAX];
    uint8_t queue[MR_BACKEND_MODEL_BUFS_MAX]; /* complete jobs in order of arrival */
    uint32_t queued;
    bool busy;
    uint8_t running; /* index of the running job while busy */
    /* registers */
    bool enable;
    uint32_t in_base;
    uint32_t in_size;
    uint32_t error_code;
    uint32_t error_pc;
    uint32_t watchdog;
    bool failed; /* given up */
    uint8_t fault_slot;
    uint64_t n_jobs;
    uint64_t n_descriptors;
    uint32_t latch;
} model_tile_t;

typedef struct {
    model_msg_t hdr;
    uint32_t len;
} model_result_t;

#define MODEL_LOOP_STOPS 4u

/* An entry of the token queue. */
typedef struct {
    uint32_t token;
    uint32_t pos;
    uint8_t slot;
    uint8_t why; /* MR_HUB_LOOP_TOKEN_WHY_x */
} model_token_t;

/* What LOOP_CTRL.arm gave a slot. */
typedef struct {
    bool armed;
    uint32_t left;
    uint32_t stop[MODEL_LOOP_STOPS]; /* as in LOOP_STOP0 */
} model_loop_slot_t;

typedef struct {
    /* registers */
    uint32_t dest;
    uint32_t pc;
    uint32_t ctrl; /* slot */
    uint32_t pass;
    model_loop_slot_t next; /* for the next arm */
    uint16_t parks;
    uint64_t jobs;
    model_loop_slot_t slot[MR_BACKEND_MODEL_SLOTS_MAX];
    /* rings */
    model_token_t token[MR_BACKEND_MODEL_TOKENS_MAX];
    uint32_t token_head;
    uint32_t token_count;
    model_msg_t job[MR_BACKEND_MODEL_SLOTS_MAX];
    uint32_t job_head;
    uint32_t job_count;
} model_loop_t;

typedef struct {
    /* registers */
    uint32_t inj_dest;
    uint32_t inj_prog;
    uint32_t inj_token;
    uint32_t inj_pos;
    uint32_t inj_slot;
    uint64_t msgs;
    uint32_t latch;
    /* injection under way */
    bool pending;
    model_msg_t msg;
    /* results: a ring */
    model_result_t results[MR_BACKEND_MODEL_RESULTS_MAX];
    uint32_t head;
    uint32_t count;
    float *data; /* [buffer][res_size] */
    model_loop_t loop;
} model_hub_t;

/* What is written of a (slot, layer): complete positions, and for the position being written one
 * bit a (head, kind). */
typedef struct {
    uint32_t len;
    uint64_t bits[2]; /* K, V; bit = head of the channel */
} model_kv_len_t;

/* Pages of a channel: it has head h where h mod channels is its number. */
typedef struct {
    uint32_t heads;
    uint32_t n_free;     /* entries of free_list */
    uint32_t *free_list; /* [kv_pages] */
    uint32_t *refs;      /* [kv_pages]: slots that share the page */
    uint32_t *table;     /* [slot][kv_slot_blocks]: page */
    uint32_t *n_blocks;  /* [slot]: used entries of table */
    uint32_t *quota;     /* [slot]: most entries of table */
    model_kv_len_t *len; /* [slot][kv_layers] */
    mr_block_t *dram;    /* [page][layer][head][kind][position][nbh] */
} model_kv_channel_t;

typedef struct {
    /* registers, as written */
    uint32_t config;
    uint32_t pages_max;
    uint32_t chunk, part, step; /* mean nothing here: no DRAM */
    uint32_t admin;             /* slot, src and op */
    uint32_t admin_len;
    uint32_t admin_code;
    uint32_t count_sel;
    uint16_t refused[4]; /* by status - 4 */
    bool error;
    /* taken over by CTRL.init */
    uint32_t layers;
    uint32_t heads;
    uint32_t nbh;
    uint32_t pages; /* usable pages of each channel */
    bool usable;    /* the shape is legal */
    model_kv_channel_t channel[MODEL_CHANNELS_MAX];
} model_kv_t;

typedef struct {
    mr_backend_model_config_t cfg;
    const mr_model_kernels_t *kernels;
    uint64_t cycles;
    uint32_t latch;
    uint32_t scratch;
    uint32_t status; /* sticky bits of chip STATUS */
    uint32_t mem_target;
    uint32_t mem_base;
    uint32_t crc_start;
    uint32_t crc_count;
    uint32_t crc_value;
    bool crc_error;
    uint32_t next_tile; /* first tile of the next scheduling round */
    model_hub_t hub;
    uint32_t link_msgs[MR_BACKEND_MODEL_GROUPS_MAX]; /* on the link to the next group */
    model_kv_t *kv;                                  /* [groups] */
    model_tile_t *tiles;                             /* [groups][tiles] */
} model_t;

/* Tiles of all groups. */
static inline uint32_t mr_model_tiles(const model_t *m) {
    return m->cfg.groups * m->cfg.tiles;
}

/* ---- model_net.c: messages, input buffers, results, scheduling ----------------------------------
 */

/* Delivers a message of a group's node with n payload elements to every node of its mask, in the
 * group that it reaches; false, and nothing happens, while one of them has no buffer for it. */
bool mr_model_net_send(model_t *m, uint32_t group, const model_msg_t *msg, const float *payload,
                       uint32_t n);

/* Starts the oldest waiting job of an idle, enabled tile; false if there is none. */
bool mr_model_net_take(model_tile_t *tile);

/* Drops every job of a tile. */
void mr_model_net_clear(model_tile_t *tile);

/* Queues jobs with status 8 whose missing messages did not come for the watchdog's time; true if
 * there were any. */
bool mr_model_net_expire(model_t *m, model_tile_t *tile);

/* True while any input buffer of the tile is in use. */
bool mr_model_net_tile_has_job(const model_t *m, const model_tile_t *tile);

/* Runs jobs until nothing moves or the bound of one access is reached. */
void mr_model_run(model_t *m);

/* ---- model_loop.c: the token loop of the hub
 * ------------------------------------------------------ */

/* Empties the loop and disarms every slot; the registers that firmware wrote stay. */
void mr_model_loop_reset(model_t *m);

/* Whether a message to the hub with n payload elements is the loop's. */
bool mr_model_loop_takes(const model_t *m, const model_msg_t *msg, uint32_t n);

/* Takes such a message; token is its first element as it is. */
void mr_model_loop_take(model_t *m, const model_msg_t *msg, uint32_t token);

/* Injects the oldest job; false if there is none or the network cannot take it. */
bool mr_model_loop_inject(model_t *m);

/* The hub's LOOP registers; false: there is none at this offset. */
bool mr_model_loop_read(model_t *m, uint32_t offset, uint32_t *value);
bool mr_model_loop_write(model_t *m, uint32_t offset, uint32_t value);

/* ---- model_tile.c: the sequencer
 * ----------------------------------------------------------------- */

/* Executes descriptors of the tile's jobs until it has none, is blocked by the network, or *budget
 * descriptors are used up; true if anything was done. */
bool mr_model_tile_run(model_t *m, model_tile_t *tile, uint32_t *budget);

/* Gives the tile up: its running job and all later ones get status 8. */
void mr_model_tile_give_up(model_t *m, model_tile_t *tile);

/* ---- model_ops.c: the descriptors
 * ---------------------------------------------------------------- */

/* Executes one descriptor other than END and SEND for the running job. *issued: it passed the
 * sequencer's checks and counts as issued, although its unit may have refused it.
 * @return a job status */
uint8_t mr_model_op(model_t *m, model_tile_t *tile, const uint32_t *w, bool *issued);

/* Resolves the VMEM operand w of a descriptor for the running job and checks that `len` elements
 * are there; false if not, or if it is odd. */
bool mr_model_vmem_span(const model_t *m, const model_tile_t *tile, uint32_t w, uint64_t len,
                        uint32_t *addr);

/* ---- model_kv.c: front end of the KV controllers, one a group
 * ------------------------------------ */

void mr_model_kv_init(model_t *m, uint32_t group);

/* Appends nbh blocks.
 * @return a job status; on a refusal nothing changes and the refusal is counted */
uint8_t mr_model_kv_append(model_t *m, uint32_t group, uint32_t slot, uint32_t layer, uint32_t head,
                           uint32_t kind, uint32_t pos, const mr_block_t *blocks);

/* Checks that positions 0..pos of K and V of a head can be streamed; a refusal is counted. */
uint8_t mr_model_kv_check_stream(model_t *m, uint32_t group, uint32_t slot, uint32_t layer,
                                 uint32_t head, uint32_t pos);

/* Pages without an owner, in the channel that has fewest. */
uint32_t mr_model_kv_pages_free(const model_t *m, uint32_t group);

/* The 32 positions x nbh blocks of a page's (layer, head, kind). */
mr_block_t *mr_model_kv_chunk(model_t *m, uint32_t group, uint32_t slot, uint32_t block,
                              uint32_t layer, uint32_t head, uint32_t kind);

/* Carries the registers ADMIN and ADMIN_LEN out; the result is in admin_code. */
void mr_model_kv_admin(model_t *m, uint32_t group);

/* ---- model_window.c: memory window and CRC engine
 * ------------------------------------------------ */

/* One access to word `index` of the memory in MEM_TARGET; false if it is refused. */
bool mr_model_window_read(model_t *m, uint32_t index, uint32_t *value);
bool mr_model_window_write(model_t *m, uint32_t index, uint32_t value);
void mr_model_window_crc(model_t *m);

/* ---- model_regs.c: the register map
 * -------------------------------------------------------------- */

extern const mr_mmio_ops_t mr_model_mmio_ops;

/* ---- model.c
 * ------------------------------------------------------------------------------------- */

/* Releases a model, also a partly created one. */
void mr_model_close(void *ctx);

#endif
