# SPDX-License-Identifier: Apache-2.0
"""millrace flash with bitstreams: what is refused before anything is written, and what counts as written.

No board is here. openFPGALoader is a stand-in that prints what the real one (0.10, Debian 12) prints, as its sources and the records that
people have put on the web show it; test_real_program__without_a_board runs the real one where it is installed. The bitstream is a real one:
an empty design for LFE5U-85F-6CABGA381 with USERCODE 12345678, packed by ecppack 1.4 of Project Trellis. .xclbin files: tests/host/xrt.
"""
import base64
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from cli_test import TIMEOUT_S, TOOL, CliTest, main
from fake_line import Fake, frame

BIT = gzip.decompress(base64.b64decode(
    "H4sIAAAAAAACA+3ZP2sTcRzA4W9LhoQuSbo4Xmu1hVKI1EqoSy+tUSSIHXQU4uhUxcGxlCAZHFoQEXFRJ2cdiiBK8F249QU41z/teZoWhFSwBHHwCVwCz5H8"
    "yC+X8OGbLK6279xdTFrNCwvX5uoLzblzy2njYjpfPxNZlr19ld9l5yNiJz/SSm15Mn9cyo9mfozmx+7nL1+/7e1n21vzn2Lg9mQtG8SpgBBCCCGEEEIIIYQQ"
    "QgghhBBCCCGE8Fg4Evc/2hEIIYQQShYIIYQQQskCIYQQQskCIYQQQgghhBBCCA1ZIIQQQihZIIQQQgglC4QQQgihZIEQQgihZIEQQgghlCwQQgghlCy2CUII"
    "IYSSBUIIIYQQQgghhNCQBUIIIYRQskAIIYQQShYIIYQQShYIIYQQQskCIYQQQsliRyCEEEIoWSCEEEIIJQuEEEIIIYQQQgihIQuEEEIIoWSBEEIIoWSBEEII"
    "IZQsEEIIIYSSBUIIIYSSBUIIIYRQskAIIYRQstgmCCGEEEIIIYQQQkMWCCGEEEoWCCGEEELJAiGEEEIoWSCEEEIoWSCEEEIIJQuEEEIIJYsdgRBCCKFkgRBC"
    "CCGEEEIIITRkgRBCCCGULBBCCCGEkgVCCCGEkgVCCCGEULJACCGEEEoWCCGEEEoWCCGEEELJAiGEEEIIIYQQQmjIAiGEEEIoWSCEEEIoWSCEEEIIJQuEEEII"
    "IYQQQgghhBBCCCEMfwtBCCGEULLYEQghhBBKFgghhBBCyQIhhBBCCCGEEEJoyAIhhBBCKFkghBBCKFkghBBCCCULhBBCCKFkgRBCCKFkgRBCCCGULBBCCCGU"
    "LLYJQgghhBBCCCGE0JAFQgghhJIFQgghhFCyQAghhBBKFgghhBBKFgghhBBCyQIhhBBCyWJHIIQQQihZIIQQQgghhBBCCA1ZIIQQQgglC4QQQgihZIEQQgih"
    "ZIEQQgghlCwQQgghhJIFQgghhJIFQgghhFCyQAghhBBCCCGEEBqyQAghhBBKFgghhBBKFgghhBBCyQIhhBBCKFkghBBCKFkghBBCCCULhBBCCCWLHYEQQggh"
    "hBBCCCE0ZIEQQgihZIEQQgghlCwQQgghhJIFQgghhJIFQgghhFCyQAghhBBKFgghhBBKFgghhBBCCCGEEEJDFgghhBBCyQIhhBBCKFkghBBCKFkghBBCCCUL"
    "hBBCCKFkgRBCCKFkgRBCCCGULBBCCCGEEEIIIYSGLBBCCCGEkgVCCCGEkuW/wulBvfnOm3eNwONeIq4mCKFsgRBCCCGEEEIIIYQQQgghhH8ZS4WRZH2qXNiI"
    "zaVqcTR5vDJe3GiXW8nhifWI17NHP7ewU3vaHO/2bp+4crL0oT3TOVXuPC8/bFQ6ByfWIt60frNuJ611T1cKvf6KaVzqrzh5eOJ9xPbLo59bbKwWL0+UViZ+"
    "rvis/mC6v2K1e3AiiXhxy2cN/wEOc3EO86UY6sv4Zz8Cv956OVXPXr/3aOxG/ho/5DuFpQj47UMEAA=="))
