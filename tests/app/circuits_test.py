#!/usr/bin/env python3
"""What learns and what is learnt are chosen apart."""
import csv

import unittest

from cli import CommandLineTest

TINY = {
    "xor": ["--set=examples=8", "--set=test_every=4", "--set=epochs=2"],
    "digits": ["--set=task.epochs=1", "--set=task.train_limit=6", "--set=task.validation=3", "--set=task.test_limit=4"],
}
SMALL = {
    "burstccn": ["--set=hidden.sizes=[5]", "--set=presentation.duration=30", "--set=presentation.settling=10",
                 "--set=presentation.readout=20"],
    "burstccn_populations": ["--set=neurons=10", "--set=presentation=20", "--set=feedback=gated"],
    "burst_ensembles": ["--set=neurons=20", "--set=indegree=10", "--set=presentation=20", "--set=burn_in=20"],
}


class Circuits(CommandLineTest):
    def pairs(self):
        """Circuit and task, as they are listed: "  burstccn   a layered spiking BurstCCN: xor, mnist"."""
        for line in self.run_program("explain", "circuit").stdout.splitlines():
            circuit, rest = line.split(maxsplit=1)
            for task in rest.rsplit(":", 1)[1].split(","):
                yield circuit, task.strip()

    def test_every_pair_that_is_listed_runs_and_all_tell_the_same(self):
        columns, facts = set(), set()
        pairs = list(self.pairs())
        for circuit in SMALL:
            self.assertIn((circuit, "xor"), pairs)
        self.assertIn(("burstccn", "mnist"), pairs)
        for circuit, task in pairs:
            name = f"{task}_{circuit}"
            self.run_program("new", task, "--circuit", circuit, "--out", name + ".toml")
            if task not in TINY:  # another word for a pair, or in want of data
                continue
            options = [option for option in TINY[task]
                       if task != "xor" or ("epochs" in option) == (circuit == "burst_ensembles")]
            self.run_program("check", name + ".toml", *options, *SMALL[circuit])
            self.run_program("run", name + ".toml", "--out", name, "--threads", "1", *options, *SMALL[circuit])
            summary = self.json(name + "/summary.json")
            self.assertEqual((summary["task"], summary["circuit"]), (task, circuit))
            facts.add(tuple(f for f in summary if f in ("seed", "epochs", "examples", "test_error_percent", "spikes", "biological_s")))
            with open(self.folder / name / "metrics.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            columns.add(tuple(rows[-1])[:11])
            self.assertEqual(float(rows[-1]["test_error_percent"]), summary["test_error_percent"])
            self.assertIn("class,taken_for_0", (self.folder / name / "confusion.csv").read_text())
        self.assertEqual((len(columns), len(facts)), (1, 1), "the same measures")

    def test_what_does_not_go_together_is_refused(self):
        error = self.run_program("new", "digits", "--circuit", "burst_ensembles", code=2).stderr
        self.assertIn("there are: burstccn\n", error)
        self.run_program("new", "digits")
        error = self.run_program("check", "digits.toml", "--set=circuit=burst_ensembles", code=2).stderr
        self.assertIn("burst_ensembles cannot learn digits, with 256 inputs and 10 outputs: it has one output", error)
        self.assertEqual(error.count("error["), 1, error)
        error = self.run_program("check", "digits.toml", "--set=circuit=burst_ccn", code=2).stderr
        self.assertIn("did you mean 'burstccn'?", error)
        self.assertEqual(error.count("error["), 1, error)


if __name__ == "__main__":
    unittest.main()
