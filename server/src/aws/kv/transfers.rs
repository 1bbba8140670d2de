//! The records of exports and imports. They are kept in the store, as JSON; the service under it does not know them.
//!
//! | key | value |
//! |---|---|
//! | `00` id | the record |
//! | `01` client token | the id of what it stands for, and what tells whether a request is the same |
//!
//! An id is fourteen digits (milliseconds since 1970), a hyphen and eight hexadecimal digits.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use millpond::{
    Pond, Timestamp, Transaction,
    engine::{Engine, Keyspace, RangeRequest},
    kv::Error,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::NAMESPACE;
use crate::aws::json::Failure;

const RECORD: u8 = 0;
const TOKEN: u8 = 1;
/// Older ones are not listed.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListExports.html>
const LISTED: Duration = Duration::from_secs(90 * 86_400);
/// How long a token stands for what it was used for, once that is done.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html>
const TOKEN_VALID: Duration = Duration::from_secs(8 * 3600);
/// A token is part of a key.
pub(super) const MAX_TOKEN_BYTES: usize = 1024;
/// A value of the engine holds more.
const MAX_RECORD_BYTES: usize = 4 << 20;
/// SDKs refuse tokens that are shorter.
const PAGE_TOKEN_CHARACTERS: usize = 112;
const MAX_LISTED: usize = 25;

pub(super) const IN_PROGRESS: &str = "IN_PROGRESS";
pub(super) const COMPLETED: &str = "COMPLETED";
pub(super) const FAILED: &str = "FAILED";

/// The exports, or the imports.
pub(super) struct Transfers {
    keyspace: &'static str,
    /// As it stands in ARNs.
    part: &'static str,
    /// As it stands in messages.
    name: &'static str,
    conflict: &'static str,
    not_found: &'static str,
}

pub(super) const EXPORTS: Transfers = Transfers {
    keyspace: "server.exports",
    part: "export",
    name: "Export",
    conflict: "ExportConflictException",
    not_found: "ExportNotFoundException",
};
pub(super) const IMPORTS: Transfers = Transfers {
    keyspace: "server.imports",
    part: "import",
    name: "Import",
    conflict: "ImportConflictException",
    not_found: "ImportNotFoundException",
};

/// What exports and imports have alike.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) id: String,
    pub(super) table_name: String,
    pub(super) table_id: String,
    pub(super) status: String,
    pub(super) start_millis: u64,
    pub(super) end_millis: Option<u64>,
    pub(super) client_token: Option<String>,
    pub(super) failure_code: Option<String>,
    pub(super) failure_message: Option<String>,
}

impl Transfer {
    /// How it ended.
    pub(super) fn end(&mut self, at: Timestamp, failed: Option<(&str, String)>) {
        self.end_millis = Some(at.as_millis());
        match failed {
            None => self.status = COMPLETED.to_owned(),
            Some((code, message)) => {
                self.status = FAILED.to_owned();
                self.failure_code = Some(code.to_owned());
                self.failure_message = Some(message);
            }
        }
    }
}

/// A record of one kind.
pub(super) trait Record: Serialize + DeserializeOwned {
    fn transfer(&self) -> &Transfer;
    fn transfer_mut(&mut self) -> &mut Transfer;
}

#[derive(Serialize, Deserialize)]
struct Token {
    id: String,
    digest: String,
}

/// What tells whether a request is the same as another one. Members in another order make no difference.
pub(super) fn digest(body: &[u8]) -> String {
    let canonical = serde_json::from_slice::<Value>(body).map(|value| value.to_string()).unwrap_or_default();
    STANDARD.encode(Md5::digest(canonical))
}

impl Transfers {
    fn keys(&self, engine: &Engine) -> Result<Keyspace, Failure> {
        engine.keyspace(self.keyspace).map_err(broken)
    }

    /// What was begun before under a token.
    ///
    /// # Errors
    /// The token stands for another request.
    pub(super) fn repeated<R: Record>(
        &self,
        engine: &Engine,
        token: Option<&String>,
        digest: &str,
    ) -> Result<Option<R>, Failure> {
        let Some(token) = token else { return Ok(None) };
        let keys = self.keys(engine)?;
        let known = engine.transact(|tx| known::<R>(tx, &keys, token))?;
        match known {
            Some((record, known)) if known == digest => Ok(Some(record)),
            Some(_) => Err(self.conflict()),
            None => Ok(None),
        }
    }

