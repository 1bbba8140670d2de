//! The certificate of the key by which messages are signed. It is the same each time that it is made of a key, so that only the
//! key is kept.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Error as CertificateError, KeyIdMethod, KeyUsagePurpose,
    PKCS_RSA_SHA256, PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use sha2::{Digest, Sha256};

use super::key::{Key, SignatureVersion};
use crate::{Error, Result};

/// Who the service says it is: some who verify signatures look.
const NAME: &str = "sns.amazonaws.com";
const LINE: usize = 64;

/// A certificate that the key signs itself, in PEM, and its path below the public URL.
pub(super) fn make(key: &Key) -> Result<(String, String)> {
    let failed = |error: CertificateError| Error::Signing(error.to_string());
    let known_by = Sha256::digest(key.public());
    let id: Vec<u8> = known_by.iter().take(16).copied().collect();
    let mut params = CertificateParams::new([NAME.to_owned()]).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params.serial_number = Some(SerialNumber::from_slice(&id));
    params.key_identifier_method = KeyIdMethod::PreSpecified(id.clone());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(key).map_err(failed)?;
    let hex = id.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok((pem(certificate.der()), format!("/SimpleNotificationService-{hex}.pem")))
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.public()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CertificateError> {
        Key::sign(self, SignatureVersion::V2, message).map_err(|_| CertificateError::RemoteKeyError)
    }
}
