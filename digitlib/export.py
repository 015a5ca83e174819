"""A trained model becomes the weights file, the weights file a model again, or ONNX for other programs."""

import platform
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import digitlib
from digitlib import calibrate, evaluate, weights
from digitlib.classify import DigitClassifier
from digitlib.data import Images, fingerprint
from digitlib.evaluate import Accuracy
from digitlib.files import write_whole
from digitlib.model import MLP, Normalize
from digitlib.plain import one_line
from digitlib.preprocess import SIDE

__all__ = ["export_onnx", "export_weights", "fold", "load_model", "to_onnx"]


def fold(model: nn.Sequential) -> weights.Layers:
    """The linear layers of an :class:`~digitlib.model.MLP`, its normalisation folded into them.

    ``W ((x - mean) / std) + b`` is ``(W / std) x + (b - W mean / std)``, and so for a batch normalisation, with its
    mean and deviation over the training.

    Raises:
        ValueError: another kind of model.

    >>> from digitlib.model import MLP
    >>> [(weight.shape, bias.shape) for weight, bias in fold(MLP(hidden=(64,)))]
    [((64, 784), (64,)), ((10, 64), (10,))]
    """
    if not isinstance(model, nn.Sequential):
        kind = type(model).__name__
        raise ValueError(f"expected an MLP, got {kind}; export_onnx takes any network")
    hidden, norm = sum(isinstance(layer, nn.ReLU) for layer in model), _norms(model)
    block = [nn.Linear, nn.BatchNorm1d, nn.ReLU] if norm else [nn.Linear, nn.ReLU]
    kinds = [type(layer) for layer in model]
    if kinds != [Normalize, nn.Flatten, *block * hidden, nn.Linear]:
        raise ValueError(
            "expected an MLP as Normalize, Flatten, Linear, ReLU, …, Linear, "
            f"got layers {', '.join(kind.__name__ for kind in kinds)}"
        )
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    layers = [(_numbers(layer.weight), _numbers(layer.bias)) for layer in linear]
    for i, layer in enumerate(norm):
        layers[i] = _normalised(*layers[i], layer)
    first, bias = layers[0]
    [scaling] = [layer for layer in model if isinstance(layer, Normalize)]
    mean, std = scaling.mean, scaling.std
    layers[0] = (first / std, bias - (mean / std) * first.sum(axis=1))
    return layers


def _norms(model: nn.Sequential) -> list[nn.BatchNorm1d]:
    return [layer for layer in model if isinstance(layer, nn.BatchNorm1d)]


def _numbers(part: torch.Tensor) -> np.ndarray:
    return part.detach().cpu().numpy()


