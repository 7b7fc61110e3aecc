#!/usr/bin/env python3
"""Reports of runs: what they hold, that they need nothing else, and what they say where there is nothing to show."""
import base64
import csv
import json
import re
import shutil
import tempfile
import unittest

import h5py

from cli import CommandLineTest

SHORT = ["--set", "examples=40", "--set", "neurons=10", "--quiet"]
SILENT = """duration = 50.0
[population.{name}]
model = "lif"
size = 1
[record]
spikes = ["{name}"]
traces = ["{name}"]
"""


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def unpack(raster):
    """The spikes in a page, read independently of its script: [(time in units, row, kind)]."""
    numbers, value, shift = [], 0, 0
    for byte in base64.b64decode(raster["spikes"]):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    spikes, now = [], 0
    for delta, code in zip(numbers[::2], numbers[1::2]):
        now += delta
        spikes.append((now, code // 3, code % 3))
    return spikes


class Report(CommandLineTest):
    runs = {}  # seed: the folder of a run, made once

    @classmethod
    def tearDownClass(cls):
        for folder in cls.runs.values():
            shutil.rmtree(folder)

    def xor(self, *folders):
        """Short runs of the seeds 1, 2, ... in these folders."""
        for seed, folder in enumerate(folders, start=1):
            if seed not in self.runs:
                self.runs[seed] = tempfile.mkdtemp()
                self.run_program("new", "xor", "--overwrite")
                self.run_program("run", "xor.toml", "--out", self.runs[seed], "--seed", str(seed), *SHORT)
            shutil.copytree(self.runs[seed], self.folder / folder)

    def page(self, path):
        return (self.folder / path).read_text(encoding="utf-8")

    def test_a_run_leaves_a_report_that_needs_nothing_else(self):
        self.xor("r")
        page = self.page("r/report.html")
        for outside in (r'<(script|img|link|iframe)[^>]*(src|href)="(?!data:)', r"@import", r"url\(['\"]?(http|//|\w+\.)",
                        r"\bfetch\(", r"XMLHttpRequest", r"WebSocket"):
            self.assertIsNone(re.search(outside, page), outside)
        self.assertTrue("default-src 'none'" in page, "nothing may be loaded")
        self.assertTrue("Permission is hereby granted" in page, "the licence of uPlot goes with it")
        run, = data_of(page)["runs"]
        summary = json.loads(self.page("r/summary.json"))
        self.assertEqual(run["summary"], summary)
        self.assertIn("patterns right", summary["verdict"])
        self.assertEqual(run["resolved"], self.page("r/config.resolved.toml"))
        with open(self.folder / "r/metrics.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for name, values in run["metrics"].items():
            self.assertEqual(values, [float(row[name]) if row[name] else None for row in rows])

    def test_the_raster_holds_every_spike_and_what_it_is(self):
        self.xor("r")
        raster = data_of(self.page("r/report.html"))["runs"][0]["raster"]
        kinds = {}
        with (h5py.File(self.folder / "r/spikes.h5") as spikes, h5py.File(self.folder / "r/events.h5") as events,
              h5py.File(self.folder / "r/bursts.h5") as bursts):
            expected, first = [], 0
            for population in raster["populations"]:
                name = population["name"]
                kinds = {kind: set(zip(file["spikes"][name]["timestamps"][:], file["spikes"][name]["node_ids"][:]))
                         for kind, file in enumerate((events, bursts))}
                group = spikes["spikes"][name]
                self.assertEqual(population["size"], group.attrs["size"])
                for spike in zip(group["timestamps"][:], group["node_ids"][:]):
                    kind = next((k for k in kinds if spike in kinds[k]), 2)
                    expected.append((int(spike[0] / raster["unit_ms"]), first + int(spike[1]), kind))
                first += population["size"]
        self.assertGreater(len(expected), 1000)
        self.assertEqual(sorted(unpack(raster)), sorted(expected))
        self.assertEqual({kind for _, _, kind in expected}, {0, 1, 2})

    def test_rates_and_weights_are_those_of_the_files(self):
        self.xor("r")
        run, = data_of(self.page("r/report.html"))["runs"]
        trace = next(t for t in run["traces"] if t["population"] == "output")
        joined = trace["joined"]
        with h5py.File(self.folder / "r/traces.h5") as file:
            rates = file["traces/output/event_rate"][:]
        rates = rates[:len(rates) // joined * joined].reshape(-1, joined).mean(axis=1)
        self.assertEqual(len(trace["event_rate"]), len(rates))
        for shown, exact in zip(trace["event_rate"], rates):
            self.assertAlmostEqual(shown, exact, delta=1e-4 * max(1.0, exact))
        with h5py.File(self.folder / "r/weights.h5") as file:
            for weights in run["weights"]:
                snapshots = file["weights"][weights["projection"]]
                last = snapshots[sorted(snapshots)[-1]]
                values = (last["data"] if isinstance(last, h5py.Group) else last)[:].astype(float)
                self.assertAlmostEqual(weights["mean"][-1], values.mean(), delta=1e-4 * abs(values).max())
                self.assertAlmostEqual(weights["sd"][-1], values.std(), delta=1e-4 * abs(values).max())
                self.assertEqual(sum(weights["histogram"]["last"]), values.size)
                if weights["last"]["block"] == 1 and not weights["last"]["sparse"]:
                    self.assertAlmostEqual(weights["last"]["values"][0][0], values[0][0], delta=1e-4 * abs(values).max())

    def test_several_runs_stand_side_by_side(self):
        self.xor("first", "second")
        self.assertIn("comparison.html", self.run_program("report", "first", "second").stdout)
        self.assertEqual([run["name"] for run in data_of(self.page("comparison.html"))["runs"]], ["first", "second"])
        self.run_program("report", "first", "second", "--out", "both.html")
        self.assertTrue(self.page("both.html") == self.page("comparison.html"), "nothing in it depends on when it is made")

    def test_a_report_is_made_anew(self):
        self.xor("r")
        (self.folder / "r/report.html").unlink()
        self.run_program("report", "r")
        page = self.page("r/report.html")
        self.run_program("report", "r")
        self.assertTrue(self.page("r/report.html") == page)

    def test_a_run_whose_report_cannot_be_written_is_a_run_all_the_same(self):
        self.write("silent.toml", SILENT.format(name="a"))
        (self.folder / "r/report.html").mkdir(parents=True)
        done = self.run_program("run", "silent.toml", "--out", "r", "--overwrite")
        self.assertIn("warning: there is no report", done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "results: r")

    def test_one_silent_neuron_with_a_long_name(self):
        name = "n" * 64
        self.write("silent.toml", SILENT.format(name=name))
        self.run_program("run", "silent.toml", "--out", "r", "--quiet")
        run, = data_of(self.page("r/report.html"))["runs"]
        self.assertEqual(run["raster"]["total"], 0)
        self.assertEqual(run["raster"]["populations"], [{"name": name, "size": 1, "source": False}])
        self.assertEqual(set(run["traces"][0]["event_rate"]), {0})
        self.assertTrue(any("not spike" in warning for warning in run["warnings"]))

    def test_what_was_not_recorded_is_missing_and_no_error(self):
        self.run_program("new", "xor")
        self.run_program("run", "xor.toml", "--out", "r", *SHORT, *(f"--set=record.{what}=false" for what in
                                                                    ("spikes", "traces", "weights")))
        run, = data_of(self.page("r/report.html"))["runs"]
        self.assertEqual((run["raster"], run["traces"], run["weights"]), (None, [], []))

    def test_text_cannot_break_out_of_the_page(self):
        self.xor("r")
        shutil.move(self.folder / "r", self.folder / "<script>alert(1)</script><!--".replace("/", "_"))
        folder, = (p.name for p in self.folder.iterdir() if p.name.startswith("<"))
        log = self.folder / folder / "log.txt"
        log.write_text(log.read_text(encoding="utf-8") + "x warning: </script><script>alert(2)</script>\n", encoding="utf-8")
        self.run_program("report", folder, "--out", "r.html")
        run, = data_of(self.page("r.html"))["runs"]
        self.assertIn("</script><script>alert(2)</script>", run["warnings"])
        self.assertFalse("alert(2)</script>" in self.page("r.html"))

    def test_damaged_files_are_refused_with_a_sentence(self):
        self.assertIn("error[E0601]", self.run_program("report", "nothing", code=4).stderr)
        self.assertIn("not a run folder", self.run_program("report", ".", code=3).stderr)
        self.assertIn("error[E0301]", self.run_program("report", code=2).stderr)
        self.xor("r")
        for name in ("manifest.json", "summary.json"):
            content = self.page(f"r/{name}")
            self.write(f"r/{name}", content[:40])
            self.assertIn(name, self.run_program("report", "r", code=3).stderr)
            self.write(f"r/{name}", content)
        for name in ("spikes.h5", "traces.h5", "weights.h5"):
            content = (self.folder / "r" / name).read_bytes()
            (self.folder / "r" / name).write_bytes(content[:len(content) // 2])
            self.assertIn(name, self.run_program("report", "r", code=4).stderr)
            (self.folder / "r" / name).write_bytes(content)
        with h5py.File(self.folder / "r/spikes.h5", "r+") as file:
            file["spikes/output/node_ids"][0] = 1 << 60
        self.assertIn("/spikes/output/node_ids", self.run_program("report", "r", code=3).stderr)
        with h5py.File(self.folder / "r/spikes.h5", "r+") as file:
            del file["spikes/output/node_ids"]
        self.assertIn("node_ids", self.run_program("report", "r", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
