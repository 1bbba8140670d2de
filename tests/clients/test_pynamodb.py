"""PynamoDB, the object mapper, doing what its own tutorial does."""

from datetime import datetime, timedelta, timezone

import pytest
from pynamodb.attributes import (
    BinaryAttribute, BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, NumberSetAttribute,
    TTLAttribute, UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from millpond import CREDENTIALS


class Address(MapAttribute):
    city = UnicodeAttribute()
    zip = UnicodeAttribute(null=True)


@pytest.fixture(scope="module")
def models(server):
    class Base:
        host = server.url
        region = CREDENTIALS["region_name"]
        aws_access_key_id = CREDENTIALS["aws_access_key_id"]
        aws_secret_access_key = CREDENTIALS["aws_secret_access_key"]
        billing_mode = "PAY_PER_REQUEST"

    class ByViews(GlobalSecondaryIndex):
        class Meta(Base):
            index_name = "by-views"
            projection = AllProjection()

        forum = UnicodeAttribute(hash_key=True)
        views = NumberAttribute(range_key=True)

    class ByDate(LocalSecondaryIndex):
        class Meta(Base):
            index_name = "by-date"
            projection = KeysOnlyProjection()

        forum = UnicodeAttribute(hash_key=True)
        posted = UTCDateTimeAttribute(range_key=True)

    class Thread(Model):
        class Meta(Base):
            table_name = "pynamodb.threads"

        forum = UnicodeAttribute(hash_key=True)
        subject = UnicodeAttribute(range_key=True)
        views = NumberAttribute(default=0)
        posted = UTCDateTimeAttribute(default=lambda: datetime(2026, 1, 1, tzinfo=timezone.utc))
        tags = UnicodeSetAttribute(null=True)
        marks = NumberSetAttribute(null=True)
        body = BinaryAttribute(null=True, legacy_encoding=False)
        pinned = BooleanAttribute(default=False)
        extra = JSONAttribute(null=True)
        replies = ListAttribute(default=list)
        address = Address(null=True)
        until = TTLAttribute(null=True)
        by_views = ByViews()
        by_date = ByDate()

    class Account(Model):
        class Meta(Base):
            table_name = "pynamodb.accounts"

        name = UnicodeAttribute(hash_key=True)
        balance = NumberAttribute(default=0)
        version = VersionAttribute()

    for model in (Thread, Account):
        model.create_table(wait=True)
    yield Thread, Account
    for model in (Thread, Account):
        model.delete_table()
        assert not model.exists()


@pytest.fixture
def threads(models):
    Thread, _ = models
    with Thread.batch_write() as batch:
        for thread in Thread.scan():
            batch.delete(thread)
        for n in range(40):
            posted = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=40 - n)
            batch.save(Thread("cars", f"subject {n:02}", views=n * 7 % 40, posted=posted))
    return Thread


def test_a_model_comes_back_as_it_was_saved(models):
    Thread, _ = models
    saved = Thread(
        "books", "all types", views=7, tags={"a", "b"}, marks={1, 2.5}, body=b"\x00\xff", pinned=True,
        extra={"k": [1, None]}, replies=["x", 1, {"y": True}], address=Address(city="Łódź"),
    )
    saved.save()
    found = Thread.get("books", "all types")
    assert found.address.as_dict() == saved.address.as_dict() == {"city": "Łódź"}
    found.address = saved.address = None
    assert found.attribute_values == saved.attribute_values
    saved.delete()
    with pytest.raises(DoesNotExist):
        Thread.get("books", "all types")


def test_queries_pages_filters_and_counts(threads):
    subjects = [thread.subject for thread in threads.query("cars", threads.subject.startswith("subject 1"))]
    assert subjects == [f"subject {n}" for n in range(10, 20)]
    assert threads.count("cars", threads.subject.between("subject 05", "subject 09")) == 5
    many = list(threads.query("cars", page_size=7, scan_index_forward=False))
    assert [thread.subject for thread in many] == [f"subject {n:02}" for n in range(39, -1, -1)]
    assert threads.count("cars", filter_condition=threads.views.is_in(7, 14) | ~threads.tags.does_not_exist()) == 2
    some = threads.scan(threads.views > 30, limit=3, attributes_to_get=["subject"])
    assert len([thread.subject for thread in some]) == 3


def test_indexes_are_queried(threads):
    views = [thread.views for thread in threads.by_views.query("cars", threads.views >= 30, scan_index_forward=False)]
    assert views == list(range(39, 29, -1))
    first = next(threads.by_date.query("cars", limit=1))
    assert first.subject == "subject 39"


def test_updates_and_conditions(threads):
    thread = threads.get("cars", "subject 00")
    thread.update(actions=[
        threads.views.add(5), threads.tags.add({"new"}), threads.replies.set(threads.replies.append(["hi"])),
        threads.address.set(Address(city="Kraków")), threads.pinned.set(True),
    ], condition=threads.views == 0)
    assert (thread.views, thread.tags, thread.replies, thread.address.city) == (5, {"new"}, ["hi"], "Kraków")
    with pytest.raises(UpdateError):
        thread.update(actions=[threads.views.set(0)], condition=threads.address.city == "Łódź")
    with pytest.raises(PutError):
        threads("cars", "subject 00").save(threads.subject.does_not_exist())


def test_versions_keep_two_writers_apart(models):
    _, Account = models
    Account("ann", balance=10).save()
    one, other = Account.get("ann"), Account.get("ann")
    one.balance = 20
    one.save()
    other.balance = 30
    with pytest.raises(PutError):
        other.save()
    assert (Account.get("ann").balance, Account.get("ann").version) == (20, 2)


def test_transactions(models, server):
    _, Account = models
    connection = Connection(
        region=CREDENTIALS["region_name"], host=server.url, aws_access_key_id=CREDENTIALS["aws_access_key_id"],
        aws_secret_access_key=CREDENTIALS["aws_secret_access_key"],
    )
    for name in ("from", "to"):
        Account(name, balance=100).save()
    source, target = Account.get("from"), Account.get("to")
    with TransactWrite(connection=connection, client_request_token="transfer") as transaction:
        transaction.update(source, actions=[Account.balance.add(-30)], condition=Account.balance >= 30)
        transaction.update(target, actions=[Account.balance.add(30)])
    with TransactGet(connection=connection) as transaction:
        futures = [transaction.get(Account, name) for name in ("from", "to")]
    assert [future.get().balance for future in futures] == [70, 130]
    source = Account.get("from")
    with pytest.raises(TransactWriteError) as raised:
        with TransactWrite(connection=connection) as transaction:
            transaction.update(source, actions=[Account.balance.add(-100)], condition=Account.balance >= 100)
    assert raised.value.cancellation_reasons[0].code == "ConditionalCheckFailed"


def test_time_to_live_is_switched_on(models):
    Thread, _ = models
    description = Thread._get_connection().connection.client.describe_time_to_live(TableName=Thread.Meta.table_name)
    assert description["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
