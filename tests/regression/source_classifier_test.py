#!/usr/bin/env python3
"""Spikes of sources are events and bursts to all that ask: `classifier` and `b_th` of a source were without effect."""
import pathlib
import unittest

import h5py

from cli import CommandLineTest

CONFIG = pathlib.Path(__file__).with_name("source_classifier.toml")


class SourceClassifier(CommandLineTest):
    def run_with(self, *options, out="r"):
        self.run_program("run", CONFIG, "--out", out, "--overwrite", "--quiet", *options)

    def times(self, name, population, folder="r"):
        with h5py.File(self.folder / folder / f"{name}.h5") as file:
            return file["spikes"][population]["timestamps"][:].tolist()

    def test_doublets_within_b_th_are_bursts(self):
        self.run_with()
        self.assertEqual(self.times("events", "a"), [10, 100, 200])
        self.assertEqual(self.times("bursts", "a"), [15, 105])
        self.assertEqual(self.times("spikes", "b"), [16, 106], "the gate lets the second spikes of bursts through")
        with h5py.File(self.folder / "r/traces.h5") as file:
            self.assertAlmostEqual(file["traces/a/event_rate"][0], 3 / 0.3)
            self.assertAlmostEqual(file["traces/a/burst_probability"][0], 2 / 3)

    def test_b_th_counts(self):
        self.run_with("--set", "population.a.b_th=4")
        self.assertEqual(self.times("events", "a"), [10, 15, 20, 100, 105, 200])
        self.assertEqual(self.times("spikes", "b"), [])
        self.run_with("--set", "population.a.b_th=90")
        self.assertEqual(self.times("bursts", "a"), [15])

    def test_every_spike_is_an_event_unless_something_else_is_said(self):
        text = CONFIG.read_text().replace('classifier = "isi"\nb_th = 16.0\n', "")
        self.write("every.toml", text)
        self.run_program("run", "every.toml", "--out", "r", "--quiet")
        self.assertEqual(len(self.times("events", "a")), 6)
        wrong = self.run_program("check", "every.toml", "--set", "population.a.b_th=5", code=2).stderr
        self.assertIn('b_th has no effect: classifier is "every"', wrong)
        wrong = self.run_program("check", CONFIG, "--set", 'population.a.classifier="model"', code=2).stderr
        self.assertIn("a spike_train does not say what its spikes are", wrong)

    def test_short_term_variants_and_signals_see_the_bursts_of_a_poisson_source(self):
        self.write("poisson.toml", """
duration = 2000.0
[population.a]
model = "poisson"
size = 100
parameters = { rate = 40.0 }
classifier = "isi"
b_th = 10.0
[population.b]
model = "adaptive_lif"
[signal.s]
population = "a"
kind = "burst_probability"
tau = 1000.0
[drive.d]
signal = "s"
target = "b"
port = "current"
gain = 1e4
delay = 1.0
[record]
spikes = ["a", "b"]
""")
        self.run_program("run", "poisson.toml", "--out", "r", "--quiet")
        events, bursts = (len(self.times(name, "a")) for name in ("events", "bursts"))
        # A spike is followed within b_th with probability 1 - exp(-0.4); that holds for events, too.
        self.assertAlmostEqual(bursts / events, 0.3297, delta=4 * (0.33 * 0.67 / events) ** 0.5)
        self.assertGreater(len(self.times("spikes", "b")), 10)


if __name__ == "__main__":
    unittest.main()
