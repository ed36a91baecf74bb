# SPDX-License-Identifier: Apache-2.0
"""Writers of the CSR modules and of the Verilog constants, in the subset that Verilator, Icarus and Yosys share."""


def vec(width):
    return "" if width == 1 else f"[{width - 1}:0] "


def part(field):
    """Bit range of a field in a bus word."""
    return f"[{field.lsb}]" if field.width == 1 else f"[{field.lsb + field.width - 1}:{field.lsb}]"


def const(width, value):
    return f"{width}'h{value:X}"


def camel(name):
    return "".join(p.capitalize() for p in name.split("_"))


def defs(model):
    out = [model.banner("//"), "// Local constants of the register map; include inside a module.\n",
           "/* verilator lint_off UNUSEDPARAM */\n"]
    for window in model.windows:
        out.append(f"localparam [23:0] Csr{camel(window.name)}Base = {const(24, window.base)};\n")
        out.append(f"localparam [23:0] Csr{camel(window.name)}Size = {const(24, window.size)};\n")
    for block in model.blocks:
        name = "Csr" + camel(block.name)
        out.append(f"localparam [23:0] {name}Base = {const(24, block.base)};\n")
        out.append(f"localparam [23:0] {name}Stride = {const(24, block.stride)};\n")
        out.append(f"localparam int {name}Count = {block.count};\n")
        for reg in block.regs:
            for word, offset, index, _ in reg.words():
                if index == 0:
                    out.append(f"localparam [11:0] {name}{camel(word)} = {const(12, offset)};\n")
            for field in reg.fields:
                for value in field.enum.values if field.enum else []:
                    full = f"{name}{camel(reg.name)}{camel(field.name)}{camel(value.name)}"
                    out.append(f"localparam [{field.width - 1}:0] {full} = {const(field.width, value.value)};\n")
    out.append("/* verilator lint_on UNUSEDPARAM */\n")
    return "".join(out)


def stem(reg, field):
    return reg.name.lower() + field.suffix


def ports(block):
    """(direction, width, name, comment) of the hardware side."""
    for reg in block.regs:
        for f in reg.fields:
            name, width = stem(reg, f), f.width * reg.count
            if f.access == "rw":
                if f.hwclr:
                    yield "input  wire ", 1, name + "_clear_i", "back to its reset value"
                yield "output logic", width, name + "_q", f.unit
            elif f.access == "cmd":
                yield "output logic", width, name + "_cmd", "one clock"
            elif f.access == "ro":
                yield "input  wire ", width, name + "_i", f.unit
            elif f.access == "w1c":
                yield "input  wire ", width, name + "_set_i", "sets the sticky bits" if f.width == 1 else "code to latch"
                yield "output logic", width, name + "_q", "sticky"


def read_value(reg):
    """What a read yields of a register, or of the high word of a counter."""
    if reg.width == 64:
        return "ctr_hi_q"
    terms, top = [], 32
    for f in sorted(reg.fields, key=lambda x: -x.lsb):
        if f.lsb + f.width < top:
            terms.append(f"{top - f.lsb - f.width}'b0")
        top = f.lsb
        source = {"const": const(f.width, f.reset), "cmd": f"{f.width}'b0", "ro": stem(reg, f) + "_i"}.get(f.access, stem(reg, f) + "_q")
        terms.append(stem(reg, f) + "_q" if f.captured_with else source)
    if top:
        terms.append(f"{top}'b0")
    return terms[0] if len(terms) == 1 else "{" + ", ".join(terms) + "}"


def module(model, block):
    name = "mr_csr_" + block.name
    has_ctr = any(r.width == 64 for r in block.regs)
    out = [model.banner("//"), f"""// Registers of the block "{block.name}": {block.desc}
//
// Bus side: sel_i for one clock with write_i, addr_i (byte offset in the block) and wdata_i; rdata_o and error_o are valid in
// the next clock and hold until the next access. error_o: nothing is mapped at addr_i or it is not a multiple of 4; the access has no effect.
// Hardware side: <reg>_<field>_q holds a read/write field; _cmd is high for the one clock after the write of a command, when the other
// fields of that write already show in their _q; _i is sampled when read; _set_i sets a sticky field (set wins over a clear
// in the same clock; a field of several bits keeps the first value until cleared); _clear_i sets a read/write field back to its reset
// value (and wins over a write in the same clock).
""", "// Reading the low word of a 64-bit counter latches its high word for the next read of a high word in this block.\n" if has_ctr else "",
           "// Reset: every _q to its reset value, _cmd low. Throughput one access a clock. Test: tests/rtl/csr.\n"
           f"`default_nettype none\nmodule {name} (\n"]
    bus = [("input  wire ", 1, "clk_i", ""), ("input  wire ", 1, "rst_ni", ""), ("input  wire ", 1, "sel_i", ""),
           ("input  wire ", 1, "write_i", ""), ("input  wire ", 12, "addr_i", ""), ("input  wire ", 32, "wdata_i", ""),
           ("output logic", 32, "rdata_o", ""), ("output logic", 1, "error_o", "")]
    lines = bus + list(ports(block))
    for i, (direction, width, port, note) in enumerate(lines):
        comma = "," if i + 1 < len(lines) else ""
        comment = f"  // {note}" if note and note != "-" else ""
        out.append(f"  {direction} {vec(width):<8}{port}{comma}{comment}\n")
    out.append(");\n  logic [31:0] rdata_d;\n  logic        mapped;\n  logic        aligned;\n  logic        write;\n  logic [9:0]  word;\n"
               "  assign word    = addr_i[11:2];\n  assign aligned = addr_i[1:0] == 2'd0;\n"
               "  assign write   = sel_i && write_i && aligned;\n\n")
    out.append(body_captures(block))
    out.append(body_read(block, has_ctr))
    out.append(body_write(block))
    unused = "wdata_i" if writable(block) else "write, wdata_i"
    out.append(f"  // Bits of wdata_i that no field takes.\n  wire unused_ok = &{{1'b0, {unused}}};\nendmodule\n`default_nettype wire\n")
    return "".join(out)


