//! The AWS SDK for Rust, answered in process.
#![cfg(feature = "sdk")]

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};
use stator::Database;

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
