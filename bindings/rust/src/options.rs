//! How a database is opened.

use crate::{Database, Error};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// Called with a line, from any thread.
pub(crate) type Log = Box<dyn Fn(&str) + Send + Sync>;

/// How a database is opened; as it is made: in memory, with the machine's clock.
///
/// ```no_run
/// # fn main() -> Result<(), stator::Error> {
/// let database = stator::Options::new().directory("./data").sync(true).log(|line| eprintln!("{line}")).open()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Options {
    /// What of `stator_open`'s JSON is given, or why it cannot be.
    members: Vec<Result<String, Error>>,
    log: Option<Log>,
}

impl Options {
    pub fn new() -> Options {
        Options::default()
    }

    /// The data directory, created where it is missing.
    pub fn directory(self, path: impl AsRef<Path>) -> Options {
        self.path("directory", path.as_ref())
    }

    /// Acknowledge a write when the disk has it: it then survives power loss.
    pub fn sync(self, sync: bool) -> Options {
        self.member("sync", sync)
    }

    /// Where the database's clock stands until it is moved, in milliseconds since 1970.
    pub fn clock_ms(self, now_ms: i64) -> Options {
        self.member("clock_ms", now_ms)
    }

    /// How long tables and indexes stay CREATING, UPDATING and DELETING.
    pub fn transition_delay(self, delay: Duration) -> Options {
        self.member("transition_delay_ms", delay.as_millis())
    }

    /// Into how many shards new streams are split. Without it as on AWS: four for a table on demand, one for each 3000 read
    /// and 1000 write units that are provisioned.
    pub fn stream_shards(self, shards: u32) -> Options {
        self.member("stream_shards", shards)
    }

    /// How old the state may be that an eventually consistent read sees: docs/simulate.md.
    pub fn read_staleness(self, age: Duration) -> Options {
        self.member("read_staleness_ms", age.as_millis())
    }

    /// How far global indexes may be behind.
    pub fn index_lag(self, lag: Duration) -> Options {
        self.member("index_lag_ms", lag.as_millis())
    }

    /// How late stream records appear.
    pub fn stream_lag(self, lag: Duration) -> Options {
        self.member("stream_lag_ms", lag.as_millis())
    }

    /// Decides how old the state is that a stale read sees (1).
    pub fn staleness_seed(self, seed: u64) -> Options {
        self.member("staleness_seed", seed)
    }

    /// Refuse what is beyond the throughput of tables and indexes, as on AWS.
    pub fn enforce_throughput(self, enforced: bool) -> Options {
        self.member("enforce_throughput", enforced)
    }

    /// Where exports go and imports come from: the bucket NAME is the folder NAME in it.
    pub fn buckets(self, path: impl AsRef<Path>) -> Options {
        self.path("buckets", path.as_ref())
    }

    /// Called with a line, from any thread, of what no call waits for: faults of the disk and their end, items that an import
    /// leaves out. It must not call the database, nor hold a clone of it: that would be the last one, for ever.
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Options {
        self.log = Some(Box::new(log));
        self
    }

    /// Opens it. The error has one line: the directory is held by another process, damaged or not Stator's.
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

/// A text in JSON.
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
