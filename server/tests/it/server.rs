//! A running binary, and clients of it.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig},
    types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

pub(crate) struct Server {
    process: Child,
    pub(crate) addr: SocketAddr,
}

impl Server {
    pub(crate) fn in_memory() -> Server {
        Server::start(&["--memory"], &[]).unwrap()
    }

    /// In memory, with options besides.
    pub(crate) fn with(options: &[&str]) -> Server {
        Server::start(&[&["--memory"], options].concat(), &[]).unwrap()
    }

    /// With settings from the environment alone.
    pub(crate) fn in_environment(settings: &[(&str, &str)]) -> Server {
        Server::start(&[], settings).unwrap()
    }

    pub(crate) fn on(directory: &Path) -> Server {
        Server::try_on(directory).unwrap()
    }

    /// `Err` is what the binary said when it did not start.
    pub(crate) fn try_on(directory: &Path) -> Result<Server, String> {
        Server::start(&["--data-dir", directory.to_str().unwrap()], &[])
    }

    fn start(store: &[&str], settings: &[(&str, &str)]) -> Result<Server, String> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_millpond"))
            .arg("serve")
            .args(store)
            .args(["--aws-addr", "127.0.0.1:0", "--mongo-addr", "off"])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        match line.trim().strip_prefix("aws http://") {
            Some(addr) => Ok(Server { addr: addr.parse().unwrap(), process }),
            None => {
                let mut said = String::new();
                process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                assert!(!process.wait().unwrap().success(), "it said that it failed: {said}");
                Err(said)
            }
        }
    }

    pub(crate) fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.addr))
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
            // A second attempt would hide an answer that the first one should have had.
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Client::from_conf(config)
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::new()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.addr))
            .region(aws_sdk_sqs::config::Region::new("eu-central-1"))
            .credentials_provider(aws_sdk_sqs::config::Credentials::new("any", "any", None, None, "tests"))
            .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        let config = aws_sdk_sns::config::Builder::new()
            .behavior_version(aws_sdk_sns::config::BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.addr))
            .region(aws_sdk_sns::config::Region::new("eu-central-1"))
            .credentials_provider(aws_sdk_sns::config::Credentials::new("any", "any", None, None, "tests"))
            .retry_config(aws_sdk_sns::config::retry::RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_sns::Client::from_conf(config)
    }

    pub(crate) fn kinesis(&self) -> aws_sdk_kinesis::Client {
        self.kinesis_over(aws_smithy_http_client::Builder::new().build_http())
    }

    pub(crate) fn kinesis_over(
        &self,
        http_client: impl aws_sdk_kinesis::config::HttpClient + 'static,
    ) -> aws_sdk_kinesis::Client {
        let config = aws_sdk_kinesis::config::Builder::new()
            .behavior_version(aws_sdk_kinesis::config::BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.addr))
            .region(aws_sdk_kinesis::config::Region::new("eu-central-1"))
            .credentials_provider(aws_sdk_kinesis::config::Credentials::new("any", "any", None, None, "tests"))
            .retry_config(aws_sdk_kinesis::config::retry::RetryConfig::disabled())
            .http_client(http_client)
            .build();
        aws_sdk_kinesis::Client::from_conf(config)
    }

    /// Sends what no SDK would.
    pub(crate) async fn send(&self, request: Request<String>) -> Response<String> {
        let stream = tokio::net::TcpStream::connect(self.addr).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (mut head, body) = request.into_parts();
        head.headers.insert("host", self.addr.to_string().parse().unwrap());
        let response = sender.send_request(Request::from_parts(head, Full::<Bytes>::from(body))).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap())
    }

    /// As the kernel would: no chance to close anything.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// As an operator would.
    #[cfg(unix)]
    pub(crate) fn end(&mut self) -> std::process::ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.process.wait().unwrap()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ignored = self.process.kill();
        let _ignored = self.process.wait();
    }
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Makes a table under `pk` (a string) and, if a type is given, `sk`.
pub(crate) async fn create_table(client: &Client, name: &str, sort: Option<ScalarAttributeType>) {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let keys = [("pk", KeyType::Hash, Some(ScalarAttributeType::S)), ("sk", KeyType::Range, sort)];
    for (name, part, kind) in keys {
        let Some(kind) = kind else { continue };
        request = request
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(part).build().unwrap())
            .attribute_definitions(
                AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap(),
            );
    }
    request.send().await.unwrap();
}
