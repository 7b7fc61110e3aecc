#!/usr/bin/env python3
"""`apical stp`: the reference values, an independent recursion, the trains, the mistakes."""
import csv
import io
import json
import math
import re
import unittest

from cli import CommandLineTest

TIMES = [10, 20, 30, 40, 140, 150, 160, 500]
# Releases at these times, to six digits: parameters as options.
GOLDEN = [
    ("--variant tm --U 0.5 --tau_fac 50 --tau_rec 100", "0.5 0.385871 0.190404 0.116325 0.356376 0.256804 0.145369 0.484358"),
    ("--variant tm3 --U 0.5 --tau_fac 50 --tau_rec 100 --tau_psc 3", "0.5 0.3764 0.179216 0.109816 0.355351 0.249315 0.137725 0.48425"),
    ("--variant mongillo --U 0.5 --tau_fac 50 --tau_rec 100", "0.75 0.273919 0.123494 0.098775 0.494435 0.192563 0.110251 0.725495"),
    ("--variant tm --U 0.02 --tau_fac 100 --tau_rec 100", "0.02 0.037052 0.050793 0.061265 0.041818 0.054034 0.063206 0.02223"),
    ("--preset facilitating", "0.02 0.037052 0.050793 0.061265 0.041818 0.054034 0.063206 0.02223"),
    ("--preset extended_facilitating", "0.02 0.106707 0.160459 0.180399 0.108523 0.149808 0.16365 0.029748"),
    ("--variant tm --U 0.9 --tau_fac 1000 --tau_rec 20", "0.9 0.449175 0.395648 0.393495 0.983705 0.39849 0.393473 0.971092"),
    ("--preset depressing", "0.9 0.449175 0.395648 0.393495 0.983705 0.39849 0.393473 0.971092"),
    ("--preset extended_depressing", "0.9 0.413206 0.384289 0.383689 0.924616 0.40792 0.3867 0.934723"),
]


def recursion(times, U, f, tau_rec, tau_fac):
    """The variants tm and etm, written down from the equations."""
    u, x, last, releases = U, 1.0, None, []
    for t in times:
        if last is not None:
            h = t - last
            u = U + (u - U) * (math.exp(-h / tau_fac) if tau_fac > 0 else 0.0)
            x = 1 + (x - 1) * math.exp(-h / tau_rec)
        releases.append(u * x)
        x -= u * x
        u += f * (1 - u)
        last = t
    return releases


