#!/usr/bin/env python3
"""Every command and every block of TOML in docs/ can be typed as it stands: docs_test.py PROGRAM.

A block's tables take the place of those of the same names in network.toml, as `apical new network` writes it, for the commands that follow."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

program = pathlib.Path(sys.argv[1]).resolve()
docs = pathlib.Path(__file__).parents[2] / "docs"


def run(command, folder):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=600,
                          env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"})
    print(command, done.stdout, done.stderr, sep="\n")
    if done.returncode != 0:
        sys.exit(f"{command}: exit code {done.returncode}")
    return done


def tables(text):
    """By their headings, each with the comments and keys that follow it."""
    parts = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    return {part.split("]")[0] + "]" if part.startswith("[") else "": part for part in parts if part.strip()}


blocks = 0
for page in sorted(docs.glob("*.md")):
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        run("apical new network", folder)
        network = tables(pathlib.Path(folder, "network.toml").read_text(encoding="utf-8"))
        for kind, block in re.findall(r"```(toml|sh)\n(.*?)```", text, re.DOTALL):
            blocks += 1
            if kind == "sh":
                if "apical new" in block:
                    pathlib.Path(folder, "network.toml").unlink()
                run("set -e\n" + block, folder)
                continue
            changed = {**network, **tables(block)}
            pathlib.Path(folder, "network.toml").write_text("".join(part + "\n" for part in changed.values()), encoding="utf-8")
            said = run("apical check network.toml", folder).stderr
            if "warning" in said:
                sys.exit(f"{page}: a block is warned of\n{block}")
if blocks < 10:
    sys.exit(f"{blocks} blocks were found")
