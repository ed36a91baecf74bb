# SPDX-License-Identifier: Apache-2.0
"""The RTL of bridge and chip behind a pseudo-terminal: the tokens of the chip itself, on good and bad lines; lines that are busy or vanish."""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time

from cli_test import BROOK, CliTest, PROMPT, TOOL, main

RUN = ("run", "-m", BROOK, "-p", PROMPT, "-n", "4", "--ignore-eos", "--json")
LONG_S = 240  # a busy machine with a bad line


class Serial(CliTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.link = os.path.join(folder.name, "tty")
        self.device = "serial:" + self.link + ",3000000"

    @contextlib.contextmanager
    def board(self, *options):
        """A simulated board, ended with SIGTERM if it still runs: then no link may be left."""
        with subprocess.Popen([TOOL, "serial", "--pty", self.link, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            try:
                name = child.stdout.readline().decode().strip()
                self.assertEqual(os.readlink(self.link), name, child.stderr.read() if not name else "")
                yield child
                if child.poll() is None:
                    child.send_signal(signal.SIGTERM)
                    self.assertEqual(child.wait(10), 130)
                    self.assertFalse(os.path.lexists(self.link))
                self.assertEqual(child.stderr.read(), b"")
            finally:
                child.kill()

    def run_over(self, *options):
        """A run of brook over the line; its answer."""
        done = subprocess.run([TOOL, *RUN, "--device", self.device, *options], capture_output=True, timeout=LONG_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json.loads(done.stdout)

    def same_as_chip(self, answer):
        chip = self.json(*RUN[:-1], "--device", "sim")
        for name in ("text", "prompt_tokens", "tokens", "stop_reason"):
            self.assertEqual(answer[name], chip[name], name)

    def test_good_line__tokens_and_a_second_host(self):
        with self.board("--garbage", "200"):
            answer = self.run_over()
            self.assertEqual(answer["stats"]["clock_hz"], 1e8)
            serial = answer["stats"]["serial"]
            self.assertGreater(serial["requests"], 1000)
            self.assertGreater(serial["bytes_sent"], os.path.getsize(BROOK))
            self.assertLess(serial["retries"], serial["requests"] / 4)  # a busy machine may be late
            out, _ = self.call("reg", "read", "chip.ID", "--device", self.device)
            self.assertIn(b"0x4D524345", out)
        self.same_as_chip(answer)

    def test_bad_line__tokens(self):
        with self.board("--corrupt", "0.5", "--drop", "0.5", "--seed", "5"):
            answer = self.run_over()
        serial = answer["stats"]["serial"]
        self.assertGreater(serial["retries"], serial["requests"] / 4)
        self.same_as_chip(answer)

    def test_busy__and_then_gone(self):
        with self.board() as child:
            with subprocess.Popen([TOOL, *RUN, "--device", self.device], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as host:
                try:
                    time.sleep(1)
                    self.fails("reg", "read", "chip.ID", "--device", self.device, words=("in use by another program",))
                    self.assertIsNone(host.poll(), "loading ended too soon for this test")
                    child.send_signal(signal.SIGKILL)
                    out, err = host.communicate(timeout=5)
                    self.assertEqual((host.returncode, out), (1, b""))
                    self.assertIn(b"vanished", err)
                    self.assertEqual(err.count(b"\n"), 1)
                finally:
                    host.kill()
        self.assertTrue(os.path.islink(self.link))
        with self.board("--once") as child:  # takes the link over that the killed one left
            self.call("reg", "read", "chip.ID", "--device", self.device)
            self.assertEqual(child.wait(10), 0)
            self.assertFalse(os.path.lexists(self.link))

    def test_signals__end_it(self):
        for number in (signal.SIGINT, signal.SIGHUP):
            with self.board() as child:
                child.send_signal(number)
                self.assertEqual(child.wait(10), 130)
                self.assertFalse(os.path.lexists(self.link))

    def test_errors(self):
        self.fails("serial", "--device", "model", words=("no simulated chip 'model'",))
        self.fails("serial", "--device", "sim:none", words=("no simulated chip 'sim:none'",))
        self.fails("serial", "--pty", "/no/such/folder/tty", words=("cannot make the link /no/such/folder/tty",))
        with open(self.link, "w", encoding="utf-8") as file:
            file.write("mine")
        self.fails("serial", "--pty", self.link, words=("cannot make the link",))
        with open(self.link, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.fails("serial", "--corrupt", "51", code=2, words=("--corrupt",))
        self.fails("serial", "operand", code=2, words=("operand",))


if __name__ == "__main__":
    main()
