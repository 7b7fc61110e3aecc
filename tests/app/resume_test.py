#!/usr/bin/env python3
"""Runs that are interrupted, killed and resumed; checkpoints that are refused."""
import hashlib
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np

import cli
from cli import CommandLineTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
XOR = ["xor.toml", "--set=examples=12", "--set=test_every=4", "--set=neurons=30"]
ENSEMBLES = ["xor_ensembles.toml", "--set=neurons=20", "--set=indegree=10", "--set=epochs=2", "--set=presentation=400",
             "--set=burn_in=100"]
DIGITS = ["digits.toml", "--set=task.train_limit=30", "--set=task.epochs=2", "--set=task.test_limit=10",
          "--set=task.validation=5", "--set=task.shifts=true", "--set=record.spikes=true"]
BATCHES = [*DIGITS, "--set=task.batch=3", "--set=inhibition=learned", "--set=late.from=1"]
RELAYED = [*DIGITS, "--set=inhibition=interneurons", "--set=pv.size=5"]
NETWORK = """
seed = 3
duration = 4000.0
[population.input]
model = "poisson"
size = 50
parameters = { rate = 20.0 }
[population.exc]
model = "lif"
size = 400
background = [{ port = "membrane", rate = 1500.0, weight = 0.5 }]
[projection.input_to_exc]
source = "input"
target = "exc"
port = "membrane"
connect = { rule = "fixed_indegree", k = 20 }
weight = 0.8
delay = 1.0
short_term = { variant = "tm", U = 0.4, tau_rec = 100.0, tau_fac = 20.0 }
[projection.exc_to_exc]
source = "exc"
target = "exc"
port = "membrane"
connect = { rule = "fixed_indegree", k = 40 }
weight = 0.1
delay = 1.5
[projection.exc_to_exc.plasticity]
rule = "pair_stdp"
A_plus = 0.001
A_minus = 0.001
[record]
spikes = ["exc"]
traces = ["input", "exc"]
trace_bin = 20.0
weights = ["exc_to_exc"]
weights_every = 1000.0
"""


