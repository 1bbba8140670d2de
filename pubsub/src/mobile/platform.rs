//! The platforms that apps run on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A service that brings messages to apps on devices.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-application-as-subscriber.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Platform {
    /// Amazon Device Messaging.
    Adm,
    /// Apple, for devices.
    Apns,
    /// Apple's sandbox.
    ApnsSandbox,
    /// Apple, for calls.
    ApnsVoip,
    /// Apple's sandbox, for calls.
    ApnsVoipSandbox,
    /// Apple, for computers.
    Macos,
    /// Apple's sandbox, for computers.
    MacosSandbox,
    /// Baidu Cloud Push.
    Baidu,
    /// Firebase Cloud Messaging, by the name that the service has for it.
    Gcm,
    /// Microsoft, for phones.
    Mpns,
    /// Microsoft, for Windows.
    Wns,
}

impl Platform {
    /// All there are.
    pub const ALL: [Platform; 11] = [
        Platform::Adm,
        Platform::Apns,
        Platform::ApnsSandbox,
        Platform::ApnsVoip,
        Platform::ApnsVoipSandbox,
        Platform::Macos,
        Platform::MacosSandbox,
        Platform::Baidu,
        Platform::Gcm,
        Platform::Mpns,
        Platform::Wns,
    ];

    /// Its name in the service: in ARNs, and before its text in a message that has one for each platform.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Platform::Adm => "ADM",
            Platform::Apns => "APNS",
            Platform::ApnsSandbox => "APNS_SANDBOX",
            Platform::ApnsVoip => "APNS_VOIP",
            Platform::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            Platform::Macos => "MACOS",
            Platform::MacosSandbox => "MACOS_SANDBOX",
            Platform::Baidu => "BAIDU",
            Platform::Gcm => "GCM",
            Platform::Mpns => "MPNS",
            Platform::Wns => "WNS",
        }
    }

    /// The platform of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Platform> {
        Platform::ALL.into_iter().find(|platform| platform.name() == name)
    }

    /// Whether its devices have Apple's tokens.
    pub(crate) const fn is_apple(self) -> bool {
        matches!(
            self,
            Platform::Apns
                | Platform::ApnsSandbox
                | Platform::ApnsVoip
                | Platform::ApnsVoipSandbox
                | Platform::Macos
                | Platform::MacosSandbox
        )
    }

    /// Whether what it is sent is JSON.
    pub(crate) const fn takes_json(self) -> bool {
        !matches!(self, Platform::Mpns | Platform::Wns)
    }

    /// How many bytes a message may have.
    pub(crate) const fn payload_bytes(self) -> usize {
        match self {
            Platform::Adm => 6144,
            Platform::ApnsVoip | Platform::ApnsVoipSandbox | Platform::Wns => 5120,
            Platform::Mpns => 3072,
            _ => 4096,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
