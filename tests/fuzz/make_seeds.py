#!/usr/bin/env python3
"""Makes inputs to fuzz with: right ones, and HDF5 files that are sound as HDF5 and break our layout at random.

usage: make_seeds.py PROGRAM FOLDER      the program `apical`; makes FOLDER/config, FOLDER/hdf5,
    FOLDER/checkpoint, FOLDER/idx and FOLDER/config.dict
"""
import gzip
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
ODD_FILES = 200

NETWORK = (pathlib.Path(__file__).parent / "every_table.toml").read_text(encoding="utf-8")


def make_configs(program, folder):
    for task in ("xor", "xor_ensembles", "mnist", "digits"):
        path = folder / f"{task}.toml"
        subprocess.run([program, "new", task, "--out", path, "--overwrite"], check=True, capture_output=True)
    for example in sorted(EXAMPLES.rglob("*.toml")):
        (folder / example.name).write_bytes(example.read_bytes())
    (folder / "every_table.toml").write_text(NETWORK, encoding="utf-8")
    texts = [re.sub(r"#.*", "", path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]
    for path, text in zip(sorted(folder.glob("*.toml")), texts):
        path.write_text(re.sub(r"\n\s*\n+", "\n", text), encoding="utf-8")
    words = set(re.findall(r"\w{2,}", " ".join(texts))) | {"inf", "nan", "-1", "1e308", "9223372036854775807", "[[", "]]"}
    with open(folder.parent / "config.dict", "w", encoding="utf-8") as file:
        file.writelines(f'"{word}"\n' for word in sorted(words))


def idx(values):
    shape = values.shape
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + values.astype(np.uint8).tobytes()


def make_idx(folder):
    arrays = {"images": np.arange(12).reshape(2, 2, 3), "labels": np.array([0, 9]), "empty": np.zeros((0, 4, 4)),
              "none": np.zeros(0), "large": np.zeros((3, 28, 28))}
    for name, array in arrays.items():
        (folder / name).write_bytes(idx(array))
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array), mtime=0))


def make_sound_hdf5(folder):
    with h5py.File(folder / "spikes.h5", "w") as file:
        run_id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        file.attrs.update(kind="spikes", kind_fixed=np.bytes_("spikes"), run_id=run_id, run_id_fixed=np.bytes_(run_id),
                          t_start_ms=0.0, t_stop_ms=20.0)
        for name, ids in (("pyr", [0, 3, 1, 1]), ("silent", [])):
            group = file.create_group(f"spikes/{name}")
            order = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
            group.attrs.create("sorting", 2, dtype=order)
            group.attrs["size"] = np.uint64(4)
            times = np.sort(np.linspace(1.0, 9.0, len(ids)))
            group.create_dataset("timestamps", data=times, maxshape=(None,), chunks=(8,), shuffle=True, compression=4)
            group.create_dataset("node_ids", data=np.array(ids, "u8"), maxshape=(None,), chunks=(8,), compression=4)
    with h5py.File(folder / "traces.h5", "w") as file:
        file.attrs.update(kind="traces", run_id="run")
        for name in ("spike_rate", "event_rate", "burst_rate"):
            file[f"traces/pyr/{name}"] = np.arange(4.0)
            file[f"traces/pyr/{name}"].attrs.update(t_start_ms=0.0, dt_ms=5.0, units="Hz")
    with h5py.File(folder / "weights.h5", "w") as file:
        file.attrs.update(kind="weights", run_id="run")
        file["weights/dense/000000"] = np.arange(6.0, dtype="f4").reshape(2, 3)
        file["weights/dense/000001"] = np.arange(6.0).reshape(2, 3)
        for key, values in (("indptr", np.array([0, 2, 3], "u8")), ("indices", np.array([0, 4, 1], "u4")),
                            ("data", np.array([0.5, 1.5, -2.5], "f4"))):
            file[f"weights/sparse/000000/{key}"] = values
        for name in ("dense/000000", "dense/000001", "sparse/000000"):
            file[f"weights/{name}"].attrs.update(time_ms=1.0, sample=2.0, units="mV", units_fixed=np.bytes_("mV"))
    with h5py.File(folder / "report.h5", "w") as file:
        file["report/pyr/data"] = np.zeros((3, 2), "f4")
        file["report/pyr/data"].attrs.update(units="mV", variable="V_m")
        file["report/pyr/mapping/time"] = [0.0, 3.0, 1.0]


NAMES = {  # what may lie at each level below a root
    "spikes": [["pyr", "pv", b"\xff\xfe", 'a"<b>', "p" * 64], ["timestamps", "node_ids"]],
    "traces": [["pyr", "pv"], ["spike_rate", "event_rate", "burst_rate"]],
    "weights": [["a_to_b", "b_to_a"], ["000000", "000001"], ["indptr", "indices", "data"]],
    "report": [["pyr"], ["data", "mapping"], ["time"]],
}
NUMBERS = [0, 1, 2, 3, 4, 5, 255, 2**31, 2**32 - 1, 2**63, -1, 0.5, 1e10, 1e20, 1e300, float("nan"), float("inf"), -float("inf")]
SHAPES = [(), (0,), (1,), (2,), (3,), (4,), (3,), (4,), (2, 3), (1, 1), (0, 3), (2, 2, 2), (1,) * 32, (2**20,), (2**40,), (2**33, 2**31),
          (2**32, 2**32), (2**63 - 1,)]
TYPES = ["f8", "f8", "f8", "f4", "u8", "u8", "u4", "i8", "i1", "?", "S5", "c16", "V3", [("a", "f8"), ("b", "u1")],
         h5py.string_dtype(), h5py.enum_dtype({"none": 0, "by_time": 2}, basetype="u1"), h5py.vlen_dtype("f8"), h5py.ref_dtype]