    fn conflict(&self) -> Failure {
        let message = format!("{} conflict: Duplicate request detected with conflicting parameters", self.name);
        Failure::client(NAMESPACE, self.conflict, message)
    }

    /// Writes down that something is begun. It is given an id.
    ///
    /// # Errors
    /// Somebody else has used its token meanwhile.
    pub(super) fn begin<R: Record>(&self, engine: &Engine, record: &mut R, digest: &str) -> Result<(), Failure> {
        let keys = self.keys(engine)?;
        let start = record.transfer().start_millis;
        let begun: Result<bool, Error> = engine.transact(|tx| {
            if let Some(token) = &record.transfer().client_token
                && known::<R>(tx, &keys, token)?.is_some()
            {
                return Ok(false);
            }
            for nth in 0_u32.. {
                let mut hasher = Md5::new();
                hasher.update(record.transfer().table_id.as_bytes());
                hasher.update(start.to_be_bytes());
                hasher.update(nth.to_be_bytes());
                let distinct = hasher.finalize().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
                let id = format!("{start:014}-{distinct:08x}");
                if tx.get(&keys, &record_key(&id))?.is_none() {
                    record.transfer_mut().id = id;
                    break;
                }
            }
            let id = record.transfer().id.clone();
            tx.put(&keys, record_key(&id), write(record)?)?;
            if let Some(token) = &record.transfer().client_token {
                tx.put(&keys, token_key(token), write(&Token { id, digest: digest.to_owned() })?)?;
            }
            Ok(true)
        });
        if begun? { Ok(()) } else { Err(self.conflict()) }
    }

    /// Writes down what has become of something.
    pub(super) fn update<R: Record>(&self, engine: &Engine, record: &R) -> Result<(), Failure> {
        let keys = self.keys(engine)?;
        let value = write(record)?;
        engine.transact(|tx| tx.put(&keys, record_key(&record.transfer().id), value.clone())).map_err(broken)
    }

    fn find<R: Record>(&self, engine: &Engine, id: &str) -> Result<Option<R>, Failure> {
        let stored = engine.get(&self.keys(engine)?, &record_key(id)).map_err(broken)?;
        stored.map(|stored| read(&stored)).transpose()
    }

    /// What an ARN names.
    ///
    /// # Errors
    /// It is no ARN of such a thing, or there is none of it.
    pub(super) fn need<R: Record>(&self, engine: &Engine, arn: &str) -> Result<R, Failure> {
        let (name, separator) = (self.name, format!("/{}/", self.part));
        let parts = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":table/"));
        let Some((table, id)) = parts.and_then(|(_, rest)| rest.split_once(&separator)) else {
            return Err(Failure::validation(format!("Invalid {name} ARN")));
        };
        // Longer than any id, it would not even be a key.
        let found = if id.len() <= 64 { self.find::<R>(engine, id)? } else { None };
        found.filter(|record| record.transfer().table_name == table).ok_or_else(|| {
            Failure::client(NAMESPACE, self.not_found, format!("{name} not found: {name} not found: {arn}"))
        })
    }

    /// A page, the newest first, and where the next one begins.
    pub(super) fn list<R: Record>(
        &self,
        engine: &Engine,
        table: Option<&str>,
        most: Option<i64>,
        page_token: Option<&str>,
    ) -> Result<(Vec<R>, Option<String>), Failure> {
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_LISTED);
        let oldest = engine.clock().now().as_millis().saturating_sub(LISTED.as_millis() as u64);
        let mut rows = RangeRequest::prefix(&[RECORD]).reverse().limit(100);
        if let Some(token) = page_token {
            let id = read_page_token(token).ok_or_else(|| {
                Failure::validation(format!("Invalid Request: Provided nextToken is invalid: {token}"))
            })?;
            rows = rows.resume_after(&record_key(&id));
        }
        let (keys, snapshot) = (self.keys(engine)?, engine.snapshot().map_err(broken)?);
        let mut found: Vec<R> = Vec::new();
        for row in snapshot.scan(&keys, &rows).map_err(broken)? {
            let record: R = read(&row.map_err(broken)?.1)?;
            if record.transfer().start_millis < oldest {
                break;
            }
            if table.is_some_and(|table| table != record.transfer().table_name) {
                continue;
            }
            if found.len() == most {
                let next = found.last().map(|last| page_token_of(&last.transfer().id));
                return Ok((found, next));
            }
            found.push(record);
        }
        Ok((found, None))
    }

    /// Says of all that were under way when the last run of the server ended that they have failed.
    pub(super) fn give_up(&self, pond: &Pond) -> Result<(), millpond::Error> {
        let engine = pond.engine();
        let keys = engine.keyspace(self.keyspace)?;
        let snapshot = engine.snapshot()?;
        for row in snapshot.scan(&keys, &RangeRequest::prefix(&[RECORD]))? {
            let (key, value) = row?;
            let Ok(Value::Object(mut record)) = serde_json::from_slice(&value) else { continue };
            if record.get("status").and_then(Value::as_str) != Some(IN_PROGRESS) {
                continue;
            }
            record.insert("status".into(), FAILED.into());
            record.insert("end_millis".into(), engine.clock().now().as_millis().into());
            record.insert("failure_code".into(), "InternalServerError".into());
            record.insert("failure_message".into(), "the server ended before it was done".into());
            let value = Value::Object(record).to_string();
            engine.transact(|tx| tx.put(&keys, key.clone(), value.clone()))?;
        }
        Ok(())
    }

    /// How one is named in the region that the client signed for.
    pub(super) fn arn(&self, region: &str, transfer: &Transfer) -> String {
        format!("{}/{}/{}", super::table::table_arn(region, &transfer.table_name), self.part, transfer.id)
    }
}

