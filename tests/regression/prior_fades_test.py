"""The events that `prior` stands for faded only from the first spike of the target on."""
import math
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("prior_fades.toml").read_text(encoding="utf-8")


def expected():
    """Two events of the target, seen at 501 and 541 ms; the source's are seen at 491 and 531."""
    w, trace, seen = 0.5, 0.0, 0.0
    events = bursts = None
    for n, (pre, post) in enumerate([(491.0, 501.0), (531.0, 541.0)]):
        if n == 0:
            events, bursts = 5.0 * math.exp(-post / 50), 2.5 * math.exp(-post / 50)
        else:
            events, bursts = events * math.exp(-(post - last) / 50), bursts * math.exp(-(post - last) / 50)
        trace = trace * math.exp(-(pre - seen) / 5) + 1.0
        seen, last = pre, post
        w += 0.1 * -(bursts / events) * trace * math.exp(-(post - pre) / 5)
        events += 1.0
    return w


class PriorFadesTest(CommandLineTest):
    def test_from_the_start_of_the_run(self):
        self.assertAlmostEqual(expected(), 0.493232, delta=1e-6)
        for name, text in [("lists", CASE), ("matrix", CASE.replace('model = "lif"', 'model = "lif"\nsize = 100'))]:
            self.write("net.toml", text)
            self.run_program("run", "net.toml", "--out", name)
            for weight in self.weights(name, "p")[-1]:
                self.assertAlmostEqual(weight, expected(), delta=1e-7, msg=name)


if __name__ == "__main__":
    unittest.main()
