"""What the tests of the command line share: the program is the first argument."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


class CommandLineTest(unittest.TestCase):
    """Each test runs in an empty folder of its own."""

    maxDiff = None

    def setUp(self):
        self.folder_ = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder_.cleanup)
        self.folder = pathlib.Path(self.folder_.name)

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}
        return {**kept, "LC_ALL": "C.UTF-8"}

    def run_program(self, *arguments, code=0):
        """Runs the program and checks its exit code. A sanitizer on a busy machine takes minutes."""
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=900, check=False)
        self.assertEqual(done.returncode, code, f"{arguments}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def json(self, path):
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def spikes(self, folder, population):
        """The spikes of a recorded population: times [ms] and neurons."""
        with h5py.File(self.folder / folder / "spikes.h5") as file:
            group = file["spikes"][population]
            return group["timestamps"][:], group["node_ids"][:]

    def weights(self, folder, projection):
        """All recorded weights of a projection: a flat array for each snapshot, in order of time."""
        with h5py.File(self.folder / folder / "weights.h5") as file:
            group = file["weights"][projection]
            return [(group[k] if isinstance(group[k], h5py.Dataset) else group[k]["data"])[:].ravel() for k in sorted(group)]

    def files(self):
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*"))
