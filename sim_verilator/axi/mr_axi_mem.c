/* SPDX-License-Identifier: Apache-2.0 */
/* AXI4 memory model; see mr_axi_mem.h. */
#include "mr_axi_mem.h"

#include <stdlib.h>
#include <string.h>

enum { TXNS = 64, BEATS = 1024, PAGE = 4096 };

typedef struct {
    uint64_t addr, due;
    unsigned beats, done; /* done: beats that moved */
    bool early, applied;
    uint8_t copy[PAGE], mask[PAGE];
} txn_t;

struct mr_axi_mem {
    uint64_t base, random, now;
    uint32_t size, word;
    uint8_t *bytes;
    mr_axi_mem_mode_t mode;
    txn_t rd[TXNS], wr[TXNS];
    unsigned rd_head, rd_tail;
    unsigned wr_head, wr_fill, wr_tail; /* wr_fill: the one whose data comes next */
    mr_axi_data_t beat[BEATS];          /* W words not yet given to a write */
    unsigned beat_head, beat_tail, lasts, aws;
    mr_axi_data_t r, b;
    bool r_odd, b_odd, spurious_r, spurious_b, r_spurious, b_spurious;
};

static uint32_t rnd(mr_axi_mem_t *mem, uint32_t below) {
    mem->random = mem->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((mem->random >> 33) % below);
}

mr_axi_mem_t *mr_axi_mem_new(uint64_t base, uint32_t size, uint32_t word, uint64_t seed) {
    mr_axi_mem_t *mem = calloc(1, sizeof *mem);
    if (mem == NULL) {
        return NULL;
    }
    mem->bytes = calloc(1, size);
    if (mem->bytes == NULL) {
        free(mem);
        return NULL;
    }
    mem->base = base;
    mem->size = size;
    mem->word = word;
    mem->random = seed;
    return mem;
}

void mr_axi_mem_free(mr_axi_mem_t *mem) {
    if (mem != NULL) {
        free(mem->bytes);
        free(mem);
    }
}

void mr_axi_mem_mode(mr_axi_mem_t *mem, const mr_axi_mem_mode_t *mode) {
    mem->mode = *mode;
}

void mr_axi_mem_spurious(mr_axi_mem_t *mem, bool read) {
    if (read) {
        mem->spurious_r = true;
    } else {
        mem->spurious_b = true;
    }
}

unsigned mr_axi_mem_waiting(const mr_axi_mem_t *mem) {
    return mem->rd_tail - mem->rd_head + mem->wr_tail - mem->wr_head;
}

const uint8_t *mr_axi_mem_bytes(const mr_axi_mem_t *mem) {
    return mem->bytes;
}

bool mr_axi_mem_write(mr_axi_mem_t *mem, uint64_t addr, const void *bytes, size_t n) {
    if (addr < mem->base || addr - mem->base > mem->size || n > mem->size - (addr - mem->base)) {
        return false;
    }
    memcpy(mem->bytes + (addr - mem->base), bytes, n);
    return true;
}

static void next_r(mr_axi_mem_t *mem) {
    mr_axi_data_t *r = &mem->r;
    if (mem->rd_head == mem->rd_tail) {
        if (mem->spurious_r) {
            *r = (mr_axi_data_t){.valid = true, .last = true};
            mem->spurious_r = false;
            mem->r_spurious = true;
        }
        return;
    }
    txn_t *txn = &mem->rd[mem->rd_head % TXNS];
    if (txn->due > mem->now || rnd(mem, 100) >= mem->mode.r_pct) {
        return;
    }
    const uint32_t at = txn->done * mem->word;
    *r = (mr_axi_data_t){.valid = true, .last = txn->done + 1 == txn->beats};
    memcpy(r->data, txn->early ? &txn->copy[at] : &mem->bytes[txn->addr - mem->base + at],
           mem->word);
    mem->r_odd = rnd(mem, 1000) < mem->mode.odd_per_1000;
    if (mem->r_odd) {
        if (rnd(mem, 2) != 0) {
            r->id = (uint8_t)(1 + rnd(mem, 15));
        } else {
            r->last = !r->last;
        }
    }
    if (rnd(mem, 1000) < mem->mode.error_per_1000) {
        r->resp = (uint8_t)(1 + rnd(mem, 3));
        r->data[rnd(mem, mem->word)] ^= 0x5a;
    }
}

