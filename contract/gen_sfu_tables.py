#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the coefficient table of the special functions: contract/src/sfu_tables.c and rtl/fp/mr_sfu_rom.sv.

  gen_sfu_tables.py          write both files
  gen_sfu_tables.py --check  exit 1 if a committed file differs from what would be written

One table of 512 entries serves four functions (see mr_sfu_eval_ in millrace/arith.h for the evaluation):

  address      function                       segments  value
  0..127       2/x            x in [1,2)      128       (1,2]
  128..191     2^x            x in [0,1)      64        [1,2)
  192..255     sin(pi x / 2)  x in [0,1)      64        [0,1]
  256..511     2/sqrt(x)      x in [1,4)      2 x 128   (1,2]   256.. is [2,4), 384.. is [1,2)

Only integers and IEEE double + - * / are used, so that every machine makes the same table.
"""
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
C_PATH = os.path.join(HERE, "src", "sfu_tables.c")
SV_PATH = os.path.join(HERE, "..", "rtl", "fp", "mr_sfu_rom.sv")

# Formats (weights of the least significant bits, as powers of two; d is in units of a segment)
C0_BITS, C0_LSB = 29, -28
C1_BITS, C1_LSB = 20, -25
C2_BITS, C2_LSB = 15, -26
D_BITS = 20                     # |d| < 1/2: 20 bits of weight 2^-21, plus half of one
D2_SHIFT = 4                    # the narrow multiplier sees D >> 3
Q_SHIFT = -(C2_LSB - D_BITS - 1 + D2_SHIFT - C1_LSB)   # product c2 x D, to the weight of c1
P_SHIFT = -(C1_LSB - D_BITS - 1 - C0_LSB)              # product h x D, to the weight of c0

ONE = 1 << 62                   # fixed point of the reference values
PI = 14488038916154245685       # pi x 2^62
LN2 = 3196577161300663915       # ln 2 x 2^62


def mul(a, b):
    return (a * b) >> 62


def exp2_ref(num, den):
    """2^(num/den) x 2^62, for 0 <= num/den <= 1."""
    y = (LN2 * num) // den
    term, total, k = ONE, ONE, 1
    while term:
        term = mul(term, y) // k
        total += term
        k += 1
    return total


def sin_ref(num, den):
    """sin(pi/2 num/den) x 2^62, for 0 <= num/den <= 1."""
    y = (PI * num) // (2 * den)
    term, total, k = y, y, 1
    while term:
        term = mul(mul(term, y), y) // ((k + 1) * (k + 2))
        k += 2
        total += term if k % 4 == 1 else -term
    return total


class Function:
    """One function: value(seg, n) x 2^62 at the place n / 2^22 inside segment seg."""

    def __init__(self, base, segments, value, exact_step, sub1, sub0, name):
        self.base, self.segments, self.value, self.name = base, segments, value, name
        self.exact_step = exact_step    # 0: the argument was cut to 21 bits, else its step in units of 2^-21
        self.sub1, self.sub0 = sub1, sub0

    def at(self, seg, d21):
        """Reference value for the 21-bit place d21: the argument itself, or the middle of what was cut."""
        return self.value(seg, 2 * d21 + (0 if self.exact_step else 1))


def recip_value(seg, n):
    return ((2 * 128 << 22) * ONE) // ((128 + seg << 22) + n)


def rsqrt_value(seg, n):
    # segments 0..127 cover [2,4), 128..255 cover [1,2)
    num = (128 + seg % 128 << 22) + n
    if seg < 128:
        num *= 2
    return math.isqrt((4 * ONE * ONE * 128 << 22) // num)


FUNCTIONS = [
    Function(0, 128, recip_value, 32, 1, 1, "2/x"),
    Function(128, 64, lambda s, n: exp2_ref((s << 22) + n, 64 << 22), 0, 0, 0, "2^x"),
    Function(192, 64, lambda s, n: sin_ref((s << 22) + n, 64 << 22), 0, 1, 0, "sin(pi x/2)"),
    Function(256, 256, rsqrt_value, 32, 1, 1, "2/sqrt(x)"),
]


def evaluate(c1, c2, d21, sub1, sub0):
    """The datapath without c0: what is added to c0, in its units."""
    neg = 1 - (d21 >> D_BITS)
    d = (d21 ^ -neg) & ((1 << D_BITS) - 1)
    q = (c2 * (d >> D2_SHIFT)) >> Q_SHIFT
    h = c1 + (q ^ -(neg ^ sub1))
    if not 0 <= h < 1 << C1_BITS:
        raise ValueError("slope out of range")
    p = (h * d) >> P_SHIFT
    return p ^ -(neg ^ sub0)


def quadratic(fn, seg):
    """Coefficients (slope, curvature) of the quadratic through three Chebyshev nodes, d in segments."""
    r = 0.8660254037844386      # sqrt(3)/2
    if fn.name.startswith("sin") and seg == 0:
        # one node at the very start: the sine of a small angle must not become negative
        z = [-0.5, -0.5 + r / (1 + r), -0.5 + 2 * r / (1 + r)]
    else:
        z = [-r / 2, 0.0, r / 2]
    # places in 1/2^22 of a segment; the datapath's d is (d21 - 2^20 + 1/2) / 2^21
    n = [int((x + 0.5) * (1 << 22)) for x in z]
    f = [fn.value(seg, k) / ONE for k in n]
    shift = 1 if fn.exact_step else 0
    d = [(k + shift - (1 << 21)) / (1 << 22) for k in n]
    f01 = (f[1] - f[0]) / (d[1] - d[0])
    f12 = (f[2] - f[1]) / (d[2] - d[1])
    a2 = (f12 - f01) / (d[2] - d[0])
    a1 = f01 - a2 * (d[0] + d[1])
    return a1, a2


def round_to(x, lsb):
    return int(math.floor(x * 2.0 ** -lsb + 0.5))


def fit(fn, seg, c1, c2, samples):
    """(largest error, c0) with c0 in the middle of the errors; all in 1/256 of c0's unit."""
    errors = [want - 256 * evaluate(c1, c2, d21, fn.sub1, fn.sub0) for d21, want in samples]
    if fn.name.startswith("sin") and seg == 0:
        middle = -256 * evaluate(c1, c2, 0, fn.sub1, fn.sub0)   # the sine starts at 0, never below
    else:
        middle = (max(errors) + min(errors)) // 2
    return max(max(errors) - middle, middle - min(errors)), middle


