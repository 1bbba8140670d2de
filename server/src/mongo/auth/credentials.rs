//! What is kept in the place of a password: salts and keys, of SCRAM-SHA-1 and SCRAM-SHA-256.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc5802>, <https://www.rfc-editor.org/rfc/rfc7677>.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bson::{RawDocument, RawDocumentBuf, rawdoc};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest as _, Md5};
use millpond::docdb::Code;
use sha1::Sha1;
use sha2::Sha256;

use crate::mongo::failure::Failure;

/// How a user proves to know a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    ScramSha1,
    ScramSha256,
}

impl Mechanism {
    pub(crate) const ALL: [Mechanism; 2] = [Mechanism::ScramSha1, Mechanism::ScramSha256];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Mechanism> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }

    fn iterations(self) -> u32 {
        match self {
            Mechanism::ScramSha1 => 10_000,
            Mechanism::ScramSha256 => 15_000,
        }
    }

    fn salt_bytes(self) -> usize {
        match self {
            Mechanism::ScramSha1 => 16,
            Mechanism::ScramSha256 => 28,
        }
    }

    pub(super) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        // Keys of any length are taken.
        match self {
            Mechanism::ScramSha1 => Hmac::<Sha1>::new_from_slice(key)
                .map(|hmac| hmac.chain_update(message).finalize().into_bytes().to_vec())
                .unwrap_or_default(),
            Mechanism::ScramSha256 => Hmac::<Sha256>::new_from_slice(key)
                .map(|hmac| hmac.chain_update(message).finalize().into_bytes().to_vec())
                .unwrap_or_default(),
        }
    }

    pub(super) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Mechanism::ScramSha1 => Sha1::digest(bytes).to_vec(),
            Mechanism::ScramSha256 => Sha256::digest(bytes).to_vec(),
        }
    }

    fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        match self {
            Mechanism::ScramSha1 => pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password, salt, iterations).to_vec(),
            Mechanism::ScramSha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
        }
    }

    /// The password as the mechanism takes it.
    fn prepare(self, user: &str, password: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Mechanism::ScramSha1 => {
                use std::fmt::Write as _;
                let digest = Md5::digest(format!("{user}:mongo:{password}"));
                let hexadecimal = digest.iter().fold(String::new(), |mut text, byte| {
                    // Writing to a string does not fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                Ok(hexadecimal.into_bytes())
            }
            Mechanism::ScramSha256 => {
                let prepared = stringprep::saslprep(password).map_err(|error| {
                    Failure::new(Code::BAD_VALUE, format!("Error preflighting UTF-8 conversion: {error}"))
                })?;
                Ok(prepared.into_owned().into_bytes())
            }
        }
    }
}

/// What one mechanism needs to know of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) mechanism: Mechanism,
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) stored_key: Vec<u8>,
    pub(super) server_key: Vec<u8>,
}

impl Credentials {
    /// Those of a new password.
    pub(crate) fn new(mechanism: Mechanism, user: &str, password: &str) -> Result<Credentials, Failure> {
        Ok(Self::with_salt(mechanism, &mechanism.prepare(user, password)?, random(mechanism.salt_bytes())))
    }

    fn with_salt(mechanism: Mechanism, password: &[u8], salt: Vec<u8>) -> Credentials {
        let iterations = mechanism.iterations();
        let salted = mechanism.salted(password, &salt, iterations);
        let stored_key = mechanism.hash(&mechanism.hmac(&salted, b"Client Key"));
        let server_key = mechanism.hmac(&salted, b"Server Key");
        Credentials { mechanism, iterations, salt, stored_key, server_key }
    }

    /// As they are kept.
    pub(super) fn to_document(&self) -> RawDocumentBuf {
        rawdoc! {
            "iterationCount": i32::try_from(self.iterations).unwrap_or(i32::MAX),
            "salt": BASE64.encode(&self.salt),
            "storedKey": BASE64.encode(&self.stored_key),
            "serverKey": BASE64.encode(&self.server_key),
        }
    }

    pub(super) fn from_document(mechanism: Mechanism, document: &RawDocument) -> Option<Credentials> {
        let bytes = |name| BASE64.decode(document.get_str(name).ok()?).ok();
        Some(Credentials {
            mechanism,
            iterations: u32::try_from(document.get_i32("iterationCount").ok()?).ok()?,
            salt: bytes("salt")?,
            stored_key: bytes("storedKey")?,
            server_key: bytes("serverKey")?,
        })
    }
}

/// Bytes that nobody can guess.
pub(super) fn random(count: usize) -> Vec<u8> {
    // Of 16 bytes 122 bits are random, which the digest spreads.
    let mut bytes: Vec<u8> = Vec::with_capacity(count + 32);
    while bytes.len() < count {
        let seed = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
        bytes.extend(Sha256::digest(seed));
    }
    bytes.truncate(count);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_standards_examples() {
        // RFC 7677, section 3, but for the number of iterations, which is checked by the exchange in `scram`.
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = Mechanism::ScramSha256.salted(b"pencil", &salt, 4096);
        let server_key = Mechanism::ScramSha256.hmac(&salted, b"Server Key");
        assert_eq!(BASE64.encode(server_key), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    }

    #[test]
    fn credentials_come_back_as_they_were_kept() {
        for mechanism in Mechanism::ALL {
            let credentials = Credentials::new(mechanism, "user", "pencil").unwrap();
            assert_eq!(Credentials::from_document(mechanism, &credentials.to_document()), Some(credentials));
        }
    }
}
