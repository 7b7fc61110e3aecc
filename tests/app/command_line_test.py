#!/usr/bin/env python3
"""The command line without a run: help, new, check, explain, info, selftest, and everything that is refused."""
import os
import unittest

from cli import CommandLineTest


VERBS = ("new", "check", "run", "replay", "resume", "evaluate", "sweep", "report", "single", "stp", "export", "data", "info", "explain",
         "selftest", "bench")


class Help(CommandLineTest):
    def test_help_starts_with_examples_and_fits_on_a_screen(self):
        text = self.run_program("--help").stdout
        self.assertLessEqual(len(text.splitlines()), 24)
        self.assertIn("apical new xor && apical run xor.toml", text.splitlines()[2])
        for verb in VERBS:
            self.assertIn(f"\n  {verb} ", text)
        self.assertEqual(self.run_program().stdout, text)

    def test_every_verb_has_help(self):
        for verb in VERBS:
            text = self.run_program(verb, "--help").stdout
            self.assertIn(f"usage: apical {verb}", text)
            self.assertIn("examples:", text)
        self.assertEqual(self.files(), [])

    def test_version(self):
        text = self.run_program("--version").stdout
        self.assertRegex(text, r"^apical \d+\.\d+\.\d+\n")
        for library in ("HDF5", "Boost", "TBB"):
            self.assertRegex(text, library + r" \d+\.\d+")


NETWORK = """
[population.a]
model = "poisson"
size = 2
[population.b]
model = "lif"
size = 2
[projection.forward]
source = "a"
target = "b"
port = "membrane"
connect = { rule = "bernoulli", p = 0.5 }
weight = 1.0
delay = 1.0
"""


SIGNAL = """[signal.s]
population = "b"
every = {}
[drive.d]
signal = "s"
target = "b"
port = "current"
delay = 1.0
"""
SINE = """[sine.s]
target = "b"
port = "current"
amplitude = 1.0
period = 100.0
step = {}
"""


