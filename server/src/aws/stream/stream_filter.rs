//! Lists of what belongs to streams: which streams are meant, and where a page begins.

use millpond::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Call, limits,
    member::{List, Moment, Text},
    names,
    request::request,
    shown::Time,
    token,
};
use crate::aws::json::Failure;

request! {
    Filter<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        stream_creation_timestamp: Moment = "StreamCreationTimestamp",
    }
}

/// A stream that something belongs to.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Identifier {
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    stream_creation_timestamp: Time,
}

pub(super) fn identifier(call: &Call<'_>, stream: &str, created: Timestamp) -> Identifier {
    Identifier { stream_arn: call.arn(stream), stream_creation_timestamp: Time::seconds(created) }
}

/// What is asked for; a token says it of the next page.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    /// None is all of them.
    pub(super) streams: Vec<String>,
    pub(super) after: Option<String>,
}

/// What a request asks for; `None` if there is no such stream.
///
/// # Errors
/// Those of the token.
pub(super) fn read(
    call: &Call<'_>,
    operation: &str,
    filter: Option<List<Filter<'_>>>,
    next_token: Option<Text<'_>>,
) -> Result<Option<Asked>, Failure> {
    if let Some(token) = next_token {
        return token::read(operation, &token, call.now()).map(Some);
    }
    let Some(filter) = filter else { return Ok(Some(Asked { streams: Vec::new(), after: None })) };
    let mut streams = Vec::new();
    for Filter { stream_arn, stream_creation_timestamp, .. } in filter.elements {
        let name = names::stream(None, stream_arn)?;
        // A stream that was made later under that name is another one.
        let is_meant = match (stream_creation_timestamp, call.streams().get(&name)) {
            (_, Err(_)) => false,
            (None, Ok(_)) => true,
            (Some(time), Ok(stream)) => stream.describe()?.created.as_secs() == time.timestamp().as_secs(),
        };
        if is_meant {
            streams.push(name);
        }
    }
    Ok((!streams.is_empty()).then_some(Asked { streams, after: None }))
}

impl Asked {
    /// The token of the page after `last`, if there is one.
    pub(super) fn next(
        self,
        call: &Call<'_>,
        operation: &str,
        last: Option<String>,
    ) -> Result<Option<String>, Failure> {
        let next = last.map(|last| Asked { after: Some(last), ..self });
        next.map(|next| token::show(operation, call.now(), next)).transpose()
    }
}
