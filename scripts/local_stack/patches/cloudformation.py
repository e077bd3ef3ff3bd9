"""Properties of the template that the emulator's CloudFormation reads over."""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, lambda_svc
from ministack.services.cloudformation import provisioners

Settle = Callable[[str, dict[str, Any]], None]
Change = Callable[[dict[str, Any]], dict[str, Any]]


def table_settings() -> None:
    """``TimeToLiveSpecification`` and ``PointInTimeRecoverySpecification`` are ignored."""

    def settle(name: str, properties: dict[str, Any]) -> None:
        if spec := properties.get("TimeToLiveSpecification"):
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": _typed(spec)})
        if spec := properties.get("PointInTimeRecoverySpecification"):
            dynamodb._update_continuous_backups(
                {"TableName": name, "PointInTimeRecoverySpecification": _typed(spec)}
            )

    _after("AWS::DynamoDB::Table", settle)


def reserved_concurrency() -> None:
    """``ReservedConcurrentExecutions`` of a function is ignored."""

    def settle(name: str, properties: dict[str, Any]) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is not None:
            lambda_svc._put_function_concurrency(
                name, {"ReservedConcurrentExecutions": int(reserved)}
            )

    _after("AWS::Lambda::Function", settle)


def mapping_concurrency() -> None:
    """A ``MaximumConcurrency`` given by a parameter stays text, and the queue is never polled."""

    def typed(properties: dict[str, Any]) -> dict[str, Any]:
        scaling = properties.get("ScalingConfig")
        if not scaling:
            return properties
        most = int(scaling["MaximumConcurrency"])
        return {**properties, "ScalingConfig": {"MaximumConcurrency": most}}

    _before("AWS::Lambda::EventSourceMapping", typed)


def binary_media_types() -> None:
    """``BinaryMediaTypes`` keep the ``~1`` that stands for a slash, and match no request."""

    def unescaped(properties: dict[str, Any]) -> dict[str, Any]:
        types = [given.replace("~1", "/") for given in properties.get("BinaryMediaTypes", [])]
        return {**properties, "BinaryMediaTypes": types}

    _before("AWS::ApiGateway::RestApi", unescaped)


def _before(resource_type: str, change: Change) -> None:
    """Let a create or an update see the properties that ``change`` makes of the template's."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def creating(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        return create(logical_id, change(properties), *rest)

    def updating(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        return update(physical_id, change(old), change(new), *rest, **named)

    handlers["create"], handlers["update"] = creating, updating


def _after(resource_type: str, settle: Settle) -> None:
    """Call ``settle`` with the physical name and properties after a create or an update."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def creating(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        result = create(logical_id, properties, *rest)
        settle(result[0], properties)
        return result

    def updating(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        result = update(physical_id, old, new, *rest, **named)
        settle(result[0], new)
        return result

    handlers["create"], handlers["update"] = creating, updating


def _typed(specification: dict[str, Any]) -> dict[str, Any]:
    """Template parameters arrive as text; the calls want truth values."""
    truth = {"true": True, "false": False}
    return {name: truth.get(value, value) for name, value in specification.items()}
