//! Policies, which are kept and shown. Nothing is authorized by them.

use serde::Serialize;

use super::{
    Answered, Call,
    checks::Limits,
    failure::{failure, invalid},
    limits,
    member::Text,
    names, nothing,
    request::request,
};

request! {
    Request<'a> {
        resource_arn: Text<'a> = "ResourceARN" => limits::RESOURCE_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    PutRequest<'a> {
        resource_arn: Text<'a> = "ResourceARN" => limits::RESOURCE_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        policy: Text<'a> = "Policy" => Limits::ANY.required(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    policy: String,
}

pub(super) fn put(call: &Call<'_>) -> Answered {
    let given: PutRequest<'_> = call.read()?;
    let (arn, policy) = (given.resource_arn.unwrap_or_default(), given.policy.unwrap_or_default());
    let resource = names::resource(call, &arn)?;
    let document: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&policy);
    if !document.is_ok_and(|document| document.contains_key("Statement")) {
        return Err(invalid("The policy is not valid: it has to be a JSON object with a Statement."));
    }
    call.streams().put_policy(&resource, &policy)?;
    nothing()
}

pub(super) fn get(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let arn = given.resource_arn.unwrap_or_default();
    let policy = call.streams().policy(&names::resource(call, &arn)?)?;
    call.write(&Output { policy: policy.unwrap_or_else(|| "{}".to_owned()) })
}

pub(super) fn delete(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let arn = given.resource_arn.unwrap_or_default();
    match call.streams().delete_policy(&names::resource(call, &arn)?)? {
        true => nothing(),
        false => {
            let message = format!("No resource policy found for resource ARN {}.", &*arn);
            Err(failure("ResourceNotFoundException", message))
        }
    }
}
