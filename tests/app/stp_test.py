#!/usr/bin/env python3
"""`apical stp`: the reference values, an independent recursion, the trains, the mistakes."""
import csv
import io
import math
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
                              (["--poisson", "-3"], "expected positive"), (["--regular", "1e9"], "fewer than a million"),
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