/* Writes of one ID take effect in their order: applies all before `end`. */
static void apply(mr_axi_mem_t *mem, unsigned end) {
    for (unsigned k = mem->wr_head; k != end; k++) {
        txn_t *txn = &mem->wr[k % TXNS];
        uint8_t *to = &mem->bytes[txn->addr - mem->base];
        for (uint32_t i = 0; !txn->applied && i < txn->beats * mem->word; i++) {
            if (txn->mask[i] != 0) {
                to[i] = txn->copy[i];
            }
        }
        txn->applied = true;
    }
}

static void next_b(mr_axi_mem_t *mem) {
    mr_axi_data_t *b = &mem->b;
    if (mem->wr_head == mem->wr_fill) {
        if (mem->wr_head == mem->wr_tail && mem->spurious_b) {
            *b = (mr_axi_data_t){.valid = true};
            mem->spurious_b = false;
            mem->b_spurious = true;
        }
        return;
    }
    txn_t *txn = &mem->wr[mem->wr_head % TXNS];
    if (txn->due > mem->now || rnd(mem, 100) >= mem->mode.b_pct) {
        return;
    }
    apply(mem, mem->wr_head + 1);
    *b = (mr_axi_data_t){.valid = true};
    mem->b_odd = rnd(mem, 1000) < mem->mode.odd_per_1000;
    if (mem->b_odd) {
        b->id = (uint8_t)(1 + rnd(mem, 15));
    }
    if (rnd(mem, 1000) < mem->mode.error_per_1000) {
        b->resp = (uint8_t)(1 + rnd(mem, 3));
    }
}

void mr_axi_mem_drive(mr_axi_mem_t *mem, mr_axi_pins_t *pins) {
    const mr_axi_mem_mode_t *mode = &mem->mode;
    const bool rd_full = mem->rd_tail - mem->rd_head == TXNS;
    const bool wr_full = mem->wr_tail - mem->wr_head == TXNS;
    const bool w_full = mem->beat_tail - mem->beat_head == BEATS;
    if (!mem->r.valid) {
        next_r(mem);
    }
    if (!mem->b.valid) {
        next_b(mem);
    }
    pins->ar.ready = !rd_full && rnd(mem, 100) < mode->ar_pct;
    pins->aw.ready = !wr_full && rnd(mem, 100) < mode->aw_pct;
    pins->w.ready = !w_full && rnd(mem, 100) < mode->w_pct;
    switch (mode->style) {
    case MR_AXI_MEM_AW_AFTER_WVALID:
        pins->aw.ready = pins->aw.ready && (pins->w.valid || mem->lasts > mem->aws);
        break;
    case MR_AXI_MEM_W_AFTER_AW:
        pins->w.ready = pins->w.ready && mem->lasts < mem->aws;
        break;
    case MR_AXI_MEM_AFTER_VALID:
        pins->ar.ready = pins->ar.ready && pins->ar.valid;
        pins->aw.ready = pins->aw.ready && pins->aw.valid;
        pins->w.ready = pins->w.ready && pins->w.valid;
        break;
    case MR_AXI_MEM_AW_AFTER_WLAST:
        pins->aw.ready = pins->aw.ready && mem->lasts > mem->aws;
        break;
    case MR_AXI_MEM_FREE:
    case MR_AXI_MEM_STYLES:
    default:
        break;
    }
    const bool r_ready = pins->r.ready, b_ready = pins->b.ready;
    pins->r = mem->r;
    pins->b = mem->b;
    pins->r.ready = r_ready;
    pins->b.ready = b_ready;
}

