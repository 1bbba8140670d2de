//! Commands that tell about the server.

use std::sync::atomic::Ordering;

use bson::{RawArrayBuf, RawDocumentBuf, rawdoc};

use super::super::{
    auth::Access,
    call::{Call, Outcome},
    failure::Failure,
    reply, topology,
};
use super::replication;

pub(super) fn ping(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    Ok(rawdoc! {}.into())
}

pub(super) fn build_info(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let mut parts = RawArrayBuf::new();
    topology::VERSION_PARTS.iter().for_each(|part| parts.push(*part));
    let document = rawdoc! {
        "version": topology::VERSION,
        "gitVersion": "0000000000000000000000000000000000000000",
        "modules": [],
        "allocator": "system",
        "javascriptEngine": "none",
        "sysInfo": "deprecated",
        "versionArray": parts,
        "openssl": { "running": "disabled", "compiled": "disabled" },
        "buildEnvironment": {
            "distarch": std::env::consts::ARCH, "target_arch": std::env::consts::ARCH, "target_os": std::env::consts::OS,
        },
        "bits": 64,
        "debug": cfg!(debug_assertions),
        "maxBsonObjectSize": 16_777_216,
        "storageEngines": ["millpond"],
        "millpond": { "version": env!("CARGO_PKG_VERSION") },
    };
    Ok(document.into())
}

pub(super) fn whats_my_uri(call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(rawdoc! { "you": call.client.peer.to_string() }.into())
}

pub(super) fn features(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(rawdoc! { "oidMachine": 0, "js": {} }.into())
}

pub(super) fn host_info(call: &Call<'_>) -> Result<Outcome, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = i32::try_from(cores).unwrap_or(i32::MAX);
    Ok(rawdoc! {
        "system": {
            "currentTime": call.face.topology.date(), "hostname": call.face.topology.host(call.client.reached),
            "cpuAddrSize": 64, "memSizeMB": 0_i64, "memLimitMB": 0_i64, "numCores": cores,
            "cpuArch": std::env::consts::ARCH, "numaEnabled": false,
        },
        "os": { "type": std::env::consts::OS, "name": std::env::consts::OS, "version": "" },
        "extra": {},
    }
    .into())
}

pub(super) fn list_commands(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let mut commands = RawDocumentBuf::new();
    for entry in super::COMMANDS.iter().filter(|entry| !entry.test_only) {
        let mut versions = RawArrayBuf::new();
        if entry.stable {
            versions.push("1");
        }
        let document = rawdoc! {
            "help": "", "requiresAuth": entry.access != Access::Free, "secondaryOk": !entry.writes,
            "adminOnly": entry.admin_only, "apiVersions": versions, "deprecatedApiVersions": [],
        };
        reply::append(&mut commands, entry.name, document);
    }
    Ok(rawdoc! { "commands": commands }.into())
}

pub(super) fn server_status(call: &Call<'_>) -> Result<Outcome, Failure> {
    let face = call.face;
    let millis = face.topology.millis().saturating_sub(face.started).max(0);
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let connections = face.open_connections.load(Ordering::Relaxed);
    let total = face.operations.total.load(Ordering::Relaxed);
    let (cursors, lasting) = face.cursors.counts();
    let sessions = i32::try_from(face.sessions.count()).unwrap_or(i32::MAX);
    #[allow(clippy::cast_precision_loss, reason = "the server shows it so")]
    let uptime = millis as f64 / 1000.0;
    Ok(rawdoc! {
        "host": face.topology.host(call.client.reached),
        "version": topology::VERSION,
        "process": "mongod",
        "service": ["mongod"],
        "pid": i64::from(std::process::id()),
        "uptime": uptime,
        "uptimeMillis": millis,
        "uptimeEstimate": millis / 1000,
        "localTime": face.topology.date(),
        "asserts": { "regular": 0, "warning": 0, "msg": 0, "user": 0, "tripwire": 0, "rollovers": 0 },
        "connections": { "current": connections, "available": 4096 - connections, "totalCreated": connections, "active": 1 },
        "extra_info": { "note": "fields vary by platform" },
        "globalLock": {
            "totalTime": millis.saturating_mul(1000),
            "currentQueue": { "total": 0, "readers": 0, "writers": 0 },
            "activeClients": { "total": 0, "readers": 0, "writers": 0 },
        },
        "logicalSessionRecordCache": { "activeSessionsCount": sessions },
        "metrics": { "cursor": { "timedOut": 0_i64, "open": {
            "noTimeout": count(lasting as u64), "pinned": 0_i64, "total": count(cursors as u64),
        }}},
        "network": { "bytesIn": 0_i64, "bytesOut": 0_i64, "numRequests": count(total) },
        "opcounters": {
            "insert": 0_i64, "query": 0_i64, "update": 0_i64, "delete": 0_i64, "getmore": 0_i64, "command": count(total),
        },
        "repl": replication::summary(call),
        "storageEngine": {
            "name": "millpond", "supportsCommittedReads": true, "persistent": true, "readOnly": false,
            "supportsSnapshotReadConcern": true, "backupCursorOpen": false,
        },
        "transactions": {
            "retriedCommandsCount": 0_i64, "retriedStatementsCount": 0_i64, "currentActive": 0_i64,
            "currentInactive": 0_i64, "currentOpen": 0_i64, "totalAborted": 0_i64, "totalCommitted": 0_i64,
            "totalStarted": 0_i64,
        },
        "mem": { "bits": 64, "resident": 0, "virtual": 0, "supported": true },
    }
    .into())
}
