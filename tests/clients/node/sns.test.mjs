// The AWS SDK for JavaScript, and AWS's own validator of messages, over HTTP to a web server of Node.js.

import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  BatchEntryIdsNotDistinctException, ConfirmSubscriptionCommand, CreateTopicCommand, GetSubscriptionAttributesCommand, GetTopicAttributesCommand,
  InvalidParameterException, InvalidParameterValueException, NotFoundException, PublishBatchCommand, PublishCommand, SNSClient,
  SetSubscriptionAttributesCommand, SubscribeCommand, TagResourceCommand, TooManyEntriesInBatchRequestException, paginateListSubscriptionsByTopic,
  paginateListTopics,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import MessageValidator from "sns-validator";

import { start } from "./server.mjs";

const PATIENCE_MS = 10_000;
let options, sns, sqs, number = 0;

before(async () => {
  options = { ...(await start()), maxAttempts: 1 };
  [sns, sqs] = [new SNSClient(options), new SQSClient(options)];
});

// The validator asks for certificates over TLS alone, as the service gives them out. What the URL of a certificate is is not signed.
https.get = (url, done) => http.get(url.replace(/^https:/, "http:"), done);

/** What the validator says of a message; it rejects what is not signed. */
function validate(message) {
  const hosts = new RegExp(`^${new URL(options.endpoint).host.replace(".", "\\.")}$`);
  const moved = { ...message, SigningCertURL: message.SigningCertURL.replace(/^http:/, "https:") };
  return new Promise((resolve, reject) => {
    new MessageValidator(hosts).validate(moved, (error, valid) => (error ? reject(error) : resolve(valid)));
  });
}

async function makeTopic(Attributes = {}) {
  const Name = `topic-${number++}${Attributes.FifoTopic ? ".fifo" : ""}`;
  return (await sns.send(new CreateTopicCommand({ Name, Attributes }))).TopicArn;
}

/** A queue that is subscribed: what it gets, one message after another. */
async function makeQueue(TopicArn, Attributes = {}, queueAttributes = {}) {
  const QueueName = `queue-${number++}${queueAttributes.FifoQueue ? ".fifo" : ""}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: queueAttributes }));
  const { Attributes: { QueueArn } } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const { SubscriptionArn } = await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: QueueArn, Attributes }));
  const take = async () => {
    const receive = { QueueUrl, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"], WaitTimeSeconds: 0 };
    const { Messages } = await sqs.send(new ReceiveMessageCommand(receive));
    if (!Messages) return undefined;
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle }));
    return Messages[0];
  };
  return { take, SubscriptionArn, QueueArn };
}

/** A web server that keeps what it is sent. */
async function listen(context) {
  const requests = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  context.after(() => server.close());
  const take = async () => {
    const end = Date.now() + PATIENCE_MS;
    while (!requests.length) {
      assert.ok(Date.now() < end, "no request came");
      await sleep(10);
    }
    return requests.shift();
  };
  return { url: `http://127.0.0.1:${server.address().port}/sns`, take };
}

for (const SignatureVersion of ["1", "2"]) {
  test(`messages of signature version ${SignatureVersion} are valid in an address and in a queue`, async (context) => {
    const TopicArn = await makeTopic({ SignatureVersion });
    const { take, url } = await listen(context);
    const subscribed = await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: url }));
    assert.equal(subscribed.SubscriptionArn, "pending confirmation");

    const asked = JSON.parse((await take()).body);
    assert.equal(asked.Type, "SubscriptionConfirmation");
    await validate(asked);
    assert.equal((await fetch(asked.SubscribeURL)).status, 200);
    const { SubscriptionArn } = await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: asked.Token }));

    const queue = await makeQueue(TopicArn);
    const MessageAttributes = { a: { DataType: "String", StringValue: "b" } };
    for (const Subject of [undefined, "a subject"]) {
      const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: "zażółć 😀 \"<&>\"\r\n", Subject, MessageAttributes }));
      for (const text of [(await take()).body, (await queue.take()).Body]) {
        const message = JSON.parse(text);
        assert.deepEqual([message.MessageId, message.SignatureVersion, message.Subject], [MessageId, SignatureVersion, Subject]);
        assert.equal((await validate(message)).Message, "zażółć 😀 \"<&>\"\r\n");
        await assert.rejects(validate({ ...message, Message: "other" }), /signature is invalid/);
        await assert.rejects(validate({ ...message, Timestamp: "2026-01-01T00:00:00.000Z" }), /signature is invalid/);
      }
    }

    await sns.send(new PublishCommand({ TopicArn, Message: "last" }));
    const { UnsubscribeURL } = JSON.parse((await take()).body);
    assert.equal((await fetch(UnsubscribeURL)).status, 200);
    assert.equal(JSON.parse((await take()).body).Type, "UnsubscribeConfirmation");
    await assert.rejects(sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })), { name: "NotFoundException" });
  });
}

