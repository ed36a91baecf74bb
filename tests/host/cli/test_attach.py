# SPDX-License-Identifier: Apache-2.0
"""millrace reg --attach: over a running chip, and over servers that misbehave.

The servers of this file speak the protocol of host/lib/reg/attach_wire.h, so that a device of an unknown kind, one that
hangs and one that dies can be attached to.
"""
import json
import os
import pty
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time

from cli_test import BROOK, CliTest, PROMPT, TIMEOUT_S, TOOL, main, read_terminal

BOUND_S = 2.0
MAGIC = 0x3141524D
HELLO, READ, WRITE, HOLD, RELEASE = range(5)
DEVICE_ERROR = -8
HAS_SIM = b", sim" in subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout


class Server(threading.Thread):
    """A process to attach to: answer(op, addr, n, words) gives (status, words), or None for silence."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                while True:
                    data = client.recv(4096)
                    if not data:
                        break
                    _, op, addr, n = struct.unpack_from("<4I", data)
                    words = struct.unpack_from(f"<{len(data) // 4 - 4}I", data, 16)
                    got = self.answer(op, addr, n, words)
                    if isinstance(got, bytes):
                        client.send(got)
                    elif got is not None:
                        status, out = got
                        client.send(struct.pack(f"<IiII{len(out)}I", MAGIC, status, len(out), 0, *out))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Attach(CliTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mr_attach_")
        os.environ["XDG_RUNTIME_DIR"] = self.folder
        self.addCleanup(shutil.rmtree, self.folder)

    def server(self, answer):
        path = os.path.join(self.folder, "server.sock")
        server = Server(path, answer)
        self.addCleanup(server.close)
        return path

    def timed(self, *args, code=0):
        """Runs the tool; it must end within the bound. Gives its standard output and error as text."""
        start = time.monotonic()
        out, err = self.call("reg", *args, code=code)
        self.assertLess(time.monotonic() - start, BOUND_S, args)
        return out.decode(), err.decode()

    # ---- servers that misbehave ----

    def test_unknown_image__raw_only(self):
        memory = {}

        def answer(op, addr, n, words):
            if op == READ:
                return 0, [memory.get(addr + 4 * i, 0xDEAD0000 + addr + 4 * i) for i in range(n)]
            if op == WRITE:
                memory.update((addr + 4 * i, w) for i, w in enumerate(words))
            return 0, ()

        path = self.server(answer)
        for action in (("read", "chip.CAPS"), ("dump",), ("ls",), ("write", "chip.SCRATCH=1"), ("watch", "chip.ID", "--every", "9")):
            _, err = self.timed("--attach", path, *action, code=1)
            self.assertIn("no Millrace chip", err)
            self.assertIn("0xDEAD0000", err)
            self.assertIn("--raw", err)
        out, _ = self.timed("--attach", path, "--raw", "read", "0x40")
        self.assertEqual(out, "0x000040 = 0xDEAD0040\n")
        out, _ = self.timed("--attach", path, "--raw", "dump", "0x40..0x58")
        self.assertEqual(out, "0x000040: DEAD0040 DEAD0044 DEAD0048 DEAD004C\n0x000050: DEAD0050 DEAD0054 DEAD0058\n")
        self.timed("--attach", path, "--raw", "write", "0x3000+4=0b101")
        self.assertEqual([memory[0x3000 + 4 * i] for i in range(4)], [5] * 4)

    def test_write__what_does_not_stick_raw(self):
        path = self.server(lambda op, addr, n, words: (0, [0] * n) if op == READ else (0, ()))
        _, err = self.timed("--attach", path, "--raw", "write", "0x3000=7", code=1)
        self.assertIn("wrote 0x00000007, reads 0x00000000", err)

    def test_silence__ends_in_time(self):
        path = self.server(lambda *_: None)
        _, err = self.timed("--attach", path, "read", "chip.ID", code=1)
        self.assertIn("does not answer", err)
        silent = {"after": 2}

        def answer(op, *_):
            if op == READ:
                silent["after"] -= 1
                return None if silent["after"] < 0 else (0, [0x4D524345])
            return 0, ()

        path2 = os.path.join(self.folder, "later.sock")
        server = Server(path2, answer)
        self.addCleanup(server.close)
        _, err = self.timed("--raw", "--attach", path2, "read", "0x0..0x20", code=1)
        self.assertIn("does not answer", err)

    def test_nonsense__is_refused(self):
        for nonsense in (b"HTTP/1.1 200 OK....", struct.pack("<4I", MAGIC, 0, 9, 0), b"x"):
            path = os.path.join(self.folder, "nonsense.sock")
            server = Server(path, lambda *_, data=nonsense: data)
            _, err = self.timed("--attach", path, "read", "chip.ID", code=1)
            self.assertIn("no millrace of this version", err)
            server.close()
            os.unlink(path)

    def test_errors_of_the_device__are_told(self):
        def answer(op, addr, n, _):
            if op != READ:
                return 0, ()
            known = {0x0: 0x4D524345, 0x4: 0x20000, 0x10: 0x01010101}
            return (0, [known[addr]]) if addr in known else ((DEVICE_ERROR, ()) if addr == 0x40 else (0, [0] * n))

        path = self.server(answer)
        _, err = self.timed("--attach", path, "read", "chip.SCRATCH", code=1)
        self.assertIn("bus error", err)
        out, err = self.timed("--attach", path, "dump", "chip.*", code=1)  # goes on behind it
        self.assertIn("chip.SCRATCH             0x000040 !bus_error", out)
        self.assertIn("chip.MEM_BASE", out)
        self.assertIn("1 registers gave no value", err)

    def test_device_stopped__the_reason_is_told(self):
        text = b"DRAM rule tRCD at cycle 5\0"
        stopped = struct.pack("<IiII", MAGIC, DEVICE_ERROR, len(text), 1) + text
        path = self.server(lambda op, *_: stopped if op == READ else (0, ()))
        _, err = self.timed("--attach", path, "dump", code=1)
        self.assertEqual(err, "millrace: the device stopped: DRAM rule tRCD at cycle 5\n")

    def test_nobody(self):
        _, err = self.timed("--attach", "read", "chip.ID", code=1)
        self.assertIn("nothing to attach to", err)
        _, err = self.timed("--attach", "1", "read", "chip.ID", code=1)
        self.assertIn("nobody to attach to", err)
        _, err = self.timed("--attach", os.path.join(self.folder, "x.sock"), "read", "chip.ID", code=1)
        self.assertIn("nobody to attach to", err)
        self.timed("--attach=0", "read", "chip.ID", code=1)
        self.timed("--attach", "/" + 200 * "x", "read", "chip.ID", code=1)
        self.assertEqual(self.timed("ps"), ("", ""))
        self.fails("reg", "ps", "x", code=2)

    def test_socket_that_cannot_be(self):
        place = os.path.join(self.folder, "file")
        with open(place, "w", encoding="utf-8"):
            pass
        for path in (place, "/no/such/folder/x.sock", "/" + 200 * "x"):
            self.fails("run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "model", "--attach-socket", path, words=("--attach-socket",))
        self.assertTrue(os.path.isfile(place))
        # Where the default cannot be, the run goes on.
        os.environ["XDG_RUNTIME_DIR"] = "/no/such/folder"
        self.call("run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "model")
        os.environ["XDG_RUNTIME_DIR"] = self.folder
        out, _ = self.call("run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "model", "--attach-socket", "none")
        self.assertTrue(out)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "millrace")))


class Live(Attach):
    """A chip that another process runs."""

    def start(self, *args, tokens=40):
        """Starts a run on the simulated chip and waits until it can be attached to."""
        child = subprocess.Popen([TOOL, "run", "-m", BROOK, "-p", PROMPT, "-n", str(tokens), "--ignore-eos", "--device", "sim", *args],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, child)
        place = os.path.join(self.folder, "millrace", f"{child.pid}.sock")
        limit = time.monotonic() + TIMEOUT_S
        while "--attach-socket" not in args and not os.path.exists(place):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)
        return child, place

    @staticmethod
    def end(child):
        child.kill()
        child.communicate()

    def until(self, name, field, good):
        """Reads a register until a field is as it shall be."""
        limit = time.monotonic() + TIMEOUT_S
        while not good(self.json("reg", "--attach", "read", name)["registers"][0]["fields"][field]):
            self.assertLess(time.monotonic(), limit)

    def hang(self, tile):
        """Lets no more jobs start in a tile once some were done there, and waits until one waits."""
        self.until(f"tile[{tile}].JOBS", "value", lambda jobs: jobs > 3)
        self.timed("--attach", "write", f"tile[{tile}].CTRL.enable=0")
        self.until(f"tile[{tile}].STATUS", "busy", lambda busy: not busy)
        self.until(f"tile[{tile}].STATUS", "queued", lambda queued: queued > 0)

    def test_hung_tile__seen_and_released(self):
        want, _ = self.call("run", "-m", BROOK, "-p", PROMPT, "-n", "40", "--ignore-eos", "--device", "model")
        child, place = self.start()
        self.assertEqual(stat.S_IMODE(os.stat(place).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(place)).st_mode), 0o700)
        out, _ = self.timed("ps")
        self.assertEqual(out, f"{child.pid}  sim  run\n")
        self.hang(1)
        before, _ = self.timed("--attach", "dump")
        path = os.path.join(self.folder, "before.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(before)
        time.sleep(0.3)
        # The chip's clock goes on, the tile does not.
        out, _ = self.timed("--attach", str(child.pid), "dump", "--diff", path)
        self.assertRegex(out, r"chip\.CYCLE: \d+ cycles -> \d+ cycles \(\+\d+\)")
        self.assertNotIn("tile[1].JOBS", out)
        self.assertNotIn("tile[1].STATUS", out)
        out, _ = self.timed("--attach", place, "watch", "tile[1].STATUS", "chip.CYCLE", "--every", "50", "--count", "3")
        self.assertEqual(len(re.findall(r"chip\.CYCLE: \d+ cycles -> ", out)), 2, out)
        self.assertEqual(out.count("tile[1].STATUS.queued"), 1)
        # Two at once.
        others = [subprocess.Popen([TOOL, "reg", "--attach", "dump"], stdout=subprocess.PIPE) for _ in range(2)]
        for other in others:
            out, _ = other.communicate(timeout=TIMEOUT_S)
            self.assertEqual(other.returncode, 0)
            self.assertIn(b"tile[1].STATUS", out)
        self.timed("--attach", "write", "tile[1].CTRL.enable=1")
        out, err = child.communicate(timeout=TIMEOUT_S)
        self.assertEqual((child.returncode, err), (0, b""))
        self.assertEqual(out, want)  # visitors and the pause changed nothing
        self.assertFalse(os.path.exists(place))

    def test_watch__changes_stand_out_on_a_terminal(self):
        self.start(tokens=400)
        leader, follower = pty.openpty()
        with subprocess.Popen([TOOL, "reg", "--attach", "watch", "chip.CYCLE", "--every", "30", "--count", "3"], stdout=follower) as child:
            os.close(follower)
            self.assertEqual(child.wait(TIMEOUT_S), 0)
        out = read_terminal(leader)
        self.assertEqual(out.count(b"\033[7mvalue "), 2, out)

    def field(self, name, field):
        return self.json("reg", "--attach", "read", name)["registers"][0]["fields"][field]

    def test_hung_firmware__seen_and_stopped(self):
        """An image that jumps to itself, put onto the control core beside a run; by the register tool alone."""
        child, _ = self.start(tokens=400)
        if not self.field("chip.FEATURES", "core"):
            self.skipTest("this chip was built without a control core")
        self.until("tile[0].JOBS", "value", lambda jobs: jobs > 0)
        size, version = 64, 0x10000
        words = (0x5746524D, version, size, 0x10000000 + size - 4)
        self.timed("--attach", "write", "--raw", f"0x80000+{size // 4}=0", f"0x{0x80000 + size - 4:X}=0x0000006F",
                   *(f"0x{0x80000 + 4 * i:X}={word}" for i, word in enumerate(words)))
        self.timed("--attach", "write", f"core.BOOT_SIZE={size}", f"core.BOOT_VERSION={version}")
        self.timed("--attach", "--force", "write", "core.BOOT_CHECK.start=1")
        self.until("core.BOOT_CHECK", "busy", lambda busy: not busy)
        self.timed("--attach", "write", f"core.BOOT_CRC={self.field('core.BOOT_SUM', 'value')}")
        self.timed("--attach", "write", "core.CTRL.run=1", code=1)
        self.timed("--attach", "--force", "write", "core.CTRL.run=1")
        self.timed("--attach", "--force", "write", "core.BOOT_CTRL.go=1")
        self.until("core.FETCH", "value", lambda place: place >= 0x10000000)
        # It never says that it is up, and its fetches stay where they are.
        out, _ = self.timed("--attach", "watch", "core.FETCH", "core.BOOT_STATE", "core.SHARED", "--every", "50", "--count", "3")
        self.assertRegex(out, r"core\.BOOT_STATE: 2 CHECKING\n")
        self.assertRegex(out, r"core\.SHARED: 0 bytes\n")
        self.assertEqual(out.count("core.SHARED") + out.count("core.BOOT_STATE"), 2)
        places = {int(place) for place in re.findall(r"(\d{9,}) bytes", out)}
        self.assertTrue(places and all(0 <= place - (0x10000000 + size - 4) <= 4 for place in places), out)
        self.timed("--attach", "dump")
        self.timed("--attach", "--force", "write", "core.CTRL.run=0")
        out, _ = self.timed("--attach", "read", "core.BOOT_STATE")
        self.assertIn("OFF", out)
        self.assertIsNone(child.poll())  # and the run went on all the time

    def test_given_up_tile__the_run_names_it(self):
        child, _ = self.start()
        self.until("tile[0].JOBS", "value", lambda jobs: jobs > 3)
        self.timed("--attach", "write", "tile[0].CTRL.fail=1", code=1)
        self.timed("--attach", "--force", "write", "tile[0].CTRL.fail=1")
        _, err = child.communicate(timeout=TIMEOUT_S)
        self.assertEqual(child.returncode, 1)
        self.assertIn(b"tile 0 stopped", err)

    def test_stopped_process__ends_in_time(self):
        child, place = self.start()
        child.send_signal(signal.SIGSTOP)
        _, err = self.timed("--attach", "read", "chip.ID", code=1)
        self.assertIn("does not answer", err)
        out, _ = self.timed("ps")
        self.assertIn("does not answer", out)
        child.send_signal(signal.SIGCONT)
        self.timed("--attach", "read", "chip.ID")
        child.kill()
        child.communicate()
        self.assertTrue(os.path.exists(place))
        _, err = self.timed("--attach", str(child.pid), "read", "chip.ID", code=1)
        self.assertIn("nobody to attach to", err)
        _, err = self.timed("--attach", "read", "chip.ID", code=1)
        self.assertIn("nothing to attach to", err)
        self.assertFalse(os.path.exists(place))  # who looks, cleans

    def test_killed_while_watched(self):
        child, _ = self.start(tokens=400)
        with subprocess.Popen([TOOL, "reg", "--attach", "watch", "chip.CYCLE", "--every", "20"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as watch:
            self.assertIn(b"chip.CYCLE", watch.stdout.readline())
            child.kill()
            start = time.monotonic()
            _, err = watch.communicate(timeout=TIMEOUT_S)
            self.assertLess(time.monotonic() - start, BOUND_S)
            self.assertEqual(watch.returncode, 1)
            self.assertIn(b"has ended", err)

    def test_interrupted_while_loading__no_socket_stays(self):
        child, place = self.start(tokens=400)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=TIMEOUT_S)
        self.assertEqual(child.returncode, 130)
        self.assertFalse(os.path.exists(place))

    def test_visitor_that_stops__the_run_goes_on(self):
        child, place = self.start(tokens=8)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
            visitor.connect(place)
            visitor.send(struct.pack("<4I", MAGIC, HELLO, 0, 0))  # the device is held now
            out, _ = child.communicate(timeout=TIMEOUT_S)
        self.assertEqual(child.returncode, 0)
        self.assertTrue(out)

    def test_socket_of_ones_own__and_nonsense_to_it(self):
        path = os.path.join(self.folder, "mine.sock")
        child, _ = self.start("--attach-socket", path)
        limit = time.monotonic() + TIMEOUT_S
        while not os.path.exists(path):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)
        for nonsense in (b"", b"x", b"x" * 400, struct.pack("<4I", MAGIC, READ, 0, 1), struct.pack("<4I", MAGIC, 9, 0, 0)):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
                visitor.settimeout(BOUND_S)
                visitor.connect(path)
                visitor.send(nonsense)
                self.assertEqual(visitor.recv(4096), b"")  # hung up on
        self.fails("run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "model", "--attach-socket", path,
                   words=("another process",))
        self.timed("--attach", path, "read", "chip.ID")
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=TIMEOUT_S)
        self.assertFalse(os.path.exists(path))

    def test_several__one_must_be_named(self):
        first, _ = self.start(tokens=400)
        second, _ = self.start(tokens=400)
        _, err = self.timed("--attach", "read", "chip.ID", code=1)
        self.assertIn("2 chips run", err)
        for child in (first, second):
            self.assertIn(str(child.pid), err)
            self.timed("--attach", str(child.pid), "read", "chip.ID")
        processes = self.json("reg", "ps")["processes"]
        self.assertEqual({p["pid"] for p in processes}, {first.pid, second.pid})
        self.assertTrue(all(p["answers"] and p["device"] == "sim" and p["command"] == "run" for p in processes))

    def test_record_and_replay__the_same_clock_for_clock(self):
        path = os.path.join(self.folder, "run.txt")
        self.call("reg", "record", path, "--", "run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "sim")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertRegex(text, r"\n@\d+ r 000000 4D524345 chip\.ID\n")
        answer = self.json("reg", "replay", "--strict", "--device", "sim", path)
        self.assertEqual((answer["differ"], answer["volatile"]), (0, 0))
        self.assertGreater(answer["compared"], 100)
        again = os.path.join(self.folder, "again.txt")
        self.call("reg", "record", again, "--", "run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "sim")
        with open(again, encoding="utf-8") as file:
            self.assertEqual(file.read(), text)
        # On another machine it differs, and says where.
        out, _ = self.call("reg", "replay", "--device", "model", path, code=1)
        self.assertIn(b"chip.CAPS: was ", out)


if not HAS_SIM:
    del Live

main()
