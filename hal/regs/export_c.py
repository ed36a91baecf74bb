# SPDX-License-Identifier: Apache-2.0
"""Writers of the C header, the C name table and the documentation page."""

ACCESS_TEXT = {"const": "constant", "ro": "read only", "rw": "read/write", "cmd": "command", "w1c": "write 1 to clear"}


def define(name, value):
    return f"#define {name:<44} 0x{value:08X}u\n"


def decimal(name, value):
    return f"#define {name:<44} {value}u\n"


def header(model):
    out = [model.banner("/*", " */"), """/* clang-format off */
/* Register map: byte offsets inside a block, field masks (in place), shifts and reset values.
 *
 * Address of a register = MR_<BLOCK>_BASE + instance * MR_<BLOCK>_STRIDE + offset, of an array element + index * _STRIDE.
 * A 64-bit counter is a pair _LO, _HI: read LO first, then HI of the same counter.
 */
#ifndef MR_REGS_H
#define MR_REGS_H
"""]
    for window in model.windows:
        out.append("\n/* " + window.desc + " */\n")
        out.append(define(f"MR_{window.name.upper()}_BASE", window.base))
        out.append(define(f"MR_{window.name.upper()}_SIZE", window.size))
    for block in model.blocks:
        prefix = "MR_" + block.name.upper()
        out.append(f"\n/* {block.name}: {block.desc} */\n")
        out.append(define(prefix + "_BASE", block.base))
        out.append(define(prefix + "_STRIDE", block.stride))
        out.append(decimal(prefix + "_COUNT", block.count))
        for reg in block.regs:
            out.append(header_reg(prefix, reg))
    out.append("\n#endif\n")
    return "".join(out)


def header_reg(prefix, reg):
    name = f"{prefix}_{reg.name}"
    out = [f"\n/* {reg.desc} */\n"]
    if reg.width == 64:
        out.append(define(name + "_LO_OFFSET", reg.offset))
        out.append(define(name + "_HI_OFFSET", reg.offset + 4))
    else:
        out.append(define(name + "_OFFSET", reg.offset))
        out.append(define(name + "_RESET", reg.reset))
    if reg.count > 1:
        out.append(define(name + "_STRIDE", reg.stride))
        out.append(decimal(name + "_COUNT", reg.count))
    if reg.width == 64:
        return "".join(out)
    for field in reg.fields:
        part = name + field.suffix.upper()
        out.append(define(part + "_MASK", field.mask))
        out.append(decimal(part + "_SHIFT", field.lsb))
        for value in field.enum.values if field.enum else []:
            out.append(decimal(f"{part}_{value.name}", value.value))
    return "".join(out)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if text else "NULL"


def values_ident(block, reg, field):
    return f"{block.name}_{reg.name.lower()}_{field.name}_values"


def table_values(block, reg, field):
    if not field.enum:
        return ""
    rows = "".join(f"    {{{quote(v.name)}, {quote(v.desc)}, {v.value}u}},\n" for v in field.enum.values)
    return f"\nstatic const mr_reg_value_t {values_ident(block, reg, field)}[] = {{\n{rows}}};\n"


