#!/usr/bin/env python3
"""Rates above what the clock can follow, 1e8 Hz: what tasks set in the course of a run, and volleys, passed `check` and ran without end."""
import unittest

from cli import CommandLineTest

VOLLEYS = """duration = 1.0
[population.a]
model = "latency"
parameters = {{ rate = 100, period = {period}, spread = {spread} }}
"""


class SourceRates(CommandLineTest):
    def refused(self, file, key, *settings):
        said = [self.run_program(verb, file, *(word for s in settings for word in ("--set", s)), *more, code=2).stderr
                for verb, more in (("check", []), ("run", ["--out", "r"]))]
        self.assertEqual(*said)
        self.assertIn(key, said[0])
        self.assertFalse((self.folder / "r").exists())

    def test_inputs_of_tasks(self):
        self.run_program("new", "xor")
        self.run_program("new", "digits")
        self.refused("xor.toml", "high_rate", "input.high_rate=1e10")
        self.refused("xor.toml", "low_rate", "input.low_rate=2e8", "input.high_rate=3e8")
        self.refused("digits.toml", "rate", "input.rate=1e10")
        self.refused("digits.toml", "period", "input.encoding=latency", "input.period=1e-7", "input.spread=1e-8")
        self.run_program("check", "xor.toml", "--set", "input.high_rate=1e8")

    def test_volleys(self):
        self.write("right.toml", VOLLEYS.format(period="0.01", spread="0.001"))
        self.run_program("run", "right.toml", "--out", "right", "--quiet")
        self.write("fast.toml", VOLLEYS.format(period="1e-7", spread="1e-8"))
        self.refused("fast.toml", "1e8 Hz")


if __name__ == "__main__":
    unittest.main()
