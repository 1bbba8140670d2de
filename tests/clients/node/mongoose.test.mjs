// Mongoose: schemas, validation, populate, versions, discriminators, and what it makes of the server's errors.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mongoose from "mongoose";
import { startMongo } from "./server.mjs";

const { Schema } = mongoose;
let number = 0;

before(async () => {
  await mongoose.connect(`${await startMongo()}test`);
});
after(() => mongoose.disconnect());

/** A model of its own for each test, with its indexes. */
async function model(schema, name = `Thing${number++}`) {
  const made = mongoose.model(name, schema);
  await made.init();
  return made;
}

test("documents are checked, saved and found", async () => {
  const User = await model(new Schema({
    name: { type: String, required: true, trim: true, minlength: 2 },
    age: { type: Number, min: 0 },
    mail: { type: String, lowercase: true, match: /@/ },
    born: Date, tags: [String], balance: Schema.Types.Decimal128, id64: BigInt, settings: { type: Map, of: String }, raw: Buffer,
    nested: { deep: { value: Schema.Types.Mixed } },
  }, { timestamps: true }));
  const wrong = await User.create({ name: "A", age: -1, mail: "none" }).catch((error) => error);
  assert.deepEqual(Object.keys(wrong.errors).sort(), ["age", "mail", "name"]);
  const made = await User.create({
    name: "  Ada ", age: 36, mail: "ADA@x.org", born: new Date("1815-12-10"), tags: ["a", "b"], balance: "10.50", id64: 9007199254740993n,
    settings: { theme: "dark" }, raw: Buffer.from("bytes"), nested: { deep: { value: [1, { x: 2 }] } },
  });
  const found = await User.findById(made._id);
  assert.equal(found.name, "Ada");
  assert.equal(found.mail, "ada@x.org");
  assert.equal(found.balance.toString(), "10.50");
  assert.equal(found.id64, 9007199254740993n);
  assert.equal(found.settings.get("theme"), "dark");
  assert.equal(found.raw.toString(), "bytes");
  assert.ok(found.createdAt instanceof Date);
  found.tags.push("c");
  found.settings.set("lang", "en");
  found.nested.deep.value = null;
  await found.save();
  const again = await User.findOne({ tags: "c", "settings.lang": "en" }).lean();
  assert.deepEqual(again.tags, ["a", "b", "c"]);
  assert.equal(again.nested.deep.value, null);
  assert.ok(again.updatedAt >= again.createdAt);
  assert.equal(await User.exists({ name: "nobody" }), null);
});

test("an update that no longer fits the version is refused", async () => {
  const List = await model(new Schema({ items: [Number], title: String }, { optimisticConcurrency: true }));
  const made = await List.create({ items: [1, 2, 3], title: "a" });
  assert.equal(made.__v, 0);
  const [one, other] = [await List.findById(made._id), await List.findById(made._id)];
  one.items.set(0, 10);
  await one.save();
  other.items.set(1, 20);
  const error = await other.save().catch((error) => error);
  assert.equal(error.name, "VersionError");
  assert.equal((await List.findById(made._id).lean()).__v, 1);
});

test("a unique index is an error that names the field", async () => {
  const User = await model(new Schema({ mail: { type: String, unique: true }, n: Number }));
  await User.create({ mail: "a@b" });
  const error = await User.create({ mail: "a@b" }).catch((error) => error);
  assert.equal(error.code, 11000);
  assert.deepEqual(error.keyPattern, { mail: 1 });
  assert.deepEqual(error.keyValue, { mail: "a@b" });
  const updated = await User.findOneAndUpdate({ mail: "c@d" }, { $set: { mail: "a@b" } }, { upsert: true }).catch((error) => error);
  assert.equal(updated.code, 11000);
  const many = await User.insertMany([{ mail: "x" }, { mail: "a@b" }, { mail: "y" }], { ordered: false }).catch((error) => error);
  assert.equal(many.code, 11000);
  assert.equal(many.insertedDocs.length, 2);
  assert.equal(await User.countDocuments(), 3);
});

test("references are populated", async () => {
  const authors = new Schema({ name: String });
  const Author = await model(authors, "Author");
  const Book = await model(new Schema({
    title: String, author: { type: Schema.Types.ObjectId, ref: "Author" }, reviews: [{ by: { type: Schema.Types.ObjectId, ref: "Author" }, stars: Number }],
  }), "Book");
  authors.virtual("books", { ref: "Book", localField: "_id", foreignField: "author" });
  const [ada, bob] = await Author.create([{ name: "Ada" }, { name: "Bob" }], { ordered: true });
  await Book.create([
    { title: "One", author: ada, reviews: [{ by: bob, stars: 5 }, { by: ada, stars: 1 }] }, { title: "Two", author: ada }, { title: "Three", author: bob },
  ], { ordered: true });
  const books = await Book.find({ author: ada }).sort("title").populate("author", "name").populate("reviews.by");
  assert.deepEqual(books.map((book) => [book.title, book.author.name]), [["One", "Ada"], ["Two", "Ada"]]);
  assert.deepEqual(books[0].reviews.map((review) => review.by.name), ["Bob", "Ada"]);
  const joined = await Author.aggregate([
    { $lookup: { from: Book.collection.name, localField: "_id", foreignField: "author", as: "books", pipeline: [{ $sort: { title: 1 } }] } },
    { $project: { _id: 0, name: 1, titles: "$books.title" } }, { $sort: { name: 1 } },
  ]);
  assert.deepEqual(joined, [{ name: "Ada", titles: ["One", "Two"] }, { name: "Bob", titles: ["Three"] }]);
});

