//! Filter policies: which messages a subscription wants.
//!
//! A [`FilterPolicy`] is read and checked as the service does it, with its limits and its texts; a [`Matcher`] holds
//! many of them and finds those that want a message; an [`Event`] is the message as both see it.
//!
//! Policies mean what they mean in AWS's [event-ruler](https://github.com/aws/event-ruler), which the service runs:
//!
//! - All fields of a policy must hold, each by one of its patterns; `$or` stands for alternatives. It is an operator
//!   only with an array of at least two objects that do not use the names of operators; otherwise it is a name like
//!   others.
//! - A field with several values, which is an array, holds if a pattern wants one of them: `anything-but`, too. Values
//!   in objects within arrays go together only if they are in the same element. `{"exists": false}` holds where no
//!   value goes together with those of the fields before it, in the order of their paths.
//! - Texts, numbers, `true`, `false` and `null` are different, whatever they look like. Numbers are compared to six
//!   digits behind the point, from -5,000,000,000 to 5,000,000,000; others are only equal. Regardless of case means by
//!   lower case of each character.
//! - An object or an empty array is no value: its field is absent.
//!
//! Sources: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html> and the pages below it.

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
