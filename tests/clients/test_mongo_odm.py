"""Mappers of documents to Python objects: MongoEngine, and Beanie on PyMongo's asynchronous client."""

import asyncio
import datetime
import decimal
from typing import Annotated, Optional

import pytest

pymongo = pytest.importorskip("pymongo")
mongoengine = pytest.importorskip("mongoengine")
beanie = pytest.importorskip("beanie")

import pydantic  # noqa: E402
from pymongo import AsyncMongoClient  # noqa: E402

import samples  # noqa: E402

# MongoEngine


class Address(mongoengine.EmbeddedDocument):
    city = mongoengine.StringField(required=True)
    at = mongoengine.PointField()


class Person(mongoengine.Document):
    meta = {"collection": "people", "indexes": ["age", ("name", "-age"), {"fields": ["$bio"], "default_language": "english", "cls": False}], "allow_inheritance": True}
    name = mongoengine.StringField(required=True, max_length=40)
    mail = mongoengine.EmailField(unique=True)
    age = mongoengine.IntField(min_value=0)
    bio = mongoengine.StringField()
    balance = mongoengine.Decimal128Field()
    address = mongoengine.EmbeddedDocumentField(Address)
    tags = mongoengine.ListField(mongoengine.StringField())
    facts = mongoengine.MapField(mongoengine.IntField())
    born = mongoengine.DateTimeField()
    photo = mongoengine.FileField()
    friends = mongoengine.ListField(mongoengine.ReferenceField("self"))


class Worker(Person):
    wage = mongoengine.FloatField()


class Quake(mongoengine.Document):
    meta = {"collection": "quakes"}
    name = mongoengine.StringField(primary_key=True)
    at = mongoengine.PointField()
    mag = mongoengine.FloatField(null=True)


@pytest.fixture
def engine(mongo_server):
    connection = mongoengine.connect("mongoengine", host="127.0.0.1", port=mongo_server.mongo_port, uuidRepresentation="standard")
    yield connection
    connection.drop_database("mongoengine")
    mongoengine.disconnect()
    # The next test makes its indexes again.
    for document in (Person, Worker, Quake):
        document._collection = None


def test_people_are_kept_by_mongoengine(engine):
    Person.ensure_indexes()
    saved = []
    mongoengine.signals.post_save.connect(lambda sender, document, **more: saved.append((document.name, more["created"])), sender=Person, weak=False)
    ada = Person(name="Ada", mail="ada@x.org", age=36, bio="writes programs for engines", balance=decimal.Decimal("10.50"),
                 address=Address(city="London", at=[-0.12, 51.5]), tags=["a", "b"], facts={"x": 1}, born=datetime.datetime(1815, 12, 10)).save()
    bob = Worker(name="Bob", mail="bob@x.org", age=20, wage=1.5, friends=[ada]).save()
    with pytest.raises(mongoengine.NotUniqueError):
        Person(name="Twin", mail="ada@x.org").save()
    with pytest.raises(mongoengine.ValidationError):
        Person(name="x" * 41, mail="none").save()
    found = Person.objects.get(address__city="London")
    assert (found.balance, found.facts, found.born.year, found.address.at["coordinates"]) == (decimal.Decimal("10.50"), {"x": 1}, 1815, [-0.12, 51.5])
    assert Worker.objects.count() == 1 and Person.objects.count() == 2
    assert Person.objects(friends=ada).first() == bob and bob.reload().friends[0].name == "Ada"
    assert Person.objects(name="Ada").update_one(push__tags="c", inc__age=1, set__facts__y=2) == 1
    ada.reload()
    assert (ada.tags, ada.age, ada.facts) == (["a", "b", "c"], 37, {"x": 1, "y": 2})
    assert Person.objects(age__gte=30, tags__in=["c"]).only("name").first().name == "Ada"
    assert [one.name for one in Person.objects.search_text("engine program")] == ["Ada"]
    either = Person.objects(mongoengine.Q(age__lt=30) | mongoengine.Q(name__istartswith="ad"))
    assert list(either.order_by("-age").scalar("name")) == ["Ada", "Bob"]
    assert Person.objects.average("age") == 28.5
    [grouped] = Person.objects.aggregate([{"$group": {"_id": None, "n": {"$sum": 1}, "oldest": {"$max": "$age"}}}])
    assert grouped == {"_id": None, "n": 2, "oldest": 37}
    assert Person.objects(name="Cy").upsert_one(set__age=5, set__mail="cy@x.org").age == 5
    ada.photo.put(b"picture" * 100_000, content_type="image/x")
    ada.save()
    assert Person.objects.get(name="Ada").photo.read() == b"picture" * 100_000
    assert saved[0] == ("Ada", True) and saved[-1] == ("Ada", False)
    names = {name for name in Person._get_collection().index_information()}
    assert {"_id_", "_cls_1_age_1", "mail_1", "_cls_1_name_1_age_-1"} <= names, names
    Person.objects(age__gt=100).delete()
    bob.delete()
    assert Person.objects.count() == 2


