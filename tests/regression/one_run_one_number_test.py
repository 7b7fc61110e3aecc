#!/usr/bin/env python3
"""One run told different numbers of neurons and spikes: with the sources here, without them there."""
import json
import pathlib
import re
import shutil
import unittest

from cli import CommandLineTest

CONFIG = pathlib.Path(__file__).with_suffix("").name.removesuffix("_test") + ".toml"
NEURONS, SOURCES = ("cells", "others"), ("poisson", "clock")


class OneRun(CommandLineTest):
    def test_every_place_tells_the_same(self):
        shutil.copy(pathlib.Path(__file__).parent / CONFIG, self.folder / "net.toml")
        done = self.run_program("run", "net.toml", "--out", "r", "--no-progress")
        spikes = sum(len(self.spikes("r", p)[0]) for p in NEURONS)
        source_spikes = sum(len(self.spikes("r", p)[0]) for p in SOURCES)
        self.assertGreater(spikes, 100)
        # Three clocks of 40 Hz fire 20 times each, and the Poisson trains 20 x 200 x 0.5 times, to four standard deviations.
        self.assertAlmostEqual(source_spikes, 60 + 2000, delta=4 * 2000 ** 0.5)
        summary = json.loads((self.folder / "r/summary.json").read_text(encoding="utf-8"))
        self.assertEqual((summary["task"], summary["neurons"], summary["sources"]), ("network", 57, 23))
        self.assertEqual((summary["spikes"], summary["source_spikes"]), (spikes, source_spikes))
        self.assertEqual(json.loads((self.folder / "r/manifest.json").read_text(encoding="utf-8"))["task"], "network")

        size = "57 neurons and 23 sources in 4 populations"
        self.assertIn(f"network · {size}", done.stderr)
        sentence = f"{spikes} spikes of 57 neurons in 0.5 s of biological time, and {source_spikes} of 23 sources"
        self.assertIn(sentence, done.stdout)
        self.assertEqual(summary["verdict"], sentence)

        self.assertIn(size, self.run_program("check", "net.toml").stdout)
        facts = json.loads(self.run_program("check", "net.toml", "--json").stdout)
        self.assertEqual((facts["task"], facts["neurons"], facts["sources"]), ("network", 57, 23))

        info = self.run_program("info", "r").stdout
        for key, value in (("neurons", 57), ("sources", 23), ("spikes", spikes), ("source_spikes", source_spikes)):
            self.assertRegex(info, rf"(?m)^  {key} +{value}$")
        self.assertNotIn("simulate", info)

        page = (self.folder / "r/report.html").read_text(encoding="utf-8")
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
        self.assertEqual(data["runs"][0]["summary"], summary)
        raster = data["runs"][0]["raster"]
        self.assertEqual(raster["total"], spikes + source_spikes, "all populations are recorded")
        self.assertEqual({p["name"] for p in raster["populations"] if p["source"]}, set(SOURCES))
        self.assertEqual(sum(p["size"] for p in raster["populations"] if not p["source"]), 57)

    def test_silent_neurons_are_told_where_sources_are_not(self):
        text = (pathlib.Path(__file__).parent / CONFIG).read_text(encoding="utf-8")
        self.write("net.toml", text.replace("weight = 2.0", "weight = 0.0"))
        done = self.run_program("run", "net.toml", "--out", "r", "--no-progress")
        self.assertIn("warning: no neuron did spike", done.stderr)

    def test_tasks_count_the_same_way(self):
        self.run_program("new", "xor")
        self.run_program("run", "xor.toml", "--out", "r", "--quiet", "--set", "examples=20", "--set", "neurons=5")
        summary = json.loads((self.folder / "r/summary.json").read_text(encoding="utf-8"))
        facts = json.loads(self.run_program("check", "r/config.resolved.toml", "--json").stdout)
        self.assertEqual((facts["neurons"], facts["sources"]), (summary["neurons"], summary["sources"]))
        page = (self.folder / "r/report.html").read_text(encoding="utf-8")
        raster = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["runs"][0]["raster"]
        counted = {False: 0, True: 0}
        for population in raster["populations"]:
            counted[population["source"]] += len(self.spikes("r", population["name"])[0])
        sizes = {source: sum(p["size"] for p in raster["populations"] if p["source"] == source) for source in (False, True)}
        if sizes == {False: summary["neurons"], True: summary["sources"]}:
            self.assertEqual((counted[False], counted[True]), (summary["spikes"], summary["source_spikes"]))
        else:  # a population that is not recorded
            self.assertLessEqual(counted[False], summary["spikes"])


if __name__ == "__main__":
    unittest.main()
