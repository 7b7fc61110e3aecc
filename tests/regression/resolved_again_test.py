#!/usr/bin/env python3
"""A resolved configuration resolves to itself: a sweep knows its points by it. That of `burst_dependent` without r_min did not, and such points
were never done."""
import json
import re
import unittest

from cli import CommandLineTest

NETWORK = """duration = 1.0
[population.a]
model = "poisson"
size = 2
[population.b]
model = "{model}"
size = 2
[projection.p]
source = "a"
target = "b"
port = "{port}"
weight = 1.0
delay = 1.0
{projection}
"""
RULES = ['rule = "burst_dependent"', 'rule = "burst_dependent", r_max = 5.0', 'rule = "burst_dependent", r_min = 5.0',
         'rule = "burst_dependent", baseline = "moving_average"', 'rule = "pair_stdp"', 'rule = "pair_stdp", mu_plus = 1.0, w_max = 5.0']
TERMS = ['variant = "tm"', 'variant = "etm", tau_fac = 10.0', 'variant = "tm3"', 'variant = "mongillo", state = "synapse"', 'variant = "burst", lag = 2.0',
         'variant = "event"']


class ResolvedAgain(CommandLineTest):
    def models_and_ports(self):
        """Of neurons, each with its first port."""
        listed = self.run_program("explain").stdout
        models = re.findall(r"^  (\w+) ", listed[listed.index("models of neurons"):listed.index("sources of spikes")], re.M)
        for model in models:
            ports = self.run_program("explain", model).stdout.split("\nports\n")[1]
            yield model, ports.split()[0]

    @staticmethod
    def settings(text):
        """Without what is said of them."""
        return [line.split("  # ")[0] for line in text.splitlines()[1:]]

    def expect_fixed(self, text):
        self.write("net.toml", text)
        self.run_program("run", "net.toml", "--out", "once", "--overwrite", "--quiet")
        resolved = (self.folder / "once" / "config.resolved.toml").read_text()
        self.write("resolved.toml", resolved)
        self.run_program("run", "resolved.toml", "--out", "again", "--overwrite", "--quiet")
        again = (self.folder / "again" / "config.resolved.toml").read_text()
        self.assertEqual(self.settings(resolved), self.settings(again))
        hashes = [json.loads((self.folder / run / "summary.json").read_text())["result_hash"] for run in ("once", "again")]
        self.assertEqual(*hashes)

    def test_of_every_model(self):
        models = list(self.models_and_ports())
        self.assertGreater(len(models), 10)
        for model, port in models:
            with self.subTest(model):
                self.expect_fixed(NETWORK.format(model=model, port=port, projection=""))

    def test_of_rules_and_releases(self):
        for part in [f"plasticity = {{ {rule} }}" for rule in RULES] + [f"short_term = {{ {term} }}" for term in TERMS]:
            with self.subTest(part):
                self.expect_fixed(NETWORK.format(model="lif", port="membrane", projection=part))

    def test_points_of_a_sweep_are_done_once(self):
        self.write("net.toml", NETWORK.format(model="lif", port="membrane", projection='plasticity = { rule = "burst_dependent" }')
                   + "[sweep]\nseeds = 2\n")
        self.run_program("sweep", "run", "net.toml")
        self.assertIn("2 done", self.run_program("sweep", "status", "net.toml").stdout)
        self.assertEqual(self.run_program("sweep", "run", "net.toml").stderr.count("was done before"), 2)


if __name__ == "__main__":
    unittest.main()
