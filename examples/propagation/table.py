#!/usr/bin/python3
"""Prints how well the two signals are read in each population, over the run folders given, as Markdown.

    examples/propagation/table.py RUN...

Needs python3-h5py and python3-numpy.
"""
import pathlib
import sys

import h5py
import numpy

BIN = 0.05  # s
START, END = 1.0, 4.0  # s, while the signals are there


def measure(run):
    bins = slice(round(START / BIN), round(END / BIN))
    with h5py.File(run / "traces.h5") as file:
        def of(population, name):
            return file["traces"][population][name][bins]

        series = {f"events {k}": of(f"pyr{k}", "event_rate") for k in (1, 2)}
        series |= {f"bursts {k}": of(f"pyr{k}", "burst_rate") for k in (1, 2)}
        series |= {f"probability {k}": series[f"bursts {k}"] / series[f"events {k}"] for k in (1, 2)}
        series |= {p: of(p, "event_rate") for p in ("pv", "sst")}
    edges = numpy.arange(round(START / BIN), round(END / BIN) + 1) * BIN

    def sine(amplitude, period):
        angle = 2 * numpy.pi * edges / period
        return amplitude * -numpy.diff(numpy.cos(angle)) * period / (2 * numpy.pi * BIN)

    series["from below"] = sine(200, 0.5)
    series["from above"] = sine(100, 0.5 * 5 ** 0.5)
    means = {f"mean {name}": series[name].mean() for name in series if not name.startswith("from")}

    def fit(y, x):
        slope, offset = numpy.polyfit(series[x], series[y], 1)
        return numpy.corrcoef(series[x], series[y])[0, 1], slope, offset

    pairs = [("events 1", "from below"), ("events 2", "from below"), ("events 2", "events 1"), ("probability 2", "from above"),
             ("bursts 2", "from above"), ("probability 1", "from above"), ("probability 1", "bursts 2"), ("pv", "events 1"),
             ("sst", "bursts 2"),
             ("events 1", "from above"), ("events 2", "from above"), ("probability 2", "from below"),
             ("probability 1", "from below")]
    return means, {pair: fit(*pair) for pair in pairs}


def spread(values):
    return f"{numpy.mean(values):.3f} ± {numpy.std(values, ddof=1 if len(values) > 1 else 0):.3f}"


def main():
    runs = [pathlib.Path(run) for run in sys.argv[1:]]
    if not runs:
        raise SystemExit(__doc__)
    measured = [measure(run) for run in runs]
    print(f"Bins of 50 ms from 1 to 4 s; mean and SD of {len(runs)} seeds, r of each.\n\n"
          "| this | follows | r | r, by run | slope | offset |\n|---|---|---|---|---|---|")
    for number, pair in enumerate(measured[0][1]):
        if number == 9:
            print("| *what it should not follow* | | | | | |")
        r, slope, offset = zip(*(fits[pair] for _, fits in measured))
        print(f"| {pair[0]} | {pair[1]} | {spread(r)} | {' '.join(f'{x:.2f}' for x in r)} | {spread(slope)} | {spread(offset)} |")
    print("\n| mean from 1 to 4 s | value |\n|---|---|")
    for name in measured[0][0]:
        print(f"| {name.removeprefix('mean ')} | {spread([means[name] for means, _ in measured])} |")


if __name__ == "__main__":
    main()
