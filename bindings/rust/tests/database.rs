//! stator::Database without an SDK.

use stator::{Database, Options};
use std::sync::mpsc;
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
fn a_call_is_a_reply_or_what_dynamodb_answers_instead() {
    let database = Database::open("{}").unwrap();
    assert_eq!(database.call("ListTables", "{}").unwrap(), r#"{"TableNames":[]}"#);
    let error = database.call("DescribeTable", r#"{"TableName":"né 😀"}"#).unwrap_err();
    assert_eq!((error.status, error.error_type.as_str()), (400, "ValidationException"));
    assert!(error.body.contains("né 😀") && error.to_string().starts_with("ValidationException: "));
    let rules = r#"{"rules":[{"when":{"first":1},"then":{"cut":"before"}},{"then":{"latency_ms":50}}]}"#;
    database.simulate(rules).unwrap();
    assert_eq!(database.call("ListTables", "{}").unwrap_err().status, 0);
    let began = std::time::Instant::now();
    database.call("ListTables", "{}").unwrap();
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[test]
fn the_version_is_the_librarys() {
    let parts: Vec<_> = stator::version().split('.').collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()), "{parts:?}");
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
fn options_have_names() {
    let folder = std::env::temp_dir().join(format!("stator-rust-\"é\\-{}", std::process::id()));
    let options = || {
        Options::new()
            .directory(&folder)
            .sync(true)
            .clock_ms(5)
            .transition_delay(Duration::ZERO)
            .stream_shards(2)
    };
    let database = options().open().unwrap();
    call(&database, "CreateTable", TABLE);
    assert_eq!(database.clock_ms(), 5);
    assert!(options()
        .open()
        .unwrap_err()
        .to_string()
        .contains(folder.to_str().unwrap()));
    drop(database);
    let stale = options()
        .read_staleness(Duration::from_secs(1))
        .index_lag(Duration::from_secs(1));
    let database = stale
        .stream_lag(Duration::from_secs(1))
        .staleness_seed(7)
        .enforce_throughput(true)
        .open()
        .unwrap();
    assert_eq!(call(&database, "ListTables", b"{}"), r#"{"TableNames":["things"]}"#);
    drop(database);
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(
        Options::new().stream_shards(0).open().unwrap_err().to_string(),
        "option \"stream_shards\" must be a whole number from 1 to 1000"
    );
    use std::os::unix::ffi::OsStrExt;
    let strange = Options::new().directory(std::ffi::OsStr::from_bytes(b"a\xff"));
    assert!(strange.open().unwrap_err().to_string().starts_with("directory must be"));
}

#[test]
fn what_no_call_waits_for_is_told() {
    let folder = std::env::temp_dir().join(format!("stator-rust-buckets-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("bucket")).unwrap();
    std::fs::write(
        folder.join("bucket/items.json"),
        "{\"Item\":{\"pk\":{\"S\":\"a\"}}}\n{\"Item\":{\"pk\":{\"N\":\"1\"}}}\n",
    )
    .unwrap();
    let (told, lines) = mpsc::channel();
    let log = move |line: &str| {
        told.send(line.to_string()).unwrap();
        panic!("of the log's own");
    };
    let database = Options::new().buckets(&folder).log(log).open().unwrap();
    let table = std::str::from_utf8(TABLE).unwrap();
    let import = format!(
        r#"{{"ClientToken":"t","S3BucketSource":{{"S3Bucket":"bucket"}},"InputFormat":"DYNAMODB_JSON","TableCreationParameters":{table}}}"#
    );
    call(&database, "ImportTable", import.as_bytes());
    let line = lines.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(
        line.starts_with("import ") && line.contains(" of table things: "),
        "{line}"
    );
    drop(database);
    std::fs::remove_dir_all(folder).unwrap();
    assert!(Options::new().stream_shards(0).log(|_| {}).open().is_err());
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
