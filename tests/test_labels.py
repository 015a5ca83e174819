import pytest
import torch

from digitlib.engine.labels import smoothed, taught


def test_smoothed_labels_share_out_their_part_evenly():
    shares = smoothed(0.2, 4, None, torch.tensor([1, 3]))
    torch.testing.assert_close(shares[0], torch.tensor([0.05, 0.85, 0.05, 0.05]))
    assert shares.argmax(1).tolist() == [1, 3]


@pytest.mark.parametrize("outputs", [5, 6])
def test_a_teacher_teaches_the_classes_and_not_what_is_none(outputs):
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 6))
    images = torch.rand(3, 28, 28)
    labels = torch.tensor([0, 4, 5][: outputs - 3] + [2] * (6 - outputs))
    shares = taught(teacher, 0.75, 5, outputs, images, labels)
    assert shares.shape == (3, outputs)
    torch.testing.assert_close(shares.sum(1), torch.ones(3))
    own = teacher(images)[:, :5].softmax(1)
    torch.testing.assert_close(shares[0, 1:5], 0.75 * own[0, 1:5])
    if outputs > 5:
        assert shares[2].tolist() == [0, 0, 0, 0, 0, 1]
