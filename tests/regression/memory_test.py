#!/usr/bin/env python3
"""A network that does not fit: `check` knew, and `run` died of it after seconds, without a sentence. Copies of a network that learn in batches,
and the spikes that sources play, were not counted."""
import json
import resource
import subprocess
import unittest

from cli import PROGRAM, CommandLineTest

GIB = 2 ** 30
NETWORK = """duration = 10.0
[population.a]
model = "poisson"
size = {size}
[population.b]
model = "lif"
size = {size}
[projection.p]
source = "a"
target = "b"
port = "membrane"
delay = 1.0
weight = {{ distribution = "normal", mean = 1.0, sd = 0.1 }}
"""


class Memory(CommandLineTest):
    def limited(self, *arguments, limit=GIB):
        """Runs the program with an address space of this size."""
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=self.environment(), capture_output=True, text=True, check=False,
                              timeout=300, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))

    def test_it_is_refused_before_it_begins_with_the_numbers(self):
        self.write("net.toml", NETWORK.format(size=1_000_000))  # 10^12 synapses of 8 bytes
        self.assertIn("8 TB", self.run_program("check", "net.toml", "--beyond-memory").stdout)
        for verb in (["check", "net.toml"], ["check", "net.toml", "--json"], ["run", "net.toml", "--out", "r"], ["run", "net.toml", "--out", "r", "--json"]):
            done = self.run_program(*verb, code=1)
            self.assertRegex(done.stderr, r"error\[E0703\]: the network needs about 8 TB of memory, and [\d.]+ [kMGT]B are available")
            self.assertIn("--beyond-memory", done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertFalse((self.folder / "r").exists())
        self.assertIn("beyond-memory", self.run_program("explain", "E0703").stdout)

    def estimated(self, *arguments):
        return json.loads(self.run_program("check", *arguments, "--json").stdout)["memory_bytes"]

    def test_copies_count(self):
        self.run_program("new", "digits")
        one = ["digits.toml", "--set", "record.traces=false"]  # which are of one copy
        self.assertAlmostEqual(self.estimated(*one, "--set", "task.batch=8") / self.estimated(*one), 8.0)
        if self.limited("--version").returncode != 0:
            self.skipTest("a sanitizer needs more address space")
        # Of 256 x 2000 + 2000 x 100 synapses that learn, 24 bytes each: 17 MB, 256 times.
        done = self.limited("run", "digits.toml", "--set", "hidden.sizes=[2000]", "--set", "task.batch=256", "--out", "r")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("error[E0703]: the network needs about", done.stderr)
        self.assertFalse((self.folder / "r").exists())

    def test_given_spikes_count(self):
        def network(spikes):
            self.write("net.toml", f"duration = 10.0\n[population.a]\nmodel = \"spike_train\"\nspike_times = [{list(range(spikes))}]\n")
            return self.estimated("net.toml")
        # A time of 8 bytes; time, population, neuron, kind and mark of 8, 4, 4, 1 and 8.
        bytes_of_one = (network(3000) - network(1000)) / 2000
        self.assertGreaterEqual(bytes_of_one, 8 + 25)
        self.assertLess(bytes_of_one, 2 * (8 + 25))

    def test_a_sweep_is_refused_for_a_point_that_does_not_fit(self):
        self.write("net.toml", NETWORK.format(size=10) + '[sweep.grid]\n"population.b.size" = [10, 1000000000]\n')
        for action in ("plan", "run"):
            self.assertRegex(self.run_program("sweep", action, "net.toml", code=1).stderr,
                             r"error\[E0703\]: point 1 of the sweep: the network needs about [\d.]+ [GT]B of memory")
            self.assertFalse((self.folder / "net.sweep").exists())
        lines = self.run_program("sweep", "plan", "net.toml", "--beyond-memory").stdout.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(line.endswith("--beyond-memory") for line in lines), lines)

    def test_an_allocation_that_fails_is_a_sentence(self):
        if self.limited("--version").returncode != 0:
            self.skipTest("a sanitizer needs more address space")
        self.write("net.toml", NETWORK.format(size=60_000))  # 29 GB, and the first part of it is 0.9
        self.assertIn("error[E0703]: the network needs about", self.limited("run", "net.toml", "--out", "r").stderr)
        done = self.limited("run", "net.toml", "--out", "r", "--beyond-memory")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("error[E0703]: there is not enough memory", done.stderr)
        self.assertNotIn("bad_alloc", done.stderr)


if __name__ == "__main__":
    unittest.main()
