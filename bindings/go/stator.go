// Package stator is DynamoDB inside a Go program: a database in a directory or in memory, and an http.RoundTripper that
// answers the requests of the AWS SDK without a network. It calls libstator through cgo, found by pkg-config.
package stator

/*
#cgo pkg-config: stator
#include <stdlib.h>
#include <stator/stator_c.h>
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"
)

// Version returns the version of the library: "0.1.0".
func Version() string { return C.GoString(C.stator_version()) }

// Options are those of Open. The zero value means a database in memory.
type Options struct {
	// Directory is the data directory, created if missing. Empty: in memory, gone with Close.
	Directory string
	// Sync acknowledges a write once the disk has it, so that it survives power loss.
	Sync bool
	// Clock is the start time of a clock that only calls move. Zero: the machine's clock.
	Clock time.Time
	// TransitionDelay is how long tables and indexes stay CREATING, UPDATING and DELETING.
	TransitionDelay time.Duration
	// StreamShards is the number of shards of new streams. Zero: as on AWS, four for an on-demand table, one for each 3000 read and
	// 1000 write units that are provisioned.
	StreamShards int
	// ReadStaleness is how stale eventually consistent reads may be, IndexLag how far global indexes may lag behind, and StreamLag
	// how late stream records appear. StalenessSeed determines the actual staleness (zero: 1). See docs/simulate.md.
	ReadStaleness, IndexLag, StreamLag time.Duration
	StalenessSeed                      int64
	// EnforceThroughput refuses requests beyond the throughput of tables and indexes, as AWS does.
	EnforceThroughput bool
	// Buckets is the directory of the buckets for exports and imports: the bucket NAME is its folder NAME. Empty: no buckets.
	Buckets string
	// Log is called with a line, from any thread, about events outside of calls: disk faults and their end, items that an import
	// skips. It must not call the database. A database that it refers to is closed only by Close. Nil: no log.
	Log func(line string)
}

// Database is an open database. Its methods may be called from several goroutines at once. If it becomes unreachable without
// Close, the garbage collector closes it at some time.
type Database struct {
	mutex  sync.RWMutex // held for reading by calls, for writing by Close
	handle *C.stator_database
	log    logger
}

// ErrClosed is returned by methods after Close.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string { return "stator: the database is closed" }

// RetryableError tells the SDK that another attempt is of no use.
func (closedError) RetryableError() bool { return false }

// ErrCut is what Call and the Transport return if a rule of Simulate cuts the connection.
var ErrCut = fmt.Errorf("stator: the connection was cut, by a rule of Simulate: %w", io.ErrUnexpectedEOF)

// OperationError is an error that DynamoDB returns.
type OperationError struct {
	// Type is the bare type, such as "ConditionalCheckFailedException".
	Type string
	// Message is the service's message.
	Message string
	// Status is the HTTP status of the error.
	Status int
	// Body is the whole error, as JSON.
	Body []byte
}

func (e *OperationError) Error() string { return e.Type + ": " + e.Message }

// Open opens a database. The error has one line, for instance if the directory is held by another process, damaged or not
// Stator's.
func Open(options Options) (*Database, error) {
	if C.stator_abi_version() != C.STATOR_ABI_VERSION {
		return nil, fmt.Errorf("stator: the library has version %d of its interface, this package wants %d",
			uint32(C.stator_abi_version()), uint32(C.STATOR_ABI_VERSION))
	}
	// JSON would replace invalid bytes, which would make it another path.
	for _, option := range []struct{ name, path string }{{"Directory", options.Directory}, {"Buckets", options.Buckets}} {
		if !utf8.ValidString(option.path) {
			return nil, fmt.Errorf("stator: %s must be a path whose name is UTF-8, not %q", option.name, option.path)
		}
	}
	members := map[string]any{
		"sync": options.Sync, "transition_delay_ms": options.TransitionDelay.Milliseconds(),
		"read_staleness_ms": options.ReadStaleness.Milliseconds(), "index_lag_ms": options.IndexLag.Milliseconds(),
		"stream_lag_ms": options.StreamLag.Milliseconds(), "enforce_throughput": options.EnforceThroughput,
	}
	if options.StalenessSeed != 0 {
		members["staleness_seed"] = options.StalenessSeed
	}
	if options.Directory != "" {
		members["directory"] = options.Directory
	}
	if !options.Clock.IsZero() {
		members["clock_ms"] = options.Clock.UnixMilli()
	}
	if options.StreamShards != 0 {
		members["stream_shards"] = options.StreamShards
	}
	if options.Buckets != "" {
		members["buckets"] = options.Buckets
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	given := C.CString(string(text))
	defer C.free(unsafe.Pointer(given))
	var message *C.char
	log := newLogger(options.Log)
	handle := C.stator_open(given, log.function(), log.context, &message)
	if handle == nil {
		log.free()
		return nil, taken(message)
	}
	database := &Database{handle: handle, log: log}
	runtime.SetFinalizer(database, (*Database).Close)
	return database, nil
}

// taken returns the error in a text of the library, and frees the text.
func taken(message *C.char) error {
	if message == nil {
		return errors.New("stator: out of memory")
	}
	defer C.stator_free(message)
	return errors.New("stator: " + C.GoString(message))
}

// Close waits for the calls in flight and closes the database; calling it again does nothing.
func (d *Database) Close() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	C.stator_close(d.handle)
	d.log.free()
	d.handle, d.log = nil, logger{}
	runtime.SetFinalizer(d, nil)
}

// Reply is the reply to a request: an HTTP status and JSON.
type Reply struct {
	Status int
	// ErrorType is the bare type of an error, empty if Status is 200.
	ErrorType    string
	ErrorMessage string
	Body         []byte
	// Hold is how long to hold the reply back, by a rule of Simulate. Status is 0 if a rule cuts the connection.
	Hold time.Duration
}

// Request makes one request as an SDK sends it. target is the operation or X-Amz-Target, region the client's region (empty:
// us-east-1). Returns a Reply whatever the request contains; the only error is ErrClosed.
func (d *Database) Request(target string, body []byte, region string) (Reply, error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if d.handle == nil {
		return Reply{}, ErrClosed
	}
	name := C.CString(withoutZero(target))
	defer C.free(unsafe.Pointer(name))
	var place *C.char
	if region != "" {
		place = C.CString(withoutZero(region))
		defer C.free(unsafe.Pointer(place))
	}
	var reply C.stator_reply
	C.stator_call(d.handle, name, place, (*C.char)(unsafe.Pointer(unsafe.SliceData(body))), C.size_t(len(body)), &reply)
	defer C.stator_reply_free(&reply)
	return Reply{
		Status:       int(reply.http_status),
		ErrorType:    C.GoString(reply.error_type),
		ErrorMessage: C.GoString(reply.error_message),
		Body:         C.GoBytes(unsafe.Pointer(reply.body), C.int(reply.body_bytes)),
		Hold:         time.Duration(reply.hold_ms) * time.Millisecond,
	}, nil
}

// withoutZero returns the text, or an empty one if it has a zero byte, which would end it for the library; no operation or region
// has one.
func withoutZero(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		return ""
	}
	return text
}

// Call calls an operation by its name with request JSON. Errors of DynamoDB are *OperationError.
func (d *Database) Call(operation string, request []byte) ([]byte, error) {
	reply, err := d.Request(operation, request, "")
	if err != nil {
		return nil, err
	}
	time.Sleep(reply.Hold)
	if reply.Status == 0 {
		return nil, ErrCut
	}
	if reply.Status != 200 {
		return nil, &OperationError{Type: reply.ErrorType, Message: reply.ErrorMessage, Status: reply.Status, Body: reply.Body}
	}
	return reply.Body, nil
}

// change calls a function of the library that may fail with a line of text.
func (d *Database) change(act func(handle *C.stator_database, message **C.char) C.int32_t) error {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if d.handle == nil {
		return ErrClosed
	}
	var message *C.char
	if act(d.handle, &message) != 0 {
		return taken(message)
	}
	return nil
}

func (d *Database) changeNamed(name string, act func(handle *C.stator_database, name *C.char, message **C.char) C.int32_t) error {
	if strings.IndexByte(name, 0) >= 0 {
		return errors.New("stator: a text must not hold a zero byte")
	}
	given := C.CString(name)
	defer C.free(unsafe.Pointer(given))
	return d.change(func(handle *C.stator_database, message **C.char) C.int32_t { return act(handle, given, message) })
}

// SaveSnapshot saves the whole database as it is now, replacing an earlier snapshot of that name.
func (d *Database) SaveSnapshot(name string) error {
	return d.changeNamed(name, func(handle *C.stator_database, name *C.char, message **C.char) C.int32_t {
		return C.stator_save_snapshot(handle, name, message)
	})
}

// RestoreSnapshot restores the database from the snapshot.
func (d *Database) RestoreSnapshot(name string) error {
	return d.changeNamed(name, func(handle *C.stator_database, name *C.char, message **C.char) C.int32_t {
		return C.stator_restore_snapshot(handle, name, message)
	})
}

// DropSnapshot deletes a snapshot.
func (d *Database) DropSnapshot(name string) error {
	return d.changeNamed(name, func(handle *C.stator_database, name *C.char, message **C.char) C.int32_t {
		return C.stator_drop_snapshot(handle, name, message)
	})
}

// tell returns the JSON text of a function of the library.
func (d *Database) tell(ask func(handle *C.stator_database, message **C.char) *C.char) ([]byte, error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if d.handle == nil {
		return nil, ErrClosed
	}
	var message *C.char
	text := ask(d.handle, &message)
	if text == nil {
		return nil, taken(message)
	}
	defer C.stator_free(text)
	return []byte(C.GoString(text)), nil
}

// Snapshots returns the names of the snapshots, sorted.
func (d *Database) Snapshots() ([]string, error) {
	list, err := d.tell(func(handle *C.stator_database, message **C.char) *C.char { return C.stator_snapshots(handle, message) })
	if err != nil {
		return nil, err
	}
	var names []string
	err = json.Unmarshal(list, &names)
	return names, err
}

// Simulate injects faults into requests by rules and a seed, JSON as in docs/simulate.md. They replace the earlier rules; empty:
// no faults. If rules are invalid, the error says why, and the earlier ones stay.
func (d *Database) Simulate(rules string) error {
	if rules == "" {
		rules = "{}"
	}
	return d.changeNamed(rules, func(handle *C.stator_database, rules *C.char, message **C.char) C.int32_t {
		return C.stator_simulate(handle, rules, message)
	})
}

// Simulated returns, as JSON, for each rule how many requests it matched and how many it acted on.
func (d *Database) Simulated() ([]byte, error) {
	return d.tell(func(handle *C.stator_database, message **C.char) *C.char { return C.stator_simulated(handle, message) })
}

// Reset restores the snapshot "start" if it exists; else it empties the database.
func (d *Database) Reset() error {
	return d.change(func(handle *C.stator_database, message **C.char) C.int32_t { return C.stator_reset(handle, message) })
}

// Clock returns the database's time; the zero time if it is closed.
func (d *Database) Clock() time.Time {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if d.handle == nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(C.stator_clock(d.handle))).UTC()
}

// SetClock moves the clock of a database opened with one. Everything that became due is done when it returns.
func (d *Database) SetClock(now time.Time) error {
	return d.change(func(handle *C.stator_database, message **C.char) C.int32_t {
		return C.stator_set_clock(handle, C.int64_t(now.UnixMilli()), message)
	})
}

// AdvanceClock does the same by a duration, rounded down to milliseconds.
func (d *Database) AdvanceClock(by time.Duration) error {
	return d.change(func(handle *C.stator_database, message **C.char) C.int32_t {
		return C.stator_advance_clock(handle, C.int64_t(by.Milliseconds()), message)
	})
}
