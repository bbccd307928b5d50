package isolation

import (
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// Size says how many operations a history has.
type Size struct {
	Clients    int
	Operations int // of each client
}

// Losses says what clients do about requests without a reply.
type Losses int

// NoLosses: no reply may be missing. Unknown: clients go on, and the write may have been executed. Resend: transactions
// are sent again with their token until there is a reply.
const (
	NoLosses Losses = iota
	Unknown
	Resend
)

// recorder collects the operations of one history. Times are nanoseconds since its start.
type recorder struct {
	start      time.Time
	mutex      sync.Mutex
	operations []porcupine.Operation
	failure    error // the first answer that the operation does not provide for
}

func (recorder *recorder) now() int64 { return time.Since(recorder.start).Nanoseconds() }

// add records an operation that has just ended.
func (recorder *recorder) add(client int, input Input, output Output, call int64) {
	end := recorder.now()
	recorder.mutex.Lock()
	defer recorder.mutex.Unlock()
	recorder.operations = append(recorder.operations,
		porcupine.Operation{ClientId: client, Input: input, Output: output, Call: call, Return: end})
}

func (recorder *recorder) fail(err error) {
	recorder.mutex.Lock()
	defer recorder.mutex.Unlock()
	if recorder.failure == nil {
		recorder.failure = err
	}
}

// histories counts the histories, so that none uses the items and tokens of another.
var histories int64

// errBroken reports a broken promise that is detected without the checker.
var errBroken = errors.New("a transaction that had succeeded was refused when it was sent again")

// Record runs one history by its seed. `url` is called before each request. The seed determines what each client
// chooses from; the timing, and so what the client sees, depends on the machine.
func Record(seed int64, size Size, url func() string, losses Losses) ([]porcupine.Operation, error) {
	name := fmt.Sprintf("h%d.%d", seed, atomic.AddInt64(&histories, 1))
	recorded := &recorder{start: time.Now()}
	var clients sync.WaitGroup
	for number := 0; number < size.Clients; number++ {
		number := number
		clients.Add(1)
		go func() {
			defer clients.Done()
			one := &worker{number: number, url: url, client: NewClient(url, name), recorder: recorded, losses: losses,
				random: rand.New(rand.NewSource(seed*1000 + int64(number))), history: name}
			defer one.client.Close()
			for at := 0; at < size.Operations; at++ {
				if err := one.operate(at); err != nil {
					recorded.fail(fmt.Errorf("seed %d: %w", seed, err))
					return
				}
			}
		}()
	}
	clients.Wait()
	if recorded.failure == nil {
		if err := tidy(url, name); err != nil && !(losses != NoLosses && errors.Is(err, errNoReply)) {
			recorded.failure = err
		}
	}
	return recorded.operations, recorded.failure
}

// tidy deletes the history's items, so that scans of later histories stay short.
func tidy(url func() string, name string) error {
	client := NewClient(url, name)
	defer client.Close()
	actions := []Action{}
	for key := 0; key < Keys; key++ {
		actions = append(actions, Action{Kind: Delete, Key: key})
	}
	_, err := client.BatchWrite(actions)
	return err
}

// worker is one client of a history, with the items as it has last seen them.
type worker struct {
	number   int
	url      func() string
	client   *Client
	recorder *recorder
	losses   Losses
	random   *rand.Rand
	history  string
	seen     State
}

// operate executes the worker's operation number `at` and records it.
func (worker *worker) operate(at int) error {
	unique := fmt.Sprintf("%d.%d", worker.number, at)
	call := worker.recorder.now()
	var err error
	switch worker.random.Intn(12) {
	case 0, 1, 2, 3:
		err = worker.write(unique, call)
	case 4, 5, 6:
		err = worker.transact(unique, call)
	case 7:
		err = worker.batchWrite(unique, call)
	case 8:
		key := worker.random.Intn(Keys)
		consistent := worker.random.Intn(2) == 0
		var output Output
		output, err = worker.client.Get(key, consistent)
		worker.sawAll(Input{Name: "GetItem", Reads: []int{key}}, output, call, err)
	case 9:
		keys := worker.random.Perm(Keys)[:2+worker.random.Intn(Keys-1)]
		var output Output
		output, err = worker.client.TransactGet(keys)
		worker.sawAll(Input{Name: "TransactGetItems", Reads: keys}, output, call, err)
	default:
		err = worker.readAll(call)
	}
	if worker.losses != NoLosses && errors.Is(err, errNoReply) {
		return nil
	}
	return err
}

func (worker *worker) sawAll(input Input, output Output, call int64, err error) {
	if err != nil {
		return // a failed read shows nothing
	}
	worker.recorder.add(worker.number, input, output, call)
	for position, key := range input.Reads {
		worker.seen[key] = output.Items[position]
	}
}

// addWrite records a write. A write without a reply ends when there is a server again: the killed server does nothing
// more.
func (worker *worker) addWrite(input Input, output Output, call int64) {
	if output.Unknown {
		worker.url()
	}
	worker.recorder.add(worker.number, input, output, call)
}

// readAll reads the items with an operation that promises nothing between items.
func (worker *worker) readAll(call int64) error {
	operation := [...]string{"BatchGetItem", "Query", "Query", "Query", "Scan"}[worker.random.Intn(5)]
	index := operation != "BatchGetItem" && worker.random.Intn(2) == 0
	output, err := worker.client.ReadAll(operation, index, worker.random.Intn(2) == 0)
	if index {
		operation += " of the index"
	}
	worker.sawAll(Input{Name: operation, Reads: []int{0, 1, 2}, ByItem: true}, output, call, err)
	return err
}

func (worker *worker) write(unique string, call int64) error {
	action := worker.action(worker.random.Intn(Keys), unique)
	for action.Kind == Check {
		action = worker.action(action.Key, unique)
	}
	images := Images(worker.random.Intn(3))
	if images == NewImage && (action.Kind == Put || action.Kind == Delete) {
		images = OldImage
	}
	output, err := worker.client.Write(action, images)
	if err == nil || errors.Is(err, errNoReply) {
		name := [...]string{"PutItem", "UpdateItem", "UpdateItem", "UpdateItem", "DeleteItem"}[action.Kind]
		worker.addWrite(Input{Name: name, Actions: []Action{action}, Images: images}, output, call)
	}
	return err
}

// batchWrite writes all or some items; nothing is promised between them.
func (worker *worker) batchWrite(unique string, call int64) error {
	actions := []Action{}
	for _, key := range worker.random.Perm(Keys)[:2+worker.random.Intn(Keys-1)] {
		action := Action{Kind: Put, Key: key, Text: fmt.Sprintf("%s.%d", unique, key)}
		if worker.random.Intn(4) == 0 {
			action = Action{Kind: Delete, Key: key}
		}
		actions = append(actions, action)
	}
	output, err := worker.client.BatchWrite(actions)
	if err == nil || errors.Is(err, errNoReply) {
		for _, action := range actions {
			worker.addWrite(Input{Name: "BatchWriteItem", Actions: []Action{action}}, output, call)
		}
	}
	return err
}

// transact sends a transaction with a new token, and sometimes sends it again after it succeeded: it must be executed
// only once.
func (worker *worker) transact(unique string, call int64) error {
	actions := worker.transaction(unique)
	token := worker.history + "-" + unique
	output, err := worker.client.Transact(actions, token)
	for attempt := 0; worker.losses == Resend && errors.Is(err, errNoReply) && attempt < 100; attempt++ {
		time.Sleep(time.Millisecond)
		output, err = worker.client.Transact(actions, token)
	}
	if err != nil && !errors.Is(err, errNoReply) {
		return err
	}
	worker.addWrite(Input{Name: "TransactWriteItems", Actions: actions, Transaction: true}, output, call)
	if err != nil || output.Refused || worker.losses == Unknown || worker.random.Intn(3) > 0 {
		return err
	}
	again, err := worker.client.Transact(actions, token)
	if err == nil && again.Refused {
		return fmt.Errorf("%w: %v", errBroken, actions)
	}
	return err
}

func (worker *worker) transaction(unique string) []Action {
	keys := worker.random.Perm(Keys)
	if worker.random.Intn(3) == 0 {
		amount := 1 + worker.random.Intn(3)
		return []Action{
			{Kind: Add, Key: keys[0], Delta: -amount, Condition: Condition{Kind: AtLeast, Least: amount}},
			{Kind: Add, Key: keys[1], Delta: amount}}
	}
	actions := []Action{}
	for _, key := range keys[:2+worker.random.Intn(Keys-1)] {
		actions = append(actions, worker.action(key, unique))
	}
	return actions
}

// action returns any change of the item; its condition often holds, as it is chosen by what the client has seen.
func (worker *worker) action(key int, unique string) Action {
	action := Action{Key: key, Text: unique, Delta: 1 + worker.random.Intn(9)}
	switch worker.random.Intn(10) {
	case 0, 1:
		action.Kind = Put
	case 2:
		action.Kind = Set
	case 3, 4, 5:
		action.Kind = Add
	case 6, 7:
		action.Kind = Append
	case 8:
		action.Kind = Delete
	default:
		action.Kind = Check
	}
	seen := worker.seen[key]
	switch choice := worker.random.Intn(6); {
	case choice == 0 && seen.Text != "":
		action.Condition = Condition{Kind: TextIs, Operand: seen.Text}
	case choice == 1 && seen.HasN:
		action.Condition = Condition{Kind: AtLeast, Least: seen.Count}
	case choice <= 2 || action.Kind == Check:
		action.Condition = Condition{Kind: Absent}
		if seen.Exists {
			action.Condition.Kind = Present
		}
	}
	if action.Kind != Add {
		action.Delta = 0
	}
	return action
}
