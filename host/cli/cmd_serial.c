/* SPDX-License-Identifier: Apache-2.0 */
/* millrace serial: a simulated chip behind a pseudo-terminal, as a board on a serial line. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "chip_sim.h"
#include "cli.h"
#include "serial_pty.h"
#include "session/session.h"

enum { KEY_DEVICE = 256, KEY_PTY, KEY_ONCE, KEY_CORRUPT, KEY_DROP, KEY_GARBAGE, KEY_SEED };

static const mr_cli_option_t options_table[] = {
    {KEY_DEVICE, "device", "NAME", "the chip: sim or sim:NAME (default: sim)"},
    {KEY_PTY, "pty", "LINK", "make a symbolic link to the pseudo-terminal; removed at the end"},
    {KEY_ONCE, "once", NULL, "end when the first host has closed the line"},
    {KEY_CORRUPT, "corrupt", "P", "change so many per cent of the bytes, both ways (default: 0)"},
    {KEY_DROP, "drop", "P", "lose so many per cent of the bytes, both ways (default: 0)"},
    {KEY_GARBAGE, "garbage", "N", "so many random bytes both ways before the first host's"},
    {KEY_SEED, "seed", "S", "of these random choices (default: 0)"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "[--device NAME] [--pty LINK] [OPTION...]",
    "Simulates a chip with its UART and puts a pseudo-terminal at the pins. Prints the terminal's\n"
    "name, which other commands take as --device serial:NAME. Ends with Ctrl-C.",
    options_table};

static mr_cli_t *the_cli; /* for on_ready, which comes once */

static void on_ready(const char *tty) {
    (void)mr_cli_print(the_cli, "%s\n", tty);
    (void)mr_cli_flush(the_cli);
}

static bool find_chip(const char *device, uint32_t *chip) {
    const char *name = strcmp(device, "sim") == 0 ? "sdr-100" : device + strlen("sim:");
    if (strncmp(device, "sim", 3) != 0 || (device[3] != ':' && device[3] != '\0')) {
        return false;
    }
    *chip = 0;
    while (mr_chip_sim_dram(*chip) != NULL && strcmp(mr_chip_sim_dram(*chip), name) != 0) {
        (*chip)++;
    }
    return mr_chip_sim_dram(*chip) != NULL;
}

static bool take_share(const mr_cli_t *cli, const char *what, uint32_t *ppm) {
    float percent;
    if (!mr_cli_parse_f32(cli, what, optarg, 0.0f, 50.0f, &percent)) {
        return false;
    }
    *ppm = (uint32_t)(percent * 1e4f + 0.5f);
    return true;
}

static bool take_option(const mr_cli_t *cli, int key, const char **device,
                        mr_serial_pty_config_t *config) {
    switch (key) {
    case KEY_DEVICE:
        *device = optarg;
        return true;
    case KEY_PTY:
        config->link = optarg;
        return true;
    case KEY_ONCE:
        config->once = true;
        return true;
    case KEY_CORRUPT:
        return take_share(cli, "--corrupt", &config->noise.corrupt_ppm);
    case KEY_DROP:
        return take_share(cli, "--drop", &config->noise.drop_ppm);
    case KEY_GARBAGE:
        return mr_cli_parse_u32(cli, "--garbage", optarg, 0, 4096, &config->noise.garbage);
    default:
        return mr_cli_parse_u32(cli, "--seed", optarg, 0, UINT32_MAX - 1, &config->noise.seed);
    }
}

static void on_hangup(int number) {
    (void)raise(SIGTERM); /* which main catches */
    (void)number;
}

/* The terminal that started this goes away: end as if told to, unless that is to be ignored. */
static void catch_hangup(void) {
    struct sigaction action;
    if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
        memset(&action, 0, sizeof action);
        sigemptyset(&action.sa_mask);
        action.sa_handler = on_hangup;
        (void)sigaction(SIGHUP, &action, NULL);
    }
}

int mr_cli_cmd_serial(mr_cli_t *cli, int argc, char **argv) {
    const char *device = "sim";
    mr_serial_pty_config_t config = {.stop = mr_cli_interrupted, .ready = on_ready};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !take_option(cli, key, &device, &config)) {
            return MR_CLI_USAGE;
        }
    }
    if (optind < argc) {
        return mr_cli_usage(cli, "unexpected operand '%s'", argv[optind]);
    }
    if (!find_chip(device, &config.chip)) {
        return mr_cli_fail("no simulated chip '%s' in this build, which has: %s", device,
                           mr_device_names());
    }
    the_cli = cli;
    catch_hangup();
    const char *wrong = mr_serial_pty_serve(&config);
    if (wrong != NULL) {
        return mr_cli_fail("%s", wrong);
    }
    return mr_cli_interrupted() ? MR_CLI_INTERRUPTED : MR_CLI_OK;
}
