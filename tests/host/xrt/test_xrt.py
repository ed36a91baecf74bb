# SPDX-License-Identifier: Apache-2.0
"""The tool over unmodified XRT in hw_emu: tokens, every way to start the simulator, and every way in which it may end.

Usage: test_xrt.py MILLRACE MODELS MILLRACE_XCLBIN SIMULATOR THIRD PLAYER CYCLES [TEST...]
Each start of XRT's emulation sleeps for 10 s, inside XRT, so without TESTs all of them run side by side, each in a process of its own.
"""
import concurrent.futures
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, MODELS, PACKER, SIMULATOR, THIRD, PLAYER, CYCLES = (os.path.abspath(path) for path in sys.argv[1:8])
BROOK = os.path.join(MODELS, "brook.gguf")
EMU_FILE = os.path.join(os.path.dirname(TOOL), "millrace-emu.xclbin")
RUN = ("run", "-m", BROOK, "-p", "Once upon a time", "--ignore-eos")
TIMEOUT_S = 120
END_S = 5
START_S = 30
LOAD_S = 10  # XRT sleeps for so long when it loads in emulation
SHIM = "libxrt_hwemu.so.2"
PAD = 70000
VERSION = b'"version": "00020001"'
SIDE_BY_SIDE = 5
FULL_KIB = (4, 100, 800)  # sizes of /tmp at which different things of the start fail
MARK = f"MRX_TEST={os.getpid()}."
os.environ.update([MARK.split("=")])


def processes():
    """Live processes of the emulation, here and of others: pid -> (name, environment)."""
    found = {}
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            with open(entry + "/stat", encoding="utf-8", errors="replace") as file:
                text = file.read()
            environment = ""
            for part in ("/environ", "/cmdline"):
                with open(entry + part, encoding="utf-8", errors="replace") as file:
                    environment += file.read()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        state = text[text.rindex(")") + 2]
        if name in ("millrace-xrt", "launch_hw_emu.s", "mr_xrt_sim") and state not in "ZX":
            found[int(entry.split("/")[2])] = (name, environment)
    return found


def own_processes():
    """Those that this program started."""
    return {pid: name for pid, (name, environment) in processes().items() if MARK in environment}


def folders():
    """Folders of the helper that no other program's processes use."""
    others = [environment for _, environment in processes().values() if MARK not in environment]
    return {folder for folder in glob.glob("/tmp/millrace-xrt-*") if not any(folder in text for text in others)}


def shim_path():
    """Where Debian's package has XRT's emulation library."""
    out = subprocess.run(["ldd", THIRD], capture_output=True, text=True, check=True).stdout
    core = next(line.split()[2] for line in out.splitlines() if "libxrt_coreutil" in line)
    return os.path.join(os.path.dirname(core), SHIM)


