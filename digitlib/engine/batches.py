"""The batches of a training, epoch by epoch, from images that lie in memory as bytes.

Order and deformations come from generators of their own, seeded for each epoch: a training that was interrupted meets
the batches that it would have met.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from digitlib.augment import Deform
from digitlib.data import scale
from digitlib.engine import parallel

__all__ = ["Batches"]

# Batches that are fetched at once: a step then waits for one less thing, and the copies stay small.
_TOGETHER = 16


@dataclass(frozen=True)
class Batches:
    """Images and labels, dealt into batches.

    Attributes:
        images: uint8 ``(N, 28, 28)``, on the device that trains.
        labels: int64 ``(N,)``, on the same.
        size: images in a batch, of all processes together.
        seed: decides order and deformations.
        least: the fewest images that make a batch in one process; a smaller last one is left out.

    >>> import torch
    >>> from digitlib.engine.batches import Batches
    >>> batches = Batches(torch.zeros(10, 28, 28, dtype=torch.uint8), torch.arange(10), size=4, seed=0)
    >>> [tuple(x.shape) for x, y in batches.of_epoch(1)]
    [(4, 28, 28), (4, 28, 28), (2, 28, 28)]
    >>> first, again, second = ([y.tolist() for _, y in batches.of_epoch(i)] for i in (1, 1, 2))
    >>> first == again, first == second
    (True, False)
    """

    images: torch.Tensor
    labels: torch.Tensor
    size: int
    seed: int
    least: int = 1

    @property
    def steps(self) -> int:
        """How many batches an epoch has."""
        whole, rest = divmod(len(self.images), self.size)
        return whole + (rest >= self.least * parallel.size())

    def of_epoch(
        self,
        number: int,
        deform: Deform | None = None,
        soften: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """This process's share of each batch of an epoch.

        Args:
            number: the epoch's, from 1.
            deform: deforms the images.
            soften: makes shares ``(B, outputs)`` of float images ``(B, 28, 28)`` and labels ``(B,)``, such as a
                ``partial`` of :func:`digitlib.engine.labels.smoothed`.

        Yields:
            float ``(B, 28, 28)`` in [0, 1], and labels ``(B,)`` or shares. All floats lie in the same memory, one batch
            after the other: who wants to keep a batch copies it.
        """
        seed = 1_000 * self.seed + number
        order = torch.Generator().manual_seed(seed)
        luck = torch.Generator().manual_seed(seed + 1_000_003 * (1 + parallel.rank()))
        shuffled = torch.randperm(len(self.images), generator=order).to(self.images.device)
        for x, y in self._scaled(shuffled.split(self.size)):
            if deform:
                x = deform(x, luck)
            yield x, soften(x, y) if soften else y

    def _scaled(
        self, batches: Sequence[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """This process's share of some batches of indices, as floats and labels; none of too few images."""
        images, labels = self.images, self.labels
        memory = torch.empty(len(batches[0]), *images.shape[1:], device=images.device)
        for start in range(0, len(batches), _TOGETHER):
            some = [parallel.share(batch) for batch in batches[start : start + _TOGETHER]]
            sizes, indices = [len(batch) for batch in some], torch.cat(some)
            # Bytes until they are due: they are fetched and converted faster than they are fetched as floats, which are
            # four times as large; and index_select copies whole images, where indexing goes pixel by pixel.
            x = images.index_select(0, indices).split(sizes)
            y = labels.index_select(0, indices).split(sizes)
            for bytes_, names in zip(x, y, strict=True):
                if len(names) >= self.least:
                    yield scale(bytes_, out=memory[: len(names)]), names
