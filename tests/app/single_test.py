#!/usr/bin/env python3
"""`apical single` against closed forms, and its mistakes; its page in a browser where there is one."""
import csv
import io
import json
import math
import os
import pathlib
import re
import unittest

import browser
from cli import CommandLineTest


class Single(CommandLineTest):
    LIF = ["single", "lif", "--set", "tau_m=20", "--set", "E_L=-70", "--set", "V_th=-50", "--set", "V_reset=-65", "--set", "t_ref=2",
           "--set", "C_m=200"]

    def rows(self, *options):
        return [{key: float(value) for key, value in row.items()}
                for row in csv.DictReader(io.StringIO(self.run_program(*options, "--csv").stdout))]

    def spikes(self, *options):
        return [float(line.split()[1]) for line in self.run_program(*options).stdout.splitlines() if re.match(r" +\d+ ", line)]

    def test_a_step_charges_the_membrane_as_it_must(self):
        # V = E_L + R I (1 - exp(-t/tau)), R = tau_m / C_m = 0.1 GOhm: 100 pA give 10 mV; no spike below 20 mV.
        rows = self.rows(*self.LIF, "--step", "current=100@50:150", "--duration", "300", "--every", "0.5")
        self.assertEqual(len(rows), 601)
        for row in rows:
            t = row["time_ms"]
            expected = 0.0 if t <= 50 else 10 * (1 - math.exp(-(min(t, 150) - 50) / 20))
            if t > 150:
                expected *= math.exp(-(t - 150) / 20)
            self.assertAlmostEqual(row["V_m"], -70 + expected, delta=1e-9, msg=str(t))

    def test_steps_add_up(self):
        once = self.rows(*self.LIF, "--step", "current=150@20", "--duration", "200", "--every", "5")
        twice = self.rows(*self.LIF, "--step", "current=100@20", "--step", "current=50@20:500", "--duration", "200", "--every", "5")
        self.assertEqual(once, twice)
        end = ["--duration", "200", "--every", "5", "--csv"]
        self.assertIn("warning: --step current=50@20:500: the simulation ends before, at 200 ms",
                      self.run_program(*self.LIF, "--step", "current=50@20:500", *end).stderr)
        self.assertEqual(self.run_program(*self.LIF, "--step", "current=50@20:200", *end).stderr, "")

    def test_it_fires_with_the_textbook_interval(self):
        # T = t_ref + tau ln((R I - (V_reset - E_L)) / (R I - (V_th - E_L))) with R I = 40 mV.
        spikes = self.spikes(*self.LIF, "--step", "current=400", "--duration", "500")
        period = 2 + 20 * math.log((40 - 5) / (40 - 20))
        self.assertAlmostEqual(spikes[0], 20 * math.log(40 / 20), delta=1e-6)
        self.assertGreater(len(spikes), 20)
        for a, b in zip(spikes, spikes[1:]):
            self.assertAlmostEqual(b - a, period, delta=1e-6)

    def test_a_train_arrives_when_it_is_sent(self):
        rows = self.rows(*self.LIF, "--spikes", "membrane=5", "--times", "10 30", "--duration", "50", "--every", "1")
        for row in rows:
            t = row["time_ms"]
            expected = sum(5 * math.exp(-(t - s) / 20) for s in (10, 30) if t >= s)
            if t not in (10, 30):  # which side of the jump a sample falls on there is a convention
                self.assertAlmostEqual(row["V_m"], -70 + expected, delta=1e-9, msg=str(t))

    def test_every_model_runs_alone(self):
        error = self.run_program("single", "x", code=2).stderr
        for model in re.search(r"known: (.*)", error)[1].split(", "):
            self.assertIn("spikes in 50 ms", self.run_program("single", model, "--duration", "50").stdout, model)

    def test_every_variable_of_every_model_has_a_unit(self):
        error = self.run_program("single", "x", code=2).stderr
        units = {}
        for model in re.search(r"known: (.*)", error)[1].split(", "):
            self.run_program("single", model, "--duration", "5", "--html", "--out", f"{model}.html")
            page = (self.folder / f"{model}.html").read_text(encoding="utf-8")
            data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
            for trace in data["traces"]:
                self.assertTrue(trace["unit"], f"{model}: {trace['name']}")
                units[model, trace["name"]] = trace["unit"]
        self.assertEqual(units["lif", "V_m"], "mV")
        self.assertEqual(units["adaptive_lif", "w"], "pA")
        self.assertEqual((units["urbanczik_senn", "g_ex"], units["adex_pv", "g_ex"]), ("nS", "1"))

    def test_what_is_legal_and_probably_not_meant_is_warned_of(self):
        for options, words in ((["--set", "tau_w=77"], "tau_w has no effect: a and b are 0"),
                               (["--spikes", "inhibitory=5", "--regular", "20"], "a positive weight on 'inhibitory' excites"), ([], "")):
            said = self.run_program("single", "adaptive_lif", "--duration", "50", *options).stderr
            self.assertIn(words, said)
            self.assertEqual(said.count("warning: "), 1 if words else 0)

    def test_a_seed_is_for_what_is_random(self):
        # What a model draws, and what a train draws.
        for options in (["burst_poisson"], ["stochastic_pyramidal"], ["lif", "--spikes", "membrane=5", "--poisson", "20"],
                        ["lif", "--spikes", "membrane=5", "--bursts", "5", "--burst_spikes", "4"]):
            self.run_program("single", *options, "--duration", "50", "--seed", "5")

    def test_mistakes(self):
        for options, word in (([], "name is missing"), (["liff"], "did you mean 'lif'?"), (["lif", "--set", "tau=1"], "no parameter of lif 'tau'"),
                              (["lif", "--set", "tau_m"], "expected NAME=NUMBER"), (["lif", "--set", "tau_m=-1"], "out of range"),
                              (["lif", "--step", "membrane=1"], "known: current"), (["lif", "--step", "current=1@5:2"], "TO after FROM"),
                              (["lif", "--spikes", "membrane=1"], "no train"), (["lif", "--spikes", "membrane=1", "--regular", "0"], "a rate of 0 Hz"), (["lif", "--regular", "5"], "arrives nowhere"),
                              (["lif", "--regular", "5", "--spikes", "x=1"], "no port of lif 'x'"), (["lif", "--every", "0"], "positive"),
                              (["lif", "--duration", "1e9"], "two million"),
                              (["lif", "--seed", "5"], "--seed has no effect: neither lif nor the train is random"),
                              (["lif", "--spikes", "membrane=5", "--regular", "20", "--burst_spikes", "5"], "--burst_spikes has no effect"),
                              (["lif", "--spikes", "membrane=5", "--poisson", "20", "--burst_probability", "0.1"],
                               "--burst_probability has no effect"),
                              (["lif", "--step", "current=300@5000", "--duration", "100"],
                               "--step current=300@5000 has no effect: the simulation ends at 100 ms"),
                              (["lif", "--every", "1"], "--every has no effect on the table"),
                              (["lif", "--spikes", "membrane=5", "--times", "10 2000"], "2000 ms is after the end, 1000 ms")):
            with self.subTest(options):
                self.assertIn(word, self.run_program("single", *options, code=2).stderr)

    @unittest.skipUnless(browser.CHROMIUM, "no browser here; install the package chromium")
    def test_the_page(self):
        self.run_program(*self.LIF, "--step", "current=400@50:300", "--spikes", "membrane=2", "--poisson", "30", "--duration", "400", "--html")
        self.run_program("single", "lif", "--html", "--out", "silent.html")
        keep = os.environ.get("APICAL_SCREENSHOTS")
        with browser.Browser() as b:
            for width in (1280, 390):
                for dark in (False, True):
                    b.look(width, dark=dark)
                    b.open(self.folder / "single.html")
                    self.assertLessEqual(b.run("document.documentElement.scrollWidth"), width)
                    if keep:
                        b.screenshot(pathlib.Path(keep) / f"single-{width}-{'dark' if dark else 'light'}.png")
            svgs = b.run("(async () => { const o = []; for (const n of document.querySelectorAll('figure')) o.push(await n.figure.svg()); return o; })()")
            self.assertGreaterEqual(len(svgs), 3)
            self.assertTrue(all("NaN" not in svg and "<text" in svg for svg in svgs))
            b.open(self.folder / "silent.html")
            self.assertIn("no spikes", b.run("document.querySelector('figure').figure.svg()"))
            self.assertEqual((b.errors, b.requests), ([], []))


if __name__ == "__main__":
    unittest.main()
