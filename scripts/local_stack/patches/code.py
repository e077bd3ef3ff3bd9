"""Where functions' and layers' code is downloaded from."""

from collections.abc import Callable
from functools import wraps

from ministack.services import lambda_svc


def addresses_are_those_that_it_serves() -> None:
    """The emulator serves TLS only, and tells addresses of code that begin with http."""
    lambda_svc._presigned_code_url = _over_tls(lambda_svc._presigned_code_url)
    lambda_svc._layer_content_url = _over_tls(lambda_svc._layer_content_url)


def _over_tls(tell: Callable[..., str]) -> Callable[..., str]:
    @wraps(tell)
    def told(*args: object) -> str:
        return tell(*args).replace("http://", "https://", 1)

    return told
