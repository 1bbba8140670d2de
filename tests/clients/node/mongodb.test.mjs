// MongoDB's driver for Node.js: collections, cursors, bulk writes, sessions, files, sessions of a web server.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, beforeEach, test } from "node:test";
import { Binary, Decimal128, GridFSBucket, Long, MongoClient, ObjectId, Timestamp, UUID } from "mongodb";
import MongoStore from "connect-mongo";
import { startMongo } from "./server.mjs";

let uri, client, db, number = 0;
before(async () => {
  uri = await startMongo("--mongo-test-commands");
  client = await new MongoClient(uri).connect();
});
after(() => client.close());
beforeEach(() => { db = client.db(`test${number++}`); });

test("documents are written, found, changed and deleted", async () => {
  const c = db.collection("things");
  const { insertedId } = await c.insertOne({ name: "a", at: new Date(0), big: Long.fromString("9007199254740993"), tags: ["x", "y"] });
  assert.ok(insertedId instanceof ObjectId);
  await c.insertMany(Array.from({ length: 300 }, (_, n) => ({ _id: n, n: n % 7 })));
  assert.deepEqual((await c.findOne({ _id: insertedId }, { promoteLongs: false })).big, Long.fromString("9007199254740993"));
  assert.equal(await c.countDocuments({ n: 3 }), 43);
  assert.equal(await c.estimatedDocumentCount(), 301);
  assert.deepEqual(await c.distinct("n"), [0, 1, 2, 3, 4, 5, 6]);
  const updated = await c.updateMany({ n: { $gte: 5 } }, { $inc: { n: 10 }, $setOnInsert: { x: 1 } });
  assert.deepEqual([updated.matchedCount, updated.modifiedCount], [85, 85]);
  const upserted = await c.updateOne({ _id: "new" }, { $set: { n: 1 } }, { upsert: true });
  assert.equal(upserted.upsertedId, "new");
  assert.deepEqual(await c.findOneAndUpdate({ _id: "new" }, { $inc: { n: 1 } }, { returnDocument: "after" }), { _id: "new", n: 2 });
  assert.deepEqual(await c.findOneAndReplace({ _id: "new" }, { m: 1 }, { projection: { n: 1 } }), { _id: "new", n: 2 });
  assert.equal((await c.findOneAndDelete({ _id: "new" }, { includeResultMetadata: true })).lastErrorObject.n, 1);
  assert.equal((await c.deleteMany({ n: { $gt: 10 } })).deletedCount, 85);
});

test("cursors stream all documents in batches", async () => {
  const c = db.collection("many");
  await c.insertMany(Array.from({ length: 1000 }, (_, n) => ({ _id: n, text: "x".repeat(n) })));
  const seen = [];
  for await (const one of c.find({}, { batchSize: 33 }).sort({ _id: -1 }).project({ _id: 1 })) seen.push(one._id);
  assert.deepEqual(seen, Array.from({ length: 1000 }, (_, n) => 999 - n));
  const cursor = c.find().batchSize(2);
  assert.ok(await cursor.hasNext());
  await cursor.close();
  const stream = c.find({ _id: { $lt: 50 } }).stream();
  let count = 0;
  for await (const _ of stream) count++;
  assert.equal(count, 50);
  const [sum] = await c.aggregate([{ $group: { _id: null, bytes: { $sum: { $strLenBytes: "$text" } } } }]).toArray();
  assert.equal(sum.bytes, 499_500);
});

