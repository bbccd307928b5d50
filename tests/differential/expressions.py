"""Generates expressions together with the names and values that they use."""

import tables
import values

# Texts that replace a part of an expression to break it.
BREAKAGES = ["", "(", ")", ",", "=", "AND", "NOT", "size", "foo(a)", "status", ":undefined", "#undefined", "a a", "a.", "a[",
             "a[x]", "1", "'x'", "a = a", "!", "a BETWEEN :v0", "SET", "a[99999999999]", "attribute_exists(:v0)", "IN ()"]


class Expression:
    """Collects the placeholders of one request's expressions."""

    def __init__(self, rng):
        self.rng = rng
        self.names = {}
        self.values = {}

    def name(self, attribute):
        if self.rng.random() < 0.6:
            return attribute
        placeholder = "#" + attribute
        self.names[placeholder] = attribute
        return placeholder

    def path(self):
        text = self.name(self.rng.choice(values.ATTRIBUTES))
        for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2])):
            if self.rng.random() < 0.3:
                text += "[%d]" % self.rng.randint(0, 2)
            else:
                text += "." + self.name(self.rng.choice(values.ATTRIBUTES))
        return text

    def value(self, value=None):
        placeholder = ":v%d" % len(self.values)
        self.values[placeholder] = value if value is not None else values.value(self.rng, 1)
        return placeholder

    def operand(self):
        roll = self.rng.random()
        if roll < 0.55:
            return self.path()
        if roll < 0.92:
            return self.value()
        return "size(%s)" % self.path()

    def condition(self, depth=2):
        roll = self.rng.random()
        if depth and roll < 0.25:
            return "%s %s %s" % (self.condition(depth - 1), self.rng.choice(["AND", "OR", "and"]), self.condition(depth - 1))
        if depth and roll < 0.32:
            return "NOT %s" % self.condition(depth - 1)
        if depth and roll < 0.4:
            return "(%s)" % self.condition(depth - 1)
        kind = self.rng.randrange(8)
        if kind == 0:
            return "attribute_exists(%s)" % self.path()
        if kind == 1:
            return "attribute_not_exists(%s)" % self.path()
        if kind == 2:
            types = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"] + ["Q"] * (self.rng.random() < 0.1)
            return "attribute_type(%s, %s)" % (self.path(), self.value({"S": self.rng.choice(types)}))
        if kind == 3:
            return "begins_with(%s, %s)" % (self.path(), self.value(
                values.scalar(self.rng, self.rng.choice("SSBN" if self.rng.random() < 0.2 else "SSB"))))
        if kind == 4:
            return "contains(%s, %s)" % (self.path(), self.operand())
        if kind == 5:
            bounds = [values.scalar(self.rng, "N"), values.scalar(self.rng, "N")]
            if self.rng.random() < 0.8:
                bounds.sort(key=lambda one: float(one["N"]))
            return "%s BETWEEN %s AND %s" % (self.path(), self.value(bounds[0]), self.value(bounds[1]))
        if kind == 6:
            return "%s IN (%s)" % (self.path(), ", ".join(self.operand() for _ in range(self.rng.randint(1, 3))))
        return "%s %s %s" % (self.operand(), self.rng.choice(["=", "<>", "<", "<=", ">", ">="]), self.operand())

    def projection(self, table):
        paths = [self.path() for _ in range(self.rng.randint(1, 3))]
        if self.rng.random() < 0.5:
            paths.append(self.rng.choice(tables.key_names(table)))
        return ", ".join(paths)

    def update(self, always_set=False):
        clauses = []
        if always_set or self.rng.random() < 0.8:
            clauses.append("SET " + ", ".join(self._assignment() for _ in range(self.rng.randint(1, 2))))
        if self.rng.random() < 0.3:
            clauses.append("REMOVE " + self.path())
        if self.rng.random() < 0.3:
            clauses.append("ADD %s %s" % (self.path(), self.value(
                self.rng.choice([{"N": "1"}, {"N": "-2.5"}, {"SS": ["x", "new"]}, {"NS": ["1", "7"]}, {"S": "x"}]))))
        if self.rng.random() < 0.2 or not clauses:
            clauses.append("DELETE %s %s" % (self.path(), self.value(
                self.rng.choice([{"SS": ["x"]}, {"NS": ["1"]}, {"BS": ["eA=="]}, {"N": "1"}]))))
        self.rng.shuffle(clauses)
        return " ".join(clauses)

    def _assignment(self):
        kind = self.rng.randrange(6)
        if kind == 0:
            right = "%s %s %s" % (self.path(), self.rng.choice("+-"), self.value(values.scalar(self.rng, "N")))
        elif kind == 1:
            right = "if_not_exists(%s, %s)" % (self.path(), self.operand_of_update())
        elif kind == 2:
            right = "list_append(%s, %s)" % (self.operand_of_update(), self.value({"L": [values.scalar(self.rng)]}))
        else:
            right = self.operand_of_update()
        return "%s = %s" % (self.path(), right)

    def operand_of_update(self):
        return self.path() if self.rng.random() < 0.3 else self.value()

    def key_condition(self, table, index):
        kinds = tables.kinds(table)
        names = tables.key_names(table, index)
        pool = [values.key_part(self.rng, table, names[0], kinds[names[0]])]
        if names[0] != "pk":
            pool = [values.scalar(self.rng, kinds[names[0]], key=True)]
        text = "%s = %s" % (self.name(names[0]), self.value(pool[0]))
        if len(names) == 1 or self.rng.random() < 0.4:
            return text
        kind = kinds[names[1]]
        name, part = self.name(names[1]), lambda: self.value(values.scalar(self.rng, kind, key=True))
        roll = self.rng.randrange(4)
        if roll == 0:
            more = "begins_with(%s, %s)" % (name, part())
        elif roll == 1:
            more = "%s BETWEEN %s AND %s" % (name, part(), part())
        else:
            more = "%s %s %s" % (name, self.rng.choice(["=", "<", "<=", ">", ">="]), part())
        return text + " AND " + more if self.rng.random() < 0.8 else more + " AND " + text

    def broken(self, text):
        """The text with one of its parts removed, doubled or replaced."""
        parts = text.split(" ")
        at = self.rng.randrange(len(parts))
        roll = self.rng.random()
        if roll < 0.3:
            del parts[at]
        elif roll < 0.5:
            parts.insert(at, parts[at])
        else:
            parts[at] = self.rng.choice(BREAKAGES)
        return " ".join(parts)

    def into(self, request):
        """Adds the collected names and values, sometimes with one too many or one too few."""
        if self.rng.random() < 0.03:
            self.names["#unused"] = "z"
        if self.rng.random() < 0.03:
            self.values[":unused"] = {"S": "z"}
        if self.values and self.rng.random() < 0.02:
            self.values.pop(self.rng.choice(sorted(self.values)))
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request
