//! Whether a user may do what a command asks for.

use bson::{RawBsonRef, RawDocument};
use millpond::docdb::Code;

use super::Identity;
use crate::mongo::{Face, commands::Entry, failure::Failure, reply, wire::Command};

/// What is done, as far as roles tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Reading documents.
    Read,
    /// Looking at what there is: collections, indexes, counts and sizes.
    List,
    /// Writing documents.
    Write,
    /// Making and dropping collections and indexes.
    Structure,
    /// Looking after a database.
    Administer,
    /// Users and roles.
    Users,
    /// Looking at the server.
    Monitor,
    /// Changing how the server runs.
    Manage,
}

impl Action {
    pub(super) const ALL: &'static [Action] = &[
        Action::Read,
        Action::List,
        Action::Write,
        Action::Structure,
        Action::Administer,
        Action::Users,
        Action::Monitor,
        Action::Manage,
    ];
}

/// Who may run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, so that one can authenticate.
    Free,
    /// Whoever has authenticated.
    Authenticated,
    /// Whoever may do this on the command's database.
    To(Action),
    /// What the namespaces and statements of the command need.
    Several,
}

/// Refuses a command that the client may not run.
pub(crate) fn check(
    face: &Face,
    user: Option<&Identity>,
    entry: &Entry,
    database: &str,
    command: &Command,
) -> Result<(), Failure> {
    if entry.access == Access::Free || !face.users.any() {
        return Ok(());
    }
    let Some(user) = user else {
        return Err(Failure::new(Code::UNAUTHORIZED, format!("Command {} requires authentication", entry.name)));
    };
    let mut needed = Vec::new();
    match entry.access {
        Access::Free | Access::Authenticated => {}
        Access::To(action) => needed.push((action, database.to_owned())),
        Access::Several => several(entry.name, database, command, &mut needed),
    }
    let target = reply::fields(command.body()).next().and_then(|(_, value)| value.as_str());
    // Credentials are not to be read or written like other documents.
    if database == "admin" && target.is_some_and(|target| target == "system.users") {
        needed.push((Action::Users, database.to_owned()));
    }
    match needed.iter().find(|(action, on)| !face.users.allows(user, *action, on)) {
        None => Ok(()),
        Some((_, on)) => {
            let message =
                format!("not authorized on {on} to execute command {{ {}: {} }}", entry.name, shown(command.body()));
            Err(Failure::new(Code::UNAUTHORIZED, message))
        }
    }
}

/// Whether a client may know of a database.
pub(crate) fn may_list(face: &Face, user: Option<&Identity>, database: &str) -> bool {
    !face.users.any() || user.is_some_and(|user| face.users.allows(user, Action::List, database))
}

fn shown(body: &RawDocument) -> String {
    match reply::fields(body).next() {
        Some((_, RawBsonRef::String(text))) => format!("{text:?}, ..."),
        _ => "1, ...".to_owned(),
    }
}

fn several(name: &str, database: &str, command: &Command, needed: &mut Vec<(Action, String)>) {
    let body = command.body();
    match name {
        "aggregate" => {
            needed.push((Action::Read, database.to_owned()));
            if let Ok(Some(RawBsonRef::Array(pipeline))) = body.get("pipeline") {
                stages(pipeline, database, needed);
            }
        }
        "explain" => needed.push((Action::Read, database.to_owned())),
        "renameCollection" => {
            for full in ["renameCollection", "to"] {
                let full = body.get_str(full).unwrap_or_default();
                let (on, _) = full.split_once('.').unwrap_or((full, ""));
                needed.extend([(Action::Structure, on.to_owned()), (Action::Write, on.to_owned())]);
            }
        }
        "bulkWrite" => {
            let inline = body.get_array("nsInfo").ok().into_iter().flat_map(reply::items);
            let inline = inline.filter_map(RawBsonRef::as_document);
            let beside = command.sequence("nsInfo").into_iter().flatten();
            for namespace in inline.chain(beside) {
                let full = namespace.get_str("ns").unwrap_or_default();
                let (on, _) = full.split_once('.').unwrap_or((full, ""));
                needed.push((Action::Write, on.to_owned()));
                if full == "admin.system.users" {
                    needed.push((Action::Users, on.to_owned()));
                }
            }
        }
        _ => {}
    }
}

/// What the stages of a pipeline need beside reading the collection itself: other collections, and to write.
fn stages(pipeline: &bson::RawArray, database: &str, needed: &mut Vec<(Action, String)>) {
    for stage in reply::items(pipeline).filter_map(RawBsonRef::as_document) {
        let Some((name, argument)) = reply::fields(stage).next() else { continue };
        let inner = argument.as_document();
        if matches!(name, "$out" | "$merge") {
            let into = match name {
                "$merge" => inner.and_then(|inner| inner.get("into").ok().flatten()),
                _ => Some(argument),
            };
            let (on, collection) = match into {
                Some(RawBsonRef::Document(into)) => {
                    (into.get_str("db").unwrap_or(database), into.get_str("coll").unwrap_or_default())
                }
                Some(RawBsonRef::String(collection)) => (database, collection),
                _ => (database, ""),
            };
            needed.push((Action::Write, on.to_owned()));
            if collection == "system.users" {
                needed.push((Action::Users, on.to_owned()));
            }
        }
        if matches!(name, "$currentOp" | "$listLocalSessions" | "$listSessions") {
            needed.push((Action::Monitor, database.to_owned()));
        }
        if matches!(name, "$lookup" | "$graphLookup" | "$unionWith") {
            // Other collections are of the same database, which is read already, but for credentials.
            let from = inner.and_then(|inner| inner.get_str("from").or_else(|_| inner.get_str("coll")).ok());
            let from = from.or_else(|| argument.as_str());
            if from == Some("system.users") {
                needed.push((Action::Users, database.to_owned()));
            }
        }
        match (name, inner) {
            ("$lookup" | "$unionWith", Some(inner)) => {
                if let Ok(inner) = inner.get_array("pipeline") {
                    stages(inner, database, needed);
                }
            }
            ("$facet", Some(facets)) => {
                let facets = reply::fields(facets).filter_map(|(_, facet)| facet.as_array());
                facets.for_each(|facet| stages(facet, database, needed));
            }
            _ => {}
        }
    }
}
