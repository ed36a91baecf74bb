/* SPDX-License-Identifier: Apache-2.0 */
/* The SDR pins: every command's code, and each rule of the pins broken and kept. */
#include <stdio.h>
#include <string.h>

#include "mr_dram_sdr.h"

enum { MRS = 0, REF = 1, PRE = 2, ACT = 3, WR = 4, RD = 5, STOP = 6, NOP = 7, A10 = 1 << 10 };

static mr_dram_sdr_t sdr;
static mr_dram_sdr_pins_t pins;
static mr_dram_dev_in_t in;
static unsigned cases;
static unsigned failures;

static const char *clock_cmd(unsigned cmd, uint8_t ba, uint32_t a, uint64_t dqm) {
    pins.cke = true;
    pins.ras_n = (cmd & 4U) != 0U;
    pins.cas_n = (cmd & 2U) != 0U;
    pins.we_n = (cmd & 1U) != 0U;
    pins.ba = ba;
    pins.a = a;
    pins.dqm = dqm;
    return mr_dram_sdr_clock(&sdr, &pins, &in);
}

static void expect(bool ok, const char *what) {
    cases++;
    if (!ok) {
        failures++;
        printf("FAIL %s\n", what);
    }
}

/* Ready for use: the mode register is set, DQM is low. */
static void begin(const char *profile) {
    memset(&pins, 0, sizeof pins);
    mr_dram_sdr_init(&sdr, mr_dram_profile(profile));
    expect(clock_cmd(MRS, 0, sdr.profile->rl << 4 | 2U, 3) == NULL, "mode register of the profile");
}

static void test_codes(void) {
    static const struct {
        unsigned cmd;
        uint32_t a;
        mr_dram_cmd_code_t code;
        uint32_t want;
    } all[] = {{REF, 0, MR_DRAM_CMD_REFA, 0},     {PRE, 5, MR_DRAM_CMD_PRE, 5},
               {PRE, A10, MR_DRAM_CMD_PREA, A10}, {ACT, 0x1FFF, MR_DRAM_CMD_ACT, 0x1FFF},
               {WR, 1020, MR_DRAM_CMD_WR, 255},   {RD, 8, MR_DRAM_CMD_RD, 2},
               {STOP, 0, MR_DRAM_CMD_NOP, 0},     {NOP, 0, MR_DRAM_CMD_NOP, 0}};
    begin("Sdr100");
    expect(in.port[0].cmd == MR_DRAM_CMD_MRS && in.port[0].a == 0x22U, "MRS");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        expect(clock_cmd(all[i].cmd, 2, all[i].a, 0) == NULL, "a legal command");
        expect(in.port[0].cmd == all[i].code && in.port[0].a == all[i].want &&
                   in.port[0].ba == 2U && in.port[1].cmd == MR_DRAM_CMD_NOP,
               "its code, bank and address");
    }
    pins.cs_n = true;
    expect(clock_cmd(ACT, 0, 0, 0) == NULL && in.port[0].cmd == MR_DRAM_CMD_NOP, "not selected");
    pins.cke = false;
    expect(mr_dram_sdr_clock(&sdr, &pins, &in) == NULL && in.port[0].cmd == MR_DRAM_CMD_DES,
           "CKE low");
}

static void test_write_data(void) {
    begin("Sdr100");
    pins.dq_oe = true;
    pins.data[0] = 0x5A;
    pins.data[7] = 0xA5;
    expect(clock_cmd(WR, 0, 0, 6) == NULL && in.wr_en && in.wr_mask == 6U, "masked write");
    expect(in.wr_data[0] == 0x5AU && in.wr_data[7] == 0xA5U, "write data");
}

static void test_rules(void) {
    begin("Sdr133");
    expect(clock_cmd(MRS, 0, 0x22, 0) != NULL, "CAS latency of another profile");
    expect(clock_cmd(MRS, 0, 0x33, 0) != NULL, "bursts of 8");
    expect(clock_cmd(MRS, 1, 0x32, 0) != NULL, "extended mode register");
    expect(clock_cmd(RD, 0, 2, 0) != NULL, "column inside a burst");
    expect(clock_cmd(WR, 0, A10 | 4U, 0) != NULL, "auto-precharge");
    mr_dram_sdr_init(&sdr, mr_dram_profile("Sdr100"));
    expect(clock_cmd(NOP, 0, 0, 0) != NULL, "DQM low before the mode register");
    expect(clock_cmd(NOP, 0, 0, 1) == NULL, "DQM high before the mode register");
}

/* DQM acts two clocks later: at latency 2 from the RD's clock on, at 3 a clock longer. */
static void test_read_mask(void) {
    static const char *const profile[] = {"Sdr100", "Sdr133"};
    for (unsigned p = 0; p < 2U; p++) {
        for (unsigned late = 0; late < 7U; late++) {
            begin(profile[p]);
            const char *fault = clock_cmd(RD, 0, 0, late == 0U ? 1 : 0);
            for (unsigned i = 1; i < 7U; i++) {
                const char *more = clock_cmd(NOP, 0, 0, i == late ? 1 : 0);
                fault = fault != NULL ? fault : more;
            }
            expect((fault != NULL) == (late < 4U + p), "DQM high in a read burst");
        }
    }
}

int main(void) {
    test_codes();
    test_write_data();
    test_rules();
    test_read_mask();
    printf("%s test_dram_sdr: %u cases, %u failures\n", failures == 0U ? "PASS" : "FAIL", cases,
           failures);
    return failures == 0U ? 0 : 1;
}
