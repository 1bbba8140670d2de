//! What queues are set to: defaults, limits, and what is said of what lies outside of them.

use millpond_queue::{
    Changes, CreateOptions, DeduplicationScope, FifoThroughputLimit, Queue, RedriveAllowPolicy, RedrivePolicy, Settings,
};

use crate::support::*;

fn settings(queue: &Queue) -> Settings {
    queue.describe().unwrap().settings
}

fn redrive_to(name: &str, max_receive_count: u32) -> Changes {
    redrive(name, max_receive_count)
}

fn fifo_options(content_based: bool, scope: DeduplicationScope, limit: FifoThroughputLimit) -> Changes {
    Changes {
        content_based_deduplication: Some(content_based),
        deduplication_scope: Some(scope),
        fifo_throughput_limit: Some(limit),
        ..Default::default()
    }
}

#[test]
fn a_new_queue_has_the_defaults_of_the_service() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let found = queue.describe().unwrap();
        let settings = &found.settings;
        assert_eq!((settings.delay, settings.receive_wait), (NOW, NOW));
        assert_eq!((settings.visibility_timeout, settings.retention), (secs(30), secs(345_600)));
        assert_eq!(settings.maximum_message_bytes, 1_048_576);
        assert_eq!((&settings.redrive_policy, &settings.redrive_allow_policy, &settings.policy), (&None, &None, &None));
        assert_eq!((&settings.kms_master_key_id, settings.kms_data_key_reuse_period), (&None, None));
        assert!(settings.sqs_managed_sse);
        assert_eq!((found.created, found.modified), (START, START));
        assert_eq!((found.counts.visible, found.counts.in_flight, found.counts.delayed), (0, 0, 0));
        assert_eq!(settings.fifo.is_some(), queue.is_fifo());
    }
    let fifo = settings(&world.queues.get("q.fifo").unwrap()).fifo.unwrap();
    assert!(!fifo.content_based_deduplication);
    assert_eq!(
        (fifo.deduplication_scope, fifo.throughput_limit),
        (DeduplicationScope::Queue, FifoThroughputLimit::PerQueue)
    );
}

