# SPDX-License-Identifier: Apache-2.0
"""Serial lines with the wrong thing at the other end, or nothing: one clear message each, in bounded time."""
import os
import subprocess
import tempfile
import time

from cli_test import TIMEOUT_S, TOOL, CliTest, main
from fake_line import Fake, frame


NOBODY = 65534


class SerialLine(CliTest):
    def reads(self, device, words):
        start = time.monotonic()
        self.fails("reg", "read", "chip.ID", "--device", device, words=words)
        self.assertLess(time.monotonic() - start, 20)

    def test_name__that_is_none(self):
        for name in ("serial:", "serial:,115200", "serial:/dev/ttyUSB0,", "serial:/dev/ttyUSB0,9600", "serial:/dev/ttyUSB0,115200x",
                     "serial:/dev/ttyUSB0,99999999999999999999", "serial:" + "x" * 300):
            self.reads(name, ("serial:TTY[,BAUD]", "3000000"))

    def test_device__that_is_not_there(self):
        self.reads("serial:/dev/tty-of-no-board", ("no serial device /dev/tty-of-no-board", "plug"))

    def test_device__that_is_no_terminal(self):
        with tempfile.NamedTemporaryFile() as file:
            self.reads("serial:" + file.name, ("is no serial device",))

    def test_device__without_permission(self):
        fake = Fake()
        self.addCleanup(fake.close)
        os.chmod(fake.name, 0)
        try:  # root may do everything
            done = subprocess.run([TOOL, "reg", "read", "chip.ID", "--device", "serial:" + fake.name], capture_output=True, text=True,
                                  timeout=TIMEOUT_S, check=False, user=NOBODY if os.geteuid() == 0 else None)
        except PermissionError:
            self.skipTest("this folder is root's alone")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no permission for " + fake.name, done.stderr)
        self.assertIn("dialout", done.stderr)

    def test_nobody__answers(self):
        fake = Fake()
        self.reads("serial:" + fake.name, ("no answer", "baud"))
        self.assertGreater(fake.requests, 2)
        fake.close()

    def test_an_echo__is_no_answer(self):
        fake = Fake(raw=lambda data: data)
        self.reads("serial:" + fake.name, ("no answer",))
        fake.close()

    def test_chatter__is_no_answer(self):
        fake = Fake(raw=lambda data: b"\x5A\x00\x5A login: \xA5" + b"\xFF" * 300)
        self.reads("serial:" + fake.name, ("no answer",))
        fake.close()

    def test_another_device__answers(self):
        fake = Fake(lambda seq, command, payload: frame(0x5A, seq, 0, b"OTHER!"))
        self.reads("serial:" + fake.name, ("no Millrace board",))
        fake.close()

    def test_another_version__answers(self):
        fake = Fake(lambda seq, command, payload: frame(0x5A, seq, 0, b"MRSL\x02\x3F"))
        self.reads("serial:" + fake.name, ("version 2", "this program version 1"))
        fake.close()

    def test_board__that_falls_silent(self):
        fake = Fake(lambda seq, command, payload: frame(0x5A, seq, 0, b"MRSL\x01\x3F") if command == 0 else b"")
        self.reads("serial:" + fake.name, ("no answer",))
        fake.close()

    def test_board__that_refuses(self):
        fake = Fake(lambda seq, command, payload: frame(0x5A, seq, 3 if command else 0, b"" if command else b"MRSL\x01\x3F"))
        self.reads("serial:" + fake.name, ("refuses", "version"))
        fake.close()

    def test_answer__of_the_wrong_length(self):
        fake = Fake(lambda seq, command, payload: frame(0x5A, seq, 0, b"MRSL\x01\x3F"))
        self.reads("serial:" + fake.name, ("wrong length",))
        fake.close()

    def test_line__that_ends(self):
        fake = Fake()
        fake.answer = lambda seq, command, payload: frame(0x5A, seq, 0, b"MRSL\x01\x3F") if command == 0 else fake.hang_up()
        start = time.monotonic()
        self.reads("serial:" + fake.name, ("vanished",))
        self.assertLess(time.monotonic() - start, 5)

    def test_answers__stale_and_damaged_first(self):
        """An answer of another number and a damaged one are passed over; the value comes."""
        def answer(seq, command, payload):
            good = frame(0x5A, seq, 0, b"MRSL\x01\x3F" if command == 0 else b"\x45\x43\x52\x4D" * payload[3])
            stale = frame(0x5A, seq ^ 0x80, 0, b"\x01\x02\x03\x04")
            if fake.requests == 1:
                return b"garbage that looks like a frame: \x5A\x02" + good
            return stale + good[:5] + bytes((good[5] ^ 1,)) + good[6:] if fake.requests == 3 else stale + good
        fake = Fake(answer)
        out, _ = self.call("reg", "read", "--raw", "0x0", "--device", "serial:" + fake.name)
        self.assertIn(b"0x4D524345", out)
        self.assertEqual(fake.requests, 4)
        fake.close()


if __name__ == "__main__":
    main()
