"""A small language model, fine-tuned on the project's messages and committed with its card (docs/encoder.md)."""

from .reading import Encoder, EncoderError, Readings, encoder, fingerprint, is_calibration

__all__ = ["Encoder", "EncoderError", "Readings", "encoder", "fingerprint", "is_calibration"]
