use std::{borrow::Cow, ops::Bound};

use bytes::Bytes;

use crate::key;

/// Which keys of a keyspace to read, in which direction, and how much of them at a time.
///
/// A page ends at 1,000 entries or 1 MiB of keys and values unless told otherwise, but holds at least one entry if
/// there is one; [`Page::resume`] then says where to go on.
#[derive(Debug, Clone)]
pub struct RangeRequest {
    pub(crate) from: Bound<Bytes>,
    pub(crate) to: Bound<Bytes>,
    pub(crate) reverse: bool,
    pub(crate) limit: usize,
    pub(crate) limit_bytes: usize,
}

impl RangeRequest {
    /// All keys of the keyspace.
    #[must_use]
    pub fn all() -> Self {
        Self::bounds(Bound::Unbounded, Bound::Unbounded)
    }

    /// All keys that start with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let to = key::prefix_end(prefix).map_or(Bound::Unbounded, |end| Bound::Excluded(Bytes::from(end)));
        Self::bounds(Bound::Included(Bytes::copy_from_slice(prefix)), to)
    }

    /// The keys between two bounds.
    #[must_use]
    pub fn between(from: Bound<&[u8]>, to: Bound<&[u8]>) -> Self {
        Self::bounds(from.map(Bytes::copy_from_slice), to.map(Bytes::copy_from_slice))
    }

    fn bounds(from: Bound<Bytes>, to: Bound<Bytes>) -> Self {
        RangeRequest { from, to, reverse: false, limit: 1000, limit_bytes: 1 << 20 }
    }

    /// From the highest key to the lowest.
    #[must_use]
    pub fn reverse(self) -> Self {
        self.reverse_if(true)
    }

    /// From the highest key to the lowest if `reverse`.
    #[must_use]
    pub fn reverse_if(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// At most this many entries a page (at least one).
    #[must_use]
    pub fn limit(mut self, entries: usize) -> Self {
        self.limit = entries.max(1);
        self
    }

    /// End a page with the entry that brings keys and values to this many bytes.
    #[must_use]
    pub fn limit_bytes(mut self, bytes: usize) -> Self {
        self.limit_bytes = bytes;
        self
    }

    /// Begin with `key`, in the direction of travel. Call it after [`reverse`](RangeRequest::reverse).
    #[must_use]
    pub fn start_at(mut self, key: &[u8]) -> Self {
        let bound = Bound::Included(Bytes::copy_from_slice(key));
        if self.reverse {
            self.to = bound;
        } else {
            self.from = bound;
        }
        self
    }

    /// Go on strictly after `key`, in the direction of travel. Call it after [`reverse`](RangeRequest::reverse).
    #[must_use]
    pub fn resume_after(mut self, key: &[u8]) -> Self {
        let bound = Bound::Excluded(Bytes::copy_from_slice(key));
        if self.reverse {
            self.to = bound;
        } else {
            self.from = bound;
        }
        self
    }

    /// The same range with bounds that are no longer than keys can be: backends need not take longer ones.
    pub(crate) fn within(&self, key_bytes: usize) -> Cow<'_, RangeRequest> {
        let is_long = |bound: &Bound<Bytes>| match bound {
            Bound::Included(key) | Bound::Excluded(key) => key.len() > key_bytes,
            Bound::Unbounded => false,
        };
        if !is_long(&self.from) && !is_long(&self.to) {
            return Cow::Borrowed(self);
        }
        let mut request = self.clone();
        // No key stands between such a bound and its beginning, which is itself before it.
        if let Bound::Included(key) | Bound::Excluded(key) = &self.from
            && is_long(&self.from)
        {
            request.from = Bound::Excluded(key.slice(..key_bytes));
        }
        if let Bound::Included(key) | Bound::Excluded(key) = &self.to
            && is_long(&self.to)
        {
            request.to = Bound::Included(key.slice(..key_bytes));
        }
        Cow::Owned(request)
    }

    /// Whether no key can lie between the bounds. Ordered maps panic or misbehave on such bounds, so it is asked first.
    pub(crate) fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(a), Bound::Included(b)) => a > b,
            (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a >= b,
        }
    }
}

/// A part of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Keys and values in the direction of travel.
    pub entries: Vec<(Bytes, Bytes)>,
    /// Where to go on with [`RangeRequest::resume_after`]; `None` when the range is exhausted. There was more when the
    /// page was read, but a transaction does not conflict when only that has changed, so the next page may be empty.
    pub resume: Option<Bytes>,
}

/// Takes a page from entries that come in the direction of travel.
pub(crate) fn take_page<E>(
    entries: impl Iterator<Item = Result<(Bytes, Bytes), E>>,
    limit: usize,
    limit_bytes: usize,
) -> Result<Page, E> {
    let mut page = Page::default();
    let mut bytes = 0;
    for entry in entries {
        let (key, value) = entry?;
        if page.entries.len() >= limit || (bytes >= limit_bytes && !page.entries.is_empty()) {
            page.resume = page.entries.last().map(|(key, _)| key.clone());
            break;
        }
        bytes += key.len() + value.len();
        page.entries.push((key, value));
    }
    Ok(page)
}
