"""Rules that can never change a weight, or that read of their target what it does not have, in silence."""
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
plasticity = {{ {rule} }}
"""


class NeverLearnsTest(CommandLineTest):
    def said(self, rule, code=0, model="lif", port="membrane", weight=1.0, population=""):
        self.write("net.toml", NETWORK.format(model=model, port=port, weight=weight, rule=rule, population=population))
        checked, ran = (self.run_program(*verb, code=code).stderr
                        for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out", "--overwrite"]))
        for line in checked.splitlines():
            if line.startswith(("warning[", "error[")):
                self.assertIn(line, ran)
        return checked

    def test_never_is_an_error(self):
        self.assertIn("error[E0210]: the weights never change: w_min and w_max are both 1",
                      self.said('rule = "pair_stdp", w_min = 1.0, w_max = 1.0', 2))
        self.assertIn("error[E0210]: the weights never change: they are 0",
                      self.said('rule = "pair_stdp", mu_plus = 0.4, mu_minus = 1.0', 2, weight=0.0))
        self.assertIn("error[E0210]: the weights never change: 'b' never bursts, and p0 is 0",
                      self.said('rule = "burst_dependent", p0 = 0.0', 2, population='classifier = "every"'))
        self.assertIn("tau_m_dend and tau_syn are equal",
                      self.said('rule = "dendritic_prediction", tau_syn = 10.0', 2, "urbanczik_senn", "synaptic_dend"))

    def test_targets_that_never_burst(self):
        rule = 'rule = "burst_dependent"'
        never = "'b' never bursts: nothing teaches the weights to grow"
        for population in ('classifier = "every"', 'classifier = "model"', "parameters = { t_ref = 17.0 }",
                           'classifier = "isi"\nb_th = 1.0'):
            self.assertIn(never, self.said(rule, population=population))
        self.assertIn(never, self.said(rule, model="alpha_lif", port="excitatory"))
        for model, port in (("lif", "membrane"), ("burst_poisson", "charge_soma"), ("stochastic_pyramidal", "soma")):
            self.assertNotIn("never bursts", self.said(rule, model=model, port=port))

    def test_rates_of_zero(self):
        for rule, key in [('rule = "pair_stdp", A_plus = 0.0, A_minus = 0.0', "A_plus"),
                          ('rule = "burst_dependent", eta = 0.0', "eta")]:
            text = self.said(rule)
            self.assertIn("warning[E0210]: the weights never change: the rule's rates of learning are 0", text)
            self.assertIn(f"help: apical explain {key}", text)

    def test_parameters_that_are_not_the_targets(self):
        def mismatch(rule, population=""):
            return self.said(f'rule = "dendritic_prediction"{rule}', 0, "urbanczik_senn", "synaptic_dend", 1.0, population)
        self.assertNotIn("another cell", mismatch(""))
        self.assertIn("the rule has E_L = -65, 'b' has E_L = -70", mismatch(", E_L = -65.0"))
        self.assertIn("'b' has g_D/(g_D + g_L_soma) = 0.5", mismatch("", "parameters = { g_D = 30.0 }"))

    def test_a_back_delay_as_long_as_the_run(self):
        self.assertIn("no spike of the target is seen", self.said('rule = "pair_stdp", back_delay = 100.0'))


if __name__ == "__main__":
    unittest.main()
