//! Whether a user may do what a command asks for.

use bson::{RawBsonRef, RawDocument};
use millpond::docdb::Code;

use super::Identity;
use crate::mongo::{
    Face,
    commands::{self, Entry},
    failure::Failure,
    reply,
    wire::Command,
};

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
    let needed = needs(entry, database, command.body(), command);
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

/// What a user has to be allowed to do, and on which databases.
type Needed = Vec<(Action, String)>;

/// What a command needs. `body` is its document: of `command`, or of what that explains.
fn needs(entry: &Entry, database: &str, body: &RawDocument, command: &Command) -> Needed {
    let mut needed = Needed::new();
    match entry.access {
        Access::Free | Access::Authenticated => {}
        Access::To(action) => needed.push((action, database.to_owned())),
        Access::Several => several(entry.name, database, body, command, &mut needed),
    }
    // Credentials are not to be read or written like other documents, nor through a view.
    let target = reply::fields(body).next().and_then(|(_, value)| value.as_str());
    let target = [target, body.get_str("viewOn").ok()].into_iter().flatten();
    credentials(database, target, &mut needed);
    if let ("create" | "collMod", Ok(pipeline)) = (entry.name, body.get_array("pipeline")) {
        stages(pipeline, database, &mut needed);
    }
    match entry.name {
        "createUser" | "updateUser" | "grantRolesToUser" | "revokeRolesFromUser" => {
            // Who looks after the users of one database does not give away what is of another one.
            let roles = body.get_array("roles").ok().into_iter().flat_map(reply::items);
            let others = roles.filter_map(RawBsonRef::as_document).filter_map(|role| role.get_str("db").ok());
            needed.extend(others.map(|other| (Action::Users, other.to_owned())));
        }
        "usersInfo" => {
            if let Some((_, asked)) = reply::fields(body).next() {
                users_asked(asked, &mut needed);
            }
        }
        "dropDatabase" => credentials(database, (database == "admin").then_some(USERS_COLLECTION), &mut needed),
        _ => {}
    }
    needed
}

const USERS_COLLECTION: &str = "system.users";

/// What is needed for the collection of users, if it is among some of a database.
fn credentials<'a>(database: &str, collections: impl IntoIterator<Item = &'a str>, needed: &mut Needed) {
    if database == "admin" && collections.into_iter().any(|collection| collection == USERS_COLLECTION) {
        needed.push((Action::Users, database.to_owned()));
    }
}

/// Users of other databases.
fn users_asked(asked: RawBsonRef<'_>, needed: &mut Needed) {
    match asked {
        RawBsonRef::Document(document) if matches!(document.get_bool("forAllDBs"), Ok(true)) => {
            needed.push((Action::Users, "admin".to_owned()));
        }
        RawBsonRef::Document(document) => {
            needed.extend(document.get_str("db").map(|other| (Action::Users, other.to_owned())));
        }
        RawBsonRef::Array(several) => {
            // Arrays within are refused later.
            let several = reply::items(several).filter(|item| !matches!(item, RawBsonRef::Array(_)));
            several.for_each(|item| users_asked(item, needed));
        }
        _ => {}
    }
}

fn several(name: &str, database: &str, body: &RawDocument, command: &Command, needed: &mut Needed) {
    match name {
        "aggregate" => {
            needed.push((Action::Read, database.to_owned()));
            if let Ok(Some(RawBsonRef::Array(pipeline))) = body.get("pipeline") {
                stages(pipeline, database, needed);
            }
        }
        "explain" => {
            needed.push((Action::Read, database.to_owned()));
            // What is explained runs, and how much it finds is an answer too.
            let inner = reply::fields(body).next().and_then(|(_, inner)| inner.as_document());
            let entry = inner.and_then(|inner| reply::fields(inner).next()).and_then(|(name, _)| commands::find(name));
            if let (Some(inner), Some(entry)) = (inner, entry.filter(|entry| entry.name != "explain")) {
                needed.extend(needs(entry, database, inner, command));
            }
        }
        "renameCollection" => {
            for full in ["renameCollection", "to"] {
                let full = body.get_str(full).unwrap_or_default();
                let (on, collection) = full.split_once('.').unwrap_or((full, ""));
                needed.extend([(Action::Structure, on.to_owned()), (Action::Write, on.to_owned())]);
                credentials(on, [collection], needed);
            }
        }
        "bulkWrite" => {
            let inline = body.get_array("nsInfo").ok().into_iter().flat_map(reply::items);
            let inline = inline.filter_map(RawBsonRef::as_document);
            let beside = command.sequence("nsInfo").into_iter().flatten();
            for namespace in inline.chain(beside) {
                let full = namespace.get_str("ns").unwrap_or_default();
                let (on, collection) = full.split_once('.').unwrap_or((full, ""));
                needed.push((Action::Write, on.to_owned()));
                credentials(on, [collection], needed);
            }
        }
        _ => {}
    }
}

