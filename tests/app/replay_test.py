#!/usr/bin/env python3
"""Spikes of a file played by a source: what comes after it must be what it was."""
import json
import unittest

import h5py

from cli import CommandLineTest

NETWORK = """
seed = 3
duration = 500.0
[population.input]
model = "poisson"
size = 50
parameters = { rate = 40.0 }
[population.exc]
model = "lif"
size = 100
background = [{ port = "membrane", rate = 1500.0, weight = 0.5 }]
[projection.input_to_exc]
source = "input"
target = "exc"
port = "membrane"
connect = { rule = "fixed_indegree", k = 20 }
weight = 0.8
delay = 1.0
short_term = { variant = "tm", U = 0.4, tau_rec = 100.0, tau_fac = 20.0 }
[record]
spikes = ["input", "exc"]
"""


class Replay(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("network.toml", NETWORK)
        self.run_program("run", "network.toml", "--out", "r", "--quiet")

    def replay(self, *options, spikes="r/spikes.h5", into="network.toml", population="input", out="again", code=0):
        return self.run_program("replay", spikes, "--into", into, "--population", population, "--out", out, "--overwrite",
                                "--quiet", *options, code=code)

    def spikes(self, folder, population):
        with h5py.File(self.folder / folder / "spikes.h5") as file:
            group = file["spikes"][population]
            return list(zip(group["timestamps"][:].tolist(), group["node_ids"][:].tolist()))

    def summary(self, folder):
        return json.loads((self.folder / folder / "summary.json").read_text())

    def test_what_comes_after_the_source_is_the_same_to_a_tick(self):
        self.assertGreater(len(self.spikes("r", "exc")), 100)
        self.replay()
        for population in ("input", "exc"):
            self.assertEqual(self.spikes("again", population), self.spikes("r", population))
        self.assertEqual(self.summary("again")["result_hash"], self.summary("r")["result_hash"])

    def test_it_is_the_file_that_is_played(self):
        self.replay("--seed", "4")
        self.assertEqual(self.spikes("again", "input"), self.spikes("r", "input"))
        self.assertNotEqual(self.spikes("again", "exc"), self.spikes("r", "exc"))

    def test_a_source_may_be_there_for_the_file_only_and_have_another_name(self):
        # Weights and synapses belong to the names of projections: the same spikes, if only the source's name differs.
        text = NETWORK.replace('model = "poisson"', 'model = "spike_train"').replace("parameters = { rate = 40.0 }\n", "")
        self.write("open.toml", text.replace("population.input", "population.V1").replace('"input"', '"V1"'))
        self.replay("--spike_population", "input", into="open.toml", population="V1")
        self.assertEqual(self.spikes("again", "exc"), self.spikes("r", "exc"))

    def test_the_run_tells_what_it_played_and_can_be_repeated_from_anywhere(self):
        self.replay("--set", "population.exc.size=30")
        manifest = json.loads((self.folder / "again/manifest.json").read_text())
        self.assertTrue(manifest["command_line"].startswith("apical replay r/spikes.h5 --into network.toml"))
        self.assertEqual([file["name"] for file in manifest["inputs"]],
                         [str(self.folder / "r" / name) for name in ("spikes.h5", "events.h5", "bursts.h5")])
        (self.folder / "elsewhere").mkdir()
        self.run_program("run", "again/config.resolved.toml", "--out", "elsewhere/r", "--quiet")
        self.assertEqual(self.summary("elsewhere/r")["result_hash"], self.summary("again")["result_hash"])

    def test_files_that_cannot_be_played(self):
        self.assertIn("r/spikes.h5: has no population 'inpt'; it has: exc, input",
                      self.replay("--spike_population", "inpt", code=3).stderr)
        self.assertIn("no.h5", self.replay(spikes="no.h5", code=4).stderr)
        self.assertIn("not an HDF5 file", self.replay(spikes="network.toml", code=3).stderr)
        with h5py.File(self.folder / "other.h5", "w") as file:
            file["weights"] = [1.0]
        self.assertIn("other.h5: holds no spikes", self.replay(spikes="other.h5", code=3).stderr)
        self.assertIn("expected one of 5 neurons", self.replay("--set", "population.input.size=5", code=3).stderr)
        self.assertFalse((self.folder / "again").exists(), "nothing was begun")

    def test_a_shorter_run_plays_what_it_has_time_for(self):
        self.replay("--set", "duration=100")
        self.assertEqual(self.spikes("again", "exc"), [spike for spike in self.spikes("r", "exc") if spike[0] < 100])

    def test_places_where_nothing_can_be_played(self):
        self.assertIn("did you mean 'input'?", self.replay(population="inptu", code=2).stderr)
        self.assertIn("it has: input, exc", self.replay(population="cortex", code=2).stderr)
        self.assertIn("'exc' of network.toml is a lif: only a source", self.replay(population="exc", code=2).stderr)
        self.run_program("new", "xor")
        self.assertIn("xor.toml describes no network", self.replay(into="xor.toml", code=2).stderr)
        self.assertIn("--into is missing", self.run_program("replay", "r/spikes.h5", code=2).stderr)
        self.assertIn("--population is missing", self.run_program("replay", "r/spikes.h5", "--into", "network.toml", code=2).stderr)
        self.assertIn("expected one file, found 0", self.run_program("replay", code=2).stderr)
        kept = (self.folder / "r/spikes.h5").read_bytes()
        self.assertIn("is the folder of the spikes", self.replay(out="r", code=2).stderr)
        self.assertEqual((self.folder / "r/spikes.h5").read_bytes(), kept)


if __name__ == "__main__":
    unittest.main()
