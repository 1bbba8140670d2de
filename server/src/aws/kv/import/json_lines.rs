//! Items as JSON, one or more in a line: `{"Item":{…}}`.

use std::io::{BufRead, BufReader};

use millpond::kv::Item;

use super::{
    super::value::Attributes,
    objects::{Allowance, Content},
};
use crate::aws::json::members;

members! {
    Line { item: Attributes = "Item" }
}

/// What stands where an item should.
pub(super) enum Found {
    Item(Item),
    /// It is none; the next one may be.
    Wrong,
    /// What follows cannot be told any more.
    Broken,
}

/// Calls `f` with each item of an object, until it asks to end.
pub(super) fn each<E>(
    content: Content,
    allowance: &Allowance,
    mut f: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = BufReader::new(content);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => allowance.renew(),
            Err(_) => return f(Found::Broken),
        }
        let values = serde_json::Deserializer::from_slice(&line).into_iter::<Line>();
        for value in values {
            match value {
                Ok(Line { item: Some(item) }) => f(item.item().map_or(Found::Wrong, Found::Item))?,
                Ok(Line { item: None }) => f(Found::Wrong)?,
                // It is JSON, but no item; where it ends in the line is not known.
                Err(error) if error.is_data() => {
                    f(Found::Wrong)?;
                    break;
                }
                Err(_) => return f(Found::Broken),
            }
        }
    }
}
