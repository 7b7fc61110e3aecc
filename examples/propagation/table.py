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
PERIODS = {"from below": 0.5, "from above": 0.5 * 5 ** 0.5}  # s
PAIRS = [("events 2", "events 1"), ("probability 1", "bursts 2"), ("pv", "events 1"), ("sst", "bursts 2"),
         ("probability 1", "events 1"), ("probability 2", "events 1"), ("events 2", "bursts 2")]


def read(run):
    """Series by name, over all bins."""
    with h5py.File(run / "traces.h5") as file:
        def of(population, name):
            return file["traces"][population][name][:]

        series = {f"events {k}": of(f"pyr{k}", "event_rate") for k in (1, 2)}
        series |= {f"bursts {k}": of(f"pyr{k}", "burst_rate") for k in (1, 2)}
        series |= {f"probability {k}": series[f"bursts {k}"] / series[f"events {k}"] for k in (1, 2)}
        return series | {p: of(p, "event_rate") for p in ("pv", "sst")}


def waves(values):
    """For each signal: amplitude, lag [ms] and share of the variance of the sine that fits best."""
    edges = numpy.arange(round(START / BIN), round(END / BIN) + 1) * BIN
    columns = [numpy.ones(len(edges) - 1)]
    for period in PERIODS.values():
        angle = 2 * numpy.pi * edges / period
        scale = period / (2 * numpy.pi * BIN)  # means over the bins
        columns += [-numpy.diff(numpy.cos(angle)) * scale, numpy.diff(numpy.sin(angle)) * scale]
    design = numpy.array(columns).T
    fit = numpy.linalg.lstsq(design, values, rcond=None)[0]
    found = {}
    for k, (name, period) in enumerate(PERIODS.items()):
        a, b = fit[1 + 2 * k:3 + 2 * k]
        lag = (-numpy.arctan2(b, a) / (2 * numpy.pi) * period + period / 2) % period - period / 2
        found[name] = (numpy.hypot(a, b), 1000 * lag, (design[:, 1 + 2 * k:3 + 2 * k] @ [a, b]).var() / values.var())
    return found


def measure(run):
    series = read(run)
    first, last = round(START / BIN), round(END / BIN)

    def fit(y, x):
        """At the lag, in bins, at which the correlation is largest."""
        def at(lag):
            return series[x][first - lag:last - lag], series[y][first:last]
        lag = max(range(5), key=lambda k: abs(numpy.corrcoef(*at(k))[0, 1]))
        slope, offset = numpy.polyfit(*at(lag), 1)
        return numpy.corrcoef(*at(lag))[0, 1], slope, offset, 1000 * BIN * lag

    inside = {name: values[first:last] for name, values in series.items()}
    means = {name: values.mean() for name, values in inside.items()}
    return means, {name: waves(values) for name, values in inside.items()}, {pair: fit(*pair) for pair in PAIRS}


def spread(values, digits=2):
    sd = numpy.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{numpy.mean(values):.{digits}f} ± {sd:.{digits}f}"


def main():
    runs = [pathlib.Path(run) for run in sys.argv[1:]]
    if not runs:
        raise SystemExit(__doc__)
    means, sines, fits = zip(*(measure(run) for run in runs))
    print(f"\nMean and SD of {len(runs)} seeds, bins of 50 ms from 1 to 4 s. For each signal: amplitude and lag of the sine "
          "that fits best, and its share of the variance.\n\n"
          "| | mean | from below: amplitude | lag, ms | share | from above: amplitude | lag, ms | share |\n" + "|---" * 8 + "|")
    for name in means[0]:
        cells = [spread([m[name] for m in means])]
        for signal in PERIODS:
            for index, digits in enumerate((3 if name.startswith("prob") else 2, 0, 2)):
                cells.append(spread([s[name][signal][index] for s in sines], digits))
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n| this | follows | lag, ms | r | r, by run | slope | offset |\n" + "|---" * 7 + "|")
    for pair in PAIRS:
        r, slope, offset, lag = zip(*(f[pair] for f in fits))
        print(f"| {pair[0]} | {pair[1]} | {'/'.join(f'{x:.0f}' for x in sorted(set(lag)))} | {spread(r)} | "
              f"{' '.join(f'{x:.2f}' for x in r)} | {spread(slope, 3)} | {spread(offset, 3)} |")


if __name__ == "__main__":
    main()
