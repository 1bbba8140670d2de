//! Filter policies: which messages a subscription wants.

mod policy;

pub use policy::{FilterPolicy, FilterScope, Forms, PolicyError};
