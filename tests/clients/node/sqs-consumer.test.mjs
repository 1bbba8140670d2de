// sqs-consumer, and the AWS SDK for JavaScript that it stands on, which checks the MD5 of all it sends and receives.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  ChangeMessageVisibilityCommand, CreateQueueCommand, DeleteMessageBatchCommand, DeleteMessageCommand, GetQueueAttributesCommand,
  GetQueueUrlCommand, PurgeQueueCommand, PurgeQueueInProgress, QueueDoesNotExist, QueueNameExists, ReceiptHandleIsInvalid,
  ReceiveMessageCommand, SQSClient, SQSServiceException, SendMessageBatchCommand, SendMessageCommand, SetQueueAttributesCommand,
  TooManyEntriesInBatchRequest, paginateListQueues,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

import { start } from "./server.mjs";

const PATIENCE_MS = 10_000;
let options, client, number = 0;

before(async () => {
  options = { ...(await start()), maxAttempts: 1 };
  client = new SQSClient(options);
});

async function makeQueue(Attributes = {}) {
  const QueueName = `queue-${number++}${Attributes.FifoQueue ? ".fifo" : ""}`;
  return (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
}

async function send(QueueUrl, bodies) {
  const Entries = bodies.map((MessageBody, n) => ({ Id: `${n}`, MessageBody }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  assert.equal(answer.Successful.length, bodies.length);
}

/** How many messages are visible and how many in flight. */
async function counts(QueueUrl) {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return AttributeNames.map((name) => Number(Attributes[name]));
}

/** A consumer that is started, and what happened to it. It stops with its test. */
function consume(context, queueUrl, options) {
  const consumer = Consumer.create({ queueUrl, sqs: client, waitTimeSeconds: 1, strictReturn: true, ...options });
  const seen = { processed: [], errors: [], failures: [], timeouts: [] };
  consumer.on("message_processed", (message) => seen.processed.push(message.Body));
  consumer.on("error", (error) => seen.errors.push(error));
  consumer.on("processing_error", (error, message) => seen.failures.push(`${message.Body}: ${error.cause.message}`));
  consumer.on("timeout_error", (error, message) => seen.timeouts.push(message.Body));
  context.after(() => consumer.stop({ abort: true }));
  consumer.start();
  return { consumer, seen };
}

async function until(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what} did not happen in ${PATIENCE_MS} ms`);
    await sleep(20);
  }
}

// sqs-consumer

test("messages are handled once and deleted", async (context) => {
  const queue = await makeQueue();
  const bodies = Array.from({ length: 30 }, (_, n) => `body ${n}`);
  const { seen } = consume(context, queue, { handleMessage: async (message) => message });
  for (let from = 0; from < 30; from += 10) await send(queue, bodies.slice(from, from + 10));
  await until(() => seen.processed.length >= 30, "all messages");
  assert.deepEqual([...seen.processed].sort(), [...bodies].sort());
  assert.deepEqual(await counts(queue), [0, 0]);
  assert.deepEqual(seen.errors, []);
});

test("batches are handled, and only what the handler returns is deleted", async (context) => {
  const queue = await makeQueue();
  const sizes = [];
  await send(queue, Array.from({ length: 10 }, (_, n) => `${n}`));
  await send(queue, Array.from({ length: 10 }, (_, n) => `${n}`));
  const { seen } = consume(context, queue, {
    batchSize: 10,
    visibilityTimeout: 600,
    handleMessageBatch: async (messages) => {
      sizes.push(messages.length);
      return messages.filter((message) => message.Body !== "7");
    },
  });
  await until(() => seen.processed.length >= 18, "all batches");
  await until(async () => (await counts(queue))[0] === 0, "an empty queue");
  assert.equal(sizes.reduce((sum, size) => sum + size), 20);
  assert.deepEqual(await counts(queue), [0, 2]);
  assert.deepEqual(seen.errors, []);
});

test("what a handler fails on comes again, and goes to the dead letters in the end", async (context) => {
  const dead = await makeQueue();
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ["QueueArn"] }));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 3 });
  const queue = await makeQueue({ RedrivePolicy });
  await send(queue, ["good", "bad", "better"]);
  const { seen } = consume(context, queue, {
    batchSize: 3,
    terminateVisibilityTimeout: true,
    handleMessage: async (message) => {
      if (message.Body === "bad") throw new Error("no");
      return message;
    },
  });
  const attempts = [];
  const { seen: buried } = consume(context, dead, {
    attributeNames: ["All"],
    handleMessage: async (message) => {
      attempts.push([message.Body, message.Attributes.ApproximateReceiveCount]);
      return message;
    },
  });
  await until(() => buried.processed.length, "the dead letter");
  assert.deepEqual([...seen.processed].sort(), ["better", "good"]);
  assert.deepEqual(seen.failures, Array(3).fill("bad: no"));
  assert.deepEqual(attempts, [["bad", "4"]]);
  assert.deepEqual([await counts(queue), await counts(dead)], [[0, 0], [0, 0]]);
});

test("a failure leaves the message hidden for as long as was asked", async (context) => {
  const queue = await makeQueue({ VisibilityTimeout: "600" });
  const at = [];
  await send(queue, ["twice"]);
  const { seen } = consume(context, queue, {
    // By the message's own count, as for a backoff.
    messageSystemAttributeNames: ["ApproximateReceiveCount"],
    terminateVisibilityTimeout: ([message]) => Number(message.Attributes.ApproximateReceiveCount),
    handleMessage: async (message) => {
      at.push(Date.now());
      if (at.length === 1) throw new Error("not yet");
      return message;
    },
  });
  await until(() => seen.processed.length, "the second attempt");
  const apart = at[1] - at[0];
  assert.ok(apart >= 950, `it came again after ${apart} ms`);
  assert.deepEqual(seen.errors, []);
});

for (const batched of [false, true]) {
  test(`heartbeats keep ${batched ? "a batch" : "a message"} hidden`, async (context) => {
    const queue = await makeQueue();
    let handled = 0;
    await send(queue, ["long"]);
    const work = async (result) => {
      handled += 1;
      await sleep(4_500);
      return result;
    };
    const options = { visibilityTimeout: 2, heartbeatInterval: 1, ...(batched ? { handleMessageBatch: work } : { handleMessage: work }) };
    const one = consume(context, queue, options), other = consume(context, queue, options);
    await until(() => one.seen.processed.length + other.seen.processed.length, "the long work");
    assert.equal(handled, 1);
    assert.deepEqual(await counts(queue), [0, 0]);
    assert.deepEqual([...one.seen.errors, ...other.seen.errors], []);
  });
}

test("a handler that takes too long is given up, and its message comes again", async (context) => {
  const queue = await makeQueue({ VisibilityTimeout: "600" });
  let handled = 0;
  await send(queue, ["slow"]);
  const { seen } = consume(context, queue, {
    handleMessageTimeout: 200,
    terminateVisibilityTimeout: true,
    handleMessage: async (message) => {
      if (handled++ === 0) await sleep(600);
      return message;
    },
  });
  await until(() => seen.processed.length, "the second attempt");
  assert.deepEqual([handled, seen.timeouts], [2, ["slow"]]);
});

test("a consumer stops when its last poll and handlers are done", async (context) => {
  const queue = await makeQueue();
  const { consumer, seen } = consume(context, queue, {
    waitTimeSeconds: 20,
    pollingCompleteWaitTimeMs: 5_000,
    handleMessage: async (message) => {
      await sleep(300);
      return message;
    },
  });
  const stopped = new Promise((resolve) => consumer.once("stopped", resolve));
  await sleep(200); // it waits for messages by now
  consumer.stop();
  await send(queue, ["last"]);
  await stopped;
  assert.deepEqual(consumer.status, { isRunning: false, isPolling: false });
  assert.deepEqual(seen.processed, ["last"]);
  assert.deepEqual(await counts(queue), [0, 0]);
});

test("a poll that is aborted takes no message with it", async (context) => {
  const queue = await makeQueue();
  const { consumer, seen } = consume(context, queue, { waitTimeSeconds: 20, handleMessage: async (message) => message });
  await sleep(200);
  consumer.stop({ abort: true });
  await until(() => seen.errors.length, "the abort");
  assert.deepEqual(seen.errors.map((error) => error.code), ["AbortError"]);
  await sleep(200); // the server learns that the connection is gone
  await send(queue, ["kept"]);
  await sleep(200);
  assert.deepEqual(await counts(queue), [1, 0]);
  consumer.start();
  await until(() => seen.processed.length, "the message");
});

test("a queue that is gone is a connection error", async (context) => {
  const queue = (await makeQueue()).replace(/[^/]+$/, "nowhere");
  const { seen } = consume(context, queue, { handleMessage: async (message) => message });
  await until(() => seen.errors.length, "an error");
  const [error] = seen.errors;
  assert.deepEqual([error.name, error.code, error.statusCode, error.fault], ["SQSError", "QueueDoesNotExist", 400, "client"]);
  await sleep(300);
  assert.equal(seen.errors.length, 1); // it pauses before it tries again
});

// The SDK

test("the MD5s of bodies and attributes are those that the SDK makes", async () => {
  // Its middleware fails on any body that does not match; those of attributes are compared here.
  const MD5OfMessageAttributes = "d838729972a4b70e2d2acd9d59ac847c"; // recorded from the service
  const QueueUrl = await makeQueue();
  const MessageAttributes = {
    color: { DataType: "String", StringValue: "blue" },
    count: { DataType: "Number", StringValue: "3" },
    blob: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3]) },
  };
  for (const MessageBody of ["plain", "zażółć 😀 \"<&>\"\r\n\t", "x".repeat(1_000_000)]) {
    const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    assert.equal(sent.MD5OfMessageAttributes, MD5OfMessageAttributes);
    const batch = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", MessageBody, MessageAttributes }] }));
    assert.equal(batch.Successful[0].MD5OfMessageAttributes, MD5OfMessageAttributes);
    for (let n = 0; n < 2; n++) {
      const receive = { QueueUrl, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"], WaitTimeSeconds: 1 };
      const { Messages: [message] } = await client.send(new ReceiveMessageCommand(receive));
      assert.equal(message.Body, MessageBody);
      assert.deepEqual(message.MessageAttributes, MessageAttributes);
      assert.equal(message.MD5OfMessageAttributes, MD5OfMessageAttributes);
      assert.equal(message.Attributes.ApproximateReceiveCount, "1");
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }
});

test("a body that is changed on its way is what the SDK would notice", async () => {
  const QueueUrl = await makeQueue();
  const meddled = new SQSClient(options);
  meddled.middlewareStack.add((next) => (sent) => {
    sent.request.body = Buffer.from(new TextDecoder().decode(sent.request.body).replace("right", "wrong"));
    return next(sent);
  }, { step: "build" });
  await assert.rejects(meddled.send(new SendMessageCommand({ QueueUrl, MessageBody: "right" })), /InvalidChecksumError/);
});

test("failures are the SDK's own exceptions", async () => {
  const QueueUrl = await makeQueue({ VisibilityTimeout: "5" });
  const QueueName = QueueUrl.split("/").pop();
  const nowhere = QueueUrl.replace(QueueName, "nowhere");
  const entries = (count) => Array.from({ length: count }, (_, n) => ({ Id: `${n}`, MessageBody: "x" }));
  await client.send(new PurgeQueueCommand({ QueueUrl }));
  for (const [command, kind, code, status, message] of [
    [new GetQueueUrlCommand({ QueueName: "nowhere" }), QueueDoesNotExist, "AWS.SimpleQueueService.NonExistentQueue", 400,
      "The specified queue does not exist."],
    [new SendMessageCommand({ QueueUrl: nowhere, MessageBody: "x" }), QueueDoesNotExist, "AWS.SimpleQueueService.NonExistentQueue", 400,
      "The specified queue does not exist."],
    [new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: "6" } }), QueueNameExists, "QueueAlreadyExists", 400,
      "A queue already exists with the same name and a different value for attribute VisibilityTimeout"],
    [new PurgeQueueCommand({ QueueUrl }), PurgeQueueInProgress, "AWS.SimpleQueueService.PurgeQueueInProgress", 403,
      `Only one PurgeQueue operation on ${QueueName} is allowed every 60 seconds.`],
    [new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "x" }), ReceiptHandleIsInvalid, "ReceiptHandleIsInvalid", 404,
      'The input receipt handle "x" is not a valid receipt handle.'],
    [new SendMessageBatchCommand({ QueueUrl, Entries: entries(11) }), TooManyEntriesInBatchRequest,
      "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400, "Maximum number of entries per request are 10. You have sent 11."],
    [new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }), SQSServiceException, "InvalidParameterValue", 400,
      "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."],
    [new SendMessageCommand({ QueueUrl, MessageBody: "" }), SQSServiceException, "MissingParameter", 400,
      "The request must contain the parameter MessageBody."],
    [new SetQueueAttributesCommand({ QueueUrl, Attributes: { Colour: "red" } }), SQSServiceException, "InvalidAttributeName", 400,
      "Unknown Attribute Colour."],
  ]) {
    await assert.rejects(client.send(command), (error) => {
      assert.ok(error instanceof kind, `${error.name} is a ${kind.name}`);
      assert.deepEqual([error.Code ?? error.Error?.Code, error.$metadata.httpStatusCode, error.message], [code, status, message]);
      assert.deepEqual([error.$fault, error.Error?.Type ?? error.Type], ["client", "Sender"]);
      assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  }
});

test("a batch tells which of its entries failed", async () => {
  const QueueUrl = await makeQueue();
  await send(QueueUrl, ["x"]);
  const { Messages: [{ ReceiptHandle }] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
  const Entries = [{ Id: "good", ReceiptHandle }, { Id: "bad", ReceiptHandle: "x" }];
  const answer = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  assert.deepEqual(answer.Successful, [{ Id: "good" }]);
  assert.deepEqual(answer.Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [["bad", "ReceiptHandleIsInvalid", true]]);
  await assert.rejects(
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 1 })),
    { name: "InvalidParameterValue" },
  );
});

test("an answer of nothing has no lists", async () => {
  const QueueUrl = await makeQueue();
  assert.equal((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
  assert.equal((await client.send(new GetQueueAttributesCommand({ QueueUrl }))).Attributes, undefined);
});

test("queues of FIFO order keep it, and queues are listed page by page", async () => {
  const QueueUrl = await makeQueue({ FifoQueue: "true", ContentBasedDeduplication: "true" });
  const sequence = [];
  for (const MessageBody of ["a", "b", "a", "c"]) {
    sequence.push((await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "g" }))).SequenceNumber);
  }
  assert.equal(sequence[2], sequence[0]);
  assert.deepEqual([...new Set(sequence)].sort(), [...new Set(sequence)]);
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  assert.deepEqual(Messages.map((message) => message.Body), ["a", "b", "c"]);
  const urls = [];
  for await (const page of paginateListQueues({ client, pageSize: 2 }, { QueueNamePrefix: "queue-" })) urls.push(...page.QueueUrls);
  assert.equal(new Set(urls).size, number);
});
