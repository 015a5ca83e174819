"""Random deformations of a whole batch at once: each image is turned, stretched, moved and bent in its own way.

Every pixel of a deformed image is read from a place in the original. The places of all pixels of all images come from
one matrix product, and one ``grid_sample`` reads them. Simard and others (2003) showed how much such deformations are
worth to a network that knows nothing of neighbouring pixels.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import torch
from torch.nn import functional as F

from digitlib.plain import make_plain
from digitlib.preprocess import SIDE

__all__ = ["Deform", "Range", "basis"]

Range = float | tuple[float, float]
"""``r`` means from -r to r, ``(low, high)`` from low to high; each image gets a value of its own, evenly drawn."""


@dataclass(frozen=True)
class Deform:
    """How far images may be deformed. A range of 0 leaves that part alone.

    An image is redrawn with another pen, bent, leaned, then turned, scaled and moved.

    Attributes:
        rotation: degrees, against the clock.
        scale: the size changes by the factor ``1 + scale``.
        shear: how far the top leans to the right, in parts of the height.
        shift: pixels, each way: to the right and, apart from it, downwards.
        elastic: standard deviation, in pixels, of the wandering of control points; between them it is smooth.
        coarseness: control points on each side of the image; fewer bend it in longer waves.
        pen: pixels by which each edge of a stroke moves outwards, -1 to 1; negative makes it thinner.

    Raises:
        ValueError: a range that doesn't go from low to high or isn't finite, a scale of -1 or less, a pen beyond -1 to
            1, an elastic below 0, a coarseness below 2, or a range where one number is wanted.

    >>> import torch
    >>> images = torch.rand(5, 28, 28)
    >>> Deform(rotation=10)(images, torch.Generator().manual_seed(0)).shape
    torch.Size([5, 28, 28])
    """

    rotation: Range = 0.0
    scale: Range = 0.0
    shear: Range = 0.0
    shift: Range = 0.0
    elastic: float = 0.0
    coarseness: int = 6
    pen: Range = 0.0

    def __post_init__(self) -> None:
        make_plain(self)
        for name in ("elastic", "coarseness"):
            if isinstance(getattr(self, name), tuple):
                raise ValueError(f"expected {name} to be one number")
        for field in fields(self):
            low, high = _ends(getattr(self, field.name))
            if not (low <= high and math.isfinite(high - low)):
                raise ValueError(f"expected {field.name} from low to high, got {low} to {high}")
        if _ends(self.scale)[0] <= -1:
            raise ValueError(f"expected a scale above -1, got {self.scale}")
        if max(map(abs, _ends(self.pen))) > 1:
            raise ValueError(f"expected a pen from -1 to 1, got {self.pen}")
        if self.elastic < 0 or self.coarseness < 2:
            raise ValueError(
                "expected elastic of at least 0 and coarseness of at least 2, "
                f"got {self.elastic} and {self.coarseness}"
            )

    def times(self, factor: float) -> "Deform":
        """The same deformations, each ``factor`` times as strong; ``coarseness`` stays."""

        def stronger(value: Range) -> Range:
            low, high = _ends(value)
            return factor * low, factor * high

        return replace(
            self,
            rotation=stronger(self.rotation),
            scale=stronger(self.scale),
            shear=stronger(self.shear),
            shift=stronger(self.shift),
            elastic=factor * self.elastic,
            pen=stronger(self.pen),
        )

    def __call__(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Deform float images ``(N, 28, 28)`` in [0, 1], each in its own way; what is outside counts as dark.

        Args:
            images: on any device; they are left as they are.
            generator: a generator of the CPU. The same one deforms in the same way on every device.

        Raises:
            ValueError: another shape, or integers.
        """
        if images.shape[1:] != (SIDE, SIDE) or not images.is_floating_point():
            raise ValueError(
                f"expected float images (N, {SIDE}, {SIDE}), got {images.dtype} {tuple(images.shape)}"
            )
        # All numbers are drawn, whatever the ranges: a range of 0 changes nothing about the others.
        n, places = len(images), self._places(len(images), generator)
        # From pinned memory, which CUDA keeps until the copy is done, none need be waited for. No other device does.
        if images.is_cuda:
            places = places.pin_memory()
        pen = _draw(self.pen, n, generator)
        if _ends(self.pen) != (0, 0):
            images = _redraw(images, pen.view(n, 1, 1).to(images.device))
        places = places.to(images.device, non_blocking=images.is_cuda)
        # (N, 2, 3 + C * C) @ (3 + C * C, 784)
        grid = places @ basis(self.coarseness, images.device)
        grid = grid.view(n, 2, SIDE, SIDE)
        grid = grid.permute(0, 2, 3, 1).contiguous()  # (N, 28, 28, 2)
        return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]

    def _places(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Where each image's pixels come from, ``(N, 2, 3 + C * C)``: factors for x, y, 1 and each control point."""
        angle = _draw(self.rotation, n, generator) * math.pi / 180
        shrink = 1 / (1 + _draw(self.scale, n, generator))
        lean = _draw(self.shear, n, generator)
        cos, sin = angle.cos() * shrink, angle.sin() * shrink
        pixel = 2 / SIDE  # grid_sample counts from -1 to 1
        right = pixel * _draw(self.shift, n, generator)
        down = pixel * _draw(self.shift, n, generator)
        places = torch.empty(n, 2, 3 + self.coarseness**2)
        # From the deformed image back to the original: take back the shift, then the turn, then the lean.
        # y points downwards.
        across, along = cos + lean * sin, -sin + lean * cos
        places[:, 0, 0], places[:, 0, 1] = across, along
        places[:, 1, 0], places[:, 1, 1] = sin, cos
        places[:, 0, 2] = -(across * right + along * down)
        places[:, 1, 2] = -(sin * right + cos * down)
        places[:, :, 3:].normal_(generator=generator).mul_(pixel * self.elastic)
        return places


def _ends(value: Range) -> tuple[float, float]:
    return value if isinstance(value, tuple) else (-abs(value), abs(value))


def _draw(value: Range, n: int, generator: torch.Generator) -> torch.Tensor:
    low, high = _ends(value)
    return low + (high - low) * torch.rand(n, generator=generator)


@lru_cache(maxsize=8)
def basis(coarseness: int, device: torch.device, side: int = SIDE) -> torch.Tensor:
    """The x, the y, a 1, and the influence of each control point, at each pixel: ``(3 + coarseness², side²)``.

    Places count from -1 to 1. Any bending that is smooth between the points is a product with this.

    >>> import torch
    >>> at_each_pixel = basis(4, torch.device("cpu"))
    >>> at_each_pixel.shape
    torch.Size([19, 784])
    >>> bool((at_each_pixel[3:].sum(0) - 1).abs().max() < 1e-5)  # shared by all points
    True
    """
    centres = (torch.arange(side) + 0.5) * 2 / side - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    points = torch.eye(coarseness**2).view(-1, 1, coarseness, coarseness)
    waves = F.interpolate(points, (side, side), mode="bicubic", align_corners=True)
    rows = [torch.stack([x, y, torch.ones_like(x)]), waves[:, 0]]
    return torch.cat(rows).flatten(1).to(device)


def _redraw(images: torch.Tensor, pen: torch.Tensor) -> torch.Tensor:
    """Move each edge outwards by ``pen`` pixels ``(N, 1, 1)``: a blend with the image one pixel fatter or thinner."""
    fatter = _spread(images) - images
    thinner = images + _spread(-images)
    return images + pen.clamp(min=0) * fatter + pen.clamp(max=0) * thinner


def _spread(images: torch.Tensor) -> torch.Tensor:
    """The largest value of each pixel's 3 x 3 neighbourhood."""
    # Slices, because max_pool2d takes ten times longer for images as small as these.
    x = F.pad(images, (1, 1, 1, 1))
    x = torch.maximum(torch.maximum(x[:, :-2], x[:, 1:-1]), x[:, 2:])
    return torch.maximum(torch.maximum(x[..., :-2], x[..., 1:-1]), x[..., 2:])
