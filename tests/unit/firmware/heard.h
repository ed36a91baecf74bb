/* SPDX-License-Identifier: Apache-2.0 */
/* A few users on a functional model: every logit and token that they hear, to compare placements.
 */
#ifndef MR_TEST_HEARD_H
#define MR_TEST_HEARD_H

#include "fixture.h"
#include "millrace/sched.h"

#define HEARD_SLOTS 10u
#define HEARD_TOKENS 40u /* of a prompt and of what is drawn behind it */
#define HEARD_VOCAB 96u  /* at most */
#define HEARD_CYCLES 100000u

typedef struct {
    uint32_t groups;
    uint32_t tiles;
    uint32_t kv_layers;
    uint32_t in_bufs;
} heard_chip_t;

/* What a run gave: every logit of every slot, and the tokens. */
typedef struct {
    float logits[HEARD_SLOTS][HEARD_TOKENS][HEARD_VOCAB];
    uint32_t token[HEARD_SLOTS][HEARD_TOKENS];
    uint32_t n[HEARD_SLOTS];
    uint32_t errors;
} heard_t;

/* A device with an image and its place in a mode (MR_PLACE_*). Static: it is large. */
typedef struct {
    fixture_image_t image;
    fixture_device_t dev;
    mr_placement_t p;
    mr_fit_t fit;
} heard_device_t;

/* Opens a chip of 16 slots and so many KV pages and loads d->image; close d->dev, whatever comes.
 * @return of the load. */
mr_status_t heard_open(heard_device_t *d, const heard_chip_t *chip, uint32_t pages, uint32_t mode);

/* So many users at once, greedy; with all logits, or with tokens picked by the device. */
void heard_generate(heard_t *h, heard_device_t *d, uint32_t users, bool logits_too);

#endif
