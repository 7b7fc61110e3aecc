#!/usr/bin/python3
"""Event rate and burst probability of single cells against currents, as Markdown.

    examples/single-cell/table.py APICAL

APICAL is the program. Needs python3-h5py.
"""
import pathlib
import subprocess
import sys
import tempfile

import h5py

HERE = pathlib.Path(__file__).parent
START, END, CELLS = 1000.0, 6000.0, 40  # ms, ms


def count(file):
    with h5py.File(file) as spikes:
        times = spikes["spikes/cell/timestamps"][:] if "cell" in spikes["spikes"] else []
    return sum(1 for t in times if t >= START)


def measure(program, preset, soma, dend):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        subprocess.run([program, "run", HERE / f"{preset}.toml", "--out", out, "--quiet", "--threads", "1",
                        "--set", f"population.cell.parameters.I_e_soma={float(soma)}",
                        "--set", f"population.cell.parameters.I_e_dend={float(dend)}"], check=True)
        events = count(out / "events.h5")
        bursts = count(out / "bursts.h5")
    return 1000.0 * events / (END - START) / CELLS, bursts / events if events else float("nan")


def table(program, title, preset, points):
    print(f"\n{title}\n\n| I_soma, pA | I_dend, pA | events, Hz | burst probability |\n|---|---|---|---|")
    for soma, dend in points:
        rate, probability = measure(program, preset, soma, dend)
        print(f"| {soma} | {dend} | {rate:.2f} | {probability:.3f} |", flush=True)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for preset in ("payeur2021", "greedy2026"):
        table(sys.argv[1], f"`{preset}`: f-I curve", preset, [(soma, 0) for soma in range(0, 1001, 200)])
        table(sys.argv[1], f"`{preset}`: burst probability", preset, [(200, dend) for dend in range(-200, 401, 100)])


if __name__ == "__main__":
    main()
