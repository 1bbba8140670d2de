//! Users and roles.

use bson::{RawArrayBuf, RawBsonRef, RawDocumentBuf, rawdoc};
use millpond::docdb::Code;

use super::super::{
    arguments::Arguments,
    auth::{Credentials, Mechanism, Role, User, builtin_roles},
    call::{Call, Outcome},
    failure::Failure,
    reply,
};

/// The user behind the command's name.
fn name<'a>(call: &'a Call<'_>, arguments: &Arguments<'_>) -> Result<&'a str, Failure> {
    match call.target() {
        Some(RawBsonRef::String("")) => {
            Err(Failure::new(Code::BAD_VALUE, "User document needs 'user' field to be non-empty"))
        }
        Some(RawBsonRef::String(name)) if !name.contains('\0') => Ok(name),
        Some(RawBsonRef::String(_)) => Err(Failure::new(Code::BAD_VALUE, "Username cannot contain NULL characters")),
        Some(other) => Err(arguments.wrong_type(call.entry.name, other, &["string"])),
        None => Err(arguments.missing(call.entry.name)),
    }
}

/// Roles of a member: names, which are of this database, or documents.
fn roles(call: &Call<'_>, arguments: &Arguments<'_>) -> Result<Option<Vec<Role>>, Failure> {
    let Some(array) = arguments.array("roles")? else { return Ok(None) };
    let roles = reply::items(array).map(|item| {
        let role = match item {
            RawBsonRef::String(name) => Role { name: name.to_owned(), database: call.database.to_owned() },
            RawBsonRef::Document(document) => {
                let member = Arguments::of(format!("{}.roles", arguments.path()), document);
                let name = member.required("role", member.text("role")?)?.to_owned();
                let database = member.required("db", member.text("db")?)?.to_owned();
                member.finish()?;
                Role { name, database }
            }
            _ => return Err(Failure::new(Code::BAD_VALUE, "Role names must be either strings or objects")),
        };
        match role.is_known() {
            true => Ok(role),
            false => {
                let message = format!("Could not find role: {}@{}", role.name, role.database);
                Err(Failure::new(Code::ROLE_NOT_FOUND, message))
            }
        }
    });
    roles.collect::<Result<_, _>>().map(Some)
}

