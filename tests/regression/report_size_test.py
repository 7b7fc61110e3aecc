#!/usr/bin/env python3
"""The report of a run of 20 s was 12 MB: a page holds no more spikes than it takes to look at them, and counts of all."""
import base64
import json
import re
import unittest

import h5py
import numpy

from cli import CommandLineTest

CROWD = """duration = 20000.0
[population.a]
model = "poisson"
size = 300
parameters = { rate = 40.0 }
[population.b]
model = "poisson"
size = 20
parameters = { rate = 200.0 }
[record]
spikes = ["a", "b"]
traces = ["a", "b"]
"""


def numbers(text):
    value = shift = 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


class ReportSize(CommandLineTest):
    def test_a_page_of_many_spikes_is_small_and_counts_them_all(self):
        self.write("crowd.toml", CROWD)
        self.run_program("run", "crowd.toml", "--out", "r", "--quiet")
        path = self.folder / "r/report.html"
        self.assertLess(path.stat().st_size, 2e6)
        page = path.read_text(encoding="utf-8")
        raster = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["runs"][0]["raster"]
        with h5py.File(self.folder / "r/events.h5") as file:
            trains = {name: (group["timestamps"][:], group["node_ids"][:]) for name, group in file["spikes"].items()}
        total = sum(len(times) for times, _ in trains.values())
        self.assertAlmostEqual(total, 320000, delta=4 * 320000 ** 0.5)
        self.assertEqual(raster["total"], total)
        # Those of two windows one by one.
        inside = sum(int(((times >= start) & (times < stop)).sum()) for times, _ in trains.values()
                     for start, stop in raster["windows"])
        self.assertEqual(raster["shown"], inside)
        self.assertLess(inside, 160000)
        # Counts of all: in time, and by neurons.
        whole = raster["whole"]
        cells = numpy.zeros(whole["rows"] * whole["columns"], int)
        packed, at = numbers(whole["counts"]), 0
        for _ in range(whole["cells"]):
            at += next(packed)
            cells[at] = next(packed)
            self.assertEqual(next(packed), 0, "no bursts")
            at += 1
        cells = cells.reshape(whole["rows"], whole["columns"])
        first = {}
        for population in raster["populations"]:
            first[population["name"]] = sum(p["size"] for p in raster["populations"][:len(first)])
        expected = numpy.zeros_like(cells)
        for name, (times, ids) in trains.items():
            rows = (ids.astype(int) + first[name]) * whole["rows"] // 320
            columns = numpy.minimum((times / 20000 * whole["columns"]).astype(int), whole["columns"] - 1)
            numpy.add.at(expected, (rows, columns), 1)
        self.assertEqual(cells.sum(), total)
        self.assertLess(abs(cells - expected).sum(), 20, "but for rounding at an edge")


if __name__ == "__main__":
    unittest.main()