test("bulk writes say what they did, and what they could not do", async () => {
  const c = db.collection("bulk");
  await c.createIndex({ n: 1 }, { unique: true });
  const result = await c.bulkWrite([
    { insertOne: { document: { _id: 1, n: 1 } } },
    { updateOne: { filter: { _id: 2 }, update: { $set: { n: 2 } }, upsert: true } },
    { replaceOne: { filter: { _id: 1 }, replacement: { n: 5 } } },
    { updateMany: { filter: {}, update: [{ $set: { n: { $add: ["$n", 100] } } }] } },
    { deleteOne: { filter: { _id: 2 } } },
  ]);
  assert.deepEqual([result.insertedCount, result.upsertedCount, result.modifiedCount, result.deletedCount], [1, 1, 3, 1]);
  const failed = await c.bulkWrite([
    { insertOne: { document: { n: 105 } } }, { insertOne: { document: { n: 106 } } }, { insertOne: { document: { n: 106 } } },
  ], { ordered: false }).catch((error) => error);
  assert.equal(failed.code, 11000);
  assert.deepEqual(failed.writeErrors.map((error) => error.index), [0, 2]);
  assert.equal(failed.result.insertedCount, 1);
  const all = await client.bulkWrite([
    { name: "insertOne", namespace: `${db.databaseName}.one`, document: { _id: 1 } },
    { name: "insertOne", namespace: `${db.databaseName}.two`, document: { _id: 1 } },
    { name: "deleteMany", namespace: `${db.databaseName}.one`, filter: {} },
  ], { verboseResults: true });
  assert.deepEqual([all.insertedCount, all.deletedCount], [2, 1]);
});

test("a unique index names what it refused", async () => {
  const c = db.collection("unique");
  await c.createIndex({ mail: 1, kind: -1 }, { unique: true, name: "mail" });
  await c.insertOne({ mail: "a@b", kind: 1 });
  const error = await c.insertOne({ mail: "a@b", kind: 1 }).catch((error) => error);
  assert.equal(error.code, 11000);
  assert.deepEqual(error.keyPattern, { mail: 1, kind: -1 });
  assert.deepEqual(error.keyValue, { mail: "a@b", kind: 1 });
  assert.match(error.message, /E11000 duplicate key error collection: test\d+\.unique index: mail dup key: \{ mail: "a@b", kind: 1 \}/);
});

test("values keep their types", async () => {
  const c = db.collection("values");
  const values = {
    _id: new UUID("00112233-4455-6677-8899-aabbccddeeff"), binary: new Binary(Buffer.from([1, 2, 3]), 128), decimal: Decimal128.fromString("1.50"),
    timestamp: new Timestamp({ t: 5, i: 6 }), regex: /a+/i, nothing: null, date: new Date(-1), nested: { list: [[], [{}], -0] }, text: "ä\0€",
  };
  await c.insertOne(values);
  const found = await c.findOne({ _id: values._id });
  assert.deepEqual(found, values);
  assert.ok(Object.is(found.nested.list[2], -0));
});

test("indexes and collections are listed", async () => {
  const c = await db.createCollection("listed", { validator: { n: { $gte: 0 } }, collation: { locale: "en", strength: 2 } });
  await c.createIndexes([{ key: { a: 1 }, expireAfterSeconds: 60 }, { key: { b: "text" }, collation: { locale: "simple" } }, { key: { "$**": 1 } }, { key: { g: "2dsphere" } }]);
  const indexes = await c.indexes().catch((error) => error);
  assert.deepEqual(indexes.map((index) => index.name), ["_id_", "a_1", "b_text", "$**_1", "g_2dsphere"]);
  await c.insertOne({ n: 1, a: "X" });
  assert.equal(await c.countDocuments({ a: "x" }), 1);
  const error = await c.insertOne({ n: -1 }).catch((error) => error);
  assert.equal(error.code, 121);
  await c.dropIndex("b_text");
  assert.equal((await c.indexes()).length, 4);
  const [listed] = await db.listCollections({ name: "listed" }).toArray();
  assert.equal(listed.options.collation.strength, 2);
  await c.rename("renamed");
  assert.deepEqual((await db.listCollections({}, { nameOnly: true }).toArray()).map((one) => one.name), ["renamed"]);
  assert.ok((await db.admin().listDatabases()).databases.some((one) => one.name === db.databaseName));
  assert.equal(await db.dropDatabase(), true);
});

