// Dynamoose, which makes its tables and indexes itself.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import dynamoose from "dynamoose";

import { start } from "./server.mjs";

let Cat;

before(async () => {
  dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(await start()));
  const schema = new dynamoose.Schema({
    id: { type: String, hashKey: true },
    owner: { type: String, index: { name: "by-owner", rangeKey: "age" } },
    age: Number,
    name: { type: String, required: true },
    toys: { type: Array, schema: [String] },
    born: Date,
  }, { timestamps: true });
  Cat = dynamoose.model("Cat", schema, { throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { timeout: 10_000, frequency: 50 } } });
});

test("documents are saved, queried by index, scanned, updated and deleted", async () => {
  for (let age = 1; age <= 5; age++) {
    await Cat.create({ id: `c${age}`, owner: age % 2 ? "ann" : "bob", age, name: `cat ${age}`, toys: ["ball"], born: new Date(0) });
  }
  const found = await Cat.get("c3");
  assert.deepEqual([found.name, found.toys, found.born.getTime()], ["cat 3", ["ball"], 0]);
  await assert.rejects(Cat.create({ id: "c3", name: "again" }), { name: "ConditionalCheckFailedException" });

  const ofAnn = await Cat.query("owner").eq("ann").where("age").ge(3).using("by-owner").sort("descending").exec();
  assert.deepEqual(ofAnn.map((cat) => cat.age), [5, 3]);
  assert.equal((await Cat.scan("name").beginsWith("cat").exec()).length, 5);
  assert.equal((await Cat.scan().count().exec()).count, 5);

  await Cat.update({ id: "c3" }, { $ADD: { age: 10 }, $SET: { name: "old cat" }, $REMOVE: ["toys"] });
  const old = await Cat.get("c3");
  assert.deepEqual([old.age, old.name, old.toys], [13, "old cat", undefined]);

  await dynamoose.transaction([Cat.transaction.create({ id: "c6", name: "six" }), Cat.transaction.delete("c1")]);
  const left = await Cat.batchGet(["c1", "c6"]);
  assert.deepEqual(left.map((cat) => cat.id), ["c6"]);
  await Cat.delete("c6");
  assert.equal(await Cat.get("c6"), undefined);
});
