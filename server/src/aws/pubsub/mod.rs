//! The topics as SNS speaks: one file a small family of operations.
//!
//! The Query protocol is the only one: the service's model in the AWS SDKs has no other, as that of SQS has got JSON.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/welcome.html>

mod applications;
mod arn;
mod certificate;
mod checks;
mod constraints;
mod create_topic;
mod data_protection;
mod endpoints;
mod failure;
mod lists;
mod message_attributes;
mod permissions;
mod publish;
mod publish_batch;
mod sms;
mod sms_sandbox;
mod subscribe;
mod subscription_attributes;
mod tags;
mod topic_attributes;

use millpond::Pond;

use super::{
    Answer, Call, Reply,
    answer::request_id,
    json::Failure,
    query::{Dialect, Entry, Parameters, Service},
};

/// The name of this service in a credential scope.
pub(super) const SERVICE: &str = "sns";
/// The version that requests name.
pub(super) const VERSION: &str = "2010-03-31";

type Answered = Result<Vec<u8>, Failure>;
type Operation = fn(&Call<'_>) -> Answered;

/// What each operation is answered by.
const OPERATIONS: &[(&str, Operation)] = &[
    ("AddPermission", permissions::add_permission),
    ("CheckIfPhoneNumberIsOptedOut", sms::check_if_phone_number_is_opted_out),
    ("ConfirmSubscription", subscribe::confirm_subscription),
    ("CreatePlatformApplication", applications::create_platform_application),
    ("CreatePlatformEndpoint", endpoints::create_platform_endpoint),
    ("CreateSMSSandboxPhoneNumber", sms_sandbox::create_sms_sandbox_phone_number),
    ("CreateTopic", create_topic::create_topic),
    ("DeleteEndpoint", endpoints::delete_endpoint),
    ("DeletePlatformApplication", applications::delete_platform_application),
    ("DeleteSMSSandboxPhoneNumber", sms_sandbox::delete_sms_sandbox_phone_number),
    ("DeleteTopic", create_topic::delete_topic),
    ("GetDataProtectionPolicy", data_protection::get_data_protection_policy),
    ("GetEndpointAttributes", endpoints::get_endpoint_attributes),
    ("GetPlatformApplicationAttributes", applications::get_platform_application_attributes),
    ("GetSMSAttributes", sms::get_sms_attributes),
    ("GetSMSSandboxAccountStatus", sms_sandbox::get_sms_sandbox_account_status),
    ("GetSubscriptionAttributes", subscription_attributes::get_subscription_attributes),
    ("GetTopicAttributes", topic_attributes::get_topic_attributes),
    ("ListEndpointsByPlatformApplication", endpoints::list_endpoints_by_platform_application),
    ("ListOriginationNumbers", sms::list_origination_numbers),
    ("ListPhoneNumbersOptedOut", sms::list_phone_numbers_opted_out),
    ("ListPlatformApplications", applications::list_platform_applications),
    ("ListSMSSandboxPhoneNumbers", sms_sandbox::list_sms_sandbox_phone_numbers),
    ("ListSubscriptions", lists::list_subscriptions),
    ("ListSubscriptionsByTopic", lists::list_subscriptions_by_topic),
    ("ListTagsForResource", tags::list_tags_for_resource),
    ("ListTopics", lists::list_topics),
    ("OptInPhoneNumber", sms::opt_in_phone_number),
    ("Publish", publish::publish),
    ("PublishBatch", publish_batch::publish_batch),
    ("PutDataProtectionPolicy", data_protection::put_data_protection_policy),
    ("RemovePermission", permissions::remove_permission),
    ("SetEndpointAttributes", endpoints::set_endpoint_attributes),
    ("SetPlatformApplicationAttributes", applications::set_platform_application_attributes),
    ("SetSMSAttributes", sms::set_sms_attributes),
    ("SetSubscriptionAttributes", subscription_attributes::set_subscription_attributes),
    ("SetTopicAttributes", topic_attributes::set_topic_attributes),
    ("Subscribe", subscribe::subscribe),
    ("TagResource", tags::tag_resource),
    ("Unsubscribe", subscribe::unsubscribe),
    ("UntagResource", tags::untag_resource),
    ("VerifySMSSandboxPhoneNumber", sms_sandbox::verify_sms_sandbox_phone_number),
];

const ENTRY: Entry = Entry { name: "entry", key: "key", value: "value" };

/// How the service speaks the Query protocol.
///
/// Source: botocore's model of the service.
const QUERY: Service = Service {
    namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
    flat: false,
    has_detail: false,
    lists: &[
        ("member", "AWSAccountId"),
        ("member", "ActionName"),
        ("member", "PublishBatchRequestEntries"),
        ("member", "TagKeys"),
        ("member", "Tags"),
        ("member", "attributes"),
    ],
    answered_lists: &[],
    maps: &[
        (ENTRY, "Attributes"),
        (ENTRY, "attributes"),
        (Entry { key: "Name", value: "Value", ..ENTRY }, "MessageAttributes"),
    ],
    numbers: &["MaxResults"],
    first: &[],
};

/// Whether an operation is one of this service.
pub(super) fn knows(operation: &str) -> bool {
    OPERATIONS.iter().any(|(name, _)| *name == operation)
}

/// Whether a file of this service may be at this path.
pub(super) fn is_file(path: &str) -> bool {
    certificate::is_path(path)
}

/// The answer to who asks for the file at this path.
pub(super) fn file(pond: &Pond, path: &str) -> Answer {
    certificate::answer(pond, path)
}

/// Answers a request.
pub(super) fn answer_form(call: &Call<'_>, action: Option<&str>, parameters: &Parameters) -> Reply {
    let Some(action) = action else { return untargeted() };
    // Links in messages name no version.
    let version = parameters.get("Version").unwrap_or(VERSION);
    match OPERATIONS.iter().find(|(name, _)| *name == action).filter(|_| version == VERSION) {
        Some((operation, answer)) => {
            let dialect = Dialect { service: &QUERY, operation };
            match answer(&Call { form: Some((dialect, parameters)), ..*call }) {
                Ok(result) => dialect.answer(&result, request_id()).into(),
                Err(refused) => refuse(&refused).into(),
            }
        }
        None => {
            let message = format!("Could not find operation {action} for version {version}");
            refuse(&Failure::unknown_operation(message)).into()
        }
    }
}

/// The answer to a request of this service that names no action.
pub(super) fn untargeted() -> Reply {
    refuse(&failure::failure("MissingAction", "The request is missing an action or a required parameter.")).into()
}

/// The answer to a request of this service that is refused.
pub(super) fn refuse(failure: &Failure) -> Answer {
    failure::refuse(&QUERY, failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_the_services_42_operations() {
        assert_eq!(OPERATIONS.len(), 42);
        assert!(OPERATIONS.is_sorted_by_key(|(name, _)| *name));
    }
}
