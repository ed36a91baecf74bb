# SPDX-License-Identifier: Apache-2.0
"""Serial lines with the wrong thing at the other end, or nothing: one clear message each, in bounded time."""
import os
import pty
import tempfile
import threading
import time
import tty

from cli_test import CliTest, main


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(sync, seq, what, payload=b""):
    body = bytes((len(payload), seq, what)) + payload
    return bytes((sync,)) + body + crc16(body).to_bytes(2, "big")


class Fake:
    """A pseudo-terminal whose other end answers whole requests with what `answer(seq, command, payload)` gives."""

    def __init__(self, answer=None, raw=None):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.answer, self.raw, self.requests = answer, raw, 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        data = b""
        try:
            while True:
                data += os.read(self.master, 4096)
                if self.raw is not None:
                    os.write(self.master, self.raw(data))
                    data = b""
                while len(data) >= 6 and len(data) >= data[1] + 6:
                    assert data[0] == 0xA5 and crc16(data[1:data[1] + 6]) == 0
                    self.requests += 1
                    os.write(self.master, self.answer(data[2], data[3], data[4:4 + data[1]]) if self.answer else b"")
                    data = data[data[1] + 6:]
        except OSError:
            pass

    def hang_up(self):
        """For answer: the line ends."""
        os.close(self.slave)
        os.close(self.master)
        raise OSError

    def close(self):
        os.close(self.slave)
        self.thread.join()  # reading ends with the last user of the line
        os.close(self.master)


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
        if os.geteuid() == 0:
            self.skipTest("root may do everything")
        fake = Fake()
        os.chmod(fake.name, 0)
        self.reads("serial:" + fake.name, ("no permission", "dialout"))
        fake.close()

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
