# SPDX-License-Identifier: Apache-2.0
"""A serial line whose board is a function of a test."""
import os
import pty
import threading
import tty


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
