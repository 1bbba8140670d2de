// The AWS SDK for JavaScript, version 3, and its document client.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  ConditionalCheckFailedException, CreateTableCommand, DynamoDBClient, TransactionCanceledException,
  UpdateTableCommand, paginateListTables, waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand, UpdateCommand,
  paginateQuery, paginateScan,
} from "@aws-sdk/lib-dynamodb";

import { start } from "./server.mjs";

let client, documents;
const table = { TableName: "readings" };

before(async () => {
  client = new DynamoDBClient({ ...(await start()), maxAttempts: 1 });
  documents = DynamoDBDocumentClient.from(client);
  await client.send(new CreateTableCommand({
    ...table,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
    BillingMode: "PAY_PER_REQUEST",
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, table);
});

async function all(pages) {
  const items = [];
  for await (const page of pages) items.push(...page.Items);
  return items;
}

test("values of all types come back", async () => {
  const Item = {
    pk: "types", sk: 1, text: "zażółć 😀", number: -1.5, big: 2n ** 100n, yes: true, nothing: null,
    bytes: new Uint8Array([0, 255]), list: [1, "x", { deep: [] }], map: {}, words: new Set(["a", "b"]), numbers: new Set([1, 2]),
  };
  await documents.send(new PutCommand({ ...table, Item }));
  const found = await DynamoDBDocumentClient.from(client, { unmarshallOptions: { wrapNumbers: (n) => (n.length > 15 ? BigInt(n) : Number(n)) } })
    .send(new GetCommand({ ...table, Key: { pk: "types", sk: 1 } }));
  assert.deepEqual(found.Item, Item);
});

test("large answers are unpacked and their checksums hold", async () => {
  for (let start = 0; start < 100; start += 25) {
    const requests = Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { pk: "large", sk: start + n, text: "x".repeat(20_000) } },
    }));
    const answer = await documents.send(new BatchWriteCommand({ RequestItems: { readings: requests } }));
    assert.deepEqual(answer.UnprocessedItems, {});
  }
  const query = { ...table, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "large" } };
  const items = await all(paginateQuery({ client: documents, pageSize: 70 }, query));
  assert.deepEqual(items.map((item) => item.sk), Array.from({ length: 100 }, (_, n) => n));
  const segments = await Promise.all([0, 1, 2].map((Segment) =>
    all(paginateScan({ client: documents }, { ...table, Segment, TotalSegments: 3, FilterExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "large" } }))));
  assert.equal(segments.flat().length, 100);
  const Keys = [3, 1, 999].map((sk) => ({ pk: "large", sk }));
  const batch = await documents.send(new BatchGetCommand({ RequestItems: { readings: { Keys, ProjectionExpression: "sk" } } }));
  assert.deepEqual(batch.Responses.readings.map((item) => item.sk).sort(), [1, 3]);
});

test("failures are the SDK's own exceptions", async () => {
  const Key = { pk: "failures", sk: 1 };
  await documents.send(new PutCommand({ ...table, Item: { ...Key, count: 1 } }));
  const update = {
    ...table, Key, UpdateExpression: "ADD #c :one", ConditionExpression: "#c > :one",
    ExpressionAttributeNames: { "#c": "count" }, ExpressionAttributeValues: { ":one": 1 },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  await assert.rejects(documents.send(new UpdateCommand(update)), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException);
    assert.equal(error.Item.count.N ?? error.Item.count, "1");
    return true;
  });
  const items = [{ Update: update }, { Put: { ...table, Item: { pk: "other", sk: 1 } } }];
  await assert.rejects(documents.send(new TransactWriteCommand({ TransactItems: items })), (error) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.deepEqual(error.CancellationReasons.map((reason) => reason.Code), ["ConditionalCheckFailed", "None"]);
    return true;
  });
});

test("an index is added and queried", async () => {
  for (let sk = 0; sk < 5; sk++) await documents.send(new PutCommand({ ...table, Item: { pk: `owner${sk}`, sk, room: "r1" } }));
  await client.send(new UpdateTableCommand({
    ...table,
    AttributeDefinitions: [{ AttributeName: "room", AttributeType: "S" }],
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName: "by-room", KeySchema: [{ AttributeName: "room", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      Projection: { ProjectionType: "ALL" },
    } }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, table);
  const query = { ...table, IndexName: "by-room", KeyConditionExpression: "room = :r", ExpressionAttributeValues: { ":r": "r1" } };
  const items = await all(paginateQuery({ client: documents, pageSize: 2 }, { ...query, ScanIndexForward: false }));
  assert.deepEqual(items.map((item) => item.sk), [4, 3, 2, 1, 0]);
});

test("tables are listed page by page", async () => {
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 1 }, {})) names.push(...page.TableNames);
  assert.ok(names.includes("readings"));
});
