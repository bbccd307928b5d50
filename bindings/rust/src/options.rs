//! How a database is opened.

use crate::{Database, Error};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// Called with a line, from any thread.
pub(crate) type Log = Box<dyn Fn(&str) + Send + Sync>;

/// How a database is opened; by default in memory, with the machine's clock.
///
/// ```no_run
/// # fn main() -> Result<(), stator::Error> {
/// let database = stator::Options::new().directory("./data").sync(true).log(|line| eprintln!("{line}")).open()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Options {
    /// The members of `stator_open`'s JSON that were given, or why one is invalid.
    members: Vec<Result<String, Error>>,
    log: Option<Log>,
}

impl Options {
    pub fn new() -> Options {
        Options::default()
    }

    /// The data directory, created if missing.
    pub fn directory(self, path: impl AsRef<Path>) -> Options {
        self.path("directory", path.as_ref())
    }

    /// Acknowledge a write once the disk has it, so that it survives power loss.
    pub fn sync(self, sync: bool) -> Options {
        self.member("sync", sync)
    }

    /// Start time, in milliseconds since 1970, of a clock that only calls move.
    pub fn clock_ms(self, now_ms: i64) -> Options {
        self.member("clock_ms", now_ms)
    }

    /// How long tables and indexes stay CREATING, UPDATING and DELETING.
    pub fn transition_delay(self, delay: Duration) -> Options {
        self.member("transition_delay_ms", delay.as_millis())
    }

    /// The number of shards of new streams. Default: as on AWS, four for an on-demand table, one for each 3000 read and
    /// 1000 write units that are provisioned.
    pub fn stream_shards(self, shards: u32) -> Options {
        self.member("stream_shards", shards)
    }

    /// How stale eventually consistent reads may be: docs/simulate.md.
    pub fn read_staleness(self, age: Duration) -> Options {
        self.member("read_staleness_ms", age.as_millis())
    }

    /// How far global indexes may lag behind.
    pub fn index_lag(self, lag: Duration) -> Options {
        self.member("index_lag_ms", lag.as_millis())
    }

    /// How late stream records appear.
    pub fn stream_lag(self, lag: Duration) -> Options {
        self.member("stream_lag_ms", lag.as_millis())
    }

    /// Decides how stale each read is (1).
    pub fn staleness_seed(self, seed: u64) -> Options {
        self.member("staleness_seed", seed)
    }

    /// Refuse requests beyond the throughput of tables and indexes, as AWS does.
    pub fn enforce_throughput(self, enforced: bool) -> Options {
        self.member("enforce_throughput", enforced)
    }

    /// The directory of the buckets for exports and imports: the bucket NAME is its folder NAME.
    pub fn buckets(self, path: impl AsRef<Path>) -> Options {
        self.path("buckets", path.as_ref())
    }

    /// Called with a line, from any thread, about events outside of calls: disk faults and their end, items that an
    /// import skips. It must not call the database, nor hold a clone of it, which would keep it open for ever.
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Options {
        self.log = Some(Box::new(log));
        self
    }

    /// Opens the database. The error has one line, for instance if the directory is held by another process, damaged or
    /// not Stator's.
    pub fn open(self) -> Result<Database, Error> {
        let members = self.members.into_iter().collect::<Result<Vec<String>, Error>>()?;
        Database::open_with(&format!("{{{}}}", members.join(",")), self.log)
    }

    fn member(mut self, name: &str, value: impl Display) -> Options {
        self.members.push(Ok(format!("\"{name}\":{value}")));
        self
    }

    fn path(mut self, name: &str, path: &Path) -> Options {
        self.members.push(match path.to_str() {
            Some(text) => Ok(format!("\"{name}\":{}", quoted(text))),
            None => Err(Error(format!(
                "{name} must be a path whose name is UTF-8, not {path:?}"
            ))),
        });
        self
    }
}

/// The text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", letter as u32)),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}
