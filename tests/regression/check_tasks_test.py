#!/usr/bin/env python3
"""What `check` said of tasks: that data were right of which `run` made a folder and then refused them, and nothing of relay cells."""
import json
import struct
import unittest

from cli import CommandLineTest


class CheckTasks(CommandLineTest):
    def data_set(self, count, labels):
        (self.folder / "data").mkdir()
        for half in ("train", "t10k"):
            images = struct.pack(">IIII", 0x803, count, 4, 4) + bytes(16 * count)
            (self.folder / "data" / f"{half}-images-idx3-ubyte").write_bytes(images)
            (self.folder / "data" / f"{half}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels)

    def refused(self, file, *keys):
        keys = [word for key in ("data=data", *keys) for word in ("--set", key)]
        said = [self.run_program(verb, file, *keys, *more, code=3).stderr for verb, more in (("check", []), ("run", ["--out", "r"]))]
        self.assertEqual(*said)
        self.assertFalse((self.folder / "r").exists())
        return said[0]

    def test_too_few_images(self):
        self.data_set(50, bytes(50))
        for task in ("mnist", "digits"):
            self.run_program("new", task)
            self.assertIn("validation is 60, but there are 50 training images", self.refused(f"{task}.toml", "task.validation=60"))
            self.run_program("check", f"{task}.toml", "--set", "data=data", "--set", "task.validation=49")

    def test_no_images(self):
        self.run_program("new", "mnist")
        for verb in (["check", "mnist.toml"], ["run", "mnist.toml", "--out", "r"]):
            self.assertIn("this task needs a data set: give its folder as --data DIR", self.run_program(*verb, code=3).stderr)
        self.assertFalse((self.folder / "r").exists())
        self.data_set(50, bytes(50))
        self.run_program("check", "mnist.toml", "--data", "data", "--set", "task.validation=49")

    def test_wrong_images(self):
        self.data_set(50, bytes(49) + b"\x0b")
        self.run_program("new", "mnist")
        self.assertIn("label 11 of image 49", self.refused("mnist.toml", "task.validation=10"))

    def test_relays_are_left_to_the_run(self):
        self.run_program("new", "xor")
        self.run_program("new", "digits")
        relays = "only a run measures them"
        for file, key, left in (("xor.toml", "seed=1", True), ("xor.toml", "feedback=gated", False), ("xor.toml", "control=no_stp", False),
                                ("digits.toml", "seed=1", False), ("digits.toml", "inhibition=interneurons", True)):
            with self.subTest(file=file, key=key):
                (self.assertIn if left else self.assertNotIn)(relays, self.run_program("check", file, "--set", key).stdout)
                facts = json.loads(self.run_program("check", file, "--set", key, "--json").stdout)
                self.assertEqual(facts["left_to_run"], "relays" if left else None)


if __name__ == "__main__":
    unittest.main()
