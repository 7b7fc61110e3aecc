#!/usr/bin/env python3
"""Whole runs of a short XOR task: the folder, the talk, the hash, the interruption."""
import csv
import hashlib
import json
import math
import os
import pty
import select
import shutil
import signal
import subprocess
import time
import unittest

import h5py

import cli
from cli import CommandLineTest

SHORT = ["--set", "examples=40", "--set", "neurons=10"]


LEARNING = """
duration = 200.0
[population.in]
model = "poisson"
size = 20
parameters = { rate = 50.0 }
[population.cells]
model = "stochastic_pyramidal"
size = 10
[projection.p]
source = "in"
target = "cells"
port = "soma"
weight = 0.2
delay = 1.0
[projection.p.plasticity]
rule = "burst_dependent"
"""

TIED = LEARNING.replace("weight = 0.2", 'weight = { distribution = "uniform", low = 0.1, high = 0.3 }') + """
[projection.q]
source = "in"
target = "cells"
port = "soma"
delay = 2.0
tie = { to = "p", scale = 2.0 }
[record]
weights = ["p", "q"]
"""


class Run(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.run_program("new", "xor")

    def test_the_folder_holds_the_record_of_the_run(self):
        done = self.run_program("run", "xor.toml", "--out", "r", "--threads", "1", *SHORT)
        self.assertRegex(done.stderr.splitlines()[0], r"^xor · .* · seed 1 · 1 thread · writing r$")
        self.assertRegex(done.stdout.splitlines()[0], r"^done in [\d.]+ s · .* · result hash [0-9a-f]+$")
        self.assertEqual((self.folder / "r/config.toml").read_bytes(), (self.folder / "xor.toml").read_bytes())
        manifest = self.json("r/manifest.json")
        self.assertEqual(manifest["exit_state"], "ok")
        self.assertEqual(done.stdout.splitlines()[-1], "report: r/report.html")
        self.assertTrue((self.folder / "r/report.html").exists())
        self.assertEqual(manifest["seed"], 1)
        listed = {f["name"]: f for f in manifest["files"]}
        present = {p.name for p in (self.folder / "r").iterdir()} - {"manifest.json", "report.html"}
        self.assertEqual(set(listed), present)
        for name, facts in listed.items():
            content = (self.folder / "r" / name).read_bytes()
            self.assertEqual(facts["bytes"], len(content))
            self.assertEqual(facts["sha256"], hashlib.sha256(content).hexdigest())
        summary = self.json("r/summary.json")
        self.assertEqual(summary["result_hash"], manifest["result_hash"])
        self.assertEqual((summary["task"], summary["seed"], summary["threads"], summary["examples"]), ("xor", 1, 1, 40))
        self.assertEqual(summary["variant"], "tsodyks_markram/interneurons/fixed/sampled")
        self.assertAlmostEqual(summary["biological_s"], 48 * 0.2, places=9, msg="40 examples and two tests of four patterns")
        self.assertIsNone(summary["solved_at_example"], "two tests are too few")
        self.assertGreater(summary["wall_s"], 0.0)
        self.assertGreater(summary["cpu_s"], 0.0)
        with h5py.File(self.folder / "r/spikes.h5") as file:
            recorded = sum(len(group["timestamps"]) for group in file["spikes"].values())
        # All but those of the tonic source, which is not recorded: 500 a second.
        self.assertAlmostEqual(summary["spikes"] + summary["source_spikes"] - recorded, 500 * 9.6, delta=1)
        self.assertGreater(summary["synaptic_events"], summary["spikes"])
        with open(self.folder / "r/metrics.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["sample"] for row in rows], ["20", "40"])
        for number, row in enumerate(rows):
            self.check_a_test(row, 24 * number + 20)
        self.assertEqual(summary["mean_squared_error"], float(rows[-1]["loss"]))
        self.assertEqual(summary["patterns_right"], 4 - float(rows[-1]["test_error_percent"]) / 25)

    def check_a_test(self, row, presentation):
        """What is told of a test, against the recorded events of the output: four patterns of 200 ms from there on."""
        with h5py.File(self.folder / "r/events.h5") as file:
            times = file["spikes/output/timestamps"][:]
        right, squares = 0, 0.0
        for place, (name, target) in enumerate((("00", 0), ("10", 1), ("01", 1), ("11", 0))):
            start = 200.0 * (presentation + place)
            events = int(((times >= start) & (times < start + 200.0)).sum())
            self.assertAlmostEqual(float(row[f"event_rate_{name}_hz"]), events / (10 * 0.2), places=6)
            e = events * 20.0 / (10 * 200.0)  # at most one event of each of 10 cells in t_ref = 20 ms
            right += (e > 0.5) == (target == 1)
            squares += (e - target) ** 2 / 4
        self.assertEqual(float(row["test_error_percent"]), 100 - 25 * right)
        self.assertAlmostEqual(float(row["loss"]), squares, places=9)

    def test_the_resolved_file_alone_reproduces_the_run(self):
        self.run_program("run", "xor.toml", "--out", "a", "--seed", "5", "--threads", "1", *SHORT)
        self.run_program("run", "a/config.resolved.toml", "--out", "b", "--threads", "2")
        self.assertEqual(self.json("a/summary.json")["result_hash"], self.json("b/summary.json")["result_hash"])
        self.assertEqual(self.json("b/summary.json")["seed"], 5)

    def test_so_does_that_of_a_network_that_learns(self):
        for teaching in ("sampled", "variance_reduced", "potential"):
            self.write("net.toml", LEARNING + f'teaching = "{teaching}"\n')
            self.run_program("run", "net.toml", "--out", "a", "--overwrite")
            self.run_program("run", "a/config.resolved.toml", "--out", "b", "--overwrite")
            self.assertEqual(self.json("a/summary.json")["result_hash"], self.json("b/summary.json")["result_hash"])
        error = self.run_program("run", "net.toml", "--out", "c", "--set",
                                 "projection.p.plasticity.baseline=moving_average", code=2).stderr
        self.assertIn('goes with baseline "fixed" only', error)

    def test_the_resolved_file_means_the_same_from_any_folder(self):
        self.write("net.toml", LEARNING)
        self.run_program("run", "net.toml", "--out", "a", "--set", 'record.spikes=["in"]')
        self.write("again.toml", '[population.in]\nmodel = "spike_train"\nsize = 20\nspike_file = "a/spikes.h5"\n')
        self.run_program("run", "again.toml", "--out", "b")
        shutil.move(self.folder / "b/config.resolved.toml", self.folder / "b/moved.toml")
        self.run_program("run", str(self.folder / "b/moved.toml"), "--out", "c")
        done = subprocess.run([cli.PROGRAM, "check", "moved.toml"], cwd=self.folder / "b", env=self.environment(),
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_keys_without_effect_are_refused(self):
        for keys in (("feedback=gated", "inhibition=dale"), ("feedback=gated", "lag=4"), ("inhibition=direct", "lag=4")):
            done = self.run_program("run", "xor.toml", *(f"--set={key}" for key in keys), code=2)
            self.assertIn("has no effect", done.stderr)

    def test_weights_are_written_once_a_time(self):
        self.write("net.toml", LEARNING)
        self.run_program("run", "net.toml", "--out", "a", "--set", 'record.weights=["p"]', "--set", "record.weights_every=50")
        with h5py.File(self.folder / "a/weights.h5") as file:
            self.assertEqual(len(file["weights/p"]), 5, "at 0, 50, 100, 150 and 200 ms")
        self.run_program("run", "net.toml", "--out", "b", "--set", 'record.weights=["p"]', "--set", "record.weights_every=0.8")
        with h5py.File(self.folder / "b/weights.h5") as file:
            self.assertEqual(len(file["weights/p"]), 251, "the last at the end, though 0.8 ms are no whole number of ticks")

    def test_tied_weights_are_there_from_the_start(self):
        self.write("net.toml", TIED)
        done = self.run_program("run", "net.toml", "--out", "a")
        self.assertIn("'p' learns, and 'q' does not follow it", done.stderr)
        first, last = self.weights("a", "q")
        self.assertTrue((first == 2.0 * self.weights("a", "p")[0]).all() and (first != 0.0).all())
        self.assertTrue((first == last).all(), "copied once")
        self.assertFalse((self.weights("a", "p")[0] == self.weights("a", "p")[1]).all())

    def test_overwrite_spares_what_is_no_run(self):
        self.write("net.toml", LEARNING)
        (self.folder / "other").mkdir()
        self.write("other/spikes.h5", "precious")
        self.assertIn("other holds no run: --overwrite would delete spikes.h5",
                      self.run_program("run", "net.toml", "--out", "other", "--overwrite", code=2).stderr)
        self.assertEqual((self.folder / "other/spikes.h5").read_text(), "precious")

    def test_initial_values_of_any_distribution(self):
        for distribution in ('{ distribution = "lognormal", mean = -60, cv = 0.01 }', '{ distribution = "uniform", low = -60, high = -60 }'):
            self.write("net.toml", 'duration = 1.0\n[population.a]\nmodel = "lif"\nsize = 4\nparameters = { V_th = -62 }\n'
                       f"initial = {{ V_m = {distribution} }}\n")
            self.run_program("run", "net.toml", "--out", "a", "--overwrite")
            self.assertGreater(self.json("a/summary.json")["spikes"], 0, "above the threshold")

    def test_recording_does_not_change_the_run(self):
        self.run_program("run", "xor.toml", "--out", "a", *SHORT)
        self.run_program("run", "xor.toml", "--out", "b", *SHORT, *(f"--set=record.{what}=false" for what in
                                                                    ("spikes", "traces", "weights")))
        self.assertEqual(self.json("a/summary.json")["result_hash"], self.json("b/summary.json")["result_hash"])
        self.assertEqual([p.name for p in (self.folder / "b").glob("*.h5")], [])

    def test_ensembles_are_tested_trained_and_tested_again(self):
        self.run_program("new", "xor_ensembles")
        tiny = ["--set=neurons=20", "--set=indegree=10", "--set=epochs=2", "--set=presentation=20", "--set=burn_in=20"]
        for algorithm in ("burstprop", "burstccn"):
            for threads in "12":
                done = self.run_program("run", "xor_ensembles.toml", "--out", algorithm + threads, "--threads", threads, *tiny,
                                        "--set", f"algorithm={algorithm}", "--set", "record.spikes=true")
                self.assertRegex(done.stdout.splitlines()[0], r"/4 patterns right: \(0,0\) [\d.]+ Hz, ")
            summary = self.json(algorithm + "1/summary.json")
            self.assertEqual(summary["result_hash"], self.json(algorithm + "2/summary.json")["result_hash"])
            self.assertAlmostEqual(summary["biological_s"], 0.02 + 16 * 0.02, places=6)
            with open(self.folder / (algorithm + "1/metrics.csv"), newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([row["phase"] for row in rows], ["test", "training", "training", "test"])
            self.assertEqual(float(rows[2]["cost"]), summary["cost_of_last_epoch"])
            with h5py.File(self.folder / (algorithm + "1/events.h5")) as file:
                times, cells = (file["spikes/output"][name][:] for name in ("timestamps", "node_ids"))
            for place, name in enumerate(("00", "10", "01", "11")):
                # The last test: each cell's events, +1/tau each and fading, at the end of the pattern; 20 cells.
                end = 20 + 20 * (12 + place + 1)
                before = times[times < end]
                rate = sum(1000 / 2000 * math.exp(-(end - t) / 2000) for t in before) / 20
                self.assertAlmostEqual(float(rows[-1][f"event_rate_{name}_hz"]), rate, places=6)
                self.assertEqual(float(rows[-1][f"event_rate_{name}_hz"]), summary[f"after_{name}_hz"])
                self.assertEqual(float(rows[0][f"event_rate_{name}_hz"]), summary[f"before_{name}_hz"])
            self.assertTrue(set(cells) <= set(range(20)))

    def test_json_goes_to_standard_output_alone(self):
        done = self.run_program("run", "xor.toml", "--out", "r", "--json", *SHORT)
        self.assertEqual(json.loads(done.stdout), self.json("r/summary.json"))

    def test_quiet_prints_nothing(self):
        done = self.run_program("run", "xor.toml", "--out", "r", "--quiet", *SHORT)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_a_random_seed_is_told_and_kept(self):
        self.run_program("run", "xor.toml", "--out", "a", "--seed", "random", *SHORT)
        seed = self.json("a/manifest.json")["seed"]
        self.run_program("run", "xor.toml", "--out", "b", "--seed", str(seed), *SHORT)
        self.assertEqual(self.json("a/summary.json")["result_hash"], self.json("b/summary.json")["result_hash"])

    def test_overwrite_replaces_the_run_and_nothing_else(self):
        self.run_program("run", "xor.toml", "--out", "r", *SHORT)
        for name in ("r/notes.txt", "r/recordings_2019.h5"):
            self.write(name, "mine")
        self.run_program("run", "xor.toml", "--out", "r", *SHORT, code=2)
        self.run_program("run", "xor.toml", "--out", "r", "--overwrite", "--set", "record.spikes=false", *SHORT)
        for name in ("r/notes.txt", "r/recordings_2019.h5"):
            self.assertEqual((self.folder / name).read_text(), "mine")
        self.assertFalse((self.folder / "r/spikes.h5").exists())

    def test_overwrite_spares_what_the_run_reads(self):
        self.write("net.toml", LEARNING)
        self.run_program("run", "net.toml", "--out", "a", "--set", 'record.spikes=["in"]')
        self.write("again.toml", '[population.in]\nmodel = "spike_train"\nsize = 20\nspike_file = "a/spikes.h5"\n')
        self.assertIn("which the run reads", self.run_program("run", "again.toml", "--out", "a", "--overwrite", code=2).stderr)
        self.assertTrue((self.folder / "a/spikes.h5").exists())

    def test_info_shows_the_run_and_its_files(self):
        self.run_program("run", "xor.toml", "--out", "r", *SHORT)
        self.assertIn("result_hash", self.run_program("info", "r").stdout)
        self.assertIn("spikes", self.run_program("info", "r/spikes.h5").stdout)

    def test_an_interrupted_run_is_complete_so_far(self):
        process = subprocess.Popen([cli.PROGRAM, "run", "xor.toml", "--out", "r", "--set", "examples=100000"],
                                   cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        for _ in range(6000):
            time.sleep(0.1)
            if (self.folder / "r/metrics.csv.partial").exists():
                break
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=600)
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted after", stdout)
        self.assertEqual(self.json("r/manifest.json")["exit_state"], "interrupted")
        self.assertEqual(list((self.folder / "r").glob("*.partial")), [])
        self.run_program("info", "r/spikes.h5")

    def test_progress_on_a_terminal_is_one_line(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([cli.PROGRAM, "run", "xor.toml", "--out", "r", "--set", "examples=100000"],
                                   cwd=self.folder, env={**self.environment(), "TERM": "xterm"},
                                   stdout=subprocess.DEVNULL, stderr=slave)
        # As long as it takes to show six times how far it is, on a machine of any speed.
        text = ""
        start = time.monotonic()
        while text.count("ETA") < 6 and time.monotonic() - start < 120:
            if select.select([master], [], [], 1.0)[0]:
                text += os.read(master, 1 << 16).decode()
        elapsed = time.monotonic() - start
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=600), 130)
        os.close(slave)
        self.assertGreaterEqual(text.count("ETA"), 6, text)
        self.assertLess(text.count("\r"), 20 * elapsed + 10, "redrawn at most ten times a second")
        self.assertNotIn("\n", text[text.index("ETA"):text.rindex("ETA")])
        self.assertIn("sample", text)


if __name__ == "__main__":
    unittest.main()
