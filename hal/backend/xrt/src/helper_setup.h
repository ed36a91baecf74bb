/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's folder and XRT's environment. */
#ifndef MR_XRT_HELPER_SETUP_H
#define MR_XRT_HELPER_SETUP_H

#include <stdbool.h>
#include <stddef.h>

/* Removes a folder with all that is in it; what cannot be removed stays. */
void mr_xrt_remove_folder(const char *folder);

/* Makes XRT's library tree and xrt.ini in the working folder (argv[2]), sets its environment and
 * runs a copy of this program from there with `device` in place of argv[1]. Returns only on error:
 * false, and why. */
bool mr_xrt_setup_emulation(char **argv, char *why, size_t why_bytes);

#endif
