//! The table of commands; a file for each family of them.

mod authentication;
mod bulk_write;
mod collections;
mod cursor;
mod databases;
mod diagnostics;
mod explain;
mod find_and_modify;
mod hello;
mod indexes;
mod read;
mod replication;
mod server;
mod sessions;
mod statistics;
mod users;
mod write;

use bson::RawDocument;

use super::{
    auth::{Access, Action},
    call::Run,
};

/// A command: its names, what it does, and who may run it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Other names, most of them old.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) run: Run,
    pub(crate) access: Access,
    /// Whether it is to be run on `admin`.
    pub(crate) admin_only: bool,
    /// Whether it needs neither the store nor any time.
    pub(crate) brief: bool,
    /// Whether it is in version 1 of the Stable API.
    pub(crate) stable: bool,
    /// Whether it changes the store.
    pub(crate) writes: bool,
    /// Whether it may be asked for another read concern than `local`.
    pub(crate) reads: bool,
    /// Whether it may have a `txnNumber`.
    pub(crate) retryable: bool,
    /// Whether it is there only for tests.
    pub(crate) test_only: bool,
    /// Whether a reply is followed by another one, if the client allows that.
    pub(crate) more: fn(&RawDocument) -> bool,
}

impl Entry {
    const fn new(name: &'static str, access: Access, run: Run) -> Entry {
        Entry {
            name,
            aliases: &[],
            run,
            access,
            admin_only: false,
            brief: false,
            stable: false,
            writes: false,
            reads: false,
            retryable: false,
            test_only: false,
            more: |_| false,
        }
    }

    const fn aliases(self, aliases: &'static [&'static str]) -> Entry {
        Entry { aliases, ..self }
    }

    const fn admin_only(self) -> Entry {
        Entry { admin_only: true, ..self }
    }

    const fn brief(self) -> Entry {
        Entry { brief: true, ..self }
    }

    const fn stable(self) -> Entry {
        Entry { stable: true, ..self }
    }

    const fn writes(self) -> Entry {
        Entry { writes: true, ..self }
    }

    const fn reads(self) -> Entry {
        Entry { reads: true, ..self }
    }

    const fn retryable(self) -> Entry {
        Entry { writes: true, retryable: true, ..self }
    }

    const fn test_only(self) -> Entry {
        Entry { test_only: true, ..self }
    }

    const fn more(self, more: fn(&RawDocument) -> bool) -> Entry {
        Entry { more, ..self }
    }
}

const FREE: Access = Access::Free;
const KNOWN: Access = Access::Authenticated;
const READ: Access = Access::To(Action::Read);
const LIST: Access = Access::To(Action::List);
const WRITE: Access = Access::To(Action::Write);
const STRUCTURE: Access = Access::To(Action::Structure);
const ADMINISTER: Access = Access::To(Action::Administer);
const USERS: Access = Access::To(Action::Users);
const MONITOR: Access = Access::To(Action::Monitor);
const MANAGE: Access = Access::To(Action::Manage);
const SEVERAL: Access = Access::Several;

