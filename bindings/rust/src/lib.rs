//! DynamoDB inside a Rust program: a database in a directory or in memory, and an HTTP client for the AWS SDK that it
//! answers.
//!
//! ```no_run
//! let database = stator::Options::new().open().unwrap();   // Options::new().directory("./data") for one on disk
//! let reply = database.request("ListTables", b"{}", None);
//! assert_eq!((reply.status, reply.body.as_slice()), (200, br#"{"TableNames":[]}"#.as_slice()));
//! ```

mod ffi;
mod options;
#[cfg(feature = "sdk")]
mod sdk;

use options::Log;
use std::ffi::{c_char, c_void, CStr, CString};
use std::fmt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

pub use options::Options;
#[cfg(feature = "sdk")]
pub use sdk::HttpClient;

/// Why something failed, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200, or the HTTP status that the service sends with the error; 0 if a rule of [`Database::simulate`] cuts the
    /// connection.
    pub status: u16,
    /// DynamoDB's bare type; empty if the status is 200.
    pub error_type: String,
    pub error_message: String,
    /// JSON.
    pub body: Vec<u8>,
    /// By a rule of [`Database::simulate`]: how long to delay the reply.
    pub hold: Duration,
}

/// An error that DynamoDB returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError {
    /// The HTTP status that the service sends with it; 0, with the other fields empty, if a rule of
    /// [`Database::simulate`] cut the connection.
    pub status: u16,
    /// The bare type of the error: "ConditionalCheckFailedException".
    pub error_type: String,
    pub message: String,
    /// JSON: the whole error, with CancellationReasons or Item if the service sends them.
    pub body: String,
}

impl fmt::Display for OperationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.status == 0 {
            return out.write_str("the connection was cut, by a rule of simulate");
        }
        write!(out, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for OperationError {}

/// The version of the library: "0.1.0".
pub fn version() -> &'static str {
    unsafe { CStr::from_ptr(ffi::stator_version()) }.to_str().unwrap_or_default()
}

struct Handle {
    database: *mut ffi::Database,
    /// The library uses its address until the database is closed.
    _log: Option<Box<Log>>,
}

// The library's handles may be used from several threads at once (stator_c.h).
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe { ffi::stator_close(self.database) }
    }
}

unsafe extern "C" fn take_line(context: *mut c_void, line: *const c_char, bytes: usize) {
    let log = &*context.cast::<Log>();
    let line = String::from_utf8_lossy(std::slice::from_raw_parts(line.cast::<u8>(), bytes));
    // A panic must not unwind through the library. Its message has already been printed.
    let _ = catch_unwind(AssertUnwindSafe(|| log(&line)));
}

/// An open database. Clones share it; dropping the last one closes it.
#[derive(Clone)]
pub struct Database(Arc<Handle>);

impl fmt::Debug for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("stator::Database")
    }
}

/// Takes a text that the library returned, and frees it.
unsafe fn take(error: *mut c_char) -> Error {
    if error.is_null() {
        return Error("out of memory".into());
    }
    let line = CStr::from_ptr(error).to_string_lossy().into_owned();
    ffi::stator_free(error);
    Error(line)
}

fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error("a text must not hold a zero byte".into()))
}

type Tell = unsafe extern "C" fn(*mut ffi::Database, *mut *mut c_char) -> *mut c_char;
type Change = unsafe extern "C" fn(*mut ffi::Database, *const c_char, *mut *mut c_char) -> i32;

impl Database {
    /// Opens a database. `options` is the JSON object that `stator_open` in stator_c.h takes: `{}` is in memory,
    /// `{"directory":"./data","sync":true}` on a disk. [`Options`] has the same options as methods.
    pub fn open(options: &str) -> Result<Database, Error> {
        Database::open_with(options, None)
    }

    fn open_with(options: &str, log: Option<Log>) -> Result<Database, Error> {
        let version = unsafe { ffi::stator_abi_version() };
        if version != ffi::ABI_VERSION {
            return Err(Error(format!(
                "the library has version {version} of its interface, this package wants {}",
                ffi::ABI_VERSION
            )));
        }
        let options = c_text(options)?;
        let mut error = ptr::null_mut();
        // Boxed again, to have a stable address of one word.
        let log = log.map(Box::new);
        let (function, context) = match &log {
            Some(log) => (
                Some(take_line as unsafe extern "C" fn(*mut c_void, *const c_char, usize)),
                ptr::from_ref::<Log>(log).cast_mut().cast(),
            ),
            None => (None, ptr::null_mut()),
        };
        let database = unsafe { ffi::stator_open(options.as_ptr(), function, context, &mut error) };
        if database.is_null() {
            return Err(unsafe { take(error) });
        }
        Ok(Database(Arc::new(Handle { database, _log: log })))
    }

