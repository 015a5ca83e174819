"""Steps of the preparation that are left out."""

import numpy as np
import pytest

from digitlib import preprocess
from digitlib.book.stages import stages


@pytest.fixture
def drawing(small):
    sheet = np.zeros((280, 280), dtype=np.uint8)
    sheet[20:160, 100:240] = np.kron(small.images[3].numpy(), np.ones((5, 5)))
    return sheet


def test_all_of_them_are_the_preparation(drawing):
    assert (stages(drawing)[-1] == preprocess.preprocess(drawing)).all()


def test_none_of_them_is_plain_scaling(drawing):
    plain = stages(drawing, cropped=False, margin=False, massed=False)[-1]
    assert (plain == preprocess.resample(drawing, 28, 28)).all()
    assert (plain == preprocess.prepare(drawing, "picture")).all()


def test_each_leaves_out_its_own(drawing):
    sheet, cut, fitted, ready = stages(drawing, massed=False)
    assert (cut == preprocess.crop(sheet)).all() and (fitted == preprocess.fit(cut)).all()
    top, left = ((28 - side) // 2 for side in fitted.shape)
    assert (ready[top : top + fitted.shape[0], left : left + fitted.shape[1]] == fitted).all()
    assert ready.sum() == fitted.sum()
    assert max(stages(drawing, margin=False)[2].shape) == 28
    assert stages(drawing, cropped=False)[1].shape == (280, 280)


def test_without_ink_there_is_none(drawing):
    with pytest.raises(preprocess.NoInk):
        stages(0 * drawing, cropped=False)
