"""The same examples in every run of the suite, and few: ``make fuzz`` looks for new ones."""

from hypothesis import HealthCheck, settings

from tests.fuzz.bounds import PHASES

settings.register_profile(
    "suite",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("suite")
