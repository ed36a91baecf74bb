/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the status codes. */
#include "millrace/status.h"

const char *mr_status_text(mr_status_t status) {
    switch (status) {
#define MR_STATUS_CASE_(name_, value_, text_)                                                      \
    case MR_##name_:                                                                               \
        return text_;
        MR_STATUS_LIST(MR_STATUS_CASE_)
#undef MR_STATUS_CASE_
    }
    return "unknown status";
}
