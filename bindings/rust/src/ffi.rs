//! include/stator/stator_c.h.

use std::ffi::{c_char, c_void};

pub const ABI_VERSION: u32 = 1;

#[repr(C)]
pub struct Database {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct Reply {
    pub http_status: i32,
    pub hold_ms: u32,
    pub error_type: *const c_char,
    pub error_message: *const c_char,
    pub body: *const c_char,
    pub body_bytes: usize,
    pub owner: *mut c_void,
}

pub type LogFunction = Option<unsafe extern "C" fn(*mut c_void, *const c_char, usize)>;

extern "C" {
    pub fn stator_abi_version() -> u32;
    pub fn stator_version() -> *const c_char;
    pub fn stator_open(
        options: *const c_char,
        log: LogFunction,
        context: *mut c_void,
        error: *mut *mut c_char,
    ) -> *mut Database;
    pub fn stator_close(database: *mut Database);
    pub fn stator_call(
        database: *mut Database,
        target: *const c_char,
        region: *const c_char,
        body: *const c_char,
        body_bytes: usize,
        reply: *mut Reply,
    ) -> i32;
    pub fn stator_reply_free(reply: *mut Reply);
    pub fn stator_save_snapshot(database: *mut Database, name: *const c_char, error: *mut *mut c_char) -> i32;
    pub fn stator_restore_snapshot(database: *mut Database, name: *const c_char, error: *mut *mut c_char) -> i32;
    pub fn stator_drop_snapshot(database: *mut Database, name: *const c_char, error: *mut *mut c_char) -> i32;
    pub fn stator_snapshots(database: *mut Database, error: *mut *mut c_char) -> *mut c_char;
    pub fn stator_simulate(database: *mut Database, rules: *const c_char, error: *mut *mut c_char) -> i32;
    pub fn stator_simulated(database: *mut Database, error: *mut *mut c_char) -> *mut c_char;
    pub fn stator_reset(database: *mut Database, error: *mut *mut c_char) -> i32;
    pub fn stator_clock(database: *mut Database) -> i64;
    pub fn stator_set_clock(database: *mut Database, now_ms: i64, error: *mut *mut c_char) -> i32;
    pub fn stator_advance_clock(database: *mut Database, by_ms: i64, error: *mut *mut c_char) -> i32;
    pub fn stator_free(text: *mut c_char);
}
