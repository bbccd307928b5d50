// Package isolation records what concurrent clients see of a DynamoDB API, and checks that one order of their
// operations explains it (README.md).
package isolation

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"
)

// Keys is the number of items in a history. All are in one partition.
const Keys = 3

// Item is an item of the model: a text, a counter and a list, each of them optional.
type Item struct {
	Exists bool
	Text   string
	Count  int
	HasN   bool
	List   string // elements, each followed by a comma
}

func (item Item) String() string {
	if !item.Exists {
		return "-"
	}
	parts := []string{}
	if item.Text != "" {
		parts = append(parts, item.Text)
	}
	if item.HasN {
		parts = append(parts, fmt.Sprint("n=", item.Count))
	}
	if item.List != "" {
		parts = append(parts, "["+strings.TrimSuffix(item.List, ",")+"]")
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// State is the content of a history's partition.
type State [Keys]Item

// ActionKind says what an action does to its item.
type ActionKind int

// The kinds of actions.
const (
	Put    ActionKind = iota // the item becomes {Text}
	Set                      // sets Text
	Add                      // Count += Delta
	Append                   // appends Text to List
	Delete
	Check // checks only the condition
)

// ConditionKind says what an action requires of its item.
type ConditionKind int

// The kinds of conditions.
const (
	Always ConditionKind = iota
	Absent
	Present
	TextIs  // Text is Operand
	AtLeast // Count exists and >= Least
)

// Condition is part of an action.
type Condition struct {
	Kind    ConditionKind
	Operand string
	Least   int
}

// Action is a write to one item, alone or in a transaction.
type Action struct {
	Kind      ActionKind
	Key       int
	Text      string
	Delta     int
	Condition Condition
}

func (condition Condition) holds(item Item) bool {
	switch condition.Kind {
	case Absent:
		return !item.Exists
	case Present:
		return item.Exists
	case TextIs:
		return item.Exists && item.Text == condition.Operand
	case AtLeast:
		return item.HasN && item.Count >= condition.Least
	}
	return true
}

func (action Action) apply(item Item) Item {
	switch action.Kind {
	case Put:
		return Item{Exists: true, Text: action.Text}
	case Delete:
		return Item{}
	case Check:
		return item
	case Set:
		item.Text = action.Text
	case Add:
		item.Count += action.Delta
		item.HasN = true
	case Append:
		item.List += action.Text + ","
	}
	item.Exists = true
	return item
}

// Images says which image of the item a single write returns.
type Images int

// The images that a single write can return. OldImage is the item before the write, also if the write was refused.
const (
	NoImage Images = iota
	OldImage
	NewImage
)

// Input is one step of the model: an atomic read of some keys, or an atomic set of actions.
type Input struct {
	Reads   []int
	Actions []Action
	Images  Images
	// Transaction: a refusal has a reason for each action.
	Transaction bool
	// ByItem: the reads belong to one operation, but nothing is promised between them.
	ByItem bool
	// Name is the operation that the step belongs to, for reports.
	Name string
}

// Output is what the client received.
type Output struct {
	// Unknown: there was no reply. The step took effect before its return, which is when the server was back, or never.
	Unknown bool
	Items   []Item // of Reads
	Refused bool
	Reasons string // of a refused transaction: one letter for each action, x if its condition failed
	Image   Item
}

// Step returns whether `output` is right for `input` in `state`, and the state afterwards.
func Step(state State, input Input, output Output) (bool, State) {
	for position, key := range input.Reads {
		if output.Items[position] != state[key] {
			return false, state
		}
	}
	if len(input.Actions) == 0 {
		return true, state
	}
	next, reasons := attempt(state, input.Actions)
	refused := strings.Contains(reasons, "x")
	if refused != output.Refused {
		return false, state
	}
	if input.Transaction {
		return !refused || reasons == output.Reasons, next
	}
	key := input.Actions[0].Key
	switch {
	case input.Images == OldImage:
		return output.Image == state[key], next
	case input.Images == NewImage && !refused:
		return output.Image == next[key], next
	}
	return true, next
}

// attempt applies all actions, or none if a condition does not hold; it returns which.
func attempt(state State, actions []Action) (State, string) {
	reasons := strings.Builder{}
	next := state
	for _, action := range actions {
		if action.Condition.holds(state[action.Key]) {
			reasons.WriteByte('.')
		} else {
			reasons.WriteByte('x')
		}
		next[action.Key] = action.apply(state[action.Key])
	}
	if strings.Contains(reasons.String(), "x") {
		return state, reasons.String()
	}
	return next, reasons.String()
}

// model is Step in the form that the checker needs.
var model = porcupine.Model{
	Init: func() interface{} { return State{} },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		return Step(state.(State), input.(Input), output.(Output))
	},
	DescribeOperation: describeOperation,
	DescribeState:     describeState,
}

// uncertainModel is the same for histories with unknown steps, after which several states are possible.
var uncertainModel = (&porcupine.NondeterministicModel{
	Init: func() []interface{} { return []interface{}{State{}} },
	Step: func(state, input, output interface{}) []interface{} {
		if output.(Output).Unknown {
			next, _ := attempt(state.(State), input.(Input).Actions)
			return []interface{}{state, next}
		}
		if right, next := Step(state.(State), input.(Input), output.(Output)); right {
			return []interface{}{next}
		}
		return nil
	},
	DescribeOperation: describeOperation,
	DescribeState:     describeState,
}).ToModel()

func describeOperation(input, output interface{}) string {
	return describe(input.(Input), output.(Output))
}

func describeState(state interface{}) string { return fmt.Sprint(state) }

func describe(input Input, output Output) string {
	text := strings.Builder{}
	text.WriteString(input.Name)
	for position, key := range input.Reads {
		fmt.Fprintf(&text, " %c", keyName(key))
		if !output.Unknown {
			fmt.Fprintf(&text, "=%v", output.Items[position])
		}
	}
	for _, action := range input.Actions {
		fmt.Fprintf(&text, " %c:%v", keyName(action.Key), action)
	}
	switch {
	case output.Unknown:
		text.WriteString(" -> ?")
	case output.Refused:
		fmt.Fprintf(&text, " -> refused %s %v", output.Reasons, output.Image)
	case input.Images != NoImage:
		fmt.Fprintf(&text, " -> %v", output.Image)
	}
	return text.String()
}

func keyName(key int) byte { return byte('a' + key) }

func (action Action) String() string {
	text := [...]string{"put " + action.Text, "set " + action.Text, fmt.Sprintf("add %d", action.Delta), "append " + action.Text,
		"delete", "check"}[action.Kind]
	return text + [...]string{"", " if absent", " if present", " if " + action.Condition.Operand,
		fmt.Sprintf(" if n>=%d", action.Condition.Least)}[action.Condition.Kind]
}
