"""Times and lengths are rounded to ticks apart, and whether an interval that equals a length as a decimal was within it was
chance: `t_ref` 0.9 with inputs every 0.9 ms passed 180 of 300, and 24 of 40 doublets of exactly `b_th` = 10.1 ms were bursts."""
import unittest

import cli
import h5py

NETWORK = """seed = 1
duration = {duration}
[population.a]
model = "spike_train"
spike_times = [[{times}]]
[population.b]
model = "{model}"
{more}
[projection.p]
source = "a"
target = "b"
port = "membrane"
weight = 1000.0
delay = 1.0
[record]
spikes = ["b"]
"""
MODELS = ("lif", "adaptive_lif")


class DecimalLengths(cli.CommandLineTest):
    def run_network(self, model, times, more):
        self.write("network.toml", NETWORK.format(duration=max(times) + 10.0, model=model, more=more,
                                                  times=", ".join(f"{t:.4f}" for t in times)))
        self.run_program("run", "network.toml", "--out", "out", "--overwrite")
        return len(self.spikes("out", "b")[0])

    def test_an_input_at_the_end_of_refractoriness_counts(self):
        for model in MODELS:
            for t_ref in (0.1, 0.3, 0.7, 0.9, 1.1, 2.3, 10.1):
                times = [t_ref * k for k in range(1, 301)]
                early = [(t_ref - 1e-4) * k for k in range(1, 301)]
                more = f"parameters = {{ t_ref = {t_ref} }}"
                with self.subTest(model=model, t_ref=t_ref):
                    self.assertEqual(self.run_network(model, times, more), 300)
                    self.assertEqual(self.run_network(model, early, more), 150)

    def test_an_interval_of_b_th_belongs_to_the_burst(self):
        for model in MODELS:
            for classifier in ("isi", "trace"):
                for b_th in (3.3, 10.1, 16.0, 15.7):
                    for interval, bursts in ((b_th, 40), (b_th + 1e-4, 0)):
                        times = [t for k in range(40) for t in (1.0 + 600.1 * k, 1.0 + 600.1 * k + interval)]
                        self.run_network(model, times, f'b_th = {b_th}\nclassifier = "{classifier}"')
                        with h5py.File(self.folder / "out/bursts.h5") as file:
                            counted = len(file["spikes/b/timestamps"])
                        with self.subTest(model=model, classifier=classifier, interval=interval):
                            self.assertEqual(counted, bursts)


if __name__ == "__main__":
    unittest.main()
