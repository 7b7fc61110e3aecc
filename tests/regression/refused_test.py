#!/usr/bin/env python3
"""What `check` calls right `run` does not refuse: of many wrong files both say the same, with line and caret.

The files refused_*.toml passed `check`, and `run` refused them without saying where."""
import itertools
import os
import pathlib
import re
import subprocess
import unittest

from cli import PROGRAM, CommandLineTest

HERE = pathlib.Path(__file__).parent

# What differs from the right network below, and words of the complaint.
NETWORK = """duration = 20.0
[population.a]
model = "poisson"
size = 10
[population.b]
model = "{model}"
size = 10
{population}
[projection.p]
source = "a"
target = "b"
port = "{port}"
weight = {weight}
delay = {delay}
{projection}
{rest}
"""
TIED = """duration = 2.0
[population.a]
model = "lif"
size = 10
[population.b]
model = "lif"
size = 10
[projection.there]
source = "a"
target = "b"
port = "membrane"
weight = 1.0
delay = 1.0
connect = {{ {other} }}
[projection.back]
source = "b"
target = "a"
port = "membrane"
delay = 1.0
connect = {{ {own} }}
tie = {{ to = "there" }}
"""
DEFAULTS = {"model": "lif", "population": "", "port": "membrane", "weight": "1.0", "delay": "1.0", "projection": "", "rest": ""}
CURRENT = '[steps.s]\ntarget = "b"\n'
WRONG = [
    ({"model": "lf"}, "model"), ({"port": "dendrite"}, "port"), ({"weight": '"heavy"'}, "weight"),
    ({"weight": "{ distribution = \"lognormal\", mean = 0, cv = 1 }"}, "mean"),
    ({"population": "parameters = { tau_m = -1 }"}, "tau_m"), ({"population": "parameters = { tau = 1 }"}, "tau"),
    ({"population": "parameters = { V_reset = -40, V_th = -50 }"}, "V_reset"),
    ({"population": "initial = { V_m = \"cold\" }"}, "V_m"), ({"population": "initial = { x = 1 }"}, "x"),
    ({"population": "b_th = -1"}, "b_th"), ({"population": "classifier = \"some\""}, "classifier"),
    ({"population": "spike_times = [[1]]"}, "spike_times"),
    ({"population": 'background = [{ port = "current", rate = 100, weight = 1 }]'}, "stays"),
    ({"population": 'background = [{ port = "current", rate = 100, weight = 1, kind = "counts" }]'}, "stays"),
    ({"population": 'background = [{ port = "membrane", rate = 1e6, weight = 1, kind = "counts", step = 1 }]'}, "rate"),
    ({"population": 'background = [{ port = "membrane", rate = 1e4, weight = 1, kind = "bernoulli_grid" }]'}, "rate"),
    ({"delay": "0"}, "delay"), ({"delay": "\"1 mV\""}, "delay"),
    ({"projection": 'connect = { rule = "fixed_indegree" }'}, "k"),
    ({"projection": 'connect = { rule = "blocks", blocks = 3 }'}, "blocks"),
    ({"projection": 'connect = { rule = "bernoulli", p = 2 }'}, "p"),
    ({"projection": 'short_term = { variant = "event", state = "synapse" }'}, "state"),
    ({"projection": 'short_term = { variant = "tm", f = 0.1 }'}, "f"),
    ({"projection": 'short_term = { state = "synapse" }\nplasticity = { rule = "pair_stdp" }'}, "excludes"),
    ({"projection": 'release = [{ variant = "tm" }]\nshort_term = { variant = "tm" }'}, "exclude"),
    ({"projection": 'plasticity = { rule = "stdp" }'}, "rule"),
    ({"projection": 'plasticity = { rule = "pair_stdp", back_delay = 0.0 }'}, "back_delay"),
    ({"projection": 'plasticity = { rule = "burst_dependent", back_delay = 0.0 }'}, "back_delay"),
    ({"projection": 'plasticity = { rule = "dendritic_prediction" }'}, "follows"),
    ({"model": "urbanczik_senn", "port": "synaptic_dend", "projection": 'plasticity = { rule = "dendritic_prediction", back_delay = 0 }'},
     "back_delay"),
    ({"projection": 'plasticity = { rule = "pair_stdp", from = 10, until = 5 }'}, "until"),
    ({"projection": 'gain_steps = { times = [1, 2], values = [1] }'}, "values"),
    ({"projection": 'gain_steps = { times = [2, 1], values = [1, 1] }'}, "ascending"),
    ({"rest": CURRENT + 'port = "membrane"\ntimes = [1]\nvalues = [1]'}, "membrane"),
    ({"rest": CURRENT + 'port = "current"\ntimes = [2, 1]\nvalues = [1, 1]'}, "ascending"),
    ({"rest": '[drive.d]\nsignal = "s"\ntarget = "b"\nport = "current"'}, "signal"),
    ({"rest": '[signal.s]\npopulation = "b"'}, "no drive"), ({"rest": '[signal.s]\npopulation = "c"'}, "population"),
    ({"rest": '[sine.s]\ntarget = "b"\nport = "current"\namplitude = 1\nperiod = 0'}, "period"),
    ({"rest": '[record]\nspikes = ["c"]'}, "spikes"), ({"rest": '[record]\nweights = ["q"]'}, "weights"),
    ({"rest": '[projection.q]\nsource = "a"\ntarget = "b"\nport = "membrane"\ntie = { to = "none" }'}, "to"),
    ({"projection": 'plasticity = { rule = "pair_stdp" }\nrelease = [{ variant = "event", lag = 1 }, { variant = "burst", lag = 2 }]'},
     "lags of 1 and 2 ms"),
    ({"rest": '[projection.q]\nsource = "b"\ntarget = "a"\nport = "membrane"\nweight = 1\ndelay = 1'}, "receives nothing"),
]


