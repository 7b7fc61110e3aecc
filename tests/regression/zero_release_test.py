"""A spike that releases nothing was hidden from the rule by a closed gate, and not by a gain of 0."""
import math
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("zero_release.toml").read_text(encoding="utf-8")


# The target population large enough for weights that are kept as a matrix.
MATRIX = CASE.replace('model = "lif"', 'model = "lif"\nsize = 100')


class ZeroReleaseTest(CommandLineTest):
    def test_every_rule_sees_every_spike(self):
        # pre fires at 10 ms and is seen at 11, the target fires at 12 and is seen at 13.
        stdp = 0.5 + 0.1 * math.exp(-2 / 20)
        burst = 0.5 - 0.1 * 0.5 * math.exp(-2 / 20)
        for name, text in [("lists", CASE), ("matrix", MATRIX)]:
            self.write("net.toml", text)
            self.run_program("run", "net.toml", "--out", name)
            for projection, expected in [("plain", stdp), ("gated", stdp), ("gain0", stdp), ("bdsp", burst)]:
                for weight in self.weights(name, projection)[-1]:
                    self.assertAlmostEqual(weight, expected, delta=1e-7, msg=f"{name} {projection}")

    def test_what_releases_nothing_leaves_the_target_alone(self):
        # Spikes with plastic synapses behind a closed gate are those without these synapses: to the bit, or, of cells
        # that are integrated in steps from arrival to arrival, within their tolerance.
        for model, port, apart in [("lif", "membrane", 0.0), ("alpha_lif", "excitatory", 0.0), ("adex_pv", "excitatory", 1e-3),
                                   ("stochastic_pyramidal", "soma", 0.0), ("burst_poisson", "excitatory_soma", 1e-3)]:
            noisy = f"""duration = 300.0
[population.pre]
model = "poisson"
size = 20
parameters = {{ rate = 100.0 }}
classifier = "every"
[population.drive]
model = "poisson"
size = 20
parameters = {{ rate = 100.0 }}
[population.post]
model = "{model}"
size = 10
[projection.drive]
source = "drive"
target = "post"
port = "{port}"
weight = {2.0 if "pA" not in port and model in ("lif",) else 100.0 if model == "alpha_lif" else 0.2}
delay = 1.0
[record]
spikes = ["post"]
"""
            shut = """[projection.shut]
source = "pre"
target = "post"
port = "%s"
weight = 5.0
delay = 1.0
release = [{ variant = "all", gain = 0.0 }]
plasticity = { rule = "pair_stdp" }
""" % port
            self.write("open.toml", noisy)
            self.write("shut.toml", noisy.replace("[record]", shut + "[record]"))
            self.run_program("run", "open.toml", "--out", "open", "--overwrite")
            self.run_program("run", "shut.toml", "--out", "shut", "--overwrite")
            alone, beside = self.spikes("open", "post"), self.spikes("shut", "post")
            self.assertGreater(len(alone[0]), 0, model)
            self.assertEqual(len(alone[0]), len(beside[0]), model)
            self.assertLessEqual(max(abs(a - b) for a, b in zip(alone[0], beside[0])), apart, model)

    def test_explain_states_the_law(self):
        for rule in ("pair_stdp", "burst_dependent", "dendritic_prediction"):
            self.assertIn("sees every spike of source and target, whatever the spike releases",
                          self.run_program("explain", rule).stdout)


if __name__ == "__main__":
    unittest.main()