/// What a token stands for now, and the digest of the request that it was used for.
fn known<R: Record>(tx: &mut Transaction, keys: &Keyspace, token: &str) -> Result<Option<(R, String)>, Error> {
    let damaged = |error: serde_json::Error| Error::Serde { message: error.to_string() };
    let Some(stored) = tx.get(keys, &token_key(token))? else { return Ok(None) };
    let token: Token = serde_json::from_slice(&stored).map_err(damaged)?;
    let Some(stored) = tx.get(keys, &record_key(&token.id))? else { return Ok(None) };
    let record: R = serde_json::from_slice(&stored).map_err(damaged)?;
    let end = record.transfer().end_millis.map(Timestamp::from_millis);
    let is_over = end.is_some_and(|end| end.saturating_add(TOKEN_VALID) <= tx.clock().now());
    Ok((!is_over).then_some((record, token.digest)))
}

fn record_key(id: &str) -> Vec<u8> {
    [&[RECORD], id.as_bytes()].concat()
}

fn token_key(token: &str) -> Vec<u8> {
    [&[TOKEN], token.as_bytes()].concat()
}

fn write(record: &impl Serialize) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_vec(record).map_err(|error| Error::Serde { message: error.to_string() })?;
    if text.len() > MAX_RECORD_BYTES {
        return Err(Error::Validation { message: format!("the request has more than {MAX_RECORD_BYTES} bytes") });
    }
    Ok(text)
}

fn read<T: DeserializeOwned>(stored: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(stored)
        .map_err(|error| Failure::internal(format!("a record of an export or import is damaged: {error}")))
}

pub(super) fn broken(error: millpond::engine::Error) -> Failure {
    Error::from(error).into()
}

/// The id in hexadecimal digits, filled up to the length that SDKs want.
fn page_token_of(id: &str) -> String {
    let digits: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<PAGE_TOKEN_CHARACTERS$}")
}

fn read_page_token(token: &str) -> Option<String> {
    if token.len() != PAGE_TOKEN_CHARACTERS || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = token.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    let id = bytes.split(|byte| *byte == 0).next()?;
    String::from_utf8(id.to_vec()).ok().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_leads_back_to_its_id() {
        let id = "01700000000000-0a1b2c3d";
        let token = page_token_of(id);
        assert_eq!(token.len(), PAGE_TOKEN_CHARACTERS);
        assert_eq!(read_page_token(&token).as_deref(), Some(id));
        for other in ["", "zz", &"0".repeat(112), &"g".repeat(112), &"é".repeat(56), &token[..110]] {
            assert_eq!(read_page_token(other), None, "{other}");
        }
    }

    #[test]
    fn requests_are_the_same_in_any_order() {
        assert_eq!(digest(br#"{"a":1,"b":[2]}"#), digest(br#"{ "b": [2], "a": 1 }"#));
        assert_ne!(digest(br#"{"a":1,"b":[2]}"#), digest(br#"{"a":1,"b":[3]}"#));
    }
}
