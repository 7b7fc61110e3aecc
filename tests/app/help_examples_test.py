#!/usr/bin/env python3
"""Every example that a --help shows can be typed as it stands."""
import pathlib
import shutil
import struct
import subprocess
import unittest

import cli
from cli import CommandLineTest

VERBS = ("new", "check", "run", "replay", "resume", "evaluate", "sweep", "report", "single", "stp", "export", "data", "info", "explain",
         "selftest", "bench")
# What the examples are about, by the names they use; in small.
NETWORK = """duration = 100.0
[population.{name}]
model = "poisson"
size = 5
[population.cell]
model = "lif"
[projection.p]
source = "{name}"
target = "cell"
port = "membrane"
weight = 1.0
delay = 1.0
[record]
spikes = ["{name}"]
"""
XOR = 'task = "xor"\nneurons = 20\nexamples = 20\n[record]\nspikes = true\n[sweep]\nseeds = 2\n'
IMAGES = [f"--set={key}" for key in ("task.epochs=1", "task.train_limit=20", "task.validation=5", "task.test_limit=5", "hidden.sizes=[70]")]


class Examples(CommandLineTest):
    def examples(self, verb):
        lines = self.run_program(verb, "--help").stdout.split("examples:\n")[1].split("\n\n")[0].splitlines()
        return [line.split("  #")[0].strip() for line in lines]

    def in_shell(self, command):
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=self.folder, capture_output=True, text=True, check=False, timeout=600,
                              env={**self.environment(), "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"})

    def make_data(self):
        (self.folder / "mnist").mkdir()
        for half in ("train", "t10k"):
            labels = bytes(i % 10 for i in range(50))
            pixels = b"".join(bytes(255 if row == label else 0 for row in range(12) for _ in range(12)) for label in labels)
            (self.folder / f"mnist/{half}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 50, 12, 12) + pixels)
            (self.folder / f"mnist/{half}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 50) + labels)

    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        (self.folder / "bin/apical").symlink_to(cli.PROGRAM)
        for tool in ("sbatch", "parallel"):  # what they would run is an example of its own
            (self.folder / "bin" / tool).write_text("#!/bin/sh\n[ $# -gt 2 ] || cat >/dev/null\n")
            (self.folder / "bin" / tool).chmod(0o755)
        (self.folder / "experiments").mkdir()
        self.write("network.toml", NETWORK.format(name="input"))
        self.write("other.toml", NETWORK.format(name="V1"))
        self.write("xor.toml", XOR)

    def test_every_example_of_every_help(self):
        for name in ("20260101T120000Z_xor_7f3a", "seed_1", "seed_2"):
            self.run_program("run", "xor.toml", "--out", f"runs/{name}", "--quiet")
        self.run_program("run", "network.toml", "--out", "runs/first", "--quiet")
        self.run_program("run", "other.toml", "--out", "runs/other", "--quiet")
        shutil.copy(self.folder / "runs/other/spikes.h5", self.folder / "recorded.h5")
        self.make_data()
        self.run_program("new", "mnist")
        self.run_program("run", "mnist.toml", "--data", "mnist", "--out", "runs/20260101T120000Z_mnist_7f3a", "--quiet", *IMAGES)
        executed = 0
        for verb in VERBS:
            for example in self.examples(verb):
                if verb == "bench":  # minutes: bench_test.py runs them in small
                    continue
                if "/usr/share/datasets" in example and not pathlib.Path("/usr/share/datasets/fashion-mnist").exists():
                    continue
                with self.subTest(example):
                    if verb == "new":
                        for name in ("xor.toml", "network.toml"):
                            (self.folder / name).unlink(missing_ok=True)
                    done = self.in_shell(example)
                    self.assertEqual(done.returncode, 0, f"{example}\n{done.stdout}\n{done.stderr}")
                    if verb == "new":
                        self.write("xor.toml", XOR)
                        self.write("network.toml", NETWORK.format(name="input"))
                    executed += 1
        self.assertGreater(executed, 30)


if __name__ == "__main__":
    unittest.main()
