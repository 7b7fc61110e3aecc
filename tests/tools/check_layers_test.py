"""Does tools/check_layers find what it is for? Each case plants one line in an empty tree."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "check_layers"

FORBIDDEN = [
    ("core/time.hpp", '#include "neurons/lif.hpp"'),
    ("neurons/lif.hpp", '#include "synapses/table.hpp"'),
    ("recorders/rates.hpp", "#include <simulator/simulation.hpp>"),
    ("simulator/shard.hpp", '  #  include "networks/build.hpp"'),
    ("networks/build.cpp", '#include "tasks/xor.hpp"'),
    ("tasks/xor.cpp", '#include "app/progress.hpp"'),
    ("tasks/xor.cpp", '#include "circuits/circuit.hpp"'),
    ("circuits/burstccn.cpp", '#include "tasks/task.hpp"'),
    ("circuits/burstccn.cpp", '#include "training/run.hpp"'),
    ("app/main.cpp", '#include "tests/app/helper.hpp"'),
    ("examples/one.cpp", '#include "simulator/detail/shard.hpp"'),
    ("tests/core/time_test.cpp", '#include "simulator/detail/shard.hpp"'),
    ("simulator/simulation.cpp", "#include <tbb/parallel_for.h>"),
    ("neurons/lif.hpp", "#include <execution>"),
    ("recorders/rates.cpp", "#include <hdf5.h>"),
    ("app/main.cpp", "#include <toml++/toml.h>"),
    ("neurons/lif.hpp", '#include "model.hpp"'),
    ("neurons/lif.hpp", '#include "../simulator/shard.hpp"'),
]
ALLOWED = [
    ("core/time.hpp", "#include <chrono>"),
    ("core/parallel.cpp", "#include <tbb/parallel_for.h>"),
    ("recorders/hdf5_file.cpp", "#include <hdf5.h>"),
    ("networks/config.cpp", "#include <toml++/toml.h>"),
    ("neurons/lif.hpp", '#include "neurons/model.hpp"'),
    ("simulator/shard.hpp", '#include "synapses/table.hpp"'),
    ("simulator/detail/shard.hpp", '#include "simulator/detail/queue.hpp"'),
    ("tests/simulator/shard_test.cpp", '#include "simulator/detail/shard.hpp"'),
    ("tasks/xor.cpp", '#include "networks/build.hpp"'),
    ("app/main.cpp", '#include "tasks/xor.hpp"'),
    ("training/trainer.cpp", '#include "circuits/circuit.hpp"'),
    ("core/time.hpp", '// never #include "app/progress.hpp"'),
    ("build/core/time.hpp", '#include "app/progress.hpp"'),
]


def check(file, line):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, file)
        path.parent.mkdir(parents=True)
        path.write_text(f"#pragma once\n{line}\n", encoding="utf-8")
        return subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)


class CheckLayers(unittest.TestCase):
    def test_forbidden_includes_are_found_with_their_place(self):
        for file, line in FORBIDDEN:
            with self.subTest(file=file, line=line):
                result = check(file, line)
                self.assertEqual(result.returncode, 1)
                self.assertTrue(result.stdout.startswith(f"{file}:2: "), result.stdout)

    def test_allowed_includes_pass(self):
        for file, line in ALLOWED:
            with self.subTest(file=file, line=line):
                result = check(file, line)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