class Mistakes(CommandLineTest):
    def test_unknown_verbs_and_options_are_refused_with_a_suggestion(self):
        self.assertIn("did you mean 'run'?", self.run_program("rnu", code=2).stderr)
        error = self.run_program("run", "x.toml", "--overwite", code=2).stderr
        self.assertIn("error[E0301]: unknown option '--overwite'", error)
        self.assertIn("did you mean '--overwrite'?", error)

    def test_options_are_not_guessed_from_their_beginnings(self):
        self.run_program("run", "x.toml", "--over", code=2)

    def test_arguments_that_are_missing_or_too_many(self):
        for arguments in (["run"], ["run", "a", "b"], ["check"], ["new"], ["explain", "a", "b"], ["info"], ["run", "a", "--threads", "0"],
                          ["run", "a", "--threads", "many"]):
            self.assertIn("error[", self.run_program(*arguments, code=2).stderr)

    def test_what_is_not_a_configuration(self):
        self.write("binary.toml", "\x00\x01")
        self.write("syntax.toml", "seed = \n")
        (self.folder / "latin.toml").write_bytes(b"task = \"\xe9\"\n")
        (self.folder / "folder").mkdir()
        before = self.files()
        for name, code in (("binary.toml", "E0102"), ("syntax.toml", "E0102"), ("latin.toml", "E0102"),
                           ("folder", "E0101"), ("missing.toml", "E0101")):
            for verb in ("run", "check"):
                self.assertIn(f"error[{code}]", self.run_program(verb, name, code=2).stderr)
        self.assertEqual(self.files(), before)

    def test_a_wrong_configuration_writes_nothing_and_tells_everything(self):
        self.write("xor.toml", "task = \"xor\"\nneuronss = 3\nexamples = -1\n[input]\nhigh_rate = \"90 mV\"\n")
        for extra in ([], ["--quiet"], ["--json"]):
            done = self.run_program("run", "xor.toml", "--out", "results", *extra, code=2)
            self.assertEqual(done.stdout, "")
            self.assertIn("error[E0203]: unknown key 'neuronss'\n  --> xor.toml:2:1\n", done.stderr)
            self.assertIn("did you mean 'neurons'?", done.stderr)
            self.assertIn("error[E0204]: examples is -1: expected 1 to 1000000\n  --> xor.toml:3:12\n", done.stderr)
            self.assertIn("error[E0205]: high_rate is \"90 mV\", a voltage: expected a rate in Hz\n", done.stderr)
        self.assertEqual(self.files(), ["xor.toml"])

    def test_a_wrong_option_value_points_to_the_option(self):
        self.run_program("new", "xor")
        done = self.run_program("run", "xor.toml", "--set", "neurons=0", "--out", "results", code=2)
        self.assertIn("error[E0204]: neurons is 0: expected 1 to 100000\n  --> --set\n", done.stderr)
        self.assertIn("  --> --seed\n", self.run_program("run", "xor.toml", "--seed", "x", code=2).stderr)
        self.assertEqual(self.files(), ["xor.toml"])

    def test_an_unknown_task(self):
        self.write("a.toml", "task = \"xro\"\n")
        error = self.run_program("check", "a.toml", code=2).stderr
        self.assertIn("did you mean 'xor'?", error)
        for task in ("network", "xor", "xor_ensembles", "mnist", "digits"):
            self.assertIn(f'"{task}"', error)

    def test_a_task_of_images_as_a_word(self):
        self.write("a.toml", 'task = "mnist"\n[late]\nfrom = 2\n')
        error = self.run_program("check", "a.toml", code=2).stderr
        self.assertEqual(error.count("error["), 1, error)
        self.assertIn('[task], and in it name = "mnist"', error)

    def test_what_a_refused_value_would_decide_is_not_judged(self):
        self.write("net.toml", NETWORK.replace('"bernoulli"', '"berni"'))
        error = self.run_program("check", "net.toml", code=2).stderr
        self.assertIn('rule is "berni": expected', error)
        self.assertEqual(error.count("error["), 1, error)
        # Nor in a table that is inside, or before it was read; a number decides nothing.
        self.run_program("new", "digits")
        error = self.run_program("check", "digits.toml", "--set", "transmission=tsodyks", "--set", "facilitation.U=0.1", code=2).stderr
        self.assertEqual(error.count("error["), 1, error)
        self.write("net.toml", NETWORK + 'short_term = { variant = "tmm", tau_psc = 2.0, f = 0.1 }\n')
        error = self.run_program("check", "net.toml", code=2).stderr
        self.assertEqual(error.count("error["), 1, error)
        self.write("net.toml", NETWORK + "[record]\ntrace_bin = -2\nweights_every = 5\n")
        self.assertIn("weights_every has no effect", self.run_program("check", "net.toml", code=2).stderr)

    def test_a_mistyped_name_in_set_is_one_mistake(self):
        self.write("net.toml", NETWORK)
        error = self.run_program("check", "net.toml", "--set", "projection.forwards.weight=3", code=2).stderr
        self.assertEqual(error.count("error["), 1, error)
        self.assertIn("error[E0208]: 'forwards': there is no such projection\n  --> --set\n", error)
        self.assertIn("did you mean 'forward'?", error)
        whole = 'steps.s={target="b",port="current",times=[1.0],values=[2.0]}'
        self.run_program("check", "net.toml", "--set", whole)
        error = self.run_program("check", "net.toml", "--set", "steps.s.times=[1.0]", code=2).stderr
        self.assertIn("a new one needs 'target'", error)
        one_by_one = [f"steps.s.{key}" for key in ('target="b"', 'port="current"', "times=[1.0]", "values=[2.0]")]
        self.run_program("check", "net.toml", *(word for key in one_by_one for word in ("--set", key)))

    def test_a_value_of_the_wrong_kind_is_one_mistake(self):
        for wrong in ('plasticity = "pair_stdp"', "gain_steps = 3", "tie = 1"):
            self.write("net.toml", NETWORK + wrong + "\n")
            error = self.run_program("check", "net.toml", code=2).stderr
            self.assertEqual(error.count("error["), 1, error)
        for size in ('20.5', '"twenty"', "-20", "0"):
            self.write("net.toml", NETWORK.replace('model = "lif"\nsize = 2', f'model = "lif"\nsize = {size}').replace('"a"\ntarget', '"b"\ntarget'))
            error = self.run_program("check", "net.toml", code=2).stderr
            self.assertEqual(error.count("error["), 1, error)
        self.write("net.toml", '[population.a]\nmodel = "spike_train"\nspike_times = [1.0, 2.0, 3.0]\n')
        error = self.run_program("check", "net.toml", code=2).stderr
        self.assertEqual(error.count("error["), 1, error)

    def test_numbers_of_samples_beyond_use_are_told(self):
        for key, text in (("weights_every", '[record]\nweights = ["forward"]\nweights_every = 1e-3'), ("every", SIGNAL.format("1e-6")),
                          ("trace_bin", '[record]\ntraces = ["b"]\ntrace_bin = 1e-6'), ("step", SINE.format("1e-6"))):
            self.write("net.toml", NETWORK + text + "\n")
            self.assertIn(f"warning[E0204]: {key} = ", self.run_program("check", "net.toml", "--beyond-memory").stderr)
        self.write("net.toml", NETWORK + '[record]\nweights = ["forward"]\nweights_every = 1\ntraces = ["b"]\ntrace_bin = 1e-3\n'
                   + SIGNAL.format(1e-3) + SINE.format(1e-3))
        self.assertNotIn("E0204", self.run_program("check", "net.toml").stderr)

    def test_spikes_that_add_up_for_good_are_told(self):
        self.write("net.toml", NETWORK.replace('"membrane"', '"current"'))
        self.assertIn("what arrives on 'current' stays", self.run_program("check", "net.toml").stderr)
        self.write("net.toml", NETWORK)
        self.assertEqual(self.run_program("check", "net.toml", "--json").stderr.count("stays"), 0)

    def test_a_sweep_may_add_a_table(self):
        self.write("net.toml", NETWORK + '[[sweep.list]]\nprojection.back = { source = "b", target = "b", port = "membrane", '
                   "weight = 1.0, delay = 1.0 }\n[[sweep.list]]\nprojection.forward.weight = 2.0\n")
        self.assertEqual(len(self.run_program("sweep", "plan", "net.toml").stdout.splitlines()), 2)
        self.run_program("check", "net.toml")

    def test_combinations_without_effect(self):
        self.run_program("new", "xor")
        for change in ("tau_average=3", "facilitation.U=0.3"):
            error = self.run_program("check", "xor.toml", "--set", "feedback=gated", "--set", change, code=2).stderr
            self.assertIn("error[E0210]", error)

    def test_a_folder_that_is_not_empty(self):
        self.run_program("new", "xor")
        (self.folder / "results").mkdir()
        self.write("results/notes.txt", "mine")
        before = self.files()
        self.assertIn("error[E0302]", self.run_program("run", "xor.toml", "--out", "results", code=2).stderr)
        self.assertEqual(self.files(), before)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written(self):
        self.run_program("new", "xor")
        (self.folder / "locked").mkdir(mode=0o500)
        self.assertIn("error[E0601]", self.run_program("run", "xor.toml", "--out", "locked/run", code=4).stderr)

    def test_a_file_in_the_place_of_the_folder(self):
        self.run_program("new", "xor")
        self.assertIn("error[E0601]", self.run_program("run", "xor.toml", "--out", "xor.toml", code=4).stderr)
        self.assertIn("error[E0601]", self.run_program("run", "xor.toml", "--out", "xor.toml/run", code=4).stderr)


