#!/usr/bin/env python3
"""`apical stp --burst_spikes --burst_interval`: its summary was the same whatever they were. The mean release is computed here once more,
with other random numbers."""
import json
import math
import random
import re
import unittest

from cli import CommandLineTest

SETS = [
    {"--preset": "xor_bursts"},
    {"--preset": "xor_bursts", "--burst_spikes": 5, "--burst_interval": 4},
    {"--preset": "extended_facilitating", "--burst_spikes": 2, "--burst_interval": 15},
    {"--preset": "xor_events", "--burst_spikes": 4, "--U": 0.6},
    {"--preset": "classic_depression", "--tau_rec": 40, "--tau_fac": 20, "--burst_interval": 10},
]
PARAMETERS = {"xor_bursts": (0.05, None, 50, 10), "extended_facilitating": (0.02, 0.1, 100, 100), "xor_events": (0.9, None, 10, 0),
              "classic_depression": (0.5, None, 800, 0)}


def mean_release(U, f, tau_rec, tau_fac, spikes, interval, events=4000):
    """Release per event and per burst: the plane through the mean releases [Hz] at rates of 1 to 30 Hz and burst probabilities of 0.1 to
    0.9, by least squares with weights 1/rate. Events come no sooner than R after one another, then at constant hazard."""
    R = max(25, (spikes - 1) * interval + 16)
    draw = random.Random(7)
    train = [(draw.expovariate(1), draw.random()) for _ in range(events)]
    jump = U if f is None else f
    normal = [[0.0, 0.0], [0.0, 0.0]]
    right = [0.0, 0.0]
    for rate in (1, 2, 3, 5, 7, 10, 15, 20, 25, 30):
        gap = 1000 / (rate * min(1, 25 / R)) - R
        for p in (0.1, 0.3, 0.5, 0.7, 0.9):
            u, x, released, bursts, duration, since = U, 1.0, 0.0, 0, 0.0, 0.0
            for wait, lottery in train:
                step = R + gap * wait
                duration += step / 1000
                burst = lottery <= p
                bursts += burst
                times = [step - since] + [interval] * (spikes - 1 if burst else 0)
                since = (spikes - 1) * interval if burst else 0.0
                for h in times:
                    u = U + (u - U) * (math.exp(-h / tau_fac) if tau_fac > 0 else 0.0)
                    x = 1 + (x - 1) * math.exp(-h / tau_rec)
                    released += u * x
                    x -= u * x
                    u += jump * (1 - u)
            e, b, y = events / duration, bursts / duration, released / duration
            for i, left in enumerate((e, b)):
                right[i] += left * y / e
                for j, other in enumerate((e, b)):
                    normal[i][j] += left * other / e
    (a, b), (c, d) = normal
    return (right[0] * d - right[1] * b) / (a * d - b * c), (a * right[1] - c * right[0]) / (a * d - b * c)


class Summary(CommandLineTest):
    def test_the_bursts_that_are_asked_for(self):
        for options in SETS:
            with self.subTest(options):
                words = [str(word) for pair in options.items() for word in pair]
                text = self.run_program("stp", *words).stdout
                told = [float(v) for v in re.search(r"\n([\d.]+) an event and ([\d.]+) a burst\n", text).groups()]
                U, f, tau_rec, tau_fac = PARAMETERS[options["--preset"]]
                expected = mean_release(options.get("--U", U), f, options.get("--tau_rec", tau_rec), options.get("--tau_fac", tau_fac),
                                        options.get("--burst_spikes", 3), options.get("--burst_interval", 6))
                for value, right in zip(told, expected):
                    self.assertAlmostEqual(value, right, delta=0.02 * right)
                both = json.loads(self.run_program("stp", *words, "--json").stdout)["mean_release"]
                self.assertEqual([f"{both['event']:.4f}", f"{both['burst']:.4f}"], [f"{v:.4f}" for v in told])

    def test_every_option_reaches_every_form(self):
        options = ["--variant", "tm3", "--U", "0.3", "--tau_rec", "90", "--tau_fac", "40", "--tau_psc", "7", "--u_0", "0.1", "--bursts", "8",
                   "--burst_probability", "0.4", "--burst_spikes", "4", "--burst_interval", "5", "--duration", "700", "--seed", "5"]
        table = self.run_program("stp", *options).stdout
        for word in ("tm3", "U = 0.3", "tau_rec = 90 ms", "tau_fac = 40 ms", "tau_psc = 7 ms", "u_0 = 0.1", "4 spikes every 5 ms"):
            self.assertIn(word, table)
        told = json.loads(self.run_program("stp", *options, "--json").stdout)
        self.run_program("stp", *options, "--html")
        page = (self.folder / "stp.html").read_text(encoding="utf-8")
        on_page = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
        self.assertEqual(on_page["synapse"], told["synapse"])
        self.assertEqual(on_page["train"], told["train"])
        self.assertEqual(told["synapse"], {"variant": "tm3", "U": 0.3, "f": 0.3, "tau_rec": 90, "tau_fac": 40, "tau_psc": 7, "u_0": 0.1})
        train = told["train"]
        self.assertEqual([train[k] for k in ("kind", "rate", "duration", "burst_probability", "burst_spikes", "burst_interval", "seed")],
                         ["bursts", 8, 700, 0.4, 4, 5, 5])
        rows = self.run_program("stp", *options, "--csv").stdout.splitlines()[1:]
        self.assertEqual([[float(v) for v in row.split(",")][1:] for row in rows],
                         [[s["time_ms"], s["u"], s["x"], s["release"]] for s in told["spikes"]])
        self.assertAlmostEqual(told["spikes"][0]["u"], 0.3 + (0.1 - 0.3) * math.exp(-told["spikes"][0]["time_ms"] / 40), delta=1e-12)

    def test_options_without_effect_are_refused(self):
        for words in (["--tau_psc", "5"], ["--duration", "5"], ["--regular", "5", "--seed", "2"], ["--poisson", "5", "--burst_probability", "0.1"],
                      ["--tau_fac", "0", "--u_0", "0.3"], ["--preset", "xor_events", "--u_0", "0.3"],
                      ["--variant", "etm", "--tau_fac", "0", "--f", "0.1"], ["--csv", "--burst_spikes", "4"],
                      ["--csv", "--regular", "5", "--burst_interval", "4"],
                      ["--tau_fac", "0", "--u_0", "0.3", "--map", "map.csv", "--across", "U", "--up", "tau_rec"]):
            self.assertIn("effect", self.run_program("stp", *words, code=2).stderr)
        # Over tau_fac the map has some, and a summary is about bursts.
        self.run_program("stp", "--tau_fac", "0", "--u_0", "0.3", "--map", "map.csv", "--partner", "xor_bursts")
        self.run_program("stp", "--burst_spikes", "4")
        self.assertIn("--U is 2, out of range: expected more than 0 and at most 1", self.run_program("stp", "--U", "2", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
