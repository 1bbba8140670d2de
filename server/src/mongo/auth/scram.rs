//! The server's side of SCRAM.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc5802>.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use millpond::docdb::Code;

use super::{
    Identity, Users,
    credentials::{Credentials, Mechanism, random},
};
use crate::mongo::failure::Failure;

/// An authentication that has begun.
#[derive(Debug)]
pub(crate) struct Conversation {
    identity: Identity,
    credentials: Credentials,
    /// The client's nonce and the server's.
    nonce: String,
    /// What both sides sign, but for the client's last message.
    signed: String,
    /// Whether the proof was right, so that only an empty message is still to come.
    proven: bool,
    skip_empty_exchange: bool,
}

/// What the server says next.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) payload: Vec<u8>,
    /// As whom the client is known from now on.
    pub(crate) done: Option<Identity>,
}

/// The one refusal: it does not tell what was wrong.
pub(crate) fn failed() -> Failure {
    Failure::new(Code::AUTHENTICATION_FAILED, "Authentication failed.")
}

impl Conversation {
    /// Understands the client's first message: `n,,n=user,r=nonce`.
    pub(crate) fn start(
        users: &Users,
        database: &str,
        mechanism: Mechanism,
        payload: &[u8],
        skip_empty_exchange: bool,
    ) -> Result<(Conversation, Said), Failure> {
        let malformed = || Failure::new(Code::BAD_VALUE, "Incorrect SCRAM client message");
        let message = std::str::from_utf8(payload).map_err(|_| malformed())?;
        let mut parts = message.splitn(3, ',');
        let (Some("n" | "y"), Some(authorized), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed());
        };
        if !authorized.is_empty() && !authorized.starts_with("a=") {
            return Err(malformed());
        }
        let mut members = bare.split(',');
        let name = members.next().and_then(|member| member.strip_prefix("n=")).ok_or_else(malformed)?;
        let nonce = members.next().and_then(|member| member.strip_prefix("r=")).ok_or_else(malformed)?;
        if nonce.is_empty() {
            return Err(malformed());
        }
        let name = name.replace("=2C", ",").replace("=3D", "=");
        let credentials = users.credentials(&name, database, mechanism).ok_or_else(failed)?;
        let nonce = format!("{nonce}{}", BASE64.encode(random(24)));
        let answer = format!("r={nonce},s={},i={}", BASE64.encode(&credentials.salt), credentials.iterations);
        let conversation = Conversation {
            identity: Identity { name, database: database.to_owned() },
            credentials,
            nonce,
            signed: format!("{bare},{answer}"),
            proven: false,
            skip_empty_exchange,
        };
        Ok((conversation, Said { payload: answer.into_bytes(), done: None }))
    }

    /// Understands a further message: `c=biws,r=nonce,p=proof`, then nothing.
    pub(crate) fn go_on(&mut self, payload: &[u8]) -> Result<Said, Failure> {
        if self.proven {
            return match payload.is_empty() {
                true => Ok(Said { payload: Vec::new(), done: Some(self.identity.clone()) }),
                false => Err(failed()),
            };
        }
        let message = std::str::from_utf8(payload).map_err(|_| failed())?;
        let (unproven, proof) = message.rsplit_once(",p=").ok_or_else(failed)?;
        let nonce = unproven.split(',').find_map(|member| member.strip_prefix("r="));
        if nonce != Some(&*self.nonce) || !unproven.starts_with("c=") {
            return Err(failed());
        }
        let proof = BASE64.decode(proof).map_err(|_| failed())?;
        let signed = format!("{},{unproven}", self.signed);
        let Credentials { mechanism, stored_key, server_key, .. } = &self.credentials;
        let signature = mechanism.hmac(stored_key, signed.as_bytes());
        if proof.len() != signature.len() {
            return Err(failed());
        }
        let client_key: Vec<u8> = proof.iter().zip(&signature).map(|(proof, signature)| proof ^ signature).collect();
        // What is compared is a digest of a key: how long that takes tells nothing of use.
        if mechanism.hash(&client_key) != *stored_key {
            return Err(failed());
        }
        self.proven = true;
        let answer = format!("v={}", BASE64.encode(mechanism.hmac(server_key, signed.as_bytes())));
        let done = self.skip_empty_exchange.then(|| self.identity.clone());
        Ok(Said { payload: answer.into_bytes(), done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, with the nonce and the salt that stand there.
    #[test]
    fn the_exchange_of_the_standard_succeeds_and_no_other_proof_does() {
        let decoded = |text| BASE64.decode(text).unwrap();
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server_first = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let conversation = || Conversation {
            identity: Identity { name: "user".to_owned(), database: "admin".to_owned() },
            credentials: Credentials {
                mechanism: Mechanism::ScramSha256,
                iterations: 4096,
                salt: decoded("W22ZaJ0SNY7soEsUEjb6gQ=="),
                stored_key: decoded("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="),
                server_key: decoded("wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="),
            },
            nonce: nonce.to_owned(),
            signed: format!("n=user,r=rOprNGfwEbeRWgbNEkqO,{server_first}"),
            proven: false,
            skip_empty_exchange: false,
        };
        let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let mut right = conversation();
        let said = right.go_on(format!("c=biws,r={nonce},p={proof}").as_bytes()).unwrap();
        assert_eq!(said.payload, b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert!(said.done.is_none());
        assert_eq!(right.go_on(b"").unwrap().done.unwrap().to_string(), "user@admin");

        let wrong = format!("c=biws,r={nonce},p={}", proof.replace('d', "e"));
        for message in [&*wrong, "", "c=biws,p=", "c=biws,r=other,p=AAAA"] {
            assert_eq!(conversation().go_on(message.as_bytes()).unwrap_err().code.0, 18, "{message}");
        }
    }
}
