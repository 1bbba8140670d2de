use super::*;

fn batch(texts: &[&str]) -> BatchExecuteStatementRequest {
    let member = |text: &&str| BatchStatementRequest { statement: (*text).to_owned(), ..Default::default() };
    BatchExecuteStatementRequest { statements: texts.iter().map(member).collect(), ..Default::default() }
}

type Told = (Option<(BatchStatementErrorCode, String)>, Option<String>, Option<Item>);

fn told(responses: Vec<BatchStatementResponse>) -> Vec<Told> {
    let one = |response: BatchStatementResponse| {
        (response.error.map(|error| (error.code, error.message)), response.table_name, response.item)
    };
    responses.into_iter().map(one).collect()
}

fn refused(code: BatchStatementErrorCode, message: &str, table: Option<&str>) -> Told {
    (Some((code, message.to_owned())), table.map(str::to_owned), None)
}

fn fine(table: &str, item: Option<Item>) -> Told {
    (None, Some(table.to_owned()), item)
}

#[test]
fn reads_of_a_batch_are_by_the_whole_key_and_nothing_else() {
    let kv = kv_with_items();
    let key = "Select statements within BatchExecuteStatement must specify the primary key in the where clause.";
    let key = || refused(BatchStatementErrorCode::ValidationError, key, None);
    let select = "SELECT sk FROM \"range\" WHERE";
    let texts = [
        format!("{select} pk = 'a' AND sk = 2"),
        format!("{select} pk IN ['b'] AND sk = 1"),
        format!("{select} pk = 'a' AND sk = 9"),
        format!("{select} pk = 'a'"),
        format!("{select} pk = 'a' AND sk = 2 AND v = 20"),
        format!("{select} pk = 'a' AND sk = 2 AND pk = 'b'"),
        "SELECT * FROM \"range\"".to_owned(),
        "SLECT * FROM \"range\"".to_owned(),
        "SELECT * FROM nowhere WHERE pk = 'a'".to_owned(),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let output = kv.batch_execute_statement(&batch(&texts)).unwrap();
    let malformed = "Statement wasn't well formed, can't be processed: Expected data manipulation";
    let expected = [
        fine("range", Some(item([("sk", n(2))]))),
        fine("range", Some(item([("sk", n(1))]))),
        fine("range", None),
        key(),
        key(),
        key(),
        key(),
        refused(BatchStatementErrorCode::ValidationError, malformed, None),
        refused(BatchStatementErrorCode::ResourceNotFound, "Requested resource not found", None),
    ];
    for ((found, expected), text) in told(output.responses).into_iter().zip(expected).zip(texts) {
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_write_of_a_batch_that_fails_does_not_hinder_the_others() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("here")), ("v", n(1))]))).unwrap();
    let texts = [
        "INSERT INTO hash VALUE {'pk': 'new'}",
        "INSERT INTO hash VALUE {'pk': 'here'}",
        "UPDATE hash SET v = 2 WHERE pk = 'here' AND v = 9",
        "UPDATE hash SET v = v + 1 WHERE pk = 'here' RETURNING ALL NEW *",
        "UPDATE hash REMOVE v WHERE pk = 'here' RETURNING MODIFIED NEW *",
        "UPDATE hash SET v = 1",
        "DELETE FROM hash WHERE pk = 'here' RETURNING MODIFIED OLD *",
        "DELETE FROM hash WHERE pk = 'new' RETURNING ALL OLD *",
        "UPDATE hash SET l = list_append(l, [1]) WHERE pk = 'here'",
    ];
    let mut request = batch(&texts);
    for member in &mut request.statements {
        member.return_values_on_condition_check_failure = ReturnValuesOnConditionCheckFailure::AllOld;
    }
    request.return_consumed_capacity = ReturnConsumedCapacity::Total;
    let output = kv.batch_execute_statement(&request).unwrap();
    let failed = output.responses[2].error.as_ref().unwrap();
    assert_eq!(failed.item, Some(item([("pk", s("here")), ("v", n(1))])));
    let code = BatchStatementErrorCode::ValidationError;
    let expected = [
        fine("hash", None),
        refused(BatchStatementErrorCode::DuplicateItem, "Duplicate primary key exists in table", Some("hash")),
        refused(BatchStatementErrorCode::ConditionalCheckFailed, "The conditional request failed", Some("hash")),
        fine("hash", Some(item([("pk", s("here")), ("v", n(2))]))),
        fine("hash", None),
        refused(code, "Where clause does not contain a mandatory equality on all key attributes", None),
        refused(
            code,
            "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
            None,
        ),
        fine("hash", Some(item([("pk", s("new"))]))),
        refused(code, "The provided expression refers to an attribute that does not exist in the item", Some("hash")),
    ];
    for ((found, expected), text) in told(output.responses).into_iter().zip(expected).zip(texts) {
        assert_eq!(found, expected, "{text}");
    }
    let consumed = output.consumed_capacity.unwrap();
    assert_eq!((consumed.len(), consumed[0].table_name.as_str()), (1, "hash"));
    assert!((consumed[0].capacity_units - 4.0).abs() < 1e-9);
    assert_eq!(fetch(&kv, "hash", item([("pk", s("here"))])), Some(item([("pk", s("here"))])));
}

