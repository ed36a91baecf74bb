/* SPDX-License-Identifier: Apache-2.0 */
/* Makes tokens on the kernel with XRT's public headers alone (kernel.h). It takes a record of
 * another chip's register accesses (docs/reg.md), repeats what was written there, waits where the
 * record had waited for the chip, and prints the tokens that this chip gives.
 *
 * Usage: player XCLBIN RECORD. Prints a line "tokens N,N,..." and "PASS player" at the end.
 *
 * Nothing that was read there comes into play but the CRCs of the loaded memories, which are
 * compared: the tokens are this chip's own.
 */
#include <stdbool.h>
#include <string.h>

#include "kernel.h"

enum {
    PAIRS = 65536, /* of a list */
    POLLS = 200000,
    CRC_VALUE = 0x78,
    LOOP_TOKEN = 0x1078,
    TOKEN = 0x3FFFF
};

/* Registers that tell that the chip is ready: where (recorded & mask) == want, or was any but 0
 * where want is 0 and any is set, this chip has to get there too. */
static const struct {
    uint32_t address, mask, want;
    bool any;
} waits[] = {{0x74, 1, 0, false},                         /* chip.MEM_CRC_STATUS.busy */
             {0x1018, 1, 1, false},                       /* hub.INJ_STATUS.ready */
             {0x1020, 0xFF, 0, true},                     /* hub.RES_STATUS.count */
             {LOOP_TOKEN, 0x80000000, 0x80000000, false}, /* .valid */
             {0x40024, 1, 0, false}};                     /* kv[0].ADMIN_STATUS.busy */

typedef struct {
    xrtKernelHandle kernel;
    xrtBufferHandle buffer;
    uint32_t *pairs;
    uint32_t count; /* of pairs collected */
    uint32_t page;
    /* the block whose words come */
    uint32_t address, left;
    bool writes;
    uint32_t tokens;
} player_t;

/* Sends the writes collected, in their order. */
static void flush(player_t *p) {
    if (p->count != 0) {
        check(xrtBOSync(p->buffer, XCL_BO_SYNC_BO_TO_DEVICE, p->count * 8u, 0) == 0, "cannot sync");
        transfer(p->kernel, xrtBOAddress(p->buffer), p->count, 0, MODE_LIST);
        p->count = 0;
    }
}

static void write_word(player_t *p, uint32_t address, uint32_t value) {
    p->pairs[2u * p->count] = address;
    p->pairs[2u * p->count + 1u] = value;
    if (++p->count == PAIRS) {
        flush(p);
    }
}

static uint32_t read_word(player_t *p, uint32_t address) {
    flush(p);
    if (address / CHIP_BYTES != p->page) {
        p->page = address / CHIP_BYTES;
        put(p->kernel, PAGE, p->page);
    }
    return get(p->kernel, CHIP + address % CHIP_BYTES);
}

/* Reads until this chip is where the other one was. */
static void wait_for(player_t *p, uint32_t address, uint32_t recorded) {
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        const bool matters = waits[i].any ? (recorded & waits[i].mask) != 0
                                          : (recorded & waits[i].mask) == waits[i].want;
        if (waits[i].address != address || !matters) {
            continue;
        }
        uint32_t polls = 0;
        uint32_t value = read_word(p, address);
        while (waits[i].any ? (value & waits[i].mask) == 0
                            : (value & waits[i].mask) != waits[i].want) {
            check(++polls < POLLS, "the chip does not get ready");
            value = read_word(p, address);
        }
        if (address == LOOP_TOKEN) {
            (void)printf("%s%u", p->tokens++ == 0 ? "tokens " : ",", (unsigned)(value & TOKEN));
        }
    }
    if (address == CRC_VALUE) {
        check(read_word(p, address) == recorded, "a memory holds something else than there");
    }
}

/* Words of a block: "WORD" or "WORD*N". */
static void block_words(player_t *p, const char *line) {
    char *end;
    for (;;) {
        const uint32_t word = (uint32_t)strtoul(line, &end, 16);
        if (end == line) {
            return;
        }
        unsigned long times = *end == '*' ? strtoul(end + 1, &end, 10) : 1;
        for (; times > 0; times--) {
            check(p->left > 0, "a block of the record has too many words");
            if (p->writes) {
                write_word(p, p->address, word);
            }
            p->address += 4;
            p->left--;
        }
        line = end;
    }
}

static void play_line(player_t *p, const char *line) {
    if (line[0] == '#') {
        return;
    }
    if (line[0] == ' ') {
        block_words(p, line);
        return;
    }
    check(p->left == 0, "a block of the record has too few words");
    /* WHEN WHAT ADDRESS VALUE NAME, or WHEN - CYCLES */
    const char *space = strchr(line, ' ');
    check(space != NULL && space[1] != '\0', "the record has a line that is none");
    const char what = space[1];
    char *value;
    const uint32_t address = (uint32_t)strtoul(space + 2, &value, 16);
    if (what == '-') {
        return; /* this chip's time is its own */
    }
    check(value != space + 2 && *value == ' ', "the record has a line that is none");
    check(value[1] != '!', "an access of the record failed");
    p->address = address;
    if (what == 'R' || what == 'W') {
        p->writes = what == 'W';
        p->left = (uint32_t)strtoul(value, NULL, 10);
    } else if (what == 'w') {
        write_word(p, address, (uint32_t)strtoul(value, NULL, 16));
    } else {
        wait_for(p, address, (uint32_t)strtoul(value, NULL, 16));
    }
}

int main(int argc, char **argv) {
    static char line[65536];
    player_t p = {.page = UINT32_MAX};
    xuid_t uuid;
    check(argc == 3, "usage: player XCLBIN RECORD");
    FILE *record = fopen(argv[2], "r");
    check(record != NULL, "cannot read the record");
    xrtDeviceHandle device = xrtDeviceOpen(0);
    check(device != NULL, "no device");
    check(xrtDeviceLoadXclbinFile(device, argv[1]) == 0, "cannot load");
    check(xrtDeviceGetXclbinUUID(device, uuid) == 0, "no UUID");
    p.kernel = xrtPLKernelOpenExclusive(device, uuid, "millrace");
    check(p.kernel != NULL, "no kernel");
    p.buffer = xrtBOAlloc(device, PAIRS * 8u, 0, (xrtMemoryGroup)xrtKernelArgGroupId(p.kernel, 0));
    p.pairs = p.buffer != NULL ? xrtBOMap(p.buffer) : NULL;
    check(p.pairs != NULL, "no memory");
    while (fgets(line, sizeof line, record) != NULL) {
        play_line(&p, line);
    }
    check(p.left == 0 && ferror(record) == 0, "the record ends in the middle");
    flush(&p);
    check(p.tokens > 0 && printf("\n") == 1 && fflush(stdout) == 0, "no token came");
    (void)fclose(record);
    check(xrtBOFree(p.buffer) == 0 && xrtKernelClose(p.kernel) == 0 && xrtDeviceClose(device) == 0,
          "cannot close");
    (void)printf("PASS player\n");
    return 0;
}