def body_captures(block):
    """Declarations of captured read-only fields."""
    return "".join(f"  logic {vec(f.width)}{stem(r, f)}_q;\n" for r in block.regs for f in r.fields if f.captured_with)


def counter_name(reg, index):
    """Signal that holds one 64-bit counter; elements of an array get a wire of their own."""
    name = stem(reg, reg.fields[0])
    return f"{name}_{index}" if reg.count > 1 else f"{name}_i"


def body_counters(block):
    """Declarations for the counters. Icarus accepts no part selects in always_comb, so arrays are split outside."""
    out = []
    for reg in block.regs:
        if reg.width == 64 and reg.count > 1:
            for i in range(reg.count):
                out.append(f"  wire [63:0] {counter_name(reg, i)} = {stem(reg, reg.fields[0])}_i[{i * 64} +: 64];\n")
    out.append("  logic [63:0] ctr_d;\n  logic        ctr_sel;\n  logic [31:0] ctr_hi_q;\n\n")
    return "".join(out)


def body_read(block, has_ctr):
    out = [body_counters(block) if has_ctr else ""]
    out.append("  always_comb begin\n    rdata_d = '0;\n    mapped  = aligned;\n")
    if has_ctr:
        out.append("    ctr_d   = '0;\n    ctr_sel = 1'b0;\n")
    out.append("    case (word)\n")
    for reg in block.regs:
        for _, offset, index, high in reg.words():
            action = f"rdata_d = {read_value(reg)};"
            if reg.width == 64 and not high:
                action = f"begin ctr_d = {counter_name(reg, index)}; ctr_sel = 1'b1; end"
            out.append(f"      10'h{offset // 4:03X}: {action}\n")
    out.append("      default: mapped = 1'b0;\n    endcase\n  end\n\n")
    value = "(ctr_sel ? ctr_d[31:0] : rdata_d)" if has_ctr else "rdata_d"
    out.append(f"""  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rdata_o <= '0;
      error_o <= 1'b0;
    end else if (sel_i) begin
      rdata_o <= (write_i || !mapped) ? '0 : {value};
      error_o <= !mapped;
    end
  end
""")
    if has_ctr:
        out.append("  always_ff @(posedge clk_i) begin\n"
                   "    if (sel_i && !write_i && mapped && ctr_sel) ctr_hi_q <= ctr_d[63:32];\n  end\n")
    return "".join(out)


def writable(block):
    return any(f.access in ("rw", "cmd", "w1c") for reg in block.regs for f in reg.fields)


def body_write(block):
    if not writable(block):
        return "\n"
    out, resets, updates = ["\n"], [], []
    for reg in block.regs:
        kinds = {f.access for f in reg.fields}
        if not kinds & {"rw", "cmd", "w1c"}:
            continue
        hit = "wr_" + reg.name.lower()
        out.append(f"  wire {hit} = write && (word == 10'h{reg.offset // 4:03X});\n")
        for f in reg.fields:
            name = stem(reg, f)
            if f.access == "rw":
                resets.append(f"{name}_q <= {const(f.width, f.reset)};")
                updates.append(f"if ({hit}) {name}_q <= wdata_i{part(f)};")
                if f.hwclr:
                    updates.append(f"if ({name}_clear_i) {name}_q <= {const(f.width, f.reset)};")
            elif f.access == "cmd":
                resets.append(f"{name}_cmd <= {const(f.width, 0)};")
                updates.append(f"{name}_cmd <= {hit} ? wdata_i{part(f)} : {const(f.width, 0)};")
            elif f.access == "w1c":
                out.append(f"  wire {vec(f.width)}{name}_kept = {name}_q & ~({hit} ? wdata_i{part(f)} : {const(f.width, 0)});\n")
                resets.append(f"{name}_q <= {const(f.width, f.reset)};")
                new = f"{name}_kept | {name}_set_i" if f.width == 1 else f"(|{name}_kept) ? {name}_kept : {name}_set_i"
                updates.append(f"{name}_q <= {new};")
            elif f.captured_with:
                leader = f"{reg.name.lower()}_{f.captured_with}"
                resets.append(f"{name}_q <= {const(f.width, f.reset)};")
                updates.append(f"if (!(|{leader}_kept) && (|{leader}_set_i)) {name}_q <= {name}_i;")
    indent = "\n      "
    out.append("\n  always_ff @(posedge clk_i) begin\n    if (!rst_ni) begin" + indent + indent.join(resets))
    out.append("\n    end else begin" + indent + indent.join(updates) + "\n    end\n  end\n\n")
    return "".join(out)
