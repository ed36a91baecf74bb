#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the DRAM device tables (hal/dram/*.json) into RTL packages, C tables and documentation.

Usage: gen_timing.py [--check]
Without --check the committed outputs are rewritten; with it, nothing is written and the exit status
is 1 when an output differs from what the tables yield. Python standard library only.

A timing entry is a time in ns, a number of clocks (ck), or the larger of both, plus add_ck clocks.
Times become clocks by rounding up; maxima (tREFI, tRASmax) by rounding down.
"""
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEVICES = ("sdr-as4c32m16sb-6", "ddr4-2400", "lpddr4-3200", "hbm2-pc", "stacked")
# Lanes of a device profile (mr_kv_dev_pkg), in order: lane, what it means.
LANES = (
    ("WordBytes", "bytes on the data bus in a clock"),
    ("BurstClks", "clocks of data of one burst"),
    ("BgBits", "log2 bank groups"),
    ("BaBits", "log2 banks of a group"),
    ("RowBits", "log2 rows of a bank"),
    ("ColBits", "log2 bursts of a row of one bank"),
    ("Rl", "RD to its first word"),
    ("Wl", "WR to its first word"),
    ("TRcdRd", "ACT to RD, same bank"),
    ("TRcdWr", "ACT to WR, same bank"),
    ("TRp", "PRE to ACT or REFB, same bank"),
    ("TRas", "ACT to PRE, same bank"),
    ("TRc", "ACT to ACT, same bank"),
    ("TRrdS", "ACT to ACT, other bank group"),
    ("TRrdL", "ACT to ACT, same bank group"),
    ("TFaw", "first to fifth ACT; REFB counts as an ACT"),
    ("TCcdS", "RD to RD or WR to WR, other bank group"),
    ("TCcdL", "RD to RD or WR to WR, same bank group"),
    ("TWr", "WR to PRE is Wl + BurstClks + TWr"),
    ("TWtrS", "WR to RD, other bank group, is Wl + BurstClks + TWtrS"),
    ("TWtrL", "WR to RD, same bank group, is Wl + BurstClks + TWtrL"),
    ("TRtp", "RD to PRE, same bank"),
    ("TRtw", "RD to WR"),
    ("TRfc", "REFA to any command"),
    ("TRefi", "mean distance of REFA, at most"),
    ("PerBank", "1: REFB in use"),
    ("TRfcPb", "REFB to ACT or REFB, same bank"),
    ("TRefiPb", "mean distance of REFB, at most"),
    ("TPbPb", "REFB to REFB, other bank"),
    ("TPbAct", "REFB to ACT, other bank"),
    ("RefMax", "refreshes that may be postponed or pulled in"),
    ("CmdAct", "clocks of the command bus that an ACT takes"),
    ("CmdCol", "the same for RD and WR"),
    ("CmdPre", "the same for PRE and PREA"),
    ("CmdRef", "the same for REFA and REFB"),
    ("RowColBus", "1: row and column commands have a bus each"),
    ("TRasMax", "ACT to PRE, at most"),
    ("InitNop", "NOP clocks before the first command"),
    ("InitRefs", "REFA before the first use"),
    ("TMrd", "MRS to any command"),
    ("TRpAll", "PREA to ACT or REFA"),
)
# Lanes that bound the distance of two commands: never below 1, since there is one command a clock.
FLOOR1 = {"TRcdRd", "TRcdWr", "TRp", "TRas", "TRc", "TRrdS", "TRrdL", "TFaw", "TRtp", "TRfcPb", "TRefiPb", "TPbPb", "TPbAct",
          "TMrd", "TRpAll"}


def fail(text):
    sys.exit(f"gen_timing: {text}")


def log2_of(device, name, value):
    if value < 1 or value & (value - 1):
        fail(f"{device}: {name} = {value} is not a power of two")
    return value.bit_length() - 1


class Clock:
    """Turns the timing entries of a table into clocks of one profile."""

    def __init__(self, table, profile):
        self.timing, self.period = table["timing"], 1000.0 / profile["clock_mhz"]
        limit = table["min_period_ns"][str(profile["rl"])]
        if self.period < limit * 0.999:
            fail(f"{profile['name']}: {self.period:.3f} ns is below {limit} ns at latency {profile['rl']}")

    def up(self, name):
        entry = self.timing.get(name)
        if entry is None:
            return 0
        clocks = math.ceil(entry.get("ns", 0) / self.period - 1e-9)
        return max(clocks, entry.get("ck", 0)) + entry.get("add_ck", 0)

    def down(self, name):
        return math.floor(self.timing[name]["ns"] / self.period + 1e-9)


def dev_lanes(table, profile):
    """Lane name -> value of one profile of one device."""
    geo, refresh, ck = table["geometry"], table["refresh"], Clock(table, profile)
    dev, cmd, per_bank = table["device"], table["geometry"]["command_clocks"], table["refresh"]["per_bank"]
    word = geo["dq_bits"] // 8 * geo["beats_per_clock"]
    burst = geo["burst_beats"] // geo["beats_per_clock"]
    val = {
        "WordBytes": word, "BurstClks": burst,
        "BgBits": log2_of(dev, "bank_groups", geo["bank_groups"]),
        "BaBits": log2_of(dev, "banks_per_group", geo["banks_per_group"]),
        "RowBits": log2_of(dev, "rows", geo["rows"]),
        "ColBits": log2_of(dev, "bursts of a row", geo["row_bytes"] // (word * burst)),
        "Rl": profile["rl"], "Wl": profile["wl"],
        "TRtw": profile["rl"] + burst - profile["wl"] + ck.up("tRTWgap"),
        "TRefi": ck.down("tREFI"), "PerBank": int(per_bank),
        "TRefiPb": ck.down("tREFIpb") if per_bank else 1,
        "RefMax": refresh["postpone"], "InitRefs": refresh["init_refreshes"], "RowColBus": int(geo["row_column_bus"]),
        "CmdAct": cmd["act"], "CmdCol": cmd["col"], "CmdPre": cmd["pre"], "CmdRef": cmd["ref"],
        "TRasMax": min(ck.down("tRASmax"), 65535),
    }
    for lane, entry in (("TRcdRd", "tRCDRD"), ("TRcdWr", "tRCDWR"), ("TRp", "tRP"), ("TRpAll", "tRPab"), ("TRas", "tRAS"),
                        ("TRc", "tRC"), ("TRrdS", "tRRDS"), ("TRrdL", "tRRDL"), ("TFaw", "tFAW"), ("TCcdS", "tCCDS"),
                        ("TCcdL", "tCCDL"), ("TWr", "tWR"), ("TWtrS", "tWTRS"), ("TWtrL", "tWTRL"), ("TRtp", "tRTP"),
                        ("TRfc", "tRFC"), ("TRfcPb", "tRFCpb"), ("TPbPb", "tPBPB"), ("TPbAct", "tPBACT"), ("TMrd", "tMRD"),
                        ("InitNop", "tInit")):
        val[lane] = ck.up(entry)
    for lane in FLOOR1:
        val[lane] = max(val[lane], 1)
    for lane, _ in LANES:
        if not 0 <= val[lane] <= 65535:
            fail(f"{profile['name']}: {lane} = {val[lane]} does not fit 16 bits")
    return val


def dev_package(tables):
    out = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// DRAM device profiles in clocks, generated by hal/dram/gen_timing.py from hal/dram/*.json: do not edit.",
        "// A profile is a vector of 16-bit lanes, lane 0 lowest; Idx* name the lanes. Distances run from the clock of one command to the",
        "// clock of the next; a rule that a device does not have is 1 (0 where the lane is added to something). See docs/kv_dram_devices.md.",
        "`default_nettype none",
        "package mr_kv_dev_pkg;",
        f"    localparam int Lanes = {len(LANES)};",
    ]
    wide = max(len(name) for name, _ in LANES)
    out += [f"    localparam int Idx{name:<{wide}} = {i:2}; // {text}" for i, (name, text) in enumerate(LANES)]
    for table in tables:
        for prof in table["profiles"]:
            val = dev_lanes(table, prof)
            out += ["", f"    // {table['device']} at {prof['clock_mhz']} MHz:"]
            out += wrap([f"{n} {val[n]}" for n, _ in LANES], "    // ", 130)
            out.append(f"    localparam logic [16*Lanes-1:0] {prof['name']} = {{")
            out += wrap([f"16'd{val[n]}" for n, _ in reversed(LANES)], "        ", 130)
            out.append("    };")
    out += ["endpackage", "`default_nettype wire", ""]
    return "\n".join(out)


def wrap(items, indent, width):
    """Comma-separated items as lines of at most width characters."""
    lines, line = [], indent
    for i, item in enumerate(items):
        text = item + (", " if i + 1 < len(items) else "")
        if len(line) + len(text.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += text
    lines.append(line.rstrip())
    return lines


# Timing entries of a table, in the order of the C enum: entry, lane, rule in words.
TIMES = (
    ("tRCDRD", "TRcdRd", "ACT to RD"), ("tRCDWR", "TRcdWr", "ACT to WR"), ("tRP", "TRp", "PRE to ACT, one bank"),
    ("tRPab", "TRpAll", "PREA to ACT or REFA"), ("tRAS", "TRas", "ACT to PRE"), ("tRASmax", "TRasMax", "ACT to PRE, at most"),
    ("tRC", "TRc", "ACT to ACT, same bank"), ("tRRDS", "TRrdS", "ACT to ACT, other bank group"),
    ("tRRDL", "TRrdL", "ACT to ACT, same bank group"), ("tFAW", "TFaw", "first to fifth ACT"),
    ("tCCDS", "TCcdS", "RD to RD, WR to WR, other bank group"), ("tCCDL", "TCcdL", "RD to RD, WR to WR, same bank group"),
    ("tWR", "TWr", "end of write data to PRE"), ("tWTRS", "TWtrS", "end of write data to RD, other bank group"),
    ("tWTRL", "TWtrL", "end of write data to RD, same bank group"), ("tRTP", "TRtp", "RD to PRE"),
    ("tRTWgap", None, "idle bus clocks from read to write data"), ("tRFC", "TRfc", "REFA to any command"),
    ("tREFI", "TRefi", "mean distance of REFA"), ("tRFCpb", "TRfcPb", "REFB to ACT, same bank"),
    ("tREFIpb", "TRefiPb", "mean distance of REFB"), ("tPBPB", "TPbPb", "REFB to REFB"), ("tPBACT", "TPbAct", "REFB to ACT, other bank"),
    ("tMRD", "TMrd", "MRS to any command"), ("tInit", "InitNop", "clock stable to the first command"),
)
ENERGY = ("act_pj", "rd_pj", "wr_pj", "ref_pj", "refpb_pj", "bg_open_mw", "bg_closed_mw")


def energy_of(table, profile):
    """Energy of one event in pJ and background power in mW: given, or from the data-sheet currents (mA x V x ns = pJ)."""
    energy, timing, geo = table["energy"], table["timing"], table["geometry"]
    if "rails" not in energy:
        return {name: float(energy[name]) for name in ENERGY}
    tras, trc = timing["tRAS"]["ns"], timing["tRC"]["ns"]
    burst_ns = geo["burst_beats"] / geo["beats_per_clock"] * 1000.0 / energy.get("at_mhz", profile["clock_mhz"])
    io = energy.get("io_pj_per_bit", 0) * geo["dq_bits"] * geo["burst_beats"]
    val = dict.fromkeys(ENERGY, 0.0)
    for rail in energy["rails"]:
        scale = rail["vdd"] * geo["devices"]
        val["act_pj"] += scale * (rail["idd0"] * trc - rail["idd3n"] * tras - rail["idd2n"] * (trc - tras))
        val["rd_pj"] += scale * (rail["idd4r"] - rail["idd3n"]) * burst_ns
        val["wr_pj"] += scale * (rail["idd4w"] - rail["idd3n"]) * burst_ns
        val["ref_pj"] += scale * (rail["idd5"] - rail["idd2n"]) * timing["tRFC"]["ns"]
        val["bg_open_mw"] += scale * rail["idd3n"]
        val["bg_closed_mw"] += scale * rail["idd2n"]
    val["rd_pj"] += io
    val["wr_pj"] += io
    if table["refresh"]["per_bank"]:
        val["refpb_pj"] = val["ref_pj"] / geo["banks_per_group"] / geo["bank_groups"]
    return val


def snake(name):
    """tRCDRD -> TRCDRD, TRcdRd -> T_RCD_RD"""
    if name[0] == "t":
        return name.upper()
    text = "".join("_" + c if c.isupper() and i else c for i, c in enumerate(name))
    return text.upper()


C_TOP = [
    "/* SPDX-License-Identifier: Apache-2.0 */",
    "/* clang-format off */",
    "/* DRAM device profiles for the device model (picoseconds) and the rule checker (clocks), generated by",
    " * hal/dram/gen_timing.py from hal/dram/{*}.json: do not edit. */".replace("{*}", "<device>"),
]


def profiles_header(count):
    out = C_TOP + [
        "#ifndef MR_SIM_VERILATOR_DRAM_MR_DRAM_PROFILES_H", "#define MR_SIM_VERILATOR_DRAM_MR_DRAM_PROFILES_H", "",
        "#include <stdbool.h>", "#include <stdint.h>", "",
        "#ifdef __cplusplus", "extern \"C\" {", "#endif", "",
        "/* Distances of commands. */", "typedef enum {",
    ]
    out += [f"    MR_DRAM_T_{snake(name)[1:]}, /* {text} */" for name, _, text in TIMES]
    out += ["    MR_DRAM_T_COUNT", "} mr_dram_t_t;", "", "/* Lanes of mr_kv_dev_pkg, in clocks. */", "typedef enum {"]
    out += [f"    MR_DRAM_LANE_{snake(name)}, /* {text} */" for name, text in LANES]
    out += [
        "    MR_DRAM_LANE_COUNT", "} mr_dram_lane_t;", "",
        "/* At least ps picoseconds and at least ck clocks, then add_ck clocks more. All 0: no such rule. */",
        "typedef struct {", "    int64_t ps;", "    int32_t ck, add_ck;", "} mr_dram_time_t;", "",
        "typedef struct {",
        "    const char *name, *device;",
        "    uint32_t clock_mhz, word_bytes, burst_clks, bank_groups, banks_per_group, rows, row_bursts, rl, wl;",
        "    uint32_t postpone, init_refreshes, cmd_act, cmd_col, cmd_pre, cmd_ref;",
        "    bool per_bank, row_col_bus;",
        "    double " + ", ".join(ENERGY) + ";",
        "    mr_dram_time_t time[MR_DRAM_T_COUNT];",
        "    uint16_t lane[MR_DRAM_LANE_COUNT];",
        "} mr_dram_profile_t;", "",
        f"enum {{ MR_DRAM_PROFILE_COUNT = {count} }};",
        "extern const mr_dram_profile_t mr_dram_profiles[MR_DRAM_PROFILE_COUNT];", "",
        "/* The profile of this name (\"Ddr4_2400\"), or NULL. */",
        "const mr_dram_profile_t *mr_dram_profile(const char *name);", "",
        "#ifdef __cplusplus", "}", "#endif", "", "#endif", "",
    ]
    return "\n".join(out)


def c_profile(table, prof):
    geo, refresh, cmd, val, energy = (table["geometry"], table["refresh"], table["geometry"]["command_clocks"],
                                      dev_lanes(table, prof), energy_of(table, prof))
    fields = [("word_bytes", val["WordBytes"]), ("burst_clks", val["BurstClks"]), ("bank_groups", geo["bank_groups"]),
              ("banks_per_group", geo["banks_per_group"]), ("rows", geo["rows"]), ("row_bursts", 1 << val["ColBits"]),
              ("rl", prof["rl"]), ("wl", prof["wl"]), ("postpone", refresh["postpone"]), ("init_refreshes", refresh["init_refreshes"]),
              ("cmd_act", cmd["act"]), ("cmd_col", cmd["col"]), ("cmd_pre", cmd["pre"]), ("cmd_ref", cmd["ref"])]
    out = ["    {", f"        .name = \"{prof['name']}\", .device = \"{table['device']}\", .clock_mhz = {prof['clock_mhz']}U,"]
    out += [line + "," for line in ("        " + ", ".join(f".{k} = {v}U" for k, v in part) for part in (fields[:7], fields[7:]))]
    out.append(f"        .per_bank = {str(refresh['per_bank']).lower()}, .row_col_bus = {str(geo['row_column_bus']).lower()},")
    out.append("        " + ", ".join(f".{k} = {energy[k]:.1f}" for k in ENERGY) + ",")
    out.append("        .time = {")
    for name, _, _ in TIMES:
        entry = table["timing"].get(name, {})
        out.append(f"            [MR_DRAM_T_{snake(name)[1:]}] = {{{int(round(entry.get('ns', 0) * 1000))}, {entry.get('ck', 0)}, "
                   f"{entry.get('add_ck', 0)}}},")
    out.append("        },")
    out.append("        .lane = {")
    out += wrap([f"[MR_DRAM_LANE_{snake(n)}] = {val[n]}" for n, _ in LANES], "            ", 120)
    out += ["        },", "    },"]
    return out


def profiles_source(tables):
    out = C_TOP + ["#include \"mr_dram_profiles.h\"", "", "#include <stddef.h>", "#include <string.h>", "",
                   "const mr_dram_profile_t mr_dram_profiles[MR_DRAM_PROFILE_COUNT] = {"]
    for table in tables:
        for prof in table["profiles"]:
            out += c_profile(table, prof)
    out += ["};", "",
            "const mr_dram_profile_t *mr_dram_profile(const char *name) {",
            "    for (unsigned i = 0; i < MR_DRAM_PROFILE_COUNT; i++) {",
            "        if (strcmp(mr_dram_profiles[i].name, name) == 0) {",
            "            return &mr_dram_profiles[i];", "        }", "    }", "    return NULL;", "}", ""]
    return "\n".join(out)


def figures(table, profile):
    """Bandwidth, capacity and streaming energy of one channel."""
    geo, timing, val, energy = table["geometry"], table["timing"], dev_lanes(table, profile), energy_of(table, profile)
    gbps = val["WordBytes"] * profile["clock_mhz"] / 1000.0
    capacity = geo["rows"] * geo["row_bytes"] * geo["banks_per_group"] * geo["bank_groups"]
    bits = 8 * val["WordBytes"] * val["BurstClks"]
    per_bank = table["refresh"]["per_bank"]
    refresh_pj = energy["refpb_pj"] / timing["tREFIpb"]["ns"] if per_bank else energy["ref_pj"] / timing["tREFI"]["ns"]
    return {
        "gbps": gbps, "capacity": capacity, "c_bw_us": capacity / gbps / 1000.0,
        "refresh": timing["tRFC"]["ns"] / timing["tREFI"]["ns"],
        "pj_bit": energy["rd_pj"] / bits + energy["act_pj"] / (8 * geo["row_bytes"]) + (energy["bg_open_mw"] + refresh_pj) / (8 * gbps),
    }


def check_rule(tables):
    """A table with a "rule" must meet it against its reference table: C/BW = T, bandwidth of a stack, energy a bit."""
    by_name = {t["device"]: t for t in tables}
    for table in (t for t in tables if "rule" in t):
        rule, ref = table["rule"], by_name[table["rule"]["reference"]]
        fig, ref_fig = figures(table, table["profiles"][0]), figures(ref, ref["profiles"][0])
        wide = fig["gbps"] * table["geometry"]["channels"] / (ref_fig["gbps"] * ref["geometry"]["channels"])
        if abs(fig["c_bw_us"] / rule["token_time_us"] - 1) > rule["tolerance"]:
            fail(f"{table['device']}: C/BW = {fig['c_bw_us']:.1f} us misses T = {rule['token_time_us']} us")
        if wide <= rule["bandwidth_factor"] or ref_fig["pj_bit"] < rule["energy_factor"] * fig["pj_bit"]:
            fail(f"{table['device']}: bandwidth x {wide:.1f}, energy / {ref_fig['pj_bit'] / fig['pj_bit']:.1f} of {ref['device']}")


def size_text(count):
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:g} {unit}"
        count /= 1024


def doc_comparison(tables):
    out = ["| profile | clock MHz | GB/s | capacity | C/BW | all-bank refresh % | pJ/bit, rows streamed |", "|---|---|---|---|---|---|---|"]
    for table in tables:
        for prof in table["profiles"]:
            fig = figures(table, prof)
            time = f"{fig['c_bw_us'] / 1000:.1f} ms" if fig["c_bw_us"] > 1000 else f"{fig['c_bw_us']:.1f} us"
            out.append(f"| `{prof['name']}` | {prof['clock_mhz']} | {fig['gbps']:.2f} | {size_text(fig['capacity'])} | {time} | "
                       f"{100 * fig['refresh']:.2f} | {fig['pj_bit']:.2f} |")
    return out


def entry_text(entry):
    parts = [f"{entry['ns']:g} ns"] if "ns" in entry else []
    parts += [f"{entry['ck']} ck"] if "ck" in entry else []
    text = "max(" + ", ".join(parts) + ")" if len(parts) == 2 else parts[0]
    return text + (f" {entry['add_ck']:+d} ck" if "add_ck" in entry else "")


def doc_device(table):
    geo, profiles = table["geometry"], table["profiles"]
    cmd, vals = geo["command_clocks"], [dev_lanes(table, p) for p in table["profiles"]]
    names = ", ".join(f"`{p['name']}` ({p['clock_mhz']} MHz, RL {p['rl']}, WL {p['wl']})" for p in profiles)
    out = ["", f"## {table['device']}", "", f"{table['purpose'].split(': the only home')[0]}. Profiles: {names}.", "",
           f"{geo['dq_bits']} data pins, {geo['beats_per_clock']} beats a clock, bursts of {geo['burst_beats']}; "
           f"{geo['bank_groups']} x {geo['banks_per_group']} banks of {geo['rows']} rows of {size_text(geo['row_bytes'])}; "
           f"{'per-bank' if table['refresh']['per_bank'] else 'all-bank'} refresh, {table['refresh']['postpone']} may be postponed, "
           f"{table['refresh']['init_refreshes']} at start-up; clocks of the command bus: ACT {cmd['act']}, RD/WR {cmd['col']}, "
           f"PRE {cmd['pre']}, REF {cmd['ref']}{'; row and column commands have a bus each' if geo['row_column_bus'] else ''}."]
    if "derivation" in table:
        out += [""] + [f"{i}. {line}" for i, line in enumerate(table["derivation"], 1)]
    out += ["", "| time | value | clocks | meaning | kind | source |", "|---|---|---|---|---|---|"]
    for name, lane, text in TIMES:
        entry = table["timing"].get(name)
        if entry is not None:
            clocks = " / ".join(str(v[lane]) for v in vals) if lane else str(entry["ck"])
            out.append(f"| {name} | {entry_text(entry)} | {clocks} | {text} | {entry['kind']} | {entry['source']} |")
    out += ["", "Sources: " + "; ".join(f"*{k}*: {v}" for k, v in table["sources"].items()) + ".", ""]
    out += ["| profile | ACT pJ | RD burst pJ | WR burst pJ | REF all pJ | REF bank pJ | row open mW | closed mW |", "|---|" * 1 + "---|" * 7]
    for prof in profiles:
        energy = energy_of(table, prof)
        out.append(f"| `{prof['name']}` | " + " | ".join(f"{energy[k]:.0f}" for k in ENERGY) + " |")
    out += ["", f"Energy ({table['energy']['kind']}): {table['energy']['source']}."]
    return out


def document(tables):
    text = (HERE / "kv_dram_devices.md.in").read_text(encoding="utf-8")
    text = text.replace("{{comparison}}", "\n".join(doc_comparison(tables)))
    devices = [line for table in tables for line in doc_device(table)]
    return text.replace("{{devices}}", "\n".join(devices[1:]))


def outputs():
    tables = [json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")) for name in DEVICES]
    check_rule(tables)
    return {
        "docs/kv_dram_devices.md": document(tables),
        "rtl/kv_dram/mr_kv_dev_pkg.sv": dev_package(tables),
        "sim_verilator/dram/mr_dram_profiles.h": profiles_header(sum(len(t["profiles"]) for t in tables)),
        "sim_verilator/dram/mr_dram_profiles.c": profiles_source(tables),
    }


def main(argv):
    if argv not in ([], ["--check"]):
        sys.exit("usage: gen_timing.py [--check]")
    stale = []
    for name, text in outputs().items():
        path = ROOT / name
        if not argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        fail("stale, run hal/dram/gen_timing.py: " + ", ".join(stale))
    print("PASS gen_timing")


if __name__ == "__main__":
    main(sys.argv[1:])
