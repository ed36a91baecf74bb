/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes shared by firmware, HAL, back ends and host.
 *
 * 0 is success, negatives are errors. Numbers are frozen once released: append, never renumber.
 * The list is an X-macro so that the enum, the string table and the documentation cannot drift.
 */
#ifndef MR_STATUS_H
#define MR_STATUS_H

/* X(name, value, text) */
#define MR_STATUS_LIST(X)                                                                          \
    X(OK, 0, "success")                                                                            \
    X(ARG, -1, "invalid argument; nothing was touched")                                            \
    X(BUSY, -2, "busy; retrying is safe")                                                          \
    X(TIMEOUT, -3, "the device did not answer in time")                                            \
    X(NO_SPACE, -4, "not enough space")                                                            \
    X(RANGE, -5, "value out of range")                                                             \
    X(ALIGN, -6, "misaligned address or size")                                                     \
    X(UNSUPPORTED, -7, "not supported")                                                            \
    X(DEVICE, -8, "the device reported an error; read its error register")                         \
    X(STATE, -9, "not possible in this state")                                                     \
    X(IO, -10, "input/output error")                                                               \
    X(FORMAT, -11, "malformed data")                                                               \
    X(CRC, -12, "checksum mismatch")                                                               \
    X(NOT_FOUND, -13, "not found")                                                                 \
    X(NO_MEMORY, -14, "out of host memory")                                                        \
    X(IDENTITY, -15, "this is not a Millrace device or its version does not match")                \
    X(CANCELLED, -16, "cancelled")

typedef enum {
#define MR_STATUS_ENUM_(name_, value_, text_) MR_##name_ = (value_),
    MR_STATUS_LIST(MR_STATUS_ENUM_)
#undef MR_STATUS_ENUM_
} mr_status_t;

#define MR_NODISCARD __attribute__((warn_unused_result))

/* Returns from the calling function when expr is not MR_OK. */
#define MR_TRY(expr_)                                                                              \
    do {                                                                                           \
        const mr_status_t mr_try_status_ = (expr_);                                                \
        if (mr_try_status_ != MR_OK) {                                                             \
            return mr_try_status_;                                                                 \
        }                                                                                          \
    } while (0)

/* Text for a status; never NULL, also for values outside the list. */
const char *mr_status_text(mr_status_t status);

#endif