test("writes are tried again after a lost connection, and happen once", async () => {
  const fails = (times) => client.db("admin").command({
    configureFailPoint: "failCommand", mode: { times }, data: { failCommands: ["update", "findAndModify"], closeConnection: true, appName: "again" },
  });
  const again = await new MongoClient(uri, { appName: "again" }).connect();
  const c = again.db(db.databaseName).collection("counters");
  await c.insertOne({ _id: 1, n: 0 });
  for (let turn = 0; turn < 4; turn++) {
    await fails(1);
    if (turn % 2) await c.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    else await c.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } });
  }
  assert.equal((await c.findOne()).n, 4);
  const session = again.startSession({ causalConsistency: true });
  await c.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
  assert.equal((await c.findOne({}, { session })).n, 5);
  await session.endSession();
  await again.close();
});

test("a tailable cursor waits for what comes", async () => {
  const log = await db.createCollection("log", { capped: true, size: 100_000 });
  await log.insertOne({ n: 0 });
  const cursor = log.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 2000 });
  const seen = [(await cursor.next()).n];
  const writer = (async () => {
    for (let n = 1; n <= 10; n++) await log.insertOne({ n });
  })();
  while (seen.length < 11) seen.push((await cursor.next()).n);
  await writer;
  await cursor.close();
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("files go in and come out", async () => {
  const bucket = new GridFSBucket(db, { chunkSizeBytes: 1000 });
  const content = Buffer.from(Array.from({ length: 12_345 }, (_, n) => n % 251));
  const upload = bucket.openUploadStream("a.bin", { metadata: { kind: "test" } });
  Readable.from([content]).pipe(upload);
  await new Promise((resolve, reject) => upload.once("finish", resolve).once("error", reject));
  assert.deepEqual(await buffer(bucket.openDownloadStreamByName("a.bin")), content);
  assert.deepEqual(await buffer(bucket.openDownloadStream(upload.id, { start: 1500, end: 4200 })), content.subarray(1500, 4200));
  await bucket.delete(upload.id);
  assert.deepEqual(await bucket.find().toArray(), []);
});

test("a web server's sessions are kept and forgotten", async () => {
  const store = MongoStore.create({ client, dbName: db.databaseName, ttl: 60, touchAfter: 0, stringify: false });
  const call = (method, ...values) => new Promise((resolve, reject) => store[method](...values, (error, value) => error ? reject(error) : resolve(value)));
  const session = { cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) }, user: "ada" };
  await call("set", "sid", session);
  assert.equal((await call("get", "sid")).user, "ada");
  assert.equal(await call("length"), 1);
  await call("touch", "sid", session);
  // What is over is not shown even before it is deleted.
  await call("set", "old", { cookie: { expires: new Date(Date.now() - 1000) } });
  assert.equal(await call("get", "old"), null);
  const indexes = await db.collection("sessions").indexes();
  assert.ok(indexes.some((index) => index.expireAfterSeconds === 0 && index.key.expires === 1));
  await call("destroy", "sid");
  await call("clear");
  assert.equal(await call("length"), 0);
});

test("places are found by where they are", async () => {
  const c = db.collection("places");
  await c.createIndex({ at: "2dsphere" });
  const cities = { berlin: [13.4, 52.5], hamburg: [10, 53.55], paris: [2.35, 48.86], rome: [12.5, 41.9] };
  await c.insertMany(Object.entries(cities).map(([_id, coordinates]) => ({ _id, at: { type: "Point", coordinates } })));
  const near = { $geometry: { type: "Point", coordinates: [13, 52] } };
  assert.deepEqual((await c.find({ at: { $near: near } }).toArray()).map((one) => one._id), ["berlin", "hamburg", "paris", "rome"]);
  const box = { type: "Polygon", coordinates: [[[0, 45], [15, 45], [15, 55], [0, 55], [0, 45]]] };
  assert.equal(await c.countDocuments({ at: { $geoWithin: { $geometry: box } } }), 3);
  const told = await c.aggregate([{ $geoNear: { near: near.$geometry, distanceField: "m", maxDistance: 300_000 } }]).toArray();
  assert.deepEqual(told.map((one) => one._id), ["berlin", "hamburg"]);
  assert.ok(Math.abs(told[0].m - 61_900) < 1000, `${told[0].m}`);
});
