//! Millpond in this process: no server, no protocol.

pub(crate) const LINKED: &str = "Millpond linked";