def test_places_are_asked_by_mongoengine(engine):
    Quake.objects.insert([
        Quake(name=one["_id"], at=one["geometry"]["coordinates"][:2], mag=one["properties"]["mag"]) for one in samples.earthquakes()])
    near = Quake.objects(at__near=[-118, 34], at__max_distance=200_000)
    assert len(list(near)) > 0
    box = Quake.objects(at__geo_within={"type": "Polygon", "coordinates": [[[-125, 30], [-114, 30], [-114, 42], [-125, 42], [-125, 30]]]})
    assert {one.name for one in near} <= {one.name for one in Quake.objects(at__geo_within_sphere=[[-118, 34], 200_100 / 6_378_100])}
    assert box.count() == len(list(box)) > 0
    assert Quake.objects(mag__gte=4).count() == sum(1 for one in samples.earthquakes() if (one["properties"]["mag"] or 0) >= 4)


# Beanie


class Category(beanie.Document):
    name: Annotated[str, beanie.Indexed(unique=True)]

    class Settings:
        name = "categories"


class Product(beanie.Document):
    name: str
    price: float
    tags: list[str] = []
    made: Optional[datetime.datetime] = None
    category: Optional[beanie.Link[Category]] = None

    class Settings:
        name = "products"
        use_revision = True
        indexes = [[("price", pymongo.ASCENDING), ("name", pymongo.DESCENDING)]]

    @beanie.before_event(beanie.Insert)
    def stamp(self):
        self.made = datetime.datetime(2020, 1, 1)


class PriceOfTag(pydantic.BaseModel):
    tag: str
    total: float


def test_products_are_kept_by_beanie(mongo_server):
    async def flow():
        client = AsyncMongoClient("127.0.0.1", mongo_server.mongo_port)
        database = client.beanie
        await beanie.init_beanie(database=database, document_models=[Category, Product])
        toys = await Category(name="toys").insert()
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            await Category(name="toys").insert()
        await Product(name="ball", price=2.5, tags=["round", "red"], category=toys).insert()
        await Product.insert_many([Product(name=f"brick{number}", price=number, tags=["red"]) for number in range(50)])
        assert await Product.find(Product.price >= 40).count() == 10
        ball = await Product.find_one(Product.name == "ball", fetch_links=True)
        assert ball.category.name == "toys" and ball.made == datetime.datetime(2020, 1, 1)
        assert [one.name async for one in Product.find(Product.price < 3).sort("-price")] == ["ball", "brick2", "brick1", "brick0"]
        await ball.set({Product.price: 3.0})
        await Product.find(Product.tags == "red").inc({Product.price: 1})
        assert (await Product.get(ball.id)).price == 4.0
        stale, fresh = await Product.get(ball.id), await Product.get(ball.id)
        fresh.price = 5
        await fresh.save()
        stale.price = 6
        with pytest.raises(beanie.exceptions.RevisionIdWasChanged):
            await stale.replace()
        totals = await Product.aggregate(
            [{"$unwind": "$tags"}, {"$group": {"_id": "$tags", "total": {"$sum": "$price"}}}, {"$project": {"_id": 0, "tag": "$_id", "total": 1}}],
            projection_model=PriceOfTag).to_list()
        assert {one.tag: one.total for one in totals} == {"round": 5, "red": sum(range(1, 51)) + 5}
        assert await Product.find(Product.price > 10).avg(Product.price) == sum(range(11, 51)) / 40
        assert await Product.distinct("tags") == ["red", "round"]
        upserted = await Product.find_one(Product.name == "none").upsert({"$set": {Product.price: 1}}, on_insert=Product(name="none", price=0))
        assert upserted.name == "none"
        async with beanie.BulkWriter() as bulk:
            await Product.find_one(Product.name == "brick0", bulk_writer=bulk).update({"$set": {"price": 100}}, bulk_writer=bulk)
        await ball.delete()
        assert await Product.find(Product.name == "ball").count() == 0
        # Many at once, over a pool of connections.
        await asyncio.gather(*[Product.find_one(Product.name == "brick1").update({"$inc": {"price": 1}}) for _ in range(50)])
        assert (await Product.find_one(Product.name == "brick1")).price == 52
        await client.drop_database("beanie")
        await client.close()

    asyncio.run(flow())
