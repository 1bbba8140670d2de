use std::time::Duration;

use super::*;

fn transaction(texts: &[&str]) -> ExecuteTransactionRequest {
    let member = |text: &&str| ParameterizedStatement { statement: (*text).to_owned(), ..Default::default() };
    ExecuteTransactionRequest { transact_statements: texts.iter().map(member).collect(), ..Default::default() }
}

fn execute(kv: &Kv, texts: &[&str]) -> Result<ExecuteTransactionOutput, Error> {
    kv.execute_transaction(&transaction(texts))
}

/// The codes and texts of the reasons of a cancellation.
#[track_caller]
fn reasons(kv: &Kv, texts: &[&str]) -> Vec<(&'static str, Option<String>)> {
    match execute(kv, texts) {
        Err(Error::TransactionCanceled { reasons }) => {
            reasons.into_iter().map(|reason| (reason.code.as_str(), reason.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn none() -> (&'static str, Option<String>) {
    ("None", None)
}

fn reason(code: &'static str, message: &str) -> (&'static str, Option<String>) {
    (code, Some(message.to_owned()))
}

fn count(kv: &Kv) -> usize {
    kv.scan(&scan("hash")).unwrap().count
}

#[test]
fn writes_are_done_together() {
    let kv = kv_with_items();
    let request = ExecuteTransactionRequest {
        return_consumed_capacity: ReturnConsumedCapacity::Total,
        ..transaction(&[
            "INSERT INTO hash VALUE {'pk': 'new'}",
            "UPDATE \"range\" SET v = v + 1 WHERE pk = 'a' AND sk = 1 AND v = 10",
            "DELETE FROM \"range\" WHERE pk = 'a' AND sk = 2",
            "EXISTS(SELECT * FROM \"range\" WHERE pk = 'b' AND sk = 1 AND x IS MISSING)",
            "FROM \"range\" WHERE pk = 'b' AND sk = 2 SET v = 0",
        ])
    };
    let output = kv.execute_transaction(&request).unwrap();
    assert_eq!(output.responses, []);
    let consumed: Vec<_> = output.consumed_capacity.unwrap();
    let units: Vec<_> = consumed.iter().map(|table| (table.table_name.as_str(), table.write_capacity_units)).collect();
    assert_eq!(units, [("hash", Some(2.0)), ("range", Some(8.0))]);
    assert_eq!((count(&kv), found(&kv, "v IN [0, 11, 20]").len()), (1, 2));
}

#[test]
fn one_that_cannot_be_done_cancels_all() {
    let kv = kv_with_items();
    let insert = "INSERT INTO hash VALUE {'pk': 'new'}";
    let failed = "The conditional request failed";
    let no_match = "The provided key element does not match the schema";
    for (texts, expected) in [
        (
            vec![insert, "INSERT INTO \"range\" VALUE {'pk': 'a', 'sk': 1}"],
            vec![none(), reason("DuplicateItem", "Duplicate primary key exists in table")],
        ),
        (
            vec!["UPDATE \"range\" SET v = 1 WHERE pk = 'a' AND sk = 9", insert],
            vec![reason("ConditionalCheckFailed", failed), none()],
        ),
        (
            vec!["EXISTS(SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1 AND v = 9)", insert],
            vec![reason("ConditionalCheckFailed", failed), none()],
        ),
        (
            // Of two values of one key the first is looked at, and the other cannot hold.
            vec!["EXISTS(SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1 AND pk = 'b')", insert],
            vec![reason("ConditionalCheckFailed", failed), none()],
        ),
        (
            vec![
                "UPDATE \"range\" SET x = 1 WHERE pk = 'a'",
                "UPDATE \"range\" SET x = 1 WHERE pk IN ['a'] AND sk = 1",
                "UPDATE \"range\" SET x = 1 WHERE pk = 'a' AND sk = 1 AND pk = 'b'",
                "DELETE FROM \"range\" WHERE pk = 'a' AND sk = '1'",
                insert,
            ],
            vec![
                reason("ValidationError", no_match),
                reason("ValidationError", no_match),
                reason("ValidationError", no_match),
                reason("ValidationError", no_match),
                none(),
            ],
        ),
        (
            vec!["INSERT INTO \"range\" VALUE {'pk': 'a'}", insert],
            vec![
                reason("ValidationError", "One or more parameter values were invalid: Missing the key sk in the item"),
                none(),
            ],
        ),
        (
            vec!["UPDATE nowhere SET a = 1 WHERE pk = 'x' RETURNING ALL NEW *", insert],
            vec![reason("ResourceNotFound", "Requested resource not found"), none()],
        ),
        (
            vec!["UPDATE \"range\" SET v = v + w WHERE pk = 'a' AND sk = 1", insert],
            vec![reason("ValidationError", "An operand in the update expression has an incorrect data type"), none()],
        ),
        (
            vec!["SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1", "SELECT * FROM nowhere WHERE pk = 'x'"],
            vec![none(), reason("ResourceNotFound", "Requested resource not found")],
        ),
        (vec!["SELECT * FROM \"range\" WHERE pk = 'a' AND sk = '1'"], vec![reason("ValidationError", no_match)]),
    ] {
        assert_eq!(reasons(&kv, &texts), expected, "{texts:?}");
        assert_eq!(count(&kv), 0);
    }
}

#[test]
fn what_is_refused_is_told_by_its_place() {
    let kv = kv_with_items();
    let fine = "DELETE FROM \"range\" WHERE pk = 'a' AND sk = 1";
    let read = "SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1";
    let key = "Select statements within ExecuteTransaction must specify the primary key in the where clause.";
    let exists = "EXISTS() must contain a single item read with additional condition";
    for (texts, message) in [
        (
            vec![fine, "SELECT * FROM"],
            "Validation failed in TransactStatements[1]: Statement wasn't well formed, can't be processed: Unexpected term",
        ),
        (
            vec!["UPDATE hash SET v = 1 WHERE pk = 'a' RETURNING ALL NEW *"],
            "Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.",
        ),
        (
            vec!["UPDATE nowhere SET a = 1 WHERE pk = 'x'", "UPDATE hash SET v = 1 WHERE pk = 'a' RETURNING ALL NEW *"],
            "Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.",
        ),
        (
            vec!["SELECT size(v) FROM \"range\" WHERE pk = 'a' AND sk = 1"],
            "Validation failed in TransactStatements[0]: Unexpected path component at 1:8:4",
        ),
        (vec![read, "SELECT * FROM hash"], &*format!("Validation failed in TransactStatements[1]: {key}")),
        (
            vec!["SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1 AND v = 10"],
            &*format!("Validation failed in TransactStatements[0]: {key}"),
        ),
        (
            vec!["SELECT * FROM \"range\".\"index\" WHERE pk = 'a' AND sk = 1"],
            "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
        ),
        (
            vec!["EXISTS(SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1)", fine],
            &*format!("Validation failed in TransactStatements[0]: {exists}"),
        ),
        (
            vec!["EXISTS(SELECT * FROM \"range\" WHERE pk IN ['a'] AND sk = 1 AND v = 10)", fine],
            &*format!("Validation failed in TransactStatements[0]: {exists}"),
        ),
        (
            vec![read, fine],
            "ExecuteTransaction API does not support both read and write operations in the same request.",
        ),
        (vec![fine, fine], "Transaction request cannot include multiple operations on one item"),
        (
            vec![read, "SELECT v FROM \"range\" WHERE sk = 1 AND pk = 'a'"],
            "Transaction request cannot include multiple operations on one item",
        ),
        (
            vec!["SELECT * FROM \"range\" WHERE pk IN ['a', 'a'] AND sk = 1"],
            "Validation failed in TransactStatements[0]: Overlapping conditions with range keys are not supported in \
             where clause",
        ),
    ] {
        assert_invalid(execute(&kv, &texts), message);
    }
    let alone = "EXISTS can only be used in ExecuteTransaction write requests.";
    assert_invalid(run(&kv, "EXISTS(SELECT * FROM hash WHERE pk = 'a' AND v = 1)"), alone);
    assert_eq!(found(&kv, "pk = 'a' AND sk = 1"), ["a1"]);
}

#[test]
fn a_value_is_looked_at_before_the_statements() {
    let kv = kv_with_tables();
    let deep = (0..40).fold(n(1), |value, _| AttributeValue::L(vec![value]));
    let mut request = transaction(&["SELECT", "UPDATE hash SET x = ? WHERE pk = 'a'"]);
    request.transact_statements[1].parameters = Some(vec![deep]);
    let message = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                   supported limit";
    assert_invalid(kv.execute_transaction(&request), message);
}

#[test]
fn reads_see_one_moment() {
    let kv = kv_with_items();
    let request = ExecuteTransactionRequest {
        return_consumed_capacity: ReturnConsumedCapacity::Total,
        ..transaction(&[
            "SELECT v FROM \"range\" WHERE pk = 'a' AND sk = 2",
            "SELECT * FROM \"range\" WHERE sk IN [9] AND pk = 'a'",
            "SELECT w FROM \"range\" WHERE pk IN ['b'] AND sk = 1 AND sk = 1",
        ])
    };
    let output = kv.execute_transaction(&request).unwrap();
    assert_eq!(output.responses, [Some(item([("v", n(20))])), None, Some(item([("w", s("b1"))]))]);
    let consumed = output.consumed_capacity.unwrap();
    assert_eq!((consumed.len(), consumed[0].read_capacity_units), (1, Some(6.0)));
}

#[test]
fn a_token_makes_a_transaction_run_once_for_ten_minutes() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("a")), ("n", n(0))]))).unwrap();
    let request = ExecuteTransactionRequest {
        client_request_token: Some("token".into()),
        return_consumed_capacity: ReturnConsumedCapacity::Total,
        ..transaction(&["UPDATE hash SET n = n + 1 WHERE pk = 'a'"])
    };
    let units = || {
        let consumed = kv.execute_transaction(&request).unwrap().consumed_capacity.unwrap();
        (consumed[0].write_capacity_units, consumed[0].read_capacity_units)
    };
    assert_eq!(units(), (Some(2.0), None));
    assert_eq!(units(), (None, Some(2.0)));
    let read = || fetch(&kv, "hash", item([("pk", s("a"))])).unwrap()["n"].clone();
    assert_eq!(read(), n(1));
    let other = ExecuteTransactionRequest {
        client_request_token: Some("token".into()),
        ..transaction(&["UPDATE hash SET n = n + 2 WHERE pk = 'a'"])
    };
    assert_eq!(kv.execute_transaction(&other).unwrap_err().code(), "IdempotentParameterMismatchException");
    kv.engine().clock().advance(Duration::from_secs(601)).unwrap();
    assert_eq!(units(), (Some(2.0), None));
    assert_eq!(read(), n(2));
}

