"""Failed assertions show what differs, also where the tests of several tools share them."""

import pytest

pytest.register_assert_rewrite("unit.intake.tools.expected", "unit.intake.tools.expecting")
