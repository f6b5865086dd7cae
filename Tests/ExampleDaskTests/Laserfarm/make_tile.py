"""Writes a tile whose maps are known: flat ground with a wood of 16 plots of 10 m, on the border of two tiles of the Dutch grid.

Usage: make_tile.py FILE. A laser pulse every half metre comes back from the ground and from the top of the trees, which are 1, 2 … 16 m
high, one height for each plot. So in each plot the mean height is half of that, and the standard deviation the same.
"""
import sys

import laspy
import numpy as np

west, north = -113107.81 + 101 * 2000 + 1000, 214783.87 + 102 * 2000 - 20
steps = np.arange(80) * 0.5 + 0.25
x, y = (offset.ravel() for offset in np.meshgrid(steps, steps))
height = 1 + x // 10 + 4 * (y // 10)

file = laspy.create(point_format=3, file_version="1.2")
file.header.scales, file.header.offsets = [0.001] * 3, [west, north, 0]
file.x, file.y = np.tile(west + x, 2), np.tile(north + y, 2)
file.z = np.concatenate([np.zeros_like(x), height]) + 2
file.write(sys.argv[1])
