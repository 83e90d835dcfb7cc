"""The main job over HTTP as three people, from upload to transfer."""

from embedded.smoke.walk import StepFailed, walk

__all__ = ["StepFailed", "walk"]
