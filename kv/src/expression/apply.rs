//! Applies an update to an item.
//!
//! Every value is worked out from the item as it was, and list positions are those of the item as it was: elements are
//! removed together at the end, and elements set past the end of a list are added in the order of their positions.
//!
//! The service looks for faults in this order: a path through a value of the wrong shape; operands of the wrong type;
//! then, section by section from the last to the first, paths whose parent is absent and attributes that a `SET` reads
//! but the item has not; then numbers out of range.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::error::ExpressionError;
use super::path::{Path, PathElement};
use super::update::{Change, Source, Update};
use crate::value::{AttributeValue, Item, MAX_ITEM_BYTES, Number, ValueError, item_size_bytes};

/// The outcome of [`Update::apply`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Updated {
    /// The whole item after the update.
    pub(crate) item: Item,
    /// The paths the update wrote to, in the order written.
    pub(crate) touched: Vec<Path>,
}

/// Why an update cannot be applied to an item.
#[derive(Debug, thiserror::Error)]
enum ApplyFault {
    #[error("An operand in the update expression has an incorrect data type")]
    OperandType,
    #[error("The provided expression refers to an attribute that does not exist in the item")]
    Missing,
    #[error("The document path provided in the update expression is invalid for update")]
    InvalidPath,
    #[error("{0}")]
    Number(#[from] ValueError),
    #[error("Item size to update has exceeded the maximum allowed size")]
    TooLarge,
}

/// What becomes of the value at a path.
enum Write {
    Put(AttributeValue),
    Remove,
}

impl Update {
    /// The item after the update. `old` is the item before it; for an item that does not exist, its key attributes.
    ///
    /// The nesting of the result is for the caller to check.
    ///
    /// # Errors
    /// An operand of the wrong type, an attribute that is read but absent, a path whose parent is absent or of another
    /// shape, a sum out of the range of numbers, or an item of more than 400 KB.
    pub(crate) fn apply(&self, old: &Item) -> Result<Updated, ExpressionError> {
        let item = self.applied(old).map_err(|fault| match fault {
            ApplyFault::OperandType if self.is_legacy => ExpressionError::new("Type mismatch for attribute to update"),
            fault => ExpressionError::new(fault.to_string()),
        })?;
        Ok(Updated { item, touched: self.changes().map(|change| change.path().clone()).collect() })
    }

    fn applied(&self, old: &Item) -> Result<Item, ApplyFault> {
        if self.changes().any(|change| place(change.path(), old) == Place::WrongShape) {
            return Err(ApplyFault::InvalidPath);
        }
        let mut evaluator = Evaluator { old, bytes: 0 };
        let sections = self.sections.iter().map(|changes| {
            changes.iter().map(|change| Ok((change.path(), evaluator.change(change)?))).collect::<Result<Vec<_>, _>>()
        });
        let sections = sections.collect::<Result<Vec<_>, ApplyFault>>()?;
        for section in sections.iter().rev() {
            if section.iter().any(|(path, _)| place(path, old) != Place::Writable) {
                return Err(ApplyFault::InvalidPath);
            }
            if section.iter().any(|(_, outcome)| matches!(outcome, Err(Late::Missing))) {
                return Err(ApplyFault::Missing);
            }
        }
        let mut writes = Vec::new();
        for (path, outcome) in sections.into_iter().flatten() {
            match outcome {
                Ok(Some(write)) => writes.push((path, write)),
                Ok(None) => {}
                Err(Late::Missing) => return Err(ApplyFault::Missing),
                Err(Late::Number(error)) => return Err(error.into()),
            }
        }
        let item = write_all(writes, old.clone())?;
        if item_size_bytes(&item) > MAX_ITEM_BYTES { Err(ApplyFault::TooLarge) } else { Ok(item) }
    }
}

/// Whether a path can be written to.
#[derive(PartialEq)]
enum Place {
    Writable,
    /// The value that should hold it is absent.
    NoParent,
    /// The value that should hold it is not a map or a list, as the path needs.
    WrongShape,
}

fn place(path: &Path, item: &Item) -> Place {
    let Some((parent, last)) = path.split_last() else {
        return Place::Writable;
    };
    match (parent.get(item), last) {
        (Some(AttributeValue::M(_)), PathElement::Name(_)) | (Some(AttributeValue::L(_)), PathElement::Index(_)) => {
            Place::Writable
        }
        (None, _) => Place::NoParent,
        (Some(_), _) => Place::WrongShape,
    }
}

/// A fault that gives way to those of paths.
enum Late {
    Missing,
    Number(ValueError),
}

/// Works values out from the item as it was. What it copies ends up in the new item, but for the operands of sums, so an
/// update that would copy more than an item may hold ends before the memory is spent.
struct Evaluator<'a> {
    old: &'a Item,
    /// Bytes copied so far.
    bytes: usize,
}

