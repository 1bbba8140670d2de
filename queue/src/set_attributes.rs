//! Changing what a queue is set to, and its tags.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use millpond_engine::Transaction;

use crate::{
    Changes, DeduplicationScope, Error, FifoThroughputLimit, RedriveAllowPolicy, Result, Settings, create_queue,
    layout::QueueRecord, shared::Shared,
};

const MAX_TAGS: usize = 50;
const MAX_TAG_NAME_CHARACTERS: usize = 128;
const MAX_TAG_VALUE_CHARACTERS: usize = 256;
const MAX_ALLOWED_SOURCES: usize = 10;

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str, changes: &Changes) -> Result<()> {
    let mut record = QueueRecord::clone(&*shared.need(tx, name)?);
    apply(&mut record.settings, changes)?;
    check_redrive(shared, tx, name, changes)?;
    record.modified = tx.began();
    shared.keep(tx, name, &record)?;
    // What is set decides when messages can be received, and for how long a receive waits.
    let (stores, store) = (std::sync::Arc::clone(&shared.stores), record.store);
    tx.on_commit(move || stores.changed(store));
    Ok(())
}

/// Lays changes over settings.
pub(crate) fn apply(settings: &mut Settings, changes: &Changes) -> Result<()> {
    seconds(&mut settings.delay, changes.delay, 0..=900, "DelaySeconds")?;
    seconds(&mut settings.retention, changes.retention, 60..=1_209_600, "MessageRetentionPeriod")?;
    seconds(&mut settings.receive_wait, changes.receive_wait, 0..=20, "ReceiveMessageWaitTimeSeconds")?;
    seconds(&mut settings.visibility_timeout, changes.visibility_timeout, 0..=43_200, "VisibilityTimeout")?;
    if let Some(bytes) = changes.maximum_message_bytes {
        if !(1024..=crate::MAX_MESSAGE_BYTES).contains(&bytes) {
            return Err(Error::attribute_value("MaximumMessageSize"));
        }
        settings.maximum_message_bytes = bytes;
    }
    set(&mut settings.redrive_policy, &changes.redrive_policy);
    check_allow_policy(changes)?;
    set(&mut settings.redrive_allow_policy, &changes.redrive_allow_policy);
    set(&mut settings.policy, &changes.policy);
    apply_encryption(settings, changes)?;
    apply_fifo(settings, changes)
}

fn set<T: Clone>(setting: &mut Option<T>, change: &Option<Option<T>>) {
    if let Some(change) = change {
        setting.clone_from(change);
    }
}

fn seconds(
    setting: &mut Duration,
    change: Option<Duration>,
    allowed: RangeInclusive<u64>,
    name: &'static str,
) -> Result<()> {
    let Some(change) = change else { return Ok(()) };
    let (least, most) = (Duration::from_secs(*allowed.start()), Duration::from_secs(*allowed.end()));
    if !(least..=most).contains(&change) {
        return Err(Error::attribute_value(name));
    }
    *setting = change;
    Ok(())
}

/// What names queues, apart from whether they exist.
fn check_allow_policy(changes: &Changes) -> Result<()> {
    let reason = match &changes.redrive_allow_policy {
        Some(Some(RedriveAllowPolicy::ByQueue(sources))) if sources.is_empty() => {
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
        }
        Some(Some(RedriveAllowPolicy::ByQueue(sources))) if sources.len() > MAX_ALLOWED_SOURCES => {
            "The maximum number of source queue ARNs you can specify is 10."
        }
        _ => return Ok(()),
    };
    Err(Error::parameter(format!("Amazon SQS can't create the redrive allow policy. {reason}")))
}

fn apply_encryption(settings: &mut Settings, changes: &Changes) -> Result<()> {
    let has_key = matches!(&changes.kms_master_key_id, Some(Some(_)));
    if has_key && changes.sqs_managed_sse == Some(true) {
        return Err(Error::attribute_name(
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
        ));
    }
    if let Some(Some(period)) = changes.kms_data_key_reuse_period
        && !(Duration::from_secs(60)..=Duration::from_secs(86_400)).contains(&period)
    {
        return Err(Error::attribute_value("KmsDataKeyReusePeriodSeconds"));
    }
    set(&mut settings.kms_master_key_id, &changes.kms_master_key_id);
    set(&mut settings.kms_data_key_reuse_period, &changes.kms_data_key_reuse_period);
    if let Some(managed) = changes.sqs_managed_sse {
        settings.sqs_managed_sse = managed;
        if managed {
            settings.kms_master_key_id = None;
        }
    }
    if has_key {
        settings.sqs_managed_sse = false;
    }
    Ok(())
}

fn apply_fifo(settings: &mut Settings, changes: &Changes) -> Result<()> {
    let Some(fifo) = &mut settings.fifo else {
        let only_fifo =
            |name| Error::attribute_name(format!("You can specify the {name} only when FifoQueue is set to true."));
        return match changes {
            Changes { content_based_deduplication: Some(_), .. } => {
                Err(Error::attribute_name("Unknown Attribute ContentBasedDeduplication."))
            }
            Changes { deduplication_scope: Some(_), .. } => Err(only_fifo("DeduplicationScope")),
            Changes { fifo_throughput_limit: Some(_), .. } => Err(only_fifo("FifoThroughputLimit")),
            _ => Ok(()),
        };
    };
    fifo.content_based_deduplication = changes.content_based_deduplication.unwrap_or(fifo.content_based_deduplication);
    fifo.deduplication_scope = changes.deduplication_scope.unwrap_or(fifo.deduplication_scope);
    fifo.throughput_limit = changes.fifo_throughput_limit.unwrap_or(fifo.throughput_limit);
    let is_by_group = fifo.throughput_limit == FifoThroughputLimit::PerMessageGroupId;
    if is_by_group && fifo.deduplication_scope != DeduplicationScope::MessageGroup {
        return Err(Error::InvalidAttributeValue {
            message:
                "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup"
                    .to_owned(),
        });
    }
    Ok(())
}

