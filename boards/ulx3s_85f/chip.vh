// SPDX-License-Identifier: Apache-2.0
// Parameters of mr_chip_sdr on the ULX3S with an ECP5-85F; the only place where they stand. For inclusion in a module.
// One tile whose lane holds the 8,000 blocks of models/brook.gguf (tests/unit/boards), 16-bit SDR SDRAM, 50 MHz.
localparam int Tiles = 1;
localparam int Lanes = 1;
localparam int WDepth = 8192;
localparam int WSlice = 2;
localparam int VDepth = 2560;
localparam int XDepth = 32;
localparam int PDepth = 128;
localparam int ResBufs = 2;
localparam int ResSize = 1024;
localparam int MaxG = 2;
localparam int KvSlots = 8;
localparam int KvLayers = 8;
localparam int KvHeads = 2;
localparam int KvNbh = 1;
localparam int KvPages = 128;
localparam int KvSlotBlocks = 16;
localparam int DqBytes = 2;
localparam int ClockKhz = 50000;
localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr50;
