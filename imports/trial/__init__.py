"""What a configuration would do to the last delivery, counted by the steps of the pipeline.

Source: docs/decisions/0013-live-counts.md
"""

from imports.trial.open import forget_trials, last_delivery, open_trial
from imports.trial.result import Found, TrialResult
from imports.trial.trial import Base, Trial, counting

__all__ = ["Base", "Found", "Trial", "TrialResult", "counting", "forget_trials", "last_delivery", "open_trial"]
