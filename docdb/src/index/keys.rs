//! The keys that a document has in an index.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    error::{Code, Error, Result, refuse},
    index::{
        FieldKind, Index, MAX_KEY_BYTES,
        encode::{encode, invert},
        expand::{MAX_KEYS, expand},
        special::{hash64, sphere_keys},
        truncate, wildcard,
    },
    plan::MISSING,
    value::{DocumentBuilder, Path},
};

/// A key: its components, and the values that it was made of.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) components: Vec<u8>,
    pub(crate) values: RawDocumentBuf,
}

/// All keys of a document in an index.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// In their order, each once.
    pub(crate) entries: Vec<Entry>,
    /// For each field, whether there was an array.
    pub(crate) multikey: Vec<bool>,
    pub(crate) truncated: bool,
}

/// What a field of a special kind gives: components, and values beside them.
type Special = Vec<(Vec<u8>, RawDocumentBuf)>;

/// The keys of a document; none if the index is partial and does not have it, or sparse and has nothing of it.
///
/// # Errors
/// [`Code::CANNOT_INDEX_PARALLEL_ARRAYS`], and those of geometries that cannot be indexed.
pub(crate) fn keys(index: &Index, document: &RawDocument, context: &crate::context::Context) -> Result<Keys> {
    let mut keys = Keys { multikey: vec![false; index.fields.len()], ..Keys::default() };
    if let Some(partial) = &index.partial
        && !partial.matches(document, context)?
    {
        return Ok(keys);
    }
    let plain: Vec<&Path> = index.fields.iter().filter(|field| is_plain(field.kind)).map(|field| &field.path).collect();
    let expanded = expand(document, &plain)?;
    let mut specials: Vec<Special> = Vec::new();
    for (field, multikey) in index.fields.iter().zip(&mut keys.multikey) {
        if !is_plain(field.kind) {
            let (special, several) = special(index, &field.path, field.kind, document)?;
            *multikey = several || special.len() > 1;
            specials.push(special);
        }
    }
    let mut flags = expanded.multikey.iter();
    for (field, multikey) in index.fields.iter().zip(&mut keys.multikey) {
        if is_plain(field.kind) {
            *multikey = flags.next().copied().unwrap_or_default();
        }
    }
    // In an index that is sparse by its kind a document without the special field has no keys.
    if specials.iter().any(Vec::is_empty) {
        return Ok(keys);
    }
    let mut found: Vec<Entry> = Vec::with_capacity(expanded.tuples.len());
    for tuple in &expanded.tuples {
        if index.sparse && specials.is_empty() && tuple.iter().all(Option::is_none) {
            continue;
        }
        combine(index, tuple, &specials, &mut |components, values| {
            // Equal keys count once: they are put together when there may be too many.
            if found.len() >= 2 * MAX_KEYS {
                once(&mut found);
                if found.len() > MAX_KEYS {
                    return too_many();
                }
            }
            found.push(Entry { components, values });
            Ok(())
        })?;
    }
    once(&mut found);
    if found.len() > MAX_KEYS {
        return too_many();
    }
    for entry in &mut found {
        keys.truncated |= truncate(&mut entry.components);
    }
    keys.entries = found;
    Ok(keys)
}

fn too_many<T>() -> Result<T> {
    refuse(Code::CANNOT_INDEX_PARALLEL_ARRAYS, "too many keys for one document in an index")
}

/// Brings keys into their order, each once, with the values that came last.
fn once(entries: &mut Vec<Entry>) {
    if entries.len() < 2 {
        return;
    }
    entries.sort_by(|a, b| a.components.cmp(&b.components));
    entries.dedup_by(|later, kept| {
        let same = later.components == kept.components;
        if same {
            std::mem::swap(&mut later.values, &mut kept.values);
        }
        same
    });
}

fn is_plain(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Ascending | FieldKind::Descending)
}

