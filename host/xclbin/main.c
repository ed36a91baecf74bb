/* SPDX-License-Identifier: Apache-2.0 */
/* millrace-xclbin: writes and prints .xclbin files.
 *
 *   millrace-xclbin pack OUT CHIP REVISION [SIMULATOR]   for emulation; REVISION: hex digits, or
 * a header that defines MR_GIT_HASH millrace-xclbin print FILE
 *
 * Exit status: 0, 1 (a file), 2 (usage).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/xclbin.h"

static int complain(const char *path, const char *what) {
    (void)fprintf(stderr, "millrace-xclbin: %s: %s\n", path, what);
    return 1;
}

static bool load(const char *path, uint8_t **bytes, size_t *n) {
    FILE *file = fopen(path, "rb");
    bool sound = false;
    *bytes = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        const long end = ftell(file);
        *n = end > 0 ? (size_t)end : 0;
        *bytes = end > 0 && fseek(file, 0, SEEK_SET) == 0 ? malloc(*n) : NULL;
        sound = *bytes != NULL && fread(*bytes, 1, *n, file) == *n;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return sound;
}

/* 1 to 8 hex digits, or a header with them. */
static bool revision(const char *text, uint32_t *hash) {
    char line[128] = "";
    FILE *header = fopen(text, "r");
    if (header != NULL) {
        const bool some = fgets(line, sizeof line, header) != NULL;
        (void)fclose(header);
        const char *number = some ? strstr(line, "0x") : NULL;
        text = number != NULL ? number + 2 : "";
    }
    char *end;
    const unsigned long value = strtoul(text, &end, 16);
    *hash = (uint32_t)value;
    return end > text && end - text <= 8;
}

static int pack(int argc, char **argv) {
    mr_xclbin_config_t config = {argv[3], 0, NULL, 0};
    uint8_t *simulator = NULL;
    uint8_t *file = NULL;
    size_t n = 0;
    if (!revision(argv[4], &config.git_hash)) {
        return complain(argv[4],
                        "no revision: give up to 8 hex digits, or a header with MR_GIT_HASH");
    }
    if (argc == 6) {
        if (!load(argv[5], &simulator, &config.simulator_bytes)) {
            free(simulator);
            return complain(argv[5], "the simulator cannot be read");
        }
        config.simulator = simulator;
    }
    const mr_status_t status = mr_xclbin_build(&config, &file, &n);
    free(simulator);
    if (status != MR_OK) {
        return complain(argv[2], "out of memory");
    }
    FILE *out = fopen(argv[2], "wb");
    const bool written = out != NULL && fwrite(file, 1, n, out) == n;
    const bool closed = out != NULL && fclose(out) == 0;
    free(file);
    return written && closed ? 0 : complain(argv[2], "the file cannot be written");
}

static int print(const char *path) {
    mr_xclbin_info_t info;
    const char *why;
    if (mr_xclbin_read(path, &info, &why) != MR_OK) {
        return complain(path, why);
    }
    (void)printf("uuid        ");
    for (int i = 0; i < 16; i++) {
        (void)printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", info.uuid[i]);
    }
    (void)printf("\nplatform    %s\nmode        %s\n", info.platform,
                 info.mode == MR_XCLBIN_MODE_HW_EMU ? "hw_emu" : "hardware or other");
    (void)printf("kernel      %s at 0x%" PRIx64 "\n", info.kernel[0] != '\0' ? info.kernel : "none",
                 info.kernel_base);
    (void)printf("memory      %s at 0x%" PRIx64 ", %" PRIu64 " KiB\n",
                 info.bank[0] != '\0' ? info.bank : "none", info.memory_base,
                 info.memory_bytes / 1024u);
    if (info.millrace) {
        (void)printf("revision    %08" PRIx32 "\nversion     %" PRIu32 ".%" PRIu32
                     "\nchip        %s\n",
                     info.git_hash, info.version >> 16, info.version & 0xFFFFu, info.chip);
    }
    (void)printf("%-11s %" PRIu64 " bytes\n",
                 info.mode == MR_XCLBIN_MODE_HW_EMU ? "simulator" : "bitstream",
                 info.bitstream_bytes);
    (void)printf("for us      %s\n", mr_xclbin_ours(&info, &why) ? "yes" : why);
    return 0;
}

int main(int argc, char **argv) {
    if ((argc == 5 || argc == 6) && strcmp(argv[1], "pack") == 0) {
        return pack(argc, argv);
    }
    if (argc == 3 && strcmp(argv[1], "print") == 0) {
        return print(argv[2]);
    }
    (void)fprintf(stderr, "usage: millrace-xclbin pack OUT CHIP REVISION [SIMULATOR]\n"
                          "       millrace-xclbin print FILE\n");
    return 2;
}