def _normalised(
    weight: np.ndarray, bias: np.ndarray, norm: nn.BatchNorm1d
) -> tuple[np.ndarray, np.ndarray]:
    """A linear layer that does what it did and the batch normalisation after it."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None or not norm.affine:
        raise ValueError(
            f"expected batch normalisation with weights and running statistics, got {norm}"
        )
    factor = _numbers(norm.weight / (variance + norm.eps).sqrt())
    shift = (bias - _numbers(mean)) * factor + _numbers(norm.bias)
    return factor[:, None] * weight, shift


def export_weights(
    model: nn.Sequential,
    path: str | Path,
    valid: Images,
    dataset: str,
    recipe: Mapping,
    command: str | None = None,
) -> Accuracy:
    """Write a trained model, calibrated, to the file that :class:`~digitlib.classify.DigitClassifier` reads.

    Args:
        model: an :class:`~digitlib.model.MLP`.
        path: the file, written whole or not at all.
        valid: the validation images that the file's own weights, rounded, are calibrated and measured on; their classes
            and preparation are the file's.
        dataset, recipe, command: what the model was trained on and how, as plain values (``recipe.flat()``, or
            ``asdict(training)``), and the command that does it again if there is one, for the file's provenance.

    Returns:
        The measured accuracy, which the file holds too.

    Raises:
        ValueError: another kind of model, which :func:`export_onnx` writes; or one of other classes than ``valid``.

    >>> import tempfile
    >>> import torch
    >>> from digitlib import weights
    >>> from digitlib.data import Images, fingerprint
    >>> from digitlib.model import MLP
    >>> images, labels = torch.eye(28).byte().repeat(4, 1, 1), torch.arange(4) % 2
    >>> valid = Images(images, labels, classes=("cat", "dog"))
    >>> model = MLP(hidden=(8,), classes=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/pets.safetensors"
    ...     measured = export_weights(model, path, valid, "four drawings", {"epochs": 0})
    ...     print(measured.n, weights.load(path).classes)
    4 ('cat', 'dog')
    """
    layers = weights.rounded(fold(model))
    asked = weights.Weights(layers, classes=valid.classes, preparation=valid.preparation)
    outputs = evaluate.outputs(DigitClassifier(asked), valid.images)
    measured, said = _said(outputs, valid, dataset, recipe, command)
    weights.save(path, weights.Weights(layers, **said))
    return measured


def export_onnx(
    model: nn.Module,
    path: str | Path,
    valid: Images,
    dataset: str,
    recipe: Mapping,
    command: str | None = None,
) -> Accuracy:
    """Write any trained model, calibrated, in ONNX, as :class:`~digitlib.classify.OnnxClassifier` reads it.

    Args and result are :func:`export_weights`'s, but the model may be any ``nn.Module`` that :func:`digitlib.train.fit`
    takes.

    Raises:
        ModuleNotFoundError: onnx or onnxscript isn't installed; the extra ``export`` brings both.
        ValueError: a model that doesn't fit the classes, or that :func:`to_onnx` can't export.

    >>> import tempfile
    >>> import torch
    >>> from torch import nn
    >>> from digitlib.classify import OnnxClassifier
    >>> from digitlib.data import Images, fingerprint
    >>> images, labels = torch.eye(28).byte().repeat(4, 1, 1), torch.arange(4) % 2
    >>> valid = Images(images, labels, classes=("cat", "dog"))
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/pets.onnx"
    ...     measured = export_onnx(network, path, valid, "four drawings", {"epochs": 0})
    ...     print(measured.n, OnnxClassifier.load(path).classes)
    4 ('cat', 'dog')
    """
    outputs = evaluate.outputs_for(model, valid.images, len(valid.classes))
    if (outputs >= 0).all() and ((outputs.sum(dim=1) - 1).abs() < 0.01).all():
        raise ValueError("expected outputs before any softmax, got probabilities that sum to 1")
    measured, said = _said(outputs, valid, dataset, recipe, command)
    write_whole(path, to_onnx(model, **said))
    return measured


def load_model(path: str | Path = weights.SHIPPED) -> MLP:
    """Read a weights file, by default the one that comes with the package, as a model in evaluation mode.

    Raises as :func:`digitlib.weights.load` does.

    >>> import torch
    >>> model = load_model()
    >>> model.training, model.none, model(torch.zeros(3, 28, 28)).shape
    (False, True, torch.Size([3, 11]))
    """
    read = weights.load(path)
    layers = read.layers
    *hidden, _ = (len(bias) for _, bias in layers)
    # The first layer contains the normalisation already.
    model = MLP(hidden, classes=len(read.classes), none=read.none, normalize=Normalize(0.0, 1.0))
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(linear, layers, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    return model.eval()


def to_onnx(model: nn.Module, **said: Any) -> bytes:
    """A model in ONNX, from float32 images ``x`` ``(N, 28, 28)`` in [0, 1] to what it returns, for any N.

    Args:
        model: any; it is exported as it evaluates, and its mode is left as it was.
        said: ``classes``, ``preparation``, ``calibration`` and ``provenance``, as a :class:`~digitlib.weights.Weights`
            has them, for the metadata; what is left out is the ten digits'.

    Raises:
        ModuleNotFoundError: without onnx and onnxscript, of the extra ``export``.
        TypeError: another name.
        ValueError: a network that was traced for two images alone.

    >>> from torch import nn
    >>> from digitlib.classify import OnnxClassifier
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    >>> OnnxClassifier(to_onnx(network, classes=("cat", "dog"))).classes
    ('cat', 'dog')
    """
    import onnxscript  # noqa: F401 (torch's own complaint comes late and long)

    metadata = weights.to_metadata(**said)
    # An example of two, since of one PyTorch would conclude that it is always one.
    example = (torch.zeros(2, SIDE, SIDE, device=evaluate.device_of(model)),)
    torch.compiler.reset()  # or what was traced of an earlier definition is exported again
    with evaluate.evaluating(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's about itself; what it made is asked below
        program = torch.onnx.export(
            model,
            example,
            input_names=["x"],
            output_names=["logits"],
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
    assert program is not None  # which the older exporter alone returns
    program.model.metadata_props.update(metadata)
    content = _without_places(program.model_proto).SerializeToString()
    _check_any_number(content, model)
    return content


def _without_places(proto: Any) -> Any:
    """A model in ONNX without what the exporter notes of whoever exports: paths and lines of their files."""
    graphs = [proto.graph, *proto.functions]
    while graphs:
        graph = graphs.pop()
        for part in (*graph.node, *graph.value_info, *getattr(graph, "output", ())):
            if hasattr(part, "metadata_props"):
                del part.metadata_props[:]
        for node in graph.node:
            graphs += [given.g for given in node.attribute if given.HasField("g")]
    return proto


def _check_any_number(content: bytes, model: nn.Module) -> None:
    """ValueError unless a model in ONNX answers one image, and three, as the network does."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    x = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), evaluate.evaluating(model):
        wanted = model(x.to(evaluate.device_of(model))).cpu().numpy()
    asked = ReferenceEvaluator(onnx.load_from_string(content))
    for n in (1, 3):
        try:
            [found] = asked.run(None, {"x": x[:n].numpy()})
            same = np.allclose(found, wanted[:n], rtol=1e-3, atol=1e-3)
        except Exception as error:  # whatever an operator raises about a shape that it can't take
            found, same = error, False
        if not same:
            raise ValueError(
                "expected a network that works for any number of images when it is traced, got one that was traced "
                f"with two and fails for {n} ({one_line(found)}); x.shape[0] in place of len(x), or x.flatten(1), may "
                "mend it"
            )


def _said(
    outputs: torch.Tensor, valid: Images, dataset: str, recipe: Mapping, command: str | None
) -> tuple[Accuracy, dict]:
    """How good a model's outputs on validation images are, and all that its file says beside its numbers."""
    n = len(valid.classes)
    measured = evaluate.accuracy(outputs[:, :n], valid.labels)
    return measured, {
        "classes": valid.classes,
        "preparation": valid.preparation,
        "calibration": calibrate.fitted(outputs, valid.labels, n),
        "provenance": _provenance(dataset, recipe, measured, valid, command),
    }


def _provenance(
    dataset: str, recipe: Mapping, measured: Accuracy, valid: Images, command: str | None
) -> dict:
    """What a file says of its origin: data, recipe, seed, versions, command, and how good it was on which images."""
    images = fingerprint(valid.images, valid.labels)
    said = {
        "dataset": dataset,
        "recipe": dict(recipe),
        "valid": {"right": measured.right, "n": measured.n, "images": images},
        "versions": {
            "digitlib": digitlib.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }
    return said | ({"command": command} if command else {})
