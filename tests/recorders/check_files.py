"""Reads the recorders' files with h5py and h5dump, as other people do.

usage: check_files.py CLIENT_FILES H5DUMP GOLDEN    a test program, HDF5's h5dump, the folder of golden texts
"""

import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

CLIENT_FILES, H5DUMP, GOLDEN = (os.path.abspath(argument) for argument in sys.argv[1:])
RUN_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
LONG_NAME = 64 * "p"
TICK_MS = 2.0**-30

# What client_files.cpp recorded from `pyr`.
INDEX = np.arange(90000)
TIMES = INDEX * 1000003 * TICK_MS
OF_FILE = {"spikes": INDEX >= 0, "events": INDEX % 3 == 0, "bursts": INDEX % 3 == 1}


def is_utf8_string(attribute):
    info = h5py.check_string_dtype(attribute.dtype)
    return info is not None and info.encoding == "utf-8" and info.length is None


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        subprocess.run([CLIENT_FILES, "write", cls.folder], check=True)

    def open(self, name):
        file = h5py.File(os.path.join(self.folder, name), "r")
        self.addCleanup(file.close)
        return file

    def describe(self, name):
        return subprocess.run([CLIENT_FILES, "describe", name], cwd=self.folder, capture_output=True, text=True)


class Layout(Files):
    def test_the_folder_holds_finished_files_only(self):
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["bursts.h5", "events.h5", "spikes.h5", "traces.h5", "weights.h5"])

    def test_every_root_tells_kind_run_and_tick(self):
        for kind in ("spikes", "events", "bursts", "traces", "weights"):
            root = self.open(kind + ".h5").attrs
            self.assertEqual(root["kind"], kind)
            self.assertEqual(root["run_id"], RUN_ID)
            self.assertTrue(is_utf8_string(root.get_id("run_id")))
            self.assertEqual((root["kind_fixed"], root["run_id_fixed"]), (kind.encode(), RUN_ID.encode()))
            self.assertEqual(root["tick_ms"], TICK_MS)