/// Puts the values of the plain fields and one choice of each special one together, in the order of the fields.
fn combine(
    index: &Index,
    tuple: &[Option<RawBsonRef<'_>>],
    specials: &[Special],
    emit: &mut impl FnMut(Vec<u8>, RawDocumentBuf) -> Result<()>,
) -> Result<()> {
    let choices: usize = specials.iter().map(Vec::len).product();
    for choice in 0..choices {
        let (mut components, mut values) = (Vec::with_capacity(32), DocumentBuilder::new());
        let (mut plain, mut special, mut rest) = (tuple.iter(), specials.iter(), choice);
        for field in &index.fields {
            let start = components.len();
            if is_plain(field.kind) {
                let found = plain.next().copied().flatten();
                let value = found.unwrap_or(RawBsonRef::Null);
                encode(&mut components, value, index.collation.as_ref());
                values.append(if found.is_some() { "" } else { MISSING }, value);
                if field.kind == FieldKind::Descending {
                    invert(components.get_mut(start..).unwrap_or_default());
                }
            } else if let Some(options) = special.next() {
                if let Some((bytes, beside)) = options.get(rest % options.len()) {
                    components.extend_from_slice(bytes);
                    values.append_all(beside);
                }
                rest /= options.len();
            }
        }
        emit(components, values.finish())?;
    }
    Ok(())
}

fn special(index: &Index, path: &Path, kind: FieldKind, document: &RawDocument) -> Result<(Special, bool)> {
    match kind {
        FieldKind::Hashed => Ok((vec![hashed(path, document, index)?], false)),
        FieldKind::Wildcard { descending } => Ok(wildcard_keys(index, path, document, descending)),
        FieldKind::Text => Ok((text_keys(index, document)?, false)),
        FieldKind::TwoDSphere => {
            let cells = sphere_keys(document, path)?;
            Ok((cells.into_iter().map(|cell| component(&cell.to_be_bytes(), None)).collect(), false))
        }
        FieldKind::TwoD => {
            let Some(grid) = &index.two_d else { return Ok((Special::new(), false)) };
            let cells = grid.keys(document, path)?;
            Ok((cells.into_iter().map(|cell| component(&cell.to_be_bytes(), None)).collect(), false))
        }
        FieldKind::Ascending | FieldKind::Descending => Ok((Special::new(), false)),
    }
}

fn component(bytes: &[u8], value: Option<RawBsonRef<'_>>) -> (Vec<u8>, RawDocumentBuf) {
    let mut values = DocumentBuilder::new();
    values.append("", value.unwrap_or(RawBsonRef::Null));
    (bytes.to_vec(), values.finish())
}

/// The component of a hash, which bounds are made of too.
pub(crate) fn hash_component(value: RawBsonRef<'_>) -> Vec<u8> {
    let mut components = Vec::with_capacity(10);
    encode(&mut components, RawBsonRef::Int64(hash64(value)), None);
    components
}

fn hashed(path: &Path, document: &RawDocument, index: &Index) -> Result<(Vec<u8>, RawDocumentBuf)> {
    let expanded = expand(document, &[path])?;
    if expanded.multikey.iter().any(|multikey| *multikey) {
        return Err(Error::new(Code(16766), "hashed indexes do not currently support array values"));
    }
    let value = expanded.tuples.first().and_then(|tuple| tuple.first().copied().flatten());
    let value = match (value, &index.collation) {
        // Strings that a collation holds equal have one hash.
        (Some(RawBsonRef::String(text)), Some(collation)) => {
            let key = collation.sort_key(text);
            let binary = bson::raw::RawBinaryRef { subtype: bson::spec::BinarySubtype::Generic, bytes: &key };
            return Ok((hash_component(RawBsonRef::Binary(binary)), component(&[], None).1));
        }
        (value, _) => value.unwrap_or(RawBsonRef::Null),
    };
    Ok((hash_component(value), component(&[], None).1))
}

fn wildcard_keys(index: &Index, path: &Path, document: &RawDocument, descending: bool) -> (Special, bool) {
    let nothing = wildcard::Projection::default();
    let (paths, multikey) = wildcard::paths(document, path, index.wildcard.as_ref().unwrap_or(&nothing));
    let keys = paths.into_iter().map(|(path, value)| {
        let mut components = Vec::with_capacity(32);
        encode(&mut components, RawBsonRef::String(&path), None);
        let start = components.len();
        encode(&mut components, value, index.collation.as_ref());
        if descending {
            invert(components.get_mut(start..).unwrap_or_default());
        }
        let mut values = DocumentBuilder::new();
        values.append("", RawBsonRef::String(&path));
        values.append("", value);
        (components, values.finish())
    });
    (keys.collect(), multikey)
}

fn text_keys(index: &Index, document: &RawDocument) -> Result<Special> {
    let Some(spec) = &index.text else { return Ok(Special::new()) };
    let keys = spec.keys(document)?.into_iter().map(|(term, score)| {
        let mut components = Vec::with_capacity(term.len() + 3);
        encode(&mut components, RawBsonRef::String(&term), None);
        components.truncate(MAX_KEY_BYTES);
        let mut values = DocumentBuilder::new();
        values.append("", RawBsonRef::String(&term));
        values.append("", RawBsonRef::Double(score));
        (components, values.finish())
    });
    Ok(keys.collect())
}

/// The hash of a value in hashed indexes.
pub(crate) fn hash_of(value: RawBsonRef<'_>) -> i64 {
    hash64(value)
}
