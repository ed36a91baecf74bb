/* SPDX-License-Identifier: Apache-2.0 */
/* The control core's UART, on the line and in a loop; part of tb_core.cpp. */
#ifndef MR_TESTS_RTL_CORE_UART_TESTS_H
#define MR_TESTS_RTL_CORE_UART_TESTS_H

struct UartStatus {
    uint32_t free, busy, count, lost; // lost: the sticky bits
};

UartStatus uart(Chip &c) {
    const uint32_t s = reg(c, MR_CORE_UART_STATUS_OFFSET);
    return {s & 31, s >> 7 & 1, s >> 8 & 31, s >> 16};
}

void uart_on(Chip &c, uint32_t div) {
    c.write(Core + MR_CORE_UART_DIV_OFFSET, 0);
    c.write(Core + MR_CORE_UART_STATUS_OFFSET, 7u << 16);
    c.write(Core + MR_CORE_UART_DIV_OFFSET, div);
}

void expect_line(Chip &c, uint32_t first, uint32_t bytes, uint32_t div) {
    const std::deque<bool> &line = c.line();
    size_t at = 0;
    while (at < line.size() && line[at]) {
        at++;
    }
    for (uint32_t n = 0; n < bytes; n++) {
        const uint32_t bits = ((first + n) & 255) << 1 | 1u << 9;
        for (uint32_t i = 0; i < 10 * div; i++) {
            equal("the line", at < line.size() ? line[at] : 2, bits >> i / div & 1);
            at++;
        }
    }
    for (; at < line.size(); at++) {
        equal("the line at rest", line[at], 1);
    }
}

void test_uart_line(Chip &c) {
    stage = "UART, line";
    for (const uint32_t div : {4u, 5u, 33u}) {
        uart_on(c, div);
        equal("at rest", uart(c).free, 16);
        c.forget_line();
        run(c, UartSend, 0xA5, 12);
        equal("busy", uart(c).busy, 1);
        c.clocks(12 * 10 * div + 50);
        equal("at rest again", uart(c).busy, 0);
        expect_line(c, 0xA5, 12, div);
        // The other way: a little fast, a little slow.
        for (uint32_t i = 0; i < 6; i++) {
            put_byte(c, 0x3C + 37 * i, div > 30 ? div - 1 + i % 3 : div, true);
        }
        equal("received", uart(c).count, 6);
        equal("IRQ.uart", reg(c, MR_CORE_IRQ_OFFSET), MR_CORE_IRQ_UART_MASK);
        run(c, UartTake, 6);
        for (uint32_t i = 0; i < 6; i++) {
            equal("byte received", out(c, i), (0x3C + 37 * i) & 255);
        }
        equal("nothing lost", uart(c).lost, 0);
        equal("IRQ.uart taken", reg(c, MR_CORE_IRQ_OFFSET), 0);
    }
}

void test_uart_bad(Chip &c) {
    stage = "UART, what goes wrong";
    constexpr uint32_t Div = 40;
    uart_on(c, Div);
    put_byte(c, 0x55, Div, false);
    equal("no stop bit", uart(c).lost, 4);
    equal("dropped", uart(c).count, 0);
    c.clocks(10 * Div); // what the low stop bit began
    c.write(Core + MR_CORE_UART_STATUS_OFFSET, 7u << 16);
    c.pins().uart_rx_i = 0;
    c.clocks(Div / 2 - 4);
    c.pins().uart_rx_i = 1;
    c.clocks(12 * Div);
    equal("a short pulse", uart(c).count * 16 + uart(c).lost, 0);
    c.write(Core + MR_CORE_UART_DATA_OFFSET, MR_CORE_UART_DATA_TAKE_MASK);
    equal("taken from nothing", uart(c).count, 0);
    for (uint32_t i = 0; i < 17; i++) {
        put_byte(c, i, Div, true);
    }
    equal("full", uart(c).count, 16);
    equal("one too many", uart(c).lost, 2);
    run(c, UartTake, 16);
    equal("the oldest stay", out(c, 0) + 256 * out(c, 15), 256 * 15);
    c.write(Core + MR_CORE_UART_STATUS_OFFSET, 2u << 16);
    uart_on(c, 400);
    run(c, UartSend, 0, 1);
    equal("busy with the byte on the line", uart(c).busy * 32 + uart(c).free, 32 + 16);
    // 16 wait and one is on the line.
    uart_on(c, 400);
    run(c, UartSend, 0, 18);
    equal("no room", uart(c).free, 0);
    equal("not sent", uart(c).lost, 1);
    c.write(Core + MR_CORE_UART_DIV_OFFSET, 3);
    c.clocks(2);
    equal("off", uart(c).busy * 32 + uart(c).free, 16);
    equal("line of a UART that is off", c.pins().uart_tx_o, 1);
    c.pins().uart_rx_i = 0;
    c.clocks(100);
    c.pins().uart_rx_i = 1;
    equal("received while off", uart(c).count, 0);
    equal("lost stays", uart(c).lost, 1);
}

void test_uart(Chip &c) {
    if (MR_TB_UART == 0) {
        stage = "no UART";
        uart_on(c, 8);
        c.write(Core + MR_CORE_UART_DATA_OFFSET, 0x41 | MR_CORE_UART_DATA_SEND_MASK);
        c.clocks(200);
        equal("UART_STATUS", reg(c, MR_CORE_UART_STATUS_OFFSET), 0);
        equal("line", c.pins().uart_tx_o, 1);
        return;
    }
    test_uart_line(c);
    test_uart_bad(c);
    stage = "UART, loop";
    uart_on(c, 10);
    c.loop(true);
    run(c, UartSend, 0xF8, 16);
    run(c, UartTake, 16);
    for (uint32_t i = 0; i < 16; i++) {
        equal("byte around", out(c, i), (0xF8 + i) & 255);
    }
    equal("nothing lost", uart(c).lost, 0);
    c.loop(false);
}

#endif