static const char *accept(mr_axi_mem_t *mem, const mr_axi_addr_t *addr, txn_t *txn) {
    const unsigned beats = addr->len + 1U;
    if (addr->addr < mem->base || addr->addr - mem->base + beats * mem->word > mem->size ||
        beats * mem->word > PAGE) {
        return "an address outside the memory";
    }
    txn->addr = addr->addr;
    txn->beats = beats;
    txn->done = 0;
    txn->early = rnd(mem, 2) != 0;
    txn->applied = false;
    txn->due = mem->now + mem->mode.latency_min +
               rnd(mem, mem->mode.latency_max - mem->mode.latency_min + 1);
    memset(txn->mask, 0, beats * mem->word);
    return NULL;
}

/* Gives W words to the writes in their order. */
static const char *fill(mr_axi_mem_t *mem) {
    while (mem->wr_fill != mem->wr_tail && mem->beat_head != mem->beat_tail) {
        txn_t *txn = &mem->wr[mem->wr_fill % TXNS];
        const mr_axi_data_t *beat = &mem->beat[mem->beat_head++ % BEATS];
        for (uint32_t i = 0; i < mem->word; i++) {
            if ((beat->strb >> i & 1) != 0) {
                txn->copy[txn->done * mem->word + i] = beat->data[i];
                txn->mask[txn->done * mem->word + i] = 1;
            }
        }
        txn->done++;
        if (beat->last != (txn->done == txn->beats)) {
            return "WLAST at the wrong word";
        }
        if (beat->last) {
            mem->wr_fill++;
            if (txn->due <= mem->now) {
                txn->due = mem->now + 1;
            }
            if (txn->early) {
                apply(mem, mem->wr_fill);
            }
        }
    }
    return NULL;
}

const char *mr_axi_mem_clock(mr_axi_mem_t *mem, const mr_axi_pins_t *pins,
                             mr_axi_mem_event_t *event) {
    const char *fault = NULL;
    *event = (mr_axi_mem_event_t){0};
    if (mem->r.valid && pins->r.ready) {
        event->r = !mem->r_spurious;
        event->odd = mem->r_spurious || mem->r_odd;
        event->r_bad = mem->r.resp != 0 || mem->r_odd;
        if (!mem->r_spurious) {
            txn_t *txn = &mem->rd[mem->rd_head % TXNS];
            txn->done++;
            mem->rd_head += txn->done == txn->beats;
        }
        mem->r.valid = mem->r_spurious = mem->r_odd = false;
    }
    if (mem->b.valid && pins->b.ready) {
        event->b = !mem->b_spurious;
        event->odd = event->odd || mem->b_spurious || mem->b_odd;
        event->b_bad = mem->b.resp != 0 || mem->b_odd;
        if (!mem->b_spurious) {
            event->b_addr = mem->wr[mem->wr_head % TXNS].addr;
            mem->wr_head++;
        }
        mem->b.valid = mem->b_spurious = mem->b_odd = false;
    }
    mem->now++;
    if (pins->ar.valid && pins->ar.ready) {
        txn_t *txn = &mem->rd[mem->rd_tail++ % TXNS];
        fault = accept(mem, &pins->ar, txn);
        if (fault == NULL) {
            memcpy(txn->copy, &mem->bytes[txn->addr - mem->base], txn->beats * mem->word);
        }
    }
    if (fault == NULL && pins->aw.valid && pins->aw.ready) {
        fault = accept(mem, &pins->aw, &mem->wr[mem->wr_tail++ % TXNS]);
        mem->aws++;
    }
    if (pins->w.valid && pins->w.ready) {
        mem->beat[mem->beat_tail++ % BEATS] = pins->w;
        mem->lasts += pins->w.last;
    }
    return fault != NULL ? fault : fill(mem);
}
