#!/usr/bin/env python3
"""Runs a configuration of examples/: example.py PROGRAM CONFIG FOLDER [option of `run`...]. It must end well, say what came of
it, and leave a folder in which the network has fired and every file is whole."""
import json
import pathlib
import re
import subprocess
import sys

program, config, folder, *options = sys.argv[1:]
done = subprocess.run([program, "run", config, "--out", folder, "--overwrite", *options], capture_output=True, text=True, check=False)
print(done.stdout, done.stderr, sep="")


def expect(right, what):
    if not right:
        sys.exit(f"{config}: {what}")


expect(done.returncode == 0, f"exit code {done.returncode}")
found = re.search(r"result hash ([0-9a-f]+)", done.stdout)
expect(found, "no result hash")
summary = json.loads(pathlib.Path(folder, "summary.json").read_text(encoding="utf-8"))
expect(summary["result_hash"].startswith(found[1]), f"{found[1]} is printed, {summary['result_hash']} is kept")
expect(summary["spikes"] > 0, "not one spike")
manifest = json.loads(pathlib.Path(folder, "manifest.json").read_text(encoding="utf-8"))
expect(manifest["exit_state"] == "ok", f"it ended {manifest['exit_state']}")
for file in manifest["files"]:
    expect(pathlib.Path(folder, file["name"]).stat().st_size == file["bytes"], f"{file['name']} is not whole")
