//! Built-in roles, and what each of them may do.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/built-in-roles/>.

use super::Action;

/// A role of a user, on a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) database: String,
}

/// On what a role's actions may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The database that the role is of.
    Its,
    /// All databases but `local` and `config`.
    Any,
    /// All databases, and the server.
    All,
}

const READ: &[Action] = &[Action::Read, Action::List];
const WRITE: &[Action] = &[Action::Read, Action::List, Action::Write, Action::Structure];
const ADMIN: &[Action] = &[Action::List, Action::Structure, Action::Administer];
const USERS: &[Action] = &[Action::Users];
const OWNER: &[Action] =
    &[Action::Read, Action::List, Action::Write, Action::Structure, Action::Administer, Action::Users];
const MONITOR: &[Action] = &[Action::List, Action::Monitor];
const MANAGE: &[Action] = &[Action::List, Action::Monitor, Action::Manage, Action::Administer];
const BACKUP: &[Action] = &[Action::Read, Action::List, Action::Monitor, Action::Users];
const EVERYTHING: &[Action] = Action::ALL;

/// Each role's name, whether it is of `admin` alone, where it may act, and how.
const ROLES: &[(&str, bool, Scope, &[Action])] = &[
    ("read", false, Scope::Its, READ),
    ("readWrite", false, Scope::Its, WRITE),
    ("dbAdmin", false, Scope::Its, ADMIN),
    ("userAdmin", false, Scope::Its, USERS),
    ("dbOwner", false, Scope::Its, OWNER),
    ("enableSharding", false, Scope::Its, &[]),
    ("readAnyDatabase", true, Scope::Any, READ),
    ("readWriteAnyDatabase", true, Scope::Any, WRITE),
    ("dbAdminAnyDatabase", true, Scope::Any, ADMIN),
    ("userAdminAnyDatabase", true, Scope::Any, USERS),
    ("clusterMonitor", true, Scope::All, MONITOR),
    ("clusterManager", true, Scope::All, MANAGE),
    ("hostManager", true, Scope::All, MANAGE),
    ("clusterAdmin", true, Scope::All, MANAGE),
    ("backup", true, Scope::All, BACKUP),
    ("restore", true, Scope::All, OWNER),
    ("root", true, Scope::All, EVERYTHING),
    ("__system", true, Scope::All, EVERYTHING),
];

impl Role {
    /// Whether there is such a role.
    pub(crate) fn is_known(&self) -> bool {
        ROLES.iter().any(|(name, admin, ..)| *name == self.name && (!admin || self.database == "admin"))
    }

    /// Whether the role allows an action on a database.
    pub(super) fn allows(&self, action: Action, database: &str) -> bool {
        let Some((.., scope, actions)) = ROLES.iter().find(|(name, ..)| *name == self.name) else { return false };
        actions.contains(&action)
            && match scope {
                Scope::Its => self.database == database,
                Scope::Any => !matches!(database, "local" | "config"),
                Scope::All => true,
            }
    }
}

/// The built-in roles of a database.
pub(crate) fn builtin_roles(database: &str) -> impl Iterator<Item = &'static str> {
    let is_admin = database == "admin";
    ROLES.iter().filter(move |(_, admin, ..)| is_admin || !admin).map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_allow_what_they_are_for_where_they_are() {
        let role = |name: &str, database: &str| Role { name: name.to_owned(), database: database.to_owned() };
        let cases = [
            (role("read", "a"), Action::Read, "a", true),
            (role("read", "a"), Action::Read, "b", false),
            (role("read", "a"), Action::Write, "a", false),
            (role("readWrite", "a"), Action::Write, "a", true),
            (role("readWrite", "a"), Action::Users, "a", false),
            (role("dbAdmin", "a"), Action::Read, "a", false),
            (role("dbAdmin", "a"), Action::Structure, "a", true),
            (role("readWriteAnyDatabase", "admin"), Action::Write, "b", true),
            (role("readWriteAnyDatabase", "admin"), Action::Write, "local", false),
            (role("root", "admin"), Action::Manage, "admin", true),
            (role("clusterMonitor", "admin"), Action::Read, "a", false),
        ];
        for (role, action, database, allowed) in cases {
            assert_eq!(role.allows(action, database), allowed, "{role:?} {action:?} {database}");
        }
        assert!(!role("readAnyDatabase", "a").is_known());
    }
}
