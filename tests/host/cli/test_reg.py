# SPDX-License-Identifier: Apache-2.0
"""millrace reg."""
from cli_test import CliTest, main


class Reg(CliTest):
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
        self.bad(code=2, words=("ls, read or write",))
        self.bad("eat", code=2, words=("ls, read or write",))
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


main()
