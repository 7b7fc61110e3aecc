#!/usr/bin/env python3
"""Reports of images showed no spikes, rates or bursts: a small part is recorded, and the report shows it."""
import json
import re
import struct
import unittest

import h5py
import numpy

from cli import CommandLineTest

SHORT = [f"--set={key}" for key in ("task.epochs=3", "task.train_limit=40", "task.validation=10", "task.test_limit=15",
                                    "hidden.sizes=[30]")]
FOUR = "--set=record.images=4"
TRAINED, SHOWN = 120, 200  # [ms] of an image


class ImageReport(CommandLineTest):
    def run_digits(self, out, *options):
        self.run_program("new", "digits", "--overwrite")
        self.run_program("run", "digits.toml", "--out", out, "--quiet", "--threads", "1", *SHORT, *options)
        page = (self.folder / out / "report.html").read_text(encoding="utf-8")
        return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["runs"][0]

    def summary(self, out):
        return json.loads((self.folder / out / "summary.json").read_text(encoding="utf-8"))

    def test_what_is_recorded_by_default(self):
        run = self.run_digits("r", FOUR)
        epoch = 40 * TRAINED + 10 * SHOWN
        # Of the first and the last epoch, and of the test that follows it, the first four images.
        expected = [(0, 4 * TRAINED, 1), (2 * epoch, 2 * epoch + 4 * TRAINED, 3), (3 * epoch, 3 * epoch + 4 * SHOWN, 0)]
        parts = run["raster"]["recorded"]
        self.assertEqual([(p["from"], p["to"], p["epoch"]) for p in parts], expected)
        self.assertEqual([(p["name"], p["size"]) for p in run["raster"]["populations"]], [("hidden_1", 30), ("output", 100)])
        with h5py.File(self.folder / "r/spikes.h5") as spikes, h5py.File(self.folder / "r/bursts.h5") as bursts:
            for name in ("hidden_1", "output"):
                times = spikes["spikes"][name]["timestamps"][:]
                inside = numpy.zeros(len(times), bool)
                for begin, end, _ in expected:
                    here = (times >= begin) & (times < end)
                    self.assertTrue(here.any(), "there is activity in each part")
                    inside |= here
                self.assertTrue(inside.all(), "and nothing outside")
                self.assertGreater(len(bursts["spikes"][name]["timestamps"]), 0)
        # Rates over the whole run, those of the neurons of each layer.
        self.assertEqual({t["population"] for t in run["traces"]}, {"hidden_1", "output"})
        with h5py.File(self.folder / "r/traces.h5") as file:
            rate = file["traces/hidden_1/spike_rate"]
            counted = 0
            for name, size in (("hidden_1", 30), ("output", 100)):
                rate = file["traces"][name]["spike_rate"]
                counted += float(rate[:].sum()) * rate.attrs["dt_ms"] / 1000 * size
            covered = len(rate) * rate.attrs["dt_ms"]
        self.assertGreater(covered, 0.9 * (3 * epoch + 15 * SHOWN))
        self.assertLessEqual(counted, self.summary("r")["spikes"] * 1.0000001)
        self.assertGreater(counted, 0.9 * self.summary("r")["spikes"])

    def test_all_or_nothing(self):
        run = self.run_digits("part", FOUR)
        # Spikes in a recorded part are those of a record of all.
        whole = self.run_digits("whole", "--set=record.spikes=true")
        self.assertEqual(whole["raster"]["recorded"], [])
        self.assertEqual(self.summary("part")["result_hash"], self.summary("whole")["result_hash"])
        for name in ("hidden_1", "output"):
            times, ids = self.spikes("whole", name)
            some, of = self.spikes("part", name)
            inside = numpy.zeros(len(times), bool)
            for part in run["raster"]["recorded"]:
                inside |= (times >= part["from"]) & (times < part["to"])
            self.assertTrue(numpy.array_equal(times[inside], some) and numpy.array_equal(ids[inside], of))
        self.assertEqual(self.summary("whole")["spikes"],
                         sum(len(self.spikes("whole", name)[0]) for name in ("hidden_1", "output")))
        self.assertEqual(self.summary("whole")["source_spikes"],
                         sum(len(self.spikes("whole", name)[0]) for name in ("input", "tonic")))
        none = self.run_digits("none", "--set=record.images=0", "--set=record.traces=false")
        self.assertEqual((none["raster"], none["traces"]), (None, []))
        self.assertEqual(self.summary("none")["result_hash"], self.summary("whole")["result_hash"])

    def test_evaluate_stands_beside_the_runs_own_test(self):
        self.run_digits("r", "--set=task.test_limit=100", "--set=presentation.readout=160")
        own = self.summary("r")["test_error_percent"]
        curve = json.loads(self.run_program("evaluate", "r", "--json").stdout)
        self.assertIn(160, [point["time_ms"] for point in curve])
        same, = (point for point in curve if "run_error_percent" in point)
        self.assertEqual((same["time_ms"], same["run_error_percent"], same["run_images"], same["images"]), (160, own, 100, 100))
        # Two draws of the noise with the same weights: within four standard deviations of their difference.
        p = own / 100
        self.assertLess(abs(same["error_percent"] - own), 400 * (2 * p * (1 - p) / 100) ** 0.5)
        text = self.run_program("evaluate", "r").stdout
        self.assertIn(f"the run's own test: {own:.2f} of 100 images", text)
        self.assertIn(f"differ: by up to {self.spread(own, 100):.2f} %", text)
        fewer = self.run_program("evaluate", "r", "--set", "task.test_limit=20").stdout
        self.assertIn("another set", fewer)

    @staticmethod
    def spread(error, images):
        """Of the difference of two tests [%], the probability of an error by Laplace's rule: (wrong + 1) / (images + 2)."""
        p = (error / 100 * images + 1) / (images + 2)
        return 100 * (2 * p * (1 - p) / images) ** 0.5

    def data_set(self, name, value):
        """Ten images of each class, all of one shade, as large as drawn digits."""
        (self.folder / name).mkdir()
        for half in ("train", "t10k"):
            (self.folder / name / f"{half}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 100, 16, 16) + bytes([value]) * 25600)
            (self.folder / name / f"{half}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 100) + bytes(range(10)) * 10)

    def expect_comparison(self, run, reason, *options):
        text = self.run_program("evaluate", run, *options).stdout
        points = json.loads(self.run_program("evaluate", run, "--json", *options).stdout)
        same = "The weights and the images are those of the run's own test"
        self.assertEqual([same in text, "the run's own test:" in text, any("run_error_percent" in p for p in points)], [not reason] * 3, text)
        self.assertIn(reason and f"The run's own test was {reason}", text)

    def test_evaluate_compares_what_is_the_same(self):
        self.run_digits("r")
        self.expect_comparison("r", "")
        self.expect_comparison("r", "with another seed", "--set", "seed=77")
        self.expect_comparison("r", "with another configuration", "--set", "neuron.tau_soma=25")
        for name, value in (("data", 200), ("copy", 200), ("other", 100)):
            self.data_set(name, value)
        self.expect_comparison("r", "of other images", "--data", "data")
        self.run_digits("d", "--data", "data")
        self.expect_comparison("d", "")
        self.expect_comparison("d", "", "--data", "copy")
        self.expect_comparison("d", "of other images", "--data", "other")

    def test_a_run_without_an_error_may_err_in_another_test(self):
        self.run_digits("r")
        for error in (0.0, 100.0):
            (self.folder / "r/summary.json").write_text(json.dumps({**self.summary("r"), "test_error_percent": error}))
            self.assertIn(f"differ: by up to {self.spread(error, 15):.2f} %", self.run_program("evaluate", "r").stdout)


if __name__ == "__main__":
    unittest.main()
