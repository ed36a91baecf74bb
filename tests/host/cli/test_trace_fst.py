# SPDX-License-Identifier: Apache-2.0
"""trace --fst: where the chip records waveforms, the file is whole and covers the window; elsewhere the error says how to build it."""
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from cli_test import BROOK, TIMEOUT_S, TOOL, CliTest, main

CLOCK_NS = 10
FST_TRACE = ("trace", "-m", BROOK, "--context", "3", "--fst")


def records():
    """Whether this build can."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([TOOL, *FST_TRACE, os.path.join(folder, "w"), "--cycles", "1"], capture_output=True, timeout=TIMEOUT_S, check=False)
    return b"FST=1" not in done.stderr


RECORDS = records()


class TraceFst(CliTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "wave.fst")

    def read(self):
        """Checks the blocks of the file: header, value changes, geometry, hierarchy, all finished. Gives (first, last time, variables)."""
        with open(self.path, "rb") as file:
            data = file.read()
        kinds, at = [], 0
        while at < len(data):
            kinds.append(data[at])
            at += 1 + struct.unpack_from(">Q", data, at + 1)[0]
        self.assertEqual(at, len(data), "the last block is cut off")
        self.assertEqual(kinds[0], 0, "no header")
        self.assertTrue(set(kinds[1:]) <= {3, 4, 5, 6, 7, 8}, kinds)
        for block in ({1, 5, 8}, {3}, {4, 6, 7}):
            self.assertTrue(block & set(kinds), (block, kinds))
        first, last, order = struct.unpack_from(">QQ8s", data, 9)
        self.assertAlmostEqual(struct.unpack("<d", order)[0], 2.718281828459045)
        self.assertEqual(struct.unpack_from("b", data, 73)[0], -9, "times are in ns")
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [os.path.basename(self.path)], "the writer left a file behind")
        return first, last, struct.unpack_from(">Q", data, 49)[0]

    def record(self, *args):
        self.assertEqual(self.call(*FST_TRACE, self.path, *args), (b"", b""))
        return self.read()

    def test_usage(self):
        self.fails(*FST_TRACE, self.path, "--perfetto", self.path, code=2, words=("two files",))
        self.fails(*FST_TRACE, self.path, "--detail", code=2, words=("--detail",))
        self.fails(*FST_TRACE, self.path, "--device", "model", words=("'model'", "make build DEVICE=sim FST=1", "-DMR_SIM_FST=ON"))

    def test_left_out(self):
        if RECORDS:
            self.skipTest("this build records waveforms")
        self.fails(*FST_TRACE, self.path, words=("'sim'", "make build DEVICE=sim FST=1", "-DMR_SIM_FST=ON"))
        self.assertFalse(os.path.exists(self.path))


class Recorded(TraceFst):
    test_usage = test_left_out = None

    def setUp(self):
        if not RECORDS:
            self.skipTest("this build records no waveforms")
        super().setUp()

    def test_cycles(self):
        first, last, variables = self.record("--cycles", "500")
        # From the falling edge before the first rising edge to the last rising edge.
        self.assertEqual(last - first, 500 * CLOCK_NS - CLOCK_NS // 2)
        self.assertGreater(variables, 5000)

    def test_tokens(self):
        spans = [last - first for first, last, _ in (self.record("--tokens", n) for n in ("1", "3"))]
        self.assertGreater(spans[0], 5000 * CLOCK_NS)
        self.assertAlmostEqual(spans[1] / spans[0], 3, delta=0.3)

    def test_users(self):
        first, last, _ = self.record("--users", "3", "--cycles", "300")
        self.assertEqual(last - first, 300 * CLOCK_NS - CLOCK_NS // 2)

    def test_values(self):
        """A reader other than ours: the chip's clock changes every 5 ns, and signals inside the tiles are there."""
        if shutil.which("fst2vcd") is None:
            self.skipTest("no fst2vcd (package gtkwave)")
        self.record("--cycles", "100")
        vcd = subprocess.run(["fst2vcd", "-f", self.path], capture_output=True, timeout=TIMEOUT_S, check=True).stdout.decode()
        head, body = vcd.split("$enddefinitions", 1)
        self.assertIn("$scope module gen_tile", head)
        clock = next(line.split()[3] for line in head.splitlines() if line.split()[4:5] == ["clk_i"])
        values = [line[0] for line in body.splitlines() if line[1:] == clock]
        self.assertEqual(values, ["0", "1"] * 100)

    def test_interrupted(self):
        with subprocess.Popen([TOOL, *FST_TRACE, self.path, "--tokens", "400"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            end = time.monotonic() + TIMEOUT_S
            while not (os.path.exists(self.path) and os.path.getsize(self.path) > 0) and time.monotonic() < end:
                time.sleep(0.02)
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.communicate(timeout=TIMEOUT_S), (b"", b""))
        self.assertEqual(run.returncode, 130)
        first, last, _ = self.read()
        self.assertGreater(last, first)

    def test_files(self):
        """What cannot be written stays as it is."""
        folder = os.path.dirname(self.path)
        self.fails(*FST_TRACE, os.path.join(folder, "no", "wave"), words=("no/wave", "No such file"))
        os.mkfifo(self.path)
        self.fails(*FST_TRACE, self.path, words=("no regular file",))
        self.fails(*FST_TRACE, folder, words=("no regular file",))
        self.assertEqual(os.listdir(folder), [os.path.basename(self.path)])


main()
