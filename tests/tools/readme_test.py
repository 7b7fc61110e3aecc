"""Runs the README's Python readers on small files: spikes in SONATA's layout, dense and sparse weights."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import h5py

README = pathlib.Path(__file__).parents[2] / "README.md"
of_spikes, of_weights = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def shown(block):
    text = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=True).stdout
    print(text)
    return text


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with h5py.File("spikes.h5", "w") as file:
        for population, times in {"input": [1.5, 20.25, 20.25], "silent": []}.items():
            group = file.create_group(f"spikes/{population}")
            group.create_dataset("timestamps", data=times, dtype="f8")
            group.create_dataset("node_ids", data=range(len(times)), dtype="u8")
    text = shown(of_spikes)
    assert "input: 3 spikes of 3 neurons" in text and "silent: 0 spikes of 0 neurons" in text

    # Two targets and three sources: all pairs, and pairs (0, 1), (0, 2), (1, 0).
    with h5py.File("weights.h5", "w") as file:
        for number in (0, 1):
            file[f"weights/dense/{number:06}"] = [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]
            sparse = file.create_group(f"weights/sparse/{number:06}")
            sparse["indptr"], sparse["indices"], sparse["data"] = [0, 2, 3], [1, 2, 0], [0.5, 1.5, 2.5]
            for name in ("dense", "sparse"):
                file[f"weights/{name}/{number:06}"].attrs["time_ms"] = 10.0 * number
    text = shown(of_weights)
    assert "dense at 10.0 ms: neuron 0 has 3 synapses, from neurons [0, 1, 2]" in text
    assert re.search(r"sparse at 10.0 ms: neuron 0 has 2 synapses, from neurons \[.*1.*2.*\]", text), text
