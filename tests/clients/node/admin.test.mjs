// dynamodb-admin: a person who makes a table in the browser, fills it, pages through it and cleans up.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createServer } from "dynamodb-admin";

import { start } from "./server.mjs";

let address, listening;

before(async () => {
  const app = createServer({ dynamoDbClient: new DynamoDBClient(await start()) });
  listening = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  address = `http://127.0.0.1:${listening.address().port}`;
});
after(() => listening.close());

async function send(method, path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(address + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text;
}

const get = (path) => send("GET", path);
const items = async (query) => JSON.parse(await get(`/tables/visits/items?${new URLSearchParams(query)}`));

test("a table is made, filled, browsed and purged", async () => {
  const index = { IndexName: "by-page", IndexType: "global", HashAttributeName: "page", HashAttributeType: "S" };
  const units = { ReadCapacityUnits: 3, WriteCapacityUnits: 3 };
  await send("POST", "/create-table", {
    TableDefinition: {
      TableName: "visits", HashAttributeName: "user", HashAttributeType: "S", RangeAttributeName: "at", RangeAttributeType: "N",
      ...units,
    },
    SecondaryIndexes: [{ ...index, RangeAttributeName: "at", RangeAttributeType: "N", ...units }],
  });
  for (let at = 0; at < 40; at++) {
    await send("PUT", "/tables/visits/add-item", { user: `u${at % 2}`, at, page: `/p${at % 5}`, tags: ["a", { deep: at }] });
  }

  assert.match(await get("/"), /visits/);
  assert.match(await get("/tables/visits"), /by-page/);
  assert.match(await get("/tables/visits/meta"), /ACTIVE/);
  assert.match(await get("/tables/visits/ttl"), /DISABLED/);

  const first = await items({ pageSize: 25 });
  assert.equal(first.Items.length, 25);
  const second = await items({ pageSize: 25, startKey: decodeURIComponent(first.nextKey) });
  const seen = [...first.Items, ...second.Items].map((item) => item.at);
  assert.deepEqual(seen.sort((a, b) => a - b), Array.from({ length: 40 }, (_, at) => at));

  const filters = { page: { type: "S", operator: "=", value: "/p3" }, at: { type: "N", operator: ">=", value: "20" } };
  const late = await items({ operationType: "query", queryableSelection: "by-page", filters: JSON.stringify(filters) });
  assert.deepEqual(late.Items.map((item) => item.at), [23, 28, 33, 38]);
  assert.deepEqual(late.Items[0].tags, ["a", { deep: 23 }]);

  await send("PUT", "/tables/visits/items/u1,23", { user: "u1", at: 23, page: "/moved" });
  assert.match(await get("/tables/visits/items/u1,23"), /moved/);
  await send("DELETE", "/tables/visits/items/u1,23");
  await assert.rejects(get("/tables/visits/items/u1,23"), /404/);

  await send("DELETE", "/tables/visits/all");
  assert.equal((await items({})).Items.length, 0);
  await send("DELETE", "/tables/visits");
  assert.equal(await get("/api/tables"), "[]");
});
