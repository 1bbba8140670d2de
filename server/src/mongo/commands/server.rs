//! The server as a whole: its parameters, its log, what it is doing.

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::Code;

use super::super::{
    arguments,
    call::{Call, Outcome},
    failure::Failure,
    reply,
};

pub(super) fn get_parameter(call: &Call<'_>) -> Result<Outcome, Failure> {
    let parameters = &call.face.parameters;
    let is_test = call.face.settings.test_commands;
    let target = call.target();
    let all = match target {
        Some(RawBsonRef::String("*")) => true,
        Some(RawBsonRef::Document(options)) => options.get_bool("allParameters").unwrap_or(false),
        _ => false,
    };
    let mut document = RawDocumentBuf::new();
    if all {
        for (name, value) in parameters.all() {
            reply::append(&mut document, &name, value.as_raw_bson_ref());
        }
        document.append(cstr!("enableTestCommands"), is_test);
        return Ok(document.into());
    }
    let names = reply::fields(call.command.body()).skip(1).map(|(name, _)| name);
    for name in names.filter(|name| !name.starts_with('$')) {
        match parameters.get(name) {
            Some(value) => reply::append(&mut document, name, value.as_raw_bson_ref()),
            None if name == "enableTestCommands" => document.append(cstr!("enableTestCommands"), is_test),
            None => {}
        }
    }
    match document.is_empty() {
        true => Err(Failure::new(Code::INVALID_OPTIONS, "no option found to get")),
        false => Ok(document.into()),
    }
}

pub(super) fn set_parameter(call: &Call<'_>) -> Result<Outcome, Failure> {
    let parameters = &call.face.parameters;
    let members = reply::fields(call.command.body()).skip(1).filter(|(name, _)| !arguments::is_generic(name));
    let members: Vec<(&str, RawBsonRef<'_>)> = members.collect();
    if members.is_empty() {
        return Err(Failure::new(Code::INVALID_OPTIONS, "no option found to set, use help:true to see options "));
    }
    // All or none are set.
    for (name, value) in &members {
        let Some(is) = parameters.get(name) else {
            return Err(Failure::new(Code::INVALID_OPTIONS, format!("Unrecognized parameter: {name}")));
        };
        let is_number = matches!(is, RawBson::Int32(_) | RawBson::Int64(_));
        let fits = arguments::integer(*value).is_some_and(|number| (0..=i64::from(i32::MAX)).contains(&number));
        if is_number && !fits && !matches!(value, RawBsonRef::Boolean(_)) {
            return Err(Failure::new(Code::BAD_VALUE, format!("Invalid value for parameter {name}")));
        }
    }
    let mut document = RawDocumentBuf::new();
    for (name, value) in members {
        let was = parameters.set(name, value.into());
        if let (Some(was), true) = (was, document.is_empty()) {
            document.append(cstr!("was"), was.as_raw_bson_ref());
        }
    }
    Ok(document.into())
}

pub(super) fn get_log(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.finish()?;
    let none = RawArrayBuf::new;
    match call.target() {
        Some(RawBsonRef::String("*")) => Ok(rawdoc! { "names": ["global", "startupWarnings"] }.into()),
        Some(RawBsonRef::String("global" | "startupWarnings")) => {
            Ok(rawdoc! { "totalLinesWritten": 0, "log": none() }.into())
        }
        Some(RawBsonRef::String(other)) => Err(Failure::new(Code::OPERATION_FAILED, format!("No log named '{other}'"))),
        Some(other) => Err(arguments.wrong_type("getLog", other, &["string"])),
        None => Err(arguments.missing("getLog")),
    }
}

pub(super) fn command_line(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    let mut arguments = RawArrayBuf::new();
    arguments.push("millpond");
    let replication = rawdoc! { "replSet": &*call.face.topology.set_name };
    let mut parameters = RawDocumentBuf::new();
    if call.face.settings.test_commands {
        parameters.append(cstr!("enableTestCommands"), "1");
    }
    Ok(rawdoc! { "argv": arguments, "parsed": {
        "net": { "port": i32::from(call.client.reached.port()) }, "replication": replication, "setParameter": parameters,
    }}
    .into())
}

pub(super) fn current_operations(call: &Call<'_>) -> Result<Outcome, Failure> {
    // What stands beside the name is a filter over operations; there are few enough to show all.
    Ok(rawdoc! { "inprog": call.face.operations.shown(call.face.topology.millis()) }.into())
}

pub(super) fn kill_operation(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.required("op", arguments.any("op"))?;
    arguments.finish()?;
    // Operations end by themselves: there is none that waits for long but those that the client can end.
    Ok(rawdoc! { "info": "attempting to kill op" }.into())
}

pub(super) fn fsync(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let lock = arguments.bool("lock")?;
    arguments.ignore(&["fsyncLockAcquisitionTimeoutMillis"]);
    match lock {
        true => Err(Failure::new(
            Code::ILLEGAL_OPERATION,
            "the store cannot be locked: copy it while the server is stopped",
        )),
        // What has been answered is on disk already.
        false => Ok(rawdoc! { "numFiles": 1 }.into()),
    }
}

pub(super) fn nothing(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(rawdoc! {}.into())
}

pub(super) fn feature_compatibility(call: &Call<'_>) -> Result<Outcome, Failure> {
    match call.target() {
        Some(RawBsonRef::String("8.0")) => Ok(rawdoc! {}.into()),
        _ => {
            let message = "Invalid feature compatibility version: only '8.0' is supported";
            Err(Failure::new(Code::BAD_VALUE, message))
        }
    }
}

pub(super) fn profile(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.ignore(&["slowms", "sampleRate", "filter"]);
    arguments.finish()?;
    Ok(rawdoc! { "was": 0, "slowms": 100, "sampleRate": 1.0 }.into())
}

pub(super) fn free_monitoring(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(rawdoc! { "state": "disabled" }.into())
}

pub(super) fn compact(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    arguments.bool("force")?;
    let is_dry = arguments.bool("dryRun")?;
    if arguments.integer("freeSpaceTargetMB")?.is_some_and(|target| target < 1) {
        return Err(Failure::new(Code::BAD_VALUE, "BSON field 'freeSpaceTargetMB' value must be >= 1"));
    }
    arguments.finish()?;
    call.face.docdb.list_indexes(&namespace)?;
    // The engine compacts by itself.
    match is_dry {
        true => Ok(rawdoc! { "estimatedBytesFreed": 0 }.into()),
        false => Ok(rawdoc! { "bytesFreed": 0 }.into()),
    }
}

/// What needs JavaScript, custom roles, or several commands in one transaction.
pub(super) fn unsupported(call: &Call<'_>) -> Result<Outcome, Failure> {
    let message = format!("{} is not supported by this server", call.entry.name);
    Err(Failure::new(Code::COMMAND_NOT_SUPPORTED, message))
}

pub(super) fn search(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let message = "Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage requires additional configuration";
    Err(Failure::new(Code(31082), message))
}

/// `configureFailPoint`, only with `--mongo-test-commands`.
pub(super) fn configure_fail_point(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let name = call.target().and_then(|target| target.as_str()).unwrap_or_default();
    let mode = arguments.required("mode", arguments.any("mode"))?;
    let data = arguments.document("data")?;
    arguments.finish()?;
    let count = call.face.fail_points.configure(name, mode, data)?;
    Ok(rawdoc! { "count": count }.into())
}