class Resume(CommandLineTest):
    def setUp(self):
        super().setUp()
        for task in ("xor", "xor_ensembles", "digits"):
            self.run_program("new", task)
        self.write("network.toml", NETWORK)

    def interrupt(self, *arguments):
        """Starts a run and interrupts it when it has written a checkpoint."""
        process = subprocess.Popen([cli.PROGRAM, *arguments, "--checkpoint-every", "0.0001"], cwd=self.folder,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(30000):
            if (self.folder / "r/checkpoint.h5").exists():
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=600)
        self.assertEqual(process.returncode, 130, stderr)
        return stdout

    def contents(self, folder):
        """The numbers in all HDF5 files of a run, and its lines."""
        found = {}
        for path in (self.folder / folder).glob("*.h5"):
            with h5py.File(path, "r") as file:
                def note(name, item, file=path.name):
                    if isinstance(item, h5py.Dataset):
                        found[f"{file}/{name}"] = item[()].tobytes()
                file.visititems(note)
        for path in (self.folder / folder).glob("*.csv"):
            found[path.name] = path.read_text()
        found["summary"] = {k: v for k, v in self.json(f"{folder}/summary.json").items()
                            if k not in ("wall_s", "cpu_s", "threads")}
        return found

    def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(self):
        for run in (XOR, ENSEMBLES, DIGITS, BATCHES, RELAYED, ["network.toml"]):
            with self.subTest(" ".join(run)):
                self.run_program("run", *run, "--out", "whole")
                self.assertIn("apical resume r", self.interrupt("run", *run, "--out", "r", "--threads", "1"))
                self.assertEqual(self.json("r/manifest.json")["exit_state"], "interrupted")
                self.run_program("info", "r/checkpoint.h5")
                done = self.run_program("resume", "r", "--threads", "2", "--checkpoint-every", "0.005")
                self.assertRegex(done.stdout, "^done in ")
                self.assertEqual(self.contents("r"), self.contents("whole"))
                manifest = self.json("r/manifest.json")
                self.assertEqual((manifest["exit_state"], len(manifest["resumed"])), ("ok", 1))
                names = {p.name for p in (self.folder / "r").iterdir()}
                self.assertEqual(names, {p.name for p in (self.folder / "whole").iterdir()}, "no checkpoint is left")
                self.assertIn("complete", self.run_program("resume", "r").stdout)
                self.assertEqual(self.run_program("resume", "r", "--quiet").stdout, "")
                self.assertEqual(json.loads(self.run_program("resume", "r", "--json").stdout), self.json("r/summary.json"))
                shutil.rmtree(self.folder / "whole")
                shutil.rmtree(self.folder / "r")

    def test_a_killed_run_goes_on_as_if_nothing_had_happened(self):
        script = [sys.executable, ROOT / "tools/kill_and_resume", "--program", cli.PROGRAM, "--kills", "3"]
        done = subprocess.run([*script, *XOR], cwd=self.folder, env=self.environment(), capture_output=True, text=True,
                              timeout=1800, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^\d+ kills, \d+ resumptions, \d+ runs of [\d.]+ s: all as without interruption")

    def test_periodic_checkpoints_change_nothing(self):
        self.run_program("run", *XOR, "--out", "a", "--checkpoint-every", "0")
        self.run_program("run", *XOR, "--out", "b", "--checkpoint-every", "0.005")
        self.assertEqual(self.contents("a"), self.contents("b"))

    def test_a_checkpoint_that_cannot_be_used_is_refused_and_nothing_is_lost(self):
        self.interrupt("run", "network.toml", "--out", "r")
        checkpoint = self.folder / "r/checkpoint.h5"
        kept = checkpoint.read_bytes()

        def refused(*words):
            before = {p: p.read_bytes() for p in (self.folder / "r").iterdir()}
            error = self.run_program("resume", "r", code=3).stderr
            for word in ("error[E0501]: r/checkpoint.h5", *words):
                self.assertIn(word, error)
            self.assertEqual({p: p.read_bytes() for p in (self.folder / "r").iterdir()}, before)
            checkpoint.write_bytes(kept)
            return error

        checkpoint.write_bytes(kept[:len(kept) // 2])
        self.assertIn("apical resume --previous r", refused("truncated"))
        damaged = bytearray(kept)
        damaged[len(kept) // 2:len(kept) // 2 + 64] = bytes(64 * [0x5a])
        checkpoint.write_bytes(damaged)
        refused()
        checkpoint.write_text("no HDF5")
        refused("not an HDF5 file")
        shutil.copy(self.folder / "r/spikes.h5", checkpoint)
        refused("expected a checkpoint, found spikes")
        with h5py.File(checkpoint, "r+") as file:
            file.attrs["format"] = 0
        refused("found format 0", "written by apical")
        with h5py.File(checkpoint, "r+") as file:
            file.attrs["run_id"] = np.bytes_("another")
        refused("found one of run another")
        config = self.folder / "r/config.resolved.toml"
        text = config.read_text()
        config.write_text(text.replace("seed = 3", "seed = 4"))
        refused("its configuration is not that of config.resolved.toml")
        config.write_text(text)

        checkpoint.write_bytes(b"")
        self.run_program("resume", "r", "--previous")
        self.run_program("run", "network.toml", "--out", "whole")
        self.assertEqual(self.contents("r"), self.contents("whole"))

    def refused(self, name, *words):
        before = {p: p.read_bytes() for p in (self.folder / "r").iterdir()}
        error = self.run_program("resume", "r", code=3).stderr
        for word in (f"error[E0501]: {self.folder / name}", *words):
            self.assertIn(word, error)
        self.assertEqual({p: p.read_bytes() for p in (self.folder / "r").iterdir()}, before)

    def changed(self, name):
        """Another file of the same length is refused, and so is none; then it is as it was."""
        path = self.folder / name
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        digests = [hashlib.sha256(content).hexdigest() for content in (kept, path.read_bytes())]
        self.refused(name, f"expected {len(kept)} bytes with SHA-256 {digests[0]}, found {len(kept)} bytes with SHA-256 {digests[1]}")
        path.unlink()
        self.refused(name, "is not there")
        path.write_bytes(kept)

    def test_spikes_that_have_changed_since_are_refused(self):
        with h5py.File(self.folder / "input.h5", "w") as file:
            file["spikes/input/timestamps"] = [0.5 * i for i in range(7990)]
            file["spikes/input/node_ids"] = [i % 50 for i in range(7990)]
        replay = ["replay", "input.h5", "--into", "network.toml", "--population", "input"]
        self.interrupt(*replay, "--out", "r")
        self.changed("input.h5")
        self.run_program("resume", "r")
        self.run_program(*replay, "--out", "whole")
        self.assertEqual(self.contents("r"), self.contents("whole"))

    def test_a_data_set_that_has_changed_since_is_refused(self):
        (self.folder / "data").mkdir()
        for half in ("train", "t10k"):
            (self.folder / f"data/{half}-images-idx3-ubyte").write_bytes(
                struct.pack(">IIII", 0x803, 200, 12, 12) + bytes(i % 251 for i in range(200 * 144)))
            (self.folder / f"data/{half}-labels-idx1-ubyte").write_bytes(
                struct.pack(">II", 0x801, 200) + bytes(i % 10 for i in range(200)))
        self.run_program("new", "mnist")
        self.interrupt("run", "mnist.toml", "--data", "data", "--out", "r", "--set=task.train_limit=150", "--set=task.validation=20",
                       "--set=hidden.sizes=[70]", "--set=task.epochs=5")
        for name in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"):
            self.changed(f"data/{name}")
        self.run_program("resume", "r", "--quiet")

    def test_without_a_checkpoint_there_is_nothing_to_go_on_from(self):
        self.assertIn("is not a run folder", self.run_program("resume", ".", code=3).stderr)
        self.interrupt("run", "network.toml", "--out", "r")
        for path in (self.folder / "r").glob("checkpoint*"):
            path.unlink()
        self.assertIn("r: there is no checkpoint", self.run_program("resume", "r", "--previous", code=3).stderr)
        self.assertIn("it begins again", self.run_program("resume", "r").stderr)
        self.run_program("run", "network.toml", "--out", "whole")
        self.assertEqual(self.contents("r"), self.contents("whole"))

    def test_two_processes_do_not_write_one_run(self):
        self.interrupt("run", "network.toml", "--out", "r")
        first = subprocess.Popen([cli.PROGRAM, "resume", "r", "--quiet"], cwd=self.folder, env=self.environment())
        for _ in range(1000):
            if (self.folder / "r/spikes.h5.partial").exists():
                break
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)  # or it may be over before the second gives up
        self.assertIn("another process is writing this run", self.run_program("resume", "r", code=4).stderr)
        first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(timeout=600), 0)


if __name__ == "__main__":
    unittest.main()
