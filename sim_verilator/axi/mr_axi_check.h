/* SPDX-License-Identifier: Apache-2.0 */
/* Checker of an AXI4 master's port, from the protocol's rules; shares nothing with the memory
 * model.
 *
 * Rules: VALID holds with a stable payload until READY; INCR, full width, aligned, inside one 4 KB
 * page, one window of the longest burst and the memory; one ID; fixed lock, cache, prot and qos; as
 * many W words as asked for, WLAST on the last one and only there, never before their AWVALID; no
 * more requests without a response than allowed; a request that overlaps one of the other direction
 * only after that one's response; RREADY and BREADY always; nothing valid in reset.
 */
#ifndef MR_SIM_VERILATOR_AXI_MR_AXI_CHECK_H
#define MR_SIM_VERILATOR_AXI_MR_AXI_CHECK_H

#include "mr_axi_pins.h"

enum { MR_AXI_CHECK_TXNS = 256 };

typedef struct {
    uint64_t first[MR_AXI_CHECK_TXNS], last[MR_AXI_CHECK_TXNS]; /* bytes */
    unsigned beats[MR_AXI_CHECK_TXNS];
    unsigned head, tail, data; /* data: the write whose words come next */
    unsigned done;             /* words of the present one */
} mr_axi_check_list_t;

typedef struct {
    uint64_t base, size;
    unsigned word, max_burst, max_reads, max_writes;
    mr_axi_pins_t was;
    mr_axi_check_list_t rd, wr;
    uint64_t words_asked; /* words of all reads so far */
} mr_axi_check_t;

/* The state starts zeroed but for base, size, word and max_*. Call in every clock with the settled
 * pins; NULL, or the rule that is broken. */
const char *mr_axi_check_clock(mr_axi_check_t *check, const mr_axi_pins_t *pins, bool reset);

#endif
