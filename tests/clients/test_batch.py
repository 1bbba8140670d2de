"""Batches of items over several tables."""

import pytest


def test_the_batch_writer_loads_and_batch_get_fetches(make_table, server):
    table = make_table("S", "N")
    with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for number in range(260):
            batch.put_item(Item={"pk": "p", "sk": number, "v": f"value {number}"})
        for number in range(0, 260, 2):
            batch.delete_item(Key={"pk": "p", "sk": number})
    keys = [{"pk": "p", "sk": number} for number in range(100)]
    answer = server.resource().batch_get_item(RequestItems={table.name: {"Keys": keys, "ConsistentRead": True}})
    assert answer["UnprocessedKeys"] == {}
    assert sorted(item["sk"] for item in answer["Responses"][table.name]) == list(range(1, 100, 2))


def test_one_batch_reads_and_writes_several_tables(make_table, server):
    first, second = make_table(), make_table("N")
    resource = server.resource()
    answer = resource.batch_write_item(RequestItems={
        first.name: [{"PutRequest": {"Item": {"pk": "a", "v": 1}}}],
        second.name: [{"PutRequest": {"Item": {"pk": 7, "v": [1]}}}, {"DeleteRequest": {"Key": {"pk": 8}}}],
    })
    assert answer["UnprocessedItems"] == {}
    answer = resource.batch_get_item(RequestItems={
        first.name: {"Keys": [{"pk": "a"}, {"pk": "none"}], "ProjectionExpression": "v"},
        second.name: {"Keys": [{"pk": 7}]},
    })
    assert answer["Responses"] == {first.name: [{"v": 1}], second.name: [{"pk": 7, "v": [1]}]}


def test_a_batch_get_stops_at_16_mib_and_says_what_is_left(make_table, client):
    table = make_table()
    for number in range(50):
        table.put_item(Item={"pk": str(number), "v": "x" * 400_000})
    wanted = {table.name: {"Keys": [{"pk": {"S": str(number)}} for number in range(50)]}}
    got, rounds = set(), 0
    while wanted:
        answer = client.batch_get_item(RequestItems=wanted)
        assert sum(len(item["v"]["S"]) for item in answer["Responses"][table.name]) <= 16 * 1024 * 1024
        got |= {item["pk"]["S"] for item in answer["Responses"][table.name]}
        wanted, rounds = answer["UnprocessedKeys"], rounds + 1
    assert got == {str(number) for number in range(50)}
    assert rounds == 2


def test_a_wrong_entry_refuses_the_whole_batch(make_table, client):
    table = make_table()
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.batch_write_item(RequestItems={table.name: [
            {"PutRequest": {"Item": {"pk": {"S": "good"}}}}, {"PutRequest": {"Item": {"pk": {"N": "1"}}}}]})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert table.scan()["Count"] == 0