class Xrt(unittest.TestCase):
    def setUp(self):
        self.before = folders()
        self.folder = tempfile.mkdtemp(prefix="mrx", dir="/tmp")

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        deadline = time.monotonic() + END_S
        left = self.left()  # looked at once a round: others may be about to begin
        while time.monotonic() < deadline and left:
            time.sleep(0.1)
            left = self.left()
        self.assertEqual(left, [])

    def left(self):
        """What this test has left behind."""
        return [*own_processes().items(), *(folders() - self.before)]

    def call(self, *args, code=0, env=None):
        done = subprocess.run([TOOL, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S,
                              check=False, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout, done.stderr

    def fails(self, *args, words, env=None):
        """One line on standard error that holds the words."""
        out, err = self.call(*args, code=1, env=env)
        self.assertEqual(out, "")
        self.assertTrue(err.startswith("millrace: ") and err.count("\n") == 1, err)
        for word in words:
            self.assertIn(word, err)

    def start(self):
        """A long run, once its first tokens have come."""
        tool = subprocess.Popen([TOOL, *RUN, "-n", "400", "--device", "xrt:emu"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(tool.stdout.close)
        self.addCleanup(tool.stderr.close)
        self.assertEqual(len(tool.stdout.read(24)), 24)
        return tool

    def own(self, name):
        """The one new process of this name."""
        found = [pid for pid, its in own_processes().items() if its == name]
        self.assertEqual(len(found), 1, own_processes())
        return found[0]

    def pack(self, name, *args):
        path = os.path.join(self.folder, name)
        subprocess.run([PACKER, "pack", path, "sdr-100", *args], check=True, timeout=TIMEOUT_S)
        return path

    def revision(self):
        out = subprocess.run([PACKER, "print", EMU_FILE], check=True, capture_output=True, text=True).stdout
        return next(line.split()[1] for line in out.splitlines() if line.startswith("revision"))

    def by_hand(self, emulation):
        """The environment of someone who sets XRT's emulation up by hand, in self.folder."""
        os.mkdir(os.path.join(self.folder, "lib"))
        os.symlink(shim_path(), os.path.join(self.folder, "lib", SHIM))
        ini = os.path.join(self.folder, "xrt.ini")
        with open(ini, "w", encoding="utf-8") as file:
            file.write(f"[Emulation]\nsystem_dpa=false\npacket_size=0x10000\n{emulation}\n[Debug]\npad={'x' * PAD}\n")
        return {"XILINX_XRT": self.folder, "XCL_EMULATION_MODE": "hw_emu", "XRT_INI_PATH": ini,
                "SDACCEL_EM_RUN_DIR": self.folder, "EMCONFIG_PATH": self.folder, "USER": os.path.basename(self.folder)}

    def test_run__tokens_of_sim_in_a_shell_with_other_settings(self):
        other = {"XILINX_XRT": "/nowhere", "XCL_EMULATION_MODE": "sw_emu", "XRT_INI_PATH": "/nowhere/xrt.ini",
                 "EMULATION_SOCKETID": "taken", "USER": "someone else"}
        options = (*RUN, "-n", "4", "--json", "--device")
        xrt = json.loads(self.call(*options, "xrt:emu", env=other)[0])
        sim = json.loads(self.call(*options, "sim")[0])
        self.assertEqual(len(xrt["tokens"]), 4)
        for name in ("tokens", "prompt_tokens", "text"):
            self.assertEqual(xrt[name], sim[name])

    def test_simulator_killed__the_tool_ends(self):
        tool = self.start()
        os.kill(self.own("launch_hw_emu.s"), signal.SIGKILL)
        since = time.monotonic()
        self.assertEqual(tool.wait(END_S), 1)
        self.assertLess(time.monotonic() - since, END_S)
        err = tool.stderr.read().decode()
        self.assertIn("the simulator behind XRT ended", err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_simulator_terminated__its_last_word_is_told(self):
        tool = self.start()
        os.kill(self.own("launch_hw_emu.s"), signal.SIGTERM)
        self.assertEqual(tool.wait(END_S), 1)
        self.assertIn("ended by a signal", tool.stderr.read().decode())

    def test_helper_killed__the_tool_ends(self):
        tool = self.start()
        os.kill(self.own("millrace-xrt"), signal.SIGKILL)
        self.assertEqual(tool.wait(END_S), 1)
        self.assertIn("XRT", tool.stderr.read().decode())

    def test_tool_killed__nothing_is_left(self):
        tool = self.start()
        tool.kill()
        tool.wait(END_S)

    def test_xclbin__refused_before_xrt_sees_it(self):
        with open(EMU_FILE, "rb") as file:
            whole = file.read()
        cases = {"truncated": (whole[:-1], "truncated"), "empty": (b"", "no .xclbin"),
                 "other": (whole.replace(b"millrace:millrace_1", b"vadd:vadd_1\0\0\0\0\0\0\0\0", 1), "another kernel")}
        for name, (content, word) in cases.items():
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                file.write(content)
            self.fails("info", "--device", "xrt:emu", words=(path, word), env={"MILLRACE_XCLBIN": path})
        bare = self.pack("bare", "1234abcd")
        self.fails("info", "--device", "xrt:emu", words=("holds no simulator", bare), env={"MILLRACE_XCLBIN": bare})
        self.fails("info", "--device", "xrt:emu", words=("/nowhere/x",), env={"MILLRACE_XCLBIN": "/nowhere/x"})
        self.fails("info", "--device", "xrt:emu", words=("/nowhere/y",), env={"MILLRACE_XRT_HELPER": "/nowhere/y"})

    def test_xclbin__of_another_revision(self):
        path = self.pack("old", "1234abcd", SIMULATOR)
        self.fails("info", "--device", "xrt:emu", words=("promises 1234abcd", self.revision()),
                   env={"MILLRACE_XCLBIN": path})

    def test_flash__loaded_and_identified(self):
        done = json.loads(self.call("flash", EMU_FILE, "--device", "xrt:emu", "--json")[0])
        self.assertEqual((done["kind"], done["before"], done["written"]), ("xclbin", None, True))
        self.assertEqual((done["made_for"], done["found"]), ("millrace_emulation_1",) * 2)
        self.assertEqual(done["after"], done["of_file"])
        self.assertEqual(done["after"]["revision"], self.revision())

    def test_flash__dry_run_loads_nothing(self):
        since = time.monotonic()
        done = json.loads(self.call("flash", EMU_FILE, "--device", "xrt:emu", "--dry-run", "--json")[0])
        self.assertEqual((done["written"], done["after"], done["found"]), (False, None, "millrace_emulation_1"))
        self.assertLess(time.monotonic() - since, LOAD_S)

    def test_flash__refused_before_anything_is_loaded(self):
        since = time.monotonic()
        with open(EMU_FILE, "rb") as file:
            whole = file.read()
        cases = {"truncated": (whole[:-1], "truncated"), "card": (whole.replace(b"emulation_1", b"otherboard1", 1), "millrace_otherboard1"),
                 "other": (whole.replace(b"millrace:millrace_1", b"vadd:vadd_1\0\0\0\0\0\0\0\0", 1), "another kernel"),
                 "board": (whole[:332] + b"\0" + whole[333:], "is for a card")}
        for name, (content, word) in cases.items():
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                file.write(content)
            self.fails("flash", path, "--device", "xrt:emu", words=(path, word))
        self.fails("flash", EMU_FILE, words=("XRT's emulation", "xrt:emu"), env={"XCL_EMULATION_MODE": ""})
        # Emulation that was set up by hand, without a card's name.
        bare = self.pack("bare", self.revision())
        self.fails("flash", bare, "--device", "xrt", words=("millrace_emulation_1", "xilinx:pcie-hw-em"), env=self.by_hand("dont_run=true"))
        self.assertLess(time.monotonic() - since, 2 * LOAD_S)

    def test_flash__of_another_revision(self):
        path = self.pack("old", "1234abcd", SIMULATOR)
        self.fails("flash", path, "--device", "xrt:emu", words=("loading failed", "promises 1234abcd", self.revision()))

    def test_flash__of_another_version_of_the_registers(self):
        with open(EMU_FILE, "rb") as file:
            whole = file.read()
        self.assertEqual(whole.count(VERSION), 1)
        path = os.path.join(self.folder, "newer")
        with open(path, "wb") as file:
            file.write(whole.replace(VERSION, VERSION[:-2] + b'9"'))
        self.fails("flash", path, "--device", "xrt:emu", words=("loading failed", "of version 2.1", "promises 2.9"))

    def test_xclbin__simulator_that_does_not_run(self):
        broken = os.path.join(self.folder, "sim")
        with open(broken, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho 'millrace simulator: no licence' >> \"$MILLRACE_XRT_LOG\"\nexit 1\n")
        path = self.pack("broken", self.revision(), broken)
        since = time.monotonic()
        self.fails("info", "--device", "xrt:emu", words=("no licence",), env={"MILLRACE_XCLBIN": path})
        self.assertLess(time.monotonic() - since, START_S)

    def test_device__without_xrt_environment(self):
        env = {"MILLRACE_XCLBIN": self.pack("bare", "1234abcd"), "XILINX_XRT": "/nowhere", "XCL_EMULATION_MODE": ""}
        self.fails("info", "--device", "xrt", words=("is XRT set up here?",), env=env)

    def test_attached__simulator_started_first(self):
        env = {**self.by_hand("dont_run=true"), "EMULATION_SOCKETID": "attached"}
        env["MILLRACE_XCLBIN"] = self.pack("bare", self.revision())
        sim = subprocess.Popen([SIMULATOR, "--listen"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **env}, cwd=self.folder)
        self.addCleanup(sim.stdout.close)
        self.assertIn("/attached", sim.stdout.readline())
        self.assertIn(self.revision(), self.call("info", "--device", "xrt", env=env)[0])
        self.assertEqual(sim.wait(END_S), 0)
        self.assertEqual([], [name for name in os.listdir(self.folder) if "sock" in name or name == "attached"])

    def foreign(self, program, *args):
        """A program of someone else, in emulation that was set up by hand; what it prints."""
        run = os.path.join(self.folder, "run")
        os.mkdir(run)
        shutil.copy(SIMULATOR, os.path.join(run, "launch_hw_emu.sh"))
        env = {**os.environ, **self.by_hand(f"sim_dir={run}")}
        done = subprocess.run(["setsid", "-w", program, self.pack("bare", self.revision()), *args], env=env, cwd=self.folder,
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("PASS " + os.path.basename(program), done.stdout)
        self.assertEqual([], glob.glob(os.path.join(self.folder, "D2X*")))
        return done.stdout

    def test_third_program__reloads_in_a_folder_of_its_own(self):
        self.assertIn("load 3: chip 4d524345", self.foreign(THIRD, "3"))

    def test_player__tokens_of_sim_with_nothing_but_xrt(self):
        record = os.path.join(self.folder, "record")
        self.call("reg", "record", record, "--", *RUN, "-n", "8", "--device", "sim")
        out = self.foreign(PLAYER, record)
        ids = next(line.split()[1] for line in out.splitlines() if line.startswith("tokens "))
        expected = json.loads(self.call(*RUN, "-n", "8", "--device", "model", "--json")[0])["tokens"]
        self.assertEqual([int(word) for word in ids.split(",")], expected)

    def test_cycles__in_one_process(self):
        out = subprocess.run([CYCLES, "xrt:emu", BROOK, "3"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
        self.assertEqual(out.count("cycle "), 3)
        self.assertIn("PASS cycles", out)

    def test_two_programs__one_device(self):
        env = {**self.by_hand("dont_run=true"), "EMULATION_SOCKETID": "shared"}
        env["MILLRACE_XCLBIN"] = self.pack("bare", self.revision())
        sim = subprocess.Popen([SIMULATOR, "--listen"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **env}, cwd=self.folder)
        self.addCleanup(sim.stdout.close)
        self.assertIn("/shared", sim.stdout.readline())
        first = subprocess.Popen([TOOL, *RUN, "-n", "1", "--device", "xrt"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env={**os.environ, **env})
        deadline = time.monotonic() + START_S
        while "millrace-xrt" not in own_processes().values() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)  # its helper has to come as far as to the device
        since = time.monotonic()
        self.fails("info", "--device", "xrt", words=("another program uses this device", "end it"), env=env)
        self.assertLess(time.monotonic() - since, END_S)
        out, err = first.communicate(timeout=TIMEOUT_S)
        self.assertEqual(first.returncode, 0, err)
        self.assertIn(b"Once upon a time,", out)
        self.assertEqual(sim.wait(END_S), 0)

    def test_disk__full_or_not_to_be_written(self):
        """In a mount namespace of its own, where /tmp is small."""
        build = os.path.dirname(TOOL)
        options = [f"size={kib}k" for kib in FULL_KIB] + ["ro"]
        for option in options:
            command = f"mount --bind {build} /mnt && mount -t tmpfs -o {option} none /tmp && echo mounted >&2 && exec /mnt/millrace info " \
                      "--device xrt:emu"
            since = time.monotonic()
            done = subprocess.run(["unshare", "-Urm", "sh", "-c", command], capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                                  cwd="/")
            if "mounted\n" not in done.stderr:
                self.skipTest("no mount namespaces here: " + done.stderr.strip())
            err = done.stderr.replace("mounted\n", "")
            self.assertEqual((done.returncode, done.stdout, err.count("\n")), (1, "", 1), err)
            self.assertIn("Read-only file system" if option == "ro" else "/tmp is full: make room there", err)
            self.assertNotIn("Success", err)
            self.assertLess(time.monotonic() - since, LOAD_S)


def run_one(name):
    """A test in a process of its own: its name, whether it passed, what it printed."""
    done = subprocess.run([sys.executable, "-B", *sys.argv, name], capture_output=True, text=True, check=False)
    return name, done.returncode == 0, done.stdout + done.stderr


def run_all():
    """All tests, the long ones first; the exit status."""
    names = [f"Xrt.{name}" for name in unittest.defaultTestLoader.getTestCaseNames(Xrt)]
    names.sort(key=lambda name: "cycles" not in name and "two" not in name and "third" not in name)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for name, passed, out in pool.map(run_one, names):
            print(f"{'ok  ' if passed else 'FAIL'} {name}", flush=True)
            if not passed:
                failed.append(name)
                print(out)
            elif "skipped" in out:
                print(out)
    print(f"{len(names)} tests, {len(failed)} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    if len(sys.argv) > 8:
        unittest.main(argv=[sys.argv[0], *sys.argv[8:]], verbosity=2)
    sys.exit(run_all())
