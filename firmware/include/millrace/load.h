/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a model: places it, writes weights, vectors and programs into the tiles, and reads them
 * back by CRC. */
#ifndef MR_LOAD_H
#define MR_LOAD_H

#include <stdint.h>

#include "millrace/image.h"
#include "millrace/mmio.h"
#include "millrace/place.h"
#include "millrace/status.h"

/* Size of the work buffer. It must hold 4 x lanes rows of a matrix: with 8 lanes rows of up to
 * 16384 columns need 557,056 bytes. */
#define MR_LOAD_WORK_BYTES 557056u

/* Called with the bytes of the image that are in the device; may be NULL. */
typedef void (*mr_load_progress_t)(void *ctx, uint64_t done, uint64_t total);

typedef struct {
    mr_load_progress_t progress;
    void *progress_ctx;
    uint8_t *work; /* MR_LOAD_WORK_BYTES, aligned to 4; the caller's */
} mr_load_config_t;

/* Formats of an image's matrices, as placement wants them.
 * @return MR_OK; statuses of the source; MR_FORMAT: the source has changed since it was opened. */
MR_NODISCARD mr_status_t mr_load_formats(const mr_image_t *image, mr_place_formats_t *formats);

/* Resets the device, loads the image placed in a mode (MR_PLACE_*), initialises the KV cache and
 * starts the tiles.
 * @param[out] p    the placement, valid when MR_OK
 * @param[out] fit  filled in with MR_NO_SPACE
 * @return MR_OK; MR_NO_SPACE; MR_RANGE: no such mode; MR_UNSUPPORTED (mr_machine_check); MR_CRC: an
 * image tensor or a tile memory read back differs; MR_DEVICE, MR_TIMEOUT; statuses of the source.
 * After an error the device holds no model. */
MR_NODISCARD mr_status_t mr_load_mode(const mr_mmio_t *mmio, const mr_machine_t *machine,
                                      const mr_image_t *image, const mr_load_config_t *cfg,
                                      uint32_t mode, mr_placement_t *p, mr_fit_t *fit);

/* mr_load_mode for MR_PLACE_EFFICIENCY. */
MR_NODISCARD mr_status_t mr_load(const mr_mmio_t *mmio, const mr_machine_t *machine,
                                 const mr_image_t *image, const mr_load_config_t *cfg,
                                 mr_placement_t *p, mr_fit_t *fit);

#endif