/// All commands.
pub(crate) static COMMANDS: &[Entry] = &[
    // Hello and authentication
    Entry::new("hello", FREE, hello::hello).brief().stable().more(hello::more),
    Entry::new("isMaster", FREE, hello::is_master).aliases(&["ismaster"]).brief().more(hello::more),
    Entry::new("ping", FREE, diagnostics::ping).brief().stable(),
    Entry::new("saslStart", FREE, authentication::sasl_start).stable(),
    Entry::new("saslContinue", FREE, authentication::sasl_continue).stable(),
    Entry::new("authenticate", FREE, authentication::authenticate).brief().stable(),
    Entry::new("logout", FREE, authentication::logout).brief(),
    Entry::new("connectionStatus", FREE, authentication::connection_status).brief(),
    // Reading
    Entry::new("find", READ, read::find).stable().reads(),
    Entry::new("getMore", KNOWN, cursor::get_more).stable().reads().more(cursor::more),
    Entry::new("killCursors", KNOWN, cursor::kill_cursors).stable(),
    Entry::new("aggregate", SEVERAL, read::aggregate).stable().reads(),
    Entry::new("count", READ, read::count).stable().reads(),
    Entry::new("distinct", READ, read::distinct).reads(),
    Entry::new("explain", SEVERAL, explain::explain).stable().reads(),
    // Writing
    Entry::new("insert", WRITE, write::insert).stable().retryable(),
    Entry::new("update", WRITE, write::update).stable().retryable(),
    Entry::new("delete", WRITE, write::delete).stable().retryable(),
    Entry::new("findAndModify", WRITE, find_and_modify::find_and_modify)
        .aliases(&["findandmodify"])
        .stable()
        .retryable(),
    Entry::new("bulkWrite", SEVERAL, bulk_write::bulk_write).admin_only().stable().retryable(),
    // Collections and indexes
    Entry::new("create", STRUCTURE, collections::create).stable().writes(),
    Entry::new("drop", STRUCTURE, collections::drop).stable().writes(),
    Entry::new("renameCollection", SEVERAL, collections::rename).admin_only().writes(),
    Entry::new("collMod", STRUCTURE, collections::modify).stable().writes(),
    Entry::new("createIndexes", STRUCTURE, indexes::create).stable().writes(),
    Entry::new("dropIndexes", STRUCTURE, indexes::drop).aliases(&["deleteIndexes"]).stable().writes(),
    Entry::new("listIndexes", LIST, indexes::list).stable(),
    Entry::new("reIndex", ADMINISTER, indexes::rebuild),
    Entry::new("listCollections", LIST, databases::list_collections).stable(),
    Entry::new("listDatabases", KNOWN, databases::list_databases).admin_only().stable(),
    Entry::new("dropDatabase", ADMINISTER, databases::drop_database).stable().writes(),
    // Counts and sizes
    Entry::new("collStats", LIST, statistics::collection).aliases(&["collstats"]),
    Entry::new("dbStats", LIST, statistics::database).aliases(&["dbstats"]),
    Entry::new("dataSize", LIST, statistics::data_size).aliases(&["datasize"]),
    Entry::new("validate", ADMINISTER, statistics::validate),
    Entry::new("dbHash", READ, statistics::database_hash).reads().aliases(&["dbhash"]),
    Entry::new("top", MONITOR, statistics::top).admin_only(),
    // Users
    Entry::new("createUser", USERS, users::create).writes(),
    Entry::new("updateUser", USERS, users::update).writes(),
    Entry::new("dropUser", USERS, users::drop).writes(),
    Entry::new("dropAllUsersFromDatabase", USERS, users::drop_all).writes(),
    Entry::new("grantRolesToUser", USERS, users::grant).writes(),
    Entry::new("revokeRolesFromUser", USERS, users::revoke).writes(),
    Entry::new("usersInfo", USERS, users::info),
    Entry::new("rolesInfo", USERS, users::roles_info),
    // Sessions
    Entry::new("startSession", FREE, sessions::start).brief(),
    Entry::new("refreshSessions", FREE, sessions::refresh).brief().stable(),
    Entry::new("endSessions", FREE, sessions::end).brief().stable(),
    Entry::new("killSessions", KNOWN, sessions::kill).stable(),
    Entry::new("killAllSessions", MANAGE, sessions::kill_all),
    Entry::new("killAllSessionsByPattern", MANAGE, sessions::kill_all),
    // The server
    Entry::new("buildInfo", FREE, diagnostics::build_info).aliases(&["buildinfo"]).brief(),
    Entry::new("whatsmyuri", FREE, diagnostics::whats_my_uri).brief(),
    Entry::new("features", FREE, diagnostics::features).brief(),
    Entry::new("listCommands", FREE, diagnostics::list_commands),
    Entry::new("hostInfo", MONITOR, diagnostics::host_info),
    Entry::new("serverStatus", MONITOR, diagnostics::server_status),
    Entry::new("getParameter", MONITOR, server::get_parameter).admin_only(),
    Entry::new("setParameter", MANAGE, server::set_parameter).admin_only(),
    Entry::new("getLog", MONITOR, server::get_log).admin_only(),
    Entry::new("getCmdLineOpts", MONITOR, server::command_line).admin_only(),
    Entry::new("currentOp", MONITOR, server::current_operations).admin_only(),
    Entry::new("killOp", MANAGE, server::kill_operation).admin_only(),
    Entry::new("fsync", MANAGE, server::fsync).admin_only(),
    Entry::new("fsyncUnlock", MANAGE, server::nothing).admin_only(),
    Entry::new("logRotate", MANAGE, server::nothing).admin_only(),
    Entry::new("profile", ADMINISTER, server::profile),
    Entry::new("compact", ADMINISTER, server::compact),
    Entry::new("planCacheClear", ADMINISTER, server::nothing),
    Entry::new("setFeatureCompatibilityVersion", MANAGE, server::feature_compatibility).admin_only().writes(),
    Entry::new("getFreeMonitoringStatus", MONITOR, server::free_monitoring).admin_only(),
    Entry::new("configureFailPoint", MANAGE, server::configure_fail_point).admin_only().test_only(),
    // Not in the Stable API, for the tests of drivers
    Entry::new("testVersion2", FREE, server::nothing).test_only(),
    // What there is not
    Entry::new("mapReduce", READ, server::unsupported).aliases(&["mapreduce"]),
    Entry::new("commitTransaction", FREE, server::unsupported).admin_only().stable().retryable(),
    Entry::new("abortTransaction", FREE, server::unsupported).admin_only().stable().retryable(),
    Entry::new("createRole", USERS, server::unsupported),
    Entry::new("updateRole", USERS, server::unsupported),
    Entry::new("dropRole", USERS, server::unsupported),
    Entry::new("createSearchIndexes", STRUCTURE, server::search),
    Entry::new("updateSearchIndex", STRUCTURE, server::search),
    Entry::new("dropSearchIndex", STRUCTURE, server::search),
    Entry::new("listSearchIndexes", LIST, server::search),
    // The replica set
    Entry::new("replSetGetStatus", MONITOR, replication::status).admin_only(),
    Entry::new("replSetGetConfig", MONITOR, replication::config).admin_only(),
    Entry::new("replSetInitiate", MANAGE, replication::initiate).admin_only(),
    Entry::new("replSetStepDown", MANAGE, replication::step_down).admin_only(),
    Entry::new("getDefaultRWConcern", MONITOR, replication::default_concern).admin_only(),
    Entry::new("setDefaultRWConcern", MANAGE, replication::set_default_concern).admin_only().writes(),
];

/// The command of a name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    use std::{collections::HashMap, sync::LazyLock};
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Entry>> = LazyLock::new(|| {
        let names = |entry: &'static Entry| entry.aliases.iter().copied().chain([entry.name]);
        COMMANDS.iter().flat_map(|entry| names(entry).map(move |name| (name, entry))).collect()
    });
    BY_NAME.get(name).copied()
}
