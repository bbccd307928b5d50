package stator

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const table = `{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`

func open(t *testing.T, options Options) *Database {
	t.Helper()
	database, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

func call(t *testing.T, database *Database, operation, request string) string {
	t.Helper()
	body, err := database.Call(operation, []byte(request))
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return string(body)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnItemComesBack(t *testing.T) {
	database := open(t, Options{})
	call(t, database, "CreateTable", table)
	call(t, database, "PutItem", `{"TableName":"things","Item":{"pk":{"S":"né 😀"}}}`)
	got := call(t, database, "GetItem", `{"TableName":"things","Key":{"pk":{"S":"né 😀"}}}`)
	if got != `{"Item":{"pk":{"S":"né 😀"}}}` {
		t.Fatal(got)
	}
}

func TestErrorsCarryTypeMessageAndStatus(t *testing.T) {
	database := open(t, Options{})
	_, err := database.Call("DescribeTable", []byte(`{"TableName":"missing"}`))
	var failed *OperationError
	if !errors.As(err, &failed) || failed.Type != "ResourceNotFoundException" || failed.Status != 400 || failed.Message == "" ||
		!strings.Contains(string(failed.Body), "#ResourceNotFoundException") {
		t.Fatalf("%#v", err)
	}
	for _, body := range [][]byte{nil, []byte("{"), {0, 255}} {
		reply, err := database.Request("GetItem", body, "")
		if err != nil || reply.Status != 400 || reply.ErrorType != "SerializationException" {
			t.Fatal(reply, err)
		}
	}
}

func TestADirectoryKeepsWhatWasWrittenForOneAtATime(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	database := open(t, Options{Directory: directory, Sync: true})
	call(t, database, "CreateTable", table)
	if _, err := Open(Options{Directory: directory}); err == nil || !strings.Contains(err.Error(), directory) {
		t.Fatal(err)
	}
	database.Close()
	if got := call(t, open(t, Options{Directory: directory}), "ListTables", "{}"); got != `{"TableNames":["things"]}` {
		t.Fatal(got)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	if _, err := Open(Options{StreamShards: -1}); err == nil || !strings.Contains(err.Error(), "stream_shards") {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "a\xffb")
	for name, options := range map[string]Options{"Directory": {Directory: path}, "Buckets": {Buckets: path}} {
		if database, err := Open(options); err == nil || !strings.Contains(err.Error(), name+" must be a path whose name is UTF-8") {
			t.Error(database, err)
		}
	}
	if made, err := os.ReadDir(folder); err != nil || len(made) != 0 {
		t.Fatal(made, err)
	}
}

func TestTheVersionIsTheLibrarys(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(Version()) {
		t.Fatal(Version())
	}
}

func TestSnapshotsPutEverythingBack(t *testing.T) {
	database := open(t, Options{})
	call(t, database, "CreateTable", table)
	must(t, database.SaveSnapshot("with-table"))
	must(t, database.Reset())
	if got := call(t, database, "ListTables", "{}"); got != `{"TableNames":[]}` {
		t.Fatal(got)
	}
	must(t, database.RestoreSnapshot("with-table"))
	if got := call(t, database, "ListTables", "{}"); got != `{"TableNames":["things"]}` {
		t.Fatal(got)
	}
	names, err := database.Snapshots()
	must(t, err)
	if !reflect.DeepEqual(names, []string{"with-table"}) {
		t.Fatal(names)
	}
	if err := database.DropSnapshot("with-table\x00more"); err == nil || !strings.Contains(err.Error(), "zero byte") {
		t.Fatal(err)
	}
	if reply, _ := database.Request("ListTables\x00more", []byte("{}"), ""); reply.ErrorType != "UnknownOperationException" {
		t.Fatal(reply)
	}
	must(t, database.DropSnapshot("with-table"))
	if err := database.DropSnapshot("with-table"); err == nil {
		t.Fatal("dropped twice")
	}
}

func TestTheClockMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	database := open(t, Options{Clock: start})
	must(t, database.AdvanceClock(90*time.Second))
	if got := database.Clock(); !got.Equal(start.Add(90 * time.Second)) {
		t.Fatal(got)
	}
	must(t, database.SetClock(start))
	if err := open(t, Options{}).SetClock(start); err == nil {
		t.Fatal("the machine's clock was moved")
	}
}

func TestGoroutinesShareADatabaseAndCloseWaitsForThem(t *testing.T) {
	database := open(t, Options{})
	call(t, database, "CreateTable", table)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 100; i++ {
				_, err := database.Call("UpdateItem", []byte(`{"TableName":"things","Key":{"pk":{"S":"n"}},"UpdateExpression":"ADD n :one",
				"ExpressionAttributeValues":{":one":{"N":"1"}}}`))
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	if got := call(t, database, "GetItem", `{"TableName":"things","Key":{"pk":{"S":"n"}}}`); !strings.Contains(got, `"800"`) {
		t.Fatal(got)
	}
	database.Close()
	database.Close()
	if _, err := database.Call("ListTables", []byte("{}")); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestRequestsGoWrongByRules(t *testing.T) {
	database := open(t, Options{})
	call(t, database, "CreateTable", table)
	must(t, database.Simulate(`{"rules":[{"name":"slow","when":{"operation":"Scan"},"then":{"latency_ms":50}},
		{"when":{"operation":"PutItem","first":1},"then":{"cut":"after"}},{"when":{"operation":"GetItem"},"then":{"error":"InternalServerError"}}]}`))
	put := []byte(`{"TableName":"things","Item":{"pk":{"S":"a"}}}`)
	if _, err := database.Call("PutItem", put); !errors.Is(err, ErrCut) {
		t.Fatal(err)
	}
	begin := time.Now()
	if got := call(t, database, "Scan", `{"TableName":"things"}`); !strings.Contains(got, `"Count":1`) || time.Since(begin) < 50*time.Millisecond {
		t.Fatal(got, time.Since(begin))
	}
	var failed *OperationError
	if _, err := database.Call("GetItem", []byte(`{}`)); !errors.As(err, &failed) || failed.Status != 500 {
		t.Fatal(err)
	}
	state, err := database.Simulated()
	must(t, err)
	if !strings.Contains(string(state), `{"name":"slow","requests":1,"acted":1}`) {
		t.Fatal(string(state))
	}
	if err := database.Simulate(`{"rules":[{"when":{}}]}`); err == nil || !strings.Contains(err.Error(), "rules[0]") {
		t.Fatal(err)
	}
	must(t, database.Simulate(""))
	call(t, database, "Scan", `{"TableName":"things"}`)
}

func TestReadsAreStaleAndThroughputIsEnforcedWhereAskedFor(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	database := open(t, Options{Clock: start, ReadStaleness: time.Second, IndexLag: time.Second, StreamLag: time.Second, StalenessSeed: 7})
	call(t, database, "CreateTable", table)
	call(t, database, "PutItem", `{"TableName":"things","Item":{"pk":{"S":"a"}}}`)
	seen := map[string]bool{}
	for i := 0; i < 50; i++ {
		seen[call(t, database, "Scan", `{"TableName":"things","Select":"COUNT"}`)] = true
	}
	if len(seen) != 2 {
		t.Fatal(seen)
	}
	database = open(t, Options{Clock: start, EnforceThroughput: true})
	call(t, database, "CreateTable", strings.Replace(table, `"BillingMode":"PAY_PER_REQUEST"`, `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`, 1))
	var failed *OperationError
	for i := 0; i < 400 && failed == nil; i++ {
		_, err := database.Call("PutItem", []byte(`{"TableName":"things","Item":{"pk":{"S":"a"}}}`))
		errors.As(err, &failed)
	}
	if failed == nil || failed.Type != "ProvisionedThroughputExceededException" {
		t.Fatal(failed)
	}
}

func TestWhatNoCallWaitsForIsTold(t *testing.T) {
	buckets, lines := t.TempDir(), make(chan string, 100)
	must(t, os.Mkdir(filepath.Join(buckets, "bucket"), 0o755))
	items := "{\"Item\":{\"pk\":{\"S\":\"a\"}}}\n{\"Item\":{\"pk\":{\"N\":\"1\"}}}\n"
	must(t, os.WriteFile(filepath.Join(buckets, "bucket", "items.json"), []byte(items), 0o644))
	database := open(t, Options{Buckets: buckets, Log: func(line string) { lines <- line }})
	call(t, database, "ImportTable", `{"ClientToken":"t","S3BucketSource":{"S3Bucket":"bucket"},"InputFormat":"DYNAMODB_JSON","TableCreationParameters":`+table+`}`)
	select {
	case line := <-lines:
		if !strings.HasPrefix(line, "import ") || !strings.Contains(line, " of table things: ") {
			t.Fatal(line)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was told")
	}
	if _, err := Open(Options{StreamShards: -1, Log: func(string) {}}); err == nil {
		t.Fatal("opened")
	}
}

func TestADatabaseIsAHandler(t *testing.T) {
	database := open(t, Options{})
	server := httptest.NewServer(database)
	defer server.Close()
	ask := func(target string) (*http.Response, string, error) {
		request, err := http.NewRequest("POST", server.URL, strings.NewReader("{}"))
		must(t, err)
		request.Header.Set("X-Amz-Target", target)
		response, err := server.Client().Do(request)
		if err != nil {
			return nil, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response, string(body), err
	}
	response, body, err := ask("DynamoDB_20120810.ListTables")
	must(t, err)
	if response.StatusCode != 200 || body != `{"TableNames":[]}` || response.Header.Get("X-Amz-Crc32") == "" {
		t.Fatal(response, body)
	}
	if response, body, err = ask("Kinesis_20131202.ListStreams"); err != nil || response.StatusCode != 400 || !strings.Contains(body, "UnknownOperation") {
		t.Fatal(response, body, err)
	}
	must(t, database.Simulate(`{"rules":[{"then":{"cut":"after"}}]}`))
	if _, body, err = ask("DynamoDB_20120810.ListTables"); err == nil {
		t.Fatal(body)
	}
	database.Close()
	if response, body, err = ask("DynamoDB_20120810.ListTables"); err != nil || response.StatusCode != 503 || !strings.Contains(body, "closed") {
		t.Fatal(response, body, err)
	}
}

func TestRequestsOfOtherServicesAreRefusedInWords(t *testing.T) {
	_, err := open(t, Options{}).HTTPClient().Get("http://169.254.169.254/latest/meta-data")
	if err == nil || !strings.Contains(err.Error(), "stator: only requests of DynamoDB and DynamoDB Streams are answered in process") {
		t.Fatal(err)
	}
}

func TestWhatIsForgottenIsClosed(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	if _, err := Open(Options{Directory: directory}); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		runtime.GC()
		database, err := Open(Options{Directory: directory})
		if err == nil {
			database.Close()
			return
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatal(err)
		}
	}
}

func TestTheTransportAnswersHTTP(t *testing.T) {
	client := open(t, Options{}).HTTPClient()
	request, err := http.NewRequest("POST", "http://dynamodb.invalid/", strings.NewReader("{}"))
	must(t, err)
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	response, err := client.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != 200 || string(body) != `{"TableNames":[]}` || response.Header.Get("x-amzn-RequestId") == "" {
		t.Fatal(response, string(body))
	}
}
