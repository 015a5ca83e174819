"""Handwritten digits, from a file on disk to a live web page; and any other images of 28 by 28 pixels, by name.

``import digitlib`` costs numpy, Pillow and safetensors. What is where:

- the ground, which needs no more: :mod:`~digitlib.preprocess`, :mod:`~digitlib.picture`, :mod:`~digitlib.weights`,
  :mod:`~digitlib.classify`, :mod:`~digitlib.accuracy`, ``sheets``, and beneath them ``inputs``, ``pixels``, ``files``,
  ``hub`` and ``plain``;
- the way, with torch, in the chapters' order: ``data`` (which reads by ``mnist``, ``idx``, ``folder`` and ``arrays``,
  and splits by ``groups``), ``model``, ``augment``, ``train``,
  ``evaluate``, ``calibrate``, ``export``, ``checks``, ``show``; ``recipes`` puts it together by name;
- rooms beside it: ``reading`` (where the ink is in a picture) and ``paper`` (what is where on a printed sheet), which
  belong to the ground, ``engine`` (what goes on below a training), ``drawn`` (what programs draw), ``report`` (all that
  is measured of one model), ``exercises`` (what marks a reader's code), ``hosts`` (where a model lives), ``commands``
  (the terminal's), ``book`` (the chapters' own) and ``pad`` (what runs in a browser).

A module is imported by its name: ``from digitlib import data, model, train``, ``from digitlib.engine import hardware``.
"""

from digitlib.classify import DigitClassifier, Prediction
from digitlib.preprocess import NoInk

__all__ = ["DigitClassifier", "NoInk", "Prediction"]
__version__ = "0.1.0"
