/* SPDX-License-Identifier: Apache-2.0 */
/* Checker of an AXI4 master's port; see mr_axi_check.h. */
#include "mr_axi_check.h"

#include <string.h>

static bool same_addr(const mr_axi_addr_t *a, const mr_axi_addr_t *b) {
    return a->id == b->id && a->len == b->len && a->size == b->size && a->burst == b->burst &&
           a->rest == b->rest && a->addr == b->addr;
}

static const char *shape(const mr_axi_check_t *check, const mr_axi_addr_t *addr) {
    const uint64_t bytes = (addr->len + 1U) * (uint64_t)check->word;
    const uint64_t end = addr->addr + bytes - 1, window = (uint64_t)check->max_burst * check->word;
    if (addr->id != 0) {
        return "a foreign ID";
    }
    if (addr->burst != 1 || 1U << addr->size != check->word) {
        return "not INCR over the full width";
    }
    if (addr->rest != 0x006) {
        return "lock, cache, prot or qos is not as documented";
    }
    if (addr->addr % check->word != 0) {
        return "an address that is not aligned";
    }
    if (addr->addr / 4096 != end / 4096) {
        return "a burst over a 4 KB boundary";
    }
    if (addr->len + 1U > check->max_burst || addr->addr / window != end / window) {
        return "a burst over its window";
    }
    if (addr->addr < check->base || end >= check->base + check->size) {
        return "an address outside the memory";
    }
    return NULL;
}

static bool overlaps(const mr_axi_check_list_t *list, uint64_t first, uint64_t last) {
    for (unsigned i = list->head; i != list->tail; i++) {
        if (list->first[i % MR_AXI_CHECK_TXNS] <= last &&
            list->last[i % MR_AXI_CHECK_TXNS] >= first) {
            return true;
        }
    }
    return false;
}

/* A request that appears in this clock. */
static const char *request(const mr_axi_check_t *check, const mr_axi_addr_t *addr,
                           mr_axi_check_list_t *mine, const mr_axi_check_list_t *other,
                           unsigned max) {
    const uint64_t end = addr->addr + (addr->len + 1U) * (uint64_t)check->word - 1;
    if (overlaps(other, addr->addr, end)) {
        return "a request that overlaps one of the other direction without a response";
    }
    if (mine->tail - mine->head == max) {
        return "more requests without a response than allowed";
    }
    mine->first[mine->tail % MR_AXI_CHECK_TXNS] = addr->addr;
    mine->last[mine->tail % MR_AXI_CHECK_TXNS] = end;
    mine->beats[mine->tail % MR_AXI_CHECK_TXNS] = addr->len + 1U;
    mine->tail++;
    return shape(check, addr);
}

static const char *held(const mr_axi_pins_t *was, const mr_axi_pins_t *is) {
    if (was->ar.valid && !was->ar.ready && !(is->ar.valid && same_addr(&was->ar, &is->ar))) {
        return "AR changed before ARREADY";
    }
    if (was->aw.valid && !was->aw.ready && !(is->aw.valid && same_addr(&was->aw, &is->aw))) {
        return "AW changed before AWREADY";
    }
    if (was->w.valid && !was->w.ready &&
        !(is->w.valid && was->w.last == is->w.last && was->w.strb == is->w.strb &&
          memcmp(was->w.data, is->w.data, MR_AXI_BYTES) == 0)) {
        return "W changed before WREADY";
    }
    return NULL;
}

static const char *write_word(mr_axi_check_list_t *wr, const mr_axi_pins_t *pins) {
    if (wr->data == wr->tail) {
        return "a W word before its AWVALID";
    }
    if (pins->w.last != (wr->done + 1 == wr->beats[wr->data % MR_AXI_CHECK_TXNS])) {
        return "WLAST is wrong";
    }
    if (pins->w.ready) {
        wr->done = pins->w.last ? 0 : wr->done + 1;
        wr->data += pins->w.last;
    }
    return NULL;
}

/* Responses that nobody asked for are the memory's fault (or on purpose) and change nothing. */
static void responses(mr_axi_check_t *check, const mr_axi_pins_t *pins) {
    mr_axi_check_list_t *rd = &check->rd, *wr = &check->wr;
    if (pins->r.valid && pins->r.ready && rd->head != rd->tail) {
        rd->done++;
        if (rd->done == rd->beats[rd->head % MR_AXI_CHECK_TXNS]) {
            rd->done = 0;
            rd->head++;
        }
    }
    if (pins->b.valid && pins->b.ready && wr->head != wr->data) {
        wr->head++;
    }
}

const char *mr_axi_check_clock(mr_axi_check_t *check, const mr_axi_pins_t *pins, bool reset) {
    const mr_axi_pins_t was = check->was;
    const char *fault = NULL;
    if (reset) {
        check->was = (mr_axi_pins_t){0};
        return pins->ar.valid || pins->aw.valid || pins->w.valid ? "VALID in reset" : NULL;
    }
    check->was = *pins;
    fault = held(&was, pins);
    if (fault == NULL && !(pins->r.ready && pins->b.ready)) {
        fault = "RREADY or BREADY is low";
    }
    if (fault == NULL && pins->aw.valid && !(was.aw.valid && !was.aw.ready)) {
        fault = request(check, &pins->aw, &check->wr, &check->rd, check->max_writes);
    }
    if (fault == NULL && pins->ar.valid && !(was.ar.valid && !was.ar.ready)) {
        fault = request(check, &pins->ar, &check->rd, &check->wr, check->max_reads);
        check->words_asked += pins->ar.len + 1U;
    }
    if (fault == NULL && pins->w.valid) {
        fault = write_word(&check->wr, pins);
    }
    responses(check, pins);
    return fault;
}
