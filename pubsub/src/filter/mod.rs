//! Filter policies: which messages a subscription wants.

mod address;
mod elements;
mod evaluate;
mod event;
mod lexer;
mod matcher;
mod number;
mod parse;
mod pattern;
mod policy;
mod wildcard;

pub use event::Event;
pub use matcher::Matcher;
pub use policy::{FilterPolicy, FilterScope, Forms, PolicyError};
