//! Kinesis's requests and answers, in both of its encodings.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use memchr::memmem;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Failure, record::Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Cbor,
}

impl Encoding {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Encoding::Json => "application/x-amz-json-1.1",
            Encoding::Cbor => "application/x-amz-cbor-1.1",
        }
    }

    pub(crate) fn write(self, request: &impl Serialize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        match self {
            Encoding::Json => serde_json::to_writer(&mut body, request)?,
            Encoding::Cbor => ciborium::into_writer(request, &mut body)?,
        }
        Ok(body)
    }

    pub(crate) fn read<T: de::DeserializeOwned>(self, answer: &[u8]) -> Result<T, Failure> {
        match self {
            Encoding::Json => Ok(serde_json::from_slice(answer)?),
            Encoding::Cbor => Ok(ciborium::from_reader(answer)?),
        }
    }
}

/// How many records an answer tells of, put or got, in either encoding and without reading the rest of it: each has one
/// sequence number, and one that was refused has none.
pub(crate) fn count(answer: &[u8]) -> usize {
    memmem::find_iter(answer, b"\"SequenceNumber\"")
        .count()
        .max(memmem::find_iter(answer, b"\x6eSequenceNumber").count())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecords<'a> {
    pub(crate) stream_name: &'a str,
    pub(crate) records: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    pub(crate) data: Blob,
    pub(crate) partition_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecord<'a> {
    pub(crate) stream_name: &'a str,
    #[serde(flatten)]
    pub(crate) entry: Entry,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRecords<'a> {
    pub(crate) shard_iterator: &'a str,
    pub(crate) limit: usize,
}

/// Of a page whose records are not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Next {
    pub(crate) next_shard_iterator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page {
    pub(crate) records: Vec<Got>,
    pub(crate) next_shard_iterator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Got {
    pub(crate) data: Blob,
}

/// Bytes: in CBOR as they are, in JSON as Base64.
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl From<Record> for Blob {
    fn from(record: Record) -> Blob {
        Blob(record.to_vec())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.serialize_str(&BASE64.encode(&self.0));
        }
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return BASE64.decode(text).map(Blob).map_err(de::Error::custom);
        }
        Ok(Blob(serde_bytes::ByteBuf::deserialize(deserializer)?.into_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_bear_the_same_records() {
        let entry = || Entry { data: Blob(vec![0, 1, 255]), partition_key: "k".to_owned() };
        let put = PutRecords { stream_name: "s", records: vec![entry(), entry()] };
        let json = Encoding::Json.write(&put).unwrap();
        assert_eq!(
            json,
            br#"{"StreamName":"s","Records":[{"Data":"AAH/","PartitionKey":"k"},{"Data":"AAH/","PartitionKey":"k"}]}"#
        );
        for encoding in [Encoding::Json, Encoding::Cbor] {
            let page: Page = encoding.read(&encoding.write(&put).unwrap()).unwrap();
            assert!(page.records.iter().all(|record| record.data.0 == [0, 1, 255]), "{encoding:?}");
            let answer = [("SequenceNumber", "1"), ("ShardId", "0")];
            assert_eq!(
                count(&encoding.write(&[answer.into_iter().collect::<std::collections::BTreeMap<_, _>>()]).unwrap()),
                1
            );
        }
    }
}
