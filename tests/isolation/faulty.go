package isolation

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Fault is one way in which an endpoint sometimes breaks its promises. It answers the request itself, with any number
// of calls of `forward`, or returns false if it does not handle this request.
type Fault func(faulty *Faulty, operation string, body []byte, forward func(operation string, body []byte) reply) (reply, bool)

type reply struct {
	status int
	body   []byte
}

// Faulty is a proxy before a server; it applies its fault to about one in `rarity` of the requests that the fault
// handles.
type Faulty struct {
	URL    string
	fault  Fault
	rarity int
	target string
	proxy  *httptest.Server
	client *http.Client

	mutex   sync.Mutex
	random  *rand.Rand
	earlier map[string]reply // the replies to reads so far
}

// NewFaulty starts a proxy on a free port of loopback.
func NewFaulty(target string, fault Fault, rarity int, seed int64) *Faulty {
	faulty := &Faulty{fault: fault, rarity: rarity, target: target, random: rand.New(rand.NewSource(seed)), earlier: map[string]reply{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	faulty.proxy = httptest.NewServer(faulty)
	faulty.URL = faulty.proxy.URL
	return faulty
}

// Close stops the proxy.
func (faulty *Faulty) Close() {
	faulty.proxy.Close()
	faulty.client.CloseIdleConnections()
}

// ServeHTTP answers one request.
func (faulty *Faulty) ServeHTTP(out http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	target := request.Header.Get("X-Amz-Target")
	operation := target[strings.LastIndexByte(target, '.')+1:]
	forward := func(operation string, body []byte) reply { return faulty.forward(request.Header, operation, body) }
	answer, spoiled := reply{}, false
	if faulty.chance(faulty.rarity) {
		answer, spoiled = faulty.fault(faulty, operation, body, forward)
	}
	if !spoiled {
		answer = forward(operation, body)
		faulty.remember(operation, body, answer)
	}
	out.WriteHeader(answer.status)
	out.Write(answer.body)
}

func (faulty *Faulty) forward(header http.Header, operation string, body []byte) reply {
	request, err := http.NewRequest(http.MethodPost, faulty.target, bytes.NewReader(body))
	if err != nil {
		return reply{status: http.StatusBadGateway}
	}
	request.Header = header.Clone()
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	answer, err := faulty.client.Do(request)
	if err != nil {
		return reply{status: http.StatusBadGateway}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{status: http.StatusBadGateway}
	}
	return reply{answer.StatusCode, text}
}

func (faulty *Faulty) chance(rarity int) bool {
	faulty.mutex.Lock()
	defer faulty.mutex.Unlock()
	return faulty.random.Intn(rarity) == 0
}

func isRead(operation string) bool {
	return operation == "GetItem" || operation == "Query" || operation == "TransactGetItems"
}

func (faulty *Faulty) remember(operation string, body []byte, answer reply) {
	if !isRead(operation) {
		return
	}
	faulty.mutex.Lock()
	defer faulty.mutex.Unlock()
	if _, known := faulty.earlier[string(body)]; !known {
		faulty.earlier[string(body)] = answer
	}
}

// StaleReads repeats the first reply to the same read.
func StaleReads(faulty *Faulty, operation string, body []byte, _ func(string, []byte) reply) (reply, bool) {
	faulty.mutex.Lock()
	defer faulty.mutex.Unlock()
	answer, known := faulty.earlier[string(body)]
	return answer, known && isRead(operation)
}

// LostWrites acknowledges writes without executing them.
func LostWrites(_ *Faulty, operation string, body []byte, _ func(string, []byte) reply) (reply, bool) {
	plain := (operation == "PutItem" || operation == "UpdateItem" || operation == "DeleteItem") &&
		!bytes.Contains(body, []byte("ReturnValues")) && !bytes.Contains(body, []byte("ConditionExpression"))
	return reply{http.StatusOK, []byte("{}")}, plain || operation == "BatchWriteItem"
}

// LateWrites acknowledges a write at once and executes it a little later.
func LateWrites(faulty *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	answer, spoiled := LostWrites(faulty, operation, body, forward)
	if spoiled {
		time.AfterFunc(3*time.Millisecond, func() { forward(operation, body) })
	}
	return answer, spoiled
}

// HalfTransactions executes all actions of a transaction but the last.
func HalfTransactions(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	request, items := transactItems(body)
	if operation != "TransactWriteItems" {
		return reply{}, false
	}
	delete(request, "ClientRequestToken")
	request["TransactItems"] = items[:len(items)-1]
	return forward(operation, encode(request)), true
}

// TornTransactions executes the actions of a transaction one after the other.
func TornTransactions(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	request, items := transactItems(body)
	if operation != "TransactWriteItems" {
		return reply{}, false
	}
	delete(request, "ClientRequestToken")
	for position, item := range items {
		request["TransactItems"] = []interface{}{item}
		if answer := forward(operation, encode(request)); answer.status != http.StatusOK {
			return answerForAll(answer, position, len(items)), true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return reply{http.StatusOK, []byte("{}")}, true
}

// answerForAll turns the failure of one action into the cancellation of a transaction.
func answerForAll(answer reply, position, count int) reply {
	parsed := object{}
	if json.Unmarshal(answer.body, &parsed) != nil {
		return answer
	}
	reasons := make([]interface{}, count)
	for at := range reasons {
		reasons[at] = object{"Code": "None"}
	}
	reasons[position] = object{"Code": "ConditionalCheckFailed"}
	parsed["CancellationReasons"] = reasons
	return reply{answer.status, encode(parsed)}
}

// TornReads answers a transaction of reads with one read after the other.
func TornReads(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	request, items := transactItems(body)
	if operation != "TransactGetItems" {
		return reply{}, false
	}
	responses := []interface{}{}
	for _, item := range items {
		request["TransactItems"] = []interface{}{item}
		parsed := object{}
		if json.Unmarshal(forward(operation, encode(request)).body, &parsed) != nil {
			return reply{}, false
		}
		found, _ := parsed["Responses"].([]interface{})
		responses = append(responses, found...)
		time.Sleep(2 * time.Millisecond)
	}
	return reply{http.StatusOK, encode(object{"Responses": responses})}, true
}

// DoubleWrites executes a write twice, as a careless retry does.
func DoubleWrites(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	if operation != "UpdateItem" {
		return reply{}, false
	}
	forward(operation, body)
	return forward(operation, body), true
}

// ForgottenTokens executes a transaction again when it is sent again.
func ForgottenTokens(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	request, _ := transactItems(body)
	delete(request, "ClientRequestToken")
	return forward(operation, encode(request)), operation == "TransactWriteItems"
}

// IgnoredConditions writes regardless of the condition.
func IgnoredConditions(_ *Faulty, operation string, body []byte, forward func(string, []byte) reply) (reply, bool) {
	request := object{}
	if json.Unmarshal(body, &request) != nil || request["ConditionExpression"] == nil {
		return reply{}, false
	}
	// The condition stays in the expression, so that its names and values are used.
	condition, _ := request["ConditionExpression"].(string)
	request["ConditionExpression"] = "attribute_exists(pk) OR attribute_not_exists(pk) OR " + condition
	return forward(operation, encode(request)), true
}

func transactItems(body []byte) (object, []interface{}) {
	request := object{}
	if json.Unmarshal(body, &request) != nil {
		return object{}, nil
	}
	items, _ := request["TransactItems"].([]interface{})
	return request, items
}

func encode(value object) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a value parsed from JSON can always be encoded
	}
	return text
}