#[test]
fn values_are_taken_up_to_their_limits_and_refused_beyond() {
    type Of = fn(u64) -> Changes;
    let table: [(&str, Of, u64, u64); 6] = [
        ("DelaySeconds", |n| Changes { delay: Some(secs(n)), ..Default::default() }, 0, 900),
        ("MessageRetentionPeriod", |n| Changes { retention: Some(secs(n)), ..Default::default() }, 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", |n| Changes { receive_wait: Some(secs(n)), ..Default::default() }, 0, 20),
        ("VisibilityTimeout", |n| Changes { visibility_timeout: Some(secs(n)), ..Default::default() }, 0, 43_200),
        (
            "MaximumMessageSize",
            |n| Changes { maximum_message_bytes: usize::try_from(n).ok(), ..Default::default() },
            1024,
            1_048_576,
        ),
        (
            "KmsDataKeyReusePeriodSeconds",
            |n| Changes { kms_data_key_reuse_period: Some(Some(secs(n))), ..Default::default() },
            60,
            86_400,
        ),
    ];
    let world = World::new();
    let queue = world.create("q");
    for (name, changes, least, most) in table {
        for value in [least, most] {
            queue.set(&changes(value)).unwrap();
        }
        let before = settings(&queue);
        let outside = [least.checked_sub(1), Some(most + 1)];
        for value in outside.into_iter().flatten() {
            let refused = ("InvalidAttributeValue", format!("Invalid value for the parameter {name}."));
            assert_eq!(told(queue.set(&changes(value))), refused);
            let options = CreateOptions { changes: changes(value), ..Default::default() };
            assert_eq!(told(world.queues.create("other", &options)), refused);
        }
        assert_eq!(settings(&queue), before, "what is refused changes nothing");
    }
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_takes_away_what_it_is_told_to() {
    let world = World::new();
    let queue = world.create("q");
    world.create("dead");
    world.pass_secs(5);
    let text = |text: &str| Some(Some(text.to_owned()));
    queue.set(&Changes { policy: text("{}"), ..redrive_to("dead", 3) }).unwrap();
    queue.set(&Changes { delay: Some(secs(7)), ..Default::default() }).unwrap();
    let found = queue.describe().unwrap();
    assert_eq!((found.created, found.modified), (START, START.saturating_add(secs(5))));
    assert_eq!((found.settings.policy.as_deref(), found.settings.delay), (Some("{}"), secs(7)));
    let policy = RedrivePolicy { dead_letter_queue: "dead".into(), max_receive_count: 3 };
    assert_eq!(found.settings.redrive_policy, Some(policy));
    queue.set(&Changes { policy: Some(None), redrive_policy: Some(None), ..Default::default() }).unwrap();
    let found = settings(&queue);
    assert_eq!((found.policy, found.redrive_policy, found.delay), (None, None, secs(7)));
}

#[test]
fn a_key_of_ones_own_turns_the_keys_of_the_service_off() {
    let world = World::new();
    let queue = world.create("q");
    let key = |id: &str| Changes { kms_master_key_id: Some(Some(id.into())), ..Default::default() };
    queue.set(&key("testKeyId")).unwrap();
    assert!(!settings(&queue).sqs_managed_sse);
    queue.set(&Changes { kms_master_key_id: Some(None), ..Default::default() }).unwrap();
    assert!(!settings(&queue).sqs_managed_sse, "it stays off");
    queue.set(&key("testKeyId")).unwrap();
    queue.set(&Changes { sqs_managed_sse: Some(true), ..Default::default() }).unwrap();
    assert_eq!(settings(&queue).kms_master_key_id, None);
    let both = Changes { sqs_managed_sse: Some(true), ..key("k") };
    assert_eq!(code(queue.set(&both)), "InvalidAttributeName");
}

#[test]
fn what_only_first_in_first_out_queues_have_is_refused_of_others() {
    let world = World::new();
    let standard = world.create("q");
    let only_fifo = |name| format!("You can specify the {name} only when FifoQueue is set to true.");
    let table = [
        (
            Changes { content_based_deduplication: Some(false), ..Default::default() },
            "Unknown Attribute ContentBasedDeduplication.".to_owned(),
        ),
        (
            Changes { deduplication_scope: Some(DeduplicationScope::Queue), ..Default::default() },
            only_fifo("DeduplicationScope"),
        ),
        (
            Changes { fifo_throughput_limit: Some(FifoThroughputLimit::PerQueue), ..Default::default() },
            only_fifo("FifoThroughputLimit"),
        ),
    ];
    let fifo = world.create("q.fifo");
    for (changes, text) in table {
        assert_eq!(told(standard.set(&changes)), ("InvalidAttributeName", text.clone()));
        let options = CreateOptions { changes: changes.clone(), ..Default::default() };
        assert_eq!(told(world.queues.create("other", &options)), ("InvalidAttributeName", text));
        fifo.set(&changes).unwrap();
    }
}

#[test]
fn throughput_by_group_needs_deduplication_by_group() {
    use DeduplicationScope::{MessageGroup, Queue};
    use FifoThroughputLimit::{PerMessageGroupId, PerQueue};
    let world = World::new();
    let queue = world.create("q.fifo");
    for (scope, limit, is_allowed) in [
        (Queue, PerQueue, true),
        (Queue, PerMessageGroupId, false),
        (MessageGroup, PerQueue, true),
        (MessageGroup, PerMessageGroupId, true),
    ] {
        let result = queue.set(&fifo_options(true, scope, limit));
        assert_eq!(result.is_ok(), is_allowed, "{scope:?} {limit:?}");
    }
    let back = Changes { deduplication_scope: Some(Queue), ..Default::default() };
    assert_eq!(code(queue.set(&back)), "InvalidAttributeValue", "the limit that is set counts too");
}

#[test]
fn a_dead_letter_queue_has_to_exist_be_of_the_same_type_and_allow_it() {
    let world = World::new();
    for name in ["dead", "dead.fifo", "q.fifo"] {
        world.create(name);
    }
    let queue = world.create("q");
    let count = |n| format!("Invalid value for maxReceiveCount: {n}, valid values are from 1 to 1000 both inclusive.");
    let same_type = || "Dead-letter queue must be same type of queue as the source..".to_owned();
    for (changes, text) in [
        (redrive_to("dead", 0), count(0)),
        (redrive_to("dead", 1001), count(1001)),
        (redrive_to("dead.fifo", 1), same_type()),
        (redrive_to("missing", 1), "Dead letter target does not exist.".to_owned()),
    ] {
        assert_eq!(told(queue.set(&changes)), ("InvalidParameterValueException", text));
    }
    for count in [1, 1000] {
        queue.set(&redrive_to("dead", count)).unwrap();
    }
    queue.set(&redrive_to("q", 1)).unwrap();
    let dead = world.queues.get("dead").unwrap();
    let allow = |policy| Changes { redrive_allow_policy: Some(Some(policy)), ..Default::default() };
    for (policy, is_allowed) in [
        (RedriveAllowPolicy::DenyAll, false),
        (RedriveAllowPolicy::ByQueue(vec!["other".into()]), false),
        (RedriveAllowPolicy::ByQueue(vec!["other".into(), "q".into()]), true),
        (RedriveAllowPolicy::AllowAll, true),
    ] {
        dead.set(&allow(policy.clone())).unwrap();
        assert_eq!(queue.set(&redrive_to("dead", 1)).is_ok(), is_allowed, "{policy:?}");
    }
    let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    for (sources, is_allowed) in [(names(0), false), (names(1), true), (names(10), true), (names(11), false)] {
        assert_eq!(dead.set(&allow(RedriveAllowPolicy::ByQueue(sources))).is_ok(), is_allowed);
    }
    dead.set(&Changes { redrive_allow_policy: Some(None), ..Default::default() }).unwrap();
    queue.set(&redrive_to("dead", 1)).unwrap();
}

#[test]
fn a_policy_is_made_of_the_one_that_there_is() {
    let world = World::new();
    let queue = world.create("q");
    for expected in ["x", "xx"] {
        queue.change_policy(|before| Ok(Some(format!("{}x", before.unwrap_or_default())))).unwrap();
        assert_eq!(settings(&queue).policy.as_deref(), Some(expected));
    }
    let failed = queue.change_policy(|_| Err(millpond_queue::Error::OverLimit));
    assert_eq!(code(failed), "OverLimit");
    assert_eq!(settings(&queue).policy.as_deref(), Some("xx"));
    queue.change_policy(|_| Ok(None)).unwrap();
    assert_eq!(settings(&queue).policy, None);
}

#[test]
fn settings_and_tags_are_there_after_a_restart() {
    let world = World::new();
    world.create("dead.fifo");
    let changes = Changes {
        delay: Some(secs(1)),
        maximum_message_bytes: Some(2048),
        retention: Some(secs(60)),
        receive_wait: Some(secs(3)),
        visibility_timeout: Some(secs(4)),
        redrive_allow_policy: Some(Some(RedriveAllowPolicy::ByQueue(vec!["a.fifo".into()]))),
        policy: Some(Some("{}".into())),
        kms_master_key_id: Some(Some("k".into())),
        kms_data_key_reuse_period: Some(Some(secs(61))),
        ..redrive_to("dead.fifo", 5)
    };
    let scope = fifo_options(true, DeduplicationScope::MessageGroup, FifoThroughputLimit::PerMessageGroupId);
    let queue = world.create_with("q.fifo", changes);
    queue.set(&scope).unwrap();
    queue.tag(&[("a".to_owned(), "b".to_owned())].into()).unwrap();
    let (before, tags) = (queue.describe().unwrap(), queue.tags().unwrap());
    let queue = world.reopened().queues.get("q.fifo").unwrap();
    assert_eq!((queue.describe().unwrap(), queue.tags().unwrap()), (before, tags));
}
