"""Keys that another key, the model or the length of the run deprive of their effect: `check` and `run` say so, with place."""
import unittest

from cli import CommandLineTest

NETWORK = """duration = 100.0
[population.a]
model = "spike_train"
spike_times = [[10.0, 12.0]]
[population.b]
model = "{model}"
{population}
[projection.p]
source = "a"
target = "b"
port = "{port}"
weight = 1.0
delay = 1.0
{projection}
{tables}
"""


def network(model="lif", port="membrane", population="", projection="", tables=""):
    return NETWORK.format(model=model, port=port, population=population, projection=projection, tables=tables)


def short_term(text):
    return network(projection="short_term = { " + text + " }")


def plasticity(text):
    return network(projection="plasticity = { " + text + " }")


IDLE = [
    (short_term('variant = "tm", tau_fac = 500, u_0 = 0.2, state = "synapse"'),
     'u_0 has no effect: state is "synapse"', "0.2"),
    (short_term('variant = "tm", u_0 = 0.2'), "u_0 has no effect: tau_fac is 0", "0.2"),
    (short_term('variant = "mongillo", tau_fac = 0, u_0 = 0.2'), "u_0 has no effect: tau_fac is 0", "0.2"),
    (short_term('variant = "etm", f = 0.1'), "f has no effect: tau_fac is 0", "0.1"),
    (network("adaptive_lif", population="b_th = 10.0"),
     'b_th has no effect: the classifier of adaptive_lif is "every" unless one is given', "10.0"),
    (network("burst_poisson", "excitatory_soma", "b_th = 10.0"),
     'b_th has no effect: the classifier of burst_poisson is "model" unless one is given', "10.0"),
    (network(population='classifier = "model"'), "lif does not say what its spikes are", '"model"'),
    (plasticity('rule = "pair_stdp", from = 100.0'),
     "the weights do not learn: from is 100 ms, and the run ends at 100 ms", "100.0"),
    (network(tables='[sine.s]\ntarget = "b"\nport = "current"\namplitude = 1.0\nperiod = 10.0\nfrom = 200.0'),
     "there is no sine: from is 200 ms, and the run ends at 100 ms", "200.0"),
    (plasticity('rule = "pair_stdp", until = 100.5'), "until = 100.5 ms has no effect: the run ends at 100 ms", "100.5"),
    (network(tables='[sine.s]\ntarget = "b"\nport = "current"\namplitude = 1.0\nperiod = 10.0\nuntil = 200.0'),
     "until = 200 ms has no effect: the run ends at 100 ms", "200.0"),
    (network(projection='release = [{ variant = "tm", gain = 0.0, U = 0.5 }, { variant = "all" }]'),
     'the term "tm" releases nothing: its gain is 0', "0.0"),
    (plasticity('rule = "burst_dependent", baseline = "moving_average", p0 = 0.3'),
     'p0 has no effect: baseline is "moving_average", and prior is 0', "0.3"),
    (plasticity('rule = "pair_stdp", A_minus = 0.0, tau_minus = 30.0'), "tau_minus has no effect: A_minus is 0",
     "30.0"),
]

SIGNAL = """[signal.s]
population = "a"
{signal}
[drive.d]
signal = "s"
target = "b"
port = "current"
{drive}"""


def drive(signal="", delay="delay = 1.0", more=""):
    return network(tables=SIGNAL.format(signal=signal, drive=delay + "\n" + more))


def sine(amplitude):
    return network(tables=f'[sine.s]\ntarget = "b"\nport = "current"\namplitude = {amplitude}\nperiod = 10.0')


def noise(weight):
    return network(population=f'background = [{{ port = "membrane", rate = 100.0, weight = {weight} }}]')


def cell(model, port, parameters, initial=""):
    return network(model, port, f"parameters = {{ {parameters} }}\n{initial}")


def tie(text):
    return network(tables=f'[projection.q]\nsource = "a"\ntarget = "b"\nport = "membrane"\ndelay = 1.0\ntie = {{ to = "p", {text} }}')


def steps(values):
    return network(tables=f'[steps.s]\ntarget = "b"\nport = "current"\ntimes = [5.0, 10.0]\nvalues = {values}\n')