impl Evaluator<'_> {
    /// What a change writes, if anything. The outer error is a wrong type, which comes before every late fault.
    fn change(&mut self, change: &Change) -> Result<Result<Option<Write>, Late>, ApplyFault> {
        let found = change.path().get(self.old);
        Ok(match change {
            Change::Set(_, source) => match self.value(source) {
                Ok(value) => Ok(Some(Write::Put(value))),
                Err(ApplyFault::Missing) => Err(Late::Missing),
                Err(ApplyFault::Number(error)) => Err(Late::Number(error)),
                Err(fault) => return Err(fault),
            },
            Change::Remove(_) => Ok(found.map(|_| Write::Remove)),
            Change::Add(_, value) => match (found, &**value) {
                (None, value) => Ok(Some(Write::Put(self.copy(value)?))),
                (Some(AttributeValue::N(number)), AttributeValue::N(more)) => {
                    Ok(Some(Write::Put(AttributeValue::N(number.checked_add(more)?))))
                }
                (Some(AttributeValue::Ss(set)), AttributeValue::Ss(more)) => {
                    self.spend(value)?;
                    Ok(Some(Write::Put(AttributeValue::Ss(set | more))))
                }
                (Some(AttributeValue::Ns(set)), AttributeValue::Ns(more)) => {
                    self.spend(value)?;
                    Ok(Some(Write::Put(AttributeValue::Ns(set | more))))
                }
                (Some(AttributeValue::Bs(set)), AttributeValue::Bs(more)) => {
                    self.spend(value)?;
                    Ok(Some(Write::Put(AttributeValue::Bs(set | more))))
                }
                _ => return Err(ApplyFault::OperandType),
            },
            Change::Delete(_, value) => match (found, &**value) {
                (None, _) => Ok(None),
                (Some(AttributeValue::Ss(set)), AttributeValue::Ss(less)) => {
                    Ok(remaining(set, less, AttributeValue::Ss))
                }
                (Some(AttributeValue::Ns(set)), AttributeValue::Ns(less)) => {
                    Ok(remaining(set, less, AttributeValue::Ns))
                }
                (Some(AttributeValue::Bs(set)), AttributeValue::Bs(less)) => {
                    Ok(remaining(set, less, AttributeValue::Bs))
                }
                _ => return Err(ApplyFault::OperandType),
            },
        })
    }

    fn value(&mut self, source: &Source) -> Result<AttributeValue, ApplyFault> {
        match source {
            Source::Value(value) => self.copy(value),
            Source::Path(path) => self.copy(path.get(self.old).ok_or(ApplyFault::Missing)?),
            Source::IfNotExists(path, otherwise) => match path.get(self.old) {
                Some(found) => self.copy(found),
                None => self.value(otherwise),
            },
            Source::ListAppend(first, second) => {
                let mut list = self.list(first)?;
                list.extend(self.list(second)?);
                Ok(AttributeValue::L(list))
            }
            Source::Plus(left, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(AttributeValue::N(left.checked_add(&right)?))
            }
            Source::Minus(left, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(AttributeValue::N(left.checked_sub(&right)?))
            }
        }
    }

    fn number(&mut self, source: &Source) -> Result<Number, ApplyFault> {
        match self.value(source)? {
            AttributeValue::N(number) => Ok(number),
            _ => Err(ApplyFault::OperandType),
        }
    }

    fn list(&mut self, source: &Source) -> Result<Vec<AttributeValue>, ApplyFault> {
        match self.value(source)? {
            AttributeValue::L(list) => Ok(list),
            _ => Err(ApplyFault::OperandType),
        }
    }

    fn copy(&mut self, value: &AttributeValue) -> Result<AttributeValue, ApplyFault> {
        self.spend(value)?;
        Ok(value.clone())
    }

    fn spend(&mut self, value: &AttributeValue) -> Result<(), ApplyFault> {
        // Numbers are small, and may only be an operand of a sum. A list may lose its own three bytes to another one.
        let bytes = match value {
            AttributeValue::N(_) => 0,
            AttributeValue::L(_) => value.size_bytes().saturating_sub(3),
            other => other.size_bytes(),
        };
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_ITEM_BYTES { Err(ApplyFault::TooLarge) } else { Ok(()) }
    }
}

/// A set without some members. There are no empty sets: an attribute that would be one is removed.
fn remaining<T: Ord + Clone>(
    set: &BTreeSet<T>,
    less: &BTreeSet<T>,
    make: fn(BTreeSet<T>) -> AttributeValue,
) -> Option<Write> {
    let left = set - less;
    Some(if left.is_empty() { Write::Remove } else { Write::Put(make(left)) })
}

/// Writes to lists, deepest first: an inner list must be found while the positions above it are still the old ones.
type ListWrites = BTreeMap<(Reverse<usize>, Path), Vec<(usize, Write)>>;

fn write_all(writes: Vec<(&Path, Write)>, mut item: Item) -> Result<Item, ApplyFault> {
    let mut lists = ListWrites::new();
    for (path, write) in writes {
        let map = match path.split_last() {
            None => Some((&mut item, path.head())),
            Some((parent, PathElement::Index(index))) => {
                let depth = Reverse(parent.rest().len());
                lists.entry((depth, parent)).or_default().push((*index, write));
                continue;
            }
            Some((parent, PathElement::Name(name))) => match parent.get_mut(&mut item) {
                Some(AttributeValue::M(map)) => Some((map, &**name)),
                _ => None,
            },
        };
        let (map, name) = map.ok_or(ApplyFault::InvalidPath)?;
        match write {
            Write::Put(value) => map.insert(name.to_owned(), value),
            Write::Remove => map.remove(name),
        };
    }
    for ((_, path), writes) in lists {
        let Some(AttributeValue::L(list)) = path.get_mut(&mut item) else {
            return Err(ApplyFault::InvalidPath);
        };
        write_list(list, writes);
    }
    Ok(item)
}

fn write_list(list: &mut Vec<AttributeValue>, writes: Vec<(usize, Write)>) {
    let mut removed = BTreeSet::new();
    let mut added = BTreeMap::new();
    for (index, write) in writes {
        match (list.get_mut(index), write) {
            (Some(element), Write::Put(value)) => *element = value,
            (Some(_), Write::Remove) => {
                removed.insert(index);
            }
            (None, Write::Put(value)) => {
                added.insert(index, value);
            }
            (None, Write::Remove) => {}
        }
    }
    let mut index = 0;
    list.retain(|_| {
        index += 1;
        !removed.contains(&(index - 1))
    });
    list.extend(added.into_values());
}
