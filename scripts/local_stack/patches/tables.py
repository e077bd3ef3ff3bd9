"""What DynamoDB tells of a table that it has copied."""

import time
from typing import Any

from ministack.services import dynamodb


def copies_say_what_they_are_of() -> None:
    """A table of ``RestoreTableToPointInTime`` says neither of which table nor moment it is."""
    copy, describe = dynamodb._restore_table_to_point_in_time, dynamodb._table_description

    def copied(data: dict[str, Any]) -> Any:
        answer = copy(data)
        if answer[0] == 200:
            source = data.get("SourceTableName") or data["SourceTableArn"].rpartition("/")[2]
            dynamodb._tables[data["TargetTableName"]]["RestoreSummary"] = {
                "SourceTableArn": dynamodb._tables[source]["TableArn"],
                "RestoreDateTime": data.get("RestoreDateTime", int(time.time())),
                "RestoreInProgress": False,
            }
        return answer

    def described(name: str) -> dict[str, Any]:
        summary = dynamodb._tables[name].get("RestoreSummary")
        return {**describe(name), **({"RestoreSummary": summary} if summary else {})}

    dynamodb._restore_table_to_point_in_time = copied
    dynamodb._table_description = described
