use millpond_engine::{Clock, Engine, Timestamp};
use millpond_kv::Kv;
use millpond_kv::model::*;

use crate::support::*;

const ARN: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/hash";
const NOT_FOUND: &str = "Resource-based policy not found for the provided ResourceArn: ";

fn put(policy: &str, expected: Option<&str>) -> PutResourcePolicyRequest {
    PutResourcePolicyRequest {
        resource_arn: ARN.into(),
        policy: policy.into(),
        expected_revision_id: expected.map(Into::into),
    }
}

fn remove(expected: Option<&str>) -> DeleteResourcePolicyRequest {
    DeleteResourcePolicyRequest { resource_arn: ARN.into(), expected_revision_id: expected.map(Into::into) }
}

fn policy(kv: &Kv) -> Option<(String, String)> {
    match kv.get_resource_policy(&GetResourcePolicyRequest { resource_arn: ARN.into() }) {
        Ok(output) => Some((output.policy, output.revision_id)),
        Err(error) => {
            assert_eq!((error.code(), error.to_string()), ("PolicyNotFoundException", format!("{NOT_FOUND}{ARN}")));
            None
        }
    }
}

#[test]
fn a_policy_is_kept_replaced_and_removed() {
    let kv = kv_with_tables();
    assert_eq!(policy(&kv), None);
    assert_eq!(kv.delete_resource_policy(&remove(None)).unwrap().revision_id, None);
    let first = kv.put_resource_policy(&put("one", None)).unwrap().revision_id;
    assert_eq!(first, "1700000000000", "the millisecond of the change");
    assert_eq!(policy(&kv), Some(("one".into(), first.clone())));
    assert_eq!(kv.put_resource_policy(&put("one", None)).unwrap().revision_id, first, "nothing changed");
    let second = kv.put_resource_policy(&put("two", None)).unwrap().revision_id;
    assert!(second > first);
    assert_eq!(policy(&kv), Some(("two".into(), second.clone())));
    assert_eq!(kv.delete_resource_policy(&remove(None)).unwrap().revision_id, Some(second.clone()));
    assert_eq!(policy(&kv), None);
    let third = kv.put_resource_policy(&put("one", None)).unwrap().revision_id;
    assert!(third > second, "no revision is given twice, though the clock stood still");
}

#[test]
fn a_change_is_made_only_to_the_expected_revision() {
    let kv = kv_with_tables();
    let missing = format!("{NOT_FOUND}{ARN}");
    assert_fails(kv.put_resource_policy(&put("one", Some("7"))), "PolicyNotFoundException", &missing);
    for expected in ["7", "NO_POLICY"] {
        assert_fails(kv.delete_resource_policy(&remove(Some(expected))), "PolicyNotFoundException", &missing);
    }
    let first = kv.put_resource_policy(&put("one", Some("NO_POLICY"))).unwrap().revision_id;
    assert_fails(
        kv.put_resource_policy(&put("one", Some("NO_POLICY"))),
        "PolicyNotFoundException",
        &format!(
            "{NOT_FOUND}Requested policy update expecting none to be present for table hash, but a policy exists with \
             revision id {first}."
        ),
    );
    let second = kv.put_resource_policy(&put("two", Some(&first))).unwrap().revision_id;
    let stale = format!(
        "{NOT_FOUND}Requested update for policy with revision id {first}, but the policy associated to target table hash \
         has revision id {second}."
    );
    assert_fails(kv.put_resource_policy(&put("three", Some(&first))), "PolicyNotFoundException", &stale);
    assert_fails(kv.delete_resource_policy(&remove(Some(&first))), "PolicyNotFoundException", &stale);
    assert_eq!(policy(&kv), Some(("two".into(), second.clone())));
    kv.delete_resource_policy(&remove(Some(&second))).unwrap();
    kv.put_resource_policy(&put("one", Some("NO_POLICY"))).unwrap();
}

#[test]
fn a_table_is_created_with_a_policy_which_goes_with_it() {
    let kv = kv();
    let request = create("hash", &[("pk", ScalarAttributeType::S)]);
    let with_policy = CreateTableRequest { resource_policy: Some("one".into()), ..request.clone() };
    kv.create_table(&with_policy).unwrap();
    assert_eq!(policy(&kv).unwrap().0, "one");
    kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap();
    kv.create_table(&request).unwrap();
    assert_eq!(policy(&kv), None);
}

