/* SPDX-License-Identifier: Apache-2.0 */
/* Events that the firmware logs: numbers in memory, texts on the host.
 *
 * X(name, value, text): the text has one %u, %d or %x for a and then one for b, or leaves out the
 * last ones. Numbers are frozen once released: append, never renumber. */
#ifndef MR_LOG_EVENTS_H
#define MR_LOG_EVENTS_H

#define MR_LOG_EVENTS(X)                                                                           \
    X(BOOT, 1, "firmware %x is up, CRC of its image %x")                                           \
    X(HELLO, 2, "the host speaks protocol %x to %x")                                               \
    X(SETUP, 3, "set up for %u slots and a vocabulary of %u")                                      \
    X(SUBMIT, 4, "request %u for slot %d")                                                         \
    X(START, 5, "request %u starts in slot %u")                                                    \
    X(END, 6, "request %u ends, reason %u")                                                        \
    X(DROP, 7, "request %u ends without a slot, reason %u")                                        \
    X(CANCEL, 8, "request %u is cancelled")                                                        \
    X(REFUSED, 9, "message %x is refused with status %d")                                          \
    X(BAD_RING, 10, "the host's ring index %u is impossible, ours is %u")                          \
    X(FAULT, 11, "a part of the device failed: kind %u, number %u")                                \
    X(FAILED, 12, "the device failed with status %d")                                              \
    X(FULL, 13, "the ring to the host is full, %u words free")                                     \
    X(CRASH, 14, "crash: cause %u at %x")                                                          \
    X(WATCHDOG, 15, "the watchdog bit in boot %u")                                                 \
    X(NOTE, 16, "note %u: %u")

typedef enum {
#define MR_LOG_ID_(name_, value_, text_) MR_LOG_##name_ = (value_),
    MR_LOG_EVENTS(MR_LOG_ID_)
#undef MR_LOG_ID_
} mr_log_id_t;

#endif
