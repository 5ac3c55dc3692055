"""The estimate of the limit against a service that counts a rolling window by definition.

`test_rate_limit_properties.py` covers whole calls of one load; here any order of sends, responses, losses and times
meets the estimate alone, so that each of its counts can be compared with the service's.
"""

from __future__ import annotations

import pytest

from tests.support.machine_settings import machine_settings
from tests.support.window_machine import WindowMachine

pytestmark = pytest.mark.machine

TestWindow = WindowMachine.TestCase
TestWindow.settings = machine_settings(50, 25, is_fixed=True)
