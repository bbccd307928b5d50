//! Calls GetItem again and again through the AWS SDK for Rust (bench/bindings): "in process"|URL CALLS. Prints nanoseconds, as JSON.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_dynamodb::{Client, Config};
use std::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let calls: usize = arguments[2].parse()?;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "bench"));
    let config = if arguments[1] == "in process" {
        config.http_client(stator::Database::open("{}")?.http_client())
    } else {
        config.endpoint_url(&arguments[1]).http_client(aws_smithy_http_client::Builder::new().build_http())
    };
    let client = Client::from_conf(config.build());
    let key = AttributeValue::S("a".into());
    let made = client
        .create_table()
        .table_name("bench")
        .attribute_definitions(AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build()?)
        .key_schema(KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build()?)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    if let Err(error) = made {
        let error = error.into_service_error();
        if !error.is_resource_in_use_exception() {
            return Err(error.into());
        }
    }
    let item = [("pk", key.clone()), ("text", AttributeValue::S("x".repeat(100))), ("n", AttributeValue::N("1".into()))];
    let item = item.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    client.put_item().table_name("bench").set_item(Some(item)).send().await?;
    let mut times = Vec::with_capacity(calls);
    for call in 0..calls + calls / 5 {
        let began = Instant::now();
        let got = client.get_item().table_name("bench").key("pk", key.clone()).send().await?;
        let took = began.elapsed();
        assert_eq!(got.item().map(|item| item.len()), Some(3));
        if call >= calls / 5 {
            times.push(took.as_nanos());
        }
    }
    println!("{times:?}");
    Ok(())
}
