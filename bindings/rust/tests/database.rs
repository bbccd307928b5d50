//! stator::Database without an SDK.

use stator::Database;
use std::time::Duration;

const TABLE: &[u8] = br#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

fn call(database: &Database, operation: &str, request: &[u8]) -> String {
    let reply = database.request(operation, request, None);
    assert_eq!(
        reply.status, 200,
        "{operation}: {}: {}",
        reply.error_type, reply.error_message
    );
    String::from_utf8(reply.body).unwrap()
}

#[test]
fn an_item_comes_back_and_errors_have_type_and_status() {
    let database = Database::open("{}").unwrap();
    call(&database, "CreateTable", TABLE);
    call(
        &database,
        "PutItem",
        r#"{"TableName":"things","Item":{"pk":{"S":"né 😀"}}}"#.as_bytes(),
    );
    let got = call(
        &database,
        "DynamoDB_20120810.GetItem",
        r#"{"TableName":"things","Key":{"pk":{"S":"né 😀"}}}"#.as_bytes(),
    );
    assert_eq!(got, r#"{"Item":{"pk":{"S":"né 😀"}}}"#);
    let again = database.request("CreateTable", TABLE, None);
    assert_eq!(
        (again.status, again.error_type.as_str()),
        (400, "ResourceInUseException")
    );
    assert_eq!(
        database.request("GetItem", b"", None).error_type,
        "SerializationException"
    );
}

#[test]
fn options_snapshots_and_clock() {
    assert_eq!(
        Database::open(r#"{"stream_shards":0}"#).unwrap_err().to_string(),
        "option \"stream_shards\" must be a whole number from 1 to 1000"
    );
    let database = Database::open(r#"{"clock_ms":1767225600000}"#).unwrap();
    call(&database, "CreateTable", TABLE);
    database.save_snapshot("one").unwrap();
    database.save_snapshot("another").unwrap();
    assert_eq!(database.snapshots().unwrap(), ["another", "one"]);
    database.drop_snapshot("another").unwrap();
    database.reset().unwrap();
    assert_eq!(call(&database, "ListTables", b"{}"), r#"{"TableNames":[]}"#);
    database.restore_snapshot("one").unwrap();
    assert_eq!(call(&database, "ListTables", b"{}"), r#"{"TableNames":["things"]}"#);
    database.drop_snapshot("one").unwrap();
    assert!(database.restore_snapshot("one").is_err());
    assert!(database.save_snapshot("a\0b").is_err());
    database.advance_clock(5).unwrap();
    assert_eq!(database.clock_ms(), 1767225600005);
    database.set_clock(7).unwrap();
    assert_eq!(database.clock_ms(), 7);
    assert!(Database::open("{}").unwrap().set_clock(7).is_err());
}

#[test]
fn requests_go_wrong_by_rules() {
    let database = Database::open("{}").unwrap();
    assert!(database.snapshots().unwrap().is_empty());
    let rules = r#"{"rules":[{"name":"slow","when":{"first":1},"then":{"latency_ms":50,"cut":"before"}}]}"#;
    database.simulate(rules).unwrap();
    let reply = database.request("ListTables", b"{}", None);
    assert_eq!(
        (reply.status, reply.body.len(), reply.hold),
        (0, 0, Duration::from_millis(50))
    );
    assert_eq!(call(&database, "ListTables", b"{}"), r#"{"TableNames":[]}"#);
    assert!(database
        .simulated()
        .unwrap()
        .contains(r#"{"name":"slow","requests":2,"acted":1}"#));
    let wrong = database.simulate(r#"{"rules":[{"when":{}}]}"#).unwrap_err();
    assert!(wrong.to_string().contains("rules[0]"), "{wrong}");
    database.simulate("{}").unwrap();
    assert_eq!(database.simulated().unwrap(), r#"{"seed":1,"rules":[]}"#);
}

#[test]
fn threads_share_a_database() {
    let database = Database::open("{}").unwrap();
    call(&database, "CreateTable", TABLE);
    let update = br#"{"TableName":"things","Key":{"pk":{"S":"n"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}"#;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let database = database.clone();
            scope.spawn(move || (0..100).for_each(|_| drop(call(&database, "UpdateItem", update))));
        }
    });
    assert!(call(
        &database,
        "GetItem",
        br#"{"TableName":"things","Key":{"pk":{"S":"n"}}}"#
    )
    .contains(r#""400""#));
}
