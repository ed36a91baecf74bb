// SPDX-License-Identifier: Apache-2.0
// The SECDED code of the KV controller: Hsiao's odd-weight columns, and the syndrome that means "poisoned". See docs/kv_ecc.md.
//
// A code word is DataBits data bits d and r check bits c: c[i] is the parity of the data bits whose column has bit i. The column of
// check bit i is 1 << i. Data columns, in order: the r-bit numbers with three ones, ascending, without 7, 25, 42, 52 (16 data bits) or
// 14, 50, 84 (32); for 64 data bits then the eight rotations of 00011111. All columns are odd and different, so one flip has an odd
// syndrome that names it and two have an even one. What is left out balances the parity trees (8, 13 to 15, 26 data bits a check
// bit) and makes poison() the sum of as few pairs of columns as can be (6, 7, 8).
`default_nettype none
package mr_kv_ecc_pkg;
    localparam logic [1:0] KindNone     = 2'd0;
    localparam logic [1:0] KindSingle   = 2'd1; // one flip, corrected
    localparam logic [1:0] KindDouble   = 2'd2; // two flips, or more that are no column
    localparam logic [1:0] KindPoisoned = 2'd3; // marked as bad by its writer

    // Check bits of 16, 32 or 64 data bits.
    function automatic int chk_bits(input int data_bits);
        chk_bits = (data_bits == 16) ? 6 : (data_bits == 32) ? 7 : 8;
    endfunction

    function automatic logic [7:0] poison(input int data_bits);
        poison = (data_bits == 16) ? 8'h3f : (data_bits == 32) ? 8'h7e : 8'hff;
    endfunction

    // Columns of the data bits: that of bit k is [8k +: 8]. (One function without calls: Icarus takes no others as constants.)
    function automatic logic [511:0] columns(input int data_bits);
        int n, ones;
        logic skip;
        columns = '0;
        n = 0;
        for (int v = 1; v < 256; v = v + 1) begin
            ones = 0;
            for (int i = 0; i < 8; i = i + 1) ones = ones + ((v >> i) & 1);
            skip = 1'b0;
            if (data_bits == 16) skip = v >= 64 || v == 7 || v == 25 || v == 42 || v == 52;
            if (data_bits == 32) skip = v >= 128 || v == 14 || v == 50 || v == 84;
            if (ones == 3 && !skip) begin
                columns[8*n +: 8] = 8'(v);
                n = n + 1;
            end
        end
        if (data_bits == 64) begin
            for (int i = 0; i < 8; i = i + 1) columns[8*(56+i) +: 8] = 8'((32'h1f1f << i) >> 8);
        end
    endfunction
endpackage
`default_nettype wire