#[test]
fn a_transaction_has_1_to_100_statements() {
    let kv = kv_with_tables();
    let texts: Vec<String> = (0..101).map(|number| format!("INSERT INTO hash VALUE {{'pk': '{number}'}}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let constraint = |what: &str| {
        format!("1 validation error detected: {what} failed to satisfy constraint: Member must have length")
    };
    assert_invalid(
        execute(&kv, &[]),
        &format!("{} greater than or equal to 1", constraint("Value '[]' at 'transactStatements'")),
    );
    assert_invalid(
        execute(&kv, &texts),
        &format!("{} less than or equal to 100", constraint("Value at 'transactStatements'")),
    );
    execute(&kv, &texts[..100]).unwrap();
    assert_eq!(count(&kv), 100);
}

#[test]
fn a_transaction_joins_the_callers() {
    let kv = kv_with_tables();
    kv.engine()
        .transact(|tx| -> Result<(), Error> {
            kv.execute_transaction_in(tx, &transaction(&["INSERT INTO hash VALUE {'pk': 'a'}"]))?;
            let cancelled = transaction(&["INSERT INTO hash VALUE {'pk': 'b'}", "INSERT INTO hash VALUE {'pk': 'a'}"]);
            assert!(kv.execute_transaction_in(tx, &cancelled).is_err());
            let read = kv.execute_transaction_in(tx, &transaction(&["SELECT * FROM hash WHERE pk = 'a'"]))?;
            assert_eq!(read.responses, [Some(item([("pk", s("a"))]))]);
            Ok(())
        })
        .unwrap();
    assert_eq!(count(&kv), 1);
}
