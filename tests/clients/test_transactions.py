"""TransactWriteItems and TransactGetItems."""

import threading
import uuid

import pytest


def put(table, pk, **attributes):
    item = {"pk": {"S": pk}} | {name: {"N": str(value)} for name, value in attributes.items()}
    return {"Put": {"TableName": table.name, "Item": item}}


def add(table, pk, by):
    return {"Update": {"TableName": table.name, "Key": {"pk": {"S": pk}}, "UpdateExpression": "ADD v :by",
                       "ExpressionAttributeValues": {":by": {"N": str(by)}}}}


def check(table, pk, condition):
    return {"ConditionCheck": {"TableName": table.name, "Key": {"pk": {"S": pk}}, "ConditionExpression": condition}}


def refused(call):
    with pytest.raises(Exception) as caught:
        call()
    return caught.value.response


def test_writes_to_several_tables_happen_together(make_table, client):
    first, second = make_table(), make_table()
    first.put_item(Item={"pk": "deleted"})
    answer = client.transact_write_items(
        TransactItems=[
            put(first, "a", v=1), put(second, "a", v=2), add(first, "counter", 5),
            {"Delete": {"TableName": first.name, "Key": {"pk": {"S": "deleted"}}}},
            check(second, "none", "attribute_not_exists(pk)"),
        ],
        ReturnConsumedCapacity="TOTAL", ReturnItemCollectionMetrics="SIZE")
    consumed = {row["TableName"]: (row["CapacityUnits"], row["WriteCapacityUnits"])
                for row in answer["ConsumedCapacity"]}
    assert consumed == {first.name: (6, 6), second.name: (4, 4)}
    assert sorted(item["pk"] for item in first.scan()["Items"]) == ["a", "counter"]
    assert second.scan()["Items"] == [{"pk": "a", "v": 2}]


def test_a_cancelled_transaction_says_why_for_each_action(make_table, client):
    table = make_table()
    table.put_item(Item={"pk": "there", "v": 7})
    new = put(table, "there", v=1)
    new["Put"] |= {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    response = refused(lambda: client.transact_write_items(
        TransactItems=[put(table, "other", v=1), new, check(table, "none", "attribute_exists(pk)")]))
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed]")
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
         "Item": {"pk": {"S": "there"}, "v": {"N": "7"}}},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    assert table.scan()["Count"] == 1


def test_reads_come_in_the_order_asked(make_table, client):
    table = make_table()
    table.put_item(Item={"pk": "a", "v": 1, "w": 2})
    get = {"TableName": table.name, "Key": {"pk": {"S": "a"}}}
    answer = client.transact_get_items(
        TransactItems=[{"Get": get | {"Key": {"pk": {"S": "none"}}}}, {"Get": get},
                       {"Get": get | {"ProjectionExpression": "#w", "ExpressionAttributeNames": {"#w": "w"}}}],
        ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == [
        {}, {"Item": {"pk": {"S": "a"}, "v": {"N": "1"}, "w": {"N": "2"}}}, {"Item": {"w": {"N": "2"}}}]
    assert [(row["CapacityUnits"], row["ReadCapacityUnits"]) for row in answer["ConsumedCapacity"]] == [(6, 6)]


def test_a_wrong_key_cancels_reads(make_table, client):
    table = make_table()
    response = refused(lambda: client.transact_get_items(
        TransactItems=[{"Get": {"TableName": table.name, "Key": {"other": {"S": "a"}}}}]))
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "The provided key element does not match the schema"}]


def test_a_token_makes_a_repeated_request_harmless(make_table, client):
    table, token = make_table(), str(uuid.uuid4())
    for _ in range(3):
        client.transact_write_items(TransactItems=[add(table, "a", 1)], ClientRequestToken=token)
    assert table.scan()["Items"] == [{"pk": "a", "v": 1}]
    response = refused(lambda: client.transact_write_items(
        TransactItems=[add(table, "a", 2)], ClientRequestToken=token))
    assert response["Error"]["Code"] == "IdempotentParameterMismatchException"


@pytest.mark.parametrize("items, code, message", [
    ([], "ValidationException",
     "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: "
     "Member must have length greater than or equal to 1"),
    (None, "ValidationException",
     "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null"),
    ([{}], "ValidationException",
     "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"),
    (["put", "put"], "ValidationException", "Transaction request cannot include multiple operations on one item"),
    (["put+check"], "ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete"),
    (["absent"], "ResourceNotFoundException", "Requested resource not found"),
    (["no expression"], "ValidationException",
     "1 validation error detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy "
     "constraint: Member must not be null"),
])
def test_wrong_requests_get_the_services_texts(make_table, unchecked, items, code, message):
    table = make_table()
    kinds = {
        "put": put(table, "a"),
        "put+check": put(table, "a") | check(table, "b", "attribute_exists(pk)"),
        "absent": {"Put": {"TableName": "absent", "Item": {"pk": {"S": "a"}}}},
        "no expression": {"Update": {"TableName": table.name, "Key": {"pk": {"S": "a"}}}},
    }
    given = {} if items is None else {"TransactItems": [kinds[i] if isinstance(i, str) else i for i in items]}
    error = refused(lambda: unchecked.transact_write_items(**given))["Error"]
    assert (error["Code"], error["Message"]) == (code, message)
    assert table.scan()["Count"] == 0


def test_transfers_by_many_clients_keep_the_sum(make_table, server):
    table = make_table()
    for name in "abc":
        table.put_item(Item={"pk": name, "v": 100})

    def transfer(giver, taker):
        client = server.client()
        for amount in range(1, 21):
            client.transact_write_items(TransactItems=[add(table, giver, -amount), add(table, taker, amount)])

    threads = [threading.Thread(target=transfer, args=pair) for pair in ("ab", "bc", "ca", "ba") for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {item["pk"]: item["v"] for item in table.scan()["Items"]} == {"a": 520, "b": -320, "c": 100}
