#!/usr/bin/env python3
"""`apical bench`: its formats and refusals, on short runs of small networks. benchmarks/README.md says how a full run is made."""
import csv
import io
import json
import unittest

from cli import CommandLineTest

KEYS = ["network", "threads", "cpu_s_per_bio_s", "wall_s_per_bio_s", "ns_per_event", "bytes_per_synapse", "rate_hz", "cv",
        "in_tolerance", "result_hash"]


class Bench(CommandLineTest):
    def test_json_is_one_object_a_line(self):
        done = self.run_program("bench", "b2", "b2-eq", "--length", "50", "--threads", "1,2", "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(r["network"], r["threads"]) for r in rows], [("b2", 1), ("b2", 2), ("b2-eq", 1), ("b2-eq", 2)])
        for row in rows:
            self.assertEqual(list(row)[:len(KEYS)], KEYS)
            self.assertRegex(row["result_hash"], "^[0-9a-f]{64}$")
            self.assertIsNone(row["in_tolerance"])  # another length than the statistics are known for
            self.assertIsNone(row["yardstick_ratio"])
            self.assertGreater(row["cpu_s_per_bio_s"], 0.0)
            self.assertAlmostEqual(row["ns_per_event"] * row["events_per_bio_s"], row["cpu_s_per_bio_s"] * 1e9, delta=1e3)
            self.assertAlmostEqual(row["synapses"], 319920, delta=6 * 560)
            # Every spike goes to 80 cells on average, an event each.
            self.assertAlmostEqual(row["events_per_bio_s"], row["rate_hz"] * row["synapses"], delta=0.02 * row["events_per_bio_s"])
            self.assertAlmostEqual(row["rate_hz"], 5.8, delta=1.8)  # 5.4 and 6.2 over 10 s; the bins of 5 ms have F5 of 4.5 to 6.6
            self.assertTrue(4.0 <= row["bytes_per_synapse"] < 100.0, row["bytes_per_synapse"])
        self.assertEqual(rows[0]["result_hash"], rows[1]["result_hash"])
        self.assertNotEqual(rows[0]["result_hash"], rows[2]["result_hash"])
        self.assertEqual(self.files(), [])

    def test_csv_and_the_table_say_the_same(self):
        arguments = ["bench", "b2", "--length", "50", "--seed", "3"]
        row, = csv.DictReader(io.StringIO(self.run_program(*arguments, "--csv").stdout))
        self.assertEqual(list(row)[:len(KEYS)], KEYS)
        table = self.run_program(*arguments).stdout.splitlines()
        self.assertEqual(len(table), 2)
        self.assertEqual(table[1].split()[:2], ["b2", "1"])
        self.assertIn(f"{float(row['rate_hz']):.4g}", table[1].split())

    def test_external_drives_are_drawn_or_counted(self):
        exact, counts = (json.loads(self.run_program("bench", "b5-static", "--length", "200", "--json", *more).stdout)
                         for more in ([], ["--drive", "counts"]))
        self.assertEqual([exact["drive"], counts["drive"]], ["exact", "counts"])
        self.assertNotEqual(exact["result_hash"], counts["result_hash"])
        for row in (exact, counts):  # 83 Hz, and seeds differ by 4; 200 cells in 0.2 s have a standard error of 1.5
            self.assertAlmostEqual(row["rate_hz"], 83, delta=5 * 1.5 + 4)
            self.assertAlmostEqual(row["cv"], 0.746, delta=0.06)

    def test_a_run_of_full_length_is_judged(self):
        row = json.loads(self.run_program("bench", "b5-static", "--json").stdout)
        right = abs(row["rate_hz"] - 83) <= 4 and abs(row["cv"] - 0.746) <= 0.02
        self.assertIs(row["in_tolerance"], right)
        self.assertTrue(right, row)

    def test_the_yardstick_is_run_beside(self):
        self.write("stick", "#!/bin/sh\necho \"$@\" > said\necho '{\"cpu_s_per_bio_s\": 1000}'\n")
        (self.folder / "stick").chmod(0o755)
        row = json.loads(self.run_program("bench", "b2", "--length", "50", "--json", "--yardstick", "./stick").stdout)
        self.assertEqual((self.folder / "said").read_text().split(),
                         ["b2", "--seed", "1", "--warm-up", "500", "--length", "50"])
        self.assertAlmostEqual(row["yardstick_ratio"], row["cpu_s_per_bio_s"] / 1000)
        self.assertIn("cpu_s_per_bio_s", self.run_program("bench", "b2", "--length", "50", "--yardstick", "true", code=3).stderr)

    def test_mistakes(self):
        for arguments, said in ((["b2e"], "there is no benchmark 'b2e'"), (["b2", "--threads", "1,x"], "--threads is '1,x'"),
                                (["b2", "--threads", "0"], "--threads is '0'"), (["b2", "--json", "--csv"], "not both"),
                                (["b2", "--drive", "count"], "--drive is 'count'"), (["b2", "--length", "-1"], "--length"), (["b2", "--runs", "0"], "--runs is 0")):
            done = self.run_program("bench", *arguments, code=2)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
