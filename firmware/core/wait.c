/* SPDX-License-Identifier: Apache-2.0 */
/* Time on the control core: the tick, waiting, sleeping, the host's bell. */
#include "port.h"

#define NAP_CYCLES 256u  /* from here on it is worth to sleep */
#define LEAST_CYCLES 64u /* that pass at least, whatever ends a sleep */

uint64_t mr_core_tick(void) {
    const uint32_t lo = mr_core_read(MR_CORE_TIMER_LO_OFFSET);
    return (uint64_t)mr_core_read(MR_CORE_TIMER_HI_OFFSET) << 32 | lo;
}

bool mr_core_rang(void) {
    if ((mr_core_read(MR_CORE_BELL_OFFSET) & MR_CORE_BELL_PENDING_MASK) == 0) {
        return false;
    }
    mr_core_write(MR_CORE_BELL_OFFSET, MR_CORE_BELL_PENDING_MASK);
    return true;
}

/* The handler of the timer turns it off, so that a line which is high again at once does no harm.
 */
void mr_core_sleep(uint32_t cycles) {
    mr_core_write(MR_CORE_TIMER_CMP_OFFSET, mr_core_clock() + cycles);
    mr_core_write(MR_CORE_TIMER_CTRL_OFFSET, MR_CORE_TIMER_CTRL_ENABLE_MASK);
    mr_core_write(MR_CORE_SLEEP_OFFSET, MR_CORE_SLEEP_SLEEP_MASK);
}

mr_status_t mr_core_wait(uint32_t cycles) {
    const uint32_t start = mr_core_clock();
    uint32_t least = cycles;
    mr_core_kick();
    if (cycles >= NAP_CYCLES) {
        mr_core_sleep(cycles);
        least = LEAST_CYCLES;
    }
    while (mr_core_clock() - start < least) {
    }
    return MR_OK;
}