/// What the stages of a pipeline need beside reading the collection itself: other collections, and to write.
fn stages(pipeline: &bson::RawArray, database: &str, needed: &mut Needed) {
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
            credentials(on, [collection], needed);
        }
        if matches!(name, "$currentOp" | "$listLocalSessions" | "$listSessions") {
            needed.push((Action::Monitor, database.to_owned()));
        }
        if matches!(name, "$lookup" | "$graphLookup" | "$unionWith") {
            // Other collections are of the same database, which is read already, but for credentials.
            let from = inner.and_then(|inner| inner.get_str("from").or_else(|_| inner.get_str("coll")).ok());
            let from = from.or_else(|| argument.as_str());
            credentials(database, from, needed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{RawDocumentBuf, rawdoc};

    fn needed(database: &str, body: RawDocumentBuf) -> Vec<(Action, String)> {
        let entry = reply::fields(&body).next().and_then(|(name, _)| commands::find(name)).unwrap();
        needs(entry, database, &body, &Command::of_document(&body))
    }

    #[test]
    fn credentials_need_the_right_to_users_by_whatever_way_they_are_reached() {
        let lookup = rawdoc! { "$lookup": { "from": "system.users", "as": "a", "pipeline": [] } };
        let cases = [
            rawdoc! { "find": "system.users" },
            rawdoc! { "explain": { "find": "system.users" } },
            rawdoc! { "explain": { "aggregate": "a", "pipeline": [lookup.clone()] } },
            rawdoc! { "renameCollection": "admin.system.users", "to": "admin.a" },
            rawdoc! { "renameCollection": "admin.a", "to": "admin.system.users" },
            rawdoc! { "create": "a", "viewOn": "system.users" },
            rawdoc! { "create": "a", "viewOn": "b", "pipeline": [lookup.clone()] },
            rawdoc! { "collMod": "a", "viewOn": "system.users", "pipeline": [] },
            rawdoc! { "aggregate": "a", "pipeline": [{ "$facet": { "b": [lookup] } }] },
            rawdoc! { "aggregate": "a", "pipeline": [{ "$unionWith": "system.users" }] },
            rawdoc! { "bulkWrite": 1, "ops": [], "nsInfo": [{ "ns": "admin.system.users" }] },
            rawdoc! { "dropDatabase": 1 },
        ];
        for body in cases {
            assert!(needed("admin", body.clone()).contains(&(Action::Users, "admin".to_owned())), "{body:?}");
        }
        assert!(!needed("admin", rawdoc! { "find": "a" }).iter().any(|(action, _)| *action == Action::Users));
    }

    #[test]
    fn roles_and_users_of_another_database_need_the_right_to_its_users() {
        let roles = rawdoc! { "role": "root", "db": "admin" };
        let cases = [
            rawdoc! { "createUser": "a", "pwd": "b", "roles": ["read", roles.clone()] },
            rawdoc! { "updateUser": "a", "roles": [roles.clone()] },
            rawdoc! { "grantRolesToUser": "a", "roles": [roles] },
            rawdoc! { "usersInfo": { "forAllDBs": true } },
            rawdoc! { "usersInfo": [{ "user": "a", "db": "admin" }] },
        ];
        for body in cases {
            assert!(needed("test", body.clone()).contains(&(Action::Users, "admin".to_owned())), "{body:?}");
        }
        let own = needed("test", rawdoc! { "createUser": "a", "pwd": "b", "roles": ["read"] });
        assert_eq!(own, [(Action::Users, "test".to_owned())]);
    }

    #[test]
    fn writing_through_an_explained_command_or_a_stage_needs_the_right_to_write() {
        let out = rawdoc! { "$out": { "db": "other", "coll": "a" } };
        let cases = [
            (rawdoc! { "explain": { "update": "a", "updates": [] } }, "test"),
            (rawdoc! { "aggregate": "a", "pipeline": [out] }, "other"),
        ];
        for (body, on) in cases {
            assert!(needed("test", body.clone()).contains(&(Action::Write, on.to_owned())), "{body:?}");
        }
    }
}
