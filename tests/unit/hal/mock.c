/* SPDX-License-Identifier: Apache-2.0 */
/* A device that records each access in order and plays back scripted answers. */
#include "mock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mr_status_t record(mock_t *m, char what, uint32_t addr, uint32_t value) {
    const bool fails = m->n == m->fail_at;
    assert_true(m->n < LOG_MAX);
    m->log[m->n++] = (access_t){what, addr, value};
    return fails ? MR_IO : MR_OK;
}

mr_status_t mock_read32(void *ctx, uint32_t addr, uint32_t *value) {
    mock_t *m = ctx;
    *value = m->n_answers == 0 ? 0 : m->answer[m->next_answer];
    if (m->next_answer + 1u < m->n_answers) {
        m->next_answer++;
    }
    return record(m, 'R', addr, 0);
}

mr_status_t mock_write32(void *ctx, uint32_t addr, uint32_t value) {
    return record(ctx, 'W', addr, value);
}

mr_status_t mock_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        words[i] = (uint32_t)i;
    }
    return record(ctx, 'r', addr, (uint32_t)n);
}

mr_status_t mock_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    mock_t *m = ctx;
    if (m->n_blocks < 8u) {
        m->first_word[m->n_blocks++] = words[0];
    }
    return record(m, 'w', addr, (uint32_t)n);
}

mr_status_t mock_wait(void *ctx, uint32_t cycles) {
    return record(ctx, 'T', 0, cycles);
}

void mock_close(void *ctx) {
    (void)ctx;
}

static const mr_mmio_ops_t mock_ops = {mock_read32,      mock_write32, mock_read_block,
                                       mock_write_block, mock_wait,    mock_close};

static mock_t mock;

mock_t *fresh(const uint32_t *answers, size_t n) {
    memset(&mock, 0, sizeof mock);
    mock.io.ops = &mock_ops;
    mock.io.ctx = &mock;
    mock.fail_at = LOG_MAX;
    mock.n_answers = n;
    for (size_t i = 0; i < n; i++) {
        mock.answer[i] = answers[i];
    }
    return &mock;
}

void expect(const mock_t *m, const access_t *want, size_t n) {
    for (size_t i = 0; i < n && i < m->n; i++) {
        if (m->log[i].what != want[i].what || m->log[i].addr != want[i].addr ||
            m->log[i].value != want[i].value) {
            fail_msg("access %zu: %c %06x %x, expected %c %06x %x", i, m->log[i].what,
                     m->log[i].addr, m->log[i].value, want[i].what, want[i].addr, want[i].value);
        }
    }
    assert_int_equal(m->n, n);
}