def table(model):
    out = [model.banner("/*", " */"), """/* clang-format off */
/* Name table of the register map; see reg_table.h. */
#include "millrace/reg_table.h"

#include <stddef.h>
"""]
    blocks = []
    for block in model.blocks:
        regs = []
        for reg in block.regs:
            ident = f"{block.name}_{reg.name.lower()}_fields"
            for f in reg.fields:
                out.append(table_values(block, reg, f))
            out.append(f"\nstatic const mr_reg_field_t {ident}[] = {{\n")
            for f in reg.fields:
                out.append(f"    {{{quote(f.name)}, {quote(f.desc or reg.desc)}, {quote(f.unit)}, {quote(f.effect)}, "
                           f"{quote(f.legal)}, {quote(f.at_reset)}, 0x{f.reset:X}u, {f.lsb}, {f.width}, MR_REG_{f.access.upper()}, "
                           f"{values_ident(block, reg, f) if f.enum else 'NULL'}, {len(f.enum.values) if f.enum else 0}, "
                           f"{'true' if f.live else 'false'}}},\n")
            out.append("};\n")
            regs.append(f"    {{{quote(reg.name)}, {quote(reg.desc)}, {ident}, {len(reg.fields)}, 0x{reg.reset:08X}u, "
                        f"0x{reg.offset:03X}u, {reg.stride}, {reg.count}, {reg.width}}},\n")
        out.append(f"\nstatic const mr_reg_t {block.name}_regs[] = {{\n" + "".join(regs) + "};\n")
        blocks.append(f"    {{{quote(block.name)}, {quote(block.desc)}, {block.name}_regs, {len(block.regs)}, "
                      f"0x{block.base:06X}u, 0x{block.stride:X}u, {block.count}, "
                      f"{'true' if block.survives_soft_reset else 'false'}}},\n")
    out.append("\nconst mr_reg_block_t mr_reg_blocks[] = {\n" + "".join(blocks) + "};\n")
    out.append("\nconst size_t mr_reg_block_count = sizeof mr_reg_blocks / sizeof mr_reg_blocks[0];\n")
    return "".join(out)


def bits(field):
    return str(field.lsb) if field.width == 1 else f"{field.lsb + field.width - 1}:{field.lsb}"


def reset_text(field):
    if field.at_reset:
        return field.at_reset
    return str(field.reset) if field.reset < 256 else f"0x{field.reset:X}"


def meaning(field, reg):
    out = field.desc or reg.desc
    if field.enum:
        out += " " + "; ".join(f"{v.value} {v.name}: {v.desc}" for v in field.enum.values) + "."
    return out.replace("|", "\\|")


def legal(field):
    if field.access in ("const", "ro"):
        return "writes are ignored"
    return field.legal


def markdown(model):
    out = [model.banner("<!--", " -->"), """
# Registers

32-bit registers at byte addresses. Every unmapped or misaligned access answers with an error and sets chip.STATUS.bus_error; writes
to read-only fields are ignored. A command reads 0 and acts for one clock, the cycle after the write. A 64-bit counter is a pair LO, HI: reading LO latches the high half for the next read
of HI in the same block; no other read has a side effect. Sticky bits are cleared by writing 1. chip.CONTROL.soft_reset resets the blocks below that say so; the
others keep what software wrote. Unit "-": a code or a flag. Reset "unspecified": memory that reset does not clear, with a meaning only where the text says so.
[The programmer's guide](programmers_guide.md) has the sequences.

| base | instances | block | soft reset | |
|---|---|---|---|---|
"""]
    for b in model.blocks:
        size = f"{b.count}, every 0x{b.stride:X}" if b.count > 1 else "1"
        out.append(f"| 0x{b.base:06X} | {size} | [{b.name}](#{b.name}) | "
                   f"{'registers stay' if b.survives_soft_reset else 'resets'} | {b.desc} |\n")
    for w in model.windows:
        out.append(f"| 0x{w.base:06X} | 1 | {w.name} | stays | {w.desc} {w.size // 1024} KiB. |\n")
    for b in model.blocks:
        out.append(f"\n## {b.name}\n\n{b.desc}\n\n| offset | register | bits | field | access | reset | unit | legal values | meaning | side effect |\n"
                   "|---|---|---|---|---|---|---|---|---|---|\n")
        for reg in b.regs:
            names = f"{reg.name}[{reg.count}]" if reg.count > 1 else reg.name
            offset = f"0x{reg.offset:03X}" + (f" + {reg.stride} i" if reg.count > 1 else "")
            if reg.width == 64:
                names += " _LO, _HI"
            out.append(f"| {offset} | **{names}** | | | | | | | {reg.desc} | |\n")
            for f in reg.fields:
                out.append(f"| | | {bits(f)} | {f.name} | {ACCESS_TEXT[f.access]} | {reset_text(f)} | {f.unit} | "
                           f"{legal(f)} | {meaning(f, reg)} | {f.effect or 'none'} |\n")
    return "".join(out)
