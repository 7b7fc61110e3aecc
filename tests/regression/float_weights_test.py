"""Weights are kept in single precision, and small changes vanish: this was said nowhere."""
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("float_weights.toml").read_text(encoding="utf-8")
DRAWN = """duration = 100.0
[population.a]
model = "poisson"
parameters = {{ rate = 10.0 }}
[population.b]
model = "lif"
[projection.p]
source = "a"
target = "b"
port = "membrane"
weight = {{ distribution = {weight} }}
delay = 1.0
plasticity = {{ {rule} }}
"""


class FloatWeightsTest(CommandLineTest):
    def test_steps_that_are_lost_are_told(self):
        self.write("net.toml", CASE)
        for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out"]):
            self.assertIn("warning[E0210]: changes of 1e-08 are lost: weights are kept in single precision",
                          self.run_program(*verb).stderr)
        self.assertEqual(self.weights("out", "p")[0], self.weights("out", "p")[-1])

    def test_of_drawn_weights_the_typical_size_counts(self):
        # Single precision has steps of 2^-23 of the power of 2 below: 6.1e-5 at the root mean square of 0 to 1000, 577;
        # 7.6e-6 at a standard deviation of 100; 1.9e-6 at the median of this lognormal, 1000/sqrt(1 + 40^2) = 25.
        for weight, lost, kept in [('"uniform", low = 0.0, high = 1000.0', 1e-6, 1e-4),
                                   ('"uniform", low = -1000.0, high = 1000.0', 1e-6, 1e-4),
                                   ('"normal", mean = 0.0, sd = 100.0', 1e-7, 1e-5),
                                   ('"lognormal", mean = 1000.0, cv = 40.0', 1e-7, 3e-6)]:
            for rate, warns in ((lost, True), (kept, False)):
                with self.subTest(weight=weight, rate=rate):
                    self.write("net.toml", DRAWN.format(weight=weight, rule=f'rule = "burst_dependent", eta = {rate}'))
                    self.assertEqual("are lost: weights are kept in single precision" in
                                     self.run_program("check", "net.toml").stderr, warns)

    def test_changes_in_proportion_to_the_weight(self):
        # 1e-6 of 1000 is more than its step of 6.1e-5, 1e-8 of it is less.
        for rate, warns in ((1e-6, False), (1e-8, True)):
            rule = f'rule = "pair_stdp", mu_plus = 1.0, mu_minus = 1.0, A_plus = {rate}, A_minus = {rate}'
            self.write("net.toml", DRAWN.format(weight='"uniform", low = 1000.0, high = 1001.0', rule=rule))
            self.assertEqual("single precision" in self.run_program("check", "net.toml").stderr, warns)

    def test_steps_that_are_kept_are_not(self):
        self.write("net.toml", CASE.replace("1.0e-8", "1.0e-6"))
        self.assertNotIn("single precision", self.run_program("check", "net.toml").stderr)

    def test_explain_says_so(self):
        for rule in ("pair_stdp", "burst_dependent", "dendritic_prediction"):
            self.assertIn("kept in single precision", self.run_program("explain", rule).stdout)


if __name__ == "__main__":
    unittest.main()