class Spikes(Files):
    def files(self):
        return [(self.open(kind + ".h5"), mask) for kind, mask in OF_FILE.items()]

    def test_root(self):
        for file, _ in self.files():
            magic, version = file.attrs.get_id("magic"), file.attrs.get_id("version")
            self.assertEqual((magic.dtype, magic.shape), (np.uint32, ()))
            self.assertEqual(file.attrs["magic"], 0x0A7A)
            self.assertEqual((version.dtype, version.shape), (np.uint32, (2,)))
            self.assertEqual(list(file.attrs["version"]), [0, 1])
            self.assertEqual((file.attrs["t_start_ms"], file.attrs["t_stop_ms"]), (0.0, 100.0))
            self.assertEqual(list(file), ["spikes"])

    def test_every_population_appears_and_nothing_else(self):
        for file, _ in self.files():
            self.assertEqual(sorted(file["spikes"]), sorted(["pyr", "silent", LONG_NAME]))
            for group in file["spikes"].values():
                self.assertEqual(sorted(group), ["node_ids", "timestamps"])

    def test_sorting_is_the_enumeration(self):
        for file, _ in self.files():
            for group in file["spikes"].values():
                sorting = group.attrs.get_id("sorting")
                self.assertEqual(sorting.shape, ())
                self.assertEqual(sorting.dtype, np.uint8)
                self.assertEqual(h5py.check_enum_dtype(sorting.dtype), {"none": 0, "by_id": 1, "by_time": 2})
                self.assertEqual(group.attrs["sorting"], 2)
                self.assertEqual(group["node_ids"].attrs["sorting"], "by_time")
                self.assertTrue(is_utf8_string(group["node_ids"].attrs.get_id("sorting")))

    def test_size_of_the_populations(self):
        for file, _ in self.files():
            self.assertEqual({name: group.attrs["size"] for name, group in file["spikes"].items()},
                             {"pyr": 100, "silent": 3, LONG_NAME: 1})

    def test_datasets(self):
        for file, _ in self.files():
            for group in file["spikes"].values():
                self.assertEqual(group["timestamps"].dtype, np.float64)
                self.assertEqual(group["node_ids"].dtype, np.uint64)
                self.assertEqual(group["timestamps"].attrs["units"], "ms")
                self.assertTrue(is_utf8_string(group["timestamps"].attrs.get_id("units")))
                for data in group.values():
                    self.assertEqual(data.maxshape, (None,))
                    self.assertEqual(data.chunks, (65536,))
                    self.assertTrue(data.shuffle)
                    self.assertEqual((data.compression, data.compression_opts), ("gzip", 4))
                    self.assertIsNone(data.scaleoffset)

    def test_content(self):
        for file, mask in self.files():
            times, neurons = file["spikes/pyr/timestamps"][:], file["spikes/pyr/node_ids"][:]
            np.testing.assert_array_equal(times, TIMES[mask])  # equal, not near
            np.testing.assert_array_equal(neurons, (INDEX % 100)[mask])
            self.assertTrue(np.all(np.diff(times) > 0.0))

    def test_empty_population(self):
        for file, _ in self.files():
            for name in ("silent", LONG_NAME):
                self.assertEqual(file["spikes"][name]["timestamps"].shape, (0,))
                self.assertEqual(file["spikes"][name]["node_ids"][:].size, 0)

    def test_a_killed_run_leaves_what_it_flushed(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([CLIENT_FILES, "write-and-die", folder], check=True)
            self.assertEqual(sorted(os.listdir(folder)),
                             ["bursts.h5.partial", "events.h5.partial", "spikes.h5.partial"])
            with h5py.File(os.path.join(folder, "spikes.h5.partial"), "r") as file:
                np.testing.assert_array_equal(file["spikes/pyr/timestamps"][:], TIMES[TIMES < 50.0])
                self.assertEqual(file["spikes/pyr/node_ids"].shape, file["spikes/pyr/timestamps"].shape)
                self.assertEqual(file.attrs["t_stop_ms"], 50.0)


class Traces(Files):
    UNITS = {"spike_rate": "Hz", "event_rate": "Hz", "burst_rate": "Hz", "burst_probability": "1"}

    def test_layout(self):
        traces = self.open("traces.h5")["traces"]
        self.assertEqual(sorted(traces), sorted(["pyr", "silent", LONG_NAME]))
        for group in traces.values():
            self.assertEqual(sorted(group), sorted(self.UNITS))
            for name, data in group.items():
                self.assertEqual((data.dtype, data.shape, data.maxshape), (np.float64, (5,), (None,)))
                self.assertEqual(dict(data.attrs),
                                 {"units": self.UNITS[name], "t_start_ms": 0.0, "dt_ms": 20.0, "last_bin_ms": 20.0, "filter": "boxcar"})

    def test_content(self):
        group = self.open("traces.h5")["traces/pyr"]
        edges = np.arange(6) * 20.0
        counts = {kind: np.histogram(TIMES[mask], edges)[0] for kind, mask in OF_FILE.items()}
        for kind, name in (("spikes", "spike_rate"), ("events", "event_rate"), ("bursts", "burst_rate")):
            np.testing.assert_allclose(group[name][:], counts[kind] / (100 * 0.020), rtol=1e-14)
        np.testing.assert_array_equal(
            group["burst_probability"][:4], counts["bursts"][:4] / counts["events"][:4])

    def test_silence_has_no_burst_probability(self):
        group = self.open("traces.h5")["traces/silent"]
        self.assertTrue(np.all(np.isnan(group["burst_probability"][:])))
        np.testing.assert_array_equal(group["event_rate"][:], 0.0)


class Weights(Files):
    ATTRIBUTES = {"layout": "target,source", "epoch": 2, "sample": 800, "time_ms": 100.0}

    def test_dense(self):
        data = self.open("weights.h5")["weights/in_to_hid_W/000000"]
        self.assertEqual(data.dtype, np.float64)
        np.testing.assert_array_equal(data[:], [[1, 2, 3], [4, 5, 6]])
        self.assertEqual(dict(data.attrs), {**self.ATTRIBUTES, "units": "mV", "units_fixed": b"mV"})

    def test_sparse(self):
        group = self.open("weights.h5")["weights/hid_to_in_Y/000000"]
        self.assertEqual(sorted(group), ["data", "indices", "indptr"])
        self.assertEqual([group[name].dtype for name in sorted(group)], [np.float32, np.uint32, np.uint64])
        np.testing.assert_array_equal(group["indptr"][:], [0, 2, 3])
        np.testing.assert_array_equal(group["indices"][:], [0, 4, 1])
        np.testing.assert_array_equal(group["data"][:], np.float32([0.5, 1.5, -2.5]))
        attributes = dict(group.attrs)
        self.assertEqual(list(attributes.pop("shape")), [2, 5])
        self.assertEqual(attributes, {**self.ATTRIBUTES, "units": "pA", "units_fixed": b"pA"})


class H5dump(Files):
    def check(self, name):
        text = subprocess.run([H5DUMP, "-A", name], cwd=self.folder, check=True, capture_output=True, text=True).stdout
        with open(os.path.join(GOLDEN, name + "dump")) as golden:
            self.assertEqual(text, golden.read())

    def test_spikes(self):
        self.check("spikes.h5")

    def test_weights(self):
        self.check("weights.h5")


class Describe(Files):
    def test_our_file(self):
        said = self.describe("events.h5")
        self.assertEqual(said.returncode, 0)
        self.assertEqual(said.stdout.splitlines()[0], f"events.h5: events of run {RUN_ID}")
        self.assertIn("  silent: 0 events, 0 Hz\n", said.stdout)

    def test_spikes_of_another_program(self):
        with h5py.File(os.path.join(self.folder, "other.h5"), "w") as file:
            file["spikes/V1/timestamps"] = [1.5, 2.5]
            file["spikes/V1/node_ids"] = np.uint32([3, 4])
            file.attrs["kind"] = np.bytes_("events")  # ASCII, of fixed length
        self.addCleanup(os.remove, os.path.join(self.folder, "other.h5"))
        self.assertEqual(self.describe("other.h5").stdout, "other.h5: events\n  V1: 2 events, 1.5 to 2.5 ms\n")

    def test_foreign_file(self):
        with h5py.File(os.path.join(self.folder, "foreign.h5"), "w") as file:
            file["temperature"] = [1.0]
        self.addCleanup(os.remove, os.path.join(self.folder, "foreign.h5"))
        said = self.describe("foreign.h5")
        self.assertEqual((said.returncode, said.stdout), (3, ""))
        self.assertIn("neither one of Apical nor a SONATA file", said.stderr)

    def test_file_without_its_datasets(self):
        with h5py.File(os.path.join(self.folder, "hollow.h5"), "w") as file:
            file.create_group("spikes/V1")
        self.addCleanup(os.remove, os.path.join(self.folder, "hollow.h5"))
        said = self.describe("hollow.h5")
        self.assertEqual(said.returncode, 4)
        self.assertIn("/spikes/V1/timestamps", said.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
