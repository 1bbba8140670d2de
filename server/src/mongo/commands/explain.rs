//! `explain`.

use bson::{RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::{Code, Namespace, Verbosity};

use super::super::{
    arguments::Arguments,
    call::{Call, Outcome},
    failure::Failure,
    reply, topology,
};
use super::{find_and_modify, read, write};

pub(super) fn explain(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let verbosity = match arguments.text("verbosity")? {
        None | Some("allPlansExecution") => Verbosity::AllPlansExecution,
        Some("executionStats") => Verbosity::ExecutionStats,
        Some("queryPlanner") => Verbosity::QueryPlanner,
        Some(other) => {
            let message = format!("Enumeration value '{other}' for field 'explain.verbosity' is not a valid value.");
            return Err(Failure::new(Code::BAD_VALUE, message));
        }
    };
    arguments.finish()?;
    let target = call.target();
    let inner = target.and_then(|target| target.as_document());
    let inner = inner.ok_or_else(|| match target {
        Some(target) => arguments.wrong_type("explain", target, &["object"]),
        None => arguments.missing("explain"),
    })?;
    let explained = explain_inner(call, inner, verbosity)?;
    Ok(finish(call, explained, inner).into())
}

fn explain_inner(call: &Call<'_>, inner: &RawDocument, verbosity: Verbosity) -> Result<RawDocumentBuf, Failure> {
    let Some((name, target)) = reply::fields(inner).next() else {
        return Err(Failure::new(Code::COMMAND_NOT_FOUND, "explain command requires a nested object"));
    };
    let entry = super::find(name);
    let entry = entry.ok_or_else(|| {
        Failure::new(Code::COMMAND_NOT_FOUND, format!("Explain failed due to unknown command: {name}"))
    })?;
    let docdb = &call.face.docdb;
    let arguments = Arguments::of_command(entry.name, inner);
    let max_time = arguments.millis("maxTimeMS")?.or(call.max_time);
    let namespace = || -> Result<Namespace, Failure> {
        let collection =
            target.as_str().ok_or_else(|| Failure::new(Code::INVALID_NAMESPACE, "collection name has invalid type"))?;
        Ok(Namespace::new(call.database, collection)?)
    };
    Ok(match entry.name {
        "find" => docdb.explain_find(&namespace()?, &read::parse_find(&arguments, max_time)?.find, verbosity)?,
        "aggregate" => {
            let collection = read::source(call.database, Some(target))?;
            let (aggregate, ..) = read::parse_aggregate(&arguments, max_time)?;
            docdb.explain_aggregate(call.database, collection, &aggregate, verbosity)?
        }
        "count" => docdb.explain_count(&namespace()?, &read::parse_count(&arguments, max_time)?, verbosity)?,
        "distinct" => docdb.explain_distinct(&namespace()?, &read::parse_distinct(&arguments, max_time)?, verbosity)?,
        "update" => {
            let updates = arguments.required("updates", arguments.documents("updates")?)?;
            docdb.explain_update(
                &namespace()?,
                &write::parse_update(&arguments, &updates, None, max_time)?,
                verbosity,
            )?
        }
        "delete" => {
            let deletes = arguments.required("deletes", arguments.documents("deletes")?)?;
            docdb.explain_delete(
                &namespace()?,
                &write::parse_delete(&arguments, &deletes, None, max_time)?,
                verbosity,
            )?
        }
        "findAndModify" => {
            let command = find_and_modify::parse(&arguments, None, max_time)?;
            docdb.explain_find_and_modify(&namespace()?, &command, verbosity)?
        }
        other => {
            return Err(Failure::new(
                Code::ILLEGAL_OPERATION,
                format!("Explain is not supported for the {other} command"),
            ));
        }
    })
}

/// Adds what the server's face knows.
pub(super) fn finish(call: &Call<'_>, mut explained: RawDocumentBuf, command: &RawDocument) -> RawDocumentBuf {
    let has = |name: &str| matches!(explained.get(name), Ok(Some(_)));
    let (has_command, has_version) = (has("command"), has("explainVersion"));
    if !has_version {
        let mut versioned = rawdoc! { "explainVersion": "1" };
        reply::append_all(&mut versioned, &explained);
        explained = versioned;
    }
    if !has_command {
        let mut shown = RawDocumentBuf::new();
        let own = |name: &str| !matches!(name, "lsid" | "$clusterTime" | "$readPreference" | "$db" | "explain");
        reply::fields(command)
            .filter(|(name, _)| own(name))
            .for_each(|(name, value)| reply::append(&mut shown, name, value));
        shown.append(cstr!("$db"), call.database);
        explained.append(cstr!("command"), shown);
    }
    let reached = call.client.reached;
    explained.append(
        cstr!("serverInfo"),
        rawdoc! {
            "host": reached.ip().to_string(), "port": i32::from(reached.port()), "version": topology::VERSION,
            "gitVersion": "0000000000000000000000000000000000000000",
        },
    );
    explained
}
