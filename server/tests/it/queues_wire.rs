//! Queues below the SDK: the Query protocol, and answers in JSON as they are sent.

use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{queues::create, server::Server};

async fn query(server: &Server, path: &str, form: &str) -> Response<String> {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    server.send(request.body(form.to_owned()).unwrap()).await
}

/// A document without its request id, which has to be that of the header.
fn document(response: Response<String>) -> (u16, String) {
    let id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["content-type"], "text/xml");
    assert!(response.body().contains(&format!("<RequestId>{id}</RequestId>")), "{}", response.body());
    (response.status().as_u16(), response.into_body().replace(&id, "ID"))
}

const METADATA: &str = "<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>";
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

fn answered(operation: &str, result: &str) -> (u16, String) {
    let prolog = "<?xml version=\"1.0\"?>";
    (200, format!("{prolog}<{operation}Response xmlns=\"{NAMESPACE}\">{result}{METADATA}</{operation}Response>"))
}

fn refused(status: u16, code: &str, message: &str) -> (u16, String) {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message><Detail/></Error>");
    let prolog = "<?xml version=\"1.0\"?>";
    (status, format!("{prolog}<ErrorResponse xmlns=\"{NAMESPACE}\">{error}<RequestId>ID</RequestId></ErrorResponse>"))
}

#[tokio::test]
async fn the_query_protocol_is_spoken() {
    let server = Server::in_memory();
    let url = format!("http://{}/000000000000/old", server.addr);
    let form = "Action=CreateQueue&QueueName=old&Version=2012-11-05&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0&Tag.1.Key=a&Tag.1.Value=b";
    let created =
        answered("CreateQueue", &format!("<CreateQueueResult><QueueUrl>{url}</QueueUrl></CreateQueueResult>"));
    assert_eq!(document(query(&server, "/", form).await), created);
    // To the queue's own address, without the version, and by GET.
    let path = "/000000000000/old";
    let tags =
        answered("ListQueueTags", "<ListQueueTagsResult><Tag><Key>a</Key><Value>b</Value></Tag></ListQueueTagsResult>");
    assert_eq!(document(query(&server, path, "Action=ListQueueTags").await), tags);
    let get = Request::get(format!("{path}?Action=ListQueueTags&Version=2012-11-05")).body(String::new()).unwrap();
    assert_eq!(document(server.send(get).await), tags);
    let form = "Action=SendMessage&MessageBody=%3Ca%3E%26%22%0D+%C3%A4&MessageAttribute.1.Name=k&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x";
    let (status, sent) = document(query(&server, path, form).await);
    assert_eq!(status, 200);
    assert!(
        sent.contains("<MD5OfMessageAttributes>a45daa70926828a2f0a1db3418e6feb4</MD5OfMessageAttributes>"),
        "{sent}"
    );
    let form = "Action=ReceiveMessage&AttributeName.1=ApproximateReceiveCount&MessageAttributeName.1=All&MaxNumberOfMessages=10&WaitTimeSeconds=1";
    let (_, received) = document(query(&server, path, form).await);
    assert!(received.contains("<Body>&lt;a&gt;&amp;&quot;&#xD; ä</Body>"), "{received}");
    assert!(
        received.contains("<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>"),
        "{received}"
    );
    assert!(received.contains("<MessageAttribute><Name>k</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value></MessageAttribute>"), "{received}");
    let (_, handle) = received.split_once("<ReceiptHandle>").unwrap();
    let (handle, _) = handle.split_once('<').unwrap();
    let form = format!(
        "Action=ChangeMessageVisibilityBatch&ChangeMessageVisibilityBatchRequestEntry.1.Id=a&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle={handle}&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=60&ChangeMessageVisibilityBatchRequestEntry.2.Id=b"
    );
    let result = "<ChangeMessageVisibilityBatchResult><ChangeMessageVisibilityBatchResultEntry><Id>a</Id></ChangeMessageVisibilityBatchResultEntry><BatchResultErrorEntry><Id>b</Id><Code>MissingParameter</Code><Message>The request must contain the parameter ChangeMessageVisibilityBatchRequestEntry.2.ReceiptHandle.</Message><SenderFault>true</SenderFault></BatchResultErrorEntry></ChangeMessageVisibilityBatchResult>";
    assert_eq!(document(query(&server, path, &form).await), answered("ChangeMessageVisibilityBatch", result));
    let form = format!("Action=DeleteMessage&ReceiptHandle={handle}");
    assert_eq!(document(query(&server, path, &form).await), answered("DeleteMessage", ""));
    let empty = answered("ReceiveMessage", "<ReceiveMessageResult/>");
    assert_eq!(document(query(&server, path, "Action=ReceiveMessage").await), empty);
}

