package isolation

import (
	"math/rand"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

var full = Size{Clients: 6, Operations: 12}

func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return number
}

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("STATOR_BIN")
	if path == "" {
		t.Fatal("STATOR_BIN names no program")
	}
	return path
}

// start runs a server with the shared table until `end` is called.
func start(t *testing.T, options ...string) (url string, end func()) {
	t.Helper()
	server, err := StartServer(binary(t), options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateTable(server.URL); err != nil {
		server.Kill()
		t.Fatal(err)
	}
	return server.URL, func() {
		if err := server.Stop(); err != nil {
			t.Error("the server did not end well:", err)
		}
	}
}

func at(url string) func() string { return func() string { return url } }

// judge collects verdicts; a wrong history ends the test.
type judge struct {
	t                           *testing.T
	histories, steps, undecided int
	thinking                    time.Duration
}

func (judge *judge) check(seed int, recorded []porcupine.Operation) {
	judge.t.Helper()
	begin := time.Now()
	result, why := Verdict(recorded, os.TempDir())
	if result == porcupine.Illegal {
		judge.t.Fatalf("seed %d: %s", seed, why)
	}
	if result == porcupine.Unknown {
		judge.undecided++
	}
	judge.histories++
	judge.steps += len(recorded)
	judge.thinking += time.Since(begin)
}

// end fails if the checker gave up on many histories, as the test then says little. It gives up on one in a hundred of
// the histories in which a kill left several writes unknown.
func (judge *judge) end() {
	judge.t.Helper()
	judge.t.Logf("%d histories, %d steps, checked in %v, %d undecided", judge.histories, judge.steps, judge.thinking, judge.undecided)
	if judge.undecided > 2+judge.histories/20 {
		judge.t.Error("too many histories are undecided")
	}
}

// checkHistories records and checks `count` histories from seed `first` on, until one is wrong.
func (judge *judge) checkHistories(url string, first, count int, size Size) {
	judge.t.Helper()
	for seed := first; seed < first+count; seed++ {
		recorded, err := Record(int64(seed), size, at(url), NoLosses)
		if err != nil {
			judge.t.Fatal(err)
		}
		judge.check(seed, recorded)
	}
}

// aServersHistories is the number of histories on one server: scans also read over what earlier histories deleted.
const aServersHistories = 100

func checkOnServers(t *testing.T, options func() []string) {
	judge := judge{t: t}
	seed, left := setting(t, "ISOLATION_SEED", 1), setting(t, "ISOLATION_HISTORIES", 100)
	for left > 0 {
		count := left
		if count > aServersHistories {
			count = aServersHistories
		}
		func() {
			url, end := start(t, options()...)
			defer end()
			judge.checkHistories(url, seed, count, full)
		}()
		seed += count
		left -= count
	}
	judge.end()
}

func TestHistoriesInMemory(t *testing.T) {
	checkOnServers(t, func() []string { return []string{"--in-memory"} })
}

func TestHistoriesOnDisk(t *testing.T) {
	checkOnServers(t, func() []string { return []string{"--data", t.TempDir() + "/data"} })
}

// One thread executes the writes that an event loop receives together, and stores them in one write.
func TestHistoriesOnDiskSynced(t *testing.T) {
	checkOnServers(t, func() []string { return []string{"--data", t.TempDir() + "/data", "--sync"} })
}

// With one client every reply must be the only right one, which tests the model itself.
func TestOneClientAtATime(t *testing.T) {
	url, end := start(t, "--in-memory")
	defer end()
	judge := judge{t: t}
	judge.checkHistories(url, 1, 20, Size{Clients: 1, Operations: 60})
	judge.end()
}

// The server is killed during each history and restarted on its directory. A write without a reply was executed or not.
// Half of the kills meet a write in progress; if none did, more rounds follow.
func TestKilledServers(t *testing.T) {
	for round := 0; checkKills(t, Unknown) == 0; round++ {
		if round == 4 {
			t.Fatal("no kill met a write")
		}
	}
}

func TestKilledSyncedServers(t *testing.T) { checkKills(t, Unknown, "--sync") }

// A transaction that is sent again after the kill must be executed only once.
func TestTokensOutliveTheServer(t *testing.T) {
	checkKills(t, Resend)
}

// checkKills returns how many of the kills met a write in progress.
func checkKills(t *testing.T, losses Losses, options ...string) int {
	t.Helper()
	mortal, err := NewMortal(binary(t), append(options, "--data", t.TempDir()+"/data")...)
	if err != nil {
		t.Fatal(err)
	}
	defer mortal.Stop()
	if err := CreateTable(mortal.URL()); err != nil {
		t.Fatal(err)
	}
	judge := judge{t: t}
	first, kills, met := setting(t, "ISOLATION_SEED", 1), setting(t, "ISOLATION_KILLS", 10), 0
	for seed := first; seed < first+kills; seed++ {
		killed := make(chan error)
		go func(after time.Duration) {
			time.Sleep(after)
			killed <- mortal.KillAndStart()
		}(time.Duration(500+rand.New(rand.NewSource(int64(seed))).Intn(10000)) * time.Microsecond)
		recorded, err := Record(int64(seed), full, mortal.URL, losses)
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		judge.check(seed, recorded)
		if hasUnknown(recorded) {
			met++
		}
	}
	judge.end()
	t.Logf("%d of the kills met a write that was under way", met)
	return met
}

func hasUnknown(operations []porcupine.Operation) bool {
	for _, operation := range operations {
		if operation.Output.(Output).Unknown {
			return true
		}
	}
	return false
}