/// Credentials of a password, for the mechanisms asked for.
fn credentials(arguments: &Arguments<'_>, user: &str) -> Result<Option<Vec<Credentials>>, Failure> {
    let password = arguments.text("pwd")?;
    let digests = arguments.strict_bool("digestPassword")?.unwrap_or(true);
    let asked = arguments.array("mechanisms")?;
    let mechanisms = match asked {
        None => Mechanism::ALL.to_vec(),
        Some(array) if array.is_empty() => {
            return Err(Failure::new(Code::BAD_VALUE, "mechanisms field must not be empty"));
        }
        Some(array) => {
            let mechanisms = reply::items(array).map(|name| {
                let name = name.as_str().unwrap_or_default();
                Mechanism::of(name)
                    .ok_or_else(|| Failure::new(Code::BAD_VALUE, format!("Unknown auth mechanism '{name}'")))
            });
            mechanisms.collect::<Result<_, _>>()?
        }
    };
    if !digests {
        let message = "Use of SCRAM-SHA-256 requires undigested passwords";
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    match password {
        None if asked.is_some() => Err(Failure::new(Code::BAD_VALUE, "mechanisms field must be specified with pwd")),
        None => Ok(None),
        Some("") => Err(Failure::new(Code(50687), "Password cannot be empty")),
        Some(password) => {
            let credentials = mechanisms.into_iter().map(|mechanism| Credentials::new(mechanism, user, password));
            credentials.collect::<Result<_, _>>().map(Some)
        }
    }
}

pub(super) fn create(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let name = name(call, &arguments)?;
    let credentials = credentials(&arguments, name)?;
    let roles = arguments.required("roles", roles(call, &arguments)?)?;
    let custom = arguments.owned("customData")?;
    let restrictions = arguments.array("authenticationRestrictions")?.map(ToOwned::to_owned);
    arguments.finish()?;
    if call.database == "local" {
        return Err(Failure::new(Code::BAD_VALUE, "Cannot create users in the local database"));
    }
    let credentials = match credentials {
        Some(credentials) => credentials,
        None if call.database == "$external" => Vec::new(),
        None => {
            let message = "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db";
            return Err(Failure::new(Code::BAD_VALUE, message));
        }
    };
    call.face.users.create(User {
        id: uuid::Uuid::new_v4(),
        name: name.to_owned(),
        database: call.database.to_owned(),
        credentials,
        roles,
        custom,
        restrictions,
    })?;
    Ok(rawdoc! {}.into())
}

pub(super) fn update(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let name = name(call, &arguments)?;
    let credentials = credentials(&arguments, name)?;
    let roles = roles(call, &arguments)?;
    let custom = arguments.owned("customData")?;
    let restrictions = arguments.array("authenticationRestrictions")?.map(ToOwned::to_owned);
    arguments.finish()?;
    if credentials.is_none() && roles.is_none() && custom.is_none() && restrictions.is_none() {
        let message = "Must specify at least one field to update in updateUser";
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    call.face.users.change(name, call.database, |user| {
        user.credentials = credentials.unwrap_or_else(|| user.credentials.clone());
        user.roles = roles.unwrap_or_else(|| user.roles.clone());
        user.custom = custom.or_else(|| user.custom.take());
        user.restrictions = restrictions.or_else(|| user.restrictions.take());
        Ok(())
    })?;
    Ok(rawdoc! {}.into())
}

pub(super) fn drop(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let name = name(call, &arguments)?;
    arguments.finish()?;
    call.face.users.drop(name, call.database)?;
    Ok(rawdoc! {}.into())
}

pub(super) fn drop_all(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    let dropped = call.face.users.drop_all(call.database)?;
    Ok(rawdoc! { "n": i32::try_from(dropped).unwrap_or(i32::MAX) }.into())
}

pub(super) fn grant(call: &Call<'_>) -> Result<Outcome, Failure> {
    change_roles(call, |roles, role| {
        if !roles.contains(&role) {
            roles.push(role);
        }
    })
}

pub(super) fn revoke(call: &Call<'_>) -> Result<Outcome, Failure> {
    change_roles(call, |roles, role| roles.retain(|known| *known != role))
}

fn change_roles(call: &Call<'_>, change: fn(&mut Vec<Role>, Role)) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let name = name(call, &arguments)?;
    let roles = arguments.required("roles", roles(call, &arguments)?)?;
    arguments.finish()?;
    if roles.is_empty() {
        let message = format!("{} command requires a non-empty \"roles\" array", call.entry.name);
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    call.face.users.change(name, call.database, |user| {
        roles.into_iter().for_each(|role| change(&mut user.roles, role));
        Ok(())
    })?;
    Ok(rawdoc! {}.into())
}

/// The users that `usersInfo` asks for.
fn selected(call: &Call<'_>, asked: RawBsonRef<'_>) -> Result<Vec<User>, Failure> {
    let users = &call.face.users;
    Ok(match asked {
        RawBsonRef::String(name) => users.get(name, call.database).into_iter().collect(),
        RawBsonRef::Document(document) => match (document.get_bool("forAllDBs"), document.get_str("user")) {
            (Ok(true), _) => users.list(None),
            (_, Ok(name)) => users.get(name, document.get_str("db").unwrap_or(call.database)).into_iter().collect(),
            _ => return Err(Failure::new(Code::BAD_VALUE, "UserName must contain a user field")),
        },
        RawBsonRef::Array(array) => {
            let mut found = Vec::new();
            for item in reply::items(array) {
                match item {
                    RawBsonRef::Array(_) => {
                        return Err(Failure::new(Code::BAD_VALUE, "User names must be strings or objects"));
                    }
                    item => found.extend(selected(call, item)?),
                }
            }
            found
        }
        _ => users.list(Some(call.database)),
    })
}

pub(super) fn info(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let show_credentials = arguments.bool("showCredentials")?;
    arguments.ignore(&["showPrivileges", "showAuthenticationRestrictions", "showCustomData", "filter"]);
    arguments.finish()?;
    let asked = call.target().unwrap_or(RawBsonRef::Int32(1));
    let mut users = RawArrayBuf::new();
    for user in selected(call, asked)? {
        users.push(user.shown(show_credentials));
    }
    Ok(rawdoc! { "users": users }.into())
}

fn show_role(name: &str, database: &str) -> RawDocumentBuf {
    let none = RawArrayBuf::new;
    rawdoc! { "db": database, "role": name, "roles": none(), "inheritedRoles": none(), "isBuiltin": true }
}

pub(super) fn roles_info(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let show_builtin = arguments.bool("showBuiltinRoles")?;
    arguments.ignore(&["showPrivileges", "showAuthenticationRestrictions"]);
    arguments.finish()?;
    let mut shown = RawArrayBuf::new();
    let mut show = |item: RawBsonRef<'_>| {
        let (name, database) = match item {
            RawBsonRef::String(name) => (name, call.database),
            RawBsonRef::Document(document) => {
                (document.get_str("role").unwrap_or_default(), document.get_str("db").unwrap_or(call.database))
            }
            _ => return,
        };
        if (Role { name: name.to_owned(), database: database.to_owned() }).is_known() {
            shown.push(show_role(name, database));
        }
    };
    match call.target() {
        Some(RawBsonRef::Array(array)) => reply::items(array).for_each(&mut show),
        Some(item @ (RawBsonRef::String(_) | RawBsonRef::Document(_))) => show(item),
        _ if show_builtin => builtin_roles(call.database).for_each(|name| shown.push(show_role(name, call.database))),
        _ => {}
    }
    Ok(rawdoc! { "roles": shown }.into())
}
