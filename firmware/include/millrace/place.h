/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: which tile does which stage of a model, and where everything lies in the tiles'
 * memories.
 *
 * A model is a chain of steps: step 0 EMBED, then for each layer five stages (MR_STAGE_*), then the
 * head. A run of steps on one tile is a **visit**: the tile gets one job for it. Steps go over the
 * tiles of group 0, then those of group 1 and so on, so that links carry jobs in one direction
 * only; a layer's KV cache is in the group of its ATTEND. A head that shares its matrix with EMBED
 * has it on the same tile; on a chip of several groups it gets a copy behind the last layer if
 * there is room, so that the chain comes to no tile twice. Layout of a tile's VMEM, from 0 upwards:
 * norm weights of its stages, RoPE frequencies, scratch, four input buffers. An input buffer holds
 * x (d elements) and behind it what the first step of a visit needs besides x: QKV, GATE_UP, HEAD
 * nothing      ATTEND  q, k, v (n_heads hd + 2 n_kv hd)      OUT attention's output (n_heads hd)
 * DOWN  the gated hidden vector (n_ff)
 *
 * **Shards.** With k > 1 shards the tiles of a group stand in teams of k neighbours, and a team
 * does a step together: matrices by rows (QKV by heads), attention by query heads, the head by rows
 * of the vocabulary. Every row is still computed whole by one tile, so no bit depends on k. All
 * tiles of a team have the same layout; shard i of a step is on tile step.tile + i. Each step is a
 * visit of its own, and the shards gather the next step's input by multicast
 * (docs/architecture.md). EMBED stays on one tile. MERGE visits gather what the shards of the head
 * found; RELAY visits gather x before it goes over a link. They have a tile without steps, if their
 * group has one. A layer stays in one group.
 *
 * **Clones.** Without shards a visit may stand on 2, 4 or 8 neighbouring tiles that are all alike;
 * slot s uses tile s mod clones. MR_PLACE_EFFICIENCY has balance.h cut the chain into such visits
 * with the costs of cost.h, no quicker than all slots together can make use of, and takes its
 * answer where that shortens the busiest tile's time by a quarter or more; then a head that shares
 * EMBED's matrix has a copy, and no tile is visited twice.
 */
#ifndef MR_PLACE_H
#define MR_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/balance.h"
#include "millrace/image.h"
#include "millrace/machine.h"
#include "millrace/status.h"

enum { MR_STAGE_QKV, MR_STAGE_ATTEND, MR_STAGE_OUT, MR_STAGE_GATE_UP, MR_STAGE_DOWN, MR_STAGES };

#define MR_PLACE_STEPS_MAX (MR_IMAGE_LAYERS_MAX * MR_STAGES + 2u)
/* Each step, a RELAY behind every group but the last, MERGE. */
#define MR_PLACE_VISITS_MAX (MR_PLACE_STEPS_MAX + MR_MACHINE_GROUPS_MAX)

/* A gather has a part of each shard and one more, and a message counts 15 parts at most. */
#define MR_PLACE_SHARDS_MAX 14u

/* Placement modes: 1..MR_PLACE_SHARDS_MAX is the number of shards by hand. */
#define MR_PLACE_EFFICIENCY 1u /* the most users in flight: no shards, slow visits have clones */
#define MR_PLACE_LATENCY 0u    /* as many shards as make one user's token quickest (cost.h) */

/* What a model needs that a machine may not have; the reason of a refusal. */
typedef enum {
    MR_FIT_OK,
    MR_FIT_WMEM,      /* weight words, all tiles together */
    MR_FIT_WMEM_TILE, /* weight words that a tile must have, as no piece can be cut */
    MR_FIT_VMEM,      /* vector elements of a tile */
    MR_FIT_XMEM,      /* quantised blocks of a tile */
    MR_FIT_PMEM,      /* descriptors of a tile */
    MR_FIT_IN_SIZE,   /* elements of an input buffer */
    MR_FIT_RESULT,    /* elements of a result buffer (one logit for each row of the vocabulary) */
    MR_FIT_KV_LAYERS, /* of the KV caches of all groups */
    MR_FIT_KV_HEADS,
    MR_FIT_KV_NBH,
    MR_FIT_TILES,   /* of a group: as many as there are shards */
    MR_FIT_IN_BUFS, /* input buffers: two for shards that come to a tile more than once */
} mr_fit_reason_t;

typedef struct {
    mr_fit_reason_t reason;
    uint64_t needed;
    uint64_t available;
} mr_fit_t;

/* Name of the resource behind a reason, for messages; never NULL. */
const char *mr_fit_text(mr_fit_reason_t reason);

/* One step's place. */
typedef struct {
    uint8_t tile;     /* of the first shard or clone, numbered through all groups */
    uint8_t clones;   /* 1, 2, 4 or 8; 1 where there are shards */
    uint8_t kv_layer; /* ATTEND: the layer's number in its group's KV cache */
    uint32_t wmem;    /* first WMEM word of its matrix (unused by ATTEND) */
    uint32_t norm;    /* VMEM address of its norm weights (QKV, GATE_UP, head) */
} mr_step_place_t;

typedef struct {
    uint32_t wmem_used;
    uint32_t vmem_used;
    uint32_t pmem_used;
    uint32_t rope_f;  /* VMEM address of the RoPE frequencies; only on tiles with a QKV stage */
    uint32_t scratch; /* VMEM address */
    uint32_t in_base; /* VMEM address of the input buffers */
} mr_tile_place_t;

