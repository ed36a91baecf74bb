# SPDX-License-Identifier: Apache-2.0
"""Bad input, closed pipes and signals: one line that names the cause, the right exit code, no wait."""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

from cli_test import BROOK, CliTest, PROMPT, TIMEOUT_S, TOOL, main

MODEL = ("-m", BROOK, "--device", "model")
FILES = ("-m", BROOK)


class BadInput(CliTest):
    def test_usage(self):
        for args, words in (
                ((), ("no command",)), (("walk",), ("'walk'",)), (("--walk",), ("'--walk'",)),
                (("run", "--walk"), ("'--walk'", "millrace run --help")), (("run", "-W"), ("'-W'",)),
                (("run", "-m"), ("'-m'", "argument")), (("run", "--temp"), ("'--temp'", "argument")),
                (("run", "--json=1"), ("takes no argument",)), (("run", "-p", "x"), ("-m FILE",)),
                (("run", *MODEL, "x"), ("-p",)), (("score", *MODEL), ("--ids",)),
                (("score", *MODEL, "--ids", "1,2", "-f", BROOK), ("either",)), (("tokenize", "x"), ("-m FILE",)),
                (("tokenize", *FILES, "a", "b"), ("quote",)), (("detokenize", "1"), ("-m FILE",)),
                (("run", *MODEL, "-p", "x", "--logprobs", "3"), ("--json",)), (("info", "x"), ("'x'",)),
                (("run\nrun",), ("run?run",))):
            self.fails(*args, code=2, words=words)

    def test_firmware(self):
        for command in (("run", *MODEL, "-p", "x"), ("score", *MODEL, "--ids", "1,2")):
            self.fails(*command, "--firmware", "both", code=2, words=("hosted", "core", "'both'"))
            self.fails(*command, "--firmware", "core", words=("'model'", "no control core", "--firmware hosted"))
            self.call(*command, "--firmware", "hosted")

    def test_numbers(self):
        for option, values in (("-n", ("-1", "1.5", "x", "", "4294967296", "5x", " 5")),
                               ("--temp", ("-0.1", "101", "nan", "inf", "x", "", "0.001", "1x")),
                               ("--top-k", ("-1", "x", "99999999999999999999")), ("--top-p", ("0", "1.01", "-1", "nan")),
                               ("--seed", ("-1", "x", "18446744073709551616")), ("--logprobs", ("-1", "1001"))):
            for value in values:
                self.fails("run", *MODEL, "-p", "x", "--json", option, value, code=2, words=(option,))
        self.fails("run", *MODEL, "-p", "x", "-n", "0", code=2, words=("nothing to do: -n must be at least 1",))

    def test_ids(self):
        for ids, word in (("1,x", "'x'"), ("1,99999999", "outside the vocabulary"), ("1,-2", "'-2'"), ("1;2", "'1;2'")):
            self.fails("score", *MODEL, "--ids", ids, code=2, words=(word,))
        self.fails("score", *MODEL, "--ids", "1", words=("at least 2",))
        self.fails("score", *MODEL, "--ids", "", words=("at least 2",))
        self.fails("detokenize", *FILES, stdin=b"1 two 3", code=2, words=("'two'",))

    def test_prompts(self):
        self.fails("run", *MODEL, "-p", "", words=("prompt is empty",))
        self.fails("run", *MODEL, stdin=b"", words=("prompt is empty",))
        self.fails("run", *MODEL, stdin=b"\n", words=("prompt is empty",))
        context = self.json("info", *MODEL)["model"]["context"]
        text = "the dog " * context
        count = len(self.json("tokenize", *FILES, text)["tokens"])
        for args in (("run", *MODEL, "-p", text), ("score", *MODEL, "--ids", ",".join(["1"] * count))):
            self.fails(*args, words=(str(count), str(context)))

    def test_files(self):
        self.fails("run", "-m", "/nonexistent/x", "-p", "x", words=("/nonexistent/x", "No such file"))
        self.fails("run", "-m", "/", "-p", "x", words=("directory",))
        self.fails("score", *MODEL, "-f", "/nonexistent/x", words=("/nonexistent/x", "No such file"))
        self.fails("score", *MODEL, "-f", "/", words=("directory",))
        with tempfile.NamedTemporaryFile() as empty:
            self.fails("score", *MODEL, "-f", empty.name, words=("empty",))
        self.fails("tokenize", *FILES, "-f", "/dev/zero", words=("MiB",))
        self.fails("run", *FILES, "-p", "x", "--device", "abacus", words=("'abacus'", "model"))

    def test_broken_models(self):
        with open(BROOK, "rb") as file:
            good = file.read()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "broken.gguf")
            for data in (b"", b"GG", good[:24], good[:200], good[:len(good) // 2], good[:-1], b"XXXX" + good[4:],
                         good[:4] + b"\x63" + good[5:]):
                with open(path, "wb") as file:
                    file.write(data)
                self.fails("run", "-m", path, "-p", "x", "--device", "model", words=(path,))


def tight_pipe(room):
    """A pipe that holds `room` bytes before its writer has to wait, and the bytes that fill the rest of it."""
    reader, writer = os.pipe()
    filled = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096) - room
    os.write(writer, b"x" * filled)
    return reader, writer, filled


