//! What an index is defined by.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/command/createIndexes/>.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};
use serde::{Deserialize, Serialize};

use crate::{
    collation::Collation,
    context::Context,
    error::{Code, Result, refuse},
    filter::{Filter, Node},
    index::special,
    value::{DocumentBuilder, Number, Path, field, fields, type_name},
};

/// An index as the catalog keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IndexRow {
    pub(crate) id: i64,
    /// As `listIndexes` shows it, but for the key of a text index.
    pub(crate) definition: RawDocumentBuf,
    /// For each field, whether a document's value under it has been an array.
    pub(crate) multikey: Vec<bool>,
    /// Whether keys have been cut, so that their order is not that of values throughout.
    pub(crate) truncated: bool,
    /// Whether not all documents are in it yet. Writes keep it, queries do not use it.
    pub(crate) building: bool,
}

/// How a field of an index becomes components of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Ascending,
    Descending,
    Hashed,
    Text,
    TwoD,
    TwoDSphere,
    /// All paths below: components are the path, and the value.
    Wildcard {
        descending: bool,
    },
}

/// One field of an index.
#[derive(Debug, Clone)]
pub(crate) struct IndexField {
    /// As it is written in the key pattern; of a wildcard, what comes before `$**`.
    pub(crate) path: Path,
    pub(crate) kind: FieldKind,
}

/// An index, ready to be used.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) row: IndexRow,
    pub(crate) id: u64,
    pub(crate) name: Box<str>,
    pub(crate) key_pattern: RawDocumentBuf,
    pub(crate) fields: Vec<IndexField>,
    pub(crate) unique: bool,
    pub(crate) sparse: bool,
    pub(crate) hidden: bool,
    /// New documents must be unique, as if it were a unique index; those that are there need not be yet.
    pub(crate) prepare_unique: bool,
    pub(crate) partial: Option<Filter>,
    pub(crate) expire_after_seconds: Option<i64>,
    pub(crate) collation: Option<Collation>,
    pub(crate) wildcard: Option<super::wildcard::Projection>,
    pub(crate) text: Option<special::Text>,
    pub(crate) two_d: Option<special::Grid>,
}

impl Index {
    /// Reads what the catalog keeps.
    ///
    /// # Errors
    /// As [`parse`], where a later version has made it.
    pub(crate) fn open(row: IndexRow) -> Result<Index> {
        let definition = &row.definition;
        let key_pattern = document(definition, "key").unwrap_or(crate::value::empty()).to_owned();
        let fields = parse_fields(&key_pattern)?;
        let context = Context::new(millpond_engine::Timestamp::from_millis(0));
        let collation = document(definition, "collation").map(Collation::parse).transpose()?.flatten();
        let partial_context = context.with_collation(collation.clone().map(std::sync::Arc::new));
        let wildcard = fields.iter().any(|field| matches!(field.kind, FieldKind::Wildcard { .. }));
        Ok(Index {
            id: row.id.unsigned_abs(),
            name: text_of(definition, "name").unwrap_or_default().into(),
            unique: truth(definition, "unique") || text_of(definition, "name") == Some("_id_"),
            sparse: truth(definition, "sparse"),
            hidden: truth(definition, "hidden"),
            prepare_unique: truth(definition, "prepareUnique"),
            partial: document(definition, "partialFilterExpression")
                .map(|filter| Filter::parse(filter, &partial_context))
                .transpose()?,
            expire_after_seconds: field(definition, "expireAfterSeconds").and_then(Number::of).and_then(Number::to_i64),
            collation,
            wildcard: wildcard
                .then(|| super::wildcard::Projection::parse(document(definition, "wildcardProjection")))
                .transpose()?,
            text: if fields.iter().any(|field| field.kind == FieldKind::Text) {
                Some(special::Text::parse(definition)?)
            } else {
                None
            },
            two_d: if fields.iter().any(|field| field.kind == FieldKind::TwoD) {
                Some(special::Grid::parse(definition)?)
            } else {
                None
            },
            key_pattern,
            fields,
            row,
        })
    }

    /// Whether it is the index on `_id`.
    pub(crate) fn is_id(&self) -> bool {
        &*self.name == "_id_"
    }

    /// Whether keys are plain values, field by field.
    pub(crate) fn is_plain(&self) -> bool {
        self.fields.iter().all(|field| matches!(field.kind, FieldKind::Ascending | FieldKind::Descending))
    }

    pub(crate) fn is_multikey(&self) -> bool {
        self.row.multikey.iter().any(|multikey| *multikey)
    }
}

fn document<'a>(definition: &'a RawDocument, name: &str) -> Option<&'a RawDocument> {
    field(definition, name)?.as_document()
}

