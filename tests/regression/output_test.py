#!/usr/bin/env python3
"""Where output goes: links, pipes and devices were replaced by files, files without asking, and what could not be written was no error."""
import os
import pathlib
import re
import stat
import subprocess
import threading
import unittest

from cli import PROGRAM, CommandLineTest

NETWORK = """duration = 50.0
[population.a]
model = "poisson"
size = 10
[record]
spikes = ["a"]
"""


class Output(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("net.toml", NETWORK)
        self.write("s.toml", NETWORK + "[sweep]\nseeds = 2\n")
        self.run_program("run", "net.toml", "--out", "r", "--quiet")
        # Every verb that writes a file, and how it is told where.
        self.writers = {"new": ["new", "xor", "--out"], "check": ["check", "net.toml", "--graph"], "report": ["report", "r", "--out"],
                        "single": ["single", "lif", "--csv", "--out"], "single page": ["single", "lif", "--html", "--out"],
                        "stp": ["stp", "--out"], "stp page": ["stp", "--html", "--out"], "csv": ["export", "r", "--to", "csv", "--out"],
                        "gdf": ["export", "r", "--to", "gdf", "--out"], "nwb": ["export", "r", "--to", "nwb", "--out"]}

    def expected(self, words):
        self.run_program(*words, "expected", "--overwrite")
        return (self.folder / "expected").read_bytes()

    def same(self, name, found, expected):
        if name == "nwb":  # HDF5 notes the second at which it is written
            found, expected = len(found), len(expected)
        self.assertEqual(found, expected)

    def test_a_file_is_replaced_only_if_told_to(self):
        for name, words in self.writers.items():
            with self.subTest(name):
                self.write("mine", "mine")
                self.assertIn("error[E0302]: mine exists", self.run_program(*words, "mine", code=2).stderr)
                self.assertEqual((self.folder / "mine").read_text(), "mine")
                (self.folder / "mine").chmod(0o640)
                self.run_program(*words, "mine", "--overwrite")
                self.same(name, (self.folder / "mine").read_bytes(), self.expected(words))
                self.assertEqual(stat.S_IMODE((self.folder / "mine").stat().st_mode), 0o640)
        self.assertEqual([f for f in self.files() if "partial" in f], [])

    def test_default_names_are_not_replaced_either(self):
        for words, name in ((["stp", "--html"], "stp.html"), (["single", "lif", "--html"], "single.html"), (["new", "xor"], "xor.toml"),
                            (["export", "r", "--to", "csv"], "r/spikes.csv"), (["report", "r", "r"], "comparison.html")):
            self.write(name, "mine")
            self.run_program(*words, code=2)
            self.assertEqual((self.folder / name).read_text(), "mine")
        self.run_program("report", "r")  # a run's own report is made anew
        self.run_program("report", "r")

    def test_links_are_followed(self):
        (self.folder / "deep").mkdir()
        for name, words in self.writers.items():
            with self.subTest(name):
                expected = self.expected(words)
                link, target = self.folder / "link", self.folder / "deep/target"
                link.unlink(missing_ok=True)
                link.symlink_to("deep/target")
                target.unlink(missing_ok=True)
                self.run_program(*words, "link")  # to nothing yet
                self.assertTrue(link.is_symlink())
                self.same(name, target.read_bytes(), expected)
                self.run_program(*words, "link", code=2)
                target.write_text("mine")
                self.run_program(*words, "link", "--overwrite")
                self.assertTrue(link.is_symlink())
                self.same(name, target.read_bytes(), expected)
        link.unlink()
        link.symlink_to("link")
        self.assertIn("error[E0601]", self.run_program("stp", "--out", "link", code=4).stderr)

    def test_links_that_lead_nowhere(self):
        (self.folder / "link").symlink_to("nowhere/target")
        said = "link to nowhere/target, which leads nowhere"
        self.assertIn("link: cannot be written: it is a " + said, self.run_program("stp", "--out", "link", code=4).stderr)
        (self.folder / "folder").symlink_to("nowhere")
        for verb in (["run", "net.toml"], ["sweep", "plan", "s.toml"]):
            self.assertIn("folder: cannot be made: it is a link to nowhere, which leads nowhere",
                          self.run_program(*verb, "--out", "folder", code=4).stderr)
        self.assertFalse((self.folder / "nowhere").exists())

    def test_pipes_and_devices_are_written_into(self):
        for name, words in self.writers.items():
            with self.subTest(name):
                expected = self.expected(words)
                pipe = self.folder / "pipe"
                pipe.unlink(missing_ok=True)
                os.mkfifo(pipe)
                read = []
                reader = threading.Thread(target=lambda p=pipe, r=read: r.append(p.read_bytes()))
                reader.start()
                self.run_program(*words, "pipe")
                reader.join(timeout=60)
                self.same(name, read[0], expected)
                self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
                if pathlib.Path("/dev/full").is_char_device():
                    device = (self.folder / "null")
                    if not device.is_symlink():
                        device.symlink_to("/dev/null")
                    self.run_program(*words, "null")
                    self.assertTrue(pathlib.Path("/dev/null").is_char_device())
                    full = self.run_program(*words, "/dev/full", code=4).stderr
                    self.assertIn("error[E0601]: /dev/full: cannot be written: No space left on device", full)

    def test_standard_output_is_a_place_too(self):
        with open(self.folder / "caught", "wb") as caught:
            subprocess.run([PROGRAM, "stp", "--csv", "--out", "/dev/stdout"], cwd=self.folder, stdout=caught, check=True)
        self.assertEqual((self.folder / "caught").read_text(), self.run_program("stp", "--csv").stdout)

    def test_a_folder_is_no_file(self):
        for words in self.writers.values():
            self.assertIn("is a folder", self.run_program(*words, "r", code=4).stderr)
            self.assertIn("error[E0601]", self.run_program(*words, "no/such/name", code=4).stderr)


class Unwritten(CommandLineTest):
    """What is asked for on standard output and does not get there."""

    def test_every_verb(self):
        self.write("net.toml", NETWORK)
        self.write("s.toml", NETWORK + "[sweep]\nseeds = 2\n")
        self.run_program("run", "net.toml", "--out", "r", "--quiet")
        verbs = [["--help"], ["--version"], ["run", "--help"], ["check", "net.toml"], ["check", "net.toml", "--json"], ["stp"], ["stp", "--csv"],
                 ["single", "lif", "--csv", "--duration", "5000"], ["explain"], ["explain", "lif"], ["info", "r"], ["info", "r/spikes.h5"],
                 ["selftest"], ["report", "r"], ["export", "r", "--to", "csv", "--overwrite"], ["sweep", "plan", "s.toml"], ["sweep", "status", "s.toml"],
                 ["resume", "r"], ["run", "net.toml", "--out", "again", "--overwrite"], ["run", "net.toml", "--out", "again", "--overwrite", "--json"]]
        for words in verbs:
            for name, how in (("full", {"stdout": "/dev/full"}), ("closed", {"closed": True})):
                if name == "full" and not pathlib.Path("/dev/full").is_char_device():
                    continue
                with self.subTest(f"{name}: {words}"):
                    stdout = open(how["stdout"], "wb") if "stdout" in how else None
                    done = subprocess.run([PROGRAM, *words], cwd=self.folder, env=self.environment(), stdout=stdout, stderr=subprocess.PIPE,
                                          text=True, check=False, timeout=300,
                                          preexec_fn=(lambda: os.close(1)) if "closed" in how else None)
                    if stdout:
                        stdout.close()
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertRegex(done.stderr, r"error\[E0601\]: standard output: cannot be written")
        self.assertIn('"exit_state": "ok"', (self.folder / "again/manifest.json").read_text())
        self.assertFalse(re.search("[^\\x00-\\x7f\u00b7\n]", (self.folder / "again/log.txt").read_text()))  # nothing else was printed into it


if __name__ == "__main__":
    unittest.main()
