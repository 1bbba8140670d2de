"""Real rows, loaded and asked about; a plain Python list is the judge.

The rows are those of ../data; MOVIES_JSON names a larger file of the same shape.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key

from millpond import ROOT


@pytest.fixture(scope="module")
def movies():
    path = os.environ.get("MOVIES_JSON") or ROOT / "tests/data/movies-sample.json"
    with open(path, encoding="utf-8") as file:
        rows = json.load(file, parse_float=Decimal)
    # Titles repeat and are not all strings, so the row's number makes the sort key one of its own.
    return [{**row, "genre": row["Major Genre"] or "(none)", "title": f"{row['Title']}#{number:04}"}
            for number, row in enumerate(rows)]


@pytest.fixture(scope="module")
def table(server, client, movies):
    client.create_table(
        TableName="movies", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "genre", "KeyType": "HASH"}, {"AttributeName": "title", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "genre", "AttributeType": "S"}, {"AttributeName": "title", "AttributeType": "S"}],
    )
    table = server.resource().Table("movies")
    with table.batch_writer() as batch:
        for row in movies:
            batch.put_item(Item=row)
    yield table
    client.delete_table(TableName="movies")


def pages(call, **request):
    while True:
        page = call(**request)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def items(call, **request):
    return [item for page in pages(call, **request) for item in page["Items"]]


def by_title(rows):
    return sorted(rows, key=lambda row: row["title"].encode())


def test_every_row_comes_back_as_it_was(table, movies):
    order = lambda row: (row["genre"], row["title"])
    assert sorted(items(table.scan), key=order) == sorted(movies, key=order)


def test_a_genre_is_one_query_in_order_of_title(table, movies):
    for genre in {row["genre"] for row in movies}:
        expected = by_title(row for row in movies if row["genre"] == genre)
        key = Key("genre").eq(genre)
        assert items(table.query, KeyConditionExpression=key) == expected
        assert items(table.query, KeyConditionExpression=key, Limit=17) == expected
        assert items(table.query, KeyConditionExpression=key, Limit=7, ScanIndexForward=False) == expected[::-1]


def test_titles_have_prefixes_and_ranges(table, movies):
    comedies = by_title(row for row in movies if row["genre"] == "Comedy")
    key = Key("genre").eq("Comedy")
    the = items(table.query, KeyConditionExpression=key & Key("title").begins_with("The "))
    assert the == [row for row in comedies if row["title"].startswith("The ")] != []
    between = items(table.query, KeyConditionExpression=key & Key("title").between("D", "M"))
    assert between == [row for row in comedies if "D" <= row["title"] <= "M"] != []


def test_filters_meet_missing_and_mixed_values(table, movies):
    good = {row["title"] for row in movies if row["IMDB Rating"] is not None and row["IMDB Rating"] >= Decimal("7.5")}
    found = items(table.scan, FilterExpression=Attr("IMDB Rating").gte(Decimal("7.5")), ProjectionExpression="title")
    assert {item["title"] for item in found} == good != set()
    numbered = items(table.scan, FilterExpression=Attr("Title").attribute_type("N"))
    assert sorted(row["Title"] for row in numbered) == sorted(r["Title"] for r in movies if isinstance(r["Title"], int)) != []
    unknown = items(table.scan, FilterExpression=Attr("Director").eq(None), Select="SPECIFIC_ATTRIBUTES",
                    ProjectionExpression="title")
    assert len(unknown) == sum(row["Director"] is None for row in movies)


def test_four_threads_scan_a_segment_each(table, movies):
    segment = lambda number: items(table.scan, Segment=number, TotalSegments=4, Limit=23)
    with ThreadPoolExecutor(4) as threads:
        found = [row["title"] for part in threads.map(segment, range(4)) for row in part]
    assert sorted(found) == sorted(row["title"] for row in movies)


def test_an_update_under_a_condition_changes_the_right_rows(table, movies, client):
    row = next(row for row in movies if row["IMDB Votes"] is not None)
    key = {"genre": row["genre"], "title": row["title"]}
    update = {
        "Key": key, "UpdateExpression": "SET #votes = #votes + :one, seen = :seen",
        "ConditionExpression": "#votes = :votes AND attribute_not_exists(seen)",
        "ExpressionAttributeNames": {"#votes": "IMDB Votes"},
        "ExpressionAttributeValues": {":one": 1, ":votes": row["IMDB Votes"], ":seen": True},
    }
    assert table.update_item(**update, ReturnValues="UPDATED_NEW")["Attributes"] == {
        "IMDB Votes": row["IMDB Votes"] + 1, "seen": True}
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        table.update_item(**update)
    # The rows are the same for the tests that follow.
    table.put_item(Item=row)
