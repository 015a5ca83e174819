"""Handwritten digits, from a file on disk to a live web page.

``import digitlib`` costs numpy, Pillow and safetensors. The modules that train need torch and are imported by
name: ``from digitlib import data, model, train``.
"""

from digitlib.classify import DigitClassifier, Prediction
from digitlib.preprocess import NoInk

__all__ = ["DigitClassifier", "NoInk", "Prediction"]
__version__ = "0.1.0"
