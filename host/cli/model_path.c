/* SPDX-License-Identifier: Apache-2.0 */
/* Where a model is: a file, or the name of one that came with the tool. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

/* From the tool's own folder: as installed, and in a build folder at the top of the sources. */
static const char *const places[] = {"../share/millrace/models/", "../models/"};

static bool in_folder(const char *folder, const char *place, const char *name,
                      mr_cli_path_t *path) {
    const int n = snprintf(path->text, sizeof path->text, "%s/%s%s.gguf", folder, place, name);
    return n > 0 && (size_t)n < sizeof path->text && access(path->text, F_OK) == 0;
}

const char *mr_cli_model_path(const char *model, mr_cli_path_t *path) {
    if (model[0] == '\0' || strchr(model, '/') != NULL || access(model, F_OK) == 0) {
        return model;
    }
    const char *folder = getenv("MILLRACE_MODELS");
    if (folder != NULL) {
        return in_folder(folder, "", model, path) ? path->text : model;
    }
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1u);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL) {
        return model;
    }
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (in_folder(self, places[i], model, path)) {
            return path->text;
        }
    }
    return model;
}
