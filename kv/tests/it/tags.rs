use millpond_kv::Kv;
use millpond_kv::model::*;

use crate::support::*;

const ARN: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/hash";

fn tag_of(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

fn tag(tags: Vec<Tag>) -> TagResourceRequest {
    TagResourceRequest { resource_arn: ARN.into(), tags }
}

fn untag(keys: &[&str]) -> UntagResourceRequest {
    UntagResourceRequest { resource_arn: ARN.into(), tag_keys: keys.iter().map(|key| (*key).into()).collect() }
}

fn tags(kv: &Kv) -> Vec<Tag> {
    kv.list_tags_of_resource(&ListTagsOfResourceRequest { resource_arn: ARN.into() }).unwrap().tags
}

#[test]
fn tags_are_set_replaced_and_removed() {
    let kv = kv();
    let request = create("hash", &[("pk", ScalarAttributeType::S)]);
    kv.create_table(&CreateTableRequest { tags: vec![tag_of("team", "mill")], ..request }).unwrap();
    assert_eq!(tags(&kv), [tag_of("team", "mill")]);
    kv.tag_resource(&tag(vec![tag_of("stage", ""), tag_of("team", "pond")])).unwrap();
    assert_eq!(tags(&kv), [tag_of("stage", ""), tag_of("team", "pond")]);
    kv.untag_resource(&untag(&["team", "never"])).unwrap();
    assert_eq!(tags(&kv), [tag_of("stage", "")]);
}

#[test]
fn a_table_has_at_most_50_tags() {
    let kv = kv_with_tables();
    let many = |range: std::ops::Range<u32>| tag(range.map(|number| tag_of(&format!("{number:02}"), "v")).collect());
    kv.tag_resource(&many(0..40)).unwrap();
    assert_invalid(
        kv.tag_resource(&many(40..51)),
        "Number of Tags exceed the current limit for the provided ResourceArn",
    );
    assert_eq!(tags(&kv).len(), 40);
    kv.tag_resource(&many(30..50)).unwrap();
    assert_eq!(tags(&kv).len(), 50);
}

#[test]
fn wrong_tags_get_the_services_texts() {
    let kv = kv_with_tables();
    assert_invalid(kv.tag_resource(&tag(vec![])), "Atleast one Tag needs to be provided as Input.");
    assert_invalid(kv.untag_resource(&untag(&[])), "Atleast one Tag Key needs to be provided as Input.");
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    for (wrong, message) in [
        (vec![tag_of("", "v")], "The Tag Key provided is invalid, Key: ".to_owned()),
        (vec![tag_of(&long_key, "v")], format!("The Tag Key provided is invalid, Key: {long_key}")),
        (vec![tag_of("k%", "v")], "The Tag Key provided is invalid, Key: k%".to_owned()),
        (vec![tag_of("k", &long_value)], format!("The Tag Value provided is invalid, Value: {long_value}")),
        (vec![tag_of("aws:k", "v")], "Tag Key cannot be prefixed with aws:, Key: aws:k".to_owned()),
        (
            vec![tag_of("k", "1"), tag_of("k", "2")],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found k".to_owned(),
        ),
    ] {
        assert_invalid(kv.tag_resource(&tag(wrong)), &message);
    }
    kv.tag_resource(&tag(vec![tag_of(&"ä".repeat(128), &"ö".repeat(256))])).unwrap();
    let list = |arn: &str| kv.list_tags_of_resource(&ListTagsOfResourceRequest { resource_arn: arn.into() });
    assert_invalid(list(""), "Invalid TableArn");
    assert_invalid(list("hash"), "Invalid TableArn: Invalid ResourceArn provided as input hash");
    let absent = "arn:aws:dynamodb:eu-west-1:000000000000:table/absent";
    assert_fails(
        list(absent),
        "ResourceNotFoundException",
        &format!("Requested resource not found: ResourcArn: {absent} not found"),
    );
}