USERCODE = 0x12345678
VERSION = 0x00020001
CHIP = {0: 0x4D524345, 4: VERSION, 8: USERCODE}
SVF = """HDR	0;
HIR	0;
STATE	IDLE;
SIR	8	TDI  (E0);
SDR	32	TDI  (00000000)
			TDO  (41113043)
			MASK (FFFFFFFF);
SIR	8	TDI  (7A);
SDR	16	TDI  (0024);
SIR	8	TDI  (26);
RUNTEST	IDLE	2 TCK	2.00E-01 SEC;
SIR	8	TDI  (3C);
SDR	32	TDI  (00000000)
			TDO  (00000100)
			MASK (00002100);
"""

DETECTED = "empty\nJtag frequency : requested 6.00MHz   -> real 3.00MHz  \nindex 0:\n\tidcode 0x%08x\n\tmanufacturer lattice\n\tfamily ECP5\n" \
           "\tmodel  LFE5U-85\n\tirlength 8\n"
BAR = "Loading: [=========================                         ] 48.85%\rLoading: [==================================================] 100.00%\n"
LOADED = "Open file: DONE\nParse file: DONE\nEnable configuration: DONE\nSRAM erase: DONE\n" + BAR + "Done\nDisable configuration: DONE\n"
FLASHED = "Open file: DONE\nParse file: DONE\nEnable configuration: DONE\nSRAM erase: DONE\nDetected: ISSI IS25LP128 256 sectors size: 128Mb\n" \
          "Erasing: [====] 100.00%\nDone\nWriting: [====] 100.00%\nDone\nVerifying write (May take time)\nRead Flash : [====] 100.00%\nDone\n" \
          "Refresh: DONE\n"
PLAYED = "end of SVF file\n"
NO_BOARD = "unable to open ftdi device: -3 (device not found)\nJTAG init failed with: unable to open ftdi device\n"
NO_PERMISSION = "unable to open ftdi device: -4 (libusb_open() failed)\nJTAG init failed with: unable to open ftdi device\n"
IN_USE = "unable to open ftdi device: -5 (unable to claim usb device. Make sure the default FTDI driver is not in use)\n" \
         "JTAG init failed with: unable to open ftdi device\n"

STAND_IN = f"""#!{sys.executable}
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "calls"), "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
with open(os.path.join(here, "script")) as file:
    text, status, seconds = json.load(file)["detect" if "--detect" in sys.argv else "write"]
os.write(1, text.encode())
time.sleep(seconds)
sys.exit(status)
"""


