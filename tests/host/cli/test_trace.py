# SPDX-License-Identifier: Apache-2.0
"""trace: the file keeps the rules of the Chrome trace format, and its slices are those of the pipeline."""
import json
import os
import re
import tempfile
from collections import defaultdict

from cli_test import BROOK, CliTest, main

DEVICE = "sim:tiny-2g-composed"
TILES, USERS, NETWORKS = 1, 2, 3
PARTS = {"compute", "weight_read", "kv", "on_chip", "inter_chip", "queueing", "sampling"}


class Trace(CliTest):
    def trace(self, *args):
        """One run; checks the format's rules, gives slices by lane {(pid, tid): [(begin, end, depth, name)]}, flows and names."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.json")
            out, err = self.call("trace", "-m", BROOK, "--device", DEVICE, "--context", "3", "--perfetto", path, *args)
            self.assertEqual((out, err), (b"", b""))
            with open(path, encoding="utf-8") as file:
                events = json.load(file)["traceEvents"]
        lanes, names, stacks, last = defaultdict(list), {}, defaultdict(list), {}
        for e in events:
            lane = (e["pid"], e["tid"])
            if e["ph"] == "M":
                if e["name"] == "thread_name":
                    names[lane] = e["args"]["name"]
            elif e["ph"] == "B":
                self.assertGreaterEqual(e["ts"], last.get(lane, 0), "a lane goes back in time")
                last[lane] = e["ts"]
                stacks[lane].append(e)
            elif e["ph"] == "E":
                self.assertGreaterEqual(e["ts"], last[lane], "a lane goes back in time")
                last[lane] = e["ts"]
                begin = stacks[lane].pop()  # of what is open, or the test fails here
                lanes[lane].append((begin["ts"], e["ts"], len(stacks[lane]), begin["name"]))
            else:
                self.assertIn(e["ph"], "sf")
        self.assertFalse(any(stacks.values()), "slices without an end")
        self.assertTrue(set(lanes) <= set(names), "lanes without a name")
        starts = {e["id"]: e for e in events if e["ph"] == "s"}
        ends = {e["id"]: e for e in events if e["ph"] == "f"}
        self.assertEqual(len(starts) + len(ends), sum(e["ph"] in "sf" for e in events), "an arrow's number is used twice")
        self.assertEqual(set(starts), set(ends))
        for number, start in starts.items():
            end = ends[number]
            self.assertLessEqual(start["ts"], end["ts"])
            source = [s for s in lanes[start["pid"], start["tid"]] if s[2] == 0 and s[0] <= start["ts"] <= s[1]]
            target = [s for s in lanes[end["pid"], end["tid"]] if s[2] == 0 and s[0] == end["ts"]]
            token = re.match(r"user \d+ pos \d+", source[-1][3]).group()
            self.assertTrue(target[0][3].startswith(token + ":"), (source, target))
        return lanes, starts, names

    def test_tiles_and_users(self):
        lanes, flows, names = self.trace("--users", "2", "--tokens", "3")
        self.assertEqual(names[TILES, 1], "tile 0: embed to L2 down")
        self.assertEqual(names[TILES, 2], "tile 1: L3 qkv to head")
        self.assertEqual(names[USERS, 2], "user 1")
        self.assertEqual(set(lanes), {(TILES, 1), (TILES, 2), (USERS, 1), (USERS, 2)})
        for tile, stage in ((1, "embed to L2 down"), (2, "L3 qkv to head")):
            for begin, end, depth, name in lanes[TILES, tile]:
                self.assertEqual(depth, 0)
                self.assertLess(begin, end)
                self.assertRegex(name, rf"^user [01] pos \d+: {re.escape(stage)}$")
        for user in (1, 2):
            slices = lanes[USERS, user]
            self.assertGreaterEqual(len(slices), 2)
            positions = [int(name.removeprefix("pos ")) for _, _, _, name in slices]
            self.assertEqual(positions, list(range(positions[0], positions[0] + len(slices))))
            for before, after in zip(slices, slices[1:]):  # a user's tokens follow one another without a gap
                self.assertEqual(before[1], after[0])
        # Each token that is here from its start on goes from tile 0 to tile 1.
        self.assertGreaterEqual(len(flows), 4)

    def test_detail(self):
        lanes, _, names = self.trace("--users", "1", "--tokens", "2", "--detail")
        self.assertEqual(names[NETWORKS, 1], "group 0")
        for (kind, _), slices in lanes.items():
            outer = [s for s in slices if s[2] == 0]
            inner = sorted(s for s in slices if s[2] == 1)
            self.assertEqual(len(outer) + len(inner), len(slices))
            if kind == NETWORKS:
                self.assertFalse(inner)
                continue
            for begin, end, _, _ in outer:  # what is inside fills it
                at = begin
                for s in inner:
                    if begin <= s[0] < end:
                        self.assertEqual(s[0], at)
                        at = s[1]
                self.assertEqual(at, end)
            kinds = {s[3] for s in inner}
            self.assertTrue(kinds <= PARTS if kind == USERS else {"gemv", "attend", "vector", "send"} <= kinds, kinds)

    def test_cycles(self):
        lanes, _, _ = self.trace("--users", "2", "--tokens", "3", "--cycles", "7000", "--detail")
        times = [t for slices in lanes.values() for s in slices for t in s[:2]]
        self.assertLessEqual(max(times) - min(times), 7000)

    def test_errors(self):
        for args, words in (((), ("-m",)), (("-m", BROOK), ("--perfetto",)), (("-m", BROOK, "x"), ("'x'",))):
            self.fails("trace", *args, code=2, words=words)
        self.fails("trace", "-m", BROOK, "--device", DEVICE, "--perfetto", "/nowhere/t.json", words=("/nowhere/t.json",))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.json")
            self.fails("trace", "-m", BROOK, "--device", "model", "--perfetto", path, words=("no trace",))
        self.fails("trace", "-m", BROOK, "--device", DEVICE, "--context", "0", "--perfetto", "/dev/full", words=("/dev/full",))


main()