test("a raw message has its attributes, and filters are looked at", async () => {
  const TopicArn = await makeTopic();
  const wants = await makeQueue(TopicArn, { RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ kind: [{ prefix: "wan" }] }) });
  const other = await makeQueue(TopicArn, { RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ kind: [{ "anything-but": "wanted" }] }) });
  const MessageAttributes = { kind: { DataType: "String", StringValue: "wanted" }, blob: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3]) } };
  await sns.send(new PublishCommand({ TopicArn, Message: "raw", MessageAttributes }));
  const message = await wants.take();
  assert.deepEqual([message.Body, message.MessageAttributes], ["raw", MessageAttributes]);
  assert.equal(await other.take(), undefined);
  await sns.send(new SetSubscriptionAttributesCommand({
    SubscriptionArn: other.SubscriptionArn, AttributeName: "FilterPolicy", AttributeValue: JSON.stringify({ kind: ["wanted"] }),
  }));
  await sns.send(new PublishCommand({ TopicArn, Message: "again", MessageAttributes }));
  assert.equal((await other.take()).Body, "again");
});

test("a topic of FIFO order keeps it", async () => {
  const TopicArn = await makeTopic({ FifoTopic: "true", ContentBasedDeduplication: "true" });
  const queue = await makeQueue(TopicArn, { RawMessageDelivery: "true" }, { FifoQueue: "true" });
  const sequence = [];
  for (const Message of ["a", "b", "a", "c"]) {
    sequence.push((await sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId: "g" }))).SequenceNumber);
  }
  assert.equal(sequence[2], sequence[0]);
  assert.deepEqual([...new Set(sequence)].sort(), [...new Set(sequence)]);
  const bodies = [];
  for (let message; (message = await queue.take()); ) bodies.push(message.Body);
  assert.deepEqual(bodies, ["a", "b", "c"]);
});

test("a batch is published", async () => {
  const TopicArn = await makeTopic();
  const queue = await makeQueue(TopicArn);
  const PublishBatchRequestEntries = [{ Id: "a", Message: "1" }, { Id: "b", Message: "2", Subject: "s" }];
  const { Successful, Failed } = await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  assert.deepEqual([Successful.map(({ Id }) => Id), Failed], [["a", "b"], []]);
  const got = [JSON.parse((await queue.take()).Body), JSON.parse((await queue.take()).Body)];
  assert.deepEqual(got.map(({ Message }) => Message).sort(), ["1", "2"]);
});

test("lists come page by page", async () => {
  const TopicArn = await makeTopic();
  for (let n = 0; n < 101; n++) await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sms", Endpoint: `+1555${1_000_000 + n}` }));
  const sizes = [];
  for await (const page of paginateListSubscriptionsByTopic({ client: sns }, { TopicArn })) sizes.push(page.Subscriptions.length);
  assert.deepEqual(sizes, [100, 1]);
  const topics = [];
  for await (const page of paginateListTopics({ client: sns }, {})) topics.push(...page.Topics.map((topic) => topic.TopicArn));
  assert.ok(topics.includes(TopicArn));
});

test("failures are the SDK's own exceptions", async () => {
  const TopicArn = await makeTopic();
  const entries = (count, id) => Array.from({ length: count }, (_, n) => ({ Id: id ?? `${n}`, Message: "x" }));
  for (const [command, kind, code, status, message] of [
    [new GetTopicAttributesCommand({ TopicArn: `${TopicArn}-nowhere` }), NotFoundException, "NotFound", 404, "Topic does not exist"],
    [new CreateTopicCommand({ Name: "a b" }), InvalidParameterException, "InvalidParameter", 400, "Invalid parameter: Topic Name"],
    [new PublishCommand({ TopicArn, Message: "" }), InvalidParameterException, "InvalidParameter", 400, "Invalid parameter: Empty message"],
    [new PublishCommand({ TopicArn, Message: "a", MessageAttributes: { a: { DataType: "String", StringValue: "" } } }), InvalidParameterValueException,
      "ParameterValueInvalid", 400,
      "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."],
    [new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries(11) }), TooManyEntriesInBatchRequestException,
      "TooManyEntriesInBatchRequest", 400, "The batch request contains more entries than permissible."],
    [new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries(2, "a") }), BatchEntryIdsNotDistinctException,
      "BatchEntryIdsNotDistinct", 400, "Two or more batch entries in the request have the same Id."],
    [new TagResourceCommand({ ResourceArn: TopicArn, Tags: [{ Key: "a", Value: "1" }, { Key: "a", Value: "2" }] }), InvalidParameterException,
      "InvalidParameter", 400, "Invalid parameter: Duplicated keys are not allowed."],
  ]) {
    await assert.rejects(sns.send(command), (error) => {
      assert.ok(error instanceof kind, `${error.name} is a ${kind.name}`);
      assert.deepEqual([error.Error?.Code ?? error.Code, error.$metadata.httpStatusCode, error.message], [code, status, message]);
      assert.equal(error.$fault, "client");
      assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  }
});
