"""Writes the examples of CONTRIBUTING.md, each named by the line above it, to the files they would be."""

import pathlib
import re
import sys

page, folder, *expected = sys.argv[1:]
text = pathlib.Path(page).read_text(encoding="utf-8")
found = dict(re.findall(r"^`([a-z_/.]+)`:\n\n```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
if missing := set(expected) ^ set(found):
    sys.exit(f"{page}: examples are {sorted(found)}, expected {sorted(expected)}: {sorted(missing)}")
if text.count("```cpp\n") != len(found):
    sys.exit(f"{page}: {text.count('```cpp')} blocks of C++, {len(found)} of them with the name of a file above")
for name, code in found.items():
    path = pathlib.Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
