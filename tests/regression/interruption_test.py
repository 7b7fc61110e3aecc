#!/usr/bin/env python3
"""Ctrl-C while no window passes: it was not heard while relays are measured, networks built, or data read. And runs that were ended before
their first checkpoint could not be gone on with."""
import json
import resource
import signal
import subprocess
import time
import unittest

import cli
from cli import CommandLineTest

NETWORK = """duration = {duration}
[population.a]
model = "poisson"
size = 200
[population.b]
model = "lif"
size = {size}
[projection.p]
source = "a"
target = "b"
port = "membrane"
delay = 1.0
weight = {{ distribution = "normal", mean = 0.5, sd = 0.1 }}
[record]
spikes = ["b"]
"""
PROMPT = 20.0  # [s] at most from the signal to the end, on a busy machine; what is broken off takes far longer


class Interruption(CommandLineTest):
    def start(self, *arguments):
        return subprocess.Popen([cli.PROGRAM, *arguments], cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def wait_for(self, process, name, pause=0.0):
        while not list(self.folder.glob(name)) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        self.assertIsNone(process.poll(), "it was over before it could be interrupted")

    def interrupt(self, process, number=signal.SIGINT):
        start = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=120)
        self.assertLess(time.monotonic() - start, PROMPT)
        self.assertEqual(process.returncode, 130, stdout + stderr)
        return stdout + stderr

    def state(self, folder="r"):
        return json.loads((self.folder / folder / "manifest.json").read_text())["exit_state"]

    def hash(self, folder):
        return json.loads((self.folder / folder / "summary.json").read_text())["result_hash"]

    def test_without_a_thread_for_signals(self):
        # The stack of a thread would be larger than any address space.
        size = 2 ** 47
        if resource.getrlimit(resource.RLIMIT_STACK)[1] != resource.RLIM_INFINITY:
            self.skipTest("the stack's limit cannot be raised")
        done = subprocess.run([cli.PROGRAM, "explain", "tau_rec"], cwd=self.folder, env=self.environment(), capture_output=True, text=True,
                              check=False, timeout=300,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (size, resource.RLIM_INFINITY)))
        if "ThreadSanitizer: unexpected memory mapping" in done.stderr:
            self.skipTest("with such stacks memory lies where the thread sanitizer cannot have it")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, self.run_program("explain", "tau_rec").stdout)
        self.assertIn("warning: the system gives no thread to hear signals with", done.stderr)

    def test_while_relays_are_measured(self):
        self.run_program("new", "xor")
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("run", "xor.toml", "--out", "r", "--overwrite", "--set", "neurons=2000", "--set", "examples=40")
            self.wait_for(process, "r/manifest.json", 0.2)
            self.assertIn("to begin again: apical resume r", self.interrupt(process, number))
            self.assertEqual(self.state(), "interrupted")
            self.assertEqual(list((self.folder / "r").glob("*.partial")), [])
            (self.folder / "r/manifest.json").unlink()

    def test_while_a_network_is_built(self):
        self.write("net.toml", NETWORK.format(duration=1.0, size=1_000_000))  # 2 x 10^8 synapses
        process = self.start("run", "net.toml", "--out", "r", "--beyond-memory")
        self.wait_for(process, "r/manifest.json", 0.1)
        self.interrupt(process)
        self.assertEqual(self.state(), "interrupted")

    def test_verbs_without_a_run(self):
        process = self.start("single", "adex_pv", "--duration", "1e6", "--every", "1", "--poisson", "900", "--spikes", "excitatory=10", "--csv", "--out", "x")
        self.wait_for(process, ".apical-*", 0.1)
        self.interrupt(process)
        self.assertEqual(self.files(), [])

    def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again(self):
        self.write("net.toml", NETWORK.format(duration=60000.0, size=300))
        self.run_program("run", "net.toml", "--out", "whole", "--quiet")
        for how in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(how):
                process = self.start("run", "net.toml", "--out", "r", "--overwrite", "--checkpoint-every", "0")
                self.wait_for(process, "r/manifest.json")
                process.send_signal(how)
                process.communicate(timeout=120)
                again = self.run_program("resume", "r")
                if how == signal.SIGKILL:
                    self.assertIn("r: the run ended before its first checkpoint; it begins again", again.stderr)
                self.assertEqual(self.state(), "ok")
                self.assertEqual(self.hash("r"), self.hash("whole"))
                self.assertEqual(sorted(p.name for p in (self.folder / "r").iterdir()), sorted(p.name for p in (self.folder / "whole").iterdir()))
                (self.folder / "r/manifest.json").unlink()


if __name__ == "__main__":
    unittest.main()