fn text_of<'a>(definition: &'a RawDocument, name: &str) -> Option<&'a str> {
    field(definition, name)?.as_str()
}

fn truth(definition: &RawDocument, name: &str) -> bool {
    crate::expression::truth::truthy(field(definition, name))
}

/// The most fields of a compound index.
const MAX_FIELDS: usize = 32;

fn parse_fields(key_pattern: &RawDocument) -> Result<Vec<IndexField>> {
    let bad = |message: String| refuse(Code::CANNOT_CREATE_INDEX, message);
    let mut parsed: Vec<IndexField> = Vec::new();
    for (name, value) in fields(key_pattern) {
        if parsed.len() == MAX_FIELDS {
            return bad("Index key pattern has more than 32 fields".to_owned());
        }
        let (prefix, wildcard) = match name.strip_suffix("$**") {
            Some("") => ("", true),
            Some(prefix) if prefix.ends_with('.') => (prefix.trim_end_matches('.'), true),
            _ => (name, false),
        };
        if !wildcard && (name.is_empty() || name.split('.').any(str::is_empty)) {
            return bad("Index keys cannot contain an empty field.".to_owned());
        }
        let dbref = |part: &str| matches!(part, "$id" | "$db" | "$ref");
        if prefix.split('.').any(|part| part.starts_with('$') && !dbref(part)) && !(wildcard && prefix.is_empty()) {
            return bad(format!("Index key contains an illegal field name: field name starts with '$': '{name}'"));
        }
        let kind = match value {
            RawBsonRef::String("text") => FieldKind::Text,
            RawBsonRef::String(_) if wildcard => {
                return bad(format!("Unknown index plugin in wildcard index: {key_pattern:?}"));
            }
            RawBsonRef::String("hashed") => FieldKind::Hashed,
            RawBsonRef::String("2d") => FieldKind::TwoD,
            RawBsonRef::String("2dsphere") => FieldKind::TwoDSphere,
            RawBsonRef::String(other) => return bad(format!("Unknown index plugin '{other}'")),
            value => {
                let Some(number) = Number::of(value) else {
                    return bad(format!(
                        "Values in v:2 index key pattern cannot be of type {}. Only numbers > 0, numbers < 0, and strings are allowed.",
                        type_name(value)
                    ));
                };
                let order = number.compare(Number::Int32(0));
                if order.is_eq() || number.is_nan() {
                    return bad("Values in the index key pattern cannot be 0.".to_owned());
                }
                match (wildcard, order.is_lt()) {
                    (true, descending) => FieldKind::Wildcard { descending },
                    (false, true) => FieldKind::Descending,
                    (false, false) => FieldKind::Ascending,
                }
            }
        };
        parsed.push(IndexField { path: Path::parse(if wildcard { prefix } else { name })?, kind });
    }
    if parsed.is_empty() {
        return bad("Index keys cannot be an empty object".to_owned());
    }
    Ok(parsed)
}

/// The fields that a definition may have, and must have the type of.
const OPTIONS: &[&str] = &[
    "v",
    "key",
    "name",
    "ns",
    "unique",
    "sparse",
    "background",
    "expireAfterSeconds",
    "hidden",
    "partialFilterExpression",
    "collation",
    "weights",
    "default_language",
    "language_override",
    "textIndexVersion",
    "2dsphereIndexVersion",
    "bits",
    "min",
    "max",
    "bucketSize",
    "wildcardProjection",
    "storageEngine",
    "dropDups",
    "prepareUnique",
    "clustered",
    "originalSpec",
    "finestIndexedLevel",
    "coarsestIndexedLevel",
];

