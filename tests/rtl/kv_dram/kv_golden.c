/* SPDX-License-Identifier: Apache-2.0 */
/* Golden KV store; see kv_golden.h. */
#include "kv_golden.h"

#include <string.h>

enum { STREAM = 0, APPEND = 1 };

/* Every head has K and V of all positions before pos. */
static bool layer_complete_to(const kv_golden_t *g, const kv_cmd_t *cmd) {
    for (unsigned h = 0; h < g->heads; h++) {
        for (unsigned k = 0; k < 2U; k++) {
            if (g->len[cmd->slot][cmd->layer][h][k] < cmd->pos) {
                return false;
            }
        }
    }
    return true;
}

unsigned kv_golden_status(const kv_golden_t *g, const kv_cmd_t *cmd, unsigned free_pages) {
    if (cmd->op > APPEND || cmd->slot >= KV_SLOTS || cmd->layer >= g->layers ||
        cmd->head >= g->heads) {
        return 4;
    }
    const unsigned len = g->len[cmd->slot][cmd->layer][cmd->head][cmd->kind];
    if (cmd->op == STREAM) {
        const bool fine = cmd->pos % 32U == 0U && cmd->count >= 1U && cmd->count <= 32U &&
                          cmd->pos + cmd->count <= len;
        return fine ? 0U : 5U;
    }
    if (cmd->count != 1U || cmd->pos != len || !layer_complete_to(g, cmd)) {
        return 5;
    }
    const unsigned block = cmd->pos / 32U;
    if (block >= KV_SLOT_BLOCKS ||
        (block >= g->blocks[cmd->slot] && (free_pages == 0U || g->owned >= g->fit))) {
        return 6;
    }
    return 0;
}

void kv_golden_append(kv_golden_t *g, const kv_cmd_t *cmd, uint8_t blocks[][KV_BLOCK_BYTES]) {
    if (cmd->pos / 32U >= g->blocks[cmd->slot]) {
        g->blocks[cmd->slot]++;
        g->owned++;
    }
    memcpy(g->data[cmd->slot][cmd->layer][cmd->head][cmd->kind][cmd->pos], blocks,
           (size_t)g->nbh * KV_BLOCK_BYTES);
    g->len[cmd->slot][cmd->layer][cmd->head][cmd->kind]++;
}

void kv_golden_free_begin(kv_golden_t *g, unsigned slot) {
    memset(g->len[slot], 0, sizeof g->len[slot]);
    g->returning = g->blocks[slot];
    g->owned -= g->blocks[slot];
    g->blocks[slot] = 0;
}

void kv_golden_free_end(kv_golden_t *g) {
    g->returning = 0;
}