#[tokio::test]
async fn the_query_protocol_has_its_own_errors() {
    let server = Server::in_memory();
    create(&server.sqs(), "there", &[]).await;
    let (code, text) =
        ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist for this wsdl version.");
    let missing = refused(400, code, text);
    let address = format!("The address http://{}/ is not valid for this endpoint.", server.addr);
    let no_action =
        |action: &str| refused(400, "InvalidAction", &format!("The action {action} is not valid for this endpoint."));
    for (path, form, expected) in [
        ("/000000000000/none", "Action=PurgeQueue", missing.clone()),
        ("/000000000000/there", "Action=PurgeQueue&QueueUrl=http://x/1/none", missing),
        ("/", "Action=PurgeQueue", refused(404, "InvalidAddress", &address)),
        ("/", "Action=Juggle&Version=2012-11-05", no_action("Juggle")),
        ("/000000000000/there", "Action=ListQueues", no_action("ListQueues")),
        (
            "/000000000000/there",
            "Action=DeleteMessageBatch&Entries=",
            refused(
                400,
                "AWS.SimpleQueueService.EmptyBatchRequest",
                "There should be at least one DeleteMessageBatchRequestEntry in the request.",
            ),
        ),
        (
            "/000000000000/there",
            "Action=SendMessage",
            refused(400, "MissingParameter", "The request must contain the parameter MessageBody."),
        ),
        (
            "/000000000000/there",
            "Action=SendMessage&MessageBody=x&DelaySeconds=soon",
            refused(400, "MalformedInput", "STRING_VALUE can not be converted to an Integer"),
        ),
        (
            "/000000000000/there",
            "Action=DeleteMessage&ReceiptHandle=a%00b%22",
            refused(
                404,
                "ReceiptHandleIsInvalid",
                "The input receipt handle &quot;a\u{fffd}b&quot;&quot; is not a valid receipt handle.",
            ),
        ),
    ] {
        assert_eq!(document(query(&server, path, form).await), expected, "{path} {form}");
    }
    for form in ["Action=Juggle", "Action=Juggle&Version=2010-03-31", "Action=ListQueues&QueueNamePrefix=%FF"] {
        assert_eq!(document(query(&server, "/", form).await).0, 400, "{form}");
    }
    let nothing = Request::post("/000000000000/there").header("content-type", "application/x-www-form-urlencoded");
    let signed =
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/sqs/aws4_request, SignedHeaders=host, Signature=ab";
    let nothing = server.send(nothing.header("authorization", signed).body(String::new()).unwrap()).await;
    assert_eq!((nothing.status(), nothing.body().trim()), (StatusCode::NOT_FOUND, "<UnknownOperationException/>"));
}

