package isolation

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// decisionTime is how long the checker may take for one history. Nearly all take milliseconds; a few have very many
// orders to try.
const decisionTime = 20 * time.Second

func modelFor(operations []porcupine.Operation) porcupine.Model {
	for _, operation := range operations {
		if operation.Output.(Output).Unknown {
			return uncertainModel
		}
	}
	return model
}

// Verdict returns the checker's verdict: Ok, Illegal, or Unknown if it has not finished. If it is Illegal, the text
// shows why, and a picture of the history is drawn in the folder pictures, unless that is empty.
func Verdict(operations []porcupine.Operation, pictures string) (porcupine.CheckResult, string) {
	// First look for an order that fulfils more than is promised: it is found fastest, and nearly always exists.
	if porcupine.CheckOperationsTimeout(modelFor(operations), operations, decisionTime) == porcupine.Ok {
		return porcupine.Ok, ""
	}
	operations = byItem(operations)
	result, info := porcupine.CheckOperationsVerbose(modelFor(operations), operations, decisionTime)
	if result != porcupine.Illegal {
		return result, ""
	}
	if pictures == "" {
		return result, listing(operations)
	}
	path := filepath.Join(pictures, fmt.Sprintf("isolation-%d.html", time.Now().UnixNano()))
	if err := porcupine.VisualizePath(modelFor(operations), info, path); err != nil {
		path = err.Error()
	}
	return result, fmt.Sprintf("no order of the operations explains the history (picture: %s)\n%s", path, listing(operations))
}

// byItem splits reads of operations that promise nothing between their items into one step for each item.
func byItem(operations []porcupine.Operation) []porcupine.Operation {
	split := []porcupine.Operation{}
	for _, operation := range operations {
		input := operation.Input.(Input)
		if !input.ByItem {
			split = append(split, operation)
			continue
		}
		for position, key := range input.Reads {
			read := operation
			read.Input = Input{Name: input.Name, Reads: []int{key}}
			read.Output = Output{Items: operation.Output.(Output).Items[position : position+1]}
			split = append(split, read)
		}
	}
	return split
}

// listing shows the operations by the time of their call, in microseconds.
func listing(operations []porcupine.Operation) string {
	sorted := append([]porcupine.Operation{}, operations...)
	sort.SliceStable(sorted, func(left, right int) bool { return sorted[left].Call < sorted[right].Call })
	lines := []string{}
	for _, operation := range sorted {
		lines = append(lines, fmt.Sprintf("%7d %7d client %d: %s", operation.Call/1000, operation.Return/1000, operation.ClientId,
			describe(operation.Input.(Input), operation.Output.(Output))))
	}
	return strings.Join(lines, "\n")
}
