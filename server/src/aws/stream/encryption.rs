//! That a stream is encrypted, and by which key. It is kept and shown; nothing is encrypted by it.

use millpond::stream::Stream;

use super::{Answered, Call, failure::invalid, limits, member::Text, names, nothing, request::request};
use crate::aws::json::Failure;

request! {
    Request<'a> {
        encryption_type: Text<'a> = "EncryptionType" => limits::ENCRYPTION_TYPE.required(),
        key_id: Text<'a> = "KeyId" => limits::KEY_ID.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

pub(super) fn start(call: &Call<'_>) -> Answered {
    let (stream, key_id) = read(call)?;
    stream.start_encryption(&key_id)?;
    nothing()
}

pub(super) fn stop(call: &Call<'_>) -> Answered {
    let (stream, _) = read(call)?;
    stream.stop_encryption()?;
    nothing()
}

fn read(call: &Call<'_>) -> Result<(Stream, String), Failure> {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    match &*given.encryption_type.unwrap_or_default() {
        "KMS" => Ok((stream, given.key_id.unwrap_or_default().0.into_owned())),
        _ => Err(invalid("EncryptionType must be KMS.")),
    }
}
