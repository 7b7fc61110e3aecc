"""Runs the README's Python reader on a small SONATA file."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import h5py

README = pathlib.Path(__file__).parents[2] / "README.md"
block = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with h5py.File("spikes.h5", "w") as file:
        for population, times in {"input": [1.5, 20.25, 20.25], "silent": []}.items():
            group = file.create_group(f"spikes/{population}")
            group.create_dataset("timestamps", data=times, dtype="f8")
            group.create_dataset("node_ids", data=range(len(times)), dtype="u8")
    shown = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=True).stdout
    print(shown)
    assert "input: 3 spikes of 3 neurons" in shown and "silent: 0 spikes of 0 neurons" in shown
