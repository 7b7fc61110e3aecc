"""Spikes of a run as Neo objects (Debian: python3-neo, python3-h5py):

    segment = load("runs/.../spikes.h5")
"""
import h5py
import neo
import numpy as np


def load(path):
    """A neo.Segment with one SpikeTrain for each neuron of the file, the silent ones too; annotated with population and node_id."""
    segment = neo.Segment()
    with h5py.File(path) as file:
        t_start, t_stop = file.attrs["t_start_ms"], file.attrs["t_stop_ms"]
        for population, spikes in file["spikes"].items():
            times, ids = spikes["timestamps"][:], spikes["node_ids"][:]
            order = np.argsort(ids, kind="stable")  # keeps each neuron's spikes in order of time
            ends = np.searchsorted(ids[order], np.arange(spikes.attrs["size"], dtype=ids.dtype), side="right")
            for node_id, train in enumerate(np.split(times[order], ends)[:-1]):
                segment.spiketrains.append(neo.SpikeTrain(train, units="ms", t_start=t_start, t_stop=t_stop,
                                                          population=population, node_id=node_id))
    return segment