/// Whether the dead-letter queue that is named can be one for this queue.
pub(crate) fn check_redrive(shared: &Shared, tx: &mut Transaction, name: &str, changes: &Changes) -> Result<()> {
    let Some(Some(policy)) = &changes.redrive_policy else { return Ok(()) };
    let max = policy.max_receive_count;
    if !(1..=1000).contains(&max) {
        let text = format!("Invalid value for maxReceiveCount: {max}, valid values are from 1 to 1000 both inclusive.");
        return Err(Error::parameter(text));
    }
    if create_queue::is_fifo(&policy.dead_letter_queue) != create_queue::is_fifo(name) {
        return Err(Error::parameter("Dead-letter queue must be same type of queue as the source.."));
    }
    let allow_policy = if policy.dead_letter_queue == name {
        None
    } else {
        let target = shared.find(tx, &policy.dead_letter_queue)?;
        let target = target.ok_or_else(|| Error::parameter("Dead letter target does not exist."))?;
        target.settings.redrive_allow_policy.clone()
    };
    let is_allowed = match allow_policy {
        None | Some(RedriveAllowPolicy::AllowAll) => true,
        Some(RedriveAllowPolicy::DenyAll) => false,
        Some(RedriveAllowPolicy::ByQueue(sources)) => sources.iter().any(|source| source == name),
    };
    match is_allowed {
        true => Ok(()),
        false => Err(Error::parameter("Dead-letter queue does not allow this queue to be its source.")),
    }
}

/// The first attribute, by the service's name, that a queue would have otherwise if it were changed so.
pub(crate) fn first_difference(settings: &Settings, changes: &Changes) -> Option<&'static str> {
    let fifo = settings.fifo.unwrap_or_default();
    let differs = [
        ("VisibilityTimeout", other(changes.visibility_timeout, settings.visibility_timeout)),
        ("MessageRetentionPeriod", other(changes.retention, settings.retention)),
        ("MaximumMessageSize", other(changes.maximum_message_bytes, settings.maximum_message_bytes)),
        ("DelaySeconds", other(changes.delay, settings.delay)),
        ("ReceiveMessageWaitTimeSeconds", other(changes.receive_wait, settings.receive_wait)),
        ("RedrivePolicy", other(changes.redrive_policy.as_ref(), &settings.redrive_policy)),
        ("RedriveAllowPolicy", other(changes.redrive_allow_policy.as_ref(), &settings.redrive_allow_policy)),
        ("Policy", other(changes.policy.as_ref(), &settings.policy)),
        ("KmsMasterKeyId", other(changes.kms_master_key_id.as_ref(), &settings.kms_master_key_id)),
        ("KmsDataKeyReusePeriodSeconds", other(changes.kms_data_key_reuse_period, settings.kms_data_key_reuse_period)),
        ("SqsManagedSseEnabled", other(changes.sqs_managed_sse, settings.sqs_managed_sse)),
        ("ContentBasedDeduplication", other(changes.content_based_deduplication, fifo.content_based_deduplication)),
        ("DeduplicationScope", other(changes.deduplication_scope, fifo.deduplication_scope)),
        ("FifoThroughputLimit", other(changes.fifo_throughput_limit, fifo.throughput_limit)),
    ];
    differs.into_iter().find(|(_, differs)| *differs).map(|(name, _)| name)
}

fn other<T: PartialEq>(change: Option<T>, setting: T) -> bool {
    change.is_some_and(|change| change != setting)
}

pub(crate) fn check_tags(queue: &str, tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(Error::parameter(format!("Too many tags added for queue {queue}.")));
    }
    for (name, value) in tags {
        if !(1..=MAX_TAG_NAME_CHARACTERS).contains(&name.chars().count()) {
            return Err(Error::parameter("Tag keys must be between 1 and 128 characters in length."));
        }
        if value.chars().count() > MAX_TAG_VALUE_CHARACTERS {
            return Err(Error::parameter("Tag values must be between 0 and 256 characters in length."));
        }
        if name.starts_with("aws:") {
            return Err(Error::parameter("Tag keys must not begin with aws:, which is reserved."));
        }
        if !name.chars().chain(value.chars()).all(is_of_tags) {
            return Err(Error::parameter(
                "Tag keys may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = + - @",
            ));
        }
    }
    Ok(())
}

fn is_of_tags(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@".contains(character)
}

pub(crate) fn tag(shared: &Shared, tx: &mut Transaction, name: &str, tags: &BTreeMap<String, String>) -> Result<()> {
    check_tags(name, tags)?;
    let mut record = QueueRecord::clone(&*shared.need(tx, name)?);
    record.tags.extend(tags.iter().map(|(name, value)| (name.clone(), value.clone())));
    check_tags(name, &record.tags)?;
    shared.keep(tx, name, &record)
}

pub(crate) fn untag(shared: &Shared, tx: &mut Transaction, name: &str, names: &[String]) -> Result<()> {
    let mut record = QueueRecord::clone(&*shared.need(tx, name)?);
    record.tags.retain(|tag, _| !names.contains(tag));
    shared.keep(tx, name, &record)
}
