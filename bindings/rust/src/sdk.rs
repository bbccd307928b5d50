//! The AWS SDK's HTTP client, without HTTP.

use crate::{Database, Reply};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient as SdkHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Answers DynamoDB requests from a database, whatever their address is. A call runs on the thread that polls it,
/// usually for microseconds, and for milliseconds if it returns a page.
#[derive(Debug, Clone)]
pub struct HttpClient {
    database: Database,
}

impl HttpClient {
    pub(crate) fn new(database: Database) -> Self {
        HttpClient { database }
    }
}

/// The connector of one client, with its read timeout and its sleep function.
#[derive(Debug)]
struct Connector {
    database: Database,
    read_timeout: Option<Duration>,
    sleep: Option<SharedAsyncSleep>,
}

impl Connector {
    fn ask(&self, request: &HttpRequest) -> Result<Reply, ConnectorError> {
        // DynamoDB's requests are never streams.
        let body = request.body().bytes().unwrap_or_default();
        let target = request
            .headers()
            .get("x-amz-target")
            .ok_or_else(|| of_other_service(request))?;
        Ok(self
            .database
            .request(target, body, region_of(request.headers().get("authorization"))))
    }
}

/// The error for requests to other services, which occur as an SdkConfig gives its HTTP client to all clients.
fn of_other_service(request: &HttpRequest) -> ConnectorError {
    ConnectorError::user(
        format!(
            "stator: only requests of DynamoDB and DynamoDB Streams are answered in process, not {} {}",
            request.method(),
            request.uri()
        )
        .into(),
    )
}

fn response(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    if reply.status == 0 {
        let cut = io::Error::new(
            io::ErrorKind::ConnectionReset,
            "the connection was cut, by a rule of simulate",
        );
        return Err(ConnectorError::io(Box::new(cut)));
    }
    let status = reply
        .status
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let length = reply.body.len().to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    let id = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    headers.insert("content-length", length);
    headers.insert("x-amzn-requestid", format!("STATOR{id:020}"));
    Ok(response)
}

/// Waits for a reply that a rule holds back, at most for the read timeout. Blocks the thread if the client has no sleep
/// function.
async fn hold(
    reply: Reply,
    read_timeout: Option<Duration>,
    sleep: Option<SharedAsyncSleep>,
) -> Result<HttpResponse, ConnectorError> {
    let patience = read_timeout.unwrap_or(Duration::MAX);
    let time = reply.hold.min(patience);
    match sleep {
        Some(sleep) => sleep.sleep(time).await,
        None => std::thread::sleep(time),
    }
    if reply.hold > patience {
        return Err(ConnectorError::timeout("the reply was held back for too long".into()));
    }
    response(reply)
}

/// The region of "…Credential=KEY/DATE/REGION/…".
fn region_of(authorization: Option<&str>) -> Option<&str> {
    authorization?.split_once("Credential=")?.1.split('/').nth(2)
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let reply = match self.ask(&request) {
            Ok(reply) => reply,
            Err(error) => return HttpConnectorFuture::ready(Err(error)),
        };
        if reply.hold.is_zero() {
            return HttpConnectorFuture::ready(response(reply));
        }
        HttpConnectorFuture::new(hold(reply, self.read_timeout, self.sleep.clone()))
    }
}

impl SdkHttpClient for HttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            database: self.database.clone(),
            read_timeout: settings.read_timeout(),
            sleep: components.sleep_impl(),
        })
    }
}
