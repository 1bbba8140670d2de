use crate::{Result, Topics};

impl Topics {
    /// The certificate by which the signatures of messages are verified, in PEM, and the path below the
    /// [public URL](crate::Options::public_url) at which messages say that it is. The key is made when this is first asked for, if it has
    /// not been needed before.
    ///
    /// # Errors
    /// [`Error::Signing`](crate::Error::Signing) if it cannot be made, and those of the engine.
    pub fn signing_certificate(&self) -> Result<(String, String)> {
        self.shared.signer.certificate()
    }
}
