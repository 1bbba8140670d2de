//! Tokens of pages: they say themselves where the next page begins, so that nothing is kept for them.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::failure::{failure, invalid};
use crate::aws::json::Failure;

/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(300);
const CHECKSUM_BYTES: usize = 4;

#[derive(Serialize, Deserialize)]
struct Token<T> {
    /// The operation that has given it.
    operation: String,
    issued_millis: u64,
    next: T,
}

/// A token by which `operation` goes on at `next`.
///
/// # Errors
/// `InternalServerError` for what cannot be serialized.
pub(super) fn show(operation: &str, now: Timestamp, next: impl Serialize) -> Result<String, Failure> {
    let token = Token { operation: operation.to_owned(), issued_millis: now.as_millis(), next };
    let mut bytes = crate::aws::json::write(&token)?;
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    Ok(STANDARD.encode(bytes))
}

/// Where the token of an operation says to go on.
///
/// # Errors
/// `InvalidArgumentException`, `ExpiredNextTokenException`.
pub(super) fn read<T: DeserializeOwned>(operation: &str, text: &str, now: Timestamp) -> Result<T, Failure> {
    let token = parse(text).filter(|token: &Token<T>| token.operation == operation);
    let token = token.ok_or_else(|| invalid("Invalid NextToken."))?;
    let age = now.as_millis().saturating_sub(token.issued_millis);
    match u128::from(age) > LIFETIME.as_millis() {
        true => Err(failure("ExpiredNextTokenException", "The pagination token has expired.")),
        false => Ok(token.next),
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = STANDARD.decode(text).ok()?;
    let (token, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    (crc32fast::hash(token).to_be_bytes() == *checksum).then(|| serde_json::from_slice(token).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_operation_and_five_minutes() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
        let token = show("ListStreams", at(1000), "orders").unwrap();
        assert_eq!(read::<String>("ListStreams", &token, at(1300)).unwrap(), "orders");
        let code =
            |operation: &str, token: &str, seconds| read::<String>(operation, token, at(seconds)).unwrap_err().code();
        assert_eq!(code("ListStreams", &token, 1301), "ExpiredNextTokenException");
        assert_eq!(code("ListShards", &token, 1000), "InvalidArgumentException");
        let mut bytes = STANDARD.decode(&token).unwrap();
        bytes[3] ^= 1;
        for text in ["", "AAAA", "%", &STANDARD.encode(bytes)] {
            assert_eq!(code("ListStreams", text, 1000), "InvalidArgumentException", "{text}");
        }
    }
}
