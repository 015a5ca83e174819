import numpy as np
import pytest

from digitlib import cli
from digitlib.classify import DigitClassifier
from drawings import draw


def run(capsys, *arguments):
    """Exit code, lines on the output, lines on the error stream."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    return code, output.splitlines(), errors.splitlines()


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "app"])
def test_help_has_an_example(capsys, command):
    code, output, _ = run(capsys, command, "--help")
    assert code == 0
    assert any(line.startswith(f"example: digitlib {command}") for line in output)


def test_predict(capsys, tmp_path):
    for digit in (1, 3, 7):
        draw(digit).save(tmp_path / f"{digit}.png")
    files = [tmp_path / f"{digit}.png" for digit in (1, 3, 7)]
    code, output, errors = run(capsys, "predict", *files)
    assert (code, errors) == (0, [])
    for file, line in zip(files, output, strict=True):
        assert line.startswith(f"{file}: {file.stem} (") and line.endswith("%)")


def test_predict_goes_on_after_a_bad_file(capsys, tmp_path):
    draw(7).save(tmp_path / "7.png")
    draw(7).point(lambda _: 0).save(tmp_path / "blank.png")
    (tmp_path / "note.txt").write_text("seven")
    files = [
        tmp_path / name for name in ("note.txt", "nowhere.png", "blank.png", "7.png")
    ]
    code, output, errors = run(capsys, "predict", *files)
    assert code == 2
    assert output[0] == f"{files[2]}: blank" and output[1].startswith(
        f"{files[3]}: 7 ("
    )
    assert [line.split(": ")[2].split(" (")[0] for line in errors] == [
        "expected a picture",
        "no such file",
    ]


def test_train_then_evaluate_then_predict(capsys, tmp_path):
    out = tmp_path / "mine.safetensors"
    code, output, errors = run(
        capsys,
        "train",
        "--dataset",
        "optdigits",
        "--epochs",
        20,
        "--seed",
        3,
        "--out",
        out,
    )
    assert (code, errors) == (0, [])
    assert len(output) == 21 and "of 287 digits in the validation set" in output[-1]
    provenance = DigitClassifier.load(out).provenance
    assert provenance["recipe"]["seed"] == 3
    assert (
        provenance["command"]
        == "digitlib train --dataset optdigits --epochs 20 --rate 0.003 --seed 3 --out FILE"
    )
    code, output, _ = run(
        capsys, "evaluate", "--weights", out, "--dataset", "optdigits"
    )
    assert code == 0 and len(output) == 11
    right = provenance["valid"]["right"] / 287
    assert output[0].startswith(f"{100 * right:.1f} %") and right > 0.93
    draw(7).save(tmp_path / "7.png")
    assert run(capsys, "predict", "--weights", out, tmp_path / "7.png")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["predict"], "required: FILE"),
        (["train"], "required: --out"),
        (["train", "--out", "w", "--dataset", "cifar"], "invalid choice: 'cifar'"),
        (
            ["train", "--out", "w", "--epochs", "0", "--dataset", "optdigits"],
            "at least 1, got 0",
        ),
        (
            ["train", "--out", "w", "--rate", "-1", "--dataset", "optdigits"],
            "positive learning rate, got -1",
        ),
        (["train", "--out", "nowhere/w"], "nowhere: no such folder"),
        (["train", "--out", "."], ".: expected a file that can be written"),
        (["evaluate", "--weights", "nowhere"], "nowhere: no such file"),
        (["predict", "--weights", "nowhere", "x.png"], "nowhere: no such file"),
        (["app", "--port", "x"], "invalid int value: 'x'"),
    ],
)
def test_bad_input_is_one_plain_line_and_code_2(
    capsys, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    code, output, errors = run(capsys, *arguments)
    assert (code, output, len(errors)) == (2, [], 1)
    assert message in errors[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [("train", "torch", "train"), ("app", "gradio", "app")],
)
def test_a_missing_package_is_named_with_its_cure(
    capsys, monkeypatch, command, module, extra
):
    def missing(_):
        """Fail as Python does where a package is absent."""
        raise ModuleNotFoundError(name=module)

    missing.__name__ = f"_{command}"
    monkeypatch.setattr(cli, f"_{command}", missing)
    options = ["--out", "w"] if command == "train" else []
    code, _, errors = run(capsys, command, *options)
    assert (code, errors) == (
        2,
        [f'digitlib: {module} is not installed; pip install "digitlib[{extra}]"'],
    )


def test_an_interrupted_training_writes_nothing(capsys, tmp_path, monkeypatch):
    from digitlib import train

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "fit", interrupt)
    code, _, errors = run(
        capsys, "train", "--dataset", "optdigits", "--out", tmp_path / "w"
    )
    assert code == 130 and errors == ["digitlib: interrupted; nothing was written"]
    assert not list(tmp_path.iterdir())


def test_predict_prints_what_the_classifier_says(capsys, tmp_path):
    draw(2).save(tmp_path / "2.png")
    probabilities = DigitClassifier.load().probabilities(np.asarray(draw(2)))[0]
    _, output, _ = run(capsys, "predict", tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: 2 ({probabilities[2]:.1%})"]