class Pipes(CliTest):
    def close_early(self, *args, room=None):
        """Closes the pipe before the tool starts or, with room, while it waits to write more; it must end quietly."""
        reader, writer, _ = tight_pipe(room or 0)
        if room is None:
            os.close(reader)
        with subprocess.Popen([TOOL, *args], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE) as child:
            os.close(writer)
            if room is not None:
                time.sleep(0.2)
                os.close(reader)
            err = child.stderr.read()
            self.assertGreater(child.wait(TIMEOUT_S), 0, args)
            self.assertEqual(err, b"", args)

    def test_closed_pipe__ends_quietly(self):
        self.close_early("run", *MODEL, "-p", PROMPT, "-n", "100000", "--ignore-eos", "--stats", room=100)
        self.close_early("run", *MODEL, "-p", PROMPT, "-n", "100000", "--ignore-eos", "--stats")
        self.close_early("run", *MODEL, "-p", PROMPT, "-n", "20", "--json")
        self.close_early("reg", "--device", "model", "ls")
        self.close_early("tokenize", *FILES, "x")

    def test_full_disk__is_told(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "info", "--device", "model"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to standard output", done.stderr)

    def stop_blocked(self, number):
        """Sends a signal to a run that waits for room in its output, then reads on."""
        reader, writer, filled = tight_pipe(100)
        with subprocess.Popen([TOOL, "run", *MODEL, "-p", PROMPT, "-n", "100000", "--ignore-eos", "--stats"],
                              stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE) as child:
            os.close(writer)
            deadline = time.monotonic() + TIMEOUT_S
            held = 0
            while held < filled + 60:  # less room than the text to come needs
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
                held = struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0]
            time.sleep(0.1)
            child.send_signal(number)
            time.sleep(0.1)
            text = b""
            while part := os.read(reader, 65536):
                text += part
            err = child.stderr.read()
            code = child.wait(TIMEOUT_S)
        os.close(reader)
        return code, text[filled:], err

    def test_signals__end_cleanly_with_the_text_and_stats_so_far(self):
        whole = self.run_json("-n", "100000", "--ignore-eos")
        for number in (signal.SIGINT, signal.SIGTERM):
            code, text, err = self.stop_blocked(number)
            self.assertEqual(code, 130, err)
            self.assertTrue(text.endswith(b"\n"))
            story = (PROMPT + whole["text"]).encode()
            self.assertTrue(story.startswith(text[:-1]))
            self.assertLess(len(text), len(story))
            self.assertIn(b"ended by interrupted", err)
            self.assertIn(b"wall clock:", err)

    def test_signal__while_waiting_for_the_prompt(self):
        with subprocess.Popen([TOOL, "run", *MODEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            child.stdin.write(b"Once")
            child.stdin.flush()
            deadline = time.monotonic() + TIMEOUT_S
            while struct.unpack("i", fcntl.ioctl(child.stdin, termios.FIONREAD, bytes(4)))[0] > 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            time.sleep(0.1)
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.wait(TIMEOUT_S), 130)
            self.assertEqual(child.stdout.read(), b"")


class Terminal(CliTest):
    def on_terminal(self, *args):
        """Runs the tool with all its streams on a terminal; gives (exit code, what the terminal shows)."""
        leader, follower = pty.openpty()
        with subprocess.Popen([TOOL, *args], stdin=follower, stdout=follower, stderr=follower) as child:
            os.close(follower)
            shown = b""
            while select.select([leader], [], [], TIMEOUT_S)[0]:
                try:
                    part = os.read(leader, 65536)
                except OSError:  # the last user of the terminal has left
                    break
                shown += part
            code = child.wait(TIMEOUT_S)
        os.close(leader)
        return code, shown

    def test_run__bar_text_and_summary(self):
        code, shown = self.on_terminal("run", *MODEL, "-p", PROMPT, "-n", "8")
        self.assertEqual(code, 0)
        bar, text = shown.split(b"\r\x1b[K", 1)
        self.assertIn(b"100 %", bar)
        self.assertTrue(text.startswith(PROMPT.encode()))
        self.assertIn(b"tokens/s wall clock]", text)

    def test_no_text__is_an_error_and_no_wait(self):
        for args in (("run", *MODEL), ("tokenize", *FILES), ("detokenize", *FILES)):
            code, shown = self.on_terminal(*args)
            self.assertEqual(code, 2)
            self.assertIn(b"millrace: no ", shown)


main()
