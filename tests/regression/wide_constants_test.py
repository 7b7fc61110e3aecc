"""`check` said that the file was right, `run` refused it: three or more time constants were nearly equal, which is
not true of 500, 505 and 0.5 ms."""
import pathlib
import unittest

from cli import CommandLineTest

# By a power series of the equations in arithmetic of 30 digits, in steps, with bisection.
RIGHT = [171.578741243166999, 207.221745393168724, 238.452093788941694, 267.001549381706916, 293.740261483564511,
         319.179924829750924, 343.652767389858732, 367.389998920195070, 390.561155937494657]


class WideConstantsTest(CommandLineTest):
    def test_runs_to_the_right_spikes(self):
        config = pathlib.Path(__file__).with_name("wide_constants.toml")
        self.run_program("check", config)
        self.run_program("run", config, "--out", "out")
        times, _ = self.spikes("out", "cell")
        self.assertEqual(len(times), len(RIGHT))
        for found, right in zip(times, RIGHT):
            self.assertAlmostEqual(found, right, delta=1e-8)  # slopes of 0.25 mV/ms, nine times over

    def test_equal_constants_run(self):
        """The membrane as slow as both currents: refused until now."""
        config = pathlib.Path(__file__).with_name("wide_constants.toml")
        for constant in ("tau_syn_ex", "tau_syn_in"):
            for value in ("500", "500.0001", "499"):
                self.run_program("run", config, "--set", f"population.cell.parameters.{constant}={value}", "--out",
                                 f"{constant}_{value}")


if __name__ == "__main__":
    unittest.main()
