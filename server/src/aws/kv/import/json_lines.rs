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

/// The lines of an object, none longer than a record may be.
pub(super) struct Lines<'a> {
    content: BufReader<Content>,
    allowance: &'a Allowance,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(content: Content, allowance: &'a Allowance) -> Self {
        Lines { content: BufReader::new(content), allowance, line: Vec::new() }
    }

    /// The next line, or `Some(None)` where it cannot be read; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Option<&[u8]>> {
        self.line.clear();
        match self.content.read_until(b'\n', &mut self.line) {
            Ok(0) => None,
            Ok(_) => {
                self.allowance.renew();
                Some(Some(&self.line))
            }
            Err(_) => Some(None),
        }
    }
}

/// Calls `f` with each item of an object, until it asks to end.
pub(super) fn each<E>(
    content: Content,
    allowance: &Allowance,
    mut f: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::new(content, allowance);
    while let Some(line) = lines.next() {
        let Some(line) = line else { return f(Found::Broken) };
        let values = serde_json::Deserializer::from_slice(line).into_iter::<Line>();
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
    Ok(())
}
