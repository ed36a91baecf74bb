# SPDX-License-Identifier: Apache-2.0
"""millrace reg on a device of its own; test_attach.py has that of others."""
import json
import os
import pty
import signal
import subprocess
import tempfile

from cli_test import BROOK, CliTest, PROMPT, TIMEOUT_S, TOOL, main, read_terminal


class Reg(CliTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()  # where nobody can be attached to
        self.addCleanup(folder.cleanup)
        os.environ["XDG_RUNTIME_DIR"] = folder.name

    def reg(self, *args):
        return self.json("reg", "--device", "model", *args)["registers"]

    def bad(self, *args, code=1, words=()):
        self.fails("reg", "--device", "model", *args, code=code, words=words)

    def test_ls__every_register_once(self):
        names = [r["name"] for r in self.reg("ls")]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("chip.ID", names)
        self.assertIn("tile[0..7].CYC_TAG[0..7]", names)

    def test_ls__pattern(self):
        names = {r["name"] for r in self.reg("ls", "chip.mem_*")}
        self.assertIn("chip.MEM_TARGET", names)
        self.assertTrue(all(n.startswith("chip.MEM_") for n in names))
        self.assertEqual([r["name"] for r in self.reg("ls", "tile[3].STATUS")], ["tile[0..7].STATUS"])

    def test_read__name_field_address_and_pattern(self):
        by_name, by_address = self.reg("read", "chip.caps", "0x10")
        self.assertEqual(by_name, by_address)
        self.assertEqual(by_name["name"], "chip.CAPS")
        self.assertEqual(self.reg("read", "chip.CAPS.lanes")[0]["fields"], {"lanes": by_name["fields"]["lanes"]})
        tags = self.reg("read", "tile[2].cyc_tag[*]")
        self.assertEqual([r["name"] for r in tags], [f"tile[2].CYC_TAG[{i}]" for i in range(8)])
        self.assertEqual([b["address"] - a["address"] for a, b in zip(tags, tags[1:])], [8] * 7)
        out, _ = self.call("reg", "--device", "model", "read", "chip.CAPS", "chip.CAPS_VMEM", "chip.CAPS.tiles")
        self.assertIn(b"lanes", out)
        self.assertIn(b" elements)", out)
        self.assertIn(b"chip.CAPS.tiles = ", out)

    def test_read__pattern_of_fields(self):
        for words in (self.reg("read", "tile[*].STATUS.busy"), self.reg("read", "*.status.b*y")):
            self.assertEqual([(r["name"], r["fields"]) for r in words], [(f"tile[{i}].STATUS", {"busy": 0}) for i in range(8)])
        out, _ = self.call("reg", "--device", "model", "watch", "tile[*].STATUS.queued", "--every", "5", "--count", "1")
        self.assertEqual(out.count(b".STATUS.queued: 0 jobs\n"), 8)
        self.assertEqual(out.count(b"\n"), 8)

    def test_groups__one_block_for_each(self):
        names = [r["name"] for r in self.json("reg", "--device", "model:2x3", "ls", "*.STATUS")["registers"]]
        self.assertEqual(names, ["chip.STATUS", "kv[0..1].STATUS", "link[0..1].STATUS", "tile[0..5].STATUS"])
        self.assertEqual([r["name"] for r in self.reg("read", "kv.CONFIG")], ["kv[0].CONFIG"])
        self.bad("read", "link.STATUS", code=2, words=("no link",))
        self.bad("read", "kv[1].CONFIG", code=2, words=("kv[0]",))

    def test_write__whole_and_field(self):
        wrote = self.reg("write", "chip.SCRATCH=0xCAFE", "chip.SCRATCH=7", "chip.MEM_TARGET=0x302",
                         "chip.MEM_TARGET.tile=5", "chip.MEM_TARGET.kind=pmem")
        self.assertEqual([r["value"] for r in wrote], [0xCAFE, 7, 0x302, 0x502, 0x503])
        out, _ = self.call("reg", "--device", "model", "write", "chip.MEM_TARGET=1")
        self.assertRegex(out.decode(), r"kind +1 VMEM\n")

    def test_write__what_did_not_stick(self):
        out, err = self.call("reg", "--device", "model", "write", "tile[0].STATUS=0", code=1)
        self.assertEqual(out, b"")
        self.assertIn(b"read only", err)
        _, err = self.call("reg", "--device", "model", "write", "chip.MEM_TARGET=0xFFFFF0F0", code=1)
        self.assertIn(b"belong to no field", err)
        _, err = self.call("reg", "--device", "model", "write", "tile[0].ERROR=0x10000", code=1)
        self.assertIn(b"tile[0].ERROR.pc (read only): wrote 1, reads 0", err)

    def test_write__side_effects_take_force(self):
        self.bad("write", "chip.CONTROL.soft_reset=1", words=("--force", "drops every job"))
        self.assertEqual(self.reg("write", "--force", "chip.CONTROL.soft_reset=1")[0]["value"], 0)
        self.reg("write", "tile[0].CTRL.enable=1")  # the neighbour with a side effect is left alone

    def test_bad_names__say_why(self):
        self.bad(code=2, words=("say ls, read",))
        self.bad("eat", code=2, words=("say ls, read",))
        self.bad("read", code=2)
        self.bad("read", "chip", code=2, words=("'chip'",))
        self.bad("read", "chip.NOPE", code=2)
        self.bad("read", "chip.CAPS.nope", code=2, words=("no field 'nope'",))
        self.bad("read", "tile.STATUS", code=2, words=("which tile",))
        self.bad("read", "tile[8].STATUS", code=2, words=("tile[7]",))
        self.bad("read", "tile[99999999999999999999].STATUS", code=2)
        self.bad("read", "tile[0].CYC_TAG[8]", code=2)
        self.bad("read", "tile[0", code=2)
        self.bad("read", "0x2", code=2)
        self.bad("read", "0xFFF", code=2)
        self.bad("read", "0x900", words=("0x000900",))
        self.bad("read", "x*", words=("x*",))
        self.bad("ls", "x*", words=("x*",))
        self.bad("write", "chip.SCRATCH", code=2)
        for value in ("", "-1", "1x", "0x100000000"):
            self.bad("write", "chip.SCRATCH=" + value, code=2)
        self.bad("write", "chip.MEM_TARGET.kind=16", code=2, words=("0 to 15",))

    def test_bad_names__nearest_ones(self):
        self.bad("read", "chip.SCRTACH", code=2, words=("did you mean chip.SCRATCH?",))
        self.bad("read", "PAGES_FREE", code=2, words=("did you mean kv[0].PAGES_FREE",))
        self.bad("write", "tile[0].STATSU.busy=1", code=2, words=("tile[0].STATUS.busy",))
        self.bad("ls", "chip.CAPSS", words=("did you mean chip.CAPS",))

    def test_actions__wrong_arguments(self):
        for args in (("decode",), ("decode", "chip.ID"), ("decode", "chip.ID", "x"), ("decode", "chip.NOPE", "1"),
                     ("watch", "chip.ID"), ("watch", "--every", "5"), ("watch", "chip.ID", "--every", "0"),
                     ("watch", "chip.ID", "--every", "5", "--count", "0"), ("read", "chip.ID", "--every", "5"),
                     ("read", "chip.ID", "--diff", "x"), ("ls", "--raw"), ("read", "chip.ID", "--strict"),
                     ("read", "--raw", "chip.ID"), ("write", "--raw", "chip.ID=1"), ("write", "0x40=1"),
                     ("read", "0x40..0x20"), ("read", "0x40..0x41"), ("read", "0x40+0"), ("read", "0x40+"),
                     ("read", "0x40."), ("read", "0x40+65537"), ("read", "0xFFFFFFFC+2"), ("read", "0x1_"),
                     ("write", "--raw", "0x40"), ("write", "--raw", "0x40=0x1FFFFFFFF"), ("dump", "--raw"),
                     ("dump", "--raw", "0x0", "--diff", "x"), ("record",), ("record", "x"), ("replay",),
                     ("replay", "x", "y"), ("complete", "a", "b"), ("ps", "x"), ("read", "--attach")):
            with self.subTest(args):
                self.fails("reg", "--device", "model", *args, code=1 if "--attach" in args else 2)
        self.bad("decode", "0x900", "1", words=("no register begins",))

    def test_decode__needs_no_device(self):
        out, err = self.call("reg", "--device", "nothing", "decode", "tile.STATUS", "0x00050301")
        self.assertEqual(err, b"")
        self.assertRegex(out.decode(), r"busy +1\n +queued +0 jobs\n +slot +3\n +pc +5 descriptors\n")
        by_name = self.reg("decode", "chip.MEM_TARGET", "0b1")[0]
        self.assertEqual(by_name["names"], {"kind": "VMEM"})
        self.assertEqual(self.reg("decode", "0x60", "1")[0], by_name)
        self.assertEqual(self.reg("decode", "chip.CYCLE", "0xFFFFFFFFFFFFFFFF")[0]["value"], 2**64 - 1)

    def test_ls__side_effects_are_marked(self):
        by_name = {r["name"]: r for r in self.reg("ls")}
        self.assertIn("drops every job", by_name["chip.CONTROL"]["write_effect"])
        self.assertIsNone(by_name["chip.SCRATCH"]["write_effect"])
        self.assertIsNone(by_name["chip.CYCLE"]["read_effect"])
        self.assertTrue(by_name["chip.CYCLE"]["volatile"])
        out, _ = self.call("reg", "--device", "model", "ls", "chip.*")
        self.assertRegex(out.decode(), r"\nchip\.CONTROL +0x000044 ! ")
        self.assertRegex(out.decode(), r"\nchip\.SCRATCH +0x000040   ")

    def test_raw__ranges(self):
        out, _ = self.call("reg", "--device", "model", "read", "0x60..0x6C")
        self.assertEqual(out, b"0x000060: 00000000 00000000 00000000 00000000\n")
        words = self.reg("write", "--raw", "0x40=0b11", "0x64+2=9")
        self.assertEqual([(w["name"], w["address"], w["value"]) for w in words], [(None, 0x40, 3), (None, 0x64, 9), (None, 0x68, 9)])
        self.bad("write", "--raw", "0x44=1", words=("--force",))
        self.call("reg", "--device", "model", "--force", "write", "--raw", "0x44=1")
        # Part of a range, and what went wrong behind it.
        out, err = self.call("reg", "--device", "model", "read", "0x70..0x90", code=1)
        self.assertIn(b"0x000070: 00000000 00000000 00000000\n", out)
        self.assertIn(b"bus error", err)

    def test_dump__what_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            text, saved = os.path.join(folder, "dump.txt"), os.path.join(folder, "dump.json")
            out, _ = self.call("reg", "--device", "model", "dump")
            self.assertIn(b"# chip.CONTROL skipped: commands", out)
            self.assertNotIn(b"\nchip.CONTROL ", out)
            with open(text, "wb") as file:
                file.write(out.replace(b"0x000040 0x00000000", b"0x000040 0x00000005")
                           .replace(b"0x000060 0x00000000", b"0x000060 0x00000302").replace(b"chip.CAPS_VMEM ", b"chip.GONE "))
            got, err = self.call("reg", "--device", "model", "dump", "--diff", text)
            self.assertEqual(err, b"")
            for line in ("chip.SCRATCH: 5 -> 0", "chip.MEM_TARGET.kind: 2 XMEM -> 0 WMEM", "chip.MEM_TARGET.tile: 3 -> 0",
                         "chip.CAPS_VMEM: not in the file", "chip.GONE: only in the file"):
                self.assertIn(line + "\n", got.decode())
            dump = self.json("reg", "--device", "model", "dump")
            self.assertIn("chip.CONTROL", dump["skipped"])
            with open(saved, "w", encoding="utf-8") as file:
                json.dump(dump, file)
            got, _ = self.call("reg", "--device", "model", "dump", "chip.*", "--diff", saved)
            self.assertIn(b"# no change\n", got)
            with open(text, "rb") as file:
                got = self.json("reg", "--device", "model", "dump", "--diff", "-", "chip.SCRATCH", stdin=file.read())
            self.assertEqual(got["changes"], [{"name": "chip.SCRATCH", "field": "value", "was": 5, "is": 0}])
            for wrong in ("", "{", "{}", "one two", "chip.ID 0x0 zzz"):
                with open(text, "w", encoding="utf-8") as file:
                    file.write(wrong)
                self.bad("dump", "--diff", text, words=("dump",))
            self.bad("dump", "--diff", os.path.join(folder, "none"))
            self.bad("dump", "x*", words=("x*",))

    def test_watch__changes(self):
        out, _ = self.call("reg", "--device", "model", "watch", "chip.SCRATCH", "tile[*].STATUS", "--every", "5", "--count", "3")
        self.assertEqual(out.decode().count("chip.SCRATCH"), 1)  # nothing changes on this device
        self.assertRegex(out.decode(), r"0\.\d+ tile\[7\]\.STATUS\.pc: 0 descriptors\n")
        out, _ = self.call("reg", "--device", "model", "watch", "chip.CAPS.lanes", "--every", "5", "--count", "2", "--json")
        first, second = (json.loads(line) for line in out.splitlines())
        self.assertEqual(first["registers"][0]["fields"], {"lanes": 4})
        self.assertEqual(second["registers"], [])
        self.bad("watch", "x*", "--every", "5")
        self.bad("watch", "chip.NOPE", "--every", "5", code=2)

    def test_watch__on_a_terminal(self):
        leader, follower = pty.openpty()
        with subprocess.Popen([TOOL, "reg", "--device", "model", "watch", "tile[0].STATUS", "--every", "5", "--count", "3"],
                              stdout=follower) as child:
            os.close(follower)
            self.assertEqual(child.wait(TIMEOUT_S), 0)
        out = read_terminal(leader).decode()
        self.assertEqual(out.count("\033[2A"), 2)  # the two lines are written over
        self.assertEqual(out.count("busy 0 queued 0 jobs"), 3)
        self.assertNotIn("\033[7m", out)  # nothing changed

    def test_watch__ends_with_its_reader_or_a_signal(self):
        for stop in (lambda child: child.stdout.close(), lambda child: child.send_signal(signal.SIGINT)):
            with subprocess.Popen([TOOL, "reg", "--device", "model", "watch", "chip.CYCLE", "--every", "5", "--json"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                child.stdout.readline()
                stop(child)
                self.assertIn(child.wait(TIMEOUT_S), (1, 130))
                self.assertEqual(child.stderr.read(), b"")

    def test_record_and_replay(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "record.txt")
            out, _ = self.call("reg", "record", path, "--", "run", "-m", BROOK, "-p", PROMPT, "-n", "2", "--device", "model")
            self.assertTrue(out.startswith(PROMPT.encode()))
            answer = self.json("reg", "--device", "model", "replay", path)
            self.assertEqual(answer["differ"], 0)
            self.assertGreater(answer["accesses"], answer["compared"])
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertIn("# device model\n", text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(" r 000010 01040801", " r 000010 01040901", 1))
            out, _ = self.call("reg", "--device", "model", "replay", path, code=1)
            self.assertRegex(out.decode(), r"line \d+: 0x000010 chip\.CAPS: was 0x01040901 \(groups=1 tiles=9 .*, is 0x01040801")
            answer = json.loads(self.call("reg", "--device", "model", "replay", path, "--json", code=1)[0])
            self.assertEqual(answer["differ"], 1)
            self.assertEqual(answer["differences"][0]["name"], "chip.CAPS")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text[:2000])
            self.call("reg", "--device", "model", "replay", path, code=1)
            self.bad("replay", BROOK, words=("line 1",))
            self.bad("replay", os.path.join(folder, "none"))
            # What the recorded command says counts; one that touches no device leaves no record.
            self.call("reg", "record", path, "--", "reg", "--device", "model", "read", "0x900", code=1)
            self.fails("reg", "record", path, "--", "reg", "decode", "chip.NOPE", "1", code=2)
            self.call("reg", "record", path, "--", "reg", "decode", "chip.ID", "1", code=1)
            self.fails("reg", "record", path, "--", "reg", "record", "x", "--", "info", code=2)
            self.fails("reg", "record", path, "--", "nothing", code=2)
            self.fails("reg", "record", folder, "--", "info", words=("cannot write",))
            if os.path.exists("/dev/full"):
                _, err = self.call("reg", "record", "/dev/full", "--", "reg", "--device", "model", "read", "chip.ID", code=1)
                self.assertIn(b"cannot write", err)
            out, _ = self.call("reg", "--json", "record", path, "--", "reg", "--device", "model", "read", "--json", "chip.ID")
            read, record = (json.loads(line) for line in out.splitlines())
            self.assertEqual(read["registers"][0]["name"], "chip.ID")
            self.assertEqual((record["accesses"], record["file"]), (6, path))

    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = ('source <("$1" completion bash); COMP_WORDS=("$@"); COMP_WORDS=("${COMP_WORDS[@]}"); COMP_CWORD=$(($# - 1)); '
                  '_millrace; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", TOOL, *words], capture_output=True, timeout=TIMEOUT_S, check=True, text=True)
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(self.complete("re"), ["reg"])
        self.assertIn("watch", self.complete("reg", ""))
        self.assertEqual(self.complete("reg", "read", "chip.MEM_T"), ["chip.MEM_TARGET"])
        self.assertEqual(self.complete("reg", "--force", "read", "tile[3].STATUS.b"), ["tile[3].STATUS.busy"])
        self.assertEqual(self.complete("reg", "write", "chip.MEM_TARGET.kind", "=", "p"), ["PMEM"])
        self.assertIn("RESULT", self.complete("reg", "write", "chip.MEM_TARGET.kind", "="))
        self.assertIn("--attach-socket", self.complete("run", "--atta"))
        self.fails("completion", code=2)
        self.fails("completion", "fish", code=2)
        self.call("completion", "--help")


main()
