/* SPDX-License-Identifier: Apache-2.0 */
/* Boot ROM of the control core: takes an image from the host (BOOT_* registers, image at SRAM
 * offset 0) or from the UART, and starts it when size, version, CRC-32 and header are right. A bad
 * one is refused, BOOT_STATE says why, and the next one may come. The SRAM is left alone otherwise,
 * so a crash record and the log of the firmware before are still there.
 *
 * UART: the sender's header of four little-endian words {MR_BOOT_UART_MAGIC, bytes, version,
 * CRC-32}; answer R (send the image) or S, V; then the image; answer K (it is started) or C, H. No
 * byte for 2^24 clocks: answer T, and the header is expected.
 */
#include <stdbool.h>
#include <stdint.h>

#include "../port.h"

#define UART_MAGIC 0x444C524Du /* "MRLD" */
#define UART_HEADER_WORDS 4u
#define UART_BAUD 115200u
#define BYTE_CYCLES 16777216u
#define STACK_BYTES 1024u
#define IMAGE_LEAST 32u

void mr_boot_main(void);

static uint32_t sram_bytes(void) {
    return (mr_core_read(MR_CORE_CAPS_OFFSET) >> MR_CORE_CAPS_SRAM_KB_SHIFT) * 1024u;
}

static void set_state(uint32_t state) {
    mr_core_write(MR_CORE_BOOT_STATE_OFFSET, state);
}

/* ---- the image ---- */

/* Whether BOOT_SIZE and BOOT_VERSION are acceptable: WAITING, or what they are refused with. */
static uint32_t check_claims(void) {
    const uint32_t bytes = mr_core_read(MR_CORE_BOOT_SIZE_OFFSET);
    const uint32_t version = mr_core_read(MR_CORE_BOOT_VERSION_OFFSET);
    if (bytes < IMAGE_LEAST || bytes % 4u != 0 ||
        bytes > sram_bytes() - MR_CORE_CRASH_BYTES - STACK_BYTES) {
        return MR_CORE_BOOT_STATE_BAD_SIZE;
    }
    return version >> 16 == MR_IMAGE_VERSION >> 16 ? MR_CORE_BOOT_STATE_WAITING
                                                   : MR_CORE_BOOT_STATE_BAD_VERSION;
}

/* The same for the image itself, behind check_claims. */
static uint32_t check_image(void) {
    const uint32_t *head = (const uint32_t *)MR_CORE_SRAM;
    const uint32_t bytes = mr_core_read(MR_CORE_BOOT_SIZE_OFFSET);
    mr_core_write(MR_CORE_BOOT_CHECK_OFFSET, MR_CORE_BOOT_CHECK_START_MASK);
    /* A word a clock, and the host's accesses between them. */
    for (uint32_t polls = bytes; polls > 0; polls--) {
        if ((mr_core_read(MR_CORE_BOOT_CHECK_OFFSET) & MR_CORE_BOOT_CHECK_BUSY_MASK) == 0) {
            break;
        }
    }
    if (mr_core_read(MR_CORE_BOOT_SUM_OFFSET) != mr_core_read(MR_CORE_BOOT_CRC_OFFSET)) {
        return MR_CORE_BOOT_STATE_BAD_CRC;
    }
    if (head[1] != mr_core_read(MR_CORE_BOOT_VERSION_OFFSET)) {
        return MR_CORE_BOOT_STATE_BAD_VERSION;
    }
    if (head[2] != bytes) {
        return MR_CORE_BOOT_STATE_BAD_SIZE;
    }
    if (head[0] != MR_IMAGE_MAGIC || head[3] % 2u != 0 ||
        head[3] - MR_CORE_SRAM < 4u * MR_IMAGE_HEADER_WORDS || head[3] - MR_CORE_SRAM >= bytes) {
        return MR_CORE_BOOT_STATE_BAD_MAGIC;
    }
    return MR_CORE_BOOT_STATE_WAITING;
}

static _Noreturn void start(void) {
    const uint32_t entry = ((const uint32_t *)MR_CORE_SRAM)[3];
    __asm__ volatile("jr %0" : : "r"(entry) : "memory");
    __builtin_unreachable();
}

/* An image that the host has put there. */
static void boot_from_host(void) {
    uint32_t state;
    mr_core_write(MR_CORE_BOOT_CTRL_OFFSET, MR_CORE_BOOT_CTRL_PENDING_MASK);
    set_state(MR_CORE_BOOT_STATE_CHECKING);
    state = check_claims();
    if (state == MR_CORE_BOOT_STATE_WAITING) {
        state = check_image();
    }
    if (state == MR_CORE_BOOT_STATE_WAITING) {
        start();
    }
    set_state(state);
}

/* ---- UART ---- */

typedef struct {
    uint32_t got;  /* bytes of header and image so far */
    uint32_t word; /* the last four, the newest one highest */
    uint32_t head[UART_HEADER_WORDS];
    uint32_t heard; /* clock of the last byte */
} loader_t;

