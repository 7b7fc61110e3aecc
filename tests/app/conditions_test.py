#!/usr/bin/env python3
"""Real conditions: a full disk, a folder that cannot be written, two runs at once, Ctrl-C in every task."""
import json
import os
import signal
import subprocess
import time
import unittest

import cli
from cli import CommandLineTest

NETWORK = """duration = {duration}
[population.noise]
model = "poisson"
size = 200
parameters = {{ rate = 50.0 }}
[population.cell]
model = "lif"
size = 1
[projection.noise_to_cell]
source = "noise"
target = "cell"
port = "membrane"
weight = 0.1
delay = 1.0
[record]
spikes = ["noise", "cell"]
traces = ["noise"]
"""
IN_SMALL_DISK = ["unshare", "--map-root-user", "--mount", "sh", "-c",
                 'mkdir -p disk && mount -t tmpfs -o size="$1" none disk && shift && exec sh -c "$@"', "sh"]
WITHOUT_PRIVILEGE = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"] if os.geteuid() == 0 else []


def possible(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class FullDisk(CommandLineTest):
    def setUp(self):
        super().setUp()
        if not possible([*IN_SMALL_DISK[:3], "sh", "-c", "mount -t tmpfs none /mnt"]):
            self.skipTest("a small disk cannot be mounted here")

    def on_disk(self, size, script):
        """Runs a script beside the folder `disk`, which holds `size` and no more."""
        return subprocess.run([*IN_SMALL_DISK, size, script, str(cli.PROGRAM)], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=300, check=False)

    def test_a_run_says_so_and_leaves_no_file_that_looks_whole(self):
        self.write("net.toml", NETWORK.format(duration=20000.0))
        for size in ("4k", "16k", "64k", "1200k", "1600k"):
            done = self.on_disk(size, '"$0" run net.toml --out disk/r; code=$?; ls disk/r; cat disk/r/manifest.json; exit $code')
            self.assertEqual(done.returncode, 4, f"{size}: {done.stderr}")
            self.assertRegex(done.stderr, r"error\[E0601\]: .*(No space left on device|the disk is full)", size)
            self.assertNotRegex(done.stdout, r"(?m)^(spikes|events|bursts)\.h5$", size)
            self.assertNotIn('"exit_state": "ok"', done.stdout, size)

    def test_a_run_that_fits_succeeds(self):
        self.write("net.toml", NETWORK.format(duration=20.0))
        done = self.on_disk("8m", '"$0" run net.toml --out disk/r')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_was_there_stays_as_it_was(self):
        self.write("net.toml", NETWORK.format(duration=2000.0))
        self.run_program("run", "net.toml", "--out", "r", "--quiet")
        for verb in ("report r --out", "export r --to csv --out", "export r --to gdf --out", "export r --to nwb --out"):
            done = self.on_disk("64k", f'echo mine > disk/file; "$0" {verb} disk/file --overwrite; code=$?; cat disk/file; exit $code')
            self.assertEqual((done.returncode, done.stdout), (4, "mine\n"), f"{verb}: {done.stderr}")
            self.assertIn("error[E0601]", done.stderr, verb)

    def test_a_pipe_that_is_full(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([cli.PROGRAM, "explain", "lif"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("error[E0601]: standard output", done.stderr)


class ReadOnly(CommandLineTest):
    def setUp(self):
        super().setUp()
        if WITHOUT_PRIVILEGE and not possible([*WITHOUT_PRIVILEGE, "true"]):
            self.skipTest("root may write anywhere")
        self.write("net.toml", NETWORK.format(duration=20.0))
        self.run_program("run", "net.toml", "--out", "r", "--quiet")

    def refuse(self, *arguments):
        done = subprocess.run([*WITHOUT_PRIVILEGE, cli.PROGRAM, *arguments], cwd=self.folder, env=self.environment(),
                              capture_output=True, text=True, timeout=600, check=False)
        self.assertEqual(done.returncode, 4, f"{arguments}: {done.stderr}")
        self.assertRegex(done.stderr, r"^error\[E0601\]: .*Permission denied", arguments)

    def test_every_verb_that_writes(self):
        (self.folder / "r").chmod(0o500)
        self.addCleanup((self.folder / "r").chmod, 0o700)
        before = self.files()
        self.refuse("run", "net.toml", "--out", "r/below")
        self.refuse("run", "net.toml", "--out", "r", "--overwrite")
        self.refuse("report", "r")
        for form in ("csv", "gdf", "nwb"):
            self.refuse("export", "r", "--to", form)
        self.refuse("new", "xor", "--out", "r/xor.toml")
        self.refuse("check", "net.toml", "--graph", "r/net.dot")
        self.assertEqual(self.files(), before)
        self.run_program("info", "r")


class TwoAtOnce(CommandLineTest):
    def test_one_of_two_runs_gets_the_folder(self):
        self.write("net.toml", NETWORK.format(duration=20.0))
        for attempt in range(5):
            both = [subprocess.Popen([cli.PROGRAM, "run", "net.toml", "--out", f"r{attempt}", "--quiet"], cwd=self.folder,
                                     env=self.environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
            told = [process.communicate(timeout=600)[1] for process in both]
            codes = sorted(process.returncode for process in both)
            self.assertIn(codes, ([0, 2], [0, 4]), told)  # too late, or while the other one writes
            self.assertIn("error[E0302]" if codes[1] == 2 else "another process is writing this run", "".join(told))
            manifest = json.loads((self.folder / f"r{attempt}/manifest.json").read_text())
            self.assertEqual(manifest["exit_state"], "ok")

    def test_a_run_that_goes_on_is_not_overwritten(self):
        self.write("net.toml", NETWORK.format(duration=1e8))
        first = subprocess.Popen([cli.PROGRAM, "run", "net.toml", "--out", "r", "--no-progress"], cwd=self.folder,
                                 env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list((self.folder / "r").glob("spikes.h5*")) and first.poll() is None:
            time.sleep(0.05)
        before = set(self.files())
        error = self.run_program("run", "net.toml", "--out", "r", "--overwrite", code=4).stderr
        self.assertIn("another process is writing this run", error)
        self.assertLessEqual(before, set(self.files()))
        first.send_signal(signal.SIGINT)
        self.assertEqual((first.communicate(timeout=600), first.returncode)[1], 130)


class ControlC(CommandLineTest):
    """The tasks xor and digits are interrupted in run_test.py and images_test.py."""

    def interrupt(self, *arguments, after):
        process = subprocess.Popen([cli.PROGRAM, *arguments, "--out", "r", "--no-progress"], cwd=self.folder, env=self.environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list((self.folder / "r").glob(after)) and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=6000)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertIn("interrupted after", stdout)
        self.assertEqual(json.loads((self.folder / "r/manifest.json").read_text())["exit_state"], "interrupted")
        self.assertEqual(list((self.folder / "r").glob("*.partial")), [])
        self.run_program("report", "r")

    def test_a_network(self):
        self.write("net.toml", NETWORK.format(duration=1e8))
        self.interrupt("run", "net.toml", after="spikes.h5*")
        self.assertIn("cell", self.run_program("info", "r/spikes.h5").stdout)

    def test_ensembles(self):
        self.run_program("new", "xor_ensembles")
        self.interrupt("run", "xor_ensembles.toml", "--set=neurons=20", "--set=indegree=10", "--set=epochs=100000",
                       "--set=presentation=20", "--set=burn_in=20", after="metrics.csv*")


if __name__ == "__main__":
    unittest.main()
