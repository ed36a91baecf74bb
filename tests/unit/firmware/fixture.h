/* SPDX-License-Identifier: Apache-2.0 */
/* Small random models as images in memory, and a device with faults to order. */
#ifndef MR_TEST_FIXTURE_H
#define MR_TEST_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/backend_model.h"
#include "millrace/image.h"
#include "millrace/machine.h"
#include "millrace/mmio.h"
#include "millrace/place.h"

/* An image in heap memory. read counts calls; call number fail_at fails with MR_IO. */
typedef struct {
    uint8_t *bytes;
    size_t size;
    mr_image_source_t source;
    uint32_t reads;
    uint32_t fail_at;
} fixture_image_t;

/* Two layers, d 64, 2 query heads on 1 KV head of 32, n_ff 96, vocabulary 64, context 64, tied. */
mr_model_shape_t fixture_shape(void);

/* A machine on which fixture_shape fits; the model back end's default with fewer resources. */
mr_machine_t fixture_machine(void);

/* Every matrix in one format. */
void fixture_formats(mr_place_formats_t *f, mr_image_format_t format);

/* Builds an image with seeded random weights; formats as given. The caller frees it. */
void fixture_image_build(fixture_image_t *image, const mr_model_shape_t *shape,
                         const mr_place_formats_t *formats, uint64_t seed);
void fixture_image_free(fixture_image_t *image);

uint32_t fixture_get(const fixture_image_t *image, size_t byte);
void fixture_set(fixture_image_t *image, size_t byte, uint32_t value);
/* Byte of a tensor's table entry. */
size_t fixture_entry(const mr_model_shape_t *shape, mr_image_kind_t kind, uint32_t layer);
/* Puts the right CRC of header and table. */
void fixture_seal(fixture_image_t *image);

/* The functional model behind a table of operations that can go wrong. */
typedef struct {
    mr_mmio_t io;    /* what the firmware sees */
    mr_mmio_t inner; /* the functional model */
    uint64_t waited; /* cycles given to wait */
    uint32_t injected;
    uint32_t popped;
    uint32_t most_in_flight;
    uint32_t force_addr; /* reads of this register, and a block's first word here, answer
                            (value & and) | or */
    uint32_t force_and;
    uint32_t force_or;
    uint32_t force_skip;  /* reads of it that go through first */
    uint32_t flip_write;  /* bit 0 of the first word of this block write (from 1) is flipped */
    uint32_t writes;      /* block writes so far */
    uint32_t fail_writes; /* this block write (from 1) answers fail_status */
    uint32_t block_words; /* length of the last block read */
    uint32_t accesses;    /* of any kind, wait included, so far */
    uint32_t fail_access; /* this one (from 1) answers fail_status */
    mr_status_t fail_status;
} fixture_device_t;

void fixture_device_open(fixture_device_t *dev, const mr_backend_model_config_t *config);
void fixture_device_close(fixture_device_t *dev);

#endif
