/* SPDX-License-Identifier: Apache-2.0 */
/* Golden store of the whole controller: who has how many positions, on which pages, which content
 * each vector has (a number, see mr_kv_content.h), how many pages are left, and so what every
 * command must be answered. Pages are numbered at will: which one a block gets is the controller's
 * business.
 *
 * Administration takes effect in steps between commands. The model does it at once, when it is
 * accepted, and until golden_admin_end() accepts both answers to "is a page left" for commands of
 * other slots. */
#ifndef MR_TESTS_RTL_KV_TOP_KV_GOLDEN_H
#define MR_TESTS_RTL_KV_TOP_KV_GOLDEN_H

#include "mr_kv_sim.h"

enum {
    GOLDEN_SLOTS = 128,
    GOLDEN_LAYERS = 4,
    GOLDEN_HEADS = 2,
    GOLDEN_BLOCKS = 64,
    GOLDEN_PAGES = 256
};

typedef struct {
    uint16_t page[GOLDEN_BLOCKS];
    bool bad[GOLDEN_BLOCKS]; /* the page's tag was written wrong */
    uint32_t blocks, quota;
    uint32_t len[GOLDEN_LAYERS][GOLDEN_HEADS][2];
} golden_slot_t;

/* What lies in a page, also behind the lengths: 0 nothing. */
typedef struct {
    uint32_t id[GOLDEN_LAYERS][GOLDEN_HEADS][2][32];
    uint32_t refs;
} golden_page_t;

typedef struct {
    mr_kv_sim_limits_t limits;
    mr_kv_sim_shape_t shape;
    bool refuse_all; /* the shape is outside the limits */
    golden_slot_t slot[GOLDEN_SLOTS];
    golden_page_t page[GOLDEN_PAGES];
    uint32_t used;      /* pages with references */
    uint32_t returning; /* pages, and copies, that an administration under way may still hold */
    bool admin, leaked; /* leaked: a page with a wrong tag is lost */
    uint32_t next_id;
    uint64_t copies, takes, forks, frees; /* coverage */
} golden_t;

/* Forgets everything but the numbers given to contents and the coverage. shape->pages is at most
 * GOLDEN_PAGES. */
void golden_start(golden_t *g, const mr_kv_sim_limits_t *limits, const mr_kv_sim_shape_t *shape);

/* Complete positions of a layer. */
uint32_t golden_length(const golden_t *g, uint32_t slot, uint32_t layer);

/* Content of a position that was written. */
uint32_t golden_id(const golden_t *g, const mr_kv_sim_cmd_t *cmd, uint32_t pos);

typedef struct {
    uint8_t status;
    bool or_no_page; /* status is 0, but 6 is right too */
} golden_answer_t;

/* What a command must be answered, when it is accepted now. */
golden_answer_t golden_check(const golden_t *g, const mr_kv_sim_cmd_t *cmd);

/* Carries out an APPEND that is answered 0. inject: its new page gets a wrong tag. @return the
 * number of its content. */
uint32_t golden_append(golden_t *g, const mr_kv_sim_cmd_t *cmd, bool inject);

/* Carries out an administration command. @return its status. */
uint8_t golden_admin(golden_t *g, const mr_kv_sim_admin_t *ad);
void golden_admin_end(golden_t *g);

/* Sum of all bytes that lie in the device once no freed page is left to scrub. */
uint64_t golden_bytes(const golden_t *g, uint32_t block_bytes);

#endif
