#!/usr/bin/env python3
"""Sweeps: the plan, running, killing and repeating, arrays of jobs, GNU parallel, the collected table and its page."""
import csv
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import browser
import cli
from cli import CommandLineTest

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "sweep"
NETWORK = """seed = 5
duration = 50.0
[population.a]
model = "poisson"
size = 10
parameters = { rate = 20.0 }
[record]
spikes = ["a"]
"""
SWEEP = NETWORK + """
[sweep]
seeds = 2
[sweep.grid]
duration = [50.0, 100.0]
"population.a.parameters.rate" = [10, 20, 30]
"""

# What Slurm does with an array of jobs: the wrapped command once for each task, which its environment numbers.
SBATCH = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        --array=*) tasks=${1#*=} ;;
        --wrap) command=$2; shift ;;
        --cpus-per-task=*) ;;
        *) echo "sbatch: unrecognized option '$1'" >&2; exit 1 ;;
    esac
    shift
done
for task in $(seq "${tasks%-*}" "${tasks#*-}"); do SLURM_ARRAY_TASK_ID=$task sh -c "$command" || exit; done
"""


class Sweep(CommandLineTest):
    def csv(self, path):
        with open(self.folder / path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def environment(self):
        return {k: v for k, v in super().environment().items() if k not in ("SLURM_ARRAY_TASK_ID", "SGE_TASK_ID", "PBS_ARRAY_INDEX")}

    def test_a_plan(self):
        self.write("s.toml", SWEEP)
        lines = self.run_program("sweep", "plan", "s.toml").stdout.splitlines()
        self.assertEqual(lines, [f"apical sweep run s.toml --out s.sweep --index {k}" for k in range(12)])
        plan = self.csv("s.sweep/plan.csv")
        self.assertEqual([(float(p["duration"]), float(p["population.a.parameters.rate"])) for p in plan],
                         [(d, r) for d in (50, 100) for r in (10, 20, 30) for _ in range(2)])
        self.assertEqual(len({p["seed"] for p in plan}), 12)
        # Seeds belong to (seed, index): not to how many points there are.
        self.write("s.toml", SWEEP.replace("[50.0, 100.0]", "[50.0, 100.0, 150.0]"))
        self.run_program("sweep", "plan", "s.toml")
        self.assertEqual([p["seed"] for p in self.csv("s.sweep/plan.csv")][:12], [p["seed"] for p in plan])

    def test_zip_and_list(self):
        self.write("s.toml", NETWORK + '[sweep]\nlist = [{ duration = 20.0 }, { duration = 30.0 }]\n[sweep.zip]\nseed = [7, 8]\n'
                   '"population.a.size" = [1, 2]\n')
        self.run_program("sweep", "plan", "s.toml")
        self.assertEqual([(float(p["duration"]), float(p["population.a.size"])) for p in self.csv("s.sweep/plan.csv")],
                         [(20, 1), (20, 2), (30, 1), (30, 2)])
        self.run_program("sweep", "run", "s.toml")
        self.run_program("sweep", "collect", "s.toml")
        for table in ("results", "plan"):
            self.assertEqual([r["seed"] for r in self.csv(f"s.sweep/{table}.csv")], ["7", "8", "7", "8"])
            self.assertEqual((self.folder / f"s.sweep/{table}.csv").read_text().split("\n")[0].split(",").count("seed"), 1)

    def test_running_repeating_and_collecting(self):
        self.write("s.toml", SWEEP)
        self.assertIn("0 done, 0 failed, 12 missing", self.run_program("sweep", "status", "s.toml").stdout)
        self.run_program("sweep", "run", "s.toml", "--jobs", "2")
        self.assertIn("12 done", self.run_program("sweep", "status", "s.toml").stdout)
        again = self.run_program("sweep", "run", "s.toml").stderr
        self.assertEqual(again.count("was done before"), 12)
        self.run_program("sweep", "collect", "s.toml")
        rows = self.csv("s.sweep/results.csv")
        self.assertEqual([int(r["index"]) for r in rows], list(range(12)))
        self.assertEqual(len({r["result_hash"] for r in rows}), 12)
        for row in rows:
            self.assertEqual(float(row["biological_s"]), float(row["duration"]) / 1000)
        header = (self.folder / "s.sweep/results.csv").read_text().split("\n")[0].split(",")
        self.assertEqual(sorted(header), sorted(set(header)), "each fact has one column")
        # A point is what its command line says.
        plan = self.csv("s.sweep/plan.csv") if (self.folder / "s.sweep/plan.csv").exists() else rows
        self.run_program("run", "s.toml", "--out", "r", "--quiet", "--seed", plan[9]["seed"], "--set", "duration=100.0",
                         "--set", "population.a.parameters.rate=20")
        self.run_program("info", "r")
        self.assertIn(rows[9]["result_hash"], (self.folder / "r/summary.json").read_text())
        # Another path to the file, or a comment in it, changes no point.
        self.write("s.toml", "# a remark\n" + SWEEP)
        for path in ("./s.toml", str(self.folder / "s.toml")):
            self.assertIn("12 done", self.run_program("sweep", "status", path).stdout)
        # A point whose configuration has changed is not collected, and runs anew; the others do not.
        self.write("s.toml", SWEEP.replace("20, 30", "20, 40"))
        self.run_program("sweep", "collect", "s.toml")
        self.assertEqual([int(r["index"]) for r in self.csv("s.sweep/results.csv")], [0, 1, 2, 3, 6, 7, 8, 9])
        self.assertEqual(self.run_program("sweep", "run", "s.toml").stderr.count("was done before"), 8)

    def test_failures_are_told(self):
        self.write("s.toml", NETWORK + "[sweep.grid]\nduration = [50.0, 60.0]\n")
        (self.folder / "s.sweep/points").mkdir(parents=True)
        self.write("s.sweep/points/0001", "not a folder")
        self.run_program("sweep", "run", "s.toml", "--jobs", "1", code=1)
        status = self.run_program("sweep", "status", "s.toml", code=1).stdout
        self.assertIn("1 done, 1 failed, 0 missing", status)
        self.assertIn("point 1 failed", status)
        self.assertIn("the results need a folder", status)
        self.run_program("sweep", "collect", "s.toml", code=1)
        self.assertEqual(len(self.csv("s.sweep/results.csv")), 1)

    def test_wrong_points_are_found_before_anything_runs(self):
        network = NETWORK + "[sweep.grid]\n"
        first = network.count("\n") + 1
        for lines, line, words in ((["duration = [50.0, -1.0]"], 0, ("point 1 of the sweep", "duration is -1")),
                                   (["duration = [50.0, 60.0]", "durations = [1.0, 2.0]"], 1, ("unknown key 'durations'", "point 0")),
                                   (['"population.a.model" = ["poisson", "poison"]'], 0, ("did you mean 'poisson'", "point 1")),
                                   (['"population.a.size" = [3]', "seed = [1, -5]"], 1, ("seed", "point 1"))):
            self.write("s.toml", network + "\n".join(lines) + "\n")
            for action in ("plan", "run"):
                error = self.run_program("sweep", action, "s.toml", code=2).stderr
                self.assertIn(f"  --> s.toml:{first + line}:", error)
                for word in words:
                    self.assertIn(word, error)
                self.assertEqual(self.files(), ["s.toml"])
        self.write("s.toml", network + "duration = [50.0, -1.0]\n")
        self.run_program("sweep", "run", "s.toml", "--index", "0")  # an array of jobs looks at its own points
        self.run_program("sweep", "run", "s.toml", "--index", "1", code=2)

    def test_seeds_of_points_that_have_their_own(self):
        for part in ("[sweep.grid]\nseed = [1, 2]", "[sweep.zip]\nseed = [1, 2]"):
            self.write("s.toml", NETWORK + "[sweep]\nseeds = 3\n" + part + "\n")
            for verb in (["check", "s.toml"], ["sweep", "plan", "s.toml"], ["sweep", "run", "s.toml"]):
                error = self.run_program(*verb, code=2).stderr
                self.assertIn("error[E0210]: seeds has no effect: the points have seeds of their own", error)
                self.assertIn("   |  seeds = 3\n   |          ^", error)
            self.assertEqual(self.files(), ["s.toml"])
        self.write("s.toml", NETWORK + "[sweep]\nseeds = 1\n[sweep.grid]\nseed = [1, 2]\n")
        self.run_program("check", "s.toml")

    def test_check_says_what_a_plan_would(self):
        for sweep in ("[sweep.grid]\nduration = [50.0, -1.0]", "[sweep.grid]\ndurations = [50.0]", "[sweep.grid]\nduration = []",
                      "[sweep.gird]\nduration = [50.0]", "[sweep]\nseeds = 0", "[sweep]\nseeds = 1",
                      "[sweep.zip]\nduration = [50.0, 60.0]\n'population.a.size' = [1]"):
            self.write("s.toml", NETWORK + sweep + "\n")
            said = [self.run_program(*verb, code=2) for verb in (["check", "s.toml"], ["sweep", "plan", "s.toml"])]
            self.assertEqual(said[0].stderr, said[1].stderr)
            self.assertEqual(said[0].stdout, "")
        self.write("s.toml", SWEEP)
        self.assertIn("the configuration is right", self.run_program("check", "s.toml").stdout)
        # A change on the command line is one of all points; a sweep's own values come after it.
        self.run_program("check", "s.toml", "--set", "record.spikes=['b']", code=2)
        self.write("s.toml", NETWORK + "[sweep.grid]\nduration = [-1.0]\n")
        self.run_program("check", "s.toml", "--set", "duration=10.0", code=2)
        self.run_program("check", "s.toml", "--set", "sweep.grid.duration=[10.0]")
        self.assertEqual(self.files(), ["s.toml"])

    def test_what_somebody_else_made_is_not_replaced(self):
        self.write("s.toml", SWEEP)
        (self.folder / "s.sweep").mkdir()
        for name, action in (("plan.csv", "plan"), ("results.csv", "collect"), ("sweep.html", "collect")):
            self.write(f"s.sweep/{name}", "mine")
            self.assertIn("error[E0302]", self.run_program("sweep", action, "s.toml", code=2).stderr)
            self.assertEqual((self.folder / f"s.sweep/{name}").read_text(), "mine")
            for _ in range(2):
                self.run_program("sweep", action, "s.toml", "--overwrite")
            self.run_program("sweep", action, "s.toml")

    def test_an_array_of_jobs(self):
        self.write("s.toml", SWEEP)
        done = subprocess.run([cli.PROGRAM, "sweep", "run", "s.toml"], cwd=self.folder, capture_output=True, text=True, check=True,
                              env={**self.environment(), "SLURM_ARRAY_TASK_ID": "4"})
        self.assertIn("point 4 done", done.stderr)
        done = subprocess.run([cli.PROGRAM, "sweep", "run", "s.toml"], cwd=self.folder, capture_output=True, text=True, check=True,
                              env={**self.environment(), "SGE_TASK_ID": "1"})  # Grid Engine counts from 1
        self.assertIn("point 0 done", done.stderr)
        self.run_program("sweep", "run", "s.toml", "--index", "7")
        self.assertIn("3 done, 0 failed, 9 missing", self.run_program("sweep", "status", "s.toml").stdout)
        self.assertIn("from 0 to 11", self.run_program("sweep", "run", "s.toml", "--index", "12", code=2).stderr)

    def test_killed_and_repeated(self):
        self.write("s.toml", SWEEP.replace("[50.0, 100.0]", "[200000.0, 400000.0]"))
        process = subprocess.Popen([cli.PROGRAM, "sweep", "run", "s.toml", "--jobs", "2"], cwd=self.folder, env=self.environment(),
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        process.stderr.readline()  # one has ended
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(0.2)
        done = self.run_program("sweep", "run", "s.toml").stderr
        self.assertGreaterEqual(done.count("was done before"), 1)
        self.assertIn("12 done, 0 failed", self.run_program("sweep", "status", "s.toml").stdout)

    def test_interrupted_and_repeated(self):
        self.write("s.toml", NETWORK + "[sweep.grid]\nduration = [3e7]\n")
        process = subprocess.Popen([cli.PROGRAM, "sweep", "run", "s.toml"], cwd=self.folder, env=self.environment(),
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        log = self.folder / "s.sweep/points/0000/log.txt"
        while not log.with_name("spikes.h5.partial").exists():
            time.sleep(0.01)
        time.sleep(0.5)  # it is under way: before its first window it would keep no checkpoint
        os.killpg(process.pid, signal.SIGINT)
        self.assertIn("point 0 interrupted", process.communicate()[1])
        self.assertEqual(process.returncode, 130)
        self.assertTrue(log.with_name("checkpoint.h5").exists())
        self.assertIn("0 done, 0 failed, 0 missing, 1 interrupted", self.run_program("sweep", "status", "s.toml").stdout)
        self.run_program("sweep", "run", "s.toml")
        self.assertIn("going on from checkpoint", log.read_text())
        self.assertIn("1 done", self.run_program("sweep", "status", "s.toml").stdout)

    def in_shell(self, command):
        """Runs a command in which the program is called `apical`, in a folder with the example."""
        folder = self.folder / "bin"
        if not folder.exists():
            shutil.copytree(EXAMPLE, self.folder, dirs_exist_ok=True)
            folder.mkdir()
            (folder / "apical").symlink_to(cli.PROGRAM)
            (folder / "sbatch").write_text(SBATCH)
            (folder / "sbatch").chmod(0o755)
        done = subprocess.run(command, shell=True, cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**self.environment(), "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    @staticmethod
    def command_of_readme(word):
        lines = (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
        command, = (line.split("  #")[0].strip() for line in lines if line.startswith("    ") and word in line)
        return command

    def test_slurm(self):
        self.in_shell("apical sweep run sweep.toml --index 5")
        done = self.in_shell(self.command_of_readme("sbatch"))
        self.assertEqual(done.stderr.count("was done before"), 1)
        self.assertIn("12 done", self.run_program("sweep", "status", "sweep.toml").stdout)

    @unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not installed")
    def test_gnu_parallel(self):
        for _ in range(2):  # the second time resumes
            self.in_shell(self.command_of_readme("parallel"))
        self.assertIn("12 done", self.run_program("sweep", "status", "sweep.toml").stdout)

    @unittest.skipUnless(shutil.which("snakemake"), "Snakemake is not installed")
    def test_snakemake(self):
        self.in_shell("apical sweep run sweep.toml --index 3")
        done = self.in_shell(self.command_of_readme("snakemake"))
        self.assertEqual((done.stdout + done.stderr).count("rule point:"), 11, "what was done is not done again")
        self.assertEqual(len(self.csv("sweep.sweep/results.csv")), 12)

    def test_mistakes(self):
        self.write("s.toml", NETWORK)
        self.assertIn("no table [sweep]", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.write("s.toml", NETWORK + "[sweep]\nseed = 2\n")
        self.assertIn("unknown key 'seed'", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.write("s.toml", NETWORK + "[sweep.zip]\nduration = [1.0, 2.0]\nseed = [1]\n")
        self.assertIn("has 1", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.write("s.toml", NETWORK + "[sweep]\nlist = [{ seed = 1 }, { duration = 2.0 }]\n[sweep.grid]\nduration = [1.0, 3.0]\n")
        self.assertIn("duration is in two of", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.write("s.toml", NETWORK + "[sweep.grid]\nduration = []\n")
        self.assertIn("is empty", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.write("s.toml", NETWORK + "[sweep]\nseeds = 4611686018427387904\n[sweep.grid]\nduration = [1.0, 2.0, 3.0, 4.0]\n")
        self.assertIn("a million points", self.run_program("sweep", "plan", "s.toml", code=2).stderr)
        self.assertIn("expected plan", self.run_program("sweep", "go", "s.toml", code=2).stderr)
        self.write("s.toml", SWEEP)
        self.assertIn("nothing was run yet", self.run_program("sweep", "collect", "s.toml", code=2).stderr)
        self.assertIn("expected what to do", self.run_program("sweep", "plan", code=2).stderr)

    @unittest.skipUnless(browser.CHROMIUM, "no browser here; install the package chromium")
    def test_the_page(self):
        self.write("s.toml", SWEEP)
        self.run_program("sweep", "run", "s.toml")
        self.run_program("sweep", "collect", "s.toml")
        keep = os.environ.get("APICAL_SCREENSHOTS")
        with browser.Browser() as b:
            for width in (1280, 390):
                for dark in (False, True):
                    b.look(width, dark=dark)
                    b.open(self.folder / "s.sweep/sweep.html")
                    self.assertLessEqual(b.run("document.documentElement.scrollWidth"), width)
                    if keep:
                        b.screenshot(f"{keep}/sweep-{width}-{'dark' if dark else 'light'}.png")
            self.assertEqual(b.run("document.querySelectorAll('figure').length"), 2)
            self.assertEqual(b.run("[...document.querySelectorAll('.scroll tbody tr')].map(row => row.cells[1].textContent)"),
                             [row["seed"] for row in self.csv("s.sweep/results.csv")])
            self.assertIn(" over duration", b.run("document.querySelector('figure').textContent"))
            self.assertEqual((b.errors, b.requests), ([], []))


if __name__ == "__main__":
    unittest.main()
