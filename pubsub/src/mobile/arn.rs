//! The ARNs of applications and endpoints.

use uuid::Uuid;

use super::Platform;
use crate::{Error, Result};

/// What the ARN of an application says: `arn:aws:sns:<region>:<account>:app/<platform>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApplicationArn {
    pub(super) platform: Platform,
    pub(super) name: String,
}

/// What the ARN of an endpoint says: `arn:aws:sns:<region>:<account>:endpoint/<platform>/<name>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndpointArn {
    pub(super) application: ApplicationArn,
    pub(super) id: [u8; 16],
}

/// Reads the ARN of an application. One that names none is `None`.
///
/// # Errors
/// [`Error::InvalidParameter`] with the parameter's name, where it has not the form of such an ARN.
pub(super) fn application(arn: &str, parameter: &str) -> Result<Option<ApplicationArn>> {
    let parts = relative(arn, parameter, 2)?;
    let &["app", platform, name] = &parts[..] else { return Ok(None) };
    Ok(named(platform, name))
}

/// Reads the ARN of an endpoint, likewise.
///
/// # Errors
/// As [`application`].
pub(super) fn endpoint(arn: &str, parameter: &str) -> Result<Option<EndpointArn>> {
    let parts = relative(arn, parameter, 3)?;
    let &["endpoint", platform, name, id] = &parts[..] else { return Ok(None) };
    let id = Uuid::try_parse(id).ok().map(Uuid::into_bytes);
    Ok(named(platform, name).zip(id).map(|(application, id)| EndpointArn { application, id }))
}

fn named(platform: &str, name: &str) -> Option<ApplicationArn> {
    Some(ApplicationArn { platform: Platform::of_name(platform)?, name: name.to_owned() })
}

/// What stands after the account, split at its slashes.
fn relative<'a>(arn: &'a str, parameter: &str, slashes: usize) -> Result<Vec<&'a str>> {
    let wrong = |reason: String| Err(Error::parameter(format!("{parameter} Reason: {reason}")));
    let Some(relative) = arn.splitn(6, ':').nth(5) else {
        return wrong(format!("An ARN must have at least 6 elements, not {}", arn.split(':').count()));
    };
    let parts: Vec<&str> = relative.split('/').collect();
    match parts.len() == slashes + 1 {
        true => Ok(parts),
        false => wrong("Wrong number of slashes in relative portion of the ARN.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_read() {
        let read = application("arn:aws:sns:eu-west-1:1:app/GCM/shop", "PlatformApplicationArn").unwrap().unwrap();
        assert_eq!((read.platform, read.name.as_str()), (Platform::Gcm, "shop"));
        let id = "0cb0bd9c-2a3a-3a3e-9d3b-000000000001";
        let read = endpoint(&format!("arn:aws:sns:eu-west-1:1:endpoint/APNS_VOIP/a.b-c_d/{id}"), "EndpointArn");
        let read = read.unwrap().unwrap();
        assert_eq!((read.application.platform, read.application.name.as_str()), (Platform::ApnsVoip, "a.b-c_d"));
        assert_eq!(Uuid::from_bytes(read.id).to_string(), id);
    }

    #[test]
    fn what_names_nothing_is_none() {
        for arn in ["arn:aws:sns:r:1:app/FCM/x", "arn:aws:sns:r:1:application/GCM/x", "a:b:c:d:e:app//"] {
            assert_eq!(application(arn, "PlatformApplicationArn").unwrap(), None, "{arn}");
        }
        assert_eq!(endpoint("arn:aws:sns:r:1:endpoint/GCM/x/no-uuid", "EndpointArn").unwrap(), None);
    }

    #[test]
    fn other_forms_are_refused() {
        let text = |arn| application(arn, "PlatformApplicationArn").unwrap_err().to_string();
        let before = "Invalid parameter: PlatformApplicationArn Reason: ";
        assert_eq!(text(""), format!("{before}An ARN must have at least 6 elements, not 1"));
        assert_eq!(text("a:b:c"), format!("{before}An ARN must have at least 6 elements, not 3"));
        let slashes = format!("{before}Wrong number of slashes in relative portion of the ARN.");
        for arn in ["arn:aws:sns:r:1:topic", "arn:aws:sns:r:1:app/GCM", "arn:aws:sns:r:1:app/GCM/x/y"] {
            assert_eq!(text(arn), slashes, "{arn}");
        }
    }
}