class New(CommandLineTest):
    def test_the_file_explains_every_key_and_is_right(self):
        self.run_program("new", "xor")
        text = (self.folder / "xor.toml").read_text()
        for line in text.splitlines():
            if "=" in line and not line.startswith("#") and "\"" not in line:
                self.assertIn("  # ", line)
        self.run_program("check", "xor.toml")

    def test_a_file_is_not_overwritten(self):
        self.write("xor.toml", "mine")
        self.run_program("new", "xor", code=2)
        self.assertEqual((self.folder / "xor.toml").read_text(), "mine")
        self.run_program("new", "xor", "--overwrite")
        self.run_program("new", "xor", "--out", "second.toml")
        self.assertEqual((self.folder / "xor.toml").read_text(), (self.folder / "second.toml").read_text())

    def test_an_unknown_task(self):
        self.assertIn("did you mean 'xor'?", self.run_program("new", "xr", code=2).stderr)


class Look(CommandLineTest):
    def test_check_tells_the_size_and_writes_the_graph(self):
        self.run_program("new", "xor")
        text = self.run_program("check", "xor.toml", "--graph", "xor.dot").stdout
        for word in ("network", "synapses", "smallest delay", "memory", "work"):
            self.assertIn(f"\n  {word}", text)
        self.assertTrue((self.folder / "xor.dot").read_text().startswith("digraph"))
        self.assertEqual(self.files(), ["xor.dot", "xor.toml"])

    def test_explain(self):
        self.assertIn("[ms]", self.run_program("explain", "tau_rec").stdout)
        of_images = self.run_program("explain", "presentation.duration").stdout
        self.assertIn("of a training image", of_images)
        self.assertNotIn("xor", of_images)
        self.assertIn("unknown key", self.run_program("explain", "E0203").stdout)
        self.assertIn("variant", self.run_program("explain", "short_term").stdout)
        for name in ("lag", "tau_psc", "f in "):
            self.assertIn(name, self.run_program("explain", "short_term").stdout)
        for name, header in (("steps", "[steps.NAME] "), ("list", "[[sweep.list]]\n"), ("background", "[[population.NAME.background]] ")):
            self.assertTrue(self.run_program("explain", name).stdout.startswith(header), name)
        self.assertIn("[population.NAME.initial]", self.run_program("explain", "initial").stdout)
        self.assertIn("Lists of equal length", self.run_program("explain", "zip").stdout)
        self.assertIn("state of a neuron", self.run_program("explain", "V_m").stdout)
        self.assertIn("tau_m", self.run_program("explain", "lif").stdout)
        self.assertIn("neurons", self.run_program("explain", "xor").stdout)
        self.assertIn("here it is tau_fac", self.run_program("explain", "tau_facil", code=2).stderr)
        self.assertIn("did you mean", self.run_program("explain", "tau_recc", code=2).stderr)
        self.assertIn("there is no time step", self.run_program("explain", "dt", code=2).stderr)
        self.assertIn("did you mean 'adex_pv'?", self.run_program("explain", "adx", code=2).stderr)
        for value, key in (("isi", "classifier"), ("variance_matched", "kind"), ("sampled", "burst_dependent")):
            self.assertRegex(self.run_program("explain", value, code=2).stderr, f"it is a value, .*apical explain .*{key}")
            self.assertIn(f'"{value}"' if key != "burst_dependent" else value, self.run_program("explain", key).stdout)

    def test_explain_alone_lists_what_can_be_explained(self):
        text = self.run_program("explain").stdout
        listed, heading = [], ""
        for line in text.splitlines()[1:]:
            if line.startswith("  "):
                listed += line.split() if heading in ("tasks", "tables", "keys") else line.split()[:1]
            else:
                heading = line
        self.assertGreater(len(listed), 150)
        for name in ("lif", "poisson", "pair_stdp", "tm", "xor", "projection", "delay", "E0203"):
            self.assertIn(name, listed)
        for name in listed[::7]:
            self.run_program("explain", name)

    def test_names_that_are_a_part_of_ours_and_things_that_there_are_not(self):
        self.write("a.toml", "step = 0.1\n[population.a]\nmodel = \"adex\"\n[population.b]\nmodel = \"lif\"\n[projection.p]\n"
                   "source = \"b\"\ntarget = \"b\"\nport = \"membrane\"\nweight = 1\ndelay = \"10 sec\"\nplasticity = { rule = \"stdp\" }\n")
        error = self.run_program("check", "a.toml", code=2).stderr
        for words in ("there is no time step: spikes have exact times", "did you mean 'adex_pv'?", "did you mean 'pair_stdp'?",
                      "units: ms, s, us, ns, min, h"):
            self.assertIn(words, error)
        self.assertIn("there is no time step", self.run_program("run", "a.toml", "--dt", "0.1", code=2).stderr)

    def test_every_topic_of_a_message_can_be_explained(self):
        self.write("a.toml", "x = 1\n[population.a]\nx = 1\nmodel = \"lif\"\nparameters = { x = 1 }\ninitial = { V_m = { distribution = "
                   "\"normal\", sd = -1 } }\nbackground = [1]\n[population.b]\nmodel = \"spike_train\"\nspike_times = [[1.0], [2.0]]\n"
                   "spike_file = \"x.h5\"\n[projection.p]\nx = 1\nsource = \"a\"\ntarget = \"a\"\nport = \"membrane\"\ndelay = 1.0\n"
                   "weight = { x = 1, distribution = \"uniform\", low = 2, high = 1 }\nconnect = { x = 1, rule = \"blocks\" }\n"
                   "short_term = { x = 1, variant = \"tm3\", tau_psc = -1 }\n[projection.q]\nsource = \"a\"\ntarget = \"a\"\n"
                   "port = \"membrane\"\ndelay = 1.0\nweight = { distribution = \"lognormal\", mean = 1, cv = -1 }\n"
                   "short_term = { variant = \"event\", lag = -1 }\ngain_steps = { times = [-1.0] }\n"
                   "[record]\nx = 1\nspikes = [{ x = 1 }]\n[projection]\nr = 3\n")
        self.write("b.toml", NETWORK + "[sweep]\nseeds = 0\nx = 1\nlist = [1]\nzip = { seed = [{ x = 1 }] }\n")
        self.write("c.toml", "[population.a]\nmodel = \"lif\"\nparameters = { V_reset = 0 }\n[population.b]\nmodel = \"spike_train\"\n"
                   "spike_times = [[1.0], [2.0]]\n[projection.p]\nsource = \"a\"\ntarget = \"a\"\nport = \"membrane\"\ndelay = 1.0\n"
                   "weight = { distribution = \"uniform\", low = 2, high = 1 }\n")
        errors = "".join(self.run_program("check", f"{name}.toml", code=2).stderr for name in "abc")
        topics = {line.removeprefix("help: apical explain ") for line in errors.splitlines() if line.startswith("help: apical explain")}
        for topic in ("spikes", "spike_times", "sd", "cv", "high", "blocks", "tau_psc", "lag", "seeds", "sweep", "list", "background", "lif"):
            self.assertIn(topic, topics)
        for topic in topics:
            self.run_program("explain", topic)

    def test_info_refuses_what_it_does_not_know(self):
        self.assertIn("error[E0601]", self.run_program("info", "nothing", code=4).stderr)
        self.assertIn("error[E0501]", self.run_program("info", ".", code=3).stderr)
        self.write("a.h5", "not HDF5")
        self.assertIn("error[E0501]", self.run_program("info", "a.h5", code=3).stderr)

    def test_selftest(self):
        self.assertNotIn("WRONG", self.run_program("selftest").stdout)


if __name__ == "__main__":
    unittest.main()
