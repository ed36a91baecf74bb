/* SPDX-License-Identifier: Apache-2.0 */
/* The waveform of a simulated chip on which users decode, as an FST file. */
#ifndef MR_HOST_CLI_TRACE_FST_H
#define MR_HOST_CLI_TRACE_FST_H

#include "pipeline.h"

typedef struct {
    const char *device;
    const char *model;
    const char *path;
    uint32_t mode;                 /* MR_PLACE_* */
    uint64_t cycles;               /* the file ends after so many; 0: with the last token */
    mr_cli_pipeline_options_t run; /* users, context, tokens; the file has users x tokens of them */
} mr_cli_fst_options_t;

/* The file begins when each user has made MR_CLI_PIPELINE_WARM tokens. It is closed, and can be
 * read, however the run ends. @return an exit code; the message is out. */
int mr_cli_trace_fst(mr_cli_t *cli, const mr_cli_fst_options_t *options);

#endif
