"""Noise of kind variance_matched had the grid's variance, but not its mean: 7.07 mV in place of 10."""
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("variance_matched_mean.toml").read_text(encoding="utf-8")


# Nearly no leak, not refractory, and a threshold just below 100 jumps of 1 mV or 200 of 0.5: a neuron counts its input.
COUNTER = CASE.replace("V_th = 1e6, V_reset = -1.0, tau_m = 20.0",
                       "V_th = 99.75, V_reset = 0.0, tau_m = 1e6, t_ref = 0.0").replace(
    "size = 2000", "size = 200").replace("duration = 1450.0", "duration = 20000.0")


class VarianceMatchedMeanTest(CommandLineTest):
    def test_is_that_of_the_other_kinds(self):
        for kind in ("variance_matched", "poisson", "bernoulli_grid"):
            text = COUNTER.replace("variance_matched", kind)
            if kind == "poisson":
                text = text.replace(", step = 1.0", "")
            self.write("net.toml", text + '[record]\nspikes = ["a"]\n')
            self.run_program("run", "net.toml", "--out", "out", "--overwrite")
            # 500 Hz of 1 mV are 10 V in 20 s: 100 thresholds, of which the last is half way in the mean.
            self.assertAlmostEqual(len(self.spikes("out", "a")[0]) / 200, 99.5, delta=0.3, msg=kind)


if __name__ == "__main__":
    unittest.main()
