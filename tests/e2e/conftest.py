"""One running stack per module of end-to-end tests; at its end every alert is accounted for."""

from collections.abc import Iterator

import pytest

from e2e.pipeline import Pipeline, started


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with started(tmp_path_factory.mktemp("stack")) as running:
        yield running
        running.reconciled()
