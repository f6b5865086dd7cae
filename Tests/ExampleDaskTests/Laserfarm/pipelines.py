"""Laserfarm's three macro-pipelines over the nodes of a cluster, from a file of points to maps.

Usage: pipelines.py FOLDER NODE…: FOLDER has the tile as input/*.laz and is the same on all nodes. The last line is what came out, as JSON.
"""
import json
import sys
from pathlib import Path

import laspy
import numpy as np
from laserfarm import DataProcessing, GeotiffWriter, MacroPipeline, Retiler
from osgeo import gdal

folder, nodes = Path(sys.argv[1]), sys.argv[2:]
tile = next(path for path in (folder / "input").iterdir() if path.suffix.lower() == ".laz")
features = ["mean_normalized_height", "std_normalized_height", "point_density"]
# The grid of the Dutch height model: 256 by 256 tiles of 2 km.
grid = {"min_x": -113107.81, "max_x": 398892.19, "min_y": 214783.87, "max_y": 726783.87, "n_tiles_side": 256}


def folders(source: str, target: str) -> dict[str, str]:
    return {"input_folder": str(folder / source), "output_folder": str(folder / target)}


macro = MacroPipeline()
outcomes = {}


def run(tasks: list) -> None:
    macro.tasks = tasks
    macro.run()
    macro.print_outcome()
    outcomes.update({task.label: outcome for task, outcome in zip(tasks, macro.outcome)})


# The scheduler is on the first node, and a worker on each.
macro.setup_cluster(
    mode="ssh",
    hosts=nodes[:1] + nodes,
    connect_options={
        "known_hosts": "/home/ubuntu/.ssh/known_hosts",
        "username": "ubuntu",
        "client_keys": "/home/ubuntu/.ssh/id_rsa",
    },
    worker_options={"nthreads": 1, "n_workers": 1},
    scheduler_options={"dashboard_address": ":8787"},
)
macro.client.wait_for_workers(len(nodes))
workers = macro.client.run(lambda: __import__("socket").gethostname())

retiler = Retiler(input_file=tile.name, label="retile")
retiler.input = {
    "setup_local_fs": folders("input", "tiles"),
    "set_grid": grid,
    "split_and_redistribute": {},
    "validate": {},
}
run([retiler])
tiles = json.loads((folder / "tiles" / f"{tile.stem}_retile_record.js").read_text())["redistributed_to"]

processing = []
for name in tiles:
    processing.append(DataProcessing(name, tile_index=tuple(map(int, name.split("_")[1:])), label=name))
    processing[-1].input = {
        "setup_local_fs": folders("tiles", "targets"),
        "load": {},
        "normalize": {"cell_size": 1},
        "generate_targets": {**grid, "tile_mesh_size": 10.0, "validate": True, "validate_precision": 0.01},
        "extract_features": {"feature_names": features, "volume_type": "cell", "volume_size": 10},
        "export_targets": {"attributes": features, "multi_band_files": True},
    }
run(processing)

writing = []
for band in features:
    writing.append(GeotiffWriter(bands=band, label=band))
    writing[-1].input = {
        "setup_local_fs": folders("targets", "maps"),
        "parse_point_cloud": {},
        "data_split": {"xSub": 1, "ySub": 1},
        "create_subregion_geotiffs": {"output_handle": "map"},
    }
run(writing)

maps = {}
for band in features:
    image = gdal.Open(str(folder / "maps" / f"map_TILE_000_BAND_{band}.tif"))
    values = image.ReadAsArray()
    maps[band] = {"shape": values.shape, "values": values[np.isfinite(values) & (values > 0)].tolist()}
# `macro.shutdown()` would leave the cluster's programs to Python's end, which then waits for them.
macro.client.cluster.close()
with laspy.open(tile) as file:
    points = file.header.point_count
print(json.dumps({"points": points, "outcomes": outcomes, "workers": sorted(workers.values()), "maps": maps}))
