//! Who may do what: users with their credentials and roles, SCRAM, and the check before each command.
//!
//! Without users everybody may do everything; from the first user on, whoever has not authenticated may not.

mod check;
mod credentials;
mod roles;
mod scram;
mod users;

pub(crate) use check::{Access, Action, check, may_list};
pub(crate) use credentials::{Credentials, Mechanism};
pub(crate) use roles::{Role, builtin_roles};
pub(crate) use scram::Conversation;
pub(crate) use users::{User, Users};

/// As whom a connection has authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) database: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.database)
    }
}
