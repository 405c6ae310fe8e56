"""Predicts the classes of an image, of all images of a folder, or of a GeoTIFF.

    python tools/predict.py --input photo.jpg --output predicted

For every image NAME the output folder gets NAME.png, an indexed PNG of class ids with their
colors, and NAME_overlay.jpg to look at. A GeoTIFF gives NAME.tif instead of the PNG, with its
georeference. Sub-folders are kept, files that are no images are skipped. A file that cannot be
read does not stop the others: it is named in the end, with exit code 2.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from seg_keras.data.files import is_image, read_image
from seg_keras.data.geotiff import read_georeference, write_geotiff
from seg_keras.data.labels import LabelSpace
from seg_keras.data.pictures import overlay, with_legend, write_indexed_png, write_jpeg
from tools.cli import command, print_table, write_json
from tools.predictors import add_arguments, numbered_classes, open_model

ROAD_MODEL = Path(__file__).parents[1] / "zoo" / "deeplab_v3_plus_camvid"


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, default=ROAD_MODEL)
    parser.add_argument("--input", type=Path, required=True, help="an image or a folder of images")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--json", type=Path, help="write the report to this file too")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    targets = plan(args.input, args.output)
    start = time.perf_counter()
    pixels, broken = np.zeros(256, "int64"), []
    with Progress(console=Console(stderr=True)) as bar:
        windows = bar.add_task("Windows", total=None, visible=False)

        def show_windows(done: int, total: int) -> None:
            bar.update(windows, completed=done, total=total, visible=True)

        with open_model(args, progress=show_windows) as model:
            label_space = model.label_space or numbered_classes(model.num_classes)
            for path, target in bar.track(targets.items(), description="Images"):
                try:
                    classes = predict_file(path, target, model.predict, label_space)
                except (ValueError, OSError) as error:
                    broken.append(str(error) if str(path) in str(error) else f"{path}: {error}")
                else:
                    pixels += np.bincount(classes.ravel(), minlength=256)
    per_class = [
        {"name": name, "pixels": int(count), "share": float(count / max(1, pixels.sum()))}
        for name, count in zip(label_space.names, pixels, strict=False)
    ]
    done = len(targets) - len(broken)
    report = {"images": done, "seconds": time.perf_counter() - start}
    rows = [(row["name"], row["pixels"], f"{row['share']:.2%}") for row in per_class]
    print_table(f"{done} images in {args.output}", ("class", "pixels", "share"), rows)
    write_json(args.json, report | {"per_class": per_class, "broken": broken})
    if broken:
        raise ValueError(f"{len(broken)} of {len(targets)} images failed: {' | '.join(broken)}")


def plan(source: Path, output: Path) -> dict[Path, Path]:
    """Maps each image to where its results go, a path without a suffix.

    Raises:
        OSError, ValueError: If there is no image, or results would replace images or each other.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file. Give an image or a folder of images.")
    folder = source if source.is_dir() else source.parent
    if folder.resolve() == output.resolve():
        raise ValueError(f"--output {output} holds the images themselves. Give another folder.")
    images = [source]
    if source.is_dir():
        own = output.resolve()  # of an earlier run, where the output lies inside the input
        found = (path for path in sorted(source.rglob("*")) if own not in path.resolve().parents)
        images = [path for path in found if is_image(path) and path.is_file()]
    if not images:
        raise ValueError(f"{source}: holds no image. Give an image or a folder of images.")
    targets = {path: output / path.relative_to(folder).with_suffix("") for path in images}
    sources = {target: path for path, target in targets.items()}
    for path, target in targets.items():
        if sources[target] != path:
            raise ValueError(f"{path} and {sources[target]} have one name. Rename one.")
    return targets


def predict_file(
    path: Path, target: Path, predict: Callable, label_space: LabelSpace
) -> np.ndarray:
    """Writes the results of one image and returns its class ids (H, W)."""
    georeference = read_georeference(path)
    image = read_image(path)
    classes = predict(image)
    if georeference:
        write_geotiff(target.with_name(target.name + ".tif"), classes, label_space, georeference)
    else:
        write_indexed_png(target.with_name(target.name + ".png"), classes, label_space)
    picture = with_legend(overlay(image, classes, label_space), label_space, classes)
    write_jpeg(target.with_name(target.name + "_overlay.jpg"), picture)
    return classes


if __name__ == "__main__":
    raise SystemExit(main())
