"""The work on one tile, from its file to its features, all on the node that has the file."""

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import laspy
import numpy as np
from laserchicken import build_volume, compute_features, compute_neighborhoods, keys, load
from laserchicken.normalize import normalize
from laserchicken.utils import create_point_cloud

from terrain import CELL, PLOT, Tile

PointCloud = dict[str, Any]

UNIT = 2**-10  # metres: what a file counts in; a power of two, as the terrain's lengths are


def process(tile: Tile) -> tuple[int, dict[str, float]]:
    """Make the tile's file, and return the number of points in it and their features."""
    # laserchicken prints its progress, and no one looks at the standard output of a worker.
    with TemporaryDirectory(prefix="tile-") as folder, contextlib.redirect_stdout(None):
        path = Path(folder, f"{tile.number}.laz")
        write(tile, path)
        cloud = read_normalized(path)
        return len(cloud[keys.point]["z"]["data"]), mean_features(cloud, tile)


def write(tile: Tile, path: Path) -> None:
    """Write a scan of the tile as a LAZ file."""
    las = laspy.create(point_format=3, file_version="1.2")
    las.header.scales = [UNIT] * 3
    las.x, las.y, las.z, las.classification = tile.scan()
    las.write(path)


def read_normalized(path: Path) -> PointCloud:
    """Read a LAZ file, and give each point its height above the lowest one of its cell.

    laserchicken's cells start at the lowest coordinates, and a point on the border of two counts
    for the farther one. Since the ground rises to the east and to the north, the lowest point of
    a cell is where its first pulse met the ground.
    """
    cloud: PointCloud = load(str(path), attributes=["raw_classification"])
    normalize(cloud, cell_size=CELL)
    return cloud


def mean_features(cloud: PointCloud, tile: Tile) -> dict[str, float]:
    """Compute the features of each plot, and return their means over the tile."""
    names = list(tile.expected())
    centres = np.arange(PLOT / 2, tile.side, PLOT)
    east, north = (axis.ravel() for axis in np.meshgrid(tile.west + centres, centres))
    plots = create_point_cloud(east, north, np.zeros_like(east))
    volume = build_volume("cell", side_length=PLOT)
    neighborhoods = compute_neighborhoods(cloud, plots, volume)
    compute_features(cloud, neighborhoods, plots, names, volume, verbose=False)
    return {name: float(np.mean(plots[keys.point][name]["data"])) for name in names}
