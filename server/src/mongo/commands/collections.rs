//! Collections and views: `create`, `drop`, `renameCollection`, `collMod`.

use bson::{RawBsonRef, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::{
    Capped, Code, CreateCollection, IndexChange, IndexSelection, ModifyCollection, Namespace, Validation,
    ValidationAction, ValidationLevel, ViewDefinition,
};

use super::super::{
    arguments::{self, Arguments},
    call::{Call, Outcome},
    failure::Failure,
    reply,
};

fn invalid<T>(message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::new(Code::INVALID_OPTIONS, message))
}

fn not_a_value<T>(arguments: &Arguments<'_>, name: &str, value: &str) -> Result<T, Failure> {
    let message = format!("Enumeration value '{value}' for field '{}.{name}' is not a valid value.", arguments.path());
    Err(Failure::new(Code::BAD_VALUE, message))
}

fn validation(arguments: &Arguments<'_>) -> Result<Validation, Failure> {
    let level = match arguments.text("validationLevel")? {
        None => None,
        Some("off") => Some(ValidationLevel::Off),
        Some("strict") => Some(ValidationLevel::Strict),
        Some("moderate") => Some(ValidationLevel::Moderate),
        Some(other) => return not_a_value(arguments, "validationLevel", other),
    };
    let action = match arguments.text("validationAction")? {
        None => None,
        Some("error") => Some(ValidationAction::Error),
        Some("warn") => Some(ValidationAction::Warn),
        Some(other) => return not_a_value(arguments, "validationAction", other),
    };
    Ok(Validation { validator: arguments.owned("validator")?, level, action })
}

fn view(arguments: &Arguments<'_>) -> Result<Option<ViewDefinition>, Failure> {
    let on = arguments.text("viewOn")?.map(ToOwned::to_owned);
    let pipeline = arguments.documents("pipeline")?;
    match (on, pipeline) {
        (None, None) => Ok(None),
        (None, Some(_)) => invalid("'pipeline' requires 'viewOn' to also be specified"),
        (Some(on), pipeline) => Ok(Some(ViewDefinition { on, pipeline: pipeline.unwrap_or_default() })),
    }
}

fn images(arguments: &Arguments<'_>) -> Result<Option<bool>, Failure> {
    let Some(images) = arguments.document("changeStreamPreAndPostImages")? else { return Ok(None) };
    let images = Arguments::of(format!("{}.changeStreamPreAndPostImages", arguments.path()), images);
    let enabled = images.required("enabled", images.strict_bool("enabled")?)?;
    images.finish()?;
    Ok(Some(enabled))
}

