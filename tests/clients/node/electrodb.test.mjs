// ElectroDB: several entities in one table, found by its own composite keys.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Entity, Service } from "electrodb";

import { start } from "./server.mjs";

let store;

before(async () => {
  const client = new DynamoDBClient(await start());
  const keys = (pk, sk) => [{ AttributeName: pk, KeyType: "HASH" }, { AttributeName: sk, KeyType: "RANGE" }];
  await client.send(new CreateTableCommand({
    TableName: "electro",
    KeySchema: keys("pk", "sk"),
    AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    GlobalSecondaryIndexes: [{ IndexName: "gsi1", KeySchema: keys("gsi1pk", "gsi1sk"), Projection: { ProjectionType: "ALL" } }],
    BillingMode: "PAY_PER_REQUEST",
  }));
  const config = { client, table: "electro" };
  const employee = new Entity({
    model: { entity: "employee", version: "1", service: "office" },
    attributes: {
      id: { type: "string" }, team: { type: "string" }, name: { type: "string", required: true },
      salary: { type: "number", default: 0 }, skills: { type: "set", items: "string" },
    },
    indexes: {
      byId: { pk: { field: "pk", composite: ["id"] }, sk: { field: "sk", composite: [] } },
      byTeam: { index: "gsi1", collection: "team", pk: { field: "gsi1pk", composite: ["team"] }, sk: { field: "gsi1sk", composite: ["name"] } },
    },
  }, config);
  const task = new Entity({
    model: { entity: "task", version: "1", service: "office" },
    attributes: { task: { type: "string" }, team: { type: "string" }, points: { type: "number" } },
    indexes: {
      byId: { pk: { field: "pk", composite: ["task"] }, sk: { field: "sk", composite: [] } },
      byTeam: { index: "gsi1", collection: "team", pk: { field: "gsi1pk", composite: ["team"] }, sk: { field: "gsi1sk", composite: ["task"] } },
    },
  }, config);
  store = new Service({ employee, task });
});

test("entities are created, found by collection, changed under conditions and removed", async () => {
  const { employee, task } = store.entities;
  await employee.put(["ann", "bob", "eve"].map((name) => ({ id: `e-${name}`, team: "red", name, salary: 10 }))).go();
  await employee.create({ id: "e-joe", team: "blue", name: "joe", skills: ["rust"] }).go();
  await task.put({ task: "t1", team: "red", points: 3 }).go();
  await assert.rejects(employee.create({ id: "e-joe", team: "blue", name: "again" }).go());

  const red = (await store.collections.team({ team: "red" }).go()).data;
  assert.deepEqual(red.employee.map((found) => found.name), ["ann", "bob", "eve"]);
  assert.deepEqual(red.task.map((found) => found.points), [3]);

  const named = await employee.query.byTeam({ team: "red" }).gt({ name: "ann" }).where(({ salary }, { gte }) => gte(salary, 10)).go({ limit: 1 });
  assert.deepEqual(named.data.map((found) => found.name), ["bob"]);
  assert.ok(named.cursor);

  const changed = await employee.patch({ id: "e-joe" }).add({ salary: 5, skills: ["go"] }).set({ team: "red", name: "joe" })
    .where(({ name }, { eq }) => eq(name, "joe")).go({ response: "all_new" });
  assert.equal(changed.data.salary, 5);
  assert.deepEqual([...changed.data.skills].sort(), ["go", "rust"]);
  const moved = await employee.query.byTeam({ team: "red" }).go({ pages: "all" });
  assert.deepEqual(moved.data.map((found) => found.name), ["ann", "bob", "eve", "joe"]);

  await store.transaction.write(({ employee, task }) => [
    employee.remove({ id: "e-eve" }).commit(),
    task.upsert({ task: "t2", team: "red", points: 1 }).commit(),
  ]).go();
  assert.equal((await employee.get({ id: "e-eve" }).go()).data, null);
  assert.equal((await task.scan.go({ pages: "all" })).data.length, 2);
});
