//! The AWS SDK for Rust, answered in process.
#![cfg(feature = "sdk")]

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, Delete, DeleteRequest, Get, GlobalSecondaryIndex,
    KeySchemaElement, KeyType, KeysAndAttributes, Projection, ProjectionType, Put, PutRequest, ReturnValue,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification, TransactGetItem,
    TransactWriteItem, Update, WriteRequest,
};
use aws_sdk_dynamodb::{Client, Config};
use stator::Database;
use std::collections::HashMap;
use std::time::{Duration, Instant};

fn client(database: &Database) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(database.http_client())
            .build(),
    )
}

#[tokio::test]
async fn items_pages_and_errors() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::open("{}")?;
    let client = client(&database);
    client
        .create_table()
        .table_name("things")
        .attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name("pk")
                .attribute_type(ScalarAttributeType::S)
                .build()?,
        )
        .key_schema(
            KeySchemaElement::builder()
                .attribute_name("pk")
                .key_type(KeyType::Hash)
                .build()?,
        )
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await?;
    for number in 0..20 {
        let item = client
            .put_item()
            .table_name("things")
            .item("pk", AttributeValue::S(format!("né 😀 {number}")));
        item.item("n", AttributeValue::N(number.to_string())).send().await?;
    }
    let mut pages = client.scan().table_name("things").limit(7).into_paginator().send();
    let mut counts = Vec::new();
    while let Some(page) = pages.next().await {
        counts.push(page?.count());
    }
    assert_eq!(counts, [7, 7, 6]);
    let key = AttributeValue::S("né 😀 1".into());
    let got = client
        .get_item()
        .table_name("things")
        .key("pk", key.clone())
        .send()
        .await?;
    assert_eq!(got.item().unwrap()["n"], AttributeValue::N("1".into()));
    let put = client
        .put_item()
        .table_name("things")
        .item("pk", key)
        .condition_expression("attribute_not_exists(pk)");
    let failed = put.send().await.unwrap_err().into_service_error();
    assert!(failed.is_conditional_check_failed_exception());
    assert_eq!(failed.message(), Some("The conditional request failed"));
    // The region is the one that the request is signed for.
    let arn = |region: &str| format!("arn:aws:dynamodb:{region}:000000000000:table/things");
    assert!(client
        .describe_table()
        .table_name(arn("eu-west-1"))
        .send()
        .await
        .is_ok());
    let elsewhere = client
        .describe_table()
        .table_name(arn("eu-north-1"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(elsewhere.code(), Some("ValidationException"));
    Ok(())
}

#[tokio::test]
async fn requests_of_other_services_are_refused_in_words() {
    let client = client(&Database::open("{}").unwrap());
    let request = client.list_tables().customize().mutate_request(|request| {
        request.headers_mut().remove("x-amz-target");
    });
    let error = format!("{:?}", request.send().await.unwrap_err());
    assert!(
        error.contains("only requests of DynamoDB and DynamoDB Streams are answered in process, not POST https://"),
        "{error}"
    );
}

#[tokio::test]
async fn faults_meet_the_retries_and_timeouts_of_the_client() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::open("{}")?;
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(1));
    let timeouts = TimeoutConfig::builder()
        .read_timeout(Duration::from_millis(200))
        .build();
    let config = client(&database)
        .config()
        .to_builder()
        .retry_config(retries)
        .timeout_config(timeouts);
    let client = Client::from_conf(config.build());
    for then in [
        r#"{"cut":"before"}"#,
        r#"{"cut":"after"}"#,
        r#"{"throttle":"KeyRangeThroughputExceeded"}"#,
        r#"{"error":"InternalServerError"}"#,
    ] {
        database.simulate(&format!(r#"{{"rules":[{{"when":{{"first":2}},"then":{then}}}]}}"#))?;
        client.list_tables().send().await?;
        database.simulate(&format!(r#"{{"rules":[{{"then":{then}}}]}}"#))?;
        let failed = client.list_tables().send().await.unwrap_err();
        assert_eq!(failed.as_service_error().is_none(), then.contains("cut"), "{failed:?}");
        assert!(database.simulated()?.contains(r#""acted":3"#));
    }
    // A reply that is held back occupies no thread: this runtime has only one.
    database.simulate(r#"{"rules":[{"then":{"latency_ms":100}}]}"#)?;
    let begin = Instant::now();
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(client.list_tables().send())).collect();
    for call in calls {
        call.await??;
    }
    assert!((Duration::from_millis(100)..Duration::from_millis(1500)).contains(&begin.elapsed()));
    database.simulate(r#"{"rules":[{"then":{"latency_ms":60000}}]}"#)?;
    let late = client.list_tables().send().await.unwrap_err();
    assert!(late.as_service_error().is_none(), "{late:?}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    Ok(())
}

type Item = HashMap<String, AttributeValue>;

fn order(customer: &str, number: usize) -> Item {
    HashMap::from([
        ("customer".into(), AttributeValue::S(customer.into())),
        ("number".into(), AttributeValue::N(number.to_string())),
        ("status".into(), AttributeValue::S(["new", "paid"][number % 2].into())),
        ("tags".into(), AttributeValue::Ss(vec!["a".into(), "b".into()])),
        (
            "lines".into(),
            AttributeValue::L(vec![AttributeValue::M(HashMap::from([(
                "count".into(),
                AttributeValue::N("3".into()),
            )]))]),
        ),
    ])
}

fn key(customer: &str, number: usize) -> Item {
    order(customer, number)
        .into_iter()
        .filter(|(name, _)| name == "customer" || name == "number")
        .collect()
}

async fn create_orders(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind)
            .build()
    };
    let part = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    client
        .create_table()
        .table_name("orders")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("customer", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("number", ScalarAttributeType::N)?)
        .attribute_definitions(attribute("status", ScalarAttributeType::S)?)
        .key_schema(part("customer", KeyType::Hash)?)
        .key_schema(part("number", KeyType::Range)?)
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name("by-status")
                .key_schema(part("status", KeyType::Hash)?)
                .key_schema(part("number", KeyType::Range)?)
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()?,
        )
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()?,
        )
        .send()
        .await?;
    client
        .wait_until_table_exists()
        .table_name("orders")
        .wait(Duration::from_secs(60))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_program_that_keeps_orders() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::open("{}")?;
    let client = client(&database);
    create_orders(&client).await?;
    for number in 0..30 {
        client
            .put_item()
            .table_name("orders")
            .set_item(Some(order("ann", number)))
            .send()
            .await?;
    }
    let requests = (0..25).map(|number| {
        let put = PutRequest::builder()
            .set_item(Some(order("bob", number)))
            .build()
            .unwrap();
        WriteRequest::builder().put_request(put).build()
    });
    let written = client
        .batch_write_item()
        .request_items("orders", requests.collect())
        .send()
        .await?;
    assert!(written.unprocessed_items().is_none_or(HashMap::is_empty));
    let keys = (20..30).map(|number| key("bob", number)).collect();
    let wanted = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .build()?;
    let read = client.batch_get_item().request_items("orders", wanted).send().await?;
    assert_eq!(read.responses().unwrap()["orders"].len(), 5);

    let found: Vec<Item> = client
        .query()
        .table_name("orders")
        .key_condition_expression("customer = :c AND #n BETWEEN :a AND :b")
        .filter_expression("#s = :s")
        .expression_attribute_names("#n", "number")
        .expression_attribute_names("#s", "status")
        .expression_attribute_values(":c", AttributeValue::S("ann".into()))
        .expression_attribute_values(":a", AttributeValue::N("5".into()))
        .expression_attribute_values(":b", AttributeValue::N("14".into()))
        .expression_attribute_values(":s", AttributeValue::S("paid".into()))
        .scan_index_forward(false)
        .limit(3)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await?;
    assert_eq!(
        found
            .iter()
            .map(|item| item["number"].as_n().unwrap().as_str())
            .collect::<Vec<_>>(),
        ["13", "11", "9", "7", "5"]
    );
    let by_status = client
        .query()
        .table_name("orders")
        .index_name("by-status")
        .key_condition_expression("#s = :s")
        .expression_attribute_names("#s", "status")
        .expression_attribute_values(":s", AttributeValue::S("paid".into()))
        .send()
        .await?;
    assert_eq!(by_status.count(), 27);

    let updated = client
        .update_item()
        .table_name("orders")
        .set_key(Some(key("ann", 1)))
        .update_expression("SET #l[0].#c = #l[0].#c + :one, note = :text ADD tags :tags")
        .condition_expression("attribute_not_exists(note)")
        .expression_attribute_names("#l", "lines")
        .expression_attribute_names("#c", "count")
        .expression_attribute_values(":one", AttributeValue::N("1".into()))
        .expression_attribute_values(":text", AttributeValue::S("né 😀".into()))
        .expression_attribute_values(":tags", AttributeValue::Ss(vec!["c".into()]))
        .return_values(ReturnValue::AllNew)
        .send()
        .await?;
    let now = updated.attributes().unwrap();
    assert_eq!(
        now["lines"].as_l().unwrap()[0].as_m().unwrap()["count"],
        AttributeValue::N("4".into())
    );
    assert_eq!(now["tags"].as_ss().unwrap().len(), 3);

    let put = Put::builder()
        .table_name("orders")
        .set_item(Some(order("eve", 1)))
        .build()?;
    let change = Update::builder()
        .table_name("orders")
        .set_key(Some(key("ann", 2)))
        .update_expression("SET note = :n")
        .expression_attribute_values(":n", AttributeValue::Bool(true))
        .build()?;
    let delete = Delete::builder()
        .table_name("orders")
        .set_key(Some(key("bob", 1)))
        .build()?;
    client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .transact_items(TransactWriteItem::builder().update(change).build())
        .transact_items(TransactWriteItem::builder().delete(delete).build())
        .send()
        .await?;
    let check = ConditionCheck::builder()
        .table_name("orders")
        .set_key(Some(key("bob", 1)))
        .condition_expression("attribute_exists(customer)")
        .build()?;
    let delete = Delete::builder()
        .table_name("orders")
        .set_key(Some(key("eve", 1)))
        .build()?;
    let cancelled = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().delete(delete).build())
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(why) =
        cancelled
    else {
        panic!("{cancelled}");
    };
    let codes: Vec<_> = why
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    let get = Get::builder()
        .table_name("orders")
        .set_key(Some(key("eve", 1)))
        .build()?;
    let got = client
        .transact_get_items()
        .transact_items(TransactGetItem::builder().get(get).build())
        .send()
        .await?;
    assert_eq!(got.responses()[0].item().unwrap(), &order("eve", 1));

    let statement = client
        .execute_statement()
        .statement("SELECT number FROM orders WHERE customer = ? AND number < ?")
        .parameters(AttributeValue::S("ann".into()))
        .parameters(AttributeValue::N("4".into()))
        .send()
        .await?;
    assert_eq!(statement.items().len(), 4);
    let expiry = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name("expires")
        .build()?;
    client
        .update_time_to_live()
        .table_name("orders")
        .time_to_live_specification(expiry)
        .send()
        .await?;
    let delete = DeleteRequest::builder().set_key(Some(key("bob", 2))).build()?;
    let requests = vec![WriteRequest::builder().delete_request(delete).build()];
    client
        .batch_write_item()
        .request_items("orders", requests)
        .send()
        .await?;
    let removed = client
        .delete_item()
        .table_name("orders")
        .set_key(Some(key("eve", 1)))
        .return_values(ReturnValue::AllOld)
        .send()
        .await?;
    assert_eq!(removed.attributes().unwrap(), &order("eve", 1));
    let counted = client
        .scan()
        .table_name("orders")
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await?;
    assert_eq!(counted.len(), 53);
    client.delete_table().table_name("orders").send().await?;
    client
        .wait_until_table_not_exists()
        .table_name("orders")
        .wait(Duration::from_secs(60))
        .await?;
    assert!(client.list_tables().send().await?.table_names().is_empty());
    Ok(())
}
