#!/usr/bin/env python3
"""Reports in a real browser: every plot draws, exports and prints, on wide and narrow screens, light and dark; no error, no request."""
import os
import pathlib
import sys
import unittest

import browser
from cli import CommandLineTest

# Where to keep the screenshots, for whoever wants to look at them.
KEEP = os.environ.get("APICAL_SCREENSHOTS")
EXPORTS = """(async () => {
  const figures = [...document.querySelectorAll("figure")].map(node => node.figure), result = [];
  for (const f of figures) {
    const svg = await f.svg(), png = await f.png(), rows = f.csv();
    const bad = new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("parsererror");
    const canvas = f.place.querySelector("canvas"), {width, height} = canvas;
    const pixels = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d", {willReadFrequently: true});
    pixels.drawImage(canvas, 0, 0);
    const drawn = new Set(new Uint32Array(pixels.getImageData(0, 0, width, height).data.buffer)).size;
    result.push({title: f.title, svg, bad: !!bad, png: png.size, names: rows[0], rows: rows.length - 1, drawn,
                 widest: new Set(rows.map(r => r.length)).size});
  }
  return result;
})()"""


class Pages(CommandLineTest):
    def run_xor(self, folder, seed):
        self.run_program("new", "xor", "--overwrite")
        self.run_program("run", "xor.toml", "--out", folder, "--seed", str(seed), "--quiet", "--set", "examples=80",
                         "--set", "neurons=20")

    def visit(self, page, name, check):
        """Opens the page at both widths, light and dark."""
        with browser.Browser() as b:
            for width in (1280, 390):
                for dark in (False, True):
                    b.look(width, dark=dark)
                    b.open(self.folder / page)
                    self.assertLessEqual(b.run("document.documentElement.scrollWidth"), width, "nothing sticks out")
                    if KEEP:
                        b.screenshot(pathlib.Path(KEEP) / f"{name}-{width}-{'dark' if dark else 'light'}.png")
                    check(b)
            self.assertEqual(b.errors, [])
            self.assertEqual(b.requests, [])

    def check_exports(self, b):
        exports = b.run(EXPORTS)
        self.assertGreaterEqual(len(exports), 3)
        for export in exports:
            title = export["title"]
            self.assertFalse(export["bad"], title)
            self.assertRegex(export["svg"][:200], r'width="(89|183)mm"', title)
            self.assertIn("<text", export["svg"], title)
            self.assertNotIn("NaN", export["svg"], title)
            self.assertGreater(export["png"], 500, title)
            self.assertEqual(export["widest"], 1, f"{title}: rows of one length")
            self.assertGreater(export["drawn"], 3, f"{title}: an empty canvas")
        return {export["title"]: export for export in exports}

    def test_a_run(self):
        self.run_xor("r", 1)
        self.visit("r/report.html", "run", self.check_exports)
        with browser.Browser() as b:
            b.look(1280)
            b.open(self.folder / "r/report.html")
            self.assertIn("patterns right", b.run("document.querySelector('.verdict').textContent"))
            exports = self.check_exports(b)
            spikes = exports["Spikes"]
            self.assertIn("#0975b3", spikes["svg"])
            self.assertIn("#e39700", spikes["svg"])
            self.assertEqual(spikes["names"], ["population", "node_id", "time_ms", "kind"])
            self.assertEqual(exports["Event and burst rate"]["names"], ["time_s", "event_rate_hz", "burst_rate_hz"])
            shown = spikes["rows"]
            b.run("[...document.querySelectorAll('button')].find(x => x.textContent === 'Whole run').click()")
            self.assertGreater(self.check_exports(b)["Spikes"]["rows"], shown)
            b.run("""(() => { const s = document.querySelector("[aria-label=Population]"); s.value = 0;
                              s.dispatchEvent(new Event("change")); })()""")
            b.settle()
            self.assertIn("hidden_1", b.run("document.body.innerText"))
            # A legend without a pointer names lines and tells no values.
            idle = b.run("""[...document.querySelectorAll(".uplot")].map(u => [...u.querySelectorAll(".u-value, .u-series:first-child")]
                              .filter(e => getComputedStyle(e).visibility !== "hidden").map(e => e.textContent))""")
            self.assertEqual(sum(idle, []), [])
            printed = b.call("Page.printToPDF", preferCSSPageSize=True)
            self.assertGreater(len(printed["data"]), 10000)
            browser.expect_printable(self, b)
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_two_runs(self):
        self.run_xor("first", 1)
        self.run_xor("second", 2)
        self.run_program("report", "first", "second", "--out", "both.html")
        self.visit("both.html", "comparison", self.check_exports)

    def test_a_crowd(self):
        """Populations at 300 and at 900 Hz, in turn, 6 and 18 spikes a pixel: stripes that a picture of counts must show."""
        self.write("crowd.toml", "duration = 19000.0\n[record]\nspikes = [\"p0\", \"p1\", \"p2\", \"p3\"]\n" + "".join(
            f'[population.p{i}]\nmodel = "poisson"\nsize = 10\nparameters = {{ rate = {300.0 if i % 2 == 0 else 900.0} }}\n'
            for i in range(4)))
        self.run_program("run", "crowd.toml", "--out", "r", "--quiet")
        with browser.Browser() as b:
            b.look(1280)
            b.open(self.folder / "r/report.html")
            b.run("[...document.querySelectorAll('button')].find(x => x.textContent === 'Whole run').click()")
            b.settle()
            self.assertIn("drawn as counts", b.run("document.querySelector('figure').textContent"))
            cover = b.run("""(() => {
              const canvas = document.querySelector("figure canvas"), {width, height} = canvas;
              const pixels = canvas.getContext("2d").getImageData(width * 0.2, 0, 500, height).data;
              return [0, 1, 2, 3].map(stripe => {  // mean of alpha over twenty rows of pixels, of the thirty that a population has
                const rows = pixels.filter((_, i) => i % 4 === 3).slice(500 * (9 + 30 * stripe), 500 * (29 + 30 * stripe));
                return rows.reduce((sum, alpha) => sum + alpha, 0) / rows.length;
              });
            })()""")
            for thin, thick in ((0, 1), (2, 1), (2, 3)):
                self.assertGreater(cover[thick], 1.4 * cover[thin], cover)
            self.assertEqual((b.errors, b.requests), ([], []))

    def test_silence(self):
        name = "n" * 64
        self.write("silent.toml", f'duration = 50.0\n[population.{name}]\nmodel = "lif"\nsize = 1\n'
                   f'[record]\nspikes = ["{name}"]\ntraces = ["{name}"]\n')
        self.run_program("run", "silent.toml", "--out", "r", "--quiet")

        def check(b):
            for title, export in self.check_exports(b).items():
                self.assertIn("no spikes", export["svg"], title)

        self.visit("r/report.html", "silent", check)


if __name__ == "__main__":
    if not browser.CHROMIUM:
        print("skipped: no browser here; install the package chromium to run it")
        sys.exit(77)
    unittest.main()
