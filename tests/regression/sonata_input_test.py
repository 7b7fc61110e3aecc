#!/usr/bin/env python3
"""SONATA files as others write them: played in ms whatever their unit, or refused with what was found and expected."""
import pathlib
import unittest

import h5py
import numpy as np

from cli import CommandLineTest

CONFIG = pathlib.Path(__file__).with_name("sonata_input.toml")


class SonataInput(CommandLineTest):
    def make(self, times, ids, units="ms", *, name="in.h5", population="input", change=lambda file: None):
        with h5py.File(self.folder / name, "w") as file:
            group = file.create_group(f"spikes/{population}")
            group["timestamps"], group["node_ids"] = np.asarray(times), np.asarray(ids)
            if units is not None:
                group["timestamps"].attrs["units"] = units
            change(file)

    def play(self, *options, code=0, spikes="in.h5", out="r"):
        return self.run_program("replay", spikes, "--into", CONFIG, "--population", "input", "--out", out, "--overwrite",
                                "--no-progress", *options, code=code).stderr

    def played(self, population="input", out="r"):
        times, ids = self.spikes(out, population)
        return list(zip(times.tolist(), ids.tolist()))

    def refused(self, *words, code=3):
        said = self.play(code=code)
        for word in ("error[E0501]: in.h5: ", *words):
            self.assertIn(word, said)

    def test_other_units_are_converted_as_decimals(self):
        decimals = ["0.01", "0.0000011", "0.0123456789"]
        for unit, shift, found in (("s", 3, "in s"), ("ms", 0, ""), ("us", -3, "in us"), ("seconds", 3, "in seconds"),
                                   ("µs", -3, "in µs"), ("ns", -6, "in ns")):
            # The same decimal number in another unit: the exponent differs, and nothing else.
            self.make([float(f"{d}e{-shift}") for d in decimals], [0, 1, 2], unit)
            said = self.play()
            self.assertEqual(sorted(self.played(), key=lambda p: p[1]),
                             [(round(float(d) * 2**30) / 2**30, i) for i, d in enumerate(decimals)], unit)
            if shift:
                self.assertIn(f"warning[E0502]: {self.folder}/in.h5: /spikes/input/timestamps is {found}: converted to ms", said)
            else:
                self.assertNotIn("warning", said)
        self.make([0.01, 0.02, 0.03], [0, 1, 2], "s")
        self.play()
        self.assertEqual(self.played(), [(10.0, 0), (20.0, 1), (30.0, 2)])
        self.assertEqual(self.played("b"), [(11.0, 0), (21.0, 1), (31.0, 2)])

    def test_where_the_unit_stands_or_is_missing(self):
        self.make([1, 2], [0, 1], None)
        self.assertIn("/spikes/input/timestamps has no attribute units: taken as ms", self.play())
        self.assertEqual(self.played(), [(1.0, 0), (2.0, 1)])
        for place in ("/", "/spikes", "/spikes/input"):
            self.make([0.001], [0], None, change=lambda file, at=place: file[at].attrs.__setitem__("units", np.bytes_("s")))
            self.play()
            self.assertEqual(self.played(), [(1.0, 0)], place)
        self.make([1.0], [0], "ms", change=lambda file: file["spikes/input"].attrs.__setitem__("units", "s"))
        self.refused('the attribute units of /spikes/input is "s", that of /spikes/input/timestamps is another')
        self.make([1.0], [0], "steps")
        self.refused('the attribute units of /spikes/input/timestamps is "steps": expected ms, s, us or ns')
        self.make([1.0], [0], 7)
        self.refused("the attribute units of /spikes/input/timestamps is no text")

    def test_ids_are_those_of_neurons(self):
        for ids, found in (([-5, -6], "element 0 is -5"), ([0.0, 1.5], "element 1 is 1.5"), ([0, 2**40], f"element 1 is {2**40}"),
                           ([0.0, np.nan], "element 1 is nan"), (np.array([2**63], dtype="u8"), f"element 0 is {2**63}")):
            self.make([1.0, 2.0][:len(ids)], ids)
            self.refused("/spikes/input/node_ids", found, "expected the id of a neuron, a whole number from 0")
        self.make([1.0], [3])
        self.refused("has a spike of neuron 3 at 1 ms: expected one of 3 neurons")
        self.make([1.0], [2], change=lambda file: file["spikes/input"].attrs.__setitem__("size", 2))
        self.refused("population input has 2 neurons, but a spike of neuron 2")
        for kind in ("u1", "i2", "u4", "i8", "f4", "f8"):
            self.make(np.array([1, 2], dtype="i4"), np.array([2, 0], dtype=kind))
            self.play()
            self.assertEqual(self.played(), [(1.0, 2), (2.0, 0)], kind)

    def test_times_are_those_of_a_run(self):
        for time in (np.nan, np.inf, -np.inf, 1e300):
            self.make([1.0, time], [0, 1])
            self.refused("/spikes/input/timestamps: element 1 is", "expected a time that can be simulated")
        self.make([-1.0], [0])
        self.refused("has a spike of neuron 0 at -1 ms: expected one of 3 neurons, at 0 or later")
        self.make([5.0, 1.0, 3.0], [0, 1, 0], change=lambda file: file["spikes/input"].attrs.__setitem__("sorting", "by_time"))
        self.play()
        self.assertEqual(self.played(), [(1.0, 1), (3.0, 0), (5.0, 0)])
        self.make([5.0, 100.0, 200.0], [0, 0, 1])
        self.assertIn("warning[E0210]: 2 spikes of 'input', up to 200 ms, will not be played: the run ends at 100 ms", self.play())
        self.assertEqual(self.played(), [(5.0, 0)])

    def test_spikes_within_a_tick_are_played_and_their_recording_too(self):
        self.make([10.0, np.nextafter(10.0, 11.0)], [0, 0])
        said = self.play()
        self.assertIn("1 pair of spikes of one neuron within a tick of 2^-30 ms", said)
        self.assertIn("played at one time", said)
        self.assertEqual(self.played(), [(10.0, 0), (10.0, 0)])
        self.play(spikes="r/spikes.h5", out="again")
        self.assertEqual(self.played(out="again"), self.played())

    def test_the_flat_layout_is_named(self):
        with h5py.File(self.folder / "in.h5", "w") as file:
            file["spikes/timestamps"], file["spikes/gids"] = np.array([1.0, 2.0]), np.array([0, 1])
        self.refused("/spikes/timestamps is of the flat layout that SONATA had at first",
                     "expected a group for each population, with /spikes/NAME/timestamps and /spikes/NAME/node_ids")
        # A population may be called so.
        self.make([1.0], [0], population="timestamps")
        self.play("--spike_population", "timestamps")
        self.assertEqual(self.played(), [(1.0, 0)])

    def test_layouts_that_are_none(self):
        self.make([[1.0], [2.0]], [0, 1])
        self.refused("/spikes/input/timestamps has not one dimension: found 2 x 1")
        self.make(5.0, 0)
        self.refused("/spikes/input/timestamps has not one dimension: found a single value")
        self.make(np.array([b"1", b"2"]), [0, 1])
        self.refused("/spikes/input/timestamps holds no numbers")
        self.make([1.0, 2.0], [0])
        self.refused("population input has not as many ids as times")
        self.make(np.array([], dtype="f8"), np.array([], dtype="u8"))
        self.assertIn("0 spikes of 'input' in", self.play())
        self.make([1.0], [0], population="V1")
        self.refused("has no population 'input'; it has: V1")
        self.make([1.0], [0], population="V1", change=lambda file: file.copy("spikes/V1", file["spikes"], "input"))
        self.play()
        self.assertEqual(self.played(), [(1.0, 0)])


if __name__ == "__main__":
    unittest.main()