class Stp(CommandLineTest):
    def rows(self, *options):
        return list(csv.DictReader(io.StringIO(self.run_program("stp", *options, "--csv").stdout)))

    def times(self, *options):
        return [float(row["time_ms"]) for row in self.rows(*options)]

    def test_the_reference_values(self):
        for options, expected in GOLDEN:
            with self.subTest(options):
                rows = self.rows(*options.split())
                self.assertEqual([float(row["time_ms"]) for row in rows], TIMES)
                for row, value in zip(rows, map(float, expected.split())):
                    self.assertAlmostEqual(float(row["release"]), value, delta=1e-6)
                    self.assertAlmostEqual(float(row["u"]) * float(row["x"]), float(row["release"]), delta=1e-15)

    def test_an_independent_recursion_agrees(self):
        for U, f, tau_rec, tau_fac in ((0.5, None, 800, 0), (0.03, None, 130, 530), (0.02, 0.1, 100, 100), (1, 0, 5, 2000)):
            options = ["--U", str(U), "--tau_rec", str(tau_rec), "--tau_fac", str(tau_fac), "--poisson", "40", "--seed", "7",
                       "--variant", "tm" if f is None else "etm", *([] if f is None else ["--f", str(f)])]
            rows = self.rows(*options)
            self.assertGreater(len(rows), 20)
            expected = recursion([float(row["time_ms"]) for row in rows], U, U if f is None else f, tau_rec, tau_fac)
            for row, value in zip(rows, expected):
                self.assertAlmostEqual(float(row["release"]), value, delta=1e-12)

    def test_the_table_tells_the_same(self):
        text = self.run_program("stp", "--preset", "facilitating").stdout
        for value in GOLDEN[4][1].split():
            self.assertIn(f"{float(value):.6f}", text)
        self.assertRegex(text, r"an event and [\d.]+ a burst")

    def summary(self, *options):
        """Released an event and a burst, and R2, r, C of the pair, as printed."""
        text = self.run_program("stp", *options).stdout
        self.assertNotIn("nan", text)
        planes = re.search(r"([\d.]+) an event and ([\d.]+) a burst", text)
        pair = re.search(r"with the preset (\w+) as the other pathway: R² = (−?[\d.]+).*, r = (\S+), C = (\S+)", text)
        number = lambda text: float(text.replace("−", "-"))
        return [float(planes[1]), float(planes[2])], (pair[1], *map(number, pair.groups()[1:])) if pair else None

    def test_bursts_as_set_reach_the_summary(self):
        two, three, six = (self.summary("--preset", "xor_bursts", "--burst_spikes", n)[0] for n in ("2", "3", "6"))
        self.assertLess(1.5 * two[1], three[1], "a burst of more spikes releases more")
        self.assertLess(three[1], six[1])
        apart = self.summary("--preset", "xor_bursts", "--burst_interval", "12")[0]
        self.assertNotEqual(apart, three)
        self.assertIn("2 to 100 spikes", self.run_program("stp", "--burst_spikes", "1", code=2).stderr)

    def test_the_other_pathway_is_one_that_tells_something(self):
        for preset, expected in (("xor_bursts", "xor_events"), ("xor_events", "xor_bursts")):
            _, (partner, R2, r, C) = self.summary("--preset", preset)
            self.assertEqual(partner, expected)
            self.assertGreater(R2, 0.9)
            self.assertGreater(C, 0)
        # A synapse has nothing to tell after another one like it, and little after a worse one.
        text = self.run_program("stp", "--preset", "xor_events", "--partner", "xor_events").stdout
        self.assertIn("R² undefined (both release alike", text)
        self.assertNotIn("nan", text)
        text = self.run_program("stp", "--preset", "depressing", "--partner", "xor_events").stdout
        if "−" in text:
            self.assertIn("negative: farther off than a constant would be", text)
        self.assertIn("there is no preset 'xor_event'", self.run_program("stp", "--partner", "xor_event", code=2).stderr)

    def test_the_map_is_the_summary_at_other_parameters(self):
        self.run_program("stp", "--preset", "xor_bursts", "--map", "map.csv", "--across", "tau_rec", "--up", "tau_fac")
        text = (self.folder / "map.csv").read_text(encoding="utf-8")
        self.assertNotIn("nan", text)
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(list(rows[0]), ["tau_rec", "tau_fac", "R2", "per_event", "per_burst", "r", "C"])
        across = sorted({float(row["tau_rec"]) for row in rows})
        self.assertEqual(len(rows), len(across) * len({row["tau_fac"] for row in rows}))
        self.assertEqual((across[0], across[-1]), (3, 1000))
        for row in (rows[0], rows[100], rows[-1]):
            planes, pair = self.summary("--preset", "xor_bursts", "--partner", "xor_events", "--tau_rec", row["tau_rec"],
                                        "--tau_fac", row["tau_fac"])
            self.assertAlmostEqual(float(row["per_event"]), planes[0], delta=6e-5)
            self.assertAlmostEqual(float(row["per_burst"]), planes[1], delta=6e-5)
            if pair and float(row["R2"]) > -100:
                self.assertAlmostEqual(float(row["R2"]), pair[1], delta=6e-4)
                self.assertAlmostEqual(float(row["r"]), pair[2], delta=6e-5)
        for mistake in (["--across", "tau"], ["--across", "U"], ["--up", "f"]):
            self.run_program("stp", "--preset", "xor_bursts", "--map", "no.csv", *mistake, code=2)
            self.assertFalse((self.folder / "no.csv").exists())

    def test_the_map_is_an_output_as_others_are(self):
        self.run_program("stp", "--preset", "xor_bursts", "--map", "map.csv", "--csv", "--out", "spikes.csv")
        first = (self.folder / "map.csv").read_bytes()
        self.assertTrue((self.folder / "spikes.csv").read_text(encoding="utf-8").startswith("spike,"))
        # What is there stays, and nothing is left behind.
        refused = self.run_program("stp", "--preset", "xor_events", "--map", "map.csv", code=2)
        self.assertIn("error[E0302]: map.csv exists", refused.stderr)
        self.assertEqual((self.folder / "map.csv").read_bytes(), first)
        self.run_program("stp", "--preset", "xor_events", "--map", "map.csv", "--overwrite")
        self.assertNotEqual((self.folder / "map.csv").read_bytes(), first)
        # On standard output there is the map alone.
        piped = self.run_program("stp", "--preset", "xor_bursts", "--map", "/dev/stdout")
        self.assertEqual(piped.stdout.encode(), first)
        self.assertIn("an event and", piped.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["map.csv", "spikes.csv"])
        for words, message in ((["--map", "m.csv", "--html"], "does not go with --html"), (["--across", "U"], "both U"),
                               (["--across", "tau_rec"], "no effect without --map"), (["--csv", "--partner", "xor_events"], "no effect"),
                               (["--map", "m.csv", "--out", "./m.csv"], "the same file")):
            self.assertIn(message, self.run_program("stp", *words, code=2).stderr)
        self.assertFalse((self.folder / "m.csv").exists())

    def test_json_tells_the_pair(self):
        _, (partner, R2, r, C) = self.summary("--preset", "xor_bursts")
        told = json.loads(self.run_program("stp", "--preset", "xor_bursts", "--json").stdout)["separation"]
        self.assertEqual((told["partner"], f"{told['R2']:.3f}", f"{told['r']:.4f}", f"{told['C']:.4f}"),
                         (partner, f"{R2:.3f}", f"{r:.4f}", f"{C:.4f}"))
        alike = self.run_program("stp", "--preset", "xor_events", "--partner", "xor_events", "--json").stdout
        self.assertIsNone(json.loads(alike)["separation"]["R2"])

    def test_regular_trains(self):
        self.assertEqual(self.times("--regular", "20", "--duration", "200"), [50, 100, 150, 200])
        self.assertEqual(self.times("--regular", "20", "--duration", "49"), [])
        self.assertEqual(self.times("--times", "1.5, 2.5 4"), [1.5, 2.5, 4])

    def test_poisson_trains_are_poisson_and_seeded(self):
        options = ["--poisson", "50", "--duration", "100000"]
        times = self.times(*options)
        self.assertEqual(times, self.times(*options, "--seed", "1"))
        self.assertNotEqual(times, self.times(*options, "--seed", "2"))
        self.assertAlmostEqual(len(times), 5000, delta=4 * math.sqrt(5000))
        gaps = [b - a for a, b in zip(times, times[1:])]
        mean = sum(gaps) / len(gaps)
        cv = math.sqrt(sum((g - mean) ** 2 for g in gaps) / len(gaps)) / mean
        self.assertAlmostEqual(cv, 1, delta=4 / math.sqrt(len(gaps)))  # the standard error of an exponential's CV is 1/sqrt(n)

    def test_events_with_bursts(self):
        times = self.times("--bursts", "8", "--burst_probability", "0.3", "--burst_spikes", "4", "--burst_interval", "5",
                           "--duration", "200000")
        groups = []
        for t in times:
            if groups and t - groups[-1][-1] <= 16:
                groups[-1].append(t)
            else:
                groups.append([t])
        groups = groups[:-1]  # the end may have cut the last
        self.assertEqual({len(g) for g in groups}, {1, 4})
        bursts = sum(len(g) == 4 for g in groups)
        self.assertAlmostEqual(bursts / len(groups), 0.3, delta=4 * math.sqrt(0.21 / len(groups)))
        # Gaps are 31 ms and an exponential: the count's variance is (CV of the gaps)^2 of its mean.
        self.assertAlmostEqual(len(groups), 1600, delta=4 * (1 - 31 / 125) * math.sqrt(1600))
        for g in groups:
            for a, b in zip(g, g[1:]):
                self.assertAlmostEqual(b - a, 5, delta=1e-9)

    def test_mistakes(self):
        for options, word in ((["--preset", "facilitatin"], "did you mean 'facilitating'?"), (["--variant", "x"], "expected one of tm, etm"),
                              (["--U", "2"], "out of range"), (["--tau_rec", "0"], "out of range"), (["--variant", "tm", "--f", "0.1"], "etm only"),
                              (["--times", "1 1"], "not after"), (["--times", "nan"], "not a time"), (["--times", "-1"], "not a time"),
                              (["--poisson", "-3"], "expected positive"), (["--regular", "0"], "a rate of 0 Hz"), (["--bursts", "0"], "a rate of 0 Hz"), (["--regular", "1e9"], "fewer than a million"),
                              (["--bursts", "40"], "below 35.71 Hz"), (["--bursts", "5", "--burst_interval", "17"], "at most 16 ms"),
                              (["--bursts", "5", "--poisson", "5"], "exclude"), (["--csv", "--html"], "exclude")):
            with self.subTest(options):
                self.assertIn(word, self.run_program("stp", *options, code=2).stderr)

    def test_the_page_needs_nothing_else(self):
        self.assertEqual(self.run_program("stp", "--html").stdout, "page: stp.html\n")
        self.run_program("stp", "--html", "--out", "other.html")
        page = (self.folder / "stp.html").read_text(encoding="utf-8")
        self.assertTrue(page == (self.folder / "other.html").read_text(encoding="utf-8"))
        self.assertTrue("default-src 'none'" in page)
        self.assertNotIn("{{", page.split("<script>")[0])


if __name__ == "__main__":
    unittest.main()
