"""A terrain that is known in closed form: groves on a slope, scanned by a lattice of laser pulses.

Every pulse returns once from the ground, and over a grove it returns from the canopy as well. All
lengths are powers of two and all heights multiples of one, so neither a LAZ file nor binary
arithmetic ever rounds a coordinate, and features can be compared with `Tile.expected` to the last
few bits: only means and roots are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

PULSE = 0.25  # metres from one pulse to the next, both ways
CELL = 2.0  # metres along a cell: the ground is found in each, and a grove covers one
PLOT = 8.0  # metres along a plot: features are computed for each
CELLS_PER_GROVE = 4  # one cell in four is a grove: four of the sixteen in every plot
SLOPE_EAST, SLOPE_NORTH = 1 / 8, 1 / 16  # metres of rise per metre

GROUND, HIGH_VEGETATION = 2, 5  # classes of the LAS specification

POINTS_PER_PLOT = round((PLOT / PULSE) ** 2 * (1 + 1 / CELLS_PER_GROVE))


@dataclass(frozen=True)
class Tile:
    """One square of the terrain; the tiles lie in a row, from west to east."""

    number: int
    plots_per_side: int

    @classmethod
    def of_about(cls, points: int, number: int) -> Tile:
        """Return the tile of that number, sized to have about that many points."""
        return cls(number, max(1, round(sqrt(points / POINTS_PER_PLOT))))

    @property
    def side(self) -> float:
        """Length of the tile along each side, in metres."""
        return self.plots_per_side * PLOT

    @property
    def west(self) -> float:
        """Where the tile begins; every tile begins at zero in the south."""
        return self.number * self.side

    @property
    def canopy(self) -> float:
        """Height of the canopy above the ground, different on every tile."""
        return 4 + self.number / 4

    @property
    def points(self) -> int:
        """How many points a scan of the tile has."""
        return self.plots_per_side**2 * POINTS_PER_PLOT

    def scan(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the coordinates x, y and z of all points, and their classes."""
        lattice = np.arange(PULSE / 2, self.side, PULSE)
        east, north = (axis.ravel() for axis in np.meshgrid(lattice, lattice))
        x, y = self.west + east, north
        ground = SLOPE_EAST * x + SLOPE_NORTH * y
        grove = (east // CELL + north // CELL) % CELLS_PER_GROVE == 0
        return (
            np.concatenate([x, x[grove]]),
            np.concatenate([y, y[grove]]),
            np.concatenate([ground, ground[grove] + self.canopy]),
            np.repeat([GROUND, HIGH_VEGETATION], [grove.size, np.count_nonzero(grove)]),
        )

    def expected(self) -> dict[str, float]:
        """Return the features that every plot of the tile has, under laserchicken's names.

        The normalised height of a point is its height above the ground, plus the rise of the
        ground from the first pulse of the cell to this one. As groves are whole cells, the two
        are independent: their means add, and so do their variances.
        """
        pulses = CELL / PULSE  # along a cell, so a step has the variance (pulses² - 1) / 12
        step_east, step_north = SLOPE_EAST * PULSE, SLOPE_NORTH * PULSE
        highest_rise = (step_east + step_north) * (pulses - 1)
        rise_variance = (step_east**2 + step_north**2) * (pulses**2 - 1) / 12
        canopy_share = 1 / (CELLS_PER_GROVE + 1)  # of all points, as groves have ground points too
        canopy_variance = self.canopy**2 * canopy_share * (1 - canopy_share)
        return {
            "max_normalized_height": highest_rise + self.canopy,
            "mean_normalized_height": highest_rise / 2 + self.canopy * canopy_share,
            "std_normalized_height": sqrt(rise_variance + canopy_variance),
            "band_ratio_3_normalized_height": canopy_share,  # the share of points above 3 metres
            "pulse_penetration_ratio": 1 - canopy_share,
            "point_density": POINTS_PER_PLOT / PLOT**2,
        }
