#!/usr/bin/python3
"""Prints what each window of the stationary-target protocol shows, over the run folders given, as Markdown.

    examples/stationary-target/table.py RUN...

Needs python3-h5py and python3-numpy.
"""
import pathlib
import sys

import h5py
import numpy

BIN = 0.1  # s


def rates(run):
    with h5py.File(run / "traces.h5") as file:
        return {(p, name): file["traces"][p][name][:] for p in ("input", "output") for name in ("event_rate", "burst_rate")}


def weight(run, second):
    """Mean weight in units of 200 pA."""
    with h5py.File(run / "weights.h5") as file:
        for snapshot in file["weights/external_to_input"].values():
            if abs(snapshot.attrs["time_ms"] / 1000 - second) < 0.5:
                return snapshot[:].mean() / 0.2
    raise SystemExit(f"{run}: no weights at {second} s")


def measure(run):
    trace = rates(run)

    def mean(population, name, start, end):
        return trace[population, name][int(start / BIN):int(end / BIN)].mean()

    def probability(population, start, end):
        return mean(population, "burst_rate", start, end) / mean(population, "event_rate", start, end)

    def seconds(population, start, end):
        return [probability(population, t, t + 1) for t in range(start, end)]

    return {
        "no teacher (5-20 s): input events, Hz | about 4.6": mean("input", "event_rate", 5, 20),
        "no teacher: output events, Hz | about 5.6": mean("output", "event_rate", 5, 20),
        "no teacher: burst probability of the input | 0.35-0.36": probability("input", 5, 20),
        "no teacher: burst probability of the output | 0.35-0.36": probability("output", 5, 20),
        "weight at 20 s | 0.30-0.34": weight(run, 20),
        "teacher 10 Hz: highest burst probability of the output, 1 s bins | about 0.6": max(seconds("output", 20, 26)),
        "teacher 10 Hz: output events at 35-40 s, Hz | about 10": mean("output", "event_rate", 35, 40),
        "teacher 10 Hz: burst probability of the output at 35-40 s | about 0.36": probability("output", 35, 40),
        "weight at 40 s | 0.9-1.0": weight(run, 40),
        "teacher gone (45-60 s): output events, Hz | 8-11.5": mean("output", "event_rate", 45, 60),
        "teacher 5 Hz: lowest burst probability of the output, 1 s bins | 0.1-0.2": min(seconds("output", 60, 66)),
        "teacher 5 Hz: output events at 75-80 s, Hz | 5": mean("output", "event_rate", 75, 80),
        "weight at 80 s | about 0.2": weight(run, 80),
        "teacher gone (85-100 s): output events, Hz | stays": mean("output", "event_rate", 85, 100),
    }


def main():
    runs = [pathlib.Path(run) for run in sys.argv[1:]]
    if not runs:
        raise SystemExit(__doc__)
    rows = [measure(run) for run in runs]
    print(f"| window | published | mean of {len(rows)} seeds | SD | range |\n|---|---|---|---|---|")
    for name in rows[0]:
        values = numpy.array([row[name] for row in rows])
        print(f"| {name} | {values.mean():.3f} | {values.std(ddof=1 if len(rows) > 1 else 0):.3f} | "
              f"{values.min():.3f} to {values.max():.3f} |")


if __name__ == "__main__":
    main()
