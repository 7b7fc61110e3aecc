"""A neuron exactly at its threshold fired or not depending on inputs that had nothing to do with it: 300 spikes alone, 246 with
a step of 0 pA, 265 where twenty jumps of 1 mV came instead of one of 20."""
import random
import unittest

import cli

# Some time apart: V_m has all but come back to rest, 20 mV below threshold, and the reset is at rest.
TIMES = [round(10.0 * k + random.Random(k).choice((0.1, 0.7, 1.2, 2.5, 3.8, 4.4)), 1) for k in range(300)]

NETWORK = """seed = 1
duration = 3010.0
[population.a]
model = "spike_train"
spike_times = [{times}]
[population.b]
model = "{model}"
parameters = {{ t_ref = 0.0, V_reset = -70.0, V_th = -50.0 }}
{more}
[record]
spikes = ["b"]
"""
JUMPS = """[projection.p{number}]
source = "a"
target = "b"
port = "membrane"
weight = {weight}
delay = 1.0
"""
NOTHING = """[steps.nothing]
target = "b"
port = "current"
times = [2999.0]
values = [0.0]
"""
SILENT = """[population.silent]
model = "poisson"
parameters = { rate = 50.0 }
[projection.silent]
source = "silent"
target = "b"
port = "membrane"
weight = 0.0
delay = 0.3
"""


class Threshold(cli.CommandLineTest):
    def count(self, model, weights, more="", times=TIMES):
        jumps = "".join(JUMPS.format(number=i, weight=w) for i, w in enumerate(weights))
        self.write("network.toml", NETWORK.format(times=times, model=model, more=jumps + more))
        self.run_program("run", "network.toml", "--out", "out", "--overwrite")
        return len(self.spikes("out", "b")[0])

    def test_reached_as_the_numbers_are_written(self):
        for model in ("lif", "adaptive_lif"):
            for weights in ([20.0], [1.0] * 20, [0.1] * 200, [-5.3, 25.3]):
                for more in ("", NOTHING, SILENT):
                    with self.subTest(model=model, jumps=len(weights), more=more):
                        self.assertEqual(self.count(model, weights, more), len(TIMES))
            self.assertEqual(self.count(model, [19.99999], times=TIMES[:1]), 0)

    def test_rheobase_never_fires(self):
        rheobase = 20.0 * 130.0 / 9.7
        for model in ("lif", "adaptive_lif", "alpha_lif"):
            for current, fires in ((rheobase, False), (1.00001 * rheobase, True)):
                self.write("network.toml", f"""seed = 1
duration = 10000.0
[population.b]
model = "{model}"
parameters = {{ tau_m = 9.7, C_m = 130.0, E_L = -70.0, V_th = -50.0, I_e = {current!r} }}
[record]
spikes = ["b"]
""")
                self.run_program("run", "network.toml", "--out", "out", "--overwrite")
                with self.subTest(model=model, current=current):
                    self.assertEqual(len(self.spikes("out", "b")[0]) > 0, fires)


if __name__ == "__main__":
    unittest.main()
