/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the firmware on a device's control core. */
#include "session/core.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/core.h"
#include "millrace/regs.h"
#ifdef MR_HAVE_CORE_IMAGE
#include "millrace/core_image.h"
#endif

#define BOOT_CYCLES 4000000u
#define UP_CYCLES 4000000u
#define IMAGE_WORDS_MAX (MR_MAILBOX_WINDOW_BYTES / 4u)

typedef struct {
    const uint32_t *words;
    uint32_t n;
    uint32_t *own; /* to be freed, or NULL */
} image_t;

/* Reads an image of whole little-endian words. */
static mr_status_t read_image(const char *path, image_t *image, mr_gguf_error_t *error) {
    FILE *f = fopen(path, "rb");
    uint8_t word[4];
    size_t got = 0;
    if (f == NULL) {
        return mr_gguf_fail(error, MR_IO, path, "cannot read the firmware image: %s",
                            strerror(errno));
    }
    image->own = calloc(IMAGE_WORDS_MAX, sizeof *image->own);
    while (image->own != NULL && image->n < IMAGE_WORDS_MAX &&
           (got = fread(word, 1, sizeof word, f)) == sizeof word) {
        image->own[image->n++] = (uint32_t)word[0] | (uint32_t)word[1] << 8 |
                                 (uint32_t)word[2] << 16 | (uint32_t)word[3] << 24;
    }
    const bool broken = ferror(f) != 0;
    (void)fclose(f);
    image->words = image->own;
    if (image->own == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, NULL, "out of memory for the firmware image");
    }
    if (broken) {
        return mr_gguf_fail(error, MR_IO, path, "reading the firmware image failed");
    }
    return image->n > 0 && (got == 0 || image->n == IMAGE_WORDS_MAX)
               ? MR_OK
               : mr_gguf_fail(error, MR_FORMAT, path,
                              "no firmware image: an image has whole words of 4 bytes");
}

static mr_status_t find_image(const char *path, image_t *image, mr_gguf_error_t *error) {
    *image = (image_t){NULL, 0, NULL};
    if (path != NULL) {
        return read_image(path, image, error);
    }
#ifdef MR_HAVE_CORE_IMAGE
    image->words = mr_core_image_millrace_fw;
    image->n = mr_core_image_millrace_fw_words;
    return MR_OK;
#else
    return mr_gguf_fail(error, MR_NOT_FOUND, NULL,
                        "this build has no firmware image for the core; give one with "
                        "--firmware-image FILE");
#endif
}

static mr_status_t explain_boot(mr_status_t status, const char *device, const char *path,
                                uint32_t sram_bytes, uint32_t words, mr_gguf_error_t *error) {
    switch ((int)status) {
    case MR_CRC:
        return mr_gguf_fail(error, status, path,
                            "the core of device '%s' has the firmware image with a wrong "
                            "checksum; its memory is faulty",
                            device);
    case MR_IDENTITY:
        return mr_gguf_fail(error, status, path,
                            "the boot ROM of device '%s' starts no image of this version; use the "
                            "firmware image of the same build",
                            device);
    case MR_FORMAT:
        return mr_gguf_fail(error, status, path,
                            "no firmware image: the boot ROM of device '%s' refuses its header",
                            device);
    case MR_NO_SPACE:
        return mr_gguf_fail(error, status, path,
                            "the firmware image has %" PRIu32 " bytes, the core of device '%s' "
                            "has %" PRIu32,
                            4u * words, device, sram_bytes);
    case MR_TIMEOUT:
        return mr_gguf_fail(error, status, path,
                            "the core of device '%s' did not start the firmware within %u cycles; "
                            "reset the device",
                            device, BOOT_CYCLES);
    default:
        return mr_gguf_fail(error, status, NULL, "device '%s': %s; reset it and try again", device,
                            mr_status_text(status));
    }
}

static mr_status_t explain_client(mr_status_t status, const char *device, mr_gguf_error_t *error) {
    return mr_gguf_fail(error, status, NULL,
                        "the firmware on the core of device '%s' does not answer as it should: "
                        "%s; use the image of the same build",
                        device, mr_status_text(status));
}

mr_status_t mr_core_start(const mr_mmio_t *mmio, const char *device, const char *image_path,
                          mr_client_t **client, mr_gguf_error_t *error) {
    mr_core_caps_t caps;
    image_t image;
    *client = NULL;
    mr_status_t status = mr_core_caps(mmio, &caps);
    if (status == MR_OK && !caps.present) {
        return mr_gguf_fail(error, MR_UNSUPPORTED, NULL,
                            "device '%s' has no control core; use --firmware hosted", device);
    }
    if (status != MR_OK) {
        return explain_boot(status, device, NULL, 0, 0, error);
    }
    status = find_image(image_path, &image, error);
    if (status == MR_OK) {
        status = mr_core_boot(mmio, image.words, image.n, BOOT_CYCLES, NULL);
        if (status != MR_OK) {
            status = explain_boot(status, device, image_path, caps.sram_bytes, image.n, error);
        }
    }
    free(image.own);
    MR_TRY(status);
    /* From now on the hub's results and tokens are none of this process's business. */
    status = mr_mmio_write32(mmio, MR_CORE_BASE + MR_CORE_CTRL_OFFSET,
                             MR_CORE_CTRL_RUN_MASK | MR_CORE_CTRL_OWN_HUB_MASK);
    status = status == MR_OK ? mr_client_open(mmio, UP_CYCLES, client) : status;
    return status == MR_OK ? MR_OK : explain_client(status, device, error);
}
