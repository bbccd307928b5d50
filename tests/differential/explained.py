"""The list of known differences, each with the reason why Stator answers as the service does."""

import json
import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "explained.json")
# Members that are regular expressions, each searched in the named part of a difference. All that an entry has must match.
PATTERNS = {"operation", "ours", "theirs", "our_message", "their_message", "member", "our_value", "their_value", "request"}


class Explanations:
    def __init__(self, peer, path=PATH):
        with open(path, encoding="utf-8") as file:
            self.all = json.load(file)
        for one in self.all:
            unknown = set(one) - PATTERNS - {"peers", "reason", "source"}
            if unknown or not one.get("reason") or not one.get("source"):
                raise ValueError("explained.json: wants a reason, a source and known members: %s" % one)
        self.all = [dict(one, used=0) for one in self.all if peer in one["peers"]]

    def of(self, difference):
        """The explanation of a difference, or None."""
        subject = {
            "operation": difference.step["operation"],
            "ours": difference.ours["type"], "our_message": difference.ours["message"],
            "theirs": difference.theirs["type"], "their_message": difference.theirs["message"],
            "member": difference.member[0], "our_value": json.dumps(difference.member[1], ensure_ascii=False),
            "their_value": json.dumps(difference.member[2], ensure_ascii=False),
            "request": json.dumps(difference.step["request"], ensure_ascii=False)}
        for one in self.all:
            if all(re.search(one[name], subject[name], re.DOTALL) for name in PATTERNS if name in one):
                one["used"] += 1
                return one
        return None
