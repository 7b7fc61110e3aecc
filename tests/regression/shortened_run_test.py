#!/usr/bin/env python3
"""A file run for a shorter time than it was written for, and a run that keeps nothing: both are said, neither is refused."""
import json
import os
import subprocess
import time
import unittest

from cli import PROGRAM, CommandLineTest

NETWORK = """
duration = 1000.0
[population.in]
model = "spike_train"
spike_times = [[10.0, 500.0]]
[population.cell]
model = "adaptive_lif"
[projection.p]
source = "in"
target = "cell"
port = "excitatory"
weight = 1.0
delay = 1.0
gain_steps = { times = [5.0, 600.0], values = [2.0, 3.0] }
[steps.pulse]
target = "cell"
port = "current"
times = [1.0, 700.0]
values = [1.0, 0.0]
[sine.wave]
target = "cell"
port = "current"
amplitude = 1.0
period = 50.0
from = 300.0
"""
RECORD = '[record]\nspikes = ["cell"]\n'


class ShortenedRun(CommandLineTest):
    def test_what_comes_after_the_end_is_said(self):
        self.write("net.toml", NETWORK + RECORD)
        self.assertEqual(self.run_program("check", "net.toml").stderr, "")
        for verb in (("check",), ("run", "--out", "r", "--overwrite", "--no-progress")):
            said = self.run_program(verb[0], "net.toml", "--set", "duration=200", *verb[1:]).stderr
            for word in ("1 spike of 'in', up to 500 ms, will not be played", "a step at 600 ms has no effect",
                         "a step at 700 ms has no effect", "there is no sine: from is 300 ms"):
                self.assertIn(f"warning[E0210]: {word}", said)
            self.assertIn("net.toml:5:15", said)
        self.assertNotIn("warning", self.run_program("run", "net.toml", "--out", "q", "--quiet").stderr)

    def test_nothing_kept_is_said_at_check_at_the_start_and_in_the_summary(self):
        self.write("net.toml", NETWORK)
        words = "nothing is recorded but the number of spikes and their hash: add [record]"
        self.assertIn(words, self.run_program("check", "net.toml").stderr)
        run = self.run_program("run", "net.toml", "--out", "r", "--no-progress")
        self.assertIn(words, run.stderr)
        self.assertIn("nothing recorded", run.stdout)
        self.assertEqual(json.loads((self.folder / "r/summary.json").read_text())["recorded"], "nothing")
        self.write("net.toml", NETWORK + RECORD)
        self.assertNotIn("recorded", self.run_program("run", "net.toml", "--out", "s", "--no-progress").stderr)
        self.assertEqual(json.loads((self.folder / "s/summary.json").read_text())["recorded"], "spikes of cell")

    def test_a_sine_of_hours_takes_no_memory(self):
        # 360 million steps: made ahead they were 3.2 GB for each 36 million.
        self.write("net.toml", NETWORK + RECORD)
        run = subprocess.Popen([PROGRAM, "run", "net.toml", "--set", "duration=3.6e7", "--set", "sine.wave.step=0.1", "--out", "r",
                                "--quiet", "--threads", "1"], cwd=self.folder, env=self.environment())
        try:
            ticks = os.sysconf("SC_CLK_TCK")
            used = 0.0
            while used < 2.0 and run.poll() is None:
                time.sleep(0.05)
                fields = open(f"/proc/{run.pid}/stat", encoding="utf-8").read().rsplit(") ", 1)[1].split()
                used = (int(fields[11]) + int(fields[12])) / ticks
            status = open(f"/proc/{run.pid}/status", encoding="utf-8").read()
            peak = int(status.split("VmHWM:")[1].split()[0])
            self.assertLess(peak, 150_000, "kB")
        finally:
            run.kill()
            run.wait()


if __name__ == "__main__":
    unittest.main()