typedef enum {
    MR_VISIT_STEPS, /* steps first..last; one step where there are shards */
    MR_VISIT_RELAY, /* gathers x behind step first and sends it to the next group */
    MR_VISIT_MERGE, /* gathers the head's results and sends them to the hub */
} mr_visit_kind_t;

/* A visit: steps first..last on one tile or team, starting at descriptor pc of each of its tiles.
 */
typedef struct {
    uint8_t tile;   /* of the first shard or clone */
    uint8_t shards; /* tiles tile..tile + shards - 1 */
    uint8_t clones; /* or tiles tile..tile + clones - 1, of which slot s uses s mod clones */
    uint8_t kind;   /* mr_visit_kind_t */
    uint16_t first;
    uint16_t last;
    uint16_t pc;
} mr_visit_t;

/* Formats of the matrices, which decide their size in WMEM. tensor is indexed by mr_image_kind_t;
 * norms are not looked at. */
typedef struct {
    uint8_t tensor[MR_IMAGE_LAYERS_MAX][MR_IMAGE_LAYER_KINDS]; /* mr_image_format_t */
    uint8_t embed;
    uint8_t head;
} mr_place_formats_t;

/* The whole placement. About 210 KB: static or in host memory, never on a stack. Read only. */
typedef struct mr_placement {
    mr_model_shape_t shape;
    mr_machine_t machine;
    mr_place_formats_t formats; /* mr_load's, here to keep it off the stack */
    uint32_t shards;            /* of each step but EMBED */
    bool split_kv; /* shards may have some query heads of a KV head, and all stream it */
    uint32_t n_steps;
    uint32_t n_visits;
    uint32_t in_size;                          /* elements of an input buffer */
    uint32_t window;                           /* jobs that may be in flight */
    bool shared_head;                          /* the head uses EMBED's matrix */
    uint16_t kv_layers[MR_MACHINE_GROUPS_MAX]; /* whose ATTEND is in the group */
    mr_step_place_t step[MR_PLACE_STEPS_MAX];
    mr_visit_t visit[MR_PLACE_VISITS_MAX];
    mr_tile_place_t tile[MR_MACHINE_TILES_MAX];
    mr_balance_t balance; /* used while placing only */
} mr_placement_t;

/* The tensors of a stage, which lie one below the other in its matrix; returns their number (0 for
 * ATTEND). */
uint32_t mr_place_stage_kinds(uint32_t stage, const mr_image_kind_t **kinds);

/* Words of WMEM that rows x cols take on a tile with `lanes` lanes. */
uint32_t mr_place_words(mr_image_format_t format, uint32_t rows, uint32_t cols, uint32_t lanes);

/* Rows first..first + n - 1 of a matrix; n may be 0. */
typedef struct {
    uint32_t first;
    uint32_t n;
} mr_rows_t;

/* The part of n rows that a shard has, in whole units; earlier shards have the larger parts. */
mr_rows_t mr_place_split(uint32_t n, uint32_t unit, uint32_t shards, uint32_t shard);

/* The rows of a layer's matrix, or of EMBED or HEAD, that a shard has. WQ, WK and WV, one below the
 * other, are split together into heads; EMBED is shard 0's. */
mr_rows_t mr_place_rows(const mr_model_shape_t *shape, mr_image_kind_t kind, uint32_t shards,
                        uint32_t shard);

/* The query heads of a shard. */
mr_rows_t mr_place_heads(const mr_placement_t *p, uint32_t shard);

/* Pairs of index and value that a TOP result carries, in the order of their indices: one for each
 * shard of the head that has rows. */
uint32_t mr_place_candidates(const mr_placement_t *p);

/* Shards of a step. */
static inline uint32_t mr_step_shards(const mr_placement_t *p, uint32_t step) {
    return step == 0 ? 1u : p->shards;
}

/* Tiles of a step, its shards or its clones. */
static inline uint32_t mr_step_tiles(const mr_placement_t *p, uint32_t step) {
    return mr_step_shards(p, step) * p->step[step].clones;
}

/* Tiles of a visit. */
static inline uint32_t mr_visit_tiles(const mr_visit_t *visit) {
    return (uint32_t)visit->shards * visit->clones;
}

/* Places a model in a mode (MR_PLACE_*); every matrix may have a format of its own.
 * @return MR_OK; MR_NO_SPACE with the reason in fit when the machine is too small; MR_RANGE for an
 * illegal shape or mode; MR_UNSUPPORTED for a machine that mr_machine_check refuses. fit says
 * MR_FIT_OK unless MR_NO_SPACE. */
MR_NODISCARD mr_status_t mr_place_mode(mr_placement_t *self, const mr_model_shape_t *shape,
                                       const mr_place_formats_t *formats,
                                       const mr_machine_t *machine, uint32_t mode, mr_fit_t *fit);

/* mr_place_mode for MR_PLACE_EFFICIENCY. */
MR_NODISCARD mr_status_t mr_place(mr_placement_t *self, const mr_model_shape_t *shape,
                                  const mr_place_formats_t *formats, const mr_machine_t *machine,
                                  mr_fit_t *fit);

/* Layer and stage of a step; only for steps between EMBED and head. */
static inline uint32_t mr_step_layer(uint32_t step) {
    return (step - 1u) / MR_STAGES;
}
static inline uint32_t mr_step_stage(uint32_t step) {
    return (step - 1u) % MR_STAGES;
}

#endif