#[test]
fn a_policy_of_a_deleted_table_leaves_nothing_behind() {
    let engine = Engine::options().clock(Clock::manual(Timestamp::from_secs(1))).open().unwrap();
    let kv = Kv::open(&engine).unwrap();
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    kv.put_resource_policy(&put("one", None)).unwrap();
    let attached = engine.keyspace("kv.attached").unwrap();
    let rows =
        || engine.snapshot().unwrap().range(&attached, &millpond_engine::RangeRequest::all()).unwrap().entries.len();
    assert_eq!(rows(), 1);
    kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap();
    assert_eq!(rows(), 0);
}

#[test]
fn a_policy_joins_the_callers_transaction() {
    let kv = kv_with_tables();
    let failed: Result<(), millpond_kv::Error> = kv.engine().transact(|tx| {
        kv.put_resource_policy_in(tx, &put("one", None))?;
        let read = kv.get_resource_policy_in(tx, &GetResourcePolicyRequest { resource_arn: ARN.into() })?;
        assert_eq!(read.policy, "one");
        kv.delete_resource_policy_in(tx, &remove(Some("wrong")))?;
        Ok(())
    });
    assert_eq!(failed.unwrap_err().code(), "PolicyNotFoundException");
    assert_eq!(policy(&kv), None);
}

#[test]
fn a_stream_has_a_policy_of_its_own() {
    let kv = kv();
    let stream = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::KeysOnly) };
    let request = create("hash", &[("pk", ScalarAttributeType::S)]);
    let made = kv.create_table(&CreateTableRequest { stream_specification: Some(stream), ..request }).unwrap();
    let label = made.table_description.latest_stream_label.unwrap();
    let resource_arn = format!("{ARN}/stream/{label}");
    let of_stream = PutResourcePolicyRequest { resource_arn: resource_arn.clone(), ..put("stream's", None) };
    kv.put_resource_policy(&of_stream).unwrap();
    assert_eq!(policy(&kv), None);
    kv.put_resource_policy(&put("table's", None)).unwrap();
    let found = kv.get_resource_policy(&GetResourcePolicyRequest { resource_arn }).unwrap();
    assert_eq!((found.policy.as_str(), policy(&kv).unwrap().0.as_str()), ("stream's", "table's"));
}

#[test]
fn what_no_policy_can_be_attached_to_gets_the_services_texts() {
    let kv = kv_with_tables();
    let get = |arn: &str| kv.get_resource_policy(&GetResourcePolicyRequest { resource_arn: arn.into() });
    let invalid = |text: &str| format!("One or more parameter values were invalid: {text}");
    assert_invalid(get("hash"), &invalid("ARNs must start with 'arn:': hash"));
    for other in [&format!("{ARN}/backup/0170"), "arn:aws:s3:::bucket", "arn:", "arn:aws:dynamodb:::global/x"] {
        assert_invalid(get(other), &invalid(&format!("Provided Arn is not a DynamoDB resource arn: {other}")));
    }
    let index = format!("{ARN}/index/by-day");
    assert_invalid(
        get(&index),
        &invalid(&format!(
            "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {index}"
        )),
    );
    let label = "2000-01-01T00:00:00.000";
    let not_found = |what: &str| format!("Requested resource not found: {what}");
    assert_fails(
        get(&format!("{ARN}/stream/{label}")),
        "ResourceNotFoundException",
        &not_found(&format!("Stream: {label} not found for Table: hash")),
    );
    assert_fails(get(&format!("{ARN}_")), "ResourceNotFoundException", &not_found("Table: hash_ not found"));
    assert_invalid(
        get(""),
        "1 validation error detected: Value '' at 'resourceArn' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
    let long = "a".repeat(20_481);
    assert_invalid(kv.put_resource_policy(&put(&long, None)), &invalid("Maximum policy size of 20480 bytes exceeded"));
    kv.put_resource_policy(&put(&long[1..], None)).unwrap();
    assert_invalid(
        kv.delete_resource_policy(&remove(Some(""))),
        "1 validation error detected: Value '' at 'expectedRevisionId' failed to satisfy constraint: Member must have \
         length greater than or equal to 1",
    );
}
