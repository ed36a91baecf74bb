# SPDX-License-Identifier: Apache-2.0
"""libmillrace when its device dies in mid-run: the poll ends with an error within 5 s, and a load brings a device back that can come back.
Usage: test_death.py TOOL SURVIVOR MODEL XRT, where XRT is 1 if the build has xrt:emu."""
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

TOOL, SURVIVOR, MODEL, XRT = sys.argv[1:5]
END_ERROR, END_LENGTH = "6", "1"
LIMIT_S = 5  # from the death to the word about it
LONG_S = 240  # a busy machine


def board(link):
    """A simulated board at a pseudo-terminal; waits until it is there."""
    child = subprocess.Popen([TOOL, "serial", "--pty", link], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)  # pylint: disable=consider-using-with
    if not child.stdout.readline().strip():
        raise SystemExit("the simulated board does not start")
    return child


def simulator_of(pid):
    """The simulator in the process group that a helper of this process leads."""
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            with open(entry + "/stat", encoding="ascii", errors="replace") as file:
                name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            group = int(rest.split()[2])
            with open(f"/proc/{group}/stat", encoding="ascii", errors="replace") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
        if name.startswith("launch_hw_emu") and parent == pid:
            return int(os.path.basename(entry))
    raise SystemExit("no simulator runs")


def survive(device, kill, revive):
    """Streams on a device, kills it, reads the end, revives it, streams again."""
    with subprocess.Popen([SURVIVOR, device, MODEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "streaming\n", "it does not stream"
            kill(child.pid)
            start = time.monotonic()
            word, reason, status, text = child.stdout.readline().strip().split(" ", 3)
            took = time.monotonic() - start
            print(f"{device}: {took:.1f} s: {text}")
            assert (word, reason) == ("end", END_ERROR) and int(status) < 0, (word, reason, status)
            assert text.startswith("the device stopped: "), text
            assert took < LIMIT_S, took
            revive()
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "streaming\n", "it does not stream again"
            assert child.stdout.readline() == f"again 3 {END_LENGTH}\n"
            assert child.wait(LONG_S) == 0
        finally:
            child.kill()


def on_serial():
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, "tty")
        boards = [board(link)]

        def kill(_):
            boards[0].kill()
            boards[0].wait()
            os.unlink(link)

        try:
            survive(f"serial:{link},3000000", kill, lambda: boards.append(board(link)))
        finally:
            for child in boards:
                child.kill()
                child.wait()


def main():
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("test_death: it takes too long"))
    signal.alarm(LONG_S)
    on_serial()
    if XRT == "1":
        survive("xrt:emu", lambda pid: os.kill(simulator_of(pid), signal.SIGKILL), lambda: None)
    print("PASS test_death")


if __name__ == "__main__":
    main()
