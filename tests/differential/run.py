"""Runs sequences of steps on two endpoints and finds where they differ."""

import json

import compare

# The most pages that are read of one reply.
MAXIMUM_PAGES = 300
CHANGES_TABLES = {"CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "TagResource", "UntagResource"}
# Answers that we must never give, whatever the peer does.
NO_ANSWERS = {"HTTP 0", "InternalServerError"}
READS = {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", "DescribeTable", "ListTables"}


class Difference:
    def __init__(self, steps, at, ours, theirs, member):
        self.steps = steps[:at + 1]
        self.step = steps[at]
        self.ours, self.theirs, self.member = ours, theirs, member
        self.rule = compare.rule(self.step, ours, theirs, member)


def answer(endpoint, step):
    status, body = endpoint.call(step["operation"], step["request"])
    if step.get("all") and status == 200:
        body = all_pages(endpoint, step, body)
    return compare.reply(step, status, body)


def all_pages(endpoint, step, body):
    """All pages as one reply. The number of pages is compared too, but capacity only if there is one page."""
    whole = {"Items": list(body.get("Items", [])), "Count": body["Count"], "ScannedCount": body["ScannedCount"], "Pages": 1}
    if "Items" not in body:
        whole["Items"] = []
    if "LastEvaluatedKey" not in body and "ConsumedCapacity" in body:
        whole["ConsumedCapacity"] = body["ConsumedCapacity"]
    while "LastEvaluatedKey" in body:
        if whole["Pages"] == MAXIMUM_PAGES:
            raise RuntimeError("more than %d pages: %s" % (MAXIMUM_PAGES, json.dumps(step)))
        request = dict(step["request"], ExclusiveStartKey=body["LastEvaluatedKey"])
        status, body = endpoint.call(step["operation"], request)
        if status != 200:
            return {"Items": [], "Count": -1, "ScannedCount": -1, "Pages": whole["Pages"], "PageError": body}
        whole["Items"] += body.get("Items", [])
        whole["Count"] += body["Count"]
        whole["ScannedCount"] += body["ScannedCount"]
        whole["Pages"] += 1
    return whole


def run(ours, theirs, steps, outcomes=None):
    """Yields a Difference for each member that differs, and for each step that we fail to answer. Counts our replies by type in `outcomes`.

    When a write makes the two differ, or one of them has an internal failure, both restart with empty tables, so that the reads
    after it do not report the same difference again.
    """
    for endpoint in (ours, theirs):
        endpoint.reset()
    for at, step in enumerate(steps):
        replies = [answer(endpoint, step) for endpoint in (ours, theirs)]
        found = compare.differences(*replies)
        if outcomes is not None:
            outcomes[replies[0]["type"]] += 1
        if replies[0]["type"] in NO_ANSWERS and not found:
            found = [("type", replies[0]["type"], "an answer")]
        for member in found:
            yield Difference(steps, at, *replies, member)
        kinds = {one["type"] for one in replies}
        failed_inside = any(one.startswith("HTTP ") for one in kinds)
        if failed_inside or found and step["operation"] not in READS and "ok" in kinds:
            for endpoint in (ours, theirs):
                endpoint.reset()
        elif step["operation"] in CHANGES_TABLES:
            for endpoint in (ours, theirs):
                endpoint.settle()


def minimise(ours, theirs, difference, budget=60):
    """Returns the fewest steps that still show the rule (within `budget` runs), with the fewest members in the last
    request."""
    def shows(steps):
        nonlocal budget
        budget -= 1
        return any(one.rule == difference.rule and len(one.steps) == len(steps) for one in run(ours, theirs, steps))

    before, last = difference.steps[:-1], difference.steps[-1]
    chunk = len(before)
    while before and budget > 0:
        at = 0
        while at < len(before) and budget > 0:
            fewer = before[:at] + before[at + chunk:]
            if shows(fewer + [last]):
                before = fewer
            else:
                at += chunk
        if chunk == 1:
            break
        chunk = max(1, chunk // 2)
    for name in list(last["request"]) if isinstance(last["request"], dict) else []:
        if budget <= 0:
            break
        fewer = dict(last, request={key: value for key, value in last["request"].items() if key != name})
        if shows(before + [fewer]):
            last = fewer
    return before + [last]