IDLE += [
    (cell("adex_pv", "excitatory", "V_reset = -60.0"), "V_reset has no effect: hold_at_E_L is 1", "-60.0"),
    (cell("adaptive_lif", "excitatory", "tau_w = 77.0"), "tau_w has no effect: a and b are 0", "77.0"),
    (cell("sst", "excitatory", "a = 0.0, b = 0.0, tau_w = 77.0"), "tau_w has no effect: a and b are 0", "77.0"),
    (cell("burst_poisson", "excitatory_soma", "jump_th = 0.0, tau_th = 77.0"), "tau_th has no effect: jump_th is 0",
     "77.0"),
    (cell("payeur2021_pyramidal", "excitatory_soma", "I_box = 0.0, t_box = 3.0"), "t_box has no effect: I_box is 0",
     "3.0"),
    (drive(delay="delay = 100.0"), "there is no drive: its delay is 100 ms, and the run ends at 100 ms", "100.0"),
    (drive(signal="every = 200.0"), "nothing follows the signal: it is sampled every 200 ms, and the run ends at 100 ms",
     "200.0"),
    (drive(more="gain = 0.0"), "the drive does not follow its signal: gain is 0", "0.0"),
    (sine(0.0), "the sine has no effect: its amplitude is 0", "0.0"),
    (plasticity('rule = "burst_dependent", r_min = 0.0, low_rate = "events"'),
     "low_rate has no effect: r_min is 0: no rate is below it", '"events"'),
    (noise(0.0), "the noise has no effect: its weight is 0", "0.0"),
    (network().replace("weight = 1.0", "weight = 0.0"), "the projection has no effect: its weights are 0, and do not learn", "0.0"),
    (network().replace("weight = 1.0", 'weight = { distribution = "normal", mean = 0.0, sd = 0.0 }'),
     "the projection has no effect: its weights are 0, and do not learn", "{"),
    (tie("scale = 0.0"), "the projection has no effect: scale is 0", "0.0"),
    (tie('part = "negative"'), "the projection has no effect: 'p' has no such weights at the start", '"negative"'),
    (network(projection='release = [{ variant = "all" }, { variant = "all", gain = -1.0 }]'), "the terms release nothing: they add up to 0", "[{"),
    (network(projection='release = [{ variant = "all", gain = 0.0 }]'), 'the term "all" releases nothing: its gain is 0', "0.0"),
    (network(projection="gain_steps = { times = [0.0], values = [0.0] }"),
     "the projection has no effect: the factor on what it releases is 0 from the start", "[0.0]"),
    (sine(1.0) + "\nstep = 5.1", "little is left of the sine: its steps of 5.1 ms are longer than half a period", "5.1"),
    (steps("[0.0, 0.0]"), "the steps have no effect: all are 0", "[0.0"),
    (network(projection="gain_steps = { times = [5.0], values = [1.0] }"), "the factor has no effect: it is 1 at first, too", "[1.0]"),
]

ACTING = [
    plasticity('rule = "pair_stdp", until = 100.0'),
    network(projection='release = [{ variant = "tm", gain = -1.0 }, { variant = "all" }]'),
    short_term('variant = "tm", tau_fac = 500, u_0 = 0.2'),
    short_term('variant = "etm", tau_fac = 500, f = 0.1'),
    network("adaptive_lif", population='b_th = 10.0\nclassifier = "isi"'),
    network("lif", population="b_th = 10.0"),
    network("burst_poisson", "excitatory_soma", 'classifier = "model"'),
    plasticity('rule = "pair_stdp", from = 99.0'),
    plasticity('rule = "burst_dependent", baseline = "moving_average", p0 = 0.3, prior = 1.0'),
    cell("adex_pv", "excitatory", "V_reset = -60.0, hold_at_E_L = 0.0"),
    cell("adaptive_lif", "excitatory", "tau_w = 77.0, b = 1.0"),
    cell("adaptive_lif", "excitatory", "tau_w = 100.0"),  # its default
    cell("adaptive_lif", "excitatory", "tau_w = 77.0", "initial = { w = 10.0 }"),
    cell("burst_poisson", "excitatory_soma", "tau_th = 77.0"),
    drive(signal="every = 99.0", delay="delay = 99.0", more="gain = 2.0"),
    sine(1.0),
    plasticity('rule = "burst_dependent", r_min = 1.0, low_rate = "events"'),
    noise(1.0),
    plasticity('rule = "pair_stdp"').replace("weight = 1.0", "weight = 0.0"),
    steps("[1.0, 0.0]"),
    network(projection="gain_steps = { times = [5.0, 10.0], values = [0.0, 1.0] }"),
    network(projection="gain_steps = { times = [0.0, 10.0], values = [0.0, 1.0] }"),
    network(projection='release = [{ variant = "all" }, { variant = "tm", gain = -1.0 }]'),
    network().replace("weight = 1.0", 'weight = { distribution = "normal", mean = 0.0, sd = 1.0 }'),
    tie('part = "positive"'),
    sine(1.0) + "\nstep = 4.9",
]


class IdleKeysTest(CommandLineTest):
    def test_is_said_by_check_and_run(self):
        for text, sentence, value in IDLE:
            with self.subTest(sentence=sentence):
                self.write("net.toml", text)
                for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out", "--overwrite"]):
                    lines = self.run_program(*verb).stderr.splitlines()
                    found = [i for i, line in enumerate(lines) if line.startswith("warning[E0210]: " + sentence)]
                    self.assertEqual(len(found), 1, lines)
                    place, source, caret = lines[found[0] + 1:found[0] + 4]
                    _, line, column = place.removeprefix("  --> ").split(":")
                    self.assertEqual(text.splitlines()[int(line) - 1][int(column) - 1:][:len(value)], value)
                    self.assertEqual(caret.index("^"), source.index(value, int(column) + 4))

    def test_what_has_an_effect_is_not_warned_of(self):
        for text in ACTING:
            with self.subTest(text=text):
                self.write("net.toml", text)
                self.assertNotIn("E0210", self.run_program("check", "net.toml").stderr)


if __name__ == "__main__":
    unittest.main()
