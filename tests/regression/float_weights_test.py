"""Weights are kept in single precision, and small changes vanish: this was said nowhere."""
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("float_weights.toml").read_text(encoding="utf-8")


class FloatWeightsTest(CommandLineTest):
    def test_steps_that_are_lost_are_told(self):
        self.write("net.toml", CASE)
        for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out"]):
            self.assertIn("warning[E0210]: changes of 1e-08 are lost: weights are kept in single precision",
                          self.run_program(*verb).stderr)
        self.assertEqual(self.weights("out", "p")[0], self.weights("out", "p")[-1])

    def test_steps_that_are_kept_are_not(self):
        self.write("net.toml", CASE.replace("1.0e-8", "1.0e-6"))
        self.assertNotIn("single precision", self.run_program("check", "net.toml").stderr)

    def test_explain_says_so(self):
        for rule in ("pair_stdp", "burst_dependent", "dendritic_prediction"):
            self.assertIn("kept in single precision", self.run_program("explain", rule).stdout)


if __name__ == "__main__":
    unittest.main()
