use std::cmp::Ordering;

use bytes::Bytes;

use super::{
    AttributeValue, CodecError, Item,
    codec::{ENTRY_BYTES, HEADER_BYTES, VERSION, decode_value, text},
};

const ENDS_EARLY: CodecError = CodecError("it ends early");

/// Attributes that one node of the map holds.
const FEW: usize = 11;

/// A stored item, of which only what is asked for is decoded.
#[derive(Debug, Clone)]
pub struct ItemView {
    bytes: Bytes,
    count: usize,
    /// Where names and values begin.
    names: usize,
    values: usize,
}

impl ItemView {
    /// Looks at an item's header.
    ///
    /// # Errors
    /// [`CodecError`] if it cannot be an item's.
    pub fn new(bytes: Bytes) -> Result<ItemView, CodecError> {
        if bytes.first() != Some(&VERSION) {
            return Err(CodecError("it has an unknown version"));
        }
        let count = read_u32(&bytes, 5)?;
        let names = count.checked_mul(ENTRY_BYTES).and_then(|table| table.checked_add(HEADER_BYTES));
        let names = names.filter(|names| *names <= bytes.len()).ok_or(ENDS_EARLY)?;
        let mut view = ItemView { bytes, count, names, values: names };
        if count > 0 {
            view.values = names + view.entry(count - 1)?.0;
        }
        Ok(view)
    }

    /// The service's count of the item's bytes, as it was when the item was stored.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        read_u32(&self.bytes, 1).unwrap_or(0)
    }

    /// One attribute, found without decoding the others.
    ///
    /// # Errors
    /// [`CodecError`] if the bytes are malformed where they were looked at.
    pub fn attribute(&self, name: &str) -> Result<Option<AttributeValue>, CodecError> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.name_bytes(middle)?.cmp(name.as_bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return self.value(middle).map(Some),
            }
        }
        Ok(None)
    }

    /// The attributes' names, sorted by their bytes.
    pub fn names(&self) -> impl Iterator<Item = Result<&str, CodecError>> {
        (0..self.count).map(|at| text(self.name_bytes(at)?))
    }

    /// The whole item.
    ///
    /// # Errors
    /// [`CodecError`] if the bytes are malformed.
    pub fn to_item(&self) -> Result<Item, CodecError> {
        let attributes = (0..self.count).map(|at| Ok((text(self.name_bytes(at)?)?.to_owned(), self.value(at)?)));
        if self.count > FEW {
            return attributes.collect();
        }
        // Collecting sorts them in a vector first, which costs more than the insertions, and these find their place by one
        // comparison where each name comes before those that are there.
        let names = text(self.bytes.get(self.names..self.values).ok_or(ENDS_EARLY)?)?;
        let values = self.bytes.get(self.values..).ok_or(ENDS_EARLY)?;
        let mut item = Item::new();
        let mut end = self.start(self.count)?;
        for at in (0..self.count).rev() {
            let start = self.start(at)?;
            let name = names.get(start.0..end.0).ok_or(ENDS_EARLY)?;
            let value = values.get(start.1..end.1).ok_or(ENDS_EARLY)?;
            item.insert(name.to_owned(), decode_value(value)?);
            end = start;
        }
        Ok(item)
    }

    /// Where an attribute's name and value end.
    fn entry(&self, at: usize) -> Result<(usize, usize), CodecError> {
        let start = HEADER_BYTES + at * ENTRY_BYTES;
        Ok((read_u32(&self.bytes, start)?, read_u32(&self.bytes, start + 4)?))
    }

    /// Where an attribute's name and value begin.
    fn start(&self, at: usize) -> Result<(usize, usize), CodecError> {
        at.checked_sub(1).map_or(Ok((0, 0)), |before| self.entry(before))
    }

    fn name_bytes(&self, at: usize) -> Result<&[u8], CodecError> {
        let (start, end) = (self.start(at)?.0, self.entry(at)?.0);
        self.bytes.get(self.names + start..self.names + end).ok_or(ENDS_EARLY)
    }

    fn value(&self, at: usize) -> Result<AttributeValue, CodecError> {
        let (start, end) = (self.start(at)?.1, self.entry(at)?.1);
        decode_value(self.bytes.get(self.values + start..self.values + end).ok_or(ENDS_EARLY)?)
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Result<usize, CodecError> {
    let number = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    number.map(|number| number as usize).ok_or(ENDS_EARLY)
}
