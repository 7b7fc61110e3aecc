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

    def test_factors_that_change(self):
        steps = "gain_steps = {{ times = [0.0, {}], values = [1.0, -2.0] }}"
        text = self.said("adex_pv", "excitatory", 0.1, code=2, projection=steps.format(50.0))
        self.assertIn("error[E0209]: with these factors all of the weights on 'excitatory' are negative", text)
        self.assertIn("values = [", text)
        self.assertIn("warning[E0209]: with these factors 84 % of the weights on 'excitatory' would be negative",
                      self.said("adex_pv", "excitatory", '{ distribution = "normal", mean = 0.1, sd = 0.1 }',
                                projection=steps.format(50.0)))
        # The run is over before the sign changes; a positive factor changes none.
        self.assertNotIn("E0209", self.said("adex_pv", "excitatory", 0.1, projection=steps.format(100.0)))
        self.assertNotIn("E0209", self.said("adex_pv", "excitatory", 0.1,
                                            projection="gain_steps = { times = [50.0], values = [0.0] }"))
        # Of a current with both signs nothing is said, of one whose sign is turned from the start what it does.
        self.assertNotIn("E0209", self.said("adaptive_lif", "inhibitory", -1.0, projection=steps.format(50.0)))
        self.assertIn("excites", self.said("adaptive_lif", "inhibitory", -1.0,
                                           projection="gain_steps = { times = [0.0], values = [-1.0] }"))

    def test_terms_that_add_up_to_less_than_nothing(self):
        kinds = 'classifier = "isi"'
        def released(terms, code=0, of_a=kinds):
            self.write("net.toml", NETWORK.format(model="adex_pv", port="excitatory", weight=0.1, population="",
                                                  projection=f"release = [{terms}]").replace(
                                                      "[population.b]", of_a + "\n[population.b]"))
            return self.run_program("check", "net.toml", code=code).stderr
        self.assertIn("are negative", released("{ gain = 1.0 }, { gain = -1.5 }", 2))
        self.assertIn("at some spikes all of the weights on 'excitatory' are negative",
                      released('{ variant = "event" }, { variant = "burst", gain = -1.0 }', 2))
        self.assertIn("adds up to less than 0 at some spikes, or may", released('{ variant = "tm" }, { gain = -0.1 }'))
        self.assertNotIn("E0209", released('{ variant = "burst", gain = -0.5 }, { gain = 1.0 }'))
        self.assertNotIn("E0209", released('{ variant = "tm", gain = -1.0 }, { gain = 1.0 }, { gain = 1.0 }'))
        # Where each spike is an event no burst is subtracted.
        self.assertNotIn("are negative",
                         released('{ variant = "event" }, { variant = "burst", gain = -1.0 }', of_a=""))

    TIED = """[projection.q]
source = "a"
target = "b"
port = "{port}"
delay = 1.0
tie = {{ {tie} }}
"""

    def test_ties(self):
        def tied(model, port, tie, weight=0.1, code=0):
            to = "excitatory" if port == "inhibitory" else "inhibitory"
            return self.said(model, to, weight, code, projection=self.TIED.format(port=port, tie='to = "p", ' + tie))
        text = tied("adex_pv", "excitatory", "scale = -0.5", code=2)
        self.assertIn("error[E0209]: all of the weights on 'excitatory' are negative", text)
        self.assertIn("scale = -0.5", text)
        self.assertIn("warning[E0209]: 84 % of the weights on 'excitatory' would be negative",
                      tied("adex_pv", "excitatory", "scale = -1.0", '{ distribution = "normal", mean = 0.1, sd = 0.1 }'))
        self.assertNotIn("on 'excitatory'", tied("adex_pv", "excitatory", "scale = 2.0"))
        self.assertIn("are negative", tied("adex_pv", "excitatory", 'part = "positive", scale = -1.0', code=2))
        self.assertNotIn("on 'excitatory'", tied("adex_pv", "excitatory", 'part = "negative", scale = -1.0'))
        excites = "warning[E0209]: a positive weight on 'inhibitory' excites"
        self.assertIn(excites, tied("adaptive_lif", "inhibitory", "scale = 1.0", 1.0))
        self.assertNotIn("E0209", tied("adaptive_lif", "inhibitory", "scale = -1.0", 1.0))

    def test_states_at_the_start(self):
        self.assertIn("error[E0209]: all of the values of g_ex at the start are negative",
                      self.said("adex_pv", "excitatory", 0.1, code=2, population="initial = { g_ex = -50.0 }"))
        self.assertIn("warning[E0209]: 50 % of the values of g_in_dend at the start would be negative",
                      self.said("burst_poisson", "excitatory_dend", 0.1,
                                population='initial = { g_in_dend = { distribution = "uniform", low = -1e-3, high = 1e-3 } }'))
        self.assertNotIn("E0209", self.said("adex_pv", "excitatory", 0.1, population="initial = { g_ex = 0.5, V_m = -50.0 }"))

    def test_explain_says_what_signs_mean(self):
        self.assertRegex(self.run_program("explain", "adaptive_lif").stdout,
                         r"inhibitory +weights in pA; a positive weight excites, a negative one inhibits: meant for negative")
        self.assertRegex(self.run_program("explain", "adex_pv").stdout,
                         r"inhibitory +weights in 1; a conductance that inhibits: weights are not negative")


if __name__ == "__main__":
    unittest.main()
