// SPDX-License-Identifier: Apache-2.0
// What a simulated chip reads when it is opened: the boot ROM of its control core, the only memory
// that RTL fills from a file. It is a part of the program instead, so that a chip needs no file of
// the build. Verilator's own function is compiled under another name.
#include <cstdint>
#include <cstring>

#include "verilated.h"

extern "C" {
extern const uint32_t mr_core_image_boot[];
extern const uint32_t mr_core_image_boot_words;
}

void VL_READMEM_N(bool hex, int bits, QData depth, int array_lsb, const std::string &filename,
                  void *memp, QData start, QData end) VL_MT_SAFE {
    static_cast<void>(array_lsb);
    static_cast<void>(start);
    static_cast<void>(end);
    if (!hex || bits != 32 || depth < mr_core_image_boot_words) {
        VL_FATAL_MT(filename.c_str(), 0, "", "not the boot ROM of the control core");
    }
    std::memset(memp, 0, depth * sizeof(uint32_t));
    std::memcpy(memp, mr_core_image_boot, mr_core_image_boot_words * sizeof(uint32_t));
}
