#!/usr/bin/env python3
"""Learning images: data sets that are right and wrong, short runs, their records, interruption, evaluation."""
import csv
import gzip
import json
import random
import signal
import struct
import subprocess
import time
import unittest

import h5py

import cli
from cli import CommandLineTest

SHORT = ["--threads", "1"] + [f"--set={key}" for key in (
    "task.epochs=1", "task.train_limit=150", "task.validation=20", "task.test_limit=30", "hidden.sizes=[70]")]
RECORDED = ("--set", "record.spikes=true")
HALVES = ("train", "t10k")


class Images(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.run_program("new", "mnist")
        self.run_program("new", "digits")

    def data_set(self, count=200, packed=False):
        """Images of one bright row, which is the label, and two dim pixels of their own."""
        draw = random.Random(1)
        (self.folder / "data").mkdir(exist_ok=True)
        for half in HALVES:
            labels = bytes(i % 10 for i in range(count))
            images = [(label, draw.sample(range(144), 2)) for label in labels]
            pixels = b"".join(bytes(255 if pixel // 12 == label else 20 if pixel in dim else 0 for pixel in range(144))
                              for label, dim in images)
            for name, content in ((f"{half}-images-idx3-ubyte", struct.pack(">IIII", 0x803, count, 12, 12) + pixels),
                                  (f"{half}-labels-idx1-ubyte", struct.pack(">II", 0x801, count) + labels)):
                if packed:
                    (self.folder / "data" / (name + ".gz")).write_bytes(gzip.compress(content))
                else:
                    (self.folder / "data" / name).write_bytes(content)

    def check_what_is_learnt(self, run, *keys):
        """What is told of the test is what the recorded events say, and it is the learning that tells the images apart."""
        with h5py.File(self.folder / run / "events.h5") as file:
            times, cells = (file["spikes/output"][name][:] for name in ("timestamps", "node_ids"))
        end = 1000 * self.json(f"{run}/summary.json")["biological_s"]
        expected = [[0] * 10 for _ in range(10)]
        for image in range(30):
            start = end - 200 * (30 - image)
            classes = cells[(times >= start) & (times < start + 200)] // 10
            events = [int((classes == k).sum()) for k in range(10)]
            expected[image % 10][events.index(max(events))] += 1
        with open(self.folder / run / "confusion.csv", newline="", encoding="utf-8") as file:
            self.assertEqual([[int(n) for n in row[1:]] for row in list(csv.reader(file))[1:]], expected)
        error = self.json(f"{run}/summary.json")["test_error_percent"]
        self.assertAlmostEqual(error, 100 * (30 - sum(expected[k][k] for k in range(10))) / 30)
        self.assertLess(error, 30.0)
        # The same network, data and protocol without learning. Chance is 90; 60 is five standard deviations away.
        self.run_program("run", "mnist.toml", "--data", "data", "--out", run + "-untaught", *keys,
                         *("--set=hidden.eta=0", "--set=output.eta=0", "--set=task.epochs=1"))
        self.assertGreater(self.json(f"{run}-untaught/summary.json")["test_error_percent"], 60.0)

    def test_digits_need_no_data(self):
        done = self.run_program("run", "digits.toml", "--out", "r", *SHORT)
        self.assertRegex(done.stdout.splitlines()[0], r"^done in [\d.]+ s · [\d.]+ % of 30 test images wrong · result hash")
        summary = self.json("r/summary.json")
        for key in ("task", "variant", "seed", "threads", "epochs", "examples", "test_error_percent",
                    "validation_error_percent", "biological_s", "wall_s", "cpu_s", "spikes", "synaptic_events", "result_hash"):
            self.assertIn(key, summary)
        self.assertEqual((summary["task"], summary["epochs"], summary["examples"]), ("digits", 1, 150))
        # 150 examples of 120 ms, and 20 + 30 images of 200 ms.
        self.assertAlmostEqual(summary["biological_s"], 150 * 0.120 + 50 * 0.200)
        with open(self.folder / "r/metrics.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["epoch"] for row in rows], ["1"])
        self.assertEqual(float(rows[0]["test_error_percent"]), summary["test_error_percent"])
        with open(self.folder / "r/confusion.csv", newline="", encoding="utf-8") as file:
            counts = [[int(n) for n in row[1:]] for row in list(csv.reader(file))[1:]]
        self.assertEqual([sum(row) for row in counts], [3] * 10)
        wrong = 30 - sum(counts[k][k] for k in range(10))
        self.assertAlmostEqual(summary["test_error_percent"], 100 * wrong / 30)

    def test_threads_records_and_the_resolved_file_do_not_matter(self):
        self.run_program("run", "digits.toml", "--out", "a", "--seed", "3", *SHORT)
        self.run_program("run", "a/config.resolved.toml", "--out", "b", "--threads", "2", "--set", "record.weights=false")
        self.assertEqual(self.json("a/summary.json")["result_hash"], self.json("b/summary.json")["result_hash"])

    def test_batches_do_not_depend_on_threads(self):
        keys = ["--set", "task.batch=3", "--set", "task.angle_every=50", "--set", "inhibition=learned"]
        self.run_program("run", "digits.toml", "--out", "a", *SHORT, *keys)
        self.run_program("run", "digits.toml", "--out", "b", "--threads", "2", *SHORT[2:], *keys)
        summary = self.json("a/summary.json")
        self.assertEqual(summary["result_hash"], self.json("b/summary.json")["result_hash"])
        self.assertEqual(summary["examples"], 150)
        self.assertAlmostEqual(summary["biological_s"], 150 * 0.120 + 50 * 0.200, msg="of all copies together")
        with open(self.folder / "a/angles.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["sample"] for row in rows], ["51", "102", "150"], "after the batch in which it is reached")
        for row in rows:
            self.assertTrue(0.0 < float(row["hidden_1_degrees"]) < 180.0, row)  # its inhibition has yet to be learnt
            self.assertTrue(0.0 < float(row["output_degrees"]) < 90.0, row)

    def errors(self, run, *keys):
        """What weights make of images that are read out at several times."""
        rows = json.loads(self.run_program("evaluate", run, "--json", *keys).stdout)
        return [(row["time_ms"], row["error_percent"], row["images"]) for row in rows]

    def test_time_constants_may_change_in_the_course_of_a_run(self):
        self.run_program("run", "digits.toml", "--out", "r", *SHORT, "--set", "task.epochs=2", "--set", "late.from=1",
                         "--set", "late.duration=200", "--set", "late.settling=90")
        # Epochs of 150 examples and 20 images, then 30 test images.
        self.assertAlmostEqual(self.json("r/summary.json")["biological_s"], 150 * (0.120 + 0.200) + 70 * 0.200)
        # It is evaluated with the time constants of the end, which are others than those of the start.
        self.assertEqual(self.errors("r"), self.errors("r", "--set", "late.duration=300"), "how long images were shown does not matter")
        self.assertNotEqual(self.errors("r"), self.errors("r", "--set", "late.tau_soma=200"))
        done = self.run_program("run", "digits.toml", "--out", "s", "--set", "late.tau_soma=50", code=2)
        self.assertIn("from is 0", done.stderr)
        # A run that stops before that is tested with the time constants that it has learnt with.
        self.run_program("run", "digits.toml", "--out", "e", *SHORT, "--set", "task.epochs=6", "--set", "late.from=5",
                         "--set", "task.patience=1", "--set", "hidden.eta=0", "--set", "output.eta=0")
        self.assertLess(self.json("e/summary.json")["epochs"], 5)
        self.assertEqual(self.errors("e"), self.errors("e", "--set", "late.from=0"))
        with h5py.File(self.folder / "e/weights.h5") as file:
            labels = [(w.attrs["epoch"], w.attrs["sample"]) for w in file["weights/input_to_hidden_1"].values()]
        self.assertEqual(labels, [(epoch, 150 * epoch) for epoch in range(len(labels))])

    def test_inhibition_needs_time_to_learn(self):
        for keys in (["presentation.settling=0"], ["late.from=1", "late.settling=0"]):
            done = self.run_program("run", "digits.toml", "--out", "r", "--set", "inhibition=learned",
                                    *(word for key in keys for word in ("--set", key)), code=2)
            self.assertIn("before the teacher comes", done.stderr)

    def test_interneurons_carry_the_inhibition(self):
        self.data_set()
        relayed = [*SHORT, "--set", "task.epochs=8", "--set", "inhibition=interneurons"]
        self.run_program("run", "mnist.toml", "--data", "data", "--out", "r", *relayed, *RECORDED)
        self.assertRegex((self.folder / "r/log.txt").read_text(), r"pv, driven by events: .* C (0\.99|1\.00)\d\d, ",
                         "what they make of events is measured and noted")
        self.check_what_is_learnt("r", *relayed)
        for keys, message in ((["hidden.sizes=[20, 20]"], "one hidden layer is possible"),
                              (["hidden.sizes=[500000, 500000]"],
                               "a hidden layer of 500000 neurons: expected a whole number, 1 to 100000"),
                              (["feedback=fixed"], 'interneurons need feedback = "tied"'),
                              (["control=swapped"], "bursts and events cannot be exchanged")):
            done = self.run_program("run", "digits.toml", "--out", "s", "--set", "inhibition=interneurons",
                                    *(word for key in keys for word in ("--set", key)), code=2)
            self.assertIn(message, done.stderr)
        done = self.run_program("run", "digits.toml", "--out", "s", "--set", "pv.size=9", code=2)
        self.assertIn('inhibition is not "interneurons"', done.stderr)

    def test_latencies_are_learnt(self):
        self.data_set()
        keys = [*SHORT, "--set", "task.epochs=8", "--set", "input.encoding=latency"]
        self.run_program("run", "mnist.toml", "--data", "data", "--out", "r", *keys, *RECORDED)
        self.check_what_is_learnt("r", *keys)

    def test_a_data_set_is_learnt_and_evaluated(self):
        self.data_set(packed=True)
        checked = self.run_program("data", "check", "data").stdout
        self.assertIn("200 images of 12 x 12 pixels", checked)
        keys = [*SHORT, "--set", "task.epochs=8"]
        self.run_program("run", "mnist.toml", "--data", "data", "--out", "r", *keys, *RECORDED)
        self.assertIn(str(self.folder / "data"), (self.folder / "r/config.resolved.toml").read_text())
        self.check_what_is_learnt("r", *keys)
        curve = json.loads(self.run_program("evaluate", "r", "--json").stdout)
        self.assertEqual([point["time_ms"] for point in curve], [10, 20, 30, 50, 75, 100, 150, 200, 300])
        for point in curve:
            images = point["error_percent"] * 30 / 100
            self.assertAlmostEqual(images, round(images), places=6, msg="of 30 images")
        # In 10 ms cells of t_ref 20 ms fire once at most, and their potentials have hardly risen; in 300 ms all is clear.
        self.assertLess(curve[-1]["error_percent"] + 20.0, curve[0]["error_percent"])

    def test_the_task_needs_its_data(self):
        done = self.run_program("run", "mnist.toml", "--out", "r", code=3)
        self.assertIn("--data DIR", done.stderr)

    def test_wrong_data_are_told_and_nothing_is_learnt(self):
        def complain(expected):
            for verb in (("data", "check", "data"), ("run", "mnist.toml", "--data", "data", "--out", "r", "--overwrite")):
                self.assertIn(expected, self.run_program(*verb, code=3).stderr)
            self.assertFalse((self.folder / "r/summary.json").exists())
            self.assertFalse((self.folder / "r/weights.h5").exists())

        (self.folder / "data").mkdir()
        complain("holds no data set")
        self.data_set()
        (self.folder / "data/t10k-labels-idx1-ubyte").unlink()
        complain("missing: t10k-labels-idx1-ubyte")
        self.data_set()
        labels = self.folder / "data/train-labels-idx1-ubyte"
        labels.write_bytes(labels.read_bytes()[:-1] + b"\x0a")
        complain("label 10 of image 199")
        labels.write_bytes(labels.read_bytes()[:-3])
        complain("expected 200 bytes of data, found 197")

    def test_an_interrupted_run_keeps_its_metrics_and_weights(self):
        process = subprocess.Popen([cli.PROGRAM, "run", "digits.toml", "--out", "r", "--no-progress", *SHORT,
                                    "--set", "task.epochs=100000"],
                                   cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        for _ in range(1000):
            time.sleep(0.1)
            if (self.folder / "r/metrics.csv.partial").exists():
                break
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted after", stdout)
        self.assertEqual(list((self.folder / "r").glob("*.partial")), [])
        self.assertIn("input_to_hidden_1", self.run_program("info", "r/weights.h5").stdout)
        self.assertEqual(len(json.loads(self.run_program("evaluate", "r", "--json").stdout)), 9)

    def test_evaluate_says_what_it_needs(self):
        self.run_program("evaluate", code=2)
        (self.folder / "empty").mkdir()
        self.assertIn("not a run folder", self.run_program("evaluate", "empty", code=3).stderr)
        self.run_program("new", "xor")
        self.run_program("run", "xor.toml", "--out", "x", "--set", "examples=20", "--set", "neurons=5")
        self.assertIn("no images", self.run_program("evaluate", "x", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
