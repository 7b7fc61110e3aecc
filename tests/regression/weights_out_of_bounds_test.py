"""A weight outside its rule's bounds was clipped without a word: STDP deleted inhibition."""
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("weights_out_of_bounds.toml").read_text(encoding="utf-8")


NEGATIVE = CASE.replace("weight = -0.5", "weight = WEIGHT").replace('rule = "pair_stdp"', 'rule = "pair_stdp"BOUNDS')


class WeightsOutOfBoundsTest(CommandLineTest):
    def case(self, weight, bounds="", rule="pair_stdp"):
        text = NEGATIVE.replace("WEIGHT", weight).replace("BOUNDS", bounds).replace("pair_stdp", rule)
        self.write("net.toml", text)

    def test_inhibition_stays_inhibition(self):
        # The target never spikes, so nothing may change.
        for weight in ("-0.5", '{ distribution = "uniform", low = -0.5, high = -0.5 }'):
            self.case(weight)
            self.assertNotIn("E0209", self.run_program("run", "net.toml", "--out", "out", "--overwrite").stderr)
            for snapshot in self.weights("out", "p"):
                self.assertEqual(list(snapshot), [-0.5])

    def test_the_default_bound_of_inhibition_is_zero(self):
        # The target's spike, 2 ms after each of the source, adds 10 exp(-2/20) to -0.5.
        self.case("-0.5", ", A_plus = 10.0")
        text = (self.folder / "net.toml").read_text(encoding="utf-8")
        self.write("net.toml", text.replace("[record]", """[population.kick]
model = "spike_train"
spike_times = [[12.0, 52.0]]
[projection.kick]
source = "kick"
target = "b"
port = "membrane"
weight = 50.0
delay = 1.0
[record]"""))
        self.run_program("run", "net.toml", "--out", "out")
        self.assertEqual([list(w) for w in self.weights("out", "p")], [[-0.5], [0.0]])

    def test_a_negative_largest_weight_needs_no_smallest(self):
        # Without w_min bounds follow the sign: nothing contradicts w_max, and nothing bounds the weight below.
        for weight in ("-0.5", '{ distribution = "uniform", low = -0.5, high = -0.5 }'):
            self.case(weight, ", w_max = -0.1")
            self.assertNotIn("E0209", self.run_program("run", "net.toml", "--out", "out", "--overwrite").stderr)
            for snapshot in self.weights("out", "p"):
                self.assertEqual(list(snapshot), [-0.5])
        self.case("0.5", ", w_max = -0.1")
        self.assertIn("the weight 0.5 is outside the bounds of its rule, any to w_max = -0.1",
                      self.run_program("check", "net.toml", code=2).stderr)
        self.case("-0.5", ", w_min = 0.0, w_max = -0.1")
        self.assertIn("w_min is above w_max", self.run_program("check", "net.toml", code=2).stderr)

    def test_constants_are_refused(self):
        for weight, bounds, rule in [("-0.5", ", w_min = 0.0", "pair_stdp"), ("1.5", ", w_max = 1.0", "pair_stdp"),
                                     ("-0.5", ", w_min = 0.0", "burst_dependent"),
                                     ("1.5", ", w_max = 1.0", "burst_dependent")]:
            self.case(weight, bounds, rule)
            for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out"]):
                error = self.run_program(*verb, code=2).stderr
                self.assertIn(f"error[E0209]: the weight {weight} is outside the bounds of its rule", error)
                self.assertIn(f"   |  weight = {weight}\n   |           ^", error)

    def test_of_distributions_the_share_is_told(self):
        # Of a normal distribution 2.28 % are two standard deviations below the mean or more, as many above.
        for weight, share in [('{ distribution = "normal", mean = 1.0, sd = 0.5 }', "2.3 %"),
                              ('{ distribution = "normal", mean = -1.0, sd = 0.5 }', "2.3 %"),
                              ('{ distribution = "uniform", low = -1.0, high = 3.0 }', "25 %")]:
            self.case(weight)
            for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out", "--overwrite"]):
                self.assertIn(f"warning[E0209]: {share} of the weights drawn are outside the bounds of their rule",
                              self.run_program(*verb).stderr)

    def test_what_is_drawn_outside_starts_at_the_bound(self):
        for neurons in (50, 200):  # lists of synapses, and a matrix
            for rule in ("pair_stdp", "burst_dependent"):
                self.case('{ distribution = "normal", mean = 0.0, sd = 1.0 }', ", w_min = 0.0, w_max = 0.25", rule)
                text = (self.folder / "net.toml").read_text(encoding="utf-8")
                self.write("net.toml", text.replace('model = "lif"', f'model = "lif"\nsize = {neurons}'))
                self.run_program("run", "net.toml", "--out", "out", "--overwrite")
                first = self.weights("out", "p")[0]
                self.assertTrue(((first >= 0.0) & (first <= 0.25)).all())
                self.assertGreater((first == 0.0).sum(), neurons / 3)
                self.assertGreater((first == 0.25).sum(), neurons / 4)


if __name__ == "__main__":
    unittest.main()