#[tokio::test]
async fn json_is_answered_as_the_service_does() {
    let server = Server::in_memory();
    let json = |operation: &str, body: Value| {
        let request = Request::post("/").header("x-amz-target", format!("AmazonSQS.{operation}"));
        server.send(request.header("content-type", "application/x-amz-json-1.0").body(body.to_string()).unwrap())
    };
    let created = json("CreateQueue", json!({ "QueueName": "j", "tags": { "a": "b" } })).await;
    let url = serde_json::from_str::<Value>(created.body()).unwrap()["QueueUrl"].clone();
    for (operation, body, answer) in [
        ("PurgeQueue", json!({ "QueueUrl": url }), ""),
        ("ReceiveMessage", json!({ "QueueUrl": url }), "{}"),
        ("ListQueueTags", json!({ "QueueUrl": url }), r#"{"Tags":{"a":"b"}}"#),
        ("GetQueueAttributes", json!({ "QueueUrl": url }), "{}"),
        ("ListDeadLetterSourceQueues", json!({ "QueueUrl": url }), "{}"),
    ] {
        let response = json(operation, body).await;
        assert_eq!((response.status(), response.body().as_str()), (StatusCode::OK, answer), "{operation}");
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
        assert!(
            !response.headers().contains_key("x-amz-crc32"),
            "clients of this service would compare it with what they unpack"
        );
    }
    for (operation, body, status, kind, query) in [
        (
            "PurgeQueue",
            json!({ "QueueUrl": url }),
            403,
            "com.amazonaws.sqs#PurgeQueueInProgress",
            "AWS.SimpleQueueService.PurgeQueueInProgress;Sender",
        ),
        (
            "GetQueueUrl",
            json!({}),
            400,
            "com.amazon.coral.service#InvalidParameterValueException",
            "InvalidParameterValue;Sender",
        ),
        (
            "SendMessage",
            json!({}),
            400,
            "com.amazonaws.sqs#QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        ("SendMessage", json!([]), 400, "com.amazon.coral.service#SerializationException", "MalformedInput;Sender"),
        ("Juggle", json!({}), 400, "com.amazon.coral.service#UnknownOperationException", "InvalidAction;Sender"),
        (
            "SendMessage",
            json!({ "QueueUrl": url, "MessageBody": "x", "MessageAttributes": { "a": { "DataType": "String", "StringListValues": ["x"] } } }),
            400,
            "com.amazonaws.sqs#UnsupportedOperation",
            "AWS.SimpleQueueService.UnsupportedOperation;Sender",
        ),
    ] {
        let response = json(operation, body.clone()).await;
        let answer: Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!((response.status().as_u16(), answer["__type"].as_str()), (status, Some(kind)), "{operation} {body}");
        assert_eq!(response.headers()["x-amzn-query-error"], query);
    }
    // What is no string is read as one, where one is expected.
    let sent = json("SendMessage", json!({ "QueueUrl": url, "MessageBody": 0 })).await;
    assert!(sent.body().contains("cfcd208495d565ef66e7dff9f98764da"), "{}", sent.body());
}

#[tokio::test]
async fn system_attributes_are_asked_for_by_two_members() {
    let server = Server::in_memory();
    let url = create(&server.sqs(), "traced", &[]).await;
    let send = Request::post("/").header("x-amz-target", "AmazonSQS.SendMessage").header("x-amzn-trace-id", "Root=1");
    let body = json!({ "QueueUrl": url, "MessageBody": "x" }).to_string();
    let sent = server.send(send.body(body).unwrap()).await;
    assert!(!sent.body().contains("MD5OfMessageSystemAttributes"), "the client did not send it as an attribute");
    let asked = json!({
        "QueueUrl": url, "VisibilityTimeout": 0, "AttributeNames": ["SenderId"], "MessageSystemAttributeNames": ["All"],
    });
    let receive = Request::post("/").header("x-amz-target", "AmazonSQS.ReceiveMessage").body(asked.to_string());
    let received: Value = serde_json::from_str(server.send(receive.unwrap()).await.body()).unwrap();
    let attributes = received["Messages"][0]["Attributes"].as_object().unwrap();
    assert_eq!((attributes.len(), attributes["AWSTraceHeader"].as_str()), (5, Some("Root=1")));
    // The older member alone counts in the older protocol.
    let form = "Action=ReceiveMessage&VisibilityTimeout=0&AttributeName.1=SenderId&MessageSystemAttributeName.1=All";
    let (_, received) = document(query(&server, "/000000000000/traced", form).await);
    assert_eq!(received.matches("<Attribute>").count(), 1, "{received}");
    let form = "Action=ReceiveMessage&AttributeName.1=Other";
    let unknown = refused(400, "InvalidAttributeName", "Unknown Attribute Other.");
    assert_eq!(document(query(&server, "/000000000000/traced", form).await), unknown);
}
