"""Spikes were up to 1.1e-3 ms late, silently: the coefficients of exponentials that are nearly equal cancel."""
import pathlib
import unittest

from cli import CommandLineTest

# By a power series of the equations in arithmetic of 30 digits, in steps, with bisection.
RIGHT = [9.816355523653328, 12.246436313726008, 14.884477539919317, 17.95373648405075, 22.60771976597607,
         31.354261914268136, 34.071776347234845, 37.341072087176144]


class NearlyEqualConstantsTest(CommandLineTest):
    def test_spikes(self):
        self.run_program("run", pathlib.Path(__file__).with_name("nearly_equal_constants.toml"),
                         "--out", "out")
        times, _ = self.spikes("out", "cell")
        self.assertEqual(len(times), len(RIGHT))
        for found, right in zip(times, RIGHT):
            self.assertAlmostEqual(found, right, delta=2e-9)


if __name__ == "__main__":
    unittest.main()
