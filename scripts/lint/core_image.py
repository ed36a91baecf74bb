#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sizes and stack bound of an image of the control core, against its bars; standard library only.

    core_image.py ELF --su FOLDER [--calls FILE] --root NAME=BYTES ... [--text BYTES] [--data BYTES] [--stack BYTES]
                  [--prefix PREFIX] [--json]
    core_image.py --selftest

text: .text and .rodata; data: .data, .bss and .noinit; a root is where a stack begins (reset, interrupts), with the bytes that the stack has; stack: all of
them together. The bound is the deepest path of the call graph: the calls are read from the disassembly of the linked image, the frame of a
function is what it takes from sp there, or what the compiler wrote into its .su file if that is more. Recursion, frames without a bound, and
indirect calls whose targets the file of --calls does not list (a line: caller: target target ... # reason) are errors, and so is a line there
that fits nothing. Exit 1 when a bar is broken.
"""
import argparse
import bisect
import json
import re
import subprocess
import sys
from pathlib import Path

HEAD = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
LINE = re.compile(r"^ *([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"(?:0x)?([0-9a-f]+) <[^>]+>")
JUMPS = {"jal", "c.jal", "j", "c.j"}


class Broken(Exception):
    """The image breaks a rule."""


class Function:
    def __init__(self, name):
        self.name, self.frame, self.calls, self.indirect = name, 0, set(), 0


def parse(disassembly):
    """Functions by address, of `objdump -d -M no-aliases`."""
    functions, current = {}, None
    rows, starts = [], []
    for line in disassembly.splitlines():
        head = HEAD.match(line)
        if head:
            current = int(head.group(1), 16)
            functions[current] = Function(head.group(2))
            starts.append(current)  # in order
            continue
        row = LINE.match(line)
        if row and current is not None:
            rows.append((current, row.group(2), row.group(3)))
    loads = False  # sp gets an address: a stack begins
    for owner, op, args in rows:
        function = functions[owner]
        loaded, loads = loads, op in ("auipc", "lui") and args.startswith("sp,")
        if loaded and op in ("addi", "c.addi"):
            continue
        args = args.split("#")[0].strip()
        if op in ("addi", "c.addi", "c.addi16sp") and re.match(r"sp,(sp,)?-\d+$", args):
            function.frame += int(args.rsplit("-", 1)[1])
        elif op in ("sub", "c.sub", "add", "c.add") and re.match(r"sp,", args):
            raise Broken(f"{function.name}: changes sp by a register; give it a smaller frame")
        elif op in JUMPS or op in ("beq", "bne", "blt", "bge", "bltu", "bgeu", "c.beqz", "c.bnez"):
            target = TARGET.search(args)
            if not target:
                continue
            address = int(target.group(1), 16)
            to = starts[bisect.bisect_right(starts, address) - 1]  # also from somewhere into its middle
            if to != owner or address == to and args.startswith("ra") or op == "c.jal":
                functions[owner].calls.add(to)
        elif op == "jalr" or op in ("c.jalr", "c.jr"):
            if op == "c.jr" and args == "ra" or re.match(r"zero,0\(ra\)", args):
                continue
            function.indirect += 1
    return functions


def read_calls(text):
    """caller: [targets] of a file of indirect calls."""
    listed = {}
    for number, line in enumerate(text.splitlines(), 1):
        rule, _, reason = line.partition("#")
        if not rule.strip():
            continue
        caller, colon, targets = rule.partition(":")
        if not colon or not reason.strip():
            raise Broken(f"line {number} of the listed calls: say `caller: targets # reason`")
        listed[caller.strip()] = targets.split()
    return listed


def resolve(functions, listed):
    """Adds the listed targets of indirect calls."""
    names = {}
    for address, function in functions.items():
        names.setdefault(function.name, []).append(address)
    used = set()
    for function in functions.values():
        if function.indirect == 0:
            continue
        if function.name not in listed:
            raise Broken(f"{function.name}: an indirect call; list its targets and the reason")
        used.add(function.name)
        for target in listed[function.name]:
            if target not in names:
                raise Broken(f"{function.name}: its listed target {target} is not in the image")
            function.calls.update(names[target])
    for caller in listed.keys() - used:
        raise Broken(f"{caller}: listed, but it makes no indirect call in this image")


def frames(functions, su_text):
    """Takes the compiler's word for frames that it says are larger; refuses those without a bound."""
    said = {}
    for line in su_text.splitlines():
        place, size, kind = line.split("\t")
        if kind != "static":
            raise Broken(f"{place}: its frame is {kind}, without a bound")
        name = place.rsplit(":", 1)[1]
        said[name] = max(said.get(name, 0), int(size))
    for function in functions.values():
        base = function.name.split(".")[0]
        function.frame = max(function.frame, said.get(function.name, said.get(base, 0) if "." in function.name else 0))


def deepest(functions, root):
    """(bytes, names of the path) of the deepest path from the function at address root."""
    done, open_ = {}, []

    def walk(address):
        if address in open_:
            cycle = [functions[a].name for a in open_[open_.index(address):]] + [functions[address].name]
            raise Broken("recursion: " + " -> ".join(cycle))
        if address not in done:
            open_.append(address)
            below = max((walk(to) for to in functions[address].calls), default=(0, []))
            open_.pop()
            function = functions[address]
            done[address] = (function.frame + below[0], [(function.name, function.frame)] + below[1])
        return done[address]

    return walk(root)


def tool(prefix, name, *args):
    return subprocess.run([prefix + name, *args], check=True, capture_output=True, text=True).stdout


def section_sizes(text):
    return {m.group(1): int(m.group(2)) for m in re.finditer(r"^(\.\S+)\s+(\d+)\s+\d+\s*$", text, re.M)}


def measure(args):
    functions = parse(tool(args.prefix, "objdump", "-d", "-M", "no-aliases", "--no-show-raw-insn", args.elf))
    resolve(functions, read_calls(Path(args.calls).read_text(encoding="utf-8")) if args.calls else {})
    frames(functions, "".join(p.read_text(encoding="utf-8") for p in sorted(Path(args.su).glob("*.su"))))
    sizes = section_sizes(tool(args.prefix, "size", "-A", args.elf))
    result = {"text": sizes.get(".text", 0) + sizes.get(".rodata", 0), "data": sum(sizes.get(name, 0) for name in (".data", ".bss", ".noinit")),
              "sections": {k: v for k, v in sizes.items() if not k.startswith(".debug")}, "stacks": {}, "stack": 0}
    by_name = {f.name: a for a, f in functions.items()}
    for item in args.root:
        name, room = item.split("=")
        if name not in by_name:
            raise Broken(f"{name}: not in the image")
        bound, path = deepest(functions, by_name[name])
        result["stacks"][name] = {"bound": bound, "room": int(room), "path": path}
        result["stack"] += bound
    return result


def judge(args, result):
    """(what, bytes, bar) rows."""
    rows = [("text and rodata", result["text"], args.text), ("data and bss", result["data"], args.data)]
    rows += [(f"stack from {name}", s["bound"], s["room"]) for name, s in result["stacks"].items()]
    rows.append(("stacks together", result["stack"], args.stack))
    return [row for row in rows if row[2] is not None]


def selftest():
    """Each rule refuses what it is for."""
    text = ("10 <a>:\n  10:\taddi\tsp,sp,-16\n  14:\tjal\tra,20 <b>\n  18:\tc.jr\tra\n\n"
            "20 <b>:\n  20:\tc.addi16sp\tsp,-64\n  22:\tc.j\t24 <b+0x4>\n  24:\t{}\n")

    def bound(line, calls="", su=""):
        functions = parse(text.format(line))
        resolve(functions, read_calls(calls))
        frames(functions, su)
        return deepest(functions, 0x10)[0]

    def refuses(why, *case):
        try:
            bound(*case)
        except Broken as broken:
            assert why in str(broken), f"{broken} instead of {why}"
            return
        raise AssertionError(f"nothing refused: {why}")

    assert bound("c.jr\tra") == 80
    assert bound("c.jr\tra", "", "x.c:1:1:b\t100\tstatic\n") == 116
    assert bound("c.jalr\ta5", "b: # nothing to call\n") == 80
    assert bound("auipc\tsp,0x1\n  28:\taddi\tsp,sp,-1368 # 8") == 80
    refuses("recursion: a -> b -> a", "jal\tra,10 <a>")
    refuses("recursion: b -> b", "jal\tra,20 <b>")
    refuses("an indirect call", "c.jalr\ta5")
    refuses("an indirect call", "jalr\tra,0(a5)")
    refuses("is not in the image", "c.jalr\ta5", "b: gone # reason\n")
    refuses("makes no indirect call", "c.jr\tra", "b: a # reason\n")
    refuses("recursion", "c.jalr\ta5", "b: a # reason\n")
    refuses("caller: targets # reason", "c.jalr\ta5", "b: a\n")
    refuses("without a bound", "c.jr\tra", "", "x.c:1:1:b\t16\tdynamic\n")
    refuses("changes sp by a register", "sub\tsp,sp,t0")
    refuses("recursion: a -> b -> a", "jal\tzero,14 <a+0x4>")
    assert bound("jal\tzero,22 <b+0x2>") == 80
    print("core_image: selftest passed")


def main():
    if sys.argv[1:] == ["--selftest"]:
        selftest()
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument("elf")
    parser.add_argument("--su", required=True)
    parser.add_argument("--calls")
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--text", type=int)
    parser.add_argument("--data", type=int)
    parser.add_argument("--stack", type=int)
    parser.add_argument("--prefix", default="riscv64-unknown-elf-")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        result = measure(args)
    except Broken as broken:
        print(f"core_image: {args.elf}: {broken}", file=sys.stderr)
        return 1
    rows = judge(args, result)
    bad = [row for row in rows if row[1] > row[2]]
    if args.json:
        print(json.dumps({**result, "passed": not bad}, indent=2))
    else:
        for what, size, bar in rows:
            print(f"{what:32} {size:7} of {bar:7} bytes{'' if size <= bar else '  TOO MUCH'}")
        for name, stack in result["stacks"].items():
            print(f"deepest from {name}: " + " > ".join(f"{n} {b}" for n, b in stack["path"] if b))
    for what, size, bar in bad:
        print(f"core_image: {args.elf}: {what}: {size} bytes, the bar is {bar}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
