#!/usr/bin/python3
"""Trains small networks on images, with and without what the model needs, and prints the table of README.md as Markdown.

    examples/mnist/table.py APICAL DATA [--seeds 3] [--jobs 1] [--only NAME]... [--folder DIR]

APICAL is the program, DATA the folder of the data set. Run folders go to DIR (default: runs/mnist-table); a run that is there
already is not repeated.
"""
import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess

SMALL = ["task.train_limit=4000", "task.epochs=2", "task.validation=500", "task.test_limit=2000", "hidden.sizes=[100]",
         "record.weights=false"]
VARIANTS = {
    "as it is": [],
    "no_feedback": ["control=no_feedback"],
    "frozen_hidden": ["control=frozen_hidden"],
    "no_q": ["control=no_q"],
    "swapped": ["control=swapped"],
    "fixed feedback": ["feedback=fixed"],
    "fixed feedback, learned inhibition": ["feedback=fixed", "inhibition=learned"],
    "learned inhibition": ["inhibition=learned"],
    "interneurons": ["inhibition=interneurons"],
    "tsodyks_markram": ["transmission=tsodyks_markram"],
    "tsodyks_markram, interneurons": ["inhibition=interneurons", "transmission=tsodyks_markram"],
    "moving_average": ["baseline=moving_average"],
    "sampled": ["rule=sampled", "hidden.g=40", "hidden.eta=0.1", "output.eta=0.006", "output.p0=0.5", "output.G=1"],
    "poisson": ["input.encoding=poisson"],
    "latency": ["input.encoding=latency"],
    "late bursts": ["neuron.burst_interval=5"],
    "immediate": ["expression=immediate"],
    "batch of 4": ["task.batch=4"],
}


def run(program, data, folder, name, settings, seed):
    out = folder / f"{name.replace(' ', '_')}-{seed}"
    if not (out / "confusion.csv").exists():  # written by a run that was not interrupted
        command = [program, "run", folder / "mnist.toml", "--data", data, "--seed", str(seed), "--threads", "1", "--quiet",
                   "--overwrite", "--out", out]
        for setting in SMALL + settings:
            command += ["--set", setting]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "summary.json").read_text())


def row(name, results):
    errors = [r["test_error_percent"] for r in results]
    spread = f"{statistics.stdev(errors):.2f}" if len(errors) > 1 else "-"
    return (f"| {name} | {statistics.mean(errors):.2f} | {spread} | {' '.join(f'{e:.2f}' for e in errors)} | "
            f"{statistics.mean(r['validation_error_percent'] for r in results):.2f} | "
            f"{statistics.median(r['cpu_s'] for r in results):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/mnist-table"))
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    data = str(arguments.data.resolve())
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if not (arguments.folder / "mnist.toml").exists():
        subprocess.run([program, "new", "mnist"], check=True, cwd=arguments.folder, stderr=subprocess.DEVNULL)
    names = [name for name in VARIANTS if not arguments.only or any(only in name for only in arguments.only)]
    print(f"| variant | test error, mean of {arguments.seeds} | SD | by seed | validation | CPU s |")
    print("|---|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name in names:
            results = pool.map(lambda seed: run(program, data, arguments.folder, name, VARIANTS[name], seed),
                               range(1, arguments.seeds + 1))
            print(row(name, list(results)), flush=True)


if __name__ == "__main__":
    main()