class Refused(CommandLineTest):
    def refusal(self, name):
        """What both verbs say."""
        said = [self.run_program(verb, name, *more, code=2).stderr for verb, more in (("check", []), ("run", ["--out", "r"]))]
        self.assertEqual(*said)
        self.assertFalse((self.folder / "r").exists())
        return said[0]

    def expect_place(self, name, text):
        places = re.findall(rf"  --> {re.escape(name)}:(\d+):(\d+)\n   \|  (.*)\n   \|  (\s*)\^", text)
        self.assertTrue(places, text)
        lines = (self.folder / name).read_text().splitlines()
        for line, column, shown, indent in places:
            self.assertEqual(shown, lines[int(line) - 1])
            self.assertEqual(len(indent), int(column) - 1)

    def test_what_the_construction_refuses_has_a_place(self):
        for name, line, word in (("back_delay", 15, "back_delay = 0 needs a target model"),
                                 ("follower", 15, "follows"), ("gate_state", 15, "'event' lets spikes pass and has no state"),
                                 ("level_noise", 9, "what arrives on port 'current' stays")):
            with self.subTest(name):
                file = f"refused_{name}.toml"
                self.write(file, (HERE / file).read_text())
                said = self.refusal(file)
                self.expect_place(file, said)
                self.assertIn(word, said)
                self.assertIn(f"{file}:{line}:", said)

    def test_check_and_run_say_the_same(self):
        self.write("right.toml", NETWORK.format(**DEFAULTS))
        self.run_program("check", "right.toml")
        self.run_program("run", "right.toml", "--quiet", "--out", "right")
        for number, (change, word) in enumerate(WRONG):
            with self.subTest(change):
                name = f"wrong{number}.toml"
                self.write(name, NETWORK.format(**{**DEFAULTS, **change}))
                said = self.refusal(name)
                self.expect_place(name, said)
                self.assertIn(word, said)

    def test_everything_that_the_construction_refuses_is_told_at_once(self):
        other = NETWORK.format(**{**DEFAULTS, "projection": 'plasticity = { rule = "pair_stdp", back_delay = 0.0 }',
                                  "rest": '[projection.q]\nsource = "a"\ntarget = "b"\nport = "membrane"\nweight = 1\ndelay = 1\n'
                                          'plasticity = { rule = "dendritic_prediction" }'})
        self.write("two.toml", other)
        said = self.refusal("two.toml")
        self.assertEqual(said.count("error["), 2, said)
        self.assertIn("projection p", said)
        self.assertIn("projection q", said)

    def test_an_option_is_a_place_too(self):
        self.write("net.toml", NETWORK.format(**{**DEFAULTS, "projection": 'plasticity = { rule = "pair_stdp" }'}))
        said = self.run_program("check", "net.toml", "--set", "projection.p.plasticity.back_delay=0", code=2).stderr
        self.assertIn("  --> --set\n   |  projection.p.plasticity.back_delay=0\n", said)

    def test_a_tie_is_refused_by_both_or_by_none(self):
        connects = ('rule = "all_to_all"', 'rule = "one_to_one"', 'rule = "blocks", blocks = 5', 'rule = "blocks", blocks = 2',
                    'rule = "fixed_indegree", k = 3', 'rule = "fixed_indegree", k = 10, multapses = false',
                    'rule = "bernoulli", p = 0.5', 'rule = "bernoulli", p = 1.0')
        refused = 0
        for own, other in itertools.product(connects, connects):
            self.write("net.toml", TIED.format(own=own, other=other))
            check, run = (subprocess.run([PROGRAM, verb, "net.toml", *more], cwd=self.folder, env=self.environment(), capture_output=True,
                                         text=True, timeout=300, check=False)
                          for verb, more in (("check", []), ("run", ["--out", "r", "--overwrite", "--quiet"])))
            with self.subTest(own=own, other=other):
                self.assertEqual(check.returncode, run.returncode, check.stderr + run.stderr)
                if check.returncode != 0:
                    refused += 1
                    self.assertIn("does not have all synapses", check.stderr)
        # One that has all pairs has whatever a copy asks for, three of the eight; one_to_one has itself, blocks have themselves and one_to_one.
        self.assertEqual(refused, 64 - 3 * 8 - 1 - 2 - 2)

    def test_check_needs_no_more_memory_than_a_small_network_does(self):
        large = NETWORK.format(**DEFAULTS).replace("size = 10", "size = 1000000")
        self.write("large.toml", large)
        self.assertIn("8 TB", self.run_program("check", "large.toml", "--beyond-memory").stdout)
        self.assertEqual(os.listdir(self.folder), ["large.toml"])


if __name__ == "__main__":
    unittest.main()