pub(super) fn create(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let is_capped = arguments.bool("capped")?;
    let size = arguments.integer("size")?;
    let max = arguments.integer("max")?;
    if let Some(size) = size.filter(|size| *size < 1) {
        let message = format!("BSON field 'size' value must be >= 1, actual value '{size}'");
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    let capped = match (is_capped, size) {
        (true, None) => return invalid("the 'size' field is required when 'capped' is true"),
        (false, _) if size.is_some() || max.is_some() => {
            return invalid("the 'capped' field needs to be true when either the 'size' or 'max' fields are present");
        }
        (true, Some(size)) => Some(Capped {
            size_bytes: u64::try_from(size).unwrap_or(1),
            max_documents: u64::try_from(max.unwrap_or(0)).unwrap_or(0),
        }),
        (false, _) => None,
    };
    let clustered_index = match arguments.any("clusteredIndex") {
        None | Some(RawBsonRef::Boolean(false)) => None,
        Some(RawBsonRef::Boolean(true)) => Some(rawdoc! { "key": { "_id": 1 }, "unique": true }),
        Some(RawBsonRef::Document(index)) => Some(index.to_owned()),
        Some(other) => return Err(arguments.wrong_type("clusteredIndex", other, &["bool", "object"])),
    };
    let mut other = RawDocumentBuf::new();
    for name in ["idIndex", "storageEngine", "indexOptionDefaults", "timeseries", "encryptedFields"] {
        if let Some(document) = arguments.document(name)? {
            reply::append(&mut other, name, document);
        }
    }
    let create = CreateCollection {
        capped,
        view: view(&arguments)?,
        clustered_index,
        expire_after_seconds: arguments.integer("expireAfterSeconds")?,
        validation: validation(&arguments)?,
        collation: arguments.owned("collation")?,
        change_stream_pre_and_post_images: images(&arguments)?,
        other: (!other.is_empty()).then_some(other),
    };
    arguments.ignore(&["autoIndexId", "temp", "flags", "recordIdsReplicated", "encryptionInformation"]);
    arguments.finish()?;
    if create.view.is_some() && create.capped.is_some() {
        return invalid("the 'capped' and 'viewOn' fields cannot be specified together");
    }
    if create.clustered_index.as_ref().is_some_and(|index| index.get("key").ok().flatten().is_none()) {
        let message = "BSON field 'create.clusteredIndex.key' is missing but a required field";
        return Err(Failure::new(Code(40414), message));
    }
    call.face.docdb.create_collection(&namespace, &create)?;
    Ok(rawdoc! {}.into())
}

pub(super) fn drop(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    arguments.ignore(&["collectionUUID"]);
    arguments.finish()?;
    let mut document = RawDocumentBuf::new();
    // Since version 7, dropping what is not there is no error.
    if let Some(dropped) = call.face.docdb.drop_collection(&namespace)? {
        document.append(cstr!("nIndexesWas"), i32::try_from(dropped.indexes).unwrap_or(i32::MAX));
        document.append(cstr!("ns"), namespace.to_string());
        if namespace.database() == "admin" && namespace.collection() == "system.users" {
            call.face.users.reload()?;
        }
    }
    Ok(document.into())
}

pub(super) fn rename(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let parse = |name: &str, full: &str| -> Result<Namespace, Failure> {
        match full.split_once('.') {
            Some((database, collection)) => Ok(Namespace::new(database, collection)?),
            None => Err(Failure::new(Code::INVALID_NAMESPACE, format!("Invalid {name} namespace: {full}"))),
        }
    };
    let from = match call.target() {
        Some(RawBsonRef::String(from)) => parse("source", from)?,
        Some(other) => return Err(arguments.wrong_type("renameCollection", other, &["string"])),
        None => return Err(arguments.missing("renameCollection")),
    };
    let to = parse("target", arguments.required("to", arguments.text("to")?)?)?;
    let drop_target = arguments.bool("dropTarget")?;
    arguments.ignore(&["stayTemp", "collectionUUID"]);
    arguments.finish()?;
    call.face.docdb.rename_collection(&from, &to, drop_target)?;
    Ok(rawdoc! {}.into())
}

fn index_change(arguments: &Arguments<'_>) -> Result<Option<IndexChange>, Failure> {
    let Some(index) = arguments.document("index")? else { return Ok(None) };
    let index = Arguments::of("collMod.index".to_owned(), index);
    let selection = match (index.text("name")?, index.owned("keyPattern")?) {
        (Some(_), Some(_)) => return invalid("Cannot specify both key pattern and name."),
        (Some(name), None) => IndexSelection::Name(name.to_owned()),
        (None, Some(keys)) => IndexSelection::Keys(keys),
        (None, None) => return invalid("Must specify either index name or key pattern."),
    };
    let optional = |name: &str| index.any(name).is_some().then(|| index.bool(name)).transpose();
    let change = IndexChange {
        index: selection,
        expire_after_seconds: index.integer("expireAfterSeconds")?.map(|seconds| seconds.min(i32::MAX.into())),
        hidden: optional("hidden")?,
        prepare_unique: optional("prepareUnique")?,
        unique: index.bool("unique")?,
    };
    index.finish()?;
    if change.expire_after_seconds.is_some_and(i64::is_negative) {
        return invalid("TTL index 'expireAfterSeconds' option must be within an acceptable range");
    }
    if change.expire_after_seconds.is_none()
        && change.hidden.is_none()
        && change.prepare_unique.is_none()
        && !change.unique
    {
        return invalid("no expireAfterSeconds, hidden, unique, or prepareUnique field");
    }
    Ok(Some(change))
}

pub(super) fn modify(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let expire_after_seconds = match arguments.any("expireAfterSeconds") {
        None => None,
        Some(RawBsonRef::String("off")) => Some(None),
        Some(value) => match arguments::integer(value) {
            Some(seconds) => Some(Some(seconds)),
            None => {
                return Err(arguments.wrong_type(
                    "expireAfterSeconds",
                    value,
                    &["string", "long", "int", "decimal", "double"],
                ));
            }
        },
    };
    let modify = ModifyCollection {
        index: index_change(&arguments)?,
        validation: validation(&arguments)?,
        view: view(&arguments)?,
        capped_size: arguments.count("cappedSize")?,
        capped_max: arguments.integer("cappedMax")?.map(|max| u64::try_from(max).unwrap_or(0)),
        expire_after_seconds,
        change_stream_pre_and_post_images: images(&arguments)?,
        dry_run: arguments.bool("dryRun")?,
    };
    arguments.ignore(&["timeseries", "isTimeseriesNamespace", "recordPreImages"]);
    arguments.finish()?;
    Ok(call.face.docdb.modify_collection(&namespace, &modify)?.into())
}
