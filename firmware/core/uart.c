/* SPDX-License-Identifier: Apache-2.0 */
/* Console: text leaves through the UART in the background, and nothing waits for it. */
#include "port.h"

static const char *left = "";

void mr_core_console_print(const char *text) {
    left = text;
}

void mr_core_console_step(void) {
    uint32_t room;
    if (*left == '\0') {
        return;
    }
    if (mr_core_read(MR_CORE_UART_DIV_OFFSET) == 0) {
        left = ""; /* nobody listens */
        return;
    }
    room = mr_core_read(MR_CORE_UART_STATUS_OFFSET) & MR_CORE_UART_STATUS_TX_FREE_MASK;
    for (; room > 0 && *left != '\0'; room--) {
        mr_core_write(MR_CORE_UART_DATA_OFFSET,
                      MR_CORE_UART_DATA_SEND_MASK | (uint32_t)(unsigned char)*left);
        left++;
    }
}
