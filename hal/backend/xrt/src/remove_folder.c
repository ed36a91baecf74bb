/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a folder with all that is in it. */
#include <ftw.h>
#include <stdio.h>

#include "helper_setup.h"

enum { DESCRIPTORS = 16, TRIES = 3 };

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void mr_xrt_remove_folder(const char *folder) {
    /* A process that is ending may still have written something. */
    for (int i = 0; i < TRIES; i++) {
        (void)nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    }
}
