"""Queries and scans: order, key conditions, filters, pages, segments."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key

NUMBERS = [Decimal(n) for n in ("-1E+20", "-300", "-2.5", "-2", "-0.001", "0", "1E-100", "0.5", "2", "10", "1E+20")]


@pytest.fixture
def numbers(make_table):
    table = make_table("S", "N")
    for number in reversed(NUMBERS):
        table.put_item(Item={"pk": "p", "sk": number, "even": number % 2 == 0})
    table.put_item(Item={"pk": "other", "sk": 1})
    return table


def sort_keys(answer):
    return [item["sk"] for item in answer["Items"]]


def test_a_query_is_in_order_of_the_numbers_both_ways(numbers):
    key = Key("pk").eq("p")
    assert sort_keys(numbers.query(KeyConditionExpression=key)) == NUMBERS
    assert sort_keys(numbers.query(KeyConditionExpression=key, ScanIndexForward=False)) == NUMBERS[::-1]


@pytest.mark.parametrize("condition,expected", [
    (Key("sk").eq(2), ["2"]),
    (Key("sk").lt(-2), ["-1E+20", "-300", "-2.5"]),
    (Key("sk").lte(-2), ["-1E+20", "-300", "-2.5", "-2"]),
    (Key("sk").gt(2), ["10", "1E+20"]),
    (Key("sk").gte(2), ["2", "10", "1E+20"]),
    (Key("sk").between(0, Decimal("0.5")), ["0", "1E-100", "0.5"]),
    (Key("sk").gt(Decimal("1E+21")), []),
])
def test_conditions_on_a_numeric_sort_key(numbers, condition, expected):
    got = sort_keys(numbers.query(KeyConditionExpression=Key("pk").eq("p") & condition))
    assert got == [Decimal(n) for n in expected]


def test_strings_sort_by_their_utf8_bytes_and_have_prefixes(make_table):
    table = make_table("S", "S")
    keys = ["A", "B", "a", "ab", "abc", "b", "z", "é", "日本", "😀", "a\x00b"]
    for key in keys:
        table.put_item(Item={"pk": "p", "sk": key})
    query = lambda condition: sort_keys(table.query(KeyConditionExpression=Key("pk").eq("p") & condition))
    assert sort_keys(table.query(KeyConditionExpression=Key("pk").eq("p"))) == sorted(keys, key=str.encode)
    assert query(Key("sk").begins_with("a")) == ["a", "a\x00b", "ab", "abc"]
    assert query(Key("sk").begins_with("日")) == ["日本"]
    assert query(Key("sk").between("b", "é")) == ["b", "z", "é"]


def test_bytes_sort_unsigned_and_have_prefixes(make_table):
    table = make_table("S", "B")
    keys = [b"\x00", b"\x00\x00", b"\x00\xff", b"\x01", b"\x7f", b"\x80", b"\xff", b"\xff\xff", b"\xff\xff\x01"]
    for key in reversed(keys):
        table.put_item(Item={"pk": "p", "sk": key})
    query = lambda condition: [item["sk"].value for item in table.query(KeyConditionExpression=condition)["Items"]]
    assert query(Key("pk").eq("p")) == keys
    assert query(Key("pk").eq("p") & Key("sk").begins_with(b"\xff")) == keys[-3:]


def test_a_limit_counts_what_was_looked_at_and_pages_join_up(numbers):
    for forward in (True, False):
        for limit in (1, 3, len(NUMBERS), len(NUMBERS) + 1):
            seen, request = [], {"KeyConditionExpression": Key("pk").eq("p"), "Limit": limit, "ScanIndexForward": forward}
            while True:
                page = numbers.query(**request)
                assert page["Count"] <= limit
                seen += sort_keys(page)
                if "LastEvaluatedKey" not in page:
                    break
                assert page["LastEvaluatedKey"] == {"pk": "p", "sk": seen[-1]}
                request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            assert seen == (NUMBERS if forward else NUMBERS[::-1])


def test_a_filter_works_after_the_limit(numbers):
    page = numbers.query(KeyConditionExpression=Key("pk").eq("p"), FilterExpression=Attr("even").eq(True), Limit=3)
    assert (page["Count"], page["ScannedCount"]) == (2, 3)
    assert sort_keys(page) == [Decimal("-1E+20"), Decimal(-300)]
    assert page["LastEvaluatedKey"]["sk"] == Decimal("-2.5")


def test_select_count_sends_no_items(numbers):
    page = numbers.query(KeyConditionExpression=Key("pk").eq("p"), Select="COUNT")
    assert page["Count"] == len(NUMBERS)
    assert "Items" not in page


def test_a_page_ends_at_one_mebibyte(make_table, client):
    table = make_table("S", "N")
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": "p", "sk": number, "v": "x" * 100_000})
    key = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    for operation, request in (("query", key), ("scan", {})):
        pages = list(client.get_paginator(operation).paginate(TableName=table.name, **request))
        assert len(pages) == 3
        assert [int(item["sk"]["N"]) for page in pages for item in page["Items"]] == list(range(30))
        assert all(sum(len(item["v"]["S"]) for item in page["Items"]) <= 1_100_000 for page in pages)
    # A filter that lets nothing through saves no page.
    empty = list(client.get_paginator("scan").paginate(
        TableName=table.name, FilterExpression="attribute_not_exists(v)"))
    assert [page["Count"] for page in empty] == [0, 0, 0]
    assert sum(page["ScannedCount"] for page in empty) == 30


def test_four_segments_scan_everything_once(make_table, client):
    table = make_table("S", "N")
    with table.batch_writer() as batch:
        for number in range(1000):
            batch.put_item(Item={"pk": f"p{number % 250}", "sk": number})

    def segment(number):
        pages = client.get_paginator("scan").paginate(
            TableName=table.name, Segment=number, TotalSegments=4, PaginationConfig={"PageSize": 37})
        return [int(item["sk"]["N"]) for page in pages for item in page["Items"]]

    with ThreadPoolExecutor(4) as threads:
        segments = list(threads.map(segment, range(4)))
    assert sorted(number for part in segments for number in part) == list(range(1000))
    assert all(segments), "250 partitions must spread over 4 segments"


def test_a_scan_projects_and_filters(numbers):
    page = numbers.scan(FilterExpression=Attr("even").exists() & Attr("sk").gt(0), ProjectionExpression="sk")
    assert sorted(sort_keys(page)) == [number for number in NUMBERS if number > 0]
    assert all(item.keys() == {"sk"} for item in page["Items"])
    assert page["ScannedCount"] == len(NUMBERS) + 1
