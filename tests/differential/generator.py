"""Generates a sequence of requests from a seed.

A step is a dictionary: "operation", "request", and "all": True if all pages of the reply are read and compared as a whole,
because stores that hash keys differently return items in a different order.
"""

import copy
import random

import tables
import values
from expressions import Expression

RETURN_VALUES = {"PutItem": ["NONE", "ALL_OLD"], "DeleteItem": ["NONE", "ALL_OLD"],
                 "UpdateItem": ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"]}
# Values that replace a member of a request to make it invalid.
REPLACEMENTS = ["", "x", "a b!", "INVALID", 0, -1, 1, 1.5, 1000000, True, None, [], {}, [{}], {"a": "b"}, ["x"], "y" * 300,
                {"pk": {"S": "p"}}]


def sequence(seed, count, invalid_share):
    return _sequence(random.Random(seed), count, invalid_share)


def _sequence(rng, count, invalid_share):
    makers = [put, put, put, update, update, update, delete, get, query, query, scan, batch_get, batch_write,
              transact_write, transact_get, legacy_write, legacy_read, table_life]
    made = []
    for _ in range(count):
        step = rng.choice(makers)(rng)
        if rng.random() < invalid_share:
            spoil(rng, step)
        made.append(step)
    return made


def any_table(rng):
    return rng.choice(["diff-indexed", "diff-indexed"] + sorted(tables.TABLES))


def with_capacity(rng, request):
    if rng.random() < 0.25:
        request["ReturnConsumedCapacity"] = rng.choice(["TOTAL", "INDEXES", "NONE"])
    return request


def conditional(rng, operation, request, expression):
    if rng.random() < 0.4:
        text = expression.condition()
        request["ConditionExpression"] = expression.broken(text) if rng.random() < 0.1 else text
        if rng.random() < 0.2:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if rng.random() < 0.5:
        request["ReturnValues"] = rng.choice(RETURN_VALUES[operation])
    if rng.random() < 0.1:
        request["ReturnItemCollectionMetrics"] = "SIZE"
    return {"operation": operation, "request": expression.into(with_capacity(rng, request))}


def put(rng):
    table = any_table(rng)
    return conditional(rng, "PutItem", {"TableName": table, "Item": values.item(rng, table)}, Expression(rng))


def delete(rng):
    table = any_table(rng)
    return conditional(rng, "DeleteItem", {"TableName": table, "Key": values.key(rng, table)}, Expression(rng))


def update(rng):
    table = any_table(rng)
    expression = Expression(rng)
    request = {"TableName": table, "Key": values.key(rng, table)}
    if rng.random() < 0.95:
        text = expression.update()
        request["UpdateExpression"] = expression.broken(text) if rng.random() < 0.1 else text
    step = conditional(rng, "UpdateItem", request, expression)
    if "SET" not in request.get("UpdateExpression", ""):
        # Return the new item, so that whether the update created one shows at once, not only in later reads.
        request["ReturnValues"] = "ALL_NEW"
    return step


def projected(rng, table, request, expression):
    if rng.random() < 0.3:
        text = expression.projection(table)
        request["ProjectionExpression"] = expression.broken(text) if rng.random() < 0.1 else text
    return request


def get(rng):
    table = any_table(rng)
    expression = Expression(rng)
    request = projected(rng, table, {"TableName": table, "Key": values.key(rng, table)}, expression)
    if rng.random() < 0.3:
        request["ConsistentRead"] = rng.random() < 0.5
    return {"operation": "GetItem", "request": expression.into(with_capacity(rng, request))}


def read_options(rng, table, request, expression):
    if rng.random() < 0.4:
        text = expression.condition()
        request["FilterExpression"] = expression.broken(text) if rng.random() < 0.1 else text
    projected(rng, table, request, expression)
    if rng.random() < 0.15:
        request["Select"] = rng.choice(["COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"])
    if rng.random() < 0.4:
        request["Limit"] = rng.choice([1, 2, 3, 1000])
    if rng.random() < 0.15:
        request["ConsistentRead"] = True
    return with_capacity(rng, request)


def any_index(rng, table):
    names = [one["IndexName"] for one in tables.indexes(table)]
    return rng.choice(names) if names and rng.random() < 0.5 else None


def query(rng):
    table = any_table(rng)
    index = any_index(rng, table)
    expression = Expression(rng)
    request = {"TableName": table}
    if index:
        request["IndexName"] = index
    text = expression.key_condition(table, index)
    request["KeyConditionExpression"] = expression.broken(text) if rng.random() < 0.1 else text
    read_options(rng, table, request, expression)
    if rng.random() < 0.4:
        request["ScanIndexForward"] = rng.random() < 0.5
    is_global = index is not None and tables.is_global(table, index)
    if rng.random() < 0.15 and not is_global:
        request["ExclusiveStartKey"] = values.key(rng, table)
    step = {"operation": "Query", "request": expression.into(request)}
    if is_global or rng.random() < 0.3:
        step["all"] = True
    return step


def scan(rng):
    table = any_table(rng)
    index = any_index(rng, table)
    expression = Expression(rng)
    request = {"TableName": table}
    if index:
        request["IndexName"] = index
    read_options(rng, table, request, expression)
    return {"operation": "Scan", "request": expression.into(request), "all": True}


def batch_get(rng):
    request = {"RequestItems": {}}
    for table in rng.sample(sorted(tables.TABLES), rng.randint(1, 2)):
        expression = Expression(rng)
        keys = distinct(values.key(rng, table) for _ in range(rng.randint(1, 4)))
        if rng.random() < 0.05:
            keys.append(keys[0])
        if rng.random() < 0.02:
            keys *= 60
        request["RequestItems"][table] = expression.into(projected(rng, table, {"Keys": keys}, expression))
    return {"operation": "BatchGetItem", "request": with_capacity(rng, request)}


def batch_write(rng):
    request = {"RequestItems": {}}
    for table in rng.sample(sorted(tables.TABLES), rng.randint(1, 2)):
        writes = []
        for key in distinct(values.key(rng, table) for _ in range(rng.randint(1, 4))):
            if rng.random() < 0.6:
                writes.append({"PutRequest": {"Item": dict(values.item(rng, table), **key)}})
            else:
                writes.append({"DeleteRequest": {"Key": key}})
        if rng.random() < 0.05:
            writes.append(writes[0])
        if rng.random() < 0.02:
            writes *= 30
        request["RequestItems"][table] = writes
    if rng.random() < 0.1:
        request["ReturnItemCollectionMetrics"] = "SIZE"
    return {"operation": "BatchWriteItem", "request": with_capacity(rng, request)}


def distinct(keys):
    """Removes keys that name the same item; numbers are compared by value."""
    seen = {}
    for key in keys:
        seen.setdefault(repr(sorted((n, float(v["N"]) if "N" in v else v) for n, v in key.items())), key)
    return list(seen.values())


def transact_write(rng):
    actions = []
    table = any_table(rng)
    for key in distinct(values.key(rng, table) for _ in range(rng.randint(1, 3))):
        expression = Expression(rng)
        kind = rng.choice(["Put", "Update", "Delete", "ConditionCheck"])
        action = {"TableName": table}
        if kind == "Put":
            action["Item"] = dict(values.item(rng, table), **key)
        else:
            action["Key"] = key
        if kind == "Update":
            action["UpdateExpression"] = expression.update(always_set=True)
        if kind == "ConditionCheck" or rng.random() < 0.3:
            action["ConditionExpression"] = expression.condition()
            if rng.random() < 0.3:
                action["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        actions.append({kind: expression.into(action)})
    if rng.random() < 0.05:
        actions.append(copy.deepcopy(actions[0]))
    return {"operation": "TransactWriteItems", "request": with_capacity(rng, {"TransactItems": actions})}


def transact_get(rng):
    gets = []
    table = any_table(rng)
    for key in distinct(values.key(rng, table) for _ in range(rng.randint(1, 3))):
        expression = Expression(rng)
        gets.append({"Get": expression.into(projected(rng, table, {"TableName": table, "Key": key}, expression))})
    return {"operation": "TransactGetItems", "request": with_capacity(rng, {"TransactItems": gets})}


def legacy_condition(rng):
    operator = rng.choice(["EQ", "NE", "LT", "LE", "GT", "GE", "NULL", "NOT_NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH",
                           "IN", "BETWEEN"])
    count = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2, "IN": rng.randint(1, 3)}.get(operator, 1)
    if rng.random() < 0.05:
        count += 1
    made = {"ComparisonOperator": operator}
    if count:
        kind = rng.choice("SNB")
        made["AttributeValueList"] = [values.scalar(rng, kind) for _ in range(count)]
    return made


def legacy_write(rng):
    table = any_table(rng)
    operation = rng.choice(["PutItem", "DeleteItem", "UpdateItem", "UpdateItem"])
    request = {"TableName": table}
    if operation == "PutItem":
        request["Item"] = values.item(rng, table)
    else:
        request["Key"] = values.key(rng, table)
    if operation == "UpdateItem":
        updates = {}
        for name in rng.sample(values.ATTRIBUTES, rng.randint(1, 2)):
            action = rng.choice(["PUT", "ADD", "DELETE"])
            updates[name] = {"Action": action}
            if action != "DELETE" or rng.random() < 0.5:
                updates[name]["Value"] = values.value(rng, 1)
        request["AttributeUpdates"] = updates
        updates["made"] = {"Action": "PUT", "Value": {"S": "x"}}
    if rng.random() < 0.5:
        expected = {}
        for name in rng.sample(values.ATTRIBUTES, rng.randint(1, 2)):
            expected[name] = rng.choice([{"Exists": False}, {"Value": values.scalar(rng)}, legacy_condition(rng)])
        request["Expected"] = expected
        if rng.random() < 0.3:
            request["ConditionalOperator"] = rng.choice(["AND", "OR"])
    if rng.random() < 0.3:
        request["ReturnValues"] = rng.choice(RETURN_VALUES[operation])
    if rng.random() < 0.05:
        request["ConditionExpression"] = "attribute_exists(a)"
    return {"operation": operation, "request": request}


def legacy_read(rng):
    table = any_table(rng)
    request = {"TableName": table}
    if rng.random() < 0.3:
        request["AttributesToGet"] = rng.sample(values.ATTRIBUTES + ["pk"], 2)
    if rng.random() < 0.5:
        conditions = {name: legacy_condition(rng) for name in rng.sample(values.ATTRIBUTES, rng.randint(1, 2))}
        if rng.random() < 0.5:
            request["ConditionalOperator"] = rng.choice(["AND", "OR"])
    else:
        conditions = None
    if rng.random() < 0.5:
        if conditions:
            request["ScanFilter"] = conditions
        return {"operation": "Scan", "request": request, "all": True}
    names = tables.key_names(table)
    kinds = tables.kinds(table)
    request["KeyConditions"] = {names[0]: {"ComparisonOperator": "EQ", "AttributeValueList": [
        values.key_part(rng, table, names[0], kinds[names[0]])]}}
    if len(names) == 2 and rng.random() < 0.5:
        operator = rng.choice(["EQ", "LT", "GE", "BEGINS_WITH", "BETWEEN", "NE", "CONTAINS"])
        request["KeyConditions"][names[1]] = {"ComparisonOperator": operator, "AttributeValueList": [
            values.scalar(rng, kinds[names[1]], key=True) for _ in range(2 if operator == "BETWEEN" else 1)]}
    if conditions:
        request["QueryFilter"] = conditions
    return {"operation": "Query", "request": request}


def table_life(rng):
    roll = rng.randrange(7)
    name = rng.choice(sorted(tables.TABLES) + ["diff-none"])
    if roll == 0:
        return {"operation": "DescribeTable", "request": {"TableName": name}}
    if roll == 1:
        return {"operation": "ListTables", "request": {"Limit": rng.choice([1, 2, 100]),
                                                       "ExclusiveStartTableName": rng.choice(["diff-", "diff-hash", "zzz"])}}
    if roll == 2:
        return {"operation": "DeleteTable", "request": {"TableName": "diff-none"}}
    if roll == 3:
        return {"operation": "UpdateTable", "request": {"TableName": name, "ProvisionedThroughput": {
            "ReadCapacityUnits": rng.choice([0, 5, 6]), "WriteCapacityUnits": 5}}}
    table = copy.deepcopy(tables.TABLES[rng.choice(sorted(tables.TABLES))])
    table["TableName"] = "diff-made-%d" % rng.randrange(1000)
    step = {"operation": "CreateTable", "request": table}
    if rng.random() < 0.8:
        spoil_table(rng, table)
    return step


def spoil_table(rng, table):
    """Breaks one of the relations between a table's members."""
    roll = rng.randrange(7)
    if roll == 0:
        table["AttributeDefinitions"].append({"AttributeName": "extra", "AttributeType": "S"})
    elif roll == 1:
        table["AttributeDefinitions"].pop()
    elif roll == 2:
        table["KeySchema"] = table["KeySchema"][::-1]
    elif roll == 3:
        table["KeySchema"] = table["KeySchema"] * 2
    elif roll == 4:
        table["BillingMode"] = "PROVISIONED"
    elif roll == 5:
        table["GlobalSecondaryIndexes"] = [{"IndexName": "i", "KeySchema": table["KeySchema"], "Projection": rng.choice(
            [{}, {"ProjectionType": "INCLUDE"}, {"ProjectionType": "ALL", "NonKeyAttributes": ["x"]}])}]
    else:
        table["LocalSecondaryIndexes"] = [{"IndexName": "i", "KeySchema": table["KeySchema"],
                                           "Projection": {"ProjectionType": "ALL"}}] * rng.choice([1, 2, 6])


def spoil(rng, step):
    """Makes one member of the request invalid: missing, unknown, of a wrong type, or a bad attribute value."""
    request = step["request"]
    places = []
    walk(request, places)
    if not places:
        return
    holder, name = rng.choice(places)
    roll = rng.random()
    if roll < 0.25:
        del holder[name]
    elif roll < 0.32 and isinstance(holder, dict):
        holder["Unknown"] = rng.choice(REPLACEMENTS)
    elif isinstance(holder[name], dict) and len(holder[name]) == 1 and next(iter(holder[name])) in ("S", "N", "B", "SS", "NS"):
        holder[name] = copy.deepcopy(rng.choice(values.BAD_VALUES))
    else:
        holder[name] = copy.deepcopy(rng.choice(REPLACEMENTS))


def walk(node, places):
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for name, child in pairs:
        places.append((node, name))
        if isinstance(child, (dict, list)):
            walk(child, places)
