"""Normalises replies and finds their differences."""

import json
import re

# Members that every service chooses for itself, or measures at its own times.
UNCOMPARED = {"TableArn", "IndexArn", "TableId", "LatestStreamArn", "LatestStreamLabel", "CreationDateTime", "ItemCount",
              "TableSizeBytes", "IndexSizeBytes", "LastUpdateToPayPerRequestDateTime", "LastIncreaseDateTime",
              "LastDecreaseDateTime", "TableStatus", "IndexStatus", "SizeEstimateRangeGB"}
SETS = {"SS", "NS", "BS"}
UNORDERED = {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", "AttributeDefinitions", "NonKeyAttributes",
             "ConsumedCapacity", "TableNames"}


def text(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def normal(node, name=None):
    """Removes what is not compared, and sorts what has no order."""
    if isinstance(node, dict):
        return {key: normal(child, key) for key, child in node.items() if key not in UNCOMPARED}
    if isinstance(node, list):
        made = [normal(child) for child in node]
        return sorted(made, key=text) if name in SETS or name in UNORDERED else made
    if isinstance(node, float) and node == int(node):
        return int(node)
    return node


def reply(step, status, body):
    """A reply as {"type": "ok" or the error's name, "message", "body"}."""
    if status == 200 and isinstance(body, dict):
        body = normal(body)
        if step.get("all"):
            body["Items"] = sorted(body.get("Items", []), key=text)
        if step["operation"] == "BatchGetItem":
            body["Responses"] = {table: sorted(items, key=text) for table, items in body.get("Responses", {}).items()}
        if step["operation"] == "ListTables":
            body["TableNames"] = [one for one in body["TableNames"] if one.startswith("diff-")]
        return {"type": "ok", "message": "", "body": body}
    if not isinstance(body, dict):
        return {"type": "HTTP %d" % status, "message": str(body), "body": {}}
    kind = body.pop("__type", "").split("#")[-1]
    message = body.pop("message", body.pop("Message", "")) or ""
    return {"type": kind or "HTTP %d" % status, "message": message, "body": normal(body)}


def differences(ours, theirs):
    """The members that differ, each as (path, our value, their value). If the types of errors differ, their messages are not
    compared."""
    if ours["type"] != theirs["type"]:
        return [("type", ours["type"], theirs["type"])]
    if ours["message"] != theirs["message"]:
        return [("message", ours["message"], theirs["message"])]
    found = []
    _walk(ours["body"], theirs["body"], "", found)
    return found


def _walk(ours, theirs, path, found):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            _walk(ours.get(name), theirs.get(name), path + "." + name if path else name, found)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, pair in enumerate(zip(ours, theirs)):
            _walk(*pair, "%s[%d]" % (path, at), found)
    elif ours != theirs:
        found.append((path, ours, theirs))


def rule(step, ours, theirs, difference):
    """The group of a difference: the operation, both outcomes, the member, and the texts without their variable parts."""
    path = re.sub(r"\[\d+\]", "[]", difference[0])
    path = re.sub(r"(Items?\b(\[\])?|Attributes|Responses)\..*", r"\1", path)
    if step["operation"].startswith("Describe") or step["operation"].endswith("Table"):
        path = difference[0].split("[")[0]
    parts = [step["operation"], ours["type"], theirs["type"], path]
    if ours["type"] != "ok" or theirs["type"] != "ok":
        parts += [template(ours["message"]), template(theirs["message"])]
    return tuple(parts)


def template(message):
    message = re.sub(r"'[^']*'|\"[^\"]*\"|\d+|:\w+|#\w+", "*", message)
    return re.sub(r"(near:|syntax error; ).*", r"\1", message)[:90]
