use std::collections::BTreeSet;

use millpond_kv::model::*;
use millpond_kv::{Item, Kv};

use crate::support::*;

fn kv_with_items(partitions: usize) -> Kv {
    let kv = kv_with_tables();
    for partition in 0..partitions {
        for number in 0..3 {
            let pk = s(&format!("p{partition}"));
            kv.put_item(&put("range", item([("pk", pk), ("sk", n(number))]))).unwrap();
        }
    }
    kv.put_item(&put("hash", item([("pk", s("of another table"))]))).unwrap();
    kv
}

fn scan_all(kv: &Kv, mut request: ScanRequest) -> Vec<Item> {
    let mut found = Vec::new();
    loop {
        let page = kv.scan(&request).unwrap();
        found.extend(page.items.unwrap());
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            return found;
        }
    }
}

#[test]
fn a_scan_finds_every_item_once_whatever_its_pages() {
    let kv = kv_with_items(20);
    for limit in [None, Some(1), Some(7), Some(60), Some(1000)] {
        let found = scan_all(&kv, ScanRequest { limit, ..scan("range") });
        let distinct: BTreeSet<String> = found.iter().map(|item| format!("{item:?}")).collect();
        assert_eq!((found.len(), distinct.len()), (60, 60), "limit {limit:?}");
    }
}

#[test]
fn segments_share_the_table_without_overlap() {
    let kv = kv_with_items(40);
    for total in [1, 2, 5, 64] {
        let mut found = Vec::new();
        for segment in 0..total {
            let request =
                ScanRequest { segment: Some(segment), total_segments: Some(total), limit: Some(4), ..scan("range") };
            found.extend(scan_all(&kv, request).iter().map(|item| format!("{item:?}")));
        }
        let distinct: BTreeSet<&String> = found.iter().collect();
        assert_eq!((found.len(), distinct.len()), (120, 120), "{total} segments");
    }
}

#[test]
fn a_filter_may_name_keys_and_counts_what_passes() {
    let kv = kv_with_items(10);
    let request = ScanRequest {
        filter_expression: Some("sk = :two".into()),
        expression_attribute_values: Some(item([(":two", n(2))])),
        select: Some(Select::Count),
        ..scan("range")
    };
    let page = kv.scan(&request).unwrap();
    assert_eq!((page.count, page.scanned_count, page.items), (10, 30, None));
}

#[test]
fn a_start_key_of_another_segment_is_refused() {
    let kv = kv_with_items(20);
    let of = |segment| ScanRequest { segment: Some(segment), total_segments: Some(2), limit: Some(1), ..scan("range") };
    let start = kv.scan(&of(0)).unwrap().last_evaluated_key;
    assert!(start.is_some());
    assert_invalid(
        kv.scan(&ScanRequest { exclusive_start_key: start, ..of(1) }),
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct \
         Segment. TotalSegments: 2 Segment: 1",
    );
}

#[test]
fn wrong_scans_get_the_services_texts() {
    let kv = kv_with_items(1);
    let bad = |request: ScanRequest, message: &str| assert_invalid(kv.scan(&request), message);
    bad(
        ScanRequest { segment: Some(0), ..scan("range") },
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
    bad(
        ScanRequest { total_segments: Some(2), ..scan("range") },
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
    bad(
        ScanRequest { segment: Some(5), total_segments: Some(5), ..scan("range") },
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less \
         than TotalSegments: 5",
    );
    bad(
        ScanRequest { limit: Some(0), ..scan("range") },
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value \
         greater than or equal to 1",
    );
    bad(
        ScanRequest { segment: Some(0), total_segments: Some(1_000_001), ..scan("range") },
        "1 validation error detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must \
         have value less than or equal to 1000000",
    );
    assert_fails(kv.scan(&scan("none")), "ResourceNotFoundException", "Requested resource not found");
}
