"""A rule that reads a burst probability of cells that state none: weights became NaN, or 705 from 30, in silence."""
import pathlib
import unittest

from cli import CommandLineTest

CASE = pathlib.Path(__file__).with_name("unstated_probability.toml").read_text(encoding="utf-8")


class UnstatedProbabilityTest(CommandLineTest):
    def refused(self, text, sentence):
        self.write("net.toml", text)
        for verb in (["check", "net.toml"], ["run", "net.toml", "--out", "out"]):
            error = self.run_program(*verb, code=2).stderr
            self.assertIn("error[E0209]: " + sentence, error)
            line, column = error.split("net.toml:")[1].split("\n")[0].split(":")
            self.assertTrue(text.splitlines()[int(line) - 1][int(column) - 1:].startswith('"'), error)

    def test_of_a_cell_without_one(self):
        for teaching in ("variance_reduced", "potential"):
            self.refused(CASE.replace("variance_reduced", teaching),
                         f'teaching "{teaching}" reads the burst probability that a cell states at its events: '
                         "'b' is a lif, which states none")

    def test_of_events_that_are_not_the_cells(self):
        cells = CASE.replace('model = "lif"', 'model = "burst_poisson"\nclassifier = "CLASSIFIER"').replace(
            'port = "membrane"', 'port = "charge_soma"')
        for classifier in ("every", "isi", "trace"):
            self.refused(cells.replace("CLASSIFIER", classifier),
                         'teaching "variance_reduced" reads the burst probability that a cell states at its own events')
        self.write("net.toml", cells.replace("CLASSIFIER", "model").replace("duration = 300.0", "duration = 2000.0"))
        self.run_program("run", "net.toml", "--out", "out")
        first, last = self.weights("out", "p")
        self.assertTrue(all(abs(w) < 100.0 for w in last))
        self.assertFalse((first == last).all())


if __name__ == "__main__":
    unittest.main()
