use millpond_kv::Kv;
use millpond_kv::model::*;

use crate::support::*;

use ContributorInsightsAction::{Disable, Enable};
use ContributorInsightsMode::{AccessedAndThrottledKeys, ThrottledKeys};
use ContributorInsightsStatus::{Disabled, Disabling, Enabled, Enabling};

fn with_index(name: &str) -> CreateTableRequest {
    let request = create(name, &[("pk", ScalarAttributeType::S)]);
    let index = GlobalSecondaryIndex {
        index_name: "by-pk".into(),
        key_schema: request.key_schema.clone(),
        projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
        ..Default::default()
    };
    CreateTableRequest { global_secondary_indexes: Some(vec![index]), ..request }
}

fn update(
    kv: &Kv,
    index: Option<&str>,
    action: ContributorInsightsAction,
    mode: Option<ContributorInsightsMode>,
) -> (ContributorInsightsStatus, Option<ContributorInsightsMode>) {
    let index_name = index.map(Into::into);
    let request = UpdateContributorInsightsRequest { table_name: "orders".into(), index_name, action, mode };
    let output = kv.update_contributor_insights(&request).unwrap();
    (output.status, output.mode)
}

fn describe(kv: &Kv, index: Option<&str>) -> DescribeContributorInsightsOutput {
    let request = DescribeContributorInsightsRequest { table_name: "orders".into(), index_name: index.map(Into::into) };
    kv.describe_contributor_insights(&request).unwrap()
}

fn list(kv: &Kv, table: Option<&str>, token: Option<String>, most: Option<i64>) -> ListContributorInsightsOutput {
    let table_name = table.map(Into::into);
    kv.list_contributor_insights(&ListContributorInsightsRequest { table_name, next_token: token, max_results: most })
        .unwrap()
}

#[test]
fn insights_are_switched_on_and_off_for_a_table_and_each_of_its_indexes() {
    let kv = kv();
    kv.create_table(&with_index("orders")).unwrap();
    let never = describe(&kv, None);
    assert_eq!((never.status, never.mode, never.last_update_date_time), (Disabled, None, None));
    assert_eq!(update(&kv, None, Disable, None), (Disabled, None), "nothing to switch off");
    assert_eq!(update(&kv, None, Enable, None), (Enabling, Some(AccessedAndThrottledKeys)));
    assert_eq!(update(&kv, None, Enable, None), (Enabled, Some(AccessedAndThrottledKeys)), "nothing changes");
    assert_eq!(update(&kv, None, Enable, Some(ThrottledKeys)), (Enabling, Some(ThrottledKeys)));
    let on = describe(&kv, None);
    assert_eq!((on.status, on.mode), (Enabled, Some(ThrottledKeys)));
    assert!(on.last_update_date_time.is_some());
    assert_eq!(describe(&kv, Some("by-pk")).status, Disabled, "an index is on its own");
    // Left out, the mode is the default and not the present one.
    assert_eq!(update(&kv, None, Enable, None), (Enabling, Some(AccessedAndThrottledKeys)));
    assert_eq!(update(&kv, None, Disable, Some(ThrottledKeys)), (Disabling, Some(AccessedAndThrottledKeys)));
    assert_eq!(update(&kv, Some("by-pk"), Enable, Some(ThrottledKeys)), (Enabling, Some(ThrottledKeys)));
    let off = describe(&kv, None);
    assert_eq!((off.status, off.mode), (Disabled, Some(AccessedAndThrottledKeys)));
    assert_eq!(describe(&kv, Some("by-pk")).status, Enabled);
}

#[test]
fn those_that_are_on_are_listed_a_page_at_a_time() {
    let kv = kv();
    for name in ["orders", "other"] {
        kv.create_table(&with_index(name)).unwrap();
    }
    assert_eq!(list(&kv, Some("orders"), None, None), ListContributorInsightsOutput::default());
    for (table, index) in [("orders", Some("by-pk")), ("orders", None), ("other", None)] {
        let index_name = index.map(Into::into);
        let request =
            UpdateContributorInsightsRequest { table_name: table.into(), index_name, action: Enable, mode: None };
        kv.update_contributor_insights(&request).unwrap();
    }
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = list(&kv, None, token, Some(1));
        assert!(page.summaries.len() <= 1);
        found.extend(page.summaries.into_iter().map(|it| (it.table_name, it.index_name)));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    let named = |table: &str, index: Option<&str>| (table.to_owned(), index.map(str::to_owned));
    assert_eq!(found, [named("orders", None), named("orders", Some("by-pk")), named("other", None)]);
    assert_eq!(list(&kv, Some("orders"), None, None).summaries.len(), 2);
    update(&kv, None, Disable, None);
    assert_eq!(list(&kv, Some("orders"), None, None).summaries.len(), 1, "those that are off are not listed");
}

#[test]
fn insights_go_with_their_table_and_their_index() {
    let kv = kv();
    kv.create_table(&with_index("orders")).unwrap();
    update(&kv, None, Enable, None);
    update(&kv, Some("by-pk"), Enable, None);
    let deletion = vec![GlobalSecondaryIndexUpdate::Delete { index_name: "by-pk".into() }];
    let request = UpdateTableRequest {
        table_name: "orders".into(),
        global_secondary_index_updates: deletion,
        ..Default::default()
    };
    kv.update_table(&request).unwrap();
    assert_eq!(list(&kv, None, None, None).summaries.len(), 1);
    kv.delete_table(&DeleteTableRequest { table_name: "orders".into() }).unwrap();
    kv.create_table(&with_index("orders")).unwrap();
    assert_eq!(list(&kv, None, None, None).summaries, []);
    assert_eq!(describe(&kv, None).mode, None);
}

#[test]
fn what_has_no_insights_gets_the_services_texts() {
    let kv = kv();
    kv.create_table(&with_index("orders")).unwrap();
    let describe = |table: &str, index: Option<&str>| {
        let index_name = index.map(Into::into);
        kv.describe_contributor_insights(&DescribeContributorInsightsRequest { table_name: table.into(), index_name })
    };
    assert_fails(
        describe("absent", None),
        "ResourceNotFoundException",
        "Requested resource not found: Table: absent not found",
    );
    assert_fails(
        describe("orders", Some("ghost")),
        "ResourceNotFoundException",
        "Requested resource not found: Index: ghost not found for table: orders",
    );
    for name in ["", "ab", &"a".repeat(256)] {
        assert_invalid(
            describe("orders", Some(name)),
            "IndexName must be at least 3 characters long and at most 255 characters long",
        );
    }
    let list = |most: i64, token: Option<&str>| {
        let (max_results, next_token) = (Some(most), token.map(Into::into));
        kv.list_contributor_insights(&ListContributorInsightsRequest { table_name: None, next_token, max_results })
    };
    assert_invalid(
        list(101, None),
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value \
         less than or equal to 100",
    );
    assert_invalid(list(1, Some("made up")), "Invalid NextToken");
}
