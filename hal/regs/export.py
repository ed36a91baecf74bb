#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns millrace.rdl into the C header, the name table, the CSR modules, the Verilog constants and docs/registers.md.

    python3 hal/regs/export.py           rewrite the outputs
    python3 hal/regs/export.py --check   exit 1 when a committed output differs from what would be written

Both print how many fields are documented (meaning, unit, legal values, reset value, side effect) and fail below 100 %.

Needs systemrdl-compiler (scripts/requirements.txt). Building Millrace does not run this script: outputs are committed.
"""
import argparse
import hashlib
import sys
from pathlib import Path

from systemrdl import RDLCompiler, RDLCompileError
from systemrdl.node import MemNode, RegNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import export_c  # noqa: E402
import export_sv  # noqa: E402
from reg_model import Block, Enum, EnumValue, Field, Map, Reg, Window  # noqa: E402

READ_ONLY = ("const", "ro")
ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "hal" / "regs" / "millrace.rdl"


def text(value):
    """One line without surplus blanks."""
    return " ".join((value or "").split())


def need(condition, node, why):
    if not condition:
        raise SystemExit(f"export.py: {node.get_path()}: {why}")


def access_of(node):
    sw, hw = node.get_property("sw").name, node.get_property("hw").name
    if node.get_property("singlepulse"):
        return "cmd"
    if node.get_property("onwrite") is not None:
        need(node.get_property("onwrite").name == "woclr", node, "only woclr is supported")
        return "w1c"
    access = {("r", "na"): "const", ("r", "w"): "ro", ("rw", "r"): "rw"}.get((sw, hw))
    need(access, node, f"sw={sw} hw={hw} is none of the field kinds of this map")
    return access


def convert_field(node):
    access = access_of(node)
    reset, at_reset = node.get_property("reset"), text(node.get_property("at_reset"))
    need(access == "ro" or not at_reset, node, "at_reset is for read-only fields; others have a reset value")
    need(reset is None or not at_reset, node, "has both reset and at_reset")
    hwclr = bool(node.get_property("hwclr"))
    need(not hwclr or (access == "rw" and node.get_property("effect")), node, "hwclr is for read-write fields, and effect says when")
    if at_reset == "0":
        reset, at_reset = 0, ""
    legal = text(node.get_property("legal"))
    live = bool(node.get_property("live"))
    need(not live or access == "rw", node, "live is for read-write fields")
    enum = None
    if node.get_property("encode") is not None:
        members = node.get_property("encode").members
        enum = Enum([EnumValue(m.name, m.value, text(m.rdl_desc)) for m in members.values()])
        legal = legal or "those with names"
    effect = text(node.get_property("effect"))
    return Field(node.inst_name, node.low, node.width, access, reset or 0, at_reset, text(node.get_property("unit")),
                 text(node.get_property("desc")), legal, "" if effect == "none" else effect,
                 node.get_property("captured_with"), enum, hwclr, live)


def field_gaps(node, access):
    """What a field does not say."""
    gaps = []
    if not node.get_property("desc") and node.inst_name != "value":
        gaps.append("meaning (desc)")
    if not node.get_property("unit"):
        gaps.append("unit ('-' for codes and flags)")
    if node.get_property("reset") is None and not node.get_property("at_reset"):
        gaps.append("reset value (reset, or at_reset in words)")
    if access not in READ_ONLY:
        if not node.get_property("legal") and node.get_property("encode") is None:
            gaps.append("legal values (legal or encode)")
        if not node.get_property("effect"):
            gaps.append("side effect (effect; \"none\" if there is none)")
    return gaps


def check_documented(top):
    """Prints the share of documented fields; ends the program when one is not."""
    total, problems = 0, []
    for block in top.children(unroll=False):
        for reg in block.children(unroll=False):
            for node in reg.fields() if isinstance(reg, RegNode) else []:
                total += 1
                gaps = field_gaps(node, access_of(node))
                if gaps:
                    problems.append(f"export.py: {node.get_path()}: says no {', no '.join(gaps)}")
    done = total - len(problems)
    print(f"documented: {done} of {total} fields ({100 * done // total} %)")
    if problems:
        raise SystemExit("\n".join(problems))


def convert_reg(node):
    width = node.get_property("regwidth")
    need(width in (32, 64) and node.get_property("accesswidth") == 32, node, "must be 32 bits, or 64 in 32-bit accesses")
    fields = [convert_field(f) for f in node.fields()]
    need(width == 32 or (len(fields) == 1 and fields[0].width == 64 and fields[0].access == "ro"), node,
         "a 64-bit register is one read-only value")
    for field in fields:
        if field.captured_with:
            leader = [f for f in fields if f.name == field.captured_with and f.access == "w1c"]
            need(field.access == "ro" and leader, node, f"{field.name}: captured_with names no W1C field")
    count = node.array_dimensions[0] if node.is_array else 1
    stride = node.array_stride if node.is_array else width // 8
    desc = text(node.get_property("desc")) or fields[0].desc
    need(desc, node, "needs a desc")
    return Reg(node.inst_name, node.raw_address_offset, width, count, stride, desc, fields)


def convert(top, digest):
    blocks, windows = [], []
    for node in top.children(unroll=False):
        if isinstance(node, MemNode):
            windows.append(Window(node.inst_name, node.raw_address_offset, node.get_property("mementries") * 4,
                                  text(node.get_property("desc"))))
            continue
        regs = [convert_reg(r) for r in node.children(unroll=False) if isinstance(r, RegNode)]
        count = node.array_dimensions[0] if node.is_array else 1
        stride = node.array_stride if node.is_array else 0x1000
        last = max(r.offset + r.stride * r.count for r in regs)
        need(last <= 0x1000 and stride == 0x1000, node, "a block has 4 KiB")
        survives = node.get_property("survives_soft_reset")
        need(survives is not None, node, "needs survives_soft_reset, true or false")
        blocks.append(Block(node.inst_name, node.raw_address_offset, stride, count,
                            text(node.get_property("desc")), survives, regs))
    return Map(blocks, windows, digest)


def outputs():
    """Every generated file as {path: text}."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    compiler = RDLCompiler()
    try:
        compiler.compile_file(str(SOURCE))
        top = compiler.elaborate().top
    except RDLCompileError as error:
        raise SystemExit(f"export.py: {error}") from error
    check_documented(top)
    model = convert(top, digest)
    files = {
        "hal/include/millrace/regs.h": export_c.header(model),
        "hal/src/reg_table.c": export_c.table(model),
        "docs/registers.md": export_c.markdown(model),
        "rtl/csr/gen/mr_csr_defs.vh": export_sv.defs(model),
    }
    for block in model.blocks:
        files[f"rtl/csr/gen/mr_csr_{block.name}.sv"] = export_sv.module(model, block)
    return {ROOT / name: content for name, content in files.items()}


def main():
    parser = argparse.ArgumentParser(description="Export hal/regs/millrace.rdl.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    args = parser.parse_args()
    stale = []
    for path, content in outputs().items():
        if args.check:
            if not path.exists() or path.read_text() != content:
                stale.append(path.relative_to(ROOT))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for path in stale:
        print(f"{path}: differs from millrace.rdl; run: python3 hal/regs/export.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
