//! The replica set of one.

use bson::{RawBson, RawDocumentBuf, oid::ObjectId, rawdoc};
use millpond::docdb::Code;

use super::super::{
    arguments::Arguments,
    call::{Call, Outcome},
    failure::Failure,
    topology::{self, Topology},
};

pub(super) fn status(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.ignore(&["initialSync"]);
    arguments.finish()?;
    let topology = &call.face.topology;
    let optime = rawdoc! { "ts": topology.now(), "t": topology::TERM };
    let date = topology.date();
    let uptime = topology.millis().saturating_sub(call.face.started) / 1000;
    Ok(rawdoc! {
        "set": &*topology.set_name,
        "date": date,
        "myState": 1,
        "term": topology::TERM,
        "syncSourceHost": "",
        "syncSourceId": -1,
        "heartbeatIntervalMillis": 2000_i64,
        "majorityVoteCount": 1,
        "writeMajorityCount": 1,
        "votingMembersCount": 1,
        "writableVotingMembersCount": 1,
        "optimes": {
            "lastCommittedOpTime": optime.clone(), "lastCommittedWallTime": date,
            "readConcernMajorityOpTime": optime.clone(), "appliedOpTime": optime.clone(),
            "durableOpTime": optime.clone(), "writtenOpTime": optime.clone(),
            "lastAppliedWallTime": date, "lastDurableWallTime": date,
        },
        "members": [{
            "_id": 0, "name": topology.host(call.client.reached), "health": 1.0, "state": 1, "stateStr": "PRIMARY",
            "uptime": uptime, "optime": optime, "optimeDate": date, "syncSourceHost": "", "syncSourceId": -1,
            "infoMessage": "", "electionTime": topology.now(), "electionDate": date, "configVersion": topology::SET_VERSION,
            "configTerm": topology::TERM, "self": true, "lastHeartbeatMessage": "",
        }],
    }
    .into())
}

pub(super) fn config(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.ignore(&["commitmentStatus"]);
    arguments.finish()?;
    let topology = &call.face.topology;
    let id = ObjectId::from_bytes([0; 12]);
    Ok(rawdoc! { "config": {
        "_id": &*topology.set_name,
        "version": topology::SET_VERSION,
        "term": topology::TERM,
        "members": [{
            "_id": 0, "host": topology.host(call.client.reached), "arbiterOnly": false, "buildIndexes": true,
            "hidden": false, "priority": 1, "tags": {}, "secondaryDelaySecs": 0_i64, "votes": 1,
        }],
        "protocolVersion": 1_i64,
        "writeConcernMajorityJournalDefault": true,
        "settings": {
            "chainingAllowed": true, "heartbeatIntervalMillis": 2000, "heartbeatTimeoutSecs": 10,
            "electionTimeoutMillis": 10000, "catchUpTimeoutMillis": -1, "getLastErrorModes": {},
            "getLastErrorDefaults": { "w": 1, "wtimeout": 0 }, "replicaSetId": id,
        },
    }}
    .into())
}

pub(super) fn initiate(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.ignore(&["force"]);
    Err(Failure::new(Code(23), "already initialized"))
}

pub(super) fn default_concern(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    arguments.ignore(&["inMemory"]);
    arguments.finish()?;
    Ok(show_default_concern(call).into())
}

fn show_default_concern(call: &Call<'_>) -> RawDocumentBuf {
    let parameters = &call.face.parameters;
    let read = parameters.get("$defaultReadConcern");
    let write = parameters.get("$defaultWriteConcern");
    let source = |set: bool| if set { "global" } else { "implicit" };
    rawdoc! {
        "defaultReadConcern": read.clone().unwrap_or_else(|| RawBson::Document(rawdoc! { "level": "local" })),
        "defaultWriteConcern": write.clone().unwrap_or_else(|| RawBson::Document(rawdoc! { "w": "majority", "wtimeout": 0 })),
        "defaultReadConcernSource": source(read.is_some()),
        "defaultWriteConcernSource": source(write.is_some()),
        "localUpdateWallClockTime": call.face.topology.date(),
    }
}

pub(super) fn set_default_concern(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let read = arguments.owned("defaultReadConcern")?;
    let write = arguments.owned("defaultWriteConcern")?;
    arguments.finish()?;
    if read.is_none() && write.is_none() {
        let message = "At least one of the \"defaultReadConcern\" or \"defaultWriteConcern\" fields must be present";
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    for (name, concern) in [("$defaultReadConcern", read), ("$defaultWriteConcern", write)] {
        if let Some(concern) = concern {
            call.face.parameters.put(name, RawBson::Document(concern));
        }
    }
    Ok(show_default_concern(call).into())
}

/// What `serverStatus` says of the set.
pub(super) fn summary(call: &Call<'_>) -> RawDocumentBuf {
    let topology = &call.face.topology;
    let host = topology.host(call.client.reached);
    rawdoc! {
        "topologyVersion": topology.version(), "hosts": [&*host], "setName": &*topology.set_name,
        "setVersion": topology::SET_VERSION, "isWritablePrimary": true, "secondary": false, "primary": &*host, "me": &*host,
        "electionId": Topology::election_id(), "rbid": 1,
    }
}

/// Steps of an election, of which there is nobody else to win.
pub(super) fn step_down(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments<'_> = call.arguments();
    arguments.ignore(&["secondaryCatchUpPeriodSecs", "force"]);
    arguments.finish()?;
    Err(Failure::new(Code(262), "No electable secondaries caught up"))
}