#[test]
fn each_read_of_a_batch_is_charged_for_its_own_consistency() {
    let kv = kv_with_items();
    let texts =
        ["SELECT * FROM \"range\" WHERE pk = 'a' AND sk = 1", "SELECT * FROM \"range\" WHERE pk = 'b' AND sk = 1"];
    let mut request = batch(&texts);
    request.return_consumed_capacity = ReturnConsumedCapacity::Total;
    request.statements[0].consistent_read = true;
    let consumed = kv.batch_execute_statement(&request).unwrap().consumed_capacity.unwrap();
    assert_eq!(consumed.len(), 1);
    assert!((consumed[0].capacity_units - 1.5).abs() < 1e-9);
}

#[test]
fn a_batch_has_1_to_25_statements_of_one_kind() {
    let kv = kv_with_tables();
    let select = "SELECT * FROM hash WHERE pk = 'a'";
    assert_eq!(kv.batch_execute_statement(&batch(&[select; 25])).unwrap().responses.len(), 25);
    let constraint = |what: &str| {
        format!("1 validation error detected: {what} failed to satisfy constraint: Member must have length")
    };
    assert_invalid(
        kv.batch_execute_statement(&batch(&[])),
        &format!("{} greater than or equal to 1", constraint("Value '[]' at 'statements'")),
    );
    assert_invalid(
        kv.batch_execute_statement(&batch(&[select; 26])),
        &format!("{} less than or equal to 25", constraint("Value at 'statements'")),
    );
    assert_invalid(
        kv.batch_execute_statement(&batch(&[select, ""])),
        &format!("{} greater than or equal to 1", constraint("Value '' at 'statements.2.member.statement'")),
    );
    let mixed = kv.batch_execute_statement(&batch(&[select, "DELETE FROM hash WHERE pk = 'a'"]));
    assert_eq!(mixed.unwrap_err().code(), "ValidationException");
}

#[test]
fn a_batch_joins_the_callers_transaction() {
    let kv = kv_with_tables();
    let result = kv.engine().transact(|tx| -> Result<(), Error> {
        kv.batch_execute_statement_in(tx, &batch(&["INSERT INTO hash VALUE {'pk': 'a'}"]))?;
        let read = kv.batch_execute_statement_in(tx, &batch(&["SELECT * FROM hash WHERE pk = 'a'"]))?;
        assert!(read.responses[0].item.is_some());
        Err(Error::TransactionConflict)
    });
    assert!(result.is_err());
    assert_eq!(kv.scan(&scan("hash")).unwrap().count, 0);
}
