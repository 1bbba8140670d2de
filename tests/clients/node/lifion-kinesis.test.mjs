// lifion-kinesis, which keeps its leases and checkpoints in DynamoDB: both services of one server. It speaks by the second SDK for
// JavaScript, and reads events itself.

import assert from "node:assert/strict";
import dns from "node:dns";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  KinesisClient, ListShardsCommand, ListStreamConsumersCommand, MergeShardsCommand, RegisterStreamConsumerCommand, SplitShardCommand,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { Parser, parse } from "lifion-aws-event-stream";
import Kinesis from "lifion-kinesis";

import { start } from "./server.mjs";

const PATIENCE_MS = 30_000;
let options, client, number = 0;

// With fan-out it signs for the service's own host, and goes there too, at the port that it was told. Here that is this machine.
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === "kinesis.us-east-1.amazonaws.com" ? "127.0.0.1" : host, ...rest);

// Of frames that come in one piece its parser reads the first one only, and is lost then.
Parser.prototype._transform = function (chunk, encoding, callback) {
  this.dataBuffer = Buffer.concat([this.dataBuffer, chunk]);
  while (this.dataBuffer.length >= 4 && this.dataBuffer.length >= this.dataBuffer.readUInt32BE(0)) {
    const length = this.dataBuffer.readUInt32BE(0);
    this.push(parse(this.dataBuffer.subarray(0, length)));
    this.dataBuffer = this.dataBuffer.subarray(length);
  }
  callback();
};

before(async () => {
  options = await start();
  client = new KinesisClient({ ...options, maxAttempts: 1 });
});

/** A consumer and producer of a new stream, and the records that it is given. It stops with its test. */
async function consume(context, more) {
  const { endpoint, region, credentials } = options;
  const aws = { endpoint, region, ...credentials };
  const streamName = more.streamName ?? `lifion-${number++}`;
  const kinesis = new Kinesis({
    ...aws, streamName, dynamoDb: { ...aws, tableName: "lifion-state" }, consumerGroup: "tests", initialPositionInStream: "TRIM_HORIZON",
    leaseAcquisitionInterval: 200, leaseAcquisitionRecoveryInterval: 200, noRecordsPollDelay: 250, pollDelay: 20, maxEnhancedConsumers: 1, ...more,
  });
  const seen = { records: [], errors: [] };
  kinesis.on("data", ({ records, shardId }) => seen.records.push(...records.map((record) => ({ ...record, shardId }))));
  kinesis.on("error", (error) => seen.errors.push(error));
  await kinesis.startConsumer();
  context.after(() => {
    try {
      kinesis.stopConsumer();
    } catch {
      // It stumbles over shards that have ended, and over nothing else that these tests do.
    }
  });
  return { kinesis, streamName, seen };
}

async function until(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what()} after ${PATIENCE_MS} ms`);
    await sleep(20);
  }
}

const shards = async (StreamName) => (await client.send(new ListShardsCommand({ StreamName }))).Shards;

async function put(kinesis, from, to) {
  for (let nth = from; nth < to; nth += 10) {
    const records = Array.from({ length: 10 }, (_, n) => ({ data: { nth: nth + n }, partitionKey: `${(nth + n) % 7}` }));
    await kinesis.putRecords({ records });
  }
}

for (const useEnhancedFanOut of [false, true]) {
  test(`lifion-kinesis follows a split and a merge, ${useEnhancedFanOut ? "with" : "without"} enhanced fan-out`, { timeout: 60_000 }, async (context) => {
    const { kinesis, streamName, seen } = await consume(context, { useEnhancedFanOut, shardCount: 2, tags: { a: "b" } });
    await put(kinesis, 0, 50);
    await until(() => seen.records.length >= 50, () => `${seen.records.length} of 50 records`);
    await client.send(new SplitShardCommand({ StreamName: streamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: `${2n ** 126n}` }));
    await put(kinesis, 50, 100);
    await until(() => seen.records.length >= 100, () => `${seen.records.length} of 100 records`);
    await client.send(new MergeShardsCommand({
      StreamName: streamName, ShardToMerge: "shardId-000000000003", AdjacentShardToMerge: "shardId-000000000001",
    }));
    await put(kinesis, 100, 150);
    const seenOnce = () => new Set(seen.records.map((record) => record.data.nth)).size;
    await until(() => seenOnce() >= 150, () => `${seenOnce()} of 150 records`);
    assert.equal((await shards(streamName)).length, 5);
    assert.deepEqual(seen.errors, []);
    assert.equal(seen.records.length, 150, "none came twice");
    for (let key = 0; key < 7; key++) {
      const mine = seen.records.filter((record) => record.partitionKey === `${key}`).map((record) => record.data.nth);
      assert.deepEqual(mine, mine.toSorted((a, b) => a - b), `the records of ${key} came in their order`);
    }
    const { Consumers } = await client.send(new ListStreamConsumersCommand({
      StreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`,
    }));
    assert.equal(Consumers.length, useEnhancedFanOut ? 1 : 0);

    // Its state is an item of a table, on the same server.
    const Key = { consumerGroup: { S: "tests" }, streamName: { S: streamName } };
    const state = await new DynamoDBClient(options).send(new GetItemCommand({ TableName: "lifion-state", Key }));
    assert.ok(state.Item);
  });
}

test("lifion-kinesis reads what a closed shard still has", { timeout: 60_000 }, async (context) => {
  const producer = await consume(context, { consumerGroup: "first" });
  await put(producer.kinesis, 0, 30);
  await client.send(new SplitShardCommand({ StreamName: producer.streamName, ShardToSplit: "0", NewStartingHashKey: `${2n ** 127n}` }));
  await put(producer.kinesis, 30, 60);
  for (const useEnhancedFanOut of [false, true]) {
    const { seen } = await consume(context, { streamName: producer.streamName, consumerGroup: `late-${useEnhancedFanOut}`, useEnhancedFanOut });
    const seenOnce = () => new Set(seen.records.map((record) => record.data.nth)).size;
    await until(() => seenOnce() >= 60, () => `${seenOnce()} of 60 records with${useEnhancedFanOut ? "" : "out"} fan-out`);
  }
});

test("the third SDK for JavaScript reads events over HTTP/2", async (context) => {
  assert.equal(client.config.requestHandler.metadata.handlerProtocol, "h2");
  const { kinesis, streamName } = await consume(context, {});
  await put(kinesis, 0, 10);
  const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`;
  const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "third" }));
  const answer = await client.send(new SubscribeToShardCommand({
    ConsumerARN: Consumer.ConsumerARN, ShardId: "shardId-000000000000", StartingPosition: { Type: "TRIM_HORIZON" },
  }));
  const found = [];
  for await (const { SubscribeToShardEvent: event } of answer.EventStream) {
    found.push(...event.Records.map((record) => JSON.parse(new TextDecoder().decode(record.Data)).nth));
    if (found.length === 10 && !event.ChildShards) await client.send(new SplitShardCommand({ StreamName: streamName, ShardToSplit: "0", NewStartingHashKey: "1000" }));
    if (event.ChildShards) assert.deepEqual(event.ChildShards.map((shard) => shard.ShardId), ["shardId-000000000001", "shardId-000000000002"]);
  }
  assert.deepEqual(found, Array.from({ length: 10 }, (_, nth) => nth));
});
