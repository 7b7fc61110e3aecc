#!/usr/bin/env python3
"""A bursting population through a gate of bursts, and its recording through the same gate: 380 spikes, then 0."""
import pathlib
import shutil
import unittest

import h5py

from cli import CommandLineTest

CONFIG = pathlib.Path(__file__).with_name("replay_bursts.toml")


class ReplayBursts(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.run_program("run", CONFIG, "--out", "first", "--quiet")
        text = CONFIG.read_text()
        begin, end = text.index('model = "stochastic_pyramidal"'), text.index("[population.sst]")
        self.write("into.toml", text[:begin] + 'model = "poisson"\nsize = 20\n' + text[end:])

    def replay(self, *options, spikes="first/spikes.h5", out="again", into="into.toml"):
        return self.run_program("replay", spikes, "--into", into, "--population", "pyr", "--out", out, "--overwrite",
                                "--no-progress", *options).stderr

    def all_of(self, folder, population="sst"):
        """What was recorded of a population: spikes, events and bursts."""
        found = []
        for name in ("spikes", "events", "bursts"):
            with h5py.File(self.folder / folder / f"{name}.h5") as file:
                group = file["spikes"][population]
                found.append(list(zip(group["timestamps"][:].tolist(), group["node_ids"][:].tolist())))
        return found

    def test_the_same_spikes_come_out(self):
        self.assertEqual(len(self.all_of("first")[0]), 380)
        said = self.replay()
        self.assertIn("events and bursts as events.h5 and bursts.h5 beside it say", said)
        for population in ("pyr", "sst"):
            self.assertEqual(self.all_of("again", population), self.all_of("first", population))
        self.replay(spikes="again/spikes.h5", out="third")
        self.assertEqual(self.all_of("third", "pyr"), self.all_of("first", "pyr"))
        self.replay("--threads", "1", out="one")
        self.assertEqual(self.all_of("one"), self.all_of("first"))

    def test_so_do_those_of_a_spike_file(self):
        text = (self.folder / "into.toml").read_text().replace(
            'model = "poisson"\n', 'model = "spike_train"\nspike_file = "first/spikes.h5"\n')
        self.write("file.toml", text)
        self.run_program("run", "file.toml", "--out", "again", "--quiet")
        self.assertEqual(self.all_of("again"), self.all_of("first"))
        self.run_program("run", "again/config.resolved.toml", "--out", "repeated", "--quiet")
        self.assertEqual(self.all_of("repeated"), self.all_of("first"))

    def test_without_events_and_bursts_the_classifier_of_the_population_says_what_they_are(self):
        (self.folder / "alone").mkdir()
        shutil.copy(self.folder / "first/spikes.h5", self.folder / "alone")
        self.assertIn("each spike is an event", self.replay(spikes="alone/spikes.h5"))
        self.assertEqual(self.all_of("again")[0], [])
        self.write("isi.toml", (self.folder / "into.toml").read_text().replace(
            'model = "poisson"\n', 'model = "poisson"\nclassifier = "isi"\nb_th = 16\n'))
        # This cell's events are 25 ms apart at least, the spikes of its bursts 8 ms: both classifiers say the same.
        for spikes in ("alone/spikes.h5", "first/spikes.h5"):
            said = self.replay(spikes=spikes, into="isi.toml")
            self.assertIn("events and bursts by the classifier isi, b_th 16 ms", said)
            self.assertEqual(self.all_of("again"), self.all_of("first"))

    def test_files_of_other_spikes_are_not_used(self):
        self.run_program("run", CONFIG, "--out", "other", "--seed", "2", "--quiet")
        (self.folder / "mixed").mkdir()
        shutil.copy(self.folder / "first/spikes.h5", self.folder / "mixed")
        for name in ("events.h5", "bursts.h5"):
            shutil.copy(self.folder / "other" / name, self.folder / "mixed")
        said = self.replay(spikes="mixed/spikes.h5")
        self.assertIn("warning[E0502]: events and bursts are not read from beside", said)
        self.assertIn("is of another run", said)
        for name in ("spikes.h5", "events.h5", "bursts.h5"):  # as files of others are, without our attributes
            with h5py.File(self.folder / "mixed" / name, "a") as file:
                for attribute in list(file.attrs):
                    del file.attrs[attribute]
        said = self.replay(spikes="mixed/spikes.h5")
        self.assertIn("are not of the spikes of spikes.h5", said)
        self.assertIn("each spike is an event", said)
        for name in ("events.h5", "bursts.h5"):
            shutil.copy(self.folder / "first" / name, self.folder / "mixed")
        self.replay(spikes="mixed/spikes.h5")
        self.assertEqual(self.all_of("again"), self.all_of("first"))

    def test_the_files_it_was_read_from_are_inputs_of_the_run(self):
        self.replay()
        manifest = (self.folder / "again/manifest.json").read_text()
        for name in ("spikes.h5", "events.h5", "bursts.h5"):
            self.assertIn(str(self.folder / "first" / name), manifest)


if __name__ == "__main__":
    unittest.main()
