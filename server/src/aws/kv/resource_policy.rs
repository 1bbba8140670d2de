use millpond::kv::{DeleteResourcePolicyRequest, GetResourcePolicyRequest, PutResourcePolicyRequest};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
    policy_document::canonical,
};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    PutRequest {
        resource_arn: Text = "ResourceArn",
        policy: Text = "Policy",
        expected_revision_id: Text = "ExpectedRevisionId",
    }
}
members! {
    GetRequest { resource_arn: Text = "ResourceArn" }
}
members! {
    DeleteRequest { resource_arn: Text = "ResourceArn", expected_revision_id: Text = "ExpectedRevisionId" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<&'a str>,
}

pub(super) fn put(call: &Call<'_>) -> Answered {
    let given: PutRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let resource_arn = checks.required(checks::text(given.resource_arn), "resourceArn");
    let policy = checks.required(checks::text(given.policy), "policy");
    checks.finish()?;
    // What is wrong with the other members comes before what is wrong with the document.
    let mut checks = Checks::default();
    let expected_revision_id = checks::text(given.expected_revision_id);
    checks.length(Some(&resource_arn), "resourceArn", (1, 1283));
    checks.length(expected_revision_id.as_deref(), "expectedRevisionId", (1, 255));
    checks.finish()?;
    let output = call.pond.kv().put_resource_policy(&PutResourcePolicyRequest {
        resource_arn,
        policy: canonical(&policy)?,
        expected_revision_id,
    })?;
    json::write(&Output { policy: None, revision_id: Some(&output.revision_id) })
}

pub(super) fn get(call: &Call<'_>) -> Answered {
    let given: GetRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let resource_arn = checks.required(checks::text(given.resource_arn), "resourceArn");
    checks.finish()?;
    let output = call.pond.kv().get_resource_policy(&GetResourcePolicyRequest { resource_arn })?;
    json::write(&Output { policy: Some(&output.policy), revision_id: Some(&output.revision_id) })
}

pub(super) fn delete(call: &Call<'_>) -> Answered {
    let given: DeleteRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let resource_arn = checks.required(checks::text(given.resource_arn), "resourceArn");
    checks.finish()?;
    let expected_revision_id = checks::text(given.expected_revision_id);
    let request = DeleteResourcePolicyRequest { resource_arn, expected_revision_id };
    let output = call.pond.kv().delete_resource_policy(&request)?;
    json::write(&Output { policy: None, revision_id: output.revision_id.as_deref() })
}