test("subdocuments and arrays are changed in place", async () => {
  const Order = await model(new Schema({ lines: [{ sku: String, n: { type: Number, default: 1 } }], state: { type: String, enum: ["new", "done"] } }));
  const order = await Order.create({ lines: [{ sku: "a" }, { sku: "b", n: 5 }], state: "new" });
  order.lines.id(order.lines[1]._id).n = 6;
  order.lines.push({ sku: "c" });
  await order.save();
  order.lines.pull(order.lines[0]._id);
  await order.save();
  await Order.updateOne({ _id: order._id }, { $set: { "lines.$[line].n": 9 } }, { arrayFilters: [{ "line.sku": "c" }] });
  await Order.updateOne({ _id: order._id, "lines.sku": "b" }, { $inc: { "lines.$.n": 1 } });
  const found = await Order.findById(order._id).lean();
  assert.deepEqual(found.lines.map(({ sku, n }) => [sku, n]), [["b", 7], ["c", 9]]);
  const error = await Order.updateOne({ _id: order._id }, { state: "odd" }, { runValidators: true }).catch((error) => error);
  assert.equal(error.errors.state.kind, "enum");
});

test("cursors, bulk writes and middleware go through all documents", async () => {
  const schema = new Schema({ _id: Number, n: Number, touched: Boolean });
  const hooks = [];
  schema.pre("save", function () { hooks.push("save"); });
  schema.post("find", (found) => { hooks.push(`find ${found.length}`); });
  const Row = await model(schema);
  await Row.insertMany(Array.from({ length: 500 }, (_, n) => ({ _id: n, n })));
  let sum = 0;
  for await (const row of Row.find().sort({ _id: 1 }).cursor({ batchSize: 40 })) sum += row.n;
  assert.equal(sum, 124_750);
  await Row.find({ _id: { $lt: 20 } }).cursor().eachAsync(async (row) => { row.touched = true; await row.save(); }, { parallel: 4 });
  assert.equal(await Row.countDocuments({ touched: true }), 20);
  const result = await Row.bulkWrite([
    { updateMany: { filter: { n: { $gte: 400 } }, update: { $mul: { n: 2 } } } }, { deleteOne: { filter: { _id: 0 } } }, { insertOne: { document: { _id: 1000 } } },
  ]);
  assert.deepEqual([result.modifiedCount, result.deletedCount, result.insertedCount], [100, 1, 1]);
  const saved = [new Row({ _id: 2000 }), await Row.findById(1)];
  saved[1].n = -1;
  await Row.bulkSave(saved);
  assert.equal((await Row.findById(1).lean()).n, -1);
  assert.equal((await Row.find({ _id: { $in: [1, 2] } })).length, 2);
  assert.ok(hooks.includes("save") && hooks.includes("find 2"));
  const paged = await Row.find().sort("-_id").skip(1).limit(2).select("n").lean();
  assert.deepEqual(paged.map((row) => row._id), [1000, 499]);
});

test("kinds of one model share a collection", async () => {
  const Event = await model(new Schema({ at: Date }, { discriminatorKey: "kind" }));
  const Click = Event.discriminator(`Click${number}`, new Schema({ x: Number }));
  const Key = Event.discriminator(`Key${number}`, new Schema({ key: String }));
  await Click.create({ x: 5 });
  await Key.create([{ key: "a" }, { key: "b" }], { ordered: true });
  assert.equal(await Event.countDocuments(), 3);
  assert.equal(await Key.countDocuments(), 2);
  assert.ok((await Event.findOne({ x: 5 })) instanceof Click);
});

test("places, texts and collations have their indexes", async () => {
  const Place = await model(new Schema({
    name: { type: String, text: true },
    at: { type: { type: String, enum: ["Point"] }, coordinates: [Number] },
  }).index({ at: "2dsphere" }).index({ name: 1 }, { unique: true, collation: { locale: "en", strength: 2 } }));
  await Place.create([
    { name: "Alexanderplatz Berlin", at: { type: "Point", coordinates: [13.413, 52.522] } },
    { name: "Brandenburg Gate Berlin", at: { type: "Point", coordinates: [13.378, 52.516] } },
    { name: "Eiffel Tower", at: { type: "Point", coordinates: [2.294, 48.858] } },
  ], { ordered: true });
  const near = await Place.find({ at: { $near: { $geometry: { type: "Point", coordinates: [13.38, 52.516] }, $maxDistance: 10_000 } } });
  assert.deepEqual(near.map((place) => place.name), ["Brandenburg Gate Berlin", "Alexanderplatz Berlin"]);
  const within = await Place.where("at").within().circle({ center: [2.3, 48.9], radius: 0.01, spherical: true });
  assert.deepEqual(within.map((place) => place.name), ["Eiffel Tower"]);
  const texts = await Place.find({ $text: { $search: "gates" } }, { score: { $meta: "textScore" } });
  assert.deepEqual(texts.map((place) => place.name), ["Brandenburg Gate Berlin"]);
  assert.equal((await Place.create({ name: "EIFFEL TOWER" }).catch((error) => error)).code, 11000);
  const names = (await Place.listIndexes()).map((index) => index.name);
  assert.ok(names.includes("at_2dsphere") && names.includes("name_text"));
  assert.deepEqual(await Place.diffIndexes(), { toDrop: [], toCreate: [] });
  await Place.syncIndexes();
});

test("a session goes through several operations", async () => {
  const Row = await model(new Schema({ n: Number }));
  const session = await mongoose.startSession();
  const row = await new Row({ n: 1 }).save({ session });
  await Row.updateOne({ _id: row._id }, { $inc: { n: 1 } }, { session });
  assert.equal((await Row.findById(row._id).session(session)).n, 2);
  await session.endSession();
  assert.deepEqual(await Row.aggregate().match({ n: { $gt: 0 } }).group({ _id: null, sum: { $sum: "$n" } }), [{ _id: null, sum: 2 }]);
});
