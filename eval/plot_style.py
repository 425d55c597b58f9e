"""How every figure looks, whatever it shows and wherever it is shown."""

from __future__ import annotations

from typing import Any

WIDTH = 4.8  # inches; 346 points, so that letters are not shrunk on a telephone
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.5,
}
