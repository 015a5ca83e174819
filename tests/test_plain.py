import json
from dataclasses import asdict, dataclass

import numpy as np
import torch

from digitlib.plain import make_plain


@dataclass(frozen=True)
class Record:
    number: float
    several: tuple
    text: str = "as it is"

    def __post_init__(self):
        make_plain(self)


def test_numbers_become_pythons_own():
    for several in (np.array([1, 2]), torch.tensor([1, 2]), [np.int64(1), 2]):
        record = Record(np.float32(0.5), several)
        assert record == Record(0.5, (1, 2))
        assert json.loads(json.dumps(asdict(record)))["several"] == [1, 2]
