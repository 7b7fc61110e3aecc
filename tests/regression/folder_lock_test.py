#!/usr/bin/env python3
"""Whoever asks whether a run is being written holds its folder's lock for a moment: a run that began just then failed."""
import fcntl
import os
import subprocess
import time
import unittest

import cli
from cli import CommandLineTest

NETWORK = """duration = 10.0
[population.a]
model = "poisson"
[record]
spikes = ["a"]
"""


class FolderLock(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("net.toml", NETWORK)
        (self.folder / "r").mkdir()
        self.lock = os.open(self.folder / "r", os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, self.lock)
        fcntl.flock(self.lock, fcntl.LOCK_SH)

    def start(self):
        return subprocess.Popen([cli.PROGRAM, "run", "net.toml", "--out", "r", "--quiet"], cwd=self.folder, env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def holds_the_folder(self, process):
        """Whether the process has opened it, to lock it."""
        try:
            files = f"/proc/{process.pid}/fd"
            return any(os.path.realpath(f"{files}/{file}") == str((self.folder / "r").resolve()) for file in os.listdir(files))
        except OSError:
            return False

    def test_a_look_does_not_keep_a_run_from_beginning(self):
        process = self.start()
        while not self.holds_the_folder(process) and process.poll() is None:
            time.sleep(0.001)
        fcntl.flock(self.lock, fcntl.LOCK_UN)
        _, stderr = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, stderr)

    def test_who_keeps_it_is_writing(self):
        process = self.start()
        _, stderr = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 4)
        self.assertIn("another process is writing this run", stderr)


if __name__ == "__main__":
    unittest.main()