/// Checks a definition as `createIndexes` is given it, and puts it into the form that is kept: version, key and name first,
/// defaults filled in.
///
/// # Errors
/// [`Code::CANNOT_CREATE_INDEX`], [`Code::FAILED_TO_PARSE`], [`Code::INVALID_INDEX_SPECIFICATION_OPTION`],
/// [`Code::TYPE_MISMATCH`] and those of what the definition contains.
pub(crate) fn parse(definition: &RawDocument, default_collation: Option<&Collation>) -> Result<RawDocumentBuf> {
    let Some(key) = field(definition, "key") else {
        return refuse(Code::FAILED_TO_PARSE, "The 'key' field is a required property of an index specification");
    };
    let Some(key) = key.as_document() else {
        return refuse(Code::TYPE_MISMATCH, format!("The field 'key' must be an object, but got {}", type_name(key)));
    };
    let name = match field(definition, "name") {
        None => {
            return refuse(Code::FAILED_TO_PARSE, "The 'name' field is a required property of an index specification");
        }
        Some(RawBsonRef::String(name)) if name.is_empty() || name.contains('\0') => {
            return refuse(Code::CANNOT_CREATE_INDEX, "The index name must not be empty");
        }
        Some(RawBsonRef::String("*")) => return refuse(Code::BAD_VALUE, "The index name '*' is not valid."),
        Some(RawBsonRef::String(name)) => name,
        Some(other) => {
            return refuse(
                Code::TYPE_MISMATCH,
                format!("The field 'name' must be a string, but got {}", type_name(other)),
            );
        }
    };
    let key = &*special::plain_text_key(key, definition);
    check_duplicate_fields(key)?;
    let parsed = parse_fields(key)?;
    let is_id = key.as_bytes() == id_key().as_bytes() || is_plain_id(key, &parsed);
    let mut kept = DocumentBuilder::new();
    kept.append("v", RawBsonRef::Int32(2));
    kept.append("key", RawBsonRef::Document(if is_id { id_key() } else { key }));
    kept.append("name", RawBsonRef::String(if is_id { "_id_" } else { name }));
    let mut own_collation = false;
    for (option, value) in fields(definition) {
        if !OPTIONS.contains(&option) {
            return refuse(
                Code::INVALID_INDEX_SPECIFICATION_OPTION,
                format!("The field '{option}' is not valid for an index specification."),
            );
        }
        if is_id && !matches!(option, "v" | "key" | "name" | "ns" | "collation" | "background" | "clustered" | "unique")
        {
            return refuse(
                Code::INVALID_INDEX_SPECIFICATION_OPTION,
                format!("The field '{option}' is not valid for an _id index specification."),
            );
        }
        match option {
            "v" => check_version(value)?,
            // It changes nothing, but is shown as it was given.
            "background" if !is_id => kept.append(option, value),
            "key" | "name" | "ns" | "dropDups" | "background" | "originalSpec" => {}
            "unique" | "sparse" | "hidden" | "prepareUnique" | "clustered" => {
                let number = Number::of(value).map(|number| !number.compare(Number::Int32(0)).is_eq());
                let Some(truth) = value.as_bool().or(number) else {
                    return refuse(
                        Code::TYPE_MISMATCH,
                        format!("The field '{option}' has value {value:?}, which is not convertible to bool"),
                    );
                };
                if truth && !is_id {
                    kept.append(option, RawBsonRef::Boolean(true));
                }
            }
            "collation" => {
                let Some(document) = value.as_document() else {
                    return refuse(
                        Code::TYPE_MISMATCH,
                        format!("The field 'collation' must be an object, but got {}", type_name(value)),
                    );
                };
                own_collation = true;
                if let Some(collation) = Collation::parse(document)? {
                    kept.append("collation", RawBsonRef::Document(&collation.document()));
                }
            }
            "partialFilterExpression" | "weights" | "wildcardProjection" | "storageEngine"
                if value.as_document().is_none() =>
            {
                return refuse(
                    Code::TYPE_MISMATCH,
                    format!("The field '{option}' must be an object, but got {}", type_name(value)),
                );
            }
            "expireAfterSeconds" => kept.append(option, check_expiry(value, &parsed)?),
            "weights" | "default_language" | "language_override" | "textIndexVersion" => {}
            _ => kept.append(option, value),
        }
    }
    if let Some(collation) = default_collation.filter(|_| !own_collation) {
        kept.append("collation", RawBsonRef::Document(&collation.document()));
    }
    if parsed.iter().any(|field| field.kind == FieldKind::Text) {
        special::Text::parse(definition)?.append_options(&mut kept);
    }
    if parsed.iter().any(|field| field.kind == FieldKind::TwoDSphere)
        && field(definition, "2dsphereIndexVersion").is_none()
    {
        kept.append("2dsphereIndexVersion", RawBsonRef::Int32(3));
    }
    let kept = kept.finish();
    check_together(&Index::open(IndexRow {
        id: 0,
        definition: kept.clone(),
        multikey: Vec::new(),
        truncated: false,
        building: true,
    })?)?;
    Ok(kept)
}

fn id_key() -> &'static RawDocument {
    const BYTES: &[u8] = b"\x0e\0\0\0\x10_id\0\x01\0\0\0\0";
    RawDocument::from_bytes(BYTES).unwrap_or_else(|_| crate::value::empty())
}

fn is_plain_id(key: &RawDocument, parsed: &[IndexField]) -> bool {
    fields(key).count() == 1
        && parsed.first().is_some_and(|field| field.path.as_str() == "_id" && field.kind == FieldKind::Ascending)
}

