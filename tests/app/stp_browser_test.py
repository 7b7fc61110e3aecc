#!/usr/bin/env python3
"""The explorer of short-term plasticity in a real browser: its numbers are the reference values and, to the last bit, the program's."""
import csv
import io
import os
import pathlib
import re
import sys
import time
import unittest

import browser
from cli import CommandLineTest
from stp_test import GOLDEN

KEEP = os.environ.get("APICAL_SCREENSHOTS")
READ = """[...document.querySelectorAll("#numbers tbody tr")].map(row => [Number(row.dataset.time), Number(row.dataset.release)])"""


class Explorer(CommandLineTest):
    def open(self, b, *options, fragment=""):
        self.run_program("stp", "--html", "--overwrite", *options)
        b.open(self.folder / "stp.html", fragment)
        b.wait_for("document.documentElement.dataset.ready === 'yes'")
        b.settle()

    def program(self, *options):
        rows = csv.DictReader(io.StringIO(self.run_program("stp", *options, "--csv").stdout))
        return [[float(row["time_ms"]), float(row["release"])] for row in rows]

    def test_the_numbers_are_the_programs(self):
        with browser.Browser() as b:
            for options, expected in GOLDEN:
                self.open(b, *options.split())
                shown = b.run(READ)
                self.assertEqual(shown, self.program(*options.split()), options)
                for (_, release), value in zip(shown, map(float, expected.split())):
                    self.assertAlmostEqual(release, value, delta=1e-6)
            for train in ("--regular 13", "--poisson 60 --seed 5", "--bursts 6 --burst_probability 0.4 --seed 3 --duration 3000"):
                self.open(b, "--preset", "facilitating", *train.split())
                self.assertEqual(b.run(READ), self.program("--preset", "facilitating", *train.split())[:200], train)
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_sliders_presets_variants_and_the_address(self):
        with browser.Browser() as b:
            self.open(b)
            b.run("""(() => { const s = document.getElementById("slider-U"); s.value = 250;
                              s.dispatchEvent(new Event("input", {bubbles: true})); })()""")
            b.settle()
            U = b.run("Number(document.getElementById('field-U').value)")
            self.assertAlmostEqual(U, 0.01 + 0.99 * 0.25, delta=0.006)
            self.assertIn(f"U={U}", b.run("location.hash"))
            self.assertEqual(b.run(READ), self.program("--U", str(U)))
            fragment = b.run("location.hash")
            b.run("""(() => { const s = document.getElementById("preset"); s.value = "facilitating"; s.dispatchEvent(new Event("change")); })()""")
            b.settle()
            self.assertEqual(b.run(READ), self.program("--preset", "facilitating"))
            b.run("""(() => { const s = document.getElementById("choice-variant"); s.value = "tm3"; s.dispatchEvent(new Event("change")); })()""")
            b.settle()
            self.assertEqual(b.run(READ), self.program("--preset", "facilitating", "--variant", "tm3"))
            self.assertTrue(b.run("document.getElementById('field-f').disabled"))
            # The address alone brings back what was set.
            self.open(b, fragment=fragment + "&again=1")
            self.assertEqual(b.run(READ), self.program("--U", str(U)))
            b.run("""(() => { const s = document.getElementById("field-times"); s.value = "5 4"; s.dispatchEvent(new Event("input")); })()""")
            self.assertIn("not after", b.run("document.getElementById('complaint').textContent"))
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_copies(self):
        with browser.Browser() as b:
            self.open(b, "--preset", "extended_facilitating")
            copied = {}
            for tool in ("TOML", "NEST", "PyNN", "Brian 2"):
                b.run(f"[...document.querySelectorAll('button')].find(x => x.textContent === '{tool}').click()")
                copied[tool] = b.run("document.getElementById('copied').textContent")
            self.assertIn("f = 0.1", copied["TOML"])
            self.assertIn("no synapse of the variant etm", copied["NEST"])
            self.assertIn("u += 0.1*(1 - u)", copied["Brian 2"])
            # What is copied as TOML is a configuration.
            self.write("net.toml", 'duration = 10.0\n[population.a]\nmodel = "poisson"\nsize = 1\nparameters = { rate = 5.0 }\n'
                       '[population.b]\nmodel = "lif"\nsize = 1\n[projection.p]\nsource = "a"\ntarget = "b"\nport = "current"\n'
                       'connect = { rule = "all_to_all" }\nweight = 1.0\ndelay = 1.0\n' + copied["TOML"] + "\n")
            self.run_program("check", "net.toml")
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_the_map_of_separation(self):
        with browser.Browser() as b:
            self.open(b, "--preset", "xor_bursts")
            b.wait_for("document.documentElement.dataset.map", seconds=120)
            facts = b.run("({...document.getElementById('separation').dataset})")
            # The XOR task measures its own pair of synapses, with the same burst: R2 0.992, and 0.0517 e + 0.1385 b.
            printed = self.run_program("stp", "--preset", "xor_bursts").stdout
            self.assertGreater(float(facts["r2"]), 0.95)
            self.assertIn("an event", printed)
            rows = b.run("figures.map.csv()")
            # The program computes the same map.
            self.run_program("stp", "--preset", "xor_bursts", "--map", "map.csv")
            with open(self.folder / "map.csv", encoding="utf-8", newline="") as file:
                expected = list(csv.reader(file))
            self.assertEqual(rows[0], expected[0])
            number = lambda text: float(text) if text else None
            self.assertEqual([tuple(row) for row in rows[1:]], [tuple(map(number, row)) for row in expected[1:]])
            # Also of other parameters, and of synapses that do not start from rest.
            other = ("--preset", "xor_bursts", "--u_0", "0.5", "--across", "tau_rec", "--up", "tau_fac", "--partner", "depressing")
            self.open(b, *other)
            b.wait_for("document.documentElement.dataset.map", seconds=120)
            self.run_program("stp", *other, "--map", "other.csv")
            with open(self.folder / "other.csv", encoding="utf-8", newline="") as file:
                expected_other = list(csv.reader(file))
            shown = b.run("figures.map.csv()")
            self.assertEqual([shown[0], *map(tuple, shown[1:])], [expected_other[0], *(tuple(map(number, row)) for row in expected_other[1:])])
            values = [row[2] for row in rows[1:] if row[2] is not None]
            self.assertGreater(max(values) - min(values), 0.2, "it depends on the parameters")
            self.assertEqual(facts["partner"], re.search(r"with the preset (\w+)", printed)[1])
            self.assertIn(f"R² = {float(facts['r2']):.3f}", printed)
            svg = b.run("figures.map.svg()")
            self.assertIn("<image", svg)
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_the_map_tells_and_chooses(self):
        with browser.Browser() as b:
            b.look(1280)
            started = time.monotonic()
            self.open(b, "--preset", "xor_bursts")
            b.wait_for("document.documentElement.dataset.coarse")
            coarse = time.monotonic() - started
            b.wait_for("document.documentElement.dataset.map", seconds=120)
            self.assertLess(coarse, 60, "a first picture: under a second where nothing else runs")
            point = """(type => {
              const canvas = document.querySelector("#separation").parentElement.querySelector("figure canvas");
              const {left, top} = canvas.getBoundingClientRect();
              canvas.dispatchEvent(new PointerEvent(type, {clientX: left + 200, clientY: top + 30, bubbles: true}));
            })"""
            b.run(f"{point}('pointermove')")
            tip = b.run("document.querySelector('.tip').textContent")
            found = re.fullmatch(r"tau_fac = ([\d.]+), U = ([\d.]+)\nR² = (−?[\d.]+)( \(negative.*)?\nwith (\w+)", tip)
            self.assertTrue(found, tip)
            b.run(f"{point}('click')")
            b.wait_for("document.documentElement.dataset.map", seconds=120)
            chosen = b.run("['tau_fac', 'U'].map(n => Number(document.getElementById(`field-${n}`).value))")
            self.assertEqual(chosen, [float(found[1]), float(found[2])])
            # The other pathway is the best one at the chosen parameters: the one of the map, or one that tells more.
            facts = b.run("({...document.getElementById('separation').dataset})")
            told = float(found[3].replace("−", "-"))
            if facts["partner"] == found[5]:
                self.assertAlmostEqual(float(facts["r2"]), told, delta=6e-4)
            else:
                self.assertGreater(float(facts["r2"]), told)
            # No other pathway is offered that tells nothing.
            for preset, told in (("xor_events", True), ("depressing", True), ("classic_depression", False), ("facilitating", True)):
                b.run(f"""(() => {{ const s = document.getElementById("preset"); s.value = "{preset}";
                                  s.dispatchEvent(new Event("change")); }})()""")
                b.wait_for("document.documentElement.dataset.map", seconds=120)
                facts = b.run("({...document.getElementById('separation').dataset})")
                if told:
                    self.assertGreater(float(facts["r2"]), 0, preset)
                self.assertEqual(facts["partner"] != "", told, preset)
                self.assertNotEqual(facts["partner"], preset)
                self.assertNotIn("NaN", b.run("document.body.innerText"))
                self.assertTrue(b.run("[...inputs.partner.field.options].find(o => o.value === "
                                      f"'{preset}').disabled"), "a synapse is no partner of itself")
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_print_shows_the_parameters(self):
        with browser.Browser() as b:
            b.look(1280)
            self.open(b, "--preset", "facilitating")
            b.wait_for("document.documentElement.dataset.map", seconds=120)
            browser.expect_printable(self, b)
            values = b.run("Object.fromEntries(Object.keys(sliders).map(n => [n, inputs[n].field.value]))")
            self.assertEqual(values["U"], "0.02")
            seen = b.run("Object.keys(sliders).map(n => getComputedStyle(inputs[n].field).display)")
            self.assertNotIn("none", seen)

    def test_every_size_and_theme(self):
        with browser.Browser() as b:
            for width in (1280, 390):
                for dark in (False, True):
                    b.look(width, dark=dark)
                    self.open(b, "--preset", "facilitating")
                    self.assertLessEqual(b.run("document.documentElement.scrollWidth"), width, "nothing sticks out")
                    if KEEP:
                        b.wait_for("document.documentElement.dataset.map", seconds=120)
                        b.screenshot(pathlib.Path(KEEP) / f"stp-{width}-{'dark' if dark else 'light'}.png")
            exports = b.run("Promise.all([]).then(async () => { const o = []; for (const f of Object.values(figures)) o.push(await f.svg()); return o; })")
            for svg in exports:
                self.assertTrue(svg.startswith("<svg"))
                self.assertNotIn("NaN", svg)
            self.assertEqual((b.errors, b.requests), ([], []))


if __name__ == "__main__":
    if not browser.CHROMIUM:
        print("skipped: no browser here; install the package chromium to run it")
        sys.exit(77)
    unittest.main()
