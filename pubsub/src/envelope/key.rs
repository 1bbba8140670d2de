//! A key by which messages are signed.
//!
//! Its modulus has 2,048 bits and is the product of four primes of 512 bits, as RFC 8017 allows: who verifies sees no difference, and a
//! signature takes half of the time that it does with two primes, which is most of what it costs to publish. Primes of this length are out of
//! reach of all that finds factors by their length.

use rsa::{
    BigUint, Pkcs1v15Sign, RsaPrivateKey,
    pkcs1::EncodeRsaPublicKey,
    rand_core::OsRng,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::certificate;
use crate::{Error, Result};

const KEY_BITS: usize = 2048;
const EXPONENT: u32 = 65_537;

/// How a message is signed: what a topic's `SignatureVersion` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum SignatureVersion {
    /// SHA-1.
    V1,
    /// SHA-256.
    V2,
}

impl SignatureVersion {
    pub(crate) fn of(attribute: Option<&str>) -> SignatureVersion {
        if attribute == Some("2") { SignatureVersion::V2 } else { SignatureVersion::V1 }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            SignatureVersion::V1 => "1",
            SignatureVersion::V2 => "2",
        }
    }

    /// The digest of a text, and what stands before it: the `DigestInfo` of RFC 8017, section 9.2.
    fn digest(self, text: &[u8]) -> (Vec<u8>, &'static [u8]) {
        match self {
            SignatureVersion::V1 => (Sha1::digest(text).to_vec(), SHA1_PREFIX),
            SignatureVersion::V2 => (Sha256::digest(text).to_vec(), SHA256_PREFIX),
        }
    }
}

const SHA1_PREFIX: &[u8] = &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256_PREFIX: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// A key as stored: its primes, the highest byte first.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyRecord {
    primes: Vec<Vec<u8>>,
}

/// The key with its certificate.
pub(super) struct Key {
    private: RsaPrivateKey,
    /// The public key as PKCS #1 has it.
    public: Vec<u8>,
    /// The certificate in PEM, and its path.
    pub(super) certificate: (String, String),
}

impl Key {
    pub(super) fn make() -> Result<Key> {
        loop {
            // Each has two primes of the length that is needed.
            let halves = [new_half()?, new_half()?];
            let primes: Vec<BigUint> = halves.iter().flat_map(PrivateKeyParts::primes).cloned().collect();
            // One that is a bit too short, or has a prime twice, is no key.
            if let Ok(private) = RsaPrivateKey::from_primes(primes, EXPONENT.into())
                && private.n().bits() == KEY_BITS
            {
                return Key::new(private);
            }
        }
    }

    pub(super) fn record(&self) -> KeyRecord {
        KeyRecord { primes: self.private.primes().iter().map(BigUint::to_bytes_be).collect() }
    }

    pub(super) fn of_record(record: &KeyRecord) -> Result<Key> {
        let primes = record.primes.iter().map(|prime| BigUint::from_bytes_be(prime)).collect();
        Key::new(RsaPrivateKey::from_primes(primes, EXPONENT.into()).map_err(failed)?)
    }

    fn new(private: RsaPrivateKey) -> Result<Key> {
        let public = private.to_public_key().to_pkcs1_der().map_err(failed)?.into_vec();
        let mut key = Key { private, public, certificate: Default::default() };
        key.certificate = certificate::make(&key)?;
        Ok(key)
    }

    /// The public key as PKCS #1 has it.
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// The signature of a text, by PKCS #1 v1.5.
    pub(super) fn sign(&self, version: SignatureVersion, text: &[u8]) -> Result<Vec<u8>> {
        let (digest, prefix) = version.digest(text);
        let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
        self.private.sign(padding, &digest).map_err(failed)
    }
}

fn new_half() -> Result<RsaPrivateKey> {
    RsaPrivateKey::new(&mut OsRng, KEY_BITS / 2).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Signing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_verify_and_a_stored_key_is_the_same() {
        let key = Key::make().unwrap();
        assert_eq!((key.private.primes().len(), key.private.n().bits()), (4, KEY_BITS));
        for version in [SignatureVersion::V1, SignatureVersion::V2] {
            for text in ["", "a", &"long".repeat(1000)] {
                let (digest, prefix) = version.digest(text.as_bytes());
                let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
                let signature = key.sign(version, text.as_bytes()).unwrap();
                key.private.to_public_key().verify(padding, &digest, &signature).unwrap();
            }
        }
        let again = Key::of_record(&key.record()).unwrap();
        assert_eq!(again.certificate, key.certificate);
        assert_eq!(again.sign(SignatureVersion::V2, b"x").unwrap(), key.sign(SignatureVersion::V2, b"x").unwrap());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for primes in [vec![], vec![vec![]], vec![vec![7]], vec![vec![0], vec![0]], vec![vec![9], vec![15]]] {
            assert!(Key::of_record(&KeyRecord { primes }).is_err());
        }
    }
}