    /// Makes one request as an SDK sends it. `target` is the operation or X-Amz-Target, `region` the client's region
    /// (default: us-east-1). Returns a reply whatever the request contains.
    pub fn request(&self, target: &str, body: &[u8], region: Option<&str>) -> Reply {
        // A zero byte would end a C string; no target or region has one.
        let target = CString::new(target).unwrap_or_default();
        let region = region.map(|region| CString::new(region).unwrap_or_default());
        unsafe {
            let mut reply = std::mem::zeroed::<ffi::Reply>();
            let place = region.as_ref().map_or(ptr::null(), |region| region.as_ptr());
            ffi::stator_call(
                self.0.database,
                target.as_ptr(),
                place,
                body.as_ptr().cast(),
                body.len(),
                &mut reply,
            );
            let made = Reply {
                status: reply.http_status as u16,
                error_type: CStr::from_ptr(reply.error_type).to_string_lossy().into_owned(),
                error_message: CStr::from_ptr(reply.error_message).to_string_lossy().into_owned(),
                body: std::slice::from_raw_parts(reply.body.cast::<u8>(), reply.body_bytes).to_vec(),
                hold: Duration::from_millis(reply.hold_ms.into()),
            };
            ffi::stator_reply_free(&mut reply);
            made
        }
    }

    /// Calls an operation by its name with request JSON; returns the JSON of the reply. Blocks the thread if a rule of
    /// [`Database::simulate`] holds the reply back.
    pub fn call(&self, operation: &str, request: &str) -> Result<String, OperationError> {
        let reply = self.request(operation, request.as_bytes(), None);
        std::thread::sleep(reply.hold);
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        if reply.status == 200 {
            return Ok(body);
        }
        Err(OperationError {
            status: reply.status,
            error_type: reply.error_type,
            message: reply.error_message,
            body,
        })
    }

    fn change(&self, name: &str, act: Change) -> Result<(), Error> {
        let name = c_text(name)?;
        self.act(|handle, error| unsafe { act(handle, name.as_ptr(), error) })
    }

    fn act(&self, act: impl FnOnce(*mut ffi::Database, *mut *mut c_char) -> i32) -> Result<(), Error> {
        let mut error = ptr::null_mut();
        match act(self.0.database, &mut error) {
            0 => Ok(()),
            _ => Err(unsafe { take(error) }),
        }
    }

    /// Saves the whole database as it is now, replacing an earlier snapshot of that name.
    pub fn save_snapshot(&self, name: &str) -> Result<(), Error> {
        self.change(name, ffi::stator_save_snapshot)
    }

    /// Restores the database from the snapshot.
    pub fn restore_snapshot(&self, name: &str) -> Result<(), Error> {
        self.change(name, ffi::stator_restore_snapshot)
    }

    pub fn drop_snapshot(&self, name: &str) -> Result<(), Error> {
        self.change(name, ffi::stator_drop_snapshot)
    }

    fn tell(&self, ask: Tell) -> Result<String, Error> {
        let mut error = ptr::null_mut();
        unsafe {
            let text = ask(self.0.database, &mut error);
            if text.is_null() {
                return Err(take(error));
            }
            Ok(take(text).0)
        }
    }

    /// The names of the snapshots, sorted.
    pub fn snapshots(&self) -> Result<Vec<String>, Error> {
        // Names are letters, digits, hyphens, underscores and points.
        let list = self.tell(ffi::stator_snapshots)?;
        Ok(list.split('"').skip(1).step_by(2).map(String::from).collect())
    }

    /// Injects faults into requests by rules and a seed, JSON as in docs/simulate.md. They replace the earlier rules;
    /// `{}`: no faults. If the rules are invalid, the error says why, and the earlier ones stay.
    pub fn simulate(&self, rules: &str) -> Result<(), Error> {
        self.change(rules, ffi::stator_simulate)
    }

    /// The seed, and for each rule how many requests it matched and how many it acted on: JSON.
    pub fn simulated(&self) -> Result<String, Error> {
        self.tell(ffi::stator_simulated)
    }

    /// Restores the snapshot "start" if it exists; else empties the database.
    pub fn reset(&self) -> Result<(), Error> {
        self.act(|handle, error| unsafe { ffi::stator_reset(handle, error) })
    }

    /// The database's time, in milliseconds since 1970.
    pub fn clock_ms(&self) -> i64 {
        unsafe { ffi::stator_clock(self.0.database) }
    }

    /// Moves the clock of a database opened with `clock_ms`. Everything that became due is done when it returns.
    pub fn set_clock(&self, now_ms: i64) -> Result<(), Error> {
        self.act(|handle, error| unsafe { ffi::stator_set_clock(handle, now_ms, error) })
    }

    pub fn advance_clock(&self, by_ms: i64) -> Result<(), Error> {
        self.act(|handle, error| unsafe { ffi::stator_advance_clock(handle, by_ms, error) })
    }

    /// An HTTP client for the AWS SDK: `Config::builder().http_client(database.http_client())`.
    #[cfg(feature = "sdk")]
    pub fn http_client(&self) -> HttpClient {
        HttpClient::new(self.clone())
    }
}
