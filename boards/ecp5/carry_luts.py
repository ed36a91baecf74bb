#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves LUTs in front of an ECP5's carry chains into the chains' own LUTs, in a netlist that Yosys wrote.

Usage: carry_luts.py IN.json OUT.json    Standard library only. Prints how many LUTs are gone.

A CCU2C is two LUT4 with a carry between them: a bit gives S = P ^ CIN and carries P ? CIN : G, where P is its table at A, B, C, D
and G the same table at A, B, 0, 0. Yosys uses two inputs of each bit for an adder, so that a LUT which drives one of them, and nothing
else, often fits in as well: a multiplexer or a gate in front of the adder. A bit is replaced only when pins and a table exist that do
the same for all values of its inputs, compared one by one.
"""
import itertools
import json
import sys

PINS = "ABCD"
CONSTANT = ("0", "1")


def lookup(init, values):
    return init >> sum(v << i for i, v in enumerate(values)) & 1


def value(net, env):
    return int(net) if net in CONSTANT else env[net]


def inputs(cell, bit=""):
    """Nets or constants at A to D; an open input reads 0."""
    nets = [cell["connections"].get(pin + bit, ["0"])[0] for pin in PINS]
    return ["0" if net in ("x", "z") else net for net in nets]


def behaviour(nets, init, env, carry):
    """What a bit of a chain does: propagate or not, and if not the carry out (when somebody uses it)."""
    a, b, c, d = (value(net, env) for net in nets)
    prop = lookup(init, (a, b, c, d))
    return (prop, lookup(init, (a, b, 0, 0)) if carry and not prop else None)


def fit(nets, goals, carry):
    """Pins and table over at most four nets that behave as goals, a list of (values of the nets, behaviour), or None."""
    for order in itertools.permutations(nets + ["1"] * (4 - len(nets))):
        ones = zeros = 0
        for env, (prop, out) in goals:
            a, b, c, d = (value(net, env) for net in order)
            for at, want in ((a | b << 1 | c << 2 | d << 3, prop), (a | b << 1, out)):
                if want is not None:
                    ones |= want << at
                    zeros |= (1 - want) << at
        if not ones & zeros and all(behaviour(order, ones, env, carry) == goal for env, goal in goals):
            return list(order), ones
    return None


class Netlist:
    """The top module with who drives and who reads each net."""

    def __init__(self, module):
        self.module = module
        self.cells = module["cells"]
        self.ports = {net for port in module["ports"].values() for net in port["bits"]}
        self.driver, self.readers = {}, {}
        for name, cell in self.cells.items():
            for port, nets in cell["connections"].items():
                for net in nets:
                    if cell["port_directions"][port] == "output":
                        self.driver[net] = name
                    else:
                        self.readers.setdefault(net, set()).add((name, port))

    def used(self, name, port):
        nets = self.cells[name]["connections"].get(port, [])
        return any(self.readers.get(net) or net in self.ports for net in nets)

    def lut_of(self, net, only_reader, bit=""):
        """The LUT that drives the net, if nothing but only_reader (or one bit of it) reads it."""
        name = self.driver.get(net)
        if name is None or self.cells[name]["type"] != "LUT4" or net in self.ports:
            return None
        mine = {(only_reader, pin + bit) for pin in PINS}
        return name if self.readers[net] <= mine else None

    def invert(self, net):
        """Inverts the LUT that drives the net; the net is no longer what its name says."""
        table = self.cells[self.driver[net]]["parameters"]
        table["INIT"] = format(int(table["INIT"], 2) ^ 0xFFFF, "016b")
        names = self.module["netnames"]
        for name in [n for n, v in names.items() if net in v["bits"]]:
            del names[name]

    def connect(self, name, pin, net):
        connections = self.cells[name]["connections"]
        for old in connections.get(pin, []):
            self.readers.get(old, set()).discard((name, pin))
        connections[pin] = [net]
        self.readers.setdefault(net, set()).add((name, pin))

    def remove(self, name):
        for port, nets in self.cells[name]["connections"].items():
            for net in nets:
                self.readers.get(net, set()).discard((name, port))
        del self.cells[name]

    def absorb(self, name, bit):
        """Takes one LUT into a bit of a chain; false when none fits."""
        cell = self.cells[name]
        own = inputs(cell, bit)
        init = int(cell["parameters"]["INIT" + bit], 2)
        carry = self.used(name, "COUT") or (bit == "0" and self.used(name, "S1"))
        for net in own:
            lut = self.lut_of(net, name, bit)
            if lut is None:
                continue
            far = inputs(self.cells[lut])
            table = int(self.cells[lut]["parameters"]["INIT"], 2)
            nets = list(dict.fromkeys(n for n in own + far if n != net and n not in CONSTANT))
            if len(nets) > 4:
                continue
            # LUTs behind it may as well give the opposite.
            loose = [n for n in nets if n not in own and self.lut_of(n, lut) is not None]
            for flip in (c for k in range(len(loose) + 1) for c in itertools.combinations(loose, k)):
                goals = []
                for bits in itertools.product((0, 1), repeat=len(nets)):
                    env = dict(zip(nets, bits))
                    whole = {n: v ^ (n in flip) for n, v in env.items()}
                    whole[net] = lookup(table, [value(n, whole) for n in far])
                    goals.append((env, behaviour(own, init, whole, carry)))
                found = fit(nets, goals, carry)
                if found is None:
                    continue
                for n in flip:
                    self.invert(n)
                for pin, n in zip(PINS, found[0]):
                    self.connect(name, pin + bit, n)
                cell["parameters"]["INIT" + bit] = format(found[1], "016b")
                self.remove(lut)
                return True
        return False


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        design = json.load(file)
    tops = [m for m in design["modules"].values() if int(m["attributes"].get("top", "0"), 2)]
    if len(tops) != 1:
        sys.exit(f"carry_luts.py: {sys.argv[1]}: {len(tops)} top modules instead of one")
    netlist = Netlist(tops[0])
    bits = [(name, bit) for name, cell in netlist.cells.items() if cell["type"] == "CCU2C" for bit in "01"]
    gone = 0
    again = True
    while again:
        taken = sum(netlist.absorb(name, bit) for name, bit in bits)
        gone += taken
        again = taken != 0
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(design, file)
    print(f"carry_luts.py: {gone} LUTs moved into carry chains")


if __name__ == "__main__":
    main()