class Flash(CliTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mrf")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", self.path)
        os.environ["PATH"] = self.folder
        self.loader = os.path.join(self.folder, "openFPGALoader")
        with open(self.loader, "w", encoding="utf-8") as file:
            file.write(STAND_IN)
        os.chmod(self.loader, 0o755)
        self.bit = self.file("brook.bit", BIT)
        self.script()

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def script(self, detect=DETECTED % 0x41113043, write=LOADED, detect_status=0, write_status=0, seconds=0.0, write_seconds=0.0):
        """What the stand-in does."""
        with open(os.path.join(self.folder, "script"), "w", encoding="utf-8") as file:
            json.dump({"detect": [detect, detect_status, seconds], "write": [write, write_status, write_seconds]}, file)

    def calls(self):
        path = os.path.join(self.folder, "calls")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def written(self):
        return [call for call in self.calls() if "--detect" not in call]

    def flash(self, *args, file=None):
        return self.json("flash", file or self.bit, "--board", "ulx3s_85f", *args)

    def refused(self, *args, words, file=None, code=1):
        self.fails("flash", file or self.bit, "--board", "ulx3s_85f", *args, words=words, code=code)

    def line(self, registers):
        """A board with these registers of the chip at the other end of a serial line."""
        def answer(seq, command, payload):
            if command == 0:
                return frame(0x5A, seq, 0, b"MRSL\x01\x3F")
            at = int.from_bytes(payload[:3], "little")
            return frame(0x5A, seq, 0, b"".join(registers[at + 4 * i].to_bytes(4, "little") for i in range(payload[3])))
        fake = Fake(answer)
        self.addCleanup(fake.close)
        return "serial:" + fake.name

    # ---- what is done ----

    def test_load__written_and_looked_at_again(self):
        done = self.flash()
        self.assertEqual((done["kind"], done["made_for"], done["found"]), ("bit", "LFE5U-85F-6CABGA381", "LFE5U-85F"))
        self.assertEqual((done["written"], done["after"]), (True, None))
        self.assertEqual(done["of_file"], {"revision": "12345678", "version": None})
        detect = ["-b", "ulx3s", "--detect"]
        self.assertEqual(self.calls(), [detect, ["-b", "ulx3s", "--file-type", "bit", "--bitstream", self.bit], detect])
        out, _ = self.call("flash", self.bit, "--board", "ulx3s")
        self.assertIn(b"the chip was not asked", out)

    def test_load__into_flash_memory(self):
        self.script(write=FLASHED)
        self.assertTrue(self.flash("--persist")["written"])
        self.assertEqual(self.written()[0][-2:], ["--write-flash", "--verify"])

    def test_load__svf(self):
        self.script(write=PLAYED)
        done = self.flash(file=self.file("brook.svf", SVF.encode()))
        self.assertEqual((done["kind"], done["made_for"], done["of_file"]), ("svf", "LFE5U-85F", None))
        self.assertIn("svf", self.written()[0])

    def test_load__a_name_that_looks_like_an_option(self):
        self.file("-f", BIT)
        subprocess.run([TOOL, "flash", "--board", "ulx3s_85f", "--", "-f"], cwd=self.folder, check=True, timeout=TIMEOUT_S,
                       capture_output=True)
        self.assertEqual(self.written()[0][-1], os.path.join(self.folder, "-f"))

    def test_dry_run__all_checks_and_no_writing(self):
        done = self.flash("--dry-run")
        self.assertEqual((done["dry_run"], done["written"], done["found"]), (True, False, "LFE5U-85F"))
        self.assertEqual(self.calls(), [["-b", "ulx3s", "--detect"]])
        self.script(detect=DETECTED % 0x41112043)
        self.refused("--dry-run", words=("wrong board", "LFE5U-45F"))

    def test_verify__the_chip_is_the_files(self):
        done = self.flash("--verify", self.line(CHIP))
        self.assertEqual(done["after"], {"revision": "12345678", "version": "2.1"})

    def test_verify__what_was_there_before(self):
        done = self.flash("--dry-run", "--verify", self.line({**CHIP, 8: 0xCAFE}))
        self.assertEqual(done["before"]["revision"], "0000cafe")

    def test_verify__another_revision(self):
        self.refused("--verify", self.line({**CHIP, 8: 0x11223344}), words=("written, but", "11223344", "12345678"))

    def test_verify__a_chip_that_is_not_ours(self):
        self.refused("--verify", self.line({**CHIP, 0: 0x11223344}), words=("written, but the chip cannot be asked",))

    # ---- what is refused before anything is written ----

    def test_file__of_something_else(self):
        for name, content, words in (
                ("empty.bit", b"", ("neither",)), ("text", b"hello", ("neither",)), ("short.bit", BIT[:20], ("no preamble", "cut off")),
                ("cut.bit", BIT[:-9], ("cut off",)), ("half.bit", BIT[:len(BIT) // 2], ("cut off",)),
                ("part.bit", BIT.replace(b"LFE5U-85F-6CABGA381", b"LFE5U-85F-6CABGA756"), ("is for LFE5U-85F-6CABGA756", "CABGA381")),
                ("id.bit", BIT.replace(b"\x41\x11\x30\x43", b"\x41\x11\x20\x43", 1), ("41112043", "LFE5U-85F")),
                ("none.bit", BIT.replace(b"\xE2\0\0\0", b"\x82\0\0\0", 1), ("which device",)),
                ("cut.svf", SVF[:-20].encode(), ("cut off",)), ("id.svf", SVF.replace("41113043", "41112043").encode(), ("41112043",)),
                ("free.svf", SVF.replace("(E0)", "(E1)").encode(), ("compares no IDCODE",))):
            with self.subTest(name):
                self.refused(file=self.file(name, content), words=(name, *words))
        self.refused(file=os.path.join(self.folder, "absent.bit"), words=("absent.bit", "No such file"))
        self.refused(file=self.folder, words=(self.folder, "directory"))
        self.assertEqual(self.calls(), [])

    def test_file__without_a_revision_cannot_be_verified(self):
        bare = self.file("bare.bit", BIT.replace(b"\xC2\x80\0\0\x12\x34\x56\x78", b"\xC2\x80\0\0\0\0\0\0"))
        self.assertIsNone(self.flash(file=bare)["of_file"])
        before = len(self.calls())
        self.refused("--verify", self.line(CHIP), file=bare, words=("no revision", "ecppack --usercode"))
        self.assertEqual(len(self.calls()), before)

    def test_svf__not_into_flash_memory(self):
        self.refused("--persist", file=self.file("brook.svf", SVF.encode()), words=("SVF", "flash memory"))

    def test_board__that_is_another(self):
        self.script(detect=DETECTED % 0x41111043)
        self.refused(words=("wrong board", "LFE5U-25F", "41111043", "nothing was written"))
        self.script(detect=DETECTED % 0x0362D093)
        self.refused(words=("wrong board", "another device"))
        self.script(detect=DETECTED % 0x41113043 + DETECTED % 0x41113043)
        self.refused(words=("2 devices",))
        self.script(detect="empty\n")
        self.refused(words=("looking for the board",))
        self.assertEqual(self.written(), [])

    def test_board__that_cannot_be_reached(self):
        for text, words in ((NO_BOARD, ("no board on USB", "US1")), (NO_PERMISSION, ("no permission", "plugdev", "udev")),
                            (IN_USE, ("another program",)), ("Error: no device found\n", ("powered",)),
                            ("Error: cannot find board 'ulx3s'\n", ("0.10",)), ("Error: something new\n", ("something new", "status 1"))):
            self.script(detect=text, detect_status=1)
            self.refused(words=words)
        self.assertEqual(self.written(), [])

    def test_line__that_is_not_there(self):
        self.refused("--verify", "serial:/dev/tty-of-no-board", words=("no serial device",))
        self.assertEqual(self.written(), [])

    def test_usage(self):
        for args in ((self.bit,), (), (self.bit, self.bit, "--board", "ulx3s_85f"), (self.bit, "--device", "xrt"),
                     (self.bit, "--board", "ulx3s_85f", "--verify", "sim"), (self.bit, "--board", "ulx3s_85f", "--timeout", "0")):
            self.fails("flash", *args, code=2)
        self.fails("flash", self.bit, "--board", "icestick", words=("no board 'icestick'", "ulx3s_85f"))
        xclbin = self.file("x", b"xclbin2\0" + bytes(100))
        self.fails("flash", xclbin, "--board", "ulx3s_85f", code=2, words=("for a card",))
        self.fails("flash", xclbin, "--device", "serial:/dev/ttyUSB0", code=2, words=("xrt:emu",))

    # ---- what does not count as written ----

    def test_write__that_fails(self):
        mismatch = "mismatch between target's idcode and bitstream idcode\n\tbitstream has 0x41113043 hardware requires 0x41111043\n"
        for text, status, words in (
                (LOADED.replace("Disable configuration: DONE", "Disable configuration: FAIL"), 0, ("FAIL",)),
                (LOADED.split("Disable")[0], 0, ("writing",)), (LOADED, 134, ("status 134",)), ("", 0, ("writing",)),
                (mismatch, 0, ("another one",)), (PLAYED, 0, ("writing",)), (LOADED + "Error: Failed to program FPGA\n", 0, ("Failed",))):
            with self.subTest(text + str(status)):
                self.script(write=text, write_status=status)
                self.refused(words=(*words, "may hold no whole bitstream"))

    def test_write__flash_memory_that_does_not_hold_it(self):
        for text in (FLASHED.replace("Verifying write (May take time)\n", ""), FLASHED.replace("Refresh: DONE", "Refresh: FAIL"),
                     FLASHED + "Verification failed at 00000010\n", FLASHED + "Flash is blank\n", LOADED):
            with self.subTest(text):
                self.script(write=text)
                self.refused("--persist", words=("may hold no whole bitstream",))

    def test_write__that_does_not_end(self):
        self.script(write=BAR, write_seconds=600)
        since = time.monotonic()
        self.refused("--timeout", "1", words=("did not end within 1 s", "US1"))
        self.assertLess(time.monotonic() - since, 10)

    def test_write__interrupted(self):
        self.script(write=BAR, write_seconds=600)
        tool = subprocess.Popen([TOOL, "flash", self.bit, "--board", "ulx3s_85f"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        deadline = time.monotonic() + TIMEOUT_S
        while not self.written() and time.monotonic() < deadline:
            time.sleep(0.05)
        tool.send_signal(signal.SIGINT)
        out, err = tool.communicate(timeout=10)
        self.assertEqual((tool.returncode, out), (130, b""))
        self.assertIn(b"interrupted while writing; the board may hold", err)

    def test_program__that_is_not_installed(self):
        os.unlink(self.loader)
        self.refused(words=("not installed", "Debian package openfpgaloader"))

    def test_real_program__without_a_board(self):
        """The real program, where it is installed and finds no FT231X."""
        os.environ["PATH"] = self.path
        real = shutil.which("openFPGALoader")
        if real is None:
            self.skipTest("openFPGALoader is not installed")
        found = subprocess.run([real, "-b", "ulx3s", "--detect"], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False)
        if found.returncode == 0:
            self.skipTest("a board is here")
        self.refused("--dry-run", words=("board",))


if __name__ == "__main__":
    main()
