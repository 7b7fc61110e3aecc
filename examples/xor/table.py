#!/usr/bin/python3
"""Runs every variant of the XOR task over a range of seeds and prints the tables of README.md as Markdown.

    examples/xor/table.py APICAL [--seeds 10] [--jobs 2] [--only NAME]... [--folder DIR]

APICAL is the program. Run folders go to DIR (default: runs/xor-table); a run that is there already, and complete, is not repeated.
"""
import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess

DIRECT = ["inhibition=direct"]
VARIANTS = {
    "tsodyks_markram, interneurons (default)": [],
    "tsodyks_markram, dale": ["inhibition=dale"],
    "tsodyks_markram, direct": DIRECT,
    "gated": ["feedback=gated"],
    "default, variance_reduced": ["rule=variance_reduced"],
    "default, moving_average": ["baseline=moving_average"],
    "default, lag = 4 ms": ["lag=4"],
    "default, delay = 0.5 ms": ["delay=0.5"],
    "control: no_stp": ["control=no_stp"],
    "control: swapped": ["control=swapped"],
    "control: no_q": ["control=no_q"],
    "control: burstprop": ["control=burstprop"],
    "control: frozen_hidden": ["control=frozen_hidden"],
}


def complete(out):
    manifest = out / "manifest.json"
    return manifest.exists() and json.loads(manifest.read_text())["exit_state"] == "ok"


def run(program, folder, name, settings, seed):
    out = folder / f"{name.replace(' ', '_').replace(':', '').replace(',', '')}-{seed}"
    if not complete(out):
        command = [program, "run", folder / "xor.toml", "--seed", str(seed), "--threads", "1", "--quiet", "--overwrite", "--out", out]
        for setting in settings + ["record.spikes=false", "record.traces=false", "record.weights=false"]:
            command += ["--set", setting]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "summary.json").read_text())


def row(name, results):
    right = [r["patterns_right"] for r in results]
    solved = [r["solved_at_example"] for r in results]
    when = [s for s in solved if s is not None]
    median = f"{statistics.median(when):g}" if when else "-"
    error = statistics.mean(r["mean_squared_error"] for r in results)
    cpu = statistics.median(r["cpu_s"] / r["biological_s"] for r in results)
    events = statistics.median(r["synaptic_events"] for r in results) / 1e6
    examples = " ".join("-" if s is None else str(s) for s in solved)
    return (f"| {name} | {right.count(4)}/{len(right)} | {len(when)}/{len(right)} | {median} | {examples} | {error:.3f} | "
            f"{cpu:.3f} | {events:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/xor-table"))
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if not (arguments.folder / "xor.toml").exists():
        subprocess.run([program, "new", "xor"], check=True, cwd=arguments.folder, stderr=subprocess.DEVNULL)
    names = [name for name in VARIANTS if not arguments.only or any(only in name for only in arguments.only)]
    print("| variant | all right at the end | solved | median examples | examples, seeds 1 to "
          f"{arguments.seeds} | mean squared error | CPU s per biological s | synaptic events, millions |")
    print("|---|---|---|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name in names:
            results = pool.map(lambda seed: run(program, arguments.folder, name, VARIANTS[name], seed),
                               range(1, arguments.seeds + 1))
            print(row(name, list(results)), flush=True)


if __name__ == "__main__":
    main()
