#!/usr/bin/env python3
"""Spikes for other programs, and back: `apical export`, the loader for Neo, and files of spikes as sources."""
import csv
import json
import pathlib
import sys
import time
import unittest
import uuid

import h5py
import numpy as np

from cli import CommandLineTest

try:
    import neo
except ImportError:
    neo = None

NETWORK = """seed = 3
duration = 400.0
[population.noise]
model = "poisson"
size = 20
parameters = { rate = 30.0 }
[population.silent]
model = "lif"
size = 2
[record]
spikes = ["noise", "silent"]
"""


class Export(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("net.toml", NETWORK)
        self.run_program("run", "net.toml", "--out", "r", "--quiet")
        with h5py.File(self.folder / "r/spikes.h5") as file:
            self.spikes = {name: list(zip(group["node_ids"][:].tolist(), group["timestamps"][:].tolist()))
                           for name, group in file["spikes"].items()}
        self.assertGreater(len(self.spikes["noise"]), 100)
        self.assertEqual(self.spikes["silent"], [])

    def test_csv_is_exact(self):
        self.run_program("export", "r", "--to", "csv")
        with open(self.folder / "r/spikes.csv", encoding="utf-8", newline="") as file:
            rows = [(row["population"], int(row["node_id"]), float(row["time_ms"])) for row in csv.DictReader(file)]
        self.assertEqual(rows, [(name, *spike) for name, spikes in self.spikes.items() for spike in spikes])

    def test_gdf_has_no_header_and_counts_ids_through(self):
        self.run_program("export", "r", "--to", "gdf", "--out", "x.gdf")
        lines = [line.split("\t") for line in (self.folder / "x.gdf").read_text().splitlines()]
        self.assertEqual(sorted((int(i), float(t)) for i, t in lines), sorted(self.spikes["noise"]))
        times = [float(t) for _, t in lines]
        self.assertEqual(times, sorted(times))
        self.assertEqual((self.folder / "x.gdf.populations.csv").read_text(), "population,first_id,size\nnoise,0,20\nsilent,20,2\n")

    @unittest.skipUnless(neo, "python3-neo is not installed")
    def test_neo_reads_gdf(self):
        self.run_program("export", "r", "--to", "gdf", "--out", "x.gdf")
        import quantities
        reader = neo.io.NestIO(filenames=str(self.folder / "x.gdf"))
        segment = reader.read_segment(gid_list=[], t_start=0 * quantities.ms, t_stop=400 * quantities.ms, id_column_gdf=0,
                                      time_column_gdf=1)
        self.assertEqual(sum(len(train) for train in segment.spiketrains), len(self.spikes["noise"]))
        train = next(t for t in segment.spiketrains if t.annotations["id"] == 5)
        np.testing.assert_allclose(train.rescale("ms").magnitude, [t for i, t in self.spikes["noise"] if i == 5], rtol=1e-12)

    @unittest.skipUnless(neo, "python3-neo is not installed")
    def test_the_loader_for_neo(self):
        sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples"))
        from neo_loader import load
        segment = load(self.folder / "r/spikes.h5")
        self.assertEqual(len(segment.spiketrains), 22)
        for train in segment.spiketrains:
            expected = [t for i, t in self.spikes[train.annotations["population"]] if i == train.annotations["node_id"]]
            self.assertEqual(train.rescale("ms").magnitude.tolist(), expected)
            self.assertEqual(float(train.t_stop), 400.0)

    def test_nwb(self):
        self.run_program("export", "r", "--to", "nwb")
        manifest = json.loads((self.folder / "r/manifest.json").read_text())
        with h5py.File(self.folder / "r/spikes.nwb") as file:
            types = {"/": ("core", "NWBFile"), "/units": ("core", "Units"), "/units/id": ("hdmf-common", "ElementIdentifiers")}
            for name in ("spike_times", "obs_intervals", "population", "node_id"):
                types[f"/units/{name}"] = ("hdmf-common", "VectorData")
            for name in ("spike_times_index", "obs_intervals_index"):
                types[f"/units/{name}"] = ("hdmf-common", "VectorIndex")
            for name, expected in types.items():
                attributes = file[name].attrs
                self.assertEqual((attributes["namespace"], attributes["neurodata_type"]), expected)
                uuid.UUID(attributes["object_id"])
            self.assertEqual(len({file[name].attrs["object_id"] for name in types}), len(types))
            self.assertEqual(file.attrs["nwb_version"], "2.7.0")
            for group in ("acquisition", "analysis", "general", "processing", "stimulus/presentation", "stimulus/templates"):
                self.assertIsInstance(file[group], h5py.Group)
            self.assertEqual(file["identifier"][()].decode(), manifest["run_id"])
            start = manifest["start"].replace("Z", "+00:00")
            self.assertEqual(file["session_start_time"][()].decode(), start)
            self.assertEqual(file["timestamps_reference_time"][()].decode(), start)
            self.assertEqual([d.decode() for d in file["file_create_date"][:]], [start])
            units = file["units"]
            self.assertEqual(list(units.attrs["colnames"]), ["spike_times", "population", "node_id", "obs_intervals"])
            self.assertEqual(units["id"][:].tolist(), list(range(22)))
            begin = 0
            for unit in range(22):
                end = int(units["spike_times_index"][unit])
                population, node = units["population"][unit].decode(), int(units["node_id"][unit])
                expected = [t / 1000 for i, t in self.spikes[population] if i == node]
                self.assertEqual(units["spike_times"][begin:end].tolist(), expected)
                begin = end
            self.assertEqual(begin, len(units["spike_times"]))
            self.assertEqual(units["obs_intervals"][:].tolist(), [[0.0, 0.4]] * 22)
            self.assertEqual(units["obs_intervals_index"][:].tolist(), list(range(1, 23)))
            for name in ("spike_times", "obs_intervals"):
                self.assertEqual(file[units[f"{name}_index"].attrs["target"]].name, f"/units/{name}")

    def test_an_export_can_be_repeated_and_says_what_is_wrong(self):
        for name in ("a", "b"):
            self.run_program("export", "r", "--to", "nwb", "--out", f"{name}.nwb")
            time.sleep(1.1)  # no clock is in the file
        self.assertEqual((self.folder / "a.nwb").read_bytes(), (self.folder / "b.nwb").read_bytes())
        self.assertIn("expected csv, gdf or nwb", self.run_program("export", "r", "--to", "nix", code=2).stderr)
        self.assertIn("--to is missing", self.run_program("export", "r", code=2).stderr)
        self.assertIn("not a run folder", self.run_program("export", ".", "--to", "csv", code=3).stderr)
        self.assertIn("error[E0601]", self.run_program("export", "r", "--to", "csv", "--out", "no/such/folder", code=4).stderr)
        (self.folder / "r/manifest.json").write_text("{")
        self.assertIn("manifest.json", self.run_program("export", "r", "--to", "nwb", code=3).stderr)

    def replay(self, *settings, code=0):
        self.write("replay.toml", 'duration = 400.0\n[population.noise]\nmodel = "spike_train"\nsize = 20\n' + "\n".join(settings) +
                   '\n[record]\nspikes = ["noise"]\n')
        return self.run_program("run", "replay.toml", "--out", "again", "--overwrite", "--quiet", code=code)

    def test_a_file_of_spikes_is_a_source(self):
        self.replay('spike_file = "r/spikes.h5"')
        with h5py.File(self.folder / "again/spikes.h5") as file:
            group = file["spikes/noise"]
            again = list(zip(group["node_ids"][:].tolist(), group["timestamps"][:].tolist()))
        self.assertEqual(again, self.spikes["noise"])
        self.run_program("run", "again/config.resolved.toml", "--out", "third", "--quiet")
        hashes = [json.loads((self.folder / folder / "summary.json").read_text())["result_hash"] for folder in ("again", "third")]
        self.assertEqual(*hashes)

    def test_files_of_others_are_sources(self):
        with h5py.File(self.folder / "foreign.h5", "w") as file:  # by neuron, as some write it; without our attributes
            group = file.create_group("spikes/cells")
            group.create_dataset("node_ids", data=[0, 0, 19], dtype="u8")
            group.create_dataset("timestamps", data=[5.5, 30.25, 1.5])
        self.replay('spike_file = "foreign.h5"', 'spike_population = "cells"')
        with h5py.File(self.folder / "again/spikes.h5") as file:
            self.assertEqual(file["spikes/noise/timestamps"][:].tolist(), [1.5, 5.5, 30.25])
            self.assertEqual(file["spikes/noise/node_ids"][:].tolist(), [19, 0, 0])

    def test_wrong_files_of_spikes(self):
        self.assertIn("it has: noise, silent", self.replay('spike_file = "r/spikes.h5"', 'spike_population = "x"', code=2).stderr)
        self.assertIn("there is no", self.replay('spike_file = "nothing.h5"', code=2).stderr.replace("cannot open", "there is no"))
        self.assertIn("both given", self.replay('spike_file = "r/spikes.h5"', f"spike_times = {[[1.0]] * 20}", code=2).stderr)
        with h5py.File(self.folder / "large.h5", "w") as file:
            file["spikes/noise/node_ids"], file["spikes/noise/timestamps"] = [20], [1.0]
        self.assertIn("neuron 20", self.replay('spike_file = "large.h5"', code=2).stderr)
        with h5py.File(self.folder / "early.h5", "w") as file:
            file["spikes/noise/node_ids"], file["spikes/noise/timestamps"] = [0], [-1.0]
        self.assertIn("-1 ms", self.replay('spike_file = "early.h5"', code=2).stderr)


if __name__ == "__main__":
    unittest.main()