fn check_duplicate_fields(key: &RawDocument) -> Result<()> {
    let mut names: Vec<&str> = fields(key).map(|(name, _)| name).collect();
    names.sort_unstable();
    match names.windows(2).find_map(|pair| if let [a, b] = pair { (a == b).then_some(*a) } else { None }) {
        Some(name) => {
            refuse(Code::BAD_VALUE, format!("The field '{name}' appears multiple times in the index key pattern"))
        }
        None => Ok(()),
    }
}

fn check_version(value: RawBsonRef<'_>) -> Result<()> {
    match Number::of(value).and_then(Number::to_i64) {
        Some(1 | 2) => Ok(()),
        Some(version) => refuse(
            Code::CANNOT_CREATE_INDEX,
            format!("Invalid index specification; cannot create an index with v={version}"),
        ),
        None => refuse(Code::TYPE_MISMATCH, format!("The field 'v' must be a number, but got {}", type_name(value))),
    }
}

fn check_expiry<'a>(value: RawBsonRef<'a>, parsed: &[IndexField]) -> Result<RawBsonRef<'a>> {
    let Some(number) = Number::of(value) else {
        return refuse(
            Code::TYPE_MISMATCH,
            format!(
                "TTL index 'expireAfterSeconds' option must be numeric, but received a type of '{}'",
                type_name(value)
            ),
        );
    };
    let seconds = number.to_i64();
    if !seconds.is_some_and(|seconds| (0..=i64::from(i32::MAX)).contains(&seconds)) {
        return refuse(
            Code::CANNOT_CREATE_INDEX,
            "TTL index 'expireAfterSeconds' option must be within an acceptable range, try a lower number",
        );
    }
    if parsed.len() != 1 {
        return refuse(
            Code::CANNOT_CREATE_INDEX,
            "TTL indexes are single-field indexes, compound indexes do not support TTL",
        );
    }
    Ok(seconds.and_then(|seconds| i32::try_from(seconds).ok()).map_or(value, RawBsonRef::Int32))
}

/// What may not be combined.
fn check_together(index: &Index) -> Result<()> {
    let bad = |message: &str| refuse(Code::CANNOT_CREATE_INDEX, message);
    let has = |kind: FieldKind| index.fields.iter().filter(|field| field.kind == kind).count();
    let wildcards = index.fields.iter().filter(|field| matches!(field.kind, FieldKind::Wildcard { .. })).count();
    if has(FieldKind::Hashed) > 1 {
        return refuse(Code(31303), "A maximum of one index field is allowed to be hashed");
    }
    if has(FieldKind::Hashed) == 1 && index.unique {
        return refuse(Code(16764), "Currently hashed indexes cannot guarantee uniqueness. Use a regular index.");
    }
    if has(FieldKind::TwoD) > 0 && index.fields.first().is_none_or(|field| field.kind != FieldKind::TwoD) {
        return refuse(Code(16803), "2d index must start with the location field");
    }
    if index.sparse && index.partial.is_some() {
        return bad("cannot mix \"partialFilterExpression\" and \"sparse\" options");
    }
    if has(FieldKind::Text) > 0 && index.collation.is_some() {
        return bad("Text indexes do not support collations other than simple binary comparison");
    }
    if has(FieldKind::TwoD) > 0 && index.collation.is_some() {
        return bad("2d indexes do not support collations other than simple binary comparison");
    }
    if wildcards > 0 {
        if wildcards > 1 {
            return bad("Only one wildcard field is allowed in an index");
        }
        if index.unique {
            return bad("Index type 'wildcard' does not support the unique option");
        }
        if index.sparse {
            return bad("Index type 'wildcard' does not support the sparse option");
        }
        if index.expire_after_seconds.is_some() {
            return bad("Index type 'wildcard' cannot be a TTL index");
        }
        if has(FieldKind::Hashed) + has(FieldKind::TwoD) + has(FieldKind::TwoDSphere) > 0 {
            return bad("Index type 'wildcard' cannot be combined with other index types");
        }
    } else if field(&index.row.definition, "wildcardProjection").is_some() {
        return refuse(Code::BAD_VALUE, "The field 'wildcardProjection' is only allowed in an 'wildcard' index");
    }
    if let Some(partial) = &index.partial {
        check_partial(partial.root(), 0)?;
    }
    Ok(())
}

/// Which conditions a partial index may have.
fn check_partial(node: &Node, depth: usize) -> Result<()> {
    const MAX_DEPTH: usize = 4;
    match node {
        Node::And(all) | Node::Or(all) if depth < MAX_DEPTH => {
            all.iter().try_for_each(|node| check_partial(node, depth + 1))
        }
        Node::Compare { .. } | Node::In { .. } | Node::Exists { .. } | Node::Type { .. } => Ok(()),
        other => refuse(Code::CANNOT_CREATE_INDEX, format!("Expression not supported in partial index: {other:?}")),
    }
}