def worst_packed(c0, samples):
    """Largest error after packing, for the sine; samples are pairs (value without c0, reference)."""
    worst = 0
    for rise, want in samples:
        r = c0 + rise
        r &= -1 << max(0, r.bit_length() - 24)
        worst = max(worst, abs(256 * r - want))
    return worst


def entry(fn, seg):
    """(c0, c1, c2) of one segment: the best of a few, c0 centred, plus half of what packing cuts off."""
    a1, a2 = quadratic(fn, seg)
    c2 = round_to(abs(a2), C2_LSB)
    step = fn.exact_step or 1
    places = sorted({k * ((1 << 21) // 512) // step * step for k in range(512)} | {(1 << 21) - step})
    samples = [(d21, fn.at(seg, d21) >> (62 + C0_LSB - 8)) for d21 in places]
    slopes = [round_to(abs(a1), C1_LSB) + k for k in range(-1, 4)]
    curves = [c2]
    if fn.name.startswith("sin"):       # the coarsest one needs a wider search, its anchored part most of all
        slopes = [round_to(abs(a1), C1_LSB) + k for k in (range(-2, 5) if seg else range(-8, 16, 2))]
        curves = [c2 + k for k in (range(-32, 33, 8) if seg else range(-128, 129, 8))]
    (_, middle), c1, c2 = min((fit(fn, seg, c1, c2, samples), c1, c2) for c1 in slopes for c2 in curves)
    c0 = (middle + 128 * 31 + 128) >> 8     # packing into a float cuts five bits off
    if fn.name.startswith("sin"):           # ... or none to four
        # a prime step, so that the bits cut off differ
        dense = [(evaluate(c1, c2, d21, fn.sub1, fn.sub0), fn.at(seg, d21) >> (62 + C0_LSB - 8))
                 for d21 in range(0, 1 << 21, 1999)]
        c0 = min(range(middle >> 8, (middle >> 8) + 11), key=lambda c: worst_packed(c, dense))
    if not (0 <= c0 < 1 << C0_BITS and 0 <= c1 < 1 << C1_BITS and 0 <= c2 < 1 << C2_BITS):
        raise ValueError(f"{fn.name} segment {seg}: a coefficient does not fit")
    return c0, c1, c2


def table():
    rom = [None] * 512
    for fn in FUNCTIONS:
        for seg in range(fn.segments):
            rom[fn.base + seg] = entry(fn, seg)
    return [c0 << 35 | c1 << 15 | c2 for c0, c1, c2 in rom]


def c_text(rom):
    rows = "\n".join("    " + ", ".join(f"0x{w:016x}u" for w in rom[k:k + 4]) + "," for k in range(0, 512, 4))
    return f"""/* SPDX-License-Identifier: Apache-2.0 */
/* Coefficients of the special functions. Made by contract/gen_sfu_tables.py; do not edit. */
#include "millrace/arith.h"

/* c0 in bits 63:35, c1 in 34:15, c2 in 14:0 */
const uint64_t mr_sfu_table[MR_SFU_ENTRIES] = {{
{rows}
}};
"""


def sv_text(rom):
    rows = "\n".join(f"      9'd{k}: data_q <= 64'h{w:016x};" for k, w in enumerate(rom[:511]))
    return f"""// SPDX-License-Identifier: Apache-2.0
// Coefficients of the special functions. Made by contract/gen_sfu_tables.py; do not edit.
//
// Synchronous ROM of 512 x 64 bits (two DP16KD): data_o belongs to the addr_i of the last clock with en_i.
// c0 in bits 63:35, c1 in 34:15, c2 in 14:0. No reset. Test: tests/rtl/fp/.
`default_nettype none

module mr_sfu_rom (
  input  wire        clk_i,
  input  wire        en_i,
  input  wire  [8:0] addr_i,
  output logic [63:0] data_o
);
  logic [63:0] data_q;
  assign data_o = data_q;

  always_ff @(posedge clk_i) begin
    if (en_i) case (addr_i)
{rows}
      default: data_q <= 64'h{rom[511]:016x};
    endcase
  end
endmodule

`default_nettype wire
"""


def main(argv):
    check = argv == ["--check"]
    if argv and not check:
        sys.exit("usage: gen_sfu_tables.py [--check]")
    rom = table()
    stale = False
    for path, text in ((C_PATH, c_text(rom)), (SV_PATH, sv_text(rom))):
        if check:
            try:
                with open(path, encoding="ascii") as f:
                    same = f.read() == text
            except OSError:
                same = False
            if not same:
                print(f"{os.path.normpath(path)} is not what gen_sfu_tables.py makes: run it and commit the result")
                stale = True
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
    if check and not stale:
        print("PASS sfu_tables_drift")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
