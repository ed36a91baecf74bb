/* SPDX-License-Identifier: Apache-2.0 */
/* XRT's hw_emu environment in a folder of its own. */
#include "helper_setup.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The library of this program that leads to XRT's folder of libraries. */
#include <experimental/xrt_device.h>

#include "millrace/xrt_card.h"

#define SHIM "libxrt_hwemu.so.2"

/* Debian's libxrt_hwemu writes behind its message buffer unless the first message, which carries
 * these settings, is larger than all later ones. */
enum { PACKET_BYTES = 0x10000, PAD_BYTES = 70000 };

static bool write_ini(void) {
    FILE *ini = fopen("xrt.ini", "w");
    if (ini == NULL) {
        return false;
    }
    (void)fprintf(ini,
                  "[Runtime]\nruntime_log=console\n[Emulation]\nsystem_dpa=false\n"
                  "packet_size=0x%x\n[Debug]\npad=",
                  PACKET_BYTES);
    for (int i = 0; i < PAD_BYTES; i++) {
        (void)fputc('x', ini);
    }
    (void)fputc('\n', ini);
    const bool sound = ferror(ini) == 0;
    return fclose(ini) == 0 && sound;
}

/* The card's name, by which a file that is for another one is refused. */
static bool write_card(void) {
    FILE *card = fopen("emconfig.json", "w");
    if (card == NULL) {
        return false;
    }
    (void)fprintf(card, "{\"Version\": {\"FileVersion\": \"2.0\"}, \"Platform\": {\"Boards\": "
                        "[{\"Devices\": [{\"Name\": \"" MR_XRT_PLATFORM "\"}]}]}}\n");
    const bool sound = ferror(card) == 0;
    return fclose(card) == 0 && sound;
}

/* lib/SHIM: where XRT looks for it. */
static bool link_shim(char *why, size_t why_bytes) {
    Dl_info library;
    char target[PATH_MAX];
    /* A function's address as data, which POSIX allows and C does not. */
    void *function;
    xrtDeviceHandle (*const open_device)(unsigned int) = xrtDeviceOpen;
    memcpy(&function, &open_device, sizeof function);
    if (dladdr(function, &library) == 0 || library.dli_fname == NULL) {
        (void)snprintf(why, why_bytes, "XRT's library cannot be located");
        return false;
    }
    const char *slash = strrchr(library.dli_fname, '/');
    const int folder = slash != NULL ? (int)(slash - library.dli_fname) : 0;
    (void)snprintf(target, sizeof target, "%.*s/%s", folder, library.dli_fname, SHIM);
    if (access(target, R_OK) != 0) {
        (void)snprintf(why, why_bytes, "XRT here has no hw_emu (%s): install libxrt1", SHIM);
        return false;
    }
    return mkdir("lib", 0700) == 0 && symlink(target, "lib/" SHIM) == 0;
}

static bool copy_self(const char *to) {
    char buffer[65536];
    const int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    ssize_t n = in >= 0 && out >= 0 ? 1 : -1;
    while (n > 0) {
        n = read(in, buffer, sizeof buffer);
        if (n > 0 && write(out, buffer, (size_t)n) != n) {
            errno = ENOSPC; /* a part of it fits */
            n = -1;
        }
    }
    if (in >= 0) {
        (void)close(in);
    }
    return out >= 0 && close(out) == 0 && n == 0;
}

/* What the caller's shell may have set for XRT does not count here. */
static bool set_environment(const char *folder) {
    static const char *const dropped[] = {"EMULATION_SOCKETID",
                                          "XRT_TOOLS_NEXTGEN",
                                          "XCL_EMULATION_MODE",
                                          "XILINX_XRT",
                                          "EMCONFIG_PATH",
                                          "VITIS_LAUNCH_WAVEFORM_GUI",
                                          "LAUNCH_WAVEFORM_DEBUG_PROCESS"};
    char path[PATH_MAX];
    bool sound = true;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        sound = unsetenv(dropped[i]) == 0 && sound;
    }
    /* XRT's sockets stand in /tmp/USER: in our folder. */
    const char *slash = strrchr(folder, '/');
    sound = setenv("USER", slash != NULL ? slash + 1 : folder, 1) == 0 && sound;
    sound = setenv("XCL_EMULATION_MODE", "hw_emu", 1) == 0 && sound;
    sound = setenv("XILINX_XRT", folder, 1) == 0 && sound;
    sound = setenv("EMCONFIG_PATH", folder, 1) == 0 && sound;
    sound = setenv("SDACCEL_EM_RUN_DIR", folder, 1) == 0 && sound;
    (void)snprintf(path, sizeof path, "%s/xrt.ini", folder);
    sound = setenv("XRT_INI_PATH", path, 1) == 0 && sound;
    (void)snprintf(path, sizeof path, "%s/simulate.log", folder);
    return setenv("MILLRACE_XRT_LOG", path, 1) == 0 && sound;
}

bool mr_xrt_setup_emulation(char **argv, char *why, size_t why_bytes) {
    char device[] = "device";
    char *again[] = {argv[0], device, argv[2], argv[3], NULL};
    char program[PATH_MAX];
    (void)snprintf(program, sizeof program, "%s/millrace-xrt", argv[2]);
    why[0] = '\0';
    errno = 0;
    if (access("/usr/bin/unzip", X_OK) != 0) {
        (void)snprintf(why, why_bytes, "XRT's emulation needs unzip: install it");
        return false;
    }
    if (link_shim(why, why_bytes) && write_ini() && write_card() && copy_self(program) &&
        set_environment(argv[2])) {
        (void)execv(program, again);
    }
    if (why[0] == '\0') {
        (void)snprintf(why, why_bytes, "cannot set up XRT's emulation in %s: %s", argv[2],
                       strerror(errno));
    }
    return false;
}