ATTRIBUTES = ["size", "sorting", "t_start_ms", "t_stop_ms", "dt_ms", "time_ms", "sample", "units", "units_fixed", "variable", "kind",
              "kind_fixed", "run_id"]
TEXTS = ["by_time", "spikes", np.bytes_("weights"), np.bytes_(b"\xff\xfe"), "weights", "mV", "", "\N{GREEK SMALL LETTER MU}", b"\xff\xfe", "<script>"]


def odd_dataset(chance, group, name, shape):
    kind = chance.choice(TYPES)
    small = np.prod([float(n) for n in shape]) <= 64
    if small and isinstance(kind, str) and kind[0] in "fui":
        with np.errstate(all="ignore"):
            values = np.array([chance.choice(NUMBERS) for _ in range(int(np.prod(shape)))], "f8").astype(kind)
        group.create_dataset(name, data=np.sort(values).reshape(shape) if chance.random() < 0.7 else values.reshape(shape))
    else:  # in chunks, of which none is written: so it may be of any size
        group.create_dataset(name, shape, dtype=kind, chunks=None if small else (1,) * len(shape))


def sound_dataset(group, name):
    values = {"indptr": np.array([0, 2, 3], "u8"), "indices": np.array([0, 4, 1], "u4"), "node_ids": np.array([0, 3, 1], "u8"),
              "000000": np.ones((2, 3), "f4"), "000001": np.zeros((2, 3), "f4")}
    group[name] = values.get(name, np.array([0.0, 3.0, 7.0]))


def odd_attributes(chance, owner):
    for name in chance.sample(ATTRIBUTES, chance.choice([1, 2, 4])):
        value = chance.choice(chance.choice([NUMBERS, NUMBERS, TEXTS, [[], [1.0, 2.0], h5py.Empty("f8")]]))
        owner.attrs[name] = np.uint64(value) if isinstance(value, int) and value >= 0 else value


def odd_group(chance, oddness, group, levels):
    shape, together = chance.choice(SHAPES), chance.random() < oddness  # what fits together may be odd, too
    for name in levels[0]:
        odd = together or chance.random() < oddness
        whim = chance.random()
        if odd and not together and whim < 0.15:
            continue
        if odd and not together and whim < 0.25:
            group[name] = chance.choice([h5py.SoftLink("/nowhere"), h5py.SoftLink("/"), h5py.ExternalLink("none.h5", "/"),
                                         np.dtype("f8")])
            continue
        leaf = len(levels) == 1 or (str(name) == "000000" and whim < 0.5) or str(name) == "mapping" and odd
        if leaf:
            if odd:
                odd_dataset(chance, group, name, shape if together else chance.choice(SHAPES))
            else:
                sound_dataset(group, name)
        else:
            odd_group(chance, oddness, group.create_group(name), levels[1:])
        if "rate" in str(name) and not odd:
            group[name].attrs.update(t_start_ms=0.0, dt_ms=5.0)
        if chance.random() < oddness:
            odd_attributes(chance, group[name])


def make_odd_hdf5(folder):
    chance = random.Random(1)
    for i in range(ODD_FILES):
        oddness = chance.choice([0.05, 0.1, 0.3])
        with h5py.File(folder / f"odd_{i:03}.h5", "w", libver=chance.choice(["earliest", "latest"])) as file:
            if chance.random() < oddness:
                odd_attributes(chance, file)
            for root in chance.sample(sorted(NAMES), chance.choice([1, 1, 2])):
                odd_group(chance, oddness, file.create_group(root), NAMES[root])


def make_checkpoint(program):
    """One of a run of NETWORK that is interrupted."""
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "network.toml").write_text(NETWORK, encoding="utf-8")
        run = subprocess.Popen([program, "run", work / "network.toml", "--set", "duration=1e7", "--set", "sine.current.until=50",
                                "--set", "record={}", "--out", work / "run", "--checkpoint-every", "0.0001", "--quiet"])
        while run.poll() is None and not (work / "run/checkpoint.h5").exists():
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        if run.wait() != 130:
            raise SystemExit("the run was not interrupted")
        return (work / "run/checkpoint.h5").read_bytes()


def make_odd_checkpoints(folder, sound):
    chance = random.Random(2)
    (folder / "sound.h5").write_bytes(sound)
    for i in range(ODD_FILES):
        path = folder / f"odd_{i:03}.h5"
        path.write_bytes(sound)
        with h5py.File(path, "r+") as file:
            names = []
            file.visit(names.append)
            for name in chance.sample(names, chance.choice([1, 1, 3])):
                if name not in file:  # it went with its group
                    continue
                if isinstance(file[name], h5py.Group) and len(file[name].attrs) > 0 and chance.random() < 0.9:
                    attribute = chance.choice(sorted(file[name].attrs))
                    file[name].attrs[attribute] = chance.choice(chance.choice([NUMBERS, NUMBERS, TEXTS]))
                    continue
                shape = file[name].shape if isinstance(file[name], h5py.Dataset) else ()
                del file[name]
                if chance.random() < 0.8:
                    odd_dataset(chance, file, name, chance.choice([shape, chance.choice(SHAPES)]))


def main(program, folder):
    for name in ("config", "hdf5", "checkpoint", "idx"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    make_configs(program, folder / "config")
    make_idx(folder / "idx")
    make_sound_hdf5(folder / "hdf5")
    make_odd_hdf5(folder / "hdf5")
    make_odd_checkpoints(folder / "checkpoint", make_checkpoint(program))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]))
