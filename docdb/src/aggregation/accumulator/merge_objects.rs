//! `$mergeObjects`.

use std::{collections::HashMap, sync::Arc};

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{Accumulate, Fold, is_nullish, unary, value_bytes},
    error::{Code, Result, refuse},
    expression::Names,
    value::{DocumentBuilder, fields},
};

pub(super) fn parse(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(MergeObjects::default()))
}

/// The fields of all documents: where one is in several, its place is that of the first and its value that of the last.
#[derive(Default)]
pub(crate) struct MergeObjects {
    fields: Vec<(Box<str>, RawBson)>,
    places: HashMap<Box<str>, usize>,
    bytes: usize,
}

impl Fold for MergeObjects {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if is_nullish(value) {
            return Ok(());
        }
        let Some(RawBsonRef::Document(document)) = value else {
            return refuse(
                Code(40400),
                format!("$mergeObjects requires object inputs, but input {value:?} is not an object"),
            );
        };
        for (name, value) in fields(document) {
            self.bytes += value_bytes(value);
            let place = self.places.get(name).and_then(|place| self.fields.get_mut(*place));
            if let Some((_, old)) = place {
                self.bytes -= value_bytes(old.as_raw_bson_ref());
                *old = value.into();
            } else {
                self.bytes += 2 * name.len();
                self.places.insert(name.into(), self.fields.len());
                self.fields.push((name.into(), value.into()));
            }
        }
        super::bounded("$mergeObjects", self.bytes)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        let mut document = DocumentBuilder::new();
        for (name, value) in &self.fields {
            document.append_owned(name, value);
        }
        Ok(Some(RawBson::Document(document.finish())))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}
