/* SPDX-License-Identifier: Apache-2.0 */
/* .xclbin files onto cards, through XRT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "millrace/xclbin.h"

#ifdef MR_HAVE_XRT
#include "millrace/backend_xrt.h"
#include "millrace/regs.h"
#endif

/* Length of vendor and board: up to the second separator. */
static size_t board_length(const char *name) {
    size_t separators = 0;
    size_t n = 0;
    while (name[n] != '\0') {
        if (strchr("_:.-", name[n]) != NULL && ++separators == 2) {
            break;
        }
        n++;
    }
    return n;
}

static char plain(char c) {
    return strchr("_:.-", c) != NULL ? '_' : c;
}

bool mr_flash_same_card(const char *platform, const char *card) {
    const size_t n = board_length(platform);
    if (n == 0 || n != board_length(card)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (plain(platform[i]) != plain(card[i])) {
            return false;
        }
    }
    return true;
}

#ifdef MR_HAVE_XRT
typedef struct {
    const mr_flash_job_t *job;
    mr_flash_result_t *result;
    mr_status_t refused; /* MR_OK: not */
    bool asked;          /* before() was called */
} card_t;

static mr_status_t read_file(const mr_flash_job_t *job, bool emulation, mr_flash_result_t *r) {
    mr_xclbin_info_t info;
    const char *why;
    const mr_status_t status = mr_xclbin_read(job->file, &info, &why);
    if (status != MR_OK) {
        (void)snprintf(r->text, sizeof r->text, "%s: %s; give a whole .xclbin", job->file, why);
        return status;
    }
    if (!mr_xclbin_ours(&info, &why)) {
        (void)snprintf(r->text, sizeof r->text, "%s: %s; give one that was built for millrace",
                       job->file, why);
        return MR_IDENTITY;
    }
    r->kind = MR_FLASH_FILE_XCLBIN;
    r->file = (mr_flash_identity_t){true, info.git_hash, info.version};
    (void)snprintf(r->made_for, sizeof r->made_for, "%s", info.platform);
    const char *mode = getenv("XCL_EMULATION_MODE");
    const bool emulated = emulation || (mode != NULL && mode[0] != '\0');
    if ((info.mode == MR_XCLBIN_MODE_HW_EMU) != emulated) {
        (void)snprintf(r->text, sizeof r->text, "%s is for %s; %s", job->file,
                       emulated ? "a card" : "XRT's emulation",
                       emulated ? "give one for emulation, or use --device xrt in a shell without "
                                  "XCL_EMULATION_MODE"
                                : "use --device xrt:emu, or give one for the card");
        return MR_IDENTITY;
    }
    return MR_OK;
}

static void pass_progress(void *ctx, const char *text) {
    const card_t *card = ctx;
    if (card->job->progress != NULL) {
        card->job->progress(card->job->ctx, text);
    }
}

/* The card as it is; false: nothing is loaded. */
static bool look(void *ctx, const mr_xrt_present_t *present) {
    card_t *card = ctx;
    mr_flash_result_t *r = card->result;
    card->asked = true;
    (void)snprintf(r->found, sizeof r->found, "%s", present->name);
    r->loaded_before = present->loaded;
    r->before = (mr_flash_identity_t){present->identified, present->git_hash, present->version};
    if (!mr_flash_same_card(r->made_for, present->name)) {
        (void)snprintf(r->text, sizeof r->text,
                       "%s is for the card %s, but XRT's device 0 is %s; nothing was loaded",
                       card->job->file, r->made_for,
                       present->name[0] != '\0' ? present->name : "without a name");
        card->refused = MR_IDENTITY;
        return false;
    }
    if (card->job->stop != NULL && card->job->stop(card->job->ctx)) {
        (void)snprintf(r->text, sizeof r->text, "interrupted before anything was loaded");
        card->refused = MR_CANCELLED;
        return false;
    }
    return !card->job->dry_run;
}

/* The back end has compared these with the file's when it opened the card. */
static mr_status_t read_after(const mr_mmio_t *mmio, mr_flash_identity_t *after) {
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_GIT_HASH_OFFSET, &after->git_hash));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_VERSION_OFFSET, &after->version));
    after->known = true;
    return MR_OK;
}

static mr_status_t load(const mr_flash_job_t *job, bool emulation, mr_flash_result_t *r) {
    card_t card = {job, r, MR_OK, false};
    char why[MR_FLASH_TEXT_BYTES / 2];
    mr_mmio_t mmio;
    const mr_backend_xrt_config_t config = {.emulation = emulation,
                                            .xclbin = job->file,
                                            .progress = pass_progress,
                                            .before = look,
                                            .ctx = &card};
    mr_status_t status = mr_backend_xrt_create(&config, &mmio, why, sizeof why);
    if (status == MR_CANCELLED) {
        return card.refused;
    }
    r->written = card.asked;
    if (status != MR_OK) {
        (void)snprintf(r->text, sizeof r->text, "%s%s", card.asked ? "loading failed: " : "", why);
        return status;
    }
    status = read_after(&mmio, &r->after);
    if (status == MR_OK &&
        (r->after.git_hash != r->file.git_hash || r->after.version != r->file.version)) {
        status = MR_IDENTITY;
    }
    if (status != MR_OK) {
        (void)snprintf(r->text, sizeof r->text, "loaded, but the chip cannot be identified: %s",
                       mr_status_text(status));
    }
    mr_mmio_close(&mmio);
    return status;
}

mr_status_t mr_flash_card(const mr_flash_job_t *job, mr_flash_result_t *result) {
    const bool emulation = strcmp(job->target, "xrt:emu") == 0;
    memset(result, 0, sizeof *result);
    MR_TRY(read_file(job, emulation, result));
    return load(job, emulation, result);
}
#else
mr_status_t mr_flash_card(const mr_flash_job_t *job, mr_flash_result_t *result) {
    memset(result, 0, sizeof *result);
    (void)snprintf(result->text, sizeof result->text,
                   "%s needs XRT, which was left out of this build: install libxrt-dev, libxrt1 "
                   "and unzip, and build again",
                   job->file);
    return MR_UNSUPPORTED;
}
#endif