/* Answers are so rare that the FIFO has room. */
static void send(uint32_t byte) {
    mr_core_write(MR_CORE_UART_DATA_OFFSET, MR_CORE_UART_DATA_SEND_MASK | byte);
}

static uint32_t letter(uint32_t state) {
    switch (state) {
    case MR_CORE_BOOT_STATE_BAD_SIZE:
        return 'S';
    case MR_CORE_BOOT_STATE_BAD_VERSION:
        return 'V';
    case MR_CORE_BOOT_STATE_BAD_CRC:
        return 'C';
    default:
        return 'H';
    }
}

static void refuse(loader_t *self, uint32_t state) {
    self->got = 0;
    self->word = 0;
    set_state(state);
    send(letter(state));
}

/* The header is complete: its claims go where the host's would be. */
static void take_header(loader_t *self) {
    uint32_t state;
    mr_core_write(MR_CORE_BOOT_SIZE_OFFSET, self->head[1]);
    mr_core_write(MR_CORE_BOOT_VERSION_OFFSET, self->head[2]);
    mr_core_write(MR_CORE_BOOT_CRC_OFFSET, self->head[3]);
    state = check_claims();
    if (state != MR_CORE_BOOT_STATE_WAITING) {
        refuse(self, state);
        return;
    }
    send('R');
}

/* The image is complete. */
static void take_image(loader_t *self) {
    uint32_t state;
    set_state(MR_CORE_BOOT_STATE_CHECKING);
    state = check_image();
    if (state == MR_CORE_BOOT_STATE_WAITING) {
        send('K');
        start();
    }
    refuse(self, state);
}

static void take_byte(loader_t *self, uint32_t byte) {
    const uint32_t header = 4u * UART_HEADER_WORDS;
    self->word = self->word >> 8 | byte << 24;
    self->got++;
    if (self->got <= 4u) {
        /* Until the magic has passed, whatever came before it is noise. */
        if (self->word == UART_MAGIC) {
            self->head[0] = self->word;
            self->got = 4u;
        } else if (self->got == 4u) {
            self->got = 3u;
        }
        return;
    }
    if (self->got % 4u != 0) {
        return;
    }
    if (self->got <= header) {
        self->head[self->got / 4u - 1u] = self->word;
        if (self->got == header) {
            take_header(self);
        }
        return;
    }
    ((uint32_t *)MR_CORE_SRAM)[(self->got - header) / 4u - 1u] = self->word;
    if (self->got - header == self->head[1]) {
        take_image(self);
    }
}

static void hear(loader_t *self) {
    const uint32_t status = mr_core_read(MR_CORE_UART_STATUS_OFFSET);
    if ((status & MR_CORE_UART_STATUS_RX_COUNT_MASK) != 0) {
        const uint32_t byte =
            (mr_core_read(MR_CORE_UART_DATA_OFFSET) & MR_CORE_UART_DATA_RX_MASK) >>
            MR_CORE_UART_DATA_RX_SHIFT;
        mr_core_write(MR_CORE_UART_DATA_OFFSET, MR_CORE_UART_DATA_TAKE_MASK);
        self->heard = mr_core_clock();
        take_byte(self, byte);
    } else if (self->got > 3u && mr_core_clock() - self->heard > BYTE_CYCLES) {
        self->got = 0;
        self->word = 0;
        send('T');
    }
}

/* The usual speed, where nobody has set another one and the chip knows its clock. */
static void open_uart(void) {
    const uint32_t khz =
        *(const volatile uint32_t *)(MR_CORE_BUS + MR_CHIP_BASE + MR_CHIP_CAPS_CLOCK_KHZ_OFFSET);
    if (mr_core_read(MR_CORE_UART_DIV_OFFSET) == 0) {
        mr_core_write(MR_CORE_UART_DIV_OFFSET, (khz * 10u + 576u) / (UART_BAUD / 100u));
    }
    for (const char *c = "MRBOOT\r\n"; *c != '\0'; c++) {
        send((uint32_t)(unsigned char)*c);
    }
}

/* ---- the loop ---- */

void mr_boot_main(void) {
    const bool uart = (mr_core_read(MR_CORE_CAPS_OFFSET) & MR_CORE_CAPS_UART_MASK) != 0;
    loader_t loader = {.got = 0};
    if ((mr_core_read(MR_CORE_STATUS_OFFSET) & MR_CORE_STATUS_WATCHDOG_MASK) != 0 &&
        mr_core_read(MR_CORE_CRASH_CAUSE_OFFSET) == MR_CORE_CRASH_CAUSE_NONE) {
        mr_core_write(MR_CORE_CRASH_CAUSE_OFFSET, MR_CORE_CRASH_CAUSE_WATCHDOG);
    }
    if (uart) {
        open_uart();
    }
    set_state(MR_CORE_BOOT_STATE_WAITING);
    for (;;) {
        mr_core_kick();
        if ((mr_core_read(MR_CORE_BOOT_CTRL_OFFSET) & MR_CORE_BOOT_CTRL_PENDING_MASK) != 0) {
            boot_from_host();
        }
        if (uart) {
            hear(&loader);
        }
    }
}
