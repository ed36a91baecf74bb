#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure, and write docs/results.md. Run by `make bench` on a built tree (build/).

Every number comes from a test's line "RESULT name value unit", from the tool's --json, or from a results file that another
committed script wrote (boards/*/results.md, docs/fresh_clone.txt). Each has its kind: simulated (cycles of the Verilated RTL),
synthesised (tools' reports, no board), host (wall clock of this machine), exact (comparison of bits or arithmetic).
"""

import json
import os
import platform
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
SHARED = os.environ.get("MILLRACE_SHARED_MODELS", os.path.join(ROOT, "..", "shared", "models"))
BROOK = os.path.join(ROOT, "models", "brook.gguf")
STORIES = os.path.join(SHARED, "stories260K-ff192-Q8_0.gguf")
OUT = os.path.join(ROOT, "docs", "results.md")
PICTURE = os.path.join(ROOT, "docs", "kv_bench.svg")
TIMING = os.path.join(ROOT, "docs", "kv_timing.svg")
SOAK = os.path.join(ROOT, "docs", "kv_soak.md")
PIPELINE = os.path.join(ROOT, "docs", "pipeline.json")
DRAMS = {"sim": "sdr-as4c32m16sb-6", "sim:ddr4-2400": "ddr4-2400", "sim:lpddr4-3200": "lpddr4-3200", "sim:hbm2-pc": "hbm2-pc",
         "sim:stacked": "stacked"}
KV_BARS = {"ddr4-2400": 95.0, "lpddr4-3200": 97.5, "hbm2-pc": 99.0, "sdr-133": 98.5}
TESTS = "cosim_|rtl_fp|rtl_dpu|rtl_vec|rtl_kv|rtl_soc|unit_arith|lint_core|lint_registers"
TEST_LOG = os.path.join("Testing", "Temporary", "LastTest.log")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def run_tests():
    """Run the measuring tests; return {test name: [(name, value text)]} and the names of those that failed."""
    subprocess.run(["ctest", "--test-dir", BUILD, "-R", TESTS, "-LE", "soak", "--timeout", "1800"], check=False, stdout=sys.stderr)
    log = read(os.path.join(BUILD, TEST_LOG))
    results, failed = {}, []
    for block in re.split(r"^-{58}\n(?=\d+/\d+ Test)", log, flags=re.M)[0:]:
        for part in re.split(r"(?=^\d+/\d+ Testing: )", block, flags=re.M):
            head = re.match(r"\d+/\d+ Testing: (\S+)", part)
            if not head:
                continue
            lines = re.findall(r"^RESULT (\S+) (.*)$", part, flags=re.M)
            results.setdefault(head.group(1), []).extend(lines)
            if "Test Failed." in part:
                failed.append(head.group(1))
    return results, failed


def tool(device, model, tokens):
    """One run of the tool; returns its JSON statistics, or None when the model is absent."""
    if not os.path.exists(model):
        return None
    command = [os.path.join(BUILD, "millrace"), "run", "-m", model, "-p", "Once upon a time", "-n", str(tokens),
               "--ignore-eos", "--device", device, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["stats"]


def bench_kv(*arguments):
    """One call of `millrace bench kv`; returns its JSON. The tool fails when cycles do not add up or a DRAM rule is broken."""
    command = [os.path.join(BUILD, "millrace"), "bench", "kv", "--json", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure_kv():
    """All profiles x users x orders, and the short contexts; draws docs/kv_bench.svg and docs/kv_timing.svg."""
    bench_kv("--profile", "ddr4-2400", "--users", "16", "--tokens", "96", "--vector-bytes", "128", "--timing", TIMING)
    short = ("--profile", "ddr4-2400", "--users", "128", "--tokens", "16", "--vector-bytes", "1024")
    return {"runs": bench_kv("--all", "--svg", PICTURE)["runs"],
            "short": [bench_kv(*short, "--append", append) for append in ("inline", "batched")]}


def kv_rows(kv):
    """Rows of the table of bars about the KV-cache DRAM controller."""
    rows = []
    measured = [r for r in kv["runs"] if "utilization" in r]
    for profile, bar in KV_BARS.items():
        worst = min((r for r in measured if r["profile"] == profile), key=lambda r: r["utilization"])
        got = 100 * worst["utilization"]
        rows.append((f"KV controller, {profile}: data-bus utilisation, worst of 1, 8, 64, 128 users in pipeline and random order", "simulated",
                     f">= {bar:.1f} %", f"{got:.2f} % ({worst['users']} users, {worst['order']}; limit by refresh {100 * worst['limit']:.2f} %)",
                     got >= bar))
    for run in kv["short"]:
        got = 100 * run["utilization"]
        rows.append((f"KV controller, ddr4-2400: 128 users x 16 tokens x 1 KB, appends {run['append']}", "simulated", ">= 94 %", f"{got:.2f} %",
                     got >= 94))
    worst = max(measured, key=lambda r: r["first_beat_cycles"]["overhead_max"])
    added = worst["first_beat_cycles"]["overhead_max"]
    rows.append(("KV controller: first beat of an isolated stream, above the device's minimum", "simulated", "<= 8 cycles",
                 f"{added} cycles ({worst['profile']})", added <= 8))
    with open(SOAK, encoding="utf-8") as file:
        log = file.read()
    runs = [[int(n) for n in found] for found in re.findall(r"^\|(?:[^|]*\|){4} \d+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", log, flags=re.M)]
    operations = sum(run[0] for run in runs)
    wrong = sum(run[2] + run[3] for run in runs) + log.count("| stopped |")
    rows.append(("KV controller: random operations with a mismatch or a broken DRAM rule (docs/kv_soak.md)", "exact", "0 of 10^8",
                 f"{wrong} of {operations:,}" if runs else "-", wrong == 0 and operations >= 10**8))
    beats = sum(run[1] for run in runs)
    rows.append(("KV controller: beats of random streams compared with the golden store, lost, stale or of another user (docs/kv_soak.md)", "exact",
                 "0 of 10^9", f"{wrong} of {beats:,}" if runs else "-", wrong == 0 and beats >= 10**9))
    return rows


def kv_table(kv):
    """Lines of the table of all runs."""
    lines = ["", "## KV-cache DRAM controller (simulated)", "",
             "`millrace bench kv --all`: 512 tokens x 256 bytes, appends inline; percent of the data bus's clocks. ![utilisation](kv_bench.svg)", "",
             "| profile | users | order | useful | refresh | turnaround | row | bank group | starvation | back-pressure | first beat p50 / p99 / max | pJ/bit |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for r in kv["runs"] + kv["short"]:
        name = f"| {r['profile']} | {r['users']} | {r['order']}"
        if r["tokens"] != 512:
            name += f", {r['tokens']} tokens x {r['vector_bytes']} bytes, {r['append']}"
        if "utilization" not in r:
            lines.append(f"{name} | does not fit the device: {r['users_that_fit']} users do | | | | | | | | |")
            continue
        share = [100 * n / r["cycles"] for n in (r["useful_cycles"], *r["lost"].values())]
        late = r["latency_cycles"]
        lines.append(name + " | " + " | ".join(f"{n:.2f}" for n in share) + f" | {late['p50']} / {late['p99']} / {late['max']} | {r['pj_per_bit']:.2f} |")
    return lines


def firmware_rows(log, pipeline):
    """Rows of the table of bars about the control core and the registers, from the tests' log and from what scripts/pipeline.py measured."""
    rows = []
    alike = re.findall(r"^PASS (\d+) users, (\d+) tokens, hosted and core alike", log, flags=re.M)
    rows.append(("tokens and logits with the firmware on the core against the hosted one, brook, " + " and ".join(users for users, _ in alike) + " users", "exact",
                 "0 differing", f"0 of {sum(int(tokens) for _, tokens in alike)} tokens" if alike else "-", bool(alike)))
    for what, pattern, kind, unit in (("firmware's text and rodata", r"^text and rodata +(\d+) of +(49152) bytes", "exact", "bytes"),
                                      ("firmware's data and bss, 128 slots", r"^data and bss +(\d+) of +(24576) bytes", "exact", "bytes"),
                                      ("firmware's stacks, static bound", r"^stacks together +(\d+) of +(4096) bytes", "exact", "bytes")):
        found = re.search(pattern, log, flags=re.M)
        rows.append((what, kind, f"<= {int(found[2]):,} {unit}" if found else "", f"{int(found[1]):,} {unit}" if found else "-",
                     bool(found) and int(found[1]) <= int(found[2])))
    found = re.search(r"^firmware of \d+ bytes runs (\d+) clocks", log, flags=re.M)
    rows.append(("from the first access to firmware that runs, the image's transfer included", "simulated", "<= 200,000 clocks",
                 f"{int(found[1]):,} clocks" if found else "-", bool(found) and int(found[1]) <= 200000))
    first = max((int(n) for n in re.findall(r"^RESULT core_first_job_cycles (\d+) clocks", log, flags=re.M)), default=None)
    rows.append(("from the first access to the core's first job, setup of the mailbox and the first request included", "simulated", "<= 200,000 clocks",
                 f"{first:,} clocks" if first else "-", bool(first) and first <= 200000))
    found = re.search(r"documented: (\d+) of (\d+) fields", log)
    rows.append(("register fields documented with meaning, unit, reset, side effect", "exact", "100 %",
                 f"{found[1]} of {found[2]}" if found else "-", bool(found) and found[1] == found[2]))
    core = pipeline.get("core") if pipeline else None
    if core:
        rows.append((f"gorge on deep, context {core['context']}, {core['users']} users, firmware on the core: occupancy of the slowest stage", "simulated",
                     ">= 95 %", f"{100 * core['occupancy']:.1f} %", core["occupancy"] >= 0.95))
    return rows


def pipeline_rows(pipeline):
    """Rows of the table of bars about many users, from what scripts/pipeline.py measured."""
    if not pipeline:
        return []
    runs = pipeline["sweep"]["runs"]
    one, many = runs[0], runs[-1]
    where = f"gorge on deep, context {many['context']}"
    late = many["token_latency_cycles"]
    gain = pipeline["sweep"]["gain"]
    rows = [(f"{where}: tokens/s of {many['users']} users against one", "simulated", ">= 100 x", f"{gain:.1f} x", gain >= 100)]
    bound = 1.1 * one["token_latency_cycles"]["mean"]
    at = max(run["users"] for run in [*runs, pipeline["nearly_all"]] if run["token_latency_cycles"]["mean"] <= bound)
    spread = late["p99"] / late["p50"]
    rows.append((f"{where}: users at which a token takes at most 1.10 times as long as for one", "simulated", ">= 100", str(at), at >= 100))
    rows.append((f"{where}, {many['users']} users: p99 of a token's time against p50", "simulated", "<= 1.05", f"{spread:.3f}", spread <= 1.05))
    rows.append((f"{where}, {many['users']} users: occupancy of the slowest stage", "simulated", ">= 95 %", f"{100 * many['occupancy']:.1f} %",
                 many["occupancy"] >= 0.95))
    share = one["unavoidable_share"]
    rows.append((f"{where}, one user: unavoidable time of a token (architecture, section 4) of its whole time", "simulated", ">= 90 %",
                 f"{100 * share:.1f} %", share >= 0.9))
    time = {mode: run["token_latency_cycles"]["mean"] for mode, run in pipeline["modes"].items()}
    best = min(time, key=time.get)
    rows.append((f"brook on deep, one user, context {one['context']}: latency mode against efficiency mode (why: architecture, section 4)", "simulated",
                 ">= 2.5 x", f"{time['efficiency'] / time[best]:.2f} x (mode {best})", time["efficiency"] / time[best] >= 2.5))
    speed = many["tokens_per_s_wall"]
    rows.append((f"co-simulation of {where}, {many['users']} users, wall clock", "host", ">= 20 tokens/s", f"{speed:.1f} tokens/s", speed >= 20))
    return rows


def pipeline_table(pipeline):
    """Lines of the tables of users and modes."""
    if not pipeline:
        return []
    parts = list(pipeline["sweep"]["runs"][0]["breakdown"])
    lines = ["", "## Many users (simulated)", "",
             f"`scripts/pipeline.py` at {pipeline['revision']}; cycles of a token, what they went into (mean). ![throughput and latency](pipeline.svg)", "",
             "| model, mode | users | tokens a million cycles | p50 | p99 | max | occupancy | " + " | ".join(part.replace("_", " ") for part in parts) + " |",
             "|" + "---|" * (7 + len(parts))]
    for run in [*pipeline["sweep"]["runs"], pipeline["nearly_all"], *pipeline["modes"].values()]:
        late = run["token_latency_cycles"]
        lines.append(f"| {run['model']}, {run['mode']} | {run['users']} | {run['system_tokens_per_mcycle']:.1f} | {late['p50']:,} | {late['p99']:,} | {late['max']:,} | "
                     f"{100 * run['occupancy']:.1f} % | " + " | ".join(f"{run['breakdown'][part]:,.0f}" for part in parts) + " |")
    return lines


def results_in(path):
    """RESULT lines of a file that another script wrote."""
    try:
        return dict(re.findall(r"^RESULT (\S+) (.*)$", open(path, encoding="utf-8").read(), flags=re.M))
    except FileNotFoundError:
        return {}


def value(results, test, name):
    for found, text in results.get(test, []):
        if found == name:
            return text
    return None


def number(text):
    return float(text.split()[0]) if text else None


def bar_rows(results, speed, board, fresh):
    """Rows of the table of bars: what, kind, bar, measured, met (None: not measured here)."""
    rows = []

    def row(what, kind, bar, measured, met):
        rows.append((what, kind, bar, measured, met))

    tokens = [t for t in results if t.startswith(("cosim_tokens_model_", "cosim_tokens_sim_"))]
    differing = sum(int(number(v)) for t in tokens for n, v in results[t] if n.endswith("_logits_differing"))
    compared = sum(int(number(v)) for t in tokens for n, v in results[t] if n.endswith("_logits_compared"))
    row("logits of RTL and functional model against the C reference, 3 prompts x 64 tokens of each model", "exact",
        "0 differing", f"{differing} differing of {compared:,} ({len(tokens)} runs)", compared > 0 and differing == 0)
    for device, stats in speed["drams"].items():
        runs = [t for t in results if t.startswith(f"cosim_tokens_{device}_")]
        differing = sum(int(number(v)) for t in runs for n, v in results[t] if n.endswith("_logits_differing"))
        compared = sum(int(number(v)) for t in runs for n, v in results[t] if n.endswith("_logits_compared"))
        row(f"logits of the chip with {DRAMS[device]} against the C reference, 3 users; clocks a token of brook, one user", "exact, simulated",
            "0 differing", f"{differing} differing of {compared:,}; {stats['cycles_per_token']:,.0f} clocks", compared > 0 and differing == 0)
    for test in sorted(t for t in results if t.startswith("cosim_accuracy_")):
        found = {n.split("_", 0)[0]: v for n, v in results[test]}
        pick = {k: next((number(v) for n, v in found.items() if n.endswith(k)), None)
                for k in ("difference", "argmax_equal", "perplexity_device", "perplexity_float64")}
        if pick["difference"] is None:
            continue
        ratio = 100 * abs(pick["perplexity_device"] / pick["perplexity_float64"] - 1)
        row(f"log-probabilities against float64, {test[len('cosim_accuracy_'):]}, 512 positions", "exact",
            "<= 0.05, >= 97 %, <= 1 %",
            f"mean difference {pick['difference']:.4f}, argmax {pick['argmax_equal']:.1f} %, perplexity {ratio:.2f} % apart",
            pick["difference"] <= 0.05 and pick["argmax_equal"] >= 97 and ratio <= 1)
    for name in ("exp", "recip", "rsqrt"):
        got = next((v for t, lines in results.items() for n, v in lines if n == f"arith.{name}.max_error" or n == f"arith.{name}"), None)
        row(f"{name}, exhaustive over one binade", "exact", "<= 2 ULP", got or "-", got and number(got) <= 2)
    for what, stats, key, bar in (("co-simulation of brook, one user", speed["sim"], "tokens_per_s_wall", 10),
                                  ("functional model, brook", speed["model"], "tokens_per_s_wall", 2000),
                                  ("functional model, stories260K-ff192-Q8_0", speed["stories"], "tokens_per_s_wall", 2000)):
        if stats:
            row(what + ", wall clock", "host", f">= {bar:,} tokens/s", f"{stats[key]:,.1f} tokens/s", stats[key] >= bar)
    for what, key, bar, test in (("LUT4", "ecp5_lut4", "<= 60,000", lambda v: v <= 60000),
                                 ("MULT18X18D", "ecp5_mult18x18d", "<= 140", lambda v: v <= 140),
                                 ("DP16KD", "ecp5_dp16kd", "<= 200", lambda v: v <= 200),
                                 ("clock, routed", "ecp5_fmax", ">= 50 MHz", lambda v: v >= 50)):
        got = board.get(key)
        row(f"ECP5-85F, one group that holds brook: {what}", "synthesised", bar, got or "not run", got and test(number(got)))
    for what, key, bar, test in (("LUT4 without ECC", "kv_sdr_x16_lut4", "<= 2,000", lambda v: v <= 2000),
                                 ("clock, routed", "kv_sdr_x16_fmax", ">= 100 MHz", lambda v: v >= 100)):
        got = board.get(key)
        row(f"ECP5-85F, the KV controller of one SDR channel alone: {what}", "synthesised", bar, got or "not run", got and test(number(got)))
    for what, key, bar, limit in (("fresh clone to the first token", "first_token_s", "<= 8 min", 480),
                                  ("the second time", "second_token_s", "<= 5 s", 5),
                                  ("make check from nothing", "check_s", "<= 20 min", 1200)):
        got = fresh.get(key)
        row(what, "host", bar, got or "not run", got and number(got) <= limit)
    return rows


def write(revision, results, failed, speed, kv, pipeline, rows):
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->", "# Results", "",
             f"Written by `make bench` at {revision} on {platform.machine()}, {os.cpu_count()} cores. Nothing here was measured on a board.",
             "Kinds: *simulated* = clock cycles of the Verilated RTL; *synthesised* = reports of open tools; *host* = wall clock of this machine; *exact* = comparison of bits or arithmetic.",
             "", "## Bars", "", "| what | kind | bar | measured | met |", "|---|---|---|---|---|"]
    for what, kind, bar, measured, met in rows:
        lines.append(f"| {what} | {kind} | {bar} | {measured} | {'yes' if met else 'not run' if measured in ('-', 'not run') else 'NO'} |")
    if speed["sim"]:
        s = speed["sim"]
        lines += ["", "## A token of brook, one user (simulated)", "",
                  f"{s['cycles_per_token']:,.0f} cycles a token, {s['tokens_per_s_simulated']:,.0f} tokens/s at the stated {s['clock_hz'] / 1e6:g} MHz.", "",
                  "| stage | cycles a token |", "|---|---|"]
        lines += [f"| {name} | {cycles:,.0f} |" for name, cycles in s["breakdown"].items()]
    lines += pipeline_table(pipeline) + kv_table(kv)
    lines += ["", "## Everything the tests measured", "", "| test | name | value |", "|---|---|---|"]
    for test in sorted(results):
        lines += [f"| {test} | {name} | {text} |" for name, text in results[test]]
    if failed:
        lines += ["", "Failed tests: " + ", ".join(failed)]
    with open(OUT, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def main():
    # Before anything is drawn: the pictures are part of the tree.
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    results, failed = run_tests()
    speed = {"sim": tool("sim", BROOK, 128), "model": tool("model", BROOK, 400), "stories": tool("model", STORIES, 400)}
    speed["drams"] = {device: tool(device, BROOK, 128) for device in DRAMS}
    board = {}
    for card in ("ulx3s_85f", "kv_sdr_x16"):
        board.update(results_in(os.path.join(ROOT, "boards", card, "results.md")))
    fresh = results_in(os.path.join(ROOT, "docs", "fresh_clone.txt"))
    kv = measure_kv()
    pipeline = None
    if os.path.exists(PIPELINE):
        with open(PIPELINE, encoding="utf-8") as file:
            pipeline = json.load(file)
    rows = (bar_rows(results, speed, board, fresh) + kv_rows(kv) + pipeline_rows(pipeline) +
            firmware_rows(read(os.path.join(BUILD, TEST_LOG)), pipeline))
    write(revision, results, failed, speed, kv, pipeline, rows)
    for what, kind, bar, measured, met in rows:
        print(f"{'ok  ' if met else 'MISS'} {what}: {measured} (bar {bar}, {kind})")
    print(f"bench: wrote {os.path.relpath(OUT, ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
