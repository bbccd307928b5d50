//! The AWS SDK for Rust against a Stator server: prints "ok", or the code of the error reply.
//! With STATOR_ATTEMPTS, it writes 20 items to an existing table, each in at most that many attempts, and prints how
//! many it then finds: "ok 20".
//! Environment: STATOR_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, STATOR_TABLE.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, Delete, KeySchemaElement, KeyType, ScalarAttributeType,
    TransactWriteItem,
};
use aws_sdk_dynamodb::{Client, Config, Error};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

async fn writes(client: &Client, table: &str) -> Result<String, Error> {
    for i in 0..20 {
        client.put_item().table_name(table).item("pk", AttributeValue::S(i.to_string())).send().await?;
    }
    let found = client.scan().table_name(table).consistent_read(true).send().await?;
    Ok(format!("ok {}", found.count()))
}

async fn session(client: &Client, table: &str) -> Result<String, Error> {
    client
        .create_table()
        .table_name(table)
        .attribute_definitions(
            AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build()?,
        )
        .key_schema(KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build()?)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await?;
    let key = AttributeValue::S("é 😀".into());
    let put = client
        .put_item()
        .table_name(table)
        .item("pk", key.clone())
        .item("n", AttributeValue::N("1".into()));
    put.clone().send().await?;
    let got = client.get_item().table_name(table).key("pk", key.clone()).consistent_read(true).send().await?;
    assert_eq!(got.item().unwrap()["n"], AttributeValue::N("1".into()));
    let failed = put.condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
    assert_eq!(failed.code(), Some("ConditionalCheckFailedException"));
    let delete = Delete::builder().table_name(table).key("pk", key).build()?;
    client.transact_write_items().transact_items(TransactWriteItem::builder().delete(delete).build()).send().await?;
    client.delete_table().table_name(table).send().await?;
    Ok("ok".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let token = Some(variable("AWS_SESSION_TOKEN")).filter(|token| !token.is_empty());
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        token,
        None,
        "environment",
    );
    let attempts: Option<u32> = variable("STATOR_ATTEMPTS").parse().ok();
    let retries = match attempts {
        Some(attempts) => RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(std::time::Duration::from_millis(20))
            .with_max_backoff(std::time::Duration::from_millis(50)),
        None => RetryConfig::standard(),
    };
    let config = Config::builder()
        .retry_config(retries)
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(variable("STATOR_URL"))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    let table = variable("STATOR_TABLE");
    let ended = if attempts.is_some() { writes(&client, &table).await } else { session(&client, &table).await };
    match ended {
        Ok(said) => println!("{said}"),
        Err(error) => match error.code() {
            Some(code) => println!("{code}"),
            None => {
                eprintln!("{error:?}");
                std::process::exit(1);
            }
        },
    }
}
