//! The AWS SDK's HTTP client, without HTTP.

use crate::Database;
use aws_smithy_runtime_api::client::http::{
    HttpClient as SdkHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use std::sync::atomic::{AtomicU64, Ordering};

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Answers DynamoDB's requests, wherever they would go, from a database. A call is made on the thread that polls it, and takes
/// microseconds as a rule; a page takes milliseconds.
#[derive(Debug, Clone)]
pub struct HttpClient {
    database: Database,
}

impl HttpClient {
    pub(crate) fn new(database: Database) -> Self {
        HttpClient { database }
    }

    fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        // DynamoDB's requests are never streams.
        let body = request.body().bytes().unwrap_or_default();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let reply = self
            .database
            .request(target, body, region_of(request.headers().get("authorization")));
        let status = reply
            .status
            .try_into()
            .map_err(|error| ConnectorError::other(Box::new(error), None))?;
        let length = reply.body.len().to_string();
        let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
        let id = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        response
            .headers_mut()
            .insert("content-type", "application/x-amz-json-1.0");
        response.headers_mut().insert("content-length", length);
        response
            .headers_mut()
            .insert("x-amzn-requestid", format!("STATOR{id:020}"));
        Ok(response)
    }
}

/// The region of "…Credential=KEY/DATE/REGION/…".
fn region_of(authorization: Option<&str>) -> Option<&str> {
    authorization?.split_once("Credential=")?.1.split('/').nth(2)
}

impl HttpConnector for HttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(request))
    }
}

impl SdkHttpClient for HttpClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
