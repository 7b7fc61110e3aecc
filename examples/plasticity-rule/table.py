#!/usr/bin/python3
"""Prints what each phase of the plasticity-rule protocol shows, over the run folders given, as Markdown.

    examples/plasticity-rule/table.py RUN...

Needs python3-h5py and python3-numpy.
"""
import pathlib
import sys

import h5py
import numpy

BIN = 2.5  # s, of the traces
TAU = 5.0  # s, of the neurons' own averages
PHASES = [("d = 1", 20), ("d = 1.5", 45), ("d = 1", 70), ("d = 0.55", 95), ("d = 1", 120), ("d = 1, source bursts", 145)]
LENGTH = 25
END = 170


def rates(run):
    with h5py.File(run / "traces.h5") as file:
        return {(p, name): file["traces"][p][name][:] for p in ("pre", "post") for name in ("event_rate", "burst_rate")}


def weights(run):
    """Mean weight by second."""
    with h5py.File(run / "weights.h5") as file:
        return {round(s.attrs["time_ms"] / 1000): float(s["data"][:].mean() if isinstance(s, h5py.Group) else s[:].mean())
                for s in file["weights/pre_to_post"].values()}


def average(run, name):
    """The moving averages of 50 neurons, in Hz, at the end of each bin: rows are bins."""
    with h5py.File(run / f"{name}s.h5") as file:
        times, neurons = file["spikes/post/timestamps"][:] / 1000, file["spikes/post/node_ids"][:]
    times, neurons = times[neurons < 50], neurons[neurons < 50]
    rows = []
    state = numpy.zeros(50)
    for k in range(round(END / BIN)):
        begin, end = k * BIN, (k + 1) * BIN
        inside = (times >= begin) & (times < end)
        state = state * numpy.exp(-BIN / TAU)
        numpy.add.at(state, neurons[inside], numpy.exp((times[inside] - end) / TAU) / TAU)
        rows.append(state.copy())
    return numpy.array(rows)


def measure(run):
    trace, weight = rates(run), weights(run)
    events, bursts = average(run, "event"), average(run, "burst")
    own = numpy.where(events > 0, numpy.minimum(bursts / numpy.maximum(events, 1e-9), 1), numpy.nan)
    own = numpy.nanmean(own, axis=1)  # at the end of each bin

    def mean(population, name, start, end):
        return trace[population, name][round(start / BIN):round(end / BIN)].mean()

    def probability(population, start, end):
        return mean(population, "burst_rate", start, end) / mean(population, "event_rate", start, end)

    def surplus(start, end):
        """BP - P, P being the average that the bin starts with."""
        return numpy.mean([probability("post", t, t + BIN) - own[round(t / BIN) - 1] for t in numpy.arange(start, end, BIN)])

    rows = {}
    for number, (name, start) in enumerate(PHASES, 1):
        end = start + LENGTH
        label = f"{number}: {name}"
        rows[label] = {
            "events of the target, Hz": mean("post", "event_rate", start, end),
            "its burst probability, %": 100 * probability("post", start, end),
            "of the source, %": 100 * probability("pre", start, end),
            "less its own average in the first 5 s, points": 100 * surplus(start, start + 5),
            "change of the weight, %": 100 * (weight[end] / weight[start] - 1),
        }
    times = sorted(t for t in weight if t >= 20)
    change = [weight[b] - weight[a] for a, b in zip(times, times[1:])]
    excess = [surplus(a, b) * mean("post", "event_rate", a, b) for a, b in zip(times, times[1:])]
    return rows, numpy.corrcoef(change, excess)[0, 1]


def main():
    runs = [pathlib.Path(run) for run in sys.argv[1:]]
    if not runs:
        raise SystemExit(__doc__)
    measured = [measure(run) for run in runs]
    columns = list(measured[0][0]["1: d = 1"])
    print(f"Mean and SD of {len(runs)} seeds:\n\n| phase | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    for phase in measured[0][0]:
        cells = []
        for column in columns:
            values = numpy.array([rows[phase][column] for rows, _ in measured])
            cells.append(f"{values.mean():.2f} ± {values.std(ddof=1 if len(values) > 1 else 0):.2f}")
        print(f"| {phase} | " + " | ".join(cells) + " |")
    print("\nChange of the weight in each phase, %, by run:\n\n| run | " + " | ".join(measured[0][0]) + " | r |\n" + "|---" * 8 + "|")
    for run, (rows, r) in zip(runs, measured):
        print(f"| {run.name} | " + " | ".join(f"{rows[p]['change of the weight, %']:.2f}" for p in rows) + f" | {r:.3f} |")
    print("\nr: correlation, over 5 s each from 20 s on, of the weight's change with the events of the target times its burst "
          "probability less its own average.")


if __name__ == "__main__":
    main()
