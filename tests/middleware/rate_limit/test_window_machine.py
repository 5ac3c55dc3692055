"""The estimate of the limit against a service that counts a rolling window by definition.

`test_rate_limit_properties.py` covers whole calls of one load; here any order of sends, responses, losses and times
meets the estimate alone, so that each of its counts can be compared with the service's.
"""

from __future__ import annotations

from tests.support.window_machine import SETTINGS, WindowMachine

TestWindow = WindowMachine.TestCase
TestWindow.settings = SETTINGS
