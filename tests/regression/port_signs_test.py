"""What the sign of a weight means differs between ports; it was said nowhere, and the sign that is rarely meant passed in silence."""
import unittest

from cli import CommandLineTest

NETWORK = """duration = 100.0
[population.a]
model = "poisson"
parameters = {{ rate = 100.0 }}
[population.b]
model = "{model}"
{population}
[projection.p]
source = "a"
target = "b"
port = "{port}"
weight = {weight}
delay = 1.0
{projection}
"""


class PortSignsTest(CommandLineTest):
    def said(self, model, port, weight, code=0, population="", projection=""):
        self.write("net.toml", NETWORK.format(model=model, port=port, weight=weight, population=population,
                                              projection=projection))
        texts = [self.run_program(*verb, code=code).stderr
                 for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out", "--overwrite"])]
        for text in texts:
            self.assertEqual("[E0209]" in texts[0], "[E0209]" in text)
        return texts[0]

    def test_currents(self):
        for model in ("adaptive_lif", "alpha_lif", "pv", "sst"):
            self.assertIn("warning[E0209]: a positive weight on 'inhibitory' excites", self.said(model, "inhibitory", 1.0))
            self.assertIn("warning[E0209]: a negative weight on 'excitatory' inhibits",
                          self.said(model, "excitatory", -1.0))
            self.assertNotIn("E0209", self.said(model, "inhibitory", -1.0))
            self.assertNotIn("E0209", self.said(model, "excitatory", 1.0))
        self.assertNotIn("E0209", self.said("adaptive_lif", "membrane", -1.0))

    def test_conductances(self):
        for model, port in [("adex_pv", "excitatory"), ("adex_pv", "inhibitory"), ("burst_poisson", "inhibitory_dend"),
                            ("payeur2021_pyramidal", "excitatory_soma"), ("urbanczik_senn", "inhibitory_soma")]:
            self.assertIn(f"error[E0209]: all of the weights on '{port}' are negative", self.said(model, port, -0.1, code=2))
            self.assertNotIn("E0209", self.said(model, port, 0.1))
        # 15.87 % of a normal distribution lie below its mean by more than its standard deviation.
        self.assertIn("warning[E0209]: 16 % of the weights on 'excitatory' would be negative",
                      self.said("adex_pv", "excitatory", '{ distribution = "normal", mean = 0.1, sd = 0.1 }'))

    def test_what_is_released_counts(self):
        negative = "release = [{ gain = -1.0 }]"
        self.assertNotIn("E0209", self.said("adaptive_lif", "inhibitory", 1.0, projection=negative))
        self.assertIn("excites", self.said("adaptive_lif", "inhibitory", -1.0, projection=negative))
        self.assertIn("are negative", self.said("adex_pv", "excitatory", 0.1, code=2, projection=negative))

    def test_noise(self):
        noise = 'background = [{{ port = "inhibitory", rate = 100.0, weight = {} }}]'
        self.assertIn("excites", self.said("adaptive_lif", "membrane", 1.0, population=noise.format(1.0)))
        self.assertIn("are negative", self.said("adex_pv", "excitatory", 0.1, code=2, population=noise.format(-0.1)))

    def test_explain_says_what_signs_mean(self):
        self.assertRegex(self.run_program("explain", "adaptive_lif").stdout,
                         r"inhibitory +weights in pA; a positive weight excites, a negative one inhibits: meant for negative")
        self.assertRegex(self.run_program("explain", "adex_pv").stdout,
                         r"inhibitory +weights in 1; a conductance that inhibits: weights are not negative")


if __name__ == "__main__":
    unittest.main()
