/* SPDX-License-Identifier: Apache-2.0 */
/* Golden model of the front end's tables: who owns which page, what is written, what each command
 * must be answered. Told with one length per (slot, layer, head, kind) and one reference count per
 * page; the page that a new block gets is the module's choice and only judged.
 *
 * Administration happens in steps between commands. The model does it at once, when the flush ends,
 * and marks the pages that are on their way back (returning) until kv_tables_admin_end: meanwhile
 * both answers to "is there a page left" and "is the page still shared" are accepted. */
#ifndef MR_TESTS_RTL_KV_CMD_KV_TABLES_H
#define MR_TESTS_RTL_KV_CMD_KV_TABLES_H

#include "kv_cmd_dut.h"

enum {
    KV_MAX_SLOTS = 128,
    KV_MAX_LAYERS = 4,
    KV_MAX_HEADS = 3,
    KV_MAX_BLOCKS = 16,
    KV_MAX_PAGES = 512
};

typedef enum { KV_FRESH, KV_USED, KV_DIRTY, KV_CLEAN } kv_page_state_t;

typedef struct {
    kv_page_state_t state;
    unsigned
        refs; /* block table entries that count; a page whose tag is wrong keeps its last one */
    bool returning; /* one more reference is being given back */
} kv_page_t;

typedef struct {
    unsigned page, rot;
    bool bad; /* the page's tag was written wrong */
} kv_block_t;

typedef struct {
    unsigned blocks, quota;
    kv_block_t block[KV_MAX_BLOCKS];
    unsigned len[KV_MAX_LAYERS][KV_MAX_HEADS][2];
} kv_slot_t;

typedef struct {
    kv_cmd_params_t params;
    kv_cmd_cfg_t cfg;
    bool cfg_bad;
    unsigned usable; /* pages that the configuration and the device allow */
    unsigned fresh;  /* pages ever taken */
    kv_slot_t slot[KV_MAX_SLOTS];
    kv_page_t page[KV_MAX_PAGES];
    kv_page_job_t copy; /* the last copy, until an APPEND uses it */
    bool copied;
    unsigned copies, scrubs, takes, forks; /* coverage */
} kv_tables_t;

/* Forgets everything. */
void kv_tables_start(kv_tables_t *t, const kv_cmd_params_t *params, const kv_cmd_cfg_t *cfg);
/* Complete positions of a layer. */
unsigned kv_tables_length(const kv_tables_t *t, unsigned slot, unsigned layer);
/* Status before pages are looked at: 0, 4, 5 or 6 (quota). */
unsigned kv_tables_check(const kv_tables_t *t, const kv_cmd_t *cmd);
/* Judges the job and carries it out; returns NULL when fine, else what is wrong. */
const char *kv_tables_job(kv_tables_t *t, const kv_cmd_t *cmd, const kv_job_t *job, bool inject);
/* Status of an administration command, carried out. */
unsigned kv_tables_admin(kv_tables_t *t, const kv_admin_t *ad);
void kv_tables_admin_end(kv_tables_t *t);
/* Judges a run of the page engine when it starts and ends. */
const char *kv_tables_page_start(const kv_tables_t *t, const kv_page_job_t *pe);
void kv_tables_page_end(kv_tables_t *t, const kv_page_job_t *pe);
/* Pages in use, with those returning. */
unsigned kv_tables_used(const kv_tables_t *t, bool with_returning);

#endif
